//! Logins that a client waits for by polling the token endpoint: a device's (RFC 8628), and one that a backend asked
//! for (CIBA). As plain data.

use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::users::User;
use std::sync::Arc;
use std::time::Duration;

/// Who waits for the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollingGrant {
    Device,
    Ciba,
}

impl PollingGrant {
    pub const ALL: [Self; 2] = [Self::Device, Self::Ciba];

    /// `grant_type`.
    pub const fn grant_type(self) -> &'static str {
        match self {
            Self::Device => "urn:ietf:params:oauth:grant-type:device_code",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Ciba => "ciba",
        }
    }

    /// The parameter with the client's secret code.
    pub(super) const fn code_parameter(self) -> &'static str {
        match self {
            Self::Device => "device_code",
            Self::Ciba => "auth_req_id",
        }
    }
}

/// What a client asks for.
pub(super) struct LoginRequest {
    pub(super) grant: PollingGrant,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) acr_values: &'static str,
    /// The user who is asked; `None`: whoever has the code.
    pub(super) user: Option<Arc<User>>,
    pub(super) binding_message: Option<String>,
    pub(super) lifetime: Seconds,
}

pub struct PolledLogin {
    pub(super) request: LoginRequest,
    /// Nine digits by which the pages and controls name it.
    pub(super) user_code: String,
    pub(super) expires_at: Time,
    pub(super) interval: Seconds,
    /// By the sandbox's clock, and by one that nobody stops or sets.
    pub(super) last_poll: Option<(Time, Duration)>,
    pub(super) state: PollState,
}

pub(super) enum PollState {
    Pending,
    Denied,
    Approved(Arc<User>),
}

impl PolledLogin {
    pub fn grant(&self) -> PollingGrant {
        self.request.grant
    }

    pub fn client_id(&self) -> &str {
        &self.request.client_id
    }

    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    pub fn user(&self) -> Option<&Arc<User>> {
        self.request.user.as_ref()
    }

    pub fn begun_at(&self) -> Time {
        self.expires_at.plus(Seconds(-self.request.lifetime.0))
    }

    pub fn expires_at(&self) -> Time {
        self.expires_at
    }

    pub fn binding_message(&self) -> Option<&str> {
        self.request.binding_message.as_deref()
    }

    /// Whether less than the interval passed since the last poll by both clocks, so that a frozen or set-back clock does not
    /// make every poll too fast.
    pub(super) fn is_too_fast(&self, now: Time, uptime: Duration) -> bool {
        let interval = Duration::from_secs(self.interval.0.unsigned_abs());
        self.last_poll.is_some_and(|(last, last_uptime)| {
            now < last.plus(self.interval) && uptime.saturating_sub(last_uptime) < interval
        })
    }

    pub(super) fn is_pending(&self, now: Time) -> bool {
        now < self.expires_at && matches!(self.state, PollState::Pending)
    }
}

/// What the client is told about a login that has begun.
pub struct BegunLogin {
    /// `device_code` or `auth_req_id`.
    pub code: Secret,
    pub user_code: String,
    pub expires_in: Seconds,
    pub interval: Seconds,
}

/// A BankID login that was prepared.
pub(super) struct LoginHint {
    pub(super) client_id: String,
    pub(super) user: Arc<User>,
    pub(super) binding_message: String,
    pub(super) expires_at: Time,
}
