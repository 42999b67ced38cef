#!/usr/bin/env bash
# The device loop is freestanding: compiled, it needs nothing but the four memory functions that
# every C compiler may call by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
sources=(src/agent/*.c)
if [ ${#sources[@]} -eq 0 ]; then
    echo "skipped: src/agent holds no sources"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
index=0
for source in "${sources[@]}"; do
    "${CC:-cc}" -std=c17 -O2 -ffreestanding -fno-stack-protector -ffp-contract=off -Isrc -Iinclude \
        -c "$source" -o "$scratch/$index.o"
    index=$((index + 1))
done
nm --undefined-only --format=posix "$scratch"/*.o | awk 'NF > 1 {print $1}' | sort -u >"$scratch/needs"
nm --defined-only --extern-only --format=posix "$scratch"/*.o | awk 'NF > 1 {print $1}' |
    sort -u >"$scratch/has"
outside=$(comm -23 "$scratch/needs" "$scratch/has" |
    grep -vxE 'memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_' || true)
if [ -n "$outside" ]; then
    echo "src/agent needs from outside:" $outside
    exit 1
fi
echo "${#sources[@]} files, freestanding"
