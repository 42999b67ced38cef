#!/usr/bin/env bash
# models.sh - tables and pictures of docs/models/*.md, and the list of models, from the program itself.
#
# usage: tools/models.sh PROGRAM [--check]
#
# In docs/models/NAME.md what stands between `<!-- table: begin -->` and `<!-- table: end -->` is `PROGRAM model NAME
# --markdown`, and NAME.svg is `PROGRAM model NAME --plot`. A page may name options for its picture:
# `<!-- plot: --set capacity=4MW -->`. In docs/models/index.md the list of models stands there, by family.
# --check writes nothing; exit 1, with a line for each, where a page is missing or not what would be written.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: tools/models.sh PROGRAM [--check]}")
check=${2:-}
if [ -n "$check" ] && [ "$check" != --check ]; then
    echo "tools/models.sh: expected --check or nothing, got '$check'" >&2
    exit 2
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() {
    echo "docs/models: $*"
    failures=$((failures + 1))
}

# put NEW OLD: takes over what differs, or says so.
put() {
    if cmp -s "$1" "$2"; then
        return
    fi
    if [ -n "$check" ]; then
        fail "$2 is not up to date (tools/models.sh PROGRAM)"
    else
        cat "$1" >"$2"
        echo "wrote $2"
    fi
}

# between TEXT PAGE: the page with the text between its markers. Fails where it does not have both, once and in order.
between() {
    awk -v text="$1" '
    /^<!-- table: begin -->$/ {
        begun++
        print
        while ((getline line < text) > 0) print line
        skip = 1
    }
    /^<!-- table: end -->$/ { ended += skip; skip = 0 }
    !skip { print }
    END { exit !(begun == 1 && ended == 1) }' "$2"
}

# ---- a page each ---------------------------------------------------------------------------------
shopt -s nullglob
for page in docs/models/*.md; do
    name=$(basename "$page" .md)
    if [ "$name" = index ]; then
        continue
    fi
    if ! "$program" model "$name" --markdown >"$scratch/markdown" 2>/dev/null; then
        fail "$page: there is no model '$name'"
        continue
    fi
    { echo && cat "$scratch/markdown" && echo; } >"$scratch/table"
    if ! between "$scratch/table" "$page" >"$scratch/page"; then
        fail "$page: expected one line <!-- table: begin --> and one <!-- table: end --> after it"
        continue
    fi
    put "$scratch/page" "$page"
    if grep -q "]($name\.svg)" "$page"; then
        read -ra options < <(sed -n 's/^<!-- plot: \(.*\) -->$/\1/p' "$page") || true
        if "$program" model "$name" --plot "${options[@]}" >"$scratch/picture" 2>"$scratch/said"; then
            put "$scratch/picture" "docs/models/$name.svg"
        else
            fail "$page: no picture: $(cat "$scratch/said")"
        fi
    fi
done
for name in $(sed -n 's/^SG_MODEL(\([a-z0-9_]*\)).*/\1/p' src/model/models.def); do
    [ -e "docs/models/$name.md" ] || fail "$name has no page docs/models/$name.md"
done
for picture in docs/models/*.svg; do
    name=$(basename "$picture" .svg)
    grep -qs "]($name\.svg)" "docs/models/$name.md" || fail "$picture is shown on no page"
done

# ---- the list ------------------------------------------------------------------------------------
# What a family holds; a model that stands nowhere here is listed last, by its role.
families=(
    "Sun: solar sun transposition incidence cell_temperature pv soiling clear_sky decomposition"
    "Salt and water: osmotic osmotic_loop electrodialysis desalination seawater"
    "Engines and fusion: generator genset fusion"
    "Batteries: lithium_ion battery_voltage battery_thermal ageing rainflow"
    "Other stores: flywheel supercapacitor thermal hydrogen information temporal deferrable quantum"
    "Store algebra: transfer_operator time_shift transfer_efficiency storage_operator capacity_sum sync_bound"
    "Distribution: grid cable transformer converter psu ups breaker fuse powerflow"
    "Computing and cooling: load server accelerator facility chiller cooling pue"
    "Sea and sensing: waves wave_spectrum platform ranging clock"
    "Grid services: regulation droop inertia demand_charge tariff"
    "Reliability: availability outage_table"
    "Quantum networks: entanglement qaoa"
)
"$program" model --list >"$scratch/list"
rows() { # NAME...: a row for each that the program has, and remembers it
    local name role title link
    for name in "$@"; do
        read -r role title < <(sed -n "s/^$name  *//p" "$scratch/list") || continue
        link="\`$name\`"
        [ -e "docs/models/$name.md" ] && link="[\`$name\`]($name.md)"
        echo "| $link | $role | $title |"
        echo "$name" >>"$scratch/listed"
    done
}
: >"$scratch/listed"
{
    for family in "${families[@]}"; do
        read -ra names <<<"${family#*:}"
        rows "${names[@]}" >"$scratch/rows"
        if [ -s "$scratch/rows" ]; then
            printf '\n### %s\n\n| | role | |\n|---|---|---|\n' "${family%%:*}"
            cat "$scratch/rows"
        fi
    done
    mapfile -t others < <(awk '{print $1}' "$scratch/list" | grep -vxFf "$scratch/listed" || true)
    if [ ${#others[@]} -gt 0 ]; then
        printf '\n### Others\n\n| | role | |\n|---|---|---|\n'
        rows "${others[@]}"
    fi
    echo
} >"$scratch/families"
if between "$scratch/families" docs/models/index.md >"$scratch/index"; then
    put "$scratch/index" docs/models/index.md
else
    fail "docs/models/index.md: expected one line <!-- table: begin --> and one <!-- table: end --> after it"
fi
if [ "$failures" -eq 0 ]; then
    echo "docs/models: $(wc -l <"$scratch/list") models, all pages up to date"
fi
exit $((failures > 0))
