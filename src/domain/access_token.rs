//! An access token and its times.

use crate::domain::secret::{Secret, stored};
use crate::domain::time::{CLOCK_TOLERANCE, Time};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    #[serde(with = "stored")]
    pub value: Secret,
    /// When the request was sent.
    pub obtained_at: Time,
    /// `obtained_at` plus the response's `expires_in`.
    pub expires_at: Time,
}

impl AccessToken {
    /// None, in the form of one that has expired for every clock that trusts `obtained_at`, so that a refresh is due.
    pub fn absent(obtained_at: Time) -> Self {
        Self { value: Secret::default(), obtained_at, expires_at: obtained_at.minus(CLOCK_TOLERANCE) }
    }

    /// Whether it was stored so far in the future that the clock must have been set back. Then its times mean nothing.
    pub fn is_from_future(&self, now: Time) -> bool {
        self.obtained_at > now.plus(CLOCK_TOLERANCE)
    }

    /// Whether it has not expired, as far as its times can be trusted.
    pub fn is_valid(&self, now: Time) -> bool {
        !self.is_from_future(now) && now < self.expires_at
    }
}
