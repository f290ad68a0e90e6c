//! Panics. Libraries panic if they cannot start a thread.

use super::{Error, Situation};
use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind, StoreName};

/// The error for a panic, without its message, which may hold a secret.
pub fn panic_error(message: &str, place: &str, thread: Option<&str>) -> Error {
    let no_thread = message.contains("spawn") && message.contains("thread");
    let what = if no_thread {
        "no more threads can be started: a limit on processes is reached (`ulimit -u`, or a container's pids limit)"
            .into()
    } else {
        format!("a bug in tidp; please report it ({})", printable(place))
    };
    match thread {
        // The name of the thread for calls to the keyring.
        Some(name) if name == StoreName::Keyring.as_str() => {
            StoreFailure { store: StoreName::Keyring, kind: StoreFailureKind::Refused, detail: what }.into()
        }
        _ => Situation::Failed(what).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_is_reported_without_its_message() {
        for (message, thread, code, words) in [
            ("failed to spawn thread: Os { code: 11, canary }", Some("main"), 1, "no more threads"),
            ("OS can't spawn worker thread: canary (os error 11)", None, 1, "ulimit -u"),
            ("cannot spawn async-io thread: canary", Some("keyring"), 6, "the OS keyring"),
            ("index out of canary", Some("sandbox"), 1, "a bug in tidp; please report it (a\\u{1b}.rs:7)"),
        ] {
            let report = panic_error(message, "a\u{1b}.rs:7", thread).report();
            assert_eq!(report.exit_code, code, "{message}");
            assert!(report.message.contains(words) && !report.message.contains("canary"), "{}", report.message);
        }
    }
}
