//! Checks the README: its commands run, and outputs, tables and configuration match the code. `TIDP_UPDATE=1 cargo
//! test --test readme` rewrites the outputs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _, ValueEnum as _};
use real::{Home, Provider, require};
use std::collections::BTreeSet;
use std::path::Path;
use tidp::testing::cli::Cli;
use tidp::testing::config;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::warning::WarningCode;
use tidp::testing::ports::Env;

/// Placeholders and what replaces them; `{issuer}` is a sandbox that needs no click.
const STAND_INS: [(&str, &str); 9] = [
    ("--environment staging", "--issuer {issuer}"),
    ("YOUR-CLIENT", "sandbox-mobile"),
    ("YOUR-PAGE", "sandbox-public-with-refresh"),
    ("YOUR-ROBOT", "sandbox-confidential"),
    ("tidp sandbox token", "tidp sandbox token --at {issuer}"),
    ("tidp profile secret robot", "echo sandbox-secret | tidp profile secret robot"),
    ("http://127.0.0.1:8765", "{issuer}"),
    ("\"$URL\"", "{issuer}/connect/userinfo"),
    ("cargo run --release -- demo", "tidp demo"),
];

/// Known lines that are not run: cargo, the packages, which the gate builds, and the sandbox, which already runs on a free port.
const NOT_RUN: [&str; 5] = [
    "cargo test",
    "cargo install --path .",
    "packaging/build",
    "tidp sandbox",
    "tidp sandbox --client my-app=PublicWithRefresh,http://localhost:3000/callback",
];

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: String,
    /// The lines without the fences.
    text: String,
    /// The paragraph before it.
    before: String,
}

fn readme() -> String {
    std::fs::read_to_string(real::require::tree("README.md")).unwrap()
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut fenced, mut before, mut ended) = (false, String::new(), false);
    for line in readme.lines() {
        match line.strip_prefix("```") {
            Some(language) if !fenced => {
                let (language, before) = (language.to_owned(), std::mem::take(&mut before));
                found.push(Block { language, text: String::new(), before });
                fenced = true;
            }
            Some(_) => fenced = false,
            None if fenced => found.last_mut().unwrap().text += &format!("{line}\n"),
            None if line.is_empty() => ended = true,
            None => {
                if std::mem::take(&mut ended) {
                    before.clear();
                }
                before += &format!("{line}\n");
            }
        }
    }
    assert!(!fenced, "a block without an end");
    // Any other kind of block would not be tested.
    let outside: String = readme.split("```").step_by(2).collect();
    assert_eq!(readme.matches("```").count(), 2 * found.len());
    assert!(
        !outside.contains("~~~") && !outside.contains("\n    ") && !outside.contains("\n\t"),
        "another kind of block"
    );
    found
}

fn inline_code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_command_runs_and_prints_what_the_readme_shows() {
    if !require("curl") || !require("jq") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::new();
    let text = readme();
    let mut updated = text.clone();
    let mut wrong = String::new();
    for block in blocks(&text) {
        match block.language.as_str() {
            "sh" => run(&home, &provider, &block.text),
            "text" => {
                let printed = printed(&home, &block);
                if blurred(&printed) != blurred(&block.text) {
                    wrong += &format!("--- {}README:\n{}--- printed:\n{printed}", block.before, block.text);
                    updated = updated.replacen(
                        &format!("{}\n```text\n{}```", block.before, block.text),
                        &format!("{}\n```text\n{printed}```", block.before),
                        1,
                    );
                }
            }
            "toml" => {} // has a test of its own
            other => panic!("nobody knows how to test a block of `{other}`"),
        }
    }
    if updating() {
        std::fs::write(real::require::tree("README.md"), updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}TIDP_UPDATE=1 cargo test --test readme writes the README anew");
    }
}

