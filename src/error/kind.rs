//! The kinds of errors, each with its exit code.

use serde::Serialize;

/// Every exit code, what it means, and what a script does.
pub const EXIT_CODES: [(&str, &str, &str); 11] = [
    ("0", "success; also a logout without a session", "goes on"),
    ("1", "failed", "reports it"),
    ("2", "wrong usage or configuration", "fixes it"),
    ("3", "login required", "asks for `tidp login`"),
    ("4", "the provider returned an error", "reports its `error`"),
    ("5", "the network or the provider is unavailable, or another `tidp` uses the session", "tries again later"),
    ("6", "the keyring or store failed", "fixes that"),
    ("7", "a certificate, document or token failed validation", "discards the result"),
    ("124", "the login was not finished in time", "asks again"),
    ("125, 126, 127", "`exec`: failed itself; CMD cannot be run; CMD was not found", "fixes its call"),
    ("130, 143", "ended by SIGINT, SIGTERM (on Windows, Ctrl-C: `0xC000013A`)", "stops too"),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_has_the_same_table_of_exit_codes() {
        let readme = include_str!("../../README.md").replace("\r\n", "\n");
        let (_, section) = readme.split_once("\n## Exit codes\n").unwrap();
        let rows: Vec<&str> = section.lines().skip_while(|line| !line.starts_with('|')).skip(2).collect();
        let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows, EXIT_CODES.map(|(code, meaning, does)| format!("| {code} | {meaning} | {does} |")));
    }
}
