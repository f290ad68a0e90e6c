//! The token endpoint (RFC 6749 3.2, Core 3.1.3 and 12): exchanges a code, a refresh token or the client's credentials for
//! tokens.

use super::authorize::{Code, PendingLogin};
use super::discovery::{Endpoint, Provider, get_request};
use super::response::{self, Object, invalid, required};
use super::{OAuthError, Problem, redact};
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::ports::{Body, Method, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::{Url, form_urlencoded};

const RESPONSE_NAME: &str = "the token response";

/// How a client authenticates (Core 9, RFC 6749 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    None,
    Basic(Secret),
    Post(Secret),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub client_id: String,
    pub authentication: ClientAuthentication,
}

impl Client {
    pub fn has_secret(&self) -> bool {
        self.secret().is_some()
    }

    fn secret(&self) -> Option<&Secret> {
        match &self.authentication {
            ClientAuthentication::None => None,
            ClientAuthentication::Basic(secret) | ClientAuthentication::Post(secret) => Some(secret),
        }
    }
}

/// A successful token response (RFC 6749 5.1, Core 3.1.3.3). The ID token is **not** validated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenResponse {
    /// Visible ASCII, so that it can be sent in a header.
    pub access_token: Secret,
    /// At least one second.
    pub expires_in: Option<Seconds>,
    pub id_token: Option<Secret>,
    pub refresh_token: Option<Secret>,
    pub scopes: Option<Vec<String>>,
    pub date: Option<Time>,
}

/// The request to exchange a code (RFC 6749 4.1.3, RFC 7636 4.5). Never sent twice: using a code again may revoke its
/// tokens.
pub fn code_request(provider: &Provider, client: &Client, code: &Code, pending: &PendingLogin) -> Request {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.0.expose()),
        ("redirect_uri", &pending.redirect_uri), // byte for byte as in the authorization request
        ("code_verifier", pending.code_verifier.expose()),
    ];
    form_post(&provider.token_endpoint, client, &parameters, &[&code.0, &pending.code_verifier])
}

#[derive(Clone, Copy, Debug, Default)]
pub struct RefreshParameters<'a> {
    /// `None` keeps the granted ones (RFC 6749 6).
    pub scopes: Option<&'a ScopeSet>,
    /// The profile of the same user that the access token is for (`tnuId`; TelenorID+, deprecated).
    pub tnu_id: Option<&'a str>,
}

/// The request to refresh (RFC 6749 6). Never sent twice: the first may have used up the refresh token.
pub fn refresh_request(
    provider: &Provider,
    client: &Client,
    refresh_token: &Secret,
    optional: RefreshParameters<'_>,
) -> Request {
    let scope = optional.scopes.map(ScopeSet::to_text);
    let scope = scope.as_deref().map(|scope| ("scope", scope));
    let tnu_id = optional.tnu_id.map(|tnu_id| ("tnuId", tnu_id));
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    let parameters: Vec<_> = parameters.into_iter().chain(scope).chain(tnu_id).collect();
    form_post(&provider.token_endpoint, client, &parameters, &[refresh_token])
}

/// The request for a token for the client itself (RFC 6749 4.4.2). Without scopes the provider chooses them.
pub fn client_credentials_request(provider: &Provider, client: &Client, scopes: &ScopeSet) -> Request {
    let scope = scopes.to_text();
    let parameters = [("grant_type", "client_credentials"), ("scope", &scope)];
    let parameters = if scopes.is_empty() { &parameters[..1] } else { &parameters[..] };
    form_post(&provider.token_endpoint, client, parameters, &[])
}

/// A form POST with client authentication: Basic with both parts form-encoded (RFC 6749 2.3.1), the secret in the body,
/// or only `client_id` (3.2.1). `credentials` are the secrets among the parameters.
pub(super) fn form_post(
    url: &Url,
    client: &Client,
    parameters: &[(&str, impl AsRef<str>)],
    credentials: &[&Secret],
) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    let basic = match &client.authentication {
        ClientAuthentication::None => {
            form.append_pair("client_id", &client.client_id);
            None
        }
        ClientAuthentication::Post(secret) => {
            form.append_pair("client_id", &client.client_id).append_pair("client_secret", secret.expose());
            None
        }
        ClientAuthentication::Basic(secret) => Some(basic_credentials(&client.client_id, secret)),
    };
    let secrets = credentials.iter().copied().chain(client.secret()).chain(&basic).map(Secret::expose);
    Request {
        method: Method::Post,
        secrets: redact::redactable_forms(secrets),
        authorization: basic.map(|pair| Secret::new(format!("Basic {}", pair.expose()))),
        body: Some(Body::Form(Secret::new(form.finish()))),
        ..get_request(url.clone(), "application/json")
    }
}

