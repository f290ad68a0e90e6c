//! A store that is lost when the process ends, for `demo`.

use crate::domain::mutex::lock_mutex;
use crate::domain::secret::Secret;
use crate::ports::{Entries, Lock, Prompt, Store, StoreName, StoreResult, WaitCallback};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Clones share their entries.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    entries: BTreeMap<String, Secret>,
    locked: BTreeSet<String>,
}

impl Store for MemoryStore {
    fn name(&self) -> StoreName {
        StoreName::Memory
    }

    fn identity(&self) -> String {
        format!("memory:{}", std::process::id())
    }

    fn read(&self, entry: &str, _: Prompt) -> StoreResult<Option<Secret>> {
        Ok(lock_mutex(&self.0).entries.get(entry).cloned())
    }

    fn write(&self, entry: &str, document: &Secret, _: Prompt) -> StoreResult<()> {
        lock_mutex(&self.0).entries.insert(entry.to_owned(), document.clone());
        Ok(())
    }

    fn save_with_retries(&self, entry: &str, document: &Secret, _: WaitCallback<'_>) -> StoreResult<()> {
        self.save(entry, document)
    }

    fn delete(&self, entry: &str) -> StoreResult<bool> {
        Ok(lock_mutex(&self.0).entries.remove(entry).is_some())
    }

    fn list(&self, _: Prompt) -> StoreResult<Entries> {
        Ok(lock_mutex(&self.0).entries.keys().cloned().collect::<Vec<_>>().into())
    }

    fn try_lock(&self, entry: &str) -> StoreResult<Option<Box<dyn Lock>>> {
        let is_free = lock_mutex(&self.0).locked.insert(entry.to_owned());
        Ok(is_free.then(|| Box::new(EntryLock { store: self.clone(), entry: entry.to_owned() }) as Box<dyn Lock>))
    }
}

struct EntryLock {
    store: MemoryStore,
    entry: String,
}

impl Lock for EntryLock {}

impl Drop for EntryLock {
    fn drop(&mut self) {
        lock_mutex(&self.store.0).locked.remove(&self.entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_their_entries() {
        let store = MemoryStore::default();
        let other = store.clone();
        store.save("a", &Secret::new("1")).unwrap();
        assert_eq!(other.load("a"), Ok(Some(Secret::new("1"))));
        assert_eq!(other.entries(), Ok(vec!["a".to_owned()].into()));
        assert_eq!((other.delete("a"), store.delete("a"), store.load("a")), (Ok(true), Ok(false), Ok(None)));
    }

    #[test]
    fn lock_has_one_holder_at_a_time() {
        let store = MemoryStore::default();
        let held = store.try_lock("a").unwrap();
        assert!(store.clone().try_lock("a").unwrap().is_none());
        assert!(store.try_lock("b").unwrap().is_some());
        drop(held);
        assert!(store.try_lock("a").unwrap().is_some());
    }
}
