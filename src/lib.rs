//! `tidp`: the command-line tool for TelenorID+, and how it is built.
//!
//! # Rooms and doors
//!
//! | room | what it is | may import |
//! |---|---|---|
//! | [`core`] | what the project exists for, pure: time, the five policies, a session's state, the one decision, JWTs | nothing of the crate |
//! | [`oidc`] | the protocol, pure: one file per exchange, the request's builder beside the answer's acceptor | `core`, plain data of `world` |
//! | [`world`] | the ports: clock, entropy, network, stores, browser, callback, terminal, files, children, signals | `core` |
//! | [`io`] | the ports as this machine has them, one side effect a file | `world`, `core` |
//! | [`sandbox`] | the stand-in provider; shares the policy table with the client and no code, so that it cannot share a mistake | `core`'s policy and time, `world`'s clock and entropy |
//! | [`config`] | flags, environment and file, merged into one profile, pure | `core`, `oidc`, `world`, `error` |
//! | [`error`] | the situations a user can be in: kind, exit code, hint; the only place where hints are written | `core`, `oidc`, `world` |
//! | [`cli`] | the command line as clap types; completions come from it alone | nothing of the crate |
//! | [`commands`] | one file per command, each a story: load → decide → send → accept → save → print | all but `io` (`sandbox` only from `demo`, `sandbox` and `simulate`) |
//!
//! `main` composes [`ports::Ports::system`] and calls [`run`]. The tests compose another world (a frozen clock, seeded
//! entropy, a scripted provider, a store in memory) and call the same [`run`]. `tests/doors.rs` holds this table against
//! the `use` lines.
//!
//! # Where a refresh token goes
//!
//! `main` → [`run`] → `commands::token` → `commands::renew` (the protocol: lock, read again, journal, send, accept,
//! store, cache, unlock) → `oidc::token` (the request and its answer) → `core::session` (the transition) →
//! `adapters::keyring`. One direction, and no other way: a refresh is made in `commands::renew` and nowhere else.
//!
//! # Conventions
//!
//! * The clock is read at the edge, once per decision and again after every wait; `now` is an argument. `clippy.toml` bans
//!   the clock, randomness, the environment and `println!` everywhere else, and names what to use.
//! * What must be checked later is returned with what is sent: `authorization_request(…) -> (Url, Expected)`.
//! * One decision, `core::plan::decide`: use / refresh because / log in because. A policy's end never stops an attempt:
//!   it is an estimate, the provider decides.
//! * A session holds observations only; what a policy makes of them is computed (`core::session::RefreshTokenExpiry`), so a
//!   profile that is corrected explains its past anew. `expires_at` is what the policy implies, `expires_at_earliest`
//!   what can be relied on; they differ when the same handle came back.
//! * A stored time is by this machine's clock, the end of either token too, so that a clock which is wrong, and stays so,
//!   does no harm. The provider's own are an ID token's `iat` and `auth_time`.
//! * A token, code, verifier or client secret is a [`core::secret::Secret`]: no `Display`, a `Debug` that shows nothing,
//!   wiped when dropped. Search for `expose` to see every place where one leaves its type.
//! * What came from outside passes `domain::text::printable` before it reaches a terminal.
//! * An error is a situation with the exact next command. No panic, no `unwrap` outside tests; where a library panics,
//!   because no thread can be had, [`fail_by_panic`] makes a sentence and an exit code of it.
//!
//! # Decisions that are not visible in one place
//!
//! * **One lock per session**, not per store: its path depends on the user, the store and the session alone, so two
//!   profiles never wait for each other, and two environments never miss each other.
//! * **The access-token cache is named without scopes**: a logout must find what a login under other scopes has cached.
//! * **A spent token's answer is kept for what harms nobody** (`oidc::id_token` has the table): after a refresh, an ID token
//!   that nobody here can judge, or with a flaw that points to nobody else, is left out with a warning. The rest is stored,
//!   because the refresh token is spent and the answer came over TLS from the provider, which could as well have sent no ID
//!   token. One that may be somebody else's makes the whole answer worthless. A member that says nothing, or that nobody
//!   needs, is read as absent (`oidc::answer`).
//! * **What a refusal means is decided in one place**: the status in `oidc::answer::no_success`, the error in
//!   `oidc::token::refusal_cause`. Refused is the refresh token, which is dropped; or the client, and the token is
//!   kept; or it is not said, and the token is kept, tried once more by the next run, and dropped if that is refused like
//!   the first. Until a refresh succeeds, nothing is claimed of how long a session lives whose refresh was refused.
//! * **A copy of the discovery document locks nobody out** (`commands::metadata`): a login reads it anew; an address at which
//!   nothing is (404, 405, 410), or an ID token's other `iss`, has it read once more. A refresh that is due still makes one
//!   request.
//! * **A login and a logout wait three minutes for the lock**, a refresh 15 seconds: what a person has asked for is not lost
//!   to a refresh at a slow provider. What a hung write may still do in a keyring keeps that lock.
//! * **The cached token says what opened its store** (the key of sealed files, the bus of the keyring) and is named after
//!   the directory itself, so that two stores of one name never share it, and a logout always finds it.
//! * **`policy simulate` plays the client's own decisions against the sandbox's engine**, and fails where the two differ:
//!   `tests/simulate.rs` has them disagree about a thousand scenarios, and they may not.
//! * **A warning in passing rests for an hour** (`commands::warn`): a stamp under the state directory keeps the hour, and
//!   the cached token keeps the moment of the next one, so that a cached token costs no look at store or stamp.
//! * **A command line is read twice where it is wrong** (`cli::parse`): first with only the commands it names, because clap
//!   copies the global options into every command there is; what does not parse so is told by the whole definition.
//!   `tidp token`, alone or with `--format`, needs no parser at all.
//! * **Tokens that come in bulk pass between threads that read, verify and print by turns** (`commands::decode::stream`):
//!   there is no reader or writer to wait for, and whoever is done before its turn leaves its answers and goes on, a few
//!   shares ahead at most. A silent input is never waited for with work untold.
//! * **Notes wait while a token is spent** (`commands::output`): between the request that spends a refresh token or a code
//!   and the storing of what it brought, nothing is written to a terminal, which may be stopped.
//! * **Verdicts on a signature are three** (`commands::metadata`): right, wrong, not known. Not known is what another
//!   algorithm has signed, or a key that the provider does not publish, whether that was found just now or a moment ago:
//!   five minutes are between two fetches for want of a key; or while newer keys than those that have not signed it cannot
//!   be had. A login is not made to wait for the five minutes. A refresh waits three seconds for each
//!   request that keys take, for its refresh token is spent; without any, the ID token is left out.
//! * **A key set without `kid` in the token** is tried key by key, at most a hundred.
//! * **The callback is served by hyper, the sandbox by tiny_http**: the first is exposed to every page and program on the
//!   machine and must bound time, size and number of connections, which tiny_http cannot.
//!   tiny_http starts threads without asking whether it may (`ulimit -u`, a container's pids limit): the sandbox finds that
//!   out before.
//! * **Names are looked up on a thread of our own** (`adapters::http::resolver`), because the one that comes with the HTTP
//!   client panics where it cannot be had. Which proxy there is is decided here too, so that it can be told.
//! * **Every signal that would end the process waits for a spent token's successor** (`adapters::signals::fatal` lists them),
//!   and ends it then; Ctrl-C or Ctrl-\ pressed twice is obeyed at once.
//! * **The keyring of Linux is reached through `secret-service`**, on which the `keyring` crate stands: that crate connects
//!   once per process, so that a service which died while a refresh token was spent would never be reached again, and
//!   always agrees on a key, which took more than half of the time of `tidp token`. Entries are the same but for their
//!   labels. The session is a plain one, unless the service insists.
//! * **A keyring that finds nothing is asked whether it is locked** (`adapters::keyring`): some hide what is locked. The default
//!   collection is asked, and the one where the entry was last, which is kept in a file because no locked service tells. What
//!   is found costs no question. Nobody is asked for a password on suspicion where nobody sits, nor while a token is spent.
//! * **A file that the user names may be a pipe** (`<(…)`): it is read once, whole, and what it held is kept for this run
//!   (`adapters::private::read_named`), because a command reads its configuration and its key more often. What is our own (entries,
//!   caches) must be a file.
//! * **A write that hangs is waited for, one that is refused is made again** when a spent token's successor is stored. A
//!   second write beside one that hangs could be overtaken by it and undo what a later run has stored.
//! * **Where an entry is too small for a session** (a Windows credential: 2,560 bytes) it holds the least session that can
//!   go on, and a key for the whole one in a file (`adapters::small_entries`): a cache, whose loss costs one refresh.
//! * **A loopback address is for one user**: the opener's arguments can be read by all, so whose socket a connection comes
//!   from is looked up in Linux's socket tables when a request is right. What cannot be known is served, because a
//!   browser outside of the tables (WSL) is a browser too; a socket already closed is not, because it is listed as root's.
//! * **What could have been the redirect and was ignored is told once, by its kind** (`commands::login::waiting`): anybody on
//!   the machine can send such things, so nothing of them is shown, but a login that waits in silence for five minutes
//!   because of a stale tab, a form post or too many cookies helps nobody.
//! * **`prompt=none` sends the ID token as a hint by way of a loopback address**, as a logout in the browser does: no
//!   argument of a program and no terminal holds it. A URL that is to be pasted goes without.
//! * **A terminal is asked for characters, not for lines** (`adapters::terminal`): it would cut a line at 4,095 of them, and what
//!   is pasted, an address with a code or a token, can be longer.
//! * **The keys are fetched on a thread that nobody waits for** before the code, which is short-lived, is exchanged. It
//!   is started through `Ports::background`, which the tests' world runs at once.
//! * **Signatures are checked by `aws-lc-rs` itself**, with each key parsed once: it is in the tree for TLS, and a JWT
//!   library around it parsed the key anew for every token. RS256 is the only algorithm there is.
//! * **`keepalive` looks at the wall clock every ten seconds** instead of sleeping until a renewal is due, because a
//!   monotonic timer stands still while the machine sleeps. The store is read when something is due, before `--for`
//!   ends with a 0, and once a minute, so that a logout is not found out weeks later. CMD stays in its process group,
//!   so that the terminal's Ctrl-C reaches CMD by itself; signals sent to `tidp` are passed on, and who sent one is
//!   looked at, so that CMD gets each once. When the session ends before CMD, CMD goes on.
//!
//! # The one window that no client can close
//!
//! With one-time refresh tokens, a process killed after the provider has spent a token and before its successor is stored
//! loses the session. The journal (`refresh_started_at`) makes the next run say so instead of guessing. A store that fails
//! in between opens no such window: it is tried again for as long as it takes, told every few seconds, and only a signal
//! ends that.
//!
//! # Left out on purpose
//!
//! No daemon, no telemetry, no `--insecure`. Not yet built: the device flow, `doctor`. Not tried: Windows and macOS (for
//! Windows the crate is known to compile; what it does there about small credentials is tested on Linux).

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

