//! A store whose entries are too small for a session: what does not fit lies beside it, in a sealed file that is only a
//! cache.
//!
//! A document that fits is stored as it is. Of one that does not, the entry holds the least session and a key that is
//! drawn for this one write; the whole document is sealed with that key. A file that is missing, damaged or sealed with
//! another key is as good as none, and so is one whose session is not the entry's: the least session is then what there
//! is, a refresh is due, and nothing is lost by it but the history. The file is written first, so that no entry names a
//! key whose file was never there.

use super::file_store::FileStore;
use super::system::random;
use crate::domain::secret::Secret;
use crate::domain::session::minimal_session;
use crate::ports::{Entries, Lock, Store, StoreFailure, StoreFailureKind, Waiting};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The first line of an entry that has a file; the key is the second, the least session the rest.
const FORMAT: &str = "tidp small 1\n";

/// The store, and where the rest goes.
pub struct OverflowStore {
    store: Box<dyn Store>,
    /// How many bytes an entry holds.
    limit: usize,
    dir: PathBuf,
}

impl OverflowStore {
    /// Entries of `store` of at most `limit` bytes, with files in `dir`.
    pub fn new(store: Box<dyn Store>, limit: usize, dir: PathBuf) -> Self {
        Self { store, limit, dir }
    }

    /// What the entry is to hold, and what its file.
    fn split(&self, document: &Secret) -> Result<(Secret, Option<FileStore>), StoreFailure> {
        if document.expose().len() <= self.limit {
            return Ok((document.clone(), None));
        }
        let too_long = || self.refused(format!("it is longer than {} bytes", self.limit));
        let least = minimal_session(document).map_err(|_| too_long())?;
        let mut bytes = Zeroizing::new([0; 32]);
        random(bytes.as_mut()).map_err(|error| self.refused(error.to_string()))?;
        let key = Secret::new(STANDARD.encode(&bytes));
        let entry = Secret::new([FORMAT, key.expose(), "\n", least.expose()].concat());
        if entry.expose().len() > self.limit {
            return Err(too_long());
        }
        Ok((entry, Some(FileStore::sealed(&self.dir, &key)?)))
    }

    /// The whole document, if the file is this entry's; else what the entry itself holds.
    fn joined(&self, name: &str, found: Secret) -> Secret {
        let Some((key, rest)) = found.expose().strip_prefix(FORMAT).and_then(|rest| rest.split_once('\n')) else {
            return found;
        };
        let file = FileStore::sealed(&self.dir, &Secret::new(key));
        let whole = file.and_then(|file| file.load(name)).ok().flatten();
        let rest = Secret::new(rest);
        whole.filter(|whole| minimal_session(whole).as_ref() == Ok(&rest)).unwrap_or(rest)
    }

    fn refused(&self, detail: String) -> StoreFailure {
        StoreFailure { store: self.store.name(), kind: StoreFailureKind::Refused, detail }
    }
}

impl Store for OverflowStore {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    fn is_ephemeral(&self) -> bool {
        self.store.is_ephemeral()
    }

    fn identity(&self) -> String {
        self.store.identity()
    }

    fn key_fingerprint(&self) -> String {
        self.store.key_fingerprint()
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        Ok(self.store.load(entry)?.map(|found| self.joined(entry, found)))
    }

    fn check_writable(&self, entry: &str) -> Result<(), StoreFailure> {
        self.store.check_writable(entry)
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let (small, file) = self.split(document)?;
        file.map_or(Ok(()), |file| file.save(entry, document))?;
        self.store.save(entry, &small)
    }

    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: Waiting<'_>) -> Result<(), StoreFailure> {
        let (small, file) = self.split(document)?;
        // A full disk costs the access token; waiting for it could cost the session.
        let _ = file.map(|file| file.save(entry, document));
        self.store.save_at_any_cost(entry, &small, waiting)
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        let deleted = self.store.delete(entry)?;
        // Without the entry's key nobody can open what may be left. The name of the file does not depend on the key.
        let any = Secret::new(STANDARD.encode([0; 32]));
        let _ = FileStore::sealed(&self.dir, &any).and_then(|file| file.delete(entry));
        Ok(deleted)
    }

    fn entries(&self) -> Result<Entries, StoreFailure> {
        self.store.entries()
    }

    fn sweep(&self) -> Result<(), StoreFailure> {
        self.store.sweep()
    }

    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        self.store.try_lock(entry)
    }
}

#[cfg(test)]
mod tests;
