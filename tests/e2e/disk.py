#!/usr/bin/env python3
"""The data folder under everything that can happen to a disk: full, read only, shared, torn, flipped, littered, exchanged.

ctest: serial slow timeout=600

Control must go on or refuse to start with one clear line; what was acknowledged must not be lost where its bytes are whole; the
journal must be whole again from the moment the disk takes it.
"""
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import time

import _symgrid as sg
from _symgrid import check, refuses, require

SEED = int(os.environ.get("DISK_SEED", str(int(time.time()))))
STEP_S = 5
FAST = ["--speed", 20000, "--step", f"{STEP_S}s", "--from", sg.FROM, "--policy", "mpc"]
BRIEF = ["--speed", "max", "--step", f"{STEP_S}s", "--policy", "mpc", "--for", "2h", "--no-serve"]
NOBODY = 65534


def one_line(result, words):
    mine = sg.said(result.stderr)
    check(result.returncode == 3 and len(mine) == 1 and all(word in mine[0] for word in words),
          f"exit {result.returncode}, one line: {' | '.join(mine)}")


# --- who may be here ---

def check_shared(site, folder):
    data = os.path.join(folder, "shared")
    run = sg.Run(site, data, *FAST).ready()
    before = run.telemetry()["tick"]
    for _ in range(3):
        one_line(sg.call("run", site, "--data", data, *BRIEF), ["another process", str(run.process.pid)])
    one_line(sg.call("run", site, "--data", os.path.join(folder, "other"), "--listen", f"127.0.0.1:{run.port}", "--for", "10s"),
             [f"127.0.0.1:{run.port}", "in use"])
    sg.wait_for("two intervals", lambda: run.telemetry()["settlement"]["intervals"] >= 2)
    check(run.telemetry()["tick"] > before and not sg.said(run.stderr)[1:], "the first process noticed nothing")
    check(run.stop() == 0, "and ends cleanly")
    sg.check_settlements(data, 900, STEP_S)
    sg.check_replay(data, "its journal is whole")


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def check_read_only(site, folder):
    data = os.path.join(folder, "read-only")
    os.mkdir(data)
    os.chmod(data, 0o555)
    change = {}
    if os.geteuid() == 0: # permissions do not bind root
        for path in (folder, site):
            os.chmod(path, os.stat(path).st_mode | stat.S_IROTH | stat.S_IXOTH)
        program = os.path.join(folder, "symgrid") # where nobody may reach it, unless nothing may be executed here
        shutil.copy2(sg.PROGRAM, program)
        change = {"preexec_fn": as_nobody, "executable": program, "cwd": "/"}
        try:
            require(sg.call("check", site, **change).returncode == 0, "nobody can run the program")
        except (OSError, subprocess.SubprocessError) as error:
            print(f"skip: a read-only folder: {error}")
            return
    one_line(sg.call("run", site, "--data", data, *BRIEF, **change), ["Permission denied"])
    one_line(sg.call("run", site, "--data", os.path.join(data, "below"), *BRIEF, **change), ["Permission denied"])
    os.chmod(data, 0o755)
    one_line(sg.call("run", site, "--data", site, *BRIEF), [os.path.basename(site)])


# --- full ---

def promise(run, names, promised):
    """Ask for power under each name; returns the statuses."""
    found = []
    for name in names:
        status, answer = run.request("POST", "/energy/allocate", {"task_id": name, "power": "100W"})
        if status in (200, 202):
            promised[name] = answer
        found.append(status)
    return found


def kept(run, promised):
    tasks = {task["task_id"]: task for task in run.get("/energy/allocate")[1]["tasks"]}
    for name, answer in promised.items():
        require(name in tasks and tasks[name]["received"] == answer["received"], f"{name} is still there, as acknowledged")


