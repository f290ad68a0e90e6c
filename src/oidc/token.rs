//! The token endpoint (RFC 6749 3.2, OpenID Connect Core 3.1.3 and 12): a code or a refresh token for tokens.

use super::authorize::{Code, PendingLogin};
use super::discovery::Provider;
use super::redact;
use super::response::{self, Object, invalid};
use super::{OAuthError, Problem};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::ports::{Body, Method, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::PathBuf;
use url::{Url, form_urlencoded};

/// How the answer is called in messages.
const RESPONSE_NAME: &str = "the token answer";

/// How a client proves who it is (Core 9; RFC 6749 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Not at all: a public client.
    None,
    /// `client_secret_basic`.
    Basic(Secret),
    /// `client_secret_post`.
    Post(Secret),
}

/// A registered client, as it speaks to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub client_id: String,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// A PEM file of certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl Client {
    fn secret(&self) -> Option<&Secret> {
        match &self.authentication {
            ClientAuthentication::None => None,
            ClientAuthentication::Basic(secret) | ClientAuthentication::Post(secret) => Some(secret),
        }
    }
}

/// A successful token answer (RFC 6749 5.1, Core 3.1.3.3). Its ID token is **not** validated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenResponse {
    /// `access_token`: visible ASCII, so that it can stand in a header.
    pub access_token: Secret,
    /// `expires_in`, at least a second.
    pub expires_in: Option<Seconds>,
    /// `id_token`, raw.
    pub id_token: Option<Secret>,
    /// `refresh_token`.
    pub refresh_token: Option<Secret>,
    /// `scope`, split.
    pub scopes: Option<Vec<String>>,
    /// The answer's `Date` header: the provider's clock.
    pub date: Option<Time>,
}

/// The code for tokens (RFC 6749 4.1.3, RFC 7636 4.5). Never sent twice: a second use may revoke what the first gave.
pub fn code_request(provider: &Provider, client: &Client, code: &Code, pending: &PendingLogin) -> Request {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.0.expose()),
        ("redirect_uri", &pending.redirect_uri), // byte for byte the one sent before
        ("code_verifier", pending.code_verifier.expose()),
    ];
    form_post(&provider.token_endpoint, client, &parameters, &[&code.0, &pending.code_verifier])
}

/// A refresh (RFC 6749 6). No `scope` is sent, so that none is widened and none is lost. Never sent twice: the token
/// may be spent by the first.
pub fn refresh_request(provider: &Provider, client: &Client, refresh_token: &Secret) -> Request {
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    form_post(&provider.token_endpoint, client, &parameters, &[refresh_token])
}

/// A form POST with the client's authentication: both halves of Basic form-encoded first (RFC 6749 2.3.1), a secret
/// in the body otherwise; of a public client only its id (3.2.1). `credentials` are those among the parameters.
pub(super) fn form_post(url: &Url, client: &Client, parameters: &[(&str, &str)], credentials: &[&Secret]) -> Request {
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
        url: url.clone(),
        secrets: redact::redactable_forms(secrets),
        authorization: basic.map(|pair| Secret::new(format!("Basic {}", pair.expose()))),
        accept: "application/json",
        body: Some(Body::Form(Secret::new(form.finish()))),
        ca_file: client.ca_file.clone(),
        deadline: None,
    }
}

fn basic_credentials(client_id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
    Secret::new(STANDARD.encode(pair.expose()))
}

/// Reads the answer to [`code_request`].
///
/// # Errors
/// Those of [`accept_token_response`]; [`Problem::Invalid`] also where no ID token came, for `openid` was asked for
/// (Core 3.1.3.3).
pub fn accept_code_response(response: &Response) -> Result<TokenResponse, Problem> {
    let answer = accept_token_response(response)?;
    if answer.id_token.is_some() { Ok(answer) } else { invalid(format!("{RESPONSE_NAME}: `id_token` is missing")) }
}

