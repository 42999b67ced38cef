#!/usr/bin/env python3
"""Rehearsals on the real program: incidents over HTTP and from the page, and a live site that does not notice.

Needs Python's standard library; the page's part needs chromium and chromium-driver and is left out where they are missing.

    SYMGRID=build/release/symgrid tests/e2e/rehearsal.py [--screenshot FILE.png]

ctest: serial
"""
import http.client
import json
import os
import shutil
import sys
import time

import _symgrid as s

PATH = "/energy/rehearsal"


def raw(run, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=15 * s.SLOW)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        text = reply.read().decode()
        return reply.status, dict(reply.getheaders()), json.loads(text) if text else None
    finally:
        connection.close()


def rehearse(run, body, expect=202):
    status, _, answer = raw(run, "POST", PATH, json.dumps(body), {"Content-Type": "application/json"})
    s.require(status == expect, f"POST {body}: {status} {answer}")
    return answer


class Watch:
    """The event stream: whole documents, each newer than the one before."""

    def __init__(self, run):
        self.connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=15 * s.SLOW)
        self.connection.request("GET", PATH, headers={"Accept": "text/event-stream"})
        self.reply = self.connection.getresponse()
        s.require(self.reply.status == 200 and self.reply.getheader("content-type") == "text/event-stream", "the stream opens")
        self.number = 0

    def next(self):
        while line := self.reply.readline().decode():
            if line.startswith("id: "):
                number = int(line[4:])
                s.require(number > self.number, f"event {number} is newer than {self.number}")
                self.number = number
            if line.startswith("data: "):
                return json.loads(line[6:])
        raise AssertionError("the stream ended")

    def until(self, what, test, seconds=60):
        end = time.monotonic() + seconds * s.SLOW
        while time.monotonic() < end:
            doc = self.next()
            if test(doc):
                return doc
        raise AssertionError(f"waited for {what}")

    def close(self):
        self.connection.close()


def reasons(doc, kind):
    return [e["reason"] for e in doc.get("events", []) if e["kind"] == kind]


def at(doc, kind, reason):
    return next(e["at_s"] for e in doc["events"] if (e["kind"], e["reason"]) == (kind, reason))


def story(run):
    """A cut of the grid from the click to the return, as it is told while it happens."""
    status, _, doc = raw(run, "GET", PATH)
    s.check(status == 200 and doc["state"] == "none" and "events" not in doc, "nothing has been rehearsed at first")
    watch = Watch(run)
    s.require(watch.next()["state"] == "none", "the stream begins with what there is")
    asked = time.monotonic()
    rehearse(run, {"event": "grid", "for": "20s", "speed": 60})
    watch.until("the outage", lambda d: "bridging" in reasons(d, "grid"))
    told = time.monotonic() - asked
    doc = watch.until("the end", lambda d: d["state"] not in ("starting", "running"))
    watch.close()
    s.check(doc["state"] == "done", f"the twin comes back by itself: {doc['text']}")
    s.check(reasons(doc, "grid") == ["bridging", "resynchronising", "grid"], "bridging, resynchronising, on the grid again")
    cut, back = at(doc, "begins", "grid"), at(doc, "ends", "grid")
    s.check(at(doc, "grid", "bridging") - cut < 2 and back - cut == 20, "the outage is told within two seconds of the twin's time")
    s.check(doc["bill"]["after"]["import_kwh"] < doc["bill"]["before"]["import_kwh"], "less is bought with the cut than without")
    s.check(all(e["text"] for e in doc["events"]), "every event says why")
    print(f"   bridging on the stream {told:.2f} s after the request, at 60 times real time")


def joined_and_stopped(run):
    rehearse(run, {"event": "spike", "for": "1h", "speed": 5})
    doc = rehearse(run, {"event": "pdu", "device": "row-2", "for": "1h"})
    s.require(doc["state"] in ("starting", "running"), "both are played on one twin")
    doc = s.wait_for("both to be on", lambda: (lambda d: d if [i["state"] for i in d.get("incidents", [])] == ["on", "on"] else None)(
        raw(run, "GET", PATH)[2]))
    s.check(doc["speed"] == 5 and [i["device"] for i in doc["incidents"]] == ["loads", "row-2"], "a second incident joins the first")
    for _ in range(14):
        rehearse(run, {"event": "spike", "device": "cooling"})
    rehearse(run, {"event": "grid"}, expect=409)
    status, _, doc = raw(run, "DELETE", PATH)
    s.check(status == 200 and doc["state"] == "stopped", "it stops when it is told to")
    s.require(raw(run, "GET", PATH)[2]["state"] == "stopped", "and stays so")


