//! An access token, and several side by side, one for each set of scopes that was requested.

use crate::domain::scopes::ScopeSet;
use crate::domain::secret::{Secret, stored};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use serde::{Deserialize, Serialize};

/// How many are kept. Each may be two kilobytes long, and a kernel keyring holds 20 of one user.
const MAX_TOKENS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    #[serde(serialize_with = "stored")]
    pub value: Secret,
    /// When the request was sent.
    pub obtained_at: Time,
    /// `obtained_at` plus the response's `expires_in`.
    pub expires_at: Time,
}

impl AccessToken {
    /// Stands for no token: empty, and expired by every clock that trusts `obtained_at`, so that a refresh is due.
    pub fn absent(obtained_at: Time) -> Self {
        Self { value: Secret::default(), obtained_at, expires_at: obtained_at.minus(CLOCK_TOLERANCE) }
    }

    /// Whether it was stored so far in the future that the clock must have been set back. Then its times mean nothing.
    pub fn is_from_future(&self, now: Time) -> bool {
        self.obtained_at > now.plus(CLOCK_TOLERANCE)
    }

    /// Whether it is valid for longer than `ttl` from now on, as far as its times can be trusted.
    pub fn has_left(&self, now: Time, ttl: Seconds) -> bool {
        !self.is_from_future(now) && now < self.expires_at.minus(ttl)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopedToken {
    pub access_token: AccessToken,
    /// They may differ from those requested.
    pub scopes: Vec<String>,
}

/// At most [`MAX_TOKENS`] tokens, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopedTokens(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    requested: ScopeSet,
    token: ScopedToken,
}

impl ScopedTokens {
    /// The token that was requested with exactly these scopes.
    pub fn get(&self, requested: &ScopeSet) -> Option<&ScopedToken> {
        self.0.iter().find(|entry| entry.requested == *requested).map(|entry| &entry.token)
    }

    /// The tokens with `token` in place of another one for the same scopes. Those that have expired or that a wrong clock
    /// wrote are dropped and, of too many, the oldest.
    #[must_use]
    pub fn with(&self, requested: ScopeSet, token: ScopedToken, now: Time) -> Self {
        let is_kept =
            |entry: &&Entry| entry.requested != requested && entry.token.access_token.has_left(now, Seconds::ZERO);
        let mut entries: Vec<Entry> = self.0.iter().filter(is_kept).cloned().collect();
        entries.push(Entry { requested, token });
        entries.drain(..entries.len().saturating_sub(MAX_TOKENS));
        Self(entries)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens with the scopes that were requested, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&ScopeSet, &ScopedToken)> {
        self.0.iter().map(|entry| (&entry.requested, &entry.token))
    }

    pub fn last_expiry(&self) -> Option<Time> {
        self.iter().map(|(_, token)| token.access_token.expires_at).max()
    }
}

#[cfg(test)]
pub(crate) mod tests;
