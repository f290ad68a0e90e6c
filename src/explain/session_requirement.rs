//! `tidp policy --require`: whether a session certainly lasts long enough.

use super::outlook::SessionOutlook;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};

pub struct UnmetRequirement {
    pub message: String,
    pub login_helps: bool,
    /// Nobody knows, because the profile names no policy.
    pub needs_policy: bool,
}

/// Whether the session certainly lasts for `required`.
pub fn check_requirement(
    outlook: &SessionOutlook<'_>,
    access_token_expires_at: Time,
    required: Seconds,
    profile: &str,
    format_time: &dyn Fn(Time) -> String,
) -> Result<(), UnmetRequirement> {
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
                None => format!("the profile {} has no client type", printable(profile)),
            };
            format!("it is not known whether the session lasts {human}: {reason}")
        }
    };
    // A script that only needs an access token for so long may already have one.
    if certain_for.is_some_and(|left| left < access_token_expires_at.left(outlook.now)) {
        message += &format!("; the access token works until {}", format_time(access_token_expires_at));
    }
    // Without a policy, the lifetime is not known after a login either.
    let login_helps = outlook.policy.is_some() && most.is_none_or(|(_, most)| most >= required);
    let needs_policy = outlook.policy.is_none() && certain_for.is_none();
    Err(UnmetRequirement { message, login_helps, needs_policy })
}
