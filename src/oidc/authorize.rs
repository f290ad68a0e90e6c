//! The authorization code flow's first half (OpenID Connect Core 3.1.2, RFC 6749 4.1, RFC 7636, RFC 9207): the URL
//! for the browser, and the redirect that comes back.

use super::discovery::Provider;
use super::is_reserved;
use super::response::invalid;
use super::{OAuthError, Problem};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use url::{Url, form_urlencoded};

/// What a user may ask of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationOptions {
    /// `scope` (RFC 6749 3.3); `openid` is put before them if it is not there (Core 3.1.2.1).
    pub scopes: Vec<String>,
    /// `prompt` (Core 3.1.2.1).
    pub prompt: Option<String>,
    /// `login_hint`: TelenorID+ prefills the phone number with it.
    pub login_hint: Option<String>,
    /// `acr_values`, separated by spaces.
    pub acr_values: Option<String>,
    /// `ui_locales`, separated by spaces.
    pub ui_locales: Option<String>,
    /// `max_age`: how long ago the user may have authenticated.
    pub max_age: Option<Seconds>,
    /// Further parameters, none of them among those that are ours.
    pub extra: Vec<(String, String)>,
}

/// 96 unpredictable bytes, 32 for each of `state`, `nonce` and `code_verifier`.
pub struct Randomness(pub [u8; 96]);

/// What the answers to a login are checked against; made together with the URL that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingLogin {
    /// `state` (RFC 6749 10.12).
    pub state: Secret,
    /// `nonce` (Core 3.1.2.1).
    pub nonce: Secret,
    /// `code_verifier` (RFC 7636 4.1).
    pub code_verifier: Secret,
    /// `redirect_uri`, byte for byte as sent (RFC 6749 4.1.3).
    pub redirect_uri: String,
    /// The provider's issuer, which an `iss` must equal (RFC 9207 2.4).
    pub issuer: String,
    /// Whether an answer without `iss` is refused: the provider's metadata promises it (RFC 9207 2.4).
    pub iss_required: bool,
    /// The `max_age` that was asked for (Core 3.1.3.7 no. 13).
    pub max_age: Option<Seconds>,
}

/// An authorization code: good for one token request (RFC 6749 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(pub Secret);

/// Why a pasted text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteError {
    /// It is no URL at all.
    NotAUrl,
    /// It looks like the code alone, which proves nothing about whose login it belongs to.
    BareCode,
    /// It is a URL, and of another login or of none; the text says why.
    OtherLogin(String),
    /// It is this login's, and it fails as a callback.
    Problem(Problem),
}

