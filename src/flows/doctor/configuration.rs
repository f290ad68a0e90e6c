//! The configuration file, and the profile in use with the source of each value.

use super::{Checklist, Subject};
use crate::config::{self, Config, Profile, RedirectUri};
use crate::domain::text::{printable, printable_path};
use crate::error::{Result, quote};
use crate::explain::doctor_report::{Check, Setting};
use crate::flows::configuration::Configuration;
use crate::ports::{Ports, Reporter};

const CONFIGURATION: &str = "configuration";
const PROFILE: &str = "profile";

/// Keys whose values are not shown: a command line may hold a secret, and a hint is somebody's phone number.
const PRIVATE: [&str; 2] = ["client_secret_command", "login_hint"];

const REMEDY: &str = "correct that, then run `tidp doctor` again";

impl<'a> Subject<'a> {
    pub(super) fn load(
        ports: &'a Ports,
        reporter: &'a dyn Reporter,
        name: Option<&str>,
        checklist: &mut Checklist<'_>,
    ) -> Result<Self> {
        let mut subject = Self { ports, reporter, configuration: None, profile: None };
        let configuration = match Configuration::load(ports) {
            Ok(configuration) => configuration,
            Err(error) => {
                checklist.add(subject.failed(CONFIGURATION, error, REMEDY))?;
                checklist.add(Check::skipped(PROFILE, "not known without a valid configuration"))?;
                return Ok(subject);
            }
        };
        checklist.add(Check::ok(CONFIGURATION, file(&configuration, ports)))?;
        let config = &configuration.config;
        let found = config::selection(name, &ports.env, config)
            .and_then(|used| Ok((used.why.to_text(&ports.env), configuration.profile(ports, name)?)));
        match found {
            Ok((why, profile)) => {
                let check = Check::ok(PROFILE, format!("{}, {why}", quote(&profile.name)));
                checklist.add(Check { settings: settings(&profile, ports, config), ..check })?;
                subject.profile = Some(profile);
            }
            Err(error) => checklist.add(subject.failed(PROFILE, error, REMEDY))?,
        }
        subject.configuration = Some(configuration);
        Ok(subject)
    }
}

fn file(configuration: &Configuration, ports: &Ports) -> String {
    let Some(path) = &configuration.path else {
        return "no file: this user has no home directory".to_owned();
    };
    let named = if ports.env.get("TIDP_CONFIG").is_some() { ", which TIDP_CONFIG names" } else { "" };
    let path = printable_path(path);
    match configuration.config.profile.len() {
        _ if configuration.config.path.is_none() => format!("there is no file {path} yet"),
        1 => format!("{path}{named}, with 1 profile"),
        count => format!("{path}{named}, with {count} profiles"),
    }
}

/// What is set, and the defaults of scopes and redirect URI.
fn settings(profile: &Profile, ports: &Ports, config: &Config) -> Vec<Setting> {
    let shown = |setting: config::Setting| Setting {
        key: setting.key.to_owned(),
        source: setting.place(),
        value: if PRIVATE.contains(&setting.key) { "set".to_owned() } else { setting.value },
    };
    let mut settings: Vec<_> = config::settings(profile, config, &ports.env).into_iter().map(shown).collect();
    let redirect_uri = match &profile.redirect_uri {
        RedirectUri::AnyPort(at) => format!("http://{}{}", at.host, at.path),
        RedirectUri::Fixed(..) | RedirectUri::Elsewhere(_) => String::new(),
    };
    for (key, value) in [("scopes", profile.scopes.join(" ")), ("redirect_uri", redirect_uri)] {
        if !value.is_empty() && settings.iter().all(|setting| setting.key != key) {
            settings.push(Setting { key: key.to_owned(), value: printable(&value), source: "default".to_owned() });
        }
    }
    settings
}
