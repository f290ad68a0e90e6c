//! The options of `tidp sandbox`.

mod token;

pub use token::{SampleFormat, SandboxCommand, SandboxToken};

use crate::domain::policy::RefreshTokenUsage;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;

const HELP: &str = include_str!("sandbox/help.txt");

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

/// Whom introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Introspection {
    /// Only APIs, as TelenorID+ (Duende IdentityServer 6) does; the API is sandbox-api, its secret sandbox-secret
    ApisOnly,
    /// Clients too, about their own tokens, as Duende IdentityServer 7 does
    RefreshTokens,
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "a port is a number from 0 to 65535".to_owned())
}

impl ValueEnum for RefreshTokenUsage {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(match self {
            Self::OneTimeOnly => "A new refresh token each time; the old one is revoked",
            Self::ReUse => "The same refresh token each time",
        }))
    }
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