def check_full(site, data, fill, empty, words, crash):
    """fill() takes the space away under the running program, empty() gives it back."""
    promised = {}
    run = sg.Run(site, data, *FAST).ready()
    require(promise(run, ["a1", "a2", "a3"], promised) == [200] * 3, "three requests are acknowledged")
    time.sleep(0.5)
    fill(run)
    sg.wait_for("a degraded journal", lambda: run.telemetry()["health"]["journal"] == "degraded", 20)
    before = run.telemetry()
    statuses = promise(run, [f"b{i}" for i in range(10)], promised)
    check(set(statuses) == {503}, f"requests on a full disk are answered {sorted(set(statuses))}")
    ready = run.get("/readyz")[0]
    time.sleep(1.5)
    after = run.telemetry()
    check(after["tick"] > before["tick"] + 100 and after["balance"]["load_kw"] > 0, f"control goes on: {after['tick'] - before['tick']} steps meanwhile "
                                                                                    f"(/readyz {ready})")
    told = [line for line in sg.said(run.stderr) if "degraded" in line]
    check(len(told) == 1 and all(word in told[0] for word in words), f"one clear line: {' | '.join(told)}")
    # some intervals must close while nothing can be recorded
    target = after["settlement"]["intervals"] + 4
    sg.wait_for("intervals that close meanwhile", lambda: run.telemetry()["settlement"]["intervals"] >= target, 30)
    if crash:
        require(run.kill() == -9, "killed on a full disk")
        empty(run)
        run = sg.Run(site, data, *FAST).ready()
    else:
        empty(run)
        sg.wait_for("a journal that works again", lambda: run.telemetry()["health"]["journal"] == "ok", 20)
        check(any("works again" in line for line in sg.said(run.stderr)), "the return is told as well")
    kept(run, promised)
    statuses = promise(run, ["b0", "c1", "c2"], promised)
    check(statuses == [200] * 3, f"requests are acknowledged again: {statuses}")
    time.sleep(0.5)
    check(run.kill() == -9, "killed afterwards")
    run = sg.Run(site, data, *FAST).ready()
    kept(run, promised)
    time.sleep(1.2) # telemetry commits once a second
    status = run.stop()
    check(status == 0, f"nothing acknowledged is lost ({len(promised)} requests); clean end ({status})")
    if not crash:
        intervals = sg.check_settlements(data, 900, STEP_S)
        check(True, f"{len(intervals)} intervals without a gap, the same in journal and table")
    sg.check_replay(data, "the journal replays")


def check_full_limit(site, folder):
    """No file may grow beyond a limit (as with a quota): the present segment is stuck, a new one is not."""
    def fill(run):
        files = [os.path.getsize(os.path.join(data, name)) for name in sg.segments(data)]
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (max(files) + 40000, resource.RLIM_INFINITY))

    def small(run):
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def empty(run):
        if run.process.poll() is None:
            resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    data = os.path.join(folder, "limit-0")
    check_full(site, data, small, empty, ["File too large", "control goes on"], False)
    data = os.path.join(folder, "limit-kill")
    check_full(site, data, small, empty, ["File too large"], True)
    # a limit that a fresh segment stays below: the journal goes on by itself in the next one
    data = os.path.join(folder, "limit-one")
    run = sg.Run(site, data, *FAST).ready()
    time.sleep(0.5)
    fill(run)
    sg.wait_for("a new segment", lambda: len(sg.segments(data)) > 1, 20)
    sg.wait_for("a journal that works", lambda: run.telemetry()["health"]["journal"] == "ok", 20)
    promised = {}
    sg.wait_for("an acknowledged request", lambda: promise(run, ["d1"], promised) == [200], 20)
    empty(run)
    check(run.kill() == -9, "a segment that may not grow gives way to the next")
    run = sg.Run(site, data, *FAST).ready()
    kept(run, promised)
    check(run.stop() == 0, "and nothing is lost")
    sg.check_replay(data, "the journal replays")


