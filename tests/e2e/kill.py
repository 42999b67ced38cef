#!/usr/bin/env python3
"""kill -9 at random moments, again and again on the same data, under a steady load of requests.

ctest: serial slow timeout=900

What was acknowledged must still be there after every restart, once; every metered quarter hour must be in journal and table once
and count every step once; registers never run backwards; the journal must replay to the bit.

    KILL_CYCLES=200 KILL_SEED=1 tests/e2e/kill.py
"""
import itertools
import os
import random
import shutil
import sqlite3
import struct
import threading
import time

import _symgrid as sg
from _symgrid import check, refuses, require

CYCLES = int(os.environ.get("KILL_CYCLES", "60"))
SEED = int(os.environ.get("KILL_SEED", str(int(time.time()))))
STEP_S = 5
OPTIONS = ["--speed", 20000, "--step", f"{STEP_S}s", "--from", sg.FROM, "--policy", "mpc"]
KEEP_ALIVE = 60  # tasks; the table holds 256
OVER = ("done", "withdrawn", "refused", "expired")


class Client(threading.Thread):
    """Asks for power without pause and notes down what was promised."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.run_now = None          # the program to talk to
        self.unanswered = []         # bodies sent without an answer: asked again after the restart
        self.promised = {}           # task_id -> (body, first answer)
        self.open = []               # promised, not withdrawn
        self.withdrawn = set()       # acknowledged
        self.withdrawing = set()     # asked for, perhaps not acknowledged
        self.failed, self.repeats, self.conflicts = 0, 0, []
        self.numbers = itertools.count()
        self.lock = threading.Lock()
        self.ending = False

    def body(self):
        body = {"task_id": f"task-{next(self.numbers)}", "power": f"{self.random.randint(1, 80) / 10}kW",
                "priority": self.random.choice(["critical", "high", "normal", "low"])}
        if self.random.random() < 0.5:
            body["duration"] = f"{self.random.randint(1, 20)}h"
        return body

    def ask_for_power(self, run):
        again = self.unanswered and self.random.random() < 0.7
        body = self.unanswered.pop(0) if again else self.body()
        status, answer = run.request("POST", "/energy/allocate", body)
        if status in (200, 202):
            with self.lock:
                self.promised[body["task_id"]] = (body, answer)
                self.open.append(body["task_id"])
            self.repeats += bool(again)
        elif status == 409:
            self.conflicts.append(body["task_id"])
        else:
            self.failed += 1
            self.unanswered.append(body)

    def take_back(self, run):
        with self.lock:
            task_id = self.open[self.random.randrange(len(self.open))]
        self.withdrawing.add(task_id)
        status, _ = run.request("DELETE", f"/energy/allocate/{task_id}")
        if status in (200, 404):
            with self.lock:
                self.open.remove(task_id)
                if status == 200:
                    self.withdrawn.add(task_id)

    def run(self):
        while not self.ending:
            run = self.run_now
            if run is None or run.port is None or run.process.poll() is not None:
                time.sleep(0.002)
                continue
            if len(self.open) > KEEP_ALIVE or (self.open and self.random.random() < 0.2):
                self.take_back(run)
            else:
                self.ask_for_power(run)


def check_tasks(run, client):
    """Everything promised before this restart is still there, as it was promised, once."""
    with client.lock:
        promised, open_now, withdrawn = dict(client.promised), list(client.open), set(client.withdrawn)
    status, listed = run.get("/energy/allocate")
    require(status == 200, "the list of tasks can be read")
    tasks = {task["task_id"]: task for task in listed["tasks"]}
    require(len(tasks) == len(listed["tasks"]), "no task is listed twice")
    require("from-the-site-file" in tasks, "the request in the site file was made")
    for task_id in open_now:
        body, answer = promised[task_id]
        task = tasks.get(task_id)
        if task is None: # only what is over may be forgotten, and only where the table is full
            require(len(tasks) == 256 and ("duration" in body or answer["state"] in OVER or task_id in client.withdrawing),
                    f"acknowledged {task_id} is still there")
            continue
        for key in ("received", "power_kw", "priority", "duration_s"):
            require(task[key] == answer[key], f"{task_id}: {key} is what was acknowledged: {task[key]} {answer[key]}")
        if answer["state"] == "granted":
            require(task["granted"] == answer["granted"], f"{task_id} was granted once: {task['granted']} {answer['granted']}")
            require(task["state"] != "queued", f"{task_id} is not back in the queue")
    for task_id in withdrawn & tasks.keys():
        require(tasks[task_id]["state"] in OVER, f"{task_id}, taken back, stays so: {tasks[task_id]['state']}")


def check_drawn(run):
    """With nobody asking, the power that tasks draw is the sum of what was granted, each task once."""
    def equal():
        seen = run.telemetry()
        granted_kw = sum(task["power_kw"] for task in seen["tasks"] if task["state"] == "granted")
        return granted_kw > 0 and abs(granted_kw - seen["balance"]["task_kw"]) < 1e-3
    sg.wait_for("tasks that draw what was granted, each once", equal, 10)


def look(run):
    """What must never run backwards."""
    seen = run.telemetry()
    total = seen["settlement"]["total"]
    return {"tick": seen["tick"], "time": seen["time"], "intervals": seen["settlement"]["intervals"],
            **{key: total[key] for key in ("import_kwh", "export_kwh", "load_kwh", "charge_kwh", "discharge_kwh", "cost", "steps")}}


def not_backwards(before, after):
    for key in before or {}:
        require(after[key] >= before[key], f"{key} does not run backwards: {before[key]} then {after[key]}")


def check_promises(data, promised, withdrawn):
    """Every acknowledged request stands in a whole record of the journal."""
    journaled = sg.journaled_requests(data)
    asked = {r.task_id for r in journaled if r.kind == sg.ALLOCATE}
    taken_back = {r.task_id for r in journaled if r.kind == sg.WITHDRAW}
    missing = [task_id for task_id in promised if task_id not in asked]
    require(not missing, f"{len(missing)} acknowledged requests are not in the journal: {missing[:5]}")
    missing = [task_id for task_id in withdrawn if task_id not in taken_back]
    require(not missing, f"{len(missing)} acknowledged withdrawals are not in the journal: {missing[:5]}")
    return len(journaled)


def check_balance(journaled):
    """What comes in goes out, in every interval: the grid meter's registers did not jump at a restart.
    The very first reading of a register is where it starts, so the first interval lacks a step."""
    for interval in journaled[1:]:
        came = interval.import_j + interval.generation_j + interval.discharge_j
        went = interval.load_j + interval.export_j + interval.charge_j + interval.losses_j
        require(abs(came - went) < 20 + 1e-6 * came, f"interval at {interval.start_us / 1e6:.0f} balances: {came} J in, {went} J out")


def check_total(before, journaled):
    """The running total is the sum of the journal's intervals up to there."""
    settled = journaled[:before["intervals"]]
    for key, name, unit in (("import_kwh", "import_j", 3.6e6), ("load_kwh", "load_j", 3.6e6), ("cost", "cost_u", 1e6), ("steps", "steps", 1)):
        total = sum(getattr(interval, name) for interval in settled) / unit
        require(abs(total - before[key]) < 1e-4, f"total {key} is the sum of {len(settled)} intervals: {before[key]} {total}")


