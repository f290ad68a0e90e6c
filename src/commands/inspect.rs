//! `tidp inspect`: the session, with each token's state and claims, explained for a person.

use crate::domain::session::Session;
use crate::error::{Result, SessionError};
use crate::explain::claims;
use crate::explain::outlook::sentence::setting;
use crate::explain::session_view::{Inspection, ViewStyle};
use crate::flows::context::Context;
use crate::flows::refresh_token_introspection::load_with_introspection;
use crate::flows::{machine_token_cache, provider_keys, provider_metadata};
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
    let (session, _) = load_with_introspection(context)?;
    let session = session.ok_or(SessionError::NoSession)?;
    let provider = provider_metadata::provider(context);
    let (inspection, profile) = (inspection(context, &provider), &context.profile);
    let now = inspection.now;
    let outlook = context.outlook(&session, now);
    for (code, message) in outlook.warnings(&context.words(&|time| out.local_time(time))) {
        out.warn(code, message);
    }
    if out.json {
        return out.document(inspection.session_json(&outlook));
    }
    let claim_issuer = profile.claim_issuer(provider.as_ref().ok());
    let set_policy = setting(profile.policy_key(), profile.name_in_hints.as_deref());
    let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, now), claim_issuer };
    out.page(&inspection.session_text(&outlook, &style, &set_policy))?;
    if session.id_token.as_ref().is_some_and(|token| now >= token.expires_at) {
        out.note(&format!("Note: {}.", claims::expired_id_token_note(claim_issuer)));
    }
    Ok(())
}

fn inspect_machine(context: &Context<'_>, out: &Output<'_>) -> Result<()> {
    let (key, profile) = (&context.key, &context.profile);
    let provider = provider_metadata::provider(context);
    let kept = machine_token_cache::load(context).tokens;
    let inspection = inspection(context, &provider);
    if out.json {
        return out.document(inspection.machine_json(key, profile.grant.as_str(), &profile.scopes, &kept));
    }
    let claim_issuer = profile.claim_issuer(provider.as_ref().ok());
    let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, inspection.now), claim_issuer };
    out.page(&inspection.machine_text(key, &profile.scopes, &kept, &style))
}

/// The document of `tidp inspect --json`.
pub fn to_json(context: &Context<'_>, session: &Session) -> Value {
    let provider = provider_metadata::provider(context);
    let inspection = inspection(context, &provider);
    inspection.session_json(&context.outlook(session, inspection.now))
}

fn inspection<'a>(context: &'a Context<'_>, provider: &'a Result<Provider>) -> Inspection<'a> {
    Inspection {
        store: context.store.name().as_str(),
        now: context.ports.clock.now(),
        verify: Box::new(|jws| provider_keys::signature_verdict(context, provider, jws)),
    }
}
