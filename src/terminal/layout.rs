//! Text laid out on a terminal's columns.

use crate::explain::timeline::Role;
use crate::terminal::output::Output;
use colored::Color;
use unicode_width::UnicodeWidthStr;

/// `text` in lines of at most `columns` (and at most 100, which is as wide as prose reads well).
pub fn wrapped(text: &str, columns: usize) -> String {
    let width = columns.clamp(20, 100);
    let mut lines = String::new();
    let mut used = 0;
    for word in unbroken(text, width) {
        let columns = word.width();
        if used > 0 && used + 1 + columns > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(&word);
        used += columns;
    }
    lines + "\n"
}

/// The words of `text`, a command in backticks as one word if a line can hold it: copied from two lines, its first half
/// would be another command.
fn unbroken(text: &str, width: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut command: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        command.push(word);
        if command.iter().map(|word| word.matches('`').count()).sum::<usize>() % 2 == 0 {
            whole_or_words(std::mem::take(&mut command), width, &mut words);
        }
    }
    // A backtick that nothing closes begins no command.
    words.extend(command.into_iter().map(str::to_owned));
    words
}

fn whole_or_words(parts: Vec<&str>, width: usize, words: &mut Vec<String>) {
    let whole = parts.join(" ");
    if whole.width() <= width { words.push(whole) } else { words.extend(parts.into_iter().map(str::to_owned)) }
}

/// `text` in the colour of its role.
pub fn painted(out: &Output<'_>, role: Role, text: &str) -> String {
    let color = match role {
        Role::Text => return text.to_owned(),
        Role::Label => return out.bold(text),
        Role::Faint | Role::Past | Role::Edge => Color::BrightBlack,
        Role::Now => Color::Cyan,
        Role::Sure => Color::Green,
        Role::Implied => Color::Yellow,
        Role::Renewal => Color::Blue,
        Role::Over => Color::Red,
    };
    out.paint(text, color)
}
