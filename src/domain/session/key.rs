//! The names of the entries in a store.

use crate::domain::text::printable;
use serde::{Deserialize, Serialize};

/// Identifies a session. Its refresh token is sent to no other issuer and client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    pub profile: String,
    /// Normalised: a bare origin has no slash at the end.
    pub issuer: String,
    pub client_id: String,
}

/// Identifies an entry of a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    Session(SessionKey),
    ClientSecret(SessionKey),
    /// The tokens of a client that acts for itself.
    MachineTokens(SessionKey),
}

impl EntryKey {
    /// The name of the entry: a JSON array, so that names are unique and can be parsed.
    pub fn name(&self) -> String {
        let (key, kind) = match self {
            Self::Session(key) => (key, None),
            Self::ClientSecret(key) => (key, Some("client_secret")),
            Self::MachineTokens(key) => (key, Some("client_credentials")),
        };
        let mut parts = vec![key.profile.as_str(), &key.issuer, &key.client_id];
        parts.extend(kind);
        serde_json::Value::from(parts).to_string()
    }

    /// The label for the keyring's own programs: `work (id.telenor.no)`. Labels need not be unique. It has no slash, where
    /// KWallet would cut it.
    pub fn label(&self) -> String {
        let (key, what) = match self {
            Self::Session(key) => (key, ""),
            Self::ClientSecret(key) => (key, "client secret of "),
            Self::MachineTokens(key) => (key, "machine tokens of "),
        };
        // Without a profile in the file the name is CLIENT@ISSUER.
        let profile = key.profile.strip_suffix(&format!("@{}", key.issuer)).unwrap_or(&key.profile);
        let origin = key.issuer.split_once("://").map_or(key.issuer.as_str(), |(_, rest)| rest);
        let host = origin.split('/').next().unwrap_or_default();
        printable(&format!("{what}{profile} ({host})")).replace('/', "-")
    }

    /// The key of the entry `name`; `None` for a name that tidp did not write.
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
            [profile, issuer, client_id, "client_credentials"] => {
                Some(Self::MachineTokens(key(profile, issuer, client_id)))
            }
            _ => None,
        };
        // Each key has one name, so the same array spelled in another way is not one.
        found.filter(|found| found.name() == name)
    }
}
