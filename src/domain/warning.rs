//! The codes of warnings, on which scripts may match. The README explains them.

use clap::ValueEnum;
use serde::Serialize;

/// Its code is its name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum WarningCode {
    SsoEnded,
    EndsSoon,
    DiesBeforeAccessToken,
    RefreshRefused,
    RefreshInterrupted,
    RefreshFailed,
    NotRenewed,
    NotKeptAlive,
    PolicyMismatch,
    ClockSkew,
    IdTokenNotChecked,
    ClaimsNotUpdated,
    DeprecatedOption,
    ScopeMoreThanAsked,
    ScopeLessThanAsked,
    AcrNotMet,
    AccountChanged,
    RedirectIgnored,
    AnotherUser,
    MemoryStore,
    SessionsUnknown,
    SessionLeftBehind,
    NoProfileInUse,
    TokenNotKept,
    TokenOnCommandLine,
    NotSigned,
    BringsAKey,
    NotValidYet,
    TimeNotANumber,
    TimeOutOfRange,
    SandboxReachable,
}
