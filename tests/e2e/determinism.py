#!/usr/bin/env python3
"""The same inputs give the same journal, byte for byte, whichever compiler built the program and however it optimised.

ctest: serial slow timeout=1200

Builds the program with gcc and clang at -O0 and -O3 -march=native, lets each of them and the program under test run the two example
sites and one with a fault of every kind, that one twice, compares the files, and replays each build's journal with another one.

    tests/e2e/determinism.py [BUILD_FOLDER]
"""
import filecmp
import os
import re
import shutil
import subprocess
import sys
import time

import _symgrid as sg
from _symgrid import check, refuses, require

LEVELS = {"O0": "-O0", "O3": "-O3 -march=native"}
UNDER_TEST = "as built"
JOBS = os.environ.get("JOBS", str(os.cpu_count() or 2))
RUN = ["--speed", "max", "--no-serve", "--from", sg.FROM, "--policy", "mpc"]
BRIEF = ["--for", "20min"]                    # 12,000 steps of 0.1 s
LONG = ["--for", "30h", "--step", "10s"]      # a night, a day, prices that change, plans that matter
SHORT = ["--for", "20s"]
FAULTS = """
## Fault_Schema
```yaml
faults:
  - {kind: sensor_missing, target: trainer, member: 5, at: 60s, duration: 40s}
  - {kind: sensor_stuck, target: answerer, at: 120s, duration: 40s}
  - {kind: sensor_nan, target: trainer, at: 180s, duration: 40s}
  - {kind: sensor_scale, target: battery, severity: 1.7, at: 240s, duration: 40s}
  - {kind: grid_loss, at: 300s, duration: 40s}
  - {kind: trip, target: flywheel, at: 360s, duration: 40s}
  - {kind: ignores, target: trainer, at: 420s, duration: 40s}
  - {kind: load_step, target: trainer, severity: 1.4, at: 480s, duration: 40s}
workflows:
  - {task_id: one, priority: high, energy_budget: 20kW, duration: 10min}
  - {task_id: two, priority: low, energy_budget: 40kW}
```
"""
# Large enough for threads and for steps that leave out what has no news.
MANY = """
nodes:
  site:   {limit: 100MW, voltage: 10kV}
  feeder: {parent: site, count: 40, limit: 4MW, voltage: 690V}
  rack:   {parent: feeder, count: 17, limit: 200kW, voltage: 415V}
loads:
  server: {node: rack, count: 40, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], weight: [1, 2], demand: 5kW}
grid: {import_max: 150MW, import_price: 0.1 EUR/kWh}
faults:
  - {kind: load_step, target: server, severity: 1.2, at: 4s, duration: 4s}
  - {kind: load_step, target: server, member: 777, severity: 1.4, at: 5s, duration: 9s}
  - {kind: sensor_missing, target: server, member: 5, at: 6s, duration: 4s}
  - {kind: sensor_scale, target: server, member: 20000, severity: 1.7, at: 7s, duration: 4s}
"""


def build(compiler, level, base):
    folder = os.path.join(base, f"{compiler}-{level}")
    configure = ["cmake", "-S", sg.ROOT, "-B", folder, "-G", "Ninja" if shutil.which("ninja") else "Unix Makefiles", f"-DCMAKE_C_COMPILER={compiler}",
                 f"-DCMAKE_ASM_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Plain", f"-DCMAKE_C_FLAGS={LEVELS[level]}", "-DSYMGRID_TESTS=OFF",
                 "-DSYMGRID_HARDEN=OFF", "--log-level=NOTICE"]
    for command in (configure, ["cmake", "--build", folder, "--target", "symgrid", "--parallel", JOBS]):
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        require(result.returncode == 0, f"{compiler} {LEVELS[level]} builds: {result.stdout[-1500:]}")
    return os.path.join(folder, "symgrid")


