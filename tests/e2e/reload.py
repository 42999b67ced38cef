#!/usr/bin/env python3
"""A site file changed while the site runs: racks, loads and stores come and go between two steps, and nothing else notices.

    SYMGRID=build/release/symgrid tests/e2e/reload.py

ctest: serial
"""
import datetime
import hashlib
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import socket

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SYMGRID = os.path.abspath(os.environ.get("SYMGRID", os.path.join(ROOT, "build", "release", "symgrid")))
SLOW = float(os.environ.get("SYMGRID_TIME_SCALE", "1"))
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)

SITE = """\
mode: control
nodes:
  site: {{limit: 120kW, voltage: 400V}}
  rack: {{parent: site, count: {racks}, limit: {limit}kW}}
loads:
  server: {{node: rack, count: 4, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}}
{more}
sources:
  diesel: {{type: generator, capacity: 30kW, cost: 0.5 EUR/kWh}}
stores:
  battery: {{type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%, reserve: 10%}}
{store}
grid: {{import_max: 150kW, import_price: 0.2 EUR/kWh}}
"""
RUNNING = []
FAULTY = "nodes:\n  site: {limt: 3kW}\n"
EXTRA = "  lamp: {node: rack, count: 1, rating: 2kW, class: 3, demand: 1kW}"
WHEEL = "  wheel: {type: flywheel, capacity: 5kWh, power: 20kW, duty: power}"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def write(path, racks=2, limit=40, more="", store="", alarms="", text=None):
    with open(path + ".new", "w") as file:
        file.write(text if text is not None else SITE.format(racks=racks, limit=limit, more=more, store=store) + alarms)
    os.rename(path + ".new", path)


def audited(data, site):
    """Every reading is an entry: who, when, the file's hash, what changed, or why it was refused."""
    with open(os.path.join(data, "audit.jsonl")) as file:
        entries = [json.loads(line) for line in file]
    who = f"{pwd.getpwuid(os.getuid()).pw_name} (signal)"
    check(all(e["who"] == who and e["from"] == f"process {os.getpid()}" and e["role"] == "admin" and e["method"] == "RELOAD" and e["path"] == site
              and e["asked"]["signal"] == "SIGHUP" for e in entries), f"who: {entries[0]}")
    check([e["status"] for e in entries] == [200, 200, 200, 422, 200] + [200] * 10 + [200], f"each reading once: {[e['status'] for e in entries]}")
    taken = [e for e in entries if e["status"] == 200]
    for before, after in zip(taken, taken[1:]):
        check(after["before"] == {k: v for k, v in before["after"].items() if k != "changed"}, "each begins where the one before ended")
    check(all(len(e["after"]["sha256"]) == 64 and e["asked"]["sha256"] == e["after"]["sha256"] and e["asked"]["refused"] is None for e in taken), taken[0])
    for key in ("time", "site_time"):
        times = [datetime.datetime.fromisoformat(e[key].replace("Z", "+00:00")) for e in entries]
        check(times == sorted(times) and (key == "time" or len(set(times)) == len(times)), f"in order: {times}")
    check(set(entries[0]["after"]["changed"]) == {"nodes rack: 2 -> 3", "loads server: 8 -> 12", "loads lamp: added (3)", "stores wheel: added (1)"},
          f"what changed: {entries[0]['after']}")
    check(entries[1]["after"]["changed"] == ["nodes rack: limit 40 kW -> 15 kW"], entries[1]["after"])
    check(entries[2]["after"]["changed"][0].startswith("alarms plan_missing: high; raised after 5 s"), entries[2]["after"])
    refused = entries[3]
    check(refused["after"] is None and "site.yaml:2:" in refused["asked"]["refused"], f"a refused file says why: {refused}")
    check(refused["asked"]["sha256"] == hashlib.sha256(FAULTY.encode()).hexdigest(), "and which file it was")
    with open(site, "rb") as file:
        check(entries[-1]["after"]["sha256"] == hashlib.sha256(file.read()).hexdigest(), "sha256sum says the same of the file")
    check(entries[-1]["after"]["changed"] == [] and entries[-1]["before"]["sha256"] == entries[-1]["after"]["sha256"], "nothing changed")
    printed = subprocess.run([SYMGRID, "audit", "--data", data], capture_output=True, text=True).stdout.splitlines()
    check(len(printed) == len(entries), printed)
    check("RELOAD" in printed[-2] and printed[-2].endswith("200  nodes rack: limit 40 kW -> 15 kW"), printed[-2])
    check("422  " in printed[-4] and "site.yaml:2:" in printed[-4], printed[-4])


