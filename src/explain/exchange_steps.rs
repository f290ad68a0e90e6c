//! The steps of a login and of a refresh, as `--verbose` explains them to somebody who learns the protocol.

use crate::domain::session::Renewal;
use crate::domain::text::printable;
use crate::domain::time::Seconds;

pub fn discovery(issuer: &str) -> String {
    format!(
        "Discovery: {} publishes a document that names its endpoints and where its keys are. It is read anew for each login.",
        printable(issuer)
    )
}

pub const PKCE: &str = "PKCE: a new random secret, the code_verifier, stays here. Only its SHA-256 hash, the \
                        code_challenge, goes through the browser, so a stolen code is of no use to anybody else.";

/// `endpoint` is the address without its query.
pub fn authorization_request(endpoint: &str, client_id: &str, scopes: &str, redirect_uri: &str) -> String {
    format!(
        "The browser is sent to {endpoint} to ask for a code: for the client `{}`, the scopes `{}`, and to be redirected to \
         {} afterwards. Two more random values go along: state, which the redirect must return, and nonce, which the ID \
         token must contain.",
        printable(client_id),
        printable(scopes),
        printable(redirect_uri)
    )
}

/// `has_promised_iss` is whether the provider's metadata promises `iss`.
pub fn redirect(has_promised_iss: bool) -> String {
    let iss = if has_promised_iss { ", and its iss names this provider" } else { "" };
    format!("The redirect came back with a code. Its state is the one sent{iss}, so it belongs to this login.")
}

pub fn code_exchange(has_secret: bool) -> String {
    let proof = if has_secret { "the code_verifier and the client secret" } else { "the code_verifier" };
    format!(
        "The code, which is valid once and for a short time, is exchanged for tokens. It is sent with {proof}, directly and \
         not through the browser."
    )
}

pub const DEVICE_AUTHORIZATION: &str = "The provider is asked for two codes: a user code, to be entered on another device, \
                                        and a device code, which stays here.";

pub const CIBA: &str = "The provider is asked to contact the user. It answers with an ID for this login \
                        (auth_req_id), which stays here.";

pub fn polling(interval: Seconds) -> String {
    format!(
        "The token endpoint is asked every {} until the user has decided; authorization_pending (a 400) means: not yet.",
        interval.to_text()
    )
}

pub const NONCE_CHECKED: &str = "nonce is the one sent";
pub const NO_NONCE: &str = "it has no nonce, because no browser was sent";
pub const ACCOUNT_CHECKED: &str = "sub is the session's account";

/// `kid` is the name of the key that the token names, `binding` what ties it to this login or session, `left` how long it
/// is valid.
pub fn id_token_checked(kid: Option<&str>, binding: &str, left: Seconds) -> String {
    let key = kid.map_or_else(String::new, |kid| format!(" `{}`", printable(kid)));
    format!(
        "The ID token, which says who logged in, was checked: its signature (RS256) by the provider's key{key}; iss is this \
         provider; aud is this client alone; {binding}; by iat and exp it was issued before now and expires in {}.",
        left.to_text()
    )
}

pub const NO_ID_TOKEN: &str = "The response has no ID token to check; the claims stay as they are.";

/// `store` names the store, `is_cached` is whether the access token is cached beside it.
pub fn session_stored(store: &str, has_refresh_token: bool, is_cached: bool) -> String {
    let kept =
        if has_refresh_token { "with its refresh token" } else { "without a refresh token, because none was returned" };
    let cache =
        if is_cached { "; on Linux the access token alone is also in the kernel's keyring, for speed" } else { "" };
    format!("The session is stored ({store}), {kept}{cache}.")
}

pub const LOCKED: &str = "The session is locked and read again, because another tidp may have refreshed it meanwhile: a \
                          refresh token must not be sent twice.";

pub const PREPARATION: &str = "What the check of the response needs comes first: endpoints, keys, and the client secret if \
                               there is one.";

pub const JOURNAL: &str = "The store notes that a refresh begins. If it is cut off, the next run knows that the refresh \
                           token may be used up.";

pub fn refresh_request(has_secret: bool) -> String {
    let with = if has_secret { "sent with the client secret" } else { "sent without a secret, by a public client" };
    format!("The refresh token is exchanged for new tokens, {with}.")
}

pub fn refresh_stored(store: &str, renewal: Renewal) -> String {
    let what = match renewal {
        Renewal::New => "with the new refresh token; the old one is used up",
        Renewal::Same => "the refresh token is the same as before",
        Renewal::None => "the old refresh token stays, because no new one came",
    };
    format!("The session is stored ({store}): {what}.")
}
