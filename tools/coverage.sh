#!/usr/bin/env bash
# coverage.sh - runs the tests with counters and prints coverage by folder of src/.
# usage: tools/coverage.sh [JOBS]      leaves build/coverage/src.info for genhtml and editors
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-2}
build=build/coverage
cmake --preset coverage --log-level=NOTICE
cmake --build "$build" --parallel "$jobs"
find "$build" -name '*.gcda' -delete
ctest --preset coverage --parallel "$jobs" -LE slow || echo "coverage: some tests failed" >&2
# The baseline holds every compiled file, so that untested ones show up with 0.
capture=(lcov --quiet --rc lcov_branch_coverage=1 --directory "$build" --base-directory "$PWD")
"${capture[@]}" --capture --initial --output-file "$build/none.info" 2>/dev/null
"${capture[@]}" --capture --output-file "$build/some.info" 2>/dev/null
lcov --quiet --rc lcov_branch_coverage=1 --add-tracefile "$build/none.info" \
    --add-tracefile "$build/some.info" --output-file "$build/all.info"
lcov --quiet --rc lcov_branch_coverage=1 --extract "$build/all.info" "$PWD/src/*" \
    --output-file "$build/src.info"
awk -F: -v root="$PWD/src/" '
$1 == "SF" { folder = substr($2, length(root) + 1); sub(/\/.*/, "", folder) }
$1 == "LF" { lines[folder] += $2 } $1 == "LH" { lines_hit[folder] += $2 }
$1 == "BRF" { branches[folder] += $2 } $1 == "BRH" { branches_hit[folder] += $2 }
function row(name, l, lh, b, bh) {
    return sprintf("%-10s %6d lines %5.1f %%   %6d branches %5.1f %%", name, l,
        l ? 100 * lh / l : 0, b, b ? 100 * bh / b : 0)
}
END {
    for (f in lines) {
        print row(f, lines[f], lines_hit[f], branches[f], branches_hit[f]) | "sort"
        l += lines[f]; lh += lines_hit[f]; b += branches[f]; bh += branches_hit[f]
    }
    close("sort")
    print row("all", l, lh, b, bh)
}' "$build/src.info"
