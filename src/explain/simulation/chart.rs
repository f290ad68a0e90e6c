//! A story as a picture: a lane for what the script did and one for each life, from the login to the end looked at.

use super::report::brief;
use super::simulator::{Event, Scenario, Story, What};
use crate::domain::time::Seconds;
use crate::explain::timeline::{Line, Role, Span, Style};

/// The characters.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    alive: char,
    left: char,
    end: char,
    gap: char,
    start: char,
    renewed: char,
    used: char,
    refreshed: char,
    not_renewed: char,
    refused: char,
}

impl Marks {
    pub(super) const fn of(style: Style) -> Self {
        if style.ascii {
            Self {
                alive: '=',
                left: '-',
                end: ']',
                gap: '~',
                start: '|',
                renewed: '+',
                used: '.',
                refreshed: '^',
                not_renewed: 'o',
                refused: 'x',
            }
        } else {
            Self {
                alive: '━',
                left: '─',
                end: '┫',
                gap: '┈',
                start: '├',
                renewed: '╋',
                used: '·',
                refreshed: '▲',
                not_renewed: '△',
                refused: '✗',
            }
        }
    }
}

/// The names of the lanes take this many columns.
const NAMES: usize = 15;

/// The picture, at most `columns` wide.
pub fn draw(scenario: &Scenario, story: &Story, columns: usize, style: Style) -> Vec<Line> {
    let width = columns.saturating_sub(NAMES).clamp(10, 120);
    let marks = Marks::of(style);
    let axis = Axis { length: scenario.length, width };
    let mut lines = Vec::new();
    if story.calls() > 0 {
        lines.push(lane("calls", calls(axis, story, marks)));
    }
    if let Some(end) = scenario.sso_ends_after.filter(|_| scenario.policy.sliding) {
        lines.push(lane("SSO session", life(axis, &[], end, marks)));
    }
    let refreshes: Vec<(Seconds, bool)> = story.events.iter().filter_map(refresh).collect();
    if story.events.first().is_some_and(|login| login.ends.is_some()) {
        let renewals: Vec<Seconds> = refreshes.iter().filter(|(_, renewed)| *renewed).map(|(at, _)| *at).collect();
        lines.push(lane("refresh token", life(axis, &renewals, story.ends_at, marks)));
    }
    lines.push(lane("access token", access_tokens(axis, scenario, story, &refreshes, marks)));
    lines.push(ruler(axis));
    lines.extend(legend(marks, columns, story));
    lines
}

fn refresh(event: &Event) -> Option<(Seconds, bool)> {
    match event.what {
        What::Refreshed { renewed, .. } => Some((event.at, renewed)),
        _ => None,
    }
}

/// Columns for the seconds from the login.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub(super) length: Seconds,
    pub(super) width: usize,
}

impl Axis {
    fn column(self, at: Seconds) -> usize {
        let last = i64::try_from(self.width.saturating_sub(1)).unwrap_or(0);
        let along = at.0.clamp(0, self.length.0);
        usize::try_from((along * last + self.length.0 / 2) / self.length.0.max(1)).unwrap_or(0)
    }
}

type Cells = Vec<(char, Role)>;

/// What the script's calls did; where several share a column, the most telling one.
fn calls(axis: Axis, story: &Story, marks: Marks) -> Cells {
    let mut cells = vec![(0, ' ', Role::Text); axis.width];
    for event in &story.events {
        let (weight, mark, role) = match event.what {
            What::Used => (1, marks.used, Role::Faint),
            What::Refreshed { renewed: true, .. } => (2, marks.refreshed, Role::Renewal),
            What::Refreshed { renewed: false, .. } => (3, marks.not_renewed, Role::Implied),
            What::Refused | What::LoginNeeded => (4, marks.refused, Role::Over),
            What::Login | What::SsoEnded | What::RefreshTokenEnded | What::AccessTokenEnded => continue,
        };
        if let Some(cell) = cells.get_mut(axis.column(event.at)).filter(|cell| cell.0 < weight) {
            *cell = (weight, mark, role);
        }
    }
    cells.into_iter().map(|(_, mark, role)| (mark, role)).collect()
}

