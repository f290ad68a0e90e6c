//! The help: its pages, topics and examples.

use crate::support::Bench;
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};
use std::collections::BTreeSet;
use tidp::testing::cli::{Cli, examples};
use tidp::testing::commands::TOPICS;
use unicode_width::UnicodeWidthStr;

fn help(args: &[&str]) -> String {
    let outcome = Bench::with_env(&[]).run(args).exits(0);
    assert_eq!(outcome.stderr, "", "{args:?}");
    outcome.stdout
}

/// Every command and subcommand by its words; the first has none.
pub fn commands() -> Vec<Vec<String>> {
    fn walk(command: &Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            walk(below, &[words, &[below.get_name().to_owned()]].concat(), found);
        }
    }
    let (mut root, mut found) = (Cli::command(), Vec::new());
    root.build();
    walk(&root, &[], &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

fn page(words: &[String], flag: &str) -> String {
    help(&words.iter().map(String::as_str).chain([flag]).collect::<Vec<_>>())
}

#[track_caller]
fn assert_width(page: &str, name: &str) {
    // A command is never broken.
    let prose = page.lines().filter(|line| !line.contains("tidp "));
    let wide: Vec<_> = prose.filter(|line| line.width() > 80).collect();
    assert!(wide.is_empty(), "{name}: {wide:?}");
}

#[test]
fn short_help_of_every_command_fits_on_a_screen() {
    for words in commands() {
        let (page, name) = (page(&words, "-h"), words.join(" "));
        let rows: usize = page.lines().map(|line| line.width().div_ceil(80).max(1)).sum();
        // One row of 24 stays for the prompt.
        assert!(rows <= 23, "tidp {name} -h takes {rows} rows:\n{page}");
        assert_width(&page, &name);
    }
}

#[test]
fn short_help_lists_own_options_and_names_global_ones() {
    for words in commands().into_iter().filter(|words| !words.is_empty()) {
        let page = page(&words, "-h");
        let global = "Global options: -p/--profile <PROFILE>, --json, -q, -v, --color (tidp help)\n";
        assert_eq!(page.matches("--json").count(), 1, "{page}");
        assert!(page.contains(global) && page.contains(&format!("tidp {} --help\n", words.join(" "))), "{page}");
        assert_eq!(page.contains("<DURATION>:"), page.contains(" <DURATION> "), "{page}");
    }
}

#[test]
fn long_help_has_every_option_and_examples() {
    let mut root = Cli::command();
    root.build();
    for words in commands() {
        let (page, name) = (page(&words, "--help"), words.join(" "));
        assert_width(&page, &name);
        let command = words.iter().fold(&root, |command, word| command.find_subcommand(word).unwrap());
        for option in command.get_opts().filter_map(|option| option.get_long()) {
            assert!(page.contains(&format!("--{option}")), "{name} --{option}: {page}");
        }
        assert!(examples(&name).len() >= 2, "tidp {name} has too few examples");
        for (line, _) in examples(&name) {
            assert!(page.contains(line), "{name}: {page}");
        }
        let is_about_it = |(line, _): &(&str, &str)| line.contains(&format!("tidp {name}"));
        assert!(examples(&name).iter().any(is_about_it), "tidp {name}");
    }
}

/// The command lines of `tidp` in a line of a shell.
fn commands_in(line: &str) -> Vec<&str> {
    let starts = line.match_indices("tidp ").map(|(at, _)| at);
    let starts = starts.filter(|at| *at == 0 || line[..*at].ends_with("$(") || line[..*at].ends_with("| "));
    let end = |text: &str| {
        let ends = [" | ", " || ", " && ", " > ", " >> ", " < ", ")"];
        ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len())
    };
    starts.map(|at| &line[at..at + end(&line[at..])]).collect()
}

#[test]
fn every_example_is_a_right_command_line() {
    for words in commands() {
        for (line, purpose) in examples(&words.join(" ")) {
            let found = commands_in(line);
            assert!(!found.is_empty() && !purpose.is_empty(), "{line}");
            for command in found {
                let parsed = Cli::try_parse_from(shell_words::split(command).unwrap());
                let is_right = parsed.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::DisplayHelp);
                assert!(is_right, "{line}: {parsed:?}");
            }
        }
    }
    assert_eq!(commands_in("h=$(tidp token) && x | tidp decode > y"), ["tidp token", "tidp decode"]);
}

#[test]
fn help_command_shows_the_same_pages() {
    assert_eq!(help(&["help"]), help(&["--help"]));
    assert_eq!(help(&["help", "profile", "add"]), help(&["profile", "add", "--help"]));
    assert_ne!(help(&["token", "--help"]), help(&["token", "-h"]));
    assert_eq!(help(&["-q", "token", "-vh"]), help(&["token", "-h"]));
    let bench = Bench::with_env(&[]);
    let topics = "(topics: policies, scripts, environment, security, exit-codes)";
    bench.run(&["help", "nonsense"]).exits(2).says("is called `nonsense`").says(topics).says("hint: tidp --help\n");
    bench.run(&["help", "profile", "nonsense"]).exits(2).says("`profile nonsense`");
    bench.run(&["help", "script"]).exits(2).says("`script`: did you mean `tidp help scripts`?");
    bench.run(&["help", "tok\u{202e}en"]).exits(2).leaves_out("\u{202e}");
}

#[test]
fn first_page_has_every_command_and_topic() {
    let root = Cli::command();
    for page in [help(&["-h"]), help(&["--help"])] {
        for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
            let row = format!("  {} ", command.get_name());
            let about = command.get_about().unwrap().to_string();
            assert!(page.lines().any(|line| line.contains(&row) && line.ends_with(&about)), "{row}: {page}");
        }
    }
    let long = help(&["--help"]);
    for topic in TOPICS {
        assert!(long.contains(&format!("  {} ", topic.name)), "{long}");
        let page = help(&["help", topic.name]);
        assert!(page.starts_with(topic.title) && !page.contains('{') || topic.name == "scripts", "{page}");
        assert_width(&page, topic.name);
    }
}

#[test]
fn help_has_colours_where_the_stream_has_them() {
    for args in [&["-h"][..], &["token", "--help"], &["help", "scripts"]] {
        assert!(!help(args).contains('\u{1b}'), "{args:?}");
        let painted = help(&[args, &["--color", "always"]].concat());
        assert!(painted.contains("\u{1b}[1m"), "{args:?}: {painted}");
    }
    let bench = Bench::with_env(&[]).env("CLICOLOR_FORCE", "1");
    bench.run(&[]).exits(2).says("\u{1b}[1m");
}

#[test]
fn environment_topic_has_every_variable_that_is_read() {
    let topic = help(&["help", "environment"]);
    let told: BTreeSet<&str> = topic.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).collect();
    let mut read = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let source = std::fs::read_to_string(path).unwrap_or_default();
                let reads = source.split("env.get(\"").skip(1).filter_map(|rest| rest.split('"').next());
                read.extend(reads.filter(|name| name.starts_with("TIDP_")).map(str::to_owned));
            }
        }
    }
    assert!(read.len() > 8, "{read:?}");
    let missing: Vec<_> = read.iter().filter(|name| !told.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "`tidp help environment` leaves out {missing:?}");
    assert!(told.contains("TIDP_REDIRECT_URI") && told.contains("BROWSER"), "{told:?}");
}
