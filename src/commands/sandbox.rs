//! `tidp sandbox`: the stand-in provider on a loopback port.

use crate::cli;
use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::sandbox::{Options, Sandbox};
use crate::terminal::output::Output;
use serde_json::json;
use std::sync::Arc;

/// Runs the sandbox until a signal ends the process.
///
/// # Errors
/// `usage`; `failed` if the sandbox cannot start.
pub fn run(ports: &Ports, out: &Output<'_>, args: &cli::Sandbox) -> Result<()> {
    let sandbox = Sandbox::start(options(args)?, Arc::clone(&ports.clock), Arc::clone(&ports.entropy))
        .map_err(|error| Error::failed(format!("cannot serve on 127.0.0.1:{}: {error}", args.port)))?;
    out.answer(&if out.json { json_line(&sandbox) } else { start_line(&sandbox) })?;
    sandbox.join();
    Ok(())
}

fn options(args: &cli::Sandbox) -> Result<Options> {
    let duration =
        |option: &str, text: &str| Seconds::parse(text).map_err(|reason| Error::usage(format!("{option}: {reason}")));
    let clock_offset = match args.clock.as_deref() {
        None => Seconds::ZERO,
        Some(text) => match text.strip_prefix('-') {
            Some(behind) => Seconds(-duration("--clock", behind)?.0),
            None => duration("--clock", text.trim_start_matches('+'))?,
        },
    };
    Ok(Options {
        port: args.port,
        auto_approve: args.auto_approve,
        refresh_token_usage: args.refresh_tokens,
        clients_may_introspect: args.introspection == cli::Introspection::RefreshTokens,
        access_token_lifetime: duration("--access-token-lifetime", &args.access_token_lifetime)?,
        clock_offset,
    })
}

fn json_line(sandbox: &Sandbox) -> String {
    let clients: Vec<_> = sandbox
        .clients()
        .iter()
        .map(|client| {
            json!({
                "client_id": client.id,
                "client_type": client.client_type.as_str(),
                "policy": client.policy.name.as_str(),
                "client_secret": client.secret.as_ref().map(|secret| secret.expose().to_owned()),
                "redirect_uris": client.redirect_uris,
            })
        })
        .collect();
    format!("{}\n", json!({ "issuer": sandbox.issuer(), "clients": clients }))
}

fn start_line(sandbox: &Sandbox) -> String {
    let issuer = sandbox.issuer();
    let mut text = format!("TelenorID+ sandbox at {issuer} (Ctrl-C ends it)\n\n");
    for client in sandbox.clients() {
        let secret = client.secret.as_ref().map(|s| format!(", client secret {}", s.expose())).unwrap_or_default();
        let (client_type, policy) = (client.client_type.as_str(), client.policy.name.as_str());
        text += &format!("  {:<29} {client_type:<18} policy {policy}{secret}\n", client.id);
    }
    text + &format!(
        "\nTry it from another terminal:\n\
         \x20 export TIDP_ISSUER={issuer} TIDP_CLIENT_ID=sandbox-mobile TIDP_CLIENT_TYPE=MobileApp\n\
         \x20 tidp login\n\
         \x20 tidp policy\n\n\
         Move its clock a day:   curl -d '{{\"advance\": 86400}}' {issuer}/sandbox/clock\n\
         End its SSO sessions:   curl -d '{{}}' {issuer}/sandbox/sso/end\n\
         What it has seen:       curl {issuer}/sandbox\n\
         This moves only the sandbox's clock. tidp still uses this machine's clock, so use `tidp refresh --force` to\n\
         see the effect. `tidp demo` moves both clocks.\n"
    )
}
