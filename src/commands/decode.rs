//! `tidp decode`: any JWT taken apart offline, or verified; many of them, a line each, as a stream.

mod stream;

use crate::cli::{self, Global};
use crate::commands::inspect;
use crate::config::{Profile, is_telenorid_plus};
use crate::domain::text::{printable, printable_json, printable_path, utf8_text};
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Result, ValidationError};
use crate::explain::claims::{self, ClaimIssuer};
use crate::flows::context::{Configured, Context};
use crate::flows::provider_keys::{self, ProviderKeys, VerifyError};
use crate::flows::provider_metadata;
use crate::jwt::{Jwt, Malformed, json as written, may_be_opaque, numeric_date, trim_token};
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::{KeySet, StaleKeys};
use crate::oidc::signed_token::{TokenProblem, verify_token};
use crate::ports::Ports;
use crate::terminal::output::Output;
use colored::Color;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use stream::Count;

/// What tokens are checked against.
enum Verifier<'w> {
    /// Nothing: they are only taken apart.
    Nobody,
    /// The profile's provider. Its keys are the newest that are known; whoever misses one fetches newer ones.
    Provider { context: Box<Context<'w>>, provider: Box<Provider>, known: RwLock<Known> },
    /// A key set from a file; whoever issued the token.
    File(KeySet),
}

/// ProviderKeys, or why they cannot be had, and when that was found: a stream may outlive them.
struct Known {
    keys: Result<ProviderKeys>,
    at: Time,
    rest: Seconds,
}

impl Known {
    /// The newest keys. They serve for a minute before it is looked whether they may. Where none can be had not every token
    /// asks, and the longer the provider takes to fail the fewer do.
    fn of(context: &Context<'_>, provider: &Provider, at_hand: Option<&ProviderKeys>) -> Self {
        let asked = context.ports.clock.now();
        let keys = provider_keys::newest_keys(context, provider, at_hand);
        let at = context.ports.clock.now();
        let minute = Seconds::minutes(1);
        let rest = if keys.is_ok() { minute } else { Seconds(2 * at.since(asked).0).clamp(Seconds(10), minute) };
        Self { keys, at, rest }
    }

    fn serves(&self, now: Time) -> bool {
        self.at <= now && now < self.at.plus(self.rest)
    }
}

/// Runs it.
///
/// # Errors
/// `invalid` if any text is no JWT or fails `--verify`; the others are printed all the same.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Decode) -> Result<()> {
    let leeway = Seconds::parse(&args.leeway).map_err(|what| Error::usage(format!("--leeway: {what}")))?;
    let decoder = Decoder {
        ports,
        out,
        leeway,
        verifier: verifier(ports, out, global, args)?,
        profile: profile(ports, out, global),
    };
    match args.tokens.as_slice() {
        [] => decoder.stream(),
        [dash] if dash == "-" => decoder.stream(),
        tokens => {
            out.warn(
                "token_on_command_line",
                "a token on the command line can be read by every process on this machine; give it on standard input",
            );
            match tokens {
                [token] => decoder.one(token),
                tokens => {
                    let mut count = Count::default();
                    let texts = tokens.iter().map(|token| Some(Ok(token.as_str())));
                    decoder.tell_all(decoder.done(texts, 0), &mut count)?;
                    count.verdict()
                }
            }
        }
    }
}

fn verifier<'w>(ports: &'w Ports, out: &'w Output<'w>, global: &Global, args: &cli::Decode) -> Result<Verifier<'w>> {
    if let Some(path) = &args.jwks {
        let unreadable = |what: String| Error::config(format!("--jwks {}: {what}", printable_path(path)));
        let bytes = ports.files.read(path).map_err(|error| unreadable(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| unreadable("no such file".into()))?;
        let text = utf8_text(&bytes).map_err(|why| unreadable(format!("it is {why}")))?;
        let keys =
            KeySet::from_json(text.as_bytes()).map_err(|problem| Error::problem("cannot read the key set", problem))?;
        return Ok(Verifier::File(keys));
    }
    if !args.verify {
        return Ok(Verifier::Nobody);
    }
    let context = Box::new(Context::open(ports, out, global)?);
    let provider = Box::new(provider_metadata::provider(&context)?);
    let known = Known::of(&context, &provider, None);
    known.keys.as_ref().map_err(Clone::clone)?;
    Ok(Verifier::Provider { context, provider, known: RwLock::new(known) })
}

/// The profile in use, if there is one: where a person reads, claims of its provider are explained as `inspect` does.
fn profile(ports: &Ports, out: &Output<'_>, global: &Global) -> Option<Profile> {
    if out.json { None } else { Configured::load(ports).ok()?.profile(ports, global).ok() }
}

