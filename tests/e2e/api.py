#!/usr/bin/env python3
"""The HTTP API of the real program, from outside: good calls, bad calls, slow clients, restarts.

Starts `$SYMGRID run sites/floating.maml.md` on a free loopback port. Needs Python's standard library; with `requests` the
source's call is made as it is written there, with `jsonschema` the answers are held against /openapi.json.

    SYMGRID=build/release/symgrid tests/e2e/api.py

ctest: serial
"""
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SYMGRID = os.environ.get("SYMGRID", os.path.join(ROOT, "build", "release", "symgrid"))
SITE = os.path.join(ROOT, "sites", "floating.maml.md")
SLOW = float(os.environ.get("SYMGRID_TIME_SCALE", "1"))
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)  # loopback never goes through a proxy

CHECKS = 0


def check(condition, what):
    global CHECKS
    CHECKS += 1
    if not condition:
        raise AssertionError(what)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """The program under test, running."""

    def __init__(self, data, port=None, site=SITE):
        self.port = port or free_port()
        self.data = data
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [SYMGRID, "run", site, "--listen", f"127.0.0.1:{self.port}", "--data", data, "--trust-loopback"],
            stdout=self.log, stderr=self.log)
        end = time.monotonic() + 20 * SLOW
        while time.monotonic() < end:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.said()}")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def call(self, method, path, body=None, headers=None, timeout=15):
        """(status, headers, body as text) of one call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * SLOW)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode()
        finally:
            connection.close()

    def json(self, method, path, body=None, expect=200):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        text = json.dumps(body) if body is not None else None
        status, _, answer = self.call(method, path, text, headers)
        check(status == expect, f"{method} {path}: {status} {answer}")
        return json.loads(answer)

    def raw(self, data, half_close=False, timeout=14):
        """(status or None, body) for bytes sent as they are; None when the connection closes without an answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout * SLOW) as sock:
            try:
                sock.sendall(data)
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # closed on us already: what it said is still to be read
            answer = b""
            try:
                while part := sock.recv(65536):
                    answer += part
                    head, gap, body = answer.partition(b"\r\n\r\n")
                    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                              if line.lower().startswith(b"content-length:")]
                    if gap and length and len(body) >= length[0]:
                        break
            except ConnectionResetError:
                pass
        if not answer:
            return None, ""
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode("utf-8", "strict")

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20 * SLOW)
        return self.process.returncode


def wait_for(what, test, seconds=10.0):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        value = test()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds * SLOW:.0f} s for {what}")


# ---- good calls ----------------------------------------------------------------------------------

def source_call(program):
    """Python as the source document writes it, with only the host changed."""
    url = f"http://127.0.0.1:{program.port}/energy/allocate"
    try:
        import requests
    except ImportError:
        answer = program.json("POST", "/energy/allocate", {"task_id": "compute_001", "power": "2MW"})
    else:
        response = requests.post(url, json={"task_id": "compute_001", "power": "2MW"})
        check(response.status_code == 200, response.text)
        answer = response.json()
    check(answer["task_id"] == "compute_001" and answer["power_kw"] == 2000, answer)
    check(answer["state"] == "granted" and answer["reason_text"], answer)


def idempotency(program):
    first = program.json("GET", "/energy/allocate/compute_001")
    again = program.json("POST", "/energy/allocate", {"power": "2000 kW", "task_id": "compute_001"})
    check(again == first, f"the same request again: {first} {again}")
    tasks = program.json("GET", "/energy/allocate")["tasks"]
    check([t["task_id"] for t in tasks].count("compute_001") == 1, tasks)
    problem = program.json("POST", "/energy/allocate", {"task_id": "compute_001", "power": "1MW"}, expect=409)
    check("/task_id" in problem["detail"], problem)
    check(program.json("GET", "/energy/allocate/compute_001") == first, "a conflict changed the task")


