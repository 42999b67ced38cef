#!/usr/bin/env python3
"""An outage as its alarms tell it: raised, acknowledged, shelved, returned, over a restart; a receiver of our own checks each message.

ctest: serial timeout=120
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import urllib.parse

import _symgrid as sg
from _symgrid import check, require, wait_for

KEY = bytes(range(32))
FAULTS = """
## Fault_Schema
```yaml
faults:
  - {kind: grid_loss, at: 40s, duration: 60s}
  - {kind: sensor_missing, target: cooling, at: 40s, duration: 1h}
```
"""


class Receiver(http.server.BaseHTTPRequestHandler):
    """Checks what Standard Webhooks asks of a receiver, with the library's HMAC. The first three attempts fail in three ways."""
    taken, tries, bad = [], [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number, stamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        signed = f"{number}.{stamp}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        if self.headers["webhook-signature"] != expected or abs(time.time() - int(stamp)) > 60:
            self.bad.append((number, self.headers["webhook-signature"], expected))
        self.tries.append(number)
        if len(self.tries) == 1:
            self.close_connection = True  # no answer at all
            return
        if len(self.tries) == 2:
            self.answer(500)
        elif len(self.tries) == 3:
            self.answer(302, {"Location": "/elsewhere"})
        else:
            self.answer(204)
            self.taken.append((number, json.loads(body)))

    def do_GET(self):
        self.bad.append(("followed a redirect", self.path))
        self.answer(204)

    def answer(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def listed(run, query=""):
    status, answer = run.get("/energy/alarms" + query)
    require(status == 200, f"/energy/alarms{query} answers ({status})")
    return answer["alarms"]


def one(run, kind, query=""):
    found = [alarm for alarm in listed(run, query) if alarm["kind"] == kind]
    return found[0] if found else None


def in_state(run, kind, state, active):
    alarm = one(run, kind)
    return alarm and alarm["state"] == state and alarm["active"] == active and alarm


def post(run, alarm, expect, **body):
    status, answer = run.request("POST", f"/energy/alarms/{alarm['id']}", body)
    require(status == expect, f"{body} answers {expect} ({status}: {answer})")
    return answer


def an_outage(run):
    lost = wait_for("the grid to be lost", lambda: in_state(run, "grid_lost", "unacknowledged", True))
    check(lost["priority"] == "critical" and lost["source"] is None and lost["advice"], "the loss of the grid is critical, with advice")
    alarms = run.telemetry()["alarms"]
    check(alarms["critical"] == 1 and alarms["unacknowledged"] >= 1, "telemetry counts it")
    after = post(run, lost, 200, action="acknowledge", note="called the operator")
    check(after["state"] == "acknowledged" and after["note"] == "called the operator", "it is acknowledged, with a note")
    require(post(run, lost, 200, action="acknowledge")["state"] == "acknowledged", "twice is once")
    stale = wait_for("stale readings", lambda: in_state(run, "readings_stale", "unacknowledged", True))
    check(stale["source"] == "cooling", "the silent group is named")
    after = post(run, stale, 200, action="shelve", minutes=600, note="being replaced")
    check(after["state"] == "shelved" and after["shelved_until"], "it is shelved, with a time")
    require(post(run, stale, 409, action="acknowledge")["type"].endswith("alarm-state"), "what is out of sight is not acknowledged")
    wait_for("the grid to be back", lambda: one(run, "grid_lost") is None, 30)
    past = one(run, "grid_lost", "?state=cleared")
    check(past["state"] == "cleared" and past["id"] == lost["id"] and past["cleared"] > past["raised"], "the grid's alarm is past")
    check([a["kind"] for a in listed(run, "?state=shelved")] == ["readings_stale"], "the list can be asked by state")
    require(len(listed(run, "?state=all&limit=1")) == 1, "and cut")


def as_documented(run):
    """What each alarm has is what /openapi.json says that it has, types included."""
    _, api = run.get("/openapi.json")
    schema = api["components"]["schemas"]["Alarm"]
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    for alarm in listed(run, "?state=all"):
        require(list(alarm) == schema["required"] == list(schema["properties"]), f"the keys are the documented ones {list(alarm)}")
        for key, value in alarm.items():
            wanted = schema["properties"][key]
            allowed = wanted.get("type", "string")
            kinds = tuple(types[t] for t in ([allowed] if isinstance(allowed, str) else allowed))
            require(any(isinstance(value, k) for k in kinds), f"{key}: {value!r} is of a documented type")
            require(value in wanted.get("enum", [value]), f"{key}: {value!r} is documented")
        require(run.get(f"/energy/alarms/{alarm['id']}")[1]["kind"] == alarm["kind"], "each can be asked by itself")
    summary = run.telemetry()["alarms"]
    require(list(summary) == api["components"]["schemas"]["AlarmSummary"]["required"], "and so are the counts")
    print("ok: the alarms are as /openapi.json describes them")


def wrong_questions(run):
    for query in ("?limit=0", "?limit=1001", "?limit=x", "?limit=", "?state=asleep", "?state=", "?who=me", "?state=all%00"):
        status, answer = run.get("/energy/alarms" + query)
        require(status == 400 and answer["detail"], f"{query} answers 400 ({status})")
    stale = one(run, "readings_stale")
    for body in ({}, [], {"action": "forget"}, {"action": 1}, {"action": "shelve"}, {"action": "shelve", "minutes": 0},
                 {"action": "shelve", "minutes": 1441}, {"action": "shelve", "minutes": "5"}, {"action": "acknowledge", "minutes": 5},
                 {"action": "acknowledge", "note": "a\nb"}, {"action": "acknowledge", "note": "x" * 200}, {"action": "acknowledge", "why": ""}):
        status, answer = run.request("POST", f"/energy/alarms/{stale['id']}", body)
        require(status == 400 and answer["detail"], f"{body} answers 400 ({status})")
    for path in ("/energy/alarms/0", "/energy/alarms/x", "/energy/alarms/-1", "/energy/alarms/" + "9" * 30, "/energy/alarms/999999"):
        require(run.request("POST", path, {"action": "acknowledge"})[0] == 404, f"{path} is not there")
    require(one(run, "readings_stale")["state"] == "shelved", "none of it changed anything")
    print("ok: wrong questions are answered 400 and 404, and change nothing")


def as_rows(run, data):
    """`symgrid query` and /energy/query answer about the same alarms as /energy/alarms."""
    wanted = {a["id"]: (a["kind"], a["source"], a["state"], a["raised"], a["acknowledged"], a["shelved_until"]) for a in listed(run, "?state=all")}
    sql = "SELECT id, kind, source, state, timestamp, acknowledged, shelved_until FROM alarm"

    def asked():
        answer = json.loads(sg.call("query", sql, "--data", data, "--json").stdout)
        return {str(row[0]): tuple(row[1:]) for row in answer["rows"]}

    wait_for("the file to have them all", lambda: asked() == wanted, 5)
    status, answer = run.get("/energy/query?sql=" + urllib.parse.quote("SELECT count(*) FROM alarm"))
    require(status == 200 and answer["rows"] == [[len(wanted)]], f"over HTTP, too ({status} {answer})")
    print("ok: the alarms are a table of the telemetry's questions")


def metric_rows(run):
    _, text = run.get("/metrics")
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def metrics(run):
    wait_for("the count of attempts", lambda: metric_rows(run)["symgrid_webhook_failed_total"] == "3" and
             int(metric_rows(run)["symgrid_webhook_sent_total"]) == len(Receiver.taken))
    rows = metric_rows(run)
    require(rows['symgrid_alarm_active{kind="grid_lost",priority="critical"}'] == "0", "the grid is back")
    require(rows["symgrid_alarms_shelved"] == "1", "one is shelved")
    require(float(rows['symgrid_alarms_raised_total{priority="critical"}']) == 1, "one critical alarm was raised")
    print("ok: the metrics agree")


def messages(run):
    taken = wait_for("the messages", lambda: {"alarm.raised", "alarm.acknowledged", "alarm.cleared", "alarm.shelved"} <=
                     {m["type"] for _, m in Receiver.taken} and Receiver.taken, 30)
    check(not Receiver.bad, f"every message is signed, and no redirect is followed {Receiver.bad[:1]}")
    check(len(set(Receiver.tries[:4])) == 1, "a message that was not taken comes again under the same id")
    check(len({number for number, _ in taken}) == len(taken), "each is taken once")
    grid = [m for _, m in taken if m["data"]["alarm"]["kind"] == "grid_lost"]
    check([m["type"] for m in grid] == ["alarm.raised", "alarm.acknowledged", "alarm.cleared"], "the grid's story comes in order")
    check(grid[0]["data"]["alarm"]["state"] == "unacknowledged" and grid[0]["data"]["site"]["title"], "as it stood then, with the site")
    require("works again" in run.stderr and "does not take messages" in run.stderr, "the log tells of the receiver")


def refusals(site, folder, secret):
    for options, status, words in ((("--webhook", "http://example.org/x"), 2, "https://"),
                                   (("--webhook", "https://me:word@example.org/x", "--webhook-secret", secret), 2, "https://"),
                                   (("--webhook", "https://example.org/x"), 2, "--webhook-secret"),
                                   (("--webhook", "https://example.org/x", "--webhook-secret", folder + "/none"), 3, "cannot be read"),
                                   (("--webhook", "https://example.org/x", "--webhook-secret", site), 2, "24 to 64")):
        ended = sg.call("run", site, "--no-serve", "--data", "none", "--for", "1s", "--speed", "max", *options)
        lines = sg.said(ended.stderr)
        require(ended.returncode == status and words in ended.stderr and len(lines) == 1, f"{options}: {ended.returncode} {ended.stderr[-300:]}")
        require("word" not in lines[0] or "me:" not in lines[0], "no password in the log")
    print("ok: a webhook that cannot be is explained in one line")


def over_tls(folder, secret):
    """A receiver with a certificate of its own gets nothing until it is vouched for."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    if not shutil.which("openssl"):
        print("skip: no openssl here to make a certificate")
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # those are the handshakes that are meant to fail
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = sg.small_site(folder, "faults:\n  - {kind: grid_loss, at: 1s, duration: 1h}\n", "tls.yaml")
    words = ("--webhook", f"https://localhost:{server.server_address[1]}/", "--webhook-secret", secret)
    for options, expected in (((), 0), (("--webhook-ca", certificate), 1)):
        Receiver.taken.clear()
        run = sg.Run(site, os.path.join(folder, f"tls{expected}"), "--from", sg.FROM, *words, *options).ready()
        wait_for("the end of an attempt", lambda: Receiver.taken or "does not take messages" in run.stderr)
        require(run.stop() == 0, f"a clean end: {run.stderr[-300:]}")
        check(bool(Receiver.taken) == bool(expected) and not Receiver.bad, "a certificate that is vouched for is taken" if expected else "one that nobody vouches for is not")
    server.shutdown()


def test(folder):
    data, secret = os.path.join(folder, "data"), os.path.join(folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("whsec_" + base64.b64encode(KEY).decode() + "\n")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = sg.hall_with(folder, FAULTS)
    refusals(site, folder, secret)
    url = f"http://127.0.0.1:{server.server_address[1]}/hook/with-a-token"
    words = ("--from", sg.FROM, "--speed", 20, "--webhook", url, "--webhook-secret", secret)
    run = sg.Run(site, data, *words).ready()
    an_outage(run)
    as_documented(run)
    wrong_questions(run)
    messages(run)
    metrics(run)
    as_rows(run, data)
    before = listed(run, "?state=all")
    require(run.stop() == 0, f"a clean end: {run.stderr[-300:]}")
    check("with-a-token" not in run.stderr and "whsec" not in run.stderr, "neither the address nor the secret is in the log")
    require(" raised: critical grid_lost, the grid connection is gone" in run.stderr, f"the log tells of the alarm {run.stderr}")
    with open(os.path.join(data, "alarms.json"), encoding="utf-8") as file:
        require({a["id"] for a in json.load(file)["alarms"]} >= {a["id"] for a in before}, "all of them are kept")

    run = sg.Run(site, data, "--speed", 20, "--webhook", url, "--webhook-secret", secret).ready()
    again = {alarm["id"]: alarm for alarm in listed(run, "?state=all")}
    check(all(again[a["id"]]["state"] == a["state"] and again[a["id"]]["note"] == a["note"] for a in before if a["state"] in ("shelved", "cleared")),
          "after a restart they stand as they stood")
    stale = one(run, "readings_stale")
    check(post(run, stale, 200, action="unshelve")["state"] in ("unacknowledged", "cleared"), "and can be taken off the shelf")
    run.kill()
    with open(os.path.join(data, "alarms.json"), "w", encoding="utf-8") as file:
        file.write('{"format": "symgrid.alarms/1", "alarms": [')
    run = sg.Run(site, data).ready()
    check("alarms begin without their past" in run.stderr, "a broken file is told of, and the site runs")
    require(run.stop() == 0, "a clean end")
    server.shutdown()
    over_tls(folder, secret)


if __name__ == "__main__":
    sg.main(test)
