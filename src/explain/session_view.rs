//! A session, or the tokens of a client that acts for itself, as `tidp inspect` shows them: as JSON and as text.

use super::claims::{self, ClaimIssuer};
use super::outlook::SessionOutlook;
use crate::domain::access_tokens::{ScopedToken, ScopedTokens};
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, ExpirySource, HeldToken, RefreshToken, Session, SessionKey, Sso};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::jwt::{Jws, Jwt};
use crate::terminal::styled_text::Colors;
use colored::Color;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The result of checking a signature. The text says why, and is printable.
pub enum SignatureVerdict {
    Valid,
    Rejected(String),
    Undecided(String),
}

pub struct ViewStyle<'a> {
    pub colors: Colors,
    pub when: &'a dyn Fn(Time) -> String,
    pub claim_issuer: ClaimIssuer,
}

impl ViewStyle<'_> {
    fn row(&self, label: &str, value: &str) -> String {
        format!("{} {value}\n", self.colors.bold(&format!("{label:<14}")))
    }

    fn rows(&self, rows: &[(&str, String)]) -> String {
        rows.iter().map(|(label, value)| self.row(label, value)).collect()
    }
}

/// What each view shows beside the session or the tokens.
pub struct Inspection<'a> {
    /// The store's name.
    pub store: &'static str,
    pub now: Time,
    pub verify: Box<dyn Fn(&Jws<'_>) -> SignatureVerdict + 'a>,
}

/// A token and when it expires.
type Token<'t> = (&'t Secret, Time);

fn token(token: &AccessToken) -> Token<'_> {
    (&token.value, token.expires_at)
}

/// The tokens that were requested with other scopes.
fn others<'t>(kept: &'t ScopedTokens, scopes: &ScopeSet) -> impl Iterator<Item = &'t ScopedToken> {
    kept.iter().filter(move |(requested, _)| *requested != scopes).map(|(_, token)| token)
}

