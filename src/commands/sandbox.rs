//! `tidp sandbox`: the stand-in provider on a loopback port.

mod token;

use crate::cli;
use crate::commands::options::{self, wrong};
use crate::domain::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::domain::secret::Secret;
use crate::domain::text::printable_path;
use crate::domain::time::Seconds;
use crate::domain::warning::WarningCode;
use crate::error::{CommandLineError, Error, Result};
use crate::ports::{Ports, Reporter, Verbosity};
use crate::sandbox::registration::{self, SandboxConfig};
use crate::sandbox::{Client, Log, Options, Sandbox, Settings, default_clients, default_users, issuer_url};
use crate::terminal::output::Output;
use serde_json::json;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Runs the sandbox until a signal ends the process.
///
/// # Errors
/// `usage` and `config`; `failed` if the sandbox cannot start.
pub fn run(ports: &Ports, out: &Output<'_>, args: &cli::Sandbox) -> Result<()> {
    if let Some(cli::SandboxCommand::Token(args)) = &args.command {
        return token::run(ports, out, args);
    }
    let config = args.config.as_deref().map_or_else(|| Ok(SandboxConfig::default()), |path| read(ports, path))?;
    let address = SocketAddr::new(args.bind, args.port);
    let terminal = Arc::clone(&ports.terminal);
    let log: Log = Box::new(move |line| terminal.err(&format!("{line}\n")));
    let log = (out.verbosity() > Verbosity::Nothing).then_some(log);
    let options = Options { log, ..options(args, config)? };
    let sandbox = Sandbox::start(options, Arc::clone(&ports.clock), Arc::clone(&ports.entropy));
    let sandbox = sandbox.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => CommandLineError::SandboxAddressTaken(address).into(),
        _ => Error::failed(format!("cannot listen on {address}: {error}")),
    })?;
    if !args.bind.is_loopback() {
        let danger = "whoever reaches this port can log in as any of its users, and move its clock";
        out.warn(WarningCode::SandboxReachable, format!("the sandbox listens on {}: {danger}", sandbox.address()));
    }
    out.answer(&if out.json { json_line(&sandbox) } else { start_line(&sandbox) })?;
    sandbox.join();
    Ok(())
}

fn read(ports: &Ports, path: &Path) -> Result<SandboxConfig> {
    let wrong = |what: &str| Error::config(format!("{}: {what}", printable_path(path)));
    let bytes = ports.files.read(path).map_err(|error| wrong(&error.to_string()))?;
    let text = String::from_utf8(bytes.ok_or_else(|| wrong("there is no such file"))?);
    let text = text.map_err(|_| wrong("it is not UTF-8"))?;
    SandboxConfig::parse(&text).map_err(|what| wrong(&what))
}

/// Clients and users come from the options, then the file, then the defaults; of two with one id, the first counts.
fn options(args: &cli::Sandbox, config: SandboxConfig) -> Result<Options> {
    let clock = args.clock.as_deref().unwrap_or("0s");
    let (direction, clock) = clock.strip_prefix('-').map_or((1, clock.trim_start_matches('+')), |clock| (-1, clock));
    let clock = Seconds::parse(clock).map_err(wrong("--clock"))?;
    let lifetime = options::positive_duration("--access-token-lifetime", args.access_token_lifetime.as_deref())?;
    let client = |text: &String| registration::client_of_option(text).map_err(wrong("--client"));
    let clients: Vec<_> = args.client.iter().map(client).collect::<Result<_>>()?;
    registration::check_once(&clients, |client| client.id.clone()).map_err(wrong("--client"))?;
    let clients = registration::with_own(&clients, &config.clients, |client| &client.id);
    let mut clients = registration::with_own(&clients, &default_clients(), |client| &client.id);
    for uri in &args.redirect_uri {
        registration::add_redirect_uri(&mut clients, uri).map_err(wrong("--redirect-uri"))?;
    }
    for text in &args.secret {
        registration::set_secret(&mut clients, text).map_err(wrong("--secret"))?;
    }
    let access_token_lifetime = lifetime.or(config.access_token_lifetime).unwrap_or(DOCUMENTED_ACCESS_TOKEN_LIFETIME);
    let issuer = args.issuer.as_deref().map(issuer_url).transpose().map_err(wrong("--issuer"))?;
    let user = |text: &String| registration::user_of_option(text).map(Arc::new).map_err(wrong("--user"));
    let users: Vec<_> = args.user.iter().map(user).collect::<Result<_>>()?;
    registration::check_once(&users, |user| user.id.to_lowercase()).map_err(wrong("--user"))?;
    let users = registration::with_own(&users, &config.users, |user| &user.id);
    let users = registration::with_own(&users, &default_users(), |user| &user.id);
    registration::check_phones(&users).map_err(wrong("--user"))?;
    Ok(Options {
        bind: args.bind,
        port: args.port,
        issuer,
        clients,
        users,
        settings: Settings {
            refresh_token_usage: args.refresh_tokens,
            access_token_lifetime,
            sso_lifetime: config.sso_lifetime,
            scopes: config.scopes,
            ..Settings::default()
        },
        auto_approve: args.auto_approve,
        clients_may_introspect: args.introspection == cli::Introspection::RefreshTokens,
        clock_offset: Seconds(direction * clock.0),
        ..Options::default()
    })
}

fn json_line(sandbox: &Sandbox) -> String {
    let to_json = |client: &Client| {
        let mut json = client.to_json();
        json["client_secret"] = client.secret.as_ref().map(Secret::expose).into();
        json
    };
    let clients: Vec<_> = sandbox.clients().iter().map(to_json).collect();
    let (issuer, console, address) = (sandbox.issuer(), sandbox.console(), sandbox.address().to_string());
    format!("{}\n", json!({ "issuer": issuer, "clients": clients, "address": address, "console": console }))
}

fn start_line(sandbox: &Sandbox) -> String {
    let issuer = sandbox.issuer();
    let mut text = format!("TelenorID+ sandbox at {issuer} (Ctrl-C ends it)\n\n");
    for client in sandbox.clients() {
        let secret = client.secret.as_ref().map(|s| format!(", client secret {}", s.expose())).unwrap_or_default();
        let (client_type, policy) = (client.client_type.as_str(), client.policy.name.as_str());
        text += &format!("  {:<29} {client_type:<18} policy {policy}{secret}\n", client.id);
    }
    text += &format!("\nConsole: {}\n", sandbox.console());
    text + &format!(
        "\nTry it from another terminal:\n\
         \x20 export TIDP_ISSUER={issuer} TIDP_CLIENT_ID=sandbox-mobile TIDP_CLIENT_TYPE=MobileApp\n\
         \x20 tidp login\n\
         \x20 tidp policy\n\n\
         Move its clock a day:   curl -d '{{\"advance\": 86400}}' {issuer}/sandbox/clock\n\
         End its SSO sessions:   curl -d '{{}}' {issuer}/sandbox/sso/end\n\
         Approve a device:       curl -d '{{}}' {issuer}/sandbox/logins/approve\n\
         What it has seen:       curl {issuer}/sandbox/events\n\
         This moves only the sandbox's clock. tidp still uses this machine's clock, so use `tidp refresh --force` to\n\
         see the effect. `tidp demo` moves both clocks.\n"
    )
}
