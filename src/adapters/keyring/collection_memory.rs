//! In which collection an entry lies. A service that hides what is locked does not tell, and the default collection need
//! not be the one: it is whichever KeePassXC shows, and it can be changed.
//!
//! What this process has seen is kept in memory; what was written, in a file for later ones: a path of the bus, no secret.
//! A file that is lost costs nothing but this knowledge.

use crate::adapters::lock::hashed;
use crate::adapters::owned_files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where entries lie.
#[derive(Default)]
pub(super) struct Places {
    seen: Mutex<BTreeMap<String, String>>,
    dir: Option<PathBuf>,
}

impl Places {
    /// Known from the files in `dir`.
    pub(super) fn new(dir: Option<PathBuf>) -> Self {
        Self { seen: Mutex::default(), dir }
    }

    /// The entry was seen in that collection.
    pub(super) fn seen(&self, entry: &str, collection: &str) {
        self.memory().insert(entry.to_owned(), collection.to_owned());
    }

    /// The entry was written in that collection.
    pub(super) fn written(&self, entry: &str, collection: &str) {
        self.seen(entry, collection);
        if let Some(file) = self.file(entry)
            && read(&file).as_deref() != Some(collection)
        {
            let _ = owned_files::write_whole(&file, collection.as_bytes());
        }
    }

    /// The entry is nowhere.
    pub(super) fn forget(&self, entry: &str) {
        self.memory().remove(entry);
        self.file(entry).map(|file| owned_files::remove(&file));
    }

    /// The collections where that entry may lie, or, without one, any; and whether this process has seen it there: else it
    /// may have been on another bus.
    pub(super) fn of(&self, entry: Option<&str>) -> BTreeMap<String, bool> {
        let files = match entry {
            Some(entry) => self.file(entry).into_iter().collect(),
            None => self.files(),
        };
        let written = files.iter().filter_map(|file| read(file));
        let memory = self.memory();
        let seen = memory.iter().filter(|(name, _)| entry.is_none_or(|entry| entry == *name));
        let seen = seen.map(|(_, collection)| (collection.clone(), true));
        written.map(|collection| (collection, false)).chain(seen).collect()
    }

    fn file(&self, entry: &str) -> Option<PathBuf> {
        Some(self.dir.as_ref()?.join(hashed(&[entry])))
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = self.dir.as_ref().and_then(|dir| std::fs::read_dir(dir).ok());
        found.into_iter().flatten().filter_map(|file| Some(file.ok()?.path())).collect()
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is ours is a file, and no larger than a name; anything else is not looked at.
fn read(file: &Path) -> Option<String> {
    let file = owned_files::open(file, owned_files::Links::Refuse).ok()??;
    String::from_utf8(owned_files::read_all(&file, 4_096).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_known_to_later_processes_until_it_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let places = || Places::new(Some(root.path().join("keyring")));
        let known = |collection: &str, seen| BTreeMap::from([(collection.to_owned(), seen)]);
        let one = places();
        assert_eq!(one.of(None), BTreeMap::new());
        one.written("a", "/a");
        one.seen("b", "/b");
        assert_eq!(one.of(Some("a")), known("/a", true));
        assert_eq!(one.of(Some("b")), known("/b", true));
        assert_eq!(places().of(None), known("/a", false));
        assert_eq!(places().of(Some("b")), BTreeMap::new());
        places().forget("a");
        assert_eq!(places().of(None), BTreeMap::new());
    }
}
