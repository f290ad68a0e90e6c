//! Client-Initiated Backchannel Authentication (OpenID Connect CIBA Core 1.0), as TelenorID+ has it: Vipps by phone number,
//! and BankID by `kurt_id`, which is prepared first. The client polls for the tokens.

use super::Problem;
use super::authorize::AuthorizationOptions;
use super::discovery::{Issuer, Provider};
use super::polling::PollCode;
use super::response::{self, required, shown_string};
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

/// The request for the preparation of a BankID login. Its address is TelenorID+'s own and not in discovery.
///
/// # Errors
/// A printable sentence: a control character in `kurt_id`.
pub fn preparation_request(provider: &Provider, client: &Client, kurt_id: &str) -> Result<Request, String> {
    let options = AuthorizationOptions::default();
    let url = Issuer::parse(&provider.issuer)?.url_with("/api/ciba/ciba_prepare_bankid");
    Ok(form_post(&url, client, &options.parameters(&[("kurt_id", kurt_id)])?, &[]))
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
/// Those of [`AuthorizationOptions::parameters`].
pub fn authentication_request(
    endpoint: &Url,
    client: &Client,
    user: &UserHint,
    options: &AuthorizationOptions,
    timeout: Option<Seconds>,
) -> Result<Request, String> {
    let scope = options.scopes.join(" ");
    let expiry = timeout.map(|timeout| timeout.min(MAX_LIFETIME).max(Seconds(1)).0.to_string());
    let mut parameters = vec![("scope", scope.as_str())];
    let mut secrets = Vec::new();
    match user {
        UserHint::Phone(phone) => parameters.push(("login_hint", phone)),
        UserHint::Prepared(PreparedBankId { login_hint_token, binding_message }) => {
            secrets.push(login_hint_token);
            parameters.extend([("login_hint_token", login_hint_token.expose()), ("binding_message", binding_message)]);
        }
    }
    parameters.extend(expiry.as_deref().map(|expiry| ("requested_expiry", expiry)));
    let options = AuthorizationOptions {
        acr_values: options.acr_values.clone(),
        max_age: options.max_age,
        extra: options.extra.clone(),
        ..AuthorizationOptions::default()
    };
    Ok(form_post(endpoint, client, &options.parameters(&parameters)?, &secrets))
}

/// The `auth_req_id` from the backchannel authentication response (CIBA Core 7.3).
///
/// # Errors
/// Those of `response::success_object`; [`Problem::Invalid`] if a member is missing.
pub fn accept_backchannel_authentication(response: &Response) -> Result<PollCode, Problem> {
    let mut object = response::success_object(response, AUTHENTICATION)?;
    PollCode::take(&mut object, "auth_req_id", '!'..='~', GRANT_TYPE, AUTHENTICATION)
}

#[cfg(test)]
mod tests;
