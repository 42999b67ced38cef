#!/usr/bin/env bash
# The layer check passes a clean tree and names each planted violation by file and line.
set -euo pipefail
check=$(cd "$(dirname "$0")/../tools" && pwd)/layers.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# A small house in order, fresh for each case.
build_tree() {
    rm -rf "$scratch/t"
    mkdir -p "$scratch/t/src/base" "$scratch/t/src/plan" "$scratch/t/src/engine" \
        "$scratch/t/src/serve" "$scratch/t/include/symgrid" "$scratch/t/docs"
    cd "$scratch/t"
    printf '# comment\nbase:\nplan: base\nengine: base plan\nserve: base engine/view.h\n' >src/LAYERS
    printf '#include <stdio.h>\n' >src/base/status.h
    printf '#include "base/status.h"\n' >src/plan/plan.h
    printf '#include "plan/plan.h"\n' >src/engine/view.h
    printf '#include "engine/view.h"\n' >src/engine/frame.h
    printf '#include "engine/view.h"\n#include "symgrid/plan.h"\n' >src/serve/http.c
    printf '#include <stdint.h>\n' >include/symgrid/plan.h
    printf 'Include symgrid/plan.h first.\n' >docs/api.md
}

# expect STATUS TEXT: the check ends with STATUS and prints TEXT.
expect() {
    local status=0 output
    output=$("$check" "$scratch/t" 2>&1) || status=$?
    if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" <<<"$output"; then
        echo "expected status $1 and '$2', got status $status and:"
        printf '%s\n' "$output" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

build_tree; expect 0 "in order"
build_tree; printf '#include "plan/plan.h"\n' >>src/base/status.h
expect 1 'src/base/status.h:2: base may not include "plan/plan.h"'
build_tree; printf '#include "engine/frame.h"\n' >>src/serve/http.c
expect 1 'src/serve/http.c:3: serve may not include "engine/frame.h"'
build_tree; printf '  #  include "engine/view.h" // near\n' >>src/plan/plan.h
expect 1 'src/plan/plan.h:2: plan may not include "engine/view.h"'
build_tree; printf '#include "../engine/view.h"\n' >>src/plan/plan.h
expect 1 'src/plan/plan.h:2: "../engine/view.h": expected "folder/file.h"'
build_tree; printf '#include "status.h"\n' >>src/plan/plan.h
expect 1 'src/plan/plan.h:2: "status.h": expected "folder/file.h"'
build_tree; printf '#include <engine/view.h>\n' >>src/plan/plan.h
expect 1 'src/plan/plan.h:2: include our own headers with quotes'
build_tree; printf '#include "base/gone.h"\n' >>src/plan/plan.h
expect 1 'src/plan/plan.h:2: no such file: src/base/gone.h'
build_tree; mkdir src/attic; printf '#include "base/status.h"\n' >src/attic/old.c
expect 1 'src/attic/old.c:1: src/attic has no line in src/LAYERS'
build_tree; printf '#include "plan/plan.h"\n#include "base/status.h"\n' >>include/symgrid/plan.h
expect 0 "in order"
build_tree; printf '#include "engine/view.h"\n' >>include/symgrid/plan.h
expect 1 'include/symgrid/plan.h:2: plan may not include "engine/view.h"'
build_tree; printf '#include "base/status.h"\n' >>include/symgrid/all.h
expect 1 'include/symgrid/all.h:1: "base/status.h": symgrid/all.h is of no room'
build_tree; printf '#include "symgrid/gone.h"\n' >>src/serve/http.c
expect 1 'src/serve/http.c:3: no such public header: symgrid/gone.h'
build_tree; printf 'See symgrid/gone.h\n' >>docs/api.md
expect 1 'docs/api.md:2: no such public header: symgrid/gone.h'
build_tree; printf 'oops base\n' >>src/LAYERS
expect 2 'src/LAYERS:6: expected'
build_tree; printf 'agent: nowhere\n' >>src/LAYERS
expect 1 'src/LAYERS:6: no such folder: nowhere'

[ "$failures" -eq 0 ] && echo "the layer check caught every planted violation"
exit "$failures"