/// Runs a shell block in one shell that stops at the first failure.
#[track_caller]
fn run(home: &Home, provider: &Provider, block: &str) {
    let mut script = "set -e\n".to_owned();
    for line in block.lines() {
        let line = line.split("  #").next().unwrap().trim_end();
        if NOT_RUN.contains(&line) {
            continue;
        }
        let line = STAND_INS.iter().fold(line.to_owned(), |line, (said, here)| line.replace(said, here));
        let line = line.replace("{issuer}", &provider.issuer);
        assert!(!line.contains("cargo") && !line.contains("YOUR-"), "nobody knows how to test `{line}`");
        script += &format!("{line}\n");
    }
    let outcome = home.sh(&script);
    assert_eq!(outcome.code, Some(0), "{script}{outcome:#?}");
}

/// The output of the command named before the block. Ages such as `1 s ago` may differ by a second, so it is run
/// again until it matches the README or, for an update, until two runs agree.
#[track_caller]
fn printed(home: &Home, block: &Block) -> String {
    let mut before = String::new();
    for _ in 0..10 {
        let printed = printed_once(home, block);
        let agreed = blurred(&printed) == blurred(if updating() { &before } else { &block.text });
        before = printed;
        if agreed {
            break;
        }
    }
    before
}

/// One such output, after a login if a profile needs one; cut to the length of a block that ends with `…`.
#[track_caller]
fn printed_once(home: &Home, block: &Block) -> String {
    let named = inline_code(&block.before).into_iter().rfind(|code| code.starts_with("tidp "));
    let command = named.unwrap_or_else(|| panic!("no command before {block:#?}"));
    let profile = command.split_once("--profile").map(|(_, name)| format!("--profile {name}")).unwrap_or_default();
    let outcome = home.sh(&format!("tidp login --quiet {profile} 2>/dev/null; {command}"));
    let lines: Vec<_> = outcome.expect(0).trim_start_matches('\n').lines().map(told).collect();
    let wanted = block.text.lines().count();
    if block.text.lines().last() == Some("…") && wanted <= lines.len() {
        return lines[..wanted - 1].join("\n") + "\n…\n";
    }
    lines.join("\n") + "\n"
}

fn updating() -> bool {
    std::env::var_os("TIDP_UPDATE").is_some()
}

/// A line as the README shows it: with a fixed port, and long words cut.
fn told(line: &str) -> String {
    let mut told = String::new();
    for (at, part) in line.split("127.0.0.1:").enumerate() {
        let rest = part.trim_start_matches(|c: char| at > 0 && c.is_ascii_digit());
        told += &if at > 0 { format!("127.0.0.1:8765{rest}") } else { part.to_owned() };
    }
    let cut = |word: &str| match word.char_indices().nth(60) {
        Some((end, _)) if word.len() > 100 => format!("{}…", &word[..end]),
        _ => word.to_owned(),
    };
    told.split(' ').map(cut).collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// The text without dates, times and token lengths.
fn blurred(text: &str) -> String {
    let zero = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let blur = |word: &str| {
        let shape: String = word.chars().map(zero).collect();
        let varies = shape.contains("0000-00-00") || shape.contains("00:00:00") || shape == "(0000";
        if varies { shape } else { word.to_owned() }
    };
    text.split(' ').map(blur).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_named_in_prose_exists() {
    let text = readme();
    let prose: String = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    let prose: Vec<&str> = prose.lines().filter(|line| !line.starts_with("| `tidp ")).collect();
    let prose = prose.join(" ");
    let commands: Vec<_> = inline_code(&prose).into_iter().filter(|code| code.starts_with("tidp ")).collect();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let words = command.split(' ').map(|word| if word == "COMMAND" { "login" } else { word });
        let parsed = Cli::try_parse_from(words).map(|_| ());
        // `tidp exec` is named without its command.
        let fine = parsed.as_ref().err().is_none_or(|error| {
            matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::MissingRequiredArgument
            )
        });
        assert!(fine, "`{command}`: {parsed:?}");
    }
}

