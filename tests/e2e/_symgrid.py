"""What the end-to-end tests share: the program under test, plain HTTP, its journal and its tables read independently.

Standard library only. The journal reader is written against the description in src/store/segment.h and src/engine/journal.h,
not against their code, so that it can disagree with them.
"""
import os
import sys

# A test beside this file may be named like a module of the library; the library's is meant.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != HERE]

import collections  # noqa: E402
import http.client  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import sqlite3  # noqa: E402
import struct  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get("SYMGRID", os.path.join(ROOT, "build", "release", "symgrid"))
SLOW = float(os.environ.get("SYMGRID_TIME_SCALE", "1"))  # programs built with sanitizers take longer
SKIP = 77
FROM = "2023-06-01T12:00Z"
# A sanitizer must not be mistaken for the program: its own reports end a run with a status of their own.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)
    print(f"ok: {sentence}", flush=True)


def require(condition, sentence):
    """A check that is made often: silent when it holds."""
    if not condition:
        raise AssertionError(sentence)


def refuses(what, test, *arguments):
    """A negative control: the checker must complain."""
    try:
        test(*arguments)
    except AssertionError as error:
        print(f"ok: noticed: {what} ({str(error)[:110]})", flush=True)
        return
    raise AssertionError(f"not noticed: {what}")


def wait_for(what, test, seconds=20.0, pause=0.02):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        value = test()
        if value:
            return value
        time.sleep(pause)
    raise AssertionError(f"waited {seconds * SLOW:.0f} s for {what}")


def work_dir():
    """A folder for one test, removed at its end. On memory where there is some, or below SYMGRID_TEST_DIR."""
    base = os.environ.get("SYMGRID_TEST_DIR")
    if not base and os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 4 << 30:
        base = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix="symgrid-", dir=base, ignore_cleanup_errors=True)


def main(test):
    """Run test(folder); exit status 0, 1 with one line, or 77 where it raises Skip."""
    if not os.access(PROGRAM, os.X_OK):
        print(f"no program at {PROGRAM}: build it or set SYMGRID", file=sys.stderr)
        sys.exit(2)
    with work_dir() as folder:
        try:
            test(folder)
        except Skip as why:
            print(f"skip: {why}")
            sys.exit(SKIP)
        except AssertionError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            for run in Run.alive:
                run.end()
            kept = os.environ.get("SYMGRID_KEEP")
            if kept:
                shutil.copytree(folder, kept, dirs_exist_ok=True)
            sys.exit(1)
        finally:
            for run in list(Run.alive):
                run.end()


class Skip(Exception):
    pass


