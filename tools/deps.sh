#!/usr/bin/env bash
# deps.sh - installs the Debian packages of a group, as far as they are missing.
#
# usage: tools/deps.sh [--list] [GROUP]      groups stand in tools/packages.txt; default: build
#
# Quick and silent where nothing is missing: then it asks dpkg once and touches no network.
# Exit 0 all there, 2 bad usage, 3 something could not be installed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
table=$root/tools/packages.txt
tools=$root/build/tools
list=
if [ "${1:-}" = --list ]; then
    list=1
    shift
fi
group=${1:-build}

# The words of a group with +GROUP replaced by that group's words; groups nest two deep at most.
words_of() {
    local line word
    line=$(sed -n "s/^$1: *//p" "$table")
    if [ -z "$line" ]; then
        echo "deps: no such group: $1 (have: $(sed -n 's/^\([a-z]*\):.*/\1/p' "$table" | tr '\n' ' '))" >&2
        exit 2
    fi
    for word in $line; do
        case $word in
            +*) words_of "${word#+}" ;;
            *) printf '%s\n' "$word" ;;
        esac
    done
}
words=$(words_of "$group") || exit 2
if [ -n "$list" ]; then
    printf '%s\n' "$words" | sort -u
    exit 0
fi

# Elsewhere the build itself says what is missing; these names are a hint for the search.
if ! command -v dpkg-query >/dev/null; then
    if ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
        echo "deps: no dpkg here; install the equivalents of: $(printf '%s ' $words)" >&2
        exit 3
    fi
    exit 0
fi

installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' \
    $(printf '%s\n' $words | grep -v @ | tr '|' ' ') 2>/dev/null |
    sed -n 's/^installed //p' | sort -u | tr '\n' ' ' || true)"
missing=()
unpack=()
for word in $words; do
    if [[ $word == *@* ]]; then
        program=${word%@*}
        if ! command -v "$program" >/dev/null && [ ! -x "$tools/$program" ]; then
            unpack+=("$word")
        fi
        continue
    fi
    present=
    for name in ${word//|/ }; do
        if [[ $installed == *" $name "* ]]; then
            present=1
        fi
    done
    if [ -z "$present" ]; then
        missing+=("$word")
    fi
done
if [ ${#missing[@]} -eq 0 ] && [ ${#unpack[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ] && [ ${#missing[@]} -gt 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: not root and no sudo; as root run: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 3
    fi
    as_root=(sudo)
fi
mkdir -p "$root/build"
log=$root/build/deps.log
: >"$log"
run() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 30 "$log" >&2
        echo "deps: failed: $* (whole log: build/deps.log)" >&2
        exit 3
    fi
}
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)

# Refreshing the lists needs root; without it, unpacking works from the lists that are there.
if [ "$(id -u)" -eq 0 ] || [ ${#missing[@]} -gt 0 ]; then
    echo "deps: refreshing the package lists"
    run "${apt[@]}" update
fi
if [ ${#missing[@]} -gt 0 ]; then
    chosen=()
    for word in "${missing[@]}"; do
        pick=
        for name in ${word//|/ }; do
            if [ -z "$pick" ] && apt-cache show "$name" >/dev/null 2>&1; then
                pick=$name
            fi
        done
        chosen+=("${pick:-${word%%|*}}")
    done
    echo "deps: installing ${chosen[*]}"
    run "${apt[@]}" install --no-install-recommends "${chosen[@]}"
fi
for word in "${unpack[@]}"; do
    program=${word%@*}
    package=${word#*@}
    echo "deps: unpacking $program from $package into build/tools"
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    mkdir -p "$tools"
    (cd "$scratch" && run apt-get -q download "$package")
    run dpkg-deb -x "$scratch/"*.deb "$scratch/tree"
    found=$(find "$scratch/tree" -type f -path "*/bin/$program" -perm -u+x -print -quit)
    if [ -z "$found" ]; then
        rm -rf "$scratch"
        echo "deps: package $package holds no program $program" >&2
        exit 3
    fi
    mv "$found" "$tools/$program"
    rm -rf "$scratch"
done
