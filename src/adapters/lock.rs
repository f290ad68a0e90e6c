//! The lock of a secret: `flock` on a directory, which nobody can replace and the kernel releases when the process
//! ends. The configuration's directory is locked in the same way.
//!
//! The keyring's locks are under the home directory of the user database, whatever `$HOME` says, because processes with
//! different environments share one keyring. The database is `/etc/passwd`; a user known only to a name service (LDAP,
//! SSSD) gets `$HOME`.

use super::owned_files;
use crate::domain::text::{hex, printable};
use crate::ports::{Env, Lock, StoreFailure, StoreFailureKind, StoreName, StoreResult};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Closing it releases the lock.
impl Lock for File {}

/// The lock `NAME.lock` under `root`, if it is free. Its directory must be this user's.
pub(super) fn try_lock(store: StoreName, root: &Path, name: &str) -> StoreResult<Option<Box<dyn Lock>>> {
    let path = root.join(format!("{name}.lock"));
    hold(&path, owned_files::keep_private).map_err(|error| lock_failure(store, &path, &error))
}

fn lock_failure(store: StoreName, path: &Path, error: &io::Error) -> StoreFailure {
    // NFS without its lock service (flock(2): `ENOLCK`), or a file system without locks.
    #[cfg(unix)]
    let lacks_service = error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error());
    #[cfg(not(unix))]
    let lacks_service = false;
    let is_unsupported = lacks_service || error.kind() == io::ErrorKind::Unsupported;
    let kind = if is_unsupported { StoreFailureKind::LocksUnsupported } else { StoreFailureKind::LockUnavailable };
    StoreFailure { store, kind, detail: printable(&format!("{}: {error}", path.display())) }
}

/// The lock of `dir` itself, if it is free. Creates it if it is missing; otherwise its owner and mode do not matter.
pub(super) fn try_lock_dir(dir: &Path) -> io::Result<Option<Box<dyn Lock>>> {
    owned_files::create_dir(dir)?;
    let dir = dir.canonicalize()?;
    // Only files can be locked here, and none of ours lies in the user's directory.
    #[cfg(windows)]
    let dir = own_root().ok_or(io::ErrorKind::NotFound)?.join(hashed_name(&[&dir.to_string_lossy()]) + ".lock");
    hold(&dir, |_| Ok(()))
}

/// The lock that is this file or directory, if it is free. It is created if it is missing, and must pass `check`.
fn hold(path: &Path, check: impl Fn(&File) -> io::Result<()>) -> io::Result<Option<Box<dyn Lock>>> {
    const MAX_ATTEMPTS: usize = 100;
    for _ in 0..MAX_ATTEMPTS {
        let file = open_or_create(path)?;
        check(&file)?;
        match file.try_lock() {
            Ok(()) if is_current(path, &file) => return Ok(Some(Box::new(file))),
            // Somebody removed the directory before it was locked: this is not the lock any more.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("its directory keeps being replaced"))
}

#[cfg(unix)]
fn open_or_create(path: &Path) -> io::Result<File> {
    match owned_files::open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            owned_files::create_dir(path).and_then(|()| owned_files::open_dir(path))
        }
        opened => opened,
    }
}

