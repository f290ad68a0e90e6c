//! `tidp decode`: decodes JWTs offline, and verifies them.

mod decoder;
mod stream;
mod token_response;

use crate::cli;
use crate::commands::options;
use crate::domain::time::Seconds;
use crate::domain::warning::WarningCode;
use crate::error::Result;
use crate::flows::configuration::Configuration;
use crate::flows::token_verifier::TokenVerifier;
use crate::ports::{Ports, Reporter};
use crate::terminal::output::Output;
use decoder::Decoder;
use stream::Counts;

/// # Errors
/// `invalid` if any token is not a JWT or fails `--verify`; the others are still printed.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Decode) -> Result<()> {
    let leeway = Seconds::parse(&args.leeway).map_err(options::wrong("--leeway"))?;
    let configured_profile = || Configuration::load(ports).ok()?.profile(ports, flag).ok();
    let decoder = Decoder {
        ports,
        out,
        leeway,
        verifier: match &args.jwks {
            Some(path) => TokenVerifier::from_file(ports, path)?,
            None if args.verify => TokenVerifier::from_provider(ports, out, flag)?,
            None => TokenVerifier::Nothing,
        },
        profile: if out.json { None } else { configured_profile() },
    };
    let tokens = args.tokens.as_slice();
    if tokens.is_empty() || tokens == ["-"] {
        return decoder.stream();
    }
    out.warn(
        WarningCode::TokenOnCommandLine,
        "a token on the command line can be read by every process on this machine; pass it on standard input".into(),
    );
    if let [token] = tokens {
        return decoder.decode_one(token);
    }
    let mut counts = Counts::default();
    let texts = tokens.iter().map(|token| Some(Ok(token.as_str())));
    decoder.print(decoder.decode_lines(texts, 0), &mut counts)?;
    counts.result()
}
