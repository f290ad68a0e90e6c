//! The options of a login.

use crate::domain::time::Seconds;
use crate::error::LoginMethod;
use crate::oidc::authorize::AuthorizationOptions;

/// How long to wait for a user in the browser.
const DEFAULT_TIMEOUT: Seconds = Seconds::minutes(5);

/// The options of a login, checked.
pub struct LoginOptions {
    pub method: LoginMethod,
    /// The parameters of the authorization request.
    pub request: AuthorizationOptions,
    /// The assurance level that the login must have.
    pub require_acr: Option<String>,
    /// The account that must have logged in.
    pub expect_sub: Option<String>,
    /// How long to wait for the user; `None` for the default, or as long as a code is valid.
    pub timeout: Option<Seconds>,
    /// Print the URL and open no browser.
    pub no_browser: bool,
    /// Ask for the redirect URL on standard input instead of listening for it.
    pub paste: bool,
    /// Name the other ways to log in below the URL that was opened.
    pub show_other_ways: bool,
    /// Show the address for another device as a QR code too.
    pub show_qr_code: bool,
}

impl LoginOptions {
    pub fn timeout_in_browser(&self) -> Seconds {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}
