#!/usr/bin/env python3
"""`symgrid explain` and GET /energy/explain: what they tell of a moment is what the journal's bytes and the telemetry's rows say.

The readings are taken out of the journal by the reader of _symgrid.py, set-points, reasons and decisions out of the tables that
the running program wrote by another way.

ctest: serial timeout=120
"""
import json
import os
import shutil
import sqlite3
import time
import urllib.parse

import _symgrid as sg
from _symgrid import check, require

LOSS = 'faults:\n  - {at: 30s, kind: grid_loss, duration: 20s}\n'
STORES, LOADS, NODES = 2, 5, 3  # of the small site
ENERGY, POWER, DEMAND, DRAWN = 0, STORES, 2 * STORES, 2 * STORES + LOADS


def iso(seconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + 1e-6))
    return f"{whole}.{round(seconds % 1 * 1000) % 1000:03d}Z"


def explain(site, data, *words, status=0):
    result = sg.call("explain", site, "--data", data, "--json", *words)
    require(result.returncode == status, f"explain {' '.join(words)} ends with {status}: {result.returncode} {result.stderr}")
    return json.loads(result.stdout) if status == 0 else result.stderr


def item(document, part, name):
    found = [i for i in document[part] if i["name"] == name]
    require(found, f"{part} has {name}: {document[part]}")
    return found[0]


def near(a, b, what):
    require(a is not None and b is not None and abs(a - b) <= 1e-5 + 1e-6 * abs(b), f"{what}: {a} is {b}")


def check_moment(site, data, at, values, rows, tree_says):
    """One row of the tables against explanations of its devices."""
    battery = explain(site, data, "--at", iso(at), "--device", "battery")
    near(item(battery, "measured", "power_kw")["value"], values[POWER] / 1e3, "power as the journal has it")
    near(item(battery, "measured", "energy_kwh")["value"], values[ENERGY] / 3.6e6, "energy as the journal has it")
    told = item(battery, "commanded", "setpoint_kw")
    near(told["value"], rows["battery"][0], f"set-point at {iso(at)} as the table has it")
    require(told["reason"] == rows["battery"][1], f"reason {told['reason']} is {rows['battery'][1]}")
    rack = explain(site, data, "--at", iso(at), "--device", "rack-3")
    near(item(rack, "measured", "demand_kw")["value"], values[DEMAND + 2] / 1e3, "demand of one member")
    near(item(rack, "measured", "power_kw")["value"], values[DRAWN + 2] / 1e3, "power of one member")
    group = explain(site, data, "--at", iso(at), "--device", "rack")
    near(item(group, "measured", "power_kw")["value"], sum(values[DRAWN:DRAWN + 4]) / 1e3, "power of a group")
    near(item(group, "commanded", "setpoint_kw")["value"], rows["rack"][0], "caps of a group")
    limits = [i["name"] for i in rack["limited"]]
    require(limits == ["row-2_kw", "site_kw"], f"the way up from rack-3: {limits}")
    require(tree_says in item(explain(site, data, "--at", iso(at)), "measured", "net_import_kw")["text"], f"at {iso(at)}: {tree_says}")


def check_tables(site, data):
    frames = {round(time_us / 1e5): list(values) for time_us, values, _ in sg.frames(data)}
    table = sqlite3.connect(f"file:{data}/telemetry.db?mode=ro", uri=True)
    times = [row[0] for row in table.execute("SELECT timestamp FROM energy ORDER BY timestamp")]
    seen = 0
    for at in times[3::9]:
        rows = {row[0]: row[1:] for row in table.execute("SELECT id, setpoint, reason FROM device WHERE timestamp = ?", (at,))}
        up = table.execute("SELECT grid_up FROM energy WHERE timestamp = ?", (at,)).fetchone()[0]
        check_moment(site, data, at, frames[round(at * 10)], rows, "the grid is there" if up else "the grid is gone")
        seen += 1
    check(seen >= 7, f"{seen} moments are told as journal and tables have them, with and without the grid")
    return table, times