def refusal_and_withdrawal(program):
    answer = program.json("POST", "/energy/allocate", {"task_id": "giant", "power": "90GW"})
    check(answer["state"] == "refused" and answer["reason"] == "never_fits", answer)
    answer = program.json("POST", "/energy/allocate", {"task_id": "small", "power": "10kW", "priority": "low", "duration": "2h"})
    check(answer["state"] == "granted" and answer["until"] and answer["priority"] == "low", answer)
    answer = program.json("DELETE", "/energy/allocate/small")
    check(answer["state"] == "withdrawn" and answer["ended"], answer)
    answer = program.json("DELETE", "/energy/allocate/small")
    check(answer["state"] == "withdrawn", answer)
    program.json("DELETE", "/energy/allocate/nobody", expect=404)
    program.json("GET", "/energy/allocate/nobody", expect=404)
    answer = program.json("POST", "/energy/allocate",
                          {"task_id": "yesterday", "power": "90MW", "deadline": "2001-01-01T00:00:00Z"})
    check(answer["state"] in ("refused", "expired"), answer)


def parallel_requests(program):
    """Twenty clients with the same task_id at once are one task."""
    answers = []

    def ask():
        answers.append(program.json("POST", "/energy/allocate", {"task_id": "race", "power": "5kW"}))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(len(answers) == 20 and all(a == answers[0] for a in answers), answers)


def event_stream(program):
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10 * SLOW)
    connection.request("GET", "/energy/telemetry", headers={"Accept": "text/event-stream"})
    reply = connection.getresponse()
    check(reply.status == 200 and reply.getheader("Content-Type") == "text/event-stream", reply.status)
    ids, documents, end = [], [], time.monotonic() + 2
    while time.monotonic() < end:
        line = reply.readline().decode().rstrip("\n")
        if line.startswith("id: "):
            ids.append(int(line[4:]))
        elif line.startswith("data: "):
            documents.append(json.loads(line[6:]))
    connection.close()
    check(3 <= len(ids) <= 24 and ids == sorted(set(ids)), ids)
    check([d["tick"] for d in documents] == ids[:len(documents)], "ids are ticks")


def documents(program):
    telemetry = program.json("GET", "/energy/telemetry")
    api = program.json("GET", "/openapi.json")
    check(telemetry["format"] == "symgrid.telemetry/1" and api["openapi"].startswith("3.1"), api["openapi"])
    balance = telemetry["balance"]
    into = sum(balance[k] for k in ("generation_kw", "import_kw", "discharge_kw"))
    out = sum(balance[k] for k in ("load_kw", "export_kw", "charge_kw", "losses_kw"))  # tasks are load
    check(abs(into - out) < 0.05 * max(into, 1), f"power in {into} kW, out {out} kW")
    try:
        import jsonschema
    except ImportError:
        return
    parts = (("Telemetry", telemetry), ("Plan", program.json("GET", "/energy/plan")), ("Task", program.json("GET", "/energy/allocate/compute_001")),
             ("Explanation", program.json("GET", "/energy/explain")),
             ("Problem", program.json("GET", "/nowhere", expect=404)),
             ("Session", program.json("GET", "/energy/session")), ("Change", program.json("GET", "/energy/audit?limit=1")["entries"][0]))
    parts += tuple(("Alarm", alarm) for alarm in program.json("GET", "/energy/alarms?state=all")["alarms"])
    for name, document in parts:
        schema = {"$ref": f"#/components/schemas/{name}", **api}
        jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    try:
        from openapi_spec_validator import validate
    except ImportError:
        return
    validate(api)


def every_documented_path_answers(program):
    api = program.json("GET", "/openapi.json")
    for path, item in api["paths"].items():
        methods = {m.upper() for m in item if m in ("get", "post", "delete")}
        for method in item:
            if method == "get":
                if path.endswith("{id}"):
                    continue  # of an alarm, and here is none: tests/e2e/alarms.py
                target = path.replace("{task_id}", "compute_001") + ("?sql=SELECT+1" if path.endswith("query") else "")
                status, headers, _ = program.call("GET", target)
                check(status == 200, f"GET {target}: {status}")
                check(headers.get("x-content-type-options") == "nosniff", headers)
                kind = headers["content-type"]
                check(kind in item["get"]["responses"]["200"]["content"], f"{path}: {kind} is not documented")
                status, _, body = program.call("HEAD", target)
                check(status == 200 and body == "", f"HEAD {target}: {status}")
        status, headers, _ = program.call("OPTIONS", path.replace("{task_id}", "a").replace("{id}", "1"))
        check(status == 204 and methods <= set(headers["allow"].split(", ")), f"OPTIONS {path}: {status} {headers}")
        status, headers, body = program.call("PATCH", path.replace("{task_id}", "a").replace("{id}", "1"))
        check(status == 405 and methods <= set(headers["allow"].split(", ")) and json.loads(body)["status"] == 405, f"PATCH {path}: {status}")