def run(program, site, options, data):
    result = subprocess.run([program, "run", site, "--data", data, *RUN, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=600, check=False)
    require(result.returncode == 0, f"{program} runs: {result.stderr[-500:]}")
    return re.search(r"state ([0-9a-f]{16})", result.stdout).group(1)


def replay(program, data):
    result = subprocess.run([program, "replay", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600, check=False)
    require(result.returncode == 0, f"{program} replays {data}: {result.stdout} {result.stderr}")
    return re.search(r"state ([0-9a-f]{16})", result.stdout).group(1)


def first_difference(one, two):
    """Where two journals part, in words."""
    for name in sg.segments(one):
        pairs = zip(sg.segment_records(os.path.join(one, name)), sg.segment_records(os.path.join(two, name)))
        for number, (a, b) in enumerate(pairs):
            if a != b:
                at = next((i for i, (x, y) in enumerate(zip(a.payload, b.payload)) if x != y), min(len(a.payload), len(b.payload)))
                return (f"{name}, record {number} of type {a.type} at offset {a.offset}, byte {at} of its payload: "
                        f"{a.payload[at - at % 8:at - at % 8 + 8].hex()} {b.payload[at - at % 8:at - at % 8 + 8].hex()}")
    return "the number of records"


def same(one, two):
    require(sg.segments(one) == sg.segments(two), f"{one} and {two} have the same segments")
    for name in sg.segments(one):
        if not filecmp.cmp(os.path.join(one, name), os.path.join(two, name), shallow=False):
            raise AssertionError(f"{one} and {two} differ: {first_difference(one, two)}")


def flip(data):
    path = os.path.join(data, sg.segments(data)[-1])
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test(folder):
    for tool in ("gcc", "clang", "cmake"):
        if not shutil.which(tool):
            raise sg.Skip(f"{tool} is not installed, so builds cannot be compared")
    base = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("SYMGRID_BUILD_DIR", folder), "determinism")
    began = time.monotonic()
    programs = {UNDER_TEST: os.path.abspath(sg.PROGRAM)}
    programs.update((f"{compiler}-{level}", build(compiler, level, base)) for compiler in ("gcc", "clang") for level in LEVELS)
    print(f"{len(programs) - 1} builds in {time.monotonic() - began:.0f} s", flush=True)
    many = os.path.join(folder, "many.yaml")
    with open(many, "w", encoding="utf-8") as page:
        page.write(MANY)
    sites = {"hall": (os.path.join(sg.ROOT, "sites", "hall.maml.md"), BRIEF), "floating": (os.path.join(sg.ROOT, "sites", "floating.maml.md"), BRIEF),
             "faults": (sg.hall_with(folder, FAULTS), BRIEF), "floating-long": (os.path.join(sg.ROOT, "sites", "floating.maml.md"), LONG),
             "hall-long": (os.path.join(sg.ROOT, "sites", "hall.maml.md"), LONG), "many": (many, SHORT)}
    for name, (site, options) in sites.items():
        data, states = {}, {}
        for build_name, program in programs.items():
            data[build_name] = os.path.join(folder, f"{name}-{build_name.replace(' ', '-')}")
            states[build_name] = run(program, site, options, data[build_name])
        again = os.path.join(folder, f"{name}-again")
        require(run(programs[UNDER_TEST], site, options, again) == states[UNDER_TEST], "two runs of one build end in one state")
        same(data[UNDER_TEST], again)
        size = sum(os.path.getsize(os.path.join(again, segment)) for segment in sg.segments(again))
        plans = sum(record.type == sg.PLAN for record in sg.records(again))
        for build_name in programs:
            same(data[UNDER_TEST], data[build_name])
        check(len(set(states.values())) == 1, f"{name}: {len(programs)} builds and a second run wrote the same {size / 1e6:.1f} MB with {plans} plans, state "
                                              f"{states[UNDER_TEST]}")
        names = list(programs)
        for build_name, other in zip(names, names[1:] + names[:1]):
            require(replay(programs[build_name], data[other]) == states[other], f"{build_name} replays {other}'s journal to the same state")
        check(True, f"{name}: every build replays another's journal without a mismatch to the same state")
        flip(again)
        refuses("a flipped bit", same, data[UNDER_TEST], again)
        for path in (again, *data.values()):
            shutil.rmtree(path)


if __name__ == "__main__":
    sg.main(test)