def check_decisions(site, data, table, at):
    told = [(i["name"], i["reason"]) for i in explain(site, data, "--at", iso(at))["decided"]]
    rows = table.execute("SELECT device, reason FROM decision WHERE timestamp <= ? ORDER BY timestamp DESC", (at + 1e-4,)).fetchall()
    check(told and sorted(told) == sorted(rows[:len(told)]), f"the last {len(told)} decisions are those of the table")
    require(any(reason == "bridging" for _, reason in told), f"one of them is that the stores carry the site: {told}")
    dark = explain(site, data, "--at", "2023-06-01T12:00:40Z", "--device", "grid")
    require(item(dark, "limited", "hold_up_s")["reason"] in ("bridging", "islanded"), dark["limited"])


def check_refusals(folder, site, data):
    said = explain(site, data, "--at", "2023-06-01T11:00Z", status=1)
    require("the journal begins at 2023-06-01T12:00:00Z" in said, said)
    task = explain(site, data, "--device", "from-the-site-file")
    require(item(task, "commanded", "task_kw")["value"] == 1 and task["decided"], task)
    said = explain(site, data, "--device", "batery", status=2)
    require("did you mean 'battery'" in said, said)
    require("rack-9" in explain(site, data, "--device", "rack-9", status=2), "a member that is not there is named")
    explain(site, data, "--at", "noon", status=2)
    require("there is no journal" in explain(site, os.path.join(folder, "none"), status=1), "where there is no journal")
    other = os.path.join(folder, "other.yaml")
    with open(site) as file, open(other, "w") as changed:
        changed.write(file.read().replace("limit: 200kW", "limit: 190kW"))
    require("has changed" in explain(other, data, status=2), "another site file is not taken for the one that ran")
    late = explain(site, data, "--at", "2024-01-01")
    require("ends before" in late["note"], late["note"])
    check(True, "what cannot be told is refused with what to do")


def check_torn(folder, site, data):
    torn = os.path.join(folder, "torn")
    shutil.copytree(data, torn)
    last = os.path.join(torn, sg.segments(torn)[-1])
    os.truncate(last, os.path.getsize(last) - 300)
    whole, cut = explain(site, data), explain(site, torn)
    check(cut["time"] <= whole["time"] and cut["tick"] + 40 > whole["tick"], f"a torn tail costs its own steps: {whole['tick']} {cut['tick']}")


def check_api(folder, site):
    data = os.path.join(folder, "served")
    run = sg.Run(site, data, "--from", "2023-06-01T12:00Z")
    run.ready()
    sg.wait_for("some steps", lambda: run.telemetry()["tick"] > 20)
    status, served = run.get("/energy/explain?device=battery")
    require(status == 200, f"{status} {served}")
    again = run.get("/energy/explain?" + urllib.parse.urlencode({"at": served["time"], "device": "battery"}))
    require(again[1] == served, "the same moment is told the same while the site goes on")
    for query, wanted in (("device=nope", 400), ("at=noon", 400), ("at=2001-01-01", 404), ("at=", 200), ("x=1", 400),
                          ("device=a&device=b", 400), ("device=" + "a" * 70, 400)):
        status, body = run.get("/energy/explain?" + query)
        require(status == wanted, f"{query}: {status} {body}")
    require(run.stop() == 0, "the site ends")
    check(explain(site, data, "--at", served["time"], "--device", "battery") == served, "the command line tells what the API told")
    text = sg.call("explain", site, "--data", data, "--at", served["time"], "--device", "battery")
    require(all(i["text"] in text.stdout for part in ("measured", "commanded", "limited") for i in served[part]), text.stdout)


def test(folder):
    site, data = sg.small_site(folder, LOSS), os.path.join(folder, "data")
    words = ("run", site, "--data", data, "--no-serve", "--speed", "max")
    require(sg.call(*words, "--from", "2023-06-01T12:00Z", "--for", "70s").returncode == 0, "the site runs")
    table, times = check_tables(site, data)
    check_decisions(site, data, table, times[-5])
    check_refusals(folder, site, data)
    check_torn(folder, site, data)
    before = explain(site, data, "--at", "2023-06-01T12:00:31.5Z", "--device", "bridge")
    require(sg.call(*words, "--for", "10s").returncode == 0, "it goes on, in a segment of its own")
    require(len(sg.segments(data)) == 2, "there are two segments")
    check(explain(site, data, "--at", "2023-06-01T12:00:31.5Z", "--device", "bridge") == before, "an older segment tells its own time")
    require(explain(site, data)["time"] > "2023-06-01T12:01:15", "without a time the newest step is told")
    check_api(folder, site)


sg.main(test)
