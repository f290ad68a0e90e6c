//! A login that is approved on another device (RFC 8628).

use super::attempt::LoginAttempt;
use super::key_prefetch::KeyPrefetch;
use super::polling::Poll;
use super::stopwatch::Stopwatch;
use crate::domain::session::Session;
use crate::error::{Error, LoginError, Result};
use crate::explain::exchange_steps;
use crate::oidc::device_authorization::{
    DeviceAuthorization, accept_device_authorization, device_authorization_request, device_token_request,
};
use crate::oidc::discovery::is_loopback_literal;
use crate::oidc::polling::PollInterval;
use crate::ports::Notice;

impl LoginAttempt<'_, '_> {
    pub(super) fn on_another_device(self) -> Result<Session> {
        let since = Stopwatch::start(&*self.context.ports.clock);
        let device = self.device_authorization()?;
        self.show(&device);
        let poll = Poll {
            request: device_token_request(&self.provider, &self.client, &device.device_code),
            interval: PollInterval::new(device.interval),
            lifetime: device.lifetime,
            since,
        };
        let keys = KeyPrefetch::start(self.context, &self.provider);
        self.poll(poll, keys)
    }

    fn device_authorization(&self) -> Result<DeviceAuthorization> {
        let endpoint = self.provider.device_authorization_endpoint.as_ref().ok_or_else(|| {
            let reason = self.provider.missing_endpoint_reason("device_authorization_endpoint");
            Error::from(LoginError::NotOffered(reason, self.options.method))
        })?;
        let request =
            device_authorization_request(endpoint, &self.client, &self.options.request).map_err(Error::usage)?;
        self.context.step(|| exchange_steps::DEVICE_AUTHORIZATION.to_owned());
        self.answer(&request, accept_device_authorization)
    }

    fn show(&self, device: &DeviceAuthorization) {
        let on_this_machine = is_loopback_literal(&device.verification_uri);
        let shows_qr_code = self.options.show_qr_code && !on_this_machine;
        let qr_code = device.verification_uri_complete.as_ref().filter(|_| shows_qr_code);
        self.context.reporter.report(Notice::UserCode {
            address: device.verification_uri.to_string(),
            code: device.user_code.clone(),
            qr_code: qr_code.map(|complete| complete.to_string()),
            on_this_machine,
        });
    }
}
