//! A token response turned into parts of a session, its ID token verified: for a login and for a refresh.

use crate::domain::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, IdToken, NewTokens, RefreshRequest, Session};
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result};
use crate::explain::exchange_steps;
use crate::explain::trace_messages;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, ProviderKeys, Refetch, VerifyError};
use crate::flows::provider_metadata;
use crate::jwt::{Jwt, numeric_date};
use crate::oidc::TokenProblem;
use crate::oidc::authorize::scope_differences;
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{self, ExpectedIdToken, IdTokenSource, ValidatedIdToken};
use crate::oidc::jwks::KeySet;
use crate::oidc::logout::{self, Revocation};
use crate::oidc::token::TokenResponse;

/// The access token of the response to a request sent at `sent_at`, from which its lifetime is counted. If the response
/// gives no lifetime (RFC 6749 5.1), it is the token's `exp` - `iat`, or what the provider documents.
pub fn access_token(response: &TokenResponse, sent_at: Time) -> AccessToken {
    let lifetime = lifetime(response).unwrap_or(DOCUMENTED_ACCESS_TOKEN_LIFETIME);
    AccessToken { value: response.access_token.clone(), obtained_at: sent_at, expires_at: sent_at.plus(lifetime) }
}

pub fn trace(context: &Context<'_>, response: &TokenResponse) {
    context.reporter.trace(|| {
        let (id_token, refresh_token) = (response.id_token.is_some(), response.refresh_token.is_some());
        trace_messages::received(lifetime(response), id_token, refresh_token, response.scopes.as_deref())
    });
}

fn trace_id_token(context: &Context<'_>, accepted: &ValidatedIdToken, binding: &str) {
    context.step(|| {
        let token = &accepted.token;
        let jwt = Jwt::parse(token.value.expose());
        let kid = jwt.as_ref().ok().and_then(|jwt| jwt.jws.kid());
        exchange_steps::id_token_checked(kid, binding, token.expires_at.left(context.ports.clock.now()))
    });
}

fn lifetime(response: &TokenResponse) -> Option<Seconds> {
    let from_claims = || {
        let claims = Jwt::parse(response.access_token.expose()).ok()?.checked_claims;
        Some(numeric_date(claims.get("exp")?)?.since(numeric_date(claims.get("iat")?)?).max(Seconds::ZERO))
    };
    response.expires_in.or_else(from_claims)
}

/// How far the provider's clock (the `Date` header, RFC 9110 6.6.1) is ahead of ours; zero within a minute.
pub fn provider_ahead(now: Time, date: Option<Time>) -> Seconds {
    let ahead = date.map_or(Seconds::ZERO, |date| date.since(now));
    if Seconds(ahead.0.saturating_abs()) <= CLOCK_TOLERANCE { Seconds::ZERO } else { ahead }
}

/// The time to validate a new token at: ours, or the provider's if its clock is more than a minute off, so that a wrong
/// clock costs no session. Warns then.
pub fn validation_time(context: &Context<'_>, date: Option<Time>) -> Time {
    let now = context.ports.clock.now();
    let ahead = provider_ahead(now, date);
    if ahead == Seconds::ZERO {
        return now;
    }
    let direction = if ahead.0.is_negative() { "ahead of" } else { "behind" };
    let difference = Seconds(ahead.0.saturating_abs()).to_text();
    let what = format!("this machine's clock is {difference} {direction} the provider's");
    context.reporter.warn(WarningCode::ClockSkew, format!("{what}; the tokens were validated by the provider's clock"));
    now.plus(ahead)
}

/// The tokens that a refresh returned, the ID token verified against the session's previous one (OIDC Core 12.2).
/// `keys` were fetched before the refresh token was used.
///
/// # Errors
/// `invalid`, if the ID token may be somebody else's: then nothing of the response may be used. An ID token that cannot
/// be verified now, or has a flaw that points to nobody else, is skipped with a warning, because the refresh token is
/// used up (`oidc::id_token` has the table).
pub fn accept_refresh(
    context: &Context<'_>,
    provider: &Provider,
    keys: Result<ProviderKeys>,
    session: &Session,
    sent: RefreshRequest<'_>,
    response: TokenResponse,
) -> Result<NewTokens> {
    // Each use of a token for other scopes warns of what it was granted.
    if sent.scopes.is_none() {
        warn_of_more_scopes(context, session, &response);
    }
    let (id_token, expect_usable_id_token) =
        refreshed_id_token(context, provider, keys, session, &response, sent.sent_at)?;
    Ok(NewTokens {
        access_token: access_token(&response, sent.sent_at),
        id_token,
        expect_usable_id_token,
        provider_ahead: provider_ahead(context.ports.clock.now(), response.date),
        refresh_token: response.refresh_token,
        scopes: response.scopes,
    })
}

