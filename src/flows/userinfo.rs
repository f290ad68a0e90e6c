//! The userinfo claims (OIDC Core 5.3).

use crate::domain::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::access_token::{self, Answer};
use crate::flows::context::Context;
use crate::flows::provider_keys::{Verification, VerifyError, verify_signature};
use crate::flows::provider_metadata;
use crate::flows::wanted_token::WantedToken;
use crate::jwt::Jws;
use crate::oidc::discovery::Provider;
use crate::oidc::{Owner, Problem, userinfo};
use serde_json::{Map, Value};

const FAILED_STEP: &str = "cannot read the userinfo";

pub type Claims = Map<String, Value>;

/// The user's claims, and the provider as its discovery document is now.
///
/// # Errors
/// Those of [`access_token::valid_token`]; `invalid` if the response is not acceptable; `unreachable`; `refused`.
pub fn claims(context: &Context<'_>) -> Result<(Claims, Provider)> {
    context.require_user("there is no userinfo")?;
    let token = access_token::valid_token(context, &WantedToken::default())?;
    let mut provider = provider_metadata::provider(context)?;
    let claims =
        access_token::use_token(context, &token, FAILED_STEP, |token| request_claims(context, &mut provider, token))?;
    Ok((claims, provider))
}

fn request_claims(context: &Context<'_>, provider: &mut Provider, token: &Secret) -> Result<Answer<Claims>> {
    let request = userinfo::userinfo_request(provider, token).map_err(Error::invalid)?;
    let response = provider_metadata::send(context, provider, &request, |p| p.userinfo_endpoint.as_ref().ok())
        .map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
    let session = context.session()?;
    let (client_id, sub) = (&session.key.client_id, &session.account.sub);
    let owner = Owner { issuer: &provider.issuer, client_id, sub };
    match userinfo::accept_userinfo(&response, owner, |jws| verify(context, provider, jws)) {
        Err(VerifyError::Undecided(error)) => Err(error),
        Err(VerifyError::Rejected(problem)) => Ok((response.status, Err(problem))),
        Ok(claims) => Ok((response.status, Ok(claims))),
    }
}

fn verify(context: &Context<'_>, provider: &Provider, jws: &Jws<'_>) -> Verification<(), Problem> {
    verify_signature(context, provider, jws).map_err(|error| match error {
        VerifyError::Rejected(why) => Problem::Invalid(format!("the userinfo response: {why}")).into(),
        VerifyError::Undecided(error) => VerifyError::Undecided(error),
    })
}
