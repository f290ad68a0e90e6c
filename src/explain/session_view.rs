//! A session and its tokens as `tidp inspect` shows them: the same view as JSON and as text.

use super::claims::{self, ClaimIssuer};
use super::outlook::SessionOutlook;
use crate::domain::policy::PolicyName;
use crate::domain::secret::Secret;
use crate::domain::session::{Account, ExpirySource, RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Jwt, RegisteredClaims};
use crate::terminal::styled_text::Colors;
use colored::Color;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The `verified_reason` of a token that is not a JWT: only its issuer can read it.
pub const OPAQUE: &str = "opaque";

/// How the text is shown.
pub struct ViewStyle<'a> {
    pub colors: Colors,
    /// Formats a time with its distance from now.
    pub when: &'a dyn Fn(Time) -> String,
}

/// A session and its tokens, as its policy describes them.
#[derive(Serialize)]
pub struct SessionView<'s> {
    profile: &'s str,
    issuer: &'s str,
    client_id: &'s str,
    store: &'s str,
    account: &'s Account,
    scopes: &'s [String],
    login_at: String,
    access_token: TokenView,
    /// For fewer scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_access_tokens: Vec<ScopedTokenView>,
    id_token: TokenView,
    refresh_token: RefreshTokenView,
    sso: Sso,
    policy: Option<PolicyView>,
    #[serde(skip)]
    session: &'s Session,
    #[serde(skip)]
    refresh_token_expiry: Option<RefreshTokenExpiry>,
    #[serde(skip)]
    now: Time,
}

/// An access or ID token.
#[derive(Default, Serialize)]
pub struct TokenView {
    state: &'static str,
    expires_at: Option<String>,
    expires_in: Option<Seconds>,
    verified: Option<bool>,
    /// Why it is not valid, or cannot be verified.
    verified_reason: Option<String>,
    header: Option<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
}

/// An access token and the scopes it was granted.
#[derive(Serialize)]
pub struct ScopedTokenView {
    pub scopes: Vec<String>,
    pub access_token: TokenView,
    #[serde(skip)]
    pub expires_at: Time,
}

impl ScopedTokenView {
    /// The token below a line with its scopes.
    pub(super) fn text(&self, style: &ViewStyle<'_>, now: Time, claim_issuer: ClaimIssuer) -> String {
        let text = self.access_token.text(style, "Access token", self.expires_at, now, claim_issuer);
        format!("{text}  for the scopes {}\n", printable(&self.scopes.join(" ")))
    }
}

#[derive(Serialize)]
struct RefreshTokenView {
    state: &'static str,
    expires_at: Option<String>,
    expires_at_earliest: Option<String>,
    expires_at_source: Option<ExpirySource>,
    expires_in: Option<Seconds>,
}

#[derive(Serialize)]
struct PolicyView {
    name: PolicyName,
    sliding: bool,
    lifetime: Option<Seconds>,
}

impl TokenView {
    /// The view of a token. `verified` says whether its signature is valid, if that is known, and why not.
    pub fn new(token: &Secret, expires_at: Time, now: Time, verified: (Option<bool>, Option<String>)) -> Self {
        let jwt = Jwt::parse(token.expose()).ok();
        Self {
            state: if now < expires_at { "valid" } else { "expired" },
            expires_at: Some(expires_at.rfc3339()),
            expires_in: Some(expires_at.left(now)),
            verified: verified.0,
            verified_reason: verified.1,
            header: jwt.as_ref().map(|jwt| jwt.jws.header.clone()),
            claims: jwt.map(|jwt| jwt.claims()),
        }
    }

    /// The view of a token that the session does not have.
    pub fn none() -> Self {
        Self { state: "none", ..Self::default() }
    }

