//! Ageing: the past is moved back instead of the clock forward, so that policies end sessions while tokens keep the time of
//! this machine. Access tokens and ID tokens are signed and stay as they are.

use super::records::{Authentication, TokenEnd};
use super::state::Engine;
use crate::domain::time::{Seconds, Time};

impl Engine {
    /// Makes all that happened `by` older: sessions, refresh tokens, SSO sessions, codes, and the events.
    pub fn age(&mut self, by: Seconds) {
        let back = |time: &mut Time| *time = time.plus(Seconds(-by.0));
        let log_in_earlier = |login: &mut Authentication| back(&mut login.auth_time);
        for session in self.sso_sessions.values_mut() {
            log_in_earlier(&mut session.authentication);
            session.expires_at.iter_mut().for_each(back);
        }
        for code in self.codes.values_mut() {
            log_in_earlier(&mut code.authentication);
            back(&mut code.expires_at);
        }
        self.grants.values_mut().for_each(|grant| log_in_earlier(&mut grant.authentication));
        for token in self.refresh_tokens.values_mut() {
            back(&mut token.login_at);
            back(&mut token.expires_at);
            if let Some(TokenEnd::Used(at) | TokenEnd::Revoked(at)) = &mut token.end {
                back(at);
            }
        }
        self.polled_logins.values_mut().for_each(|login| back(&mut login.expires_at));
        self.login_hints.values_mut().for_each(|hint| back(&mut hint.expires_at));
        self.events.age(back);
    }
}
