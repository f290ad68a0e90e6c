//! The authorization request and its response (Core 3.1.2, RFC 6749 4.1, RFC 7636, RFC 9207).

use super::discovery::Provider;
use super::response::invalid;
use super::{OAuthError, Problem, is_reserved};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use url::{Position, Url, form_urlencoded};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationOptions {
    /// `scope` (RFC 6749 3.3); `openid` is added if missing (Core 3.1.2.1).
    pub scopes: Vec<String>,
    pub prompt: Option<String>,
    pub login_hint: Option<String>,
    /// Separated by spaces.
    pub acr_values: Option<String>,
    pub ui_locales: Option<String>,
    /// How long ago the user may have authenticated.
    pub max_age: Option<Seconds>,
    /// More parameters; reserved names are rejected.
    pub extra: Vec<(String, String)>,
}

impl AuthorizationOptions {
    /// The parameters of a request: the `first` ones, those of the options that are set, and the extra ones.
    ///
    /// # Errors
    /// A printable sentence: a control character in a value, an extra parameter that is reserved or repeated, a negative
    /// `max_age`.
    pub(super) fn parameters<'p>(
        &'p self,
        first: &[(&'p str, &'p str)],
    ) -> Result<Vec<(&'p str, Cow<'p, str>)>, String> {
        let options = [
            ("prompt", &self.prompt),
            ("login_hint", &self.login_hint),
            ("acr_values", &self.acr_values),
            ("ui_locales", &self.ui_locales),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some((name, Cow::from(value.as_deref()?))));
        let max_age = self.max_age.map(|age| ("max_age", Cow::from(age.0.to_string())));
        let extra = self.extra.iter().map(|(name, value)| (name.as_str(), Cow::from(value)));
        let first = first.iter().map(|(name, value)| (*name, Cow::from(*value)));
        let parameters: Vec<_> = first.chain(options).chain(max_age).chain(extra).collect();
        for (name, value) in &parameters {
            // Control characters would be encoded, but can only be a mistake or an attack.
            if name.is_empty() || name.chars().chain(value.chars()).any(char::is_control) {
                return Err(format!("the parameter `{}` has a control character in it, or no name", printable(name)));
            }
        }
        if self.max_age.is_some_and(|age| age < Seconds::ZERO) {
            return Err("`max_age` cannot be negative".to_owned());
        }
        for (at, (name, _)) in self.extra.iter().enumerate() {
            let twice = self.extra[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if is_reserved(name) || twice {
                return Err(format!("the parameter `{}` is set already", printable(name)));
            }
        }
        Ok(parameters)
    }
}

/// What was sent in an authorization request, and what its responses must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingLogin {
    pub state: Secret,
    pub nonce: Secret,
    pub code_verifier: Secret,
    /// Byte for byte as sent (RFC 6749 4.1.3).
    pub redirect_uri: String,
    /// Which `iss` must equal (RFC 9207 2.4).
    pub issuer: String,
    /// Whether the metadata promises `iss`.
    pub iss_required: bool,
}

/// An authorization code, for one token request (RFC 6749 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(pub Secret);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteError {
    NotAUrl,
    /// It may be the code alone, which does not prove whose login it belongs to.
    BareCode,
    /// The URL does not belong to this login; the sentence says why.
    OtherLogin(String),
    /// The URL belongs to this login, and its parameters are not accepted.
    Problem(Problem),
}

/// The URL for the browser (Core 3.1.2.1, with PKCE S256), and what its responses must match. Of `randomness`, 32 bytes each
/// are for `state`, `nonce` and `code_verifier`.
///
/// # Errors
/// Those of [`AuthorizationOptions::parameters`], or why there is no endpoint for it.
pub fn authorization_request(
    provider: &Provider,
    client_id: &str,
    redirect_uri: &str,
    options: &AuthorizationOptions,
    randomness: &[u8; 96],
) -> Result<(Url, PendingLogin), String> {
    let [state, nonce, code_verifier] =
        [0, 32, 64].map(|from| Secret::new(URL_SAFE_NO_PAD.encode(&randomness[from..from + 32])));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(code_verifier.expose())); // RFC 7636 4.2
    let scope = scope_parameter(&options.scopes);
    let parameters = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &scope),
        ("state", state.expose()),
        ("nonce", nonce.expose()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let parameters = options.parameters(&parameters)?;
    let mut url = provider.authorization_endpoint.clone()?;
    url.query_pairs_mut().extend_pairs(&parameters); // RFC 6749 3.1: the endpoint's own query stays
    let pending = PendingLogin {
        state,
        nonce,
        code_verifier,
        redirect_uri: redirect_uri.to_owned(),
        issuer: provider.issuer.clone(),
        iss_required: provider.authorization_response_iss_parameter_supported,
    };
    Ok((url, pending))
}

/// The URL with the session's ID token as a hint, which Core 3.1.2.1 recommends for `prompt=none`. It must not become a
/// program's argument.
pub fn with_id_token_hint(url: &Url, hint: &Secret) -> Secret {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("id_token_hint", hint.expose());
    Secret::new(String::from(url))
}

/// The scopes that were requested but not granted, and those granted but not requested (RFC 6749 5.1). `openid` is never
/// listed, because a login without an ID token fails. A refresh token counts as `offline_access`.
pub fn scope_differences<'s>(
    requested: &'s [String],
    granted: &'s [String],
    has_refresh_token: bool,
) -> (Vec<&'s str>, Vec<&'s str>) {
    let difference = |scopes: &'s [String], others: &[String]| -> Vec<&'s str> {
        scopes.iter().filter(|scope| !others.contains(scope) && *scope != "openid").map(String::as_str).collect()
    };
    let mut ungranted = difference(requested, granted);
    ungranted.retain(|scope| *scope != "offline_access" || !has_refresh_token);
    (ungranted, difference(granted, requested))
}