    pub(super) fn text(
        &self,
        style: &ViewStyle<'_>,
        label: &str,
        expires_at: Time,
        now: Time,
        claim_issuer: ClaimIssuer,
    ) -> String {
        let state = if now < expires_at {
            style.colors.paint("valid until", Color::Green)
        } else {
            style.colors.paint("expired", Color::Magenta)
        };
        let reason = self.verified_reason.as_deref().unwrap_or_default();
        let signature = match self.verified {
            Some(true) => "signature checked".to_owned(),
            Some(false) => format!("SIGNATURE NOT VALID: {reason}"),
            None if reason == OPAQUE => OPAQUE.to_owned(),
            None => format!("signature not checked: {reason}"),
        };
        let label = style.colors.bold(&format!("{label:<14}"));
        let claims = self.claims.as_ref();
        let lines = claims.map(|claims| claim_lines(style, claims, &BTreeMap::new(), claim_issuer));
        format!("\n{label} {state} {}, {signature}\n{}", (style.when)(expires_at), lines.unwrap_or_default())
    }
}

impl RefreshTokenView {
    fn new(token: &RefreshToken, outlook: &SessionOutlook<'_>) -> Self {
        let (expiry, now) = (outlook.expiry, outlook.now);
        let state = match (token, expiry) {
            (RefreshToken::NeverIssued, _) => "none",
            (RefreshToken::Refused { .. }, _) => "expired",
            (RefreshToken::Held(_), None) if outlook.is_expired() => "expired",
            (RefreshToken::Held(_), Some(expiry)) if now < expiry.expires_at_earliest => "valid",
            (RefreshToken::Held(_), Some(expiry)) if now >= expiry.expires_at => "expired",
            // Without a policy, and between the earliest and the implied expiry.
            (RefreshToken::Held(_), _) => "unknown",
        };
        Self {
            state,
            expires_at: expiry.map(|expiry| expiry.expires_at.rfc3339()),
            expires_at_earliest: expiry.map(|expiry| expiry.expires_at_earliest.rfc3339()),
            expires_at_source: outlook.expiry_source(),
            expires_in: expiry.map(|expiry| expiry.expires_at.left(now)),
        }
    }
}

impl<'s> SessionView<'s> {
    /// The view of `session` with its outlook; `store` is the name of its store.
    pub fn new(
        session: &'s Session,
        outlook: &SessionOutlook<'_>,
        store: &'s str,
        [access_token, id_token]: [TokenView; 2],
    ) -> Self {
        Self {
            profile: &session.key.profile,
            issuer: &session.key.issuer,
            client_id: &session.key.client_id,
            store,
            account: &session.account,
            scopes: &session.scopes,
            login_at: session.login_at.rfc3339(),
            access_token,
            other_access_tokens: Vec::new(),
            id_token,
            refresh_token: RefreshTokenView::new(&session.refresh_token, outlook),
            sso: outlook.sso,
            policy: outlook.policy.map(|policy| PolicyView {
                name: policy.name,
                sliding: policy.sliding,
                lifetime: policy.lifetime,
            }),
            session,
            refresh_token_expiry: outlook.expiry,
            now: outlook.now,
        }
    }

    /// With the access tokens for fewer scopes.
    #[must_use]
    pub fn with_other_access_tokens(self, other_access_tokens: Vec<ScopedTokenView>) -> Self {
        Self { other_access_tokens, ..self }
    }

