//! `tidp`: the command-line tool for TelenorID+, and how it is built. `docs/decisions.md` gives the reasons for what looks
//! odd, `CONTRIBUTING.md` says how to add things.
//!
//! # Rooms
//!
//! | room | what it holds | may import |
//! |---|---|---|
//! | `domain` | policies, the session, the decision to refresh, time, secrets; pure | nothing |
//! | `jwt` | JWTs taken apart; pure | `domain` |
//! | `oidc` | the protocol, one file per exchange: builds the request, accepts the response; pure | `domain`, `jwt`, HTTP types of `ports` |
//! | `ports` | traits for everything outside: clock, network, stores, browser, terminal, processes | `domain` |
//! | `adapters` | the ports on a real machine | `domain`, `ports` |
//! | `sandbox` | the stand-in provider; shares the policy table with the client, and no code of the protocol | `domain`, clock and entropy of `ports` |
//! | `cli` | the command line as clap types | names and choices, and spelling, of `domain`, the keys of a profile of `config` |
//! | `error` | every error with its kind, message and hint | `domain`, `oidc`, `ports` |
//! | `config` | flags, environment and file merged into one profile; pure | `domain`, `error`, the issuer of claims of `explain`, `oidc`, `ports` |
//! | `terminal` | streams, colour, wrapping, tables, links, QR codes | `cli`, `domain`, `error`, `ports` |
//! | `explain` | what a session can expect, in words and pictures; pure | `domain`, `jwt`, kinds and commands of `error`, layout, styles and tables of `terminal`; the simulation also `sandbox` |
//! | `flows` | what a command makes happen, over the ports; prints nothing | `config`, `domain`, `error`, `explain`, `jwt`, `oidc`, `ports` |
//! | `commands` | one file per subcommand: parse, call a flow, show the result | `cli`, `config`, `domain`, `error`, `explain`, `flows`, `jwt`, `oidc`, `ports`, `terminal`; the demo and the sandbox also `sandbox` |
//!
//! `tests/doors.rs` checks this table. `main` calls [`run`] with the system's ports; the tests call it with a frozen clock,
//! seeded entropy, a scripted provider and a store in memory.
//!
//! # Three walks
//!
//! Each file calls the next or hands it its result.
//!
//! * **A refresh token.** `commands/token.rs` → `flows/access_token.rs` (is a valid token cached?) →
//!   `flows/refresh_if_due.rs` (asks `domain/decision.rs`, before and under the lock) → `flows/refresh.rs` (journals, sends,
//!   accepts, stores; its first lines name the files) → `oidc/token.rs` (request and response).
//! * **An ID token.** `commands/login.rs` → `flows/login.rs` → `flows/login/browser_login.rs` (exchanges the code) →
//!   `flows/login.rs` again (accepts the tokens, stores the session) → `flows/token_response.rs` →
//!   `flows/provider_keys.rs` (tries the keys, and newer ones) → `oidc/id_token.rs` (checks the claims) → `oidc/jwks.rs` (checks the
//!   signature).
//! * **A lifetime.** `domain/policy.rs` (as in the guide) → `config/resolve.rs` (as the profile changes it) →
//!   `domain/session/expiry.rs` (this session's expiry; before, `flows/refresh_token_introspection.rs` has noted what the
//!   provider says of it) → `explain/outlook.rs` (what follows from it) → `commands/policy_page.rs` (the page of `tidp
//!   policy`) → `explain/timeline/picture.rs` (its picture).
//!
//! # Conventions
//!
//! * The clock is read once per decision; functions take `now`. `clippy.toml` bans clock, randomness, environment and
//!   `println!` elsewhere.
//! * Only `domain::decision::decide` says that a refresh or a login is due; the cache serves a token until then. A policy's
//!   end is an estimate and never stops an attempt. A session stores observations; what a policy makes of them is computed.
//! * Tokens, codes and client secrets are a `Secret`, which cannot be printed. Search for `expose` to see where one leaves.
//! * Text from outside passes `domain::text::printable` before it reaches a terminal.
//! * No panic and no `unwrap` outside tests. An error says what happened; its hint is the next command.

mod adapters;
mod cli;
mod commands;
mod config;
mod domain;
mod error;
mod explain;
mod flows;
mod jwt;
mod oidc;
mod ports;
mod sandbox;
mod terminal;
#[doc(hidden)]
pub mod testing;

pub use adapters::hardening::harden;
use cli::HelpOrUsageError;
use commands::help;
use error::{CommandLineError, Error, Situation};
use flows::configuration::Configuration;
pub use ports::Ports;
use ports::Reporter;
use std::ffi::OsString;
use std::panic::PanicHookInfo;
use terminal::output::Output;

/// Runs `tidp` with these arguments (the program's name comes first) and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, ports: &Ports) -> i32 {
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = cli::parse(&args);
    let options = parsed.as_ref().map_or_else(|_| cli::display_options(&args), |cli| cli.global.clone());
    let out = Output::new(ports, &options);
    let outcome = match parsed {
        Ok(cli) => commands::run(ports, &out, &cli),
        Err(error) => {
            let is_profile = |name: &String| Configuration::proposed_profiles(ports).contains(name);
            print_help(&out, cli::help_or_usage_error(&args, error, is_profile))
        }
    };
    let Err(error) = outcome else { return 0 };
    if let Some(exit_code) = error.silent_exit_code() {
        return exit_code;
    }
    // `tidp help` has no page of its own.
    let command = || Some(cli::command_name(&args)).filter(|name| name != "help").unwrap_or_default();
    let report = error.report_of(command);
    out.failure(&report);
    report.exit_code
}

/// Prints help or version; anything else is an error.
fn print_help(out: &Output<'_>, parsed: HelpOrUsageError) -> error::Result<()> {
    match parsed {
        HelpOrUsageError::Help(command, form) => help::show(out, &command, form),
        HelpOrUsageError::Version => commands::version(out),
        HelpOrUsageError::NoCommand(_) if out.json => Err(Error::usage("no command was given")),
        HelpOrUsageError::NoCommand(command) => {
            out.note(help::short_text(out, &command).trim_end());
            Err(Situation::NoCommand.into())
        }
        HelpOrUsageError::UsageError { message, corrected } => {
            let message = domain::text::printable(&message);
            Err(match corrected {
                Some((corrected, has_more)) => CommandLineError::CorrectedLine { message, corrected, has_more }.into(),
                None => Error::usage(message),
            })
        }
    }
}

/// Reports a panic on stderr and returns the exit code, as for any other error.
pub fn report_panic(args: impl IntoIterator<Item = OsString>, ports: &Ports, panic: &PanicHookInfo<'_>) -> i32 {
    let args: Vec<OsString> = args.into_iter().collect();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or_default();
    let report = error::panic_error(message, &place, std::thread::current().name()).report();
    Output::new(ports, &cli::display_options(&args)).failure(&report);
    report.exit_code
}
