//! Client-Initiated Backchannel Authentication (OpenID Connect CIBA Core 1.0), as TelenorID+ has it: Vipps by phone number,
//! and BankID by `kurt_id`, which is prepared first. The client polls for the tokens.

use super::Problem;
use super::authorize::{AuthorizationOptions, check_parameters};
use super::discovery::{Issuer, Provider};
use super::polling::DEFAULT_INTERVAL;
use super::response::{self, lenient_seconds, required, shown_string};
use super::token::{Client, form_post};
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::ports::{Request, Response};
use url::Url;

const PREPARATION: &str = "the BankID preparation response";
const AUTHENTICATION: &str = "the backchannel authentication response";

const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";

/// The longest lifetime that TelenorID+ grants.
const MAX_LIFETIME: Seconds = Seconds(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CibaProvider {
    Vipps,
    BankId,
}

impl CibaProvider {
    pub const fn required_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Vipps => &["openid", "vipps", "phone"],
            Self::BankId => &["openid", "bankid"],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserHint {
    /// `login_hint`: a phone number.
    Phone(String),
    Prepared(PreparedBankId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedBankId {
    login_hint_token: Secret,
    /// What BankID shows the user; printable.
    pub binding_message: String,
}

/// The backchannel authentication response (CIBA Core 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackchannelAuthentication {
    pub auth_req_id: Secret,
    pub lifetime: Seconds,
    pub interval: Seconds,
}

/// The request for the preparation of a BankID login. Its address is TelenorID+'s own and not in discovery.
///
/// # Errors
/// A printable sentence: a control character in `kurt_id`.
pub fn preparation_request(provider: &Provider, client: &Client, kurt_id: &str) -> Result<Request, String> {
    let parameters = [("kurt_id", kurt_id)];
    check_parameters(&parameters, &AuthorizationOptions::default())?;
    let url = Issuer::parse(&provider.issuer)?.url_with("/api/ciba/ciba_prepare_bankid");
    Ok(form_post(&url, client, &parameters, &[]))
}

/// # Errors
/// As [`accept_backchannel_authentication`].
pub fn accept_preparation(response: &Response) -> Result<PreparedBankId, Problem> {
    let mut object = response::success_object(response, PREPARATION)?;
    let binding_message = shown_string(&object, "binding_message", "compared by a user", PREPARATION)?;
    let login_hint_token = response::take_secret(&mut object, "login_hint_token", ' '..='~', PREPARATION)?;
    Ok(PreparedBankId {
        login_hint_token: required(login_hint_token, "login_hint_token", PREPARATION)?,
        binding_message,
    })
}

/// The authentication request (CIBA Core 7.1). `endpoint` is the provider's, `timeout` how long the user may take.
///
/// # Errors
/// As `authorize::authorization_request`.
pub fn authentication_request(
    endpoint: &Url,
    client: &Client,
    user: &UserHint,
    options: &AuthorizationOptions,
    timeout: Option<Seconds>,
) -> Result<Request, String> {
    let scope = options.scopes.join(" ");
    let expiry = timeout.map(|timeout| timeout.min(MAX_LIFETIME).max(Seconds(1)).0.to_string());
    let max_age = options.max_age.map(|age| age.0.to_string());
    let mut parameters = vec![("scope", scope.as_str())];
    let mut secrets = Vec::new();
    match user {
        UserHint::Phone(phone) => parameters.push(("login_hint", phone)),
        UserHint::Prepared(PreparedBankId { login_hint_token, binding_message }) => {
            secrets.push(login_hint_token);
            parameters.extend([("login_hint_token", login_hint_token.expose()), ("binding_message", binding_message)]);
        }
    }
    let optional = [("requested_expiry", &expiry), ("acr_values", &options.acr_values), ("max_age", &max_age)];
    parameters.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
    parameters.extend(options.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    check_parameters(&parameters, options)?;
    Ok(form_post(endpoint, client, &parameters, &secrets))
}

/// # Errors
/// Those of `response::success_object`; [`Problem::Invalid`] if a member is missing.
pub fn accept_backchannel_authentication(response: &Response) -> Result<BackchannelAuthentication, Problem> {
    let mut object = response::success_object(response, AUTHENTICATION)?;
    let auth_req_id = response::take_secret(&mut object, "auth_req_id", '!'..='~', AUTHENTICATION)?;
    let lifetime = required(lenient_seconds(&object, "expires_in"), "expires_in", AUTHENTICATION)?;
    Ok(BackchannelAuthentication {
        auth_req_id: required(auth_req_id, "auth_req_id", AUTHENTICATION)?,
        lifetime: lifetime.min(Seconds::days(1)),
        interval: lenient_seconds(&object, "interval").unwrap_or(DEFAULT_INTERVAL),
    })
}

/// The request for the tokens (CIBA Core 10.1).
pub fn ciba_token_request(provider: &Provider, client: &Client, auth_req_id: &Secret) -> Request {
    let parameters = [("grant_type", GRANT_TYPE), ("auth_req_id", auth_req_id.expose())];
    form_post(&provider.token_endpoint, client, &parameters, &[auth_req_id])
}

#[cfg(test)]
mod tests;
