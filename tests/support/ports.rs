//! The ports of the test world.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{
    self, ChildEnv, Ended, Entries, Ignored, ListenAt, Listener, Lock, Page, SignalGuard, Store, StoreChoice,
    StoreFailure, StoreFailureKind, Stream, Waiting,
};
use url::Url;

/// A clock that moves only when it is told to, or when somebody pauses.
pub struct Clock(Mutex<(Time, Duration)>);

impl Clock {
    pub fn at(time: Time) -> Self {
        Self(Mutex::new((time, Duration::ZERO)))
    }

    pub fn time(&self) -> Time {
        self.0.lock().unwrap().0
    }

    /// Time passes, on both clocks.
    pub fn advance(&self, by: Seconds) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0.plus(by);
        clock.1 += by.to_std();
    }

    /// The machine sleeps: only the wall clock counts it.
    pub fn suspend(&self, by: Seconds) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0.plus(by);
    }
}

impl ports::Clock for Clock {
    fn now(&self) -> Time {
        self.time()
    }

    fn uptime(&self) -> Duration {
        self.0.lock().unwrap().1
    }

    fn pause(&self, duration: Duration) {
        let mut clock = self.0.lock().unwrap();
        let before = clock.1.as_secs();
        clock.1 += duration;
        clock.0 = clock.0.plus(Seconds((clock.1.as_secs() - before) as i64));
    }
}

/// The same numbers in every run, different ones at every call.
#[derive(Default)]
pub struct Entropy(Mutex<u64>);

