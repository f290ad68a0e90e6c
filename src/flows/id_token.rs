//! A valid ID token: from the store, or by a refresh.

use crate::domain::decision::Intent;
use crate::domain::session::IdToken;
use crate::error::{Result, SessionError};
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::wanted_token::RefreshAllowed;
use crate::flows::{advisory_warnings, refresh_if_due};

/// An ID token that has not expired.
///
/// # Errors
/// `login_required` if there is none and a refresh returns none; else those of a refresh.
pub fn valid_token(context: &Context<'_>, allowed: RefreshAllowed) -> Result<IdToken> {
    context.require_user("the provider issues no ID token")?;
    let before = context.session()?;
    let (FreshSession { session, source }, missing) = match allowed {
        RefreshAllowed::Never => {
            (FreshSession { session: before.clone(), source: TokenSource::Stored }, SessionError::RefreshForbidden)
        }
        RefreshAllowed::IfDue => {
            (refresh_if_due::ensure_fresh(context, &before, Intent::IdToken)?, SessionError::NoIdToken)
        }
    };
    advisory_warnings::warn_if_due(context, &session, source.renewal());
    let now = context.ports.clock.now();
    // A new token was validated by the provider's clock, so this machine's clock does not matter.
    let is_new = source.renewal().is_some() && session.id_token != before.id_token;
    session.id_token.filter(|token| is_new || now < token.expires_at).ok_or_else(|| missing.into())
}
