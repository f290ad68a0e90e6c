# Completions of tidp for bash, as `tidp completions bash` prints them.
_tidp() {
    local found line
    found=$(tidp __complete "--current=$2" -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null) || return
    COMPREPLY=()
    case $found in
        :files)
            compopt -o default 2>/dev/null
            ;;
        ":command "*)
            local skip=${found#:command }
            if declare -F _command_offset >/dev/null; then
                _command_offset "$skip"
            elif ((COMP_CWORD == skip)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$2")
                compopt -o default 2>/dev/null
            else
                compopt -o default 2>/dev/null
            fi
            ;;
        *)
            while IFS= read -r line; do
                [[ -z $line ]] || COMPREPLY+=("${line%%$'\t'*}")
            done <<<"$found"
            ;;
    esac
}
complete -o nosort -F _tidp tidp 2>/dev/null || complete -F _tidp tidp