def queries(program):
    sql = "SELECT surplus FROM energy WHERE timestamp > NOW() - 1h"
    rows = wait_for("telemetry rows", lambda: program.json(
        "GET", "/energy/query?sql=" + sql.replace(" ", "%20").replace(">", "%3E"))["rows"])
    check(all(isinstance(row[0], (int, float)) for row in rows), rows)
    count = "SELECT count(*) FROM energy WHERE timestamp <= (SELECT min(timestamp) FROM energy)"
    by_http = program.json("GET", "/energy/query?sql=" + count.replace(" ", "+").replace("<", "%3C").replace("=", "%3D"))
    by_verb = subprocess.run([SYMGRID, "query", count, "--data", program.data, "--json"], capture_output=True, check=True)
    check(by_http == json.loads(by_verb.stdout) and by_http["rows"] == [[1]], by_http)
    for bad in ("DELETE+FROM+energy", "ATTACH+'x'+AS+y", "PRAGMA+journal_mode", "SELECT+surpls+FROM+energy", "SELECT+1;SELECT+2"):
        problem = program.json("GET", "/energy/query?sql=" + bad, expect=400)
        check(problem["detail"], problem)
    for arguments, status in ((["SELEC 1"], 2), ([sql, "--csv", "--frob"], 2), ([], 2)):
        done = subprocess.run([SYMGRID, "query", *arguments, "--data", program.data], capture_output=True, text=True)
        check(done.returncode == status and done.stderr.count("\n") == 1, f"{arguments}: {done}")
    done = subprocess.run([SYMGRID, "query", sql, "--data", "/nonexistent"], capture_output=True, text=True)
    check(done.returncode == 3 and done.stderr.count("\n") == 1, done)


# ---- bad calls -----------------------------------------------------------------------------------

def allocate(body, length=None, kind="application/json", extra=""):
    if isinstance(body, str):
        body = body.encode()
    length = len(body) if length is None else length
    head = f"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{extra}\r\n"
    return head.encode("latin-1") + body


def get(target, version="HTTP/1.1", headers="Host: localhost\r\n"):
    return f"GET {target} {version}\r\n{headers}\r\n".encode("latin-1")


GOOD = '{"task_id":"x","power":"1kW"}'

