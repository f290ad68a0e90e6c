//! A map that drops expired entries now and then.

use std::collections::HashMap;

/// Entries by their key. Expired ones are swept out only when the map has doubled, so that a sweep costs no more than
/// the inserts since the last one. Until then they stay: a clock that is set back makes them valid again.
pub(super) struct ExpiringMap<V> {
    entries: HashMap<String, V>,
    /// The size at which the next sweep happens.
    sweep_size: usize,
}

const MIN_SWEEP_SIZE: usize = 10_000;

impl<V> Default for ExpiringMap<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_size: MIN_SWEEP_SIZE }
    }
}

impl<V> ExpiringMap<V> {
    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn insert(&mut self, key: String, entry: V, is_valid: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.sweep_size {
            self.entries.retain(|_, entry| is_valid(entry));
            self.sweep_size = (self.entries.len() * 2).max(MIN_SWEEP_SIZE);
        }
        self.entries.insert(key, entry);
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// The number of entries checked and the largest size, after `count` inserts of entries that live for `lifetime`.
    fn checks_and_size(count: usize, lifetime: usize) -> (usize, usize) {
        let (mut map, checks, mut max_size) = (ExpiringMap::default(), Cell::new(0), 0);
        for now in 0..count {
            map.insert(now.to_string(), now, |inserted| {
                checks.set(checks.get() + 1);
                now - inserted < lifetime
            });
            max_size = max_size.max(map.iter().count());
        }
        (checks.get(), max_size)
    }

    #[test]
    fn sweeps_cost_no_more_than_the_inserts() {
        for lifetime in [1, 9_000, 12_000, usize::MAX] {
            let count = 50_000;
            let (checks, max_size) = checks_and_size(count, lifetime);
            assert!(checks <= 3 * count, "{lifetime}: {checks}");
            assert!(max_size <= (2 * lifetime.min(count)).max(MIN_SWEEP_SIZE), "{lifetime}: {max_size}");
        }
    }

    #[test]
    fn a_small_map_is_never_swept() {
        assert_eq!(checks_and_size(MIN_SWEEP_SIZE, 1), (0, MIN_SWEEP_SIZE));
    }
}
