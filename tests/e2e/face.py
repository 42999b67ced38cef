#!/usr/bin/env python3
"""The terminal's face: `init` asked and answered, the same file from the API, `doctor` on sound and unsound machines, `top`.

A terminal is a pseudo-terminal of the library; what would be drawn there must not reach a pipe.

ctest: serial timeout=120
"""
import http.server
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import threading

import _symgrid as sg
from _symgrid import check, require

ESCAPE = "\033"
PRICES = "time_utc,price_eur_mwh\n" + "".join(f"2026-01-{d:02}T{h:02}:00Z,{50 + h}\n" for d in range(1, 15) for h in range(24))


def at_terminal(words, typed="", env=None, cwd=None):
    """Exit status and all that a terminal would show of a verb."""
    master, slave = pty.openpty()
    process = subprocess.Popen([sg.PROGRAM, *map(str, words)], stdin=slave, stdout=slave, stderr=slave, cwd=cwd,
                               env={**sg.ENVIRONMENT, "TERM": "xterm", **(env or {})})
    os.close(slave)
    shown = b""
    os.write(master, typed.encode())
    while True:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                block = os.read(master, 65536)
            except OSError:
                block = b""
            if not block:
                break
            shown += block
        elif process.poll() is not None:
            break
    os.close(master)
    return process.wait(60 * sg.SLOW), shown.decode(errors="replace")


def anonymous(text):
    return re.sub(r"created_at: \S+", "created_at: DAY", re.sub(r"urn:uuid:[0-9a-f-]{36}", "urn:uuid:ID", text))


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def check_init(folder):
    prices = os.path.join(folder, "feeds", "prices.csv")
    os.mkdir(os.path.dirname(prices))
    with open(prices, "w", encoding="utf-8") as file:
        file.write(PRICES)
    words = ("--title", "Two racks", "--racks", "2", "--battery", "100kWh", "--price", "feeds/prices.csv", "--feed-in", "0.05 EUR/kWh")
    result = sg.call("init", "by-options", *words, cwd=folder)
    require(result.returncode == 0, result.stderr)
    made = read(folder, "by-options", "site.maml.md")
    require('file: "../feeds/prices.csv"' in made and 'column: "price_eur_mwh", unit: EUR/MWh' in made, made)
    summary = json.loads(sg.call("check", os.path.join(folder, "by-options", "site.maml.md"), "--json").stdout)
    require(summary["ok"] and summary["warnings"] == 0, summary)
    require(summary["summary"]["from"] == "2026-01-01T00:00:00Z", summary)
    # title, zone, racks, power (once wrong), feeders, grid, export, battery, its power, solar, price, three guesses, feed-in, charge
    typed = "Two racks\n\n2\nmuch\n\n\n\n\n100kWh\n\n\nfeeds/prices.csv\n\n\n\n0.05 EUR/kWh\n\n"
    status, shown = at_terminal(["init", "by-dialogue"], typed, cwd=folder)
    require(status == 0 and "expected a power such as" in shown, f"{status} {shown}")
    check(anonymous(read(folder, "by-dialogue", "site.maml.md")) == anonymous(made), "options and dialogue write the same file")
    check_refused_answers(folder)
    return made


def check_refused_answers(folder):
    for words, said in ((("--racks", "0"), "whole number"), (("--racks", "3", "--feeders", "2"), "evenly"),
                        (("--price", "missing.csv"), "No such file"), (("--battery", "5"), "an energy such as"),
                        (("--example", "--racks", "2"), "takes no answers"), (("--rakcs", "2"), "did you mean --racks")):
        result = sg.call("init", "refused", *words, cwd=folder)
        require(result.returncode in (2, 3) and said in result.stderr, f"{words}: {result.returncode} {result.stderr}")
        require(not os.path.exists(os.path.join(folder, "refused", "site.maml.md")), "nothing is written")
    status, shown = at_terminal(["init", "broken-off"], "A\n\x04", cwd=folder)
    require(status == 2 and "nothing is written" in shown, f"{status} {shown}")
    require(not os.path.exists(os.path.join(folder, "broken-off")), "a dialogue broken off leaves nothing")
    check(True, "answers that cannot be used are refused, and nothing is written")


