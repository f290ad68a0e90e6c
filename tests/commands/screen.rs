//! What a person sees on a terminal of 40, 80 or 200 columns: no line is wider, except an address or a command, which
//! must stay whole to be copied.

use crate::golden::golden;
use crate::help::commands;
use crate::support::Bench;
use crate::support::tokens::{ISSUER, TokenResponse};
use tidp::testing::commands::TOPICS;
use tidp::testing::domain::time::Seconds;
use tidp::testing::terminal::fit as fitted;
use unicode_width::UnicodeWidthStr;

const WIDTHS: [u16; 3] = [40, 80, 200];

/// Asserts that the lines of `text` fit, and that none of them is prose wider than 100 columns.
#[track_caller]
fn fits(text: &str, columns: u16) {
    for line in text.lines() {
        let shown = line.trim_start_matches(|c: char| c != '`' && !c.is_ascii_alphabetic());
        let whole = ["`", "https://", "http://", "tidp ", "hint: tidp ", "Next: tidp "];
        let is_whole = whole.iter().any(|start| shown.starts_with(start)) || !line.trim().contains(' ');
        assert!(line.width() <= columns.into() || is_whole, "{columns} columns: {line}\nin: {text}");
    }
}

/// Runs the commands at each width and asserts that their output fits.
#[track_caller]
fn fit(bench: &Bench, commands: &[&[&str]]) {
    for columns in WIDTHS {
        bench.terminal.set_columns(columns);
        for command in commands {
            let args: Vec<&str> = command.iter().copied().chain(["--color", "never"]).collect();
            let outcome = bench.run_unchecked(&args);
            fits(&outcome.stdout, columns);
            fits(&outcome.stderr, columns);
        }
    }
}

fn mobile() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.publishes();
    bench.pass(Seconds::hours(30));
    bench
}

#[test]
fn a_session_and_its_policy_fit_the_screen() {
    fit(
        &mobile(),
        &[
            &["inspect"],
            &["policy"],
            &["policy", "--why"],
            &["policy", "list"],
            &["policy", "show", "Mobile"],
            &["-v", "policy"],
        ],
    );
}

#[test]
fn simulations_fit_the_screen() {
    fit(
        &Bench::with_env(&[]),
        &[
            &["policy", "simulate", "--compare"],
            &["policy", "simulate", "--policy", "Mobile", "--every", "20d", "--for", "200d", "--sso-ends-after", "90d"],
        ],
    );
}

#[test]
fn errors_and_hints_fit_the_screen() {
    let bench = Bench::with_config(&format!(
        "[profile.work]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"Confidential\"\n\
         [profile.other]\nissuer = \"{ISSUER}\"\nclient_id = \"b\""
    ));
    fit(
        &bench,
        &[
            &["token"],
            &["token", "--profile", "work"],
            &["login", "--profile", "work"],
            &["policy", "simulate", "--policy", "Mobile", "--every", "1s", "--for", "300d"],
            &["policy", "--profile", "work"],
            &["logout", "--profile", "other"],
        ],
    );
}

#[test]
fn login_and_logout_fit_the_screen_and_the_address_stays_whole() {
    for columns in WIDTHS {
        let bench = Bench::new("PublicWithRefresh").env("NO_COLOR", "1");
        bench.terminal.set_columns(columns);
        let login = bench.log_in_with(TokenResponse::new().refresh_token("rt-1")).exits(0);
        fits(&login.stderr, columns);
        assert!(login.stderr.lines().any(|line| line.trim_start().starts_with("https://")), "{}", login.stderr);
        let logout = bench.run_unchecked(&["logout", "--local"]);
        assert!(logout.stderr.contains("refresh token"), "{}", logout.stderr);
        fits(&logout.stderr, columns);
    }
}

/// Whether the line is what a user types, in its colour, so that it stays whole.
fn is_code(line: &str) -> bool {
    let code = line.trim_start().strip_prefix("\x1b[36m").and_then(|line| line.split_once("\x1b[0m"));
    code.is_some_and(|(_, after)| !after.contains(' '))
}

fn without_colors(text: &str) -> String {
    ["\x1b[0m", "\x1b[1m", "\x1b[36m"].iter().fold(text.to_owned(), |text, escape| text.replace(escape, ""))
}

#[test]
fn help_fits_the_screen() {
    let pages =
        commands().into_iter().flat_map(|words| ["-h", "--help"].map(|form| [&words[..], &[form.into()]].concat()));
    let topics = TOPICS.map(|topic| vec!["help".to_owned(), topic.name.to_owned()]);
    let lines: Vec<Vec<String>> = pages.chain(topics).collect();
    for columns in WIDTHS {
        let mut shown = String::new();
        for words in &lines {
            let bench = Bench::with_env(&[]);
            bench.terminal.set_columns(columns);
            let args = words.iter().map(String::as_str).chain(["--color", "always"]);
            let page = bench.run(&args.collect::<Vec<_>>()).exits(0).stdout;
            let prose: Vec<&str> = page.lines().filter(|line| !is_code(line)).collect();
            fits(&without_colors(&prose.join("\n")), columns);
            shown += &format!("=== tidp {}\n{}", words.join(" "), without_colors(&page));
        }
        golden(&format!("help-{columns}.txt"), &shown);
    }
}

#[test]
fn every_error_fits_the_screen() {
    for columns in WIDTHS {
        let mut shown = String::new();
        for situation in include_str!("../../src/error/catalogue.txt").split("\n\n").skip(1) {
            let (name, text) = situation.split_once('\n').unwrap();
            let lines = text.lines().map(|line| fitted(line.trim_start_matches("    "), columns.into()));
            let text = lines.collect::<Vec<_>>().join("\n");
            // A line of a shell is a command.
            fits(&text.lines().filter(|line| !line.contains(" && ")).collect::<Vec<_>>().join("\n"), columns);
            shown += &format!("=== {name}\n{text}\n");
        }
        golden(&format!("errors-{columns}.txt"), &shown);
    }
}

#[test]
fn a_pipe_gets_whole_lines() {
    let bench = mobile();
    *bench.terminal.columns.lock().unwrap() = Some(40);
    let inspected = bench.run(&["inspect"]).exits(0).stdout;
    assert!(inspected.lines().any(|line| line.width() > 80), "{inspected}");
}

#[test]
fn addresses_are_links_only_where_the_terminal_shows_links() {
    let link = "\x1b]8;;https://";
    let logged_in = |bench: Bench, args: &[&str]| {
        bench.terminal.set_columns(80);
        bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new());
        bench.run(args).exits(0).stderr
    };
    let known = || Bench::new("Public").env("WT_SESSION", "1");
    assert!(logged_in(known(), &["login"]).contains(link));
    assert!(!logged_in(known(), &["login", "--color", "never"]).contains(link));
    assert!(!logged_in(Bench::new("Public"), &["login"]).contains(link));
}
