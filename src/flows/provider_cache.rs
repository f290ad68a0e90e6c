//! The cache of documents fetched from the provider: discovery and keys, a file each. A cache that cannot be read or
//! written is not an error: the next run fetches again.

use crate::domain::time::Time;
use crate::explain::trace_messages;
use crate::flows::context::Context;
use crate::oidc::discovery;
use crate::ports::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
pub struct CachedDocument {
    /// Where it was fetched from: the file's name is only a hash of it.
    url: String,
    pub fetched_at: Time,
    pub fresh_until: Time,
    /// When it was last fetched again for want of a key.
    #[serde(default)]
    pub refetched_at: Option<Time>,
    /// Whether a fetch has succeeded since then.
    #[serde(default)]
    pub refetched: bool,
    pub document: String,
}

/// Caches the response, and returns until when it may be used.
pub fn store(
    context: &Context<'_>,
    request: &Request,
    response: &Response,
    fetched_at: Time,
    refetched_at: Option<Time>,
) -> Time {
    let fresh_until = fetched_at.plus(discovery::cache_lifetime(response));
    if let Ok(document) = String::from_utf8(response.body.clone()) {
        // The time of the last refetch outlives a document that expires before the cooldown.
        let refetched_at = refetched_at.or_else(|| read(context, request)?.refetched_at);
        let url = request.url.to_string();
        let cached = CachedDocument { url, fetched_at, fresh_until, refetched_at, refetched: true, document };
        context.write_own(path(context, request).as_deref(), &cached);
    }
    fresh_until
}

/// Notes in the cache that the document is about to be fetched again, so that other processes wait too.
pub fn note_refetch(context: &Context<'_>, request: &Request, at: Time) {
    if let Some(cached) = read(context, request) {
        let cached = CachedDocument { refetched_at: Some(at), refetched: false, ..cached };
        context.write_own(path(context, request).as_deref(), &cached);
    }
}

impl CachedDocument {
    pub fn is_fresh(&self, now: Time) -> bool {
        // Times that `store` would not have written are not trusted.
        let credible =
            self.fetched_at <= now && self.fresh_until <= self.fetched_at.plus(discovery::MAX_CACHE_LIFETIME);
        credible && now < self.fresh_until
    }
}

pub fn read(context: &Context<'_>, request: &Request) -> Option<CachedDocument> {
    let cached: Option<CachedDocument> = context.read_own(path(context, request).as_deref());
    cached.filter(|cached| cached.url == request.url.as_str())
}

pub fn trace(context: &Context<'_>, name: &str, fetched_at: Time, fresh_until: Time) {
    let local = |time| context.reporter.local_time(time);
    context.reporter.trace(|| trace_messages::cached_document(name, &local(fetched_at), &local(fresh_until)));
}

/// Named after the URL and the certificate authorities: no document that was fetched under others is used.
fn path(context: &Context<'_>, request: &Request) -> Option<PathBuf> {
    let ca_file = context.profile.ca_file.as_deref().map(Path::to_string_lossy);
    let system = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| context.ports.env.get(name));
    context.cache_file("", &json!([request.url.as_str(), ca_file, system]))
}
