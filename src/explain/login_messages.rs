//! The messages of a login, and of whatever else needs the user's browser.

use crate::domain::decision::Renew;
use crate::domain::session::{ExpirySource, Session};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::explain::outlook::sentence::{Words, renewal_in_time, setting};
use crate::explain::outlook::{SessionOutlook, SessionState};
use url::Url;

/// Who has logged in where, and when the tokens expire: a line each. `policy_key` is the key of the profile to set if the
/// policy is unknown.
pub fn summary(outlook: &SessionOutlook<'_>, policy_key: &str, words: &Words<'_>) -> [String; 3] {
    let Session { account, key, access_token, .. } = outlook.session;
    [
        format!("Logged in as {} at {}.", account.shown_name(), printable(&key.issuer)),
        format!("The access token is valid until {}.", (words.format_time)(access_token.expires_at)),
        policy_line(outlook, &setting(policy_key, words.profile), words.format_time),
    ]
}

/// `key` is the setting that would say the policy.
fn policy_line(outlook: &SessionOutlook<'_>, key: &str, when: &dyn Fn(Time) -> String) -> String {
    let name = outlook.policy.map(|policy| policy.name.as_str()).unwrap_or_default();
    if let SessionState::FoundInactive(_) = outlook.state {
        let policy = if name.is_empty() { String::new() } else { format!("Policy {name}: ") };
        return format!(
            "{policy}the login returned a refresh token, but the provider says that it is not active; the next refresh \
             will show."
        );
    }
    match (outlook.policy, outlook.expiry) {
        (Some(_), _) if outlook.has_token_beside_policy() => format!(
            "Policy {name} has no refresh tokens, but the provider issued one: it is tried once the access token has \
             expired."
        ),
        (Some(policy), Some(expiry)) => {
            let renewal = if policy.sliding { "renewed by each refresh" } else { "fixed: no refresh extends it" };
            let subject = match expiry.source {
                ExpirySource::Policy => "the refresh token expires",
                ExpirySource::Provider => "the provider says that the refresh token expires",
            };
            format!("Policy {name}: {subject} at {}, {renewal}.", when(expiry.expires_at))
        }
        (Some(_), None) => format!("Policy {name}: no refresh token; log in again when the access token has expired."),
        (None, Some(expiry)) => format!(
            "The provider says that the refresh token expires at {}; set {key} to know whether a refresh renews it.",
            when(expiry.expires_at)
        ),
        (None, None) if outlook.session.held_token().is_some() => {
            format!("The login returned a refresh token; set {key} to know when it expires.")
        }
        (None, None) => {
            "The login returned no refresh token; log in again when the access token has expired.".to_owned()
        }
    }
}

/// The warning for a refresh token that expires before the access token does, so that a refresh after that comes too late.
pub fn early_expiry_warning(outlook: &SessionOutlook<'_>, profile: Option<&str>) -> Option<String> {
    let is_too_late = outlook.session.held_token().is_some() && outlook.expires_before_access_token();
    let expiry = outlook.expiry.filter(|_| is_too_late && outlook.renew == Renew::WhenDue)?;
    Some(format!(
        "under this policy the refresh token expires before the access token does, and a refresh that waits for that \
         comes too late. To have `tidp token` renew it in time, {}, and use it at least every {}",
        renewal_in_time(profile),
        expiry.last_third().to_text()
    ))
}

/// The prompt after the browser was opened. `purpose` says what for ("log in"), `timeout` how long tidp waits.
pub fn browser_opened_prompt(url: &Url, purpose: &str, timeout: Seconds) -> String {
    let timeout = timeout.to_text();
    format!("Opening your browser to {purpose} (waiting up to {timeout}). If nothing opens, go to:\n\n  {url}\n")
}

/// The prompt to open the URL. `place` says where.
pub fn open_url_prompt(url: &Url, place: &str, timeout: Seconds) -> String {
    let timeout = timeout.to_text();
    format!("Open this URL {place} (waiting up to {timeout}):\n\n  {url}\n")
}

/// How to finish a login at a printed URL where the browser may be on another machine: a list. `forward` is the command
/// that forwards the port, `device` the one for a login on another device.
pub fn other_browser_ways(forward: Option<&str>, device: Option<&str>) -> String {
    let mut ways = vec![
        "in a browser on this machine, just log in".to_owned(),
        "elsewhere, copy the URL that the browser ends at (an error page), and paste it here".to_owned(),
    ];
    ways.extend(forward.map(|command| {
        format!(
            "or, elsewhere, forward the port before you open the URL (user and host as you use them to connect):\n    \
             {command}"
        )
    }));
    ways.extend(device.map(|command| format!("or stop this with Ctrl-C, and use a phone: {command}")));
    ways.iter().map(|way| format!("- {way}\n")).collect()
}

/// The other ways to log in where a browser was opened on this machine: a list. `elsewhere` is the command for a browser on
/// another machine, `device` the one for a login on another device.
pub fn other_ways(elsewhere: &str, device: Option<&str>) -> String {
    let elsewhere = format!("- with a browser elsewhere: {elsewhere}\n");
    let device = device.map(|command| format!("- on another device: {command}\n")).unwrap_or_default();
    format!("Other ways, after Ctrl-C:\n{elsewhere}{device}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::PolicyName;
    use crate::domain::session::tests::{found_inactive, logged_in};

    #[test]
    fn a_token_that_is_not_active_is_told_from_none() {
        let (at, mobile) = (Time::from_unix(1_800_000_000), PolicyName::Mobile.documented());
        let line = |session: &Session, policy| {
            let outlook = SessionOutlook::new(at, session, policy, Renew::WhenDue);
            policy_line(&outlook, "TIDP_CLIENT_TYPE", &|_| String::new())
        };
        let held = found_inactive(&logged_in(at, Some("r")), at);
        for (policy, prefix) in [(Some(&mobile), "Policy Mobile: "), (None, "")] {
            let start =
                format!("{prefix}the login returned a refresh token, but the provider says that it is not active");
            assert!(line(&held, policy).starts_with(&start), "{}", line(&held, policy));
        }
        assert!(line(&logged_in(at, None), Some(&mobile)).contains("no refresh token"));
        let none = PolicyName::NoRefresh.documented();
        assert!(line(&logged_in(at, Some("r")), Some(&none)).contains("but the provider issued one: it is tried"));
        assert!(line(&logged_in(at, None), Some(&none)).contains("no refresh token; log in again"));
    }
}
