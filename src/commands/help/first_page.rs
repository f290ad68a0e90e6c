//! The first page: the commands by what people do, the global options, the topics.

use super::command_page::{description, global_options, show_examples};
use super::page::{Page, to_text};
use super::topics::TOPICS;
use crate::cli::{Form, GROUPS};
use clap::{Arg, Command};

const COMMAND_COLUMN: usize = 9;
const TEXT_COLUMN: usize = COMMAND_COLUMN + 13;

/// On one screen: without blank lines between the groups.
pub fn show_short(root: &Command, page: &mut Page) {
    page.title("tidp: log in at TelenorID+, get a valid access token, understand its policy");
    page.words("Usage: tidp [OPTIONS] COMMAND; the help of a command: tidp help COMMAND", 7);
    page.blank();
    for (heading, commands) in GROUPS {
        for (n, name) in commands.iter().enumerate() {
            let heading = if n == 0 { heading } else { "" };
            page.row_in_group(heading, COMMAND_COLUMN, name, &about(root, name), TEXT_COLUMN);
        }
    }
    page.row_in_group("Options", COMMAND_COLUMN, "", &global_options(root), COMMAND_COLUMN);
}

pub fn show_long(root: &Command, page: &mut Page) {
    page.paragraph("", &to_text(root.get_about()));
    page.text += "\nUsage: tidp [OPTIONS] COMMAND\n";
    for (heading, commands) in GROUPS {
        page.heading(heading);
        for name in commands {
            page.row(&format!("  {name}"), &about(root, name), 15);
        }
    }
    page.heading("Options of every command");
    for arg in root.get_arguments().filter(|arg| arg.is_global_set()) {
        page.row(&format!("  {}", name(arg)), &description(arg, Form::Long), 27);
    }
    page.row("  -h, --help", "Help on one screen; --help: everything, with examples", 27);
    page.row("  -V, --version", "Show the version", 27);
    show_examples("", page);
    page.heading("Topics: tidp help TOPIC");
    for topic in TOPICS {
        page.row(&format!("  {}", topic.name), topic.title, 16);
    }
}

fn about(root: &Command, name: &str) -> String {
    to_text(root.find_subcommand(name).and_then(Command::get_about))
}

/// The names of an option: `-p, --profile <PROFILE>`.
fn name(arg: &Arg) -> String {
    arg.get_short().map_or_else(|| arg.to_string(), |short| format!("-{short}, {arg}"))
}
