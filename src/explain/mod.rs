//! What a session can expect, as words and pictures. Pure.

pub mod bar;
pub mod claims;
pub mod doctor_report;
pub mod exchange_steps;
pub mod keepalive_messages;
pub mod login_messages;
pub mod logout_messages;
pub mod outlook;
pub mod policy_descriptions;
pub mod refresh_messages;
pub mod session_event;
pub mod session_view;
pub mod simulation;
pub mod status_table;
pub mod timeline;
pub mod trace_messages;

use crate::terminal::layout::wrap;
use crate::terminal::styled_text::{Line, Role};

/// `1 refresh`, `2 refreshes`.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The lines of a text, at most `columns` wide.
fn paragraph(text: &str, columns: usize) -> impl Iterator<Item = Line> {
    wrap(text, columns).into_iter().map(|line| Line::new(Role::Text, line))
}
