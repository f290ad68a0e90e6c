//! What clap returns instead of a command: help, or an error that says what the command line was meant to be.

use super::commands::{Cli, ColorWhen, Global};
use super::parse::parse;
use crate::domain::spelling::is_near;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory, Error, ValueEnum};
use std::ffi::OsString;

/// How much a page of the help says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One screen, for `-h`.
    Short,
    /// Everything, with examples, for `--help` and `tidp help`.
    Long,
}

pub enum HelpOrUsageError {
    Help(Vec<String>, Form),
    Version,
    /// This command, such as `profile`, needs another word.
    NoCommand(Vec<String>),
    UsageError {
        /// May hold text from the command line, which is not printable yet.
        message: String,
        /// The line that was meant, up to CMD.
        corrected: Option<CorrectedLine>,
    },
}

pub fn help_or_usage_error(
    args: &[OsString],
    mut error: Error,
    is_profile: impl Fn(&String) -> bool,
) -> HelpOrUsageError {
    let command = || command_name(args).split_whitespace().map(str::to_owned).collect();
    let message = match error.kind() {
        ErrorKind::DisplayVersion => return HelpOrUsageError::Version,
        ErrorKind::DisplayHelp => return HelpOrUsageError::Help(command(), help_form(args)),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            return HelpOrUsageError::NoCommand(command());
        }
        // The unexpected argument may be the secret, so the message does not show it.
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues if is_profile_secret(args) => {
            "`tidp profile secret` takes only a profile name; a secret is never an argument: type it at the terminal or \
             pipe it to standard input"
                .to_owned()
        }
        _ => {
            keep_near_suggestions(&mut error);
            in_one_line(&error.render().to_string())
        }
    };
    let with_profile = || {
        let line = correct(args, &error, insert_profile_option).filter(|_| !is_profile_secret(args));
        line.filter(|(words, _)| words.last().is_some_and(is_profile))
    };
    let corrected = correct(args, &error, add_dashes).or_else(|| correct(args, &error, insert_show));
    HelpOrUsageError::UsageError { message, corrected: corrected.or_else(with_profile) }
}

/// Short, if the help was asked for by `-h`, alone or among other short options, rather than by `--help`.
fn help_form(args: &[OsString]) -> Form {
    let mut options = args.iter().filter_map(|arg| arg.to_str()).filter(|arg| arg.starts_with('-'));
    match options.find(|arg| *arg == "--help" || (!arg.starts_with("--") && arg.contains('h'))) {
        Some("--help") => Form::Long,
        _ => Form::Short,
    }
}

/// Removes the suggestions of clap that are far from what was typed.
fn keep_near_suggestions(error: &mut Error) {
    for (given, suggested) in [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ] {
        let Some(ContextValue::String(given)) = error.get(given).cloned() else { continue };
        let names = match error.remove(suggested) {
            Some(ContextValue::String(name)) => vec![name],
            Some(ContextValue::Strings(names)) => names,
            _ => continue,
        };
        let near: Vec<String> = names.into_iter().filter(|name| is_near(&given, name)).collect();
        if !near.is_empty() {
            error.insert(suggested, ContextValue::Strings(near));
        }
    }
}

/// Whether this is `tidp profile secret`, with or without options between the words.
fn is_profile_secret(args: &[OsString]) -> bool {
    let mut words = args.iter().skip_while(|arg| *arg != "profile");
    words.next().is_some() && words.any(|arg| arg == "secret")
}

/// Clap's message and suggestion, without its usage and advice.
fn in_one_line(text: &str) -> String {
    let mut message = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let first = message.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    message.map(str::trim).filter(|line| !line.is_empty()).fold(first, |text, line| {
        let between = if line.starts_with("tip:") { "; " } else { " " };
        text + between + line
    })
}

/// The command, such as `policy simulate`; empty if there is none.
pub fn command_name(args: &[OsString]) -> String {
    let found = Cli::command().ignore_errors(true).disable_help_flag(true).try_get_matches_from(args).ok();
    let first = found.as_ref().and_then(ArgMatches::subcommand);
    let commands = std::iter::successors(first, |(_, below)| below.subcommand());
    commands.map(|(word, _)| word).collect::<Vec<_>>().join(" ")
}

/// The global options that determine how an error is shown.
pub fn display_options(args: &[OsString]) -> Global {
    let options = || args.iter().take_while(|arg| *arg != "--").filter_map(|arg| arg.to_str());
    let after = options().skip_while(|arg| *arg != "--color").nth(1);
    let when = after.or_else(|| options().find_map(|arg| arg.strip_prefix("--color=")));
    let color = when.and_then(|when| ColorWhen::from_str(when, false).ok());
    Global { json: options().any(|arg| arg == "--json"), color, ..Global::default() }
}

