//! The page of `tidp policy` for a person: the title, the verdict, the timeline, the details and the session's events.

use crate::cli;
use crate::config::Profile;
use crate::domain::text::printable;
use crate::explain::outlook::{NextAction, SessionOutlook, explanation::Explanation};
use crate::explain::session_event::event_description;
use crate::explain::timeline::Timeline;
use crate::flows::context::Context;
use crate::ports::Reporter;
use crate::terminal::layout::{wrap, wrap_indented};
use crate::terminal::output::Output;
use crate::terminal::styled_text::{Charset, Line, Role};

/// The page, at most `columns` wide. Without a session there is no outlook.
pub(super) fn page(
    context: &Context<'_>,
    out: &Output<'_>,
    outlook: Option<&SessionOutlook<'_>>,
    args: &cli::Policy,
    columns: usize,
) -> String {
    let (profile, format_time) = (&context.profile, |time| out.local_time(time));
    let words = context.words(&format_time);
    let Explanation { verdict, details } = Explanation::new(outlook, profile.policy.as_ref(), &words);
    let text = |role, sentence: &String| wrap(sentence, columns).into_iter().map(move |line| Line::new(role, line));
    let over = outlook.is_none_or(|outlook| outlook.next_action().0 == NextAction::Login);
    let verdict_role = if over { Role::Over } else { Role::Strong };
    let mut lines = title(profile, columns);
    for (sentence, role) in verdict.iter().zip([verdict_role, Role::Text]) {
        lines.extend(text(role, sentence));
    }
    lines.push(Line::default());
    if let Some(outlook) = outlook {
        let charset = if args.ascii { Charset::Ascii } else { out.charset() };
        lines.extend(Timeline::new(*outlook).draw(columns, charset, &format_time));
        lines.push(Line::default());
    }
    lines.extend(details.iter().flat_map(|sentence| text(Role::Text, sentence)));
    if args.why {
        lines.push(Line::default());
        // In a file or a pipe each event is a line, for `grep`.
        let is_wrapped = context.ports.terminal.stdout().is_terminal;
        let events = outlook.iter().flat_map(|outlook| outlook.session.events.iter().map(|event| (outlook.now, event)));
        for (now, event) in events {
            let distance = event.time.relative_to(now);
            let text = format!("{} ({distance})  {}", out.local_time(event.time), event_description(event));
            let text = if is_wrapped { wrap_indented(&text, columns, 4) } else { text };
            lines.extend(text.lines().map(|line| Line::new(Role::Text, line)));
        }
    }
    out.colors.render(&lines)
}

fn title(profile: &Profile, columns: usize) -> Vec<Line> {
    let policy = profile.policy.map_or("policy unknown", |policy| policy.name.as_str());
    let client = profile.client_type.map(|t| format!(", client type {}", t.as_str())).unwrap_or_default();
    let mut rest = wrap(&format!("{policy}  {}{client}", printable(&profile.name)), columns).into_iter();
    let first = rest.next().unwrap_or_default();
    let mut title = Line::new(Role::Strong, policy);
    title.push(Role::Text, first.strip_prefix(policy).unwrap_or_default());
    let rest = rest.map(|line| Line::new(Role::Text, line));
    std::iter::once(title).chain(rest).chain([Line::default()]).collect()
}