/// The cells of the rows of the table under a heading, without the head.
fn table(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = readme.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.replace("\\|", "\u{0}");
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    rows.skip(2).map(cells).collect()
}

#[test]
fn command_table_matches_the_command_line() {
    let mut known = Cli::command();
    known.build();
    let mut named = Vec::new();
    for row in table(&readme(), "\n## Commands\n") {
        let name = row[0].trim_matches('`').split(' ').nth(1).unwrap().to_owned();
        let command = known.find_subcommand(&name).unwrap_or_else(|| panic!("there is no `tidp {name}`"));
        for code in inline_code(&row[1]) {
            let mut words = code.split(' ');
            let word = words.next().unwrap();
            if let Some(option) = word.strip_prefix("--") {
                let argument = command.get_arguments().find(|argument| argument.get_long() == Some(option));
                let argument = argument.unwrap_or_else(|| panic!("`tidp {name}` has no --{option}"));
                if let Some(values) = words.next().filter(|values| values.contains('|')) {
                    let possible: Vec<_> =
                        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
                    assert_eq!(values.split('|').collect::<Vec<_>>(), possible, "tidp {name} --{option}");
                }
            }
        }
        let subcommands: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let missing: Vec<_> = subcommands
            .iter()
            .filter(|sub| !inline_code(&row[1]).iter().any(|code| code.split(' ').next() == Some(sub)))
            .collect();
        assert!(missing.is_empty(), "the README leaves out tidp {name} {missing:?}");
        named.push(name);
    }
    let all: Vec<_> = known
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(set(&named), set(&all));
    assert_eq!(named.len(), all.len(), "a command is there twice: {named:?}");
    let port = known.find_subcommand("sandbox").unwrap().get_arguments().find(|a| a.get_id() == "port").unwrap();
    assert_eq!(port.get_default_values(), ["8765"], "the README names the sandbox's port");
}

#[test]
fn exit_code_table_matches_the_errors() {
    let mut said: BTreeSet<u8> = BTreeSet::new();
    for row in table(&readme(), "\n## Exit codes\n") {
        said.extend(row[0].split(", ").map(|code| code.parse::<u8>().unwrap()));
    }
    let source = include_str!("../src/error/kind.rs");
    let (_, exit_code) = source.split_once("fn exit_code(self) -> u8 {").unwrap();
    let (exit_code, _) = exit_code.split_once("\n    }\n").unwrap();
    let mut given: BTreeSet<u8> =
        exit_code.split("=> ").filter_map(|rest| rest.split(',').next()?.parse().ok()).collect();
    // The reader of standard output has ended.
    given.insert(0);
    assert!(given.len() > 5, "{given:?}");
    let exec = include_str!("../src/error/situation.rs");
    given.extend([125, 126, 127].into_iter().filter(|code| exec.contains(&code.to_string())));
    given.extend([130, 143]); // by the signal itself; `tests/real_sandbox` has both
    assert_eq!(said, given);
}

#[test]
fn warning_table_lists_each_code() {
    let listed: Vec<String> =
        table(&readme(), "\n## Warnings\n").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(listed, WarningCode::value_variants().iter().map(|code| serde_json::json!(code)).collect::<Vec<_>>());
}

