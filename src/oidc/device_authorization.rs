//! The device authorization grant (RFC 8628): a login that is approved on another device.

use super::Problem;
use super::authorize::{AuthorizationOptions, scope_parameter};
use super::discovery::browser_address;
use super::polling::PollCode;
use super::response::{self, invalid, lenient_string, required_string, shown_string};
use super::token::{Client, form_post};
use crate::domain::text::printable;
use crate::ports::{Request, Response};
use url::Url;

const RESPONSE_NAME: &str = "the device authorization response";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The device authorization response (RFC 8628 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    pub device_code: PollCode,
    /// What the user enters; printable.
    pub user_code: String,
    /// Where the user enters it. https, or http at a loopback address.
    pub verification_uri: Url,
    /// The same address with the code in it, for a QR code.
    pub verification_uri_complete: Option<Url>,
}

/// The request for the codes (RFC 8628 3.1). `endpoint` is the provider's. What a browser login may request is sent
/// beside the scope; a provider must ignore what it does not know. There is no `prompt`.
///
/// # Errors
/// Those of [`AuthorizationOptions::parameters`].
pub fn device_authorization_request(
    endpoint: &Url,
    client: &Client,
    options: &AuthorizationOptions,
) -> Result<Request, String> {
    let scope = scope_parameter(&options.scopes);
    let options = AuthorizationOptions { prompt: None, ..options.clone() };
    Ok(form_post(endpoint, client, &options.parameters(&[("scope", &scope)])?, &[]))
}

/// # Errors
/// Those of `response::success_object`; [`Problem::Invalid`] if a member is missing or cannot be shown to a user.
pub fn accept_device_authorization(response: &Response) -> Result<DeviceAuthorization, Problem> {
    let mut object = response::success_object(response, RESPONSE_NAME)?;
    let address = required_string(&object, "verification_uri", RESPONSE_NAME)?;
    // It may be on another host than the issuer (RFC 8628 3.2).
    let verification_uri = browser_address(address)
        .or_else(|why| invalid(format!("{RESPONSE_NAME}: `verification_uri` {why}: `{}`", printable(address))))?;
    Ok(DeviceAuthorization {
        device_code: PollCode::take(&mut object, "device_code", ' '..='~', GRANT_TYPE, RESPONSE_NAME)?,
        user_code: shown_string(&object, "user_code", "typed", RESPONSE_NAME)?,
        // Lenient: the user can type the code. On another site, a QR code would lead elsewhere than what is printed.
        verification_uri_complete: lenient_string(&object, "verification_uri_complete")
            .and_then(|text| browser_address(text).ok())
            .filter(|complete| complete.origin() == verification_uri.origin()),
        verification_uri,
    })
}

#[cfg(test)]
mod tests;
