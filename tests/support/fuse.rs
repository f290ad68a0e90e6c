//! Stops a command before or after any call through a port, as a power cut would. A stopped process makes no further
//! call, and its locks are released, as the kernel would release them.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{
    self, HttpFailure, IgnoredRequest, ListenAddress, Listener, Lock, OneTimeRedirect, Page, Ports, Prompt, Request,
    Response, Store, StoreChoice, StoreFailure, StoreName, Stream, WaitCallback,
};
use url::Url;

/// The panic of a power cut; only [`until_the_power_goes`] catches it.
struct PowerCut;

/// Records every moment, and stops the process at one of them.
pub struct Fuse {
    blows_at: usize,
    moments: Mutex<Vec<String>>,
}

impl Fuse {
    /// Stops at this moment, counted from 0.
    pub fn blowing_at(moment: usize) -> Arc<Self> {
        Arc::new(Self { blows_at: moment, moments: Mutex::default() })
    }

    /// Never stops.
    pub fn whole() -> Arc<Self> {
        Self::blowing_at(usize::MAX)
    }

    /// The moments so far, such as `before store.save`.
    pub fn moments(&self) -> Vec<String> {
        self.moments.lock().unwrap().clone()
    }

    fn moment(&self, what: String) {
        let now = {
            let mut moments = self.moments.lock().unwrap();
            moments.push(what);
            moments.len() - 1
        };
        if now >= self.blows_at {
            panic_any(PowerCut);
        }
    }

    fn around<T>(&self, call: &str, work: impl FnOnce() -> T) -> T {
        self.moment(format!("before {call}"));
        let done = work();
        self.moment(format!("after {call}"));
        done
    }

    /// Ports whose every call passes this fuse.
    pub fn over(self: &Arc<Self>, ports: &Ports) -> Ports {
        Ports {
            clock: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.clock))),
            entropy: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.entropy))),
            http: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.http))),
            stores: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.stores))),
            cache: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.cache))),
            browser: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.browser))),
            callback: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.callback))),
            terminal: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.terminal))),
            files: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.files))),
            programs: Arc::new(Wired(Arc::clone(self), Arc::clone(&ports.programs))),
            ..ports.clone()
        }
    }
}

/// The result of `work`; `None` if the power went before its end.
pub fn until_the_power_goes<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<PowerCut>() {
                usual(info);
            }
        }));
    });
    catch_unwind(AssertUnwindSafe(work))
        .map(Some)
        .unwrap_or_else(|payload| if payload.is::<PowerCut>() { None } else { resume_unwind(payload) })
}

/// A port behind the fuse.
struct Wired<P: ?Sized>(Arc<Fuse>, P);

impl ports::Clock for Wired<Arc<dyn ports::Clock>> {
    fn now(&self) -> Time {
        self.0.around("clock.now", || self.1.now())
    }

    fn uptime(&self) -> Duration {
        self.0.around("clock.uptime", || self.1.uptime())
    }

    fn pause(&self, duration: Duration) {
        self.0.around("clock.pause", || self.1.pause(duration));
    }
}

impl ports::Entropy for Wired<Arc<dyn ports::Entropy>> {
    fn fill(&self, buffer: &mut [u8]) -> std::io::Result<()> {
        self.0.around("entropy.fill", || self.1.fill(buffer))
    }
}

impl ports::Http for Wired<Arc<dyn ports::Http>> {
    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        self.0.around(&format!("http {}", request.url.path()), || self.1.send(request))
    }
}

impl ports::Stores for Wired<Arc<dyn ports::Stores>> {
    fn open(&self, choice: &StoreChoice) -> Result<Box<dyn Store>, StoreFailure> {
        let store = self.0.around("stores.open", || self.1.open(choice))?;
        Ok(Box::new(Wired(Arc::clone(&self.0), store)))
    }
}

impl Store for Wired<Box<dyn Store>> {
    fn name(&self) -> StoreName {
        self.1.name()
    }

    fn identity(&self) -> String {
        self.1.identity()
    }

    fn key_fingerprint(&self) -> String {
        self.1.key_fingerprint()
    }

    fn read(&self, entry: &str, prompt: Prompt) -> Result<Option<Secret>, StoreFailure> {
        self.0.around("store.load", || self.1.read(entry, prompt))
    }

    fn write(&self, entry: &str, document: &Secret, prompt: Prompt) -> Result<(), StoreFailure> {
        self.0.around("store.save", || self.1.write(entry, document, prompt))
    }

    fn save_with_retries(&self, entry: &str, document: &Secret, waiting: WaitCallback<'_>) -> Result<(), StoreFailure> {
        self.0.around("store.save_with_retries", || self.1.save_with_retries(entry, document, waiting))
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        self.0.around("store.delete", || self.1.delete(entry))
    }

