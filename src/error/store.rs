//! The store failed, or an entry in it is not a session.

use super::kind::Kind;
use super::report::{Report, with_profile};
use crate::domain::session::InvalidEntry;
use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind, StoreName};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    Failed(StoreFailure),
    /// The store that may have the secret of a client that acts for itself failed. Such a client needs no store.
    SecretUnavailable(StoreFailure),
    InvalidEntry(InvalidEntry),
    /// Entries that cannot be read, so their sessions are not known.
    EntriesUnreadable {
        store: StoreName,
        count: usize,
        place: String,
    },
    /// The old refresh token is used up, and the new one is lost.
    NewTokenNotStored(StoreFailure),
}

impl From<StoreFailure> for StoreError {
    fn from(failure: StoreFailure) -> Self {
        Self::Failed(failure)
    }
}

impl StoreError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let login = with_profile("tidp login", profile);
        match self {
            Self::Failed(failure) => store(store_message(failure)).hint(store_hint(failure)),
            // Perhaps there is no secret to look for: a job has a variable.
            Self::SecretUnavailable(failure @ StoreFailure { store: StoreName::Keyring, kind, .. })
                if *kind == StoreFailureKind::Missing =>
            {
                store("the client is confidential, but there is no client secret, and no keyring to look in".into())
                    .hint(format!("set TIDP_CLIENT_SECRET; or {}", store_hint(failure)))
            }
            Self::SecretUnavailable(failure) => {
                store(store_message(failure)).hint(format!("{}; or set TIDP_CLIENT_SECRET", store_hint(failure)))
            }
            Self::InvalidEntry(InvalidEntry::Version(version)) => {
                store(format!("the stored session was written by a newer tidp (format {version})"))
                    .hint(format!("update tidp, or start over: {login}"))
            }
            Self::InvalidEntry(_) => store("the stored session cannot be read".into()).hint(login),
            Self::EntriesUnreadable { store: name, count, place } => {
                let (files, them) = if *count == 1 { ("file", "it") } else { ("files", "them") };
                let key = match name {
                    StoreName::File => "run it again with the key that encrypted them (TIDP_STORE_KEY_FILE), or ",
                    StoreName::Keyring | StoreName::PlaintextFile | StoreName::Memory => "",
                };
                store(format!("{count} {files} cannot be read, so any session in {them} was not ended: {place}"))
                    .hint(format!("{key}remove the unreadable files"))
            }
            Self::NewTokenNotStored(failure) => store(format!(
                "the refresh token was used, but the new one could not be stored: {}",
                store_message(failure)
            ))
            .hint(login),
        }
    }
}

fn store(message: String) -> Report {
    Report::new(Kind::Store, message)
}

/// The store, and what is wrong with it.
pub fn store_message(failure: &StoreFailure) -> String {
    let store = match failure.store {
        StoreName::Keyring => "the OS keyring",
        StoreName::File => "the encrypted file store",
        StoreName::PlaintextFile => "the plain-text file store",
        StoreName::Memory => "the memory store",
    };
    let problem = match failure.kind {
        StoreFailureKind::Missing => "cannot be found",
        StoreFailureKind::NotSetUp => "is running, but has no default collection yet",
        StoreFailureKind::Locked => "is locked",
        StoreFailureKind::MissingLogonSession => "has no credentials in this logon session",
        StoreFailureKind::MissingKeychain => "has no keychain for this user",
        StoreFailureKind::InteractionNotAllowed => "needs to ask the user, but cannot show a window here",
        StoreFailureKind::Denied => "denied access",
        StoreFailureKind::TimedOut => "did not respond in time",
        StoreFailureKind::Refused => "returned an error",
        StoreFailureKind::WrongKey => "cannot be opened with this key",
        StoreFailureKind::Damaged => "has a corrupt entry",
        StoreFailureKind::Ambiguous => "has two entries of the same name",
        StoreFailureKind::Unknown => "did not confirm the write",
        StoreFailureKind::LockUnavailable | StoreFailureKind::LocksUnsupported => "cannot be locked",
    };
    let detail = if failure.detail.is_empty() { String::new() } else { format!(" ({})", printable(&failure.detail)) };
    format!("{store} {problem}{detail}")
}

fn store_hint(failure: &StoreFailure) -> String {
    let is_keyring = failure.store == StoreName::Keyring;
    let directory = if is_keyring { "TIDP_LOCK_DIR" } else { "TIDP_STORE_DIR" };
    let or_other_store = |what: &str| format!("{what} or use another store: TIDP_STORE=file with TIDP_STORE_KEY_FILE");
    match failure.kind {
        StoreFailureKind::WrongKey => String::from(
            "use the key that the store was created with (TIDP_STORE_KEY_FILE); if it is lost or the file is damaged, \
             start over with `tidp logout` then `tidp login`, and a new key",
        ),
        StoreFailureKind::Damaged => "start over: `tidp logout` then `tidp login`".to_owned(),
        StoreFailureKind::LockUnavailable => {
            format!("make that directory yours and writable, or choose another: {directory}")
        }
        StoreFailureKind::LocksUnsupported => format!("choose a directory on a local disk: {directory}"),
        _ if !is_keyring => {
            format!("make sure that the directory is yours, writable and not full, or choose another: {directory}")
        }
        StoreFailureKind::Missing => or_other_store("start a keyring (gnome-keyring, KWallet, KeePassXC),"),
        StoreFailureKind::NotSetUp => or_other_store(
            "create it: on a desktop run `tidp login` in a terminal, which asks for a new password; without a desktop \
             give a password to `gnome-keyring-daemon --replace --unlock --components=secrets`;",
        ),
        StoreFailureKind::Locked => "unlock the keyring, then run the command again".to_owned(),
        StoreFailureKind::MissingLogonSession => or_other_store(
            "Windows keeps no credentials for a logon over the network (SSH with a key) and for some services: run the \
             command on the desktop,",
        ),
        StoreFailureKind::MissingKeychain => or_other_store(
            "log in at the Mac's own screen once, which creates the keychain, and look with `security \
             default-keychain`;",
        ),
        StoreFailureKind::InteractionNotAllowed => String::from(
            "security unlock-keychain, then run the command again; if that is not enough, run it once at the Mac's own \
             screen and choose Always Allow",
        ),
        StoreFailureKind::Denied => String::from(
            "run the command again and choose Always Allow; if nothing asks, let this program access the entry (service \
             `tidp`) in Keychain Access, under Access Control",
        ),
        StoreFailureKind::TimedOut => {
            or_other_store("unlock or restart the keyring, and answer its prompt if it shows one;")
        }
        StoreFailureKind::Ambiguous => String::from(
            "`tidp login` replaces both, `tidp logout` removes them; or remove one of them in the keyring's own program \
             (service `tidp`)",
        ),
        StoreFailureKind::Refused => or_other_store("restart the keyring,"),
        StoreFailureKind::Unknown => "restart the keyring, then run the command again".to_owned(),
    }
}
