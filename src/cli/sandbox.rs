//! The command line of `tidp sandbox`.

use clap::{Args, ValueEnum};

const CONTROLS: &str = "\
Controls, for scripts on this machine; each answers in JSON:
  curl -d '{\"advance\": 86400}' http://127.0.0.1:8765/sandbox/clock
  curl http://127.0.0.1:8765/sandbox      tells the state and counts the requests

  clock           {\"advance\": 86400}  so many seconds pass
  clock           {\"offset\": -60}     the clock is so far ahead of the machine's
  clock           {\"freeze\": true}    only these move it; false: it goes again
  sso/end         {}                  every SSO session ends
  sso/end         {\"user\": \"kari\"}    those of one test user
  revoke          {}                  every refresh token is revoked
  refresh-tokens  {\"mode\": \"reuse\"}   a refresh gives the same handle; rotate: a new one
  keys/rotate     {}                  a new signing key; the old one stays published
  keys/rotate     {\"drop_old\": true}  and does not
  fail            {\"endpoint\": \"token\", \"status\": 503, \"times\": 2}
                    so many requests fail so
  fail            {\"endpoint\": \"token\", \"status\": 429, \"retry_after\": 5}
                    with a Retry-After
  fail            {\"endpoint\": \"token\", \"status\": 502, \"after\": true}
                    what was asked for is done, and only its answer is lost

Endpoints that can fail: discovery, jwks, authorize, login, token, userinfo, revocation,
introspection, device_authorization, device, end_session, custom_logout, home";

/// Run a stand-in for TelenorID+ on a loopback port, to try an app against each policy
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = CONTROLS)]
pub struct Sandbox {
    /// The port on 127.0.0.1; 0: any free one
    #[arg(long, default_value_t = 8765)]
    pub port: u16,
    /// Log in without a page, as the first test user
    #[arg(long)]
    pub auto_approve: bool,
    /// Whether a refresh hands out a new handle and kills the old one, or the same handle again
    #[arg(long, value_enum, default_value_t)]
    pub refresh_tokens: Handles,
    /// How long access tokens live
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub access_token_lifetime: String,
    /// Start with the clock this far ahead (a minus sign: behind)
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub clock: Option<String>,
}

/// What a refresh does to the handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Handles {
    /// A new handle each time; the old one is dead
    #[default]
    Rotate,
    /// The same handle each time
    Reuse,
}
