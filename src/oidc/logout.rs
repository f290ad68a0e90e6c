//! Ending things at the provider: the refresh token (RFC 7009) and the SSO session (TelenorID+'s
//! `custom_logout_endpoint`, or RP-Initiated Logout 1.0 in the browser).

use super::Problem;
use super::discovery::Provider;
use super::redact;
use super::response;
use super::token::{Client, ClientAuthentication, form_post};
use crate::domain::secret::Secret;
use crate::ports::{Body, Method, Request, Response};
use std::path::Path;

/// How TelenorID+ answered a logout without a browser. Only the first two mean that the SSO session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// 200, or 204 with nothing in it: the SSO session was ended.
    LoggedOut,
    /// 200 "Already logged out": there was none any more.
    AlreadyLoggedOut,
    /// 400: the provider missed the ID token.
    HintMissing,
    /// 401: the provider does not accept the ID token as proof.
    HintRefused,
    /// 424: something the provider depends on failed; the logout is not complete.
    Incomplete,
    /// 408, 429 or 5xx: the provider could not do it just now.
    Unavailable,
    /// Another status, which the provider's guide does not name.
    Unexpected(u16),
}

/// How the answer is called in messages.
const RESPONSE_NAME: &str = "the revocation";

/// The revocation of a refresh token (RFC 7009 2.1). `None` if the provider has no such endpoint.
pub fn revocation_request(provider: &Provider, client: &Client, refresh_token: &Secret) -> Option<Request> {
    let url = provider.revocation_endpoint.as_ref()?;
    let parameters = [("token", refresh_token.expose()), ("token_type_hint", "refresh_token")];
    Some(form_post(url, client, &parameters, &[refresh_token]))
}

/// What became of a revocation that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token is revoked, or the provider does not know it (RFC 7009 2.2).
    Revoked,
    /// The client has no secret, and the provider lets only clients in that have one.
    NotForPublicClients,
}

/// Reads the answer to [`revocation_request`]; 204 is a 200 with nothing in it.
///
/// That a public client may not revoke is known only from the answer: a provider that lists no `none` may let it all the
/// same.
///
/// # Errors
/// [`Problem::Refused`] for an OAuth error such as `unsupported_token_type` (2.2.1), [`Problem::Unavailable`] for 429
/// and 5xx (the token must be taken to live on); the rest as `response::problem_from_status` has it.
pub fn accept_revocation(response: &Response, provider: &Provider, client: &Client) -> Result<Revocation, Problem> {
    if (200..300).contains(&response.status) && !response::is_web_page(response) {
        // Whatever else stands there is not looked at (RFC 7009 2.2), but a no is a no.
        let refused =
            response::object(&response.body, RESPONSE_NAME).ok().and_then(|object| response::oauth_error(&object));
        return refused
            .map_or(Ok(Revocation::Revoked), |words| Err(response::problem_from_oauth_error(words, RESPONSE_NAME)));
    }
    let problem = response::problem_from_status(response, RESPONSE_NAME);
    let wants_authentication = match &problem {
        Problem::RefusedByStatus { status, .. } => *status == 401,
        Problem::Refused(words) => words.error == "invalid_client",
        Problem::Invalid(_) | Problem::Unavailable(_) => false,
    };
    let is_public = client.authentication == ClientAuthentication::None;
    if wants_authentication && is_public && !provider.lists_public_clients_for_revocation {
        return Ok(Revocation::NotForPublicClients);
    }
    Err(problem)
}

/// TelenorID+'s logout without a browser (its guide, "Logout"). An expired ID token serves as hint, and is all the proof
/// there is: no client authenticates here. `None` if the provider has no such endpoint.
pub fn custom_logout_request(
    provider: &Provider,
    ca_file: Option<&Path>,
    id_token_hint: &Secret,
    state: &str,
) -> Option<Request> {
    let body = serde_json::json!({ "id_token_hint": id_token_hint.expose(), "state": state });
    Some(Request {
        method: Method::Post,
        url: provider.custom_logout_endpoint.clone()?,
        authorization: None,
        accept: "*/*",
        body: Some(Body::Json(Secret::new(body.to_string()))),
        ca_file: ca_file.map(Path::to_owned),
        deadline: None,
        secrets: redact::redactable_forms([id_token_hint.expose()]),
    })
}

/// Reads the answer to [`custom_logout_request`].
pub fn accept_custom_logout(response: &Response) -> LogoutOutcome {
    match response.status {
        200 if says_already_logged_out(&response.body) => LogoutOutcome::AlreadyLoggedOut,
        200 if response::is_web_page(response) => LogoutOutcome::Unavailable,
        200 | 204 => LogoutOutcome::LoggedOut,
        400 => LogoutOutcome::HintMissing,
        401 => LogoutOutcome::HintRefused,
        424 => LogoutOutcome::Incomplete,
        status if response::is_temporary(status) => LogoutOutcome::Unavailable,
        status => LogoutOutcome::Unexpected(status),
    }
}

/// The guide's text, as plain text or as a JSON string.
fn says_already_logged_out(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_ascii_lowercase().contains("already logged out")
}

/// The URL that ends the SSO session in the browser (RP-Initiated Logout 2): `id_token_hint` may have expired,
/// `post_logout_redirect_uri` must be registered, byte for byte. It holds a token, hence the type. `None` if the
/// provider has no such endpoint.
pub fn end_session_url(
    provider: &Provider,
    client_id: &str,
    id_token_hint: Option<&Secret>,
    post_logout_redirect_uri: Option<&str>,
    state: Option<&Secret>,
) -> Option<Secret> {
    let mut url = provider.end_session_endpoint.clone()?;
    let parameters = [
        ("id_token_hint", id_token_hint.map(Secret::expose)),
        ("client_id", Some(client_id)),
        ("post_logout_redirect_uri", post_logout_redirect_uri),
        ("state", state.map(Secret::expose)),
    ];
    url.query_pairs_mut().extend_pairs(parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    Some(Secret::new(String::from(url)))
}

#[cfg(test)]
mod tests;