impl ports::Entropy for Entropy {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        use sha2::Digest;
        let mut counter = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(32) {
            *counter += 1;
            chunk.copy_from_slice(&sha2::Sha256::digest(counter.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

/// Stores in memory whose every call can be made to fail.
pub struct TestStores(Arc<Mutex<Shelf>>, Arc<Clock>);

#[derive(Default)]
struct Shelf {
    entries: BTreeMap<String, String>,
    locked: BTreeSet<String>,
    all_locked: bool,
    fails: Vec<(&'static str, StoreFailureKind)>,
    saves: usize,
    loads: usize,
    forget_next_save: bool,
    when_locked: Option<(String, String)>,
    key_fingerprint: String,
    damaged: BTreeSet<String>,
    leftovers: bool,
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

    /// The next call of that name fails like this, having done nothing.
    pub fn fail(&self, call: &'static str, kind: StoreFailureKind) {
        self.0.lock().unwrap().fails.push((call, kind));
    }

    /// The entry cannot be read any more: not its name, and its document only as garbage.
    pub fn damage(&self, entry: &str) {
        self.put(entry, "garbage");
        self.0.lock().unwrap().damaged.insert(entry.to_owned());
    }

    /// A writer was killed and has left something.
    pub fn leave_something(&self) {
        self.0.lock().unwrap().leftovers = true;
    }

    pub fn has_leftovers(&self) -> bool {
        self.0.lock().unwrap().leftovers
    }

    /// Somebody else holds the lock.
    pub fn hold_lock(&self, held: bool) {
        self.0.lock().unwrap().all_locked = held;
    }

    /// Somebody else holds the lock of that name.
    pub fn hold_lock_named(&self, name: &str) {
        self.0.lock().unwrap().locked.insert(name.to_owned());
    }

    /// The names of all locks held.
    pub fn locks(&self) -> Vec<String> {
        self.0.lock().unwrap().locked.iter().cloned().collect()
    }

    /// The next save says it has written, and has not.
    pub fn forget_next_save(&self) {
        self.0.lock().unwrap().forget_next_save = true;
    }

    /// The first try for the lock fails, for a sibling holds it, who stores this before the second.
    pub fn when_lock_is_taken(&self, entry: &str, document: &str) {
        self.0.lock().unwrap().when_locked = Some((entry.to_owned(), document.to_owned()));
    }

    /// As [`TestStores::when_lock_is_taken`], but the sibling logs out.
    pub fn when_lock_is_taken_away(&self, entry: &str) {
        self.when_lock_is_taken(entry, "");
    }

    /// Somebody without the lock removes an entry.
    pub fn take(&self, entry: &str) {
        self.0.lock().unwrap().entries.remove(entry);
    }

    /// From now on the store is opened with another key, or is another keyring of the same name.
    pub fn open_with(&self, another: &str) {
        self.0.lock().unwrap().key_fingerprint = another.to_owned();
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
            StoreChoice::Keyring => "keyring",
            StoreChoice::File { .. } => "file",
            StoreChoice::PlaintextFile { .. } => "plaintext-file",
            StoreChoice::Memory => "memory",
        };
        Ok(Box::new(TestStore(Arc::clone(&self.0), name)))
    }
}

struct TestStore(Arc<Mutex<Shelf>>, &'static str);

impl TestStore {
    fn call(&self, call: &'static str) -> Result<std::sync::MutexGuard<'_, Shelf>, StoreFailure> {
        let mut shelf = self.0.lock().unwrap();
        if let Some(at) = shelf.fails.iter().position(|(name, _)| *name == call) {
            let (_, kind) = shelf.fails.remove(at);
            return Err(StoreFailure { store: self.1, kind, detail: "as the test wants".into() });
        }
        Ok(shelf)
    }
}

impl Store for TestStore {
    fn name(&self) -> &'static str {
        self.1
    }

    fn is_ephemeral(&self) -> bool {
        self.1 == "memory"
    }

    fn identity(&self) -> String {
        format!("test {}", self.1)
    }

    fn key_fingerprint(&self) -> String {
        self.0.lock().unwrap().key_fingerprint.clone()
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        let mut shelf = self.call("load")?;
        shelf.loads += 1;
        Ok(shelf.entries.get(entry).map(Secret::new))
    }

    fn check_writable(&self, _entry: &str) -> Result<(), StoreFailure> {
        self.call("check_writable").map(drop)
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let mut shelf = self.call("save")?;
        shelf.saves += 1;
        if std::mem::take(&mut shelf.forget_next_save) {
            return Ok(());
        }
        shelf.entries.insert(entry.to_owned(), document.expose().to_owned());
        drop(shelf);
        self.call("answer to save").map(drop)
    }

    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: Waiting<'_>) -> Result<(), StoreFailure> {
        if let Err(failure) = self.call("save_at_any_cost") {
            waiting(Duration::from_secs(3), Some(&failure));
            return Err(failure);
        }
        self.save(entry, document)
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        Ok(self.call("delete")?.entries.remove(entry).is_some())
    }

    fn entries(&self) -> Result<Entries, StoreFailure> {
        let shelf = self.call("entries")?;
        let names = shelf.entries.keys().filter(|name| !shelf.damaged.contains(*name)).cloned().collect();
        let damaged = shelf.damaged.iter().filter(|name| shelf.entries.contains_key(*name)).count();
        Ok(Entries { names, unreadable: damaged, place: "/the/store".into() })
    }

    fn sweep(&self) -> Result<(), StoreFailure> {
        self.call("sweep")?.leftovers = false;
        Ok(())
    }

    fn try_lock(&self, name: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        let mut shelf = self.call("try_lock")?;
        if let Some((entry, document)) = shelf.when_locked.take_if(|(entry, _)| entry == name) {
            match document.is_empty() {
                true => shelf.entries.remove(&entry),
                false => shelf.entries.insert(entry, document),
            };
            return Ok(None);
        }
        if shelf.all_locked || !shelf.locked.insert(name.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(TestLock(Arc::clone(&self.0), name.to_owned()))))
    }
}

struct TestLock(Arc<Mutex<Shelf>>, String);

impl Lock for TestLock {}

impl Drop for TestLock {
    fn drop(&mut self) {
        self.0.lock().unwrap().locked.remove(&self.1);
    }
}

/// A cache whose entries die with the clock.
pub struct TestCache(Mutex<BTreeMap<String, (String, Time)>>, Arc<Clock>);

impl TestCache {
    pub fn new(clock: Arc<Clock>) -> Self {
        Self(Mutex::default(), clock)
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

/// A browser that remembers what it was shown.
#[derive(Default)]
pub struct TestBrowser {
    pub shown: Mutex<Vec<Url>>,
    pub missing: Mutex<bool>,
    pub broken: Mutex<bool>,
    told: Mutex<Option<Url>>,
}

impl TestBrowser {
    /// The authorization request that reached the user, in the browser or on the terminal.
    pub fn request(&self) -> Option<Url> {
        self.told.lock().unwrap().clone()
    }

    fn tell(&self, text: &str) {
        let words = text.split_whitespace();
        let urls = words.filter(|word| word.contains("://") && word.contains("response_type=")).map(Url::parse);
        if let Some(url) = urls.flatten().last() {
            *self.told.lock().unwrap() = Some(url);
        }
    }
}

impl ports::Browser for TestBrowser {
    fn available(&self) -> bool {
        !*self.missing.lock().unwrap()
    }

    fn open(&self, url: &Url) -> Result<(), String> {
        if *self.broken.lock().unwrap() {
            return Err("it has \u{1b}[31mcrashed".into());
        }
        self.tell(url.as_str());
        self.shown.lock().unwrap().push(url.clone());
        Ok(())
    }
}

type Reply = Box<dyn FnOnce(&Url) -> Vec<String> + Send>;

/// A loopback server to which the queries come that the test writes: by default the one of a successful login.
pub struct Callback {
    browser: Arc<TestBrowser>,
    clock: Arc<Clock>,
    reply: Mutex<Option<Reply>>,
    pub pages: Arc<Mutex<Vec<Page>>>,
    pub listened: Mutex<Vec<ListenAt>>,
    pub handed_over: Mutex<Vec<String>>,
    pub port_is_taken: Mutex<bool>,
    pub nobody_comes: Mutex<bool>,
    /// What comes first, each time, and is ignored.
    pub ignores: Arc<Mutex<Vec<Ignored>>>,
    /// How long the redirect, or whoever is handed over, takes to come.
    pub comes_after: Arc<Mutex<Seconds>>,
}

impl Callback {
    pub fn new(browser: Arc<TestBrowser>, clock: Arc<Clock>) -> Self {
        Self {
            browser,
            clock,
            reply: Mutex::default(),
            pages: Arc::default(),
            listened: Mutex::default(),
            handed_over: Mutex::default(),
            port_is_taken: Mutex::default(),
            nobody_comes: Mutex::default(),
            ignores: Arc::default(),
            comes_after: Arc::new(Mutex::new(Seconds::ZERO)),
        }
    }

    /// The raw queries that come to the next login, made from the authorization request's URL.
    pub fn replies(&self, reply: impl FnOnce(&Url) -> Vec<String> + Send + 'static) {
        *self.reply.lock().unwrap() = Some(Box::new(reply));
    }
}

/// A parameter of a URL.
pub fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The query of a successful callback to that request.
pub fn granted(url: &Url) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", "the-code").append_pair("state", &parameter(url, "state"));
    query.append_pair("iss", super::tokens::ISSUER).finish()
}

impl ports::Callback for Callback {
    fn listen(&self, at: &ListenAt) -> Result<Box<dyn Listener>, String> {
        if *self.port_is_taken.lock().unwrap() {
            return Err("address in use".into());
        }
        self.listened.lock().unwrap().push(at.clone());
        let uri = format!("http://{}:{}{}", at.host, at.port.unwrap_or(49_999), at.path);
        Ok(Box::new(TestListener {
            uri,
            browser: Arc::clone(&self.browser),
            clock: Arc::clone(&self.clock),
            reply: self.reply.lock().unwrap().take().unwrap_or_else(|| Box::new(|url| vec![granted(url)])),
            pages: Arc::clone(&self.pages),
            ignores: self.ignores.lock().unwrap().clone(),
            comes_after: Arc::clone(&self.comes_after),
        }))
    }

    fn hand_over(&self, target: &Secret) -> Result<Box<dyn ports::HandOver>, String> {
        self.handed_over.lock().unwrap().push(target.expose().to_owned());
        let comes = !*self.nobody_comes.lock().unwrap();
        // It is the browser that gets there.
        self.browser.tell(target.expose());
        let ignores = self.ignores.lock().unwrap().clone();
        let url = Url::parse("http://127.0.0.1:49998/once").unwrap();
        Ok(Box::new(HandOver { url, comes, ignores, clock: Arc::clone(&self.clock) }))
    }
}

struct HandOver {
    url: Url,
    comes: bool,
    ignores: Vec<Ignored>,
    clock: Arc<Clock>,
}

impl ports::HandOver for HandOver {
    fn url(&self) -> &Url {
        &self.url
    }

    fn wait(&mut self, ignored: &dyn Fn(Ignored), patience: Duration) -> bool {
        self.ignores.drain(..).for_each(ignored);
        if !self.comes {
            self.clock.advance(Seconds(patience.as_secs() as i64));
        }
        self.comes
    }
}

struct TestListener {
    uri: String,
    browser: Arc<TestBrowser>,
    clock: Arc<Clock>,
    reply: Reply,
    pages: Arc<Mutex<Vec<Page>>>,
    ignores: Vec<Ignored>,
    comes_after: Arc<Mutex<Seconds>>,
}

impl Listener for TestListener {
    fn redirect_uri(&self) -> &str {
        &self.uri
    }

    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(Ignored),
        patience: Duration,
    ) -> Option<Secret> {
        self.ignores.drain(..).for_each(ignored);
        let patience = Seconds(patience.as_secs() as i64);
        let left = &mut *self.comes_after.lock().unwrap();
        self.clock.advance(patience.min(*left));
        if *left > patience {
            *left = Seconds(left.0 - patience.0);
            return None;
        }
        let patience = Seconds(patience.0 - std::mem::take(&mut left.0));
        let url = self.browser.request()?;
        let reply = std::mem::replace(&mut self.reply, Box::new(|_| Vec::new()));
        let ours = reply(&url).into_iter().find(|query| is_ours(query));
        if ours.is_none() {
            self.clock.advance(patience);
        }
        ours.map(Secret::new)
    }

    fn finish(self: Box<Self>, page: Page) {
        self.pages.lock().unwrap().push(page);
    }
}

/// What a person types who has seen that authorization request.
type Person = Box<dyn FnOnce(&Url) -> Option<String> + Send>;

/// A terminal in memory.
#[derive(Default)]
pub struct Terminal {
    browser: Arc<TestBrowser>,
    printed: Mutex<(String, String)>,
    person: Mutex<Option<Person>>,
    pub lines: Mutex<VecDeque<String>>,
    pub broken: Mutex<Option<io::ErrorKind>>,
    pub columns: Mutex<Option<u16>>,
    /// Nobody types anything.
    pub silent: Mutex<bool>,
    /// A person types at standard input.
    pub typed: Mutex<bool>,
    /// If set, lines arrive one by one, and this happens before each.
    pub meanwhile: Mutex<Option<Box<dyn FnMut() + Send>>>,
    /// If set, standard output is a terminal.
    pub rows: Mutex<Option<u16>>,
}

impl Terminal {
    pub fn new(browser: Arc<TestBrowser>) -> Self {
        Self { browser, ..Self::default() }
    }

    /// The next line read, after those typed already, is what this makes of the authorization request that was shown; `None`: the end of input.
    pub fn pastes(&self, person: impl FnOnce(&Url) -> Option<String> + Send + 'static) {
        *self.person.lock().unwrap() = Some(Box::new(person));
    }

    pub fn take(&self) -> (String, String) {
        std::mem::take(&mut self.printed.lock().unwrap())
    }

    pub fn type_line(&self, line: &str) {
        self.lines.lock().unwrap().push_back(line.to_owned());
    }

    pub fn err_so_far(&self) -> String {
        self.printed.lock().unwrap().1.clone()
    }
}

/// How many lines of standard input arrive together: enough to be worked on by several threads.
const LINES_AT_ONCE: usize = 50;

impl ports::Terminal for Terminal {
    fn out(&self, text: &str) -> io::Result<()> {
        if let Some(kind) = *self.broken.lock().unwrap() {
            return Err(kind.into());
        }
        self.printed.lock().unwrap().0.push_str(text);
        Ok(())
    }

    fn err(&self, text: &str) {
        self.browser.tell(text);
        self.printed.lock().unwrap().1.push_str(text);
    }

    fn stdout(&self) -> Stream {
        let rows = *self.rows.lock().unwrap();
        Stream { is_terminal: rows.is_some(), columns: *self.columns.lock().unwrap(), rows }
    }

    fn stderr(&self) -> Stream {
        Stream { is_terminal: false, columns: None, rows: None }
    }

    fn stdin_is_terminal(&self) -> bool {
        *self.typed.lock().unwrap()
    }

    fn read_line(&self) -> io::Result<Option<String>> {
        if let Some(line) = self.lines.lock().unwrap().pop_front() {
            return Ok(Some(line));
        }
        if let Some(person) = self.person.lock().unwrap().take() {
            return Ok(person(&self.browser.request().expect("a URL was shown")));
        }
        Ok(None)
    }

    fn read_lines(&self, _: Option<Duration>) -> io::Result<Vec<u8>> {
        let mut at_once = LINES_AT_ONCE;
        if let Some(happens) = self.meanwhile.lock().unwrap().as_mut() {
            happens();
            at_once = 1;
        }
        let mut lines = self.lines.lock().unwrap();
        let arrived = lines.len().min(at_once);
        Ok(lines.drain(..arrived).flat_map(|line| (line + "\n").into_bytes()).collect())
    }

    fn read_line_within(&self, patience: Duration) -> io::Result<Option<String>> {
        if *self.silent.lock().unwrap() || patience.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(happens) = self.meanwhile.lock().unwrap().as_mut() {
            happens();
        }
        self.read_line()
    }

    fn read_secret(&self, _: &str) -> io::Result<Secret> {
        Ok(Secret::new(self.lines.lock().unwrap().pop_front().unwrap_or_default()))
    }
}

/// Files in memory.
#[derive(Default)]
pub struct Files(pub Mutex<BTreeMap<PathBuf, Vec<u8>>>, Mutex<Trouble>);

/// What others do to the files.
#[derive(Default)]
struct Trouble {
    foreign: BTreeSet<PathBuf>,
    full: bool,
    locked: bool,
    pipes: bool,
    when_locked: Option<(PathBuf, String)>,
}

impl Files {
    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.0.lock().unwrap().get(Path::new(path)).cloned().unwrap_or_default()).unwrap()
    }

    pub fn put(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path.into(), text.into());
    }

