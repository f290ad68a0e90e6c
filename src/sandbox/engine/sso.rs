//! SSO sessions: a user's login at the provider.

use super::{Authentication, Engine, Moment, SsoSession};
use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::sandbox::User;
use std::sync::Arc;

/// The assurance level that `acr_values` requests, 1 to 3.
pub(super) fn requested_aal(acr_values: &str) -> u8 {
    let aal = |value| match value {
        "urn:telenor.identity.aal.3" | "idp:no.bankid.login.vipps" => 3,
        "urn:telenor.identity.aal.2" => 2,
        _ => 1,
    };
    acr_values.split(' ').map(aal).max().unwrap_or(1)
}

impl Authentication {
    /// A login with these `acr_values`, as far as `user` can reach them.
    pub fn new(user: Arc<User>, acr_values: &str, at: Moment) -> Self {
        let bank_id = acr_values.split(' ').any(|value| value == "idp:no.bankid.login.vipps");
        let (aal, idp, amr): (_, _, &[_]) = match requested_aal(acr_values).min(user.max_aal) {
            3 if bank_id => (3, "no.bankid.login.vipps", &["urn:telenor.identity.amr.bankid"]),
            3 => (3, "local", &["urn:telenor.identity.amr.td_otp", "urn:telenor.identity.amr.bankid"]),
            2 => (2, "local", &["urn:telenor.identity.amr.td_pwd", "urn:telenor.identity.amr.td_otp"]),
            _ => (1, "local", &["urn:telenor.identity.amr.td_otp"]),
        };
        Self { user, sid: at.seed.random_string("sid"), auth_time: at.now, aal, idp, amr }
    }
}

impl Engine {
    /// Logs `user` in, in a new SSO session.
    pub(super) fn start_sso_session(&mut self, user: Arc<User>, acr_values: &str, at: Moment) -> Authentication {
        let authentication = Authentication::new(user, acr_values, at);
        let expires_at = self.settings.sso_lifetime.map(|lifetime| at.now.plus(lifetime));
        let cookie = Secret::new(at.seed.random_string("sso cookie"));
        let session = SsoSession { authentication: authentication.clone(), cookie, expires_at, ended: false };
        self.sso_sessions.insert(authentication.sid.clone(), session);
        authentication
    }

    /// The active SSO session of the browser with that cookie.
    pub fn sso_session_by_cookie(&self, cookie: Option<&str>, now: Time) -> Option<&SsoSession> {
        let cookie = Secret::new(cookie?);
        self.sso_sessions.values().find(|session| session.cookie == cookie && session.is_active(now))
    }

    pub fn is_sso_active(&self, sid: &str, now: Time) -> bool {
        self.sso_sessions.get(sid).is_some_and(|session| session.is_active(now))
    }

    /// Ends the SSO sessions that pass `filter`. Returns how many were active.
    pub fn end_sso_sessions(&mut self, filter: impl Fn(&SsoSession) -> bool, now: Time) -> usize {
        let mut sids = Vec::new();
        for session in self.sso_sessions.values_mut().filter(|session| filter(session)) {
            sids.extend(session.is_active(now).then(|| session.authentication.sid.clone()));
            session.ended = true;
        }
        self.events.record_sso_end(&sids, now);
        sids.len()
    }
}
