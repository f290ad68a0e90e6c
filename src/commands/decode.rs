//! `tidp decode`: any JWT taken apart offline, or verified; many of them, a line each, as a stream.

use super::context::Context;
use super::inspect;
use super::metadata;
use super::output::Output;
use crate::cli::{self, Global};
use crate::core::claims;
use crate::core::jwt::{Jwt, Malformed, json as written, tidied};
use crate::core::text::{printable, printable_json, printable_path};
use crate::core::time::{Seconds, Time};
use crate::error::{Error, Result};
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::KeySet;
use crate::oidc::verify::{TokenProblem, verify_token};
use crate::world::World;
use colored::Color;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What tokens are checked against.
enum Verifier<'w> {
    /// Nothing: they are only taken apart.
    Nobody,
    /// The profile's provider.
    Provider { context: Box<Context<'w>>, provider: Box<Provider> },
    /// A key set from a file; whoever issued the token.
    File(KeySet),
}

/// Runs it.
///
/// # Errors
/// `invalid` if any text is no JWT or fails `--verify`; the others are printed all the same.
pub fn run(world: &World, out: &Output<'_>, global: &Global, args: &cli::Decode) -> Result<()> {
    let leeway = Seconds::parse(&args.leeway).map_err(|what| Error::usage(format!("--leeway: {what}")))?;
    let decoder = Decoder { world, out, leeway, verifier: verifier(world, out, global, args)? };
    match args.tokens.as_slice() {
        [] => decoder.lines(),
        [dash] if dash == "-" => decoder.lines(),
        tokens => {
            out.warn(
                "token_on_command_line",
                "a token on the command line can be read by every process on this machine; give it on standard input",
            );
            match tokens {
                [token] => decoder.one(token),
                tokens => decoder.many((1..).zip(tokens.iter().map(|token| Ok(token.clone())))),
            }
        }
    }
}

fn verifier<'w>(world: &'w World, out: &'w Output<'w>, global: &Global, args: &cli::Decode) -> Result<Verifier<'w>> {
    if let Some(path) = &args.jwks {
        let name = printable_path(path);
        let unreadable = |what: String| Error::config(format!("--jwks {name}: {what}"));
        let bytes = world.files.read(path).map_err(|error| unreadable(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| unreadable("no such file".into()))?;
        let keys = KeySet::from_document(&bytes).map_err(|problem| Error::problem("reading the key set", problem))?;
        return Ok(Verifier::File(keys));
    }
    if !args.verify {
        return Ok(Verifier::Nobody);
    }
    let context = Box::new(Context::open(world, out, global)?);
    let provider = Box::new(context.provider()?);
    Ok(Verifier::Provider { context, provider })
}

struct Decoder<'w> {
    world: &'w World,
    out: &'w Output<'w>,
    leeway: Seconds,
    verifier: Verifier<'w>,
}