/// The URL for the browser (Core 3.1.2.1, with PKCE S256), and what its answers are checked against.
///
/// # Errors
/// A printable sentence about how it was called: a control character in a value, an extra parameter that is ours or
/// occurs twice, a negative `max_age`.
pub fn authorization_request(
    provider: &Provider,
    client_id: &str,
    redirect_uri: &str,
    options: &AuthorizationOptions,
    randomness: Randomness,
) -> Result<(Url, PendingLogin), String> {
    let [state, nonce, code_verifier] =
        [0, 32, 64].map(|from| Secret::new(URL_SAFE_NO_PAD.encode(&randomness.0[from..from + 32])));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(code_verifier.expose())); // RFC 7636 4.2
    let scope = scope_parameter(&options.scopes);
    let max_age = options.max_age.map(|age| age.0.to_string());
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &scope),
        ("state", state.expose()),
        ("nonce", nonce.expose()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let optional = [
        ("prompt", &options.prompt),
        ("login_hint", &options.login_hint),
        ("acr_values", &options.acr_values),
        ("ui_locales", &options.ui_locales),
        ("max_age", &max_age),
    ];
    parameters.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
    parameters.extend(options.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    check_parameters(&parameters, options)?;
    let mut url = provider.authorization_endpoint.clone()?;
    url.query_pairs_mut().extend_pairs(&parameters); // RFC 6749 3.1: the endpoint's own query stays
    let pending = PendingLogin {
        state,
        nonce,
        code_verifier,
        redirect_uri: redirect_uri.to_owned(),
        issuer: provider.issuer.clone(),
        iss_required: provider.authorization_response_iss_parameter_supported,
        max_age: options.max_age,
    };
    Ok((url, pending))
}

/// The URL with the ID token of the session there is (Core 3.1.2.1: SHOULD be present with `prompt=none`): a secret, which
/// no argument of a program and no terminal may hold.
pub fn with_id_token_hint(url: &Url, hint: &Secret) -> Secret {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("id_token_hint", hint.expose());
    Secret::new(String::from(url))
}

/// The scopes that were asked for and not granted, and those granted and not asked for, as far as an answer says (RFC 6749
/// 5.1). What
/// `openid` asks for is the ID token, without which there is no login, and a refresh token is what `offline_access` asks for:
/// a provider that names neither has granted them all the same.
pub fn scope_differences<'s>(
    requested: &'s [String],
    granted: &'s [String],
    has_refresh_token: bool,
) -> (Vec<&'s str>, Vec<&'s str>) {
    let not_in = |these: &'s [String], those: &[String]| -> Vec<&'s str> {
        these.iter().filter(|scope| !those.contains(scope) && *scope != "openid").map(String::as_str).collect()
    };
    let mut less = not_in(requested, granted);
    less.retain(|scope| *scope != "offline_access" || !has_refresh_token);
    (less, not_in(granted, requested))
}

/// `scope` with `openid` in it (Core 3.1.2.1).
fn scope_parameter(scopes: &[String]) -> String {
    let openid = (!scopes.iter().any(|scope| scope == "openid")).then_some("openid");
    openid.into_iter().chain(scopes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn check_parameters(parameters: &[(&str, &str)], options: &AuthorizationOptions) -> Result<(), String> {
    for (name, value) in parameters {
        // RFC 6749 App. B encodes everything; a control character can still only be a mistake or an attack.
        if name.is_empty() || name.chars().chain(value.chars()).any(char::is_control) {
            return Err(format!("the parameter `{}` has a control character in it, or no name", printable(name)));
        }
    }
    if options.max_age.is_some_and(|age| age < Seconds::ZERO) {
        return Err("`max_age` cannot be negative".to_owned());
    }
    for (at, (name, _)) in options.extra.iter().enumerate() {
        let twice = options.extra[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if is_reserved(name) || twice {
            return Err(format!("the parameter `{}` is set already", printable(name)));
        }
    }
    Ok(())
}

/// Why a redirect does not belong to this login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateMismatch {
    /// It has no `state`.
    Missing,
    /// It has more than one.
    Repeated,
    /// It has another one than was sent.
    Different,
}

impl StateMismatch {
    /// The reason, in words in which nothing is that came.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "it has no `state`",
            Self::Repeated => "it has more than one `state`",
            Self::Different => "its `state` is another one",
        }
    }
}

/// Whether a redirect's query belongs to this login: exactly one `state`, the right one, compared in constant time.
/// Asked before anything else in the query is looked at (RFC 6749 10.12), because any page the user visits can send
/// the browser to the loopback port.
///
/// # Errors
/// [`StateMismatch`], if it does not.
pub fn check_state(pending: &PendingLogin, raw_query: &str) -> Result<(), StateMismatch> {
    match unique_parameter(raw_query, "state") {
        Ok(Some(value)) if Secret::new(value.clone()) == pending.state => Ok(()),
        Ok(Some(_)) => Err(StateMismatch::Different),
        Ok(None) => Err(StateMismatch::Missing),
        Err(Repeated) => Err(StateMismatch::Repeated),
    }
}

