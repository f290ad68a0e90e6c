//! The link to the user's own account page at TelenorID+; asked for once more after a refresh if the access token is refused.

use crate::domain::decision::Intent;
use crate::domain::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::access_token;
use crate::flows::context::Context;
use crate::flows::refresh_if_due;
use crate::flows::wanted_token::WantedToken;
use crate::oidc::Problem;
use crate::oidc::discovery::Issuer;
use crate::oidc::self_service::{accept_self_service, self_service_request};
use url::Url;

const DOING: &str = "cannot get the link to the account page";

enum Outcome {
    Link(Url),
    /// HTTP 401: the provider does not accept the access token.
    TokenRefused(Error),
}

/// The link, with `locale` added.
///
/// # Errors
/// `usage` for another provider than TelenorID+; those of [`access_token::valid_token`]; `invalid` if the response is not
/// acceptable; `unreachable`; `refused`.
pub fn link(context: &Context<'_>, locale: Option<&str>) -> Result<Url> {
    if !context.profile.is_telenorid_plus() {
        return Err(Error::usage("the account page is TelenorID+'s, and this profile has another provider"));
    }
    context.require_user("there is no user with an account page")?;
    let token = access_token::valid_token(context, &WantedToken::default())?.access_token;
    match request_link(context, &token.value, locale)? {
        Outcome::Link(link) => Ok(link),
        Outcome::TokenRefused(_) => {
            let session = refresh_if_due::ensure_fresh(context, context.session()?, Intent::Force)?.session;
            match request_link(context, &session.access_token.value, locale)? {
                Outcome::Link(link) => Ok(link),
                Outcome::TokenRefused(error) => Err(error),
            }
        }
    }
}

fn request_link(context: &Context<'_>, token: &Secret, locale: Option<&str>) -> Result<Outcome> {
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    let request = self_service_request(&issuer, token, context.profile.ca_file.as_deref());
    let response = context.send(&request).map_err(|failure| Error::unanswered(DOING, &failure))?;
    match accept_self_service(&response, locale) {
        Ok(link) => Ok(Outcome::Link(link)),
        Err(problem) => {
            let is_refusal = matches!(problem, Problem::Refused(_) | Problem::RefusedByStatus { .. });
            let error = Error::problem(DOING, problem);
            if is_refusal && response.status == 401 { Ok(Outcome::TokenRefused(error)) } else { Err(error) }
        }
    }
}
