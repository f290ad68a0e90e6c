//! `tidp userinfo`: the claims of the userinfo endpoint (OIDC Core 5.3).

use crate::cli::Global;
use crate::commands::token;
use crate::domain::decision::Intent;
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::explain::claims;
use crate::flows::context::Context;
use crate::flows::provider_metadata;
use crate::flows::refresh;
use crate::oidc::Problem;
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::KeySet;
use crate::oidc::userinfo::{self, Check, UserinfoProblem};
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::{Map, Value};

type Claims = Map<String, Value>;

const DOING: &str = "cannot read the userinfo";

/// Runs it.
///
/// # Errors
/// As the contract's exit codes say.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global) -> Result<()> {
    Context::open(ports, out, global)?.run(|context| {
        let (access_token, _) = token::obtain(context, None, true)?;
        let mut provider = provider_metadata::provider(context)?;
        let claims = match ask(context, &mut provider, &access_token.value)? {
            Ok(claims) => claims,
            // 401 for a token that should be valid: one refresh, one more try.
            Err(_) => {
                let fresh = refresh::obtain(context, context.session()?, Intent::Force)?.session.access_token;
                ask(context, &mut provider, &fresh.value)??
            }
        };
        if out.json { out.document(Value::Object(claims)) } else { show(context, &provider, &claims) }
    })
}

/// Asks once; the inner failure is a 401.
fn ask(context: &Context<'_>, provider: &mut Provider, token: &Secret) -> Result<Result<Claims>> {
    let ca_file = context.profile.ca_file.as_deref();
    let request = |provider: &Provider| userinfo::userinfo_request(provider, token, ca_file);
    let first = request(provider).ok_or_else(|| Error::invalid(provider.why_without("userinfo_endpoint")))?;
    let response =
        provider_metadata::send(context, provider, &first, request).map_err(|f| Error::unanswered(DOING, &f))?;
    let session = context.session()?;
    let accept = |keys: Option<&KeySet>| {
        let check =
            Check { issuer: &provider.issuer, client_id: &session.key.client_id, sub: &session.account.sub, keys };
        userinfo::accept_userinfo(&response, &check)
    };
    let outcome = match accept(None) {
        // Only a signed answer needs the keys.
        Err(UserinfoProblem::UnknownKey) => {
            provider_metadata::judged(context, provider, &mut provider_metadata::keys(context, provider)?, |keys| {
                accept(Some(keys))
            })?
        }
        outcome => outcome,
    };
    let is_401 = response.status == 401
        && matches!(&outcome, Err(UserinfoProblem::Problem(Problem::Refused(_) | Problem::RefusedByStatus { .. })));
    let outcome = outcome.map_err(|problem| match problem {
        UserinfoProblem::UnknownKey => {
            Error::invalid("the userinfo is signed by a key that the provider does not publish")
        }
        UserinfoProblem::Problem(problem) => Error::problem(DOING, problem),
    });
    if is_401 { Ok(outcome) } else { outcome.map(Ok) }
}

fn show(context: &Context<'_>, provider: &Provider, claims: &Claims) -> Result<()> {
    let out = context.out;
    let whose = context.profile.claim_issuer(Some(provider));
    for (name, value) in claims {
        let meaning = claims::explain(name, value, whose).map(|meaning| format!("   ({meaning})")).unwrap_or_default();
        let (name, value) = (printable(name), claims::value_text(value, None));
        out.answer(&format!("{}  {value}{meaning}\n", out.bold(&format!("{name:<20}"))))?;
    }
    Ok(())
}