def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.TemporaryDirectory()
    site, data = os.path.join(folder.name, "site.yaml"), os.path.join(folder.name, "data")
    write(site)
    log = open(os.path.join(folder.name, "log"), "w+")
    process = subprocess.Popen([SYMGRID, "run", site, "--listen", f"127.0.0.1:{port}", "--data", data, "--policy", "mpc",
                                "--from", "2023-07-01T00:00:00Z"], stdout=log, stderr=log)
    RUNNING.append(process)

    def said():
        return open(log.name).read()

    def state():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/energy/telemetry", timeout=10 * SLOW) as reply:
            return json.load(reply)

    def wait(what, holds):
        end = time.monotonic() + 20 * SLOW
        while time.monotonic() < end:
            check(process.poll() is None, f"ended: {said()}")
            try:
                now = state()
                if holds(now):
                    return now
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{what}: {said()}")

    def again(what, holds, **changes):
        write(site, **changes)
        process.send_signal(signal.SIGHUP)
        return wait(what, holds)

    def count(now, kind, name):
        return sum(group["count"] for group in now[kind] if group["id"] == name)

    first = wait("the site runs", lambda now: now["tick"] > 20 and now["plan"]["rung"] == "fresh")
    check(count(first, "loads", "server") == 8, "two racks of four")
    wider = again("a rack, its servers, a lamp and a store more",
                  lambda now: count(now, "loads", "server") == 12, racks=3, more=EXTRA, store=WHEEL)
    check(wider["tick"] > first["tick"], "the count of steps goes on")
    check(count(wider, "loads", "lamp") == 3 and count(wider, "stores", "wheel") == 1, "what is new is there")
    battery = [g for g in wider["stores"] if g["id"] == "battery"][0]
    check(abs(battery["soc_frac"] - 0.5) < 0.05, "the battery holds what it held")
    later = wait("all of it is read and served",
                 lambda now: now["tick"] > wider["tick"] + 10 and now["health"]["quality"]["missing"] == 0)
    check(later["balance"]["load_kw"] > 50, f"the new rack draws: {later['balance']}")
    check(later["settlement"]["running"]["load_kwh"] > 0, "the meter goes on")
    tight = again("a lower limit", lambda now: any(n["id"] == "rack-1" and n["limit_kw"] == 15 for n in now["nodes"]),
                  racks=3, more=EXTRA, store=WHEEL, limit=15)
    wait("the limit is kept", lambda now: now["tick"] > tight["tick"] + 5 and
         all(n["power_kw"] <= 15.001 for n in now["nodes"] if n["id"].startswith("rack")))
    def priority():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10 * SLOW) as reply:
            return re.search(r'symgrid_alarm_active{kind="plan_missing",priority="(\w+)"}', reply.read().decode()).group(1)

    check(priority() == "medium", "alarms are raised as they come")
    again("rules of alarms", lambda now: priority() == "high", racks=3, more=EXTRA, store=WHEEL, limit=15,
          alarms="alarms: {plan_missing: {priority: high, on_delay: 5s}}\n")
    before = state()["tick"]
    write(site, text=FAULTY)
    process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20 * SLOW
    while "goes on as it was" not in said() and time.monotonic() < end:
        time.sleep(0.05)
    check("site.yaml:2:" in said() and "goes on as it was" in said(), f"a faulty file is refused with its place: {said()}")
    same = wait("the site goes on", lambda now: now["tick"] > before + 10)
    check(count(same, "loads", "server") == 12, "as it was")
    less = again("one rack only", lambda now: count(now, "loads", "server") == 4, racks=1)
    check(less["settlement"]["total"] is not None and count(less, "stores", "wheel") == 0, "what is gone is gone")
    for k in range(1, 11):
        again("to and fro", lambda now: count(now, "loads", "server") == 4 * (1 + k % 3), racks=1 + k % 3)
    steps = state()["tick"]
    since = state()["baseline"]["since"]
    process.send_signal(signal.SIGHUP)
    wait("the same file", lambda now: "nothing changed" in said() and now["tick"] > steps + 5)
    check(state()["baseline"]["since"] == since, "a file in which nothing changed is left alone")
    process.send_signal(signal.SIGTERM)
    check(process.wait(timeout=20 * SLOW) == 0, said())
    audited(data, site)
    replay = subprocess.run([SYMGRID, "replay", data], capture_output=True, text=True)
    check(replay.returncode == 0, f"the journal replays across all changes: {replay.stdout}{replay.stderr}")
    late = [line for line in said().splitlines() if " late, " in line][-1]
    print(late)
    print(replay.stdout.strip().splitlines()[-1])
    print("15 changes of a running site: taken, refused with its place, replayed")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        for running in RUNNING:
            running.kill()
