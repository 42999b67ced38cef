#!/usr/bin/env bash
# results.sh - runs the simulations behind docs/results.md and writes their tables into it.
#
# usage: tools/results.sh PROGRAM [--print]     --print writes the tables to standard output only
# Takes about a minute. The tables stand between the two marker lines of the document.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: tools/results.sh PROGRAM [--print]}")
document=docs/results.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OPENBLAS_NUM_THREADS=1

simulate() { # SITE FROM DURATION POLICY
    local from=$2 for=$3
    if [ "$1" = hall ]; then # its months begin at 05:00 UTC; the series end at 00:00
        from=${2}T05:00Z
        for=${3/365d/8755h}
    fi
    "$program" simulate "sites/$1.maml.md" --from "$from" --for "$for" --policy "$4" --json \
        >"$scratch/$1_$2_$3_$4.json" 2>/dev/null
}
for site in hall floating; do
    for policy in static rules mpc perfect; do
        simulate $site 2023-01-01 30d $policy
        simulate $site 2023-06-01 30d $policy
    done
    for policy in static rules mpc; do
        simulate $site 2023-01-01 365d $policy
    done
done

# A year with failures drawn at random: the grid, arrays, packs and the platform's buffers, five times.
{
    cat sites/floating.maml.md
    cat <<'FAULTS'

## Fault_Schema
```yaml
faults:
  - {kind: grid_loss, every: 4000h, duration: 4h}
  - {kind: derate, target: solar, severity: 0.9, every: 500h, duration: 12h}
  - {kind: trip, target: solar, every: 4000h, duration: 24h}
  - {kind: trip, target: storage, every: 8000h, duration: 24h}
  - {kind: trip, target: buffer, every: 8000h, duration: 24h}
```
FAULTS
} >sites/.failing.maml.md
trap 'rm -rf "$scratch" sites/.failing.maml.md' EXIT
for seed in 1 2 3 4 5; do
    "$program" simulate sites/.failing.maml.md --from 2023-01-01 --for 365d --policy rules --json --seed $seed --no-baseline \
        >"$scratch/failing_$seed.txt" 2>/dev/null
done

# The time of a control step, as `run` measures it: the hall, and a hall of 20,000 servers.
cat >"$scratch/large.yaml" <<'SITE'
mode: control
nodes: {site: {limit: 200MW}, pdu: {parent: site, count: 250, limit: 600kW}}
loads: {server: {node: pdu, count: 80, rating: 7.6kW, minimum: 2kW, demand: 5kW}}
grid: {import_max: 200MW, import_price: 0.1 EUR/kWh}
SITE
step_time() { # SITE DURATION
    "$program" run "$1" --no-serve --data none --speed max --from 2023-06-01 --for "$2" 2>/dev/null |
        sed -n 's/.*step p50 \([0-9]*\) us, p99 \([0-9]*\) us.*/\1 us | \2 us/p'
}
export HALL_STEP LARGE_STEP
HALL_STEP=$(step_time sites/hall.maml.md 10min)
LARGE_STEP=$(step_time "$scratch/large.yaml" 1min)

python3 - "$scratch" >"$scratch/tables" <<'PYTHON'
import json
import os
import re
import sys

runs, notes = {}, {}
for name in os.listdir(sys.argv[1]):
    if name.endswith(".json"):
        with open(os.path.join(sys.argv[1], name)) as file:
            report = json.load(file)
        key = tuple(name[:-5].split("_"))
        runs[key], notes[key] = report["metrics"], " ".join(report["notes"])
failing = []
for name in sorted(os.listdir(sys.argv[1])):
    if name.startswith("failing"):
        with open(os.path.join(sys.argv[1], name)) as file:
            failing.append(json.load(file)["metrics"])
with open(os.path.join(sys.argv[1], "floating_2023-01-01_365d_mpc.json")) as file:
    monthly = json.load(file)["months"]
currency = {"hall": "USD", "floating": "EUR"}
planned = {"hall": "battery", "floating": "storage"}


def money(value):
    return f"{value:,.0f}"


