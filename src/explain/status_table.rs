//! Profiles and sessions as `tidp status` shows them: a line each, or on a narrow terminal a block each.

use super::outlook::{SessionOutlook, SessionState};
use crate::domain::session::Account;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::terminal::styled_text::Line;
use crate::terminal::table::{Row, table};
use serde_json::{Value, json};

/// What may be said of a session or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    None,
    /// The store could not be read, or only the next refresh will show it.
    Unknown,
    /// Until that time, if it is known.
    Valid(Option<Time>),
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub account: Option<Account>,
    pub access_token: Life,
    pub session: Life,
}

/// A profile or a leftover session.
#[derive(Clone, Debug)]
pub struct StatusRow {
    pub name: String,
    pub shown_name: String,
    /// The code of why it is in use; `None` if it is not.
    pub why: Option<&'static str>,
    pub is_default: bool,
    /// What is wrong with the profile instead, if something is.
    pub details: Result<Details, String>,
}

#[derive(Clone, Debug)]
pub struct Details {
    pub issuer: String,
    pub client_id: String,
    pub grant: &'static str,
    /// The policy's name, or what takes its place.
    pub policy: Result<&'static str, &'static str>,
    pub summary: SessionSummary,
}

impl Life {
    pub fn until(end: Time, now: Time) -> Self {
        if now < end { Self::Valid(Some(end)) } else { Self::Ended }
    }

    /// The time left in one unit, or a word.
    pub fn to_text(self, now: Time) -> String {
        match self {
            Self::None => "-".to_owned(),
            Self::Unknown => "?".to_owned(),
            Self::Valid(Some(end)) => largest_unit(end.left(now)),
            Self::Valid(None) => "valid".to_owned(),
            Self::Ended => "ended".to_owned(),
        }
    }

    /// The state and its end, in the words of one JSON member.
    pub fn to_json(self, ended: &str) -> Value {
        let (state, end) = match self {
            Self::None => ("none", None),
            Self::Unknown => ("unknown", None),
            Self::Valid(end) => ("valid", end),
            Self::Ended => (ended, None),
        };
        json!({ "state": state, "expires_at": end.map(Time::rfc3339) })
    }
}

/// `89 days`, `2 h`, `9 min`.
pub fn largest_unit(time: Seconds) -> String {
    time.to_text().split(' ').take(2).collect::<Vec<_>>().join(" ")
}

impl SessionSummary {
    pub const NONE: Self = Self { account: None, access_token: Life::None, session: Life::None };
    pub const UNKNOWN: Self = Self { account: None, access_token: Life::Unknown, session: Life::Unknown };

    pub fn new(outlook: &SessionOutlook<'_>) -> Self {
        let access_token = Life::until(outlook.session.access_token.expires_at, outlook.now);
        let life = match (outlook.state, outlook.expiry) {
            _ if outlook.is_expired() => Life::Ended,
            (_, Some(expiry)) => Life::until(expiry.expires_at, outlook.now),
            (SessionState::RefusedTokenKept, None) => Life::Unknown,
            (SessionState::NoRefreshToken, None) => access_token,
            (_, None) => Life::Valid(None),
        };
        Self { account: Some(outlook.session.account.clone()), access_token, session: life }
    }
}

impl StatusRow {
    pub fn to_json(&self) -> Value {
        let mut document = json!({
            "name": self.name, "active": self.why.is_some(), "why": self.why, "default": self.is_default,
        });
        match &self.details {
            Err(what) => document["error"] = what.as_str().into(),
            Ok(details) => {
                let SessionSummary { account, access_token, session } = &details.summary;
                document["issuer"] = details.issuer.as_str().into();
                document["client_id"] = details.client_id.as_str().into();
                document["grant"] = details.grant.into();
                document["policy"] = details.policy.ok().into();
                document["account"] = json!(account);
                document["access_token"] = access_token.to_json("expired");
                document["session"] = session.to_json("ended");
            }
        }
        document
    }

    fn cells(&self, now: Time) -> Result<[String; 6], (String, String)> {
        let details = self.details.as_ref().map_err(|what| (self.shown_name.clone(), what.clone()))?;
        let Details { client_id, policy, summary, .. } = details;
        let access_token = match summary.access_token {
            Life::Ended => "expired".to_owned(),
            life => life.to_text(now),
        };
        Ok([
            self.shown_name.clone(),
            printable(client_id),
            policy.unwrap_or_else(|instead| instead).to_owned(),
            summary.account.as_ref().map_or_else(|| "-".to_owned(), Account::shown_name),
            access_token,
            summary.session.to_text(now),
        ])
    }
}

/// The rows with a header, at most `columns` wide.
pub fn status_table(rows: &[&StatusRow], now: Time, columns: usize) -> Vec<Line> {
    const HEADER: [&str; 6] = ["PROFILE", "CLIENT", "POLICY", "ACCOUNT", "TOKEN", "SESSION"];
    let row = |row: &&StatusRow| Row { is_marked: row.why.is_some(), cells: row.cells(now) };
    table(HEADER, &rows.iter().map(row).collect::<Vec<_>>(), &[0, 1, 3], columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    const NOW: Time = Time::from_unix(1_800_000_000);

    fn row(name: &str, client_id: &str) -> StatusRow {
        let account = Account { sub: "the-subject".into(), username: Some("kari.nordmann@example.com".into()) };
        let summary = SessionSummary {
            account: Some(account),
            access_token: Life::Ended,
            session: Life::until(NOW.plus(Seconds(7_700_000)), NOW),
        };
        let details = Details {
            issuer: "https://id.example".into(),
            client_id: client_id.into(),
            grant: "authorization_code",
            policy: Ok("Confidential"),
            summary,
        };
        StatusRow { name: name.into(), shown_name: name.into(), why: None, is_default: false, details: Ok(details) }
    }

    #[test]
    fn lines_fit_by_cutting_the_longest_names() {
        let rows = [row("work", "a-client-with-a-very-long-name-indeed"), row("w", "app")];
        let lines = status_table(&rows.iter().collect::<Vec<_>>(), NOW, 80);
        let text: Vec<String> = lines.iter().map(Line::text).collect();
        assert!(text.iter().all(|line| line.width() <= 80), "{text:?}");
        assert!(text[1].contains("a-client-with-a-v") && text[1].contains("…  Confidential"), "{text:?}");
        assert!(text[1].ends_with("  expired  89 days") && text[2].starts_with("  w        app "), "{text:?}");
    }

    #[test]
    fn narrow_terminal_gets_a_block_for_each_profile() {
        let lines = status_table(&[&row("work", "app")], NOW, 59);
        let text: Vec<String> = lines.iter().map(Line::text).collect();
        assert_eq!(text[..2], ["  work", "    client   app"]);
        assert_eq!(text.last().unwrap(), "    session  89 days");
    }
}
