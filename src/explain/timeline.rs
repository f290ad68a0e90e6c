//! Lifetimes as a picture in characters: a bar for each token from its start to its end, and what the marks mean.
//!
//! ```text
//! refresh token  ├─────┼──────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿┅┅┅┅┅┅┅┅┫  90 days
//! ```

mod bar;
#[cfg(test)]
mod tests;

use crate::domain::decision::{Renew, renewal_due_at};
use crate::domain::policy::Policy;
use crate::domain::session::{EventKind, RefreshToken, RefreshTokenExpiry, Renewal, Session};
use crate::domain::time::{Seconds, Time};
use crate::explain::outlook::is_renewable;
use unicode_width::UnicodeWidthStr;

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The moment drawn for.
    pub now: Time,
    /// The login.
    pub login_at: Time,
    /// When the access token came.
    pub access_token_from: Time,
    /// When it ends.
    pub access_token_until: Time,
    /// The refreshes that renewed the refresh token or may have, oldest first; `true`: a new one came, so for sure.
    pub renewals: Vec<(Time, bool)>,
    /// The refresh token's life, where its policy tells one.
    pub refresh_token: Option<RefreshTokenExpiry>,
    /// When it was refused.
    pub refused_at: Option<Time>,
    /// Whether a refresh before its end would renew it.
    pub renewable: bool,
    /// When the profile's wish has it renewed.
    pub renewal_due_at: Option<Time>,
}

/// How it is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With ASCII characters only.
    pub ascii: bool,
}

/// What a piece of a line is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Words.
    Text,
    /// Words that can be passed over: times, notes, scales.
    Faint,
    /// The name of a bar or a mark.
    Label,
    /// Time that has passed.
    Past,
    /// Now.
    Now,
    /// Life that can be relied on.
    Sure,
    /// Life that the policy implies and nothing proves.
    Implied,
    /// A renewal.
    Renewal,
    /// The start or end of a life.
    Edge,
    /// An end that has come, a refusal.
    Over,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub role: Role,
    /// Its characters.
    pub text: String,
}

/// A line of the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// Its characters alone.
    pub fn text(&self) -> String {
        self.0.iter().map(|span| span.text.as_str()).collect()
    }

    fn push(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Span { role, text: text.into() });
    }

    /// The line cut at `columns`, without blanks at its end.
    fn cut(mut self, columns: usize) -> Self {
        let mut left = columns;
        for span in &mut self.0 {
            while span.text.width() > left {
                span.text.pop();
            }
            left -= span.text.width();
        }
        while let Some(last) = self.0.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }
}

impl Timeline {
    /// The picture of `session` at `now` under `policy`.
    pub fn of(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew) -> Self {
        let refresh_token = policy.and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
        let sliding = policy.is_some_and(|policy| policy.sliding);
        let renewals = session.events.iter().filter_map(|event| match event.kind {
            EventKind::Refreshed { renewal: Renewal::New, .. } => Some((event.time, true)),
            EventKind::Refreshed { renewal: Renewal::Same, .. } => Some((event.time, false)),
            _ => None,
        });
        Self {
            now,
            login_at: session.login_at,
            access_token_from: session.access_token.obtained_at,
            access_token_until: session.access_token.expires_at,
            renewals: if sliding { renewals.collect() } else { Vec::new() },
            refresh_token,
            refused_at: match session.refresh_token {
                RefreshToken::Refused { refused_at: at, .. } => Some(at),
                RefreshToken::Held(_) | RefreshToken::NeverIssued => None,
            },
            renewable: is_renewable(now, session, policy),
            renewal_due_at: renewal_due_at(session, policy, renew),
        }
    }
}

/// Draws `timeline` in at most `columns` columns, local times written by `when`. Lives of a like length share one
/// scale; others have each their own, named behind the bar.
pub fn draw(timeline: &Timeline, columns: usize, style: Style, when: &dyn Fn(Time) -> String) -> Vec<Line> {
    let mut lines = bar::bars(timeline, columns, style);
    lines.push(Line::default());
    lines.extend(legend(timeline, columns, style, when));
    lines.into_iter().map(|line| line.cut(columns)).collect()
}

