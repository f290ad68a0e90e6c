use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

fn key(byte: u8) -> Secret {
    Secret::new(STANDARD.encode([byte; 32]))
}

fn both(dir: &Path) -> [FileStore; 2] {
    [FileStore::sealed(dir, &key(1)).unwrap(), FileStore::plaintext(dir)]
}

/// The names of the readable entries, and the number of unreadable ones.
fn entries(store: &FileStore) -> (Vec<String>, usize) {
    let entries = store.entries().unwrap();
    (entries.names, entries.unreadable)
}

fn only_file(dir: &Path) -> PathBuf {
    fs::read_dir(dir).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn saved_entry_is_loaded_listed_and_deleted() {
    let root = tempfile::tempdir().unwrap();
    for store in both(&root.path().join("new/sessions")) {
        assert_eq!((store.load("a"), entries(&store), store.delete("a")), (Ok(None), (vec![], 0), Ok(false)));
        store.save("a", &Secret::new("old")).unwrap();
        store.save("a", &Secret::new("new")).unwrap();
        store.save("../x/NUL\0æ", &Secret::new("other")).unwrap();
        assert_eq!(store.load("a"), Ok(Some(Secret::new("new"))));
        assert_eq!(entries(&store), (vec!["../x/NUL\0æ".to_owned(), "a".to_owned()], 0));
        assert_eq!((store.delete("a"), store.load("a")), (Ok(true), Ok(None)));
    }
}

#[test]
fn encrypted_file_reveals_nothing_and_is_never_the_same() {
    let root = tempfile::tempdir().unwrap();
    let store = &both(root.path())[0];
    let written = || {
        store.save("the-name", &Secret::new("the-document")).unwrap();
        fs::read(only_file(root.path())).unwrap()
    };
    let (first, second) = (written(), written());
    assert_ne!(first, second);
    let text = String::from_utf8_lossy(&first).into_owned();
    assert!(!text.contains("the-name") && !text.contains("the-document"));
}

#[test]
fn wrong_key_damage_and_renaming_are_detected() {
    let root = tempfile::tempdir().unwrap();
    let store = &both(root.path())[0];
    store.save("a", &Secret::new("document")).unwrap();
    let kind = |result: Result<Option<Secret>, StoreFailure>| result.unwrap_err().kind;
    let stranger = FileStore::sealed(root.path(), &key(2)).unwrap();
    assert_eq!(kind(stranger.load("a")), StoreFailureKind::WrongKey);
    assert_eq!(entries(&stranger), (vec![], 1));

    fs::copy(store.path_of("a"), store.path_of("b")).unwrap();
    assert_eq!(kind(store.load("b")), StoreFailureKind::WrongKey);
    let mut bytes = fs::read(store.path_of("a")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(store.path_of("a"), &bytes).unwrap();
    assert_eq!(kind(store.load("a")), StoreFailureKind::WrongKey);
    assert_eq!((store.delete("b"), store.delete("b")), (Ok(true), Ok(false)), "removing needs no key");
    store.save("a", &Secret::new("recovered")).unwrap();
    assert_eq!(store.load("a"), Ok(Some(Secret::new("recovered"))));
}

#[test]
fn a_loose_directory_and_a_loose_file_are_tightened() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("loose");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for store in both(&dir) {
        store.save("a", &Secret::new("1")).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(store.path_of("a"), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(store.load("a"), Ok(Some(Secret::new("1"))));
        assert_eq!((mode(&dir), mode(&store.path_of("a"))), (0o700, 0o600));
    }
}

#[test]
fn plain_files_that_others_can_read_are_counted_until_they_are_private() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("loose");
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set_mode(root.path(), 0o755);
    for store in both(&dir) {
        let is_plain = store.name() == StoreName::PlaintextFile;
        assert_eq!(store.exposed_files(), 0, "no directory");
        ["a", "b"].iter().for_each(|entry| store.save(entry, &Secret::new("1")).unwrap());
        fs::write(dir.join("another"), "").unwrap();
        [&store.path_of("a"), &dir.join("another")].iter().for_each(|path| set_mode(path, 0o644));
        assert_eq!(store.exposed_files(), 0, "the directory is private");
        set_mode(&dir, 0o755);
        assert_eq!(store.exposed_files(), usize::from(is_plain));
        store.load("a").unwrap();
        assert_eq!(store.exposed_files(), 0);
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_symlink_a_fifo_and_a_file_that_is_too_large_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = root.path().join("elsewhere");
    fs::write(&elsewhere, "{}").unwrap();
    for store in both(root.path()) {
        let path = store.path_of("a");
        let refused = |what: &str| {
            assert_eq!(store.load("a").unwrap_err().kind, StoreFailureKind::Damaged, "{what}");
            assert_eq!((store.delete("a"), elsewhere.exists()), (Ok(true), true), "{what}");
        };
        symlink(&elsewhere, &path).unwrap();
        refused("symlink");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        refused("fifo");
        fs::write(&path, vec![b' '; 8 << 20 | 1]).unwrap();
        refused("too large");
        let large = Secret::new("x".repeat(8 << 20));
        assert_eq!(store.save("a", &large).unwrap_err().kind, StoreFailureKind::Refused);
        fs::create_dir(&path).unwrap();
        assert_eq!(store.load("a").unwrap_err().kind, StoreFailureKind::Damaged);
        assert_eq!(store.delete("a").unwrap_err().kind, StoreFailureKind::Refused, "a directory");
    }
}

#[test]
fn file_of_another_version_is_refused_but_deletable() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        let path = store.path_of("a");
        let newer = Contents { version: 2, entry: "a".into(), document: Secret::new("s3cret") };
        fs::write(&path, store.encode(&newer, &path).unwrap()).unwrap();
        let failure = store.load("a").unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::Damaged);
        assert!(failure.detail.ends_with("a newer tidp has written it (format 2)"), "{}", failure.detail);
        let entries = store.entries().unwrap();
        assert_eq!((entries.names.len(), entries.unreadable), (0, 1));
        assert_eq!(store.delete("a"), Ok(true));
    }
}

