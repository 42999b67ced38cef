#!/usr/bin/env bash
# canary.sh - known mistakes, each of which must be noticed: every tests/canary/*.patch is put into a copy of the tree, which is
# built and run; a patch that no seed and no test of its own notices is a failure.
#
# usage: tools/canary.sh [--check] [PATCH...]     default: all; --check: only whether they apply
# A patch says in front of its first hunk what it breaks, and on a line `Tests: unit.x prop.y` which tests are asked when the seeds
# did not notice. SEEDS says where and how long the swarm looks: lots of `A..B/DURATION`, each only where those before noticed
# nothing (default `1..8/10min 9..48/10min`, and `1..100/2h` where no test is named). JOBS: how many at once.
# Exit status: 0 all were noticed, 1 some were not, 2 one does not apply or the unbroken tree fails.
set -uo pipefail
cd "$(dirname "$0")/.."
source_dir=$PWD
jobs=${JOBS:-$(nproc)}
read -ra seeds <<<"${SEEDS:-1..8/10min 9..48/10min 1..100/2h}"
only_check=
if [ "${1:-}" = --check ]; then
    only_check=1
    shift
fi
patches=("$@")
[ ${#patches[@]} -gt 0 ] || patches=(tests/canary/*.patch)

broken=0
for patch in "${patches[@]}"; do
    if ! git apply --check "$patch" 2>/dev/null; then
        echo "$patch: does not apply to this tree"
        broken=$((broken + 1))
    fi
done
[ $broken -eq 0 ] || exit 2
if [ -n "$only_check" ]; then
    echo "${#patches[@]} patches apply"
    exit 0
fi

# One copy for all of them: what a patch leaves alone is compiled once.
copy=$PWD/build/canary
tree=$copy/tree
rm -rf "$tree"
mkdir -p "$tree"
tar -cf - --exclude=./build --exclude=./.git --exclude=./web/node_modules . | tar -xf - -C "$tree"
cd "$tree"
git init -q . # `git apply` looks for the tree's root
cmake --preset release --log-level=NOTICE >/dev/null || exit 2
make_targets() { cmake --build build/release --parallel "$jobs" --target "$@" >build.log 2>&1; }
target_of() { echo "test_${1//./_}"; }

# Prints who noticed, or nothing.
noticed() { # TESTS...
    local said status=0
    for lot in "${seeds[@]}"; do
        [[ $lot == */*h && $# -gt 0 ]] && continue # its own tests are quicker
        said=$(timeout 600 build/release/symgrid simulate --seeds "${lot%/*}" --faults --for "${lot#*/}" --jobs "$jobs" 2>&1) ||
            status=$?
        if [ $status -ne 0 ]; then
            echo "seeds: $(grep -m1 -E '^seed [0-9]+: ' <<<"$said" | cut -c1-100 || echo "status $status")"
            return
        fi
    done
    for test in "$@"; do
        [ "$test" = none ] && continue
        if ! make_targets "$(target_of "$test")"; then
            echo "error: there is no test $test, or it does not compile"
            return
        fi
        if ! SYMGRID_SOURCE_DIR=$tree timeout 300 "build/release/tests/$(target_of "$test")" >test.log 2>&1; then
            echo "$test: $(grep -m1 -oE '\[  FAILED  \] [a-z_0-9]+' test.log | cut -c14-)"
            return
        fi
    done
}

make_targets symgrid || { cat build.log; exit 2; }
found=$(noticed none)
if [ -n "$found" ]; then
    echo "the tree without any patch fails: $found"
    exit 2
fi
missed=0
for patch in "${patches[@]}"; do
    name=$(basename "$patch" .patch)
    patch=$(cd "$source_dir" && realpath "$patch")
    git apply "$patch" || exit 2
    if make_targets symgrid; then
        read -ra tests <<<"$(sed -n 's/^Tests: //p' "$patch" | head -n 1)"
        found=$(noticed "${tests[@]}")
    else
        found="the compiler: $(grep -m1 -E 'error' build.log | cut -c1-100)"
    fi
    git apply -R "$patch"
    if [[ $found == error:* ]]; then
        printf '%-28s %s\n' "$name" "$found"
        missed=$((missed + 1))
    elif [ -n "$found" ]; then
        printf '%-28s %s\n' "$name" "$found"
    else
        printf '%-28s NOT NOTICED\n' "$name"
        missed=$((missed + 1))
    fi
done
echo "$((${#patches[@]} - missed)) of ${#patches[@]} canaries were noticed"
[ $missed -eq 0 ]
