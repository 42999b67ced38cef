# bash completion for symgrid. Works with and without the bash-completion package.

# Words that stand for themselves, then files where a file may stand.
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
        check) echo "--json --notes" ;;
        run) echo "--listen --tls-cert --tls-key --host-name --tokens --insecure-http --trust-loopback --no-serve --data --for --speed --from --step --policy --plan-every --webhook --webhook-secret --webhook-ca" ;;
        simulate) echo "--from --for --step --policy --plan-every --study --report --trace --json --no-baseline --seed --seeds --faults --jobs" ;;
        replay) echo "--from-segment --json" ;;
        query) echo "--data --json --csv" ;;
        token) echo "--role --data --tokens --json" ;;
        audit) echo "--data --from --to --limit --json" ;;
        forecast) echo "--horizon --time --target --inputs --known --calendar --holidays --sun --zone --model --intervals --season --overload --plot --backtest --train --val --test --stride --standardize --fixed --list --json" ;;
        plan) echo "--problem --arbitrage --explain --json --seconds --solver --vertex" ;;
        control) echo "--problem --json" ;;
        bench) echo "--changed --full --json --peer --races --repeats --seconds --sizes --threads --ticks" ;;
        model) echo "--columns --example --list --markdown --plot --set --zone" ;;
    esac
}

_symgrid() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]:-}
    local verbs="audit bench check control forecast init model plan query replay run simulate token"
    local policies="static rules mpc"
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        _symgrid_words "$verbs --help --version"
        return
    fi
    if [ "$verb" = simulate ]; then
        policies="$policies perfect"
    fi
    case $previous in
        --policy) _symgrid_words "$policies"; return ;;
        --model) _symgrid_words "auto $("${COMP_WORDS[0]}" forecast --list 2>/dev/null | awk '{print $1}' | grep -vx auto)"; return ;;
        --solver) _symgrid_words "auto own clp highs"; return ;;
        --peer) _symgrid_words "auto none"; return ;;
        --races) _symgrid_words "cold again shift arbitrage cold,again"; return ;;
        --sizes) _symgrid_words "96x4 288x8 8760x4 1000 1000000"; return ;;
        --speed) _symgrid_words "1 10 60 max"; return ;;
        --listen) _symgrid_words "127.0.0.1:8048 127.0.0.1:0"; return ;;
        --for) _symgrid_words "30s 15min 1h 24h 7d 30d 365d"; return ;;
        --step) _symgrid_words "100ms 1s 1min 15min"; return ;;
        --plan-every) _symgrid_words "5min 15min 1h"; return ;;
        --data) _symgrid_folders; return ;;
        --role) _symgrid_words "viewer operator admin"; return ;;
        --tls-cert | --tls-key | --tokens | --report | --trace | --problem | --arbitrage) _symgrid_files; return ;;
        --host-name | --to | --limit | --from | --from-segment | --set | --seconds | --repeats | --changed | --threads | --ticks | --seed | --seeds | --jobs | --columns | --zone | \
            --horizon | --time | --target | --inputs | --known | --holidays | --sun | --intervals | --season | --train | --val | --test | --stride) return ;;
    esac

    case " $verbs " in
        *" $verb "*) ;;
        *) return ;;
    esac
    if [ "$verb" = model ] && [ "$COMP_CWORD" -eq 2 ] && [[ $current != -* ]]; then
        _symgrid_words "$("${COMP_WORDS[0]}" model --list 2>/dev/null | awk '{print $1}')"
    elif [ "$verb" = bench ] && [ "$COMP_CWORD" -eq 2 ] && [[ $current != -* ]]; then
        _symgrid_words "agent control forecast model plan"
    elif [ "$verb" = token ] && [ "$COMP_CWORD" -eq 2 ] && [[ $current != -* ]]; then
        _symgrid_words "add list remove"
    elif [ "$verb" = bench ] && [[ $current != -* ]]; then
        _symgrid_words "$("${COMP_WORDS[0]}" model --list 2>/dev/null | awk '{print $1}')"
    elif [[ $current == -* ]]; then
        _symgrid_words "$(_symgrid_options "$verb") --help"
    elif [ "$verb" = init ] || [ "$verb" = replay ]; then
        _symgrid_folders
    else
        _symgrid_files
    fi
}
complete -F _symgrid symgrid
