# Completions of tidp for fish, as `tidp completions fish` prints them.
function __tidp_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found (tidp __complete --current="$current" -- $before[2..] 2>/dev/null)
    switch "$found[1]"
        case ':files'
            __fish_complete_path "$current"
        case ':command *'
            set -l start (math (string replace ':command ' '' -- $found[1]) + 1)
            complete -C (string join ' ' -- (string escape -- $before[$start..]) "$current")
        case '*'
            string join \n -- $found
    end
end
complete -c tidp -f -k -a '(__tidp_complete)'
