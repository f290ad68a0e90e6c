//! The logout of a client that acts for itself: its tokens are removed here. The provider has no session to end.

use super::outcome::{Outcome, Step, report_access_token};
use crate::domain::time::Time;
use crate::error::Result;
use crate::explain::logout_messages::{self, StepMessage, StepState};
use crate::flows::context::Context;
use crate::flows::machine_tokens;

/// As [`forget_tokens`] if there may be any: they may be left from before the profile's grant was changed.
///
/// # Errors
/// As [`forget_tokens`].
pub fn forget_left_over_tokens(context: &Context<'_>) -> Result<Option<Outcome>> {
    machine_tokens::may_be_kept(context).then(|| forget_tokens(context)).transpose()
}

/// Removes the tokens, wherever they are kept.
///
/// # Errors
/// `store`, `busy`.
pub fn forget_tokens(context: &Context<'_>) -> Result<Outcome> {
    // The lock, so that a request that is under way does not bring them back.
    let lock = context.lock(&machine_tokens::entry(&context.key))?;
    let kept = machine_tokens::load(context).tokens;
    machine_tokens::remove(context.ports, context.store.as_ref(), &context.key)?;
    drop(lock);
    let now = context.ports.clock.now();
    let valid_until = kept.last_expiry().filter(|end| *end > now);
    context.reporter.note(logout_messages::machine_tokens_note(&context.key, kept.is_empty()));
    if let Some(end) = valid_until {
        let when = |time: Time| context.when(time);
        let text = logout_messages::access_token_text(end, now, context.profile.is_telenorid_plus(), &when);
        report_access_token(context, text);
    }
    let nothing = |text: &str| Step::from(StepMessage::new(StepState::Nothing, text));
    Ok(Outcome {
        key: context.key.clone(),
        account: None,
        had_session: !kept.is_empty(),
        refresh_token: nothing("none: the client acts for itself"),
        sso_session: nothing("none: there is no user"),
        access_token_valid_until: valid_until,
    })
}