pub use adapters::process::hardening::harden;
use clap::error::ErrorKind;
use error::{ChildProcessError, Error, SetupError, Situation};
pub use ports::Ports;
use std::ffi::OsString;
use std::panic::PanicHookInfo;
use terminal::output::Output;

/// Runs `tidp` with these arguments (the program's name first) in that world, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, ports: &Ports) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let (out, outcome) = match cli::parse(&args) {
        Ok(cli) => {
            let out = Output::new(ports, &cli.global);
            let outcome = commands::run_alone(ports, &out, &cli);
            (out, outcome)
        }
        Err(error) => {
            let out = Output::new(ports, &cli::display_options(&args));
            let outcome = not_parsed(&args, &error, &out);
            (out, outcome)
        }
    };
    match outcome {
        Ok(()) => 0,
        Err(Error { situation: Situation::OutputClosed, .. }) => 0,
        Err(Error { situation: Situation::ChildProcess(ChildProcessError::Exited(code)), .. }) => code,
        Err(error) => {
            let is_usage = matches!(error.situation, Situation::Setup(SetupError::Usage { .. }));
            let command = if is_usage { cli::command_name(&args) } else { String::new() };
            let report = error.of_command(&command).report();
            out.failure(&report);
            report.exit_code
        }
    }
}

