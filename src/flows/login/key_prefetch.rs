//! Requests the provider's keys while the user is in the browser, because the authorization code expires soon.

use crate::domain::time::Time;
use crate::flows::context::Context;
use crate::flows::provider_keys;
use crate::oidc::discovery::Provider;
use crate::ports::Response;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// A request for the keys that was sent.
pub(super) struct KeyPrefetch(Option<(Receiver<Response>, Time)>);

impl KeyPrefetch {
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Sends the request in the background if no keys are cached. If no thread can be started, they are fetched later.
    pub(super) fn start(context: &Context<'_>, provider: &Provider) -> Self {
        let Some(request) = provider_keys::prefetch_request(context, provider) else { return Self::none() };
        let http = Arc::clone(&context.ports.http);
        let (sender, receiver) = channel();
        let fetch = move || http.send(&request).into_iter().for_each(|response| drop(sender.send(response)));
        let sent_at = context.ports.clock.now();
        Self((context.ports.background)(Box::new(fetch)).ok().map(|()| (receiver, sent_at)))
    }

    /// The response and when the request was sent. Waits as long as the HTTP client does.
    pub(super) fn response(self) -> Option<(Response, Time)> {
        let (receiver, sent_at) = self.0?;
        Some((receiver.recv().ok()?, sent_at))
    }
}
