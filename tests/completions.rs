//! The scripts in `completions/` match the command line.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;
use tidp::testing::cli::Shell;
use tidp::testing::commands::completions::script;

const SCRIPTS: [(Shell, &str); 5] = [
    (Shell::Bash, "tidp.bash"),
    (Shell::Zsh, "_tidp"),
    (Shell::Fish, "tidp.fish"),
    (Shell::Powershell, "_tidp.ps1"),
    (Shell::Elvish, "tidp.elv"),
];

#[test]
fn checked_in_completions_are_up_to_date() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in SCRIPTS {
        let script = script(shell);
        if std::env::var_os("TIDP_UPDATE").is_some_and(|value| value == "1") {
            std::fs::write(dir.join(file), &script).unwrap();
        }
        // A checkout on Windows may have other line endings.
        let checked_in = std::fs::read_to_string(dir.join(file)).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            checked_in == script,
            "completions/{file} is out of date; bring it up to date with: TIDP_UPDATE=1 cargo test --test completions"
        );
    }
}