def check_draft(run, made):
    answers = {"title": "Two racks", "racks": 2, "battery": "100kWh", "price": "../feeds/prices.csv",
               "price_head": PRICES.split("\n", 1)[0], "feed_in": "0.05 EUR/kWh"}
    status, text = run.request("POST", "/energy/site-draft", answers)
    require(status == 200, f"{status} {text}")
    check(anonymous(text) == anonymous(made), "the form's answers give the same file as the options")
    status, problem = run.request("POST", "/energy/site-draft", {"battery": "much"})
    require(status == 400 and problem["pointer"] == "/battery" and "energy such as" in problem["detail"], f"{status} {problem}")
    require(run.get("/energy/site-draft")[0] == 405, "it is asked by POST")
    for path in ("/setup.html", "/setup.js"):
        require(run.get(path)[0] == 200, path)


def findings(*words, status=0, env=None):
    result = sg.call("doctor", *words, "--json", env={**sg.ENVIRONMENT, **(env or {})})
    require(result.returncode == status, f"doctor {words}: {result.returncode} {result.stdout} {result.stderr}")
    report = json.loads(result.stdout)
    count = {h: sum(f["health"] == h for f in report["findings"]) for h in ("ok", "warn", "bad")}
    require(all(report[h] == count[h] for h in count), f"the counts are those of the list: {report}")
    require(status == 0 or report["bad"] > 0, report)
    return report["findings"], result.stdout


def has(found, area, health, part):
    require(any(f["area"] == area and f["health"] == health and part in f["text"] for f in found), f"{area} {health} '{part}': {found}")


def hang_up(listening):
    """Somebody else's program: takes a call and says nothing."""
    try:
        listening.settimeout(10)
        listening.accept()[0].close()
    except OSError:
        pass