impl Inspection<'_> {
    /// The document of `tidp inspect --json`.
    pub fn session_json(&self, outlook: &SessionOutlook<'_>) -> Value {
        let Session { key, account, scopes, login_at, access_token, id_token, scoped_tokens, .. } = outlook.session;
        let expiry = outlook.expiry;
        let mut document = json!({
            "profile": key.profile,
            "issuer": key.issuer,
            "client_id": key.client_id,
            "store": self.store,
            "account": account,
            "scopes": scopes,
            "login_at": login_at.rfc3339(),
            "access_token": self.token_json(Some(token(access_token))),
            "id_token": self.token_json(id_token.as_ref().map(|token| (&token.value, token.expires_at))),
            "refresh_token": {
                "state": refresh_token_state(outlook),
                "expires_at": expiry.map(|expiry| expiry.expires_at.rfc3339()),
                "expires_at_earliest": expiry.map(|expiry| expiry.expires_at_earliest.rfc3339()),
                "expires_at_source": outlook.expiry_source(),
                "expires_in": expiry.map(|expiry| expiry.expires_at.left(self.now)),
            },
            "sso": outlook.sso,
            "policy": outlook.policy.map(|policy| json!({
                "name": policy.name, "sliding": policy.sliding, "lifetime": policy.lifetime,
            })),
        });
        if !scoped_tokens.is_empty() {
            document["other_access_tokens"] = scoped_tokens.iter().map(|(_, token)| self.scoped_json(token)).collect();
        }
        document
    }

    /// The same of a client that acts for itself, without what only a user has. `scopes` are the profile's.
    pub fn machine_json(&self, key: &SessionKey, grant: &str, scopes: &[String], kept: &ScopedTokens) -> Value {
        let requested = ScopeSet::parse(scopes);
        let kept_token = kept.get(&requested);
        json!({
            "profile": key.profile,
            "issuer": key.issuer,
            "client_id": key.client_id,
            "grant": grant,
            "store": self.store,
            "account": null,
            "scopes": kept_token.map_or(scopes, |token| &token.scopes),
            "login_at": null,
            "access_token": self.token_json(kept_token.map(|kept| token(&kept.access_token))),
            "other_access_tokens": others(kept, &requested).map(|token| self.scoped_json(token)).collect::<Value>(),
            "id_token": self.token_json(None),
            "refresh_token": {
                "state": "none", "expires_at": null, "expires_at_earliest": null, "expires_at_source": null,
                "expires_in": null,
            },
            "sso": "unknown",
            "policy": null,
        })
    }

    /// The token as JSON. `None` stands for a token that there is not.
    fn token_json(&self, token: Option<Token<'_>>) -> Value {
        let expires_at = token.map(|(_, expires_at)| expires_at);
        let jwt = token.and_then(|(token, _)| Jwt::parse(token.expose()).ok());
        let (verified, reason) = match jwt.as_ref().map(|jwt| (self.verify)(&jwt.jws)) {
            Some(SignatureVerdict::Valid) => (Some(true), None),
            Some(SignatureVerdict::Rejected(why)) => (Some(false), Some(why)),
            Some(SignatureVerdict::Undecided(why)) => (None, Some(why)),
            None => (None, token.map(|_| "opaque".to_owned())),
        };
        json!({
            "state": expires_at.map_or("none", |end| if self.now < end { "valid" } else { "expired" }),
            "expires_at": expires_at.map(Time::rfc3339),
            "expires_in": expires_at.map(|end| end.left(self.now)),
            "verified": verified,
            "verified_reason": reason,
            "header": jwt.as_ref().map(|jwt| &jwt.jws.header),
            "claims": jwt.as_ref().map(Jwt::claims),
        })
    }

    fn scoped_json(&self, scoped: &ScopedToken) -> Value {
        json!({ "scopes": scoped.scopes, "access_token": self.token_json(Some(token(&scoped.access_token))) })
    }

    /// The text. `set_policy` is the setting for a policy, which is shown if none is known.
    pub fn session_text(&self, outlook: &SessionOutlook<'_>, style: &ViewStyle<'_>, set_policy: &str) -> String {
        let Session { key, account, scopes, login_at, access_token, id_token, scoped_tokens, .. } = outlook.session;
        let unknown = || format!("unknown: set {set_policy}");
        let mut text = style.rows(&[
            ("Account", account.shown_name()),
            ("Issuer", printable(&key.issuer)),
            ("Client", printable(&key.client_id)),
            ("Profile", printable(&key.profile)),
            ("Scopes", printable(&scopes.join(" "))),
            ("Logged in", (style.when)(*login_at)),
            ("Store", self.store.to_owned()),
            ("Policy", outlook.policy.map_or_else(unknown, |policy| policy.name.as_str().to_owned())),
            ("Refresh token", refresh_token_text(outlook, style)),
            ("SSO session", sso_text(outlook, style)),
        ]);
        text += &self.token_text(style, "Access token", token(access_token));
        text.extend(scoped_tokens.iter().map(|(_, token)| self.scoped_text(style, token)));
        text.extend(id_token.iter().map(|token| self.token_text(style, "ID token", (&token.value, token.expires_at))));
        text
    }

    /// The text on a client that acts for itself. `scopes` are the profile's.
    pub fn machine_text(
        &self,
        key: &SessionKey,
        scopes: &[String],
        kept: &ScopedTokens,
        style: &ViewStyle<'_>,
    ) -> String {
        let requested = ScopeSet::parse(scopes);
        let scopes = if scopes.is_empty() { "chosen by the provider".to_owned() } else { printable(&scopes.join(" ")) };
        let mut text = style.rows(&[
            ("Issuer", printable(&key.issuer)),
            ("Client", printable(&key.client_id)),
            ("Profile", printable(&key.profile)),
            ("Grant", "machine token: the client acts for itself, without a user".to_owned()),
            ("Scopes", scopes),
            ("Store", self.store.to_owned()),
        ]);
        text += &match kept.get(&requested) {
            None => style.row("Access token", "none is stored for these scopes"),
            Some(kept) => self.token_text(style, "Access token", token(&kept.access_token)),
        };
        text.extend(others(kept, &requested).map(|token| self.scoped_text(style, token)));
        text
    }

    fn token_text(&self, style: &ViewStyle<'_>, label: &str, (token, expires_at): Token<'_>) -> String {
        let state = if self.now < expires_at {
            style.colors.paint("valid until", Color::Green)
        } else {
            style.colors.paint("expired", Color::Magenta)
        };
        let jwt = Jwt::parse(token.expose()).ok();
        let signature = match jwt.as_ref().map(|jwt| (self.verify)(&jwt.jws)) {
            Some(SignatureVerdict::Valid) => "signature checked".to_owned(),
            Some(SignatureVerdict::Rejected(why)) => format!("SIGNATURE NOT VALID: {why}"),
            Some(SignatureVerdict::Undecided(why)) => format!("signature not checked: {why}"),
            // Only its issuer can read it.
            None => "opaque".to_owned(),
        };
        let head = style.row(label, &format!("{state} {}, {signature}", (style.when)(expires_at)));
        let claims = jwt.map(|jwt| claim_lines(style, &jwt.claims(), &BTreeMap::new()));
        format!("\n{head}{}", claims.unwrap_or_default())
    }

    fn scoped_text(&self, style: &ViewStyle<'_>, scoped: &ScopedToken) -> String {
        let text = self.token_text(style, "Access token", token(&scoped.access_token));
        format!("{text}  for the scopes {}\n", printable(&scoped.scopes.join(" ")))
    }
}

