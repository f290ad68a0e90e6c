//! Examples for the help and the man pages, from `examples.txt`. `tests/commands/help.rs` parses each.

/// A command line, and what it is for.
pub type Example = (&'static str, &'static str);

/// The examples of a command, such as `policy simulate`; without words, those of the first page.
pub fn examples(command: &str) -> Vec<Example> {
    let heading = format!("[{}]", format!("tidp {command}").trim_end());
    let lines = include_str!("examples.txt").lines().skip_while(|line| *line != heading).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.chunks_exact(2).map(|pair| (pair[1], pair[0].trim_start_matches("# "))).collect()
}