def check_doctor(folder, site, run, data):
    found, _ = findings(site, "--data", data, "--listen", f"127.0.0.1:{run.port}")
    has(found, "port", "ok", "a symgrid runs")
    has(found, "data", "ok", f"process {run.process.pid} writes it")
    has(found, "telemetry", "ok", "it opens")
    for area in ("program", "machine", "limits", "clock", "disk", "journal", "site"):
        require(any(f["area"] == area for f in found), f"{area} is looked at: {found}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        threading.Thread(target=hang_up, args=(taken,), daemon=True).start()
        found, _ = findings("--data", data, "--listen", f"127.0.0.1:{port}", status=1)
    has(found, "port", "bad", str(port))
    check(True, "doctor tells a site that runs from a port that is taken")


def check_damage(folder, site, data):
    unsound = os.path.join(folder, "unsound")
    shutil.copytree(data, unsound)
    journal = os.path.join(unsound, sg.segments(unsound)[-1])
    size = os.path.getsize(journal)
    with open(journal, "r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 64)
    with open(os.path.join(unsound, "telemetry.db"), "r+b") as file:
        file.write(b"not a database, whatever it was before")
    for name in ("telemetry.db-wal", "telemetry.db-shm"):
        if os.path.exists(os.path.join(unsound, name)):
            os.remove(os.path.join(unsound, name))
    secret = os.path.join(unsound, "webhook.secret")
    with open(secret, "w") as file:
        file.write("x")
    os.chmod(secret, 0o644)
    found, _ = findings(site, "--data", unsound, "--listen", "127.0.0.1:0", status=1)
    has(found, "journal", "warn", sg.segments(unsound)[-1])
    has(found, "telemetry", "bad", "cannot be read")
    has(found, "permissions", "bad", "webhook.secret")
    os.chmod(secret, 0o600)
    found, _ = findings("--data", os.path.join(folder, "not-there"), "--listen", "127.0.0.1:0")
    has(found, "data", "ok", "No such file")
    findings("--data", os.path.join(folder, "small.yaml"), "--listen", "127.0.0.1:0", status=1)
    bad = os.path.join(folder, "bad.yaml")
    with open(bad, "w") as file:
        file.write("nodes:\n  site: {limit: 4MV}\npassword: hunter2-planted\n")
    found, text = findings(bad, "--listen", "127.0.0.1:0", status=1, env={"HOME": folder})
    has(found, "site", "bad", "limit: expected a power")
    require("planted" not in text, f"a secret of the site file is taken out: {text}")
    require("~/bad.yaml:2:17" in text and folder not in text, f"the home folder is taken out: {text}")
    check(True, "doctor finds a damaged journal and database, open secrets and a bad site file, and tells no secret")


class Asked(http.server.BaseHTTPRequestHandler):
    """A site that wants a token."""
    tokens = []

    def do_GET(self):
        Asked.tokens.append(self.headers.get("Authorization"))
        good = self.headers.get("Authorization") == "Bearer t0ken-planted"
        body = json.dumps({"format": "symgrid.telemetry/1", "site": {"title": "Behind a token"}}).encode() if good else b"{}"
        self.send_response(200 if good else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def check_token(folder):
    with http.server.HTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base, file = f"http://127.0.0.1:{server.server_port}", os.path.join(folder, "token")
        with open(file, "w") as out:
            out.write("t0ken-planted\n")
        without, given = sg.call("top", base), sg.call("top", base, "--token-file", file)
        server.shutdown()
    require(without.returncode == 1 and "a token is needed" in without.stderr, without.stderr)
    require(given.returncode == 0 and "Behind a token" in given.stdout, given.stderr)
    require("planted" not in given.stdout + given.stderr, "the token is not shown")
    check(Asked.tokens == [None, "Bearer t0ken-planted"], "top hands its token over and shows it nowhere")


def check_top(run):
    base = f"http://127.0.0.1:{run.port}"
    piped = sg.call("top", base)
    require(piped.returncode == 0 and ESCAPE not in piped.stdout, f"{piped.returncode} {piped.stdout!r} {piped.stderr}")
    for group in [g["id"] for role in ("sources", "stores", "loads") for g in run.telemetry()[role]]:
        require(re.search(rf"^{group} +\d+ ", piped.stdout, flags=re.M), f"{group} has a row: {piped.stdout}")
    twice = sg.call("top", base, "--count", "2", "--every", "100ms")
    require(len(re.findall(r"^load ", twice.stdout, flags=re.M)) == 2, twice.stdout)
    require(json.loads(sg.call("top", base, "--json").stdout)["format"] == "symgrid.telemetry/1", "documents as they are")
    status, shown = at_terminal(["top", base, "--count", "2", "--every", "100ms"])
    require(status == 0 and shown.count("\033[H\033[J") == 2, f"drawn over one another: {shown!r}")
    _, plain = at_terminal(["top", base, "--count", "1"], env={"NO_COLOR": "1"})
    require("\033[2m" not in plain and "\033[3" not in plain, f"NO_COLOR: {plain!r}")
    for words in (("top", "ftp://127.0.0.1"), ("top", "https://"), ("top", base, "--ca", "/etc/hosts")):
        require(sg.call(*words).returncode == 2, f"{words} is wrong usage")
    require(sg.call("top", base, "--every", "1ms").returncode == 2, "too often")
    require(sg.call("top", "http://127.0.0.1:9").returncode == 3, "nobody answers: that is no answer of the site")
    nowhere = sg.call("audit", "--data", "/nonexistent")
    require(nowhere.returncode == 3 and "/nonexistent" in nowhere.stderr, f"a folder that is not there is no empty log: {nowhere}")
    late = sg.call("simulate", "sites/hall.maml.md", "--from", "2023-06-01", "--for", "1h", "--report", "/nonexistent/x.html")
    require(late.returncode == 3 and not late.stdout, f"nothing is run for a file that cannot be written: {late}")
    check(True, "top draws on terminals and writes plain text elsewhere")


def check_colours(folder):
    bad = os.path.join(folder, "bad.yaml")
    _, shown = at_terminal(["check", bad])
    require("\033[31merror\033[0m" in shown, f"coloured on a terminal: {shown!r}")
    _, plain = at_terminal(["check", bad], env={"NO_COLOR": "1"})
    require(ESCAPE not in plain, f"{plain!r}")
    piped = sg.call("check", bad, "--explain")
    require(ESCAPE not in piped.stderr and "  site: {limit: 4MV}" in piped.stderr, piped.stderr)
    caret = piped.stderr.split("  site: {limit: 4MV}\n")[1].split("\n")[0]
    require(caret == "  " + " " * 16 + "^", f"the mark stands below column 17: {caret!r}")
    status, shown = at_terminal(["simulate", os.path.join(folder, "small.yaml"), "--for", "60d", "--from", "2026-01-01"])
    require(status == 0, shown)
    piped = sg.call("simulate", os.path.join(folder, "small.yaml"), "--for", "2d", "--from", "2026-01-01")
    check("\r" not in piped.stderr and ESCAPE not in piped.stdout, "colours and bars stay on terminals")


def test(folder):
    made = check_init(folder)
    site, data = sg.small_site(folder), os.path.join(folder, "data")
    run = sg.Run(site, data, "--from", "2026-06-01T12:00Z")
    run.ready()
    check_draft(run, made)
    check_top(run)
    check_doctor(folder, site, run, data)
    require(run.stop() == 0, "the site ends")
    check_damage(folder, site, data)
    check_token(folder)
    check_colours(folder)


sg.main(test)
