use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tidp::testing::ports::{self, Lock};

#[derive(Default)]
pub struct Files(pub Mutex<BTreeMap<PathBuf, Vec<u8>>>, Mutex<Interference>);

/// What other users and processes do to the files.
#[derive(Default)]
struct Interference {
    foreign: BTreeSet<PathBuf>,
    full: bool,
    locked: bool,
    pipes: bool,
    /// Whether they stay so when they are read.
    exposed: Option<bool>,
    write_before_lock: Option<(PathBuf, String)>,
}

impl Files {
    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.0.lock().unwrap().get(Path::new(path)).cloned().unwrap_or_default()).unwrap()
    }

    pub fn put(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path.into(), text.into());
    }

    /// Makes all present files look written by another user, until they are written again.
    pub fn are_foreign(&self) {
        self.1.lock().unwrap().foreign = self.0.lock().unwrap().keys().cloned().collect();
    }

    /// Makes every cache write fail: the disk is full.
    pub fn are_full(&self) {
        self.1.lock().unwrap().full = true;
    }

    /// Makes all files pipes.
    pub fn are_pipes(&self) {
        self.1.lock().unwrap().pipes = true;
    }

    /// Makes all files readable by other users, also after they were read as a key if `for_good`.
    pub fn are_exposed(&self, for_good: bool) {
        self.1.lock().unwrap().exposed = Some(for_good);
    }

    /// Makes another process hold the lock of every file.
    pub fn hold_lock(&self) {
        self.1.lock().unwrap().locked = true;
    }

    /// The first attempt to lock fails; before the second, another process writes this file.
    pub fn when_lock_is_taken(&self, path: &str, text: &str) {
        self.1.lock().unwrap().write_before_lock = Some((path.into(), text.to_owned()));
    }
}

struct FileLock;

impl Lock for FileLock {}

impl ports::Files for Files {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(path).cloned())
    }

    fn read_key(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut interference = self.1.lock().unwrap();
        interference.exposed = interference.exposed.filter(|for_good| *for_good);
        drop(interference);
        self.read(path)
    }

    fn others_can_read(&self, _: &Path) -> bool {
        self.1.lock().unwrap().exposed.is_some()
    }

    fn is_pipe(&self, _: &Path) -> bool {
        self.1.lock().unwrap().pipes
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn try_lock(&self, _: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut interference = self.1.lock().unwrap();
        if let Some((path, text)) = interference.write_before_lock.take() {
            self.0.lock().unwrap().insert(path, text.into());
            return Ok(None);
        }
        Ok((!interference.locked).then(|| Box::new(FileLock) as _))
    }

    fn read_own(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.1.lock().unwrap().foreign.contains(path) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => self.read(path),
        }
    }

    fn write_own(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut interference = self.1.lock().unwrap();
        interference.foreign.remove(path);
        if interference.full { Err(io::ErrorKind::StorageFull.into()) } else { self.write(path, bytes) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().remove(path);
        Ok(())
    }
}
