#!/usr/bin/env bash
# forecast_inputs.sh - the tables of docs/forecast.md on what inputs, trees and the clear sky are worth: series of data/ by 60 / 20 / 20 %
# of their rows, with and without.
#
# usage: tools/forecast_inputs.sh PROGRAM     takes some three minutes; writes Markdown to standard output
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: tools/forecast_inputs.sh PROGRAM}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
gzip -dc data/ett/ETTh1.csv.gz >"$scratch/etth1.csv"
exec python3 - "$program" "$scratch" <<'PYTHON'
import csv, json, subprocess, sys

program, scratch = sys.argv[1:]
de, ny = "data/prices/DE-LU_2023.csv", "data/prices/US-NY-NYIS_2023.csv"
coast, house = "data/coastal_met/apalachicola_east_bay_2012.csv", "data/household/emhass_2024_spring.csv"
etth1, joined = scratch + "/etth1.csv", scratch + "/joined.csv"

# Germany's price and carbon are two files of the same hours.
with open(joined, "w") as out, open(de) as prices, open("data/carbon/DE-LU_2023.csv") as carbon:
    price = {row[0]: row[1] for row in csv.reader(prices)}
    for row in csv.reader(carbon):
        out.write(f"{row[0]},{row[1]},{price.get(row[0], '')}\n")
with open(joined) as file:
    carbon_name, price_name = file.readline().strip().split(",")[1:3]


def run(path, target, ahead, *options):
    with open(path) as file:
        rows = sum(1 for _ in file) - 1
    train, val = rows * 6 // 10, rows * 2 // 10
    it = subprocess.run([program, "forecast", path, "--target", target, "--horizon", str(ahead), "--backtest", "--standardize",
                         "--train", str(train), "--val", str(val), "--test", str(rows - train - val), "--json", *options],
                        capture_output=True, text=True, check=True).stdout
    return json.loads(it)["metrics"]


def against(key, new, old):
    return f"{100 * (new[key] / old[key] - 1):+.1f} %"


skill = lambda it: f"{100 * it['skill_vs_persistence']:.1f} %"
print("| series | rows ahead | beside it | skill without | with | MAE | MSE | with trees as well: MAE | MSE |")
print("|---|---|---|---|---|---|---|---|---|")
for title, path, target, aheads, name, options in (
        ("carbon, Germany", joined, carbon_name, (24, 48), "price of the day ahead, known", ["--known", price_name]),
        ("carbon, Germany", joined, carbon_name, (24,), "price, seen", ["--inputs", price_name]),
        ("price, Germany", de, "all", (24, 48), "calendar", ["--calendar", "--zone", "UTC+1"]),
        ("price, Germany", joined, price_name, (24,), "carbon, seen", ["--inputs", carbon_name]),
        ("price, New York", ny, "all", (24,), "calendar", ["--calendar", "--zone", "UTC-5"]),
        ("oil temperature of ETTh1", etth1, "OT", (24, 96), "six loads, seen", ["--inputs", "HUFL,HULL,MUFL,MULL,LUFL,LULL"]),
        ("`HUFL` of ETTh1", etth1, "HUFL", (24,), "calendar", ["--calendar"]),
        ("`HUFL` of ETTh1", etth1, "HUFL", (24,), "oil and five loads, seen", ["--inputs", "OT,HULL,MUFL,MULL,LUFL,LULL"]),
        ("house", house, "load_w", (48,), "calendar", ["--calendar", "--zone", "UTC+2"]),
        ("house", house, "load_w", (4,), "its sun, seen", ["--inputs", "pv_w_m2"]),
        ("sun on a coast", coast, "ghi_est_wm2", (4,), "air and wind, seen", ["--inputs", "air_temp_c,wind_ms"])):
    for ahead in aheads:
        without, it = run(path, target, ahead)["auto"], run(path, target, ahead, *options)["auto"]
        trees = run(path, target, ahead, *options, "--model", "auto,trees")["auto"]
        print(f"| {title} | {ahead} | {name} | {skill(without)} | {skill(it)} | {against('mae', it, without)} | {against('mse', it, without)} "
              f"| {against('mae', trees, it)} | {against('mse', trees, it)} |", flush=True)

print()
print("| sunlight | rows ahead | last share of the clear sky | mixture without `--sun` | with | MAE | MSE |")
print("|---|---|---|---|---|---|---|")
for title, path, target, aheads, options in (
        ("coast, 15 min", coast, "ghi_est_wm2", (1, 4, 96), ["--sun", "29.77,-84.88", "--zone", "UTC-5"]),
        ("house, 30 min", house, "pv_w_m2", (1, 4, 48), ["--sun", "48.8,6.9"]),
        ("house, 30 min, as a plane", house, "pv_w_m2", (1, 4, 48), ["--sun", "48.8,6.9,30,200"])):
    for ahead in aheads:
        without, it = run(path, target, ahead)["auto"], run(path, target, ahead, *options)
        print(f"| {title} | {ahead} | {skill(it['sky_index'])} | {skill(without)} | {skill(it['auto'])} | "
              f"{against('mae', it['auto'], without)} | {against('mse', it['auto'], without)} |", flush=True)
PYTHON
