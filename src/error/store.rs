//! What is said of a store that failed.

use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind};

/// What has happened to the store, for a person.
pub fn store_message(failure: &StoreFailure) -> String {
    let store = match failure.store {
        "keyring" => "the OS keyring",
        "file" => "the encrypted file store",
        "plaintext-file" => "the plain-text file store",
        other => other,
    };
    let what = match failure.kind {
        StoreFailureKind::Missing => "cannot be found",
        StoreFailureKind::NotSetUp => "is running, but has no default collection yet",
        StoreFailureKind::Locked => "is locked",
        StoreFailureKind::TimedOut => "did not answer in time",
        StoreFailureKind::Refused => "refused",
        StoreFailureKind::WrongKey => "cannot be opened with this key",
        StoreFailureKind::Damaged => "holds something in the entry's place that is none",
        StoreFailureKind::Ambiguous => "holds two entries of the same name",
        StoreFailureKind::Unknown => "did not say whether it has written; it may have",
        StoreFailureKind::NoLock | StoreFailureKind::NoLocksThere => "cannot be locked",
    };
    let detail = if failure.detail.is_empty() { String::new() } else { format!(" ({})", printable(&failure.detail)) };
    format!("{store} {what}{detail}")
}

/// What can be done about it, where there is something.
pub(super) fn store_hint(failure: &StoreFailure) -> Option<String> {
    let hint = match (failure.store, failure.kind) {
        ("keyring", StoreFailureKind::Missing) => {
            "start a keyring (gnome-keyring, KWallet, KeePassXC), or choose another store: TIDP_STORE=file with TIDP_STORE_KEY_FILE"
        }
        ("keyring", StoreFailureKind::NotSetUp) => {
            "make one: run `tidp login` in a terminal of a desktop, which asks for its password, or without a desktop give a password to `gnome-keyring-daemon --replace --unlock --components=secrets`; or choose another store: TIDP_STORE=file with TIDP_STORE_KEY_FILE"
        }
        ("keyring", StoreFailureKind::Locked) => "unlock the keyring, then run the command again",
        ("keyring", StoreFailureKind::TimedOut) => {
            "unlock or restart the keyring, and answer its prompt if it shows one; or choose another store: TIDP_STORE=file with TIDP_STORE_KEY_FILE"
        }
        ("keyring", StoreFailureKind::Ambiguous) => {
            "`tidp login` puts one in their place, `tidp logout` removes them; or remove one of them in the keyring's own program (service `tidp`)"
        }
        (_, StoreFailureKind::WrongKey) => {
            "give the key the store was made with (TIDP_STORE_KEY_FILE); if it is lost or the file is damaged, `tidp logout` then `tidp login` starts anew; a new key: head -c 32 /dev/urandom | base64"
        }
        (_, StoreFailureKind::Damaged) => "`tidp logout` then `tidp login` starts anew",
        ("keyring", StoreFailureKind::NoLock) => {
            "see to it that there is a directory of your own that you can write to, or name another one: TIDP_LOCK_DIR"
        }
        ("keyring", StoreFailureKind::NoLocksThere) => "name a directory on a local disk: TIDP_LOCK_DIR",
        (_, StoreFailureKind::NoLock) => {
            "see to it that there is a directory of your own that you can write to, or keep the sessions in another one: TIDP_STORE_DIR"
        }
        (_, StoreFailureKind::NoLocksThere) => "keep the sessions in a directory on a local disk: TIDP_STORE_DIR",
        _ => return None,
    };
    Some(hint.to_owned())
}
