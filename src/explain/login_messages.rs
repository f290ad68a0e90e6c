//! What a user reads after a login.

use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Session};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::explain::outlook::sentence::setting;

/// Who has logged in where, how long the tokens live, and under which policy: a line each. `policy_key` is the profile's
/// key to set where the policy is unknown, `profile` the name to use in commands.
pub fn summary(
    session: &Session,
    policy: Option<&Policy>,
    policy_key: &'static str,
    profile: Option<&str>,
    when: &dyn Fn(Time) -> String,
) -> [String; 3] {
    let account = session.account.username.as_deref().unwrap_or(&session.account.sub);
    [
        format!("Logged in as {} at {}.", printable(account), printable(&session.key.issuer)),
        format!("The access token is valid until {}.", when(session.access_token.expires_at)),
        policy_line(session, policy, policy_key, profile, when),
    ]
}

fn policy_line(
    session: &Session,
    policy: Option<&Policy>,
    policy_key: &'static str,
    profile: Option<&str>,
    when: &dyn Fn(Time) -> String,
) -> String {
    let has_refresh_token = session.held_token().is_some();
    let Some(policy) = policy else {
        return if has_refresh_token {
            let key = setting(policy_key, None, profile);
            format!("A refresh token came; set {key} to know when it expires.")
        } else {
            "No refresh token came; log in again when the access token has expired.".to_owned()
        };
    };
    let name = policy.name.as_str();
    match RefreshTokenExpiry::from_session(session, policy) {
        Some(expiry) => {
            let renewal = if policy.sliding { "renewed by each refresh" } else { "fixed: no refresh extends it" };
            format!("Policy {name}: the refresh token expires at {}, {renewal}.", when(expiry.expires_at))
        }
        None => format!("Policy {name}: no refresh token; log in again when the access token has expired."),
    }
}

/// The warning for a refresh token that expires before the access token does, so that a refresh when the access token has
/// expired comes too late.
pub fn early_expiry_warning(session: &Session, policy: &Policy, profile: Option<&str>) -> Option<String> {
    let lifetime = session.access_token.expires_at.since(session.access_token.obtained_at);
    (session.held_token().is_some() && policy.expires_before_access_token(lifetime)).then(|| {
        format!(
            "under this policy the refresh token expires before the access token does: refreshing only then loses the \
             session. Set {} to have `tidp token` renew it in time",
            setting("renew", Some("before-session-ends"), profile)
        )
    })
}
