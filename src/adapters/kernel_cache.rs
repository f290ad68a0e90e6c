//! The access-token cache: keys in the Linux kernel's *user* keyring, which expire with their tokens. Never on a disk.
//!
//! The keys' permissions let every process of the user find and read them. Linking the keyring into each reader's own
//! would exhaust the user's quota of 200 keys.

use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::ports::TokenCache;
#[cfg(target_os = "linux")]
use linux_keyutils::{KeyPermissions, KeyRing, KeyRingIdentifier};
#[cfg(target_os = "linux")]
use zeroize::{Zeroize, Zeroizing};

/// Empty if the kernel has no keyrings or refuses.
pub struct KernelCache;

#[cfg(target_os = "linux")]
impl TokenCache for KernelCache {
    fn get(&self, name: &str) -> Option<Secret> {
        let key = user_keyring()?.search(name).ok()?;
        // Small, because it is wiped at the end. The kernel reports the size needed.
        let mut buffer = Zeroizing::new(vec![0; 4096]);
        let mut length = key.read(&mut *buffer).ok()?;
        if length > buffer.len() {
            buffer.zeroize();
            buffer.resize(length, 0);
            length = key.read(&mut *buffer).ok()?;
        }
        // A longer key may have replaced it between the two reads.
        std::str::from_utf8(buffer.get(..length)?).ok().map(Secret::new)
    }

    fn put(&self, name: &str, document: &Secret, lifetime: Seconds) {
        // A key without timeout would never expire.
        match usize::try_from(lifetime.0) {
            Ok(seconds @ 1..) if write(name, document, seconds).is_some() => {}
            _ => self.forget(name),
        }
    }

    fn forget(&self, name: &str) {
        let Some(keyring) = user_keyring() else { return };
        while keyring.search(name).is_ok_and(|key| keyring.unlink_key(key).is_ok()) {}
    }
}

#[cfg(target_os = "linux")]
fn user_keyring() -> Option<KeyRing> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false).ok()
}

#[cfg(target_os = "linux")]
fn write(name: &str, document: &Secret, seconds: usize) -> Option<()> {
    /// Possessor: all. User: view, read, search. Others: nothing (keyctl_setperm(3)).
    const PERMISSIONS: u32 = 0x3f0b_0000;
    let keyring = user_keyring()?;
    // The key is created in this process's own keyring, which makes the process its possessor: only that may set
    // timeout and permissions. Linking it into the user's keyring then replaces the old key atomically, so that no
    // key without timeout stays if this process is killed.
    let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true).ok()?;
    let key = own.add_key(name, document.expose().as_bytes()).ok()?;
    key.set_timeout(seconds).ok()?;
    key.set_perms(KeyPermissions::from_u32(PERMISSIONS)).ok()?;
    let linked = keyring.link_key(key).ok();
    let _ = own.unlink_key(key);
    linked
}

#[cfg(not(target_os = "linux"))]
impl TokenCache for KernelCache {
    fn get(&self, _: &str) -> Option<Secret> {
        None
    }

    fn put(&self, _: &str, _: &Secret, _: Seconds) {}

    fn forget(&self, _: &str) {}
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    /// A cache and a name for this test; `None` if the kernel refuses keys.
    fn cache(of: &str) -> Option<(KernelCache, String)> {
        let (cache, name) = (KernelCache, format!("tidp-test:{of}:{}", std::process::id()));
        cache.put(&name, &Secret::new("probe"), Seconds(30));
        cache.get(&name)?;
        Some((cache, name))
    }

    #[test]
    fn last_put_wins_until_forgotten() {
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
    fn an_entry_expires_after_its_lifetime_and_one_without_lifetime_is_not_kept() {
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