def cut_record(path, number_of_type, kind, change=None):
    """Take the n-th record of a kind out of a segment, or change its bytes."""
    found = [r for r in sg.segment_records(path) if r.type == kind][number_of_type]
    with open(path, "rb") as file:
        content = bytearray(file.read())
    end = found.offset + 9 + len(found.payload)
    content[found.offset:end] = change(content[found.offset:end]) if change else b""
    with open(path, "wb") as file:
        file.write(content)
    return found


def flip_last_byte(record):
    record[-1] ^= 1
    return record


def negative_controls(folder, data, promised, withdrawn):
    """Each planted loss must be noticed by the checks above."""
    largest = max(sg.segments(data), key=lambda name: sum(r.type == sg.SETTLED for r in sg.segment_records(os.path.join(data, name))))
    number = itertools.count()

    def copy():
        path = os.path.join(folder, f"control-{next(number)}")
        shutil.copytree(data, path)
        return path

    def edited(sql):
        path = copy()
        with sqlite3.connect(os.path.join(path, "telemetry.db")) as connection:
            connection.execute(sql)
        connection.close()
        return path

    row = "(SELECT start FROM settlement ORDER BY start LIMIT 1 OFFSET 3)"
    refuses("a settlement row is gone", sg.check_settlements, edited(f"DELETE FROM settlement WHERE start = {row}"))
    refuses("a settlement row is another", sg.check_settlements, edited(f"UPDATE settlement SET load_kwh = load_kwh + 1e-6 WHERE start = {row}"))
    refuses("a settlement row too many", sg.check_settlements,
            edited("INSERT INTO settlement SELECT start + 1, \"end\", " + ", ".join(["0"] * 18) + f" FROM settlement WHERE start = {row}"))
    path = copy()
    cut_record(os.path.join(path, largest), 1, sg.SETTLED)
    refuses("a settled record is gone from the journal", sg.check_settlements, path)
    path = copy()
    with_requests = next(r for r in sg.records(path) if r.type == sg.FRAME and
                         any(q.task_id in promised and q.kind == sg.ALLOCATE for q in sg.frame_requests(r.payload)))
    name = f"journal-{with_requests.segment:08}.sgj"
    index = [r.offset for r in sg.segment_records(os.path.join(path, name)) if r.type == sg.FRAME].index(with_requests.offset)
    cut_record(os.path.join(path, name), index, sg.FRAME)
    refuses("a frame with an acknowledged request is gone", check_promises, path, promised, withdrawn)
    refuses("... and the replay differs", sg.check_replay, path, "replay")
    path = copy()
    cut_record(os.path.join(path, largest), 5, sg.FRAME, flip_last_byte)
    refuses("a byte of a frame flipped", sg.check_replay, path, "replay")
    path = copy()
    cut_record(os.path.join(path, largest), 0, sg.SETTLED, lambda r: r + r)
    refuses("an interval settled twice", sg.check_settlements, path)
    refuses("a step counted twice", sg.check_settlements, data, 900, STEP_S / 2)


