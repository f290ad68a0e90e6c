//! Writes a man page for `tidp` and for each of its commands into a folder:
//! `cargo run --example man -- FOLDER`.

#![allow(clippy::disallowed_methods, reason = "a build step reads its own arguments")]

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::fmt::Write;
use std::io::Result;
use std::path::{Path, PathBuf};
use tidp::testing::cli::{Cli, examples};
use tidp::testing::commands::{Block, TOPICS, Topic};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or(std::io::ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(&folder)?;
    let mut root = Cli::command();
    root.build();
    write_pages(&root, &folder)
}

fn write_pages(command: &Command, folder: &Path) -> Result<()> {
    let (name, man) = (command.get_bin_name().unwrap_or("tidp"), Man::new(command.clone()));
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = String::from_utf8_lossy(&page);
    let sections = example_section(name.strip_prefix("tidp").unwrap_or_default().trim());
    let topics: String = TOPICS.iter().filter(|_| name == "tidp").map(topic_section).collect();
    // The version and the authors come last.
    let end = page.find(".SH VERSION").unwrap_or(page.len());
    let (start, end) = page.split_at(end);
    std::fs::write(folder.join(man.get_filename()), format!("{start}{sections}{topics}{end}"))?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_pages(below, folder))
}

fn example_section(command: &str) -> String {
    let mut section = ".SH EXAMPLES\n".to_owned();
    for (line, purpose) in examples(command) {
        let _ = write!(section, ".TP\n{}\n{}\n", escaped(line), escaped(purpose));
    }
    section
}

fn topic_section(topic: &Topic) -> String {
    let mut section = format!(".SH {}\n", topic.title.to_uppercase());
    for block in topic.blocks() {
        let _ = match block {
            Block::Heading(text) => writeln!(section, ".SS {}", escaped(&text)),
            Block::Paragraph(text) => writeln!(section, ".PP\n{}", escaped(&text)),
            Block::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
                writeln!(section, ".PP\n.nf\n{}\n.fi", lines.join("\n"))
            }
            Block::Table(rows) => rows
                .iter()
                .try_for_each(|(term, meaning)| writeln!(section, ".TP\n{}\n{}", escaped(term), escaped(meaning))),
        };
    }
    section
}

/// Text in which no character means something to roff.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