#[test]
fn example_configuration_is_valid_and_complete() {
    let text = readme();
    let found: Vec<_> = blocks(&text).into_iter().filter(|block| block.language == "toml").collect();
    let [block] = &found[..] else { panic!("one block of toml, not {}", found.len()) };
    let switched_on: String =
        block.text.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect();
    let alternative = |line: &str| {
        let other = line.split_once("# or ").map(|(_, other)| other).filter(|other| other.contains(" = "));
        format!("{}\n", other.unwrap_or(line))
    };
    let alternatives: String = block.text.lines().map(alternative).collect();
    assert_ne!(alternatives, block.text);
    for text in [&block.text, &switched_on, &alternatives] {
        let parsed = config::parse(text, Path::new("README.md")).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        let profile = config::profile(None, &Env::default(), &parsed, None);
        assert_eq!(profile.unwrap_or_else(|error| panic!("{error:?}: {text}")).name, "work");
        config::store(&Env::default(), &parsed).unwrap();
    }
    let keys = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()))
            .filter(|key| !key.starts_with('#'))
            .collect()
    };
    let source = include_str!("../src/config/file.rs");
    let (_, of_file) = source.split_once("pub struct Config {").unwrap();
    let of_file = of_file.lines().take_while(|line| *line != "}");
    let of_file = of_file.filter_map(|line| Some(line.trim().strip_prefix("pub ")?.split_once(": Option")?.0));
    let there_are = profile_keys().chain(of_file).map(str::to_owned).collect();
    assert_eq!(keys(&(switched_on + &alternatives)), there_are);
}

#[test]
fn stores_and_variables_match_the_code() {
    let text = readme();
    let env = |store: &str| {
        let set = [("TIDP_STORE", store), ("TIDP_STORE_KEY", "x")];
        set.map(|(name, value)| (name.to_owned(), Secret::new(value))).into_iter().collect()
    };
    let none = config::store(&env("none"), &config::Config::default()).unwrap_err().report().message;
    let there_are: Vec<_> = none.split_once("expected one of ").unwrap().1.split(", ").collect();
    let rows = table(&text, "\n### Where the session is kept\n");
    assert_eq!(rows.iter().map(|row| row[0].trim_matches('`')).collect::<Vec<_>>(), there_are);
    for store in there_are {
        config::store(&env(store), &config::Config::default()).unwrap();
    }
    let sources = sources(&real::require::tree("src"))
        + &sources(&real::require::tree("tests/support"))
        + include_str!("readme.rs");
    let names = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|word| word.starts_with("TIDP_"));
    for name in names {
        let key = name.trim_start_matches("TIDP_").to_lowercase();
        let known = sources.contains(&format!("\"{name}\"")) || profile_keys().any(|known| known == key);
        assert!(known, "nothing reads {name}");
    }
}

fn profile_keys() -> impl Iterator<Item = &'static str> {
    let (_, keys) = include_str!("../src/config/profile_keys.rs").split_once("\nprofile_keys! {\n").unwrap();
    keys.lines().take_while(|line| *line != "}").filter_map(|line| Some(line.trim().split_once(": ")?.0))
}

#[test]
fn documented_paths_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for page in [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "docs/decisions.md",
        "docs/recipes.md",
        "docs/performance.md",
        "docs/testing.md",
        "src/lib.rs",
    ] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let is_path =
                word.contains('/') && (word.ends_with(".rs") || word.ends_with(".md") || word.ends_with(".txt"));
            if is_path && !word.contains(['*', ' ']) && !word.contains("NAME") {
                let known = root.join(word).exists() || root.join("src").join(word).exists();
                assert!(known, "{page} names {word}, which is not there");
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn links_lead_to_a_heading_or_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for page in ["README.md", "CONTRIBUTING.md", "docs/performance.md", "docs/testing.md", "docs/recipes.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let folder = root.join(page).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root.join(page) } else { folder.join(file) };
            assert!(target.exists(), "{page} links to {link}, which is not there");
            let headings = || std::fs::read_to_string(&target).unwrap();
            assert!(anchor.is_empty() || anchors(&headings()).any(|known| known == anchor), "{page}: no #{anchor}");
            checked += 1;
        }
    }
    assert!(checked > 15, "{checked}");
}

/// The anchors of the headings of a page: lower case, spaces as hyphens, without punctuation.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let kept = line.trim_start_matches('#').trim().chars();
        let kept = kept.filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    })
}

/// Every source file under a folder.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap_or_default() })
        .collect()
}