def test(folder):
    rng = random.Random(SEED)
    print(f"{CYCLES} cycles, KILL_SEED={SEED}", flush=True)
    site, data = sg.small_site(folder), os.path.join(folder, "data")
    client = Client(SEED)
    client.start()
    before, kills = None, {"starting": 0, "running": 0}
    began = time.monotonic()
    for cycle in range(CYCLES):
        run = sg.Run(site, data, *OPTIONS)
        client.run_now = run
        if cycle % 5 == 4: # at any moment, the start included
            time.sleep(rng.uniform(0, 0.05) * sg.SLOW)
        else:
            run.ready()
            check_tasks(run, client)
            after = look(run)
            not_backwards(before, after)
            before = after
            time.sleep(rng.uniform(0, 0.35) * sg.SLOW)
        kills["running" if run.port else "starting"] += 1
        require(run.kill() == -9, f"the program ran until it was killed: {run.stderr[-500:]}")
        mine = sg.said(run.stderr)
        require(len(mine) <= 3, f"a restart after a kill says little: {mine}") # time, page, a torn tail
        client.run_now = None
    took = time.monotonic() - began

    run = sg.Run(site, data, *OPTIONS)
    client.run_now = run
    run.ready()
    client.ending = True
    client.join(30 * sg.SLOW)
    check_tasks(run, client)
    check_drawn(run)
    before_end = look(run)
    not_backwards(before, before_end)
    check(run.stop() == 0, f"a clean end after {CYCLES} kills ({kills['starting']} before the port was open, {kills['running']} after) "
                           f"in {took:.1f} s")
    check(not client.conflicts, "a request asked again after a crash is never in conflict with itself")
    check(len(client.promised) > CYCLES, f"{len(client.promised)} requests acknowledged, {len(client.withdrawn)} taken back, {client.failed} "
                                         f"without an answer, {client.repeats} of those asked again with success")
    count = check_promises(data, client.promised, client.withdrawn)
    check(True, f"every acknowledged request stands in the journal, among {count}")
    journaled = sg.check_settlements(data, 900, STEP_S)
    check(len(journaled) > CYCLES / 2, f"{len(journaled)} intervals: no gap, no overlap, each of {900 // STEP_S} steps, the same in journal and table")
    check_balance(journaled)
    check(True, "energy in is energy out in every interval")
    check_total(before_end, journaled)
    check(True, f"the total is the sum of {before_end['intervals']} intervals")
    sg.check_replay(data, "replay")
    negative_controls(folder, data, client.promised, client.withdrawn)
    torn = [name for name in os.listdir(data) if ".torn" in name]
    print(f"{len(sg.segments(data))} segments, {len(torn)} torn tails kept, {sum(os.path.getsize(os.path.join(data, n)) for n in os.listdir(data)) >> 20} MB")


if __name__ == "__main__":
    sg.main(test)
