use super::clock::Clock;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{self, IgnoredRequest, ListenAddress, Listener, Page, PortHolder};
use url::Url;

/// A browser that records the URLs it opens.
#[derive(Default)]
pub struct TestBrowser {
    pub opened_urls: Mutex<Vec<Url>>,
    pub missing: Mutex<bool>,
    pub broken: Mutex<bool>,
    /// No program that would open it is installed.
    pub not_installed: Mutex<bool>,
    last_request: Mutex<Option<Url>>,
}

impl TestBrowser {
    /// The last authorization request shown, in the browser or on the terminal.
    pub fn request(&self) -> Option<Url> {
        self.last_request.lock().unwrap().clone()
    }

    pub fn record(&self, text: &str) {
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

    fn opener(&self) -> Result<String, String> {
        match *self.not_installed.lock().unwrap() {
            true => Err("none of these programs is here: xdg-open".into()),
            false => Ok("xdg-open".into()),
        }
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
    pub listen_calls: Mutex<Vec<ListenAddress>>,
    pub handover_targets: Mutex<Vec<String>>,
    pub port_in_use: Mutex<bool>,
    pub port_holder: Mutex<Option<PortHolder>>,
    pub times_out: Mutex<bool>,
    /// Requests that arrive first and must be ignored.
    pub stray_requests: Arc<Mutex<Vec<IgnoredRequest>>>,
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
            port_holder: Mutex::default(),
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
    query.append_pair("iss", super::super::tokens::ISSUER).finish()
}

impl ports::CallbackServer for Callback {
    fn listen(&self, at: &ListenAddress) -> Result<Box<dyn Listener>, String> {
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

    fn holder(&self, _: u16) -> Option<PortHolder> {
        self.port_holder.lock().unwrap().clone()
    }

    fn one_time_redirect(&self, target: &Secret) -> Result<Box<dyn ports::OneTimeRedirect>, String> {
        self.handover_targets.lock().unwrap().push(target.expose().to_owned());
        let comes = !*self.times_out.lock().unwrap();
        self.browser.record(target.expose());
        let stray_requests = self.stray_requests.lock().unwrap().clone();
        let url = Url::parse("http://127.0.0.1:49998/once").unwrap();
        Ok(Box::new(OneTimeRedirect { url, comes, stray_requests, clock: Arc::clone(&self.clock) }))
    }
}

struct OneTimeRedirect {
    url: Url,
    comes: bool,
    stray_requests: Vec<IgnoredRequest>,
    clock: Arc<Clock>,
}

impl ports::OneTimeRedirect for OneTimeRedirect {
    fn url(&self) -> &Url {
        &self.url
    }

    fn wait(&mut self, ignored: &dyn Fn(IgnoredRequest), patience: Duration) -> bool {
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
    stray_requests: Vec<IgnoredRequest>,
    delay: Arc<Mutex<Seconds>>,
}

impl Listener for TestListener {
    fn redirect_uri(&self) -> &str {
        &self.uri
    }

    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(IgnoredRequest),
        patience: Duration,
    ) -> Option<Secret> {
        self.stray_requests.drain(..).for_each(ignored);
        let end = ports::Clock::uptime(&*self.clock) + patience;
        let patience = Seconds(patience.as_secs() as i64);
        let left = &mut *self.delay.lock().unwrap();
        self.clock.advance(patience.min(*left));
        if *left > patience {
            *left = Seconds(left.0 - patience.0);
            return None;
        }
        left.0 = 0;
        let url = self.browser.request()?;
        let reply = std::mem::replace(&mut self.reply, Box::new(|_| Vec::new()));
        let ours = reply(&url).into_iter().find(|query| is_ours(query));
        if ours.is_none() {
            let rest = end.saturating_sub(ports::Clock::uptime(&*self.clock));
            ports::Clock::pause(&*self.clock, rest);
        }
        ours.map(Secret::new)
    }

    fn finish(self: Box<Self>, page: Page) {
        self.pages.lock().unwrap().push(page);
    }
}
