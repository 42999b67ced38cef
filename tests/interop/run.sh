#!/usr/bin/env bash
# Clients and programs written by others against ours: each script is one peer. See tools/interop.sh.
set -uo pipefail
cd "$(dirname "$0")"
failed=0
for peer in http_peers.py schema_fuzz.py webhook_peer.py dispatch_highs.py dispatch_zones.py; do
    echo "== $peer"
    "$PYTHON" "$peer" || failed=1
done
echo "== browser.sh"
bash browser.sh
status=$?
[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || failed=1
exit "$failed"
