//! What `--verbose` says was found, decided and sent.

use crate::domain::decision::{Action, Decision, LoginReason};
use crate::domain::session::RefreshReason;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use std::time::Duration;

/// `why` says why it is the one in use, `file` is the configuration file, unless the environment describes the profile.
pub fn profile(name: &str, why: &str, file: Option<&str>) -> String {
    let file = file.map(|file| format!(", in {file}")).unwrap_or_default();
    format!("profile `{}` ({why}){file}", printable(name))
}

/// `source` is where the store was chosen, `key` where its key comes from.
pub fn store(name: &str, source: &str, dir: Option<&str>, key: Option<&str>) -> String {
    let dir = dir.map(|dir| format!(", in {dir}")).unwrap_or_default();
    let key = key.map(|key| format!(", its key from {key}")).unwrap_or_default();
    format!("store {name} ({source}){dir}{key}")
}

/// A request and its outcome: the status and the size of the response, or what went wrong. The URL is as it may be shown,
/// and so is the proxy.
pub fn exchange(
    method: &str,
    url: &str,
    outcome: Result<(u16, usize), &str>,
    took: Duration,
    proxy: Option<&str>,
) -> String {
    let took = match took.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    };
    match outcome {
        Ok((status, size)) => {
            let proxy = proxy.map(|proxy| format!(", through the proxy {proxy}")).unwrap_or_default();
            format!("{method} {url} → {status} in {took}, {}{proxy}", size_text(size))
        }
        // The message names the proxy.
        Err(message) => format!("{method} {url} → {message} (after {took})"),
    }
}

fn size_text(bytes: usize) -> String {
    if bytes < 1_000 { format!("{bytes} B") } else { format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100) }
}

pub fn decision(decision: &Decision, when: &dyn Fn(Time) -> String) -> String {
    let action = match decision.action {
        Action::Use => "use the stored token",
        Action::Refresh(RefreshReason::Expired) => "refresh, because the token has expired, or is about to",
        Action::Refresh(RefreshReason::Claims) => "refresh, to bring the claims up to date (--claims)",
        Action::Refresh(RefreshReason::Forced) => "refresh, because it was asked for (--force)",
        Action::Refresh(RefreshReason::Keepalive) => "refresh, to renew the session before it ends",
        Action::Login(LoginReason::NoRefreshToken) => {
            "a login is needed, because the token has expired and there is no refresh token"
        }
        Action::Login(LoginReason::RefreshTokenRejected) => {
            "a login is needed, because the provider has rejected the refresh token"
        }
        Action::Login(LoginReason::NoIdToken) => "a login is needed, because a refresh returns no ID token",
    };
    let until = decision.changes_at.map(|at| format!("; until {}", when(at))).unwrap_or_default();
    format!("decision: {action}{until}")
}

pub fn machine_token(left: Option<Seconds>) -> String {
    match left {
        Some(left) => format!("machine token kept from before, {} left: no request", left.to_text()),
        None => "no kept machine token is valid long enough: a new one is requested".to_owned(),
    }
}

pub fn cached_document(name: &str, fetched: &str, fresh_until: &str) -> String {
    format!("{name} from the cache (fetched {fetched}, used until {fresh_until}): no request")
}

pub fn keys_fetched_again(is_unknown_key: bool) -> String {
    let why = match is_unknown_key {
        true => "the signing keys at hand lack this token's key",
        false => "the signature does not verify with the signing keys at hand",
    };
    format!("{why}: fetched again")
}

/// What a token response brought. `lifetime` is the access token's; `None` if it is not known.
pub fn received(lifetime: Option<Seconds>, id_token: bool, refresh_token: bool, scopes: Option<&[String]>) -> String {
    let lifetime = lifetime.map(|lifetime| format!(" (valid {})", lifetime.to_text())).unwrap_or_default();
    let others = match (id_token, refresh_token) {
        (true, true) => ", ID token, refresh token",
        (true, false) => ", ID token, no refresh token",
        (false, true) => ", refresh token, no ID token",
        (false, false) => ", no ID token, no refresh token",
    };
    let scopes = scopes.map(|scopes| format!("; scope `{}`", printable(&scopes.join(" ")))).unwrap_or_default();
    format!("received: access token{lifetime}{others}{scopes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_two_digits_or_more() {
        let line = |size, ms| exchange("GET", "u", Ok((200, size)), Duration::from_millis(ms), None);
        assert_eq!(line(999, 999), "GET u → 200 in 999 ms, 999 B");
        assert_eq!(line(2_149, 1_250), "GET u → 200 in 1.2 s, 2.1 kB");
        assert_eq!(exchange("GET", "u", Err("lost"), Duration::from_millis(7), None), "GET u → lost (after 7 ms)");
    }
}
