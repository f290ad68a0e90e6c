//! `tidp inspect`: the session, with each token's state and claims, explained for a person.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::Time;
use crate::error::{Result, SessionError};
use crate::explain::claims;
use crate::explain::machine_view::MachineView;
use crate::explain::outlook::sentence::{Words, setting};
use crate::explain::session_view::{OPAQUE, ScopedTokenView, SessionView, TokenView, ViewStyle};
use crate::flows::context::Context;
use crate::flows::machine_token_cache;
use crate::flows::provider_keys::{self, SignatureVerdict};
use crate::flows::provider_metadata;
use crate::flows::refresh_token_introspection;
use crate::jwt::Jwt;
use crate::oidc::discovery::Provider;
use crate::ports::Reporter;
use crate::terminal::output::Output;
use serde_json::Value;

/// # Errors
/// `login_required` if there is no session; `store`, `config`.
pub fn run(context: &Context<'_>, out: &Output<'_>) -> Result<()> {
    if context.profile.is_machine() {
        return inspect_machine(context, out);
    }
    let session = context.load()?.ok_or(SessionError::NoSession)?;
    let session = refresh_token_introspection::with_introspection(context, session);
    let (now, profile) = (context.ports.clock.now(), &context.profile);
    let words = Words { format_time: &|time| out.local(time), profile: profile.name_in_hints.as_deref() };
    for (code, message) in context.outlook(Some(&session), now).warnings(&words) {
        out.warn(code, message);
    }
    let provider = provider_metadata::provider(context);
    let view = session_view(context, &session, &provider);
    if out.json {
        return out.document(view.to_json());
    }
    let claim_issuer = profile.claim_issuer(provider.as_ref().ok());
    let set_policy = setting(profile.policy_key(), profile.name_in_hints.as_deref());
    let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, now), claim_issuer };
    out.page(&view.text(&style, &set_policy))?;
    if session.id_token.as_ref().is_some_and(|token| now >= token.expires_at) {
        out.note(&format!("Note: {}.", claims::expired_id_token_note(claim_issuer)));
    }
    Ok(())
}

/// Shows the tokens of a client that acts for itself.
fn inspect_machine(context: &Context<'_>, out: &Output<'_>) -> Result<()> {
    let (now, profile) = (context.ports.clock.now(), &context.profile);
    let provider = provider_metadata::provider(context);
    let kept = machine_token_cache::load(context).tokens;
    let scopes = ScopeSet::parse(&profile.scopes);
    let others = kept.iter().filter(|(requested, _)| **requested != scopes);
    let view = MachineView {
        key: &context.key,
        grant: profile.grant.as_str(),
        store: context.store.name().as_str(),
        scopes: &profile.scopes,
        token: kept.get(&scopes).map(|token| scoped_token_view(context, &provider, token)),
        others: others.map(|(_, token)| scoped_token_view(context, &provider, token)).collect(),
        now,
    };
    if out.json {
        return out.document(view.to_json());
    }
    let claim_issuer = profile.claim_issuer(provider.as_ref().ok());
    out.page(&view.text(&ViewStyle { colors: out.colors, when: &|time| out.when(time, now), claim_issuer }))
}

/// The document of `tidp inspect --json`.
pub fn to_json(context: &Context<'_>, session: &Session) -> Value {
    session_view(context, session, &provider_metadata::provider(context)).to_json()
}

fn session_view<'s>(context: &'s Context<'_>, session: &'s Session, provider: &Result<Provider>) -> SessionView<'s> {
    let others = session.scoped_tokens.iter().map(|(_, token)| scoped_token_view(context, provider, token));
    let id_token = session.id_token.as_ref();
    SessionView {
        session,
        outlook: context.outlook(Some(session), context.ports.clock.now()),
        store: context.store.name().as_str(),
        access_token: token_view(context, provider, &session.access_token.value, session.access_token.expires_at),
        other_access_tokens: others.collect(),
        id_token: id_token.map(|token| token_view(context, provider, &token.value, token.expires_at)),
    }
}

fn scoped_token_view<'s>(
    context: &Context<'_>,
    provider: &Result<Provider>,
    token: &'s ScopedToken,
) -> ScopedTokenView<'s> {
    let AccessToken { value, expires_at, .. } = &token.access_token;
    ScopedTokenView { scopes: &token.scopes, access_token: token_view(context, provider, value, *expires_at) }
}

fn token_view<'s>(
    context: &Context<'_>,
    provider: &Result<Provider>,
    token: &'s Secret,
    expires_at: Time,
) -> TokenView<'s> {
    let verdict = match Jwt::parse(token.expose()) {
        Ok(jwt) => provider_keys::signature_verdict(context, provider, &jwt.jws),
        Err(_) => SignatureVerdict::Undecided(OPAQUE.to_owned()),
    };
    let (verified, verified_reason) = match verdict {
        SignatureVerdict::Valid => (Some(true), None),
        SignatureVerdict::Rejected(why) => (Some(false), Some(why)),
        SignatureVerdict::Undecided(why) => (None, Some(why)),
    };
    TokenView { token, expires_at, verified, verified_reason }
}
