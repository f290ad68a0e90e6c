//! The completion scripts in real shells.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names that only a file can give, which a shell would take for something else.
const HOSTILE: [&str; 6] = ["$(touch run)", "a b", "-x", "a\nb", "a\u{1b}b", ":files"];

/// What a shell offers: `script` is run with the completion script as `$SCRIPT`, `tidp` in the path, and two profiles
/// beside hostile ones. `None` if there is no such shell.
fn offered(shell: &str, arguments: &[&str], script: &str, file: &str) -> Option<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("completions-{shell}"));
    std::fs::create_dir_all(&folder).unwrap();
    let config = folder.join("config.toml");
    let quoted = |name: &str| format!("\"{}\"", name.replace('\n', "\\n").replace('\u{1b}', "\\u001b"));
    let profile = |name| format!("[profile.{}]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n", quoted(name));
    std::fs::write(&config, ["page", "work"].into_iter().chain(HOSTILE).map(profile).collect::<String>()).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_tidp"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let mut command = Command::new(shell);
    command.args(arguments).arg(script).current_dir(&folder);
    command.env("TIDP_CONFIG", config).env("PATH", path).env("SCRIPT", scripts.join(file)).env("HOME", &folder);
    let Ok(output) = command.output() else {
        assert!(std::env::var("TIDP_TEST_REQUIRE").as_deref() != Ok("all"), "{shell} is missing");
        // `eprintln!` would be captured by the test harness.
        let _ = std::io::stderr().write_all(format!("skipped: {shell} is missing\n").as_bytes());
        return None;
    };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    assert!(output.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    Some(words(&String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn bash_completes() {
    let run = |line: &str, last: &str| {
        let script = format!(
            "source \"$SCRIPT\"; compopt() {{ echo \"compopt $*\"; }}; COMP_WORDS=({line}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _tidp tidp '{last}' x; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        offered("bash", &["--norc", "--noprofile", "-c"], &script, "tidp.bash")
    };
    let Some(profiles) = run("tidp profile use ''", "") else { return };
    assert_eq!(profiles, ["page", "work"]);
    assert_eq!(run("tidp token --format = head", "head").unwrap(), ["header", "header-json"]);
    assert_eq!(run("tidp token --format =", "").unwrap()[..2], ["raw", "header"]);
    assert_eq!(run("tidp decode --jwks ''", "").unwrap(), ["compopt", "-o", "default"]);
    assert!(run("tidp login --scope ''", "").unwrap().is_empty());
    assert!(run("tidp exec -- bas", "bas").unwrap().contains(&"bash".to_owned()));
}

#[test]
fn zsh_completes() {
    let run = |line: &str, prefix: &str| {
        let script = format!(
            "compdef() {{ :; }}; source $SCRIPT; _describe() {{ print -l -- ${{(P)3}}; }}; _files() {{ print files; }}; \
             _normal() {{ print normal $CURRENT $words; }}; words=({line}); CURRENT=$#words; PREFIX='{prefix}'; _tidp"
        );
        offered("zsh", &["-fc"], &script, "_tidp").map(|words| words.join(" "))
    };
    let Some(profiles) = run("tidp profile use ''", "") else { return };
    assert_eq!(profiles, "page:profile work:profile");
    assert_eq!(run("tidp policy show M", "M").unwrap(), "Mobile:");
    assert!(run("tidp policy -", "-").unwrap().contains("--short:Print one short line"));
    assert_eq!(run("tidp token --profile=w", "--profile=w").unwrap(), "--profile=work:profile");
    assert_eq!(run("tidp sandbox --config ''", "").unwrap(), "files");
    assert_eq!(run("tidp exec -- make te", "te").unwrap(), "normal 2 make te");
}

#[test]
fn fish_completes() {
    let run = |line: &str| {
        let script = format!("source $SCRIPT; complete -C '{line}'");
        offered("fish", &["--no-config", "-c"], &script, "tidp.fish").map(|words| words.join(" "))
    };
    let Some(profiles) = run("tidp profile use ") else { return };
    assert_eq!(profiles, "page profile work profile");
    assert_eq!(run("tidp policy show M").unwrap(), "Mobile");
    assert!(run("tidp token --profile=w").unwrap().contains("--profile=work profile"));
    assert!(run("tidp decode --jwks conf").unwrap().contains("config.toml"));
    assert!(run("tidp login --scope ").unwrap().is_empty());
    assert!(run("tidp exec -- fis").unwrap().contains("fish"));
}

#[test]
fn completions_do_not_wait_for_a_pipe() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("completions-pipe");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("config.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Nobody writes to the pipe: who read it would wait for ever.
    for (args, code) in [(&["__complete", "--", "--profile"][..], 0), (&["token", "work"], 2)] {
        let mut tidp = Command::new(env!("CARGO_BIN_EXE_tidp"));
        let output = tidp.args(args).env("TIDP_CONFIG", &pipe).env("HOME", &folder).output().unwrap();
        assert!(output.status.code() == Some(code) && output.stdout.is_empty(), "{args:?}: {output:?}");
    }
}

#[test]
fn each_script_is_printed_as_it_is_checked_in() {
    let files = ["bash", "zsh", "fish", "powershell", "elvish"];
    for (shell, file) in files.into_iter().zip(["tidp.bash", "_tidp", "tidp.fish", "_tidp.ps1", "tidp.elv"]) {
        let output = Command::new(env!("CARGO_BIN_EXE_tidp")).args(["completions", shell]).output().unwrap();
        let script = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file)).unwrap();
        assert!(output.status.success() && output.stdout == script, "{shell}");
    }
}
