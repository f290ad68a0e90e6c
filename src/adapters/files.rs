//! Files without tokens: configuration, caches of public data, time stamps.

use super::lock;
use super::owned_files;
use crate::domain::text::utf8_text;
use crate::ports::{Files, Lock, MAX_FILE_SIZE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::path::Path;

pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        owned_files::read_named(path, |_, _| ())
    }

    fn read_key(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        owned_files::read_named(path, |file, bytes| {
            let key = utf8_text(bytes).map(|text| STANDARD.decode(text.trim()));
            // Whatever is not a key was named by mistake. A failure is ignored: the key may be root's, or on a
            // read-only disk.
            if matches!(key, Ok(Ok(key)) if key.len() == 32) {
                let _ = owned_files::keep_private(file);
            }
        })
    }

    fn others_can_read(&self, path: &Path) -> bool {
        owned_files::others_can_read(path)
    }

    fn is_pipe(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        owned_files::replace_file(&owned_files::resolve_symlinks(path)?, bytes)
    }

    /// Locks the directory of the file that the symlinks lead to.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        lock::try_lock_dir(owned_files::parent(&owned_files::resolve_symlinks(path)?))
    }

    fn read_own(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        owned_files::make_private(owned_files::parent(path))?;
        let Some(file) = owned_files::open(path)? else { return Ok(None) };
        owned_files::refuse_shared(&file)?;
        owned_files::keep_private(&file)?;
        owned_files::read_all(&file, MAX_FILE_SIZE).map(Some)
    }

    fn write_own(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        owned_files::create_private_dir(owned_files::parent(path))?;
        owned_files::replace_file(path, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        owned_files::remove(path).map(drop)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_written_whole_and_for_its_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/keys.json");
        assert_eq!(SystemFiles.read(&path).unwrap(), None);
        for write in [SystemFiles::write, SystemFiles::write_own] {
            write(&SystemFiles, &path, b"one").unwrap();
            write(&SystemFiles, &path, b"two").unwrap();
            assert_eq!(SystemFiles.read(&path).unwrap().as_deref(), Some(&b"two"[..]));
            assert_eq!(SystemFiles.read_own(&path).unwrap().as_deref(), Some(&b"two"[..]));
        }
        assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&root.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing temporary is left");
        SystemFiles.remove(&path).unwrap();
        SystemFiles.remove(&path).unwrap();
        assert_eq!(SystemFiles.read(&path).unwrap(), None);
    }

    #[test]
    fn reading_a_key_makes_our_file_private() {
        let root = tempfile::tempdir().unwrap();
        let (path, link) = (root.path().join("key"), root.path().join("link"));
        symlink(&path, &link).unwrap();
        let key = format!("{}=\n", "A".repeat(43));
        fs::write(&path, &key).unwrap();
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let read = || assert_eq!(SystemFiles.read_key(&link).unwrap().as_deref(), Some(key.as_bytes()));
        for loose in [0o666, 0o644, 0o440] {
            fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
            read();
            assert_eq!(mode(), loose & 0o700);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            read();
            assert_eq!(mode(), 0o644);
        }
    }

    #[test]
    fn file_without_a_key_keeps_its_mode() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("passwd");
        fs::write(&path, "root:x:0:0").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        SystemFiles.read_key(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn symlink_in_place_of_a_cache_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("precious"), root.path().join("cache"));
        fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        assert!(SystemFiles.read_own(&link).is_err());
        SystemFiles.write_own(&link, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn cache_that_others_may_write_is_refused_and_replaced() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("tidp");
        let path = dir.join("keys.json");
        SystemFiles.write_own(&path, b"ours").unwrap();
        for loose in [0o620, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
            assert!(SystemFiles.read_own(&path).is_err(), "{loose:o}");
            SystemFiles.write_own(&path, b"ours").unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(SystemFiles.read_own(&path).is_ok());
        assert_eq!((mode(&dir), mode(&path)), (0o700, 0o600));
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        SystemFiles.write_own(&path, b"ours").unwrap();
        assert_eq!(mode(&dir), 0o700);
        fs::rename(&dir, root.path().join("real")).unwrap();
        symlink(root.path().join("real"), &dir).unwrap();
        assert!(SystemFiles.read_own(&path).is_err() && SystemFiles.write_own(&path, b"new").is_err());
    }

    #[test]
    fn file_of_another_user_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("keys.json");
        SystemFiles.write_own(&path, b"ours").unwrap();
        // Only the superuser can do this.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            assert!(SystemFiles.read_own(&path).is_err());
        }
    }

    #[test]
    fn write_follows_the_symlink_of_a_configuration() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("dotfiles/tidp.toml"), root.path().join("config/config.toml"));
        fs::create_dir(root.path().join("config")).unwrap();
        symlink("../second", &link).unwrap();
        symlink("dotfiles/tidp.toml", root.path().join("second")).unwrap();
        for text in ["one", "two"] {
            SystemFiles.write(&link, text.as_bytes()).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
            assert_eq!(SystemFiles.read(&link).unwrap().unwrap(), text.as_bytes());
        }
        assert_eq!(fs::read_dir(root.path().join("dotfiles")).unwrap().count(), 1, "nothing temporary is left");
        symlink("b", root.path().join("a")).unwrap();
        symlink("a", root.path().join("b")).unwrap();
        assert!(SystemFiles.write(&root.path().join("a"), b"x").is_err());
    }

    #[test]
    fn the_lock_of_a_file_is_the_one_of_whatever_leads_to_it() {
        let root = tempfile::tempdir().unwrap();
        let link = root.path().join("config.toml");
        symlink("dotfiles/tidp.toml", &link).unwrap();
        let held = SystemFiles.try_lock(&link).unwrap();
        assert!(held.is_some());
        assert!(SystemFiles.try_lock(&root.path().join("dotfiles/tidp.toml")).unwrap().is_none());
        assert!(SystemFiles.try_lock(&root.path().join("another")).unwrap().is_some());
    }

    #[test]
    fn large_files_and_directories_are_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(SystemFiles.read(root.path()).is_err());
        assert!(SystemFiles.read(Path::new("/dev/zero")).is_err());
        let large = root.path().join("large");
        fs::write(&large, vec![0; (1 << 20) + 1]).unwrap();
        assert!(SystemFiles.read(&large).is_err());
    }

    #[test]
    fn contents_of_a_pipe_can_be_read_again() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let there = pipe.clone();
        let writer = std::thread::spawn(move || {
            let mut pipe = fs::OpenOptions::new().write(true).open(there).unwrap();
            // More than a pipe holds.
            (0..3).for_each(|_| io::Write::write_all(&mut pipe, &[b'x'; 100_000]).unwrap());
        });
        assert_eq!(SystemFiles.read(&pipe).unwrap().unwrap().len(), 300_000);
        writer.join().unwrap();
        assert_eq!(SystemFiles.read_key(&pipe).unwrap().unwrap().len(), 300_000, "nobody writes any more");
        assert!(SystemFiles.is_pipe(&pipe) && SystemFiles.is_pipe(Path::new("/dev/null")));
        assert!(!SystemFiles.is_pipe(root.path()) && !SystemFiles.is_pipe(&root.path().join("nothing")));
    }

    #[test]
    fn others_can_read_what_they_can_reach() {
        let root = tempfile::tempdir().unwrap();
        let (dir, path) = (root.path().join("dir"), root.path().join("dir/file"));
        fs::create_dir(&dir).unwrap();
        fs::write(&path, "").unwrap();
        for (root_mode, dir_mode, file_mode, can) in [
            (0o755, 0o711, 0o604, true),
            (0o755, 0o710, 0o640, true),
            (0o700, 0o755, 0o644, false),
            (0o755, 0o744, 0o644, false),
            (0o755, 0o755, 0o622, false),
        ] {
            for (path, mode) in [(root.path(), root_mode), (&dir, dir_mode), (&path, file_mode)] {
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            }
            assert_eq!(SystemFiles.others_can_read(&path), can, "{root_mode:o} {dir_mode:o} {file_mode:o}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, file_mode, "nothing is changed");
        }
        assert!(!SystemFiles.others_can_read(&root.path().join("nothing")));
    }

    #[test]
    fn pipe_in_place_of_our_file_is_refused_without_waiting() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(SystemFiles.read_own(&pipe).is_err());
    }
}
