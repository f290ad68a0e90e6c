use super::*;
use proptest::prelude::*;

#[test]
fn lines_continue_below_the_text_of_the_first() {
    for (line, lines) in [
        ("error: the provider did not answer", "error: the provider did\n       not answer"),
        (
            "\x1b[31merror:\x1b[0m the provider did not answer",
            "\x1b[31merror:\x1b[0m the provider did\n       not answer",
        ),
        ("not valid: line 1: no JWT at all", "not valid: line 1: no\n           JWT at all"),
        ("- copy the address and paste it", "- copy the address and\n  paste it"),
        ("\x1b[90m·\x1b[0m copy the address and paste it", "\x1b[90m·\x1b[0m copy the address and\n  paste it"),
        ("  token   revoked at the provider", "  token   revoked at the\n          provider"),
        ("  the SSO session   has just ended", "  the SSO session   has\n    just ended"),
        ("  the SSO session   unbreakable", "  the SSO session\n    unbreakable"),
        ("Refreshed: the token is valid until noon", "Refreshed: the token is\nvalid until noon"),
        ("one\ntwo words that are too long\n", "one\ntwo words that are too\nlong\n"),
    ] {
        assert_eq!(fit(line, 24), lines);
    }
}

#[test]
fn addresses_and_commands_stay_whole() {
    for (text, lines) in [
        ("Open https://id.example/authorize?a=b or stop", "Open\nhttps://id.example/authorize?a=b\nor stop"),
        ("run `tidp login --profile work` then", "run\n`tidp login --profile work`\nthen"),
        ("hint: tidp login --profile work", "hint: tidp login --profile work"),
        ("hint: try again: tidp login -p work", "hint: try again:\n      tidp login -p work"),
        ("hint: (umask 077; a) && export B=c", "hint: (umask 077; a) && export B=c"),
        ("    ssh -L 1234:127.0.0.1:1234 host", "    ssh -L 1234:127.0.0.1:1234 host"),
        ("it expires in 89 days (13 h)", "it expires in\n89 days (13 h)"),
        ("a backtick ` without a second one", "a backtick ` without\na second one"),
    ] {
        assert_eq!(fit(text, 20), lines);
    }
}

#[test]
fn prose_is_never_wider_than_100_columns() {
    let long = "word ".repeat(60);
    assert!(fit(&long, 200).lines().all(|line| line.len() <= 100));
    assert_eq!(fit(&long, 200), fit(&long, 100));
}

proptest! {
    #[test]
    fn wrapping_changes_nothing_but_line_breaks(text in "( {0,3}[a-zæ:`-]{0,9}){0,30}", columns in 20..=200usize) {
        let fitted = fit(&text, columns);
        let joined = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(joined(&fitted), joined(&text));
    }
}

#[test]
fn unended_colour_takes_no_columns() {
    assert_eq!(visible_width("\x1b[\x1b[31"), 0);
}