#[test]
fn a_lock_that_cannot_be_had_names_its_own_place() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        let lock = root.path().join(format!("{}.lock", hashed_name(&["a"])));
        fs::write(&lock, "").unwrap();
        let failure = store.try_lock("a").err().unwrap();
        assert_eq!(failure.kind, StoreFailureKind::LockUnavailable);
        assert!(failure.detail.starts_with(&format!("{}: ", lock.display())), "{}", failure.detail);
        fs::remove_file(&lock).unwrap();
    }
}

#[test]
fn directory_that_is_a_symlink_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let (real, link) = (root.path().join("real"), root.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    for store in both(&link) {
        assert_eq!(store.save("a", &Secret::new("1")).unwrap_err().kind, StoreFailureKind::Refused);
        assert_eq!(store.load("a").unwrap_err().kind, StoreFailureKind::Refused);
        assert_eq!(store.try_lock("a").err().unwrap().kind, StoreFailureKind::LockUnavailable);
    }
    assert_eq!(fs::read_dir(&real).unwrap().count(), 0);
}

#[test]
fn invalid_plaintext_file_is_returned_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let store = FileStore::plaintext(root.path());
    store.save("a", &Secret::new("1")).unwrap();
    fs::copy(store.path_of("a"), store.path_of("b")).unwrap();
    assert_eq!(entries(&store), (vec!["a".to_owned()], 1), "a copy is no entry of its own, but may hold a token");
    fs::write(store.path_of("a"), "{\"half").unwrap();
    assert_eq!(store.load("a"), Ok(Some(Secret::new("{\"half"))));
    assert_eq!(entries(&store), (vec![], 2));
}

#[test]
fn the_lock_is_one_however_the_directory_is_spelled() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("sessions");
    let spelled = FileStore::plaintext(&root.path().join("sessions/../sessions"));
    let store = FileStore::plaintext(&dir);
    let held = store.try_lock("a").unwrap();
    assert!(held.is_some() && spelled.try_lock("a").unwrap().is_none());
    assert_eq!(store.identity(), spelled.identity());
}

#[test]
fn identity_follows_the_directory_and_fingerprint_the_key() {
    let root = tempfile::tempdir().unwrap();
    let (real, link, other) = (root.path().join("real"), root.path().join("link"), root.path().join("other"));
    symlink(&real, &link).unwrap();
    FileStore::plaintext(&real).save("a", &Secret::new("1")).unwrap();
    fs::create_dir(&other).unwrap();
    let identity = |dir: &Path| FileStore::plaintext(dir).identity();
    assert_eq!(identity(&real), identity(&link));
    assert_ne!(identity(&real), identity(&other));
    // Another directory with the same path, as in another container.
    let before = identity(&real);
    fs::rename(&real, root.path().join("away")).unwrap();
    fs::rename(&other, &real).unwrap();
    assert_ne!(identity(&real), before);
    let opened = |byte: u8| FileStore::sealed(&real, &key(byte)).unwrap().key_fingerprint();
    assert!(opened(1) == opened(1) && opened(1) != opened(2) && !opened(1).is_empty());
}

