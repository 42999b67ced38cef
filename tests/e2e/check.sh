#!/bin/bash
# symgrid check and symgrid init as a user meets them: exit status, where the output goes, one line per diagnostic.
set -u
symgrid=${SYMGRID:?the path of the built program}
source_dir=${SYMGRID_SOURCE_DIR:-$PWD}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect STATUS WHAT COMMAND...: runs it, keeps stdout and stderr in $work.
expect() {
    local status=$1 what=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    local got=$?
    if [ "$got" != "$status" ]; then
        echo "FAILED: $what: exit status $got instead of $status"
        head -5 "$work/err"
        failures=$((failures + 1))
    fi
}

# holds FILE TEXT
holds() {
    if ! grep -qF -- "$2" "$work/$1"; then
        echo "FAILED: expected '$2' in std$1:"
        head -5 "$work/$1"
        failures=$((failures + 1))
    fi
}

empty() {
    if [ -s "$work/$1" ]; then
        echo "FAILED: expected nothing in std$1:"
        head -5 "$work/$1"
        failures=$((failures + 1))
    fi
}

# init writes a site that check accepts without a warning, once.
expect 0 "init" "$symgrid" init "$work/site"
expect 0 "check of the example" "$symgrid" check "$work/site/site.maml.md"
empty err
holds out "no errors, 0 warnings"
cp "$work/site/site.maml.md" "$work/before"
expect 2 "a second init" "$symgrid" init "$work/site"
holds err "not overwritten"
cmp -s "$work/before" "$work/site/site.maml.md" || { echo "FAILED: init changed the file"; failures=$((failures + 1)); }
expect 3 "init where nothing may be written" "$symgrid" init /proc/symgrid
expect 2 "init with two folders" "$symgrid" init a b

# The source document: warnings on standard error, the summary on standard output.
source_doc=$source_dir/tests/golden/source/floating-data-centre-energy.md
expect 0 "check of the source document" "$symgrid" check "$source_doc"
holds err "$source_doc:40:3: warning: solar: 10000 m2 x 22 % gives 2.2 MW at 1 kW/m2, less than the capacity of 4 MW"
holds err "it is a store with a round trip"
holds out "energy_allocation_001 asks for 6 MW"
holds out "100 MWh"

# Errors: one line each, `file:line:column: error: what; what to do`.
printf 'nodes:\n  site: {limit: 4MV}\nloads:\n  it: {raiting: 5kW, demand: 3kW}\n' >"$work/bad.yaml"
expect 2 "check of a bad file" "$symgrid" check "$work/bad.yaml"
empty out
holds err "$work/bad.yaml:2:17: error: limit: expected a power between 1 W and 1000 GW"
holds err "$work/bad.yaml:4:3: error: expected \`rating\`, which is missing"
expect 3 "check of a missing file" "$symgrid" check "$work/none.yaml"
holds err "No such file"
expect 2 "check without a file" "$symgrid" check
expect 2 "check with an unknown option" "$symgrid" check --jsno "$work/bad.yaml"
expect 0 "check --help" "$symgrid" check --help
holds out "usage: symgrid check"
expect 0 "init --help" "$symgrid" init --help
head -c 100000000 /dev/zero >"$work/zeros.maml.md"
expect 2 "check of 100 MB" "$symgrid" check "$work/zeros.maml.md"
[ "$(wc -l <"$work/err")" = 1 ] || { echo "FAILED: more than one line for a file that is too large"; failures=$((failures + 1)); }

# --json is one object with the same content, whatever the outcome.
expect 2 "check --json of a bad file" "$symgrid" check --json "$work/bad.yaml"
empty err
"$python" - "$work/out" <<'PYTHON' || failures=$((failures + 1))
import json, sys
answer = json.load(open(sys.argv[1]))
first = answer["diagnostics"][0]
assert sorted(first) == ["column", "file", "hint", "line", "message", "severity"], first
assert first["severity"] == "error" and first["line"] == 2 and first["column"] == 17, first
assert answer["ok"] is False and answer["errors"] == 2 and "summary" not in answer, answer
PYTHON
expect 0 "check --json of the source document" "$symgrid" check "$source_doc" --json
"$python" - "$work/out" <<'PYTHON' || failures=$((failures + 1))
import json, sys
summary = json.load(open(sys.argv[1]))["summary"]
assert [s["id"] for s in summary["sources"]] == ["solar"], summary
stores = {s["id"]: s for s in summary["stores"]}
assert abs(stores["storage"]["energy_kwh"] - 100000) < 1e-6, stores
assert stores["osmotic"]["type"] == "osmotic", stores
assert summary["workflows"][0]["power_kw"] == 6000, summary
PYTHON

[ "$failures" = 0 ] && echo "check and init: all as expected"
exit $((failures > 0))
