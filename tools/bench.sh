#!/usr/bin/env bash
# bench.sh - runs every benchmark program of a build, one after the other.
# usage: tools/bench.sh BUILD_FOLDER [NAME...]      NAME picks bench_NAME
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tools/bench.sh BUILD_FOLDER [NAME...]}
shift
export SYMGRID=$PWD/$build/symgrid OPENBLAS_NUM_THREADS=1
shopt -s nullglob
sources=(bench/bench_*.c)
scripts=(bench/bench_*.sh)
ran=0
for file in "${sources[@]}" "${scripts[@]}"; do
    name=$(basename "${file%.*}")
    if [ $# -gt 0 ] && [[ " $* " != *" ${name#bench_} "* ]]; then
        continue
    fi
    echo "== ${name#bench_}"
    case $file in
        *.sh) bash "$file" ;;
        *) "$build/bench/$name" ;;
    esac
    ran=$((ran + 1))
done
if [ "$ran" -eq 0 ]; then
    echo "no benchmark${1:+ called $*} in bench/"
fi
