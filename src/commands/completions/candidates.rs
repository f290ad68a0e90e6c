//! What may come next on a command line.

use crate::commands::help::{TOPICS, to_text};
use crate::config::key_meanings;
use clap::{Arg, Command, ValueHint};

#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// Words with their descriptions.
    Values(Vec<(String, String)>),
    Files,
    /// A command of the machine, which begins at this word of the line.
    Command(usize),
}

/// What may follow the words `before` (without `tidp`), and begins with `current`.
pub fn offer(root: &Command, before: &[String], current: &str, profiles: impl FnOnce() -> Vec<String>) -> Offer {
    let mut line = Line { root, command: root, words: Vec::new(), option: None };
    for (n, word) in before.iter().enumerate() {
        if word == "--" && line.option.is_none() {
            let takes_command = line.command.get_positionals().any(Arg::is_last_set);
            return if takes_command { Offer::Command(n + 2) } else { Offer::Values(Vec::new()) };
        }
        line.read(word);
    }
    let (prefix, argument, current) = match line.option {
        // bash makes a word of the `=` in `--format=raw`.
        Some(option) => (String::new(), Some(option), if current == "=" { "" } else { current }),
        None => match current.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (format!("{name}="), line.long(&name[2..]), value),
            _ => (String::new(), line.positional(), current),
        },
    };
    let is_value = line.option.is_some() || !prefix.is_empty();
    let is_option = !is_value && current.starts_with('-');
    let argument = argument.filter(|_| !is_option);
    if argument.is_some_and(|argument| argument.get_value_hint() == ValueHint::FilePath) {
        return Offer::Files;
    }
    let mut values = if is_value || is_option { Vec::new() } else { line.commands() };
    values.extend(argument.map_or_else(Vec::new, |argument| line.values(argument, profiles)));
    if values.is_empty() && !is_value {
        values = line.options();
    }
    values.retain(|(value, _)| value.starts_with(current));
    Offer::Values(values.into_iter().map(|(value, text)| (prefix.clone() + &value, text)).collect())
}

struct Line<'a> {
    root: &'a Command,
    command: &'a Command,
    /// Those that are neither commands nor options.
    words: Vec<&'a str>,
    /// An option whose value is missing.
    option: Option<&'a Arg>,
}

impl<'a> Line<'a> {
    fn read(&mut self, word: &'a str) {
        if self.option.is_some() {
            self.option.take_if(|_| word != "=");
        } else if let Some(long) = word.strip_prefix("--") {
            self.option = self.long(long).filter(|option| option.get_action().takes_values());
        } else if let Some(shorts) = word.strip_prefix('-') {
            let named = |short| self.command.get_arguments().find(|arg| arg.get_short() == Some(short));
            let mut shorts = shorts.chars();
            let takes_value = |short| named(short).filter(|option| option.get_action().takes_values());
            // What follows the letter is its value.
            self.option = shorts.find_map(takes_value).filter(|_| shorts.as_str().is_empty());
        } else if let Some(command) = self.command.find_subcommand(word).filter(|_| self.words.is_empty()) {
            self.command = command;
        } else {
            self.words.push(word);
        }
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| arg.get_long() == Some(name))
    }

    /// The argument that the next word would be.
    fn positional(&self) -> Option<&'a Arg> {
        let positionals: Vec<&Arg> = self.command.get_positionals().filter(|arg| !arg.is_last_set()).collect();
        let repeats = |arg: &&&Arg| arg.get_num_args().is_some_and(|number| number.max_values() > 1);
        positionals.get(self.words.len()).or_else(|| positionals.last().filter(repeats)).copied()
    }

    fn commands(&self) -> Vec<(String, String)> {
        let shown = self.command.get_subcommands().filter(|command| !command.is_hide_set() && self.words.is_empty());
        shown.map(|command| (command.get_name().to_owned(), to_text(command.get_about()))).collect()
    }

    fn options(&self) -> Vec<(String, String)> {
        let shown = self.command.get_arguments().filter(|arg| !arg.is_hide_set());
        shown.filter_map(|arg| Some((format!("--{}", arg.get_long()?), to_text(arg.get_help())))).collect()
    }

    fn values(&self, argument: &Arg, profiles: impl FnOnce() -> Vec<String>) -> Vec<(String, String)> {
        let name = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        match name.as_deref() {
            Some("PROFILE") => profiles().into_iter().map(|name| (name, "profile".to_owned())).collect(),
            Some("KEY") => key_meanings().map(|(key, meaning)| (key.to_owned(), meaning.to_owned())).collect(),
            Some("COMMAND|TOPIC") => self.help_words(),
            _ => {
                let shown = argument.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
                shown.map(|value| (value.get_name().to_owned(), to_text(value.get_help()))).collect()
            }
        }
    }

    /// What `tidp help` takes after its words.
    fn help_words(&self) -> Vec<(String, String)> {
        let command = self.words.iter().try_fold(self.root, |command, word| command.find_subcommand(word));
        let Some(command) = command else { return Vec::new() };
        let mut found = Line { root: self.root, command, words: Vec::new(), option: None }.commands();
        if self.words.is_empty() {
            found.extend(TOPICS.map(|topic| (topic.name.to_owned(), topic.title.to_owned())));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    fn offered(line: &str) -> Offer {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (current, before) = words.split_last().unwrap();
        let mut root = Cli::command();
        root.build();
        offer(&root, before, current, || vec!["page".into(), "work".into()])
    }

    #[test]
    fn words_that_fit_are_offered() {
        for (line, expected) in [
            ("tok", &["token"][..]),
            ("profile us", &["use"]),
            ("profile use ", &["page", "work"]),
            ("profile show w", &["work"]),
            ("profile set work client_t", &["client_type"]),
            ("-p ", &["page", "work"]),
            ("token -qp w", &["work"]),
            ("token --profile=w", &["--profile=work"]),
            ("token --profile = w", &["work"]),
            ("-p token --format header", &[]),
            ("-p token token --format header", &["header", "header-json"]),
            ("login --no-", &["--no-browser", "--no-qr"]),
            ("login --prompt ", &["none", "login"]),
            ("login --login-hint ", &[]),
            ("profile add ", &[]),
            ("policy show M", &["Mobile"]),
            ("policy sh", &["show"]),
            ("policy simulate --policy P", &["PublicWeb"]),
            ("completions z", &["zsh"]),
            ("help s", &["status", "sandbox", "scripts", "security"]),
            ("help profile sh", &["show"]),
            ("__c", &[]),
        ] {
            let Offer::Values(values) = offered(line) else { panic!("{line}") };
            let mut values: Vec<&str> = values.iter().map(|(value, _)| value.as_str()).collect();
            if line == "profile add " {
                values.retain(|value| !value.starts_with("--"));
            }
            assert_eq!(values, expected, "tidp {line}");
        }
    }

    #[test]
    fn files_and_commands_are_offered_only_where_they_fit() {
        for (line, expected) in [
            ("decode --jwks k", Offer::Files),
            ("sandbox --config ", Offer::Files),
            ("exec -- ma", Offer::Command(3)),
            ("exec --env X -- make te", Offer::Command(5)),
            ("keepalive -q -- ", Offer::Command(4)),
        ] {
            assert_eq!(offered(line), expected, "tidp {line}");
        }
        assert!(
            matches!(offered("login "), Offer::Values(options) if options.iter().any(|(name, _)| name == "--device"))
        );
    }
}