    /// Somebody else has, or could have, written all files there are until they are written anew.
    pub fn are_foreign(&self) {
        self.1.lock().unwrap().foreign = self.0.lock().unwrap().keys().cloned().collect();
    }

    /// The disk is full: no cache can be written.
    pub fn are_full(&self) {
        self.1.lock().unwrap().full = true;
    }

    /// All files are pipes.
    pub fn are_pipes(&self) {
        self.1.lock().unwrap().pipes = true;
    }

    /// Somebody else holds the lock of every file.
    pub fn hold_lock(&self) {
        self.1.lock().unwrap().locked = true;
    }

    /// The first try for a lock fails, for a sibling holds it, who writes this before the second.
    pub fn when_lock_is_taken(&self, path: &str, text: &str) {
        self.1.lock().unwrap().when_locked = Some((path.into(), text.to_owned()));
    }
}

struct FileLock;

impl Lock for FileLock {}

impl ports::Files for Files {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(path).cloned())
    }

    fn is_pipe(&self, _: &Path) -> bool {
        self.1.lock().unwrap().pipes
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn try_lock(&self, _: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut trouble = self.1.lock().unwrap();
        if let Some((path, text)) = trouble.when_locked.take() {
            self.0.lock().unwrap().insert(path, text.into());
            return Ok(None);
        }
        Ok((!trouble.locked).then(|| Box::new(FileLock) as _))
    }

    fn read_own(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.1.lock().unwrap().foreign.contains(path) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => self.read(path),
        }
    }

    fn write_own(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut trouble = self.1.lock().unwrap();
        trouble.foreign.remove(path);
        if trouble.full { Err(io::ErrorKind::StorageFull.into()) } else { self.write(path, bytes) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().remove(path);
        Ok(())
    }
}

