//! Sends requests, and shows them under `--verbose`.

use crate::explain::trace_messages;
use crate::flows::context::Context;
use crate::oidc::{redact, trace};
use crate::ports::{HttpFailure, Ports, Reporter, Request, Response, Trace, Verbosity};
use std::sync::atomic::Ordering;
use std::time::Duration;

pub type Outcome = std::result::Result<Response, HttpFailure>;

/// The response to one request, without the credentials that an error may quote.
pub fn send(ports: &Ports, reporter: &dyn Reporter, request: &Request) -> Outcome {
    let started = ports.clock.uptime();
    let outcome = ports.http.send(request);
    let took = ports.clock.uptime().saturating_sub(started);
    let outcome = outcome.map(|response| redact::without_credentials(request, response));
    trace_exchange(ports, reporter, request, &outcome, took);
    outcome
}

pub fn trace_exchange(ports: &Ports, reporter: &dyn Reporter, request: &Request, outcome: &Outcome, took: Duration) {
    reporter.trace(|| {
        let proxy = ports.http.proxy(&request.url).ok().flatten();
        let outcome = outcome.as_ref().map(|response| (response.status, response.body.len()));
        let outcome = outcome.map_err(|failure| failure.message.as_str());
        let (method, url) = (request.method.as_str(), trace::shown_url(&request.url));
        trace_messages::exchange(method, &url, outcome, took, proxy.as_deref())
    });
    if reporter.verbosity() < Verbosity::Headers {
        return;
    }
    let answer = outcome.as_ref().map(trace::response_lines).unwrap_or_default();
    for line in trace::request_lines(request).into_iter().chain(answer) {
        reporter.report(Trace::Header(line));
    }
}

impl Context<'_> {
    /// Sends `request`, trusting the profile's certificate authorities too.
    pub fn send(&self, request: &Request) -> Outcome {
        let request = Request { ca_file: self.profile.ca_file.clone(), ..request.clone() };
        send(self.ports, self.reporter, &request)
    }

    /// Shows the next step of an exchange, which is put into words only if it is shown.
    pub fn step(&self, text: impl FnOnce() -> String) {
        if self.reporter.is_verbose() {
            let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
            self.reporter.report(Trace::Step(number, text()));
        }
    }

    pub fn begin_steps(&self) {
        self.steps.store(0, Ordering::Relaxed);
    }
}
