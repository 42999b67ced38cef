#!/usr/bin/env bash
# Each public header compiles on its own, as strict C17 and, where a C++ compiler is at hand, as C++17.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
headers=(include/symgrid/*.h)
if [ ${#headers[@]} -eq 0 ]; then
    echo "skipped: include/symgrid holds no headers"
    exit 77
fi
cc=${CC:-cc}
cxx=$(command -v c++ || command -v g++ || command -v clang++ || true)
failures=0
for header in "${headers[@]}"; do
    name=${header#include/}
    printf '#include "%s"\n#include "%s"\nint once;\n' "$name" "$name" |
        "$cc" -std=c17 -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -Iinclude \
            -Isrc -fsyntax-only -x c - || failures=$((failures + 1))
    if [ -n "$cxx" ]; then
        printf '#include "%s"\nint once;\n' "$name" |
            "$cxx" -std=c++17 -Wall -Wextra -Werror -Iinclude -Isrc -fsyntax-only -x c++ - ||
            failures=$((failures + 1))
    fi
done
echo "${#headers[@]} public headers, $failures failures${cxx:+ (C17 and C++17)}"
[ "$failures" -eq 0 ]
