//! What `tidp policy` shows a person: the title, the verdict, the timeline, the details and the session's events.

use super::outlook::sentence::Words;
use super::outlook::{NextAction, SessionOutlook};
use super::session_event::event_description;
use super::timeline::Timeline;
use crate::domain::policy::ClientType;
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::terminal::layout::{wrap, wrap_indented};
use crate::terminal::styled_text::{Charset, Line, Role};

pub struct PolicyPage<'a> {
    pub outlook: SessionOutlook<'a>,
    pub profile: &'a str,
    pub client_type: Option<ClientType>,
    pub profile_flag: Option<&'a str>,
    pub with_events: bool,
    /// Otherwise each event is a line, for `grep`.
    pub wrap_events: bool,
}

impl PolicyPage<'_> {
    pub fn lines(&self, columns: usize, charset: Charset, format_time: &dyn Fn(Time) -> String) -> Vec<Line> {
        let words = Words { format_time, profile: self.profile_flag };
        let text = |role, sentence: &String| wrap(sentence, columns).into_iter().map(move |line| Line::new(role, line));
        let over = self.outlook.next_action().0 == NextAction::Login;
        let verdict_role = if over { Role::Over } else { Role::Label };
        let mut lines = self.title(columns);
        for (sentence, role) in self.outlook.verdict(&words).iter().zip([verdict_role, Role::Text]) {
            lines.extend(text(role, sentence));
        }
        lines.push(Line::default());
        if let Some(session) = self.outlook.session {
            lines.extend(Timeline::new(session, self.outlook).draw(columns, charset, format_time));
            lines.push(Line::default());
        }
        lines.extend(self.outlook.details(&words).iter().flat_map(|sentence| text(Role::Text, sentence)));
        if self.with_events {
            lines.push(Line::default());
            for event in self.outlook.session.iter().flat_map(|session| &session.events) {
                let distance = event.time.relative_to(self.outlook.now);
                let description = event_description(event);
                let text = format!("{} ({distance})  {description}", format_time(event.time));
                let text = if self.wrap_events { wrap_indented(&text, columns, 4) } else { text };
                lines.extend(text.lines().map(|line| Line::new(Role::Text, line)));
            }
        }
        lines
    }

    fn title(&self, columns: usize) -> Vec<Line> {
        let policy = self.outlook.policy.map_or("policy unknown", |policy| policy.name.as_str());
        let client = self.client_type.map(|t| format!(", client type {}", t.as_str())).unwrap_or_default();
        let mut rest = wrap(&format!("{policy}  {}{client}", printable(self.profile)), columns).into_iter();
        let first = rest.next().unwrap_or_default();
        let mut title = Line::new(Role::Label, policy);
        title.push(Role::Text, first.strip_prefix(policy).unwrap_or_default());
        let rest = rest.map(|line| Line::new(Role::Text, line));
        std::iter::once(title).chain(rest).chain([Line::default()]).collect()
    }
}
