//! Scopes (RFC 6749 3.3) as a set: neither their order nor repetitions mean anything.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<String>);

impl ScopeSet {
    /// The names in `words`, each of which may hold several, separated by white space.
    pub fn parse<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Self {
        let names = |word: T| word.as_ref().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Self(words.into_iter().flat_map(names).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub fn missing_in(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    pub fn to_text(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" ")
    }

    pub fn to_vec(&self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }
}

/// The error is the first scope that is not spelled as in RFC 6749 3.3.
pub fn check_spelling<'a>(mut scopes: impl Iterator<Item = &'a str>) -> Result<(), &'a str> {
    let legal = |c: char| matches!(c, '\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}');
    scopes.find(|scope| scope.is_empty() || !scope.chars().all(legal)).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_is_that_of_the_specification() {
        assert_eq!(check_spelling(["openid", "api:x"].into_iter()), Ok(()));
        for wrong in ["", "a b", "a\"b", "a\\b", "å", "a\u{7f}"] {
            assert_eq!(check_spelling(["openid", wrong].into_iter()), Err(wrong));
        }
    }

    proptest! {
        #[test]
        fn order_repetition_and_spacing_mean_nothing(
            mut names in prop::collection::vec("[!#-\\[\\]-~]{1,8}", 0..6),
            extra in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            spaces in "[ \t\n]{1,3}",
            seed in any::<u64>(),
        ) {
            let set = ScopeSet::parse(&names);
            let repeated: Vec<String> = extra.iter().filter(|_| !names.is_empty()).map(|i| i.get(&names).clone()).collect();
            names.extend(repeated);
            let turn = usize::try_from(seed % 7).unwrap_or_default().min(names.len());
            names.rotate_left(turn);
            prop_assert_eq!(&ScopeSet::parse([names.join(&spaces)]), &set);
            prop_assert_eq!(&ScopeSet::parse([set.to_text()]), &set);
            prop_assert_eq!(&serde_json::from_str::<ScopeSet>(&serde_json::to_string(&set).unwrap()).unwrap(), &set);
            prop_assert!(names.iter().all(|name| set.contains(name)));
            prop_assert!(set.missing_in(&set).is_empty());
        }

        #[test]
        fn sets_of_other_names_differ(a in prop::collection::btree_set("[a-c]{1,2}", 0..4), b in prop::collection::btree_set("[a-c]{1,2}", 0..4)) {
            prop_assert_eq!(ScopeSet::parse(&a) == ScopeSet::parse(&b), a == b);
            let missing: Vec<_> = a.difference(&b).cloned().collect();
            prop_assert_eq!(ScopeSet::parse(&a).missing_in(&ScopeSet::parse(&b)).to_vec(), missing);
        }
    }
}
