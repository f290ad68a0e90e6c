//! The options of `tidp sandbox`.

use crate::domain::policy::RefreshTokenUsage;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

const CONTROLS: &str = "\
Try your own app:
  tidp sandbox --client my-app=PublicWithRefresh,http://localhost:3000/callback
  tidp sandbox --config sandbox.toml, a file such as

    access_token_lifetime = \"5m\"          # also: sso_lifetime, scopes
    [[client]]
    client_id = \"my-app\"
    client_type = \"PublicWithRefresh\"
    redirect_uris = [\"http://localhost:3000/callback\"]
    refresh_lifetime = \"2m\"               # also: secret, policy, sliding, absolute_lifetime,
                                          # access_token_lifetime
    [[user]]
    id = \"per\"                            # also: email, family_name, birthdate, ial, max_aal,
    phone = \"4712345678\"                  # prefers_email
    given_name = \"Per\"
    claims = { department = \"sales\" }

Controls, for scripts on this machine; each responds with JSON:
  curl -d '{\"advance\": 86400}' http://127.0.0.1:8765/sandbox/clock
  curl http://127.0.0.1:8765/sandbox      shows the state and the number of requests
  curl 'http://127.0.0.1:8765/sandbox/events?after=0&wait=30'
    one line of JSON for each request: what was asked, what was answered, and why. after: only those
    with a higher number; wait: so many seconds for the next one; lang=no: the reasons in Norwegian

  clock           {\"advance\": 86400}  move the clock so many seconds forward
  clock           {\"offset\": -60}     set the clock so many seconds ahead of the machine's
  clock           {\"freeze\": true}    stop the clock; false: let it run again
  clients         {\"client_id\": \"my-app\", \"client_type\": \"MobileApp\"}
                    register a client, with the keys of the file
  users           {\"id\": \"per\"}       register a user, with the keys of the file
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
    /// Port; 0: any free one
    #[arg(long, default_value_t = 8765)]
    pub port: u16,
    /// A client of your own, with the usual redirect URIs if none is given; can be repeated
    #[arg(long, value_name = "ID=TYPE[,REDIRECT_URI…]")]
    pub client: Vec<String>,
    /// The secret of a confidential client; can be repeated
    #[arg(long, value_name = "ID=SECRET")]
    pub secret: Vec<String>,
    /// Register this redirect URI for every client that it fits; can be repeated
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Vec<String>,
    /// A user of your own; can be repeated. The first is the default
    #[arg(long, value_name = "ID[,KEY=VALUE…]")]
    pub user: Vec<String>,
    /// Clients, users, scopes and lifetimes from this file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address under which applications reach the sandbox, as in a container
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// The address to listen on. Any but a loopback address lets other machines in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Log in as the first user, without a page
    #[arg(long)]
    pub auto_approve: bool,
    /// Whether a refresh returns a new refresh token and revokes the old one, or returns the same one
    #[arg(long, value_enum, default_value_t = RefreshTokenUsage::OneTimeOnly)]
    pub refresh_tokens: RefreshTokenUsage,
    /// Whom introspection answers
    #[arg(long, value_enum, default_value_t = Introspection::ApisOnly)]
    pub introspection: Introspection,
    /// Lifetime of access tokens [default: 1h]
    #[arg(long, value_name = "DURATION")]
    pub access_token_lifetime: Option<String>,
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
