#!/usr/bin/env bash
# summary.sh - adds up JUnit files that ctest wrote for several builds of the same tests.
#
# usage: tools/summary.sh FILE.xml...
# A test counts once: failed where any build failed it, else passed where any passed it, else
# skipped. Lists failures and skips; the last line reads `N passed, N failed[, N skipped]`.
set -euo pipefail
awk '
function attribute(name,    rest) {
    if (!match($0, " " name "=\"[^\"]*\"")) return ""
    rest = substr($0, RSTART + length(name) + 3)
    return substr(rest, 1, index(rest, "\"") - 1)
}
function take(test, verdict) {
    if (!(test in result)) order[++count] = test
    if (verdict > result[test] + 0) {
        result[test] = verdict
        where[test] = FILENAME
    }
}
/^[ \t]*<testcase / {
    test = attribute("name")
    status = attribute("status")
    take(test, status == "run" ? 2 : status == "fail" ? 3 : 1)
}
END {
    for (i = 1; i <= count; i++) {
        test = order[i]
        if (result[test] == 3) { failed++; print "failed: " test " (" where[test] ")" }
        else if (result[test] == 2) passed++
        else { skipped++; print "skipped: " test }
    }
    printf "%d passed, %d failed", passed, failed
    if (skipped) printf ", %d skipped", skipped
    print ""
    exit failed > 0
}' "$@" /dev/null
