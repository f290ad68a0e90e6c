//! Every command with its options. The doc comments are the help texts.

use super::policy::{Policy, client_type_names, policy_names};
use super::sandbox::Sandbox;
use super::version::VERSION;
use crate::config::keys_with_meanings;
use crate::domain::acr_values::{ASSURANCE_LEVELS, LOGIN_PROVIDERS};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Start here:
  tidp demo                     see how it works; nothing needs to be set up
  tidp profile add work --environment staging --client-id ID --client-type MobileApp
  tidp login                    log in with the browser; the OS keyring keeps the session

In a script (without a token nothing is sent):
  h=$(tidp token --format header) && printf '%s\\n' \"$h\" | curl -fsS -H @- \"$URL\"

Exit codes: 0 ok, 1 failed, 2 usage or config, 3 login required, 4 refused by the provider,
5 unreachable or busy, 6 keyring or store, 7 failed validation, 124 login timed out";

/// The command-line tool for TelenorID+: log in, get a valid access token, understand the refresh policy.
#[derive(Debug, Parser)]
#[command(name = "tidp", version = VERSION, after_help = EXAMPLES, max_term_width = 100, disable_help_subcommand = true)]
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
    #[arg(long, short, global = true, value_name = "NAME")]
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
    /// Show login, token, refresh and logout on the built-in sandbox
    Demo(Demo),
    /// Log in with the browser and keep the session in the OS keyring
    Login(Login),
    /// Print a valid access token, refreshing it if necessary
    Token(Token),
    /// Refresh the session if it is due
    Refresh(Refresh),
    /// Show every profile and session, and which one is used
    #[command(visible_alias = "whoami")]
    Status,
    /// Show the session: account, tokens, claims, policy
    Inspect,
    /// Decode a JWT offline, or verify it
    Decode(Decode),
    /// Explain the refresh policy and how long the session lasts
    Policy(Policy),
    /// Keep a sliding session alive while a command runs, for some time, or until it ends
    Keepalive(Keepalive),
    /// Run a command with TIDP_ACCESS_TOKEN set
    Exec(Exec),
    /// Show the userinfo claims
    Userinfo,
    /// Log out: remove the local session, then end it at the provider
    Logout(Logout),
    /// Open the user's own account page at TelenorID+, or print its link
    Manage(Manage),
    /// Add, list, show, change and remove profiles
    Profile(ProfileArgs),
    /// Run a stand-in for TelenorID+ on a loopback port, to try an app under each policy
    Sandbox(Sandbox),
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
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
    /// Print the URL instead of opening a browser, and still wait for the redirect
    #[arg(long)]
    pub no_browser: bool,
    /// Read the redirected URL from stdin: for a client whose redirect URI is not on this machine
    #[arg(long)]
    pub paste: bool,
    /// Log in on another device: show a code and an address to enter it at, and wait
    #[arg(long, conflicts_with_all = ["no_browser", "paste", "prompt"])]
    pub device: bool,
    /// Confirm the login in Vipps or BankID (CIBA), for confidential clients; needs --login-hint
    #[arg(long, value_name = "APP", value_parser = ["vipps", "bankid"], conflicts_with_all = ["no_browser", "paste", "prompt", "device"])]
    pub ciba: Option<String>,
    /// With --device: show no QR code
    #[arg(long, requires = "device")]
    pub no_qr: bool,
    /// none: succeed only while the SSO session is active; login: ask for credentials again
    #[arg(long, value_name = "PROMPT", value_parser = ["none", "login"])]
    pub prompt: Option<String>,
    /// Phone number to fill in on the login page, or for --ciba vipps; with --ciba bankid the user's kurt_id
    #[arg(long, value_name = "HINT")]
    pub login_hint: Option<String>,
    /// How to log in at TelenorID+ (a name for its acr_values)
    #[arg(long, value_name = "NAME", value_parser = login_provider_names(), conflicts_with = "acr_values")]
    pub provider: Option<String>,
    /// Requested assurance level of TelenorID+ (a name for its acr_values)
    #[arg(long, value_name = "LEVEL", value_parser = assurance_level_names(), conflicts_with_all = ["acr_values", "require_acr"])]
    pub aal: Option<String>,
    /// Requested acr_values, space-separated
    #[arg(long, value_name = "ACR")]
    pub acr_values: Option<String>,
    /// As --acr-values, but fail if the login has none of them (exit 7)
    #[arg(long, value_name = "ACR", conflicts_with = "acr_values")]
    pub require_acr: Option<String>,
    /// Preferred languages of the login page, such as no
    #[arg(long, value_name = "LOCALES")]
    pub ui_locales: Option<String>,
    /// Maximum authentication age (OIDC max_age); 0s forces a new login
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// Scopes instead of the profile's; repeatable or space-separated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Extra parameter of the authorization request; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub extra_param: Vec<String>,
    /// How long to wait for the user [default: 5m; with --device: as long as the code is valid]
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Fail if another account than the one with this `sub` logs in (exit 7)
    #[arg(long, value_name = "SUB")]
    pub expect_sub: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Token {
    /// Minimum remaining lifetime of the token [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// A token of these scopes alone, kept beside the others; repeatable or space-separated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Print the ID token instead
    #[arg(long, conflicts_with_all = ["min_ttl", "scope"])]
    pub id_token: bool,
    /// Output format [default: raw]
    #[arg(long, value_enum)]
    pub format: Option<TokenFormat>,
    /// The shell that reads --format env [default: the one that seems to have started tidp]
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
    /// Deprecated by TelenorID+: refresh anyway, with an access token for another profile of the same user; the next refresh
    /// without it returns to the user's own. Needs the scope account.profiles
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub tnu_id: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Decode {
    /// Tokens; without any, or with `-`, one per line from stdin (which keeps them out of the process list)
    #[arg(value_name = "TOKEN")]
    pub tokens: Vec<String>,
    /// Check signature, issuer and times against the profile's provider
    #[arg(long)]
    pub verify: bool,
    /// Check against the keys in this file (a JWK set)
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// Clock difference to tolerate when times are checked
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub leeway: String,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Keepalive {
    /// Stop refreshing after this time; without CMD, exit then with 0 [default: as long as CMD or the session lasts]
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<String>,
    /// Command to run, with its arguments; its exit code becomes tidp's
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Args, Clone, Debug)]
pub struct Exec {
    /// Minimum remaining lifetime of the token [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub min_ttl: Option<String>,
    /// A token of these scopes alone; repeatable or space-separated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// The variable to set instead of TIDP_ACCESS_TOKEN
    #[arg(long = "env", value_name = "NAME")]
    pub variable: Option<String>,
    /// Command to run, with its arguments
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Logout {
    /// Delete the local session only
    #[arg(long, conflicts_with = "browser")]
    pub local: bool,
    /// Log out of all profiles, and end sessions whose profile is removed
    #[arg(long, conflicts_with = "browser")]
    pub all: bool,
    /// End the provider's session in the browser (end_session_endpoint)
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
    /// Add a profile to config.toml; on a terminal, ask for what is left out. The first one becomes the default
    Add(Box<ProfileAdd>),
    /// List all profiles
    #[command(visible_alias = "ls")]
    List,
    /// Show one profile with all its settings
    Show {
        /// Name of the profile [default: the profile in use]
        name: Option<String>,
    },
    /// Make a profile the default
    Use {
        /// Name of the profile
        name: String,
    },
    /// Set one key of a profile
    #[command(after_help = format!("Keys of a profile:\n{}\nA list is one argument: scopes \"openid profile\"", keys_with_meanings()))]
    Set {
        /// Name of the profile
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
        name: String,
        /// The key
        key: String,
    },
    /// Rename a profile, with its session and client secret
    Rename {
        /// Name of the profile
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Remove a profile that has no session
    #[command(visible_alias = "rm")]
    Remove {
        /// Name of the profile
        name: String,
    },
    /// Store the client secret in the keyring, read from the terminal without echo or from stdin
    Secret {
        /// Name of the profile
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
    /// Issuer URL of the provider, such as https://id-test.telenor.no
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// TelenorID+ environment
    #[arg(long, value_name = "ENVIRONMENT", value_parser = ["staging", "production"])]
    pub environment: Option<String>,
    /// Client ID
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Client type, which determines the refresh policy
    #[arg(long, value_name = "TYPE", value_parser = client_type_names(), ignore_case = true)]
    pub client_type: Option<String>,
    /// How tokens are got: by a user's login, or by the client itself
    #[arg(long, value_name = "GRANT", value_parser = ["authorization_code", "client_credentials"])]
    pub grant: Option<String>,
    /// Refresh policy, if not the one of the client type
    #[arg(long, value_name = "POLICY", value_parser = policy_names(), ignore_case = true)]
    pub policy: Option<String>,
    /// Scopes; repeatable or space-separated
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Registered redirect URI [default: http://127.0.0.1/callback]
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// How the client secret is sent
    #[arg(long, value_name = "METHOD", value_parser = ["client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,
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
