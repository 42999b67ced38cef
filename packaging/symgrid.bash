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

_symgrid() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]:-}
    local verbs="check control init model plan query replay run simulate"
    local options policies="static rules mpc"
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
        --speed) _symgrid_words "1 10 60 max"; return ;;
        --listen) _symgrid_words "127.0.0.1:8048 0.0.0.0:8048"; return ;;
        --for) _symgrid_words "30s 10min 1h 24h 7d 365d"; return ;;
        --step) _symgrid_words "100ms 1s 1min 15min"; return ;;
        --data) _symgrid_folders; return ;;
        --report | --faults | --problem) _symgrid_files; return ;;
        --from | --set | --seconds) return ;;
    esac

    case $verb in
        check) options="--json --notes" ;;
        init) options="" ;;
        run) options="--listen --speed --from --for --step --data --policy --faults --no-serve" ;;
        simulate) options="--from --for --step --policy --json --report" ;;
        query) options="--data --json --csv" ;;
        replay) options="--json" ;;
        plan) options="--problem --json --seconds" ;;
        control) options="--problem --json" ;;
        model) options="--list --set" ;;
        *) return ;;
    esac
    if [ "$verb" = model ] && [ "$COMP_CWORD" -eq 2 ] && [[ $current != -* ]]; then
        _symgrid_words "$("${COMP_WORDS[0]}" model --list 2>/dev/null | awk '{print $1}')"
    elif [[ $current == -* ]]; then
        _symgrid_words "$options --help"
    elif [ "$verb" = init ]; then
        _symgrid_folders
    else
        _symgrid_files
    fi
}
complete -F _symgrid symgrid