def call(*words, **options):
    """A verb that ends by itself."""
    options.setdefault("env", ENVIRONMENT)
    options.setdefault("timeout", 120 * SLOW)
    return subprocess.run([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                          check=False, **options)


def said(stderr):
    """The program's own lines, without what the site file's reader noted, and without alarms: a busy machine has late steps."""
    return [line for line in stderr.splitlines() if line.startswith("symgrid") and not line.startswith("symgrid: alarm ")]


class Run:
    """`symgrid run`, in the background."""
    alive = []

    def __init__(self, site, data, *options, serve=True, env=None, **popen):
        words = [PROGRAM, "run", site, "--data", data, *map(str, options)]
        words += ["--listen", "127.0.0.1:0", "--trust-loopback"] if serve else ["--no-serve"]
        self.stderr, self.port = "", None
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        errors="replace", env={**ENVIRONMENT, **(env or {})}, **popen)
        Run.alive.append(self)
        self.lines = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.stdout = ""
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()

    def _read(self):
        for line in self.process.stderr:
            with self.lines:
                self.stderr += line
                found = re.search(r"live page on .*\(port (\d+)\)", line)
                if found:
                    self.port = int(found.group(1))
                self.lines.notify_all()

    def _drain(self):
        self.stdout = self.process.stdout.read()

    def wait_port(self, seconds=20.0):
        """The port; None when the program ended without one."""
        end = time.monotonic() + seconds * SLOW
        with self.lines:
            while self.port is None and self.process.poll() is None and time.monotonic() < end:
                self.lines.wait(0.05)
        return self.port

    def ready(self, seconds=20.0):
        """Wait until the first step is done and requests are taken."""
        require(self.wait_port(seconds), f"the program listens; it said: {self.stderr[-500:]}")
        wait_for("the first step", lambda: self.process.poll() is not None or self.get("/readyz")[0] == 200, seconds, 0.005)
        require(self.process.poll() is None, f"the program runs; it said: {self.stderr[-500:]}")
        return self

    def request(self, method, path, body=None, timeout=10.0):
        """Status and decoded answer; (0, None) when there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * SLOW)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
            kind = reply.getheader("Content-Type", "")
            return reply.status, json.loads(text) if "json" in kind and text else text.decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def telemetry(self):
        status, answer = self.get("/energy/telemetry")
        require(status == 200, f"/energy/telemetry answers ({status})")
        return answer

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.join()

    def stop(self, number=signal.SIGTERM, seconds=20.0):
        """A clean end; returns the exit status."""
        self.process.send_signal(number)
        return self.join(seconds)

    def join(self, seconds=20.0):
        try:
            self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program did not end in {seconds * SLOW:.0f} s") from None
        self.reader.join(5)
        self.drain.join(5)
        if self in Run.alive:
            Run.alive.remove(self)
        return self.process.returncode

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self in Run.alive:
            Run.alive.remove(self)


# --- the journal, read independently ---

SNAPSHOT, PLAN, FRAME, COMMAND, SETTLED = 1, 2, 3, 4, 5
Record = collections.namedtuple("Record", "segment offset type payload")
SETTLEMENT_FIELDS = ("start_us end_us import_j export_j load_j generation_j charge_j discharge_j losses_j unserved_j curtailed_j "
                     "cost_u revenue_u wear_u fuel_u demand_u carbon_mg carbon_credit_mg suspect_steps steps")
Settlement = collections.namedtuple("Settlement", SETTLEMENT_FIELDS)
Request = collections.namedtuple("Request", "task_id kind priority power_w duration_s deadline_us time_us")
ALLOCATE, WITHDRAW = 0, 1


def segments(data):
    return sorted(name for name in os.listdir(data) if re.fullmatch(r"journal-\d{8}\.sgj", name))


def segment_records(path):
    """Whole records of one file; ends quietly at a torn tail."""
    with open(path, "rb") as file:
        content = file.read()
    require(content[:8] == b"SGJRNL1\n", f"{path} begins as a journal")
    number, at = struct.unpack_from("<Q", content, 8)[0], 16
    while at + 9 <= len(content):
        length, _, kind = struct.unpack_from("<IIB", content, at)
        if at + 9 + length > len(content):
            return
        yield Record(number, at, kind, content[at + 9:at + 9 + length])
        at += 9 + length


def records(data):
    for name in segments(data):
        yield from segment_records(os.path.join(data, name))


def settled_records(data):
    return [Settlement(*struct.unpack("<18q2i", r.payload)) for r in records(data) if r.type == SETTLED]


def frame_requests(payload):
    """Requests stand at the end of a frame: 64 bytes of name, kind, priority, power, duration, deadline."""
    time_us, _, _, _, _, count = struct.unpack_from("<qd4i", payload)
    found = []
    for i in range(count):
        name, *rest = struct.unpack_from("<64s2i2dq", payload, len(payload) - 96 * (count - i))
        found.append(Request(name.split(b"\0")[0].decode(), *rest, time_us))
    return found


def frames(data):
    """(time in us, readings, quality marks) of every step in the journal: a frame holds what changed since the one before."""
    values, marks = None, None
    for record in records(data):
        if record.type == SNAPSHOT:
            values = None
        if record.type != FRAME:
            continue
        time_us, _, count, changed, marked, _ = struct.unpack_from("<qd4i", record.payload)
        if values is None:
            values, marks = [0.0] * count, [0] * count
        bits = int.from_bytes(record.payload[32:32 + (count + 7) // 8], "little")
        at = 32 + (count + 7) // 8
        news = struct.unpack_from(f"<{changed}d", record.payload, at)
        for place, value in zip((p for p in range(count) if bits >> p & 1), news):
            values[place] = value
        at += 8 * changed
        for i in range(marked):
            place, mark = struct.unpack_from("<2i", record.payload, at + 8 * i)
            marks[place] = mark
        yield time_us, values, marks


def journaled_requests(data):
    return [request for r in records(data) if r.type == FRAME for request in frame_requests(r.payload)]


def replay(data):
    """Exit status and answer of `symgrid replay --json`."""
    result = call("replay", data, "--json")
    return result.returncode, json.loads(result.stdout) if result.stdout.startswith("{") else {}, result.stderr


def check_replay(data, sentence):
    status, answer, stderr = replay(data)
    check(status == 0 and answer["mismatches"] == 0 and answer["damaged"] == 0 and answer["frames"] > 0,
          f"{sentence}: {answer.get('frames')} frames, {answer.get('state_hashes')} state hashes, "
          f"{answer.get('mismatches')} mismatches, exit {status} {stderr.strip()[-200:] if status else ''}")
    return answer


def ask(data, sql):
    """Rows of a table, through SQLite itself."""
    connection = sqlite3.connect(f"file:{os.path.join(data, 'telemetry.db')}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def table_settlements(data):
    return ask(data, 'SELECT start, "end", import_kwh, export_kwh, load_kwh, generation_kwh, charge_kwh, discharge_kwh, losses_kwh, '
                     'unserved_kwh, curtailed_kwh, cost, revenue, wear_cost, fuel_cost, demand_cost, carbon_kg, carbon_credit_kg, '
                     'suspect_steps, steps FROM settlement ORDER BY start')


def as_row(interval):
    """A journaled interval as the table should show it."""
    scale = [1e6] * 2 + [3.6e6] * 9 + [1e6] * 7
    return tuple(value / unit for value, unit in zip(interval[:18], scale)) + tuple(interval[18:])


def check_settlements(data, interval_s=900, step_s=None):
    """Journal and table tell the same intervals, each once, one after the other."""
    journaled, table = settled_records(data), table_settlements(data)
    require(journaled, "at least one interval was settled")
    for before, after in zip(journaled, journaled[1:]):
        require(after.start_us == before.end_us, f"interval at {after.start_us / 1e6:.0f} follows the one before, which ended at "
                                                 f"{before.end_us / 1e6:.0f}")
    for interval in journaled:
        require(interval.end_us - interval.start_us == interval_s * 1000000, f"every interval has {interval_s} s")
        if step_s:
            require(interval.steps == round(interval_s / step_s), f"interval at {interval.start_us / 1e6:.0f} counts every step once: "
                                                                  f"{interval.steps} of {interval_s / step_s:.0f}")
    require(len(table) == len(journaled), f"the table holds {len(table)} intervals, the journal {len(journaled)}")
    for row, interval in zip(table, journaled):
        require(row == as_row(interval), f"the table's interval at {row[0]:.0f} is the journal's: {row} {as_row(interval)}")
    return journaled


# --- sites ---

SMALL_SITE = """nodes:
  site: {limit: 200kW}
  row:  {parent: site, count: 2, breaker: 125A, voltage: 400V}
