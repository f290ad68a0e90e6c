//! What a user reads after a refresh.

use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Renewal, Session};
use crate::domain::time::Time;

/// What a refresh did to the refresh token: a sentence, and a warning (`sso_ended`) if it will not be renewed any more.
pub struct RenewalMessage {
    pub note: String,
    pub warning: Option<String>,
}

/// What the refresh that led to `session` did to its refresh token.
pub fn renewal_message(
    session: &Session,
    policy: Option<&Policy>,
    renewal: Renewal,
    when: &dyn Fn(Time) -> String,
) -> RenewalMessage {
    let expiry = policy.and_then(|policy| Some((policy, RefreshTokenExpiry::from_session(session, policy)?)));
    let Some((policy, expiry)) = expiry else { return note(unknown_policy_note(renewal)) };
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