/// The code that a redirect brings (RFC 6749 4.1.2, RFC 9207 2.4); `raw_query` is what stands after the `?`.
///
/// # Errors
/// [`Problem::Invalid`] if `state` or `iss` is not the expected one, a parameter occurs twice (RFC 6749 3.1), or there
/// is no code; [`Problem::Refused`] if the provider said no.
pub fn accept_callback(pending: &PendingLogin, raw_query: &str) -> Result<Code, Problem> {
    check_state(pending, raw_query).or_else(|why| invalid(state_mismatch(why)))?;
    let parameter = |name| {
        unique_parameter(raw_query, name).or_else(|_| invalid(format!("the redirect has `{name}` more than once")))
    };
    let error = parameter("error")?;
    check_iss(pending, parameter("iss")?.as_deref(), error.as_deref())?;
    let error_description = parameter("error_description")?.map(Cow::into_owned);
    let code = parameter("code")?;
    match (error, code) {
        (Some(error), _) => {
            Err(Problem::Refused(OAuthError { error: error.into_owned(), error_description })) // RFC 6749 4.1.2.1
        }
        (None, Some(code)) if !code.is_empty() => Ok(Code(Secret::new(code))),
        (None, _) => invalid("the redirect has neither a `code` nor an `error`"),
    }
}

/// RFC 9207 2.4: the answer must come from the provider that was asked, errors too. Where the metadata does not promise
/// `iss`, its absence is accepted, a wrong one never.
///
/// An `error` that it carried is named all the same: whoever mends a provider that forgets its `iss` needs to know.
fn check_iss(pending: &PendingLogin, iss: Option<&str>, error: Option<&str>) -> Result<(), Problem> {
    let carried = error.map(|error| format!("; it carried the error `{}`", printable(error))).unwrap_or_default();
    match iss {
        Some(iss) if iss == pending.issuer => Ok(()),
        Some(iss) => invalid(format!(
            "the redirect comes from another issuer: `{}` instead of `{}`{carried}",
            printable(iss),
            printable(&pending.issuer)
        )),
        None if pending.iss_required => {
            invalid(format!("the redirect has no `iss`, which the provider promises to send{carried}"))
        }
        None => Ok(()),
    }
}

fn state_mismatch(why: StateMismatch) -> String {
    format!("the redirect does not belong to this login: {}", why.as_str())
}

/// A parameter occurs more than once.
struct Repeated;

/// The parameter `name`, which must not occur twice (RFC 6749 3.1).
fn unique_parameter<'q>(raw_query: &'q str, name: &str) -> Result<Option<Cow<'q, str>>, Repeated> {
    let mut values =
        form_urlencoded::parse(raw_query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Repeated),
        (value, None) => Ok(value),
    }
}

/// The code in a redirected URL that a user pasted: the whole URL, checked exactly like a callback.
///
/// # Errors
/// [`PasteError`].
pub fn accept_pasted_url(pending: &PendingLogin, text: &str) -> Result<Code, PasteError> {
    let text = trim_pasted(text);
    let Ok(url) = Url::parse(text) else {
        let like_a_code =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        return Err(if like_a_code { PasteError::BareCode } else { PasteError::NotAUrl });
    };
    if !Url::parse(&pending.redirect_uri).is_ok_and(|redirect| without_query(redirect) == without_query(url.clone())) {
        let redirect = printable(&pending.redirect_uri);
        let what = format!("the pasted URL is not the one the login ends at: it must begin with `{redirect}`");
        return Err(PasteError::OtherLogin(what));
    }
    let query = url.query().unwrap_or_default();
    check_state(pending, query).map_err(|why| PasteError::OtherLogin(state_mismatch(why)))?;
    accept_callback(pending, query).map_err(PasteError::Problem)
}

/// The text without what terminals, shells and mail programs put around it: bracketed-paste marks, space, quotes.
fn trim_pasted(text: &str) -> &str {
    let mut text = text.trim();
    text = text.strip_prefix("\u{1b}[200~").unwrap_or(text);
    text = text.strip_suffix("\u{1b}[201~").unwrap_or(text).trim();
    for (open, close) in [('"', '"'), ('\'', '\''), ('<', '>')] {
        text = text.strip_prefix(open).and_then(|t| t.strip_suffix(close)).unwrap_or(text).trim();
    }
    text
}

/// The URL up to its path.
fn without_query(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests;
