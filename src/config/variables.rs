//! The environment variables, for the help.

use super::profile_keys::{key_meanings, variable_name};

/// Variables that belong to no key of a profile, each with its meaning.
const OTHERS: [(&str, &str); 15] = [
    ("TIDP_CLIENT_SECRET", "the client secret, instead of that in the store"),
    ("TIDP_CONFIG", "the file to read instead of config.toml; may be a pipe"),
    ("TIDP_STORE", "where sessions are kept: keyring, file, plaintext-file, memory"),
    ("TIDP_STORE_KEY", "the key of the store `file`: base64 of 32 random bytes"),
    ("TIDP_STORE_KEY_FILE", "a file with that key"),
    ("TIDP_STORE_DIR", "the directory of the stores `file` and `plaintext-file`"),
    ("TIDP_LOCK_DIR", "the directory of the locks of a session in the keyring"),
    ("TIDP_ACCESS_TOKEN_CACHE", "off: keep no access token in the kernel's keyring"),
    ("TIDP_ACCESS_TOKEN", "set by `tidp exec` for its command, and by `tidp token --format env`"),
    ("TIDP_ID_TOKEN", "set by `tidp token --id-token --format env`"),
    ("BROWSER", "the browser to open; used even without a display"),
    ("NO_COLOR, CLICOLOR_FORCE", "no colours; colours even in a pipe"),
    ("HTTPS_PROXY, ALL_PROXY", "the proxy (http or https)"),
    ("NO_PROXY", "hosts that are reached without it"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities, instead of the system's"),
];

/// Each variable with its meaning: those of the profile's keys, then the others.
pub fn variables() -> Vec<(String, String)> {
    let pair = |name: &str, meaning: &str| (name.to_owned(), meaning.to_owned());
    let keys = key_meanings().map(|(key, meaning)| pair(&variable_name(key), meaning));
    let profile = pair("TIDP_PROFILE", "the profile, as --profile");
    std::iter::once(profile).chain(keys).chain(OTHERS.map(|(name, meaning)| pair(name, meaning))).collect()
}
