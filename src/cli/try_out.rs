//! Try: the options of `demo` and `sandbox`.

use crate::domain::policy::RefreshTokenUsage;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;
use url::Url;

#[derive(Args, Clone, Debug, Default)]
pub struct Demo {
    /// Approve the login without a browser
    #[arg(long)]
    pub no_browser: bool,
}

const HELP: &str = include_str!("sandbox.txt");

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP, args_conflicts_with_subcommands = true)]
pub struct Sandbox {
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
    /// Port; 0: any free one
    #[arg(long, default_value_t = 8765, value_parser = port)]
    pub port: u16,
    /// A client of your own; can be repeated
    ///
    /// TYPE is Public, PublicWithRefresh, Confidential or MobileApp. Without a redirect URI it gets http://127.0.0.1 (any port),
    /// http://localhost:3000/callback and http://localhost:5173/callback.
    #[arg(long, value_name = "ID=TYPE[,URI…]")]
    pub client: Vec<String>,
    /// Secret of a confidential client; can be repeated
    #[arg(long, value_name = "ID=SECRET")]
    pub secret: Vec<String>,
    /// Redirect URI for every client that it fits
    ///
    /// It can be repeated.
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Vec<String>,
    /// A user of your own; can be repeated
    ///
    /// The first is the default.
    #[arg(long, value_name = "ID[,KEY=VALUE…]")]
    pub user: Vec<String>,
    /// Clients, users and lifetimes from this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// The address under which applications reach it
    ///
    /// As in a container.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub issuer: Option<String>,
    /// The address to listen on
    ///
    /// Any but a loopback address lets other machines in.
    #[arg(long, value_name = "ADDRESS", hide_short_help = true, default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Log in as the first user, without a page
    #[arg(long)]
    pub auto_approve: bool,
    /// What a refresh does with the refresh token
    #[arg(long, value_enum, value_name = "USAGE", hide_short_help = true, default_value_t = RefreshTokenUsage::OneTimeOnly)]
    pub refresh_tokens: RefreshTokenUsage,
    /// Whom introspection answers
    #[arg(long, value_enum, value_name = "WHOM", hide_short_help = true, default_value_t = Introspection::ApisOnly)]
    pub introspection: Introspection,
    /// Lifetime of access tokens [default: 1h]
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub access_token_lifetime: Option<String>,
    /// Start with the clock this far ahead or (-5m) behind
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub clock: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Introspection {
    /// Only APIs, as TelenorID+ (Duende IdentityServer 6) does; the API is sandbox-api, its secret sandbox-secret
    ApisOnly,
    /// Clients too, about their own tokens, as Duende IdentityServer 7 does
    RefreshTokens,
}

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
    #[arg(long, value_parser = ["expired", "not-yet-valid", "other-issuer", "other-audience", "unknown-key", "wrong-signature", "other-typ", "alg-none"])]
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

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "a port is a number from 0 to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_into_eighty_columns() {
        for line in HELP.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
