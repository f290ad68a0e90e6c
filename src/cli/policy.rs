//! The command line of `tidp policy`.

use super::{Handles, POLICIES};
use clap::{Args, Subcommand, ValueEnum};

/// Explain the refresh policy and how much life is left
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Policy {
    /// What to show instead of the session's policy.
    #[command(subcommand)]
    pub what: Option<PolicyCommand>,
    /// One short line, for a prompt: `Mobile 89d`
    #[arg(long, conflicts_with = "why")]
    pub short: bool,
    /// List the events behind the answer
    #[arg(long)]
    pub why: bool,
    /// Draw with plain ASCII characters
    #[arg(long)]
    pub ascii: bool,
    /// Exit with 3 when less than this is left of the refresh token's life, or without one of the access token's
    #[arg(long, value_name = "DURATION")]
    pub require: Option<String>,
    /// Count down live on the terminal, until Ctrl-C
    #[arg(long, conflicts_with_all = ["short", "require"])]
    pub watch: bool,
}

/// `tidp policy …`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// The five policies, a line each
    List,
    /// One policy explained
    Show {
        /// Its name
        #[arg(value_parser = POLICIES, ignore_case = true)]
        name: String,
    },
    /// What if: play a session under a policy, offline, and see what happens and when it dies
    Simulate(Simulate),
}

/// `tidp policy simulate`.
#[derive(Args, Clone, Debug, Default)]
pub struct Simulate {
    /// The policy
    #[arg(long, value_name = "NAME", value_parser = POLICIES, ignore_case = true, required_unless_present = "compare")]
    pub policy: Option<String>,
    /// All five policies side by side
    #[arg(long, conflicts_with = "policy")]
    pub compare: bool,
    /// How often a script runs `tidp token`
    #[arg(long, value_name = "DURATION", default_value = "8m")]
    pub every: String,
    /// How long to look
    #[arg(long = "for", value_name = "DURATION", default_value = "2h")]
    pub length: String,
    /// How long an access token lives
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub access_token: String,
    /// End the user's SSO session this long after the login
    #[arg(long, value_name = "DURATION")]
    pub sso_ends_after: Option<String>,
    /// Whether a refresh hands out a new handle, or the same one again
    #[arg(long, value_enum, default_value_t)]
    pub refresh_tokens: Handles,
    /// The profile's `renew`: when `tidp token` refreshes
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub renew: RenewWhen,
    /// The script runs `tidp refresh --force` instead of `tidp token`
    #[arg(long, conflicts_with = "renew")]
    pub force: bool,
    /// Draw with plain ASCII characters
    #[arg(long)]
    pub ascii: bool,
}

/// A profile's `renew`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RenewWhen {
    /// Only when the access token has expired
    #[default]
    WhenDue,
    /// Also in the last third of a sliding life
    BeforeSessionEnds,
}
