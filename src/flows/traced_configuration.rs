//! Shows under `--verbose` which profile and store are used, and where that was set. Values that may be personal or secret
//! are not shown: only the provider and the client are.

use crate::config::{self, KeySource, Profile, Setting, StoreKind, settings};
use crate::domain::text::{printable_path, with_tilde};
use crate::explain::trace_messages;
use crate::flows::configuration::{Configuration, store_dir};
use crate::ports::{Ports, Reporter};
use std::path::Path;

pub fn trace(
    ports: &Ports,
    reporter: &dyn Reporter,
    configuration: &Configuration,
    profile: &Profile,
    flag: Option<&str>,
) {
    let Configuration { config, path, .. } = configuration;
    let home = ports.env.get("HOME").or_else(|| ports.env.get("USERPROFILE"));
    let shown = |path: &Path| with_tilde(&printable_path(path), home);
    let why = config::selection(flag, &ports.env, config).map_or("", |selection| selection.why.to_text(&ports.env));
    let file = path.as_deref().filter(|_| profile.name_in_hints.is_some()).map(shown);
    reporter.trace(|| trace_messages::profile(&profile.name, why, file.as_deref()));
    let all = settings(profile, config, &ports.env);
    let (client, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|setting| matches!(setting.key, "issuer" | "environment" | "client_id"));
    let with_value = |setting: &&Setting| format!("{} {} ({})", setting.key, setting.value, setting.place());
    let place = |setting: &&Setting| format!("{} ({})", setting.key, setting.place());
    reporter.trace(|| client.iter().map(with_value).collect::<Vec<_>>().join(", "));
    if !others.is_empty() {
        reporter.trace(|| format!("also set: {}", others.iter().map(place).collect::<Vec<_>>().join(", ")));
    }
    let Ok(kind) = config::store(&ports.env, config) else { return };
    let source = match (ports.env.get("TIDP_STORE"), &config.store) {
        (Some(_), _) => "TIDP_STORE",
        (None, Some(_)) => "config.toml",
        (None, None) => "the default",
    };
    let dir = store_dir(ports).map(|dir| shown(&dir));
    let (name, dir, key) = match &kind {
        StoreKind::Keyring => ("keyring", None, None),
        StoreKind::Memory => ("memory", None, None),
        StoreKind::PlaintextFile => ("plaintext-file", dir, None),
        StoreKind::File(KeySource::Variable(_)) => ("file", dir, Some("TIDP_STORE_KEY")),
        StoreKind::File(KeySource::File(_)) => ("file", dir, Some("TIDP_STORE_KEY_FILE")),
        StoreKind::File(KeySource::Command(_)) => ("file", dir, Some("store_key_command")),
    };
    reporter.trace(|| trace_messages::store(name, source, dir.as_deref(), key));
}
