//! The page of one command.

use super::page::{Page, to_text};
use crate::cli::{Form, examples};
use clap::builder::PossibleValue;
use clap::{Arg, Command};
use unicode_width::UnicodeWidthStr;

/// What a `<DURATION>` is.
const DURATION: &str = "<DURATION>: 30s, 5m, 2h, 14d, a sum such as 1h30m, or a number of seconds";

/// A label wider than this stands alone on its line.
const WIDEST_LABEL: usize = 36;

pub fn show(root: &Command, command: &Command, form: Form, page: &mut Page) {
    let name = command.get_bin_name().unwrap_or_default().to_owned();
    let long = command.get_long_about().filter(|_| form == Form::Long);
    let about = to_text(long.or_else(|| command.get_about()));
    let mut paragraphs = about.split("\n\n");
    page.title(paragraphs.next().unwrap_or_default());
    page.blank();
    for paragraph in paragraphs {
        page.paragraph("", &paragraph.replace('\n', " "));
        page.blank();
    }
    for line in command.clone().render_usage().to_string().lines() {
        page.words(line, 14);
    }
    show_commands(command, page);
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| is_shown(arg, form)).collect();
    let (arguments, options): (Vec<&Arg>, Vec<&Arg>) = shown.iter().partition(|arg| arg.is_positional());
    show_arguments("Arguments:", &arguments, form, page);
    show_arguments("Options:", &options, form, page);
    if form == Form::Long {
        if let Some(after) = command.get_after_long_help() {
            page.blank();
            page.lines(after.to_string().trim_end());
        }
        show_examples(name.strip_prefix("tidp ").unwrap_or_default(), page);
    }
    page.blank();
    let takes_duration = |arg: &&Arg| arg.get_value_names().is_some_and(|names| names.iter().any(|n| n == "DURATION"));
    if shown.iter().any(takes_duration) {
        page.paragraph("", DURATION);
    }
    page.paragraph("", &format!("Global options: {}", global_options(root)));
    if form == Form::Short {
        let hides = command.get_arguments().any(|arg| arg.is_hide_short_help_set());
        let more = if hides { "More options, and examples" } else { "Examples" };
        page.paragraph("", &format!("{more}: {name} --help"));
    }
}

/// The examples of a command, each below what it is for.
pub fn show_examples(command: &str, page: &mut Page) {
    let examples = examples(command);
    if !examples.is_empty() {
        page.heading("Examples:");
    }
    for (line, purpose) in examples {
        page.paragraph("  # ", purpose);
        page.code(2, line);
    }
}

/// The options that every command takes, in a line.
pub fn global_options(root: &Command) -> String {
    let name = |arg: &Arg| match (arg.get_short(), arg.get_action().takes_values()) {
        (Some(short), true) => format!("-{short}/{arg}"),
        (Some(short), false) => format!("-{short}"),
        (None, _) => format!("--{}", arg.get_long().unwrap_or_default()),
    };
    root.get_arguments().filter(|arg| arg.is_global_set()).map(name).collect::<Vec<_>>().join(", ") + " (tidp help)"
}

/// The text of an argument: what it means, its values and its default.
pub fn description(arg: &Arg, form: Form) -> String {
    let long = arg.get_long_help().filter(|_| form == Form::Long);
    let help = to_text(long.or_else(|| arg.get_help()));
    let mut paragraphs = help.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    let mut text = paragraphs.next().unwrap_or_default();
    let values = values(arg);
    if !values.is_empty() && (form == Form::Short || values.iter().all(|value| value.get_help().is_none())) {
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        // A default that the text names stays at its end.
        let at = text.find(" [default").unwrap_or(text.len());
        text.insert_str(at, &format!(": {}", names.join(", ")));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        text += &format!(" [default: {}]", defaults.join(" "));
    }
    paragraphs.fold(text, |text, paragraph| format!("{text}. {paragraph}"))
}

fn show_commands(command: &Command, page: &mut Page) {
    let shown: Vec<&Command> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    if shown.is_empty() {
        return;
    }
    page.heading("Commands:");
    let name = |command: &Command| format!("  {}", command.get_name_and_visible_aliases().join(", "));
    let column = column(shown.iter().map(|command| name(command)));
    for command in shown {
        page.row(&name(command), &to_text(command.get_about()), column);
    }
}

fn show_arguments(heading: &str, arguments: &[&Arg], form: Form, page: &mut Page) {
    if arguments.is_empty() {
        return;
    }
    page.heading(heading);
    let label = |arg: &Arg| format!("  {arg}");
    let column = page.column(2, column(arguments.iter().map(|arg| label(arg))));
    for arg in arguments {
        page.row(&label(arg), &description(arg, form), column);
        let values = values(arg);
        if form == Form::Long && values.iter().any(|value| value.get_help().is_some()) {
            let names = values.iter().map(|value| format!("{:column$}{}", "", value.get_name())).collect::<Vec<_>>();
            let wide = names.iter().map(|name| name.width() + 2).max().unwrap_or_default();
            for (name, value) in names.iter().zip(&values) {
                page.row(name, &to_text(value.get_help()), wide);
            }
        }
    }
}

/// Where the second column begins beside these labels.
fn column(labels: impl Iterator<Item = String>) -> usize {
    labels.map(|label| label.width()).filter(|width| *width <= WIDEST_LABEL).max().unwrap_or(4) + 2
}

fn is_shown(arg: &Arg, form: Form) -> bool {
    let is_of_clap = matches!(arg.get_id().as_str(), "help" | "version");
    let is_rare = form == Form::Short && arg.is_hide_short_help_set();
    !(arg.is_global_set() || arg.is_hide_set() || is_of_clap || is_rare)
}

fn values(arg: &Arg) -> Vec<PossibleValue> {
    let takes_values = arg.get_action().takes_values() && !arg.is_hide_possible_values_set();
    if takes_values { arg.get_possible_values() } else { Vec::new() }
}
