#!/usr/bin/env bash
# A stock Prometheus scrapes a running site, and promtool finds nothing to say about its metrics. ctest: serial timeout=400
#
#     SYMGRID=build/release/symgrid tests/e2e/prometheus.sh       exit 77: no prometheus here
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
symgrid=${SYMGRID:-$root/build/release/symgrid}
scale=${SYMGRID_TIME_SCALE:-1}
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export no_proxy=127.0.0.1
for tool in prometheus promtool curl; do
    command -v $tool > /dev/null || { echo "$tool not found"; exit 77; }
done
[ -x "$symgrid" ] || { echo "$symgrid: not built"; exit 77; }

folder=$(mktemp -d)
site=
server=
finish() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || true
    [ -z "$site" ] || kill "$site" 2> /dev/null || true
    wait 2> /dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
fail() {
    echo "FAILED: $*" >&2
    tail -n 20 "$folder"/*.log >&2 || true
    exit 1
}
wait_for() { # seconds, what, command...
    local end=$((SECONDS + $1 * scale)) what=$2
    shift 2
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited for $what"
        sleep 0.2
    done
}
free_port() { "${PYTHON:-python3}" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

port=$(free_port)
prometheus_port=$(free_port)
"$symgrid" run "$root/sites/floating.maml.md" --listen "127.0.0.1:$port" --data "$folder/data" > "$folder/symgrid.log" 2>&1 &
site=$!
wait_for 20 "the site" curl -fsS "http://127.0.0.1:$port/readyz"

# promtool prints its findings and ends with 3 when there are any.
curl -fsS "http://127.0.0.1:$port/metrics" > "$folder/metrics"
promtool check metrics < "$folder/metrics" > "$folder/promtool.log" 2>&1 || fail "promtool has objections"
[ ! -s "$folder/promtool.log" ] || fail "promtool has remarks"
series=$(grep -cv '^#' "$folder/metrics")
[ "$series" -ge 60 ] || fail "only $series series"

cat > "$folder/prometheus.yml" << YAML
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: ["$root/packaging/prometheus/symgrid.rules.yml"]
scrape_configs:
  - job_name: symgrid
    static_configs:
      - targets: ["127.0.0.1:$port"]
YAML
promtool check config "$folder/prometheus.yml" > "$folder/config.log" 2>&1 || fail "the test's own configuration"
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/tsdb" \
    --web.listen-address="127.0.0.1:$prometheus_port" --log.level=warn > "$folder/prometheus.log" 2>&1 &
server=$!

ask() { # the value of an instant query, empty when there is none
    curl -fsS --get "http://127.0.0.1:$prometheus_port/api/v1/query" --data-urlencode "query=$1" |
        "${PYTHON:-python3}" -c 'import json, sys
answer = json.load(sys.stdin)
assert answer["status"] == "success", answer
print(*(r["value"][1] for r in answer["data"]["result"]))'
}
holds() { [ "$(ask "$1")" = "$2" ]; }
wait_for 120 "the first scrape" holds 'up{job="symgrid"}' 1
wait_for 40 "a second one" holds 'count_over_time(up{job="symgrid"}[1m]) >= bool 3' 1

# What Prometheus stored is what the site says of itself.
holds 'symgrid_ready' 1 || fail "symgrid_ready is $(ask symgrid_ready)"
holds 'count(symgrid_build_info{version!=""})' 1 || fail "no version"
holds 'symgrid_load_watts > bool 0' 1 || fail "load is $(ask symgrid_load_watts)"
holds 'abs(symgrid_generation_watts + symgrid_import_watts + symgrid_discharge_watts - symgrid_load_watts - symgrid_export_watts - symgrid_charge_watts - symgrid_losses_watts) < bool 0.05 * symgrid_load_watts' 1 ||
    fail "the balance does not close: $(ask symgrid_load_watts)"
holds 'count(symgrid_store_energy_joules) > bool 1' 1 || fail "no stores"
holds 'increase(symgrid_steps_total[10s]) > bool 0' 1 || fail "steps do not increase"
holds 'scrape_samples_scraped{job="symgrid"}' "$series" || fail "samples $(ask scrape_samples_scraped), expected $series"

# Every panel of the Grafana dashboard asks a question that Prometheus understands, and most get an answer from a site at peace.
"${PYTHON:-python3}" - "$root/packaging/grafana/symgrid.json" << 'PYTHON' > "$folder/expressions"
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    board = json.load(file)
asked = [(t["expr"], p["title"]) for p in board["panels"] for t in p.get("targets", [])]
asked += [(a["expr"], "annotation") for a in board["annotations"]["list"]]
for expression, title in asked:
    print(title.replace("\t", " "), expression.replace("$instance", ".*"), sep="\t")
PYTHON
panels=0
while IFS=$'\t' read -r title expression; do
    answer=$(ask "$expression") || fail "panel '$title' asks what Prometheus does not understand: $expression"
    case $title in
        annotation | "Active alarms" | "Forecast skill" | "Share of truths"*) ;; # nothing is wrong, nothing is foretold yet
        *) [ -n "$answer" ] || fail "panel '$title' has no answer: $expression" ;;
    esac
    panels=$((panels + 1))
done < "$folder/expressions"
[ $panels -ge 30 ] || fail "only $panels expressions in the dashboard"

kill "$site"
wait "$site" || fail "the site ended with $?"
site=
wait_for 60 "the target to be down" holds 'up{job="symgrid"}' 0
# Its rules are loaded, and the one about a site that does not answer is on its way.
wait_for 90 "the alert about the silent site" holds 'count(ALERTS{alertname="SymgridDown"})' 1
echo "prometheus: $series series, scraped and asked back; $panels expressions of the dashboard, rules loaded"
