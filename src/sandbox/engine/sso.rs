//! SSO sessions: who is logged in at the provider, until when, and how it ends.

use super::records::{Authentication, SsoSession};
use super::state::Engine;
use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;

/// The level, provider and methods of a login for which `acr_values` was asked, as far as `user` can reach it.
fn assurance(user: &User, acr_values: &str) -> (u8, &'static str, &'static [&'static str]) {
    let bank_id = acr_values.split(' ').any(|value| value == "idp:no.bankid.login.vipps");
    match wished_level(acr_values).min(user.highest_aal) {
        3 if bank_id => (3, "no.bankid.login.vipps", &["urn:telenor.identity.amr.bankid"]),
        3 => (3, "local", &["urn:telenor.identity.amr.td_otp", "urn:telenor.identity.amr.bankid"]),
        2 => (2, "local", &["urn:telenor.identity.amr.td_pwd", "urn:telenor.identity.amr.td_otp"]),
        _ => (1, "local", &["urn:telenor.identity.amr.td_otp"]),
    }
}

/// The assurance level that `acr_values` asks for, 1 to 3; 1 if it asks for none.
fn wished_level(acr_values: &str) -> u8 {
    let level = |value| match value {
        "urn:telenor.identity.aal.3" | "idp:no.bankid.login.vipps" => 3,
        "urn:telenor.identity.aal.2" => 2,
        _ => 1,
    };
    acr_values.split(' ').map(level).max().unwrap_or(1)
}

impl Engine {
    /// `user` logs in, at the level that `acr_values` asks for and the user can reach. Gives the `sid`.
    pub(super) fn start_sso(&mut self, user: &'static User, acr_values: &str, now: Time, seed: &Seed) -> String {
        let sid = seed.handle("sid");
        let (level, idp, amr) = assurance(user, acr_values);
        let authentication = Authentication { user, sid: sid.clone(), auth_time: now, level, idp, amr };
        let ends_at = self.settings.sso_lifetime.map(|lifetime| now.plus(lifetime));
        let cookie = Secret::new(seed.handle("sso cookie"));
        self.sso.insert(sid.clone(), SsoSession { authentication, cookie, ends_at, ended: false });
        sid
    }

    /// The active SSO session of a browser with that cookie.
    pub fn sso_of(&self, cookie: Option<&str>, now: Time) -> Option<&SsoSession> {
        let cookie = Secret::new(cookie?);
        self.sso.values().find(|session| session.cookie == cookie && session.is_alive(now))
    }

    /// Whether the SSO session is active.
    pub fn sso_is_alive(&self, sid: &str, now: Time) -> bool {
        self.sso.get(sid).is_some_and(|session| session.is_alive(now))
    }

    /// Ends one SSO session; whether it was active.
    pub fn end_sso_session(&mut self, sid: &str, now: Time) -> bool {
        let Some(session) = self.sso.get_mut(sid) else { return false };
        let was_alive = session.is_alive(now);
        session.ended = true;
        was_alive
    }

    /// Ends the SSO sessions of `user` (of everybody, if `None`): from now on a refresh gives an access token and no
    /// refresh token, and the old one keeps its end. Gives how many ended.
    pub fn end_sso(&mut self, user: Option<&str>, now: Time) -> usize {
        let theirs = |session: &&mut SsoSession| user.is_none_or(|id| session.authentication.user.id == id);
        let alive = self.sso.values_mut().filter(theirs).filter(|session| session.is_alive(now));
        alive.map(|session| session.ended = true).count()
    }

    /// All SSO sessions, ended ones too.
    pub fn sso_sessions(&self) -> impl Iterator<Item = &SsoSession> {
        self.sso.values()
    }

    pub(super) fn sso_authentication(&self, sid: &str) -> Option<Authentication> {
        self.sso.get(sid).map(|session| session.authentication.clone())
    }

    /// Whether a login now would reach a higher level than `session` has and `acr_values` asks for.
    pub(super) fn needs_step_up(session: &SsoSession, acr_values: &str) -> bool {
        let reachable = wished_level(acr_values).min(session.authentication.user.highest_aal);
        session.authentication.level < reachable
    }
}
