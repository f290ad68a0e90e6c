//! What `tidp policy` shows a person: the title, the verdict, the timeline, the details and the session's events; and what
//! takes the place of a policy for a client that acts for itself.

use super::outlook::explanation::Explanation;
use super::outlook::sentence::Words;
use super::outlook::{NextAction, SessionOutlook};
use super::session_event::event_description;
use super::timeline::Timeline;
use crate::domain::policy::{ClientType, Policy};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::terminal::layout::{wrap, wrap_indented};
use crate::terminal::styled_text::{Charset, Line, Role};

pub struct PolicyPage<'a> {
    /// `None` without a session.
    pub outlook: Option<&'a SessionOutlook<'a>>,
    pub policy: Option<&'a Policy>,
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
        let Explanation { verdict, details } = match self.outlook {
            Some(outlook) => outlook.explanation(&words),
            None => Explanation::without_session(self.policy, &words),
        };
        let over = self.outlook.is_none_or(|outlook| outlook.next_action().0 == NextAction::Login);
        let verdict_role = if over { Role::Over } else { Role::Strong };
        let mut lines = self.title(columns);
        for (sentence, role) in verdict.iter().zip([verdict_role, Role::Text]) {
            lines.extend(text(role, sentence));
        }
        lines.push(Line::default());
        if let Some(outlook) = self.outlook {
            lines.extend(Timeline::new(*outlook).draw(columns, charset, format_time));
            lines.push(Line::default());
        }
        lines.extend(details.iter().flat_map(|sentence| text(Role::Text, sentence)));
        if self.with_events {
            lines.push(Line::default());
            lines.extend(self.outlook.iter().flat_map(|outlook| self.events(outlook, columns, format_time)));
        }
        lines
    }

    fn title(&self, columns: usize) -> Vec<Line> {
        let policy = self.policy.map_or("policy unknown", |policy| policy.name.as_str());
        let client = self.client_type.map(|t| format!(", client type {}", t.as_str())).unwrap_or_default();
        let mut rest = wrap(&format!("{policy}  {}{client}", printable(self.profile)), columns).into_iter();
        let first = rest.next().unwrap_or_default();
        let mut title = Line::new(Role::Strong, policy);
        title.push(Role::Text, first.strip_prefix(policy).unwrap_or_default());
        let rest = rest.map(|line| Line::new(Role::Text, line));
        std::iter::once(title).chain(rest).chain([Line::default()]).collect()
    }

    fn events(&self, outlook: &SessionOutlook<'_>, columns: usize, format_time: &dyn Fn(Time) -> String) -> Vec<Line> {
        let mut lines = Vec::new();
        for event in &outlook.session.events {
            let distance = event.time.relative_to(outlook.now);
            let text = format!("{} ({distance})  {}", format_time(event.time), event_description(event));
            let text = if self.wrap_events { wrap_indented(&text, columns, 4) } else { text };
            lines.extend(text.lines().map(|line| Line::new(Role::Text, line)));
        }
        lines
    }
}

/// What `tidp policy` says of a client that acts for itself. `expires_at` is when the token for the profile's scopes expires,
/// if one is kept, `token_command` is `tidp token` with the profile.
pub fn machine_policy(
    expires_at: Option<Time>,
    now: Time,
    token_command: &str,
    format_time: &dyn Fn(Time) -> String,
) -> String {
    let kept = match expires_at {
        None => "No token is stored.".to_owned(),
        Some(at) if at <= now => format!("The stored one expired {}.", format_time(at)),
        Some(at) => format!("The stored one expires {}.", format_time(at)),
    };
    format!(
        "The client acts for itself: there is no user, no login and no refresh token, so no refresh policy applies and \
         only the access token expires. `{token_command}` requests a new one whenever one is due. {kept}"
    )
}
