//! What the store holds of a profile that is changed, renamed or removed.

use crate::config::{self, Profile};
use crate::domain::session::{EntryKey, Session, SessionKey};
use crate::domain::text::printable;
use crate::domain::warning::WarningCode;
use crate::error::{Error, ProfileError, Result, Situation, StoreError};
use crate::flows::context::Context;
use crate::flows::profile_file::{Change, ProfileFile};
use crate::flows::{access_token_cache, machine_token_cache};
use crate::ports::{Lock, Prompt, StoreFailureKind};
use std::collections::BTreeSet;

const SESSION_OR_SECRET: &str = "a session or a client secret";

/// Warns if a profile now names another client, and the session of the old one stays.
pub fn warn_of_old_session(file: &ProfileFile<'_>, change: &Change) {
    let Some(before) = &change.before else { return };
    let old = before.session_key();
    if old == change.after.session_key() {
        return;
    }
    let load = |old: Context<'_>| Ok(old.store.read(&old.entry(), Prompt::Forbidden)?);
    match file.context(before.clone()).and_then(load) {
        Ok(None) => {}
        Ok(Some(_)) => {
            let [profile, client, issuer] = [&old.profile, &old.client_id, &old.issuer].map(|part| printable(part));
            let message = format!(
                "the session of `{profile}` belongs to the client `{client}` at {issuer} and is still stored; \
                 `tidp logout --all` ends it and all others"
            );
            file.reporter.warn(WarningCode::SessionLeftBehind, message);
        }
        Err(error) => warn_of_unknown(file, &error, "a session", &old.profile),
    }
}

/// Removes a profile that has no session, together with its client secret and its machine tokens; returns whether it was
/// the default. A store that cannot be read is a warning.
///
/// # Errors
/// `config` if there is none of that name, `usage` if it has a session.
pub fn remove(file: &ProfileFile<'_>, name: &str) -> Result<bool> {
    file.require(name)?;
    let unreadable = match file.configuration.file_profile(name).map(|profile| delete_secrets(file, profile)) {
        // A profile that is not valid can still be removed.
        Err(_) | Ok(Ok(())) => None,
        Ok(Err(error @ Error { situation: Situation::Profile(ProfileError::ProfileHasSession(_)), .. })) => {
            return Err(error);
        }
        Ok(Err(error)) => Some(error),
    };
    let was_default = file.remove(name)?;
    match unreadable {
        Some(error) => warn_of_unknown(file, &error, SESSION_OR_SECRET, name),
        None => warn_of_leftovers(file, name, None),
    }
    Ok(was_default)
}

/// Warns of what the store still holds under `name`, which is no longer a profile. The entries of `moved` do not count:
/// they have been moved.
fn warn_of_leftovers(file: &ProfileFile<'_>, name: &str, moved: Option<&SessionKey>) {
    match contents(file, |key| key.profile == name && Some(key) != moved) {
        Ok(None) => {}
        Ok(Some(what)) => {
            let name = printable(name);
            let message = format!(
                "the store still holds {what} of `{name}`; `tidp logout --all` removes that and ends all sessions"
            );
            file.reporter.warn(WarningCode::SessionLeftBehind, message);
        }
        Err(error) => warn_of_unknown(file, &error, SESSION_OR_SECRET, name),
    }
}

/// Warns if an earlier profile has left entries that a new one uses. A store that cannot be read tells nothing.
pub fn warn_of_earlier_entries(file: &ProfileFile<'_>, new: &Profile) {
    let new = new.session_key();
    if let Ok(Some(what)) = contents(file, |key| *key == new) {
        let name = printable(&new.profile);
        let message =
            format!("the store holds {what} of an earlier profile `{name}` of this client, and uses it for this one");
        file.reporter.warn(WarningCode::SessionLeftBehind, message);
    }
}

/// What the store holds under the keys that pass `filter`, in words, as far as it can be read without a prompt.
fn contents(file: &ProfileFile<'_>, filter: impl Fn(&SessionKey) -> bool) -> Result<Option<String>> {
    let entries = file.configuration.store(file.ports)?.list(Prompt::Forbidden)?;
    let found = entries.names.iter().filter_map(|name| EntryKey::parse(name)).filter(|entry| filter(entry.key()));
    let found = found.map(|entry| match entry {
        EntryKey::Session(_) => "a session",
        EntryKey::ClientSecret(_) => "a client secret",
        EntryKey::MachineTokens(_) => "machine tokens",
    });
    let found: Vec<_> = found.collect::<BTreeSet<_>>().into_iter().collect();
    Ok((!found.is_empty()).then(|| found.join(" and ")))
}

