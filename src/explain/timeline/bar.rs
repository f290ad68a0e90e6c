//! The bars: time laid out on columns.

use super::{Line, Role, Span, Style, Timeline, padded, scale};
use crate::domain::time::{Seconds, Time};

/// The characters.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    pub(super) start: char,
    pub(super) end: char,
    pub(super) sure_end: char,
    pub(super) now: char,
    pub(super) renewed: char,
    pub(super) perhaps: char,
    pub(super) due: char,
    pub(super) refused: char,
    past: char,
    sure: char,
    implied: char,
    /// Time without a token.
    gap: char,
    /// Time left out.
    cut: char,
}

impl Marks {
    pub(super) const fn of(style: Style) -> Self {
        if style.ascii {
            Self {
                start: '|',
                end: ']',
                sure_end: '>',
                now: 'O',
                renewed: '+',
                perhaps: ':',
                due: '!',
                refused: 'x',
                past: '-',
                sure: '=',
                implied: '.',
                gap: '~',
                cut: '/',
            }
        } else {
            Self {
                start: '├',
                end: '┫',
                sure_end: '┿',
                now: '●',
                renewed: '┼',
                perhaps: '┊',
                due: '◇',
                refused: '✗',
                past: '─',
                sure: '━',
                implied: '┅',
                gap: '┈',
                cut: '╱',
            }
        }
    }
}

/// One token's life.
struct Life {
    name: &'static str,
    start: Time,
    sure_end: Time,
    end: Time,
    /// What is marked on it beside its edges, the less important first.
    marked: Vec<(Time, char, Role)>,
    /// Whether life before `start` is left out.
    older: bool,
}

/// A piece of time laid out on columns.
#[derive(Clone, Copy)]
struct Axis {
    from: Time,
    to: Time,
    columns: usize,
    /// Whether now lies too far beyond `to` to be drawn to scale.
    broken: bool,
}

impl Axis {
    /// The column of `at`, clamped to the axis.
    fn column(self, at: Time) -> usize {
        let span = i128::from(self.to.since(self.from).0.max(1));
        let last = i128::try_from(self.columns.saturating_sub(1)).unwrap_or(0);
        let along = i128::from(at.since(self.from).0).clamp(0, span);
        usize::try_from((along * last + span / 2) / span).unwrap_or(0)
    }

    fn length(self) -> Seconds {
        self.to.since(self.from)
    }
}

/// Lives at most this many times as long as another share its scale.
const LIKE: i64 = 12;
/// The narrowest bar.
const NARROWEST: usize = 10;

/// The bars of both tokens.
pub(super) fn bars(t: &Timeline, columns: usize, style: Style) -> Vec<Line> {
    let marks = Marks::of(style);
    let lives: Vec<Life> = [refresh_token(t, marks), Some(access_token(t))].into_iter().flatten().collect();
    let names = lives.iter().map(|life| life.name.len()).max().unwrap_or(0);
    let shared = shared_axis(&lives);
    let axes: Vec<(Time, Time)> = lives.iter().map(|life| shared.unwrap_or((life.start, life.end))).collect();
    let scales: Vec<String> = lives.iter().map(|life| scale(life.end.since(life.start))).collect();
    let scale_width = scales.iter().map(String::len).max().unwrap_or(0) + 2;
    let room = columns.saturating_sub(names + 2);
    // Where a name beside the bar leaves it too short, the name stands above.
    let beside = room >= 3 * NARROWEST;
    let room = if beside { room } else { columns };
    let with_scale = room >= scale_width + 2 * NARROWEST;
    let width = if with_scale { room - scale_width } else { room };
    let mut lines = Vec::new();
    for ((life, (from, to)), scale) in lives.iter().zip(axes).zip(scales) {
        let mut line = Line::default();
        if beside {
            line.push(Role::Label, padded(life.name, names + 2));
        } else {
            let mut title = Line::default();
            title.push(Role::Label, life.name);
            lines.push(title);
        }
        line.0.extend(spans(&cells(life, t, from, to, width, marks)));
        if with_scale {
            line.push(Role::Faint, format!("  {scale}"));
        }
        lines.push(line);
    }
    lines
}

fn access_token(t: &Timeline) -> Life {
    Life {
        name: "access token",
        start: t.access_token_from,
        sure_end: t.access_token_until,
        end: t.access_token_until.max(t.access_token_from),
        marked: Vec::new(),
        older: false,
    }
}