#[cfg(not(unix))]
fn open_or_create(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), owned_files::create_dir)?;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn is_current(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(held)) => (there.dev(), there.ino()) == (held.dev(), held.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_current(_: &Path, _: &File) -> bool {
    true
}

/// A hash as the name of a lock or file, so that no profile name can escape the directory.
pub(super) fn hashed_name(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

pub(super) fn keyring_root(env: &Env) -> Option<PathBuf> {
    if let Some(moved) = env.get("TIDP_LOCK_DIR") {
        return Some(PathBuf::from(moved));
    }
    #[cfg(windows)]
    return own_root();
    #[cfg(unix)]
    {
        let home = home_of_user_database().or_else(|| env.get("HOME").map(PathBuf::from))?;
        Some(home.join(".local/state/tidp/locks"))
    }
}

/// A known folder, which no variable can move: `HOME` differs between shells.
#[cfg(windows)]
fn own_root() -> Option<PathBuf> {
    Some(dirs::data_local_dir()?.join("tidp").join("locks"))
}

/// `/etc/passwd` has no people on macOS.
#[cfg(target_os = "macos")]
fn home_of_user_database() -> Option<PathBuf> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??;
    Some(user.dir).filter(|home| home.is_absolute())
}

#[cfg(all(unix, not(target_os = "macos")))]
fn home_of_user_database() -> Option<PathBuf> {
    let passwd = std::fs::read("/etc/passwd").ok()?;
    home_in(&String::from_utf8_lossy(&passwd), rustix::process::geteuid().as_raw())
}

/// The home directory of this user id (passwd(5)).
#[cfg(all(unix, any(test, not(target_os = "macos"))))]
fn home_in(passwd: &str, uid: u32) -> Option<PathBuf> {
    let entry = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    entry.filter(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(uid)).find_map(|fields| {
        let home = Path::new(*fields.get(5)?);
        home.is_absolute().then(|| home.to_owned())
    })
}

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

    const STORE: StoreName = StoreName::File;

    #[test]
    fn one_holds_the_lock_at_a_time_and_dropping_it_lets_go() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/er");
        let held = try_lock(STORE, &dir, "a").unwrap();
        assert!(held.is_some());
        assert!(try_lock(STORE, &dir, "a").unwrap().is_none());
        assert!(try_lock(STORE, &dir, "b").unwrap().is_some());
        drop(held);
        assert!(try_lock(STORE, &dir, "a").unwrap().is_some());
    }

    #[test]
    fn lock_works_in_a_read_only_directory() {
        let root = tempfile::tempdir().unwrap();
        drop(try_lock(STORE, root.path(), "a").unwrap());
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
        assert!(try_lock(STORE, root.path(), "a").unwrap().is_some());
    }

    #[test]
    fn a_symlink_or_a_file_in_the_place_of_the_lock_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        symlink("/tmp", root.path().join("a.lock")).unwrap();
        std::fs::write(root.path().join("b.lock"), "").unwrap();
        assert!(try_lock(STORE, root.path(), "a").is_err());
        assert!(try_lock(STORE, root.path(), "b").is_err());
        assert!(try_lock(STORE, &root.path().join("b.lock"), "c").is_err(), "the root is a file");
    }

    #[test]
    fn file_system_without_locks_is_recognised() {
        let failure = |error| lock_failure(STORE, Path::new("/there/a.lock"), &error);
        let nolck = failure(io::Error::from_raw_os_error(rustix::io::Errno::NOLCK.raw_os_error()));
        assert_eq!(nolck.kind, StoreFailureKind::LocksUnsupported);
        assert!(nolck.detail.starts_with("/there/a.lock: "), "{}", nolck.detail);
        assert_eq!(failure(io::ErrorKind::Unsupported.into()).kind, StoreFailureKind::LocksUnsupported);
        assert_eq!(failure(io::ErrorKind::NotADirectory.into()).kind, StoreFailureKind::LockUnavailable);
    }

    #[test]
    fn a_directory_that_was_removed_is_not_the_lock_any_more() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.lock");
        let file = owned_files::create_dir(&path).and_then(|()| open_or_create(&path)).unwrap();
        assert!(is_current(&path, &file));
        std::fs::remove_dir(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(!is_current(&path, &file));
    }

    #[test]
    fn a_lock_that_never_stays_the_lock_is_given_up() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.lock");
        assert!(hold(&path, |_| std::fs::remove_dir(&path)).is_err());
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
        assert_ne!(hashed_name(&["a", "bc"]), hashed_name(&["ab", "c"]));
        assert_eq!(hashed_name(&["../x"]).len(), 64);
    }
}