/// The words of a command line to propose, and whether more follows.
pub type CorrectedLine = (Vec<String>, bool);

/// What `change` makes of the line at the unexpected word, if that is right. `change` returns how many words are shown.
fn correct(args: &[OsString], error: &Error, change: fn(&mut Vec<OsString>, usize) -> usize) -> Option<CorrectedLine> {
    let context = error.get(ContextKind::InvalidArg).or_else(|| error.get(ContextKind::InvalidSubcommand));
    let Some(ContextValue::String(found)) = context else { return None };
    let mut places = (2..args.len()).filter(|at| args[*at] == **found && !found.starts_with('-'));
    places.find_map(|at| {
        let mut line = args.to_vec();
        let end = change(&mut line, at);
        parse(&line).ok()?;
        let words = line[1..end].iter().map(|word| word.to_string_lossy().into());
        Some((std::iter::once("tidp".into()).chain(words).collect(), end < line.len()))
    })
}

/// Inserts the `--` before CMD. CMD's arguments are not shown, because they may be secret.
fn add_dashes(line: &mut Vec<OsString>, at: usize) -> usize {
    line.insert(at, "--".into());
    at + 2
}

/// Makes `policy NAME` into `policy show NAME`.
fn insert_show(line: &mut Vec<OsString>, at: usize) -> usize {
    if line[at - 1] == "policy" {
        line.insert(at, "show".into());
    }
    line.len()
}

/// Makes `COMMAND NAME` into `COMMAND --profile NAME`.
fn insert_profile_option(line: &mut Vec<OsString>, at: usize) -> usize {
    let name = line.remove(at);
    line.extend(["--profile".into(), name]);
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        ["tidp"].into_iter().chain(line.split_whitespace()).map(Into::into).collect()
    }

    #[test]
    fn command_name_is_found_in_a_wrong_line() {
        for (line, command) in [
            ("", ""),
            ("--nope", ""),
            ("logon", ""),
            ("--profile token", ""),
            ("token --nope", "token"),
            ("-p login token --format nope", "token"),
            ("profile", "profile"),
            ("profile lsit", "profile"),
            ("profile add work", "profile add"),
            ("policy simulate --every 1m", "policy simulate"),
            ("exec token", "exec"),
            ("sandbox --clock abc", "sandbox"),
            ("policy simulate -q --help", "policy simulate"),
            ("profile -h", "profile"),
        ] {
            assert_eq!(command_name(&args(line)), command, "tidp {line}");
        }
    }

    #[test]
    fn message_is_one_line_without_usage_and_secret() {
        for (line, expected) in [
            ("token --nope", "unexpected argument '--nope' found"),
            ("logon", "unrecognized subcommand 'logon'; tip: some similar subcommands exist: 'logout', 'login'"),
            ("session list", "unrecognized subcommand 'session'"),
            ("profile -q secret demo hunter2", "`tidp profile secret` takes only a profile name; a secret is never an"),
        ] {
            let args = args(line);
            let HelpOrUsageError::UsageError { message, .. } =
                help_or_usage_error(&args, parse(&args).unwrap_err(), |_| false)
            else {
                panic!("tidp {line} is no error")
            };
            assert!(message.starts_with(expected) && !message.contains('\n'), "tidp {line}: {message}");
            assert!(!message.contains("Usage") && !message.contains("hunter2"), "tidp {line}: {message}");
        }
    }

    #[test]
    fn missing_dashes_are_suggested() {
        for (line, meant) in [
            ("exec sh -c true", Some("tidp exec -- sh …")),
            ("exec --min-ttl 5m exec x", Some("tidp exec --min-ttl 5m -- exec …")),
            ("-p x exec x", Some("tidp -p x exec -- x")),
            ("keepalive --for 1h sleep 1", Some("tidp keepalive --for 1h -- sleep …")),
            ("exec --nope -- sh", None),
            ("exec --nope sh", None),
            ("token now", None),
            ("profile show a b", None),
            ("logon", None),
        ] {
            let args = args(line);
            let error = parse(&args).unwrap_err();
            let found = correct(&args, &error, add_dashes)
                .map(|(line, has_more)| line.join(" ") + if has_more { " …" } else { "" });
            assert_eq!(found.as_deref(), meant, "tidp {line}");
        }
    }
}
