//! Requests the provider's keys while the user is in the browser, because the authorization code expires soon.

use crate::domain::time::Time;
use crate::flows::context::Context;
use crate::flows::provider_keys;
use crate::flows::traced_request::trace_exchange;
use crate::oidc::discovery::Provider;
use crate::ports::{HttpFailure, Request, Response};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A request for the keys, if it was sent.
#[derive(Default)]
pub(super) struct KeyPrefetch(Option<Sent>);

struct Sent {
    request: Request,
    at: Time,
    outcome: Receiver<(Result<Response, HttpFailure>, Duration)>,
}

impl KeyPrefetch {
    /// Sends the request in the background if no keys are cached. If no thread can be started, they are fetched later.
    pub(super) fn start(context: &Context<'_>, provider: &Provider) -> Self {
        let Some(request) = provider_keys::prefetch_request(context, provider) else { return Self::default() };
        let (http, clock) = (Arc::clone(&context.ports.http), Arc::clone(&context.ports.clock));
        let (sender, outcome) = channel();
        let sent = request.clone();
        let fetch = move || {
            let started = clock.uptime();
            let outcome = http.send(&sent);
            drop(sender.send((outcome, clock.uptime().saturating_sub(started))));
        };
        let at = context.ports.clock.now();
        Self((context.ports.background)(Box::new(fetch)).ok().map(|()| Sent { request, at, outcome }))
    }

    /// The response and when the request was sent. Waits as long as the HTTP client does.
    pub(super) fn response(self, context: &Context<'_>) -> Option<(Response, Time)> {
        let Sent { request, at, outcome } = self.0?;
        let (outcome, took) = outcome.recv().ok()?;
        trace_exchange(context.ports, context.reporter, &request, &outcome, took);
        Some((outcome.ok()?, at))
    }
}
