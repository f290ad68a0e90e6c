//! Token answers turned into parts of a session, validated: the same for a login's and a refresh's.

use crate::domain::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, IdToken, NewTokens, Session};
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::provider_metadata::{self, Again, Keys};
use crate::jwt::{Jwt, numeric_date};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{self, Accepted, Check, IdTokenProblem};
use crate::oidc::jwks::KeySet;
use crate::oidc::logout::{self, Revocation};
use crate::oidc::token::TokenResponse;

/// The access token of an answer to a request sent at `sent_at`. Its life is counted from there, not from when the
/// answer came; where the answer does not say how long (RFC 6749 5.1 allows that), its own `exp` - `iat` says, or
/// what the provider documents.
pub fn access_token(answer: &TokenResponse, sent_at: Time) -> AccessToken {
    let lifetime =
        answer.expires_in.or_else(|| own_lifetime(&answer.access_token)).unwrap_or(DOCUMENTED_ACCESS_TOKEN_LIFETIME);
    AccessToken { value: answer.access_token.clone(), obtained_at: sent_at, expires_at: sent_at.plus(lifetime) }
}

fn own_lifetime(token: &Secret) -> Option<Seconds> {
    let claims = Jwt::parse(token.expose()).ok()?.registered;
    Some(numeric_date(&claims.exp?)?.since(numeric_date(&claims.iat?)?).max(Seconds::ZERO))
}

/// How far the provider's clock (an answer's `Date`, RFC 9110 6.6.1) is ahead of ours; zero within a minute.
pub fn provider_ahead(now: Time, date: Option<Time>) -> Seconds {
    let ahead = date.map_or(Seconds::ZERO, |date| date.since(now));
    if Seconds(ahead.0.saturating_abs()) <= CLOCK_TOLERANCE { Seconds::ZERO } else { ahead }
}

/// The time that a token just received is judged by: ours, unless the provider's clock is more than a minute away. A slow
/// laptop must not lose a session over it.
pub fn judging_time(context: &Context<'_>, date: Option<Time>) -> Time {
    let now = context.ports.clock.now();
    let ahead = provider_ahead(now, date);
    if ahead == Seconds::ZERO {
        return now;
    }
    let direction = if ahead.0 < 0 { "ahead of" } else { "behind" };
    context.reporter.warn(
        "clock_skew",
        format!(
            "this machine's clock is {} {direction} the provider's; the tokens were judged by the provider's",
            Seconds(ahead.0.saturating_abs()).to_text()
        ),
    );
    now.plus(ahead)
}

/// A refresh's answer, its ID token validated with `keys`, which were asked for before the token was spent, against the
/// one the session holds (OIDC Core 12.2).
///
/// The refresh token is spent by now, so what says nothing against the answer must not cost the session: an ID token
/// that nobody can judge, because its key cannot be had or is not published yet, or that is wrong in nothing that points to
/// somebody else (`oidc::id_token` has the table), is left out with a warning, as if none had come.
///
/// # Errors
/// `invalid`, if the ID token may be somebody else's: then nothing of the answer is used.
pub fn refreshed(
    context: &Context<'_>,
    mut provider: Provider,
    keys: Result<Keys>,
    session: &Session,
    answer: TokenResponse,
    sent_at: Time,
) -> Result<NewTokens> {
    tell_of_more_scopes(context, session, &answer);
    // One with a flaw of its own will come with it again.
    let mut comes_usable = answer.id_token.is_some();
    let id_token = match &answer.id_token {
        None => None,
        Some(raw) => {
            // A copy of the discovery document may be what is wrong.
            if names_another_issuer(raw, &provider.issuer) {
                provider = provider_metadata::provider_if_changed(context, &provider).unwrap_or(provider);
            }
            let now = judging_time(context, answer.date);
            let (client_id, sub) = (&session.key.client_id, &session.account.sub);
            let previous = session.id_token.as_ref();
            let check = Check::refresh(&provider.issuer, client_id, now, &answer.access_token, previous, sub);
            match keys.and_then(|keys| judged(context, &provider, keys, Again::AtOnceIfWrong, raw, &check)) {
                Ok(Ok(accepted)) => Some(accepted.token.with_local_expiry(sent_at, now)),
                Ok(Err(problem @ (IdTokenProblem::Invalid(_) | IdTokenProblem::BadSignature))) => {
                    return Err(not_valid(problem));
                }
                Ok(Err(
                    problem @ (IdTokenProblem::OutOfTime(_)
                    | IdTokenProblem::Flawed(_)
                    | IdTokenProblem::OtherAlgorithm(_)
                    | IdTokenProblem::UnknownKey),
                )) => {
                    comes_usable = !matches!(problem, IdTokenProblem::Flawed(_) | IdTokenProblem::OtherAlgorithm(_));
                    left_out(context, &problem.to_string())
                }
                // There are no keys: what it says itself can already be too much.
                Err(error) => match id_token::accept_id_token(raw, &KeySet::default(), &check) {
                    Err(problem @ IdTokenProblem::Invalid(_)) => return Err(not_valid(problem)),
                    _ => left_out(context, &error.report().message),
                },
            }
        }
    };
    Ok(NewTokens {
        access_token: access_token(&answer, sent_at),
        id_token,
        id_token_came: comes_usable,
        provider_ahead: provider_ahead(context.ports.clock.now(), answer.date),
        refresh_token: answer.refresh_token,
        scopes: answer.scopes,
    })
}

