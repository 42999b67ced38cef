#!/usr/bin/env python3
"""Every kind of fault in the running hall: breakers hold, nothing shows a number that is none, the reasons are told, the replay is exact.

ctest: serial slow timeout=300
"""
import json
import os
import re
import time

import _symgrid as sg
from _symgrid import check, refuses, require

LENGTH_S, REST_S = 16, 8
SPEED = 40
UNSERVED = 8  # among the points of the site, behind those of the nodes (src/site/points.h)
# what, in the site file, and what must be seen while it lasts
FAULTS = (
    ("one sensor is silent", "{kind: sensor_missing, target: trainer, member: 5}"),
    ("one sensor repeats itself", "{kind: sensor_stuck, target: trainer, member: 9}"),
    ("one sensor says not-a-number", "{kind: sensor_nan, target: answerer, member: 3}"),
    ("one sensor reads three times too much", "{kind: sensor_scale, target: cooling, severity: 3}"),
    ("a store's sensors say not-a-number", "{kind: sensor_nan, target: battery}"),
    ("a store's sensors are silent", "{kind: sensor_missing, target: flywheel}"),
    ("the flywheels trip", "{kind: trip, target: flywheel}"),
    ("the trainers ignore their caps", "{kind: ignores, target: trainer}"),
    ("the battery ignores its set-point", "{kind: ignores, target: battery}"),
    ("the trainers want half as much again", "{kind: load_step, target: trainer, severity: 1.5}"),
    ("everybody wants a tenth", "{kind: load_step, target: trainer, severity: 0.1}"),
    ("the grid is gone", "{kind: grid_loss}"),
    ("the grid is gone and the battery trips", "{kind: grid_loss}", "{kind: trip, target: battery}"),
    ("a meter is wired the wrong way round", "{kind: sensor_sign, target: answerer}"),
    ("readings drift", "{kind: sensor_drift, target: answerer, severity: 100}"),
    ("readings scatter", "{kind: sensor_noise, target: trainer, severity: 0.3}"),
    ("a third of the readings is lost", "{kind: link_drop, target: trainer, severity: 0.33}"),
    ("readings come every two seconds", "{kind: link_slow, target: answerer, severity: 2}"),
    ("readings are garbled", "{kind: link_garble, target: answerer, severity: 0.2}"),
    ("the battery's readings are garbled", "{kind: link_garble, target: battery, severity: 0.5}"),
    ("the flywheels give a third", "{kind: derate, target: flywheel, severity: 0.33}"),
    ("the battery follows half way", "{kind: partial, target: battery, severity: 0.5}"),
    ("every other set-point is lost", "{kind: command_drop, target: battery, severity: 0.5}"),
    ("set-points arrive every three seconds", "{kind: command_slow, target: flywheel, severity: 3}"),
    ("the price is tenfold", "{kind: price_scale, severity: 10}"),
    ("no price arrives", "{kind: price_missing}"),
    ("the planner finds nothing", "{kind: plan_missing}"),
    ("all trainers' sensors are silent", "{kind: sensor_missing, target: trainer}"),
    ("all trainers' sensors say not-a-number in a load step", "{kind: sensor_nan, target: trainer}",
     "{kind: load_step, target: trainer, severity: 1.5}"),
)


def section():
    lines, at = ["\n## Fault_Schema\n```yaml\nfaults:\n"], 20
    windows = {}
    for what, *faults in FAULTS:
        for fault in faults:
            lines.append(f"  - {fault[:-1]}, at: {at}s, duration: {LENGTH_S}s}}\n")
        windows[what] = (at, at + LENGTH_S)
        at += LENGTH_S + REST_S
    return "".join(lines) + "```\n", windows, at


def numbers(value, path=""):
    """Every (path, leaf) of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from numbers(item, f"{path}/{index}")
    else:
        yield path, value


NULL_IS_MEANT = re.compile(r"/(limit_kw|parent|available_kw|duration_s|deadline|granted|ended|until|received|start|end|outcome|cause|cause_text|age_s|skill_vs_persistence|inside_80_frac|expected_kw|expected_high_kw|"
                           r"reason_text|state|id|export_kw_max|import_kw_max|services)$")


def sane(text, seen):
    require(not re.search(r"\b(NaN|-?Infinity|nan|inf)\b", text), "the document holds numbers only")
    for path, value in numbers(seen):
        if value is None:
            require(NULL_IS_MEANT.search(path), f"{path} is known")


def first_node(seen):
    """Where the nodes' powers stand among the readings: two of each device before them."""
    return 2 * sum(item["count"] for role in ("sources", "stores", "loads") for item in seen[role])


