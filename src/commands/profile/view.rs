//! A profile with everything that follows from it, as JSON and as text. It holds no secret.

use crate::config::{AuthMethod, Grant, Profile, RedirectUri, Setting, Source};
use crate::domain::text::{printable, with_tilde};
use crate::domain::time::Seconds;
use crate::flows::configuration::Configuration;
use serde_json::{Map, Value, json};

/// A name and a value of the JSON document.
type Member = (&'static str, Value);

/// In the order of the text.
pub(super) fn members(profile: &Profile, configuration: &Configuration) -> [Member; 16] {
    let (redirect_uri, redirect) = match &profile.redirect_uri {
        RedirectUri::AnyPort(at) => (format!("http://{}{}", at.host, at.path), "any_port"),
        RedirectUri::Fixed(uri, _) => (uri.clone(), "fixed_port"),
        RedirectUri::Elsewhere(uri) => (uri.clone(), "paste"),
    };
    let auth_method = AuthMethod::NAMES.iter().find(|(_, method)| *method == profile.auth_method);
    [
        ("config", configuration.path.as_ref().map(|path| path.display().to_string()).into()),
        ("profile", profile.name.as_str().into()),
        ("auth_method", auth_method.map(|(name, _)| *name).into()),
        ("ca_file", profile.ca_file.as_ref().map(|path| path.display().to_string()).into()),
        ("client_id", profile.client_id.as_str().into()),
        ("client_type", profile.client_type.map(|client_type| client_type.as_str()).into()),
        ("endpoint_hosts", profile.endpoint_hosts.clone().into()),
        ("grant", profile.grant.as_str().into()),
        ("issuer", profile.issuer.as_str().into()),
        ("lifetime", json!(profile.policy.and_then(|policy| policy.lifetime))),
        ("policy", profile.policy.map(|policy| policy.name.as_str()).into()),
        ("redirect", redirect.into()),
        ("redirect_uri", redirect_uri.into()),
        ("renew", json!(profile.renew)),
        ("scopes", profile.scopes.clone().into()),
        ("sliding", profile.policy.map(|policy| policy.sliding).into()),
    ]
}

/// The JSON document.
pub(super) fn document(profile: &Profile, configuration: &Configuration) -> Value {
    members(profile, configuration).into_iter().collect()
}

/// One line for each member that has a value, and where it was set.
pub(super) fn to_text(members: &[Member], settings: &[Setting], home: Option<&str>) -> String {
    let text = |(name, value): &Member| match value {
        // A user's login, the default, needs no line.
        Value::String(grant) if *name == "grant" && grant == Grant::default().as_str() => None,
        Value::String(path) if ["config", "ca_file"].contains(name) => Some(with_tilde(&printable(path), home)),
        Value::String(text) => Some(printable(text)),
        Value::Array(words) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).map(printable).collect();
            (!words.is_empty()).then(|| words.join(" "))
        }
        Value::Number(seconds) => seconds.as_i64().map(|seconds| Seconds(seconds).to_text()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        Value::Null | Value::Object(_) => None,
    };
    let line = |member: &Member| {
        let (name, text) = (member.0, text(member)?);
        let set_as = match name {
            "issuer" => ["issuer", "environment"],
            "lifetime" => ["refresh_lifetime", "absolute_lifetime"],
            name => [name, name],
        };
        let setting = settings.iter().find(|setting| set_as.contains(&setting.key));
        let place = setting.map_or_else(String::new, |setting| format!("  ({})", setting.place()));
        Some(format!("{name:<18} {text}{place}\n"))
    };
    members.iter().filter_map(line).collect()
}

/// Where each key was set, for the JSON of `profile show`.
pub(super) fn sources(settings: &[Setting]) -> Value {
    let source = |setting: &Setting| match &setting.source {
        Source::Variable(name) => json!({ "source": "variable", "variable": name }),
        Source::Profile(_) | Source::Default => json!({ "source": "file", "line": setting.line }),
    };
    settings.iter().map(|setting| (setting.key.to_owned(), source(setting))).collect::<Map<_, _>>().into()
}
