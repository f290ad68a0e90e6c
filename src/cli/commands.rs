//! The commands, and the groups by what people do. The doc comments are the help texts; the options of a group are in its
//! file.

use super::log_in::{Login, Logout, Manage};
use super::look::{Decode, Policy};
use super::profile::ProfileCommand;
use super::try_out::{Demo, Sandbox};
use super::use_token::{Exec, Keepalive, Refresh, Token};
use super::version::VERSION;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// The groups of the help's first page, each with its commands.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Log in", &["login", "logout", "status", "profile", "manage"]),
    ("Use", &["token", "exec", "refresh", "keepalive"]),
    ("Look", &["policy", "inspect", "userinfo", "decode", "doctor"]),
    ("Try", &["demo", "sandbox"]),
    ("More", &["completions", "help", "version"]),
];

/// The command-line tool for TelenorID+: log in, get a valid access token, understand the refresh policy.
// `commands/help.rs` shows the help; clap's own is never printed.
#[derive(Debug, Parser)]
#[command(name = "tidp", version = VERSION, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The profile to use instead of the default one (TIDP_PROFILE)
    #[arg(long, short, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Print one JSON document on stdout; an error is the last line of stderr, as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Suppress notes and warnings (errors are still printed)
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print what tidp does and each request to stderr; -vv: headers too, never a secret
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorWhen>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

// `defer` builds only the options of the command that is named: an eighth less work for `tidp token`. The types of the
// commands have no doc comments, which would replace these descriptions.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Show login, token, refresh and logout on the sandbox
    ///
    /// It needs no account, no keyring and no display, takes seconds, and leaves nothing behind.
    Demo(Demo),
    /// Log in with the browser; the keyring keeps the session
    ///
    /// The browser's redirect ends at a port of this machine, until the login is finished or --timeout has passed. Where no
    /// browser can be opened, the URL is printed, and the redirected URL can be pasted.
    Login(Login),
    /// Print a valid access token, refreshed if necessary
    ///
    /// The token is refreshed if it has expired, or has less left than --min-ttl. stdout holds the token and nothing else; it
    /// is empty if there is none.
    Token(Token),
    /// Refresh the session if it is due
    ///
    /// An access token that is still valid is left alone. `tidp token` refreshes by itself, so this is rarely needed.
    Refresh(Refresh),
    /// Show every profile and session, and which one is used
    #[command(visible_alias = "whoami")]
    Status,
    /// Show the session: account, tokens, claims, policy
    ///
    /// Claims are explained, and signatures checked with the provider's keys.
    Inspect,
    /// Decode a JWT offline, or verify it
    ///
    /// Without --verify or --jwks nothing is checked. With --json each token gives one line.
    Decode(Decode),
    /// Explain the refresh policy and how long the session lasts
    ///
    /// Shows when the tokens expire, what a refresh would change, and what to do until when.
    Policy(Policy),
    /// Keep a sliding session alive, as while a command runs
    ///
    /// Refreshes at the last sensible moment: while CMD runs, for some time, or until the session ends.
    Keepalive(Keepalive),
    /// Run a command with TIDP_ACCESS_TOKEN set
    ///
    /// Without a token the command does not start. tidp becomes the command, so its exit code is the command's.
    Exec(Exec),
    /// Show the userinfo claims
    ///
    /// Asks the provider's userinfo endpoint with the access token.
    Userinfo,
    /// Log out: end the session here, then at the provider
    ///
    /// The local session is removed first. Access tokens that were printed work until they expire.
    Logout(Logout),
    /// Open the user's own account page at TelenorID+
    Manage(Manage),
    /// Add, list, show, change and remove profiles
    ///
    /// A profile is one client at one provider. Profiles are in config.toml, which holds no secret.
    Profile {
        #[command(subcommand)]
        what: ProfileCommand,
    },
    /// Check what a login needs, and say what to do
    ///
    /// Touches no session. The report has no secret in it; the exit code is that of the first check that failed.
    Doctor,
    /// Run a stand-in for TelenorID+, to try an app with
    ///
    /// It listens on a loopback port and has a client of every type, a login page, a console, and a clock that can be moved.
    Sandbox(Sandbox),
    /// Print the completion script for a shell
    ///
    /// It completes commands, options, the names of profiles and policies, and files only where one is wanted.
    Completions {
        /// The shell
        shell: Shell,
    },
    /// For the completion scripts: print what may come next
    #[command(name = "__complete", hide = true)]
    Complete {
        /// The word to complete
        #[arg(long, default_value = "", allow_hyphen_values = true)]
        current: String,
        /// The words before it, without `tidp`
        #[arg(last = true)]
        before: Vec<String>,
    },
    /// Show this help, that of a command, or a topic
    ///
    /// Topics: policies, scripts, environment, security, exit-codes.
    Help {
        /// A command, such as `profile add`, or a topic
        #[arg(value_name = "COMMAND|TOPIC")]
        words: Vec<String>,
    },
    /// Show the version, and how tidp was built
    ///
    /// The version and the commit; with --json also the target, and what differs between builds.
    Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn clap_accepts_the_definition() {
        let mut built = Cli::command();
        built.build();
        built.debug_assert();
    }

    #[test]
    fn each_command_is_in_one_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, commands)| commands.iter().copied()).collect();
        grouped.sort_unstable();
        let cli = Cli::command();
        let visible = cli.get_subcommands().filter(|command| !command.is_hide_set());
        let mut commands: Vec<_> = visible.map(clap::Command::get_name).collect();
        commands.sort_unstable();
        assert_eq!(grouped, commands);
    }
}
