//! The options of `tidp sandbox`.

use crate::domain::policy::RefreshTokenUsage;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

const CONTROLS: &str = "\
Controls, for scripts on this machine; each responds with JSON:
  curl -d '{\"advance\": 86400}' http://127.0.0.1:8765/sandbox/clock
  curl http://127.0.0.1:8765/sandbox      shows the state and the number of requests
  curl 'http://127.0.0.1:8765/sandbox/events?after=0&wait=30'
    one line of JSON for each request: what was asked, what was answered, and why. after: only those
    with a higher number; wait: so many seconds for the next one; lang=no: the reasons in Norwegian

  clock           {\"advance\": 86400}  move the clock so many seconds forward
  clock           {\"offset\": -60}     set the clock so many seconds ahead of the machine's
  clock           {\"freeze\": true}    stop the clock; false: let it run again
  sso/end         {}                  end every SSO session
  sso/end         {\"user\": \"kari\"}    end those of one test user
  logins/approve  {}                  approve every waiting login of a device or by CIBA
  logins/approve  {\"user_code\": \"123456789\", \"user\": \"kari\"}
                    approve this one; a device's as this user
  logins/deny     {}                  deny them
  revoke          {}                  revoke every refresh token
  refresh-tokens  {\"mode\": \"reuse\"}   a refresh returns the same refresh token; rotate: a new one
  keys/rotate     {}                  use a new signing key; the old one stays published
  keys/rotate     {\"drop_old\": true}  use a new signing key; withdraw the old one
  fail            {\"endpoint\": \"token\", \"status\": 503, \"times\": 2}
                    let so many requests fail with this status
  fail            {\"endpoint\": \"token\", \"status\": 429, \"retry_after\": 5}
                    with a Retry-After
  fail            {\"endpoint\": \"token\", \"status\": 502, \"after\": true}
                    do what is requested, but lose the response

Endpoints that can fail: discovery, jwks, authorize, login, token, userinfo, revocation,
introspection, device_authorization, device, ciba, ciba_prepare_bankid, ciba_page,
self_service, account, end_session, custom_logout, home";

#[derive(Args, Clone, Debug)]
#[command(after_help = CONTROLS)]
pub struct Sandbox {
    /// Port on 127.0.0.1; 0: any free one
    #[arg(long, default_value_t = 8765)]
    pub port: u16,
    /// Log in as the first test user, without a page
    #[arg(long)]
    pub auto_approve: bool,
    /// Whether a refresh returns a new refresh token and revokes the old one, or returns the same one
    #[arg(long, value_enum, default_value_t = RefreshTokenUsage::OneTimeOnly)]
    pub refresh_tokens: RefreshTokenUsage,
    /// Whom introspection answers
    #[arg(long, value_enum, default_value_t = Introspection::ApisOnly)]
    pub introspection: Introspection,
    /// Lifetime of access tokens
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub access_token_lifetime: String,
    /// Start with the clock this far ahead; negative: behind
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub clock: Option<String>,
}

/// Whom introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Introspection {
    /// Only APIs, as TelenorID+ (Duende IdentityServer 6) does; the API is sandbox-api
    ApisOnly,
    /// Clients too, about their own tokens, as Duende IdentityServer 7 does
    RefreshTokens,
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
