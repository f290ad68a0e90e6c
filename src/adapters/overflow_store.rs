//! A store whose entries are too small for some sessions: the rest is in an encrypted file beside it, which is only a
//! cache.
//!
//! A document that fits is stored unchanged. Otherwise the entry holds its minimal form and a new key for this write,
//! and the file holds the whole document, encrypted with that key. If the file is missing, damaged, or does not match
//! the entry, the minimal form is used: only the history is lost. The file is written first, so that no entry refers to a file
//! that was never there.

use super::file_store::FileStore;
use super::system::SystemEntropy;
use crate::domain::machine_tokens;
use crate::domain::secret::Secret;
use crate::domain::session::minimal_session;
use crate::ports::{
    Backend, Entries, Entropy, Lock, Prompt, Store, StoreFailure, StoreFailureKind, StoreName, StoreResult,
    WaitCallback,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The first line of an entry with a file. The second is the key, the rest the minimal session.
const FORMAT: &str = "tidp small 1\n";

pub struct OverflowStore {
    store: Box<dyn Store>,
    /// The size of an entry in bytes.
    limit: usize,
    dir: PathBuf,
}

impl OverflowStore {
    pub fn new(store: Box<dyn Store>, limit: usize, dir: PathBuf) -> Self {
        Self { store, limit, dir }
    }

    /// The contents of the entry, and the store of its file if it needs one.
    fn split(&self, document: &Secret) -> StoreResult<(Secret, Option<FileStore>)> {
        if document.expose().len() <= self.limit {
            return Ok((document.clone(), None));
        }
        let too_long = || self.refused(format!("it is longer than {} bytes", self.limit));
        let minimal = minimal_document(document).ok_or_else(too_long)?;
        let mut bytes = Zeroizing::new([0; 32]);
        SystemEntropy.fill(bytes.as_mut()).map_err(|error| self.refused(error.to_string()))?;
        let key = Secret::new(STANDARD.encode(&bytes));
        let entry = Secret::new([FORMAT, key.expose(), "\n", minimal.expose()].concat());
        if entry.expose().len() > self.limit {
            return Err(too_long());
        }
        Ok((entry, Some(FileStore::sealed(&self.dir, &key)?)))
    }

    /// The whole document if the file matches the entry; otherwise what the entry holds.
    fn join(&self, name: &str, found: Secret) -> Secret {
        let Some((key, rest)) = found.expose().strip_prefix(FORMAT).and_then(|rest| rest.split_once('\n')) else {
            return found;
        };
        let file = FileStore::sealed(&self.dir, &Secret::new(key));
        let whole = file.and_then(|file| file.load(name)).ok().flatten();
        let rest = Secret::new(rest);
        whole.filter(|whole| minimal_document(whole).as_ref() == Some(&rest)).unwrap_or(rest)
    }

    fn refused(&self, detail: String) -> StoreFailure {
        StoreFailure { store: self.store.name(), kind: StoreFailureKind::Refused, detail }
    }
}

/// What of the document must not be lost; `None` if that is everything.
fn minimal_document(document: &Secret) -> Option<Secret> {
    minimal_session(document).or_else(|| machine_tokens::without_tokens(document))
}

impl Store for OverflowStore {
    fn name(&self) -> StoreName {
        self.store.name()
    }

    fn identity(&self) -> String {
        self.store.identity()
    }

    fn key_fingerprint(&self) -> String {
        self.store.key_fingerprint()
    }

    fn backend(&self) -> Option<Backend> {
        self.store.backend()
    }

    fn read(&self, entry: &str, prompt: Prompt) -> StoreResult<Option<Secret>> {
        Ok(self.store.read(entry, prompt)?.map(|found| self.join(entry, found)))
    }

    fn check_writable(&self, entry: &str) -> StoreResult<()> {
        self.store.check_writable(entry)
    }

    fn write(&self, entry: &str, document: &Secret, prompt: Prompt) -> StoreResult<()> {
        let (small, file) = self.split(document)?;
        file.map_or(Ok(()), |file| file.save(entry, document))?;
        self.store.write(entry, &small, prompt)
    }

    fn save_with_retries(&self, entry: &str, document: &Secret, on_wait: WaitCallback<'_>) -> StoreResult<()> {
        let (small, file) = self.split(document)?;
        // A full disk costs the access token; waiting for it could cost the session.
        let _ = file.map(|file| file.save(entry, document));
        self.store.save_with_retries(entry, &small, on_wait)
    }

    fn delete(&self, entry: &str) -> StoreResult<bool> {
        let deleted = self.store.delete(entry)?;
        // A file that remains cannot be opened without the entry's key. Its name does not depend on the key.
        let any = Secret::new(STANDARD.encode([0; 32]));
        let _ = FileStore::sealed(&self.dir, &any).and_then(|file| file.delete(entry));
        Ok(deleted)
    }

    fn list(&self, prompt: Prompt) -> StoreResult<Entries> {
        self.store.list(prompt)
    }

    fn try_lock(&self, entry: &str) -> StoreResult<Option<Box<dyn Lock>>> {
        self.store.try_lock(entry)
    }
}

#[cfg(test)]
mod tests;
