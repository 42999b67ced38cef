#!/bin/bash
# symgrid forecast as a user meets it: bad input gets one line and status 2, good input a forecast with its skill.
set -u
symgrid=${SYMGRID:?the path of the built program}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refused WHAT TEXT ARGUMENT...: status 2, nothing on stdout, one line on stderr that holds TEXT
refused() {
    local what=$1 text=$2
    shift 2
    "$symgrid" forecast "$@" >"$work/out" 2>"$work/err" </dev/null
    local status=$?
    if [ "$status" != 2 ] || [ -s "$work/out" ] || [ "$(wc -l <"$work/err")" != 1 ] ||
        ! grep -qF -- "$text" "$work/err"; then
        fail "$what: expected status 2 and one line with '$text', got status $status and"
        head -3 "$work/err"
    fi
}

good=$work/good.csv
"$python" - "$good" <<'PYTHON'
import math, sys
with open(sys.argv[1], "w") as file:
    file.write("time,load,sun\n")
    for i in range(24 * 20):
        file.write(f"2023-06-{1 + i // 24:02d}T{i % 24:02d}:00Z,{100 + 10 * math.sin(i * math.pi / 12):.3f},")
        file.write("" if i % 50 == 7 else f"{max(0, -math.cos(i * math.pi / 12)):.3f}")
        file.write("\n")
PYTHON
csv() { printf '%b' "$2" >"$work/$1.csv"; }
csv empty ''
csv header 'time,load\n'
csv blank '\n\n'
csv ragged 'load,sun\n1,2\n3\n'
csv wide 'load,sun\n1,2\n3,4,5\n'
csv word 'load\n1\ntwo\n'
csv when 'time,load\n2023-01-01,1\nyesterday,2\n'
csv nul 'load\n1\n\00002\n'
csv twice 'load,load\n1,2\n3,4\n'
csv unread 'load\n\nNaN\nNA\n'
csv only 'time\n2023-01-01\n'
csv control 'load\n1\n\033[31mred\n'

