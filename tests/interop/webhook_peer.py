"""Alarms of a running site as a receiver takes them that checks with the library of Standard Webhooks (standardwebhooks)."""
import base64
import http.server
import os
import subprocess
import sys
import tempfile
import threading

import jsonschema
import requests
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
arrived, came = [], threading.Event()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        arrived.append((dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        came.set()

    def log_message(self, *_):
        pass


def refused(headers, body, secret=SECRET):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        site, secret = os.path.join(folder, "hall.maml.md"), os.path.join(folder, "secret")
        with open(os.path.join(ROOT, "sites", "hall.maml.md"), encoding="utf-8") as file:
            text = file.read().replace("../data/", os.path.join(ROOT, "data") + "/")
        with open(site, "w", encoding="utf-8") as file:
            file.write(text + "\n## Fault_Schema\n```yaml\nfaults:\n  - {kind: grid_loss, at: 10s, duration: 1h}\n```\n")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET)
        process = subprocess.Popen(
            [os.environ["SYMGRID"], "run", site, "--listen", "127.0.0.1:0", "--data", folder + "/data", "--speed", "10", "--from", "2023-06-01T12:00Z",
             "--webhook", f"http://127.0.0.1:{server.server_address[1]}/", "--webhook-secret", secret],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            port = next(line for line in process.stderr if "(port " in line).split("(port ")[1].split(")")[0]
            assert came.wait(60), "no message within a minute"
            api = requests.get(f"http://127.0.0.1:{port}/openapi.json", timeout=10).json()
        finally:
            process.terminate()
            process.stderr.read()
            status = process.wait(timeout=30)
        assert status == 0, f"the program ended with status {status}"
    for headers, body in arrived:
        message = Webhook(SECRET).verify(body, headers)
        assert message["type"].startswith("alarm."), message
        schema = {"$ref": "#/components/schemas/Alarm", **api}
        jsonschema.validate(message["data"]["alarm"], schema, cls=jsonschema.Draft202012Validator)
    print(f"ok: {len(arrived)} messages are genuine to the standard's own library, and each alarm is as the API describes it")
    headers, body = arrived[0]
    lower = {key.lower(): value for key, value in headers.items()}
    assert refused(headers, body + b" ") and refused({**lower, "webhook-id": "other"}, body)
    assert refused({**lower, "webhook-timestamp": str(int(lower["webhook-timestamp"]) - 1)}, body)
    assert refused(headers, body, "whsec_" + base64.b64encode(bytes(32)).decode())
    print("ok: a changed body, id, time or key is noticed")


if __name__ == "__main__":
    sys.exit(main())
