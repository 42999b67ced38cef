#!/usr/bin/env bash
# The documents tell the truth: links and anchors lead somewhere; blocks marked `sh` and `python`
# run with the built program, in order, from a folder that looks like the source root; the options
# of help, completion and manual page, the metrics, tables and reasons are those of the program.
# A block that is shown but not run is marked `console` or `text`. ctest: timeout=600
#
# usage: tests/docs.sh [FILE.md...]      with files: runs only their blocks
set -euo pipefail
cd "$(dirname "$0")/.."
source_dir=$PWD
symgrid=$(realpath "${SYMGRID:-build/release/symgrid}")
python=${PYTHON:-python3}
scratch=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap finish EXIT
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
if [ $# -gt 0 ]; then
    documents=("$@")
else
    documents=(README.md CONTRIBUTING.md ARCHITECTURE.md docs/*.md docs/models/*.md data/README.md)
fi

# ---- blocks --------------------------------------------------------------------------------------
# Each file gets a folder with the source's folders in it, so that what its blocks write is there
# for the next block and goes nowhere else.
mkdir "$scratch/bin"
ln -s "$symgrid" "$scratch/bin/symgrid"
agent=$(realpath "${SYMGRID_AGENT:-build/release/symgrid-agent}")
ln -s "$agent" "$scratch/bin/symgrid-agent"
ln -s "$(command -v "$python")" "$scratch/bin/python3"
export PATH=$scratch/bin:$PATH NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
"$python" -c 'import requests' 2>/dev/null && has_requests=1 || has_requests=
[ -n "$has_requests" ] || echo "python blocks are left out: there is no module requests"

# blocks FILE: each block marked sh or python goes to NUMBER.LANGUAGE, behind a line of its place.
blocks() {
    awk -v name="$1" '
    !inside && /^ *```/ {
        match($0, /^ */)
        indent = RLENGTH
        language = substr($0, indent + 4)
        inside = 1
        file = language == "sh" || language == "python" ? sprintf("%03d.%s", ++count, language) : ""
        if (file != "") print "# " name ":" NR + 1 >file
        next
    }
    inside && /^ *``` *$/ { if (file != "") close(file); inside = 0; next }
    inside && file != "" { print substr($0, indent + 1) >file }
    END { if (inside) { print name ": a block is not closed"; exit 1 } }' "$source_dir/$1"
}

start_server() {
    : >server.err # there before the first look at it
    "$symgrid" run sites/hall.maml.md --listen 127.0.0.1:0 --speed 60 --from 2023-06-01T06:00Z \
        >server.out 2>server.err &
    server=$!
    port=
    for _ in $(seq 100); do
        port=$(sed -n 's/.*(port \([0-9]*\)).*/\1/p' server.err)
        if [ -n "$port" ] && curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then
            sleep 2 # of wall time: two minutes of telemetry
            return
        fi
        sleep 0.1
    done
    cat server.err
    fail "the server for the examples did not start"
}

stop_server() {
    if [ -n "$server" ]; then
        kill -INT "$server"
        wait "$server" || fail "the server for the examples ended with status $?"
        server=
    fi
}

ran=0
for document in "${documents[@]}"; do
    mkdir -p "$scratch/$document"
    cd "$scratch/$document"
    for folder in sites data docs src; do
        ln -s "$source_dir/$folder" $folder
    done
    mkdir .blocks
    (cd .blocks && blocks "$document") || fail "$document"
    port=8048
    if grep -qs '127\.0\.0\.1:8048\|symgrid-data/hall' .blocks/*; then
        start_server
    fi
    for block in .blocks/*; do
        [ -e "$block" ] || continue
        case $block in
            *.python)
                [ -n "$has_requests" ] || continue
                run=("$python")
                ;;
            *) run=(bash -euo pipefail) ;;
        esac
        sed -i "s/127\.0\.0\.1:8048/127.0.0.1:$port/g" "$block"
        if ! timeout 60 "${run[@]}" "$block" >block.out 2>&1 </dev/null; then
            fail "$(sed -n '1s/^# //p' "$block") does not run:"
            sed -n '2,$p' "$block" | sed 's/^/    /'
            tail -n 5 block.out
        fi
        ran=$((ran + 1))
    done
    stop_server
    cd "$source_dir"
done
echo "$ran blocks ran"
[ "$ran" -gt 0 ] || [ $# -gt 0 ] || fail "no blocks were found"
if [ $# -gt 0 ]; then
    exit $((failures > 0))
fi

# ---- models ----------------------------------------------------------------------------------------
tools/models.sh "$symgrid" --check || failures=$((failures + 1))

# ---- options -------------------------------------------------------------------------------------
"$python" tools/manual.py "$symgrid" --check || failures=$((failures + 1))
# The same without that tool: what the usage lines and the lists below them name; examples and prose may name other things.
options() { grep -oE -- '--[a-z][a-z-]*' | grep -vx -- --help | sort -u | tr '\n' ' ' || true; }
# shellcheck source=packaging/symgrid.bash
. packaging/symgrid.bash
for verb in $(sed -n 's/^SG_VERB(\([a-z]*\),.*/\1/p' src/cli/verbs.def); do
    help=$("$symgrid" "$verb" --help | grep -E '^usage:|^ *symgrid |^ *--' | sed 's/  example.*//' |
        sed '/^ *--/s/\(--[a-z-]*\).*/\1/' | grep -v '"\|printf' | options)
    completion=$(_symgrid_options "$verb" | options)
    manual=$(sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p;/^\\fB/p' "packaging/man/symgrid-$verb.1.in" |
        sed 's/\\-/-/g; s/\\f[BIP]//g' | options)
    fish=$(sed -n "s/.*__fish_seen_subcommand_from $verb' -l \([a-z-]*\) .*/--\1/p" packaging/symgrid.fish | options)
    zsh=$(sed -n "/^        $verb) _arguments/,/ ;;\$/p" packaging/symgrid.zsh | grep -oE "'[*]?--[a-z-]*\[" | options)
    [ "$help" = "$completion" ] || fail "$verb: --help has $help, packaging/symgrid.bash $completion"
    [ "$help" = "$manual" ] || fail "$verb: --help has $help, packaging/man/symgrid-$verb.1.in $manual"
    [ "$help" = "$fish" ] || fail "$verb: --help has $help, packaging/symgrid.fish $fish"
    [ "$help" = "$zsh" ] || fail "$verb: --help has $help, packaging/symgrid.zsh $zsh"
done

help=$("$agent" --help | grep -E '^usage:|^ *symgrid-agent |^ *--' | options)
manual=$(sed -n '/^\.SH OPTIONS/,/^\.SH FILE/p' packaging/symgrid-agent.1.in | sed 's/\\-/-/g' | options)
[ "$help" = "$manual" ] || fail "symgrid-agent: --help has $help, packaging/symgrid-agent.1.in $manual"

# ---- links, metrics, tables, reasons -------------------------------------------------------------
"$symgrid" simulate sites/floating.maml.md --from 2023-06-01 --for 1d --json 2>/dev/null \
    >"$scratch/report.json"
"$symgrid" run sites/hall.maml.md --no-serve --speed max --from 2023-06-01 --for 1s \
    --data "$scratch/tables" >/dev/null 2>&1
for table in energy device decision settlement energy_1min energy_15min alarm meta; do
    "$symgrid" query "SELECT name FROM pragma_table_info('$table')" --data "$scratch/tables" --json \
        >"$scratch/$table.json" 2>/dev/null ||
        "$symgrid" query "SELECT * FROM $table LIMIT 0" --data "$scratch/tables" --json \
            >"$scratch/$table.json"
done
"$python" - "$scratch" "${documents[@]}" <<'PYTHON' || failures=$((failures + 1))
import json
import os
import re
import sys

scratch, documents = sys.argv[1], sys.argv[2:]
wrong = []


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_code(text):
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path):
    """Headings as GitHub turns them into anchors."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", read(path), flags=re.S | re.M), flags=re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


links = 0
for document in documents:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(document))):
        if re.match(r"[a-z]+:", target):
            continue
        links += 1
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
        if not os.path.exists(path):
            wrong.append(f"{document}: the link {target} leads nowhere")
        elif anchor and anchor not in anchors(path):
            wrong.append(f"{document}: {path} has no heading #{anchor}")


def expand(name):
    """forecast{load,generation}.mae_kw, stores{id}.cycles, energy_kwh{source} -> with * for the braces."""
    return re.sub(r"\{[^}]*\}", ".*", name)


def documented(text):
    names = set()
    for row in re.findall(r"^\| (`[^|]*) \|", text, flags=re.M):
        prefix = ""
        for name in re.findall(r"`([^`]+)`", row):
            if prefix and "." not in name and "{" not in name:
                name = prefix + name
            names.add(expand(name))
            prefix = name.rpartition(".")[0] + "." if "}." in name else ""
    return names