    /// The document of `tidp inspect --json`.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default() // cannot fail for these types
    }

    /// The text. `set_policy` is the setting for a policy, which is shown if none is known.
    pub fn text(&self, style: &ViewStyle<'_>, set_policy: &str, claim_issuer: ClaimIssuer) -> String {
        let (session, now) = (self.session, self.now);
        let policy = self.policy.as_ref();
        let rows = [
            ("Account", printable(self.account.username.as_deref().unwrap_or(&self.account.sub))),
            ("Issuer", printable(self.issuer)),
            ("Client", printable(self.client_id)),
            ("Profile", printable(self.profile)),
            ("Scopes", printable(&self.scopes.join(" "))),
            ("Logged in", (style.when)(session.login_at)),
            ("Store", self.store.to_owned()),
            (
                "Policy",
                policy.map_or_else(|| format!("unknown: set {set_policy}"), |policy| policy.name.as_str().to_owned()),
            ),
            ("Refresh token", self.refresh_token_text(style)),
            ("SSO session", self.sso_text(style)),
        ];
        let mut text = String::new();
        for (label, value) in rows {
            text += &format!("{} {value}\n", style.colors.bold(&format!("{label:<14}")));
        }
        text += &self.access_token.text(style, "Access token", session.access_token.expires_at, now, claim_issuer);
        for other in &self.other_access_tokens {
            text += &other.text(style, now, claim_issuer);
        }
        if let Some(id_token) = &session.id_token {
            text += &self.id_token.text(style, "ID token", id_token.expires_at, now, claim_issuer);
        }
        text
    }

    fn refresh_token_text(&self, style: &ViewStyle<'_>) -> String {
        match (&self.session.refresh_token, self.refresh_token_expiry) {
            (RefreshToken::NeverIssued, _) => "none: the login returned none".to_owned(),
            (RefreshToken::Refused { refused_at, .. }, _) => {
                format!("refused by the provider {}", (style.when)(*refused_at))
            }
            (RefreshToken::Held(_), None) => match self.session.found_inactive_at() {
                Some(at) => format!("no longer active, as the provider said {}", (style.when)(at)),
                None => "stored; its expiry is not known".to_owned(),
            },
            (RefreshToken::Held(_), Some(expiry)) if expiry.expires_at == expiry.expires_at_earliest => {
                let verb = if self.now < expiry.expires_at { "expires" } else { "expired" };
                let source = match expiry.source {
                    ExpirySource::Policy => "",
                    ExpirySource::Provider => ", as the provider says",
                };
                format!("{verb} {}{source}", (style.when)(expiry.expires_at))
            }
            (RefreshToken::Held(_), Some(expiry)) => format!(
                "expires {} under the policy; rely only on {}",
                (style.when)(expiry.expires_at),
                (style.when)(expiry.expires_at_earliest)
            ),
        }
    }

    fn sso_text(&self, style: &ViewStyle<'_>) -> String {
        let held = self.session.held_token();
        match self.sso {
            Sso::Active => {
                let renewed_at = held.map_or(self.session.login_at, |held| held.renewed_at);
                format!("last seen active {}", (style.when)(renewed_at))
            }
            Sso::Ended => match held.and_then(|held| held.omitted_since) {
                Some(since) => {
                    format!("ended: noticed {}; a refresh no longer renews the session", (style.when)(since))
                }
                None => "ended; a refresh no longer renews the session".to_owned(),
            },
            Sso::Unknown => "unknown".to_owned(),
        }
    }
}

/// A line for each claim: its name, its value (a time as a date) and what it means. Other values in `raw_values` are shown as they are written
/// there, so that numbers keep every digit.
pub fn claim_lines(
    style: &ViewStyle<'_>,
    claims: &Map<String, Value>,
    raw_values: &BTreeMap<String, &RawValue>,
    claim_issuer: ClaimIssuer,
) -> String {
    let times: Vec<_> = claims::times(&RegisteredClaims::from_claims(claims)).collect();
    let mut lines = String::new();
    for (name, value) in claims {
        let time = times.iter().find(|(n, _)| n == name).map(|(_, time)| (style.when)(*time));
        let meaning = if time.is_none() { claims::explain(name, value, claim_issuer) } else { None };
        let value = time.unwrap_or_else(|| claims::value_text(value, raw_values.get(name).map(|text| text.get())));
        let name = style.colors.paint(&format!("{:<19}", printable(name)), Color::Cyan);
        let meaning = meaning.map(|meaning| format!("  {}", style.colors.faint(&format!("({meaning})"))));
        lines += &format!("  {name} {value}{}\n", meaning.unwrap_or_default());
    }
    lines
}
