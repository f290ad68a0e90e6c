use super::*;
use crate::adapters::memory_store::MemoryStore;
use crate::domain::session::tests::logged_in;
use crate::domain::session::{HeldToken, RefreshToken, Session};
use crate::domain::time::Time;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A session whose access token alone is larger than an entry.
fn session(refresh_token: &str) -> Session {
    let mut session = logged_in(Time::from_unix(1_800_000_000), Some(refresh_token));
    session.access_token.value = Secret::new("at".repeat(2000));
    session
}

fn over(memory: &MemoryStore, dir: &Path) -> OverflowStore {
    OverflowStore::new(Box::new(memory.clone()), 2560, dir.join("entries"))
}

/// A store without entries that notes whether it might have asked its user.
#[derive(Clone, Default)]
struct AskingStore(Arc<Mutex<Vec<Prompt>>>);

impl AskingStore {
    fn note(&self, prompt: Prompt) {
        self.0.lock().unwrap().push(prompt);
    }
}

impl Store for AskingStore {
    fn name(&self) -> StoreName {
        StoreName::Keyring
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn read(&self, _: &str, prompt: Prompt) -> Result<Option<Secret>, StoreFailure> {
        self.note(prompt);
        Ok(None)
    }

    fn write(&self, _: &str, _: &Secret, prompt: Prompt) -> Result<(), StoreFailure> {
        self.note(prompt);
        Ok(())
    }

    fn save_with_retries(&self, _: &str, _: &Secret, _: WaitCallback<'_>) -> Result<(), StoreFailure> {
        Ok(())
    }

    fn delete(&self, _: &str) -> Result<bool, StoreFailure> {
        Ok(false)
    }

    fn list(&self, prompt: Prompt) -> Result<Entries, StoreFailure> {
        self.note(prompt);
        Ok(Entries::default())
    }

    fn try_lock(&self, _: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        Ok(None)
    }
}

#[test]
fn a_prompt_is_as_allowed_as_the_caller_says() {
    let (asking, root) = (AskingStore::default(), tempfile::tempdir().unwrap());
    let store = OverflowStore::new(Box::new(asking.clone()), 2560, root.path().join("entries"));
    let document = session("rt-1").to_json();
    store.read("a", Prompt::Forbidden).unwrap();
    store.write("a", &document, Prompt::Forbidden).unwrap();
    store.list(Prompt::Forbidden).unwrap();
    assert_eq!(std::mem::take(&mut *asking.0.lock().unwrap()), [Prompt::Forbidden; 3]);
    store.load("a").unwrap();
    store.save("a", &document).unwrap();
    store.entries().unwrap();
    assert_eq!(*asking.0.lock().unwrap(), [Prompt::Allowed; 3]);
}

fn only_file(dir: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(dir.join("entries")).unwrap().map(|found| found.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

/// What is left of a session without its file.
fn least_of(session: &Session) -> Result<Option<Secret>, StoreFailure> {
    Ok(Some(minimal_session(&session.to_json()).unwrap()))
}

#[test]
fn document_that_fits_has_no_file() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    let store = over(&memory, root.path());
    let document = Secret::new("x".repeat(2560));
    store.save("a", &document).unwrap();
    assert_eq!((memory.load("a"), store.load("a")), (Ok(Some(document.clone())), Ok(Some(document))));
    assert!(!root.path().join("entries").exists());
}

#[test]
fn document_that_does_not_fit_is_restored_from_the_file() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    let store = over(&memory, root.path());
    for (save, token) in [("plainly", "rt-1"), ("at any cost", "rt-2")] {
        let document = session(token).to_json();
        match save {
            "plainly" => store.save("a", &document).unwrap(),
            _ => store.save_with_retries("a", &document, &|_, _| {}).unwrap(),
        }
        let entry = memory.load("a").unwrap().unwrap();
        assert!(entry.expose().len() <= 2560 && entry.expose().contains(token));
        assert_eq!(store.load("a"), Ok(Some(document)));
        let file = String::from_utf8_lossy(&fs::read(only_file(root.path())).unwrap()).into_owned();
        assert!(!file.contains("atat") && !file.contains(token));
    }
    assert_eq!(store.entries(), Ok(vec!["a".to_owned()].into()));
    assert_eq!(store.delete("a"), Ok(true));
    assert_eq!(fs::read_dir(root.path().join("entries")).unwrap().count(), 0);
    assert_eq!((store.load("a"), store.delete("a")), (Ok(None), Ok(false)));
}

#[test]
fn unusable_file_costs_no_refresh_token() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    let store = over(&memory, root.path());
    let (old, new) = (session("rt-1"), session("rt-2"));
    store.save("a", &old.to_json()).unwrap();
    let of_the_old_one = fs::read(only_file(root.path())).unwrap();
    store.save("a", &new.to_json()).unwrap();
    let file = only_file(root.path());
    for bytes in [of_the_old_one, b"garbage".to_vec()] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(store.load("a"), least_of(&new));
    }
    fs::remove_file(file).unwrap();
    assert_eq!(store.load("a"), least_of(&new));
}

#[test]
fn file_of_another_session_is_ignored() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    let store = over(&memory, root.path());
    let session = session("rt-1");
    store.save("a", &session.to_json()).unwrap();
    let entry = memory.load("a").unwrap().unwrap();
    let key = Secret::new(entry.expose().lines().nth(1).unwrap());
    let other = Session { generation: 7, ..session.clone() };
    FileStore::sealed(&root.path().join("entries"), &key).unwrap().save("a", &other.to_json()).unwrap();
    assert_eq!(store.load("a"), least_of(&session));
}

#[test]
fn new_token_is_stored_even_without_a_file() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    fs::write(root.path().join("entries"), "no directory").unwrap();
    let store = over(&memory, root.path());
    let session = session("rt-1");
    assert_eq!(store.save("a", &session.to_json()).unwrap_err().kind, StoreFailureKind::Refused);
    assert_eq!(memory.load("a"), Ok(None));
    store.save_with_retries("a", &session.to_json(), &|_, _| {}).unwrap();
    assert_eq!(store.load("a"), least_of(&session));
}

#[test]
fn oversized_document_is_refused_before_writing() {
    let (memory, root) = (MemoryStore::default(), tempfile::tempdir().unwrap());
    let store = over(&memory, root.path());
    let mut long = session("rt");
    let Some(held) = long.held_token().cloned() else { panic!("a refresh token") };
    long.refresh_token = RefreshToken::Held(HeldToken { value: Secret::new("r".repeat(2500)), ..held });
    for document in [long.to_json(), Secret::new("no session".repeat(300))] {
        for saved in [store.save("a", &document), store.save_with_retries("a", &document, &|_, _| {})] {
            let failure = saved.unwrap_err();
            assert_eq!(
                (failure.kind, failure.detail.as_str()),
                (StoreFailureKind::Refused, "it is longer than 2560 bytes")
            );
        }
    }
    assert_eq!(memory.load("a"), Ok(None));
    assert!(!root.path().join("entries").exists());
}
