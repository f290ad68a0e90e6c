//! The token endpoint (RFC 6749 3.2, OpenID Connect Core 3.1.3 and 12): a code or a refresh token for tokens.

use super::Problem;
use super::answer::{self, Object, invalid};
use super::authorize::{Code, Expected};
use super::discovery::Provider;
use crate::core::secret::Secret;
use crate::core::time::{Seconds, Time};
use crate::world::{Body, Method, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::PathBuf;
use url::{Url, form_urlencoded};

/// How the answer is called in messages.
const WHOSE: &str = "the token answer";

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

/// A successful token answer (RFC 6749 5.1, Core 3.1.3.3). Its ID token is **not** validated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAnswer {
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
pub fn code_request(provider: &Provider, client: &Client, code: &Code, expected: &Expected) -> Request {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.0.expose()),
        ("redirect_uri", &expected.redirect_uri), // byte for byte the one sent before
        ("code_verifier", expected.code_verifier.expose()),
    ];
    post(&provider.token_endpoint, client, &parameters)
}

/// A refresh (RFC 6749 6). No `scope` is sent, so that none is widened and none is lost. Never sent twice: the token
/// may be spent by the first.
pub fn refresh_request(provider: &Provider, client: &Client, refresh_token: &Secret) -> Request {
    post(
        &provider.token_endpoint,
        client,
        &[("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())],
    )
}

/// A form POST with the client's authentication: both halves of Basic form-encoded first (RFC 6749 2.3.1), a secret
/// in the body otherwise; of a public client only its id (3.2.1).
pub(super) fn post(url: &Url, client: &Client, parameters: &[(&str, &str)]) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    let authorization = match &client.authentication {
        ClientAuthentication::None => {
            form.append_pair("client_id", &client.client_id);
            None
        }
        ClientAuthentication::Post(secret) => {
            form.append_pair("client_id", &client.client_id).append_pair("client_secret", secret.expose());
            None
        }
        ClientAuthentication::Basic(secret) => Some(basic(&client.client_id, secret)),
    };
    Request {
        method: Method::Post,
        url: url.clone(),
        authorization,
        accept: "application/json",
        body: Some(Body::Form(Secret::new(form.finish()))),
        ca_file: client.ca_file.clone(),
        deadline: None,
    }
}

fn basic(client_id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
    Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// Reads the answer to [`code_request`].
///
/// # Errors
/// Those of [`accept_token_answer`]; [`Problem::Invalid`] also where no ID token came, for `openid` was asked for
/// (Core 3.1.3.3).
pub fn accept_code_answer(response: &Response) -> Result<TokenAnswer, Problem> {
    let answer = accept_token_answer(response)?;
    if answer.id_token.is_some() { Ok(answer) } else { invalid(format!("{WHOSE}: `id_token` is missing")) }
}

/// Reads any token answer: those to a code and to a refresh go through here.
///
/// # Errors
/// [`Problem::Refused`] for an OAuth error (RFC 6749 5.2), under 200 too; [`Problem::Unreachable`] for 429 and 5xx;
/// [`Problem::Invalid`] for the rest: redirections, anything that is no strict JSON, a member of the wrong type, a
/// `token_type` that is not Bearer.
pub fn accept_token_answer(response: &Response) -> Result<TokenAnswer, Problem> {
    if response.status != 200 {
        return Err(answer::refusal(response, WHOSE));
    }
    let mut object = answer::object(&response.body, WHOSE)?;
    if let Some(refused) = answer::oauth_error(&object, WHOSE)? {
        return Err(Problem::Refused(refused));
    }
    // RFC 6749 5.1, 7.1: a type that is not understood must not be used; its case does not matter.
    if !answer::required(&object, "token_type", WHOSE)?.eq_ignore_ascii_case("Bearer") {
        return invalid(format!("{WHOSE}: `token_type` is not Bearer"));
    }
    let expires_in = expires_in(&object)?;
    let scopes = answer::string(&object, "scope", WHOSE)?
        .map(|scope| scope.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect());
    let access_token = take(&mut object, "access_token", '!'..='~')?;
    Ok(TokenAnswer {
        access_token: access_token.map_or_else(|| invalid(format!("{WHOSE}: `access_token` is missing")), Ok)?,
        expires_in,
        id_token: take(&mut object, "id_token", '!'..='~')?,
        refresh_token: take(&mut object, "refresh_token", ' '..='~')?,
        scopes,
        date: response.header("date").and_then(Time::from_http_date),
    })
}

/// Reads the answer to [`refresh_request`].
///
/// # Errors
/// Those of [`accept_token_answer`]; but a web page under 200 is not the provider's answer, it is that of something in
/// between (a gateway, a maintenance page): [`Problem::Unreachable`], and the session stays as it is.
pub fn accept_refresh_answer(response: &Response) -> Result<TokenAnswer, Problem> {
    let is_page = || {
        let html = response
            .header("content-type")
            .is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("text/html"));
        html || response.body.trim_ascii_start().starts_with(b"<")
    };
    match accept_token_answer(response) {
        Err(Problem::Invalid(_)) if response.status == 200 && is_page() => {
            Err(Problem::Unreachable(format!("{WHOSE}: a web page came instead of it")))
        }
        answer => answer,
    }
}

/// `expires_in` (RFC 6749 5.1): a number of seconds, at least one; clamped to what a time can be.
fn expires_in(object: &Object) -> Result<Option<Seconds>, Problem> {
    let Some(value) = object.get("expires_in") else { return Ok(None) };
    match value {
        // `as` saturates.
        Value::Number(number) => match number.as_f64().map_or(0, |seconds| seconds as i64) {
            seconds @ 1.. => Ok(Some(Seconds(seconds.min(Time::MAX.unix())))),
            _ => invalid(format!("{WHOSE}: `expires_in` is not positive")),
        },
        _ => invalid(format!("{WHOSE}: `expires_in` is not a number")),
    }
}

/// Takes the token of that name out of the answer: no copy of it stays behind. Only characters of `allowed`
/// (RFC 6749 A.12, A.17): nothing that could break out of a header or a line.
fn take(object: &mut Object, name: &str, allowed: std::ops::RangeInclusive<char>) -> Result<Option<Secret>, Problem> {
    match object.remove(name) {
        None => Ok(None),
        Some(Value::String(token)) if !token.is_empty() && token.chars().all(|c| allowed.contains(&c)) => {
            Ok(Some(Secret::new(token)))
        }
        Some(_) => invalid(format!("{WHOSE}: `{name}` is not a non-empty string of visible ASCII")),
    }
}

#[cfg(test)]
mod tests;
