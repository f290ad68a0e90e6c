//! What came, held against what was wished for: without some of it there is no login, the rest is told.

use super::options::LoginOptions;
use crate::domain::text::printable;
use crate::error::{LoginError, Result};
use crate::oidc::authorize::granted_otherwise;
use crate::oidc::id_token::{Accepted, levels};
use crate::oidc::token::TokenResponse;
use crate::terminal::output::Output;

/// The account and the level without which there is no login.
///
/// # Errors
/// `invalid`, with the login that might bring it.
pub(super) fn check(wishes: &LoginOptions, accepted: &Accepted) -> Result<()> {
    let sub = &accepted.account.sub;
    if let Some(wanted) = wishes.expect_sub.clone().filter(|wanted| wanted != sub) {
        return Err(LoginError::OtherAccount { sub: sub.clone(), expected: wanted }.into());
    }
    let has = |level: &String| levels(&accepted.claims).contains(&level.as_str());
    match wishes.require_acr.clone().filter(|wanted| !has(wanted)) {
        Some(wanted) => Err(LoginError::AcrNotMet { acr: level(accepted), required: wanted }.into()),
        None => Ok(()),
    }
}

/// What was wished for and did not come, or came unasked.
pub(super) fn tell_of_the_rest(out: &Output<'_>, wishes: &LoginOptions, accepted: &Accepted, answer: &TokenResponse) {
    tell_of_unmet_levels(out, wishes, accepted);
    tell_of_other_scopes(out, wishes, answer);
}

/// `acr_values` is a wish (OIDC Core 3.1.2.1): a provider may ignore it. A provider asked for (`idp:…`) is no level.
fn tell_of_unmet_levels(out: &Output<'_>, wishes: &LoginOptions, accepted: &Accepted) {
    let wished = wishes.options.acr_values.as_deref().unwrap_or_default();
    let mut wanted = wished.split_whitespace().filter(|acr| !acr.starts_with("idp:")).peekable();
    let got = levels(&accepted.claims);
    if wanted.peek().is_some() && !wanted.any(|level| got.contains(&level)) {
        let (got, wished) = (level(accepted), printable(wished));
        out.warn("acr_not_met", format!("the login's assurance level (acr) is {got}, not {wished}"));
    }
}

/// RFC 6749 5.1: the provider says so where it grants other scopes than were asked for.
fn tell_of_other_scopes(out: &Output<'_>, wishes: &LoginOptions, answer: &TokenResponse) {
    let Some(granted) = &answer.scopes else { return };
    let (less, more) = granted_otherwise(&wishes.options.scopes, granted, answer.refresh_token.is_some());
    if !less.is_empty() {
        let less = printable(&less.join(" "));
        out.note(&format!("The provider granted less than was asked for: not the scopes `{less}`."));
    }
    if !more.is_empty() {
        let more = printable(&more.join(" "));
        out.warn("scope_more_than_asked", format!("the provider granted scopes that were not asked for: `{more}`"));
    }
}

/// The login's level of assurance, printable.
fn level(accepted: &Accepted) -> String {
    let levels = levels(&accepted.claims).join(" ");
    if levels.is_empty() { "none".to_owned() } else { printable(&levels) }
}
