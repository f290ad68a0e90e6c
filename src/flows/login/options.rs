//! The options of a login.

use crate::domain::time::Seconds;
use crate::oidc::authorize::AuthorizationOptions;

/// The options of a login, checked.
pub struct LoginOptions {
    /// The parameters of the authorization request.
    pub request: AuthorizationOptions,
    /// The assurance level that the login must have.
    pub require_acr: Option<String>,
    /// The account that must have logged in.
    pub expect_sub: Option<String>,
    /// How long to wait for the user.
    pub timeout: Seconds,
    /// Print the URL and open no browser.
    pub no_browser: bool,
    /// Ask for the redirect URL on standard input instead of listening for it.
    pub paste: bool,
}
