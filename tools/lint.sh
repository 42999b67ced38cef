#!/usr/bin/env bash
# lint.sh - what a reviewer should not have to say: formatting, layers, banned calls, clang-tidy.
# usage: tools/lint.sh [--fix]      --fix formats the sources in place and does nothing else
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(find src include tests bench -type f \( -name '*.c' -o -name '*.h' \) | sort)
[ ${#files[@]} -gt 0 ] || { echo "lint: no sources"; exit 0; }
if [ "${1:-}" = --fix ]; then
    printf '%s\0' "${files[@]}" | xargs -0 clang-format -i
    exit 0
fi
failed=0

echo "== formatting"
printf '%s\0' "${files[@]}" | xargs -0 clang-format --dry-run 2>&1 |
    sed -n 's/^\([^ :]*\):\([0-9]*\):.*clang-format-violations.*/\1/p' | sort | uniq -c |
    awk '{print "  " $2 ": " $1 " places (make fmt)"; bad = 1} END {exit bad}' || failed=1

echo "== layers"
tools/layers.sh || failed=1

echo "== banned calls"
# call: why not, and what instead
while IFS=: read -r call reason; do
    if printf '%s\0' "${files[@]}" | xargs -0 grep -nE "(^|[^A-Za-z0-9_])$call *\(" |
        sed "s#\$#   <- $reason#" | grep .; then
        failed=1
    fi
done <<'LIST'
(strcpy|strcat|stpcpy):no bound; snprintf or memcpy with a length
(sprintf|vsprintf):no bound; snprintf
gets:no bound; fgets
strtok:hidden state; strtok_r or strcspn
(atoi|atol|atof):no error; strtol, strtod or base/text.h
alloca:stack without a bound; the caller's memory
(rand|srand|random):not reproducible; base/prng.h
(system|popen):a shell between us and the program; posix_spawn
(localtime|gmtime|ctime|asctime):hidden state; base/time.h
LIST
if printf '%s\0' "${files[@]}" | xargs -0 grep -nwE 'TODO|FIXME|XXX|HACK'; then
    failed=1
fi

echo "== clang-tidy"
cmake --preset clang --log-level=NOTICE >/dev/null
python3 - <<'PY' 2>/dev/null >build/clang/tidy-files || find src -name '*.c' >build/clang/tidy-files
import json, os
for entry in json.load(open("build/clang/compile_commands.json")):
    path = os.path.relpath(entry["file"])
    if path.endswith(".c") and path.startswith("src/"):
        print(path)
PY
xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/clang <build/clang/tidy-files 2>/dev/null |
    grep -E '(warning|error):' | sort -u >build/clang/tidy-findings || true
if [ -s build/clang/tidy-findings ]; then
    sed "s|$PWD/||" build/clang/tidy-findings
    echo "  $(wc -l <build/clang/tidy-findings) findings"
    failed=1
fi
[ "$failed" -eq 0 ] && echo "lint: clean"
exit "$failed"
