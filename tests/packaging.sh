#!/usr/bin/env bash
# The files that go into a package are well formed: unit, completion, man page, pkg-config file.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${SYMGRID_BUILD_DIR:-build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

bash -n packaging/symgrid.bash
echo "completion: ok"

# Completing in a plain shell: subcommands, options of one, values of an option.
complete_line() {
    bash --norc -c '
        . packaging/symgrid.bash
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _symgrid
        printf "%s\n" "${COMPREPLY[@]}"' complete "$@"
}
complete_line symgrid re | grep -x replay >/dev/null
complete_line symgrid run site --sp | grep -x -- --speed >/dev/null
complete_line symgrid run site --policy r | grep -x rules >/dev/null
complete_line symgrid simulate site --policy p | grep -x perfect >/dev/null
if complete_line symgrid query x --po | grep policy; then
    echo "completion: query has no --policy"
    exit 1
fi
complete_line symgrid init --pr | grep -x -- --price-unit >/dev/null
echo "completion: answers"
if command -v zsh >/dev/null; then
    zsh -n packaging/symgrid.zsh
    zsh -f -c '
        _arguments() { if [[ $1 == -C ]]; then state=rest; line=(run); else print -l -- "$@"; fi }
        source packaging/symgrid.zsh' | grep -x -- "--policy\[static, rules or mpc\]:NAME:(static rules mpc)" >/dev/null
    echo "completion of zsh: answers"
fi
if command -v fish >/dev/null; then
    complete_fish() { fish -N -c "source packaging/symgrid.fish; complete -C '$*'"; }
    complete_fish symgrid re | grep '^replay' >/dev/null
    complete_fish symgrid run --sp | grep '^--speed' >/dev/null
    complete_fish symgrid run --policy r | grep '^rules' >/dev/null
    if complete_fish symgrid query --po | grep policy; then
        echo "completion of fish: query has no --policy"
        exit 1
    fi
    echo "completion of fish: answers"
fi

# Prometheus rules and the Grafana dashboard ask for figures that a site serves.
${PYTHON:-python3} - <<'PYTHON'
import json
import re

with open("src/serve/metrics.c", encoding="utf-8") as file:
    served = set(re.findall(r'"(symgrid_[a-z_]+)"', file.read()))
with open("packaging/prometheus/symgrid.rules.yml", encoding="utf-8") as file:
    rules = file.read()
with open("packaging/grafana/symgrid.json", encoding="utf-8") as file:
    board = json.load(file)
texts = {"rules": re.sub(r"#.*", "", rules).replace("symgrid-", ""),
         "dashboard": " ".join(t["expr"] for p in board["panels"] for t in p.get("targets", []))}
for name, text in texts.items():
    unknown = {m for m in re.findall(r"symgrid_[a-z_]+", text)} - served
    assert not unknown, f"{name}: no site serves {sorted(unknown)}"
taken = set()
for panel in board["panels"]:
    at = panel["gridPos"]
    cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
    assert not cells & taken and max(x for x, _ in cells) < 24, f"dashboard: {panel['title']} lies on another panel"
    taken |= cells
assert len({p["id"] for p in board["panels"]}) == len(board["panels"])
PYTHON
if command -v promtool >/dev/null; then
    promtool check rules packaging/prometheus/symgrid.rules.yml >"$scratch/rules" 2>&1 ||
        { cat "$scratch/rules"; exit 1; }
    (cd packaging/prometheus && promtool test rules symgrid.rules.test.yml) >"$scratch/rules" 2>&1 ||
        { cat "$scratch/rules"; exit 1; }
    echo "alert rules: ok"
fi
echo "rules and dashboard: what they ask for is served"

pages=("$build"/man/symgrid-*.1 "$build"/symgrid{,-agent}.1)
[ ${#pages[@]} -gt 10 ] || { echo "manual pages of the verbs are missing"; exit 1; }
for file in "$build"/symgrid.pc "$build"/symgrid{,-agent}.service "${pages[@]}"; do
    if grep -n '@[A-Za-z_]*@' "$file"; then
        echo "$file: a placeholder was left in"
        exit 1
    fi
done
if command -v pkg-config >/dev/null; then
    PKG_CONFIG_PATH=$build pkg-config --exists --print-errors symgrid
    PKG_CONFIG_PATH=$build pkg-config --static --libs symgrid | grep -- -lsymgrid >/dev/null
    echo "pkg-config: ok"
fi
if command -v groff >/dev/null; then
    for page in "${pages[@]}"; do
        groff -man -ww -Tutf8 -z "$page" 2>"$scratch/man" || true
        if [ -s "$scratch/man" ]; then
            cat "$scratch/man"
            exit 1
        fi
    done
    echo "man pages: ok"
fi
if command -v systemd-analyze >/dev/null; then
    for unit in symgrid.service symgrid-agent.service; do
        # The verifier wants the program to exist; any program does.
        sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$build/$unit" >"$scratch/$unit"
        SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$scratch/$unit" \
            >"$scratch/unit" 2>&1 || true
        if grep -F "$unit" "$scratch/unit"; then
            exit 1
        fi
    done
    echo "units: ok"
fi
