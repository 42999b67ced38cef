#!/bin/bash
# symgrid plan as a user meets it: who solves, exit status, where the output goes, zones in table and document.
set -u
symgrid=${SYMGRID:?the path of the built program}
examples=${SYMGRID_SOURCE_DIR:-$PWD}/docs/examples
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

# one_line: nothing on standard output, one line on standard error
one_line() {
    if [ -s "$work/out" ] || [ "$(wc -l <"$work/err")" != 1 ]; then
        echo "FAILED: expected one line on stderr and nothing on stdout"
        head -5 "$work/out" "$work/err"
        failures=$((failures + 1))
    fi
}

for solver in auto clp; do
    expect 0 "--solver $solver" "$symgrid" plan --problem "$examples/dispatch.json" --solver $solver --json
    holds out '"outcome":"solved"'
done
holds out '"solver":"clp '
expect 0 "--vertex" "$symgrid" plan --problem "$examples/dispatch.json" --vertex
holds out 'outcome    solved'

expect 2 "an unknown solver" "$symgrid" plan --problem "$examples/dispatch.json" --solver cpx
holds err "--solver: expected auto, own, clp or highs, got 'cpx'"
one_line
expect 2 "--solver without a name" "$symgrid" plan --problem "$examples/dispatch.json" --solver
one_line
expect 3 "a library that is not there" env SYMGRID_HIGHS_LIB="$work/libhighs.so" \
    "$symgrid" plan --problem "$examples/dispatch.json" --solver highs
holds err "found no libhighs"
one_line
echo "no library" >"$work/libhighs.so"
expect 3 "a library that is none" env SYMGRID_HIGHS_LIB="$work/libhighs.so" \
    "$symgrid" plan --problem "$examples/dispatch.json" --solver highs
one_line

# Worked out by hand: the tie carries 30 of the roof's 50 kW at noon, all it can at one, 10 at two, less 4 %.
expect 0 "zones" "$symgrid" plan --problem "$examples/dispatch-zones.json" --solver clp
holds out 'zone       roof-hall: mean price 0.16000, highest 0.28800 per kWh'
holds out 'link       tie: at most 50.0 kW from roof-hall, 0.0 kW from old-hall'
expect 0 "zones as a document" "$symgrid" plan --problem "$examples/dispatch-zones.json" --solver clp --json
holds out '"links":{"tie":{"forward_kw":[30,50,10],"back_kw":[0,0,0]}}'
holds out '"old-hall":{"marginal_price_per_kwh":[0.2,0.2,0.3]}'
expect 0 "one zone" "$symgrid" plan --problem "$examples/dispatch.json" --json
if grep -q '"zones"' "$work/out"; then
    echo "FAILED: a problem without zones has an answer with zones"
    failures=$((failures + 1))
fi

exit $((failures > 0))
