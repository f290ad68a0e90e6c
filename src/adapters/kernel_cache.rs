//! The access-token cache: keys of the tokens' own lifetime in the Linux kernel's *user* keyring. Never on a disk.
//!
//! A key's permissions let every process of the same user find and read it without linking a keyring into its own:
//! linking one per reader would exhaust the user's quota of 200 keys.

use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::ports::TokenCache;

/// The cache; always empty where the kernel has no keyrings or refuses.
#[derive(Debug)]
pub struct KernelCache;

impl TokenCache for KernelCache {
    fn get(&self, name: &str) -> Option<Secret> {
        keys::read(name)
    }

    fn put(&self, name: &str, document: &Secret, life: Seconds) {
        // A key without an end would stay for as long as the user does.
        match usize::try_from(life.0) {
            Ok(seconds @ 1..) if keys::write(name, document, seconds).is_some() => {}
            _ => keys::remove(name),
        }
    }

    fn forget(&self, name: &str) {
        keys::remove(name);
    }
}

#[cfg(target_os = "linux")]
mod keys {
    use super::Secret;
    use linux_keyutils::{KeyPermissions, KeyRing, KeyRingIdentifier};
    use zeroize::{Zeroize, Zeroizing};

    /// Possessor: all. User: view, read, search. Others: nothing.
    const PERMISSIONS: u32 = 0x3f0b_0000;

    /// The room tried first, in bytes; the kernel says how much it would have taken.
    const USUAL: usize = 4096;

    fn user_keyring() -> Option<KeyRing> {
        KeyRing::from_special_id(KeyRingIdentifier::User, false).ok()
    }

    pub(super) fn read(name: &str) -> Option<Secret> {
        let key = user_keyring()?.search(name).ok()?;
        let mut buffer = Zeroizing::new(vec![0; USUAL]);
        let mut length = key.read(&mut *buffer).ok()?;
        if length > buffer.len() {
            buffer.zeroize();
            buffer.resize(length, 0);
            length = key.read(&mut *buffer).ok()?;
        }
        // Replaced by a longer one between the two reads: as good as absent.
        std::str::from_utf8(buffer.get(..length)?).ok().map(Secret::new)
    }

    pub(super) fn write(name: &str, document: &Secret, seconds: usize) -> Option<()> {
        let keyring = user_keyring()?;
        // It is made in this process's own keyring, which goes with the process and makes it the key's possessor: only
        // that may set what follows. Linked, it takes the place of the key of that name: others find the old one whole,
        // or the new one with its end, and never a key without end, whenever this process is killed.
        let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true).ok()?;
        let key = own.add_key(name, document.expose().as_bytes()).ok()?;
        key.set_timeout(seconds).ok()?;
        key.set_perms(KeyPermissions::from_u32(PERMISSIONS)).ok()?;
        let linked = keyring.link_key(key).ok();
        let _ = own.unlink_key(key);
        linked
    }

    pub(super) fn remove(name: &str) {
        if let Some(keyring) = user_keyring() {
            while let Ok(key) = keyring.search(name) {
                if keyring.unlink_key(key).is_err() {
                    break;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod keys {
    use super::Secret;

    pub(super) fn read(_: &str) -> Option<Secret> {
        None
    }

    pub(super) fn write(_: &str, _: &Secret, _: usize) -> Option<()> {
        None
    }

    pub(super) fn remove(_: &str) {}
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    /// A cache and a name of this test's own; `None` where the kernel refuses keys, and there is nothing to test.
    fn cache(of: &str) -> Option<(KernelCache, String)> {
        let (cache, name) = (KernelCache, format!("tidp-test:{of}:{}", std::process::id()));
        cache.put(&name, &Secret::new("probe"), Seconds(30));
        cache.get(&name)?;
        Some((cache, name))
    }

    #[test]
    fn what_is_put_is_there_until_forgotten_and_the_last_one_counts() {
        let Some((cache, name)) = cache("put") else { return };
        for document in ["one", "two"] {
            cache.put(&name, &Secret::new(document), Seconds(30));
            assert_eq!(cache.get(&name), Some(Secret::new(document)));
        }
        cache.forget(&name);
        assert_eq!(cache.get(&name), None);
    }

    #[test]
    fn a_document_larger_than_the_usual_room_is_read_whole() {
        let Some((cache, name)) = cache("long") else { return };
        let long = Secret::new("x".repeat(6000));
        cache.put(&name, &long, Seconds(30));
        let read = cache.get(&name);
        cache.forget(&name);
        assert_eq!(read, Some(long));
    }

    #[test]
    fn an_entry_dies_with_its_life_and_one_without_life_is_not_kept() {
        let Some((cache, name)) = cache("life") else { return };
        cache.put(&name, &Secret::new("old"), Seconds(0));
        assert_eq!(cache.get(&name), None);
        cache.put(&name, &Secret::new("short"), Seconds(1));
        std::process::Command::new("sleep").arg("2").status().unwrap();
        assert_eq!(cache.get(&name), None);
        cache.put(&name, &Secret::new("next"), Seconds(30));
        assert_eq!(cache.get(&name), Some(Secret::new("next")));
        cache.forget(&name);
    }
}
