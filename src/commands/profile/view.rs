//! A profile with everything that follows from it, as JSON and as text. It holds no secret.

use crate::config::{AuthMethod, Grant, Profile, RedirectUri, Setting, Source};
use crate::domain::decision::Renew;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::flows::configuration::Configuration;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Serialize)]
pub(super) struct ProfileView<'a> {
    auth_method: Option<&'static str>,
    ca_file: Option<String>,
    client_id: &'a str,
    client_type: Option<&'static str>,
    /// The configuration file.
    config: Option<String>,
    endpoint_hosts: &'a [String],
    grant: &'static str,
    issuer: &'a str,
    lifetime: Option<Seconds>,
    policy: Option<&'static str>,
    profile: &'a str,
    redirect: &'static str,
    redirect_uri: String,
    renew: &'static str,
    scopes: &'a [String],
    sliding: Option<bool>,
}

impl<'a> ProfileView<'a> {
    pub(super) fn new(profile: &'a Profile, configuration: &Configuration) -> Self {
        let (redirect_uri, redirect) = match &profile.redirect_uri {
            RedirectUri::AnyPort(at) => (format!("http://{}{}", at.host, at.path), "any_port"),
            RedirectUri::Fixed(uri, _) => (uri.clone(), "fixed_port"),
            RedirectUri::Elsewhere(uri) => (uri.clone(), "paste"),
        };
        Self {
            auth_method: match profile.auth_method {
                AuthMethod::None => None,
                AuthMethod::Basic => Some("client_secret_basic"),
                AuthMethod::Post => Some("client_secret_post"),
            },
            ca_file: profile.ca_file.as_ref().map(|path| path.display().to_string()),
            client_id: &profile.client_id,
            client_type: profile.client_type.map(|client_type| client_type.as_str()),
            config: configuration.path.as_ref().map(|path| path.display().to_string()),
            endpoint_hosts: &profile.endpoint_hosts,
            grant: profile.grant.as_str(),
            issuer: &profile.issuer,
            lifetime: profile.policy.and_then(|policy| policy.lifetime),
            policy: profile.policy.map(|policy| policy.name.as_str()),
            profile: &profile.name,
            redirect,
            redirect_uri,
            renew: match profile.renew {
                Renew::WhenDue => "when-due",
                Renew::BeforeSessionEnds => "before-session-ends",
            },
            scopes: &profile.scopes,
            sliding: profile.policy.map(|policy| policy.sliding),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default() // cannot fail for these types
    }

    /// One line for each member that has a value, and where it was set.
    pub(super) fn to_text(&self, settings: &[Setting]) -> String {
        let text = |text: &str| Some(printable(text));
        let words = |words: &[String]| {
            let words: Vec<_> = words.iter().map(|word| printable(word)).collect();
            (!words.is_empty()).then(|| words.join(" "))
        };
        let members = [
            ("config", self.config.as_deref().and_then(text)),
            ("profile", text(self.profile)),
            ("auth_method", self.auth_method.and_then(text)),
            ("ca_file", self.ca_file.as_deref().and_then(text)),
            ("client_id", text(self.client_id)),
            ("client_type", self.client_type.and_then(text)),
            ("endpoint_hosts", words(self.endpoint_hosts)),
            // A user's login, the default, needs no line.
            ("grant", text(self.grant).filter(|_| self.grant != Grant::default().as_str())),
            ("issuer", text(self.issuer)),
            ("lifetime", self.lifetime.map(Seconds::to_text)),
            ("policy", self.policy.and_then(text)),
            ("redirect", text(self.redirect)),
            ("redirect_uri", text(&self.redirect_uri)),
            ("renew", text(self.renew)),
            ("scopes", words(self.scopes)),
            ("sliding", self.sliding.map(|sliding| sliding.to_string())),
        ];
        let line = |name: &str, value: String| {
            let set_as = match name {
                "issuer" => ["issuer", "environment"],
                "lifetime" => ["refresh_lifetime", "absolute_lifetime"],
                name => [name, name],
            };
            let setting = settings.iter().find(|setting| set_as.contains(&setting.key));
            let place = setting.map_or_else(String::new, |setting| format!("  ({})", setting.place()));
            format!("{name:<18} {value}{place}\n")
        };
        members.into_iter().filter_map(|(name, value)| Some(line(name, value?))).collect()
    }
}

/// Where each key was set, for the JSON of `profile show`.
pub(super) fn sources(settings: &[Setting]) -> Value {
    let source = |setting: &Setting| match &setting.source {
        Source::Variable(name) => json!({ "source": "variable", "variable": name }),
        Source::Profile(_) | Source::Default => json!({ "source": "file", "line": setting.line }),
    };
    settings.iter().map(|setting| (setting.key.to_owned(), source(setting))).collect::<Map<_, _>>().into()
}