fn delete_secrets(file: &ProfileFile<'_>, profile: Profile) -> Result<()> {
    let context = file.context(profile)?;
    if context.store.load(&context.entry())?.is_some() {
        return Err(ProfileError::ProfileHasSession(context.key.profile).into());
    }
    context.store.delete(&EntryKey::ClientSecret(context.key.clone()).name())?;
    // Whatever the profile's grant is now: it may have been another one.
    machine_token_cache::remove(&context)
}

fn warn_of_unknown(file: &ProfileFile<'_>, error: &Error, what: &str, profile: &str) {
    let (why, name) = (error.report().message, printable(profile));
    let message = format!("{why}; if it holds {what} of `{name}`, it stays there: `tidp logout --all` later");
    file.reporter.warn(WarningCode::SessionsUnknown, message);
}

/// Renames a profile, and takes its session and its client secret along; returns whether it had a session.
///
/// The new entries are written first and the old ones removed last, so that whatever the file says when this stops, the
/// session is there under that name.
///
/// # Errors
/// `usage`, `config` (also if the profile is not valid), `busy`, `store`. Nothing is renamed then.
pub fn rename(file: &ProfileFile<'_>, name: &str, new_name: &str) -> Result<bool> {
    config::check_profile_name(new_name)?;
    file.require(name)?;
    file.require_free(new_name)?;
    // A profile that is not valid may still have a session, but nothing tells the name of its entry.
    let old = file.context(file.configuration.file_profile(name)?)?;
    match move_entries(file, &old, new_name) {
        Err(error) if error.store_failure().is_some_and(StoreFailureKind::means_no_store) => {
            file.rename(name, new_name)?;
            warn_of_unknown(file, &error, SESSION_OR_SECRET, name);
            Ok(false)
        }
        outcome => outcome.inspect(|_| warn_of_leftovers(file, name, Some(&old.key))),
    }
}

/// Copies the entries, renames the profile, and removes the old entries; returns whether there was a session.
fn move_entries(file: &ProfileFile<'_>, old: &Context<'_>, new_name: &str) -> Result<bool> {
    let store = &old.store;
    let new = SessionKey { profile: new_name.to_owned(), ..old.key.clone() };
    let [old_entries, new_entries] = [&old.key, &new].map(|key| EntryKey::KINDS.map(|entry| entry(key.clone()).name()));
    let entries = old_entries.iter().chain(&new_entries);
    let _locks: Vec<Box<dyn Lock>> = entries.map(|entry| old.lock(entry)).collect::<Result<_>>()?;
    let load = |entry: &str, key| -> Result<_> {
        let document = store.load(entry)?;
        Ok(document.map(|document| Session::from_json(&document, key)))
    };
    let session = load(&old_entries[0], &old.key)?.transpose().map_err(StoreError::InvalidEntry)?;
    // What an interrupted rename has copied is of the same login. Another session is not replaced.
    if let Some(session) = &session
        && let Some(other) = load(&new_entries[0], &new)?
        && !other.is_ok_and(|other| other.login_at == session.login_at && other.account.sub == session.account.sub)
    {
        return Err(ProfileError::NameHasSession(new.profile).into());
    }
    let secret = store.load(&old_entries[1])?;
    let _deferred = old.ports.signals.defer();
    let had_session = session.is_some();
    if let Some(session) = session {
        store.save(&new_entries[0], &Session { key: new, ..session }.to_json())?;
    }
    if let Some(secret) = secret {
        store.save(&new_entries[1], &secret)?;
    }
    file.rename(&old.key.profile, new_name)?;
    // From here on the session has its new name, so a failure leaves only a copy.
    access_token_cache::forget(old);
    let removed = machine_token_cache::remove(old)
        .and_then(|()| Ok(old_entries.iter().try_for_each(|entry| store.delete(entry).map(drop))?));
    if let Err(error) = removed {
        let (what, name) = (error.report().message, printable(&old.key.profile));
        old.reporter
            .warn(WarningCode::SessionLeftBehind, format!("a copy of the session stays under `{name}`: {what}"));
    }
    Ok(had_session)
}
