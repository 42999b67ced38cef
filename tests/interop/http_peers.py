"""A running site as stock Python clients see it: requests, httpx (event stream), prometheus_client, openapi-spec-validator."""
import json
import os
import subprocess
import sys
import tempfile
import time

import httpx
import jsonschema
import requests
from openapi_spec_validator import validate as validate_openapi
from prometheus_client.parser import text_string_to_metric_families

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ME = {}  # the headers of one who may ask for power
SITE = os.path.join(ROOT, "sites", "floating.maml.md")


def start(data):
    made = subprocess.run([os.environ["SYMGRID"], "token", "add", "peer", "--role", "operator", "--data", data],
                          stdout=subprocess.PIPE, text=True, check=True)
    ME["Authorization"] = "Bearer " + made.stdout.strip()
    process = subprocess.Popen(
        [os.environ["SYMGRID"], "run", SITE, "--listen", "127.0.0.1:0", "--data", data, "--speed", "10"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "(port " in line:
            return process, "http://127.0.0.1:" + line.split("(port ")[1].split(")")[0]
    raise SystemExit("the program ended before it listened")


def ready(base):
    for _ in range(100):
        try:
            if requests.get(base + "/readyz", timeout=2).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise SystemExit("not ready within 10 s")


def without_a_token_nothing_changes(base):
    response = requests.post(base + "/energy/allocate", json={"task_id": "x", "power": "2MW"}, timeout=10)
    assert response.status_code == 401 and response.headers["WWW-Authenticate"].startswith("Bearer"), response.headers
    assert requests.get(base + "/energy/session", headers=ME, timeout=10).json()["role"] == "operator"


def the_source_s_call_gets_200(base):
    response = requests.post(base + "/energy/allocate", headers=ME, json={"task_id": "compute_001", "power": "2MW"}, timeout=10)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["task_id"] == "compute_001" and answer["power_kw"] == 2000, answer
    again = requests.post(base + "/energy/allocate", headers=ME, json={"task_id": "compute_001", "power": "2MW"}, timeout=10)
    assert again.status_code == 200 and again.json()["received"] == answer["received"], again.text


def problems_are_rfc_9457(base):
    response = requests.post(base + "/energy/allocate", headers=ME, json={"task_id": "x", "power": "-2MW"}, timeout=10)
    assert response.status_code == 400, response.status_code
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.headers
    problem = response.json()
    assert problem["status"] == 400 and problem["type"] and problem["title"] and "/power" in json.dumps(problem), problem


def the_openapi_document_is_valid_and_describes_the_answers(base):
    document = requests.get(base + "/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.1"), document["openapi"]
    validate_openapi(document)
    body = requests.get(base + "/energy/telemetry", timeout=10).json()
    content = document["paths"]["/energy/telemetry"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


def the_event_stream_moves(base):
    ticks = []
    with httpx.stream("GET", base + "/energy/telemetry", headers={"Accept": "text/event-stream"}, timeout=10) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream"), stream.headers
        for line in stream.iter_lines():
            if line.startswith("data:"):
                ticks.append(json.loads(line[5:])["tick"])
            if len(ticks) == 5:
                break
    assert ticks == sorted(set(ticks)), ticks


def prometheus_reads_the_metrics(base):
    families = {f.name: f for f in text_string_to_metric_families(requests.get(base + "/metrics", timeout=10).text)}
    assert families["symgrid_ready"].samples[0].value == 1
    names = " ".join(families)
    assert "power" in names and "energy" in names, names


def main():
    with tempfile.TemporaryDirectory() as data:
        process, base = start(data)
        try:
            ready(base)
            for test in (without_a_token_nothing_changes, the_source_s_call_gets_200, problems_are_rfc_9457,
                         the_openapi_document_is_valid_and_describes_the_answers, the_event_stream_moves,
                         prometheus_reads_the_metrics):
                test(base)
                print("ok:", test.__name__.replace("_", " "), flush=True)
        finally:
            process.terminate()
            process.stderr.read()
            status = process.wait(timeout=20)
        assert status == 0, f"the program ended with status {status}"


if __name__ == "__main__":
    sys.exit(main())
