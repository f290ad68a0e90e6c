//! Log in: the options of `login`, `logout` and `manage`.

use crate::domain::acr_values::{ASSURANCE_LEVELS, LOGIN_PROVIDERS};
use clap::Args;

#[derive(Args, Clone, Debug, Default)]
pub struct Login {
    /// Print the URL instead of opening a browser
    ///
    /// It still waits for the redirect.
    #[arg(long)]
    pub no_browser: bool,
    /// Read the redirected URL from stdin
    ///
    /// For a client whose redirect URI is not on this machine.
    #[arg(long)]
    pub paste: bool,
    /// Log in on another device
    ///
    /// Show a code and a URL to enter it at, and wait.
    #[arg(long, conflicts_with_all = ["no_browser", "paste", "prompt"])]
    pub device: bool,
    /// Confirm the login in this app (CIBA)
    ///
    /// For confidential clients; needs --login-hint.
    #[arg(long, value_name = "APP", value_parser = ["vipps", "bankid"], conflicts_with_all = ["no_browser", "paste", "prompt", "device"])]
    pub ciba: Option<String>,
    /// With --device: show no QR code
    #[arg(long, requires = "device", hide_short_help = true)]
    pub no_qr: bool,
    /// none: never ask the user; login: always ask
    ///
    /// With none a login succeeds only while the SSO session is active.
    #[arg(long, value_name = "none|login", value_parser = ["none", "login"], hide_possible_values = true)]
    pub prompt: Option<String>,
    /// Phone number for the login page or --ciba
    ///
    /// It is filled in on the login page. With --ciba bankid it is the user's kurt_id.
    #[arg(long, value_name = "HINT")]
    pub login_hint: Option<String>,
    /// How to log in at TelenorID+
    ///
    /// A name for its acr_values. vipps sends the same as bankid, no.bankid.login.vipps: no other value with Vipps is documented.
    #[arg(long, value_name = "PROVIDER", value_parser = LOGIN_PROVIDERS.map(|provider| provider.name), conflicts_with = "acr_values")]
    pub provider: Option<String>,
    /// Requested assurance level of TelenorID+
    ///
    /// A name for its acr_values.
    #[arg(long, value_name = "LEVEL", value_parser = ASSURANCE_LEVELS.map(|level| level.name), conflicts_with_all = ["acr_values", "require_acr"])]
    pub aal: Option<String>,
    /// Requested acr_values, space-separated
    #[arg(long, value_name = "ACR", hide_short_help = true)]
    pub acr_values: Option<String>,
    /// As --acr-values; fail if it has none of them (exit 7)
    #[arg(long, value_name = "ACR", conflicts_with = "acr_values")]
    pub require_acr: Option<String>,
    /// Preferred languages of the login page, such as no
    #[arg(long, value_name = "LOCALES", hide_short_help = true)]
    pub ui_locales: Option<String>,
    /// Ask again if the SSO login is older (OIDC max_age)
    ///
    /// 0s forces a new login.
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// Scopes instead of the profile's; can be repeated
    ///
    /// Or one argument of several, with spaces between them.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Extra parameter of the authorization request; can be repeated
    #[arg(long, value_name = "NAME=VALUE", hide_short_help = true)]
    pub extra_param: Vec<String>,
    /// How long to wait for the user [default: 5m]
    ///
    /// With --device the default is: as long as the code is valid.
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Fail if another account logs in (exit 7)
    ///
    /// SUB is the account's identifier, the claim `sub`; `tidp inspect` shows it.
    #[arg(long, value_name = "SUB")]
    pub expect_sub: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Logout {
    /// Delete the local session only
    #[arg(long, conflicts_with = "browser")]
    pub local: bool,
    /// Also all other profiles, and sessions without one
    #[arg(long, conflicts_with = "browser")]
    pub all: bool,
    /// End the provider's session in the browser
    ///
    /// By its end_session_endpoint.
    #[arg(long)]
    pub browser: bool,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Manage {
    /// Language of the page, such as no
    #[arg(long, value_name = "LOCALE")]
    pub lang: Option<String>,
    /// Print the link instead of opening the browser
    #[arg(long)]
    pub print: bool,
}