# name, bytes, statuses that are right (None: closed without a word), what the answer must say ("": the library's own page)
BAD = [
    ("empty body", allocate(""), {400}, "byte 0"),
    ("not JSON", allocate("power=2MW"), {400}, "byte"),
    ("truncated JSON", allocate('{"task_id":"x","power":"1k'), {400}, "byte 26"),
    ("two documents", allocate(GOOD + GOOD), {400}, "byte"),
    ("trailing comma", allocate('{"task_id":"x","power":"1kW",}'), {400}, "byte"),
    ("single quotes", allocate("{'task_id':'x'}"), {400}, "byte 2"),
    ("a comment", allocate("/* hi */" + GOOD), {400}, "byte"),
    ("NaN", allocate('{"task_id":"x","power":NaN}'), {400}, "byte"),
    ("Infinity", allocate('{"task_id":"x","power":Infinity}'), {400}, "byte"),
    ("overflow", allocate('{"task_id":"x","power":1e999}'), {400}, "byte"),
    ("duplicate key", allocate('{"task_id":"x","power":"1kW","power":"2kW"}'), {400}, "duplicate"),
    ("bad UTF-8", allocate(b'{"task_id":"\xff\xfe","power":"1kW"}'), {400}, "byte"),
    ("overlong UTF-8", allocate(b'{"task_id":"\xc0\xaf","power":"1kW"}'), {400}, "byte"),
    ("lone surrogate", allocate('{"task_id":"\\ud800","power":"1kW"}'), {400}, "byte"),
    ("NUL escape", allocate('{"task_id":"a\\u0000","power":"1kW"}'), {400}, "byte"),
    ("NUL byte", allocate(b'{"task_id":"a\0b","power":"1kW"}'), {400}, "byte"),
    ("byte order mark", allocate(b"\xef\xbb\xbf" + GOOD.encode()), {400}, "byte"),
    ("UTF-16", allocate(GOOD.encode("utf-16")), {400}, "byte"),
    ("deep nesting", allocate("[" * 16000), {400}, "byte"),
    ("an array", allocate("[]"), {400}, "expected an object"),
    ("a text", allocate('"2MW"'), {400}, "byte"),
    ("no members", allocate("{}"), {400}, "/task_id"),
    ("no power", allocate('{"task_id":"x"}'), {400}, "/power"),
    ("power as number", allocate('{"task_id":"x","power":2000000}'), {400}, "/power: expected a power as a text"),
    ("power without unit", allocate('{"task_id":"x","power":"2"}'), {400}, "/power"),
    ("power in MWh", allocate('{"task_id":"x","power":"2MWh"}'), {400}, "/power"),
    ("negative power", allocate('{"task_id":"x","power":"-2MW"}'), {400}, "/power"),
    ("no power at all", allocate('{"task_id":"x","power":"0kW"}'), {400}, "/power"),
    ("absurd power", allocate('{"task_id":"x","power":"101GW"}'), {400}, "/power"),
    ("power null", allocate('{"task_id":"x","power":null}'), {400}, "/power"),
    ("task_id with a space", allocate('{"task_id":"x y","power":"1kW"}'), {400}, "/task_id"),
    ("task_id climbing", allocate('{"task_id":"../../etc","power":"1kW"}'), {400}, "/task_id"),
    ("task_id too long", allocate('{"task_id":"%s","power":"1kW"}' % ("x" * 64)), {400}, "/task_id"),
    ("task_id as number", allocate('{"task_id":7,"power":"1kW"}'), {400}, "/task_id"),
    ("unknown key", allocate('{"task_id":"x","powr":"1kW"}'), {400}, 'did you mean \\"power\\"'),
    ("priority 9", allocate('{"task_id":"x","power":"1kW","priority":9}'), {400}, "/priority"),
    ("priority urgent", allocate('{"task_id":"x","power":"1kW","priority":"urgent"}'), {400}, "/priority"),
    ("duration as number", allocate('{"task_id":"x","power":"1kW","duration":60}'), {400}, "/duration"),
    ("duration negative", allocate('{"task_id":"x","power":"1kW","duration":"-1h"}'), {400}, "/duration"),
    ("deadline in words", allocate('{"task_id":"x","power":"1kW","deadline":"soon"}'), {400}, "/deadline"),
    ("wrong media type", allocate(GOOD, kind="text/plain"), {415}, "application/json"),
    ("form", allocate("task_id=x&power=2MW", kind="application/x-www-form-urlencoded"), {415}, "application/json"),
    ("other charset", allocate(GOOD, kind="application/json; charset=utf-16"), {415}, "application/json"),
    ("compressed", allocate(GOOD, extra="Content-Encoding: gzip\r\n"), {415}, "Content-Encoding"),
    ("body too large", allocate(" " * 20000), {413}, "16384"),
    ("announced too large", allocate("", length=10**9), {413}, "16384"),
    ("length overflows", allocate("", length=2**64), {400, 413}, ""),
    ("length negative", allocate("", length=-1), {400}, ""),
    ("length hexadecimal", allocate(GOOD, length="0x1d"), {400}, ""),
    ("length twice", allocate(GOOD, extra=f"Content-Length: {len(GOOD)}\r\n"), {400}, "twice"),
    ("length and chunks", allocate(GOOD, extra="Transfer-Encoding: chunked\r\n"), {400}, "together"),
    ("unknown coding", b"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: cow\r\n\r\n", {400, 501}, "Transfer-Encoding"),
    ("bad chunk size", b"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", {400, None}, ""),
    ("space before colon", get("/healthz", headers="Host : localhost\r\n"), {400}, "header name"),
    ("header without colon", get("/healthz", headers="Host: localhost\r\nnonsense\r\n"), {400}, ""),
    ("control byte in a value", get("/healthz", headers="Host: localhost\r\nX: a\x01b\r\n"), {400}, "control character"),
    ("bare CR", get("/healthz", headers="Host: localhost\rX: y\r\n"), {400}, "control character"),
    ("coding with a space", b"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n"
                            b"Content-Length: 5\r\n\r\n0\r\n\r\n", {400}, "header name"),
    ("chunk size negative", b"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n",
     {400}, ""),
    ("chunk size overflows", b"POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"ffffffffffffffff1\r\n{}\r\n", {400, 413}, ""),
    ("space in the target", b"GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}, "target"),
    ("no Host", get("/healthz", headers=""), {400}, "Host is missing"),
    ("two Hosts", get("/healthz", headers="Host: localhost\r\nHost: localhost\r\n"), {400}, "Host is there twice"),
    ("foreign Host", get("/healthz", headers="Host: evil.example\r\n"), {421}, "Host header"),
    ("foreign Origin", allocate(GOOD, extra="Origin: http://evil.example\r\n"), {403}, "Origin"),
    ("Origin null", allocate(GOOD, extra="Origin: null\r\n"), {403}, "Origin"),
    ("HTTP/9.9", get("/healthz", version="HTTP/9.9"), {400, 505}, ""),
    ("no version", b"GET /healthz\r\n\r\n", {400, 505, None}, ""),
    ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400, 405, 505, None}, ""),
    ("absolute target", get("http://localhost/healthz"), {400}, "target"),
    ("broken escape", get("/%zz"), {400}, "target"),
    ("NUL in the target", get("/healthz%00"), {400}, "target"),
    ("escaped UTF-8 broken", get("/%ff"), {400}, "target"),
    ("high byte in the target", get("/\xff"), {400}, "target"),
    ("target too long", get("/" + "a" * 300), {400}, "255 bytes"),
    ("header too large", get("/healthz", headers="Host: localhost\r\nX: " + "a" * 60000 + "\r\n"), {400, 413, 431, None}, ""),
    ("no such path", get("/energy"), {404}, "openapi.json"),
    ("climbing", get("/../../etc/passwd"), {404}, "openapi.json"),
    ("climbing, escaped", get("/%2e%2e/%2e%2e/etc/passwd"), {404}, "openapi.json"),
    ("task id in path", get("/energy/allocate/a%20b"), {404}, "openapi.json"),
    ("unknown parameter", get("/metrics?format=json"), {400}, "parameters"),
    ("query without sql", get("/energy/query"), {400}, "sql"),
    ("query with more", get("/energy/query?sql=SELECT+1&limit=5"), {400}, "limit"),
    ("query twice", get("/energy/query?sql=SELECT+1&sql=SELECT+2"), {400}, "twice"),
    ("query broken", get("/energy/query?sql=%"), {400}, "percent"),
    ("query not SQL", get("/energy/query?sql=hello"), {400}, "byte 0"),
    ("query unknown duration", get("/energy/query?sql=SELECT+3y"), {400}, "byte 7"),
    ("wrong method", b"BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", {405, 501}, ""),
]

