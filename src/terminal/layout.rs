//! Wraps and cuts text at a number of columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The lines of `text`, at most `columns` and never more than 100 wide, which is easier to read.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let width = columns.clamp(20, 100);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text, width) {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// `text` wrapped, with all lines but the first indented.
pub fn wrap_indented(text: &str, columns: usize, indent: usize) -> String {
    wrap(text, columns.saturating_sub(indent)).join(&format!("\n{}", " ".repeat(indent)))
}

/// `text` cut at `columns`.
pub fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

/// The words of `text`. A command in backticks is one word if it fits on a line, so that it can be copied whole.
fn words(text: &str, width: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut command: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        command.push(word);
        if command.iter().map(|word| word.matches('`').count()).sum::<usize>() % 2 == 0 {
            push_command(std::mem::take(&mut command), width, &mut words);
        }
    }
    // After a backtick without a second one.
    words.extend(command.into_iter().map(str::to_owned));
    words
}

fn push_command(parts: Vec<&str>, width: usize, words: &mut Vec<String>) {
    let whole = parts.join(" ");
    if whole.width() <= width { words.push(whole) } else { words.extend(parts.into_iter().map(str::to_owned)) }
}