def check_full_mount(site, folder):
    """A disk of its own, really full."""
    mount = os.path.join(folder, "mount")
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=False) if os.geteuid() == 0 and shutil.which("mount") else None
    if done is None or done.returncode != 0:
        print("skip: a small file system cannot be mounted here; the limit on file sizes stands for it")
        return
    ballast = os.path.join(mount, "ballast")

    def fill(_):
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    def empty(_):
        os.remove(ballast)

    try:
        check_full(site, os.path.join(mount, "data"), fill, empty, ["No space left", "control goes on"], False)
        check_full(site, os.path.join(mount, "data-kill"), fill, empty, ["No space left"], True)
        fill(None)
        result = sg.call("run", site, "--data", os.path.join(mount, "late"), *BRIEF)
        mine = sg.said(result.stderr)
        check(result.returncode == 3 and len(mine) == 1, f"a start on a full disk is refused in one line: {' | '.join(mine)}")
        empty(None)
        result = sg.call("run", site, "--data", os.path.join(mount, "late"), *BRIEF)
        check(result.returncode == 0, "and works once there is space")
        result = subprocess.run(["mount", "-o", "remount,ro", mount], stderr=subprocess.PIPE, check=False)
        if result.returncode == 0:
            one_line(sg.call("run", site, "--data", os.path.join(mount, "late"), *BRIEF), ["ead-only"])
    finally:
        for run in list(sg.Run.alive):
            run.end()
        subprocess.run(["umount", "-l", mount], check=False)


# --- torn, flipped, littered ---

def make_history(site, data):
    """Three starts: a journal of several segments with requests in each. Returns what was acknowledged, with its place."""
    promised = {}
    for start in range(3):
        run = sg.Run(site, data, *FAST).ready()
        for i in range(8):
            require(promise(run, [f"t{start}-{i}"], promised) == [200], "a request is acknowledged")
            time.sleep(0.1)
        require(run.stop() == 0, "a clean end")
    return promised


def journaled_names(data):
    return {request.task_id for request in sg.journaled_requests(data)}


def names_after(site, data):
    """The tasks that a restart finds, and what it said."""
    run = sg.Run(site, data, *FAST).ready()
    names = {task["task_id"] for task in run.get("/energy/allocate")[1]["tasks"]}
    time.sleep(0.2)
    require(run.stop() == 0, f"a clean end: {run.stderr[-300:]}")
    return names, [line for line in sg.said(run.stderr) if "live page" not in line and "--from is not used" not in line]


def check_truncated(site, folder, data, promised, rng):
    """Cut the last segment anywhere: everything in whole records before the cut is there again, and the books go on without a gap."""
    last = sg.segments(data)[-1]
    size = os.path.getsize(os.path.join(data, last))
    records = list(sg.segment_records(os.path.join(data, last)))
    settled = [r for r in records if r.type == sg.SETTLED]
    require(len(settled) >= 2, "the last segment holds settled intervals")
    places = [settled[-1].offset, settled[-1].offset + 5, settled[0].offset, settled[0].offset + 100, 0, 7, 16, 20, records[0].offset + 5000, size - 1]
    places += [rng.randrange(size) for _ in range(12)]
    before_last = {r.task_id for name in sg.segments(data)[:-1] for record in sg.segment_records(os.path.join(data, name))
                   if record.type == sg.FRAME for r in sg.frame_requests(record.payload)}
    for number, place in enumerate(places):
        copy = os.path.join(folder, f"cut-{number}")
        shutil.copytree(data, copy)
        # the table is younger than the cut journal; it must come again from the journal
        os.remove(os.path.join(copy, "telemetry.db"))
        os.truncate(os.path.join(copy, last), place)
        expected = before_last | ({request.task_id for record in sg.segment_records(os.path.join(copy, last)) if record.type == sg.FRAME
                                   for request in sg.frame_requests(record.payload)} if place >= 16 else set())
        names, said = names_after(site, copy)
        require(expected <= names, f"cut at {place}: {sorted(expected - names)} of whole records are gone")
        require(len(said) <= 1, f"cut at {place}: one line at most: {said}")
        intervals = sg.settled_records(copy)
        for one, two in zip(intervals, intervals[1:]):
            require(two.start_us == one.end_us, f"cut at {place}: interval at {two.start_us / 1e6:.0f} follows the one before")
        rows = {row[0]: row for row in sg.table_settlements(copy)}
        # the table holds what the last segments tell
        for interval in intervals:
            row = rows.get(interval.start_us / 1e6)
            require(row is None or row == sg.as_row(interval), f"cut at {place}: the table's interval is the journal's")
        require(all(interval.start_us / 1e6 in rows for interval in intervals[-3:]), f"cut at {place}: the newest intervals are in the table")
        status, answer, stderr = sg.replay(copy)
        require(status == 0 and answer["mismatches"] == 0, f"cut at {place}: replay {status} {answer} {stderr}")
        shutil.rmtree(copy)
    check(True, f"the last segment cut at {len(places)} places (two of them between a frame and its settled interval): no whole record lost, "
                "no interval missing or doubled, replay exact")
    refuses("a request that is not in the journal", lambda: require({"never"} <= journaled_names(data), "never is there"))


