//! Stores with one file per entry: `file` (encrypted with AES-256-GCM) and `plaintext-file`.
//!
//! The file name is the SHA-256 of the entry's name. An encrypted file is a line that names the format, a random nonce
//! of 96 bits, and the ciphertext of the entry's name and document. The first line and the file name are authenticated
//! too, so that files cannot be swapped. Entries are written a few times an hour, far from the 2^32 random nonces after
//! which a key should be changed (NIST SP 800-38D 8.3).

use super::lock::{self, hashed_name};
use super::owned_files;
use super::retry;
use super::system::SystemEntropy;
use crate::domain::secret::{self, Secret};
use crate::domain::text::{printable, printable_path};
use crate::ports::{
    Entries, Entropy, Lock, Prompt, Store, StoreFailure, StoreFailureKind, StoreName, StoreResult, WaitCallback,
};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Of [`Contents`]; other versions are refused.
const VERSION: u32 = 1;
/// The first line of an encrypted file.
const FORMAT: &[u8] = b"tidp sealed 1\n";
/// In bytes (NIST SP 800-38D 8.2.2).
const NONCE_LENGTH: usize = 12;

pub struct FileStore {
    dir: PathBuf,
    /// `None` for plaintext.
    cipher: Option<Box<Aes256Gcm>>,
    /// A hash of the key; empty for plaintext.
    key_fingerprint: String,
}

/// The contents of a file, as JSON.
#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    entry: String,
    #[serde(serialize_with = "secret::stored")]
    document: Secret,
}

impl FileStore {
    /// Encrypted files in `dir`; `key` is the base64 of 32 random bytes.
    ///
    /// # Errors
    /// [`StoreFailureKind::WrongKey`] if `key` is anything else.
    pub fn sealed(dir: &Path, key: &Secret) -> StoreResult<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(key.expose().trim()).unwrap_or_default());
        let cipher = Aes256Gcm::new_from_slice(&bytes).map_err(|_| StoreFailure {
            store: StoreName::File,
            kind: StoreFailureKind::WrongKey,
            detail: "the key is not 32 bytes in base64".into(),
        })?;
        let key_fingerprint = hashed_name(&["the key of sealed files", &STANDARD.encode(&*bytes)]);
        Ok(Self { dir: dir.to_owned(), cipher: Some(Box::new(cipher)), key_fingerprint })
    }

    pub fn plaintext(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), cipher: None, key_fingerprint: String::new() }
    }

    fn extension(&self) -> &'static str {
        if self.cipher.is_some() { "sealed" } else { "json" }
    }

    fn path_of(&self, entry: &str) -> PathBuf {
        self.dir.join(format!("{}.{}", hashed_name(&[entry]), self.extension()))
    }

    fn failure(&self, kind: StoreFailureKind, path: &Path, why: impl std::fmt::Display) -> StoreFailure {
        StoreFailure { store: self.name(), kind, detail: printable(&format!("{}: {why}", path.display())) }
    }

    fn refused(&self, path: &Path) -> impl Fn(io::Error) -> StoreFailure {
        move |error| self.failure(StoreFailureKind::Refused, path, error)
    }

    fn make_private(&self) -> StoreResult<bool> {
        owned_files::make_private(&self.dir).map_err(self.refused(&self.dir))
    }

    fn files(&self) -> StoreResult<Vec<PathBuf>> {
        if !self.make_private()? {
            return Ok(Vec::new());
        }
        let refused = self.refused(&self.dir);
        let found = fs::read_dir(&self.dir).map_err(&refused)?;
        found.map(|found| found.map(|found| found.path()).map_err(&refused)).collect()
    }

    /// Whether this store writes files with such a name (a SHA-256 in hexadecimal); others are left alone.
    fn is_entry_file(&self, name: &str) -> bool {
        let is_hash = |stem: &str| stem.len() == 64 && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        name.rsplit_once('.').is_some_and(|(stem, extension)| extension == self.extension() && is_hash(stem))
    }

    fn read_file(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = owned_files::open(path)? else { return Ok(None) };
        owned_files::keep_private(&file)?;
        owned_files::read_all(&file, owned_files::MAX_ENTRY_SIZE).map(Some)
    }

    /// The contents written by [`Self::encode`]; `None` if they are damaged or have another key.
    fn decode(&self, bytes: &[u8], path: &Path) -> Option<Contents> {
        let Some(cipher) = &self.cipher else { return serde_json::from_slice(bytes).ok() };
        let sealed = bytes.strip_prefix(FORMAT)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
        let aad = associated_data(path);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let plain = Zeroizing::new(cipher.decrypt(&Nonce::from(*nonce), payload).ok()?);
        serde_json::from_slice(&plain).ok()
    }

    fn encode(&self, contents: &Contents, path: &Path) -> io::Result<Vec<u8>> {
        let plain = serde_json::to_vec(contents)?;
        let Some(cipher) = &self.cipher else { return Ok(plain) };
        let plain = Zeroizing::new(plain);
        let mut nonce = [0; NONCE_LENGTH];
        SystemEntropy.fill(&mut nonce)?;
        let aad = associated_data(path);
        let payload = Payload { msg: &plain, aad: &aad };
        let sealed =
            cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| io::Error::other("it could not be encrypted"))?;
        Ok([FORMAT, &nonce, &sealed].concat())
    }

    /// The bytes to write. A failure here is permanent.
    fn encoded_entry(&self, entry: &str, document: &Secret, path: &Path) -> StoreResult<Zeroizing<Vec<u8>>> {
        let contents = Contents { version: VERSION, entry: entry.to_owned(), document: document.clone() };
        let bytes = Zeroizing::new(self.encode(&contents, path).map_err(self.refused(path))?);
        if bytes.len() as u64 > owned_files::MAX_ENTRY_SIZE {
            return Err(self.failure(StoreFailureKind::Refused, path, "it would be larger than 8 MiB"));
        }
        Ok(bytes)
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> StoreResult<()> {
        owned_files::create_private_dir(&self.dir).map_err(self.refused(&self.dir))?;
        // Temporary files of killed writers hold old tokens.
        owned_files::sweep(path).and_then(|()| owned_files::replace_file(path, bytes)).map_err(self.refused(path))
    }
}