/// A command that would have been run, and the changes to its environment.
type Replaced = (Vec<OsString>, Vec<(String, Option<String>)>);

/// Children that never start: what would have been run is remembered.
#[derive(Default)]
pub struct Children {
    pub replaced: Mutex<Vec<Replaced>>,
    pub prints: Mutex<BTreeMap<String, String>>,
    pub error: Mutex<Option<io::ErrorKind>>,
}

impl ports::Children for Children {
    fn replace(&self, command: &[OsString], env: ChildEnv<'_>) -> io::Error {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), value.map(|v| v.expose().to_owned()))).collect();
        self.replaced.lock().unwrap().push((command.to_vec(), env));
        self.error.lock().unwrap().unwrap_or(io::ErrorKind::NotFound).into()
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        let known = self.prints.lock().unwrap().get(&command.join(" ")).cloned();
        known.map(Secret::new).ok_or_else(|| "no such command".to_owned())
    }
}

/// What happens at a moment while a command waits: something else in the world, or its end.
type Event = Box<dyn FnOnce() -> Option<Ended> + Send>;

/// No signal ever comes but those that a test has scripted.
pub struct Signals {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    pub started: Arc<Mutex<Vec<Vec<OsString>>>>,
    pub not_started: Arc<Mutex<Option<io::ErrorKind>>>,
    pub ended_by: Mutex<Vec<i32>>,
}

