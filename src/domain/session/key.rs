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

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    Session(SessionKey),
    ClientSecret(SessionKey),
    /// The tokens of a client that acts for itself.
    MachineTokens(SessionKey),
}

impl EntryKey {
    /// Everything that a store may hold for one key.
    pub const KINDS: [fn(SessionKey) -> Self; 3] = [Self::Session, Self::ClientSecret, Self::MachineTokens];

    /// The session's key, and for other entries what their name ends in and their label begins with.
    fn parts(&self) -> (&SessionKey, Option<&str>, &str) {
        match self {
            Self::Session(key) => (key, None, ""),
            Self::ClientSecret(key) => (key, Some("client_secret"), "client secret of "),
            Self::MachineTokens(key) => (key, Some("client_credentials"), "machine tokens of "),
        }
    }

    pub fn key(&self) -> &SessionKey {
        self.parts().0
    }

    /// The name of the entry: a JSON array, so that names are unique and can be parsed.
    pub fn name(&self) -> String {
        let (key, kind, _) = self.parts();
        let mut parts = vec![key.profile.as_str(), &key.issuer, &key.client_id];
        parts.extend(kind);
        serde_json::Value::from(parts).to_string()
    }

    /// The label for the keyring's own programs: `work (id.telenor.no)`. Labels need not be unique. It has no slash, where
    /// KWallet would cut it.
    pub fn label(&self) -> String {
        let (key, _, what) = self.parts();
        // Without a profile in the file the name is CLIENT@ISSUER.
        let profile = key.profile.strip_suffix(&format!("@{}", key.issuer)).unwrap_or(&key.profile);
        let origin = key.issuer.split_once("://").map_or(key.issuer.as_str(), |(_, rest)| rest);
        let host = origin.split('/').next().unwrap_or_default();
        printable(&format!("{what}{profile} ({host})")).replace('/', "-")
    }

    /// The key of the entry `name`; `None` for a name that tidp did not write.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<String> = serde_json::from_str(name).ok()?;
        let [profile, issuer, client_id, ..] = parts.as_slice() else { return None };
        let key = SessionKey { profile: profile.clone(), issuer: issuer.clone(), client_id: client_id.clone() };
        // Each key has one name, so the same array spelled in another way is not one.
        Self::KINDS.into_iter().map(|kind| kind(key.clone())).find(|found| found.name() == name)
    }
}