impl Store for FileStore {
    fn name(&self) -> StoreName {
        if self.cipher.is_some() { StoreName::File } else { StoreName::PlaintextFile }
    }

    /// Identifies the directory itself: paths have several spellings, and containers share paths.
    fn identity(&self) -> String {
        format!("{}:{}", self.name().as_str(), directory_id(&self.dir).unwrap_or_default())
    }

    fn key_fingerprint(&self) -> String {
        self.key_fingerprint.clone()
    }

    fn exposed_files(&self) -> usize {
        if self.cipher.is_some() {
            return 0;
        }
        let found = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let ours = found.filter(|found| found.file_name().to_str().is_some_and(|name| self.is_entry_file(name)));
        ours.filter(|found| owned_files::others_can_read(&found.path())).count()
    }

    fn read(&self, entry: &str, _: Prompt) -> StoreResult<Option<Secret>> {
        let path = self.path_of(entry);
        if !self.make_private()? {
            return Ok(None);
        }
        let unreadable = |error| match owned_files::is_foreign(&path) {
            true => self.failure(StoreFailureKind::Damaged, &path, error),
            false => self.refused(&path)(error),
        };
        let Some(bytes) = self.read_file(&path).map_err(unreadable)? else { return Ok(None) };
        match self.decode(&bytes, &path) {
            Some(contents) if contents.version != VERSION => {
                let why = format!("a newer tidp has written it (format {})", contents.version);
                Err(self.failure(StoreFailureKind::Damaged, &path, why))
            }
            Some(contents) if contents.entry == entry => Ok(Some(contents.document)),
            // Plaintext is returned as it is; if it is invalid, that is reported when the document is read.
            _ if self.cipher.is_none() => Ok(Some(Secret::new(String::from_utf8_lossy(&bytes)))),
            _ => Err(self.failure(StoreFailureKind::WrongKey, &path, "the key does not open it, or it is damaged")),
        }
    }

    fn check_writable(&self, _entry: &str) -> StoreResult<()> {
        let created = owned_files::create_private_dir(&self.dir);
        created.and_then(|()| owned_files::test_write(&self.dir)).map_err(self.refused(&self.dir))
    }

    fn write(&self, entry: &str, document: &Secret, _: Prompt) -> StoreResult<()> {
        let path = self.path_of(entry);
        self.write_file(&path, &self.encoded_entry(entry, document, &path)?)
    }

    fn save_with_retries(&self, entry: &str, document: &Secret, on_wait: WaitCallback<'_>) -> StoreResult<()> {
        let path = self.path_of(entry);
        let bytes = self.encoded_entry(entry, document, &path)?;
        // A full disk or a missing directory: the user can repair that.
        retry::retry(retry::REPORT_INTERVAL, on_wait, |_| self.write_file(&path, &bytes))
    }

    fn delete(&self, entry: &str) -> StoreResult<bool> {
        let path = self.path_of(entry);
        if !self.make_private()? {
            return Ok(false);
        }
        owned_files::sweep(&path).and_then(|()| owned_files::remove(&path)).map_err(self.refused(&path))
    }

    fn list(&self, _: Prompt) -> StoreResult<Entries> {
        let mut entries = Entries { place: printable_path(&self.dir), ..Entries::default() };
        for path in self.files()? {
            if !path.file_name().and_then(OsStr::to_str).is_some_and(|name| self.is_entry_file(name)) {
                continue;
            }
            // It may have been removed since.
            let Some(read) = self.read_file(&path).transpose() else { continue };
            match read.ok().and_then(|bytes| self.decode(&bytes, &path)) {
                Some(contents) if contents.version == VERSION && self.path_of(&contents.entry) == path => {
                    entries.names.push(contents.entry)
                }
                _ => entries.unreadable += 1,
            }
        }
        entries.names.sort();
        Ok(entries)
    }

    fn sweep(&self) -> StoreResult<()> {
        for path in self.files()? {
            let final_name = path.file_name().and_then(OsStr::to_str).and_then(owned_files::final_name);
            let entry_file = final_name.filter(|name| self.is_entry_file(name));
            let Some((hash, _)) = entry_file.and_then(|name| name.split_once('.')) else { continue };
            // The lock's holder may be writing this file, and removes leftovers itself.
            if let Some(_lock) = lock::try_lock(self.name(), &self.dir, hash)? {
                owned_files::remove(&path).map_err(self.refused(&path))?;
            }
        }
        Ok(())
    }

    fn try_lock(&self, entry: &str) -> StoreResult<Option<Box<dyn Lock>>> {
        let no_lock = |error| self.failure(StoreFailureKind::LockUnavailable, &self.dir, error);
        owned_files::create_private_dir(&self.dir).map_err(no_lock)?;
        // Beside the file, so that it is the same lock for every spelling of the directory.
        lock::try_lock(self.name(), &self.dir, &hashed_name(&[entry]))
    }
}

fn associated_data(path: &Path) -> Vec<u8> {
    let name = path.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
    [FORMAT, name].concat()
}

/// Its device and inode, or elsewhere its canonical path.
fn directory_id(dir: &Path) -> io::Result<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(dir).map(|found| format!("{}:{}", found.dev(), found.ino()))
    }
    #[cfg(not(unix))]
    dir.canonicalize().map(|dir| dir.display().to_string())
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
