//! The codes of warnings, on which scripts may match. The README explains them.

use serde::Serialize;

/// An enum of codes, with the list of all.
macro_rules! warning_codes {
    ($($variant:ident => $code:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum WarningCode {
            $(#[serde(rename = $code)] $variant,)*
        }

        impl WarningCode {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

warning_codes! {
    SsoEnded => "sso_ended",
    EndsSoon => "ends_soon",
    DiesBeforeAccessToken => "dies_before_access_token",
    RefreshRefused => "refresh_refused",
    RefreshInterrupted => "refresh_interrupted",
    RefreshFailed => "refresh_failed",
    NotRenewed => "not_renewed",
    NotKeptAlive => "not_kept_alive",
    PolicyMismatch => "policy_mismatch",
    ClockSkew => "clock_skew",
    IdTokenNotChecked => "id_token_not_checked",
    ClaimsNotUpdated => "claims_not_updated",
    DeprecatedOption => "deprecated_option",
    ScopeMoreThanAsked => "scope_more_than_asked",
    ScopeLessThanAsked => "scope_less_than_asked",
    AcrNotMet => "acr_not_met",
    AccountChanged => "account_changed",
    RedirectIgnored => "redirect_ignored",
    AnotherUser => "another_user",
    MemoryStore => "memory_store",
    SessionsUnknown => "sessions_unknown",
    SessionLeftBehind => "session_left_behind",
    NoProfileInUse => "no_profile_in_use",
    TokenNotKept => "token_not_kept",
    TokenOnCommandLine => "token_on_command_line",
    NotSigned => "not_signed",
    BringsAKey => "brings_a_key",
    NotValidYet => "not_valid_yet",
    TimeNotANumber => "time_not_a_number",
    TimeOutOfRange => "time_out_of_range",
    SandboxReachable => "sandbox_reachable",
}
