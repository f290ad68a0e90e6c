//! A login that the user confirms in Vipps or BankID (CIBA). For confidential clients.

use super::attempt::LoginAttempt;
use super::key_prefetch::KeyPrefetch;
use super::polling::Poll;
use super::stopwatch::Stopwatch;
use crate::domain::session::Session;
use crate::domain::text::printable;
use crate::error::{Error, LoginError, Result};
use crate::explain::exchange_steps;
use crate::oidc::ciba::{
    BackchannelAuthentication, CibaProvider, UserHint, accept_backchannel_authentication, accept_preparation,
    authentication_request, ciba_token_request, preparation_request,
};
use crate::oidc::polling::PollInterval;
use url::Url;

impl LoginAttempt<'_, '_> {
    /// `hint` is the phone number for Vipps, the `kurt_id` for BankID.
    pub(super) fn by_backchannel(self, ciba: CibaProvider, hint: &str) -> Result<Session> {
        let endpoint = self.provider.backchannel_authentication_endpoint.as_ref().ok_or_else(|| {
            let reason = self.provider.missing_endpoint_reason("backchannel_authentication_endpoint");
            Error::from(LoginError::NotOffered(reason, self.options.method))
        })?;
        let user = match ciba {
            CibaProvider::Vipps => UserHint::Phone(hint.to_owned()),
            CibaProvider::BankId => self.prepared_user(hint)?,
        };
        let since = Stopwatch::start(&*self.context.ports.clock);
        let begun = self.begin_authentication(endpoint, &user)?;
        self.context.reporter.prompt(match &user {
            UserHint::Phone(phone) => format!("Confirm the login in Vipps, on the phone {}.", printable(phone)),
            UserHint::Prepared(_) => "Confirm the login in BankID.".to_owned(),
        });
        let poll = Poll {
            request: ciba_token_request(&self.provider, &self.client, &begun.auth_req_id),
            interval: PollInterval::new(begun.interval),
            lifetime: begun.lifetime,
            since,
        };
        let keys = KeyPrefetch::start(self.context, &self.provider);
        self.poll(poll, keys)
    }

    /// The user, with the message that BankID will show. It is on the terminal before BankID can show it: the user may
    /// confirm only what was seen here first.
    fn prepared_user(&self, kurt_id: &str) -> Result<UserHint> {
        let request = preparation_request(&self.provider, &self.client, kurt_id).map_err(Error::usage)?;
        let prepared = self.answer(&request, accept_preparation)?;
        self.context.reporter.prompt(format!(
            "BankID will show this message. Confirm only if it is the same there:\n\n  {}\n",
            prepared.binding_message
        ));
        Ok(UserHint::Prepared(prepared))
    }

    fn begin_authentication(&self, endpoint: &Url, user: &UserHint) -> Result<BackchannelAuthentication> {
        let (options, timeout) = (&self.options.request, self.options.timeout);
        self.context.step(|| exchange_steps::CIBA.to_owned());
        let request = authentication_request(endpoint, &self.client, user, options, timeout).map_err(Error::usage)?;
        self.answer(&request, accept_backchannel_authentication)
    }
}
