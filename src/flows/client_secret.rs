//! The client and its secret: from the environment, a command, or the store.

use crate::config::AuthMethod;
use crate::domain::secret::Secret;
use crate::domain::session::EntryKey;
use crate::domain::text::without_byte_order_mark;
use crate::error::{Error, LoginError, ProfileError, ProviderRefusal, Result, Situation, StoreError};
use crate::flows::context::Context;
use crate::oidc::token::{Client, ClientAuthentication};

impl Context<'_> {
    /// The client, with its secret if it has one.
    ///
    /// # Errors
    /// `config` if a confidential client has no secret; `store` if the keyring that may hold it fails.
    pub fn client(&self) -> Result<Client> {
        let authentication = match self.profile.auth_method {
            AuthMethod::None => ClientAuthentication::None,
            AuthMethod::Basic => ClientAuthentication::Basic(self.client_secret()?),
            AuthMethod::Post => ClientAuthentication::Post(self.client_secret()?),
        };
        Ok(Client { client_id: self.profile.client_id.clone(), authentication })
    }

    fn client_secret(&self) -> Result<Secret> {
        let trace = |place: &str| self.reporter.trace(|| format!("client secret from {place}"));
        if let Some(secret) = self.ports.env.get("TIDP_CLIENT_SECRET") {
            trace("TIDP_CLIENT_SECRET");
            return Ok(Secret::new(secret));
        }
        if let Some(command) = &self.profile.client_secret_command {
            trace("client_secret_command");
            let failed = |what: String| Error::config(format!("client_secret_command: {what}"));
            return self.ports.programs.output(command).map_err(failed);
        }
        trace("the store");
        let entry = EntryKey::ClientSecret(self.key.clone()).name();
        let failed = if self.profile.is_machine() { StoreError::SecretUnavailable } else { StoreError::Failed };
        let stored = self.store.load(&entry).map_err(failed)?.ok_or(ProfileError::NoClientSecret)?;
        // Older versions stored a byte order mark with it.
        Ok(Secret::new(without_byte_order_mark(stored.expose())))
    }

    /// The error; if the provider rejected a client (RFC 6749 5.2) whose secret is in the store, with the hint
    /// `tidp profile secret`.
    pub(super) fn with_stored_secret_hint(&self, error: Error) -> Error {
        let (env, profile) = (&self.ports.env, &self.profile);
        let is_stored = profile.auth_method != AuthMethod::None
            && profile.client_secret_command.is_none()
            && env.get("TIDP_CLIENT_SECRET").is_none();
        let (failed_step, refusal) = match &error.situation {
            Situation::Provider(ProviderRefusal::WithError(failed_step, refusal)) => (*failed_step, refusal),
            Situation::Login(login) => match &**login {
                LoginError::Refused(refusal, _) => ("login failed", refusal),
                _ => return error,
            },
            _ => return error,
        };
        if !is_stored || refusal.error != "invalid_client" {
            return error;
        }
        let situation = ProviderRefusal::StoredSecret(failed_step, refusal.clone()).into();
        Error { situation, ..error }
    }
}