def check_breakers(data, seen, windows):
    """Every node in every step, from the journal. Loads that ignore their caps can pass a limit, which is 80 % of the breaker's rating,
    until the stores have answered; never the rating, and not for long."""
    limits = [node["limit_kw"] for node in seen["nodes"]]
    first = first_node(seen)
    ignored = windows["the trainers ignore their caps"]
    begin_us, steps, worst, worst_ignored, longest, lasting = None, 0, 0.0, 0.0, 0, [0] * len(limits)
    for time_us, values, _ in sg.frames(data):
        begin_us = begin_us or time_us - 100000
        at = (time_us - begin_us) / 1e6
        steps += 1
        for n, limit_kw in enumerate(limits):
            share = abs(values[first + n]) / 1e3 / limit_kw if limit_kw else 0
            over = share > 1 + 1e-6
            lasting[n] = lasting[n] + 1 if over else 0
            if ignored[0] <= at <= ignored[1] + 1:
                worst_ignored, longest = max(worst_ignored, share), max(longest, lasting[n])
            else:
                require(not over, f"{at:.1f} s: {seen['nodes'][n]['id']} carries {share:.2%} of its limit")
                worst = max(worst, share)
    check(steps > 3000 and 0.9 < worst, f"{len(limits)} nodes in {steps} steps: none above its limit, the nearest at {worst:.2%}")
    check(worst_ignored < 1.25 and longest <= 3, f"while all trainers ignore their caps: {worst_ignored:.1%} of the limit at worst (the breaker is "
                                                 f"rated 125 %), for {longest} steps of 0.1 s")


def site_seconds(stamp):
    hours, minutes, rest = re.search(r"T(\d+):(\d+):([0-9.]+)Z", stamp).groups()
    return (int(hours) - 12) * 3600 + int(minutes) * 60 + float(rest)


def watch(run, until_s):
    """Views until that site time, as often as they can be had."""
    views, last = [], None
    while True:
        time.sleep(0.02)
        status, seen = run.get("/energy/telemetry")
        require(status == 200 and run.process.poll() is None, f"the program runs and answers: {run.stderr[-300:]}")
        if seen["tick"] != last:
            last = seen["tick"]
            sane(json.dumps(seen), seen)
            views.append((site_seconds(seen["time"]), seen))
        if views[-1][0] >= until_s:
            return views


def group(seen, name):
    return next(item for role in ("loads", "stores", "sources") for item in seen[role] if item["id"] == name)


def during(views, window, skip_s=2.0):
    """Views inside a fault, after the second for which a good reading is held."""
    return [seen for at, seen in views if window[0] + skip_s <= at <= window[1]]


def check_what_is_seen(views, windows):
    calm = [seen for at, seen in views if 5 < at <= 20]
    require(calm and all(seen["health"]["quality"] == calm[0]["health"]["quality"] and seen["health"]["quality"]["good"] > 300 for seen in calm),
            "before the first fault every reading is good")

    def stale(what, name, count):
        seen = during(views, windows[what])
        require(seen, f"{what}: seen")
        bad = [v["health"]["quality"]["stale"] + v["health"]["quality"]["missing"] for v in seen]
        check(min(bad) >= count and all(group(v, name)["quality"] in ("stale", "missing") for v in seen),
              f"{what}: {min(bad)} readings are marked, {name} is {group(seen[-1], name)['quality']}")
        return seen

    stale("one sensor is silent", "trainer", 2)
    stale("one sensor says not-a-number", "answerer", 2)
    seen = during(views, windows["one sensor reads three times too much"])
    check(all(group(v, "cooling")["quality"] == "suspect" and any(d["id"] == "cooling" for d in v["health"]["doubts"]) for v in seen),
          "one sensor reads three times too much: it is named, and what the meters around it show is used")
    seen = stale("a store's sensors say not-a-number", "battery", 2)
    check(all(group(v, "battery")["setpoint_kw"] == 0 and group(v, "battery")["reason"] == "stale" for v in seen),
          "a store whose charge is unknown rests, and the reason is told: stale")
    stale("a store's sensors are silent", "flywheel", 8)
    seen = during(views, windows["the flywheels trip"])
    check(all(group(v, "flywheel")["power_kw"] == 0 for v in seen), "the flywheels trip: they deliver nothing, and breakers held")
    seen = during(views, windows["the trainers want half as much again"])
    most = max(group(v, "trainer")["demand_kw"] for v in seen)
    check(most > 0.98 * 64 * 7.6, f"the trainers want half as much again: {most:.0f} kW of the {64 * 7.6:.0f} kW they are rated, "
                                  f"{min(group(v, 'trainer')['power_kw'] for v in seen):.0f} kW at least are given")

    # With a second fault power may be missing; it must be seen as such, and everything else must hold.
    for what, whole in (("the grid is gone", True), ("the grid is gone and the battery trips", False)):
        seen = during(views, windows[what], 1.0)
        require(seen and all(not v["grid"]["up"] for v in seen), f"{what}: seen")
        check(all(v["balance"]["import_kw"] < 1e-3 and v["balance"]["export_kw"] < 1e-3 for v in seen), f"{what}: nothing crosses the connection")
        short = max(v["balance"]["unserved_kw"] for v in seen)
        stores = [sum(store["power_kw"] for store in v["stores"]) for v in seen]
        check((short < 0.05 * stores[-1] or not whole) and all(abs(kw - v["balance"]["load_kw"] - v["balance"]["losses_kw"]) < 0.01 for kw, v in zip(stores, seen)),
              f"{what}: stores carry {stores[-1]:.0f} kW, {short:.3f} kW unserved at worst")
        reasons = {store["reason"] for v in seen for store in v["stores"]} | {item["reason"] for v in seen for item in v["decisions"]}
        check("bridge" in reasons, f"{what}: the reason is told: bridge")
    for what in ("all trainers' sensors are silent", "all trainers' sensors say not-a-number in a load step"):
        seen = during(views, windows[what])
        check(all(v["site"]["safe"] for v in seen) and all(store["setpoint_kw"] == 0 and store["reason"] == "safe" for v in seen for store in v["stores"]),
              f"{what}: the safe set, stores at rest, {len(seen)} views")
    safe = [at for at, v in views if v["site"]["safe"]]
    require(all(any(a <= at <= b + 2 for what, (a, b) in windows.items() if what.startswith("all trainers")) for at in safe), "safe only then")
    end = views[-1][1]
    check(end["health"]["quality"]["good"] == calm[0]["health"]["quality"]["good"] and not end["site"]["safe"] and end["grid"]["up"],
          "after the last fault every reading is good again")