/// The `scope` parameter, with `openid` (Core 3.1.2.1).
pub(super) fn scope_parameter(scopes: &[String]) -> String {
    let openid = (!scopes.iter().any(|scope| scope == "openid")).then_some("openid");
    openid.into_iter().chain(scopes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// Checks that a redirect belongs to this login: exactly one `state`, compared in constant time. Comes before every
/// other check (RFC 6749 10.12), because any web page can send the browser to the loopback port.
///
/// # Errors
/// A clause about the redirect that repeats nothing from it.
pub fn check_state(pending: &PendingLogin, raw_query: &str) -> Result<(), &'static str> {
    match unique_parameter(raw_query, "state") {
        Ok(Some(value)) if Secret::new(value.clone()) == pending.state => Ok(()),
        Ok(Some(_)) => Err("its `state` is a different one"),
        Ok(None) => Err("it has no `state`"),
        Err(()) => Err("it has more than one `state`"),
    }
}

/// The code from a redirect (RFC 6749 4.1.2, RFC 9207 2.4). `raw_query` is the part after the `?`.
///
/// # Errors
/// [`Problem::Invalid`] for a wrong `state` or `iss`, a repeated parameter (RFC 6749 3.1) or a missing code;
/// [`Problem::Refused`] for an OAuth error.
pub fn accept_callback(pending: &PendingLogin, raw_query: &str) -> Result<Code, Problem> {
    check_state(pending, raw_query).or_else(|why| invalid(state_mismatch(why)))?;
    let parameter = |name| {
        unique_parameter(raw_query, name).or_else(|()| invalid(format!("the redirect has `{name}` more than once")))
    };
    let error = parameter("error")?;
    check_iss(pending, parameter("iss")?.as_deref(), error.as_deref())?;
    let error_description = parameter("error_description")?.map(Cow::into_owned);
    let code = parameter("code")?;
    if let Some(error) = error {
        // RFC 6749 4.1.2.1
        return Err(Problem::Refused(OAuthError { error: error.into_owned(), error_description }));
    }
    match code {
        Some(code) if !code.is_empty() => Ok(Code(Secret::new(code))),
        _ => invalid("the redirect has neither a `code` nor an `error`"),
    }
}

/// Checks that the response, also an error, comes from the provider that was asked (RFC 9207 2.4). The message names the
/// `error` as well, for whoever has to fix a provider that omits `iss`.
fn check_iss(pending: &PendingLogin, iss: Option<&str>, error: Option<&str>) -> Result<(), Problem> {
    let error_note = error.map(|error| format!("; it carried the error `{}`", printable(error))).unwrap_or_default();
    match iss {
        Some(iss) if iss == pending.issuer => Ok(()),
        Some(iss) => invalid(format!(
            "the redirect comes from another issuer: `{}` instead of `{}`{error_note}",
            printable(iss),
            printable(&pending.issuer)
        )),
        None if pending.iss_required => {
            invalid(format!("the redirect has no `iss`, which the provider promises to send{error_note}"))
        }
        None => Ok(()),
    }
}

fn state_mismatch(why: &str) -> String {
    format!("the redirect does not belong to this login: {why}")
}

/// The value of a parameter; an error if it is repeated (RFC 6749 3.1).
fn unique_parameter<'q>(raw_query: &'q str, name: &str) -> Result<Option<Cow<'q, str>>, ()> {
    let mut values =
        form_urlencoded::parse(raw_query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(()),
        (value, None) => Ok(value),
    }
}

/// The code from the redirected URL that a user pasted. The whole URL is checked like a callback.
pub fn accept_pasted_url(pending: &PendingLogin, text: &str) -> Result<Code, PasteError> {
    let text = trim_pasted(text);
    let Ok(url) = Url::parse(text) else {
        let looks_like_a_code =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        return Err(if looks_like_a_code { PasteError::BareCode } else { PasteError::NotAUrl });
    };
    let is_ours = |redirect: Url| redirect[..Position::AfterPath] == url[..Position::AfterPath];
    if !Url::parse(&pending.redirect_uri).is_ok_and(is_ours) {
        let redirect = printable(&pending.redirect_uri);
        let what = format!("the pasted URL does not belong to this login: it must begin with `{redirect}`");
        return Err(PasteError::OtherLogin(what));
    }
    let query = url.query().unwrap_or_default();
    check_state(pending, query).map_err(|why| PasteError::OtherLogin(state_mismatch(why)))?;
    accept_callback(pending, query).map_err(PasteError::Problem)
}

/// The text without what terminals, shells and mail programs add: bracketed-paste marks, space, quotes.
fn trim_pasted(text: &str) -> &str {
    let mut text = text.trim();
    text = text.strip_prefix("\u{1b}[200~").unwrap_or(text);
    text = text.strip_suffix("\u{1b}[201~").unwrap_or(text).trim();
    for (open, close) in [('"', '"'), ('\'', '\''), ('<', '>')] {
        text = text.strip_prefix(open).and_then(|t| t.strip_suffix(close)).unwrap_or(text).trim();
    }
    text
}

#[cfg(test)]
mod tests;
