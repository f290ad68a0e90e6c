//! The picture of a timeline: the bars, and a legend of what each mark stands for and when that is.

use super::lifetime_bars::lifetime_bars;
use super::{Timeline, mark, sso_ended_at};
use crate::domain::session::Renewal;
use crate::domain::time::Time;
use crate::explain::bar::Mark;
use crate::terminal::styled_text::{Charset, Line, Role};
use crate::terminal::table::{Align, column_widths, pad};

impl Timeline<'_> {
    /// The picture, at most `columns` wide. Lifetimes of a like length share one scale.
    pub fn draw(&self, columns: usize, charset: Charset, format_time: &dyn Fn(Time) -> String) -> Vec<Line> {
        let bars = lifetime_bars(self, columns, charset);
        let legend = legend(self, columns, charset, format_time);
        bars.into_iter().chain([Line::default()]).chain(legend).map(|line| line.cut(columns)).collect()
    }
}

/// A mark, what it stands for, and when that is. What follows from it, the verdict says.
type Entry = (Mark, Role, &'static str, Time);

fn entries(t: &Timeline<'_>) -> Vec<Entry> {
    let (session, now) = (t.outlook.session, t.outlook.now);
    let last_renewal = t.renewals().next_back();
    let last_refresh = t.refreshes.last().copied();
    let renewal = last_renewal.map(|(at, renewal)| {
        let name = match renewal {
            Renewal::New if last_renewal == last_refresh => "last refresh",
            Renewal::New => "last renewal",
            Renewal::Same | Renewal::None => "perhaps renewed",
        };
        (mark(renewal), Role::Renewal, name, at)
    });
    let last_refresh = last_refresh.filter(|_| last_refresh != last_renewal);
    let end = session.access_token.expires_at;
    let access_token = if end <= now { "access token expired" } else { "access token expires" };
    let unsure = t.outlook.expiry.filter(|expiry| expiry.expires_at_earliest < expiry.expires_at);
    let expiry = t.outlook.expiry.map(|expiry| match expiry.expires_at {
        end if end <= now => (Mark::END, Role::Over, "refresh token expired", end),
        end if unsure.is_some() => (Mark::END, Role::Faint, "perhaps valid until", end),
        end => (Mark::END, Role::Faint, "refresh token expires", end),
    });
    let all = [
        Some((Mark::START, Role::Faint, "login", session.login_at)),
        renewal,
        sso_ended_at(&t.outlook).map(|at| (Mark::SSO_ENDED, Role::Over, "SSO session found ended", at)),
        last_refresh.map(|(at, renewal)| (mark(renewal), Role::Renewal, "last refresh", at)),
        Some((Mark::NOW, Role::Strong, "now", now)),
        Some((Mark::END, t.access_token_end_role(), access_token, end)),
        t.expired_before_rejection.map(|at| (Mark::END, Role::Over, "refresh token expired", at)),
        t.rejected_at.map(|at| (Mark::REFUSED, Role::Over, "refused", at)),
        t.outlook.renewal_due_at.map(|at| (Mark::RENEWAL_DUE, Role::Renewal, "renewal due", at)),
        unsure.map(|expiry| (Mark::SURE_END, Role::Faint, "rely on it until", expiry.expires_at_earliest)),
        expiry,
    ];
    let mut all: Vec<Entry> = all.into_iter().flatten().collect();
    all.sort_by_key(|(.., at)| *at);
    all
}

/// The legend under the bars. Without room, columns are left out from the right.
fn legend(t: &Timeline<'_>, columns: usize, charset: Charset, format_time: &dyn Fn(Time) -> String) -> Vec<Line> {
    let distance = |at: Time| if at == t.outlook.now { String::new() } else { at.relative_to(t.outlook.now) };
    let entries = entries(t);
    let rows: Vec<[String; 3]> =
        entries.iter().map(|(.., name, at)| [(*name).to_owned(), distance(*at), format_time(*at)]).collect();
    let widths = column_widths(&rows);
    let narrow = 2 + widths[0] + 2 + widths[1] > columns;
    let has_times = 2 + widths[0] + 2 + widths[1] + 2 + widths[2] <= columns;
    let mut lines = Vec::new();
    for ((mark, role, ..), [name, distance, time]) in entries.into_iter().zip(rows) {
        let mut line = Line::new(role, format!("{} ", mark.shown(charset)));
        if narrow {
            line.push(Role::Strong, name);
            lines.push(line);
            lines.extend((!distance.is_empty()).then(|| Line::new(Role::Text, format!("  {distance}"))));
            continue;
        }
        line.push(Role::Strong, pad(&name, widths[0] + 2, Align::Left));
        line.push(Role::Text, pad(&distance, widths[1] + 2, Align::Left));
        if has_times {
            line.push(Role::Faint, time);
        }
        lines.push(line);
    }
    lines
}