grid:
  import_max: 200kW
  export_max: 50kW
  import_price: price
  export_price: 0.02 EUR/kWh
  demand_charge: 10 EUR/kW
  carbon: 300 g/kWh
series:
  price:
    daily: [{from: "00:00", value: 0.10 EUR/kWh}, {from: "07:00", value: 0.30 EUR/kWh}, {from: "20:00", value: 0.15 EUR/kWh}]
  work:
    unit: kW
    daily: [{from: "00:00", value: 20kW}, {from: "09:00", value: 45kW}, {from: "18:00", value: 30kW}]
loads:
  rack:    {node: row, count: 2, rating: 60kW, minimum: 5kW, class: 1, demand: work}
  cooling: {rating: 20kW, minimum: 5kW, class: 0, demand: 12kW}
stores:
  battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 40kW, charge_rate: 40kW, duty: energy, initial: 50%, reserve: 10%, wear: 0.01 EUR/kWh}
  bridge:  {type: lithium_ion, capacity: 40kWh, discharge_rate: 150kW, charge_rate: 20kW, duty: bridge, initial: 100%}
workflows:
  - {task_id: from-the-site-file, priority: high, energy_budget: 1kW}
mode: control
"""


def small_site(folder, extra="", name="small.yaml"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(SMALL_SITE + extra)
    result = call("check", path)
    require(result.returncode == 0, f"the test's site is good: {result.stderr}")
    return path


def hall_with(folder, section, name="hall.maml.md"):
    """The example hall with one more section; its data stay where they are."""
    with open(os.path.join(ROOT, "sites", "hall.maml.md"), encoding="utf-8") as file:
        text = file.read().replace("../data/", os.path.join(ROOT, "data") + "/")
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + section)
    result = call("check", path)
    require(result.returncode == 0, f"the test's site is good: {result.stderr}")
    return path
