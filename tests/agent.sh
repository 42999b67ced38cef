#!/usr/bin/env bash
# The device loop is freestanding: compiled and put together, it needs nothing from outside but the four memory functions that
# a C compiler may call by itself, and for small ARM cores not even those. There it stays below 8 kB.
set -euo pipefail
cd "$(dirname "$0")/.."
code_max=8192
shopt -s nullglob
sources=(src/agent/*.c)
[ ${#sources[@]} -gt 0 ] || { echo "src/agent holds no sources"; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# names_needed NM FOLDER: what the objects need and none of them has
names_needed() {
    "$1" --undefined-only --format=posix "$2"/*.o | awk 'NF > 1 {print $1}' | sort -u >"$2/needs"
    "$1" --defined-only --extern-only --format=posix "$2"/*.o | awk 'NF > 1 {print $1}' |
        sort -u >"$2/has"
    comm -23 "$2/needs" "$2/has"
}

mkdir "$scratch/host"
for source in "${sources[@]}"; do
    "${CC:-cc}" -std=c11 -O2 -ffreestanding -fno-stack-protector -Wall -Wextra -Wpedantic -Werror -Isrc \
        -c "$source" -o "$scratch/host/$(basename "$source" .c).o"
done
outside=$(names_needed nm "$scratch/host" |
    grep -vxE 'memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_' || true)
if [ -n "$outside" ]; then
    echo "src/agent needs from outside:" $outside
    exit 1
fi
# nothing but the compiler's own headers and ours
if grep -nE '#include *<' src/agent/*.[ch] | grep -vE '<(stdbool|stddef|stdint|limits)\.h>'; then
    echo "src/agent includes a header that a device does not have"
    exit 1
fi
echo "${#sources[@]} files, freestanding"

# ---- for the device --------------------------------------------------------------------------------
tool() { # NAME: as it is, or as the newest of its versions is called
    command -v "$1" || compgen -c "$1-" | grep -xE "$1-[0-9]+" | sort -t- -k3 -n | tail -n 1 || true
}
clang=$(tool clang) nm=$(tool llvm-nm) size=$(tool llvm-size)
if [ -z "$clang" ] || [ -z "$nm" ] || [ -z "$size" ] ||
    ! "$clang" --print-targets 2>/dev/null | grep -w thumb >/dev/null; then
    echo "skipped: no clang with a target for ARM here (tools/deps.sh ci installs one)"
    exit 77
fi
failed=0
for target in "thumbv7em-none-eabi cortex-m4" "thumbv6m-none-eabi cortex-m0"; do
    read -r triple cpu <<<"$target"
    folder=$scratch/$cpu
    mkdir "$folder"
    for source in "${sources[@]}"; do
        "$clang" --target="$triple" -mcpu="$cpu" -mfloat-abi=soft -std=c11 -Os -ffreestanding \
            -nostdlib -Wall -Wextra -Wpedantic -Werror -Isrc \
            -c "$source" -o "$folder/$(basename "$source" .c).o"
    done
    outside=$(names_needed "$nm" "$folder")
    if [ -n "$outside" ]; then
        echo "$cpu: needs from outside:" $outside
        failed=1
    fi
    "$size" -A "$folder"/*.o | awk -v cpu="$cpu" -v most=$code_max '
        $1 ~ /^\.text/ {code += $2}
        $1 ~ /^\.rodata/ {constant += $2}
        $1 ~ /^\.(data|bss)/ {variable += $2}
        END {
            printf "%s: %d bytes (code %d, constants %d), variables %d; at most %d\n",
                cpu, code + constant, code, constant, variable, most
            exit !(code > 0 && code + constant < most && variable == 0)
        }' || failed=1
done
exit "$failed"