/// RFC 6749 6: a refresh grants no more than the login did.
fn tell_of_more_scopes(context: &Context<'_>, session: &Session, answer: &TokenResponse) {
    let more: Vec<&str> =
        answer.scopes.iter().flatten().filter(|scope| !session.scopes.contains(scope)).map(String::as_str).collect();
    if !more.is_empty() {
        let message = format!("the refresh granted more scope than the session had: {}", printable(&more.join(" ")));
        context.reporter.warn("scope_more_than_asked", message);
    }
}

/// Whether the token is one that can be read, and says so.
fn names_another_issuer(raw: &Secret, issuer: &str) -> bool {
    Jwt::parse(raw.expose()).is_ok_and(|jwt| jwt.claims().get("iss").is_none_or(|iss| iss != issuer))
}

fn left_out(context: &Context<'_>, why: &str) -> Option<IdToken> {
    let message = format!("the new ID token was left out, because it could not be accepted: {why}");
    context.reporter.warn("id_token_not_checked", message);
    None
}

/// The ID token of a login, validated.
///
/// # Errors
/// `invalid`; `unreachable` if the keys cannot be had.
pub fn validated(
    context: &Context<'_>,
    provider: &Provider,
    keys: Keys,
    raw: &Secret,
    check: &Check<'_>,
) -> Result<Accepted> {
    judged(context, provider, keys, Again::AtOnce, raw, check)?.map_err(not_valid)
}

/// The verdict on an ID token; the keys are fetched once more if that may change it.
fn judged(
    context: &Context<'_>,
    provider: &Provider,
    mut keys: Keys,
    again: Again,
    raw: &Secret,
    check: &Check<'_>,
) -> Result<std::result::Result<Accepted, IdTokenProblem>> {
    provider_metadata::with_keys(context, provider, &mut keys, again, |keys| {
        id_token::accept_id_token(raw, keys, check)
    })
}

fn not_valid(problem: IdTokenProblem) -> Error {
    match problem {
        IdTokenProblem::UnknownKey => {
            Error::invalid("the ID token is signed by a key that the provider does not publish")
        }
        problem => Error::invalid(format!("the ID token is not valid: {problem}")),
    }
}

/// Revokes a refresh token that will not be kept (RFC 7009); whether the provider confirmed it.
pub fn revoke_unwanted(context: &Context<'_>, provider: &Provider, token: &Secret) -> bool {
    let Ok(client) = context.client() else { return false };
    let Some(request) = logout::revocation_request(provider, &client, token) else { return false };
    context
        .send(&request)
        .is_ok_and(|response| logout::accept_revocation(&response, provider, &client) == Ok(Revocation::Revoked))
}
