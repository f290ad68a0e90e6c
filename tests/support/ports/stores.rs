use super::clock::Clock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{
    self, Backend, Entries, Lock, Prompt, Store, StoreChoice, StoreFailure, StoreFailureKind, StoreName, WaitCallback,
};

/// Stores in memory; every call can be made to fail.
pub struct TestStores(Arc<Mutex<StoreState>>, Arc<Clock>);

#[derive(Default)]
struct StoreState {
    entries: BTreeMap<String, String>,
    locked: BTreeSet<String>,
    all_locked: bool,
    failures: Vec<(&'static str, StoreFailureKind)>,
    saves: usize,
    loads: usize,
    forget_next_save: bool,
    write_before_lock: Option<(String, String)>,
    key_fingerprint: String,
    key: Option<String>,
    damaged: BTreeSet<String>,
    leftovers: bool,
    backend: Option<Backend>,
    exposed_files: usize,
    around_wait: Option<Box<dyn FnMut() + Send>>,
    observer: Option<Box<dyn FnMut(bool) + Send>>,
}

impl StoreState {
    fn changed(&mut self) {
        let is_empty = self.entries.is_empty();
        if let Some(observer) = &mut self.observer {
            observer(is_empty);
        }
    }
}

impl TestStores {
    pub fn new(clock: Arc<Clock>) -> Self {
        Self(Arc::default(), clock)
    }

    pub fn raw(&self, entry: &str) -> Option<String> {
        self.0.lock().unwrap().entries.get(entry).cloned()
    }

    pub fn put(&self, entry: &str, document: &str) {
        self.0.lock().unwrap().entries.insert(entry.to_owned(), document.to_owned());
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap().entries.is_empty()
    }

    /// Sets what is behind the keyring.
    pub fn is_kept_by(&self, backend: Backend) {
        self.0.lock().unwrap().backend = Some(backend);
    }

    /// Other users can read so many files.
    pub fn expose_files(&self, count: usize) {
        self.0.lock().unwrap().exposed_files = count;
    }

    /// The next call with this name fails and does nothing.
    pub fn fail(&self, call: &'static str, kind: StoreFailureKind) {
        self.0.lock().unwrap().failures.push((call, kind));
    }

    /// Makes the entry unreadable: its name, and its document.
    pub fn damage(&self, entry: &str) {
        self.put(entry, "garbage");
        self.0.lock().unwrap().damaged.insert(entry.to_owned());
    }

    /// Leaves behind what a killed writer would.
    pub fn add_leftovers(&self) {
        self.0.lock().unwrap().leftovers = true;
    }

    pub fn has_leftovers(&self) -> bool {
        self.0.lock().unwrap().leftovers
    }

    /// Sets whether another process holds every lock.
    pub fn hold_lock(&self, held: bool) {
        self.0.lock().unwrap().all_locked = held;
    }

    /// Makes another process hold this lock.
    pub fn hold_lock_named(&self, name: &str) {
        self.0.lock().unwrap().locked.insert(name.to_owned());
    }

    pub fn locks(&self) -> Vec<String> {
        self.0.lock().unwrap().locked.iter().cloned().collect()
    }

    /// The next save reports success and writes nothing.
    pub fn forget_next_save(&self) {
        self.0.lock().unwrap().forget_next_save = true;
    }

    /// The next save at any cost is slow: `observe` runs before and after the wait is reported; then it succeeds.
    pub fn delay_next_save(&self, observe: impl FnMut() + Send + 'static) {
        self.0.lock().unwrap().around_wait = Some(Box::new(observe));
    }

    /// Tells after each save and each removal whether no entry is left.
    pub fn observe_entries(&self, observer: impl FnMut(bool) + Send + 'static) {
        self.0.lock().unwrap().observer = Some(Box::new(observer));
    }

    /// The first attempt to lock fails; before the second, another process stores this document.
    pub fn when_lock_is_taken(&self, entry: &str, document: &str) {
        self.0.lock().unwrap().write_before_lock = Some((entry.to_owned(), document.to_owned()));
    }

    /// The same, but the other process logs out.
    pub fn when_lock_is_taken_away(&self, entry: &str) {
        self.when_lock_is_taken(entry, "");
    }

    /// Removes an entry, ignoring the lock.
    pub fn take(&self, entry: &str) {
        self.0.lock().unwrap().entries.remove(entry);
    }

    /// Opens the store with another key from now on.
    pub fn open_with(&self, another: &str) {
        self.0.lock().unwrap().key_fingerprint = another.to_owned();
    }

    /// The key that the file store was last opened with.
    pub fn key(&self) -> Option<String> {
        self.0.lock().unwrap().key.clone()
    }

    pub fn saves(&self) -> usize {
        self.0.lock().unwrap().saves
    }

