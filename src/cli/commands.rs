//! Every command with its options. The doc comments are the help texts.

use super::policy::{Policy, client_type_names, policy_names};
use super::sandbox::Sandbox;
use super::version::VERSION;
use crate::config::keys_with_meanings;
use crate::domain::acr_values::{ASSURANCE_LEVELS, LOGIN_PROVIDERS};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;

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
    Profile(ProfileArgs),
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
    Complete(CompleteWords),
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

fn login_provider_names() -> PossibleValuesParser {
    LOGIN_PROVIDERS.map(|provider| provider.name).into()
}

fn assurance_level_names() -> PossibleValuesParser {
    ASSURANCE_LEVELS.map(|level| level.name).into()
}

#[derive(Args, Clone, Debug, Default)]
pub struct Demo {
    /// Approve the login without a browser
    #[arg(long)]
    pub no_browser: bool,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Login {
    /// Print the URL instead of opening a browser
    ///
    /// It still waits for the redirect.
    #[arg(long)]
    pub no_browser: bool,
    /// Read the redirected URL from stdin
    ///
    /// For a client whose redirect URI is not on this machine.
    #[arg(long)]
    pub paste: bool,
    /// Log in on another device
    ///
    /// Show a code and a URL to enter it at, and wait.
    #[arg(long, conflicts_with_all = ["no_browser", "paste", "prompt"])]
    pub device: bool,
    /// Confirm the login in this app (CIBA)
    ///
    /// For confidential clients; needs --login-hint.
    #[arg(long, value_name = "APP", value_parser = ["vipps", "bankid"], conflicts_with_all = ["no_browser", "paste", "prompt", "device"])]
    pub ciba: Option<String>,
    /// With --device: show no QR code
    #[arg(long, requires = "device", hide_short_help = true)]
    pub no_qr: bool,
    /// none: never ask the user; login: always ask
    ///
    /// With none a login succeeds only while the SSO session is active.
    #[arg(long, value_name = "none|login", value_parser = ["none", "login"], hide_possible_values = true)]
    pub prompt: Option<String>,
    /// Phone number for the login page or --ciba
    ///
    /// It is filled in on the login page. With --ciba bankid it is the user's kurt_id.
    #[arg(long, value_name = "HINT")]
    pub login_hint: Option<String>,
    /// How to log in at TelenorID+
    ///
    /// A name for its acr_values.
    #[arg(long, value_name = "PROVIDER", value_parser = login_provider_names(), conflicts_with = "acr_values")]
    pub provider: Option<String>,
    /// Requested assurance level of TelenorID+
    ///
    /// A name for its acr_values.
    #[arg(long, value_name = "LEVEL", value_parser = assurance_level_names(), conflicts_with_all = ["acr_values", "require_acr"])]
    pub aal: Option<String>,
    /// Requested acr_values, space-separated
    #[arg(long, value_name = "ACR", hide_short_help = true)]
    pub acr_values: Option<String>,
    /// As --acr-values; fail if it has none of them (exit 7)
    #[arg(long, value_name = "ACR", conflicts_with = "acr_values")]
    pub require_acr: Option<String>,
    /// Preferred languages of the login page, such as no
    #[arg(long, value_name = "LOCALES", hide_short_help = true)]
    pub ui_locales: Option<String>,
    /// Ask again if the SSO login is older (OIDC max_age)
    ///
    /// 0s forces a new login.
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// Scopes instead of the profile's; can be repeated
    ///
    /// Or one argument of several, with spaces between them.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Extra parameter of the authorization request; can be repeated
    #[arg(long, value_name = "NAME=VALUE", hide_short_help = true)]
    pub extra_param: Vec<String>,
    /// How long to wait for the user [default: 5m]
    ///
    /// With --device the default is: as long as the code is valid.
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Fail if another account logs in (exit 7)
    ///
    /// SUB is the account's identifier, the claim `sub`; `tidp inspect` shows it.
    #[arg(long, value_name = "SUB")]
    pub expect_sub: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Token {
    /// Minimum remaining lifetime of the token [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// A token of these scopes alone; can be repeated
    ///
    /// It is kept beside the others. In a user's session, the scopes must be among those of the login.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Print the ID token instead
    #[arg(long, conflicts_with_all = ["min_ttl", "scope"])]
    pub id_token: bool,
    /// Output format [default: raw]
    #[arg(long, value_enum)]
    pub format: Option<TokenFormat>,
    /// The shell that reads --format env [default: a guess]
    ///
    /// The guess is the shell that seems to have started tidp.
    #[arg(long, value_enum, requires = "format")]
    pub shell: Option<ShellName>,
    /// Never touch the network
    #[arg(long)]
    pub no_refresh: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TokenFormat {
    /// The token alone
    #[default]
    Raw,
    /// Authorization: Bearer …
    Header,
    /// {"Authorization":"Bearer …"}
    HeaderJson,
    /// A line for `curl -K -`
    Curl,
    /// export TIDP_ACCESS_TOKEN=… (with --id-token: TIDP_ID_TOKEN), or as --shell needs it
    Env,
    /// {"access_token":…} (with --id-token: {"id_token":…})
    Json,
    /// A Kubernetes ExecCredential
    ExecCredential,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShellName {
    /// sh, bash, zsh, fish: export TIDP_ACCESS_TOKEN='…'
    Posix,
    /// $env:TIDP_ACCESS_TOKEN = '…'
    Powershell,
    /// cmd.exe: set "TIDP_ACCESS_TOKEN=…"
    Cmd,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Refresh {
    /// Refresh anyway, to update the ID token's claims
    #[arg(long, conflicts_with_all = ["force", "tnu_id"])]
    pub claims: bool,
    /// Refresh anyway
    #[arg(long)]
    pub force: bool,
    /// For another profile of the user (deprecated)
    ///
    /// Refresh anyway, with an access token for another profile of the same user; the next refresh without it returns to the
    /// user's own. Needs the scope account.profiles. TelenorID+ has deprecated it.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub tnu_id: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Decode {
    /// Tokens; without any, or with `-`, lines of stdin
    ///
    /// stdin keeps them out of the process list.
    #[arg(value_name = "TOKEN")]
    pub tokens: Vec<String>,
    /// Check with the keys of the profile's provider
    ///
    /// The signature, the issuer and the times.
    #[arg(long)]
    pub verify: bool,
    /// Check with the keys in this file (a JWK set)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub jwks: Option<PathBuf>,
    /// Clock difference to tolerate
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub leeway: String,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Keepalive {
    /// Stop after this time [default: CMD's, or the session's]
    ///
    /// CMD goes on without refreshes. Without CMD, tidp exits then with 0.
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<String>,
    /// Command to run, with its arguments
    ///
    /// Its exit code becomes tidp's.
    #[arg(last = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

#[derive(Args, Clone, Debug)]
pub struct Exec {
    /// Minimum remaining lifetime of the token [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// A token of these scopes alone; can be repeated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// The variable to set instead of TIDP_ACCESS_TOKEN
    #[arg(long = "env", value_name = "VARIABLE")]
    pub variable: Option<String>,
    /// Command to run, with its arguments
    #[arg(required = true, last = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Logout {
    /// Delete the local session only
    #[arg(long, conflicts_with = "browser")]
    pub local: bool,
    /// Also all other profiles, and sessions without one
    #[arg(long, conflicts_with = "browser")]
    pub all: bool,
    /// End the provider's session in the browser
    ///
    /// By its end_session_endpoint.
    #[arg(long)]
    pub browser: bool,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Manage {
    /// Language of the page, such as no
    #[arg(long, value_name = "LOCALE")]
    pub lang: Option<String>,
    /// Print the link instead of opening the browser
    #[arg(long)]
    pub print: bool,
}

#[derive(Args, Debug)]
pub struct ProfileArgs {
    #[command(subcommand)]
    pub what: ProfileCommand,
}

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Add a profile to config.toml
    ///
    /// On a terminal it asks for what is left out. The first profile becomes the default.
    Add(Box<ProfileAdd>),
    /// List all profiles
    #[command(visible_alias = "ls")]
    List,
    /// Show one profile with all its settings
    Show {
        /// Name of the profile [default: the profile in use]
        #[arg(value_name = "PROFILE")]
        name: Option<String>,
    },
    /// Make a profile the default
    Use {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
    },
    /// Set one key of a profile
    #[command(after_long_help = format!("Keys of a profile:\n{}\nA list is one argument: scopes \"openid profile\"", keys_with_meanings()))]
    Set {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// The key, such as client_type
        key: String,
        /// Its value; of a list, the words
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Remove one key of a profile, so that its default applies
    Unset {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// The key
        key: String,
    },
    /// Rename a profile, with its session and client secret
    Rename {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Remove a profile that has no session
    #[command(visible_alias = "rm")]
    Remove {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
    },
    /// Store the client secret in the keyring
    ///
    /// It is read from the terminal without echo, or from stdin.
    Secret {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// Remove the secret instead
        #[arg(long)]
        remove: bool,
    },
}

#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("provider").args(["issuer", "environment"])))]
pub struct ProfileAdd {
    /// Name of the profile
    pub name: Option<String>,
    /// Issuer URL of the provider, if not TelenorID+
    ///
    /// Such as https://id.example.com.
    #[allow(rustdoc::bare_urls)] // the help shows it as it is
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// TelenorID+ environment
    #[arg(long, value_name = "ENVIRONMENT", value_parser = ["staging", "production"])]
    pub environment: Option<String>,
    /// Client ID
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Client type at TelenorID+; determines the policy
    #[arg(long, value_name = "TYPE", value_parser = client_type_names(), ignore_case = true)]
    pub client_type: Option<String>,
    /// A user logs in, or the client acts for itself
    #[arg(long, value_name = "GRANT", value_parser = ["authorization_code", "client_credentials"])]
    pub grant: Option<String>,
    /// Refresh policy, if not the one of the client type
    #[arg(long, value_name = "POLICY", hide_short_help = true, value_parser = policy_names(), ignore_case = true)]
    pub policy: Option<String>,
    /// Scopes; can be repeated
    ///
    /// Or one argument of several, with spaces between them.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Registered redirect URI
    ///
    /// The default is http://127.0.0.1/callback, on any free port.
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// How the client secret is sent
    #[arg(long, value_name = "METHOD", hide_short_help = true, value_parser = ["client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct CompleteWords {
    /// The word to complete
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub current: String,
    /// The words before it, without `tidp`
    #[arg(last = true)]
    pub before: Vec<String>,
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
}