# Cut off in the middle, then closed: there must be no answer of success, and no harm.
CUT = [allocate(GOOD)[:n] for n in (1, 4, 20, 40, 60, 90, 120, len(allocate(GOOD)) - 1)]


def malformed(program):
    before = program.json("GET", "/energy/allocate")["tasks"]
    for name, data, statuses, says in BAD:
        status, body = program.raw(data)
        check(status in statuses, f"{name}: expected {statuses}, got {status} {body[:200]}")
        if says:
            problem = json.loads(body)
            check(problem["status"] == status and problem["type"].startswith("urn:symgrid:problem:"), f"{name}: {body}")
            check(says in body, f"{name}: expected {says!r} in {body}")
        check(program.process.poll() is None, f"{name}: the program ended")
    answers = {}
    threads = [threading.Thread(target=lambda data=data: answers.update({data: program.raw(data, half_close=True)}))
               for data in CUT]  # together: some are only closed when the idle timer says so
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for data in CUT:
        status, body = answers[data]
        check(status is None or status >= 400, f"cut after {len(data)}: {status} {body}")
    check(program.json("GET", "/energy/allocate")["tasks"] == before, "a malformed request left a task behind")
    check(program.call("GET", "/healthz")[0] == 200, "healthy afterwards")
    print(f"  {len(BAD)} malformed and {len(CUT)} cut requests")


# ---- slow and many -------------------------------------------------------------------------------

