//! Files and directories for this user alone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ports::LARGEST_FILE;

/// The largest file of an entry, in bytes. Whatever a provider's answer may be (1 MiB) fits into it, beside an ID token from
/// an earlier one and with every character escaped twice: an answer that has cost a refresh token is not too large to be
/// stored.
pub(super) const LARGEST_ENTRY: u64 = 8 * LARGEST_FILE;

/// Creates the directory and what is missing above it, `0700`.
pub(super) fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes the file whole: a temporary file (`0600`) beside it, sync, rename, sync of the directory. A symlink in its
/// place is replaced, not followed.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = parent(path);
    create_dir(dir)?;
    #[cfg(unix)]
    super::ignored_signals::outlive_full_files();
    let mut file = tempfile::Builder::new().prefix(&half_written(path)).tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_dir(dir)
}

/// Removes what a write that was killed has left beside the file. For whoever holds the lock under which it is written:
/// a write that is going on loses its file.
pub(super) fn sweep(path: &Path) -> io::Result<()> {
    let prefix = half_written(path);
    for found in fs::read_dir(parent(path))? {
        let found = found?;
        if found.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            remove(&found.path())?;
        }
    }
    Ok(())
}

/// Writes a file as large as a session, for an empty one fits on a full disk. It has no name where the file system has such
/// files, so that whoever is killed meanwhile leaves nothing.
pub(super) fn try_writing(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    super::ignored_signals::outlive_full_files();
    let mut file = tempfile::tempfile_in(dir)?;
    file.write_all(&[0; 16 * 1024])?;
    file.sync_all()
}

/// What the name of a temporary file begins with.
const HALF_WRITTEN: &str = ".tidp-";

/// The name of the file that a temporary one of that name would have become.
pub(super) fn becomes(temporary: &str) -> Option<&str> {
    Some(temporary.strip_prefix(HALF_WRITTEN)?.rsplit_once('-')?.0)
}

/// How the name of a temporary file begins that will be `path`.
fn half_written(path: &Path) -> OsString {
    let mut prefix = OsString::from(HALF_WRITTEN);
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes the file; whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir(parent(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The file that `path` leads to, through however many symlinks: where it is, or would be.
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows (path_resolution(7)).
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(next) => path = parent(&path).join(next),
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused("its symbolic links lead in a circle"))
}

/// The directory a file lies in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename last.
fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Opens a directory, not through a symlink in the last place.
#[cfg(unix)]
pub(super) fn open_dir(dir: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(dir)
}

/// Sees to it that the directory is this user's alone; a symlink in its place is an error.
#[cfg(unix)]
pub(super) fn enter(dir: &Path) -> io::Result<()> {
    open_dir(dir).and_then(|dir| keep_private(&dir))
}

/// As on Unix, as far as permissions can be seen.
#[cfg(not(unix))]
pub(super) fn enter(dir: &Path) -> io::Result<()> {
    match fs::symlink_metadata(dir)?.is_dir() {
        true => Ok(()),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// Whether a symlink in the last place is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// It is.
    Follow,
    /// It is an error.
    Refuse,
}

/// Opens a regular file for reading, `None` if there is none. Never waits for a FIFO's writer.
pub(super) fn open(path: &Path, links: Links) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let mut flags = OFlags::NONBLOCK;
        flags.set(OFlags::NOFOLLOW, links == Links::Refuse);
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if links == Links::Refuse && fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(refused("it is a symbolic link"));
    }
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if !file.metadata()?.is_file() {
        return Err(refused("it is no regular file"));
    }
    Ok(Some(file))
}

/// A file that the user has named: a symlink is followed, and a pipe or device (`<(…)`, `/dev/stdin`) is waited for.
/// `None` if there is none.
fn open_named(path: &Path) -> io::Result<Option<(File, bool)>> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if found.is_dir() {
        return Err(refused("it is a directory"));
    }
    match found.is_file() {
        true => Ok(open(path, Links::Follow)?.map(|file| (file, true))),
        false => File::open(path).map(|pipe| Some((pipe, false))),
    }
}

/// What pipes have held. One can be read once, and a command reads some files more often.
static READ: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// The bytes of a file or pipe that the user has named, at most 1 MiB; `None` if there is none. A file is shown to `look`.
pub(super) fn read_named(path: &Path, look: impl FnOnce(&File, &[u8])) -> io::Result<Option<Vec<u8>>> {
    let mut pipes = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = pipes.get(path) {
        return Ok(Some(bytes.clone()));
    }
    let Some((file, is_regular)) = open_named(path)? else { return Ok(None) };
    let bytes = read_all(&file, LARGEST_FILE)?;
    if is_regular {
        look(&file, &bytes);
    } else {
        pipes.insert(path.to_owned(), bytes.clone());
    }
    Ok(Some(bytes))
}

/// Whether there stands something that is no file, so that none can be put in its place.
pub(super) fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Whether there stands what no write of ours has put there: no regular file, one too large, or another user's. A symlink
/// is not followed.
pub(super) fn is_no_file_of_ours(path: &Path) -> bool {
    let Ok(found) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != rustix::process::geteuid().as_raw() {
        return true;
    }
    !found.is_file() || found.len() > LARGEST_ENTRY
}

/// Reads what is left of the file, at most `largest` bytes, which are whole MiB.
pub(super) fn read_all(file: &File, largest: u64) -> io::Result<Vec<u8>> {
    // Room for what such a file usually holds: one that grows as it is read is filled by many small reads.
    let mut bytes = Vec::with_capacity(8192);
    file.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= largest {
        return Ok(bytes);
    }
    Err(refused(&format!("it is larger than {} MiB", largest >> 20)))
}

/// Sees to it that the file or directory is this user's and nobody else's: loose permissions are tightened.
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

/// Refuses what others could have written: tightening it now would not tell who wrote what is in it.
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
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
