//! Stores of files, one per entry: `file` (sealed with AES-256-GCM) and `plaintext-file`.
//!
//! A file is named by the SHA-256 of its entry's name. A sealed one is a first line that names the format, a random
//! nonce of 96 bits and the ciphertext of the entry's name and document; the first line and the file's name are
//! authenticated with it, so that no file can take another one's place. Nonces are random, and an entry is written
//! a few times an hour at most: far from the 2^32 messages at which a key should be changed (NIST SP 800-38D 8.3).

use super::lock::{self, hashed};
use super::owned_files::{self, Links};
use super::retry::{self, Notices};
use super::system::random;
use crate::domain::secret::Secret;
use crate::domain::text::{printable, printable_path};
use crate::ports::{Entries, Lock, Store, StoreFailure, StoreFailureKind, Waiting};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// The version of [`Contents`]; another one is refused, never guessed at.
const VERSION: u32 = 1;

/// The first line of a sealed file.
const FORMAT: &[u8] = b"tidp sealed 1\n";

/// The length of a file's name without its extension: SHA-256 in hexadecimal.
const HASHED: usize = 64;

/// The length of a nonce in bytes (NIST SP 800-38D 8.2.2).
const NONCE: usize = 12;

/// A store of files.
pub struct FileStore {
    dir: PathBuf,
    /// The cipher with its key; `None` for plain text.
    cipher: Option<Box<Aes256Gcm>>,
    /// A hash of the key; empty for plain text.
    key_fingerprint: String,
}

/// What a file holds, as JSON.
#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    entry: String,
    document: String,
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.document.zeroize();
    }
}

impl FileStore {
    /// Sealed files in `dir`; `key` is the base64 of 32 random bytes.
    ///
    /// # Errors
    /// [`StoreFailureKind::WrongKey`] if `key` is anything else.
    pub fn sealed(dir: &Path, key: &Secret) -> Result<Self, StoreFailure> {
        let bytes = Zeroizing::new(STANDARD.decode(key.expose().trim()).unwrap_or_default());
        let cipher = Aes256Gcm::new_from_slice(&bytes).map_err(|_| StoreFailure {
            store: "file",
            kind: StoreFailureKind::WrongKey,
            detail: "the key is not the base64 of 32 bytes".into(),
        })?;
        let key_fingerprint = hashed(&["the key of sealed files", &STANDARD.encode(&*bytes)]);
        Ok(Self { dir: dir.to_owned(), cipher: Some(Box::new(cipher)), key_fingerprint })
    }