#[test]
fn write_and_delete_remove_leftovers() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        let name = store.path_of("a").file_name().unwrap().to_str().unwrap().to_owned();
        let left = root.path().join(format!(".tidp-{name}-k1LLed"));
        let others = root.path().join(".tidp-another.json-k1LLed");
        let after = |step: &dyn Fn()| {
            fs::write(&left, "a token").unwrap();
            fs::write(&others, "somebody is writing this").unwrap();
            step();
            assert!(!left.exists() && others.exists());
        };
        after(&|| store.save("a", &Secret::new("1")).unwrap());
        after(&|| assert_eq!(store.delete("a"), Ok(true)));
    }
}

#[test]
fn write_is_repeated_until_the_directory_is_writable() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("sessions");
    for store in both(&dir) {
        fs::write(&dir, "a file where the directory should be").unwrap();
        assert_eq!(store.save("a", &Secret::new("1")).unwrap_err().kind, StoreFailureKind::Refused);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::park_timeout(Duration::from_millis(300));
                fs::remove_file(&dir).unwrap();
            });
            store.save_with_retries("a", &Secret::new("1"), &|_, _| {}).unwrap();
        });
        assert_eq!(store.load("a"), Ok(Some(Secret::new("1"))));
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn largest_response_can_be_stored() {
    let root = tempfile::tempdir().unwrap();
    // A session's document is text within text: the worst character becomes four. Two responses: one with an ID token
    // that is kept.
    let worst = Secret::new("\"".repeat(1 << 20) + &"x".repeat(1 << 20));
    let worst = Secret::new(serde_json::to_string(worst.expose()).unwrap());
    for store in both(root.path()) {
        store.save("a", &worst).unwrap();
        assert_eq!(store.load("a"), Ok(Some(worst.clone())));
    }
}

#[test]
fn oversized_document_is_not_retried() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        let large = Secret::new("x".repeat(8 << 20));
        assert_eq!(store.save_with_retries("a", &large, &|_, _| {}).unwrap_err().kind, StoreFailureKind::Refused);
    }
}

#[test]
fn a_damaged_file_hides_no_other_entry_and_is_counted() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        store.save("a", &Secret::new("1")).unwrap();
        store.save("b", &Secret::new("2")).unwrap();
        fs::write(store.path_of("a"), "damaged").unwrap();
        fs::create_dir(store.path_of("c")).unwrap();
        symlink("/nowhere", store.path_of("d")).unwrap();
        // Not ours, or the other store's.
        for name in ["cafe.json", "cafe.sealed", &format!("{}.json", "g".repeat(64))] {
            fs::write(root.path().join(name), "{}").unwrap();
        }
        assert_eq!(entries(&store), (vec!["b".to_owned()], 3));
        assert_eq!(store.entries().unwrap().place, root.path().to_str().unwrap());
    }
}

#[test]
fn sweep_removes_leftovers_but_no_write_in_progress() {
    let root = tempfile::tempdir().unwrap();
    for store in both(root.path()) {
        let left = |entry: &str| {
            let name = store.path_of(entry).file_name().unwrap().to_str().unwrap().to_owned();
            let path = root.path().join(format!(".tidp-{name}-k1LLed"));
            fs::write(&path, "a token").unwrap();
            path
        };
        let (killed, going_on) = (left("a"), left("b"));
        let others = root.path().join(".tidp-another.json-k1LLed");
        fs::write(&others, "not ours").unwrap();
        let held = store.try_lock("b").unwrap();
        store.sweep().unwrap();
        assert!(!killed.exists() && going_on.exists() && others.exists());
        drop(held);
        store.sweep().unwrap();
        assert!(!going_on.exists());
    }
}

#[test]
fn write_check_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("sessions");
    for store in both(&dir) {
        fs::write(&dir, "a file where the directory should be").unwrap();
        assert_eq!(store.check_writable("entry").unwrap_err().kind, StoreFailureKind::Refused);
        fs::remove_file(&dir).unwrap();
        assert_eq!(store.check_writable("entry"), Ok(()));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        fs::remove_dir(&dir).unwrap();
    }
}
