//! What a login tells a person, before and after.

use crate::config::{self, StoreKind};
use crate::domain::decision::Renew;
use crate::domain::session::{RefreshTokenExpiry, Session};
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::error::{Error, NetworkError, SessionError, Situation, StoreError, ValidationError};
use crate::explain::outlook::sentence::setting;
use crate::flows::advisory_warnings;
use crate::flows::context::{Configured, Context};
use crate::ports::{Ports, WhyNot};
use crate::terminal::output::Output;
use url::Url;

/// Says that the session will not outlive this command, where the store is `memory`; before anybody logs in for it.
pub fn warn_of_memory(ports: &Ports, out: &Output<'_>) {
    let store = Configured::load(ports).and_then(|configured| config::store(&ports.env, &configured.config));
    if store == Ok(StoreKind::Memory) {
        out.warn("memory_store", "the store is `memory`: the session will be gone when this command ends");
    }
}

/// Sends the user to that page, to do `what` there: in the browser, or where there is none (or `by_hand`) by its URL.
/// Says how long it is waited for. Whether a browser was opened.
pub fn show(context: &Context<'_>, url: &Url, what: &str, patience: Seconds, by_hand: bool) -> bool {
    let (out, browser, waiting) = (context.out, &context.ports.browser, patience.to_text());
    let opened =
        !by_hand && browser.available() && browser.open(url).inspect_err(|why| could_not_be_opened(out, why)).is_ok();
    out.ask(&if opened {
        format!("{what} in the browser (waiting {waiting}). If it did not open, open this URL:\n\n  {url}\n")
    } else {
        format!("Open this URL in a browser on this machine (waiting {waiting}):\n\n  {url}\n")
    });
    opened
}

fn could_not_be_opened(out: &Output<'_>, why: &str) {
    out.note(&format!("The browser could not be opened: {}.", printable(why)));
}

/// Why there is no session, for the page in the browser.
pub(super) fn shown(error: &Error) -> WhyNot {
    match &error.situation {
        Situation::Login(error) => error.page_reason(),
        Situation::Network(NetworkError::Unreachable(_)) => WhyNot::Unavailable,
        Situation::Validation(ValidationError::Invalid(_) | ValidationError::NotVerified(..)) => WhyNot::NotValid,
        Situation::Store(StoreError::Failed(_)) | Situation::Session(SessionError::Busy) => WhyNot::NotStored,
        _ => WhyNot::Failed,
    }
}

/// Issuer, account, policy and its end, on stderr.
pub(super) fn summarise(context: &Context<'_>, session: &Session) {
    let (out, now) = (context.out, context.ports.clock.now());
    let account = session.account.username.as_deref().unwrap_or(&session.account.sub);
    out.note(&format!("Logged in as {} at {}.", printable(account), printable(&session.key.issuer)));
    out.note(&format!("The access token is valid until {}.", out.when(session.access_token.expires_at, now)));
    let (policy, named) = (context.profile.policy.as_ref(), context.profile.name_in_hints.as_deref());
    let life = policy.and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
    out.note(&match (policy, life, session.held_token()) {
        (Some(policy), Some(life), _) => {
            let how = if policy.sliding { "renewed by each refresh" } else { "fixed: no refresh moves it" };
            format!(
                "Policy {}: the refresh token lives until {}, {how}.",
                policy.name.as_str(),
                out.when(life.expires_at, now)
            )
        }
        (Some(policy), None, _) => format!(
            "Policy {}: no refresh token; log in again when the access token has expired.",
            policy.name.as_str()
        ),
        (None, _, Some(_)) => {
            format!(
                "A refresh token came; set {} to know how long it lives.",
                setting(context.profile.policy_key(), None, named)
            )
        }
        (None, _, None) => "No refresh token came; log in again when the access token has expired.".to_owned(),
    });
    if let Some(policy) = policy
        && session.held_token().is_some()
        && context.profile.renew == Renew::WhenDue
        && policy.expires_before_access_token(session.access_token.expires_at.since(session.access_token.obtained_at))
    {
        out.warn(
            "expires_before_access_token",
            format!(
                "under this policy the refresh token dies before the access token does: refreshing only when that has \
                 expired loses the session. Set {} to have `tidp token` renew it in time",
                setting("renew", Some("before-session-ends"), named)
            ),
        );
        advisory_warnings::stamp(context);
    }
}