/// A request about a refresh token: to revoke it (RFC 7009 2.1), or what the provider says of it (RFC 7662 2.1).
pub(super) fn request_about_refresh_token(
    endpoint: &Endpoint,
    client: &Client,
    token: &Secret,
) -> Result<Request, String> {
    let parameters = [("token", token.expose()), ("token_type_hint", "refresh_token")];
    Ok(form_post(endpoint.as_ref()?, client, &parameters, &[token]))
}

fn basic_credentials(client_id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
    Secret::new(STANDARD.encode(pair.expose()))
}

/// # Errors
/// Those of [`accept_token_response`]; [`Problem::Invalid`] also without an ID token (Core 3.1.3.3).
pub fn accept_code_response(response: &Response) -> Result<TokenResponse, Problem> {
    let tokens = accept_token_response(response)?;
    required(tokens.id_token.as_ref(), "id_token", RESPONSE_NAME)?;
    Ok(tokens)
}

/// # Errors
/// Those of `response::success_object`; otherwise [`Problem::Invalid`].
pub fn accept_token_response(response: &Response) -> Result<TokenResponse, Problem> {
    let mut object = response::success_object(response, RESPONSE_NAME)?;
    // RFC 6749 5.1, 7.1: an unknown type must not be used; case is ignored. Lenient: a missing type means Bearer.
    if response::optional_string(&object, "token_type", RESPONSE_NAME)?
        .is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("Bearer"))
    {
        return invalid(format!("{RESPONSE_NAME}: `token_type` is not Bearer"));
    }
    let access_token = response::take_secret(&mut object, "access_token", '!'..='~', RESPONSE_NAME)?;
    Ok(TokenResponse {
        access_token: required(access_token, "access_token", RESPONSE_NAME)?,
        expires_in: response::lenient_seconds(&object, "expires_in"),
        id_token: lenient_id_token(&mut object),
        refresh_token: response::take_secret(&mut object, "refresh_token", ' '..='~', RESPONSE_NAME)?,
        scopes: lenient_scopes(&object),
        date: provider_time(response),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// The refresh token or the user: only a login helps.
    RefreshToken,
    /// The client, the request or the network: the refresh token is still valid.
    Client,
    /// Unknown: the refresh token may have ended.
    Unclear,
}

pub fn refusal_cause(error: Option<&OAuthError>, status: u16) -> RefusalCause {
    match error {
        Some(error) if error.needs_login() => RefusalCause::RefreshToken,
        Some(error) if CLIENT_ERRORS.contains(&error.error.as_str()) => RefusalCause::Client,
        // A gateway that blocks a path or an address sends its own `error`.
        _ if matches!(status, 200 | 400 | 401) => RefusalCause::Unclear,
        _ => RefusalCause::Client,
    }
}

/// The errors about the client or the request (RFC 6749 5.2, RFC 8707 2, RFC 9449 5 and 8).
const CLIENT_ERRORS: [&str; 8] = [
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "invalid_dpop_proof",
    "use_dpop_nonce",
];

/// The provider's time, from the `Date` header (RFC 9110 6.6.1).
pub fn provider_time(response: &Response) -> Option<Time> {
    response.header("date").and_then(Time::from_http_date)
}

/// `scope` (RFC 6749 3.3): names separated by spaces. Lenient: also a list, which some providers send; no names count
/// as absent.
fn lenient_scopes(object: &Object) -> Option<Vec<String>> {
    let names = match object.get("scope")? {
        Value::String(scope) => scope.split(' ').collect(),
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// Another type is passed on as text: ID token validation rejects it, which after a refresh costs only the ID token.
fn lenient_id_token(object: &mut Object) -> Option<Secret> {
    match object.remove("id_token")? {
        Value::Null => None,
        Value::String(token) => Some(Secret::new(token)).filter(|token| !token.expose().is_empty()),
        odd => Some(Secret::new(odd.to_string())),
    }
}

#[cfg(test)]
mod tests;
