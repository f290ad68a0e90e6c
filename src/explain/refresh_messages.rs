//! The messages of a refresh.

use crate::domain::session::Renewal;
use crate::domain::time::Time;
use crate::explain::outlook::SessionOutlook;

/// What a refresh did to the refresh token. The warning (`sso_ended`) is for a token that will not be renewed any more.
pub struct RenewalMessage {
    pub note: String,
    pub warning: Option<String>,
}

/// The message for a refresh that led to this outlook.
pub fn renewal_message(
    outlook: &SessionOutlook<'_>,
    renewal: Renewal,
    when: &dyn Fn(Time) -> String,
) -> RenewalMessage {
    let Some((policy, expiry)) = outlook.policy.zip(outlook.expiry) else { return note(unknown_policy_note(renewal)) };
    let (implied, sure) = (when(expiry.expires_at), when(expiry.expires_at_earliest));
    match renewal {
        _ if !policy.sliding => {
            note(format!("Under {} the refresh token still expires at {sure}.", policy.name.as_str()))
        }
        Renewal::New => note(format!("The refresh token was renewed: it expires at {sure}.")),
        Renewal::Same => note(format!(
            "The same refresh token came back: if it was renewed, it expires at {implied}; rely on {sure}."
        )),
        Renewal::None if !policy.reports_sso => note(format!(
            "No new refresh token came back: if the old one was renewed, it expires at {implied}; rely on {sure}."
        )),
        Renewal::None => RenewalMessage {
            note: "The refresh token was not renewed.".to_owned(),
            warning: Some(format!(
                "the SSO session has ended: no refresh token came back, and the old one still expires at {sure}. \
                 Refreshing will not renew it; a login will"
            )),
        },
    }
}

fn note(text: impl Into<String>) -> RenewalMessage {
    RenewalMessage { note: text.into(), warning: None }
}

fn unknown_policy_note(renewal: Renewal) -> &'static str {
    match renewal {
        Renewal::New => "A new refresh token came.",
        Renewal::Same => "The same refresh token came back.",
        Renewal::None => "No refresh token came back; the old one stays.",
    }
}

/// The note that a token whose refresh was interrupted at `started_at` still worked.
pub fn token_still_worked(started_at: &str) -> String {
    format!("The refresh token still worked: nothing was lost with the answer of {started_at}.")
}

/// The warning before the token of an unfinished refresh is tried.
pub fn interrupted_warning(started_at: &str, response_discarded: bool) -> String {
    let outcome = if response_discarded { "got an answer that was not used" } else { "was not finished" };
    format!(
        "a refresh begun at {started_at} {outcome}; its refresh token may have been spent. Trying it once: where the \
         provider takes a refresh token again, nothing is lost; where each serves once and it had been spent, a new login \
         is needed"
    )
}

/// The warning where the session comes from the future.
pub fn clock_went_back_warning(saved_at: &str) -> String {
    format!("this machine's clock went back: the session was written at {saved_at}; its tokens are not trusted")
}

/// The progress while the new refresh token waits to be stored. `store` names the store, or says how it failed.
pub fn waiting_for_store(store: &str, seconds: u64) -> String {
    format!(
        "waiting for the store to take the new refresh token ({store}): {seconds} s so far; ending this now loses the \
         session"
    )
}
