//! The options of `tidp sandbox token`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use url::Url;

/// What can be wrong with a token.
pub const FLAWS: [&str; 8] = [
    "expired",
    "not-yet-valid",
    "other-issuer",
    "other-audience",
    "unknown-key",
    "wrong-signature",
    "other-typ",
    "alg-none",
];

#[derive(Subcommand, Clone, Debug)]
pub enum SandboxCommand {
    /// Print a token of a running sandbox, for testing an API
    ///
    /// With any claims, also wrong ones.
    Token(SandboxToken),
}

#[derive(Args, Clone, Debug)]
pub struct SandboxToken {
    /// An ID token instead of an access token
    #[arg(long)]
    pub id_token: bool,
    /// The client [default: the sandbox's first]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The user [default: the sandbox's first]
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// A token for the client itself
    #[arg(long, conflicts_with_all = ["user", "id_token"])]
    pub no_user: bool,
    /// Scopes; can be repeated [default: openid profile]
    ///
    /// `api:orders` also gives the audience `orders`.
    #[arg(long)]
    pub scope: Vec<String>,
    /// A claim; can be repeated
    ///
    /// VALUE is JSON or text, and null leaves the claim out.
    #[arg(long, value_name = "NAME=VALUE")]
    pub claim: Vec<String>,
    /// How long it is valid
    ///
    /// By default, as long as the sandbox's access tokens.
    #[arg(long, value_name = "DURATION")]
    pub lifetime: Option<String>,
    /// What is wrong with it
    ///
    /// other-audience: `another-audience`; other-typ: `JWT` instead of `at+jwt`, for an ID token the reverse.
    #[arg(long, value_parser = PossibleValuesParser::new(FLAWS))]
    pub wrong: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: SampleFormat,
    /// The sandbox's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8765")]
    pub at: Url,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SampleFormat {
    /// The token
    #[default]
    Raw,
    /// A header: Authorization: Bearer …
    Header,
    /// The token, its header and its claims
    Json,
}