struct Decoder<'w> {
    ports: &'w Ports,
    out: &'w Output<'w>,
    leeway: Seconds,
    verifier: Verifier<'w>,
    profile: Option<Profile>,
}

impl Decoder<'_> {
    /// Whose claims these are: as far as the token itself says, for nobody else may have been asked.
    fn whose(&self, jwt: &Jwt<'_>) -> ClaimIssuer {
        let iss = jwt.registered.iss.as_ref().and_then(Value::as_str).unwrap_or_default();
        let provider = match &self.verifier {
            Verifier::Provider { provider, .. } => Some(&**provider),
            Verifier::Nobody | Verifier::File(_) => None,
        };
        let bare = |issuer: &str| issuer.strip_suffix('/').unwrap_or(issuer).to_owned();
        match self.profile.as_ref().filter(|profile| bare(&profile.issuer) == bare(iss)) {
            Some(profile) => profile.claim_issuer(provider),
            None => ClaimIssuer { telenorid_plus: is_telenorid_plus(iss), pairwise: false },
        }
    }

    fn one(&self, text: &str) -> Result<()> {
        let mut answer = String::new();
        self.decode(text, &mut answer)?;
        self.out.answer(&self.printable(answer))
    }

    /// One token's answer, added to `answers`, which go out as [`Decoder::printable`] has them.
    fn decode(&self, text: &str, answers: &mut String) -> Result<()> {
        let text = trim_token(text);
        let jwt = Jwt::parse(text).map_err(|malformed| match malformed {
            Malformed::Encrypted(header) => ValidationError::Opaque(format!(
                "this is an encrypted token (JWE); only its header can be read: {}",
                printable(&Value::Object(header).to_string())
            )),
            Malformed::NotAToken(why) if may_be_opaque(text) => {
                ValidationError::Opaque(format!("this is no JWT: {why}"))
            }
            Malformed::NotAToken(why) => ValidationError::Invalid(format!("this is no JWT: {why}")),
        })?;
        let now = self.ports.clock.now();
        let verified = self.verify(&jwt, now)?;
        let warnings = self.warnings(&jwt, now);
        if self.out.json {
            self.document(&jwt, verified, now, &warnings, answers);
        } else {
            *answers += &self.told(&jwt, verified, now, &warnings);
        }
        Ok(())
    }

    /// What a token says has gone into a document as it is, and into a text for a person printable already.
    fn printable(&self, answers: String) -> String {
        if self.out.json { printable_json(answers) } else { answers }
    }

    /// Whether the token was verified; `false` where nobody was asked to.
    fn verify(&self, jwt: &Jwt<'_>, now: Time) -> Result<bool> {
        let outcome = match &self.verifier {
            Verifier::Nobody => return Ok(false),
            Verifier::File(keys) => verify_token(jwt, keys, None, now, self.leeway),
            Verifier::Provider { context, provider, known } => {
                // By the clock, for keys may have been waited for.
                let now = || self.ports.clock.now();
                let check = |keys: &KeySet| verify_token(jwt, keys, Some(&provider.issuer), now(), self.leeway);
                let newest = known.read().unwrap_or_else(PoisonError::into_inner);
                let outcome = newest.keys.as_ref().ok().filter(|_| newest.serves(now())).map(|keys| check(&keys.set));
                drop(newest);
                match outcome {
                    Some(outcome) if outcome.as_ref().err().is_none_or(|problem| problem.key_fault().is_none()) => {
                        outcome
                    }
                    _ => {
                        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
                        if !known.serves(now()) {
                            *known = Known::of(context, provider, known.keys.as_ref().ok());
                        }
                        // Keys that cannot be had say nothing of this token, and nothing of the others.
                        let outcome = match &mut known.keys {
                            Ok(keys) => match provider_keys::judge_with_keys(context, provider, keys, check) {
                                Ok(()) => Ok(Ok(())),
                                Err(VerifyError::Rejected(problem)) => Ok(Err(problem)),
                                Err(VerifyError::Undecided(error)) => Err(error),
                            },
                            // What no key could save is told as such.
                            Err(error) => match check(&KeySet::default()) {
                                Err(problem) if problem.key_fault().is_none() => Ok(Err(problem)),
                                _ => Err(error.clone()),
                            },
                        };
                        outcome.map_err(|error| {
                            let report = error.report();
                            ValidationError::NotVerified(report.kind, report.message)
                        })?
                    }
                }
            }
        };
        // What no later run would know better either is refused, and not called wrong.
        let not_known = |why: String| ValidationError::NotVerified(Kind::Invalid, why).into();
        outcome.map(|()| true).map_err(|problem| match problem {
            TokenProblem::UnknownKey => {
                not_known("none of these keys has signed it, so whether it is valid is not known".into())
            }
            TokenProblem::OtherAlgorithm(alg) => not_known(format!(
                "whether the provider has signed it is not known: signed with {alg}, and only RS256 can be checked"
            )),
            problem => Error::invalid(format!("the token is not valid: {problem}")),
        })
    }

    fn warnings(&self, jwt: &Jwt<'_>, now: Time) -> Vec<Coded> {
        let mut warnings = warnings(jwt);
        if let Some(start) = time_of(jwt, "nbf").filter(|start| now < *start) {
            let start = if self.out.json { start.rfc3339() } else { self.out.when(start, now) };
            warnings.push(("not_valid_yet", format!("it is not valid before {start}")));
        }
        warnings
    }

    fn document(&self, jwt: &Jwt<'_>, verified: bool, now: Time, warnings: &[Coded], answers: &mut String) {
        let about = About {
            verified,
            alg: jwt.jws.alg(),
            typ: jwt.jws.typ(),
            times: claims::times(&jwt.registered).map(|(name, time)| (name, time.rfc3339())).collect(),
            expired: jwt.registered.exp.as_ref().and_then(numeric_date).map(|end| end <= now),
            warnings: warnings
                .iter()
                .map(|(code, message)| json!({ "code": code, "message": message }))
                .chain(self.out.warned())
                .collect(),
        };
        let about = serde_json::to_string(&about).unwrap_or_default(); // no value of these types fails
        // Both parts go out as the token writes them: a number keeps every digit.
        let (header, payload) = (jwt.jws.header_text(), jwt.payload_text());
        for part in ["{\"header\":", &header, ",\"payload\":", &payload, ",", &about[1..], "\n"] {
            answers.push_str(part);
        }
    }

    fn told(&self, jwt: &Jwt<'_>, verified: bool, now: Time, warnings: &[Coded]) -> String {
        let (out, whose) = (self.out, self.whose(jwt));
        let (verdict, then) = if verified {
            (out.paint("verified", Color::Green), ",")
        } else {
            (out.paint("not verified: anybody can have written this", Color::Yellow), ";")
        };
        let end = time_of(jwt, "exp")
            .map(|end| format!("{then} {} {}", if end <= now { "expired" } else { "expires" }, out.when(end, now)));
        let mut text = format!("{verdict}{}\n", end.unwrap_or_default());
        for (_, warning) in warnings {
            text += &format!("{} {warning}\n", out.paint("warning:", Color::Yellow));
        }
        text += &format!(
            "{}\n{}",
            out.bold("Header"),
            inspect::claim_lines(out, &jwt.jws.header, &BTreeMap::new(), now, whose)
        );
        let payload = jwt.payload_text();
        let written = written::raw_members(&payload);
        text += &format!("{}\n{}", out.bold("Payload"), inspect::claim_lines(out, &jwt.claims(), &written, now, whose));
        text
    }
}