def refused(run):
    json_type = {"Content-Type": "application/json"}
    for body, pointer in (('{"event":"flood"}', "/event"), ('{"event":"cloud"}', "/event"), ('{"event":"pack","device":"bttery"}', "/device"),
                          ('{"event":"grid","for":"soon"}', "/for"), ('{"event":"grid","speed":0}', "/speed"), ("{}", "/event")):
        status, _, answer = raw(run, "POST", PATH, body, json_type)
        s.require(status == 400 and answer["pointer"] == pointer and answer["detail"], f"{body}: {status} {answer}")
    for method, path, body, headers, wanted in (("POST", PATH, '{"event":', json_type, 400), ("POST", PATH, "{}", {}, 415),
                                                ("POST", PATH, "x" * 20000, json_type, 413), ("PUT", PATH, "{}", json_type, 405),
                                                ("DELETE", PATH, "{}", json_type, 400), ("GET", PATH + "?x=1", None, {}, 400),
                                                ("POST", PATH, '{"event":"grid"}', {**json_type, "Origin": "http://elsewhere.example"}, 403)):
        status, _, answer = raw(run, method, path, body, headers)
        s.require(status == wanted and answer["detail"], f"{method} {path} {body[:20] if body else ''}: {status} {answer}")
    s.check(raw(run, "GET", PATH)[2]["state"] == "none", "what cannot be rehearsed is refused in words and begins nothing")


def page(run, folder, screenshot):
    """The same with a mouse, in a real browser."""
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not chromium:
        print("   the page is left out: chromium and chromedriver are not both installed")
        return
    sys.path.append(s.HERE)
    from browser import Browser
    browser = Browser(driver, chromium, os.path.join(folder, "profile"))
    try:
        browser.open(f"http://127.0.0.1:{run.port}/")
        s.wait_for("the panel", lambda: browser.run("return !!document.querySelector('#rehearse-grid')"))
        s.wait_for("the devices", lambda: browser.run("return document.querySelectorAll('#rehearse option[data-for=pack]').length") == 2)
        s.check(browser.run("return document.querySelector('#rehearse-cloud').disabled"), "there is no button for a sun that the site has not")
        browser.run("document.querySelector('#rehearse [name=speed]').value = '60'; document.querySelector('#rehearse [name=for]').value = '1min'")
        clicked = time.monotonic()
        browser.click("#rehearse-grid")
        s.wait_for("the outage", lambda: "stores carry the site" in (browser.text("#rehearse-events") or ""))
        print(f"   bridging on the page {time.monotonic() - clicked:.2f} s after the click, at 60 times real time")
        s.wait_for("the return", lambda: "import grows by its ramp" in browser.text("#rehearse-events"))
        s.wait_for("the end", lambda: browser.run("return document.getElementById('rehearse').dataset.state") == "done", 60)
        s.check(browser.run("return document.querySelectorAll('#rehearse svg .curve').length") >= 3, "the curves are drawn")
        s.check(browser.run("return document.querySelectorAll('#rehearse-bill tr').length") >= 7, "the bill stands beside that without the cut")
        text = browser.run("return document.getElementById('rehearse').innerText")
        s.check("NaN" not in text and "undefined" not in text, "no figure of the panel reads NaN or undefined")
        if screenshot:
            browser.screenshot(screenshot)
        browser.run("document.querySelector('#rehearse [name=for]').value = '2h'")
        browser.click("#rehearse-spike")
        s.wait_for("the spike", lambda: "demand is half as much again" in (browser.text("#rehearse-events") or ""))
        browser.click("#rehearse-stop")
        s.wait_for("the stop", lambda: "stopped" in browser.text("#rehearse-said"))
        errors = [entry["message"] for entry in browser.log() if entry["level"] == "SEVERE"]
        s.check(not errors, f"the browser's log has no errors {errors}")
    finally:
        browser.close()


def the_live_site_did_not_notice(site, data, folder):
    """Frames, commands and states of the run with rehearsals and of one without, record by record."""
    with_it = [(r.type, r.payload) for r in s.records(data)]
    steps = sum(1 for kind, _ in with_it if kind == s.FRAME)
    alone = os.path.join(folder, "alone")
    result = s.call("run", site, "--data", alone, "--no-serve", "--from", s.FROM, "--speed", "max", "--for", f"{steps / 10:.1f}s")
    s.require(result.returncode == 0, result.stderr)
    without = [(r.type, r.payload) for r in s.records(alone)]
    s.check(with_it == without, f"all {steps} steps of the live site are bit for bit what they are without any rehearsal")


def test(folder):
    screenshot = sys.argv[sys.argv.index("--screenshot") + 1] if "--screenshot" in sys.argv else None
    site, data = os.path.join(folder, "ramp.yaml"), os.path.join(folder, "data")
    with open(site, "w", encoding="utf-8") as file: # import comes back by a ramp, so that the return can be seen
        file.write(s.SMALL_SITE.replace("  export_max: 50kW", "  export_max: 50kW\n  return_ramp: 300kW/min"))
    run = s.Run(site, data, "--from", s.FROM)
    run.ready()
    refused(run)
    story(run)
    joined_and_stopped(run)
    page(run, folder, screenshot)
    s.check(run.stop() == 0, "the program ends cleanly")
    the_live_site_did_not_notice(site, data, folder)


if __name__ == "__main__":
    s.main(test)
