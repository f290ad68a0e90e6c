//! The bars of `tidp policy`: the lifetime of each token on columns.

use super::{Timeline, mark, sso_ended_at};
use crate::domain::access_tokens::AccessToken;
use crate::domain::time::{Seconds, Time};
use crate::explain::bar::{Axis, Bar, Mark};
use crate::explain::outlook::SessionState;
use crate::explain::status_table::largest_unit;
use crate::terminal::styled_text::{Charset, Line, Role};
use crate::terminal::table::{Align, pad, widest};

struct Lifetime {
    name: &'static str,
    start: Time,
    /// Until when the token is certainly valid.
    sure_end: Time,
    end: Time,
    /// What is marked on it beside its edges, the less important first.
    marked: Vec<(Time, Mark, Role)>,
    start_mark: (Mark, Role),
    /// When it had expired already, before its end was found.
    expired_at: Option<Time>,
    end_mark: (Mark, Role),
    /// The time left, or how it ended.
    label: String,
}

/// An [`Axis`] with the moment where it begins.
#[derive(Clone, Copy)]
struct TimeAxis {
    from: Time,
    axis: Axis,
    /// Whether now lies too far beyond the end to be drawn to scale.
    broken: bool,
}

impl TimeAxis {
    /// From `from` to `to`. If now is later, the axis reaches to now; if now is further away than the axis is long, the
    /// axis is broken.
    fn new(now: Time, (from, to): (Time, Time), columns: usize) -> Self {
        let length = to.since(from);
        let beyond = now.since(to);
        let (length, columns, broken) = if beyond < Seconds::ZERO {
            (length, columns, false)
        } else if beyond <= length {
            (now.since(from), columns.saturating_sub(1), false)
        } else {
            (length, columns.saturating_sub(BREAK).max(1), true)
        };
        Self { from, axis: Axis { length, columns }, broken }
    }

    fn column(self, at: Time) -> usize {
        self.axis.column(at.since(self.from))
    }
}

/// Lifetimes at most this many times as long as another share its scale.
const SHARED_SCALE_RATIO: i64 = 12;
const MIN_BAR: usize = 10;
/// The columns that a broken axis leaves for the time left out and for now.
const BREAK: usize = 6;

pub(super) fn lifetime_bars(t: &Timeline<'_>, columns: usize, charset: Charset) -> Vec<Line> {
    let lifetimes: Vec<Lifetime> = refresh_token(t).into_iter().chain([access_token(t)]).collect();
    let shared = shared_range(&lifetimes);
    let names_width = widest(lifetimes.iter().map(|lifetime| lifetime.name)) + 2;
    let label_width = widest(lifetimes.iter().map(|lifetime| lifetime.label.as_str())) + 2;
    // If name and label beside the bar would leave it too short, they stand above.
    let beside = columns >= names_width + label_width + 2 * MIN_BAR;
    let width = if beside { columns - names_width - label_width } else { columns };
    let mut lines = Vec::new();
    for lifetime in lifetimes {
        let mut name = Line::new(Role::Strong, pad(lifetime.name, names_width, Align::Left));
        let range = shared.unwrap_or((lifetime.start, lifetime.end));
        let bar = bar(&lifetime, t.outlook.now, range, width).into_spans(charset);
        if beside {
            name.0.extend(bar);
            name.push(Role::Faint, format!("  {}", lifetime.label));
            lines.push(name);
        } else {
            name.push(Role::Faint, lifetime.label);
            lines.extend([name, Line(bar)]);
        }
    }
    lines
}

/// `89 days left`, `5 days?` (no longer certain), or `expired`.
fn time_left(now: Time, sure_end: Time, end: Time) -> String {
    match (sure_end.left(now), end.left(now)) {
        (_, Seconds::ZERO) => "expired".to_owned(),
        (Seconds::ZERO, left) => format!("{}?", largest_unit(left)),
        (left, _) => format!("{} left", largest_unit(left)),
    }
}

fn access_token(t: &Timeline<'_>) -> Lifetime {
    let AccessToken { obtained_at, expires_at, .. } = t.outlook.session.access_token;
    let refresh_mark = t.refreshes.last().map(|(_, renewal)| (mark(*renewal), Role::Renewal));
    Lifetime {
        name: "access token",
        start: start_before(expires_at, obtained_at),
        sure_end: expires_at,
        end: expires_at,
        marked: Vec::new(),
        start_mark: refresh_mark.unwrap_or((Mark::START, Role::Faint)),
        expired_at: None,
        end_mark: (Mark::END, t.access_token_end_role()),
        label: time_left(t.outlook.now, expires_at, expires_at),
    }
}

/// `start`, or a second before `end`: every bar has a length.
fn start_before(end: Time, start: Time) -> Time {
    start.min(end.minus(Seconds(1)))
}

