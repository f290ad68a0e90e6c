//! `tidp inspect`: the session, with each token's state and claims, explained for a person.

use crate::cli::Global;
use crate::domain::secret::Secret;
use crate::domain::session::{RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::error::{Result, SessionError};
use crate::explain::claims::{self, ClaimIssuer};
use crate::explain::outlook::sentence::setting;
use crate::explain::outlook::warnings;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, SignatureVerdict};
use crate::flows::provider_metadata;
use crate::jwt::{Jwt, RegisteredClaims};
use crate::oidc::discovery::Provider;
use crate::ports::Ports;
use crate::terminal::output::Output;
use colored::Color;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Said of a token that is no JWT: only its issuer can read it.
const OPAQUE: &str = "opaque";

/// Runs it.
///
/// # Errors
/// `login_required` where there is no session; `store`, `config`.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global) -> Result<()> {
    Context::open(ports, out, global)?.run(|context| {
        let session = context.load()?.ok_or(SessionError::NoSession)?;
        let now = ports.clock.now();
        for warning in warnings::warnings(now, &session, context.profile.policy.as_ref(), context.profile.renew) {
            let message = warning.message.render(&|time| out.local(time), context.profile.name_in_hints.as_deref());
            out.warn(warning.code, message);
        }
        let provider = provider_metadata::provider(context);
        let document = document_of(context, &session, &provider);
        let whose = context.profile.claim_issuer(provider.as_ref().ok());
        if out.json { out.document(document) } else { show(context, &session, &document, whose) }
    })
}

/// The contract's `inspect` document.
pub fn document(context: &Context<'_>, session: &Session) -> Value {
    document_of(context, session, &provider_metadata::provider(context))
}

fn document_of(context: &Context<'_>, session: &Session, provider: &Result<Provider>) -> Value {
    let now = context.ports.clock.now();
    let access = &session.access_token;
    let mut id_token = match &session.id_token {
        Some(token) => token_document(&token.value, token.expires_at, now),
        None => {
            json!({
                "state": "none", "expires_at": null, "expires_in": null, "verified": null, "verified_reason": null,
                "header": null, "claims": null,
            })
        }
    };
    let mut access_token = token_document(&access.value, access.expires_at, now);
    verify(context, session, provider, &mut access_token, &mut id_token);
    json!({
        "profile": session.key.profile,
        "issuer": session.key.issuer,
        "client_id": session.key.client_id,
        "store": context.store.name(),
        "account": { "sub": session.account.sub, "username": session.account.username },
        "scopes": session.scopes,
        "login_at": session.login_at.rfc3339(),
        "access_token": access_token,
        "id_token": id_token,
        "refresh_token": refresh_token(context, session, now),
        "sso": context.profile.policy.map_or(Sso::Unknown, |policy| Sso::from_session(session, &policy)),
        "policy": context.profile.policy.map(|policy| {
            json!({ "name": policy.name, "sliding": policy.sliding, "lifetime": policy.lifetime })
        }),
    })
}

fn token_document(token: &Secret, expires_at: Time, now: Time) -> Value {
    let jwt = Jwt::parse(token.expose()).ok();
    json!({
        "state": if now < expires_at { "valid" } else { "expired" },
        "expires_at": expires_at.rfc3339(),
        "expires_in": expires_at.left(now),
        "verified": null,
        "verified_reason": null,
        "header": jwt.as_ref().map(|jwt| Value::Object(jwt.jws.header.clone())),
        "claims": jwt.map(|jwt| Value::Object(jwt.claims())),
    })
}

/// Checks the signatures; `verified` is `null` where that cannot be done, and `verified_reason` says why, or what is wrong.
fn verify(
    context: &Context<'_>,
    session: &Session,
    provider: &Result<Provider>,
    access_token: &mut Value,
    id_token: &mut Value,
) {
    let id_token_value = session.id_token.as_ref().map(|token| &token.value);
    for (token, document) in [(Some(&session.access_token.value), access_token), (id_token_value, id_token)] {
        let Some(token) = token else { continue };
        let verdict = match Jwt::parse(token.expose()) {
            Ok(jwt) => provider_keys::signature_verdict(context, provider, &jwt),
            Err(_) => SignatureVerdict::Undecided(OPAQUE.to_owned()),
        };
        (document["verified"], document["verified_reason"]) = match verdict {
            SignatureVerdict::Valid => (true.into(), Value::Null),
            SignatureVerdict::Rejected(why) => (false.into(), why.into()),
            SignatureVerdict::Undecided(why) => (Value::Null, why.into()),
        };
    }
}

fn refresh_token(context: &Context<'_>, session: &Session, now: Time) -> Value {
    let life = context.profile.policy.as_ref().and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
    let state = match (&session.refresh_token, life) {
        (RefreshToken::NeverIssued, _) => "none",
        (RefreshToken::Refused { .. }, _) => "expired",
        (RefreshToken::Held(_), Some(life)) if now < life.expires_at_earliest => "valid",
        (RefreshToken::Held(_), Some(life)) if now >= life.expires_at => "expired",
        // Between what can be relied on and what the policy implies, or with no policy at all, nobody knows.
        (RefreshToken::Held(_), _) => "unknown",
    };
    json!({
        "state": state,
        "expires_at": life.map(|life| life.expires_at.rfc3339()),
        "expires_at_earliest": life.map(|life| life.expires_at_earliest.rfc3339()),
        "expires_in": life.map(|life| life.expires_at.left(now)),
    })
}

