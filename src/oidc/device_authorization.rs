//! The device authorization grant (RFC 8628): a login that is approved on another device.

use super::Problem;
use super::authorize::{AuthorizationOptions, check_parameters, scope_parameter};
use super::discovery::{Provider, browser_address};
use super::polling::DEFAULT_INTERVAL;
use super::response::{self, invalid, lenient_seconds, lenient_string, required, required_string, shown_string};
use super::token::{Client, form_post};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::ports::{Request, Response};
use url::Url;

const RESPONSE_NAME: &str = "the device authorization response";

/// The longest lifetime of a code that is believed.
const MAX_LIFETIME: Seconds = Seconds::days(1);

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The device authorization response (RFC 8628 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    pub device_code: Secret,
    /// What the user enters; printable.
    pub user_code: String,
    /// Where the user enters it. https, or http at a loopback address.
    pub verification_uri: Url,
    /// The same address with the code in it, for a QR code.
    pub verification_uri_complete: Option<Url>,
    pub lifetime: Seconds,
    pub interval: Seconds,
}

/// The request for the codes (RFC 8628 3.1). `endpoint` is the provider's. What a browser login may request is sent
/// beside the scope; a provider must ignore what it does not know. There is no `prompt`.
///
/// # Errors
/// As `authorize::authorization_request`.
pub fn device_authorization_request(
    endpoint: &Url,
    client: &Client,
    options: &AuthorizationOptions,
) -> Result<Request, String> {
    let (scope, max_age) = (scope_parameter(&options.scopes), options.max_age.map(|age| age.0.to_string()));
    let mut parameters = vec![("scope", scope.as_str())];
    let optional = [
        ("login_hint", &options.login_hint),
        ("acr_values", &options.acr_values),
        ("ui_locales", &options.ui_locales),
        ("max_age", &max_age),
    ];
    parameters.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
    parameters.extend(options.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    check_parameters(&parameters, options)?;
    Ok(form_post(endpoint, client, &parameters, &[]))
}

/// # Errors
/// Those of `response::success_object`; [`Problem::Invalid`] if a member is missing or cannot be shown to a user.
pub fn accept_device_authorization(response: &Response) -> Result<DeviceAuthorization, Problem> {
    let mut object = response::success_object(response, RESPONSE_NAME)?;
    let device_code = response::take_secret(&mut object, "device_code", ' '..='~', RESPONSE_NAME)?;
    let verification_uri = verification_uri(required_string(&object, "verification_uri", RESPONSE_NAME)?)?;
    Ok(DeviceAuthorization {
        device_code: required(device_code, "device_code", RESPONSE_NAME)?,
        user_code: shown_string(&object, "user_code", "typed", RESPONSE_NAME)?,
        // Lenient: the user can type the code. On another site, a QR code would lead elsewhere than what is printed.
        verification_uri_complete: lenient_string(&object, "verification_uri_complete")
            .and_then(|text| self::verification_uri(text).ok())
            .filter(|complete| complete.origin() == verification_uri.origin()),
        verification_uri,
        lifetime: required(lenient_seconds(&object, "expires_in"), "expires_in", RESPONSE_NAME)?.min(MAX_LIFETIME),
        interval: lenient_seconds(&object, "interval").unwrap_or(DEFAULT_INTERVAL),
    })
}

/// An address that the user can be sent to. It may be on another host than the issuer (RFC 8628 3.2).
fn verification_uri(text: &str) -> Result<Url, Problem> {
    browser_address(text)
        .or_else(|why| invalid(format!("{RESPONSE_NAME}: `verification_uri` {why}: `{}`", printable(text))))
}

/// The request for the tokens (RFC 8628 3.4).
pub fn device_token_request(provider: &Provider, client: &Client, device_code: &Secret) -> Request {
    let parameters = [("grant_type", GRANT_TYPE), ("device_code", device_code.expose())];
    form_post(&provider.token_endpoint, client, &parameters, &[device_code])
}

#[cfg(test)]
mod tests;