impl Signals {
    pub fn new(clock: Arc<Clock>) -> Self {
        let (script, started, not_started) = Default::default();
        Self { clock, script, started, not_started, ended_by: Mutex::default() }
    }

    /// The program, or a signal, ends the wait so many seconds from now.
    pub fn end_after(&self, seconds: i64, ended: Ended) {
        self.at(seconds, move || Some(ended));
    }

    /// Something happens so many seconds from now, if anybody waits then.
    pub fn happens_after(&self, seconds: i64, what: impl FnOnce() + Send + 'static) {
        self.at(seconds, || {
            what();
            None
        });
    }

    fn at(&self, seconds: i64, event: impl FnOnce() -> Option<Ended> + Send + 'static) {
        let mut script = self.script.lock().unwrap();
        script.push((self.clock.time().plus(Seconds(seconds)), Box::new(event)));
        script.sort_by_key(|(time, _)| *time);
    }
}

impl ports::Signals for Signals {
    fn defer(&self) -> Box<dyn SignalGuard> {
        Box::new(Quiet)
    }

    fn watch(&self) -> io::Result<Box<dyn ports::Watch>> {
        Ok(Box::new(Watch {
            clock: Arc::clone(&self.clock),
            script: Arc::clone(&self.script),
            started: Arc::clone(&self.started),
            not_started: Arc::clone(&self.not_started),
        }))
    }

