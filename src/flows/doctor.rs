//! `tidp doctor`: checks what a login and a token need, and says what to do. It reads no session, changes none, and holds
//! no session's lock.

mod configuration;
mod keyring;
mod network;
mod store;

use crate::config::{Profile, RedirectUri};
use crate::domain::text::printable;
use crate::error::{Error, Kind, Result, Situation, with_profile};
use crate::explain::doctor_report::{Check, Status};
use crate::flows::browser::listen;
use crate::flows::configuration::Configuration;
use crate::ports::{ListenAddress, PortHolder, Ports, Reporter};
use std::path::Path;

const LOOPBACK: &str = "loopback port";
const BROWSER: &str = "browser";

const INVALID_SETTING: &str = "correct that setting, then run `tidp doctor` again";
const NO_LOGIN: &str = "not needed: the client acts for itself";

/// Checks everything, with the profile of that name or else the one in use.
pub fn examine(
    ports: &Ports,
    reporter: &dyn Reporter,
    profile: Option<&str>,
    checklist: &mut Checklist<'_>,
) -> Result<()> {
    let subject = Subject::load(ports, reporter, profile, checklist)?;
    subject.check_network(checklist)?;
    subject.check_store(checklist)?;
    checklist.add(subject.loopback_port())?;
    checklist.add(subject.browser())
}

/// Passes each check to `show` when it is done, and keeps the kind of the first failure and the names of all.
pub struct Checklist<'a> {
    show: &'a mut dyn FnMut(Check) -> Result<()>,
    failed: Option<(Kind, Vec<&'static str>)>,
}

impl<'a> Checklist<'a> {
    pub fn new(show: &'a mut dyn FnMut(Check) -> Result<()>) -> Self {
        Self { show, failed: None }
    }

    pub fn add(&mut self, check: Check) -> Result<()> {
        if let Status::Failed { kind } = check.status {
            self.failed.get_or_insert_with(|| (kind, Vec::new())).1.push(check.name);
        }
        (self.show)(check)
    }

    /// # Errors
    /// [`Situation::Checks`], if any check failed.
    pub fn outcome(self) -> Result<()> {
        self.failed.map_or(Ok(()), |(kind, names)| Err(Situation::Checks(kind, names).into()))
    }
}

struct Subject<'a> {
    ports: &'a Ports,
    reporter: &'a dyn Reporter,
    /// `None` if the file is not valid.
    configuration: Option<Configuration>,
    /// `None` without a valid one.
    profile: Option<Profile>,
}

impl Subject<'_> {
    fn name_in_hints(&self) -> Option<&str> {
        self.profile.as_ref()?.name_in_hints.as_deref()
    }

    /// A failed check: the message of the error, and its hint or else `remedy`.
    fn failed(&self, name: &'static str, error: Error, remedy: &str) -> Check {
        let report = error.with_profile_hint(self.name_in_hints()).report();
        Check::failed(name, report.kind, report.message).remedy(report.hint.unwrap_or_else(|| remedy.to_owned()))
    }

    fn is_machine(&self) -> bool {
        self.profile.as_ref().is_some_and(Profile::is_machine)
    }

    fn loopback_port(&self) -> Check {
        let any_port = ListenAddress { host: "127.0.0.1".into(), port: None, path: "/callback".into() };
        let at = match self.profile.as_ref().map(|profile| &profile.redirect_uri) {
            _ if self.is_machine() => return Check::skipped(LOOPBACK, NO_LOGIN),
            Some(RedirectUri::Elsewhere(uri)) => {
                let uri = printable(uri);
                let why = format!("not needed: {uri} is not on this machine, so `tidp login` asks for the URL");
                return Check::skipped(LOOPBACK, why);
            }
            Some(RedirectUri::AnyPort(at) | RedirectUri::Fixed(_, at)) => at,
            None => &any_port,
        };
        match listen(self.ports, at) {
            Ok(_listener) => {
                let port = at.port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
                Check::ok(LOOPBACK, format!("{port} of {} can be listened on", at.host))
            }
            Err(error) => {
                let holder = at.port.and_then(|port| self.ports.callback.holder(port));
                let check = self.failed(LOOPBACK, error, "");
                match holder {
                    None | Some(PortHolder::SameUser(None)) => check,
                    Some(PortHolder::SameUser(Some((program, process)))) => {
                        check.remarks(vec![format!("It is held by {program} (process {process}).")])
                    }
                    // `tidp login --paste` would send the browser to that program, with the code.
                    Some(PortHolder::AnotherUser(id)) => check
                        .remarks(vec![format!(
                            "It is held by another user (id {id}), to whose program the browser would send the code."
                        )])
                        .remedy(format!(
                            "have that program ended, or log in without a redirect: {}",
                            with_profile("tidp login --device", self.name_in_hints())
                        )),
                }
            }
        }
    }

    fn browser(&self) -> Check {
        let (env, browser) = (&self.ports.env, &self.ports.browser);
        if self.is_machine() {
            return Check::skipped(BROWSER, NO_LOGIN);
        }
        if !browser.available() {
            let why = "there is neither a display nor BROWSER, so `tidp login` shows the URL and takes a pasted one";
            return Check::warning(BROWSER, why);
        }
        let named_by = ["BROWSER", "WAYLAND_DISPLAY", "DISPLAY"].into_iter().find(|name| env.get(name).is_some());
        let named_by = match named_by {
            Some("BROWSER") => "named by BROWSER".to_owned(),
            Some(display) => format!("{display} is set"),
            None => "this system's own".to_owned(),
        };
        match browser.opener() {
            Ok(program) => Check::ok(BROWSER, format!("{program} would open it ({named_by}); it was not started")),
            Err(why) => Check::warning(BROWSER, format!("it cannot be opened ({named_by}): {why}"))
                .remedy("export BROWSER=PROGRAM, one that shows a web page; or open the URL that `tidp login` shows"),
        }
    }
}

/// Where this process runs, as far as that explains a missing keyring or browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The Windows Subsystem for Linux.
    pub wsl: bool,
    pub ssh: bool,
    pub container: bool,
}

impl Surroundings {
    pub fn of(ports: &Ports) -> Self {
        let (env, files) = (&ports.env, &ports.files);
        let container_files = ["/.dockerenv", "/run/.containerenv"];
        let is_there = |path: &&str| files.read(Path::new(path)).is_ok_and(|found| found.is_some());
        Self {
            wsl: env.get("WSL_DISTRO_NAME").is_some(),
            ssh: env.get("SSH_CONNECTION").is_some(),
            container: env.get("container").is_some() || container_files.iter().any(is_there),
        }
    }

    /// `in WSL, over SSH`; empty for a plain desktop or server.
    pub fn to_text(self) -> String {
        let words = [(self.wsl, "in WSL"), (self.ssh, "over SSH"), (self.container, "in a container")];
        words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }

    /// SelectionReason a keyring fails here; `is_running` if there is one at all.
    pub fn keyring_remarks(self, is_running: bool) -> Vec<String> {
        let remarks = [
            (self.wsl && !is_running, "In WSL no keyring runs by itself."),
            (
                self.ssh,
                "Over SSH the keyring is reached on this user's bus, and shows its prompts on the desktop of this machine.",
            ),
            (self.container && !is_running, "In a container there is usually no keyring."),
        ];
        remarks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, remark)| remark.to_owned()).collect()
    }
}
