//! Addresses that a terminal opens on a click (OSC 8), also where they are broken over several lines.

use crate::ports::{Env, Stream};

/// Whether the terminal behind a stream is known to show links. Another one might print the escape sequence.
pub fn shows_links(env: &Env, stream: Stream) -> bool {
    const PROGRAMS: [&str; 9] =
        ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "tmux", "WarpTerminal", "Tabby"];
    const TERMS: [&str; 7] =
        ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "contour", "wezterm", "tmux-256color"];
    let is = |name: &str, known: &[&str]| env.get(name).is_some_and(|value| known.contains(&value));
    let is_set = |name: &str| env.get(name).is_some();
    // VTE shows links since 0.50; GNOME Terminal, Ptyxis and others are built on it.
    let vte =
        env.get("VTE_VERSION").and_then(|version| version.parse().ok()).is_some_and(|version: u32| version >= 5_000);
    stream.is_terminal
        && stream.obeys_escapes
        && !is("TERM", &["dumb", "linux"])
        && (vte
            || is_set("WT_SESSION")
            || is_set("KONSOLE_VERSION")
            || is("TERM_PROGRAM", &PROGRAMS)
            || is("TERM", &TERMS))
}

/// `text` with each address as a link to itself, so that what is shown is where a click leads.
pub fn link_addresses(text: &str) -> String {
    let mut linked = String::new();
    let mut rest = text;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_graphic() || "\"<>`\\".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', ')', '\'']);
        linked += &format!("{before}\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\");
        rest = &from[address.len()..];
    }
    linked + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn only_a_terminal_known_to_show_links_gets_them() {
        let terminal = Stream { is_terminal: true, obeys_escapes: true, columns: None, rows: None };
        let shows = |stream, pairs: &[(&str, &str)]| {
            let env = pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
            shows_links(&env, stream)
        };
        for (pairs, expected) in [
            (&[("TERM", "xterm-256color")][..], false),
            (&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")], true),
            (&[("VTE_VERSION", "4999")], false),
            (&[("TERM", "xterm-kitty")], true),
            (&[("TERM_PROGRAM", "Apple_Terminal")], false),
            (&[("TERM_PROGRAM", "vscode")], true),
            (&[("WT_SESSION", "1"), ("TERM", "dumb")], false),
        ] {
            assert_eq!(shows(terminal, pairs), expected, "{pairs:?}");
        }
        let known = [("WT_SESSION", "1")];
        assert!(!shows(Stream { is_terminal: false, ..terminal }, &known));
        assert!(!shows(Stream { obeys_escapes: false, ..terminal }, &known));
    }

    #[test]
    fn a_link_leads_to_what_it_shows() {
        let link = |address: &str| format!("\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\");
        let (a, b) = ("https://id.example/a?b=c", "http://127.0.0.1:8765");
        assert_eq!(link_addresses(&format!("at {a}.\n  {b}\n")), format!("at {}.\n  {}\n", link(a), link(b)));
        assert_eq!(link_addresses("no address"), "no address");
        assert_eq!(link_addresses("(https://a\x1b[0m)"), format!("({}\x1b[0m)", link("https://a")));
    }
}
