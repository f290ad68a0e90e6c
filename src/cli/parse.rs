//! A command line read with as little of the definition as it needs.

use super::{Cli, Global, Keepalive, Token, TokenFormat};
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, FromArgMatches, Parser, ValueEnum};
use std::ffi::OsString;

/// Reads the arguments (the program's name first) as `Cli::try_parse_from` does, but that `--` with nothing after it is
/// wrong: a script whose `$CMD` is empty does not want to wait until the session ends.
///
/// clap copies the global options into every command there is, two thirds of its work for `tidp token`. A command can
/// only be run by its name, so the ones whose names stand nowhere in the arguments are left out first; whatever does not
/// parse so, be it a request for help, is for the whole definition to judge.
///
/// # Errors
/// clap's, help and version among them.
pub fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    if let Some(token) = plain_token(args) {
        return Ok(Cli { global: Global::default(), command: super::Command::Token(token) });
    }
    let parsed = lean(args).try_get_matches_from(args).and_then(|mut found| Cli::from_arg_matches_mut(&mut found));
    let cli = parsed.or_else(|_| Cli::try_parse_from(args))?;
    match &cli.command {
        super::Command::Keepalive(Keepalive { command, .. })
            if command.is_empty() && args.last().is_some_and(|last| last == "--") =>
        {
            Err(Cli::command().error(ErrorKind::MissingRequiredArgument, "there is no command after `--`"))
        }
        _ => Ok(cli),
    }
}

/// `tidp token`, alone or with `--format`, as it stands in front of every request of somebody's loop: there is nothing in
/// it that takes a parser, which would be a sixth of the command's work.
fn plain_token(args: &[OsString]) -> Option<Token> {
    let format = match args {
        [_, token] if token == "token" => None,
        [_, token, format, value] if token == "token" && format == "--format" => {
            Some(TokenFormat::from_str(value.to_str()?, false).ok()?)
        }
        _ => return None,
    };
    Some(Token { format, ..Token::default() })
}

fn lean(args: &[OsString]) -> Command {
    let whole = Cli::command();
    let named = whole.get_subcommands().filter(|command| args.iter().any(|arg| arg == command.get_name()));
    Command::new("tidp").disable_help_subcommand(true).args(whole.get_arguments().cloned()).subcommands(named.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_empty_is_not_the_same_as_none() {
        for (line, is_right) in
            [("keepalive", true), ("keepalive -- --", true), ("keepalive --for 1m --", false), ("exec --", false)]
        {
            let args: Vec<OsString> = ["tidp"].into_iter().chain(line.split(' ')).map(Into::into).collect();
            assert_eq!(parse(&args).is_ok(), is_right, "tidp {line}");
        }
    }

    /// What came of it: the command line as read, or what is said instead.
    fn told(outcome: Result<Cli, clap::Error>) -> String {
        outcome.map_or_else(|error| error.render().to_string(), |cli| format!("{cli:?}"))
    }

    #[test]
    fn a_command_line_means_what_it_means_to_the_whole_definition() {
        let commands = Cli::command();
        let names = commands.get_subcommands().map(|command| command.get_name().to_owned());
        let lines = names.flat_map(|name| [name.clone(), format!("{name} --help"), format!("{name} --nonsense")]);
        let others = [
            "",
            "--help",
            "--version",
            "--json",
            "-q -v token",
            "help token",
            "token --format header",
            "token --format Header",
            "token --format exec-credential",
            "token --format",
            "tokens",
            "toke",
            "token token",
            "login token --json",
            "--profile token",
            "--profile token token",
            "-p token token --profile other",
            "token -qp work --min-ttl 5m --format json --color never",
            "token --json --no-refresh --id-token",
            "token --quiet --verbose",
            "token --format nonsense",
            "--color nonsense token",
            "decode token login -",
            "exec --json -- token --json",
            "exec -- --profile",
            "keepalive --for 2h -- sleep 1",
            "profile",
            "profile list --json",
            "profile -p x show token",
            "profile add token --issuer https://id.example --client-id app",
            "policy",
            "policy --short --why",
            "policy list -q",
            "policy --short list",
            "policy simulate --json",
            "completions bash",
            "completions",
            "sandbox --port 0 --clock -5m",
        ];
        let mut parsed = 0;
        for line in lines.chain(others.map(str::to_owned)) {
            let args: Vec<OsString> = ["tidp"].into_iter().chain(line.split_whitespace()).map(Into::into).collect();
            assert_eq!(told(parse(&args)), told(Cli::try_parse_from(&args)), "tidp {line}");
            parsed += u32::from(lean(&args).try_get_matches_from(&args).is_ok());
        }
        assert!(plain_token(&["tidp", "token", "--format", "raw"].map(Into::into)).is_some());
        assert!(parsed > 20, "{parsed}: these are to be read without the whole definition");
    }
}
