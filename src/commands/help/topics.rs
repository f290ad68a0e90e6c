//! The topics of the help. Their tables come from the code, so that they say what it does.

use super::page::Page;
use crate::config::variables;
use crate::domain::policy::PolicyName;
use crate::error::EXIT_CODES;
use crate::explain::policy_descriptions::policy_description;

/// A text of the help that is about no single command.
#[derive(Clone, Copy)]
pub struct Topic {
    pub name: &'static str,
    pub title: &'static str,
    /// Paragraphs; lines that are indented stay as they are; `# ` begins a heading; `{…}` stands for a table.
    source: &'static str,
}

pub const TOPICS: [Topic; 5] = [
    topic("policies", "How long a login lasts, and why", include_str!("topics/policies.txt")),
    topic("scripts", "tidp in scripts and jobs", include_str!("topics/scripts.txt")),
    topic("environment", "Variables that tidp reads and sets", include_str!("topics/environment.txt")),
    topic("security", "Where secrets are kept, and who can read them", include_str!("topics/security.txt")),
    topic("exit-codes", "What an exit code means, and what a script does", include_str!("topics/exit-codes.txt")),
];

const fn topic(name: &'static str, title: &'static str, source: &'static str) -> Topic {
    Topic { name, title, source }
}

/// A part of a topic.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    Heading(String),
    Paragraph(String),
    /// Lines that a user types, or a table that is laid out already.
    Lines(Vec<String>),
    /// Rows of a term and its meaning.
    Table(Vec<(String, String)>),
}

impl Topic {
    /// The text taken apart.
    pub fn blocks(&self) -> Vec<Block> {
        self.source.trim_end().split("\n\n").map(block).collect()
    }

    pub fn show(&self, page: &mut Page) {
        page.title(self.title);
        for block in self.blocks() {
            match block {
                Block::Heading(text) => page.heading(&text),
                Block::Paragraph(text) => {
                    page.blank();
                    page.paragraph("", &text);
                }
                Block::Lines(lines) => {
                    page.blank();
                    lines.iter().for_each(|line| page.code(0, line));
                }
                Block::Table(rows) => {
                    page.blank();
                    let column = rows.iter().map(|(term, _)| term.len() + 2).max().unwrap_or_default();
                    rows.iter().for_each(|(term, meaning)| page.row(term, meaning, column));
                }
            }
        }
    }
}

fn block(text: &str) -> Block {
    let row = |(term, meaning): (&str, &str)| (term.to_owned(), meaning.to_owned());
    match text {
        "{policies}" => {
            let row_of = |name: PolicyName| {
                let policy = policy_description(name);
                row((name.as_str(), &format!("{}; {}", policy.used_by, policy.life)))
            };
            Block::Table(PolicyName::ALL.map(row_of).to_vec())
        }
        "{exit-codes}" => Block::Table(
            EXIT_CODES.map(|(code, meaning, does)| row((code, &format!("{meaning}. A script {does}.")))).to_vec(),
        ),
        "{variables}" => Block::Table(variables()),
        _ => match text.strip_prefix("# ") {
            Some(heading) => Block::Heading(heading.to_owned()),
            None if text.starts_with("  ") => Block::Lines(text.lines().map(str::to_owned).collect()),
            None => Block::Paragraph(text.replace('\n', " ")),
        },
    }
}
