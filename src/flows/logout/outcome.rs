//! What a logout came to, step by step: told as each step ends, and all of it as a document.

use crate::domain::session::{Account, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::error::{Error, SessionError};
use crate::flows::context::Context;
use crate::ports::Notice;
use serde_json::{Value, json};

/// The first step at the provider.
pub(super) const REFRESH_TOKEN: &str = "refresh token";
/// The second.
pub(super) const SSO_SESSION: &str = "SSO session";
/// What nobody can end.
pub(super) const ACCESS_TOKEN: &str = "access token";

/// How a step ended; the text goes on where the name of the thing has begun: `refresh token   revoked`.
#[derive(Clone)]
pub(super) enum State {
    /// It was done.
    Done(String),
    /// There was nothing to do.
    Nothing(String),
    /// It was not done, and nothing failed: nobody wanted it, or the provider offers no way.
    Left(String),
    /// It failed, by that.
    Failed(String, Error),
}

/// What a logout of one session came to.
pub struct Outcome {
    pub(super) key: SessionKey,
    pub(super) account: Option<Account>,
    pub(super) had_session: bool,
    pub(super) refresh_token: State,
    pub(super) sso_session: State,
    pub(super) access_token_valid_until: Option<Time>,
}

impl State {
    /// A failure whose text says already what could not be done.
    pub(super) fn failed(error: Error) -> Self {
        Self::Failed(error.report().message, error)
    }

    /// A failure for another reason than the step's own.
    pub(super) fn failed_by(what: &str, error: Error) -> Self {
        Self::Failed(format!("{what}: {}", error.report().message), error)
    }

    /// The same; where the thing was not ended, with what that leaves.
    pub(super) fn leaving(self, left: &str) -> Self {
        match self {
            Self::Left(what) => Self::Left(what + left),
            Self::Failed(what, error) => Self::Failed(what + left, error),
            ended => ended,
        }
    }

    /// Reports the step, and returns it.
    pub(super) fn reported(self, context: &Context<'_>, name: &'static str) -> Self {
        let (text, failed) = match &self {
            Self::Done(text) | Self::Nothing(text) | Self::Left(text) => (text, false),
            Self::Failed(text, _) => (text, true),
        };
        context.reporter.report(Notice::Step { name, text: text.clone(), failed });
        self
    }

    fn to_json(&self) -> Value {
        let (state, text) = match self {
            Self::Done(text) => ("done", text),
            Self::Nothing(text) => ("nothing", text),
            Self::Left(text) => ("left", text),
            Self::Failed(text, _) => ("failed", text),
        };
        json!({ "done": state == "done", "state": state, "message": text })
    }
}

/// Reports a step that has no state.
pub(super) fn report(context: &Context<'_>, name: &'static str, text: &str) {
    context.reporter.report(Notice::Step { name, text: text.to_owned(), failed: false });
}

/// Whose session has ended here.
pub(super) fn report_logged_out(context: &Context<'_>, account: Option<&Account>) {
    let account = account.map(|account| account.username.as_deref().unwrap_or(&account.sub));
    let whose = account.map_or_else(String::new, |account| format!("{} at ", printable(account)));
    let (profile, issuer) = (printable(&context.key.profile), printable(&context.key.issuer));
    context.reporter.note(format!("Logged out of `{profile}` ({whose}{issuer})."));
}

/// That there was nothing to end.
pub(super) fn report_no_session(context: &Context<'_>) {
    let (profile, issuer) = (printable(&context.key.profile), printable(&context.key.issuer));
    context.reporter.note(format!("There was no session of `{profile}` ({issuer})."));
}

impl Outcome {
    /// What `--json` shows of it.
    pub fn to_json(&self) -> Value {
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "account": self.account.as_ref().map(|account| json!({ "sub": account.sub, "username": account.username })),
            "had_session": self.had_session,
            "revocation": self.refresh_token.to_json(),
            "provider_session": self.sso_session.to_json(),
            "access_token_valid_until": self.access_token_valid_until.map(Time::rfc3339),
        })
    }

    /// The first step that failed, with the local end said first: that much is certain.
    pub fn failure(&self) -> Option<Error> {
        let steps = [(REFRESH_TOKEN, &self.refresh_token), (SSO_SESSION, &self.sso_session)];
        steps.into_iter().find_map(|(of, state)| match state {
            State::Failed(what, because) => {
                let what = format!("the local session was removed, but the {of} {what}");
                Some(SessionError::LoggedOutLocally(what, Box::new(because.report())).into())
            }
            State::Done(_) | State::Nothing(_) | State::Left(_) => None,
        })
    }
}
