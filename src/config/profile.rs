//! A validated profile.

use super::redirect_uri::RedirectUri;
use crate::domain::decision::Renew;
use crate::domain::policy::{ClientType, Policy};
use crate::domain::session::{EntryKey, SessionKey};
use crate::domain::text::printable;
use crate::explain::claims::ClaimIssuer;
use crate::oidc::discovery::Provider;
use std::path::PathBuf;

pub const TELENORID_PLUS: [(&str, &str); 2] =
    [("staging", "https://id-test.telenor.no"), ("production", "https://id.telenor.no")];

/// The redirect URI of TelenorID+'s debugger in staging. By its guide it is registered for every public client.
pub const DEBUGGER_REDIRECT_URI: &str = "https://oidc-test.telenor.no//callback";

pub fn is_telenorid_plus(issuer: &str) -> bool {
    TELENORID_PLUS.iter().any(|(_, own)| issuer.strip_suffix('/').unwrap_or(issuer) == *own)
}

/// Client authentication at the token endpoint (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMethod {
    /// For a public client.
    #[default]
    None,
    Basic,
    Post,
}

impl AuthMethod {
    /// The names of those that send a secret (OIDC Core 9).
    pub const NAMES: [(&str, Self); 2] = [("client_secret_basic", Self::Basic), ("client_secret_post", Self::Post)];
}

/// How the client gets its tokens (RFC 6749 1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    #[default]
    AuthorizationCode,
    ClientCredentials,
}

impl Grant {
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::ClientCredentials];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// How the tokens in an entry were got; `None` for a client secret.
    pub const fn of_entry(entry: &EntryKey) -> Option<Self> {
        match entry {
            EntryKey::Session(_) => Some(Self::AuthorizationCode),
            EntryKey::MachineTokens(_) => Some(Self::ClientCredentials),
            EntryKey::ClientSecret(_) => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    Variable(String),
    Profile(String),
    #[default]
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile `{}`", printable(name)),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A profile, validated and with its defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// `CLIENT_ID@ISSUER` if the environment names the client.
    pub name: String,
    /// The name for `--profile` in hints; `None` if the environment names the client.
    pub name_in_hints: Option<String>,
    pub issuer: String,
    pub client_id: String,
    pub client_id_source: Source,
    pub client_type: Option<ClientType>,
    pub grant: Grant,
    /// The configured policy, or the one that follows from the client type; none without a user.
    pub policy: Option<Policy>,
    pub renew: Renew,
    pub scopes: Vec<String>,
    pub redirect_uri: RedirectUri,
    pub redirect_uri_source: Source,
    pub auth_method: AuthMethod,
    pub client_secret_command: Option<Vec<String>>,
    /// Certificate authorities to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    pub acr_values: Option<String>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub prompt: Option<String>,
    pub endpoint_hosts: Vec<String>,
}

impl Profile {
    /// Whether the provider behaves as TelenorID+: by its issuer, or, for a sandbox or a proxy, by the client type, which no
    /// other provider has.
    pub fn is_telenorid_plus(&self) -> bool {
        self.client_type.is_some() || is_telenorid_plus(&self.issuer)
    }

    /// A profile for a session whose profile was removed, with enough to log out.
    pub fn orphan(key: &SessionKey) -> Self {
        Self {
            name: key.profile.clone(),
            name_in_hints: Some(key.profile.clone()),
            issuer: key.issuer.clone(),
            client_id: key.client_id.clone(),
            ..Self::default()
        }
    }

    /// Whether the client acts for itself, so that there is no user, login, session or refresh token.
    pub fn is_machine(&self) -> bool {
        self.grant == Grant::ClientCredentials
    }

    /// How a public client without a redirect URI on this machine may get in: with that of TelenorID+'s debugger in staging.
    pub fn debugger_redirect_advice(&self) -> Option<String> {
        let is_staging = self.issuer == TELENORID_PLUS[0].1;
        let is_set = matches!(&self.redirect_uri, RedirectUri::Elsewhere(_));
        (is_staging && self.auth_method == AuthMethod::None && !is_set).then(|| {
            format!(
                "If no redirect URI on this machine is registered for the client: by TelenorID+'s guide every public client may \
                 use its debugger's in staging, so a login with redirect_uri = \"{DEBUGGER_REDIRECT_URI}\", where tidp asks for \
                 the address that the browser was sent to, may let you in (nobody here has been able to try it)"
            )
        })
    }

    /// The profile key that sets the refresh policy.
    pub fn policy_key(&self) -> &'static str {
        if self.is_telenorid_plus() { "client_type" } else { "policy" }
    }

    /// How to read the provider's claims. `provider` is its discovery document, if known.
    pub fn claim_issuer(&self, provider: Option<&Provider>) -> ClaimIssuer {
        ClaimIssuer {
            telenorid_plus: self.is_telenorid_plus(),
            pairwise: provider.is_some_and(|provider| provider.is_pairwise),
        }
    }

    pub fn session_key(&self) -> SessionKey {
        SessionKey { profile: self.name.clone(), issuer: self.issuer.clone(), client_id: self.client_id.clone() }
    }
}
