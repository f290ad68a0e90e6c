//! `tidp sandbox token`: a token of a running sandbox.

use crate::cli::{SampleFormat, SandboxToken};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::error::{Error, Result, Situation};
use crate::oidc::discovery::get_request;
use crate::ports::{Body, Method, Ports, Request};
use crate::terminal::output::Output;
use serde_json::{Map, Value, json};

const STEP: &str = "cannot get a token from the sandbox";

/// Prints the token.
///
/// # Errors
/// `unreachable` without a sandbox; `usage` for what the sandbox refused.
pub fn run(ports: &Ports, out: &Output<'_>, args: &SandboxToken) -> Result<()> {
    let url = args.at.join("/sandbox/token").map_err(|error| Error::usage(format!("--at: {error}")))?;
    let request = Request {
        method: Method::Post,
        body: Some(Body::Json(Secret::new(body(args)?.to_string()))),
        ..get_request(url, "application/json")
    };
    let response = ports.http.send(&request).map_err(|failure| match Error::unanswered(STEP, &failure) {
        Error { situation: Situation::Unreachable(what), .. } => Situation::NoSandbox(what).into(),
        other => other,
    })?;
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    match (response.status, text("token").filter(|token| is_jwt_text(token))) {
        (200, Some(_)) if out.json || args.format == SampleFormat::Json => out.document(document),
        (200, Some(token)) => {
            let name = if args.format == SampleFormat::Header { "Authorization: Bearer " } else { "" };
            out.answer(&format!("{name}{token}\n"))
        }
        (400, _) => Err(Error::usage(printable(text("error_description").unwrap_or("the sandbox refused")))),
        (status, _) => Err(Error::failed(format!("{STEP}: {} answers {status}; is it a sandbox?", args.at))),
    }
}

/// Whether the text has only characters of a JWT (RFC 7515 7.1), so that it can be printed as it is.
fn is_jwt_text(token: &str) -> bool {
    token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn body(args: &SandboxToken) -> Result<Value> {
    let mut claims = Map::new();
    for claim in &args.claim {
        let wrong = || Error::usage(format!("--claim: `{}` is not NAME=VALUE", printable(claim)));
        let (name, value) = claim.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
        claims.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()));
    }
    let mut body = json!({
        "kind": if args.id_token { "id" } else { "access" },
        "claims": claims,
        "client_id": args.client_id,
        "user": args.user,
        "no_user": args.no_user.then_some(true),
        "lifetime": args.lifetime,
        "wrong": args.wrong,
        "scope": (!args.scope.is_empty()).then(|| args.scope.join(" ")),
    });
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Ok(body)
}