/// A warning: its code in JSON, and what it says.
type Coded = (&'static str, String);

/// What `--json` says beside the token's own two parts.
#[derive(Serialize)]
struct About<'a> {
    verified: bool,
    alg: &'a str,
    typ: Option<&'a str>,
    times: BTreeMap<&'static str, String>,
    expired: Option<bool>,
    warnings: Vec<Value>,
}

/// When that is, if the token says so.
fn time_of(jwt: &Jwt<'_>, claim: &str) -> Option<Time> {
    claims::times(&jwt.registered).find(|(name, _)| *name == claim).map(|(_, time)| time)
}

/// What a reader of the token should beware of, whatever the time.
fn warnings(jwt: &Jwt<'_>) -> Vec<Coded> {
    let mut warnings: Vec<Coded> = claims::invalid_times(&jwt.registered).collect();
    if jwt.jws.alg().eq_ignore_ascii_case("none") {
        warnings.push(("not_signed", "alg is none: the token is not signed at all".to_owned()));
    } else if jwt.jws.signature().is_empty() {
        warnings.push(("not_signed", "the signature is empty".to_owned()));
    }
    for name in ["jku", "x5u", "jwk", "x5c"] {
        if jwt.jws.header.contains_key(name) {
            warnings.push(("brings_a_key", format!("the header brings its own key (`{name}`), which is never used")));
        }
    }
    warnings
}