/// A line of the legend: its mark, what it stands for, the moment, and a note.
struct Entry {
    mark: char,
    role: Role,
    name: &'static str,
    at: Time,
    note: &'static str,
}

/// The marks, in the order of time.
fn entries(t: &Timeline, style: Style) -> Vec<Entry> {
    let marks = bar::Marks::of(style);
    let entry = |mark, role, name, at, note| Entry { mark, role, name, at, note };
    let mut all = vec![entry(marks.start, Role::Edge, "login", t.login_at, "")];
    if let Some((at, sure)) = t.renewals.last().copied() {
        let note = if sure { "" } else { "the same token came back: perhaps renewed" };
        all.push(entry(if sure { marks.renewed } else { marks.perhaps }, Role::Renewal, "last refresh", at, note));
    }
    all.push(entry(marks.now, Role::Now, "now", t.now, ""));
    let name = if t.access_token_until <= t.now { "access token ended" } else { "access token ends" };
    all.push(entry(marks.end, edge(t.access_token_until, t.now), name, t.access_token_until, ""));
    if let Some(at) = t.refused_at {
        all.push(entry(marks.refused, Role::Over, "refused", at, "only a login helps"));
    }
    if let Some(at) = t.renewal_due_at {
        all.push(entry(marks.due, Role::Renewal, "renewal due", at, "from then on a token request renews it"));
    }
    if let Some(life) = t.refresh_token {
        let last = if t.renewable { "a refresh before then renews it" } else { "only a login helps then" };
        if life.expires_at_earliest < life.expires_at {
            all.push(entry(marks.sure_end, Role::Edge, "relied on until", life.expires_at_earliest, last));
        }
        let ended = life.expires_at <= t.now;
        let name = if ended { "refresh token ended" } else { "refresh token ends" };
        let note = match (ended, life.expires_at_earliest < life.expires_at) {
            (true, _) => "only a login helps",
            (false, true) => "if the last refresh renewed it",
            (false, false) => last,
        };
        all.push(entry(marks.end, edge(life.expires_at, t.now), name, life.expires_at, note));
    }
    all.sort_by_key(|entry| entry.at);
    all
}

fn edge(end: Time, now: Time) -> Role {
    if end <= now { Role::Over } else { Role::Edge }
}

/// The legend under the bars: columns are left out from the right where there is no room.
fn legend(t: &Timeline, columns: usize, style: Style, when: &dyn Fn(Time) -> String) -> Vec<Line> {
    let rows: Vec<(Entry, String, String)> = entries(t, style)
        .into_iter()
        .map(|entry| {
            let (relative, absolute) = (relative(entry.at, t.now), when(entry.at));
            (entry, relative, absolute)
        })
        .collect();
    let widest = |column: &dyn Fn(&(Entry, String, String)) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let name = widest(&|(entry, ..)| entry.name.width());
    let relative = widest(&|(_, relative, _)| relative.width());
    let absolute = widest(&|(.., absolute)| absolute.width());
    let with_times = 2 + name + 2 + relative + 2 + absolute;
    let narrow = 2 + name + 2 + relative > columns;
    let row = |(entry, ago, time): (Entry, String, String)| {
        let mut line = Line::default();
        line.push(entry.role, format!("{} ", entry.mark));
        if narrow {
            line.push(Role::Label, entry.name);
            let mut below = Line::default();
            below.push(Role::Text, format!("  {ago}"));
            return if ago.is_empty() { vec![line] } else { vec![line, below] };
        }
        line.push(Role::Label, padded(entry.name, name + 2));
        line.push(Role::Text, padded(&ago, relative + 2));
        if with_times <= columns {
            line.push(Role::Faint, padded(&time, absolute + 2));
            if with_times + 2 + entry.note.width() <= columns {
                line.push(Role::Faint, entry.note);
            }
        }
        vec![line]
    };
    rows.into_iter().flat_map(row).collect()
}

fn relative(at: Time, now: Time) -> String {
    let distance = at.since(now);
    match distance.0 {
        0 => String::new(),
        1.. => format!("in {}", distance.to_text()),
        _ => format!("{} ago", distance.to_text()),
    }
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// A length of time as a bar's scale is named.
fn scale(length: Seconds) -> String {
    length.to_text()
}
