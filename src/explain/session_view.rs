//! A session and its tokens as `tidp inspect` shows them: the same view as JSON and as text.

use super::claims::{self, ClaimIssuer};
use super::outlook::SessionOutlook;
use crate::domain::secret::Secret;
use crate::domain::session::{ExpirySource, RefreshToken, Session, Sso};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::jwt::{Jwt, RegisteredClaims};
use crate::terminal::styled_text::Colors;
use colored::Color;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The `verified_reason` of a token that is not a JWT: only its issuer can read it.
pub const OPAQUE: &str = "opaque";

pub struct ViewStyle<'a> {
    pub colors: Colors,
    pub when: &'a dyn Fn(Time) -> String,
    pub claim_issuer: ClaimIssuer,
}

impl ViewStyle<'_> {
    pub(super) fn row(&self, label: &str, value: &str) -> String {
        format!("{} {value}\n", self.colors.bold(&format!("{label:<14}")))
    }
}

pub struct SessionView<'s> {
    pub session: &'s Session,
    pub outlook: SessionOutlook<'s>,
    pub store: &'s str,
    pub access_token: TokenView<'s>,
    /// For fewer scopes.
    pub other_access_tokens: Vec<ScopedTokenView<'s>>,
    pub id_token: Option<TokenView<'s>>,
}

pub struct TokenView<'s> {
    pub token: &'s Secret,
    pub expires_at: Time,
    /// Whether its signature is valid, if that is known.
    pub verified: Option<bool>,
    /// Why it is not valid, or cannot be verified.
    pub verified_reason: Option<String>,
}

/// An access token and the scopes it was granted.
pub struct ScopedTokenView<'s> {
    pub scopes: &'s [String],
    pub access_token: TokenView<'s>,
}

impl ScopedTokenView<'_> {
    pub(super) fn to_json(&self, now: Time) -> Value {
        json!({ "scopes": self.scopes, "access_token": TokenView::to_json(Some(&self.access_token), now) })
    }

    pub(super) fn text(&self, style: &ViewStyle<'_>, now: Time) -> String {
        let text = self.access_token.text(style, "Access token", now);
        format!("{text}  for the scopes {}\n", printable(&self.scopes.join(" ")))
    }
}

impl TokenView<'_> {
    /// The token as JSON. `None` stands for a token that the session does not have.
    pub(super) fn to_json(token: Option<&Self>, now: Time) -> Value {
        let jwt = token.and_then(|token| Jwt::parse(token.token.expose()).ok());
        json!({
            "state": token.map_or("none", |token| if now < token.expires_at { "valid" } else { "expired" }),
            "expires_at": token.map(|token| token.expires_at.rfc3339()),
            "expires_in": token.map(|token| token.expires_at.left(now)),
            "verified": token.and_then(|token| token.verified),
            "verified_reason": token.and_then(|token| token.verified_reason.as_deref()),
            "header": jwt.as_ref().map(|jwt| &jwt.jws.header),
            "claims": jwt.as_ref().map(Jwt::claims),
        })
    }

    pub(super) fn text(&self, style: &ViewStyle<'_>, label: &str, now: Time) -> String {
        let state = if now < self.expires_at {
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
        let head = style.row(label, &format!("{state} {}, {signature}", (style.when)(self.expires_at)));
        let claims = Jwt::parse(self.token.expose()).map(|jwt| claim_lines(style, &jwt.claims(), &BTreeMap::new()));
        format!("\n{head}{}", claims.unwrap_or_default())
    }
}

