//! The ports of the test bench.

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

/// A clock that moves only when told to, and during a pause.
pub struct Clock(Mutex<(Time, Duration)>);

impl Clock {
    pub fn at(time: Time) -> Self {
        Self(Mutex::new((time, Duration::ZERO)))
    }

    pub fn time(&self) -> Time {
        self.0.lock().unwrap().0
    }

    /// Advances wall clock and uptime.
    pub fn advance(&self, by: Seconds) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0.plus(by);
        clock.1 += by.to_std();
    }

    /// Advances the wall clock only, as a suspended machine does.
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

/// Pseudo-random numbers: different at every call, the same in every run.
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

struct TestStore(Arc<Mutex<StoreState>>, &'static str);

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
        let mut state = self.call("load")?;
        state.loads += 1;
        Ok(state.entries.get(entry).map(Secret::new))
    }

    fn check_writable(&self, _entry: &str) -> Result<(), StoreFailure> {
        self.call("check_writable").map(drop)
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let mut state = self.call("save")?;
        state.saves += 1;
        if std::mem::take(&mut state.forget_next_save) {
            return Ok(());
        }
        state.entries.insert(entry.to_owned(), document.expose().to_owned());
        drop(state);
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

/// A browser that records the URLs it opens.
#[derive(Default)]
pub struct TestBrowser {
    pub opened_urls: Mutex<Vec<Url>>,
    pub missing: Mutex<bool>,
    pub broken: Mutex<bool>,
    last_request: Mutex<Option<Url>>,
}

impl TestBrowser {
    /// The last authorization request shown, in the browser or on the terminal.
    pub fn request(&self) -> Option<Url> {
        self.last_request.lock().unwrap().clone()
    }

    fn record(&self, text: &str) {
        let words = text.split_whitespace();
        let urls = words.filter(|word| word.contains("://") && word.contains("response_type=")).map(Url::parse);
        if let Some(url) = urls.flatten().last() {
            *self.last_request.lock().unwrap() = Some(url);
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
        self.record(url.as_str());
        self.opened_urls.lock().unwrap().push(url.clone());
        Ok(())
    }
}

type Reply = Box<dyn FnOnce(&Url) -> Vec<String> + Send>;

/// A loopback server that receives the queries a test sets; by default that of a successful login.
pub struct Callback {
    browser: Arc<TestBrowser>,
    clock: Arc<Clock>,
    reply: Mutex<Option<Reply>>,
    pub pages: Arc<Mutex<Vec<Page>>>,
    pub listen_calls: Mutex<Vec<ListenAt>>,
    pub handover_targets: Mutex<Vec<String>>,
    pub port_in_use: Mutex<bool>,
    pub times_out: Mutex<bool>,
    /// Requests that arrive first and must be ignored.
    pub stray_requests: Arc<Mutex<Vec<Ignored>>>,
    /// The time until the redirect, or the browser, arrives.
    pub delay: Arc<Mutex<Seconds>>,
}

impl Callback {
    pub fn new(browser: Arc<TestBrowser>, clock: Arc<Clock>) -> Self {
        Self {
            browser,
            clock,
            reply: Mutex::default(),
            pages: Arc::default(),
            listen_calls: Mutex::default(),
            handover_targets: Mutex::default(),
            port_in_use: Mutex::default(),
            times_out: Mutex::default(),
            stray_requests: Arc::default(),
            delay: Arc::new(Mutex::new(Seconds::ZERO)),
        }
    }

    /// Sets the queries that the next login receives, made from its authorization request.
    pub fn replies(&self, reply: impl FnOnce(&Url) -> Vec<String> + Send + 'static) {
        *self.reply.lock().unwrap() = Some(Box::new(reply));
    }
}

/// The value of a query parameter, or an empty string.
pub fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The query of a successful redirect for this authorization request.
pub fn success_query(url: &Url) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", "the-code").append_pair("state", &parameter(url, "state"));
    query.append_pair("iss", super::tokens::ISSUER).finish()
}

impl ports::Callback for Callback {
    fn listen(&self, at: &ListenAt) -> Result<Box<dyn Listener>, String> {
        if *self.port_in_use.lock().unwrap() {
            return Err("address in use".into());
        }
        self.listen_calls.lock().unwrap().push(at.clone());
        let uri = format!("http://{}:{}{}", at.host, at.port.unwrap_or(49_999), at.path);
        Ok(Box::new(TestListener {
            uri,
            browser: Arc::clone(&self.browser),
            clock: Arc::clone(&self.clock),
            reply: self.reply.lock().unwrap().take().unwrap_or_else(|| Box::new(|url| vec![success_query(url)])),
            pages: Arc::clone(&self.pages),
            stray_requests: self.stray_requests.lock().unwrap().clone(),
            delay: Arc::clone(&self.delay),
        }))
    }

    fn hand_over(&self, target: &Secret) -> Result<Box<dyn ports::HandOver>, String> {
        self.handover_targets.lock().unwrap().push(target.expose().to_owned());
        let comes = !*self.times_out.lock().unwrap();
        self.browser.record(target.expose());
        let stray_requests = self.stray_requests.lock().unwrap().clone();
        let url = Url::parse("http://127.0.0.1:49998/once").unwrap();
        Ok(Box::new(HandOver { url, comes, stray_requests, clock: Arc::clone(&self.clock) }))
    }
}

struct HandOver {
    url: Url,
    comes: bool,
    stray_requests: Vec<Ignored>,
    clock: Arc<Clock>,
}

impl ports::HandOver for HandOver {
    fn url(&self) -> &Url {
        &self.url
    }

    fn wait(&mut self, ignored: &dyn Fn(Ignored), patience: Duration) -> bool {
        self.stray_requests.drain(..).for_each(ignored);
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
    stray_requests: Vec<Ignored>,
    delay: Arc<Mutex<Seconds>>,
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
        self.stray_requests.drain(..).for_each(ignored);
        let patience = Seconds(patience.as_secs() as i64);
        let left = &mut *self.delay.lock().unwrap();
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

/// Makes the line that the user pastes from the authorization request.
type Paste = Box<dyn FnOnce(&Url) -> Option<String> + Send>;

#[derive(Default)]
pub struct Terminal {
    browser: Arc<TestBrowser>,
    printed: Mutex<(String, String)>,
    paste: Mutex<Option<Paste>>,
    pub lines: Mutex<VecDeque<String>>,
    pub broken: Mutex<Option<io::ErrorKind>>,
    pub columns: Mutex<Option<u16>>,
    /// No line ever arrives.
    pub no_input: Mutex<bool>,
    /// Standard input is a terminal.
    pub stdin_is_terminal: Mutex<bool>,
    /// Runs before each line, which then arrives alone.
    pub before_read: Mutex<Option<Box<dyn FnMut() + Send>>>,
    /// The height of stdout, which is a terminal only if this is set.
    pub rows: Mutex<Option<u16>>,
}

impl Terminal {
    pub fn new(browser: Arc<TestBrowser>) -> Self {
        Self { browser, ..Self::default() }
    }

    /// Sets the line read after the typed ones, made from the authorization request; `None` ends the input.
    pub fn pastes(&self, paste: impl FnOnce(&Url) -> Option<String> + Send + 'static) {
        *self.paste.lock().unwrap() = Some(Box::new(paste));
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

/// The number of lines that arrive together: enough for several threads.
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
        self.browser.record(text);
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
        *self.stdin_is_terminal.lock().unwrap()
    }

    fn read_line(&self) -> io::Result<Option<String>> {
        if let Some(line) = self.lines.lock().unwrap().pop_front() {
            return Ok(Some(line));
        }
        if let Some(paste) = self.paste.lock().unwrap().take() {
            return Ok(paste(&self.browser.request().expect("a URL was shown")));
        }
        Ok(None)
    }

    fn read_lines(&self, _: Option<Duration>) -> io::Result<Vec<u8>> {
        let mut at_once = LINES_AT_ONCE;
        if let Some(before_read) = self.before_read.lock().unwrap().as_mut() {
            before_read();
            at_once = 1;
        }
        let mut lines = self.lines.lock().unwrap();
        let arrived = lines.len().min(at_once);
        Ok(lines.drain(..arrived).flat_map(|line| (line + "\n").into_bytes()).collect())
    }

    fn read_line_within(&self, patience: Duration) -> io::Result<Option<String>> {
        if *self.no_input.lock().unwrap() || patience.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(before_read) = self.before_read.lock().unwrap().as_mut() {
            before_read();
        }
        self.read_line()
    }

    fn read_secret(&self, _: &str) -> io::Result<Secret> {
        Ok(Secret::new(self.lines.lock().unwrap().pop_front().unwrap_or_default()))
    }
}

#[derive(Default)]
pub struct Files(pub Mutex<BTreeMap<PathBuf, Vec<u8>>>, Mutex<Interference>);

/// What other users and processes do to the files.
#[derive(Default)]
struct Interference {
    foreign: BTreeSet<PathBuf>,
    full: bool,
    locked: bool,
    pipes: bool,
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

/// A command, and the changes to its environment.
type ExecCall = (Vec<OsString>, Vec<(String, Option<String>)>);

/// Records the commands that would be run, and starts none.
#[derive(Default)]
pub struct Children {
    pub exec_calls: Mutex<Vec<ExecCall>>,
    pub outputs: Mutex<BTreeMap<String, String>>,
    pub error: Mutex<Option<io::ErrorKind>>,
}

impl ports::Children for Children {
    fn replace(&self, command: &[OsString], env: ChildEnv<'_>) -> io::Error {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), value.map(|v| v.expose().to_owned()))).collect();
        self.exec_calls.lock().unwrap().push((command.to_vec(), env));
        self.error.lock().unwrap().unwrap_or(io::ErrorKind::NotFound).into()
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        let known = self.outputs.lock().unwrap().get(&command.join(" ")).cloned();
        known.map(Secret::new).ok_or_else(|| "no such command".to_owned())
    }
}

/// Runs while a command waits; may end the wait.
type Event = Box<dyn FnOnce() -> Option<Ended> + Send>;

/// Only the scripted signals arrive.
pub struct Signals {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    pub started_commands: Arc<Mutex<Vec<Vec<OsString>>>>,
    pub start_error: Arc<Mutex<Option<io::ErrorKind>>>,
    pub end_signals: Mutex<Vec<i32>>,
}

impl Signals {
    pub fn new(clock: Arc<Clock>) -> Self {
        let (script, started_commands, start_error) = Default::default();
        Self { clock, script, started_commands, start_error, end_signals: Mutex::default() }
    }

    /// Ends the wait this many seconds from now.
    pub fn end_after(&self, seconds: i64, ended: Ended) {
        self.at(seconds, move || Some(ended));
    }

    /// Runs this many seconds from now, during a wait.
    pub fn run_after(&self, seconds: i64, what: impl FnOnce() + Send + 'static) {
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
            started_commands: Arc::clone(&self.started_commands),
            start_error: Arc::clone(&self.start_error),
        }))
    }

    fn end_by(&self, signal: i32) {
        self.end_signals.lock().unwrap().push(signal);
    }
}

struct Watch {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    started_commands: Arc<Mutex<Vec<Vec<OsString>>>>,
    start_error: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl ports::Watch for Watch {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        self.started_commands.lock().unwrap().push(command.to_vec());
        self.start_error.lock().unwrap().map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn wait(&mut self, patience: Duration) -> Option<Ended> {
        // By uptime: a timer stands still while the machine sleeps.
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
