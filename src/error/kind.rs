//! The kinds of errors, each with its exit code.

use serde::Serialize;

/// The kind of an error. Of several, the smallest is reported: what the user must change comes before what may pass by
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Usage,
    Config,
    Failed,
    Invalid,
    LoginRequired,
    Refused,
    Store,
    Busy,
    Unreachable,
    Timeout,
}

impl Kind {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage | Self::Config => 2,
            Self::LoginRequired => 3,
            Self::Refused => 4,
            Self::Unreachable | Self::Busy => 5,
            Self::Store => 6,
            Self::Invalid => 7,
            Self::Timeout => 124,
        }
    }
}
