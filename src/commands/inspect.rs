//! `tidp inspect`: the session, with each token's state and claims, explained for a person.

use crate::cli::Global;
use crate::domain::scoped_tokens::ScopedToken;
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
use crate::flows::machine_tokens;
use crate::flows::provider_keys::{self, SignatureVerdict};
use crate::flows::provider_metadata;
use crate::flows::refresh_token_introspection;
use crate::jwt::Jwt;
use crate::oidc::discovery::Provider;
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::Value;

/// # Errors
/// `login_required` if there is no session; `store`, `config`.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global) -> Result<()> {
    Context::open(ports, out, global.profile.as_deref())?.run(|context| {
        if context.profile.is_machine() {
            return inspect_machine(context, out);
        }
        let session = context.load()?.ok_or(SessionError::NoSession)?;
        let session = refresh_token_introspection::with_introspection(context, session);
        let (now, profile) = (ports.clock.now(), &context.profile);
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
        let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, now) };
        out.page(&view.text(&style, &set_policy, claim_issuer))?;
        if session.id_token.as_ref().is_some_and(|token| now >= token.expires_at) {
            out.note(&format!("Note: {}.", claims::expired_id_token_note(claim_issuer)));
        }
        Ok(())
    })
}

/// Shows the tokens of a client that acts for itself.
fn inspect_machine(context: &Context<'_>, out: &Output<'_>) -> Result<()> {
    let (now, profile) = (context.ports.clock.now(), &context.profile);
    let provider = provider_metadata::provider(context);
    let kept = machine_tokens::load(context).tokens;
    let view = |token: &ScopedToken| scoped_token_view(context, &provider, token, now);
    let scopes = ScopeSet::parse(&profile.scopes);
    let view = MachineView {
        key: &context.key,
        grant: profile.grant.as_str(),
        store: context.store.name().as_str(),
        scopes: &profile.scopes,
        token: kept.get(&scopes).map(view),
        others: kept.iter().filter(|(requested, _)| **requested != scopes).map(|(_, token)| view(token)).collect(),
        now,
    };
    if out.json {
        return out.document(view.to_json());
    }
    let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, now) };
    out.page(&view.text(&style, profile.claim_issuer(provider.as_ref().ok())))
}

/// The document of `tidp inspect --json`.
pub fn to_json(context: &Context<'_>, session: &Session) -> Value {
    session_view(context, session, &provider_metadata::provider(context)).to_json()
}

fn session_view<'s>(context: &'s Context<'_>, session: &'s Session, provider: &Result<Provider>) -> SessionView<'s> {
    let now = context.ports.clock.now();
    let view =
        |token: &Secret, expires_at: Time| TokenView::new(token, expires_at, now, verified(context, provider, token));
    let access_token = view(&session.access_token.value, session.access_token.expires_at);
    let id_token = session.id_token.as_ref().map_or_else(TokenView::none, |token| view(&token.value, token.expires_at));
    let outlook = context.outlook(Some(session), now);
    let others = session.scoped_tokens.iter().map(|(_, token)| scoped_token_view(context, provider, token, now));
    SessionView::new(session, &outlook, context.store.name().as_str(), [access_token, id_token])
        .with_other_access_tokens(others.collect())
}

fn scoped_token_view(
    context: &Context<'_>,
    provider: &Result<Provider>,
    token: &ScopedToken,
    now: Time,
) -> ScopedTokenView {
    let AccessToken { value, expires_at, .. } = &token.access_token;
    let access_token = TokenView::new(value, *expires_at, now, verified(context, provider, value));
    ScopedTokenView { scopes: token.scopes.clone(), access_token, expires_at: *expires_at }
}

/// Whether the token's signature is valid, if that is known, and why not.
fn verified(context: &Context<'_>, provider: &Result<Provider>, token: &Secret) -> (Option<bool>, Option<String>) {
    let verdict = match Jwt::parse(token.expose()) {
        Ok(jwt) => provider_keys::signature_verdict(context, provider, &jwt.jws),
        Err(_) => SignatureVerdict::Undecided(OPAQUE.to_owned()),
    };
    match verdict {
        SignatureVerdict::Valid => (Some(true), None),
        SignatureVerdict::Rejected(why) => (Some(false), Some(why)),
        SignatureVerdict::Undecided(why) => (None, Some(why)),
    }
}
