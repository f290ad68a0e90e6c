//! The userinfo endpoint (Core 5.3).

use super::discovery::{Provider, bearer_request};
use super::response::{self, Object, invalid};
use super::{OAuthError, Owner, Problem, signed_token};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::jwt::{Jws, Jwt};
use crate::ports::{Request, Response};
use serde_json::Value;

const RESPONSE_NAME: &str = "the userinfo response";

/// The request (Core 5.3.1), or why there is no endpoint for it.
pub fn userinfo_request(provider: &Provider, access_token: &Secret) -> Result<Request, String> {
    let url = provider.userinfo_endpoint.clone()?;
    Ok(bearer_request(url, "application/json, application/jwt", access_token))
}

/// The claims from the response to [`userinfo_request`]: a JSON object, or a JWT (Core 5.3.2), whose signature `verify`
/// checks.
///
/// # Errors
/// Those of `verify`, and as for other responses, but a 401 or 403 with a challenge becomes [`Problem::Refused`];
/// [`Problem::Invalid`] for another account's claims.
pub fn accept_userinfo<E: From<Problem>>(
    response: &Response,
    owner: Owner<'_>,
    verify: impl FnOnce(&Jws<'_>) -> Result<(), E>,
) -> Result<Object, E> {
    let body =
        response::success_body(response, RESPONSE_NAME).map_err(|problem| refusal_from_challenge(problem, response))?;
    let kind = response.header("content-type").unwrap_or_default().trim().to_ascii_lowercase();
    let claims = match kind.split(';').next().map(str::trim) {
        Some("application/jwt") => {
            let text = std::str::from_utf8(body).or_else(|_| wrong("it is not UTF-8"))?;
            let token = Jwt::parse(text.trim_ascii()).or_else(|why| wrong(&why.to_string()))?;
            verify(&token.jws)?;
            signed_claims(&token, owner)?
        }
        _ => response::object(body, RESPONSE_NAME)?,
    };
    // Core 5.3.2: another subject's claims must not be used.
    if response::required_string(&claims, "sub", RESPONSE_NAME)? != owner.sub {
        let what = format!("{RESPONSE_NAME} is about another account than the session's (`sub`)");
        return Err(Problem::Invalid(what).into());
    }
    Ok(claims)
}

/// The claims of a signed response. `iss` and `aud`, which Core 5.3.2 only recommends, are checked if present: an
/// unsigned response proves even less.
fn signed_claims(token: &Jwt<'_>, owner: Owner<'_>) -> Result<Object, Problem> {
    if token.checked_claims.get("iss").is_some_and(|iss| !iss.is_null()) {
        signed_token::check_issuer(&token.checked_claims, owner.issuer).or_else(|why| wrong(&why.to_string()))?;
    }
    let claims = token.claims();
    match claims.get("aud") {
        None | Some(Value::Null) => Ok(claims),
        Some(Value::Array(all)) if all.iter().any(|aud| aud == owner.client_id) => Ok(claims),
        Some(aud) if aud == owner.client_id => Ok(claims),
        Some(aud) => wrong(&format!(
            "it is not for `{}`: its `aud` is {}",
            printable(owner.client_id),
            printable(&aud.to_string())
        )),
    }
}

fn wrong<T>(why: &str) -> Result<T, Problem> {
    invalid(format!("{RESPONSE_NAME}: {why}"))
}

/// Turns a 401 or 403 with a challenge into an OAuth error (RFC 6750 3), by default the one that 3.1 prescribes.
fn refusal_from_challenge(problem: Problem, response: &Response) -> Problem {
    let standard = match problem {
        Problem::RefusedByStatus { status: 401, .. } => "invalid_token",
        Problem::RefusedByStatus { status: 403, .. } => "insufficient_scope",
        other => return other,
    };
    match response.header("www-authenticate") {
        None => problem,
        Some(challenge) => Problem::Refused(OAuthError {
            error: challenge_parameter(challenge, "error").unwrap_or(standard).to_owned(),
            error_description: challenge_parameter(challenge, "error_description").map(str::to_owned),
        }),
    }
}

/// The value of `name="…"` in a challenge.
fn challenge_parameter<'c>(challenge: &'c str, name: &str) -> Option<&'c str> {
    let start = format!("{name}=\"");
    let at =
        challenge.match_indices(&start).find(|(at, _)| *at == 0 || b" ,".contains(&challenge.as_bytes()[at - 1]))?.0;
    challenge[at + start.len()..].split_once('"').map(|(value, _)| value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
