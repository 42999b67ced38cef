#!/usr/bin/env bash
# interop.sh - drives the program with clients written by others, in a scratch Python environment.
#
# usage: tools/interop.sh PROGRAM
# Runs tests/interop/run (or run.sh) with SYMGRID=program, PYTHON=python of the environment, and the
# packages of tests/interop/requirements.txt. Exit 0 passed, 77 skipped, else failed.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath -m "${1:?usage: tools/interop.sh PROGRAM}")
entry=
for candidate in tests/interop/run tests/interop/run.sh; do
    if [ -z "$entry" ] && [ -f "$candidate" ]; then
        entry=$candidate
    fi
done
if [ -z "$entry" ]; then
    echo "interop: SKIPPED: tests/interop holds no run script"
    exit 77
fi
if [ ! -x "$program" ]; then
    echo "interop: $program is not built" >&2
    exit 3
fi
tools/deps.sh interop

# Debian's python3, because that is where python3-venv belongs; the environment is rebuilt when
# the list of packages changes.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3)
venv=$PWD/build/interop/venv
wanted=tests/interop/requirements.txt
if [ ! -f "$wanted" ]; then
    wanted=/dev/null
fi
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    "$python" -m venv "$venv"
    if [ -s "$wanted" ]; then
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
    fi
    cp "$wanted" "$venv/installed.txt"
fi
status=0
SYMGRID=$program PYTHON=$venv/bin/python PATH=$venv/bin:$PWD/build/tools:$PATH \
    OPENBLAS_NUM_THREADS=1 bash "$entry" || status=$?
case $status in
    0) echo "interop: passed" ;;
    77) echo "interop: SKIPPED by $entry" ;;
    *) echo "interop: FAILED with status $status" >&2 ;;
esac
exit "$status"
