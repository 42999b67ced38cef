#!/usr/bin/env bash
# forecast.sh - the tables of docs/forecast.md: ETTh1 by the published protocol, and the series of data/ by 60 / 20 / 20 % of their rows.
#
# usage: tools/forecast.sh PROGRAM     takes about two minutes; writes Markdown to standard output
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: tools/forecast.sh PROGRAM}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
gzip -dc data/ett/ETTh1.csv.gz >"$scratch/etth1.csv"

echo "| rows ahead | repeat the last value | auto | auto, weights fixed | inside 80 % | inside 95 % |"
echo "|---|---|---|---|---|---|"
for horizon in 96 192 336 720; do
    for fixed in "" --fixed; do
        "$program" forecast "$scratch/etth1.csv" --backtest --train 8640 --val 2880 --test 2880 --standardize \
            --horizon $horizon $fixed --json >"$scratch/etth1$fixed.json"
    done
    python3 - "$scratch" $horizon <<'PYTHON'
import json, sys
it, fixed = (json.load(open(f"{sys.argv[1]}/etth1{name}.json"))["metrics"] for name in ("", "--fixed"))
pair = lambda m: f"{m['mse']:.3f} / {m['mae']:.3f}"
inside = it["auto"]["coverage"]
print(f"| {sys.argv[2]} | {pair(it['persistence'])} | {pair(it['auto'])} | {pair(fixed['auto'])} | "
      f"{100 * inside['0.8']:.1f} | {100 * inside['0.95']:.1f} |")
PYTHON
done

echo
echo "| series | rows ahead | skill | best single model | MAE beside it | MSE beside it | inside 80 % | inside 95 % |"
echo "|---|---|---|---|---|---|---|---|"
row() { # TITLE FILE TIME TARGETS HORIZON...
    local title=$1 file=$2 time=$3 targets=$4 rows train val
    shift 4
    case $file in *.gz) gzip -dc "$file" >"$scratch/row.csv" && file=$scratch/row.csv ;; esac
    rows=$(($(wc -l <"$file") - 1))
    train=$((rows * 6 / 10)) val=$((rows * 2 / 10))
    for horizon in "$@"; do
        "$program" forecast "$file" ${time:+--time "$time"} --target "$targets" --horizon "$horizon" --backtest --standardize \
            --train $train --val $val --test $((rows - train - val)) --json 2>/dev/null >"$scratch/row.json"
        python3 - "$scratch/row.json" "$title" "$horizon" <<'PYTHON'
import json, sys
it = json.load(open(sys.argv[1]))["metrics"]
auto = it.pop("auto")
best = min(it, key=lambda name: it[name]["mae"])
beside = lambda key: f"{100 * (auto[key] / min(m[key] for m in it.values()) - 1):+.1f} %"
print(f"| {sys.argv[2]} | {sys.argv[3]} | {100 * auto['skill_vs_persistence']:.1f} % | `{best}` | {beside('mae')} | "
      f"{beside('mse')} | {100 * auto['coverage']['0.8']:.1f} | {100 * auto['coverage']['0.95']:.1f} |")
PYTHON
    done
}
servers=node_02_w,node_04_w,node_06_w,node_08_w,node_10_w,node_12_w,node_14_w,node_16_w
row "price, Germany, 1 h" data/prices/DE-LU_2023.csv "" all 1 24 48
row "price, New York, 1 h" data/prices/US-NY-NYIS_2023.csv "" all 1 24 48
row "carbon, Germany, 1 h" data/carbon/DE-LU_2023.csv "" all 1 24 48
row "carbon, New York, 1 h" data/carbon/NYIS_2022.csv "" all 1 24 48
row "eight H100 servers in training, 2 s" data/training_power_h100/gpt3_64node_run1.csv t_s $servers 1 5 30
row "A100 server in inference, 1 s" data/inference_power_a100/dgx_a100_server_runs.csv "" power_w 1 10 60
row "house, 30 min" data/household/emhass_2024_spring.csv "" load_w 1 4 48
row "sun on that house, 30 min" data/household/emhass_2024_spring.csv "" pv_w_m2 1 4 48
row "sun on a coast, 15 min" data/coastal_met/apalachicola_east_bay_2012.csv "" ghi_est_wm2 1 4 96
row "waves, 1 h" data/waves/ndbc_46042_monterey_1996.csv "" all 1 24
row "grid frequency before a collapse, 2 s" data/grid_frequency/toledo_2025-04-28.csv t_s freq_hz 1 5 30
row "H100 server in ten short runs, 2 s" data/training_power_h100/llama2_70b_lora_1node.csv.gz t_s node_01_w 1 5 30
row "A100 PCIe server in inference, 1 s" data/inference_power/a100_pcie_x8.csv.gz t_s power_w 2 10 60
row "AIC100 server in inference, 1 s" data/inference_power/dell_r7515_aic100_x4.csv.gz t_s power_w 2 10 60
row "A2 server in inference, 1 s" data/inference_power/dell_xr12_a2_x1.csv.gz t_s power_w 2 10 60
row "two A40 in daily use, 1 h" data/gpu_servers/cbsugpu05.csv.gz "" all 1 24
row "A100 in daily use, 1 h" data/gpu_servers/cbsugpu07.csv.gz "" all 1 24
row "two H100 in daily use, 1 h" data/gpu_servers/cbsugpu08.csv.gz "" all 1 24
row "eight virtual machines, 5 min" data/vm_cpu/bitbrains_8_5min.csv.gz "" all 3 12
row "a cluster of 160 nodes, 30 s" data/cluster_cpu/surf_lisa_week_30s.csv.gz "" all 2 30 120