impl SessionView<'_> {
    pub fn to_json(&self) -> Value {
        let Session { key, account, scopes, login_at, .. } = self.session;
        let SessionOutlook { now, expiry, .. } = self.outlook;
        let mut document = json!({
            "profile": key.profile,
            "issuer": key.issuer,
            "client_id": key.client_id,
            "store": self.store,
            "account": account,
            "scopes": scopes,
            "login_at": login_at.rfc3339(),
            "access_token": TokenView::to_json(Some(&self.access_token), now),
            "id_token": TokenView::to_json(self.id_token.as_ref(), now),
            "refresh_token": {
                "state": self.refresh_token_state(),
                "expires_at": expiry.map(|expiry| expiry.expires_at.rfc3339()),
                "expires_at_earliest": expiry.map(|expiry| expiry.expires_at_earliest.rfc3339()),
                "expires_at_source": self.outlook.expiry_source(),
                "expires_in": expiry.map(|expiry| expiry.expires_at.left(now)),
            },
            "sso": self.outlook.sso,
            "policy": self.outlook.policy.map(|policy| json!({
                "name": policy.name, "sliding": policy.sliding, "lifetime": policy.lifetime,
            })),
        });
        if !self.other_access_tokens.is_empty() {
            document["other_access_tokens"] = self.other_access_tokens.iter().map(|token| token.to_json(now)).collect();
        }
        document
    }

    fn refresh_token_state(&self) -> &'static str {
        let now = self.outlook.now;
        match (&self.session.refresh_token, self.outlook.expiry) {
            (RefreshToken::NeverIssued, _) => "none",
            (RefreshToken::Rejected { .. }, _) => "expired",
            (RefreshToken::Held(_), None) if self.outlook.is_expired() => "expired",
            (RefreshToken::Held(_), Some(expiry)) if now < expiry.expires_at_earliest => "valid",
            (RefreshToken::Held(_), Some(expiry)) if now >= expiry.expires_at => "expired",
            // Without a policy, and between the earliest and the implied expiry.
            (RefreshToken::Held(_), _) => "unknown",
        }
    }

    /// The text. `set_policy` is the setting for a policy, which is shown if none is known.
    pub fn text(&self, style: &ViewStyle<'_>, set_policy: &str) -> String {
        let Session { key, account, .. } = self.session;
        let unknown = || format!("unknown: set {set_policy}");
        let mut text: String = [
            ("Account", printable(account.username.as_deref().unwrap_or(&account.sub))),
            ("Issuer", printable(&key.issuer)),
            ("Client", printable(&key.client_id)),
            ("Profile", printable(&key.profile)),
            ("Scopes", printable(&self.session.scopes.join(" "))),
            ("Logged in", (style.when)(self.session.login_at)),
            ("Store", self.store.to_owned()),
            ("Policy", self.outlook.policy.map_or_else(unknown, |policy| policy.name.as_str().to_owned())),
            ("Refresh token", self.refresh_token_text(style)),
            ("SSO session", self.sso_text(style)),
        ]
        .iter()
        .map(|(label, value)| style.row(label, value))
        .collect();
        let now = self.outlook.now;
        text += &self.access_token.text(style, "Access token", now);
        text.extend(self.other_access_tokens.iter().map(|token| token.text(style, now)));
        text.extend(self.id_token.iter().map(|token| token.text(style, "ID token", now)));
        text
    }

    fn refresh_token_text(&self, style: &ViewStyle<'_>) -> String {
        match (&self.session.refresh_token, self.outlook.expiry) {
            (RefreshToken::NeverIssued, _) => "none: the login returned none".to_owned(),
            (RefreshToken::Rejected { rejected_at, .. }, _) => {
                format!("refused by the provider {}", (style.when)(*rejected_at))
            }
            (RefreshToken::Held(_), None) => match self.session.found_inactive_at() {
                Some(at) => format!("no longer active, as the provider said {}", (style.when)(at)),
                None => "stored; its expiry is not known".to_owned(),
            },
            (RefreshToken::Held(_), Some(expiry)) if expiry.expires_at == expiry.expires_at_earliest => {
                let verb = if self.outlook.now < expiry.expires_at { "expires" } else { "expired" };
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
        match self.outlook.sso {
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

/// A line for each claim: its name, its value (a time as a date) and what it means. Values in `raw_values` are shown as they
/// are written there, so that numbers keep every digit.
pub fn claim_lines(
    style: &ViewStyle<'_>,
    claims: &Map<String, Value>,
    raw_values: &BTreeMap<String, &RawValue>,
) -> String {
    let times: Vec<_> = claims::times(&RegisteredClaims::from_claims(claims)).collect();
    let mut lines = String::new();
    for (name, value) in claims {
        let time = times.iter().find(|(n, _)| n == name).map(|(_, time)| (style.when)(*time));
        let meaning = if time.is_none() { claims::explain(name, value, style.claim_issuer) } else { None };
        let value = time.unwrap_or_else(|| claims::value_text(value, raw_values.get(name).map(|text| text.get())));
        let name = style.colors.paint(&format!("{:<19}", printable(name)), Color::Cyan);
        let meaning = meaning.map(|meaning| format!("  {}", style.colors.faint(&format!("({meaning})"))));
        lines += &format!("  {name} {value}{}\n", meaning.unwrap_or_default());
    }
    lines
}
