//! What is said about a keyring: what its users should know, and what to do when it has failed.

use super::Surroundings;
use crate::ports::{Backend, Env, Ports, StoreFailureKind};

const OR_ANOTHER_STORE: &str = "or use another store: TIDP_STORE=file with TIDP_STORE_KEY_FILE";

/// A keyring that failed.
pub(super) struct Failure<'a> {
    pub(super) ports: &'a Ports,
    /// `None` if it was not the keyring itself.
    pub(super) kind: Option<StoreFailureKind>,
    /// `None` if the bus did not tell.
    pub(super) backend: Option<Backend>,
}

impl Failure<'_> {
    /// What is known of it.
    pub(super) fn remarks(&self) -> Vec<String> {
        let what = match &self.backend {
            Some(Backend::NoBus(address)) => {
                let named = if names_a_bus(&self.ports.env) { ", which DBUS_SESSION_BUS_ADDRESS names" } else { "" };
                Some(format!("No session bus answers this user at {address}{named}."))
            }
            Some(Backend::NoService) => {
                Some("The session bus is there, but no program on it offers a keyring.".to_owned())
            }
            Some(Backend::Program(program)) => Some(format!("The keyring is {program}.")),
            None if self.is_unanswered() => Some("The session bus itself does not respond.".to_owned()),
            None => None,
        };
        let displaced = self.displaces_kwallet().then(|| {
            "This is a KDE desktop, but gnome-keyring was started in the place of KWallet: sessions in KWallet are not seen."
                .to_owned()
        });
        let is_running = matches!(self.backend, Some(Backend::Program(_)));
        let remarks = what.into_iter().chain(displaced).chain(remarks_on(self.backend.as_ref()));
        remarks.chain(Surroundings::of(self.ports).keyring_remarks(is_running)).collect()
    }

    /// What to do, if this keyring needs something else than others do.
    pub(super) fn remedy(&self) -> Option<String> {
        use StoreFailureKind::{Missing, NotSetUp};
        let remedy = match (&self.backend, self.kind?) {
            (Some(Backend::NoBus(_)), Missing) if names_a_bus(&self.ports.env) => {
                "unset DBUS_SESSION_BUS_ADDRESS, if it is of an earlier session; or log in to this machine's desktop"
            }
            // Without a bus no keyring can be reached.
            (Some(Backend::NoBus(_)), Missing) => {
                "log in to this machine's desktop, which starts a session bus and a keyring"
            }
            (Some(Backend::Program(program)), NotSetUp) if program.contains("KeePassXC") => {
                "in KeePassXC, choose a group for tidp's entries: Database, Database Settings, Secret Service Integration"
            }
            (Some(Backend::Program(program)), NotSetUp) if program.contains("KWallet") => {
                "create a wallet: on the desktop run `tidp login` in a terminal, which asks for a new password"
            }
            (Some(_), NotSetUp) if self.displaces_kwallet() => {
                "end gnome-keyring-daemon, start KWallet (`kwallet-query -l kdewallet`), and run the command again"
            }
            (Some(Backend::Program(program)), _) if self.is_unanswered() && program.contains("KeePassXC") => {
                "unlock the database in KeePassXC, and answer what it asks; if it shows nothing, restart it"
            }
            (None, _) if self.is_unanswered() => "log out of this machine's desktop and in again",
            _ => return None,
        };
        Some(format!("{remedy}; {OR_ANOTHER_STORE}"))
    }

    fn is_unanswered(&self) -> bool {
        matches!(self.kind, Some(StoreFailureKind::TimedOut | StoreFailureKind::Unknown))
    }

    /// Whether gnome-keyring serves a KDE desktop and was never used there: the bus starts it if it is installed and
    /// KWallet does not run yet.
    fn displaces_kwallet(&self) -> bool {
        let desktops = self.ports.env.get("XDG_CURRENT_DESKTOP").unwrap_or_default();
        let is_kde = desktops.split(':').any(|desktop| desktop == "KDE");
        let is_gnome_keyring =
            matches!(&self.backend, Some(Backend::Program(program)) if program.contains("gnome-keyring"));
        is_kde && is_gnome_keyring && self.kind == Some(StoreFailureKind::NotSetUp)
    }
}

fn names_a_bus(env: &Env) -> bool {
    env.get("DBUS_SESSION_BUS_ADDRESS").is_some()
}

/// What the users of this keyring should know.
pub(super) fn remarks_on(backend: Option<&Backend>) -> Vec<String> {
    let Some(Backend::Program(program)) = backend else { return Vec::new() };
    let remarks: &[&str] = match program {
        _ if program.contains("KeePassXC") => &[
            "KeePassXC asks whether tidp may read an entry: allow it, or turn the question off under Tools, Settings, Secret Service Integration.",
            "It keeps removed entries in its recycle bin.",
        ],
        _ if program.contains("KWallet") => &[
            "KWallet writes to the disk after about five seconds: if it is stopped sooner, a refreshed session is lost.",
        ],
        _ => &[],
    };
    remarks.iter().map(|remark| (*remark).to_owned()).collect()
}
