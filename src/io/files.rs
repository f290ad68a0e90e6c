//! Files that hold no token: configuration, caches of public data, warning stamps.

use super::private::{self, Links};
use crate::world::Files;
use std::io;
use std::path::Path;

/// The file system.
#[derive(Debug)]
pub struct SystemFiles;

impl Files for SystemFiles {
    /// A symlink is followed, for a configuration is often one.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        private::open(path, Links::Follow)?.map(private::read_all).transpose()
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        private::write_whole(path, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        private::remove(path).map(drop)
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
        SystemFiles.write(&path, b"one").unwrap();
        SystemFiles.write(&path, b"two").unwrap();
        assert_eq!(SystemFiles.read(&path).unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&root.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing temporary is left");
        SystemFiles.remove(&path).unwrap();
        SystemFiles.remove(&path).unwrap();
        assert_eq!(SystemFiles.read(&path).unwrap(), None);
    }

    #[test]
    fn a_symlink_in_the_place_of_a_cache_is_replaced_and_what_it_points_to_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("precious"), root.path().join("cache"));
        fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        assert_eq!(SystemFiles.read(&link).unwrap().as_deref(), Some(&b"mine"[..]));
        SystemFiles.write(&link, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_is_no_regular_file_or_too_large_is_refused_without_waiting() {
        let root = tempfile::tempdir().unwrap();
        let fifo = root.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(SystemFiles.read(&fifo).is_err());
        assert!(SystemFiles.read(root.path()).is_err());
        assert!(SystemFiles.read(Path::new("/dev/zero")).is_err());
        let large = root.path().join("large");
        fs::write(&large, vec![0; (1 << 20) + 1]).unwrap();
        assert!(SystemFiles.read(&large).is_err());
    }
}
