//! The link to the user's own account page at TelenorID+.

use crate::error::{Error, Result};
use crate::flows::access_token;
use crate::flows::context::Context;
use crate::flows::wanted_token::WantedToken;
use crate::oidc::discovery::Issuer;
use crate::oidc::self_service::{accept_self_service, self_service_request};
use url::Url;

const FAILED_STEP: &str = "cannot get the link to the account page";

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
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    let token = access_token::valid_token(context, &WantedToken::default())?;
    access_token::use_token(context, &token, FAILED_STEP, |token| {
        let request = self_service_request(&issuer, token);
        let response = context.send(&request).map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
        Ok((response.status, accept_self_service(&response, locale)))
    })
}
