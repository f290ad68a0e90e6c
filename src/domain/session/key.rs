//! The names of what a store keeps.

use crate::domain::text::printable;
use serde::{Deserialize, Serialize};

/// What a session is named by: a refresh token goes to no other issuer and no other client than these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    /// The profile's name.
    pub profile: String,
    /// The issuer as configured, in the one form a URL has (no slash at the end of a bare origin).
    pub issuer: String,
    /// The OAuth client.
    pub client_id: String,
}

/// One entry of a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    /// A session's document.
    Session(SessionKey),
    /// The client secret that belongs to that profile, issuer and client.
    ClientSecret(SessionKey),
}

impl EntryKey {
    /// The entry's name in a store: a JSON array, so that no two keys share one and a list of them can be read back.
    pub fn name(&self) -> String {
        let (key, kind) = match self {
            Self::Session(key) => (key, None),
            Self::ClientSecret(key) => (key, Some("client_secret")),
        };
        let mut parts = vec![key.profile.as_str(), &key.issuer, &key.client_id];
        parts.extend(kind);
        serde_json::Value::from(parts).to_string()
    }

    /// What a person is shown of it: `work (id.telenor.no)`. No name, for two may share one; and without a slash, at which
    /// KWallet cuts.
    pub fn label(&self) -> String {
        let (key, what) = match self {
            Self::Session(key) => (key, ""),
            Self::ClientSecret(key) => (key, "client secret of "),
        };
        // A session of the environment alone is named CLIENT@ISSUER.
        let profile = key.profile.strip_suffix(&format!("@{}", key.issuer)).unwrap_or(&key.profile);
        let origin = key.issuer.split_once("://").map_or(key.issuer.as_str(), |(_, rest)| rest);
        let host = origin.split('/').next().unwrap_or_default();
        printable(&format!("{what}{profile} ({host})")).replace('/', "-")
    }

    /// The key of which `name` is the name; `None` for a name this program did not write.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<String> = serde_json::from_str(name).ok()?;
        let key = |profile: &str, issuer: &str, client_id: &str| SessionKey {
            profile: profile.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
        };
        let found = match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [profile, issuer, client_id] => Some(Self::Session(key(profile, issuer, client_id))),
            [profile, issuer, client_id, "client_secret"] => Some(Self::ClientSecret(key(profile, issuer, client_id))),
            _ => None,
        };
        // Another spelling of the same array would be a second name of one key.
        found.filter(|found| found.name() == name)
    }
}
