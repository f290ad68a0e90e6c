//! `tidp doctor`: what was checked, what was seen, and what to do about it.

use crate::cli::version;
use crate::error::Result;
use crate::explain::doctor_report::{Check, there_and_missing};
use crate::flows::doctor::{Checklist, Surroundings, examine};
use crate::ports::Ports;
use crate::terminal::output::Output;
use crate::terminal::styled_text::Charset;
use serde_json::{Value, json};

/// Prints each check when it is done; with `--json` one document at the end.
///
/// # Errors
/// The kind of the first check that failed.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>) -> Result<()> {
    let mut document: Vec<Value> = Vec::new();
    let mut show = |check: Check| {
        let check = check.without_home(ports.env.home(), "~");
        let check = check.without_home(ports.env.get("USERPROFILE"), "%USERPROFILE%");
        if out.json {
            document.push(json!(check));
            return Ok(());
        }
        out.answer(&out.colors.render(&check.lines(out.charset(), out.columns())))
    };
    let mut checklist = Checklist::new(&mut show);
    examine(ports, out, flag, &mut checklist)?;
    checklist.add(terminal(ports, out))?;
    checklist.add(build())?;
    let outcome = checklist.outcome();
    out.document_if_json(|| json!({ "checks": document }))?;
    outcome
}

/// The streams, and what is drawn on them.
fn terminal(ports: &Ports, out: &Output<'_>) -> Check {
    let terminal = &ports.terminal;
    let streams = [
        ("stdin", terminal.stdin_is_terminal()),
        ("stdout", terminal.stdout().is_terminal),
        ("stderr", terminal.stderr().is_terminal),
    ];
    let streams = match there_and_missing(&streams) {
        (all, none) if none.is_empty() => format!("{all} are terminals"),
        (none, all) if none.is_empty() => format!("none of {all} is a terminal"),
        (some, others) => format!("{some} on a terminal, {others} not"),
    };
    let charset = if out.charset() == Charset::Unicode { "UTF-8" } else { "ASCII" };
    let colors = if out.colors.0 { "colours" } else { "no colours" };
    let surroundings = Surroundings::of(ports).to_text();
    let place = if surroundings.is_empty() { surroundings } else { format!("; {surroundings}") };
    Check::ok("terminal", format!("{streams}; {} columns, {charset}, {colors}{place}", out.columns()))
}

/// The program itself, as in `tidp --version --json`.
fn build() -> Check {
    let features = version::features();
    let built = if features.is_empty() { String::new() } else { format!(", {}", features.join(", ")) };
    let seen = format!("this is tidp {}, {}{built}", version::VERSION, env!("TIDP_TARGET"));
    // Those of `.cargo/config.toml`.
    if ["no-jitter-entropy", "sha2-soft"].iter().all(|setting| features.contains(setting)) {
        return Check::ok("build", seen);
    }
    Check::warning("build", format!("{seen}; without the settings of its checkout, so it starts more slowly"))
        .remedy("in the checkout: cargo install --path .")
}
