//! The command line as clap types, and nothing else: completions come from here alone, so it imports nothing
//! of the crate. What a value means is decided by the command that reads it.

mod parse;
mod policy;
mod sandbox;
pub mod usage_error;

pub use parse::parse;
pub use policy::{Policy, PolicyCommand, RenewWhen, Simulate};
pub use sandbox::{Handles, Sandbox};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Start here:
  tidp demo                     the whole story, on a machine with nothing set up
  tidp profile add work --environment staging --client-id ID --client-type MobileApp
  tidp login                    in the browser; the session goes into the OS keyring

In a script (nothing is sent where there is no token):
  h=$(tidp token --format header) && printf '%s\\n' \"$h\" | curl -fsS -H @- \"$URL\"

Exit codes: 0 ok, 1 failed, 2 usage or config, 3 login required, 4 refused by the provider,
5 unreachable or busy, 6 keyring or store, 7 failed validation, 124 login timed out";

/// The command-line tool for TelenorID+: log in, get a valid access token, understand the refresh policy.
#[derive(Debug, Parser)]
#[command(name = "tidp", version, after_help = EXAMPLES, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options every command understands.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The profile to use instead of the default one (TIDP_PROFILE)
    #[arg(long, short, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print one JSON document on stdout; an error is the last line of stderr, as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// No notes and no warnings on stderr; errors stay
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say on stderr which requests are made (never what is in them)
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorWhen>,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands. `defer`: only the one that is named gets its options built, an eighth less to do for `tidp token`. Such a
/// command takes its description from its own type, which a test holds against the one here.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// See the whole story on the built-in sandbox: login, token, refresh under a policy, logout
    Demo(Demo),
    /// Log in with the browser; the session goes into the OS keyring
    Login(Login),
    /// Print a valid access token, refreshing only if that is due
    Token(Token),
    /// Refresh the session if that is due
    Refresh(Refresh),
    /// Show the session: account, tokens, claims, policy
    Inspect,
    /// Decode a JWT offline, or verify it
    Decode(Decode),
    /// Explain the refresh policy and how much life is left
    Policy(Policy),
    /// Keep a sliding session alive on purpose: while a command runs, for some time, or until it ends
    Keepalive(Keepalive),
    /// Run a command with TIDP_ACCESS_TOKEN set
    Exec(Exec),
    /// Show the userinfo claims
    Userinfo,
    /// End the session: here first, then at the provider
    Logout(Logout),
    /// Add, list, show, choose and remove profiles
    Profile(ProfileArgs),
    /// Run a stand-in for TelenorID+ on a loopback port, to try an app against each policy
    Sandbox(Sandbox),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// See the whole story on the built-in sandbox: login, token, refresh under a policy, logout
#[derive(Args, Clone, Debug, Default)]
pub struct Demo {
    /// Do not open a browser: the demo approves the login itself
    #[arg(long)]
    pub no_browser: bool,
}

/// Log in with the browser; the session goes into the OS keyring
#[derive(Args, Clone, Debug, Default)]
pub struct Login {
    /// Print the URL instead of opening a browser, and still wait for the redirect
    #[arg(long)]
    pub no_browser: bool,
    /// Read the redirected URL from stdin: for a client whose redirect URI is not on this machine
    #[arg(long)]
    pub paste: bool,
    /// none: only if the SSO session still lives; login: ask for credentials again
    #[arg(long, value_name = "PROMPT", value_parser = ["none", "login"])]
    pub prompt: Option<String>,
    /// The phone number to fill in
    #[arg(long, value_name = "MSISDN")]
    pub login_hint: Option<String>,
    /// Assurance levels or providers wished for, separated by spaces
    #[arg(long, value_name = "ACR")]
    pub acr_values: Option<String>,
    /// As --acr-values, but anything else is refused (exit 7)
    #[arg(long, value_name = "ACR", conflicts_with = "acr_values")]
    pub require_acr: Option<String>,
    /// Languages of the login page, such as no
    #[arg(long, value_name = "LOCALES")]
    pub ui_locales: Option<String>,
    /// The longest time since the user proved who they are (0s: now)
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// Scopes instead of the profile's; repeat, or separate by spaces
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// A further parameter of the authorization request, for a provider that knows it; repeat
    #[arg(long, value_name = "NAME=VALUE")]
    pub extra_param: Vec<String>,
    /// How long to wait for the user
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub timeout: String,
    /// Refuse any other account than the one with this `sub` (exit 7)
    #[arg(long, value_name = "SUB")]
    pub expect_sub: Option<String>,
}

/// Print a valid access token, refreshing only if that is due
#[derive(Args, Clone, Debug, Default)]
pub struct Token {
    /// How much life the token must have left [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// Print the ID token instead
    #[arg(long, conflicts_with = "min_ttl")]
    pub id_token: bool,
    /// How to print it [default: raw]
    #[arg(long, value_enum)]
    pub format: Option<TokenFormat>,
    /// Never touch the network
    #[arg(long)]
    pub no_refresh: bool,
}