def flip(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x40]))


def check_flipped(site, folder, data, promised, rng):
    """A flipped byte in the last segment costs what stands behind it in that segment; one in an older segment costs nothing live."""
    names = sg.segments(data)
    require(len(names) == 3, "three segments")
    for which, segment in (("middle", names[1]), ("last", names[-1])):
        size = os.path.getsize(os.path.join(data, segment))
        places = [8, 17, 24, 25] + [rng.randrange(16, size) for _ in range(8)]
        for place in places:
            copy = os.path.join(folder, "flip")
            shutil.copytree(data, copy)
            flip(os.path.join(copy, segment), place)
            status, answer, _ = sg.replay(copy)
            require(status == 1 and (answer["damaged"] >= 1 or answer["mismatches"] >= 1), f"{which} segment, byte {place}: replay notices: {status} {answer}")
            older = {f"t{start}-{i}" for start in range(3 if which == "middle" else 2) for i in range(8)}
            found, said = names_after(site, copy)
            require(older <= found, f"{which} segment, byte {place}: {sorted(older - found)} are gone")
            require(len(said) <= 1, f"{which} segment, byte {place}: one line at most: {said}")
            if which == "last":
                require(len(said) == 1, f"last segment, byte {place}: the damage is told")
            shutil.rmtree(copy)
        check(True, f"a byte flipped in the {which} segment, {len(places)} places: replay notices, the program goes on from what is whole")


def check_only_segment(site, folder):
    """The one segment there is: a torn first snapshot means nothing was ever journaled; a damaged one means books that must not vanish
    silently."""
    data = os.path.join(folder, "only")
    run = sg.Run(site, data, *FAST).ready()
    require(promise(run, ["only"], {}) == [200], "acknowledged")
    require(run.stop() == 0, "a clean end")
    name = os.path.join(data, sg.segments(data)[0])
    for place in (30, 16 + 9 + 1000):
        flip(name, place)
        result = sg.call("run", site, "--data", data, *BRIEF)
        mine = sg.said(result.stderr)
        require(result.returncode == 3 and 1 <= len(mine) <= 2 and "move it away" in mine[-1], f"a damaged only snapshot is refused: {result.returncode} {mine}")
        flip(name, place)
    result = sg.call("run", site, "--data", data, *BRIEF)
    check(result.returncode == 0, "a damaged only snapshot with frames behind it is refused, and works again when mended")
    snapshot = next(sg.segment_records(name))
    for size in (0, 10, 16, 20, 16 + 9 + 1000, 16 + 9 + len(snapshot.payload)): # the last: whole, and killed before the first step
        copy = os.path.join(folder, "birth")
        shutil.copytree(data, copy)
        for other in sg.segments(copy)[1:]:
            os.remove(os.path.join(copy, other))
        os.remove(os.path.join(copy, "telemetry.db"))
        os.truncate(os.path.join(copy, sg.segments(copy)[0]), size)
        result = sg.call("run", site, "--data", copy, *BRIEF, "--from", sg.FROM)
        require(result.returncode == 0, f"a first snapshot torn at byte {size}: {result.stderr}")
        require("from-the-site-file" in journaled_names(copy), "the site file's request is made")
        sg.check_settlements(copy, 900, STEP_S)
        shutil.rmtree(copy)
    check(True, "a torn first snapshot is begun anew")


