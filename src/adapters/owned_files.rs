//! Files and directories that only this user may access.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::file_operations::{retry_while_in_use, sync};
use crate::domain::mutex::lock_mutex;
use crate::ports::MAX_FILE_SIZE;

/// The largest file of an entry, in bytes. It has room for the largest response (1 MiB) and an older ID token, with
/// every character escaped twice: no response that has used up a refresh token is too large to be stored.
pub(super) const MAX_ENTRY_SIZE: u64 = 8 * MAX_FILE_SIZE;

/// Creates the directory and its parents, `0700`.
pub(super) fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// As [`create_dir`]; a directory that exists becomes private, and a symlink is an error.
pub(super) fn create_private_dir(dir: &Path) -> io::Result<()> {
    create_dir(dir)?;
    make_private(dir).map(drop)
}

/// Replaces the file: a temporary file (`0600`) beside it, sync, rename, sync of the directory. A symlink is replaced,
/// not followed.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = parent(path);
    create_dir(dir)?;
    #[cfg(unix)]
    super::signals::fatal::survive_file_size_limit();
    let mut file = tempfile::Builder::new().prefix(&temporary_prefix(path)).tempfile_in(dir)?;
    file.write_all(bytes)?;
    sync(file.as_file())?;
    rename(file, path)?;
    sync_dir(dir)
}

/// Removes temporary files of killed writers. Only for the holder of the lock: a writer would lose its file.
pub(super) fn sweep(path: &Path) -> io::Result<()> {
    let prefix = temporary_prefix(path);
    for found in fs::read_dir(parent(path))? {
        let found = found?;
        if found.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            remove(&found.path())?;
        }
    }
    Ok(())
}

/// Writes a temporary file as large as a session, because an empty one fits on a full disk. It has no name where the
/// file system supports that, so that a killed process leaves nothing.
pub(super) fn test_write(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    super::signals::fatal::survive_file_size_limit();
    let mut file = tempfile::tempfile_in(dir)?;
    file.write_all(&[0; 16 * 1024])?;
    sync(&file)
}

const TEMPORARY_PREFIX: &str = ".tidp-";

/// The name of the file that a temporary file was meant for.
pub(super) fn final_name(temporary: &str) -> Option<&str> {
    Some(temporary.strip_prefix(TEMPORARY_PREFIX)?.rsplit_once('-')?.0)
}

fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(TEMPORARY_PREFIX);
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes the file; returns whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    let removed = if_found(retry_while_in_use(|| fs::remove_file(path)))?.is_some();
    if removed {
        sync_dir(parent(path))?;
    }
    Ok(removed)
}

/// The path to which all symlinks of `path` lead. The target need not exist.
pub(super) fn resolve_symlinks(path: &Path) -> io::Result<PathBuf> {
    // The limit of Linux (path_resolution(7)).
    const MAX_SYMLINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_SYMLINKS {
        match if_found(fs::symlink_metadata(&path))? {
            Some(found) if found.is_symlink() => path = parent(&path).join(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(refused("its symbolic links lead in a circle"))
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The result; `None` if there is no such file or directory.
fn if_found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(unix)]
fn rename(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|failed| failed.error)
}

/// `keep` takes the attribute "temporary" off the file: with it, Windows may write the file to the disk much later.
#[cfg(windows)]
fn rename(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    let (file, temporary) = file.keep().map_err(|failed| failed.error)?;
    drop(file);
    retry_while_in_use(|| fs::rename(&temporary, path)).inspect_err(|_| drop(fs::remove_file(&temporary)))
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    sync(&File::open(dir)?)?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Opens a directory, but not a symlink to one.
#[cfg(unix)]
pub(super) fn open_dir(dir: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(dir)
}

/// Makes the directory private to this user; returns whether there is one. A symlink is an error.
#[cfg(unix)]
pub(super) fn make_private(dir: &Path) -> io::Result<bool> {
    if_found(open_dir(dir))?.map_or(Ok(false), |dir| keep_private(&dir).map(|()| true))
}

/// Whether there is a directory. Its permissions are not checked on this system.
#[cfg(not(unix))]
pub(super) fn make_private(dir: &Path) -> io::Result<bool> {
    match if_found(fs::symlink_metadata(dir))? {
        Some(found) if !found.is_dir() => Err(ErrorKind::NotADirectory.into()),
        found => Ok(found.is_some()),
    }
}

/// Opens a regular file; `None` if there is none. A symlink is refused, and a FIFO without waiting for its writer.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(refused("it is a symbolic link"));
    }
    match if_found(options.open(path))? {
        Some(file) if !file.metadata()?.is_file() => Err(refused("it is not a regular file")),
        file => Ok(file),
    }
}

/// What pipes held, because a pipe can be read only once.
static PIPE_CONTENTS: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// As [`crate::ports::Files::read`]. `inspect` sees regular files.
pub(super) fn read_named(path: &Path, inspect: impl FnOnce(&File, &[u8])) -> io::Result<Option<Vec<u8>>> {
    let mut pipes = lock_mutex(&PIPE_CONTENTS);
    if let Some(bytes) = pipes.get(path) {
        return Ok(Some(bytes.clone()));
    }
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(refused("it is a directory"));
    }
    let Some(file) = if_found(File::open(path))? else { return Ok(None) };
    let bytes = read_all(&file, MAX_FILE_SIZE)?;
    if file.metadata()?.is_file() {
        inspect(&file, &bytes);
    } else {
        pipes.insert(path.to_owned(), bytes.clone());
    }
    Ok(Some(bytes))
}

/// Whether we cannot have written this.
pub(super) fn is_foreign(path: &Path) -> bool {
    let Ok(found) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != rustix::process::geteuid().as_raw() {
        return true;
    }
    !found.is_file() || found.len() > MAX_ENTRY_SIZE
}

/// At most `max` bytes (a multiple of 1 MiB, for the message).
pub(super) fn read_all(file: &File, max: u64) -> io::Result<Vec<u8>> {
    // Enough for most files; growing the buffer would take many small reads.
    let mut bytes = Vec::with_capacity(8192);
    match file.take(max + 1).read_to_end(&mut bytes)? as u64 > max {
        true => Err(refused(&format!("it is larger than {} MiB", max >> 20))),
        false => Ok(bytes),
    }
}

/// Makes the file or directory private to this user; an error if it belongs to another.
pub(super) fn keep_private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let found = file.metadata()?;
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused("it belongs to another user"));
        }
        if found.mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(found.mode() & 0o700))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Whether other users can read the file: its mode allows that, and the modes of all its directories let them get there.
#[cfg(unix)]
pub(super) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let allows = |path: &Path, bits| fs::metadata(path).is_ok_and(|found| found.mode() & bits != 0);
    path.canonicalize().is_ok_and(|path| allows(&path, 0o044) && path.ancestors().skip(1).all(|dir| allows(dir, 0o011)))
}

#[cfg(not(unix))]
pub(super) fn others_can_read(_: &Path) -> bool {
    false
}

/// Fails if others may write the file: nobody knows who wrote what is in it.
pub(super) fn refuse_shared(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o022 != 0 {
        return Err(refused("others may write to it"));
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn refused(why: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}
