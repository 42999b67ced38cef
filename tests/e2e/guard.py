#!/usr/bin/env python3
"""Who gets in: tokens from the command line, the one-time link in a terminal, TLS 1.3, and no secret where it does not belong.

Drives the real program with Python's ssl and http.client. Certificates come from openssl; without it the TLS part is left out.

ctest: serial
"""
import contextlib
import hashlib
import http.client
import json
import os
import pty
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time

import _symgrid as sg
from _symgrid import check, require

TASK = {"task_id": "a", "power": "100W"}


def token(folder, name, role):
    done = sg.call("token", "add", name, "--role", role, "--data", folder)
    require(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def ask(port, method, path, secret=None, body=None, context=None, headers=None):
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    extra = {"context": context} if context else {}
    connection = kind("127.0.0.1", port, timeout=15 * sg.SLOW, **extra)
    headers = dict(headers or {})
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode()
    finally:
        connection.close()


class Program:
    """`symgrid run`; with terminal=True its stderr is one."""

    def __init__(self, site, data, *options, terminal=False):
        master, slave = pty.openpty() if terminal else os.pipe()
        self.said, self.port = "", None
        self.process = subprocess.Popen([sg.PROGRAM, "run", site, "--data", data, *options], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=slave, env=sg.ENVIRONMENT)
        os.close(slave)
        self.reader = threading.Thread(target=self.read, args=(master,), daemon=True)
        self.reader.start()
        sg.wait_for("its port", lambda: self.process.poll() is not None or re.search(r"\(port \d+\)", self.said))
        found = re.search(r"\(port (\d+)\)", self.said)
        self.port = int(found.group(1)) if found else None

    def read(self, fd):
        try:
            while part := os.read(fd, 4096):
                self.said += part.decode(errors="replace")
        except OSError:
            pass  # a terminal whose other side has ended
        os.close(fd)

    def ready(self, **how):
        def tried():
            try:
                return ask(self.port, "GET", "/readyz", **how)[0] == 200
            except OSError:
                return False
        sg.wait_for("the first step", tried)

    def end(self):
        self.process.terminate()
        status = self.process.wait(30 * sg.SLOW)
        self.reader.join(10)
        return status


def tokens_from_the_command_line(site, folder):
    data = os.path.join(folder, "roles")
    os.mkdir(data)
    viewer, operator, admin = (token(data, name, name) for name in ("viewer", "operator", "admin"))
    check(stat.S_IMODE(os.stat(os.path.join(data, "tokens")).st_mode) == 0o600, "the tokens file is its owner's alone")
    if os.geteuid() == 0:
        os.chown(data, 12345, 12346)
        token(data, "root", "viewer")
        owners = {os.stat(os.path.join(data, name)).st_uid for name in ("tokens", "audit.jsonl")}
        os.chown(data, 0, 0)
        check(owners == {12345}, "what root makes in a service's folder is the service's")
        require(sg.call("token", "remove", "root", "--data", data).returncode == 0, "removed")
    require(sg.call("token", "add", "viewer", "--role", "admin", "--data", data).returncode == 2, "a name is taken once")
    for words in (["add"], ["add", "x"], ["add", "x", "--role", "king"], ["lend"], [], ["remove"], ["add", "a/b", "--role", "viewer"]):
        done = sg.call("token", *words, "--data", data)
        require(done.returncode == 2 and done.stderr.count("\n") == 1, f"token {words}: {done.returncode} {done.stderr}")
    require(sg.call("token", "remove", "nobody", "--data", data).returncode == 1, "a name that is none")
    listed = json.loads(sg.call("token", "list", "--data", data, "--json").stdout)
    check([(t["name"], t["role"]) for t in listed] == [(n, n) for n in ("viewer", "operator", "admin")], "tokens are listed by name and role")

    run = Program(site, data, "--listen", "127.0.0.1:0")
    run.ready()
    check("#code=" not in run.said and "symgrid token add" in run.said, "without a terminal no code is printed, but what to do")
    check(ask(run.port, "POST", "/energy/allocate", body=TASK)[0] == 401, "on loopback a change needs a token")
    check(ask(run.port, "GET", "/energy/telemetry")[0] == 200, "and reading does not")
    check(ask(run.port, "POST", "/energy/allocate", viewer, TASK)[0] == 403, "a viewer changes nothing")
    check(ask(run.port, "POST", "/energy/allocate", operator, TASK)[0] == 200, "an operator does")
    check(ask(run.port, "DELETE", "/energy/allocate/a", operator)[0] == 200, "and takes it back")
    late = token(data, "late", "operator")
    check(ask(run.port, "POST", "/energy/allocate", late, TASK)[0] == 200, "a token made now works now")
    require(sg.call("token", "remove", "late", "--data", data).returncode == 0, "removed")
    sg.wait_for("the removal to be heard", lambda: ask(run.port, "POST", "/energy/allocate", late, TASK)[0] == 401, 5)
    check(True, "a token taken away opens nothing")
    check(ask(run.port, "GET", "/energy/audit", operator)[0] == 403, "the audit log is an admin's")
    entries = json.loads(ask(run.port, "GET", "/energy/audit?limit=100", admin)[2])["entries"]
    withdrawn = next(e for e in entries if e["method"] == "DELETE")
    check(withdrawn["who"] == "operator" and withdrawn["before"]["state"] == "granted" and withdrawn["after"]["state"] == "withdrawn",
          "the audit log says who, before and after")
    require(any(e["path"] == "token/late" and e["method"] == "REMOVE" and e["before"] == "operator" for e in entries), entries)
    printed = sg.call("audit", "--data", data, "--limit", "1000")
    check(printed.returncode == 0 and printed.stdout.count("\n") == len(entries) > 5 and "token/late" in printed.stdout, "symgrid audit prints it")
    require(json.loads(sg.call("audit", "--data", data, "--json", "--limit", "1000").stdout) == entries, "both readers agree")
    require(run.end() == 0, run.said)
    secrets = [viewer, operator, admin, late]
    nowhere(data, run.said, secrets)


def nowhere(data, said, secrets):
    """No secret in anything that was printed or written."""
    seen = [("what was printed", said.encode())]
    for base, _, names in os.walk(data):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                seen.append((name, file.read()))
    require(len(seen) > 3, seen)
    for name, content in seen:
        for secret in secrets:
            require(secret.encode() not in content and secret[4:].encode() not in content, f"{name} holds a token")
    check(True, f"no token in {', '.join(name for name, _ in seen)}")


def the_link_in_a_terminal(site, folder):
    data = os.path.join(folder, "link")
    run = Program(site, data, "--listen", "127.0.0.1:0", terminal=True)
    run.ready()
    sg.wait_for("the link", lambda: "#code=" in run.said)
    code = re.search(r"open this once: http://127\.0\.0\.1:\d+/#code=(\S+)", run.said).group(1)
    status, headers, _ = ask(run.port, "POST", "/energy/session", body={"code": code})
    check(status == 200 and "HttpOnly; SameSite=Strict" in headers["set-cookie"], "the link's code signs a page in")
    cookie = {"Cookie": headers["set-cookie"].split(";")[0]}
    check(ask(run.port, "POST", "/energy/allocate", body=TASK, headers=cookie)[0] == 200, "and its cookie operates")
    check(ask(run.port, "POST", "/energy/session", body={"code": code})[0] == 401, "the code is good once")
    check(ask(run.port, "POST", "/energy/allocate", body=TASK, headers={**cookie, "Origin": "http://evil.example"})[0] == 403,
          "another site's page gains nothing by the cookie")
    run.end()
    nowhere(data, "", [code, headers["set-cookie"].split(";")[0].split("=")[1]])
    observing = os.path.join(folder, "observing.yaml")
    with open(site, encoding="utf-8") as file, open(observing, "w", encoding="utf-8") as out:
        out.write(file.read().replace("mode: control", "mode: observe"))
    run = Program(observing, os.path.join(folder, "observe"), "--listen", "127.0.0.1:0", terminal=True)
    run.ready()
    check("#code=" not in run.said and ask(run.port, "POST", "/energy/allocate", body=TASK)[0] == 200,
          "in mode observe loopback needs no login")
    run.end()


def beyond_loopback(site, folder):
    data = os.path.join(folder, "wide")
    refused = sg.call("run", site, "--data", data, "--listen", "0.0.0.0:0", "--for", "1s")
    check(refused.returncode == 2 and "--tls-cert" in refused.stderr, "beyond loopback it does not start without TLS")
    operator = token(data, "operator", "operator")
    run = Program(site, data, "--listen", "0.0.0.0:0", "--insecure-http")
    run.ready(secret=operator)
    check("WITHOUT TLS" in run.said, "what --insecure-http means is said")
    check(ask(run.port, "GET", "/energy/telemetry")[0] == 401, "beyond loopback reading needs a token")
    check(ask(run.port, "GET", "/healthz")[0] == 200 and ask(run.port, "GET", "/")[0] == 200, "life and the empty page do not")
    run.end()


def make_pair(cert, key, name="ems.example"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:ems.example", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)


def served(port):
    """Fingerprint of the certificate that a new connection is given."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))).hexdigest()


def fingerprint(cert):
    with open(cert, encoding="ascii") as file:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()


def renewed(site, folder):
    """SIGHUP has certificate and key read anew. What is open goes on with what it began with; what is no good is not taken."""
    data, cert, key, next_cert, next_key = (os.path.join(folder, name) for name in ("renew", "r.pem", "r.key", "next.pem", "next.key"))
    os.mkdir(data)
    operator = token(data, "operator", "operator")
    make_pair(cert, key)
    make_pair(next_cert, next_key, "renewed.example")
    run = Program(site, data, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
    context = ssl.create_default_context(cafile=cert)
    run.ready(secret=operator, context=context)
    kept = http.client.HTTPSConnection("127.0.0.1", run.port, timeout=15 * sg.SLOW, context=context)

    def on_the_open_connection():
        kept.request("GET", "/healthz")
        reply = kept.getresponse()
        reply.read()
        return reply.status

    def hup(words, count=1):
        run.process.send_signal(signal.SIGHUP)
        sg.wait_for(words, lambda: run.said.count(words) >= count)

    require(on_the_open_connection() == 200, "the connection is open")
    own = kept.sock
    first = served(run.port)
    check(first == fingerprint(cert), "the certificate of the start is served")
    with open(cert, encoding="ascii") as file:
        before = file.read()
    for text, what in (("", "is empty"), ("not a certificate", "expected a certificate"), (open(next_cert, encoding="ascii").read(), "do not match")):
        with open(cert, "w", encoding="ascii") as file:
            file.write(text)
        count = run.said.count("the certificate from before is served on: ")
        hup("the certificate from before is served on: ", count + 1)
        require(what in run.said.splitlines()[-1] or what in run.said.splitlines()[-2], f"{what}: {run.said[-500:]}")
        require(served(run.port) == first, f"{what}: the one before is served")
    os.remove(cert)
    hup("the certificate from before is served on: ", 4)
    require(served(run.port) == first and "cannot read" in run.said, "a file that is away changes nothing")
    check(run.said.count("the certificate from before is served on: ") == 4, "a bad pair is told in one line, and the one before is served on")
    with open(cert, "w", encoding="ascii") as file:
        file.write(before)
    hup("was read again", run.said.count("was read again") + 1)  # the site file's line alone: nothing changed
    require(run.said.count("valid until") == 0 and served(run.port) == first, "the same pair is no news")
    os.replace(next_key, key)
    os.replace(next_cert, cert)
    hup("CN=renewed.example, valid until 20")
    sg.wait_for("the new certificate", lambda: served(run.port) == fingerprint(cert))
    second = served(run.port)
    check(second != first, "a renewed certificate is served without a restart")
    check(on_the_open_connection() == 200 and kept.sock is own, "and the open connection goes on")
    anew = ssl.create_default_context(cafile=cert)
    check(ask(run.port, "GET", "/energy/telemetry", operator, context=anew)[0] == 200, "clients that trust the new one are answered")
    try:
        ask(run.port, "GET", "/healthz", context=context)
        raise AssertionError("the old certificate is still served")
    except ssl.SSLCertVerificationError:
        check(True, "those that trust the old one alone are not")
    many(run, folder, cert, key)
    kept.close()
    require(run.end() == 0, run.said)
    with open(key, encoding="ascii") as file:
        secret = file.read().splitlines()[1]
    require(secret not in run.said, "no key in the log")
    with open(os.path.join(data, "audit.jsonl"), encoding="utf-8") as file:
        log = file.read()
    entries = [entry for entry in map(json.loads, log.splitlines()) if entry["path"] == cert]
    require(secret not in log, "nor in the audit log")
    require([e["status"] for e in entries] == [422] * 4 + [200] * 9, [e["status"] for e in entries])
    require(all(e["before"]["sha256"] == first for e in entries[:5]) and entries[4]["after"]["sha256"] == second, "by the fingerprints that clients see")
    check("do not match" in entries[2]["asked"]["refused"] and entries[2]["after"] is None, "each renewal is in the audit log, and each refusal with its reason")


def many(run, folder, cert, key):
    """Renewals while others connect and leave: each handshake gets one whole pair."""
    over, seen, failed = threading.Event(), set(), []

    def connect():
        while not over.is_set():
            try:
                seen.add(served(run.port))
            except OSError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=connect) for _ in range(4)]
    for thread in threads:
        thread.start()
    wanted = set()
    for i in range(8):
        one, other = os.path.join(folder, "one.pem"), os.path.join(folder, "one.key")
        make_pair(one, other, f"many-{i}.example")
        wanted.add(fingerprint(one))
        os.replace(other, key)
        os.replace(one, cert)
        run.process.send_signal(signal.SIGHUP)
        sg.wait_for("the renewal", lambda: f"CN=many-{i}.example" in run.said)
        sg.wait_for("a client that sees it", lambda: fingerprint(cert) in seen)
    over.set()
    for thread in threads:
        thread.join()
    check(not failed and wanted <= seen, f"eight renewals while four clients connect: no handshake fails ({len(seen)} seen, {failed[:1]})")


def top_over_tls(port, folder, cert, secret):
    """`symgrid top` looks at a site beyond loopback as curl does, and trusts nobody else."""
    base, file, other = f"https://127.0.0.1:{port}", os.path.join(folder, "top.token"), os.path.join(folder, "other.pem")
    with open(file, "w", encoding="ascii") as out:
        out.write(secret + "\n")
    make_pair(other, os.path.join(folder, "other.key"))
    shown = sg.call("top", base, "--ca", cert, "--token-file", file)
    check(shown.returncode == 0 and "battery" in shown.stdout and shown.stderr == "", f"symgrid top over https {shown.stderr}")
    twice = sg.call("top", base, "--ca", cert, "--token-file", file, "--json", "--count", "2", "--every", "100ms").stdout.splitlines()
    require([json.loads(line)["format"] for line in twice] == ["symgrid.telemetry/1"] * 2, "documents, one a line")
    for words, status, expect in ((("--ca", cert), 1, "answers 401; a token is needed"), ((), 3, "see --ca"), (("--ca", other), 3, "who can be trusted"),
                                  (("--ca", "/nonexistent"), 3, "--ca: cannot read /nonexistent"), (("--ca", file), 2, "--ca: expected certificates as PEM")):
        refused = sg.call("top", base, *words)
        require(refused.returncode == status and expect in refused.stderr and refused.stderr.count("\n") == 1 and refused.stdout == "",
                f"{words}: {refused.returncode} {refused.stderr}")
    elsewhere = sg.call("top", f"https://localhost:{port}", "--ca", cert, "--token-file", file)
    check(elsewhere.returncode == 3 and "name in the certificate" in elsewhere.stderr, "a certificate for another name is not taken")
    require(sg.call("top", f"http://127.0.0.1:{port}").returncode == 3, "plain HTTP gets no answer there")
    an_answer_cut_short(cert, os.path.join(folder, "key.pem"), file)


def an_answer_cut_short(cert, key, file):
    """Somebody on the way ends the connection: what came so far is no answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve(answer, goodbye):
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as wrapped:
            seen.append(wrapped.recv(65536))
            wrapped.sendall(answer)
            if goodbye:
                with contextlib.suppress(OSError):  # the other side need not say it, too
                    wrapped.unwrap()

    for answer, goodbye, status in ((b"HTTP/1.1 200 OK\r\n\r\n{}", False, 3), (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", True, 3),
                                    (b"HTTP/1.1 200 OK\r\n\r\n{}", True, 0), (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", False, 0)):
        thread = threading.Thread(target=serve, args=(answer, goodbye))
        thread.start()
        done = sg.call("top", f"https://127.0.0.1:{listener.getsockname()[1]}", "--ca", cert, "--token-file", file, "--json")
        thread.join()
        require(done.returncode == status and (status == 0 or "cut short" in done.stderr), f"{answer} {goodbye}: {done.returncode} {done.stderr}")
    listener.close()
    check(all(b"\r\nAuthorization: Bearer " in question for question in seen), "an answer that is cut short over TLS is none")


def tls(site, folder):
    data, cert, key = (os.path.join(folder, name) for name in ("tls", "cert.pem", "key.pem"))
    try:
        make_pair(cert, key)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"left out: TLS: {error}")
        return
    os.mkdir(data)
    operator = token(data, "operator", "operator")
    run = Program(site, data, "--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key, "--host-name", "ems.example")
    context = ssl.create_default_context(cafile=cert)
    run.ready(secret=operator, context=context)
    with socket.create_connection(("127.0.0.1", run.port)) as raw, context.wrap_socket(raw, server_hostname="ems.example") as wrapped:
        check(wrapped.version() == "TLSv1.3", "TLS 1.3")
        wrapped.sendall(f"GET /energy/telemetry HTTP/1.1\r\nHost: ems.example:{run.port}\r\nAccept: text/event-stream\r\n"
                        f"Authorization: Bearer {operator}\r\n\r\n".encode())
        text, end = b"", time.monotonic() + 10 * sg.SLOW
        while text.count(b"\nid: ") < 5 and time.monotonic() < end:
            text += wrapped.recv(65536)
        check(text.count(b"\nid: ") >= 5, "the stream runs over TLS, under the configured name")
    old = ssl.create_default_context(cafile=cert)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        ask(run.port, "GET", "/healthz", context=old)
        raise AssertionError("TLS 1.2 was taken")
    except ssl.SSLError:
        check(True, "TLS 1.2 is refused")
    status, headers, _ = ask(run.port, "POST", "/energy/session", body={"token": operator}, context=context)
    check(status == 200 and headers["set-cookie"].endswith("; Secure"), "cookies stay on TLS")
    check(ask(run.port, "GET", "/energy/telemetry", context=context)[0] == 401, "TLS alone is no login")
    try:
        plain = ask(run.port, "GET", "/healthz")[0]
    except (OSError, http.client.HTTPException):
        plain = None
    check(plain is None, "plain HTTP gets no answer there")
    top_over_tls(run.port, folder, cert, operator)
    require(run.end() == 0, run.said)
    wrong = sg.call("run", site, "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", cert, "--for", "1s")
    check(wrong.returncode == 2 and "PEM" in wrong.stderr, "a key that does not fit is said")
    renewed(site, folder)


def test(folder):
    site = sg.small_site(folder)
    tokens_from_the_command_line(site, folder)
    the_link_in_a_terminal(site, folder)
    beyond_loopback(site, folder)
    tls(site, folder)


if __name__ == "__main__":
    sys.exit(sg.main(test))
