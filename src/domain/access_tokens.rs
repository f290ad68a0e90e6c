//! An access token, and several side by side, one for each set of scopes that was requested.

use crate::domain::scopes::ScopeSet;
use crate::domain::secret::{Secret, stored};
use crate::domain::time::{CLOCK_TOLERANCE, Time};
use serde::{Deserialize, Serialize};

/// How many are kept. Each may be two kilobytes long, and a kernel keyring holds 20 of one user.
const MAX_TOKENS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    #[serde(with = "stored")]
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

    /// Whether it has not expired, as far as its times can be trusted.
    pub fn is_valid(&self, now: Time) -> bool {
        !self.is_from_future(now) && now < self.expires_at
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
        let others =
            self.0.iter().filter(|entry| entry.requested != requested && entry.token.access_token.is_valid(now));
        let mut entries: Vec<Entry> = others.cloned().collect();
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
pub(crate) mod tests {
    use super::*;
    use crate::domain::time::Seconds;

    const NOW: Time = Time::from_unix(1_800_000_000);

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse([text])
    }

    pub(crate) fn token(name: &str, obtained_at: Time) -> ScopedToken {
        let expires_at = obtained_at.plus(Seconds::hours(1));
        let access_token = AccessToken { value: Secret::new(name), obtained_at, expires_at };
        ScopedToken { access_token, scopes: vec![name.to_owned()] }
    }

    #[test]
    fn each_set_has_its_own_token() {
        let tokens = ScopedTokens::default()
            .with(scopes("a b"), token("one", NOW), NOW)
            .with(scopes("a"), token("two", NOW), NOW)
            .with(scopes(""), token("three", NOW), NOW);
        for (wanted, name) in [("b a", "one"), ("a", "two"), ("", "three")] {
            assert_eq!(tokens.get(&scopes(wanted)).unwrap().scopes, [name]);
        }
        assert_eq!(tokens.get(&scopes("b")), None);
        let replaced = tokens.with(scopes("b a b"), token("four", NOW), NOW);
        assert_eq!((replaced.iter().count(), &replaced.get(&scopes("a b")).unwrap().scopes[0][..]), (3, "four"));
    }

    #[test]
    fn expired_tokens_and_those_of_a_wrong_clock_are_dropped() {
        let is_kept = |obtained_at: Time| {
            let tokens = ScopedTokens::default().with(scopes("old"), token("old", obtained_at), obtained_at);
            tokens.with(scopes("new"), token("new", NOW), NOW).get(&scopes("old")).is_some()
        };
        let (second, hour_ago) = (Seconds(1), NOW.minus(Seconds::hours(1)));
        assert!(is_kept(hour_ago.plus(second)) && !is_kept(hour_ago));
        assert!(is_kept(NOW.plus(CLOCK_TOLERANCE)) && !is_kept(NOW.plus(CLOCK_TOLERANCE).plus(second)));
    }

    #[test]
    fn expired_and_oldest_tokens_are_dropped() {
        let mut tokens = ScopedTokens::default().with(scopes("old"), token("old", NOW.minus(Seconds::hours(1))), NOW);
        assert!(tokens.get(&scopes("old")).is_some());
        for n in 0..=MAX_TOKENS {
            tokens = tokens.with(scopes(&n.to_string()), token(&n.to_string(), NOW), NOW);
        }
        let kept: Vec<String> = tokens.iter().map(|(requested, _)| requested.to_text()).collect();
        assert_eq!(kept, ["1", "2", "3", "4", "5", "6", "7", "8"]);
        assert_eq!(tokens.last_expiry(), Some(NOW.plus(Seconds::hours(1))));
    }
}
