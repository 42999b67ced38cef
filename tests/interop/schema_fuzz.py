"""Schemathesis makes requests from /openapi.json and holds every answer against it: no 5xx, nothing undocumented.

`SYMGRID_FUZZ_EXAMPLES` says how many for each operation (20 unless told otherwise).
"""
import os
import subprocess
import sys
import tempfile

from http_peers import ME, ready, start

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"


def main():
    with tempfile.TemporaryDirectory() as data:
        process, base = start(data)
        try:
            ready(base)
            # Sessions are left out: to sign out is to change who asks.
            done = subprocess.run([os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", base + "/openapi.json",
                                   "-H", "Authorization: " + ME["Authorization"], "--checks", CHECKS, "--exclude-path-regex",
                                   "^/energy/session", "--max-examples", os.environ.get("SYMGRID_FUZZ_EXAMPLES", "20"), "--seed", "1"],
                                  cwd=data, check=False)
        finally:
            process.terminate()
            process.stderr.read()
            process.wait(timeout=20)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
