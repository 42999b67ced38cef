#!/usr/bin/env python3
"""Beginning and ending: signals, --for, the service manager's socket, a port that is taken.

ctest: serial slow timeout=300
"""
import datetime
import os
import random
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import _symgrid as sg
from _symgrid import check, require

SEED = int(os.environ.get("SIGNALS_SEED", str(int(time.time()))))
LIMIT_S = 1.6  # of the watchdog


class Manager(threading.Thread):
    """A service manager's end of the socket: notes what comes, and when."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0.1)
        self.messages, self.ending = [], False
        self.start()

    def run(self):
        while not self.ending:
            try:
                self.messages.append((time.monotonic(), self.socket.recv(4096).decode()))
            except TimeoutError:
                pass

    def times(self, message):
        return [at for at, text in self.messages if text == message]

    def close(self):
        time.sleep(0.2)
        self.ending = True
        self.join()
        self.socket.close()


def state_of(text):
    return re.search(r"state ([0-9a-f]{16})", text).group(1)


def check_clean_end(site, folder):
    for number, options in ((signal.SIGTERM, ["--speed", 20]), (signal.SIGINT, ["--speed", "max"]), (signal.SIGTERM, ["--speed", 1, "--step", "1min"])):
        data = os.path.join(folder, f"end-{number}-{options[1]}-{len(options)}")
        run = sg.Run(site, data, *options, "--from", sg.FROM, "--policy", "mpc")
        run.wait_port()
        stream = socket.create_connection(("127.0.0.1", run.port))
        # a client that stays
        stream.sendall(b"GET /energy/telemetry HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        time.sleep(0.7)
        began = time.monotonic()
        status = run.stop(number)
        took = time.monotonic() - began
        stream.close()
        check(status == 0 and took < 1.5 * sg.SLOW, f"{signal.Signals(number).name} ends {' '.join(map(str, options))} in {took:.2f} s, status {status}")
        require(len(sg.said(run.stderr)) == 1, f"without complaint: {run.stderr}")
        if "1min" in options:
            continue
        answer = sg.check_replay(data, "replay")
        check(answer["state"] == state_of(run.stdout), "the state it ended with is the state that the journal leads to")
        steps = int(re.search(r"(\d+) steps", run.stdout).group(1))
        check(answer["frames"] == steps, f"all {steps} steps are in the journal")
        newest = sg.ask(data, "SELECT max(timestamp) FROM energy")[0][0]
        ended = datetime.datetime.fromisoformat(re.search(r"to (\S+)Z:", run.stdout).group(1) + "+00:00").timestamp()
        check(0 <= ended - newest < 2, f"the table reaches the end: {ended - newest:.1f} s before it")
        require(not os.path.exists(os.path.join(data, "telemetry.db-wal")) or os.path.getsize(os.path.join(data, "telemetry.db-wal")) == 0,
                "the table's log is folded in")


def check_any_moment(site, folder):
    rng = random.Random(SEED)
    ends = {}
    data = os.path.join(folder, "moments")
    for _ in range(40):
        run = sg.Run(site, data, "--speed", 2000, "--from", sg.FROM)
        time.sleep(rng.uniform(0, 0.06) * sg.SLOW)
        run.process.send_signal(signal.SIGTERM)
        if rng.random() < 0.3:
            run.process.send_signal(signal.SIGINT) # impatience
        status = run.join()
        ends[status] = ends.get(status, 0) + 1
    check(set(ends) <= {0, -signal.SIGTERM, -signal.SIGINT}, f"SIGTERM at 40 moments of the start: status {ends}")
    run = sg.Run(site, data, "--speed", 2000, "--from", sg.FROM).ready()
    names = [task["task_id"] for task in run.get("/energy/allocate")[1]["tasks"]]
    check(names == ["from-the-site-file"], "after which the site file's request stands there once")
    check(run.stop() == 0, "and it ends cleanly")
    sg.check_replay(data, "replay")


def check_duration(site, folder):
    for number, (options, steps, until) in enumerate(((["--for", "90s", "--speed", "max"], 900, "12:01:30"), (["--for", "1s", "--speed", 1], 10, "12:00:01"),
                                                      (["--for", "2h", "--step", "5s", "--speed", "max"], 1440, "14:00:00"),
                                                      (["--for", "1s", "--step", "300ms", "--speed", "max"], 4, "12:00:01.2"))):
        data = os.path.join(folder, f"for-{number}")
        began = time.monotonic()
        result = sg.call("run", site, "--data", data, "--no-serve", "--from", sg.FROM, *options)
        took = time.monotonic() - began
        check(result.returncode == 0 and f" {steps} steps" in result.stdout and f"to 2023-06-01T{until}" in result.stdout,
              f"{' '.join(map(str, options))}: {result.stdout.splitlines()[0].split(', ', 1)[1] if result.stdout else result.stderr}")
        if 1 in options:
            check(0.9 <= took < 3 * sg.SLOW, f"in real time: {took:.2f} s")
    data = os.path.join(folder, "for-2")
    first = sg.call("run", site, "--data", data, "--no-serve", "--for", "1h", "--step", "5s", "--speed", "max").stdout
    load = float(re.search(r"load ([0-9.]+) kWh", first).group(1))
    total = sum(i.load_j for i in sg.settled_records(data)) / 3.6e6
    check(" 720 steps" in first and "to 2023-06-01T15:00:00Z" in first and load < total * 0.6,
          f"a second run goes on where the first stood, and its summary is its own: {load} of {total:.2f} kWh")


def check_manager(site, folder):
    for number, name in enumerate((os.path.join(folder, "notify"), "@symgrid-test-" + str(os.getpid()))):
        manager = Manager("\0" + name[1:] if name[0] == "@" else name)
        run = sg.Run(site, os.path.join(folder, f"notify-{number}"), "--speed", 10, env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(LIMIT_S * 1e6))})
        sg.wait_for("READY=1", lambda: manager.times("READY=1"))
        check(run.port and run.get("/readyz")[0] == 200, "READY=1 comes when requests are served")
        time.sleep(3.2)
        require(run.stop() == 0, "a clean end")
        manager.close()
        texts = [text for _, text in manager.messages]
        beats = manager.times("WATCHDOG=1")
        gaps = [b - a for a, b in zip(beats, beats[1:])]
        check(texts[0] == "READY=1" and texts.count("READY=1") == 1 and texts[-1] == "STOPPING=1" and texts.count("STOPPING=1") == 1 and
              set(texts) == {"READY=1", "WATCHDOG=1", "STOPPING=1"}, "READY=1 first and STOPPING=1 last, each once")
        check(len(beats) >= 4 and max(gaps) < LIMIT_S, f"{len(beats)} beats of the watchdog, {LIMIT_S} s allowed, largest gap {max(gaps):.3f} s")

    name = os.path.join(folder, "slow")
    manager = Manager(name)
    run = sg.Run(site, "none", "--speed", 1, "--step", "20s", env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(LIMIT_S * 1e6))})
    sg.wait_for("READY=1", lambda: manager.times("READY=1"), 5)
    time.sleep(3.2)
    gaps = [b - a for a, b in zip(manager.times("WATCHDOG=1"), manager.times("WATCHDOG=1")[1:])]
    check(len(gaps) >= 3 and max(gaps) < LIMIT_S, f"with a step of 20 s too: {len(gaps) + 1} beats, largest gap {max(gaps, default=0):.3f} s")
    before = len(manager.times("WATCHDOG=1"))
    run.process.send_signal(signal.SIGSTOP)
    time.sleep(0.8)
    frozen = len(manager.times("WATCHDOG=1")) - before
    run.process.send_signal(signal.SIGCONT)
    check(frozen <= 1, "a frozen program is silent")
    check(run.stop() == 0, "and ends cleanly when it runs again")
    manager.close()

    name = os.path.join(folder, "other")
    manager = Manager(name)
    run = sg.Run(site, "none", "--speed", 10, env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    sg.wait_for("READY=1", lambda: manager.times("READY=1"), 5)
    time.sleep(0.5)
    require(run.stop() == 0, "a clean end")
    manager.close()
    check(not manager.times("WATCHDOG=1"), "a watchdog meant for another process is left alone")

    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) # bound, never read: its queue fills up
    deaf.bind(os.path.join(folder, "deaf"))
    run = sg.Run(site, "none", "--speed", 1000, env={"NOTIFY_SOCKET": os.path.join(folder, "deaf"), "WATCHDOG_USEC": "200"}).ready()
    time.sleep(1)
    before = run.telemetry()["tick"]
    time.sleep(0.5)
    check(run.telemetry()["tick"] > before + 500, "a manager that does not listen holds up nothing")
    check(run.stop() == 0, "nor the end")
    deaf.close()
    run = sg.Run(site, "none", "--speed", 10, env={"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "nonsense"}).ready()
    check(run.stop() == 0, "neither does one that is not there")


def check_pause(site, folder):
    """A pause of the machine: late steps are counted, none is left out."""
    data = os.path.join(folder, "pause")
    run = sg.Run(site, data, "--speed", 1, "--from", sg.FROM).ready()
    before = run.telemetry()
    run.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    run.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    after = run.telemetry()
    check(after["health"]["late_steps"] >= before["health"]["late_steps"] + 5, f"a pause of 1 s: {after['health']['late_steps']} late steps")
    check(13 <= after["tick"] - before["tick"] <= 40, f"and none is left out: {after['tick'] - before['tick']} steps in 1.5 s")
    check(run.stop() == 0, "a clean end")
    sg.check_replay(data, "replay")


def check_pipes(site, folder):
    """Whoever read the program's words went away: it has something to say, and goes on."""
    data = os.path.join(folder, "pipes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sg.PROGRAM, "run", site, "--data", data, "--listen", f"127.0.0.1:{port}", "--speed", "1000"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    process.stderr.close()
    run = sg.Run.__new__(sg.Run) # only its requests are used
    run.port, run.process = port, process
    try:
        sg.wait_for("the first step", lambda: run.get("/readyz")[0] == 200)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        sg.wait_for("a degraded journal, which is told", lambda: run.telemetry()["health"]["journal"] == "degraded")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sg.wait_for("its return, which is told", lambda: run.telemetry()["health"]["journal"] == "ok")
        process.send_signal(signal.SIGTERM)
        check(process.wait(20 * sg.SLOW) >= 0, f"words into a closed pipe end nothing (status {process.returncode})")
    finally:
        process.kill()
    sg.check_replay(data, "replay")


def check_port(site, folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = sg.call("run", site, "--data", os.path.join(folder, "port"), "--listen", f"127.0.0.1:{port}", "--for", "1s")
        mine = sg.said(result.stderr)
        check(result.returncode == 3 and len(mine) == 1 and str(port) in mine[0], f"exit 3, one line: {mine}")
    result = sg.call("run", site, "--data", os.path.join(folder, "port"), "--listen", f"127.0.0.1:{port}", "--for", "1s", "--speed", 10)
    check(result.returncode == 0, "free again: it starts")
    run = sg.Run(site, os.path.join(folder, "port"), "--speed", 10).ready()
    port = run.port
    require(run.kill() == -9, "killed")
    result = sg.call("run", site, "--data", os.path.join(folder, "port"), "--listen", f"127.0.0.1:{port}", "--for", "1s", "--speed", 10)
    check(result.returncode == 0, "and at once after a kill")


def test(folder):
    print(f"SIGNALS_SEED={SEED}", flush=True)
    site = sg.small_site(folder)
    check_clean_end(site, folder)
    check_any_moment(site, folder)
    check_duration(site, folder)
    check_manager(site, folder)
    check_pause(site, folder)
    check_pipes(site, folder)
    check_port(site, folder)


if __name__ == "__main__":
    sg.main(test)