def flat(value, path):
    if isinstance(value, dict) and value:
        return {name for key, item in value.items() for name in flat(item, path + [key])}
    starred = {"energy_kwh": 1, "available_kwh": 1, "stores": 1, "forecast": 1, "baseline": 1}
    return {".".join("*" if i and path[i - 1] in starred and i == 1 else key for i, key in enumerate(path))}


with open(os.path.join(scratch, "report.json")) as file:
    report = json.load(file)
metrics = report.pop("metrics")
in_report = flat(report, []) | flat(metrics, [])
of_site = {name for name in documented(read("docs/metrics.md")) if name.startswith("symgrid_")}
served = read("src/serve/metrics.c")
for name in sorted(of_site):
    if name not in served:
        wrong.append(f"docs/metrics.md defines {name}, which a running site does not serve")
in_document = documented(read("docs/metrics.md")) - of_site
for name in sorted(in_report - in_document):
    wrong.append(f"docs/metrics.md does not define {name}, which the report has")
for name in sorted(in_document - in_report):
    wrong.append(f"docs/metrics.md defines {name}, which the report does not have")

tables = {}
query = read("docs/query.md")
for row in re.findall(r"^\| (`[a-z0-9_]+`(?:, `[a-z0-9_]+`)*) \| [^|]* \| ([^|]*) \|", query, flags=re.M):
    columns = set(re.findall(r"`([a-z_0-9]+)`", row[1]))
    for table in re.findall(r"`([^`]+)`", row[0]):
        tables[table] = columns
