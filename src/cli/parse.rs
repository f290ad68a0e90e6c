//! Parses the command line with as little of its definition as possible, because clap takes time to build it.

use super::commands::{Cli, Command, Global};
use super::use_token::{Keepalive, Token, TokenFormat};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use std::ffi::OsString;

/// The result of `Cli::try_parse_from`, except that `keepalive --` with nothing after it is an error: a script whose `$CMD`
/// is empty should not wait until the session ends.
///
/// `tidp token` needs no parser. Other lines are parsed with the commands that they mention, because clap copies the global
/// options into every command, two thirds of its work. If that fails, or help is wanted, the whole definition is used.
pub fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    if let Some(token) = plain_token(args) {
        return Ok(Cli { global: Global::default(), command: Command::Token(token) });
    }
    let cli = parse_mentioned_commands(args).or_else(|_| Cli::try_parse_from(args))?;
    if let Command::Keepalive(Keepalive { command, .. }) = &cli.command
        && command.is_empty()
        && args.last().is_some_and(|last| last == "--")
    {
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, "there is no command after `--`"));
    }
    Ok(cli)
}

/// `tidp token`, alone or with `--format`. Scripts run it before every request, and clap would be a sixth of its work.
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

fn parse_mentioned_commands(args: &[OsString]) -> Result<Cli, clap::Error> {
    let whole = Cli::command();
    let mentioned = whole.get_subcommands().filter(|command| args.iter().any(|arg| arg == command.get_name()));
    let smaller = clap::Command::new("tidp")
        .disable_help_subcommand(true)
        .args(whole.get_arguments().cloned())
        .subcommands(mentioned.cloned());
    Cli::from_arg_matches_mut(&mut smaller.try_get_matches_from(args)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keepalive_with_an_empty_command_is_an_error() {
        for (line, is_right) in
            [("keepalive", true), ("keepalive -- --", true), ("keepalive --for 1m --", false), ("exec --", false)]
        {
            let args: Vec<OsString> = ["tidp"].into_iter().chain(line.split(' ')).map(Into::into).collect();
            assert_eq!(parse(&args).is_ok(), is_right, "tidp {line}");
        }
    }

    fn to_text(outcome: Result<Cli, clap::Error>) -> String {
        outcome.map_or_else(|error| error.render().to_string(), |cli| format!("{cli:?}"))
    }

    #[test]
    fn fast_parsers_agree_with_the_whole_definition() {
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
            "token -vv",
            "-v token -v",
            "token --format nonsense",
            "token --format env --shell cmd",
            "token --shell cmd",
            "--color nonsense token",
            "decode token login -",
            "exec --json -- token --json",
            "exec -- --profile",
            "keepalive --for 2h -- sleep 1",
            "profile",
            "profile list --json",
            "profile ls",
            "whoami --json",
            "profile set work scopes openid",
            "profile rename a b",
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
            "-v sandbox --client a=Public --user per",
            "sandbox token --wrong expired --scope api:a",
            "sandbox --port 1 token",
            "login --device --no-qr --timeout 1m",
            "login --device --paste",
            "login --ciba vipps --login-hint 4700000001",
            "login --ciba mobile",
            "refresh --force --tnu-id 1",
            "refresh --claims --tnu-id 1",
            "refresh --tnu-id=",
        ];
        let mut parsed = 0;
        for line in lines.chain(others.map(str::to_owned)) {
            let args: Vec<OsString> = ["tidp"].into_iter().chain(line.split_whitespace()).map(Into::into).collect();
            assert_eq!(to_text(parse(&args)), to_text(Cli::try_parse_from(&args)), "tidp {line}");
            parsed += u32::from(parse_mentioned_commands(&args).is_ok());
        }
        assert!(plain_token(&["tidp", "token", "--format", "raw"].map(Into::into)).is_some());
        assert!(parsed > 20, "only {parsed} lines were parsed without the whole definition");
    }
}