    pub fn loads(&self) -> usize {
        self.0.lock().unwrap().loads
    }
}

impl ports::Stores for TestStores {
    fn open(&self, choice: &StoreChoice) -> Result<Box<dyn Store>, StoreFailure> {
        let name = match choice {
            StoreChoice::Keyring => StoreName::Keyring,
            StoreChoice::File { key, .. } => {
                self.0.lock().unwrap().key = Some(key.expose().to_owned());
                StoreName::File
            }
            StoreChoice::PlaintextFile { .. } => StoreName::PlaintextFile,
            StoreChoice::Memory => StoreName::Memory,
        };
        Ok(Box::new(TestStore(Arc::clone(&self.0), name)))
    }
}

struct TestStore(Arc<Mutex<StoreState>>, StoreName);

impl TestStore {
    fn call(&self, call: &'static str) -> Result<std::sync::MutexGuard<'_, StoreState>, StoreFailure> {
        let mut state = self.0.lock().unwrap();
        if let Some(at) = state.failures.iter().position(|(name, _)| *name == call) {
            let (_, kind) = state.failures.remove(at);
            return Err(StoreFailure { store: self.1, kind, detail: "as the test wants".into() });
        }
        Ok(state)
    }
}

impl Store for TestStore {
    fn name(&self) -> StoreName {
        self.1
    }

    fn identity(&self) -> String {
        format!("test {}", self.1.as_str())
    }

    fn key_fingerprint(&self) -> String {
        self.0.lock().unwrap().key_fingerprint.clone()
    }

    fn backend(&self) -> Option<Backend> {
        self.0.lock().unwrap().backend.clone()
    }

    fn exposed_files(&self) -> usize {
        self.0.lock().unwrap().exposed_files
    }

    fn read(&self, entry: &str, _: Prompt) -> Result<Option<Secret>, StoreFailure> {
        let mut state = self.call("load")?;
        state.exposed_files = 0;
        state.loads += 1;
        Ok(state.entries.get(entry).map(Secret::new))
    }

    fn check_writable(&self, _entry: &str) -> Result<(), StoreFailure> {
        self.call("check_writable").map(drop)
    }

    fn write(&self, entry: &str, document: &Secret, _: Prompt) -> Result<(), StoreFailure> {
        let mut state = self.call("save")?;
        state.saves += 1;
        if std::mem::take(&mut state.forget_next_save) {
            return Ok(());
        }
        state.entries.insert(entry.to_owned(), document.expose().to_owned());
        state.changed();
        drop(state);
        self.call("answer to save").map(drop)
    }

    fn save_with_retries(&self, entry: &str, document: &Secret, waiting: WaitCallback<'_>) -> Result<(), StoreFailure> {
        if let Err(failure) = self.call("save_with_retries") {
            waiting(Duration::from_secs(3), &failure);
            return Err(failure);
        }
        let observe = self.0.lock().unwrap().around_wait.take();
        if let Some(mut observe) = observe {
            observe();
            let detail = "as the test wants".into();
            let failure = StoreFailure { store: self.1, kind: StoreFailureKind::TimedOut, detail };
            waiting(Duration::from_secs(3), &failure);
            observe();
        }
        self.save(entry, document)
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        let mut state = self.call("delete")?;
        let was_there = state.entries.remove(entry).is_some();
        state.changed();
        Ok(was_there)
    }

    fn list(&self, _: Prompt) -> Result<Entries, StoreFailure> {
        let state = self.call("entries")?;
        let names = state.entries.keys().filter(|name| !state.damaged.contains(*name)).cloned().collect();
        let damaged = state.damaged.iter().filter(|name| state.entries.contains_key(*name)).count();
        Ok(Entries { names, unreadable: damaged, place: "/the/store".into() })
    }

    fn sweep(&self) -> Result<(), StoreFailure> {
        self.call("sweep")?.leftovers = false;
        Ok(())
    }

    fn try_lock(&self, name: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        let mut state = self.call("try_lock")?;
        if let Some((entry, document)) = state.write_before_lock.take_if(|(entry, _)| entry == name) {
            match document.is_empty() {
                true => state.entries.remove(&entry),
                false => state.entries.insert(entry, document),
            };
            return Ok(None);
        }
        if state.all_locked || !state.locked.insert(name.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(TestLock(Arc::clone(&self.0), name.to_owned()))))
    }
}

struct TestLock(Arc<Mutex<StoreState>>, String);

impl Lock for TestLock {}

impl Drop for TestLock {
    fn drop(&mut self) {
        self.0.lock().unwrap().locked.remove(&self.1);
    }
}

/// A token cache whose entries expire by the test clock.
pub struct TestCache(Mutex<BTreeMap<String, (String, Time)>>, Arc<Clock>, Mutex<usize>);

impl TestCache {
    pub fn new(clock: Arc<Clock>) -> Self {
        Self(Mutex::default(), clock, Mutex::default())
    }

    /// What is cached is not found the first times: another process puts it there afterwards.
    pub fn appears_after(&self, times: usize) {
        *self.2.lock().unwrap() = times;
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    pub fn documents(&self) -> Vec<String> {
        self.0.lock().unwrap().values().map(|(document, _)| document.clone()).collect()
    }
}

impl ports::TokenCache for TestCache {
    fn get(&self, name: &str) -> Option<Secret> {
        let mut misses = self.2.lock().unwrap();
        if *misses > 0 {
            *misses -= 1;
            return None;
        }
        let now = self.1.time();
        self.0.lock().unwrap().get(name).filter(|(_, end)| now < *end).map(|(document, _)| Secret::new(document))
    }

    fn put(&self, name: &str, document: &Secret, life: Seconds) {
        let end = self.1.time().plus(life);
        self.0.lock().unwrap().insert(name.to_owned(), (document.expose().to_owned(), end));
    }

    fn forget(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
}