/// The ID token, if it can be used, and whether the next refresh can be expected to return a usable one.
fn refreshed_id_token(
    context: &Context<'_>,
    provider: &Provider,
    keys: Result<ProviderKeys>,
    session: &Session,
    response: &TokenResponse,
    sent_at: Time,
) -> Result<(Option<IdToken>, bool)> {
    let Some(raw) = &response.id_token else {
        context.step(|| exchange_steps::NO_ID_TOKEN.to_owned());
        return Ok((None, false));
    };
    // The cached discovery document may be out of date.
    let is_other = Jwt::parse(raw.expose())
        .is_ok_and(|jwt| jwt.claims().get("iss").is_none_or(|issuer| *issuer != provider.issuer));
    let changed = if is_other { provider_metadata::provider_if_changed(context, provider) } else { None };
    let provider = changed.as_ref().unwrap_or(provider);
    let now = validation_time(context, response.date);
    let expected = ExpectedIdToken {
        issuer: &provider.issuer,
        client_id: &session.key.client_id,
        now,
        access_token: &response.access_token,
        source: IdTokenSource::Refresh { previous: session.id_token.as_ref(), sub: &session.account.sub },
    };
    let skip = |reason: &str, expect_usable_id_token| {
        let message = format!("the new ID token was ignored: {reason}");
        context.reporter.warn(WarningCode::IdTokenNotChecked, message);
        Ok((None, expect_usable_id_token))
    };
    let check = |keys: &KeySet| id_token::accept_id_token(raw, keys, &expected);
    let refetch = Refetch::NowIfBadSignature;
    let outcome = keys
        .map_err(VerifyError::Undecided)
        .and_then(|mut keys| provider_keys::verify_with_keys(context, provider, &mut keys, refetch, check));
    match outcome {
        Ok(accepted) => {
            trace_id_token(context, &accepted, exchange_steps::ACCOUNT_CHECKED);
            Ok((Some(accepted.token.with_local_expiry(sent_at, now)), true))
        }
        Err(VerifyError::Rejected(problem)) => match problem {
            TokenProblem::Invalid(_) | TokenProblem::BadSignature => Err(invalid_id_token(problem)),
            TokenProblem::NotValidNow(_) | TokenProblem::UnknownKey => skip(&problem.to_string(), true),
            TokenProblem::Flawed(_) | TokenProblem::OtherAlgorithm(_) => skip(&problem.to_string(), false),
        },
        // Without keys, its claims can still show that it is somebody else's.
        Err(VerifyError::Undecided(error)) => match check(&KeySet::default()) {
            Err(problem @ TokenProblem::Invalid(_)) => Err(invalid_id_token(problem)),
            _ => skip(&error.report().message, true),
        },
    }
}

/// Warns if other scopes were granted than requested, once in a run. `has_refresh_token` counts as `offline_access`.
pub fn warn_of_other_scopes(context: &Context<'_>, requested: &[String], granted: &[String], has_refresh_token: bool) {
    let (less, more) = scope_differences(requested, granted, has_refresh_token);
    for (code, scopes, what) in [
        (WarningCode::ScopeLessThanAsked, less, "did not grant the scopes"),
        (WarningCode::ScopeMoreThanAsked, more, "granted scopes that were not requested:"),
    ] {
        if !scopes.is_empty() && !context.reporter.has_warned(code) {
            context.reporter.warn(code, format!("the provider {what} `{}`", printable(&scopes.join(" "))));
        }
    }
}

/// Warns if a refresh granted more scopes than the session has, which it must not (RFC 6749 6).
fn warn_of_more_scopes(context: &Context<'_>, session: &Session, response: &TokenResponse) {
    let granted = response.scopes.iter().flatten();
    let more: Vec<&str> = granted.filter(|scope| !session.scopes.contains(scope)).map(String::as_str).collect();
    if !more.is_empty() {
        let message =
            format!("the refresh granted scopes that the session did not have: {}", printable(&more.join(" ")));
        context.reporter.warn(WarningCode::ScopeMoreThanAsked, message);
    }
}

/// The verified ID token of a login.
///
/// # Errors
/// `invalid`; `unreachable` if the keys cannot be fetched.
pub fn accept_login_id_token(
    context: &Context<'_>,
    provider: &Provider,
    mut keys: ProviderKeys,
    raw: &Secret,
    expected: &ExpectedIdToken<'_>,
) -> Result<ValidatedIdToken> {
    let check = |keys: &KeySet| id_token::accept_id_token(raw, keys, expected);
    let accepted = provider_keys::verify_with_keys(context, provider, &mut keys, Refetch::Now, check);
    let accepted = accepted.map_err(|error| match error {
        VerifyError::Rejected(problem) => invalid_id_token(problem),
        VerifyError::Undecided(error) => error,
    })?;
    let is_polled = matches!(expected.source, IdTokenSource::Login { redirect: None, .. });
    let binding = if is_polled { exchange_steps::NO_NONCE } else { exchange_steps::NONCE_CHECKED };
    trace_id_token(context, &accepted, binding);
    Ok(accepted)
}

fn invalid_id_token(problem: TokenProblem) -> Error {
    match problem {
        TokenProblem::UnknownKey => {
            Error::invalid("the ID token is signed by a key that the provider does not publish")
        }
        problem => Error::invalid(format!("the ID token is not valid: {problem}")),
    }
}

/// Revokes a refresh token that will not be kept (RFC 7009); returns whether the provider confirmed it.
pub fn revoke_unwanted(context: &Context<'_>, provider: &Provider, token: &Secret) -> bool {
    let Ok(client) = context.client() else { return false };
    let Ok(request) = logout::revocation_request(provider, &client, token) else { return false };
    context
        .send(&request)
        .is_ok_and(|response| logout::accept_revocation(&response, provider, &client) == Ok(Revocation::Revoked))
}
