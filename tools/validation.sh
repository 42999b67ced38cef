#!/usr/bin/env bash
# validation.sh - runs the golden tests of a build and writes their figures into docs/validation.md.
#
# usage: tools/validation.sh BUILD_FOLDER [--check]
#
# Each golden test that has a table tests/golden/models/NAME.csv appends its rows to $SYMGRID_VALIDATION (tests/golden/golden.h):
# table, case, published, ours, tolerance, unit, source. Of several figures for one case the one farthest off is kept.
# --check writes nothing; exit 1 where the document would change. A test that fails ends it with status 1, too.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
build=${1:?usage: tools/validation.sh BUILD_FOLDER [--check]}
check=${2:-}
document=docs/validation.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export SYMGRID_VALIDATION=$scratch/figures
: >"$SYMGRID_VALIDATION"
shopt -s nullglob
ran=0
for test in "$build"/tests/test_golden_*; do
    if ! "$test" >"$scratch/said" 2>&1; then
        cat "$scratch/said"
        echo "tools/validation.sh: $test fails; nothing was written" >&2
        exit 1
    fi
    ran=$((ran + 1))
done
if [ ! -s "$SYMGRID_VALIDATION" ]; then
    echo "tools/validation.sh: no golden test of $build has a table (build them first)" >&2
    exit 1
fi
for table in tests/golden/models/*.csv; do
    if head -n 1 "$table" | grep -qx 'case,figure,tolerance,unit,source' &&
        ! grep -q "^$table	" "$SYMGRID_VALIDATION"; then
        echo "tools/validation.sh: $table is read by no test of $build" >&2
        exit 1
    fi
done

# Sorted by table; within one in the table's own order.
sort -s -t '	' -k 1,1 "$SYMGRID_VALIDATION" | awk -F '\t' '
function absolute(x) { return x < 0 ? -x : x }
function cell(text) { gsub(/\|/, "\\|", text); return text }
{
    name = $1
    sub(/.*\//, "", name)
    sub(/\.csv$/, "", name)
    if (name != last) tables[++count] = name
    last = name
    cases[name]++
    ratio = $5 > 0 ? absolute($4 - $3) / $5 : absolute($4 - $3) > 0
    if (ratio >= worst[name]) { worst[name] = ratio; at[name] = $2 }
    rows[name] = rows[name] "| `" $2 "` | " $3 " | " $4 " | " $5 " | " cell($6) " | " cell($7) " |\n"
}
END {
    print "| table | figures | farthest off, in tolerances | |"
    print "|---|---:|---:|---|"
    for (i = 1; i <= count; i++) {
        n = tables[i]
        all += cases[n]
        printf "| [%s](#%s) | %d | %.2f | `%s` |\n", n, n, cases[n], worst[n], at[n]
    }
    printf "\n%d figures in %d tables, all within their tolerance.\n", all, count
    for (i = 1; i <= count; i++) {
        n = tables[i]
        printf "\n### %s\n\n[tests/golden/models/%s.csv](../tests/golden/models/%s.csv)\n\n", n, n, n
        print "| case | published | ours | tolerance | unit | source |"
        print "|---|---:|---:|---:|---|---|"
        printf "%s", rows[n]
    }
}' >"$scratch/tables"
awk -v tables="$scratch/tables" '
/^<!-- tables: begin -->$/ { print; print ""; while ((getline line < tables) > 0) print line; print ""; skip = 1 }
/^<!-- tables: end -->$/ { skip = 0; ended = 1 }
!skip { print }
END { exit !ended }' "$document" >"$scratch/document"
if cmp -s "$scratch/document" "$document"; then
    echo "$document is up to date ($ran golden tests)"
elif [ "$check" = --check ]; then
    echo "$document is not up to date (tools/validation.sh BUILD_FOLDER)"
    exit 1
else
    cat "$scratch/document" >"$document"
    echo "wrote the tables of $document ($ran golden tests)"
fi
