//! Revoking the refresh token (RFC 7009), and ending the SSO session: with TelenorID+'s `custom_logout_endpoint`, or in
//! the browser (RP-Initiated Logout 1.0).

use super::discovery::{Provider, get_request};
use super::token::{Client, request_about_refresh_token};
use super::{Problem, redact, response};
use crate::domain::secret::Secret;
use crate::ports::{Body, Method, Request, Response};

/// The result of a logout without a browser. Only the first two mean that the SSO session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutOutcome {
    LoggedOut,
    AlreadyLoggedOut,
    Unavailable,
    /// Another status. The guide has 400 (no ID token), 401 (not accepted) and 424 (a service that it depends on failed).
    Failed(u16),
}

const RESPONSE_NAME: &str = "the revocation response";

/// The request to revoke a refresh token (RFC 7009 2.1), or why there is no endpoint for it.
pub fn revocation_request(provider: &Provider, client: &Client, refresh_token: &Secret) -> Result<Request, String> {
    request_about_refresh_token(&provider.revocation_endpoint, client, refresh_token)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token is revoked, or the provider does not know it (RFC 7009 2.2).
    Revoked,
    /// The provider lets only clients with a secret revoke tokens.
    NotForPublicClients,
}

/// Whether a public client may revoke shows only in the response: some providers that do not list `none` allow it.
///
/// # Errors
/// [`Problem::Refused`] for an OAuth error such as `unsupported_token_type` (RFC 7009 2.2.1); [`Problem::Unavailable`]
/// for 429 and 5xx, where the token must be assumed to be valid still; otherwise as `response::problem_from_status`.
pub fn accept_revocation(response: &Response, provider: &Provider, client: &Client) -> Result<Revocation, Problem> {
    if (200..300).contains(&response.status) && !response::is_web_page(response) {
        // RFC 7009 2.2 says to ignore the body, but an OAuth error in it is an error.
        return match response::stated_error(response) {
            None => Ok(Revocation::Revoked),
            Some(error) => Err(response::problem_from_oauth_error(error)),
        };
    }
    let problem = response::problem_from_status(response, RESPONSE_NAME);
    let wants_authentication = match &problem {
        Problem::RefusedByStatus { status, .. } => *status == 401,
        Problem::Refused(error) => error.error == "invalid_client",
        Problem::Invalid(_) | Problem::Unavailable(_) => false,
    };
    if wants_authentication && !client.has_secret() && !provider.lists_public_clients_for_revocation {
        return Ok(Revocation::NotForPublicClients);
    }
    Err(problem)
}

/// The request for TelenorID+'s logout without a browser, or why there is no endpoint for it. The ID token, which may have
/// expired, is the only proof: the client does not authenticate.
pub fn custom_logout_request(provider: &Provider, id_token_hint: &Secret, state: &str) -> Result<Request, String> {
    let body = serde_json::json!({ "id_token_hint": id_token_hint.expose(), "state": state });
    Ok(Request {
        method: Method::Post,
        body: Some(Body::Json(Secret::new(body.to_string()))),
        secrets: redact::redactable_forms([id_token_hint.expose()]),
        ..get_request(provider.custom_logout_endpoint.clone()?, "*/*")
    })
}

pub fn accept_custom_logout(response: &Response) -> LogoutOutcome {
    match response.status {
        // The guide's text, plain or as a JSON string.
        200 if String::from_utf8_lossy(&response.body).to_ascii_lowercase().contains("already logged out") => {
            LogoutOutcome::AlreadyLoggedOut
        }
        200 if response::is_web_page(response) => LogoutOutcome::Unavailable,
        200 | 204 => LogoutOutcome::LoggedOut,
        status if response::is_temporary(status) => LogoutOutcome::Unavailable,
        status => LogoutOutcome::Failed(status),
    }
}

/// The URL that ends the SSO session in the browser (RP-Initiated Logout 2), or why there is none. The hint may have
/// expired. A secret, because it holds a token.
pub fn end_session_url(provider: &Provider, client_id: &str, id_token_hint: &Secret) -> Result<Secret, String> {
    let mut url = provider.end_session_endpoint.clone()?;
    url.query_pairs_mut().extend_pairs([("id_token_hint", id_token_hint.expose()), ("client_id", client_id)]);
    Ok(Secret::new(String::from(url)))
}

#[cfg(test)]
mod tests;
