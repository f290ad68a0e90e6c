//! `tidp token`: a valid access token on stdout, refreshed only when that is due.

use crate::cli::{self, TokenFormat};
use crate::commands::options;
use crate::domain::access_tokens::ScopedToken;
use crate::domain::command_line::Shell;
use crate::domain::secret::Secret;
use crate::domain::session::AccessToken;
use crate::domain::time::Time;
use crate::error::{CommandLineError, Error, Result};
use crate::flows::access_token;
use crate::flows::context::Context;
use crate::flows::wanted_token::WantedToken;
use crate::ports::{Env, Ports};
use crate::terminal::output::Output;
use serde_json::{Value, json};

/// A token to print.
struct TokenToPrint {
    value: Secret,
    expires_at: Time,
    /// The scopes of an access token; `None` for an ID token.
    scopes: Option<Vec<String>>,
}

/// Prints a token to stdout, which stays empty after an error.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Token) -> Result<()> {
    let format = format(args.format, out.json)?;
    if args.shell.is_some() && format != TokenFormat::Env {
        return Err(Error::usage("--shell is only for --format env"));
    }
    if format == TokenFormat::ExecCredential {
        api_version(&ports.env)?;
    }
    Context::open(ports, out, flag)?.run(|context| {
        let token = if args.id_token {
            let token = access_token::valid_id_token(context, args.no_refresh)?;
            TokenToPrint { value: token.value, expires_at: token.expires_at, scopes: None }
        } else {
            let min_ttl = options::duration("--min-ttl", args.min_ttl.as_deref())?;
            let scopes = options::scopes(&context.profile, &args.scope)?;
            let wanted = WantedToken { min_ttl, scopes, no_refresh: args.no_refresh };
            let token = access_token::valid_token(context, &wanted)?;
            let ScopedToken { access_token: AccessToken { value, expires_at, .. }, scopes } = token;
            TokenToPrint { value, expires_at, scopes: Some(scopes) }
        };
        print(ports, out, format, args.shell, token)
    })
}

fn format(format: Option<TokenFormat>, json: bool) -> Result<TokenFormat> {
    match (format, json) {
        (None, true) => Ok(TokenFormat::Json),
        (Some(TokenFormat::Json | TokenFormat::HeaderJson | TokenFormat::ExecCredential) | None, _)
        | (Some(_), false) => Ok(format.unwrap_or_default()),
        (Some(_), true) => Err(Error::usage("--json and a --format that is not JSON exclude each other")),
    }
}

/// The ExecCredential version that kubectl requests; it accepts no other. The two supported ones are equal in all that is
/// used here.
fn api_version(env: &Env) -> Result<&'static str> {
    const SUPPORTED: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
    let Some(info) = env.get("KUBERNETES_EXEC_INFO") else { return Ok(SUPPORTED[0]) };
    let info: Option<Value> = serde_json::from_str(info).ok();
    let requested = info.as_ref().and_then(|info| info.get("apiVersion")?.as_str());
    let version = SUPPORTED.into_iter().find(|version| requested == Some(version));
    version.ok_or_else(|| CommandLineError::ExecCredentialVersion(requested.map(str::to_owned)).into())
}

fn print(
    ports: &Ports,
    out: &Output<'_>,
    format: TokenFormat,
    shell: Option<Shell>,
    printed: TokenToPrint,
) -> Result<()> {
    let token = printed.value.expose();
    // It goes into headers, shell code and curl's configuration, so only bearer token characters are allowed (RFC 6750
    // 2.1).
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)) {
        return Err(Error::invalid("the token contains characters that are not allowed in a bearer token"));
    }
    let name = if printed.scopes.is_some() { "access_token" } else { "id_token" };
    match format {
        TokenFormat::Raw => out.answer(&format!("{token}\n")),
        TokenFormat::Header => out.answer(&format!("Authorization: Bearer {token}\n")),
        // Every member is sent as a header, so there are no others.
        TokenFormat::HeaderJson => out.answer(&format!("{}\n", json!({ "Authorization": format!("Bearer {token}") }))),
        TokenFormat::Curl => out.answer(&format!("header = \"Authorization: Bearer {token}\"\n")),
        TokenFormat::Env => {
            // A script names its shell, because the environment only suggests one.
            let shell = shell.unwrap_or_else(|| Shell::detect(cfg!(windows), |name| ports.env.get(name)));
            out.answer(&(shell.assignment(&format!("TIDP_{}", name.to_ascii_uppercase()), token) + "\n"))
        }
        TokenFormat::Json => {
            let mut document = json!({
                name: token,
                "expires_at": printed.expires_at.rfc3339(),
                "expires_in": printed.expires_at.left(ports.clock.now()).0,
            });
            if let Some(scopes) = &printed.scopes {
                document["token_type"] = "Bearer".into();
                document["scope"] = scopes.join(" ").into();
            }
            out.document(document)
        }
        TokenFormat::ExecCredential => out.document(json!({
            "apiVersion": api_version(&ports.env)?,
            "kind": "ExecCredential",
            "status": { "token": token, "expirationTimestamp": printed.expires_at.rfc3339() },
        })),
    }
}
