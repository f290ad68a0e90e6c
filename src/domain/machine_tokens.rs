//! The access tokens of a client that acts for itself (client credentials, RFC 6749 4.4): the document that keeps them.
//! It is only a cache, because the client can always request new ones.

use crate::domain::access_tokens::ScopedTokens;
use crate::domain::secret::Secret;
use crate::domain::session::SessionKey;
use serde::{Deserialize, Serialize};

/// The version of the document; others are ignored.
const SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineTokens {
    version: u32,
    /// Repeated in the document, so that a renamed entry is noticed.
    key: SessionKey,
    pub tokens: ScopedTokens,
}

impl MachineTokens {
    pub fn new(key: &SessionKey) -> Self {
        Self { version: SCHEMA, key: key.clone(), tokens: ScopedTokens::default() }
    }

    pub fn to_json(&self) -> Secret {
        Secret::new(serde_json::to_string(self).unwrap_or_default()) // cannot fail for these types
    }

    /// The tokens in a document; `None` if it is another one.
    pub fn from_json(document: &Secret, key: &SessionKey) -> Option<Self> {
        parse(document).filter(|tokens| tokens.key == *key)
    }
}

fn parse(document: &Secret) -> Option<MachineTokens> {
    serde_json::from_str(document.expose()).ok().filter(|tokens: &MachineTokens| tokens.version == SCHEMA)
}

/// `document` without its tokens, for a store with small entries; `None` if it holds no machine tokens.
pub fn without_tokens(document: &Secret) -> Option<Secret> {
    Some(MachineTokens { tokens: ScopedTokens::default(), ..parse(document)? }.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access_tokens::tests::token;
    use crate::domain::scopes::ScopeSet;
    use crate::domain::time::Time;

    #[test]
    fn document_is_read_for_its_key_and_version_only() {
        let key = SessionKey { profile: "p".into(), issuer: "https://id.example".into(), client_id: "c".into() };
        let now = Time::from_unix(1_800_000_000);
        let mut machine = MachineTokens::new(&key);
        machine.tokens = machine.tokens.with(ScopeSet::parse(["api:x"]), token("one", now), now);
        let document = machine.to_json();
        assert_eq!(MachineTokens::from_json(&document, &key), Some(machine.clone()));
        assert_eq!(MachineTokens::from_json(&document, &SessionKey { client_id: "d".into(), ..key.clone() }), None);
        let newer = document.expose().replace("\"version\":1", "\"version\":2");
        assert_eq!(MachineTokens::from_json(&Secret::new(newer), &key), None);
        assert_eq!(without_tokens(&document), Some(MachineTokens::new(&key).to_json()));
        assert_eq!(without_tokens(&Secret::new("a client secret")), None);
    }
}