/// Tells a panic as the failure it comes to, on standard error alone, and gives the exit code: an abort has none of the
/// table's.
pub fn fail_by_panic(args: impl IntoIterator<Item = OsString>, ports: &Ports, panic: &PanicHookInfo<'_>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or_default();
    let report = error::of_panic(message, &place, std::thread::current().name()).report();
    Output::new(ports, &cli::display_options(&args)).failure(&report);
    report.exit_code
}

/// Help and version are answers; anything else is a wrong command line.
fn not_parsed(args: &[OsString], error: &clap::Error, out: &Output<'_>) -> error::Result<()> {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return out.answer(&text);
    }
    let what = if is_excess(error.kind()) && names_a_secret(args) {
        // Whatever is too much there may be the secret: it is not repeated.
        "`tidp profile secret` takes a profile's name and nothing else: a secret is never an argument, it is asked for on \
         the terminal or read from standard input"
            .to_owned()
    } else if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        out.note(text.trim_end());
        "no command was given".to_owned()
    } else {
        domain::text::printable(&in_one_line(&text))
    };
    Err(match cli::with_dashes(args, error) {
        Some((corrected, has_more)) => SetupError::MissingDashes { message: what, corrected, has_more }.into(),
        None => Error::usage(what),
    })
}

/// Whether clap found more on the command line than it has a place for; it says what.
fn is_excess(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnknownArgument | ErrorKind::TooManyValues)
}

/// Whether that is `tidp profile secret`, with whatever options between the words.
fn names_a_secret(args: &[OsString]) -> bool {
    let mut words = args.iter().skip_while(|arg| *arg != "profile");
    words.next().is_some() && words.any(|arg| arg == "secret")
}

/// What clap found wrong, and what it takes for meant, without its usage and its advice.
fn in_one_line(text: &str) -> String {
    let mut message = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let first = message.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    message.map(str::trim).filter(|line| !line.is_empty()).fold(first, |told, line| {
        let between = if line.starts_with("tip:") { "; " } else { " " };
        told + between + line
    })
}
