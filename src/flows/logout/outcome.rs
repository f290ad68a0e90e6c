//! The outcome of a logout, step by step.

use crate::domain::session::{Account, SessionKey};
use crate::domain::time::Time;
use crate::error::{Error, SessionError};
use crate::explain::logout_messages::{StepMessage, StepState, failure_message};
use crate::flows::context::Context;
use crate::ports::Notice;
use serde_json::{Value, json};

pub(super) const REFRESH_TOKEN: &str = "refresh token";
pub(super) const SSO_SESSION: &str = "SSO session";
const ACCESS_TOKEN: &str = "access token";

pub struct Outcome {
    pub(super) key: SessionKey,
    pub(super) account: Option<Account>,
    pub(super) had_session: bool,
    pub(super) refresh_token: Step,
    pub(super) sso_session: Step,
    pub(super) access_token_valid_until: Option<Time>,
}

pub(super) type Step = Result<StepMessage, Failure>;

pub(super) struct Failure {
    /// What failed and why, as the step's text.
    pub(super) text: String,
    pub(super) error: Box<Error>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { text: error.report().message, error: Box::new(error) }
    }
}

impl Failure {
    /// For an error whose message does not say what failed.
    pub(super) fn caused_by(what: &str, error: Error) -> Self {
        Self { text: format!("{what}: {}", error.report().message), error: Box::new(error) }
    }
}

pub(super) fn report_access_token(context: &Context<'_>, text: String) {
    context.reporter.report(Notice::Step { name: ACCESS_TOKEN, text, failed: false });
}

pub(super) fn reported(context: &Context<'_>, name: &'static str, step: Step) -> Step {
    let (text, failed) = match &step {
        Ok(message) => (&message.text, false),
        Err(failure) => (&failure.text, true),
    };
    context.reporter.report(Notice::Step { name, text: text.clone(), failed });
    step
}

fn to_json(step: &Step) -> Value {
    let (state, text) = match step {
        Ok(StepMessage { state, text }) => (*state, text),
        Err(failure) => (StepState::Failed, &failure.text),
    };
    json!({ "done": state == StepState::Done, "state": state.as_str(), "message": text })
}

impl Outcome {
    /// With the machine tokens that were removed beside the session.
    pub(super) fn with_machine_tokens(self, machine: &Self) -> Self {
        Self {
            had_session: self.had_session || machine.had_session,
            access_token_valid_until: self.access_token_valid_until.max(machine.access_token_valid_until),
            ..self
        }
    }

    pub fn to_json(&self) -> Value {
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "account": self.account.as_ref().map(|account| json!({ "sub": account.sub, "username": account.username })),
            "had_session": self.had_session,
            "revocation": to_json(&self.refresh_token),
            "provider_session": to_json(&self.sso_session),
            "access_token_valid_until": self.access_token_valid_until.map(Time::rfc3339),
        })
    }

    pub fn failure(&self) -> Option<Error> {
        let steps = [(REFRESH_TOKEN, &self.refresh_token), (SSO_SESSION, &self.sso_session)];
        steps.into_iter().find_map(|(name, step)| {
            let Failure { text, error } = step.as_ref().err()?;
            Some(SessionError::LoggedOutLocally(failure_message(name, text), Box::new(error.report())).into())
        })
    }
}
