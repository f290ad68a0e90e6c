//! The commands, grouped by what people do.

/// The groups of the help's first page, each with its commands.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Log in", &["login", "logout", "status", "profile", "manage"]),
    ("Use", &["token", "exec", "refresh", "keepalive"]),
    ("Look", &["policy", "inspect", "userinfo", "decode", "doctor"]),
    ("Try", &["demo", "sandbox"]),
    ("More", &["completions", "help", "version"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn each_command_is_in_one_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, commands)| commands.iter().copied()).collect();
        grouped.sort_unstable();
        let cli = Cli::command();
        let visible = cli.get_subcommands().filter(|command| !command.is_hide_set());
        let mut commands: Vec<_> = visible.map(clap::Command::get_name).collect();
        commands.sort_unstable();
        assert_eq!(grouped, commands);
    }
}
