//! What a logout came to, step by step: told as each step ends, and all of it as a document.

use crate::domain::session::{Account, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::error::{Error, SessionError};
use crate::flows::context::Context;
use crate::terminal::output::Output;
use colored::Color;
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
pub(super) struct Outcome {
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

    /// The same, told.
    pub(super) fn told(self, out: &Output<'_>, of: &str) -> Self {
        let text = match &self {
            Self::Done(text) | Self::Nothing(text) | Self::Left(text) => text.clone(),
            Self::Failed(text, _) => out.paint_err(text, Color::Red),
        };
        tell(out, of, &text);
        self
    }

    fn document(&self) -> Value {
        let (state, text) = match self {
            Self::Done(text) => ("done", text),
            Self::Nothing(text) => ("nothing", text),
            Self::Left(text) => ("left", text),
            Self::Failed(text, _) => ("failed", text),
        };
        json!({ "done": state == "done", "state": state, "message": text })
    }
}

/// A line of the table.
pub(super) fn tell(out: &Output<'_>, of: &str, text: &str) {
    out.note(&format!("  {of:<13}   {text}"));
}

/// Whose session has ended here.
pub(super) fn logged_out(context: &Context<'_>, account: Option<&Account>) {
    let account = account.map(|account| account.username.as_deref().unwrap_or(&account.sub));
    let whose = account.map_or_else(String::new, |account| format!("{} at ", printable(account)));
    let (profile, issuer) = (printable(&context.key.profile), printable(&context.key.issuer));
    context.out.note(&format!("Logged out of `{profile}` ({whose}{issuer})."));
}

/// That there was nothing to end.
pub(super) fn no_session(context: &Context<'_>) {
    let (profile, issuer) = (printable(&context.key.profile), printable(&context.key.issuer));
    context.out.note(&format!("There was no session of `{profile}` ({issuer})."));
}

impl Outcome {
    /// What `--json` shows of it.
    pub(super) fn document(&self) -> Value {
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "account": self.account.as_ref().map(|account| json!({ "sub": account.sub, "username": account.username })),
            "had_session": self.had_session,
            "revocation": self.refresh_token.document(),
            "provider_session": self.sso_session.document(),
            "access_token_valid_until": self.access_token_valid_until.map(Time::rfc3339),
        })
    }

    /// The first step that failed, with the local end said first: that much is certain.
    pub(super) fn failure(&self) -> Option<Error> {
        let steps = [(REFRESH_TOKEN, &self.refresh_token), (SSO_SESSION, &self.sso_session)];
        steps.into_iter().find_map(|(of, state)| match state {
            State::Failed(what, because) => {
                let what = format!("the session is gone here, but the {of} {what}");
                Some(SessionError::LoggedOutLocally(what, Box::new(because.report())).into())
            }
            State::Done(_) | State::Nothing(_) | State::Left(_) => None,
        })
    }
}