    fn list(&self, prompt: Prompt) -> Result<ports::Entries, StoreFailure> {
        self.0.around("store.entries", || self.1.list(prompt))
    }

    fn sweep(&self) -> Result<(), StoreFailure> {
        self.0.around("store.sweep", || self.1.sweep())
    }

    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        self.0.around("store.try_lock", || self.1.try_lock(entry))
    }
}

impl ports::TokenCache for Wired<Arc<dyn ports::TokenCache>> {
    fn get(&self, name: &str) -> Option<Secret> {
        self.0.around("cache.get", || self.1.get(name))
    }

    fn put(&self, name: &str, document: &Secret, life: Seconds) {
        self.0.around("cache.put", || self.1.put(name, document, life));
    }

    fn forget(&self, name: &str) {
        self.0.around("cache.forget", || self.1.forget(name));
    }
}

impl ports::Browser for Wired<Arc<dyn ports::Browser>> {
    fn available(&self) -> bool {
        self.0.around("browser.available", || self.1.available())
    }

    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.around("browser.open", || self.1.open(url))
    }
}

impl ports::CallbackServer for Wired<Arc<dyn ports::CallbackServer>> {
    fn listen(&self, at: &ListenAddress) -> Result<Box<dyn Listener>, String> {
        let listener = self.0.around("callback.listen", || self.1.listen(at))?;
        Ok(Box::new(Wired(Arc::clone(&self.0), listener)))
    }

    fn one_time_redirect(&self, target: &Secret) -> Result<Box<dyn OneTimeRedirect>, String> {
        self.0.around("callback.one_time_redirect", || self.1.one_time_redirect(target))
    }

    fn holder(&self, port: u16) -> Option<ports::PortHolder> {
        self.1.holder(port)
    }
}

impl Listener for Wired<Box<dyn Listener>> {
    fn redirect_uri(&self) -> &str {
        self.1.redirect_uri()
    }

    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(IgnoredRequest),
        patience: Duration,
    ) -> Option<Secret> {
        let fuse = Arc::clone(&self.0);
        fuse.around("listener.wait", || self.1.wait(is_ours, ignored, patience))
    }

    fn finish(self: Box<Self>, page: Page) {
        let Wired(fuse, listener) = *self;
        fuse.around("listener.finish", || listener.finish(page));
    }
}

impl ports::Terminal for Wired<Arc<dyn ports::Terminal>> {
    fn out(&self, text: &str) -> std::io::Result<()> {
        self.0.around("terminal.out", || self.1.out(text))
    }

    fn err(&self, text: &str) {
        self.0.around("terminal.err", || self.1.err(text));
    }

    fn stdout(&self) -> Stream {
        self.1.stdout()
    }

    fn stderr(&self) -> Stream {
        self.1.stderr()
    }

    fn stdin_is_terminal(&self) -> bool {
        self.1.stdin_is_terminal()
    }

    fn read_line(&self, patience: Option<Duration>) -> std::io::Result<Option<String>> {
        self.0.around("terminal.read_line", || self.1.read_line(patience))
    }

    fn read_secret(&self, prompt: &str) -> std::io::Result<Secret> {
        self.0.around("terminal.read_secret", || self.1.read_secret(prompt))
    }
}

impl ports::Files for Wired<Arc<dyn ports::Files>> {
    fn read(&self, path: &std::path::Path) -> std::io::Result<Option<Vec<u8>>> {
        self.0.around("files.read", || self.1.read(path))
    }

    fn read_key(&self, path: &std::path::Path) -> std::io::Result<Option<Vec<u8>>> {
        self.0.around("files.read", || self.1.read_key(path))
    }

    fn others_can_read(&self, path: &std::path::Path) -> bool {
        self.1.others_can_read(path)
    }

    fn is_pipe(&self, path: &std::path::Path) -> bool {
        self.1.is_pipe(path)
    }

    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
        self.0.around("files.write", || self.1.write(path, bytes))
    }

    fn try_lock(&self, path: &std::path::Path) -> std::io::Result<Option<Box<dyn ports::Lock>>> {
        self.0.around("files.try_lock", || self.1.try_lock(path))
    }

    fn read_own(&self, path: &std::path::Path) -> std::io::Result<Option<Vec<u8>>> {
        self.0.around("files.read_own", || self.1.read_own(path))
    }

    fn write_own(&self, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
        self.0.around("files.write_own", || self.1.write_own(path, bytes))
    }

    fn remove(&self, path: &std::path::Path) -> std::io::Result<()> {
        self.0.around("files.remove", || self.1.remove(path))
    }
}

impl ports::ProgramRunner for Wired<Arc<dyn ports::ProgramRunner>> {
    fn exec(&self, command: &[std::ffi::OsString], variable: (&str, &Secret)) -> std::io::Error {
        self.0.around("programs.exec", || self.1.exec(command, variable))
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        self.0.around("programs.output", || self.1.output(command))
    }
}
