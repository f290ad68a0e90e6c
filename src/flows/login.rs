//! A login: in the browser, approved on another device, or confirmed in Vipps or BankID. Nothing is stored before every check has passed. No lock is
//! held while the user acts.

mod attempt;
mod attendance;
mod browser_login;
mod callback_wait;
mod ciba_login;
mod device_login;
mod key_prefetch;
mod options;
mod polling;
mod requirements;
mod ssh_connection;
mod stopwatch;

pub use options::LoginOptions;

use crate::domain::session::Session;
use crate::error::{Error, LoginError, LoginMethod, NetworkError, Result, Situation};
use crate::flows::context::Context;
use attempt::LoginAttempt;

/// Logs in and stores the session.
///
/// # Errors
/// Those of the exchange; then nothing was stored. `usage` for invalid options, and if nobody can finish the login.
pub fn log_in(context: &Context<'_>, options: LoginOptions) -> Result<Session> {
    let method = options.method;
    run_attempt(context, options).map_err(|error| match error.situation {
        Situation::Network(NetworkError::Unreachable(what)) => LoginError::Unavailable(what, method).into(),
        situation => Error { situation, ..error },
    })
}

fn run_attempt(context: &Context<'_>, options: LoginOptions) -> Result<Session> {
    attendance::check(context, &options)?;
    let attempt = LoginAttempt::begin(context, options)?;
    match attempt.options.method {
        LoginMethod::Browser => attempt.in_browser(),
        LoginMethod::Device => attempt.on_another_device(),
        LoginMethod::Ciba(ciba) => {
            let hint = attempt.options.request.login_hint.clone().unwrap_or_default();
            attempt.by_backchannel(ciba, &hint)
        }
    }
}