fn refresh_token_state(outlook: &SessionOutlook<'_>) -> &'static str {
    match (&outlook.session.refresh_token, outlook.expiry) {
        (RefreshToken::NeverIssued, _) => "none",
        _ if outlook.is_expired() => "expired",
        (_, Some(expiry)) if outlook.now < expiry.expires_at_earliest => "valid",
        // Without a policy, and between the earliest and the implied expiry.
        _ => "unknown",
    }
}

fn refresh_token_text(outlook: &SessionOutlook<'_>, style: &ViewStyle<'_>) -> String {
    let when = style.when;
    match (&outlook.session.refresh_token, outlook.expiry) {
        (RefreshToken::NeverIssued, _) => "none: the login returned none".to_owned(),
        (RefreshToken::Rejected { rejected_at, .. }, _) => format!("refused by the provider {}", when(*rejected_at)),
        (RefreshToken::Held(_), None) => match outlook.session.found_inactive_at() {
            Some(at) => format!("no longer active, as the provider said {}", when(at)),
            None => "stored; its expiry is not known".to_owned(),
        },
        (RefreshToken::Held(_), Some(expiry)) if expiry.expires_at == expiry.expires_at_earliest => {
            let verb = if outlook.now < expiry.expires_at { "expires" } else { "expired" };
            let source = match expiry.source {
                ExpirySource::Policy => "",
                ExpirySource::Provider => ", as the provider says",
            };
            format!("{verb} {}{source}", when(expiry.expires_at))
        }
        (RefreshToken::Held(_), Some(expiry)) => {
            let (end, sure) = (when(expiry.expires_at), when(expiry.expires_at_earliest));
            format!("expires {end} under the policy; rely only on {sure}")
        }
    }
}

fn sso_text(outlook: &SessionOutlook<'_>, style: &ViewStyle<'_>) -> String {
    match (outlook.sso, outlook.session.held_token()) {
        (Sso::Active, Some(held)) => format!("last seen active {}", (style.when)(held.renewed_at)),
        (Sso::Ended, Some(HeldToken { omitted_since: Some(since), .. })) => {
            format!("ended: noticed {}; a refresh no longer renews the session", (style.when)(*since))
        }
        _ => "unknown".to_owned(),
    }
}

/// A line for each claim: its name, its value (a time as a date) and what it means. Values in `raw` are shown as they
/// are written there, so that numbers keep every digit.
pub fn claim_lines(style: &ViewStyle<'_>, claims: &Map<String, Value>, raw: &BTreeMap<String, &RawValue>) -> String {
    let times: Vec<_> = claims::times(claims).collect();
    let mut lines = String::new();
    for (name, value) in claims {
        let time = times.iter().find(|(n, _)| n == name).map(|(_, time)| (style.when)(*time));
        let meaning = if time.is_none() { claims::explain(name, value, style.claim_issuer) } else { None };
        let value = time.unwrap_or_else(|| claims::value_text(value, raw.get(name).map(|text| text.get())));
        let name = style.colors.paint(&format!("{:<19}", printable(name)), Color::Cyan);
        let meaning = meaning.map(|meaning| format!("  {}", style.colors.faint(&format!("({meaning})"))));
        lines += &format!("  {name} {value}{}\n", meaning.unwrap_or_default());
    }
    lines
}
