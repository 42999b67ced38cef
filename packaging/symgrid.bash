# bash completion for symgrid. Made by tools/manual.py. Works with and without the bash-completion package.

_symgrid_words() {
    local IFS=$' \t\n'
    COMPREPLY=($(compgen -W "$1" -- "$current"))
}
_symgrid_files() {
    local IFS=$'\n'
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames 2>/dev/null
}
_symgrid_folders() {
    local IFS=$'\n'
    COMPREPLY=($(compgen -d -- "$current"))
    compopt -o filenames 2>/dev/null
}

# The options of a verb, as its --help has them.
_symgrid_options() {
    case $1 in
        check) echo "--json --notes --explain" ;;
        init) echo "--title --timezone --racks --rack-power --feeders --grid --export --battery --battery-power --solar --price --price-time --price-column --price-unit --feed-in --demand-charge --ask --example" ;;
        run) echo "--listen --no-serve --tls-cert --tls-key --host-name --tokens --insecure-http --trust-loopback --data --for --speed --from --step --policy --plan-every --webhook --webhook-secret --webhook-ca" ;;
        simulate) echo "--from --for --step --policy --plan-every --study --report --trace --json --seed --no-baseline --seeds --faults --jobs" ;;
        replay) echo "--from-segment --json" ;;
        top) echo "--every --count --token-file --ca --json" ;;
        doctor) echo "--data --listen --json" ;;
        explain) echo "--at --device --data --json" ;;
        query) echo "--data --json --csv" ;;
        token) echo "--role --data --tokens --json" ;;
        audit) echo "--data --from --to --limit --json" ;;
        forecast) echo "--horizon --time --target --model --inputs --known --calendar --holidays --sun --zone --intervals --season --overload --plot --backtest --train --val --test --stride --standardize --fixed --list --json" ;;
        plan) echo "--problem --arbitrage --explain --json --seconds --solver --vertex" ;;
        control) echo "--problem --json" ;;
        model) echo "--list --set --columns --zone --example --plot --markdown" ;;
        bench) echo "--json --seconds --sizes --full --races --repeats --peer --changed --ticks --threads" ;;
    esac
}

# The values of an option of a verb; status 1 where it takes none.
_symgrid_values() {
    case "$1 $2" in
        "init --title" | "init --timezone" | "init --racks" | "init --rack-power" | "init --feeders" | "init --grid" | "init --export" | "init --battery" | "init --battery-power" | "init --solar" | "init --price-time" | "init --price-column" | "init --price-unit" | "init --feed-in" | "init --demand-charge") : ;;
        "init --price") _symgrid_files ;;
        "run --listen") _symgrid_words "127.0.0.1:8048 127.0.0.1:0" ;;
        "run --tls-cert" | "run --tls-key" | "run --tokens" | "run --webhook-secret" | "run --webhook-ca") _symgrid_files ;;
        "run --host-name" | "run --from" | "run --webhook") : ;;
        "run --data") _symgrid_folders ;;
        "run --for") _symgrid_words "30s 15min 1h 24h 7d 30d 365d" ;;
        "run --speed") _symgrid_words "1 10 60 max" ;;
        "run --step") _symgrid_words "100ms 1s 1min 15min" ;;
        "run --policy") _symgrid_words "static rules mpc" ;;
        "run --plan-every") _symgrid_words "5min 15min 1h" ;;
        "simulate --from" | "simulate --seed" | "simulate --seeds" | "simulate --jobs") : ;;
        "simulate --for") _symgrid_words "30s 15min 1h 24h 7d 30d 365d" ;;
        "simulate --step") _symgrid_words "100ms 1s 1min 15min" ;;
        "simulate --policy") _symgrid_words "static rules mpc perfect" ;;
        "simulate --plan-every") _symgrid_words "5min 15min 1h" ;;
        "simulate --study") _symgrid_words "rolling breakers regulation swings" ;;
        "simulate --report" | "simulate --trace") _symgrid_files ;;
        "replay --from-segment") : ;;
        "top --every") _symgrid_words "100ms 1s 10s 1min" ;;
        "top --count") : ;;
        "top --token-file" | "top --ca") _symgrid_files ;;
        "doctor --data") _symgrid_folders ;;
        "doctor --listen") _symgrid_words "127.0.0.1:8048 127.0.0.1:0" ;;
        "explain --at") : ;;
        "explain --device") _symgrid_words "grid" ;;
        "explain --data") _symgrid_folders ;;
        "query --data") _symgrid_folders ;;
        "token --role") : ;;
        "token --data") _symgrid_folders ;;
        "token --tokens") _symgrid_files ;;
        "audit --data") _symgrid_folders ;;
        "audit --from" | "audit --to" | "audit --limit") : ;;
        "forecast --horizon" | "forecast --time" | "forecast --target" | "forecast --inputs" | "forecast --known" | "forecast --holidays" | "forecast --sun" | "forecast --zone" | "forecast --intervals" | "forecast --season" | "forecast --overload" | "forecast --train" | "forecast --val" | "forecast --test" | "forecast --stride") : ;;
        "forecast --model") _symgrid_words "auto $("${COMP_WORDS[0]}" forecast --list 2>/dev/null | awk '{print $1}' | grep -vx auto)" ;;
        "forecast --plot") _symgrid_files ;;
        "plan --problem" | "plan --arbitrage") _symgrid_files ;;
        "plan --seconds") : ;;
        "plan --solver") _symgrid_words "auto own clp highs" ;;
        "control --problem") _symgrid_files ;;
        "model --set" | "model --columns" | "model --zone") : ;;
        "bench --seconds" | "bench --repeats" | "bench --changed" | "bench --ticks" | "bench --threads") : ;;
        "bench --sizes") _symgrid_words "96x4 288x8 8760x4 1000 1000000" ;;
        "bench --races") _symgrid_words "cold again shift arbitrage cold,again" ;;
        "bench --peer") _symgrid_words "auto none" ;;
        *) return 1 ;;
    esac
    return 0
}

# What else may follow a verb.
_symgrid_rest() {
    case $1 in
        init) _symgrid_folders ;;
        replay) _symgrid_folders ;;
        top) _symgrid_words "http://127.0.0.1:8048" ;;
        query) : ;;
        model) _symgrid_words "$("${COMP_WORDS[0]}" model --list 2>/dev/null | awk '{print $1}' | grep -vx auto)" ;;
        bench) _symgrid_words "agent control forecast model plan" ;;
        *) _symgrid_files ;;
    esac
}

_symgrid() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]:-}
    local verbs="check init run simulate replay top doctor explain query token audit forecast plan control model bench"
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        _symgrid_words "$verbs --help --version"
        return
    fi
    case " $verbs " in
        *" $verb "*) ;;
        *) return ;;
    esac
    _symgrid_values "$verb" "$previous" && return
    if [[ $current == -* ]]; then
        _symgrid_words "$(_symgrid_options "$verb") --help"
    else
        _symgrid_rest "$verb"
    fi
}
complete -F _symgrid symgrid
