//! The messages of a refresh.

use crate::domain::session::Renewal;
use crate::domain::time::Time;
use crate::explain::outlook::SessionOutlook;

/// What a refresh, which led to this outlook, did to the refresh token: a note, and a warning (`sso_ended`) if that will not
/// be renewed any more.
pub fn renewal_messages(
    outlook: &SessionOutlook<'_>,
    renewal: Renewal,
    when: &dyn Fn(Time) -> String,
) -> (String, Option<String>) {
    let Some((policy, expiry)) = outlook.policy.zip(outlook.expiry) else {
        let returned = match renewal {
            Renewal::New => "a new refresh token",
            Renewal::Same => "the same refresh token",
            Renewal::None => "no refresh token; the old one is kept",
        };
        return (format!("The provider returned {returned}."), None);
    };
    let (implied, sure) = (when(expiry.expires_at), when(expiry.expires_at_earliest));
    let note = match renewal {
        _ if !policy.sliding => format!("Under {} the refresh token still expires at {sure}.", policy.name.as_str()),
        Renewal::New => format!("The refresh token was renewed: it expires at {sure}."),
        Renewal::Same => format!(
            "The provider returned the same refresh token. If it was renewed, it expires at {implied}; rely \
             only on {sure}."
        ),
        Renewal::None if !policy.reports_sso => format!(
            "The provider returned no new refresh token. If the old one was renewed, it expires at \
             {implied}; rely only on {sure}."
        ),
        Renewal::None => {
            let warning = format!(
                "the SSO session has ended: the provider returned no refresh token, and the old one still expires at \
                 {sure}. Refreshing will not renew it; log in again before then"
            );
            return ("The refresh token was not renewed.".to_owned(), Some(warning));
        }
    };
    (note, None)
}

/// The warning before the token of an unfinished refresh is tried.
pub fn interrupted_warning(started_at: &str, response_discarded: bool) -> String {
    let outcome = if response_discarded { "got a response that was not used" } else { "did not finish" };
    format!(
        "a refresh started at {started_at} {outcome}; its refresh token may be used up. Trying it once: if the \
         provider accepts it again, nothing is lost; otherwise log in again"
    )
}

pub fn clock_went_back_warning(saved_at: &str) -> String {
    format!("this machine's clock went back: the session was saved at {saved_at}; its tokens are not trusted")
}

pub const TNU_ID_DEPRECATED: &str = "--tnu-id is deprecated: TelenorID+ may stop switching profiles in a refresh. The next \
                                     refresh without it returns to the user's own profile";