/// The refresh token's bar: from the login or, after many renewals, from one lifetime before the last certain renewal.
fn refresh_token(t: &Timeline<'_>) -> Option<Lifetime> {
    let login_at = t.outlook.session.login_at;
    let (sure_end, end, end_mark) = match (t.outlook.expiry, t.rejected_at) {
        (Some(expiry), _) => (expiry.expires_at_earliest, expiry.expires_at, Mark::END),
        (None, Some(refused)) => (refused, refused, Mark::REFUSED),
        (None, None) => return None,
    };
    let renewed_at = t.outlook.expiry.map_or(login_at, |expiry| expiry.renewed_at);
    let (age, left) = (renewed_at.since(login_at), end.since(renewed_at));
    let older = left > Seconds::ZERO && age.0 > left.0.saturating_mul(2);
    let mut marked: Vec<_> = t.renewals().map(|(at, renewal)| (at, mark(renewal), Role::Renewal)).collect();
    marked.extend(sso_ended_at(&t.outlook).map(|at| (at, Mark::SSO_ENDED, Role::Over)));
    marked.extend(t.outlook.renewal_due_at.map(|at| (at, Mark::RENEWAL_DUE, Role::Renewal)));
    let (start, start_mark) =
        if older { (renewed_at.minus(left), Mark::CUT) } else { (start_before(end, login_at), Mark::START) };
    let left = time_left(t.outlook.now, sure_end, end);
    Some(Lifetime {
        name: "refresh token",
        start,
        sure_end,
        end,
        marked,
        start_mark: (start_mark, Role::Faint),
        expired_at: t.expired_before_rejection,
        end_mark: (end_mark, if t.outlook.now >= end { Role::Over } else { Role::Faint }),
        label: match t.outlook.state {
            SessionState::Rejected(_) => "refused".to_owned(),
            SessionState::Renewable(_) => format!("{left}, renewable"),
            SessionState::Fixed(_) | SessionState::SsoEnded(_) => format!("{left}, fixed"),
            _ => left,
        },
    })
}

/// One range for all lifetimes, if they are of a like length and near each other.
fn shared_range(lifetimes: &[Lifetime]) -> Option<(Time, Time)> {
    let from = lifetimes.iter().map(|lifetime| lifetime.start).min()?;
    let to = lifetimes.iter().map(|lifetime| lifetime.end).max()?;
    let shortest = lifetimes.iter().map(|lifetime| lifetime.end.since(lifetime.start).0).min()?;
    (to.since(from).0 <= shortest.saturating_mul(SHARED_SCALE_RATIO)).then_some((from, to))
}

fn bar(lifetime: &Lifetime, now: Time, range: (Time, Time), width: usize) -> Bar {
    let axis = TimeAxis::new(now, range, width);
    let (start, end) = (axis.column(lifetime.start), axis.column(lifetime.end));
    let (sure_end, now) = (axis.column(lifetime.sure_end), now_column(now, lifetime, axis, width));
    let mut bar = Bar::new(width, |column| match column {
        c if c < start || c > end && c > now => (Mark::BLANK, Role::Text),
        c if c > end && axis.broken && (c + 2 == now || c + 3 == now) => (Mark::CUT, Role::Faint),
        c if c > end => (Mark::GAP, Role::Faint),
        c if c <= now => (Mark::PAST, Role::Faint),
        c if c <= sure_end => (Mark::SURE, Role::Sure),
        _ => (Mark::IMPLIED, Role::Implied),
    });
    bar.set(start, lifetime.start_mark.0, lifetime.start_mark.1);
    for (at, mark, role) in lifetime.marked.iter().filter(|(at, ..)| *at >= lifetime.start && *at <= lifetime.end) {
        bar.set(mark_column(*at, lifetime, axis), *mark, *role);
    }
    if lifetime.sure_end < lifetime.end {
        bar.set(sure_end, Mark::SURE_END, Role::Faint);
    }
    if let Some(expired) = lifetime.expired_at.map(|at| axis.column(at)) {
        bar.fill(expired + 1..end, Mark::GAP, Role::Faint);
        bar.set(expired, Mark::END, Role::Over);
    }
    bar.set(end, lifetime.end_mark.0, lifetime.end_mark.1);
    bar.set(now, Mark::NOW, Role::Strong);
    bar
}

/// The column of a mark, beside the start even if rounding would put it there.
fn mark_column(at: Time, lifetime: &Lifetime, axis: TimeAxis) -> usize {
    let column = axis.column(at);
    column.max(axis.column(lifetime.start) + usize::from(at > lifetime.start))
}

/// The column of `now`, on the correct side of the start and the end even if rounding would put it on their column.
fn now_column(now: Time, lifetime: &Lifetime, axis: TimeAxis, width: usize) -> usize {
    let (start, end) = (axis.column(lifetime.start), axis.column(lifetime.end));
    let marked = lifetime.marked.iter().filter(|(at, ..)| *at >= lifetime.start && *at <= now);
    let start = marked.map(|(at, ..)| mark_column(*at, lifetime, axis)).fold(start, usize::max);
    let last = width.saturating_sub(1);
    if now < lifetime.end {
        let first = if now < lifetime.start { start } else { start + 1 };
        axis.column(now).max(first).min(end.saturating_sub(1))
    } else if now >= axis.from.plus(axis.axis.length) {
        last
    } else {
        axis.column(now).max(end + 1).min(last)
    }
}
