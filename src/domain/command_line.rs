//! Command lines in the configuration and in hints, as this system's shells split and quote them.

use clap::ValueEnum;

/// The words of a command line, for a program that is started without a shell; `None` if a quote is not closed.
/// On Windows a backslash is part of a path.
#[cfg(not(windows))]
pub fn split(text: &str) -> Option<Vec<String>> {
    shell_words::split(text).ok()
}

#[cfg(windows)]
pub fn split(text: &str) -> Option<Vec<String>> {
    Some(winsplit::split(text))
}

/// `word` as one word of a command that the user can copy into a shell. Double quotes are all that POSIX shells,
/// PowerShell and cmd.exe share; what they would expand inside them gets the quotes of a POSIX shell.
pub fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    // A backslash is harmless on Windows, unless it ends the word.
    let is_expanded = |c: char| "\"$`!%".contains(c) || c == '\\' && (!cfg!(windows) || word.ends_with(c));
    if word.contains(is_expanded) { shell_words::quote(word).into_owned() } else { format!("\"{word}\"") }
}

/// Who reads the line that sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// sh, bash, zsh, fish: export TIDP_ACCESS_TOKEN='…'
    Posix,
    /// $env:TIDP_ACCESS_TOKEN = '…'
    Powershell,
    /// cmd.exe: set "TIDP_ACCESS_TOKEN=…"
    Cmd,
}

impl Shell {
    /// The shell that seems to have started this process, as far as its environment tells.
    pub fn detect<'a>(on_windows: bool, variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        if on_windows && variable("MSYSTEM").is_some() {
            return Self::Posix;
        }
        let Some(modules) = variable("PSMODULEPATH").or_else(|| variable("PSModulePath")) else {
            return if on_windows { Self::Cmd } else { Self::Posix };
        };
        if !on_windows {
            // Only PowerShell sets the variable, but its children inherit it. A shell that started PowerShell says so in `_`.
            let program = variable("_").and_then(|program| program.rsplit('/').next());
            return if program.is_some_and(|name| name.starts_with("pwsh")) { Self::Powershell } else { Self::Posix };
        }
        // Every process of Windows has the variable; only PowerShell adds the user's own folder.
        let has_own_folder = variable("USERPROFILE")
            .is_some_and(|home| modules.to_ascii_lowercase().contains(&home.to_ascii_lowercase()));
        if has_own_folder { Self::Powershell } else { Self::Cmd }
    }

    /// The line that sets an environment variable. `value` must hold no quotes, percent signs or spaces.
    pub fn assignment(self, name: &str, value: &str) -> String {
        match self {
            // Quoted, because a shell expands a word that begins with `~`.
            Self::Posix => format!("export {name}='{value}'"),
            Self::Powershell => format!("$env:{name} = '{value}'"),
            Self::Cmd => format!("set \"{name}={value}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(windows))]
    #[test]
    fn words_are_split_as_a_posix_shell_does() {
        assert_eq!(split(r"a 'b c' d\ e"), Some(["a", "b c", "d e"].map(str::to_owned).to_vec()));
        assert_eq!(split("'open"), None);
    }

    #[cfg(windows)]
    #[test]
    fn backslashes_of_paths_stay() {
        assert_eq!(split(r#"C:\tools\x.exe "b c""#), Some([r"C:\tools\x.exe", "b c"].map(str::to_owned).to_vec()));
    }

    #[cfg(windows)]
    #[test]
    fn path_is_quoted_as_cmd_knows_it() {
        assert_eq!(quote(r"C:\Program Files\tidp.exe"), r#""C:\Program Files\tidp.exe""#);
    }

    #[test]
    fn word_is_quoted_if_a_shell_would_split_or_expand_it() {
        for (word, quoted) in [
            ("work", "work"),
            ("/etc/ca.pem", "/etc/ca.pem"),
            ("a b", "\"a b\""),
            ("it's; rm", "\"it's; rm\""),
            ("", "\"\""),
            ("$HOME", "'$HOME'"),
            ("`x`", "'`x`'"),
            ("~", "\"~\""),
            ("=x", "\"=x\""),
        ] {
            assert_eq!(quote(word), quoted);
            assert_eq!(shell_words::split(quoted).unwrap(), [word]);
        }
    }

    fn detect(on_windows: bool, variables: &[(&'static str, &'static str)]) -> Shell {
        Shell::detect(on_windows, |name| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| *value))
    }

    #[test]
    fn shell_at_hand_on_windows() {
        let machine = ("PSMODULEPATH", r"C:\Program Files\WindowsPowerShell\Modules");
        let user =
            ("PSMODULEPATH", r"c:\users\kari\Documents\PowerShell\Modules;C:\Program Files\WindowsPowerShell\Modules");
        let home = ("USERPROFILE", r"C:\Users\Kari");
        assert_eq!(detect(true, &[]), Shell::Cmd);
        assert_eq!(detect(true, &[machine, home]), Shell::Cmd);
        assert_eq!(detect(true, &[user, home]), Shell::Powershell);
        assert_eq!(detect(true, &[user, home, ("MSYSTEM", "MINGW64")]), Shell::Posix);
        assert_eq!(detect(true, &[("MSYSTEM", "MINGW64")]), Shell::Posix);
    }

    #[test]
    fn shell_at_hand_on_unix() {
        let modules = ("PSModulePath", "/home/kari/.local/share/powershell/Modules");
        assert_eq!(detect(false, &[]), Shell::Posix);
        assert_eq!(detect(false, &[modules]), Shell::Posix);
        assert_eq!(detect(false, &[modules, ("_", "/usr/bin/pwsh")]), Shell::Powershell);
        assert_eq!(detect(false, &[modules, ("_", "/usr/bin/tidp")]), Shell::Posix);
    }

    #[test]
    fn assignment_is_in_the_words_of_the_shell() {
        let line = |shell: Shell| shell.assignment("TIDP_ACCESS_TOKEN", "ey.J");
        assert_eq!(line(Shell::Posix), "export TIDP_ACCESS_TOKEN='ey.J'");
        assert_eq!(line(Shell::Powershell), "$env:TIDP_ACCESS_TOKEN = 'ey.J'");
        assert_eq!(line(Shell::Cmd), "set \"TIDP_ACCESS_TOKEN=ey.J\"");
    }
}
