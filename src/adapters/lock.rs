//! The lock that belongs to a secret: `flock` on a directory, so that nobody can replace what is held, and the kernel
//! lets go when the holder dies. The configuration is changed under such a lock too, on its directory.
//!
//! The keyring's locks lie under the home directory that the user database names, whatever `$HOME` says, because two
//! processes with different environments share one keyring. The database is read from `/etc/passwd`; a user known
//! only to a name service (LDAP, SSSD) has no entry there and gets `$HOME`.

use super::owned_files;
use crate::domain::text::hex;
use crate::domain::text::printable;
use crate::ports::{Env, Lock, StoreFailure, StoreFailureKind};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A held lock: the open directory.
struct Held(#[allow(dead_code)] File); // never read: closing it lets go

impl Lock for Held {}

/// Takes the lock `NAME.lock` under `root` if nobody holds it.
///
/// # Errors
/// If the lock's directory is neither there nor can be made, or belongs to somebody else.
pub(super) fn try_lock(root: &Path, name: &str) -> io::Result<Option<Box<dyn Lock>>> {
    let path = root.join(format!("{name}.lock"));
    let open = || {
        let file = opened(&path)?;
        owned_files::keep_private(&file).map(|()| file)
    };
    held(open, |file| is_still(&path, file))
}

/// What it means that [`try_lock`] has failed; its text says where.
pub(super) fn failure(store: &'static str, root: &Path, name: &str, error: &io::Error) -> StoreFailure {
    let path = root.join(format!("{name}.lock"));
    let kind = if has_no_locks(error) { StoreFailureKind::NoLocksThere } else { StoreFailureKind::NoLock };
    StoreFailure { store, kind, detail: printable(&format!("{}: {error}", path.display())) }
}

/// As NFS without its lock service says it (flock(2): `ENOLCK`), or a file system that knows no locks.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// Takes the lock of `dir` itself, which is created if there is none, if nobody holds it. Whose the directory is does not
/// matter, and its permissions stay as they are.
///
/// # Errors
/// If the directory is neither there nor can be made.
pub(super) fn try_lock_dir(dir: &Path) -> io::Result<Option<Box<dyn Lock>>> {
    owned_files::create_dir(dir)?;
    let dir = dir.canonicalize()?;
    #[cfg(not(unix))]
    let dir = dir.join("tidp.lock"); // only a file can be locked there
    held(|| opened(&dir), |file| is_still(&dir, file))
}

/// How often a lock is taken that turns out not to be the lock any more.
const TRIES: usize = 100;

fn held(open: impl Fn() -> io::Result<File>, is_still: impl Fn(&File) -> bool) -> io::Result<Option<Box<dyn Lock>>> {
    for _ in 0..TRIES {
        let file = open()?;
        match file.try_lock() {
            Ok(()) if is_still(&file) => return Ok(Some(Box::new(Held(file)))),
            // Somebody removed the directory between the two steps: what was locked is not the lock any more.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("its directory is another one each time it is looked at"))
}

#[cfg(unix)]
fn opened(path: &Path) -> io::Result<File> {
    match owned_files::open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            owned_files::create_dir(path).and_then(|()| owned_files::open_dir(path))
        }
        opened => opened,
    }
}

#[cfg(not(unix))]
fn opened(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), owned_files::create_dir)?;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn is_still(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(held)) => (there.dev(), there.ino()) == (held.dev(), held.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still(_: &Path, _: &File) -> bool {
    true
}

/// A lock's or file's name: a hash, so that no profile name can reach another path.
pub(super) fn hashed(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Where the keyring's locks lie; `None` where the user has no home at all.
pub(super) fn keyring_root(env: &Env) -> Option<PathBuf> {
    if let Some(moved) = env.get("TIDP_LOCK_DIR") {
        return Some(PathBuf::from(moved));
    }
    let home = home_of_user_database().or_else(|| env.get("HOME").map(PathBuf::from)).or_else(fallback)?;
    Some(home.join(".local/state/tidp/locks"))
}

#[cfg(unix)]
fn fallback() -> Option<PathBuf> {
    None
}

#[cfg(not(unix))]
fn fallback() -> Option<PathBuf> {
    dirs::home_dir()
}

#[cfg(unix)]
fn home_of_user_database() -> Option<PathBuf> {
    let passwd = std::fs::read("/etc/passwd").ok()?;
    home_in(&String::from_utf8_lossy(&passwd), rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn home_of_user_database() -> Option<PathBuf> {
    None
}

/// The home directory of the first entry with that user id (passwd(5)).
#[cfg(unix)]
fn home_in(passwd: &str, uid: u32) -> Option<PathBuf> {
    let entry = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    entry.filter(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(uid)).find_map(|fields| {
        let home = Path::new(*fields.get(5)?);
        home.is_absolute().then(|| home.to_owned())
    })
}

/// What tells this user from others in a lock's name.
pub(super) fn user_id() -> String {
    #[cfg(unix)]
    return rustix::process::geteuid().as_raw().to_string();
    #[cfg(not(unix))]
    return String::new();
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn one_holds_the_lock_at_a_time_and_dropping_it_lets_go() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/er");
        let held = try_lock(&dir, "a").unwrap();
        assert!(held.is_some());
        assert!(try_lock(&dir, "a").unwrap().is_none());
        assert!(try_lock(&dir, "b").unwrap().is_some());
        drop(held);
        assert!(try_lock(&dir, "a").unwrap().is_some());
    }

    #[test]
    fn a_lock_in_a_directory_that_cannot_be_written_any_more_still_works() {
        let root = tempfile::tempdir().unwrap();
        drop(try_lock(root.path(), "a").unwrap());
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
        assert!(try_lock(root.path(), "a").unwrap().is_some());
    }

    #[test]
    fn a_symlink_or_a_file_in_the_place_of_the_lock_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        symlink("/tmp", root.path().join("a.lock")).unwrap();
        std::fs::write(root.path().join("b.lock"), "").unwrap();
        assert!(try_lock(root.path(), "a").is_err());
        assert!(try_lock(root.path(), "b").is_err());
        assert!(try_lock(&root.path().join("b.lock"), "c").is_err(), "the root is a file");
    }

    #[test]
    fn a_file_system_without_locks_is_told_apart_and_the_place_is_the_locks_own() {
        let failure = |error| failure("file", Path::new("/there"), "a", &error);
        let nolck = failure(io::Error::from_raw_os_error(rustix::io::Errno::NOLCK.raw_os_error()));
        assert_eq!(nolck.kind, StoreFailureKind::NoLocksThere);
        assert!(nolck.detail.starts_with("/there/a.lock: "), "{}", nolck.detail);
        assert_eq!(failure(io::ErrorKind::Unsupported.into()).kind, StoreFailureKind::NoLocksThere);
        assert_eq!(failure(io::ErrorKind::NotADirectory.into()).kind, StoreFailureKind::NoLock);
    }

    #[test]
    fn a_directory_that_was_removed_is_not_the_lock_any_more() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.lock");
        let file = owned_files::create_dir(&path).and_then(|()| opened(&path)).unwrap();
        assert!(is_still(&path, &file));
        std::fs::remove_dir(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(!is_still(&path, &file));
    }

    #[test]
    fn a_lock_that_never_stays_the_lock_is_given_up() {
        let root = tempfile::tempdir().unwrap();
        assert!(held(|| opened(root.path()), |_| false).is_err());
    }

    #[test]
    fn a_directory_is_locked_as_it_is_by_whatever_name() {
        let root = tempfile::tempdir().unwrap();
        let (dir, link) = (root.path().join("a"), root.path().join("link"));
        symlink(&dir, &link).unwrap();
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        let held = try_lock_dir(&dir).unwrap();
        assert!(held.is_some() && try_lock_dir(&link).unwrap().is_none());
        drop(held);
        assert!(try_lock_dir(&link).unwrap().is_some());
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0, "nothing is left in the user's directory");
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o755);
        assert!(try_lock_dir(&root.path().join("new/er")).unwrap().is_some());
    }

    #[test]
    fn the_home_is_the_user_databases() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n#\nkari:x:1000:1000:Kari,,,:/home/kari:/bin/sh\nodd:x:7:7::rel:";
        assert_eq!(home_in(passwd, 1000), Some(PathBuf::from("/home/kari")));
        assert_eq!(home_in(passwd, 7), None);
        assert_eq!(home_in(passwd, 1001), None);
    }

    #[test]
    fn names_that_join_to_the_same_text_have_different_hashes() {
        assert_ne!(hashed(&["a", "bc"]), hashed(&["ab", "c"]));
        assert_eq!(hashed(&["../x"]).len(), 64);
    }
}
