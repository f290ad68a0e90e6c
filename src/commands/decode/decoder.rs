//! Decodes one token, to JSON or text.

use super::token_response;
use crate::config::{Profile, is_telenorid_plus};
use crate::domain::text::{printable, printable_json};
use crate::domain::time::{Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::error::{Result, Situation};
use crate::explain::claims::{self, ClaimIssuer};
use crate::explain::session_view::{ViewStyle, claim_lines};
use crate::flows::token_verifier::TokenVerifier;
use crate::jwt::json::raw_members;
use crate::jwt::{Jwt, JwtError, may_be_opaque, numeric_date, trim_token};
use crate::ports::{Ports, Reporter};
use crate::terminal::output::{Output, warning_json};
use colored::Color;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) struct Decoder<'w> {
    pub(super) ports: &'w Ports,
    pub(super) out: &'w Output<'w>,
    pub(super) leeway: Seconds,
    pub(super) verifier: TokenVerifier<'w>,
    /// The profile, to explain the provider's claims in a text.
    pub(super) profile: Option<Profile>,
}

impl Decoder<'_> {
    /// The issuer of the claims, by the token itself.
    fn claim_issuer(&self, jwt: &Jwt<'_>) -> ClaimIssuer {
        let iss = jwt.checked_claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let bare = |issuer: &str| issuer.strip_suffix('/').unwrap_or(issuer).to_owned();
        match self.profile.as_ref().filter(|profile| bare(&profile.issuer) == bare(iss)) {
            Some(profile) => profile.claim_issuer(self.verifier.provider()),
            None => ClaimIssuer { telenorid_plus: is_telenorid_plus(iss), pairwise: false },
        }
    }

    pub(super) fn decode_one(&self, text: &str) -> Result<()> {
        let mut output = String::new();
        self.decode(text, &mut output)?;
        self.show(&self.printable(output))
    }

    /// Prints what has passed [`Decoder::printable`].
    pub(super) fn show(&self, output: &str) -> Result<()> {
        if self.out.json { self.out.answer(output) } else { self.out.page(output) }
    }

    /// Appends a decoded token to `output`, which must pass [`Decoder::printable`] before it is printed.
    pub(super) fn decode(&self, text: &str, output: &mut String) -> Result<()> {
        let text = trim_token(text);
        let Some(tokens) = token_response::tokens(text) else { return self.decode_named(None, text, output) };
        let verifies = !matches!(self.verifier, TokenVerifier::Nothing);
        let (start, mut is_decoded, mut opaque) = (output.len(), false, None);
        for (name, token) in tokens? {
            match self.decode_named(Some(name), &token, output) {
                // An access token beside an ID token need not be a JWT.
                Err(error) if matches!(error.situation, Situation::Opaque(_)) && !verifies => {
                    *output += &if self.out.json {
                        format!("{}\n", json!({ "token": name, "opaque": true }))
                    } else {
                        let what = "opaque: only its issuer can read it";
                        format!("{}: {}\n", self.out.colors.bold(name), self.out.colors.paint(what, Color::Magenta))
                    };
                    opaque = Some(error);
                }
                decoded => {
                    decoded?;
                    is_decoded = true;
                }
            }
        }
        if is_decoded {
            return Ok(());
        }
        output.truncate(start);
        opaque.map_or(Ok(()), Err)
    }

    /// Appends a token, with its name in a token response.
    fn decode_named(&self, name: Option<&str>, text: &str, output: &mut String) -> Result<()> {
        let jwt = Jwt::parse(text).map_err(|malformed| match malformed {
            JwtError::Encrypted(header) => Situation::Opaque(format!(
                "this is an encrypted token (JWE); only its header can be read: {}",
                printable(&Value::Object(header).to_string())
            )),
            JwtError::NotAToken(why) if may_be_opaque(text) => Situation::Opaque(format!("not a JWT: {why}")),
            JwtError::NotAToken(why) => Situation::Invalid(format!("not a JWT: {why}")),
        })?;
        let now = self.ports.clock.now();
        let verified = self.verifier.verify(&jwt, self.leeway, self.ports)?;
        let warnings = self.warnings(&jwt, now);
        if self.out.json {
            self.write_json(name, &jwt, verified, now, &warnings, output);
        } else {
            *output += &name.map(|name| format!("{}: ", self.out.colors.bold(name))).unwrap_or_default();
            *output += &self.text(&jwt, verified, now, &warnings);
        }
        Ok(())
    }

    /// The text to print. JSON still holds characters that a terminal must not get; text does not.
    pub(super) fn printable(&self, output: String) -> String {
        if self.out.json { printable_json(output) } else { output }
    }

    fn warnings(&self, jwt: &Jwt<'_>, now: Time) -> Vec<CodedWarning> {
        let mut warnings: Vec<CodedWarning> = claims::invalid_times(&jwt.checked_claims).collect();
        if jwt.jws.alg().eq_ignore_ascii_case("none") {
            warnings.push((WarningCode::NotSigned, "alg is none: the token is not signed at all".to_owned()));
        } else if jwt.jws.signature.is_empty() {
            warnings.push((WarningCode::NotSigned, "the signature is empty".to_owned()));
        }
        for name in ["jku", "x5u", "jwk", "x5c"].iter().filter(|name| jwt.jws.header.contains_key(**name)) {
            let what = format!("the header brings its own key (`{name}`), which is never used");
            warnings.push((WarningCode::BringsAKey, what));
        }
        if let Some(start) = time_of(jwt, "nbf").filter(|start| now < *start) {
            let start = if self.out.json { start.rfc3339() } else { self.out.when(start, now) };
            warnings.push((WarningCode::NotValidYet, format!("it is not valid before {start}")));
        }
        warnings
    }

    fn write_json(
        &self,
        name: Option<&str>,
        jwt: &Jwt<'_>,
        verified: bool,
        now: Time,
        warnings: &[CodedWarning],
        output: &mut String,
    ) {
        let details = TokenDetails {
            token: name,
            verified,
            alg: jwt.jws.alg(),
            typ: jwt.jws.typ(),
            times: claims::times(&jwt.checked_claims).map(|(name, time)| (name, time.rfc3339())).collect(),
            expired: jwt.checked_claims.get("exp").and_then(numeric_date).map(|end| end <= now),
            warnings: warnings.iter().map(warning_json).chain(self.out.warnings_json()).collect(),
        };
        let details = serde_json::to_string(&details).unwrap_or_default(); // cannot fail for these types
        // Copied from the token, so that numbers keep every digit.
        let (header, payload) = (jwt.jws.header_text(), jwt.payload_text());
        for part in ["{\"header\":", &header, ",\"payload\":", &payload, ",", &details[1..], "\n"] {
            output.push_str(part);
        }
    }

    fn text(&self, jwt: &Jwt<'_>, verified: bool, now: Time, warnings: &[CodedWarning]) -> String {
        let (out, claim_issuer) = (self.out, self.claim_issuer(jwt));
        let style = ViewStyle { colors: out.colors, when: &|time| out.when(time, now), claim_issuer };
        let (verdict, then) = if verified {
            (out.colors.paint("verified", Color::Green), ",")
        } else {
            (out.colors.paint("not verified: anyone could have made this token", Color::Magenta), ";")
        };
        let end = time_of(jwt, "exp")
            .map(|end| format!("{then} {} {}", if end <= now { "expired" } else { "expires" }, out.when(end, now)));
        let mut text = format!("{verdict}{}\n", end.unwrap_or_default());
        for (_, warning) in warnings {
            text += &format!("{} {warning}\n", out.colors.paint("warning:", Color::Magenta));
        }
        text += &format!("{}\n{}", out.colors.bold("Header"), claim_lines(&style, &jwt.jws.header, &BTreeMap::new()));
        let payload = jwt.payload_text();
        let raw_values = raw_members(&payload).unwrap_or_default();
        text += &format!("{}\n{}", out.colors.bold("Payload"), claim_lines(&style, &jwt.claims(), &raw_values));
        text
    }
}

type CodedWarning = (WarningCode, String);

/// The members of the JSON document after the header and the payload.
#[derive(Serialize)]
struct TokenDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    verified: bool,
    alg: &'a str,
    typ: Option<&'a str>,
    times: BTreeMap<&'static str, String>,
    expired: Option<bool>,
    warnings: Vec<Value>,
}

fn time_of(jwt: &Jwt<'_>, claim: &str) -> Option<Time> {
    claims::times(&jwt.checked_claims).find(|(name, _)| *name == claim).map(|(_, time)| time)
}
