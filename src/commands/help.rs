//! `tidp help`, `--help` and `-h`: a page for each command, and topics.

mod command_page;
mod first_page;
mod page;
mod topics;

pub use topics::{Block, TOPICS, Topic};

use crate::cli::{Cli, Form};
use crate::domain::spelling::nearest;
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::terminal::output::Output;
use clap::CommandFactory;
use page::Page;
pub use page::to_text;

/// `tidp help WORDS`: the first page, that of a command, or a topic. If there is neither, that is a usage error.
pub fn run(out: &Output<'_>, words: &[String]) -> Result<()> {
    if let [name] = words
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == name)
    {
        let mut page = Page::new(out.columns(), out.colors);
        topic.show(&mut page);
        return out.answer(&page.text);
    }
    show(out, words, Form::Long)
}

/// Shows the help of the command that `words` name. If there is none, that is a usage error.
pub fn show(out: &Output<'_>, words: &[String], form: Form) -> Result<()> {
    let text = text(words, form, Page::new(out.columns(), out.colors)).ok_or_else(|| unknown(words))?;
    out.answer(&text)
}

/// The short help, for a command line that lacks a command.
pub fn short_text(out: &Output<'_>, words: &[String]) -> String {
    text(words, Form::Short, Page::new(out.columns(), out.err_colors)).unwrap_or_default()
}

fn text(words: &[String], form: Form, mut page: Page) -> Option<String> {
    let mut root = Cli::command();
    root.build();
    let command = words.iter().try_fold(&root, |command, word| command.find_subcommand(word))?;
    match form {
        _ if !words.is_empty() => command_page::show(&root, command, form, &mut page),
        Form::Short => first_page::show_short(&root, &mut page),
        Form::Long => first_page::show_long(&root, &mut page),
    }
    Some(page.text)
}

fn unknown(words: &[String]) -> Error {
    let command = Cli::command();
    let topics = TOPICS.map(|topic| topic.name);
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).chain(topics).collect();
    let asked = words.join(" ");
    let meant = words.first().and_then(|word| nearest(word, &known)).filter(|name| **name != asked);
    let advice = meant.map_or_else(
        || format!(" (topics: {})", topics.join(", ")),
        |name| format!(": did you mean `tidp help {name}`?"),
    );
    Error::usage(format!("no command or topic is called `{}`{advice}", printable(&asked)))
}
