//! Wraps and cuts text at a number of columns.

use std::ops::Range;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text wider than this is harder to read.
const MAX_WIDTH: usize = 100;
const MIN_WIDTH: usize = 20;

/// How far from the left a second column of text may begin.
const MAX_LABEL: usize = 24;

const MARKERS: [&str; 5] = ["- ", "* ", "> ", "· ", "✓ "];

/// The lines of `text`, at most `columns` and never more than 100 wide. An address or a command is never broken, so that
/// it can be copied: one that is longer than a line has a line of its own.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    flow(text, columns, 0, 0)
}

/// `text` wrapped, with all lines but the first indented.
pub fn wrap_indented(text: &str, columns: usize, indent: usize) -> String {
    flow(text, columns, indent, indent).join(&indentation(indent))
}

/// `text` with each line that is too long wrapped below its own beginning: after a label (`error:`), a list's marker or a
/// first column. What is indented by four is a command, and stays as it is.
pub fn fit(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| fit_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn fit_line(line: &str, columns: usize) -> String {
    if line.starts_with("    ") || visible_width(line) <= columns.min(MAX_WIDTH) {
        return line.to_owned();
    }
    let (label, text) = line.split_at(text_start(line));
    let start = visible_width(label);
    // Below a wide first column little room would be left.
    let indent = if start > columns / 2 { leading_blanks(line) + 2 } else { start };
    let lines = flow(text, columns, start, indent);
    let label = if lines.first().is_some_and(String::is_empty) { label.trim_end() } else { label };
    format!("{label}{}", lines.join(&indentation(indent)))
}

fn indentation(columns: usize) -> String {
    format!("\n{}", " ".repeat(columns))
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

/// The columns that `text` takes. Its colours take none.
pub fn visible_width(text: &str) -> usize {
    // Of two colours, the first of which has no end, one is counted twice.
    text.width().saturating_sub(escapes(text).map(|escape| text[escape].width()).sum())
}

/// Where the colours in `text` are (`ESC [ … m`).
fn escapes(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("\x1b[").map(|(at, _)| at..text[at..].find('m').map_or(text.len(), |end| at + end + 1))
}

fn leading_blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Where the text of a line begins: after its label, its marker or its first column; otherwise after its indentation.
fn text_start(line: &str) -> usize {
    // Colours are blanked out, which keeps the positions.
    let mut plain = line.to_owned();
    for escape in escapes(line) {
        plain.replace_range(escape.clone(), &"\0".repeat(escape.len()));
    }
    let indent = leading_blanks(line);
    let rest = &plain[indent..];
    let mut seen = String::new();
    for (at, c) in rest.char_indices().filter(|(_, c)| *c != '\0') {
        let is_label = seen.ends_with(": ") && seen.bytes().all(|b| b.is_ascii_lowercase() || b == b' ' || b == b':');
        let is_column = seen.ends_with("  ") && c != ' ';
        if is_label || is_column || MARKERS.contains(&seen.as_str()) {
            return indent + at;
        }
        if seen.width() > MAX_LABEL && c != ' ' {
            break;
        }
        seen.push(c);
    }
    indent
}

/// The lines of `text`, of which the first begins at column `start` and the others at `indent`.
fn flow(text: &str, columns: usize, start: usize, indent: usize) -> Vec<String> {
    let room = |used: usize| columns.clamp(MIN_WIDTH, MAX_WIDTH).saturating_sub(used);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        let used = if lines.is_empty() { start } else { indent };
        let taken = if line.is_empty() { 0 } else { visible_width(&line) + 1 };
        // Even the first word goes below a label, if there is more room.
        let breaks = !line.is_empty() || used > indent;
        if breaks && taken + visible_width(&word) > room(used) {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// The words of `text`. A command is one word, in backticks or at the end.
fn words(text: &str) -> Vec<String> {
    let (prose, command) = text.split_at(last_command(text));
    let mut words = Vec::new();
    let mut quoted: Vec<&str> = Vec::new();
    for word in prose.split_terminator(' ') {
        quoted.push(word);
        if quoted.iter().map(|word| word.matches('`').count()).sum::<usize>() % 2 == 0 {
            push_word(&mut words, std::mem::take(&mut quoted).join(" "));
        }
    }
    // After a backtick without a second one.
    words.extend(quoted.into_iter().map(str::to_owned));
    words.extend(Some(command.to_owned()).filter(|command| !command.is_empty()));
    words
}

/// Adds a word. A unit stays with its number.
fn push_word(words: &mut Vec<String>, word: String) {
    let is_unit = matches!(word.trim_end_matches(['.', ',', ';', ':', ')']), "s" | "min" | "h" | "day" | "days");
    match words.last_mut().filter(|last| is_unit && last.ends_with(|c: char| c.is_ascii_digit())) {
        Some(number) => *number += &format!(" {word}"),
        None => words.push(word),
    }
}

/// Where the command begins that is the whole text, or follows its last colon; the text's length if there is none.
fn last_command(text: &str) -> usize {
    if text.starts_with("tidp ") || text.contains(" && ") {
        return 0;
    }
    text.rfind(": tidp ").map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests;
