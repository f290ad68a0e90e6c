//! Remembers which collection each entry is in: a service that hides locked entries cannot tell, and the default
//! collection may have changed, as when another KeePassXC database is open.
//!
//! What this process has seen is in memory; what was written is also in files for later processes.

use crate::adapters::lock::hashed_name;
use crate::adapters::owned_files;
use crate::domain::mutex::lock_mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(super) struct CollectionMemory {
    seen: Mutex<BTreeMap<String, String>>,
    dir: Option<PathBuf>,
}

impl CollectionMemory {
    pub(super) fn new(dir: Option<PathBuf>) -> Self {
        Self { seen: Mutex::default(), dir }
    }

    pub(super) fn note_seen(&self, entry: &str, collection: &str) {
        lock_mutex(&self.seen).insert(entry.to_owned(), collection.to_owned());
    }

    pub(super) fn note_written(&self, entry: &str, collection: &str) {
        self.note_seen(entry, collection);
        if let Some(file) = self.file(entry)
            && read(&file).as_deref() != Some(collection)
        {
            let _ = owned_files::replace_file(&file, collection.as_bytes());
        }
    }

    pub(super) fn forget(&self, entry: &str) {
        lock_mutex(&self.seen).remove(entry);
        self.file(entry).map(|file| owned_files::remove(&file));
    }

    /// The collections that the entry, or any entry without one, may be in, and whether this process has seen it there.
    /// If not, it may have been on another bus.
    pub(super) fn collections(&self, entry: Option<&str>) -> BTreeMap<String, bool> {
        let files = entry.map_or_else(|| self.files(), |entry| self.file(entry).into_iter().collect());
        let written = files.iter().filter_map(|file| read(file));
        let memory = lock_mutex(&self.seen);
        let seen = memory.iter().filter(|(name, _)| entry.is_none_or(|entry| entry == *name));
        let seen = seen.map(|(_, collection)| (collection.clone(), true));
        written.map(|collection| (collection, false)).chain(seen).collect()
    }

    fn file(&self, entry: &str) -> Option<PathBuf> {
        Some(self.dir.as_ref()?.join(hashed_name(&[entry])))
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = self.dir.as_ref().and_then(|dir| std::fs::read_dir(dir).ok());
        found.into_iter().flatten().filter_map(|file| Some(file.ok()?.path())).collect()
    }
}

/// Anything but a small file of ours is ignored.
fn read(file: &Path) -> Option<String> {
    let file = owned_files::open(file).ok()??;
    String::from_utf8(owned_files::read_all(&file, 4_096).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_processes_know_what_was_written() {
        let root = tempfile::tempdir().unwrap();
        let memory = || CollectionMemory::new(Some(root.path().join("keyring")));
        let known = |collection: &str, seen| BTreeMap::from([(collection.to_owned(), seen)]);
        let first = memory();
        assert_eq!(first.collections(None), BTreeMap::new());
        first.note_written("a", "/a");
        first.note_seen("b", "/b");
        assert_eq!(first.collections(Some("a")), known("/a", true));
        assert_eq!(first.collections(Some("b")), known("/b", true));
        assert_eq!(memory().collections(None), known("/a", false));
        assert_eq!(memory().collections(Some("b")), BTreeMap::new());
        memory().forget("a");
        assert_eq!(memory().collections(None), BTreeMap::new());
    }
}