def check_island(data, seen, windows):
    """The power that is missing while the grid is gone, in every step: all of it in the first, then what loads jump by in a step."""
    for what, whole in (("the grid is gone", True), ("the grid is gone and the battery trips", False)):
        begin_us, missing_j, after_j, longest, dark = None, 0.0, 0.0, 0, 0
        unserved = first_node(seen) + len(seen["nodes"]) + UNSERVED
        for time_us, values, _ in sg.frames(data):
            begin_us = begin_us or time_us - 100000
            at = (time_us - begin_us) / 1e6 - windows[what][0]
            if 0 < at <= LENGTH_S:
                missing_j += values[unserved] * 0.1
                after_j += values[unserved] * 0.1 if at > 0.35 else 0
                dark = dark + 1 if values[unserved] > 50e3 else 0
                longest = max(longest, dark)
        check((longest <= 2 and after_j < 0.005 * LENGTH_S * 500e3) or not whole,
              f"{what}: more than 50 kW missing for {longest} steps of 0.1 s, {missing_j / 3.6e6:.4f} kWh missing in all, "
              f"{after_j / 3.6e6:.4f} kWh after the first 0.3 s")


def check_table(data):
    bad = sg.ask(data, "SELECT count(*) FROM energy WHERE " + " OR ".join(
        f"{column} IS NULL" for column in ("load", "demand", "generation", "import", "export", "charge", "discharge", "losses", "unserved")))[0][0]
    rows = sg.ask(data, "SELECT count(*) FROM energy")[0][0]
    check(bad == 0 and rows > 100, f"{rows} rows in the table, none with a value that is no number")
    marked = dict(sg.ask(data, "SELECT id, count(*) FROM device WHERE quality IN ('stale', 'missing') GROUP BY id"))
    doubted = sg.ask(data, "SELECT count(*) FROM device WHERE quality = 'suspect' AND id = 'cooling'")[0][0]
    check(all(marked.get(name, 0) >= 10 for name in ("trainer", "answerer", "battery", "flywheel")) and doubted >= 10,
          f"marks stand in the table: {marked}, {doubted} of doubt")
    down = sg.ask(data, "SELECT count(*) FROM energy WHERE grid_up = 0")[0][0]
    check(2 * LENGTH_S - 2 <= down <= 2 * LENGTH_S + 2, f"{down} s without the grid in the table")
    told = {row[0] for row in sg.ask(data, "SELECT DISTINCT reason FROM decision")}
    check({"bridge", "stale", "safe"} <= told, f"reasons stand in the table: {sorted(told)}")


def test(folder):
    text, windows, end_s = section()
    site = sg.hall_with(folder, text)
    for policy in ("rules", "mpc"):
        data = os.path.join(folder, policy)
        run = sg.Run(site, data, "--speed", SPEED, "--from", sg.FROM, "--policy", policy).ready()
        views = watch(run, end_s)
        check(len(views) > 40, f"policy {policy}, {end_s} s of site time, {sum(len(f) - 1 for f in FAULTS)} faults, {len(views)} views of numbers only")
        check_what_is_seen(views, windows)
        check(run.stop() == 0 and len(sg.said(run.stderr)) == 1, "a clean end, no complaint")
        check_breakers(data, views[-1][1], windows)
        lower = {**views[-1][1], "nodes": [{**node, "limit_kw": node["limit_kw"] and node["limit_kw"] * 0.99} for node in views[-1][1]["nodes"]]}
        refuses("a limit that is one percent lower", check_breakers, data, lower, windows)
        check_island(data, views[-1][1], windows)
        check_table(data)
        sg.check_replay(data, "replay")


if __name__ == "__main__":
    sg.main(test)
