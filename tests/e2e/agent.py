#!/usr/bin/env python3
"""symgrid-agent as a controller meets it: a client with Python's own hmac, a meter in files, silence, kill -9, a lost state.

ctest: serial timeout=300 (uses 127.0.0.1)

The client is written against docs/agent.md, not against the program.
"""
import hashlib
import hmac
import os
import select
import signal
import socket
import struct
import subprocess
import time

import _symgrid as sg
from _symgrid import check, require

AGENT = os.environ.get("SYMGRID_AGENT", os.path.join(sg.ROOT, "build", "release", "symgrid-agent"))
KEY = bytes(range(100, 132))
DEVICE, KEY_NUMBER = 0x1122334455667788, 9
LIVE, LOCKED, STOPPED, NO_LOAD, NO_STORE = 1, 2, 4, 16, 32
VERDICTS = ["nothing", "accepted", "clamped", "size", "form", "key", "device", "tag", "epoch", "boot", "sequence", "future", "expired",
            "span", "unsaved", "locked"]
CONFIG = """# a server with a cell
device: 1234605616436508552
key_file: agent.key
key_number: 9
state: agent.state
listen: 127.0.0.1:0
report_to: 127.0.0.1:{report}
report_every: 50ms
cap_min: 100W
cap_max: 1kW
load_max: 2kW
idle: 150W
charge_max: 200W
discharge_max: 400W
floor: 10kJ
low_mark: 30kJ
high_mark: 80kJ
full: 100kJ
store_ramp: 2kW/s
cap_ramp: 5kW/s
silence: 2s
safe_cap: 300W
meter: files
load_file: load
stored_file: stored
frequency_file: frequency
stop_file: stop
cap_to: cap
store_to: store
"""