for table, columns in tables.items():
    with open(os.path.join(scratch, table + ".json")) as file:
        answer = json.load(file)
    real = {r[0] for r in answer["rows"]} if answer["columns"] == ["name"] else set(answer["columns"])
    if table.startswith("energy_1"):
        real = {re.sub(r"_(min|max)$", "", name) for name in real}
        columns = columns - {"_min", "_max"}
    if real != columns:
        wrong.append(f"docs/query.md: {table}: {sorted(real ^ columns)} stand on one side only")
if len(tables) != 8:
    wrong.append(f"docs/query.md: expected 8 tables, found {sorted(tables)}")

reasons = dict(re.findall(r'X\(SG_REASON_\w+,\s*"(\w+)",[\s\\]*"([^"]*)"\)', read("src/site/reason.h")))
safety = read("docs/safety.md")
told = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", safety[safety.index("## Reasons"):], flags=re.M))
faults = re.findall(r'X\(SG_FAULT_\w+, "(\w+)", SG_FAULT_\w+, [\w.]+,[\s\\]*"([^"]*)"\)', read("src/site/fault.h"))
listed = re.findall(r"^\| `(\w+)` \| [^|]*\| ([^|]*) \|$", read("docs/site-file.md"), flags=re.M)
if not faults or not set(faults) <= set(listed):
    wrong.append(f"docs/site-file.md: faults differ from src/site/fault.h: {sorted(set(faults) - set(listed))}")
if reasons != told:
    wrong.append(f"docs/safety.md: reasons differ from src/site/reason.h: {sorted(set(reasons.items()) ^ set(told.items()))}")

alarms = read("src/site/alarm.h")
alarms = alarms[alarms.index("#define SG_ALARM_LIST"):alarms.index("typedef enum sg_alarm_kind")].replace("\\\n", " ")
kinds = {(kind, priority.lower(), on, off, "".join(re.findall(r'"([^"]*)"', text))) for kind, priority, on, off, text in
         re.findall(r'X\(SG_ALARM_\w+,\s*"(\w+)",\s*SG_PRIORITY_(\w+),\s*([\d.]+),\s*([\d.]+),\s*"[^"]*",\s*((?:"[^"]*"\s*)+),', alarms)}
listed = set(re.findall(r"^\| `(\w+)` \| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([^|]*) \|$", read("docs/alarms.md"), flags=re.M))
if not kinds or kinds != listed or len(kinds) != alarms.count("X(SG_ALARM_"):
    wrong.append(f"docs/alarms.md: kinds differ from src/site/alarm.h: {sorted(kinds ^ listed)}")

for line in wrong:
    print("FAILED:", line)
print(f"{links} links, {len(in_report)} metrics, {len(tables)} tables, {len(reasons)} reasons compared")
sys.exit(bool(wrong) or not links or not in_report or not reasons)
PYTHON

[ "$failures" -eq 0 ] && echo "the documents tell the truth"
exit $((failures > 0))
