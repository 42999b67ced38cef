#!/usr/bin/env python3
"""The dashboard in a real browser, against the real program.

Starts `$SYMGRID run sites/hall.maml.md` at twenty times real time, drives headless Chromium through chromedriver's
W3C WebDriver protocol (plain HTTP, nothing to install) and checks what a person would see. Exit 77: no browser here.

    SYMGRID=build/release/symgrid tests/e2e/browser.py [--url URL] [--screenshot FILE.png]

With --url a server that is already running is used and none is started.
"""
import argparse
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = 77
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key by which WebDriver names an element
SLOW = float(os.environ.get("SYMGRID_TIME_SCALE", "1"))  # programs built with sanitizers take longer
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, test, seconds=20.0):
    """The first true value of test(); fails with a sentence when there is none in time."""
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        value = test()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds * SLOW:.0f} s for {what}")


def answers(url):
    try:
        with LOCAL.open(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


class Browser:
    """As much of WebDriver as this test needs."""

    def __init__(self, driver, chromium, profile, width=1280, height=900):
        self.port = free_port()
        self.session = None
        self.process = subprocess.Popen([driver, f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("chromedriver", lambda: answers(f"http://127.0.0.1:{self.port}/status"))
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update", "--disable-sync",
                         "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars",
                         f"--user-data-dir={profile}", f"--window-size={width},{height}"]
            wanted = {"browserName": "chrome", "goog:chromeOptions": {"binary": chromium, "args": arguments},
                      "goog:loggingPrefs": {"browser": "ALL"}}
            self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def call(self, method, path, body=None):
        if self.session:
            path = f"/session/{self.session}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with LOCAL.open(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            raise AssertionError(f"WebDriver {path}: {problem.get('error')}: {problem.get('message')}") from None

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *values):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(values)})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def element(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, text):
        self.call("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def click(self, selector):
        self.call("POST", f"/element/{self.element(selector)}/click", {})

    def log(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    def screenshot(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        if self.session:
            try:
                self.call("DELETE", "")
            except (AssertionError, OSError):
                pass
            self.session = None
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)
    print(f"ok: {sentence}")


def look(browser, url):
    browser.open(url)
    wait_for("the first telemetry", lambda: browser.run("return document.body.className") == "live")
    wait_for("a load", lambda: browser.text("#f-load") not in (None, "", "\u2013"))
    ticks, loads = set(), set()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        ticks.add(browser.text("#tick"))
        loads.add(browser.run("return document.querySelector('#line').textContent"))
        time.sleep(0.2)
    check(len(ticks) >= 3 and all(t.isdigit() for t in ticks), f"the step counter runs ({len(ticks)} values in 3 s)")
    check(len(loads) >= 2, f"the diagram's loads and stores move ({len(loads)} pictures in 3 s)")
    check(browser.run("return document.querySelectorAll('#line .node.load .box').length") >= 1, "the diagram shows racks or other loads")
    check(browser.run("return document.querySelectorAll('#line .node.store .box').length") >= 1, "the diagram shows stores")
    wait_for("charge levels", lambda: browser.run("return document.querySelectorAll('#stores .bar').length") >= 1)
    check("%" in browser.text("#stores"), "charge levels are shown as percentages")
    inked = ("const c = document.querySelector('#chart canvas'); if (!c || !c.width) return 0;"
             "const d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer); return new Set(d).size")
    wait_for("curves in several colours", lambda: browser.run(inked) >= 4)
    wait_for("the map of servers", lambda: browser.run("document.querySelector('#racks').scrollIntoView(); return document.querySelector('#map').width > 1"))
    check(browser.text("#map-size") == "97 servers in 13 racks", "the map has every server of the hall")
    check(browser.run("return document.body.innerText").find("NaN") < 0, "no figure on the page reads NaN")
    check("undefined" not in browser.run("return document.body.innerText"), "no figure on the page reads undefined")
    check(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "nothing is wider than the window")


def ask(browser):
    browser.type("#ask [name=task_id]", "browser-test-1")
    browser.type("#ask [name=power]", "1kW")
    browser.type("#ask [name=duration]", "1h")
    browser.click("#ask button")
    answer = wait_for("an answer to the request", lambda: (lambda t: t if t and t != "asking" else None)(browser.text("#answer")))
    check("browser-test-1" in answer, f"the form shows the answer: {answer}")
    row = "return [...document.querySelectorAll('#tasks tr')].map((r) => r.textContent).find((t) => t.includes('browser-test-1')) ?? ''"
    wait_for("the task to be granted", lambda: "granted" in browser.run(row))
    check(True, "the task is listed as granted")
    before = len(severe(browser))
    browser.run("document.querySelector('#ask [name=power]').value = ''")
    browser.type("#ask [name=power]", "two megawatts")
    browser.click("#ask button")
    problem = wait_for("the refusal of a bad power", lambda: (lambda t: t if t not in (answer, "asking", "") else None)(browser.text("#answer")))
    check("bad" in browser.run("return document.querySelector('#answer').className"), f"a bad power is refused in words: {problem}")
    # The browser itself logs the 4xx answer of that request; nothing else may be new.
    new = [m for m in severe(browser)[before:] if "/energy/allocate" not in m]
    check(not new, "the refusal causes no other error")


MESSAGES = []


def severe(browser):
    """All messages so far; the driver hands each out once."""
    MESSAGES.extend(entry["message"] for entry in browser.log() if entry["level"] == "SEVERE")
    return MESSAGES


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--url")
    options.add_argument("--screenshot")
    options = options.parse_args()
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not driver or not chromium:
        print("skip: chromium and chromedriver are not both installed")
        return SKIP
    symgrid = os.environ.get("SYMGRID", os.path.join(ROOT, "build", "release", "symgrid"))
    if not options.url and not os.access(symgrid, os.X_OK):
        print(f"no program at {symgrid}: build it or set SYMGRID", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        url, server, browser = options.url, None, None
        log = open(os.path.join(work, "server.log"), "w+b")
        try:
            if not url:
                port = free_port()
                url = f"http://127.0.0.1:{port}/"
                server = subprocess.Popen([symgrid, "run", os.path.join(ROOT, "sites", "hall.maml.md"), "--speed", "20", "--listen",
                                           f"127.0.0.1:{port}", "--data", os.path.join(work, "data"), "--trust-loopback"],
                                          stdout=log, stderr=log)
                wait_for("the server", lambda: server.poll() is not None or answers(url))
                check(server.poll() is None, "the program serves the page")
            browser = Browser(driver, chromium, os.path.join(work, "profile"))
            look(browser, url)
            check(not severe(browser), "the browser's log has no errors")
            ask(browser)
            if options.screenshot:
                browser.screenshot(options.screenshot)
        except AssertionError as failure:
            log.seek(0)
            print(f"FAILED: {failure}\n--- the program said:\n{log.read().decode(errors='replace')[-2000:]}", file=sys.stderr)
            if browser and MESSAGES:
                print("--- the browser said:\n" + "\n".join(MESSAGES), file=sys.stderr)
            return 1
        finally:
            if browser:
                browser.close()
            if server and server.poll() is None:
                server.terminate()
                try:
                    server.wait(10)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
            log.close()
    print("all of it works")
    return 0


if __name__ == "__main__":
    sys.exit(main())