/// How a token is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TokenFormat {
    /// The token alone
    #[default]
    Raw,
    /// Authorization: Bearer …
    Header,
    /// A line for `curl -K -`
    Curl,
    /// export TIDP_ACCESS_TOKEN=… (with --id-token: TIDP_ID_TOKEN)
    Env,
    /// {"access_token":…} (with --id-token: {"id_token":…})
    Json,
    /// A Kubernetes ExecCredential
    ExecCredential,
}

/// Refresh the session if that is due
#[derive(Args, Clone, Debug, Default)]
pub struct Refresh {
    /// Refresh anyway, to bring the ID token's claims up to date
    #[arg(long, conflicts_with = "force")]
    pub claims: bool,
    /// Refresh anyway
    #[arg(long)]
    pub force: bool,
}

/// Decode a JWT offline, or verify it
#[derive(Args, Clone, Debug, Default)]
pub struct Decode {
    /// Tokens; `-` or none: one a line from stdin (which keeps them out of the process list)
    #[arg(value_name = "TOKEN")]
    pub tokens: Vec<String>,
    /// Check signature, issuer and times, with the profile's provider
    #[arg(long)]
    pub verify: bool,
    /// Check against the keys in this file (a JWK set) instead
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// How far clocks may differ when times are checked
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub leeway: String,
}

/// Keep a sliding session alive on purpose: while a command runs, for some time, or until it ends
#[derive(Args, Clone, Debug, Default)]
pub struct Keepalive {
    /// Refresh no more after this time; without CMD, end then with 0 [default: while CMD runs, or the session lives]
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<String>,
    /// A command to run meanwhile, and its arguments; its exit code becomes tidp's
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Run a command with TIDP_ACCESS_TOKEN set
#[derive(Args, Clone, Debug)]
pub struct Exec {
    /// How much life the token must have left [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// End the session: here first, then at the provider
#[derive(Args, Clone, Debug, Default)]
pub struct Logout {
    /// Only here: the provider is not told
    #[arg(long, conflicts_with = "browser")]
    pub local: bool,
    /// All profiles, and sessions whose profile is gone
    #[arg(long, conflicts_with = "browser")]
    pub all: bool,
    /// End the provider's session in the browser (end_session_endpoint)
    #[arg(long)]
    pub browser: bool,
}

/// Add, list, show, choose and remove profiles
#[derive(Args, Debug)]
pub struct ProfileArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: ProfileCommand,
}

/// `tidp profile …`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Add a profile to config.toml; the first one becomes the default
    Add(ProfileAdd),
    /// All profiles, a line each
    List,
    /// One profile, with everything that follows from it
    Show {
        /// Its name [default: the profile in use]
        name: Option<String>,
    },
    /// Make a profile the default
    Use {
        /// Its name
        name: String,
    },
    /// Remove a profile that has no session
    Remove {
        /// Its name
        name: String,
    },
    /// Put the client secret into the keyring; read from the terminal without echo, or from stdin
    Secret {
        /// The profile's name
        name: String,
        /// Remove the secret instead
        #[arg(long)]
        remove: bool,
    },
}

/// The provider's client types, in any letter case.
const CLIENT_TYPES: [&str; 4] = ["Public", "PublicWithRefresh", "Confidential", "MobileApp"];

/// The refresh policies, in any letter case.
const POLICIES: [&str; 5] = ["NoRefresh", "Confidential", "Mobile", "PublicWeb", "Web"];

/// `tidp profile add`.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("provider").args(["issuer", "environment"]).required(true)))]
pub struct ProfileAdd {
    /// Its name
    pub name: String,
    /// The provider's issuer, such as https://id-test.telenor.no
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// TelenorID+'s staging or production
    #[arg(long, value_name = "ENVIRONMENT", value_parser = ["staging", "production"])]
    pub environment: Option<String>,
    /// The client
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// The client's type, which decides its refresh policy
    #[arg(long, value_name = "TYPE", value_parser = CLIENT_TYPES, ignore_case = true)]
    pub client_type: Option<String>,
    /// The refresh policy, where it is not the one that follows from the client type
    #[arg(long, value_name = "POLICY", value_parser = POLICIES, ignore_case = true)]
    pub policy: Option<String>,
    /// Scopes; repeat, or separate by spaces
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// The registered redirect URI [default: http://127.0.0.1/callback]
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// How the client secret is sent
    #[arg(long, value_name = "METHOD", value_parser = ["client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,
}

/// The shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// elvish
    Elvish,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn a_command_describes_itself_as_the_list_of_commands_does() {
        let listed = Cli::command();
        let mut built = Cli::command();
        built.build();
        for command in listed.get_subcommands() {
            let own = built.find_subcommand(command.get_name()).unwrap();
            assert_eq!(own.get_about().unwrap().to_string(), command.get_about().unwrap().to_string());
            assert!(own.get_long_about().is_none(), "{}", own.get_name());
        }
        built.debug_assert();
    }
}