    /// Readable files in `dir`.
    pub fn plaintext(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), cipher: None, key_fingerprint: String::new() }
    }

    fn extension(&self) -> &'static str {
        if self.cipher.is_some() { "sealed" } else { "json" }
    }

    fn path_of(&self, entry: &str) -> PathBuf {
        self.dir.join(format!("{}.{}", hashed(&[entry]), self.extension()))
    }

    fn failure(&self, kind: StoreFailureKind, path: &Path, why: impl std::fmt::Display) -> StoreFailure {
        StoreFailure { store: self.name(), kind, detail: printable(&format!("{}: {why}", path.display())) }
    }

    fn refused(&self, path: &Path) -> impl Fn(io::Error) -> StoreFailure {
        move |error| self.failure(StoreFailureKind::Refused, path, error)
    }

    /// Whether the directory is there; if so it is this user's alone from now on. A symlink is refused.
    fn enter(&self) -> io::Result<bool> {
        match owned_files::enter(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            entered => entered.map(|()| true),
        }
    }

    /// The lock of that name, if nobody holds it.
    fn lock_named(&self, name: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        lock::try_lock(&self.dir, name).map_err(|error| lock::failure(self.name(), &self.dir, name, &error))
    }

    /// All that lies in the directory.
    fn files(&self) -> Result<Vec<PathBuf>, StoreFailure> {
        let refused = self.refused(&self.dir);
        if !self.enter().map_err(&refused)? {
            return Ok(Vec::new());
        }
        let found = fs::read_dir(&self.dir).map_err(&refused)?;
        found.map(|found| found.map(|found| found.path()).map_err(&refused)).collect()
    }

    /// Whether a file of that name is one that this store writes; others in the directory are none of its business.
    fn is_named_by_an_entry(&self, name: &str) -> bool {
        let stem = name.strip_suffix(self.extension()).and_then(|name| name.strip_suffix('.'));
        stem.is_some_and(|stem| stem.len() == HASHED && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    }

    /// The file's bytes; `None` if there is none.
    fn bytes(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = owned_files::open(path, Links::Refuse)? else { return Ok(None) };
        owned_files::keep_private(&file)?;
        owned_files::read_all(&file, owned_files::LARGEST_ENTRY).map(Some)
    }

    /// Opens what [`Self::closed`] closed; `None` if it is not from there, or the key is another.
    fn contents(&self, bytes: &[u8], path: &Path) -> Option<Contents> {
        let Some(cipher) = &self.cipher else { return serde_json::from_slice(bytes).ok() };
        let sealed = bytes.strip_prefix(FORMAT)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
        let aad = associated(path);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let plain = Zeroizing::new(cipher.decrypt(&Nonce::from(*nonce), payload).ok()?);
        serde_json::from_slice(&plain).ok()
    }

    fn closed(&self, contents: &Contents, path: &Path) -> io::Result<Vec<u8>> {
        let plain = serde_json::to_vec(contents)?;
        let Some(cipher) = &self.cipher else { return Ok(plain) };
        let plain = Zeroizing::new(plain);
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let aad = associated(path);
        let payload = Payload { msg: &plain, aad: &aad };
        let sealed =
            cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| io::Error::other("it could not be sealed"))?;
        Ok([FORMAT, &nonce, &sealed].concat())
    }

    /// The bytes of an entry's file. What fails here fails for ever.
    fn file_of(&self, entry: &str, document: &Secret, path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreFailure> {
        let contents = Contents { version: VERSION, entry: entry.to_owned(), document: document.expose().to_owned() };
        let bytes = Zeroizing::new(self.closed(&contents, path).map_err(self.refused(path))?);
        if bytes.len() as u64 > owned_files::LARGEST_ENTRY {
            return Err(self.failure(StoreFailureKind::Refused, path, "it would be larger than 8 MiB"));
        }
        Ok(bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        owned_files::create_dir(&self.dir).and_then(|()| self.enter()).map_err(self.refused(&self.dir))?;
        // What an earlier write left when it was killed: old tokens, of no use to anybody here.
        owned_files::sweep(path).and_then(|()| owned_files::write_whole(path, bytes)).map_err(self.refused(path))
    }
}

impl Store for FileStore {
    fn name(&self) -> &'static str {
        if self.cipher.is_some() { "file" } else { "plaintext-file" }
    }

    /// The directory itself, however it is spelled or mounted: another container's of the same path is another one.
    fn identity(&self) -> String {
        format!("{}:{}", self.name(), itself(&self.dir).unwrap_or_default())
    }

    fn key_fingerprint(&self) -> String {
        self.key_fingerprint.clone()
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        let path = self.path_of(entry);
        if !self.enter().map_err(self.refused(&self.dir))? {
            return Ok(None);
        }
        let unread = |error| match owned_files::is_no_file_of_ours(&path) {
            true => self.failure(StoreFailureKind::Damaged, &path, error),
            false => self.refused(&path)(error),
        };
        let Some(bytes) = self.bytes(&path).map_err(unread)? else { return Ok(None) };
        match self.contents(&bytes, &path) {
            Some(contents) if contents.version != VERSION => {
                let why = format!("a newer tidp has written it (format {})", contents.version);
                Err(self.failure(StoreFailureKind::Damaged, &path, why))
            }
            Some(contents) if contents.entry == entry => Ok(Some(Secret::new(contents.document.as_str()))),
            // What nobody sealed is handed over as it is: the reader of documents says that it is none.
            _ if self.cipher.is_none() => Ok(Some(Secret::new(String::from_utf8_lossy(&bytes)))),
            _ => {
                let why = "the key does not open it, or it is damaged";
                Err(self.failure(StoreFailureKind::WrongKey, &path, why))
            }
        }
    }

    fn check_writable(&self, _entry: &str) -> Result<(), StoreFailure> {
        let entered = owned_files::create_dir(&self.dir).and_then(|()| self.enter());
        entered.and_then(|_| owned_files::try_writing(&self.dir)).map_err(self.refused(&self.dir))
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let path = self.path_of(entry);
        self.write(&path, &self.file_of(entry, document, &path)?)
    }

    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: Waiting<'_>) -> Result<(), StoreFailure> {
        let path = self.path_of(entry);
        let bytes = self.file_of(entry, document, &path)?;
        retry::until_done(Notices::new(retry::TOLD_EVERY, waiting), |notices| match self.write(&path, &bytes) {
            Ok(()) => ControlFlow::Break(()),
            // A full disk, a directory that went away: whoever reads the notice can mend it.
            Err(failure) => {
                notices.failed(failure);
                ControlFlow::Continue(())
            }
        });
        Ok(())
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        let path = self.path_of(entry);
        if !self.enter().map_err(self.refused(&self.dir))? {
            return Ok(false);
        }
        owned_files::sweep(&path).and_then(|()| owned_files::remove(&path)).map_err(self.refused(&path))
    }

    fn entries(&self) -> Result<Entries, StoreFailure> {
        let mut entries = Entries { place: printable_path(&self.dir), ..Entries::default() };
        for path in self.files()? {
            if !path.file_name().and_then(OsStr::to_str).is_some_and(|name| self.is_named_by_an_entry(name)) {
                continue;
            }
            match self.bytes(&path) {
                // Somebody removed it just now.
                Ok(None) => {}
                Ok(Some(bytes)) => match self.contents(&bytes, &path) {
                    Some(contents) if contents.version == VERSION && self.path_of(&contents.entry) == path => {
                        entries.names.push(contents.entry.clone())
                    }
                    _ => entries.unreadable += 1,
                },
                Err(_) => entries.unreadable += 1,
            }
        }
        entries.names.sort();
        Ok(entries)
    }

    fn sweep(&self) -> Result<(), StoreFailure> {
        for path in self.files()? {
            let becomes = path.file_name().and_then(OsStr::to_str).and_then(owned_files::becomes);
            let Some(becomes) = becomes.filter(|name| self.is_named_by_an_entry(name)) else { continue };
            // Whoever holds the lock may be writing it just now, and sweeps before that.
            if let Some(_lock) = self.lock_named(becomes.split('.').next().unwrap_or_default())? {
                owned_files::remove(&path).map_err(self.refused(&path))?;
            }
        }
        Ok(())
    }

    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        let no_lock = |error| self.failure(StoreFailureKind::NoLock, &self.dir, error);
        owned_files::create_dir(&self.dir).and_then(|()| self.enter()).map_err(no_lock)?;
        // Beside the file, so that it is the same lock however the directory is spelled.
        self.lock_named(&hashed(&[entry]))
    }
}

/// What is authenticated with the contents: the format and the file's name.
fn associated(path: &Path) -> Vec<u8> {
    let name = path.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
    [FORMAT, name].concat()
}

/// What tells the directory from every other: not its name, which may be spelled in many ways, be mounted twice, or be
/// another container's as well.
fn itself(dir: &Path) -> io::Result<String> {
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
