//! The legend under the bars: each mark, what it stands for, and when that is.

use super::Timeline;
use crate::domain::session::RefreshTokenExpiry;
use crate::domain::time::Time;
use crate::explain::bar::Marks;
use crate::explain::outlook::SessionState;
use crate::terminal::styled_text::{Line, Role};
use crate::terminal::table::{Align, column_widths, pad};
use unicode_width::UnicodeWidthStr;

struct Entry {
    mark: char,
    role: Role,
    name: &'static str,
    at: Time,
    note: &'static str,
}

fn entries(t: &Timeline<'_>, marks: Marks) -> Vec<Entry> {
    let entry = |mark, role, name, at, note| Entry { mark, role, name, at, note };
    let mut all = vec![entry(marks.start, Role::Edge, "login", t.session.login_at, "")];
    if let Some(renewal) = t.renewals.last() {
        let note = if renewal.certain { "" } else { "same token returned, maybe renewed" };
        let name = if t.last_refresh == Some(renewal.at) { "last refresh" } else { "last renewal" };
        all.push(entry(renewal.mark(marks), Role::Renewal, name, renewal.at, note));
    }
    if let Some(at) = t.sso_ended_at {
        all.push(entry(marks.sso_ended, Role::Over, "SSO session ended", at, "as a refresh found"));
    }
    let last_renewal = t.renewals.last().map(|renewal| renewal.at);
    if let Some(at) = t.last_refresh.filter(|at| last_renewal != Some(*at)) {
        all.push(entry(t.last_refresh_mark(marks), Role::Renewal, "last refresh", at, "new access token only"));
    }
    all.push(entry(marks.now, Role::Now, "now", t.outlook.now, ""));
    let end = t.session.access_token.expires_at;
    let (name, note) = match (end <= t.outlook.now, t.outlook.state) {
        (true, SessionState::NoRefreshToken) => ("access token expired", "log in again"),
        (true, _) => ("access token expired", ""),
        (false, _) => ("access token expires", ""),
    };
    all.push(entry(marks.end, t.access_token_end_role(), name, end, note));
    if let Some(at) = t.expired_before_refusal {
        all.push(entry(marks.end, Role::Over, "refresh token expired", at, ""));
    }
    if let Some(at) = t.refused_at {
        all.push(entry(marks.refused, Role::Over, "refused", at, "log in again"));
    }
    if let Some(at) = t.outlook.renewal_due_at {
        all.push(entry(marks.renewal_due, Role::Renewal, "renewal due", at, "from then on `tidp token` renews it"));
    }
    if let Some(expiry) = t.outlook.expiry {
        all.extend(expiry_entries(t, expiry, marks));
    }
    all.sort_by_key(|entry| entry.at);
    all
}

fn expiry_entries(t: &Timeline<'_>, expiry: RefreshTokenExpiry, marks: Marks) -> Vec<Entry> {
    let RefreshTokenExpiry { expires_at, expires_at_earliest, .. } = expiry;
    let renews = matches!(t.outlook.state, SessionState::Renewable(_));
    let next = if renews { "a refresh before then renews it" } else { "log in before then" };
    let unsure = expires_at_earliest < expires_at;
    let (name, note) = match (expires_at <= t.outlook.now, unsure) {
        (true, _) => ("refresh token expired", "log in again"),
        (false, true) => ("refresh token expires", "if the last refresh renewed it"),
        (false, false) => ("refresh token expires", next),
    };
    let end = Entry { mark: marks.end, role: end_role(expires_at, t.outlook.now), name, at: expires_at, note };
    let sure_end =
        Entry { mark: marks.sure_end, role: Role::Edge, name: "rely on it until", at: expires_at_earliest, note: next };
    if unsure { vec![sure_end, end] } else { vec![end] }
}

fn end_role(end: Time, now: Time) -> Role {
    if end <= now { Role::Over } else { Role::Edge }
}

/// The legend under the bars. Without room, columns are left out from the right.
pub(super) fn legend(
    t: &Timeline<'_>,
    columns: usize,
    marks: Marks,
    format_time: &dyn Fn(Time) -> String,
) -> Vec<Line> {
    let entries = entries(t, marks);
    let distance = |at: Time| if at == t.outlook.now { String::new() } else { at.relative_to(t.outlook.now) };
    let rows: Vec<[String; 3]> =
        entries.iter().map(|entry| [entry.name.to_owned(), distance(entry.at), format_time(entry.at)]).collect();
    let [name, distance, time] = column_widths(&rows);
    let narrow = 2 + name + 2 + distance > columns;
    let with_times = 2 + name + 2 + distance + 2 + time;
    let mut lines = Vec::new();
    for (entry, texts) in entries.iter().zip(&rows) {
        let mut line = Line::new(entry.role, format!("{} ", entry.mark));
        if narrow {
            line.push(Role::Label, entry.name);
            lines.push(line);
            if !texts[1].is_empty() {
                lines.push(Line::new(Role::Text, format!("  {}", texts[1])));
            }
            continue;
        }
        line.push(Role::Label, pad(&texts[0], name + 2, Align::Left));
        line.push(Role::Text, pad(&texts[1], distance + 2, Align::Left));
        if with_times <= columns {
            line.push(Role::Faint, pad(&texts[2], time + 2, Align::Left));
            if with_times + 2 + entry.note.width() <= columns {
                line.push(Role::Faint, entry.note);
            }
        }
        lines.push(line);
    }
    lines
}
