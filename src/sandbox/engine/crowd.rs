//! Many of a kind, found by their handle; those that have ended are forgotten in time.

use std::collections::HashMap;

/// Entries by their handle. What has ended stays until a crowd has gathered: a clock that is moved back makes it live
/// again. It is looked for only when the crowd has doubled, so that as many entries as come are looked at, and no more.
pub(super) struct Crowd<V> {
    entries: HashMap<String, V>,
    /// How many there are when those that have ended are looked for.
    enough: usize,
}

/// As many as are kept whatever has become of them.
const CROWD: usize = 10_000;

impl<V> Default for Crowd<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), enough: CROWD }
    }
}

impl<V> Crowd<V> {
    pub(super) fn get(&self, handle: &str) -> Option<&V> {
        self.entries.get(handle)
    }

    /// Adds or changes an entry.
    pub(super) fn insert(&mut self, handle: String, entry: V, lives: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.enough {
            self.retain(lives);
            self.enough = (self.entries.len() * 2).max(CROWD);
        }
        self.entries.insert(handle, entry);
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| keep(entry));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// How many entries are looked at, and the most that are kept, while `many` come of which each lives for `lifetime`.
    fn looked_at(many: usize, lifetime: usize) -> (usize, usize) {
        let (mut crowd, looked_at, mut most) = (Crowd::default(), Cell::new(0), 0);
        for now in 0..many {
            crowd.insert(now.to_string(), now, |born| {
                looked_at.set(looked_at.get() + 1);
                now - born < lifetime
            });
            most = most.max(crowd.iter().count());
        }
        (looked_at.get(), most)
    }

    #[test]
    fn a_crowd_costs_as_much_as_has_come_whether_it_lives_or_not() {
        for lifetime in [1, 9_000, 12_000, usize::MAX] {
            let many = 50_000;
            let (work, most) = looked_at(many, lifetime);
            assert!(work <= 3 * many, "{lifetime}: {work}");
            assert!(most <= (2 * lifetime.min(many)).max(CROWD), "{lifetime}: {most}");
        }
    }

    #[test]
    fn a_few_are_kept_whatever_has_become_of_them() {
        assert_eq!(looked_at(CROWD, 1), (0, CROWD));
    }
}
