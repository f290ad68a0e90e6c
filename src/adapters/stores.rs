//! Opens the configured store.

use super::file_store::FileStore;
use super::keyring::KeyringStore;
use super::memory_store::MemoryStore;
use super::overflow_store::OverflowStore;
use crate::ports::{Env, Store, StoreChoice, StoreResult, Stores, Terminal};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The size of a credential in bytes, where a session may not fit: `CRED_MAX_CREDENTIAL_BLOB_SIZE` (wincred.h).
const MAX_CREDENTIAL_SIZE: Option<usize> = if cfg!(windows) { Some(2560) } else { None };

pub struct SystemStores {
    /// Determines the keyring and the place of its locks.
    env: Env,
    /// Our state directory, for what does not fit a credential and for what is known about the keyring.
    state: Option<PathBuf>,
    memory: MemoryStore,
    terminal: Arc<dyn Terminal>,
}

impl SystemStores {
    pub fn new(env: &Env, state: Option<&Path>, terminal: Arc<dyn Terminal>) -> Self {
        let state = state.map(|state| state.join("tidp"));
        Self { env: env.clone(), state, memory: MemoryStore::default(), terminal }
    }
}

impl Stores for SystemStores {
    fn open(&self, choice: &StoreChoice) -> StoreResult<Box<dyn Store>> {
        Ok(match choice {
            StoreChoice::Keyring => {
                // Without a person at the terminal, nobody can answer an unlock prompt.
                let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
                let terminal = interactive.then(|| Arc::clone(&self.terminal));
                let state_dir = |name| self.state.as_ref().map(|state| state.join(name));
                let keyring = Box::new(KeyringStore::new(terminal, self.env.clone(), state_dir("keyring")));
                match (MAX_CREDENTIAL_SIZE, state_dir("entries")) {
                    (Some(limit), Some(dir)) => Box::new(OverflowStore::new(keyring, limit, dir)),
                    _ => keyring,
                }
            }
            StoreChoice::File { dir, key } => Box::new(FileStore::sealed(dir, key)?),
            StoreChoice::PlaintextFile { dir } => Box::new(FileStore::plaintext(dir)),
            StoreChoice::Memory => Box::new(self.memory.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::terminal::SystemTerminal;
    use crate::domain::secret::Secret;
    use crate::ports::{StoreFailureKind, StoreName};

    fn stores(env: &Env) -> SystemStores {
        SystemStores::new(env, None, Arc::<SystemTerminal>::default())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keyrings_of_two_buses_are_told_apart() {
        let key_fingerprint = |name: &str, value: &str| {
            let env = Env::from_iter([(name.to_owned(), Secret::new(value))]);
            stores(&env).open(&StoreChoice::Keyring).unwrap().key_fingerprint()
        };
        assert_ne!(
            key_fingerprint("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=a"),
            key_fingerprint("XDG_RUNTIME_DIR", "/b")
        );
        assert_ne!(key_fingerprint("XDG_RUNTIME_DIR", "/a"), key_fingerprint("XDG_RUNTIME_DIR", "/b"));
    }

    #[test]
    fn each_choice_opens_its_own_store() {
        let stores = stores(&Env::default());
        let dir = std::path::PathBuf::from("/nowhere");
        let name = |choice| stores.open(&choice).map(|store| store.name());
        assert_eq!(name(StoreChoice::Keyring), Ok(StoreName::Keyring));
        assert_eq!(name(StoreChoice::Memory), Ok(StoreName::Memory));
        assert_eq!(name(StoreChoice::PlaintextFile { dir: dir.clone() }), Ok(StoreName::PlaintextFile));
        let key = Secret::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(name(StoreChoice::File { dir: dir.clone(), key }), Ok(StoreName::File));
        let failure = name(StoreChoice::File { dir, key: Secret::new("a passphrase") }).unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::WrongKey);
        assert!(!failure.detail.contains("passphrase"));
    }

    #[test]
    fn memory_store_can_be_opened_again() {
        let stores = stores(&Env::default());
        stores.open(&StoreChoice::Memory).unwrap().save("a", &Secret::new("1")).unwrap();
        assert_eq!(stores.open(&StoreChoice::Memory).unwrap().load("a"), Ok(Some(Secret::new("1"))));
    }
}