def percent(value, digits=1):
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def table(site, periods, policies):
    print(f"| {site}, {currency[site]} | cost | saving | | highest quarter hour of import | full cycles | unserved |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for period, text in periods:
        for policy in policies:
            m = runs[(site, *period, policy)]
            cycles = m["stores"][planned[site]]["cycles"]
            print(f"| {text}, `{policy}` | {money(m['cost'])} | {money(m['saving'])} | {percent(m['saving_frac'])} "
                  f"| {m['peak_kw']:,.0f} kW | {cycles:.1f} | {m['unserved_kwh']:.1f} kWh |")
    print()


months = [(("2023-01-01", "30d"), "January"), (("2023-06-01", "30d"), "June")]
year = [(("2023-01-01", "365d"), "2023")]
print("### A month\n")
for site in ("hall", "floating"):
    table(site, months, ("static", "rules", "mpc", "perfect"))
print("### The year 2023\n")
for site in ("hall", "floating"):
    table(site, year, ("static", "rules", "mpc"))

print("### What the floating site can do in 2023\n")
m = runs[("floating", "2023-01-01", "365d", "static")]
plan = runs[("floating", "2023-01-01", "365d", "mpc")]
print("| | stated | simulated |")
print("|---|---|---|")
solar = m["available_kwh"]["solar"]
said = notes[("floating", "2023-01-01", "365d", "static")]
print(f"| solar power, highest quarter hour | 4 MW | {float(re.search(r'at most ([0-9.]+) MW', said)[1]):.2f} MW |")
print(f"| solar energy | | {solar / 1e3:,.0f} MWh in the year, {solar / 8760 / 1e3:.2f} MW on average |")
print(f"| load | | {m['load_kwh'] / 1e3:,.0f} MWh, {m['load_kwh'] / 8760 / 1e3:.2f} MW on average |")
print(f"| surplus, `static` | +150 % | {100 * m['surplus_frac']:.1f} % |")
print(f"| self-sufficiency, `static` | | {percent(m['self_sufficiency_frac'])} |")
print(f"| round trip of the osmotic plant on its own desalination | | {re.search(r'round trip of ([0-9.]+ %)', said)[1]} |")
print(f"| energy out of the osmotic plant, `mpc` | 2 MW | {plan['stores']['osmotic']['energy_out_kwh'] / 1e3:,.1f} MWh in the year, "
      f"for {plan['stores']['osmotic']['energy_in_kwh'] / 1e3:,.1f} MWh put in and what it started with |")
print(f"| carbon of imports, `static` | net negative | {m['carbon_kg'] / 1e3:,.0f} t; exports displaced {m['carbon_credit_kg'] / 1e3:,.0f} t elsewhere |")
print()

print("### The source's claims\n")
print("| | claimed | what the physics gives |")
print("|---|---|---|")
average = solar / 8760 / 1e3
print(f"| power of sun and osmosis together | 6 MW | {float(re.search(r'at most ([0-9.]+) MW', said)[1]):.2f} MW of sun in its best quarter hour, "
      f"{average:.2f} MW over the year; none of osmosis, which takes more than it gives |")
print(f"| surplus over the load | 150 % | {100 * m['surplus_frac']:.1f} %; the sun gives {solar / 1e3:,.0f} MWh a year, "
      f"a surplus of 150 % over a load of {average / 2.5:.2f} MW and no more |")
uptimes = [100 * f["uptime_frac"] for f in failing]
hours = [f["downtime_s"] / 3600 for f in failing]
print(f"| uptime | 99.9 % | {min(uptimes):.3f} to {max(uptimes):.3f} % in five drawn years ({min(hours):.1f} to {max(hours):.1f} h a year with a load "
      f"below its minimum), with the failure rates below |")
print()
print("Failures drawn: the grid connection every 4,000 h for 4 h, a tenth of the array every 500 h for 12 h, all of it every 4,000 h for a day, the "
      "battery every 8,000 h for a day, each rack's buffer every 8,000 h for a day; times exponential, `--seed 1` to `5`, policy `rules`. The rates are "
      "assumptions; with the grid and 100 MWh behind it the site misses its load only where both are away at once.\n")

print("### The floating site month by month, `mpc`, MWh\n")
print("| 2023 | sun | osmotic, out - in | lost in stores | import | export | load served | surplus |")
print("|---|---:|---:|---:|---:|---:|---:|---:|")
for x in monthly[:12]: # the zone's last hour of the year is the next one's first
    osmotic = x["stores"]["osmotic"]
    print(f"| {x['month']} | {x['sources']['solar']['energy_out_kwh'] / 1e3:,.1f} | {round((osmotic['energy_out_kwh'] - osmotic['energy_in_kwh']) / 1e3, 2) + 0.0:,.2f} "
          f"| {x['store_loss_kwh'] / 1e3:,.1f} | {x['import_kwh'] / 1e3:,.1f} | {x['export_kwh'] / 1e3:,.1f} | {x['load_kwh'] / 1e3:,.1f} "
          f"| {percent(x['surplus_frac'])} |")
print()

print("### Forecasts one hour ahead, 2023\n")
print("| | mean absolute error | of persistence | better by |")
print("|---|---:|---:|---:|")
for site in ("hall", "floating"):
    for what in ("load", "generation"):
        f = runs[(site, "2023-01-01", "365d", "mpc")]["forecast"][what]
        if f["skill_vs_persistence"] is not None:
            print(f"| {site}, {what} | {f['mae_kw']:.2f} kW | {f['persistence_mae_kw']:.2f} kW "
                  f"| {percent(f['skill_vs_persistence'])} |")
print()

print("### A control step\n")
print("| | median | 99 of 100 within |")
print("|---|---:|---:|")
print(f"| hall: 97 loads, 78 stores | {os.environ['HALL_STEP']} |")
print(f"| 20,000 servers on 250 PDUs | {os.environ['LARGE_STEP']} |")
print()

worst = max(m["balance_error_kwh"] / m["throughput_kwh"] for m in runs.values())
wall = runs[("floating", "2023-01-01", "365d", "mpc")]["wall_s"]
print(f"In all {len(runs)} runs the largest balance error is {worst:.0e} of the energy moved, no breaker was overloaded "
      f"({sum(m['overload_s'] for m in runs.values()):.0f} s) and no load fell below its minimum "
      f"({sum(m['downtime_s'] for m in runs.values()):.0f} s). The year of the floating site under `mpc`, with its baseline, "
      f"took {wall:.0f} s.")
PYTHON
if [ "${2:-}" = --print ]; then
    cat "$scratch/tables"
    exit 0
fi
awk -v tables="$scratch/tables" '
/<!-- tables: begin/ { print; print ""; while ((getline line < tables) > 0) print line; print ""; skip = 1 }
/<!-- tables: end/ { skip = 0; ended = 1 }
!skip { print }
END { exit !ended }' "$document" >"$scratch/document"
cat "$scratch/document" >"$document"
echo "wrote the tables of $document"
