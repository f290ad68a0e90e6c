//! Use: the options of `token`, `exec`, `refresh` and `keepalive`.

use crate::domain::command_line::Shell;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, ValueHint};
use std::ffi::OsString;

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
    pub shell: Option<Shell>,
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