def check_littered(site, folder, data, promised):
    copy = os.path.join(folder, "litter")
    shutil.copytree(data, copy)
    for name in ("journal-99999999.sgj", "journal-00000000.sgj", "journal-123.sgj", "journal-00000009.sgj", "journal-00000001.sgj.torn", "notes.txt",
                 "telemetry.db-journal", "journal--0000001.sgj", "\xff\xfe"):
        with open(os.path.join(copy, name), "wb") as file:
            file.write(os.urandom(5000))
    os.mkdir(os.path.join(copy, "journal-00000007.sgj"))
    os.mkdir(os.path.join(copy, "some-folder"))
    began = time.monotonic()
    found, said = names_after(site, copy)
    took = time.monotonic() - began
    check(set(promised) <= found and len(said) <= 1 and took < 10 * sg.SLOW, f"garbage in the folder: nothing lost, {took:.1f} s, it says: {said}")
    found, said = names_after(site, copy)
    check(set(promised) <= found, "and once more")
    shutil.rmtree(copy)


def check_table_damaged(site, folder, data, promised):
    """telemetry.db can be lost: it is not what anything depends on."""
    for number, damage in enumerate((lambda path: flip(path, 20000), lambda path: os.truncate(path, 5000), lambda path: os.truncate(path, 0),
                                     lambda path: open(path, "wb").write(os.urandom(50000)), os.remove)):
        copy = os.path.join(folder, f"table-{number}")
        shutil.copytree(data, copy)
        path = os.path.join(copy, "telemetry.db")
        damage(path)
        if number == 0: # in the middle of a page, where SQLite looks
            with open(path, "r+b") as file:
                file.seek(4096)
                file.write(os.urandom(4096))
        found, said = names_after(site, copy)
        require(set(promised) <= found, "tasks are the journal's")
        require(len(said) <= 1, f"one line at most: {said}")
        if any("kept as" in line for line in said):
            require(any(name.startswith("telemetry.db.corrupt-") for name in os.listdir(copy)), "the damaged table is kept")
        rows = {row[0] for row in sg.table_settlements(copy)}
        newest = sg.settled_records(copy)[-3:]
        require(all(interval.start_us / 1e6 in rows for interval in newest), "the newest intervals are in the new table")
        sg.replay(copy)
        shutil.rmtree(copy)
    check(True, "telemetry.db damaged, cut, empty, random or gone: a new one, and the newest intervals are in it")


# --- another site file ---

def check_changed(folder, data, promised):
    """A changed site file keeps tasks, meter and time."""
    copy = os.path.join(folder, "changed")
    shutil.copytree(data, copy)
    before = sg.settled_records(copy)
    changed = sg.small_site(folder, "\n# another limit\n", "changed.yaml")
    with open(changed, encoding="utf-8") as file:
        text = file.read()
    with open(changed, "w", encoding="utf-8") as file:
        file.write(text.replace("demand: 12kW", "demand: 9kW").replace("capacity: 100kWh", "capacity: 120kWh"))
    found, said = names_after(changed, copy)
    check(set(promised) <= found, "tasks outlive a change of the site file")
    check(len(said) == 1 and "site file" in said[0], f"which is told in one line: {said}")
    intervals = sg.check_settlements(copy, 900, STEP_S)
    check(len(intervals) > len(before) and intervals[:len(before)] == before, f"{len(before)} intervals before, {len(intervals) - len(before)} after, no gap")
    run = sg.Run(changed, copy, *FAST).ready()
    total = run.telemetry()["settlement"]
    require(run.stop() == 0, "a clean end")
    settled = sg.settled_records(copy)[:total["intervals"]]
    check(abs(sum(i.load_j for i in settled) / 3.6e6 - total["total"]["load_kwh"]) < 1e-3, "the meter's total goes on over the change")
    sg.check_replay(copy, "every segment replays, before and after the change")
    shutil.rmtree(copy)


def test(folder):
    rng = random.Random(SEED)
    print(f"DISK_SEED={SEED}", flush=True)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    site = sg.small_site(folder)
    check_shared(site, folder)
    check_read_only(site, folder)
    check_full_limit(site, folder)
    check_full_mount(site, folder)
    data = os.path.join(folder, "history")
    promised = make_history(site, data)
    check_truncated(site, folder, data, promised, rng)
    check_flipped(site, folder, data, promised, rng)
    check_only_segment(site, folder)
    check_littered(site, folder, data, promised)
    check_table_damaged(site, folder, data, promised)
    check_changed(folder, data, promised)


if __name__ == "__main__":
    sg.main(test)
