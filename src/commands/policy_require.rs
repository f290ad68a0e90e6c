//! `tidp policy --require`: whether a session certainly lasts long enough.

use crate::config::Profile;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::error::SessionError;
use crate::explain::outlook::SessionOutlook;

/// # Errors
/// [`SessionError::LifetimeTooShort`], unless the session certainly lasts for `required`.
pub(super) fn check(
    profile: &Profile,
    outlook: &SessionOutlook<'_>,
    required: Seconds,
    format_time: &dyn Fn(Time) -> String,
) -> Result<(), SessionError> {
    let most = outlook.policy.and_then(|policy| Some((policy.name.as_str(), policy.lifetime?)));
    let certain_for = outlook.certain_for();
    if certain_for.is_some_and(|left| left >= required) {
        return Ok(());
    }
    let by_refresh_token = outlook.is_expired() || outlook.expiry.is_some();
    let human = required.to_text();
    let mut message = match (certain_for, most) {
        (Some(_), Some((policy, most))) if by_refresh_token && most < required => {
            format!("under {policy} a refresh token is valid for {}, less than {human}", most.to_text())
        }
        (Some(left), _) => {
            let which = if by_refresh_token { "refresh" } else { "access" };
            format!("the {which} token is certain to work for {}, less than {human}", left.to_text())
        }
        (None, _) => {
            let reason = match outlook.policy {
                Some(_) => "the provider refused the last refresh".to_owned(),
                None => format!("the profile {} has no client type", printable(&profile.name)),
            };
            format!("it is not known whether the session lasts {human}: {reason}")
        }
    };
    // A script that only needs an access token for so long may already have one.
    let access_token_end = outlook.session.access_token.expires_at;
    if certain_for.is_some_and(|left| left < access_token_end.left(outlook.now)) {
        message += &format!("; the access token works until {}", format_time(access_token_end));
    }
    Err(SessionError::LifetimeTooShort {
        message,
        // Without a policy, the lifetime is not known after a login either.
        login_helps: outlook.policy.is_some() && most.is_none_or(|(_, most)| most >= required),
        missing_key: (outlook.policy.is_none() && certain_for.is_none()).then(|| profile.policy_key()),
    })
}