/// Reads any token answer: those to a code and to a refresh go through here.
///
/// # Errors
/// [`Problem::Refused`] for an OAuth error (RFC 6749 5.2), under 200 too; what `response::success_body` says of a status and
/// of what cannot be the provider's; [`Problem::Invalid`] for the rest: redirections, anything that is no strict JSON, a
/// token or type of another kind than it must be, a `token_type` that is not Bearer.
pub fn accept_token_response(response: &Response) -> Result<TokenResponse, Problem> {
    let mut object = response::object(response::success_body(response, RESPONSE_NAME)?, RESPONSE_NAME)?;
    if let Some(words) = response::oauth_error(&object) {
        return Err(response::problem_from_oauth_error(words, RESPONSE_NAME));
    }
    // RFC 6749 5.1, 7.1: a type that is not understood must not be used; its case does not matter. A leniency: where none is
    // named, it is the one that everybody means.
    if response::optional_string(&object, "token_type", RESPONSE_NAME)?
        .is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("Bearer"))
    {
        return invalid(format!("{RESPONSE_NAME}: `token_type` is not Bearer"));
    }
    let access_token = take_secret(&mut object, "access_token", '!'..='~')?;
    Ok(TokenResponse {
        access_token: access_token
            .map_or_else(|| invalid(format!("{RESPONSE_NAME}: `access_token` is missing")), Ok)?,
        expires_in: lenient_lifetime(&object),
        id_token: lenient_id_token(&mut object),
        refresh_token: take_secret(&mut object, "refresh_token", ' '..='~')?,
        scopes: lenient_scopes(&object),
        date: provider_time(response),
    })
}

/// What a refusal of a refresh is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// The refresh token or its user: only a login helps.
    RefreshToken,
    /// The client, the request or the address: the refresh token is as good as before.
    Client,
    /// It does not say: an error of the provider's own, or none at all. The refresh token may have ended.
    Unclear,
}

/// What a refusal is about, by its error or, where it has none, by its status.
pub fn refusal_cause(words: Option<&OAuthError>, status: u16) -> RefusalCause {
    match words {
        Some(words) if words.needs_login() => RefusalCause::RefreshToken,
        Some(words) if CLIENT_ERRORS.contains(&words.error.as_str()) => RefusalCause::Client,
        // A gateway in front has an `error` of its own for a path or an address that it does not let through.
        _ if matches!(status, 200 | 400 | 401) => RefusalCause::Unclear,
        _ => RefusalCause::Client,
    }
}

/// The errors of a refresh that are about the client or the request (RFC 6749 5.2, RFC 8707 2, RFC 9449 5 and 8).
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

/// The provider's clock, as the answer's `Date` header tells it (RFC 9110 6.6.1).
pub fn provider_time(response: &Response) -> Option<Time> {
    response.header("date").and_then(Time::from_http_date)
}

/// `expires_in` (RFC 6749 5.1): a number of seconds, also one written as a string; clamped to what a time can be. What is
/// not positive says nothing, and is read as absent: a spent refresh token's answer is not thrown away for it.
fn lenient_lifetime(object: &Object) -> Option<Seconds> {
    let seconds = match object.get("expires_in")? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    // `as` saturates, and makes 0 of what is no number.
    Some(Seconds((seconds as i64).min(Time::MAX.unix()))).filter(|lifetime| *lifetime > Seconds::ZERO)
}

/// `scope` (RFC 6749 3.3): names with spaces between them. A leniency: also a list of names, as some providers write it. What
/// names none says nothing, and is read as absent.
fn lenient_scopes(object: &Object) -> Option<Vec<String>> {
    let names = match object.get("scope")? {
        Value::String(scope) => scope.split(' ').collect(),
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// `id_token`, unless it says nothing. One of another type is no token, and is told as such where ID tokens are judged: after a
/// refresh that costs the ID token and not the session.
fn lenient_id_token(object: &mut Object) -> Option<Secret> {
    match object.remove("id_token")? {
        Value::Null => None,
        Value::String(token) => Some(Secret::new(token)).filter(|token| !token.expose().is_empty()),
        odd => Some(Secret::new(odd.to_string())),
    }
}

/// Takes the token of that name out of the answer: no copy of it stays behind. `null` and `""` are none. Only characters of `allowed`
/// (RFC 6749 A.12, A.17): nothing that could break out of a header or a line.
fn take_secret(
    object: &mut Object,
    name: &str,
    allowed: std::ops::RangeInclusive<char>,
) -> Result<Option<Secret>, Problem> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(token)) if token.is_empty() => Ok(None),
        Some(Value::String(token)) if token.chars().all(|c| allowed.contains(&c)) => Ok(Some(Secret::new(token))),
        Some(_) => invalid(format!("{RESPONSE_NAME}: `{name}` is not a string of visible ASCII")),
    }
}

#[cfg(test)]
mod tests;