def slow_clients(program):
    """A thousand connections that send next to nothing; health and requests go on, and they are closed in time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2500:
        print(f"  slow clients left out: only {hard} files may be open")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
    crowd, began = [], time.monotonic()
    for i in range(1000):
        sock = socket.create_connection(("127.0.0.1", program.port), timeout=5 * SLOW)
        sock.sendall(b"POST /energy/allocate HTTP/1.1\r\nHost: loc"[:4 + i % 40])
        crowd.append(sock)
    worst = 0.0
    for n in range(20):
        start = time.monotonic()
        check(program.call("GET", "/healthz")[0] == 200, "healthy among slow clients")
        worst = max(worst, time.monotonic() - start)
    check(worst < 1.0 * SLOW, f"/healthz took {worst:.3f} s")
    answer = program.json("POST", "/energy/allocate", {"task_id": "among-slow", "power": "1kW"})
    check(answer["state"] == "granted", answer)
    trickle = socket.create_connection(("127.0.0.1", program.port), timeout=5 * SLOW)
    started, closed = time.monotonic(), None
    try:
        for byte in b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"z" * 100:  # one byte a second keeps an idle timer alive
            trickle.sendall(bytes([byte]))
            time.sleep(1)
            trickle.settimeout(0.01)
            try:
                if trickle.recv(1) == b"":
                    closed = time.monotonic() - started
                    break
            except (socket.timeout, TimeoutError):
                pass
    except OSError:
        closed = time.monotonic() - started
    check(closed is not None and closed < 25 * SLOW, f"a trickling client was kept for {closed} s")
    still_open = 0
    for sock in crowd:
        sock.settimeout(1)
        try:
            still_open += sock.recv(1) != b""
        except OSError as error:
            still_open += isinstance(error, TimeoutError)
        sock.close()
    check(still_open == 0, f"{still_open} of 1000 slow connections are still open after {time.monotonic() - began:.0f} s")
    print(f"  1000 slow connections: /healthz at worst {worst * 1e3:.1f} ms, trickling client closed after {closed:.1f} s")


def many_streams(program):
    """Streams that never read do not hold up those that do."""
    deaf = []
    for _ in range(50):
        sock = socket.create_connection(("127.0.0.1", program.port), timeout=5 * SLOW)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b"GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        deaf.append(sock)
    event_stream(program)
    check(program.call("GET", "/healthz")[0] == 200, "healthy among deaf streams")
    for sock in deaf:
        sock.close()


# ---- ends and beginnings -------------------------------------------------------------------------

def port_in_use(program, data):
    done = subprocess.run([SYMGRID, "run", SITE, "--listen", f"127.0.0.1:{program.port}", "--data", data],
                          capture_output=True, text=True, timeout=30 * SLOW)
    lines = [line for line in done.stderr.splitlines() if "in use" in line]
    check(done.returncode == 3, f"exit {done.returncode}: {done.stderr}")
    check(len(lines) == 1 and str(program.port) in lines[0], done.stderr)


def restart(program):
    """What was acknowledged is still there after a clean stop, and after a kill."""
    data = program.data
    for how in (signal.SIGTERM, signal.SIGKILL):
        name = f"kept-{how.name.lower()}"
        granted = program.json("POST", "/energy/allocate", {"task_id": name, "power": "3kW"})
        check(granted["state"] == "granted", granted)
        code = program.stop(how)
        check(code == (0 if how == signal.SIGTERM else -9), f"exit {code}: {program.said()}")
        program = Program(data)
        after = wait_for("the task after a restart", lambda: next(
            (t for t in program.json("GET", "/energy/allocate")["tasks"] if t["task_id"] == name), None))
        check(after["state"] == "granted" and after["received"] == granted["received"], f"{granted} {after}")
        again = program.json("POST", "/energy/allocate", {"task_id": name, "power": "3kW"})
        check(again["received"] == granted["received"], again)
        check(program.json("GET", "/energy/allocate/compute_001")["state"] == "granted", "the first task is gone")
    return program


def main():
    if not os.access(SYMGRID, os.X_OK):
        print(f"{SYMGRID}: not built", file=sys.stderr)
        return 77
    folder = tempfile.mkdtemp(prefix="symgrid-http-")
    program = None
    try:
        program = Program(os.path.join(folder, "data"))
        for test in (source_call, idempotency, refusal_and_withdrawal, parallel_requests, documents,
                     every_documented_path_answers, event_stream, queries, malformed, many_streams, slow_clients):
            start = time.monotonic()
            test(program)
            print(f"{test.__name__}: {time.monotonic() - start:.1f} s")
        port_in_use(program, os.path.join(folder, "other"))
        program = restart(program)
        check(program.stop() == 0, f"a clean end: {program.said()}")
        print(f"{CHECKS} checks")
        return 0
    finally:
        if program and program.process.poll() is None:
            program.process.kill()
            program.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
