//! Token answers turned into parts of a session, validated: the same for a login's and a refresh's.

use super::context::Context;
use super::metadata;
use crate::core::jwt::{Jwt, numeric_date};
use crate::core::plan::CLOCK_TOLERANCE;
use crate::core::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::core::secret::Secret;
use crate::core::session::{AccessToken, IdToken, Refreshed, Session};
use crate::core::time::{Seconds, Time};
use crate::error::{Error, Result};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{self, Accepted, Check, IdTokenProblem};
use crate::oidc::jwks::KeySet;
use crate::oidc::logout;
use crate::oidc::token::TokenAnswer;

/// The access token of an answer to a request sent at `sent_at`. Its life is counted from there, not from when the
/// answer came; where the answer does not say how long (RFC 6749 5.1 allows that), its own `exp` - `iat` says, or
/// what the provider documents.
pub fn access_token(answer: &TokenAnswer, sent_at: Time) -> AccessToken {
    let lifetime =
        answer.expires_in.or_else(|| own_lifetime(&answer.access_token)).unwrap_or(DOCUMENTED_ACCESS_TOKEN_LIFETIME);
    AccessToken { value: answer.access_token.clone(), obtained_at: sent_at, expires_at: sent_at.plus(lifetime) }
}

fn own_lifetime(token: &Secret) -> Option<Seconds> {
    let jwt = Jwt::parse(token.expose()).ok()?;
    let claim = |name| numeric_date(jwt.payload.get(name)?);
    Some(claim("exp")?.since(claim("iat")?).max(Seconds::ZERO))
}

/// The time that a token just received is judged by: ours, unless the provider's clock (the answer's `Date`, RFC 9110
/// 6.6.1) is more than a minute away. A slow laptop must not lose a session over it.
pub fn judging_time(context: &Context<'_>, date: Option<Time>) -> Time {
    let now = context.world.clock.now();
    let Some(date) = date else { return now };
    let skew = now.since(date);
    if Seconds(skew.0.abs()) <= CLOCK_TOLERANCE {
        return now;
    }
    let direction = if skew.0 > 0 { "ahead of" } else { "behind" };
    context.out.warn(
        "clock_skew",
        format!(
            "this machine's clock is {} {direction} the provider's; the tokens were judged by the provider's",
            skew.human()
        ),
    );
    date
}

/// A refresh's answer, its ID token validated against the one the session holds (OIDC Core 12.2).
///
/// # Errors
/// `invalid`, if the ID token fails a check: then nothing of the answer is used.
pub fn refreshed(
    context: &Context<'_>,
    provider: &Provider,
    session: &Session,
    answer: TokenAnswer,
    sent_at: Time,
) -> Result<Refreshed> {
    let id_token = match &answer.id_token {
        None => None,
        Some(raw) => refreshed_id_token(context, provider, session, raw, &answer)?,
    };
    Ok(Refreshed {
        access_token: access_token(&answer, sent_at),
        id_token,
        refresh_token: answer.refresh_token,
        scopes: answer.scopes,
    })
}

fn refreshed_id_token(
    context: &Context<'_>,
    provider: &Provider,
    session: &Session,
    raw: &Secret,
    answer: &TokenAnswer,
) -> Result<Option<IdToken>> {
    let now = judging_time(context, answer.date);
    let check = Check::refresh(
        &provider.issuer,
        &session.key.client_id,
        now,
        &answer.access_token,
        session.id_token.as_ref(),
        &session.account.sub,
    );
    let keys = match context.keys(provider) {
        Ok(keys) => keys,
        // The refresh token is spent: the session is kept, and only the ID token, which nobody vouches for, is left out.
        Err(error) => {
            context.out.warn(
                "id_token_not_checked",
                format!("the new ID token was left out, for it could not be checked: {}", error.report().message),
            );
            return Ok(None);
        }
    };
    validated(context, provider, keys, raw, &check).map(|accepted| Some(accepted.token))
}

/// The ID token, validated; the keys are fetched once more if it was signed by one that is not known.
///
/// # Errors
/// `invalid`; `unreachable` if that refetch fails.
pub fn validated(
    context: &Context<'_>,
    provider: &Provider,
    keys: KeySet,
    raw: &Secret,
    check: &Check<'_>,
) -> Result<Accepted> {
    let outcome = metadata::with_keys(
        context,
        provider,
        &keys,
        |keys| id_token::accept_id_token(raw, keys, check),
        |problem| matches!(problem, IdTokenProblem::UnknownKey),
    )?;
    outcome.map_err(|problem| match problem {
        IdTokenProblem::UnknownKey => {
            Error::invalid("the ID token is signed by a key that the provider does not publish")
        }
        IdTokenProblem::Invalid(what) => Error::invalid(format!("the ID token is not valid: {what}")),
    })
}

/// Revokes a refresh token that will not be kept (RFC 7009). Nothing depends on it, so nothing is said if it fails.
pub fn revoke_unwanted(context: &Context<'_>, provider: &Provider, token: &Secret) {
    if let Ok(client) = context.client()
        && let Some(request) = logout::revocation_request(provider, &client, token)
    {
        let _ = context.send(&request);
    }
}