/// A life from the login to `end`, with its renewals marked.
pub(super) fn life(axis: Axis, renewals: &[Seconds], end: Seconds, marks: Marks) -> Cells {
    let ends_at = axis.column(end);
    let over = end <= axis.length;
    let mut cells: Cells = (0..axis.width)
        .map(|column| if column <= ends_at { (marks.alive, Role::Sure) } else { (marks.gap, Role::Past) })
        .collect();
    for at in renewals {
        if let Some(cell) = cells.get_mut(axis.column(*at)) {
            *cell = (marks.renewed, Role::Renewal);
        }
    }
    if let Some(first) = cells.first_mut() {
        *first = (marks.start, Role::Edge);
    }
    if let Some(cell) = cells.get_mut(ends_at).filter(|_| over) {
        *cell = (marks.end, Role::Over);
    }
    cells
}

/// A session's life, and what its last access token still gives after it.
pub(super) fn session(axis: Axis, story: &Story, marks: Marks) -> Cells {
    let last = Seconds(story.ends_at.0.max(story.access_token_ends_at.0));
    let mut cells = life(axis, &[], last, marks);
    let (from, to) = (axis.column(story.ends_at), axis.column(last));
    for cell in cells.iter_mut().take(to).skip(from + 1) {
        *cell = (marks.left, Role::Implied);
    }
    if let Some(cell) = cells.get_mut(from).filter(|_| story.ends_at <= axis.length) {
        *cell = (marks.end, Role::Over);
    }
    cells
}

/// The access tokens after each other, with the time in which there was none.
fn access_tokens(axis: Axis, scenario: &Scenario, story: &Story, refreshes: &[(Seconds, bool)], marks: Marks) -> Cells {
    let starts: Vec<Seconds> = refreshes.iter().map(|(at, _)| *at).collect();
    let mut cells = life(axis, &starts, story.access_token_ends_at, marks);
    let began = std::iter::once(Seconds::ZERO).chain(starts.iter().copied());
    for (began, next) in began.zip(starts.iter().copied()) {
        let end = axis.column(Seconds(began.0 + scenario.access_token.0));
        for cell in cells.iter_mut().take(axis.column(next)).skip(end + 1) {
            *cell = (marks.gap, Role::Past);
        }
    }
    cells
}

fn lane(name: &str, cells: Cells) -> Line {
    let mut line = Line(vec![Span { role: Role::Label, text: format!("{name:<NAMES$}") }]);
    line.0.extend(spans(cells));
    line
}

/// Neighbouring columns of one role put together.
pub fn spans(cells: Cells) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (mark, role) in cells {
        match spans.last_mut() {
            Some(last) if last.role == role => last.text.push(mark),
            _ => spans.push(Span { role, text: mark.to_string() }),
        }
    }
    spans
}

/// The times at both ends and in the middle.
fn ruler(axis: Axis) -> Line {
    let (middle, end) = (brief(Seconds(axis.length.0 / 2)), brief(axis.length));
    let free = axis.width.saturating_sub("login".len() + middle.len() + end.len());
    let text = if free < 4 {
        format!("{}login{end:>width$}", " ".repeat(NAMES), width = axis.width.saturating_sub(5))
    } else {
        let before = (axis.width / 2).saturating_sub(5 + middle.len() / 2).min(free);
        format!("{}login{}{middle}{}{end}", " ".repeat(NAMES), " ".repeat(before), " ".repeat(free - before))
    };
    Line(vec![Span { role: Role::Faint, text }])
}

/// What the marks of the calls mean: those that occur.
fn legend(marks: Marks, columns: usize, story: &Story) -> Vec<Line> {
    let occurs = |test: &dyn Fn(What) -> bool| story.events.iter().any(|event| test(event.what));
    let all = [
        (marks.used, "token at hand", occurs(&|what| what == What::Used)),
        (marks.refreshed, "refreshed", occurs(&|what| matches!(what, What::Refreshed { renewed: true, .. }))),
        (
            marks.not_renewed,
            "refreshed, end kept",
            occurs(&|what| matches!(what, What::Refreshed { renewed: false, .. })),
        ),
        (marks.refused, "login needed", occurs(&|what| matches!(what, What::Refused | What::LoginNeeded))),
    ];
    let said = all.into_iter().filter(|(.., occurs)| *occurs).map(|(mark, name, _)| format!("{mark} {name}"));
    let mut lines: Vec<String> = Vec::new();
    for entry in said {
        match lines.last_mut() {
            Some(last) if NAMES + last.chars().count() + 3 + entry.chars().count() <= columns => {
                *last = format!("{last}   {entry}");
            }
            _ => lines.push(entry),
        }
    }
    let line = |text: String| Line(vec![Span { role: Role::Faint, text: format!("{}{text}", " ".repeat(NAMES)) }]);
    lines.into_iter().map(line).collect()
}