def write(path, value):
    """As a kernel attribute changes: at once, never empty."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"{value}\n")
    with open(path + ".new", "rb") as file, open(path, "r+b" if os.path.exists(path) else "wb") as out:
        data = file.read()
        os.pwrite(out.fileno(), data.ljust(24, b"\n"), 0)


def read(path):
    with open(path, encoding="ascii") as file:
        return int(file.read() or 0)


class Report:
    def __init__(self, data):
        require(len(data) == 196, f"a report has 196 bytes, not {len(data)}")
        require(hmac.compare_digest(hmac.new(KEY, data[:164], hashlib.sha256).digest(), data[164:]), "the report's seal is right")
        (magic, key, self.flags, self.verdict, device, self.epoch, self.time_ms, self.boot, self.sequence, self.cap_mw, self.store_mw, self.load_mw,
         self.stored_j, self.frequency_mhz, self.request_mw, self.offer_mw, self.load_uj, self.charge_uj, self.discharge_uj, self.late, self.clock_faults,
         self.gaps, *counts) = struct.unpack("<4sHBBQQQIIiiiIIiiQQQIII15I", data[:164])
        require((magic, key, device) == (b"SGR1", KEY_NUMBER, DEVICE), "the report names key and device")
        self.counts = dict(zip(VERDICTS[1:], counts))


class Controller:
    """Sends set-points, hears reports."""

    def __init__(self, socket_):
        self.socket, self.target, self.last = socket_, None, None
        self.epoch, self.sequence, self.raw = 1, 0, b""

    def hear(self, seconds=5.0):
        """The newest report; waits for one."""
        end = time.monotonic() + seconds * sg.SLOW
        data = None
        while data is None and time.monotonic() < end:
            select.select([self.socket], [], [], 0.5)
            while True:
                try:
                    data = self.socket.recv(2048)
                except BlockingIOError:
                    break
        require(data is not None, f"a report comes within {seconds} s")
        self.last = Report(data)
        return self.last

    def message(self, cap_w=500, store_w=None, valid_ms=1000, key=KEY, **change):
        self.sequence += 1
        f = {"magic": b"SGP1", "key_number": KEY_NUMBER, "mode": 0 if store_w is None else 1, "zero": 0, "device": DEVICE, "epoch": self.epoch,
             "from_ms": self.last.time_ms, "boot": self.last.boot, "sequence": self.sequence, "valid_ms": valid_ms, "cap": int(cap_w * 1000),
             "store": int((store_w or 0) * 1000)}
        f.update(change)
        body = struct.pack("<4sHBBQQQIIIii", *f.values())
        return body + hmac.new(key, body, hashlib.sha256).digest()

    def send(self, *words, **fields):
        self.raw = self.message(*words, **fields)
        self.socket.sendto(self.raw, self.target)

    def until(self, what, test, seconds=5.0, keep=None):
        """Hears until test(report); sends set-points meanwhile where keep says which."""
        end = time.monotonic() + seconds * sg.SLOW
        while time.monotonic() < end:
            if keep:
                self.send(**keep)
            if test(self.hear()):
                return self.last
        raise AssertionError(f"waited {seconds * sg.SLOW:.0f} s for {what}; flags {self.last.flags}, {self.last.counts}")

    def refused(self, why, data):
        self.hear()
        before = self.last.counts
        self.socket.sendto(data, self.target)
        self.until(f"the refusal: {why}", lambda r: r.counts[why] == before[why] + 1)
        require(sum(self.last.counts.values()) == sum(before.values()) + 1, "and nothing else became of it")


class Agent:
    alive = []

    def __init__(self, config, controller, *options):
        self.process = subprocess.Popen([AGENT, config, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=sg.ENVIRONMENT)
        Agent.alive.append(self.process)
        self.said = self.process.stderr.readline()
        require("listening on 127.0.0.1:" in self.said, f"it says where it listens: {self.said}")
        controller.target = ("127.0.0.1", int(self.said.split("127.0.0.1:")[1].split(";")[0]))
        controller.sequence = 0
        while True:  # reports of an earlier life
            try:
                controller.socket.recv(2048)
            except BlockingIOError:
                break
        controller.hear()

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=20 * sg.SLOW)
        require(self.process.returncode == 0, f"a clean end: {self.process.returncode} {err}")
        return out


def call(*words):
    return subprocess.run([AGENT, *words], capture_output=True, text=True, timeout=60 * sg.SLOW, env=sg.ENVIRONMENT, check=False)


def check_configuration(config):
    with open(config, encoding="utf-8") as file:
        good = file.read()
    for change, place, words in ((("idle: 150W", "idel: 150W"), "12:1:", "did you mean idle"), (("cap_max: 1kW", "cap_max: 1kWh"), "10:10:", "expected a power"),
                                 (("silence: 2s", "silence: 5s"), ":1:", "at most 5 s"), (("meter: files", "meter: filse"), ":1:", "expected simulated or files"),
                                 (("floor: 10kJ", "floor: 40kJ"), ":1:", "energies rise"), (("device: 12", "device: -12"), "2:9:", "whole number"),
                                 (("idle: 150W", "idle 150W"), "12:1:", "key: value"), (("idle: 150W", "cap_max: 1W"), "12:1:", "given before"),
                                 (("safe_cap: 300W\n", ""), ":1:", "safe_cap is missing")):
        require(change[0] in good, change[0])
        with open(config + ".bad", "w", encoding="utf-8") as file:
            file.write(good.replace(*change))
        answer = call(config + ".bad", "--check")
        require(answer.returncode == 2 and place in answer.stderr and words in answer.stderr and answer.stderr.count("\n") == 1,
                f"{change}: {answer.returncode} {answer.stderr}")
    require(call(config, "--check").returncode == 0, "the good one passes")
    require(call("/nowhere", "--check").returncode == 3, "a file that is not there")
    key = os.path.join(os.path.dirname(config), "agent.key")
    os.chmod(key, 0o640)
    answer = call(config, "--check")
    require(answer.returncode == 2 and "chmod 600" in answer.stderr, f"a key that others can read: {answer.stderr}")
    os.chmod(key, 0o600)
    require(call().returncode == 2 and call(config, "--nonsense").returncode == 2, "bad usage")
    check(True, "a bad configuration gets one line with its place, a key that others can read is refused")


def check_refusals(c):
    """What test_agent_message proves bit by bit, once over the wire."""
    c.until("a set-point in force", lambda r: r.flags & LIVE, keep={"cap_w": 500})
    c.refused("sequence", c.raw)
    flipped = bytearray(c.message())
    flipped[47] ^= 1
    c.refused("tag", bytes(flipped))
    c.refused("tag", c.message(key=bytes(32)))
    c.refused("size", c.message()[:-1])
    c.refused("size", c.message() + b"\0" * 2000)
    c.refused("size", b"")
    c.refused("form", b"XXXX" + c.message()[4:])
    c.refused("key", c.message(key_number=8))
    c.refused("device", c.message(device=DEVICE + 1))
    c.refused("epoch", c.message(epoch=0))
    c.refused("boot", c.message(boot=c.last.boot + 1))
    c.refused("future", c.message(from_ms=c.last.time_ms + 60000))
    c.refused("expired", c.message(from_ms=0, valid_ms=1))
    c.refused("span", c.message(valid_ms=10001))
    check(True, "fourteen bad messages were refused, each with its code")


def check_control(c, path):
    for cap_w, store_w, cap, store in ((600, -150, 600, -150), (600, 150, 600, 150), (5000, 9000, 1000, 200), (0, -9000, 100, 0)):
        keep = {"cap_w": cap_w, "store_w": store_w}
        c.until(f"cap {cap} W, store {store} W", lambda r, a=cap, b=store: (r.cap_mw, r.store_mw) == (a * 1000, b * 1000), keep=keep)
        require((read(path("cap")), read(path("store"))) == (cap * 1000000, store * 1000000), "and the files say so")
    require(c.last.counts["clamped"] > 0, "what was beyond the limits was counted as narrowed")
    write(path("stop"), 1)
    c.until("the local stop", lambda r: r.flags & STOPPED and r.store_mw == 0 and r.cap_mw == 100000, keep={"cap_w": 900, "store_w": 100})
    write(path("stop"), 0)
    write(path("load"), "no number")
    c.until("a meter that fails", lambda r: r.flags & NO_LOAD, keep={"cap_w": 900, "store_w": -100})
    require(c.last.store_mw == 0, "nothing is charged while the load is not known")
    write(path("load"), 200000000)
    c.until("the meter's return", lambda r: not r.flags & NO_LOAD and r.store_mw == -100000, keep={"cap_w": 900, "store_w": -100})
    check(True, "orders reach the device inside its limits; stop and a failed meter come first")


def check_silence(c, path):
    c.until("an order in force", lambda r: r.flags & LIVE and r.cap_mw == 800000 and r.store_mw == 200000, keep={"cap_w": 800, "store_w": 200, "valid_ms": 10000})
    began_ms = c.last.time_ms  # of the device: this machine may be busy
    c.until("the safe behaviour", lambda r: (r.flags & LIVE, r.cap_mw, r.store_mw) == (0, 300000, 0), 10)
    took = (c.last.time_ms - began_ms) / 1000
    require((read(path("cap")), read(path("store"))) == (300000000, 0), "and the files say so")
    require(1.5 < took < 5, f"within 5 s, and not before its time: {took:.2f} s")
    c.until("the return", lambda r: r.flags & LIVE and r.cap_mw == 800000, keep={"cap_w": 800})
    check(True, f"silence: the safe behaviour stands after {took:.2f} s (silence 2 s), and the next set-point ends it")


def check_restarts(c, config, agent):
    c.epoch = 40
    c.until("a new controller", lambda r: r.flags & LIVE and r.epoch == 40, keep={"cap_w": 700})
    require(c.last.counts["unsaved"] > 0, "its first word was not taken before the fence was saved")
    session = [c.raw]
    boots = [c.last.boot]
    for _ in range(5):
        time.sleep(0.2)
        agent.kill()
        agent = Agent(config, c)
        require(c.last.boot > boots[-1] and c.last.epoch == 40, f"kill -9 leaves the fence: {agent.said}")
        boots.append(c.last.boot)
        require(not c.last.flags & LIVE and c.last.cap_mw == 300000, "it begins safe")
        c.until("the first image", lambda r: True)
        c.refused("boot", session[-1])
        c.refused("epoch", c.message(epoch=39))
        c.until("the controller again", lambda r: r.flags & LIVE, keep={"cap_w": 700})
        session.append(c.raw)
    check(True, f"five times kill -9: starts {boots}, the old epoch and the old messages are refused")
    return agent


def check_registers(c, config, agent):
    c.hear()
    before = c.last
    time.sleep(1)
    after = c.hear()
    ms = after.time_ms - before.time_ms
    require(after.clock_faults == 0, "no two steps share a millisecond")
    require(after.load_uj - before.load_uj == 200000 * ms, f"the register counts 200 W over {ms} ms: {after.load_uj - before.load_uj} uJ")
    out = agent.stop()
    for _ in range(3):
        require(call(config, "--for", "500ms").returncode == 0, "a run that ends by itself")
    agent = Agent(config, c)
    require(c.last.load_uj >= after.load_uj + 3 * 500 * 200000, "every clean end saves the registers")
    require("accepted" in out and "steps" in out, f"the end says what was: {out}")
    check(True, "the register is power times time, to the microjoule, and survives")
    return agent


def check_lost_state(c, config, agent, path):
    out = subprocess.run([AGENT, config], capture_output=True, text=True, timeout=60, env=sg.ENVIRONMENT, check=False)
    require(out.returncode == 3 and "another process" in out.stderr, f"one process a device: {out.stderr}")
    agent.stop()
    with open(path("agent.state"), "r+b") as file:
        state = bytearray(file.read())
    for slot in (0, 4096):
        state[slot + 20] ^= 1
    with open(path("agent.state"), "wb") as file:
        file.write(state)
    agent = Agent(config, c)
    require("state is lost" in agent.said, agent.said)
    c.refused("locked", c.message())
    require(c.last.flags & LOCKED and not c.last.flags & LIVE and c.last.cap_mw == 300000, "safe and locked")
    agent.stop()
    require(call(config, "--commission").returncode == 3, "a state is not written over")
    check(True, "with both slots spoilt it keeps the safe behaviour and takes no order")


def test(folder):
    def path(name):
        return os.path.join(folder, name)
    config = path("agent.conf")
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", 0))
    ear.setblocking(False)
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(report=ear.getsockname()[1]))
    with open(os.open(path("agent.key"), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(KEY.hex() + "\n")
    for name, value in (("load", 200000000), ("stored", 50000 * 10**6 // 3600), ("frequency", 50000), ("stop", 0), ("cap", 0), ("store", 0)):
        write(path(name), value)
    check_configuration(config)
    answer = call(config)
    require(answer.returncode == 3 and "--commission" in answer.stderr, f"without a state it says what to do: {answer.stderr}")
    require(call(config, "--commission").returncode == 0, "commissioned")
    controller = Controller(ear)
    try:
        agent = Agent(config, controller)
        check(controller.last.boot == 1 and not controller.last.flags & LIVE, "it begins safe, at its first start")
        check_refusals(controller)
        check_control(controller, path)
        check_silence(controller, path)
        agent = check_restarts(controller, config, agent)
        agent = check_registers(controller, config, agent)
        check_lost_state(controller, config, agent, path)
    finally:
        for process in Agent.alive:
            if process.poll() is None:
                process.kill()
                process.communicate()


if __name__ == "__main__":
    if not os.access(AGENT, os.X_OK):
        raise SystemExit(f"no program at {AGENT}: build it or set SYMGRID_AGENT")
    sg.main(test)