fn show(context: &Context<'_>, session: &Session, document: &Value, whose: ClaimIssuer) -> Result<()> {
    let out = context.out;
    let now = context.ports.clock.now();
    let account = session.account.username.as_deref().unwrap_or(&session.account.sub);
    let profile = &context.profile;
    let unknown = || format!("unknown: set {}", setting(profile.policy_key(), None, profile.name_in_hints.as_deref()));
    let policy = context.profile.policy.map_or_else(unknown, |policy| policy.name.as_str().to_owned());
    let rows = [
        ("Account", printable(account)),
        ("Issuer", printable(&session.key.issuer)),
        ("Client", printable(&session.key.client_id)),
        ("Profile", printable(&session.key.profile)),
        ("Scopes", printable(&session.scopes.join(" "))),
        ("Logged in", out.when(session.login_at, now)),
        ("Store", context.store.name().to_owned()),
        ("Policy", policy.to_owned()),
        ("Refresh token", refresh_token_told(context, session, now)),
        ("SSO session", sso_told(context, session, now)),
    ];
    for (label, text) in rows {
        out.answer(&format!("{} {text}\n", out.bold(&format!("{label:<14}"))))?;
    }
    token(context, "Access token", &document["access_token"], session.access_token.expires_at, now, whose)?;
    if let Some(id_token) = &session.id_token {
        token(context, "ID token", &document["id_token"], id_token.expires_at, now, whose)?;
        if now >= id_token.expires_at {
            out.note(&format!("Note: {}.", claims::expired_id_token_note(whose)));
        }
    }
    Ok(())
}

fn refresh_token_told(context: &Context<'_>, session: &Session, now: Time) -> String {
    let out = context.out;
    match (
        &session.refresh_token,
        context.profile.policy.as_ref().and_then(|policy| RefreshTokenExpiry::from_session(session, policy)),
    ) {
        (RefreshToken::NeverIssued, _) => "none: the login brought none".to_owned(),
        (RefreshToken::Refused { refused_at: at, .. }, _) => format!("refused by the provider {}", out.when(*at, now)),
        (RefreshToken::Held(_), None) => "held; its end is not known".to_owned(),
        (RefreshToken::Held(_), Some(life)) if life.expires_at == life.expires_at_earliest => {
            let verb = if now < life.expires_at { "lives until" } else { "ended" };
            format!("{verb} {}", out.when(life.expires_at, now))
        }
        (RefreshToken::Held(_), Some(life)) => format!(
            "lives until {} by the policy; rely on {}",
            out.when(life.expires_at, now),
            out.when(life.expires_at_earliest, now)
        ),
    }
}

/// What the answers so far tell of the user's SSO session at the provider.
fn sso_told(context: &Context<'_>, session: &Session, now: Time) -> String {
    let held = session.held_token();
    match context.profile.policy.as_ref().map_or(Sso::Unknown, |policy| Sso::from_session(session, policy)) {
        Sso::Active => {
            let at = held.map_or(session.login_at, |held| held.renewed_at);
            format!("active {}", context.out.when(at, now))
        }
        Sso::Ended => match held.and_then(|held| held.omitted_since) {
            Some(since) => format!("ended: found {}; refreshing renews nothing", context.out.when(since, now)),
            None => "ended; refreshing renews nothing".to_owned(),
        },
        Sso::Unknown => "not known: no answer tells".to_owned(),
    }
}

fn token(
    context: &Context<'_>,
    label: &str,
    document: &Value,
    expires_at: Time,
    now: Time,
    whose: ClaimIssuer,
) -> Result<()> {
    let out = context.out;
    let state =
        if now < expires_at { out.paint("valid until", Color::Green) } else { out.paint("expired", Color::Yellow) };
    let reason = document["verified_reason"].as_str().unwrap_or_default();
    let signature = match document["verified"].as_bool() {
        Some(true) => "signature checked".to_owned(),
        Some(false) => format!("SIGNATURE NOT VALID: {reason}"),
        None if reason == OPAQUE => OPAQUE.to_owned(),
        None => format!("signature not checked: {reason}"),
    };
    out.answer(&format!(
        "\n{} {state} {}, {signature}\n",
        out.bold(&format!("{label:<14}")),
        out.when(expires_at, now)
    ))?;
    match document["claims"].as_object() {
        Some(claims) => out.answer(&claim_lines(out, claims, &BTreeMap::new(), now, whose)),
        None => Ok(()),
    }
}

/// A line for each claim: its name, its value, and what it means. Where `written` holds a claim's text, that is shown:
/// in it a number keeps every digit.
pub fn claim_lines(
    out: &Output<'_>,
    claims: &Map<String, Value>,
    written: &BTreeMap<String, &RawValue>,
    now: Time,
    whose: ClaimIssuer,
) -> String {
    let times: Vec<_> = claims::times(&RegisteredClaims::from_claims(claims)).collect();
    let mut lines = String::new();
    for (name, value) in claims {
        let time = times.iter().find(|(n, _)| n == name).map(|(_, time)| out.when(*time, now));
        let meaning = time.or_else(|| claims::explain(name, value, whose));
        let value = claims::value_text(value, written.get(name).map(|text| text.get()));
        let name = out.paint(&format!("{:<18}", printable(name)), Color::Cyan);
        let meaning = meaning.map(|meaning| format!("  {}", out.paint(&format!("({meaning})"), Color::BrightBlack)));
        lines += &format!("  {name} {value}{}\n", meaning.unwrap_or_default());
    }
    lines
}
