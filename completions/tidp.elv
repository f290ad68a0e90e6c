# Completions of tidp for elvish, as `tidp completions elvish` prints them.
use str
set edit:completion:arg-completer[tidp] = {|@words|
    tidp __complete --current=$words[-1] -- (all $words[1..-1]) 2>/dev/null | from-lines | each {|line|
        if (str:has-prefix $line ':') {
            edit:complete-filename $words[-1]
        } else {
            var value text = (str:split &max=2 "\t" $line"\t")
            edit:complex-candidate $value &display=$value'  '(str:trim-space $text)
        }
    }
}