impl Decoder<'_> {
    /// Standard input: one token is one answer, and its failure the command's.
    fn lines(&self) -> Result<()> {
        let line = || match self.world.terminal.read_line() {
            Ok(line) => line.map(Ok),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Some(Err(Error::invalid(error.to_string())))
            }
            Err(error) => Some(Err(Error::failed(format!("cannot read standard input: {error}")))),
        };
        let blank = |line: &Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
        self.many((1..).zip(std::iter::from_fn(line)).filter(|(_, line)| !blank(line)))
    }

    fn one(&self, text: &str) -> Result<()> {
        let decoded = self.decoded(text)?;
        self.out.answer(&decoded)
    }

    /// Many texts with their line numbers: what fails is told in its place, and the rest goes on.
    fn many(&self, texts: impl Iterator<Item = (u64, Result<String>)>) -> Result<()> {
        let (mut all, mut failed) = (0_u64, 0_u64);
        for (line, text) in texts {
            all += 1;
            let outcome = text.and_then(|text| self.decoded(&text));
            match outcome {
                Ok(decoded) => self.out.answer(&decoded)?,
                Err(error) if error.report().kind != "invalid" => return Err(error),
                Err(error) => {
                    failed += 1;
                    self.tell(line, &error)?;
                }
            }
        }
        match (all, failed) {
            (0, _) => Err(Error::usage("there is no token on standard input")),
            (_, 0) => Ok(()),
            (1, 1) => Err(Error::invalid("the token is not valid")),
            (all, failed) => Err(Error::invalid(format!("{failed} of {all} tokens are not valid"))),
        }
    }

    fn tell(&self, line: u64, error: &Error) -> Result<()> {
        let report = error.report();
        if self.out.json {
            let mut document = report.to_json();
            document["line"] = line.into();
            return self.out.answer(&format!("{document}\n"));
        }
        self.out.ask(&format!("{} line {line}: {}", self.out.paint_err("not valid:", Color::Red), report.message));
        Ok(())
    }

    /// One token's answer.
    fn decoded(&self, text: &str) -> Result<String> {
        let jwt = Jwt::parse(tidied(text)).map_err(|malformed| match malformed {
            Malformed::Encrypted(header) => Error::invalid(format!(
                "this is an encrypted token (JWE); only its header can be read: {}",
                printable(&Value::Object(header).to_string())
            )),
            Malformed::NotAToken(why) => Error::invalid(format!("this is no JWT: {why}")),
        })?;
        let now = self.world.clock.now();
        let verified = self.verify(&jwt, now)?;
        let times = claims::times_of(&jwt.payload);
        let end = times.iter().find(|(name, _)| *name == "exp").map(|(_, time)| *time);
        let warnings = warnings(&jwt);
        if self.out.json {
            return Ok(self.document(&jwt, verified, &times, end.map(|end| end <= now), &warnings));
        }
        Ok(self.told(&jwt, verified, end, now, &warnings))
    }

    /// Whether the token was verified; `false` where nobody was asked to.
    fn verify(&self, jwt: &Jwt<'_>, now: Time) -> Result<bool> {
        let outcome = match &self.verifier {
            Verifier::Nobody => return Ok(false),
            Verifier::File(keys) => verify_token(jwt, keys, None, now, self.leeway),
            Verifier::Provider { context, provider } => metadata::with_keys(
                context,
                provider,
                context.keys(provider)?,
                |keys| verify_token(jwt, keys, Some(&provider.issuer), now, self.leeway),
                |problem| *problem == TokenProblem::UnknownKey,
            )?
            .strictly(),
        };
        outcome.map(|()| true).map_err(|problem| match problem {
            TokenProblem::UnknownKey => Error::invalid("the token is not valid: none of these keys has signed it"),
            TokenProblem::Invalid(what) => Error::invalid(format!("the token is not valid: {what}")),
        })
    }

    fn document(
        &self,
        jwt: &Jwt<'_>,
        verified: bool,
        times: &[(&'static str, Time)],
        expired: Option<bool>,
        warnings: &[String],
    ) -> String {
        let times: Map<String, Value> =
            times.iter().map(|(name, time)| ((*name).to_owned(), time.rfc3339().into())).collect();
        let rest = json!({
            "verified": verified,
            "alg": jwt.jws.alg(),
            "typ": jwt.jws.typ(),
            "times": times,
            "expired": expired,
            "warnings": warnings.iter().cloned().map(Value::from).chain(self.out.warned()).collect::<Value>(),
        });
        // The payload goes out as the token writes it: a number keeps every digit.
        let header = Value::Object(jwt.jws.header.clone()).to_string();
        let rest = rest.to_string();
        printable_json(&format!("{{\"header\":{header},\"payload\":{},{}\n", jwt.payload_text(), &rest[1..]))
    }

    fn told(&self, jwt: &Jwt<'_>, verified: bool, end: Option<Time>, now: Time, warnings: &[String]) -> String {
        let out = self.out;
        let verdict = if verified {
            out.paint("verified", Color::Green)
        } else {
            out.paint("not verified: anybody can have written this", Color::Yellow)
        };
        let end = end.map(|end| format!(", {} {}", if end <= now { "expired" } else { "expires" }, out.when(end, now)));
        let mut text = format!("{verdict}{}\n", end.unwrap_or_default());
        for warning in warnings {
            text += &format!("{} {warning}\n", out.paint("warning:", Color::Yellow));
        }
        text +=
            &format!("{}\n{}", out.bold("Header"), inspect::claim_lines(out, &jwt.jws.header, &BTreeMap::new(), now));
        let payload = jwt.payload_text();
        let written = written::members(&payload);
        text += &format!("{}\n{}", out.bold("Payload"), inspect::claim_lines(out, &jwt.payload, &written, now));
        text
    }
}

/// What a reader of the token should beware of.
fn warnings(jwt: &Jwt<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if jwt.jws.alg().eq_ignore_ascii_case("none") {
        warnings.push("alg is none: the token is not signed at all".to_owned());
    } else if jwt.jws.signature().is_empty() {
        warnings.push("the signature is empty".to_owned());
    }
    for name in ["jku", "x5u", "jwk", "x5c"] {
        if jwt.jws.header.contains_key(name) {
            warnings.push(format!("the header brings its own key (`{name}`), which is never used"));
        }
    }
    warnings
}
