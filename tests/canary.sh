#!/usr/bin/env bash
# The known mistakes of tests/canary still fit the tree. `make canary` looks whether each is noticed.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v git >/dev/null || exit 77
tools/canary.sh --check
[ "$(ls tests/canary/*.patch | wc -l)" -ge 50 ]