refused "an empty file" "empty.csv:1: expected a header" "$work/empty.csv" --horizon 1
refused "a header alone" "header.csv:2: expected rows" "$work/header.csv" --horizon 1
refused "blank lines" "blank.csv:1: expected" "$work/blank.csv" --horizon 1
refused "a short row" "ragged.csv:3: expected as many cells as the header has" "$work/ragged.csv" --horizon 1
refused "a long row" "wide.csv:3: expected as many cells as the header has" "$work/wide.csv" --horizon 1
refused "a word" "word.csv:3: expected a number, got 'two'" "$work/word.csv" --horizon 1
refused "a bad time" "when.csv:3: expected a time" "$work/when.csv" --horizon 1
refused "NUL bytes" "NUL" "$work/nul.csv" --horizon 1
refused "two columns of one name" "twice.csv:1: expected" "$work/twice.csv" --horizon 1
refused "nothing that was read" "unread.csv:2: expected a value in some row" "$work/unread.csv" --horizon 1
refused "nothing but times" "only.csv:1: expected a column that is neither the time nor an input" "$work/only.csv" --horizon 1
refused "control bytes" "got '?[31mred'" "$work/control.csv" --horizon 1
refused "an unknown column" "got 'wind'" "$good" --horizon 1 --target load,wind
refused "a target twice" "got 'load'" "$good" --horizon 1 --target load,load
refused "the time as a target" "got 'time'" "$good" --horizon 1 --target time
refused "an unknown time" "--time" "$good" --horizon 1 --time when
refused "no horizon" "expected --horizon" "$good"
refused "no file" "expected a file" --horizon 1
refused "a horizon of nothing" "--horizon" "$good" --horizon 0
refused "a horizon of days" "--horizon" "$good" --horizon 2d
refused "a horizon too far" "--horizon" "$good" --horizon 5000
refused "a horizon as long as the file" "expected at least" "$good" --horizon 400
refused "more rows than there are" "got 480" "$good" --horizon 2 --backtest --train 400 --val 50 --test 50
refused "a test shorter than the horizon" "expected" "$good" --horizon 24 --backtest --train 300 --val 50 --test 20
refused "no train rows" "--train" "$good" --horizon 2 --backtest --test 50
refused "a model of another name" "did you mean 'ridge'" "$good" --horizon 1 --model rigde
refused "a share above one" "--intervals" "$good" --horizon 1 --intervals 80
refused "too many shares" "--intervals" "$good" --horizon 1 --intervals 0.1,0.2,0.3,0.4,0.5
refused "a limit that is none" "expected a limit or a percentile" "$good" --horizon 1 --overload high
refused "a percentile above 100" "expected a limit or a percentile" "$good" --horizon 1 --overload p101
refused "a limit of a scaled column" "expected no --standardize" "$good" --horizon 1 --overload 5 --standardize
refused "an unknown option" "--frobnicate" "$good" --horizon 1 --frobnicate
refused "an input that is not there" "for --inputs, each once, got 'wind'" "$good" --horizon 1 --inputs wind
refused "an input that is known and seen" "for --inputs, each once, got 'sun'" "$good" --horizon 1 --known sun --inputs sun
refused "all columns inputs" "expected a column that is neither the time nor an input" "$good" --horizon 1 --inputs sun,load
refused "known rows that are missing" "expected 3 rows of the columns known ahead" "$good" --horizon 3 --target load --known sun
refused "a calendar without times" "expected a column of times" "$work/wide.csv" --horizon 1 --calendar
refused "a place beyond the pole" "--sun: expected LATITUDE,LONGITUDE" "$good" --horizon 1 --sun 91,0
refused "a place of one number" "--sun: expected" "$good" --horizon 1 --sun 45
refused "a zone that is none" "--zone: expected a zone" "$good" --horizon 1 --zone Berlin
refused "a mixture with a model of another name" "did you mean 'trees'" "$good" --horizon 1 --model auto,treees
SYMGRID_XGBOOST_LIB="$work/libxgboost.so" "$symgrid" forecast "$good" --horizon 1 --model auto,trees >"$work/out" 2>"$work/err"
[ $? = 3 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "apt-get install libxgboost0" "$work/err" ||
    fail "trees without XGBoost: expected status 3 and one line that says what to install"
SYMGRID_XGBOOST_LIB="$work/libxgboost.so" "$symgrid" forecast --list | grep -q "^trees .*apt-get install libxgboost0" ||
    fail "the list does not say that XGBoost is missing"
"$symgrid" forecast "$work/nowhere.csv" --horizon 1 >"$work/out" 2>"$work/err"
[ $? = 3 ] && [ "$(wc -l <"$work/err")" = 1 ] || fail "a file that is not there: expected status 3 and one line"
"$symgrid" forecast "$good" --horizon 2 --plot "$work/no/such.svg" >"$work/out" 2>"$work/err"
[ $? = 3 ] && [ "$(wc -l <"$work/err")" = 1 ] || fail "a picture that cannot be written: expected status 3 and one line"

"$symgrid" forecast "$good" --horizon 24 --json --plot "$work/plot.svg" --intervals 0.5,0.9 >"$work/out" 2>"$work/err" ||
    fail "a forecast: $(cat "$work/err")"
"$symgrid" forecast - --target sun --horizon 3 --model ridge --json <"$good" >"$work/pipe" 2>>"$work/err" ||
    fail "a forecast of standard input: $(cat "$work/err")"
[ -s "$work/err" ] && fail "a forecast says something on stderr: $(cat "$work/err")"
"$python" - "$work" <<'PYTHON' || fail "what a forecast says"
import json, math, sys, xml.dom.minidom

work = sys.argv[1]
it = json.load(open(work + "/out"))
assert it["format"] == "symgrid.forecast/1", it["format"]
assert it["time"][0] == "2023-06-21T00:00:00Z" and it["time"][-1] == "2023-06-21T23:00:00Z", it["time"]
assert it["season"] == 24 and it["rows"] == 480 and it["missing_cells"] == 10, it
for name, truth in ("load", lambda i: 100 + 10 * math.sin(i * math.pi / 12)), ("sun", lambda i: max(0, -math.cos(i * math.pi / 12))):
    said = it["mean"][name]
    assert len(said) == 24
    assert max(abs(said[i] - truth(i)) for i in range(24)) < 0.02, (name, said)
    for level in "0.5", "0.9":
        low, high = it["lower"][level][name], it["upper"][level][name]
        assert all(low[i] <= said[i] + 0.02 and said[i] - 0.02 <= high[i] for i in range(24))
metrics = it["metrics"]
assert {"persistence", "seasonal_naive", "auto"} <= set(metrics)
assert metrics["persistence"]["skill_vs_persistence"] == 0
assert abs(metrics["auto"]["skill_vs_persistence"] - (1 - metrics["auto"]["mae"] / metrics["persistence"]["mae"])) < 1e-9
for entry in metrics.values():
    assert abs(entry["rmse"] ** 2 - entry["mse"]) < 1e-9 * entry["mse"] + 1e-30
    assert set(entry["coverage"]) == {"0.5", "0.9"}
assert set(it["auto_model"]) == {"load", "sun"} and list(it["auto_model"]["sun"]) == ["1", "2-6", "7-24"]
svg = xml.dom.minidom.parse(work + "/plot.svg")
assert len(svg.getElementsByTagName("path")) > 4
pipe = json.load(open(work + "/pipe"))
assert set(pipe["mean"]) == {"sun"} and set(pipe["metrics"]) == {"persistence", "seasonal_naive", "ridge"}
PYTHON

# A load that is a known column but for a day: its next rows stand in the file; a zone, the sun and a mixture of two.
"$python" - "$work" <<'PYTHON'
import random, sys
random.seed(3)
with open(sys.argv[1] + "/known.csv", "w") as file:
    file.write("time,load,sun,outside,free\n")
    for i in range(24 * 40 + 24):
        outside, day = random.uniform(-5, 30), i // 24
        light = max(0, 1 - ((i % 24) - 12) ** 2 / 36) * (0.3 + 0.7 * random.Random(day).random())
        load = f"{3 * outside + 100:.4f},{light:.4f}" if i < 24 * 40 else ","
        file.write(f"2023-0{6 + day // 30}-{1 + day % 30:02d} {i % 24:02d}:00,{load},{outside:.6f},{int(day == 3)}\n")
PYTHON
"$symgrid" forecast "$work/known.csv" --target load --horizon 24 --known outside --json >"$work/out" 2>"$work/err" ||
    fail "a forecast with a known column: $(cat "$work/err")"
"$symgrid" forecast "$work/known.csv" --target sun --horizon 24 --holidays free --inputs load --sun 0,0 --zone UTC+2 \
    --model sky_index,sky_ridge --known outside --json >"$work/pipe" 2>>"$work/err" || fail "a forecast of the sun: $(cat "$work/err")"
"$python" - "$work" <<'PYTHON' || fail "what a forecast with inputs says"
import csv, json, sys

work = sys.argv[1]
it = json.load(open(work + "/out"))
rows = list(csv.DictReader(open(work + "/known.csv")))[24 * 40:]
assert it["rows"] == 960 and it["missing_cells"] == 0 and it["known"] == ["outside"] and "inputs" not in it, it
assert it["time"][0] == "2023-07-11T00:00:00Z", it["time"][0]
said, truth = it["mean"]["load"], [3 * float(row["outside"]) + 100 for row in rows]
assert sum(abs(a - b) for a, b in zip(said, truth)) / 24 < 5, (said, truth)  # the deviation is 30
assert it["metrics"]["auto"]["skill_vs_persistence"] > 0.8, it["metrics"]["auto"]
sun = json.load(open(work + "/pipe"))
assert sun["known"] == ["--sun", "--calendar", "free", "outside"] and sun["inputs"] == ["load"], sun
assert sun["time"][0] == "2023-07-10T22:00:00Z", sun["time"][0]
assert set(sun["metrics"]) == {"persistence", "seasonal_naive", "sky_index", "sky_ridge", "auto"}, sun["metrics"].keys()
PYTHON

# A clock that was set back, stamps twice, a spike of 1e9, words for nothing, the last value gone: one line on stderr, all numbers finite.
"$python" - "$work/wild.csv" <<'PYTHON'
with open(__import__("sys").argv[1], "w") as file:
    file.write("time,load,still\n")
    for i in range(24 * 10):
        hour = i - 5 if 100 <= i < 110 else i
        load = {50: "1e9", 51: "-1e9", 52: "NaN", 53: "null", 54: "1e200", 239: ""}.get(i, str(100 + i % 24))
        file.write(f"2023-06-{1 + hour // 24:02d}T{hour % 24:02d}:00Z,{load},7\n")
PYTHON
"$symgrid" forecast "$work/wild.csv" --horizon 12 --json >"$work/out" 2>"$work/err" || fail "a wild series: $(cat "$work/err")"
[ "$(wc -l <"$work/err")" = 1 ] && grep -qF "steps are not as long as the others" "$work/err" ||
    fail "times that run back: expected one line, got $(cat "$work/err")"
"$python" - "$work/out" <<'PYTHON' || fail "what a wild series gets"
import json, math, sys

it = json.load(open(sys.argv[1]), parse_constant=lambda word: sys.exit(f"{word} left the room"))
for name in "load", "still":
    said = [it["mean"][name]] + [it[bound][level][name] for bound in ("lower", "upper") for level in ("0.8", "0.95")]
    assert all(len(row) == 12 and all(math.isfinite(x) for x in row) for row in said), name
assert all(abs(x - 7) < 1e-6 for x in it["mean"]["still"]), it["mean"]["still"]
PYTHON

[ "$failures" = 0 ] && echo "bad input is refused in one line, good input gets a forecast"
exit $((failures > 0))
