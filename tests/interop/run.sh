#!/usr/bin/env bash
# Clients and programs written by others against ours: each script is one peer. See tools/interop.sh.
set -uo pipefail
cd "$(dirname "$0")"
failed=0
for peer in http_peers.py dispatch_highs.py dispatch_zones.py; do
    echo "== $peer"
    "$PYTHON" "$peer" || failed=1
done
exit "$failed"
