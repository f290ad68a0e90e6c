//! What the provider says of a refresh token (RFC 7662).

use crate::domain::time::Time;
use serde::{Deserialize, Serialize};

/// The provider's answer about a refresh token. It holds until the token is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introspection {
    pub asked_at: Time,
    #[serde(flatten)]
    pub status: RefreshTokenStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RefreshTokenStatus {
    Active {
        /// By this machine's clock; `None` if the provider does not say.
        expires_at: Option<Time>,
    },
    /// It has expired or was revoked.
    Inactive,
}