    fn end_by(&self, signal: i32) {
        self.ended_by.lock().unwrap().push(signal);
    }
}

struct Watch {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    started: Arc<Mutex<Vec<Vec<OsString>>>>,
    not_started: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl ports::Watch for Watch {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        self.started.lock().unwrap().push(command.to_vec());
        self.not_started.lock().unwrap().map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn wait(&mut self, patience: Duration) -> Option<Ended> {
        // Measured as the system does: a timer stands still while the machine sleeps.
        let until = ports::Clock::uptime(&*self.clock) + patience;
        assert!(until < Duration::from_secs(1_000 * 86_400), "nothing ends this wait");
        let left = || Seconds(until.saturating_sub(ports::Clock::uptime(&*self.clock)).as_secs() as i64);
        loop {
            let by_then = self.clock.time().plus(left());
            let next = {
                let mut script = self.script.lock().unwrap();
                script.first().is_some_and(|(time, _)| *time <= by_then).then(|| script.remove(0))
            };
            let Some((time, event)) = next else { break };
            self.clock.advance(time.left(self.clock.time()));
            if let Some(ended) = event() {
                return Some(ended);
            }
        }
        self.clock.advance(left());
        None
    }
}

struct Quiet;

impl SignalGuard for Quiet {
    fn pending(&self) -> bool {
        false
    }
}