/// From the login; of a session renewed many times, from one life before the renewal that counts.
fn refresh_token(t: &Timeline, marks: Marks) -> Option<Life> {
    let (sure_end, end) = match (t.refresh_token, t.refused_at) {
        (Some(life), _) => (life.expires_at_earliest, life.expires_at),
        (None, Some(refused)) => (refused, refused),
        (None, None) => return None,
    };
    let counted = t.refresh_token.map_or(t.login_at, |life| life.renewed_at);
    let (age, left) = (counted.since(t.login_at), end.since(counted));
    let older = left > Seconds::ZERO && age.0 > left.0.saturating_mul(2);
    let mut marked: Vec<_> = t
        .renewals
        .iter()
        .map(|(at, sure)| (*at, if *sure { marks.renewed } else { marks.perhaps }, Role::Renewal))
        .collect();
    marked.extend(t.renewal_due_at.map(|at| (at, marks.due, Role::Renewal)));
    let start = if older { counted.minus(left) } else { t.login_at.min(end) };
    Some(Life { name: "refresh token", start, sure_end, end, marked, older })
}

/// One scale for all lives, if they are of a like length and lie near each other.
fn shared_axis(lives: &[Life]) -> Option<(Time, Time)> {
    let from = lives.iter().map(|life| life.start).min()?;
    let to = lives.iter().map(|life| life.end).max()?;
    let shortest = lives.iter().map(|life| life.end.since(life.start).0).min()?;
    (to.since(from).0 <= shortest.saturating_mul(LIKE)).then_some((from, to))
}

/// A bar as one character and role a column.
fn cells(life: &Life, t: &Timeline, from: Time, to: Time, width: usize, marks: Marks) -> Vec<(char, Role)> {
    let axis = fitted(t.now, from, to, width);
    let (start, end) = (axis.column(life.start), axis.column(life.end));
    let (sure_end, now) = (axis.column(life.sure_end), now_column(t.now, life, axis, width));
    let over = t.now >= life.end;
    let mut cells: Vec<(char, Role)> = (0..width)
        .map(|column| match column {
            c if c < start || c > end && c > now => (' ', Role::Text),
            c if c > end && axis.broken && (c + 2 == now || c + 3 == now) => (marks.cut, Role::Past),
            c if c > end => (marks.gap, Role::Past),
            c if c <= now => (marks.past, Role::Past),
            c if c <= sure_end => (marks.sure, Role::Sure),
            _ => (marks.implied, Role::Implied),
        })
        .collect();
    let mut put = |column: usize, mark, role| {
        if let Some(cell) = cells.get_mut(column) {
            *cell = (mark, role);
        }
    };
    put(start, if life.older { marks.cut } else { marks.start }, Role::Edge);
    for (at, mark, role) in life.marked.iter().filter(|(at, ..)| *at >= life.start && *at <= life.end) {
        put(axis.column(*at), *mark, *role);
    }
    if life.sure_end < life.end {
        put(sure_end, marks.sure_end, Role::Edge);
    }
    let refused = life.end == life.sure_end && t.refused_at == Some(life.end) && t.refresh_token.is_none();
    put(end, if refused { marks.refused } else { marks.end }, if over { Role::Over } else { Role::Edge });
    put(now, marks.now, Role::Now);
    cells
}

/// What a broken axis leaves for the time left out and for now.
const BREAK: usize = 6;

/// The axis. Where now lies beyond it, it reaches to now; or, if that is further than the axis is long, it is broken.
fn fitted(now: Time, from: Time, to: Time, width: usize) -> Axis {
    let whole = Axis { from, to, columns: width, broken: false };
    let beyond = now.since(to);
    if beyond < Seconds::ZERO {
        whole
    } else if beyond <= whole.length() {
        Axis { to: now, columns: width.saturating_sub(1), ..whole }
    } else {
        Axis { columns: width.saturating_sub(BREAK).max(1), broken: true, ..whole }
    }
}

/// Where now is drawn: between the edges or beyond the end as is true, also where a column is too coarse to tell.
fn now_column(now: Time, life: &Life, axis: Axis, width: usize) -> usize {
    let (start, end) = (axis.column(life.start), axis.column(life.end));
    let last = width.saturating_sub(1);
    if now < life.end {
        let first = if now < life.start { start } else { start + 1 };
        axis.column(now).max(first).min(end.saturating_sub(1))
    } else if now >= axis.to {
        last
    } else {
        axis.column(now).max(end + 1).min(last)
    }
}

/// Neighbouring columns of one role put together.
fn spans(cells: &[(char, Role)]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (mark, role) in cells {
        match spans.last_mut() {
            Some(last) if last.role == *role => last.text.push(*mark),
            _ => spans.push(Span { role: *role, text: mark.to_string() }),
        }
    }
    spans
}
