//! The userinfo claims (OIDC Core 5.3): request them, and once more after a refresh if the access token is refused.

use crate::domain::decision::Intent;
use crate::domain::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::access_token;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, VerifyError};
use crate::flows::wanted_token::WantedToken;
use crate::flows::{provider_metadata, refresh_if_due};
use crate::jwt::Jws;
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::KeySet;
use crate::oidc::userinfo::{self, ExpectedUserinfo};
use crate::oidc::{Problem, TokenProblem};
use serde_json::{Map, Value};

const DOING: &str = "cannot read the userinfo";

/// Claims by name.
pub type Claims = Map<String, Value>;

enum Outcome {
    Claims(Claims),
    /// HTTP 401: the provider does not accept the access token.
    TokenRefused(Error),
}

/// The user's claims, and the provider as its discovery document is now.
///
/// # Errors
/// Those of [`access_token::valid_token`]; `invalid` if the response is not acceptable; `unreachable`; `refused`.
pub fn claims(context: &Context<'_>) -> Result<(Claims, Provider)> {
    context.require_user("there is no userinfo")?;
    let token = access_token::valid_token(context, &WantedToken::default())?.access_token;
    let mut provider = provider_metadata::provider(context)?;
    let claims = match request_claims(context, &mut provider, &token.value)? {
        Outcome::Claims(claims) => claims,
        Outcome::TokenRefused(_) => {
            let session = refresh_if_due::ensure_fresh(context, context.session()?, Intent::Force)?.session;
            match request_claims(context, &mut provider, &session.access_token.value)? {
                Outcome::Claims(claims) => claims,
                Outcome::TokenRefused(error) => return Err(error),
            }
        }
    };
    Ok((claims, provider))
}

fn request_claims(context: &Context<'_>, provider: &mut Provider, token: &Secret) -> Result<Outcome> {
    let ca_file = context.profile.ca_file.as_deref();
    let request = |provider: &Provider| userinfo::userinfo_request(provider, token, ca_file);
    let first =
        request(provider).ok_or_else(|| Error::invalid(provider.missing_endpoint_reason("userinfo_endpoint")))?;
    let response = provider_metadata::send(context, provider, &first, request)
        .map_err(|failure| Error::unanswered(DOING, &failure))?;
    let session = context.session()?;
    let (client_id, sub) = (&session.key.client_id, &session.account.sub);
    let expected = ExpectedUserinfo { issuer: &provider.issuer, client_id, sub };
    let error = match userinfo::accept_userinfo(&response, &expected, |jws| verify(context, provider, jws)) {
        Ok(claims) => return Ok(Outcome::Claims(claims)),
        Err(VerifyError::Undecided(error)) => return Err(error),
        Err(VerifyError::Rejected(problem)) => problem,
    };
    let is_refusal = matches!(error, Problem::Refused(_) | Problem::RefusedByStatus { .. });
    let error = Error::problem(DOING, error);
    if is_refusal && response.status == 401 { Ok(Outcome::TokenRefused(error)) } else { Err(error) }
}

/// Checks the signature. A wrong one is final: newer keys are fetched only for want of a key.
fn verify(context: &Context<'_>, provider: &Provider, jws: &Jws<'_>) -> std::result::Result<(), VerifyError<Problem>> {
    let check = |keys: &KeySet| match keys.verify(jws) {
        Err(TokenProblem::BadSignature) => Err(TokenProblem::Invalid(TokenProblem::BadSignature.to_string())),
        outcome => outcome,
    };
    let mut keys = provider_keys::keys(context, provider).map_err(VerifyError::Undecided)?;
    provider_keys::verify_if_key_known(context, provider, &mut keys, check).map_err(|error| match error {
        VerifyError::Rejected(why) => VerifyError::Rejected(Problem::Invalid(format!("the userinfo response: {why}"))),
        VerifyError::Undecided(error) => VerifyError::Undecided(error),
    })
}
