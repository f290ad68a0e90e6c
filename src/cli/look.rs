//! Look: the options of `policy` and `decode`.

use crate::domain::decision::Renew;
use crate::domain::policy::{PolicyName, RefreshTokenUsage};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Policy {
    #[command(subcommand)]
    pub what: Option<PolicyCommand>,
    /// Print one short line for a prompt: `Mobile 89d`
    #[arg(long, conflicts_with = "why")]
    pub short: bool,
    /// List the events behind the explanation
    #[arg(long)]
    pub why: bool,
    /// Draw with plain ASCII characters
    #[arg(long)]
    pub ascii: bool,
    /// Exit with 3 if less than this is left
    ///
    /// Of the refresh token's lifetime, or without one of the access token's.
    #[arg(long, value_name = "DURATION")]
    pub require: Option<String>,
    /// Update the display every second until Ctrl-C
    #[arg(long, conflicts_with_all = ["short", "require"])]
    pub watch: bool,
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List the policies
    List,
    /// Explain one policy
    Show {
        /// Name of the policy
        #[arg(value_enum, value_name = "POLICY", ignore_case = true)]
        name: PolicyName,
    },
    /// Simulate a session under a policy, and show when it ends
    ///
    /// Nothing is requested: a script of your habits is played against the built-in sandbox.
    Simulate(Simulate),
}

#[derive(Args, Clone, Debug)]
pub struct Simulate {
    /// Name of the policy
    ///
    /// Without one, the policy of the profile; without a profile, all of them.
    #[arg(value_enum, value_name = "POLICY", ignore_case = true, conflicts_with = "policy")]
    pub name: Option<PolicyName>,
    /// The same as an option
    #[arg(long, value_enum, hide_short_help = true, value_name = "POLICY", ignore_case = true)]
    pub policy: Option<PolicyName>,
    /// Compare all policies
    #[arg(long, conflicts_with_all = ["name", "policy"])]
    pub compare: bool,
    /// How often `tidp token` is run
    #[arg(long, value_name = "DURATION", default_value = "8m")]
    pub every: String,
    /// Length of the simulation
    #[arg(long = "for", value_name = "DURATION", default_value = "2h")]
    pub length: String,
    /// Lifetime of an access token
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub access_token: String,
    /// The SSO session ends this long after the login
    #[arg(long, value_name = "DURATION")]
    pub sso_ends_after: Option<String>,
    /// What a refresh does with the refresh token
    #[arg(long, value_enum, value_name = "USAGE", default_value_t = RefreshTokenUsage::OneTimeOnly)]
    pub refresh_tokens: RefreshTokenUsage,
    /// When `tidp token` refreshes
    ///
    /// As `renew` of a profile, and by default as the profile has it.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub renew: Option<Renew>,
    /// The script runs `tidp refresh --force` instead
    #[arg(long, conflicts_with = "renew")]
    pub force: bool,
    /// Draw with plain ASCII characters
    #[arg(long)]
    pub ascii: bool,
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
