//! Introspection (RFC 7662), as the two lines of Duende IdentityServer have it: version 7 also answers clients about
//! their own tokens, version 6 only APIs.

use super::http::{Request, Response};
use super::service::{Service, lock};
use crate::sandbox::clients::{Client, authenticate};
use crate::sandbox::engine::AccessToken;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::reason::Reason;
use crate::sandbox::tokens;
use serde_json::json;

impl Service {
    pub(super) fn introspection(&self, request: &Request) -> Response {
        match self.introspect(request, &request.params()) {
            Ok(Some(access)) => Response::json(200, &tokens::introspection(&self.issuer, &access)),
            Ok(None) => Response::json(200, &json!({"active": false})),
            Err(error) => Response::oauth_error(&error),
        }
    }

    fn introspect(&self, request: &Request, form: &Params) -> Result<Option<AccessToken>, OAuthError> {
        form.check()?;
        if authenticate(&[Client::api()], request.header("authorization"), form).is_ok() {
            return Ok(self.valid_access_token(form.require("token")?));
        }
        let client = self.authenticated_client(request, form)?;
        if !self.clients_may_introspect {
            return Err(OAuthError::new("invalid_client", Reason::OnlyApis));
        }
        let token = form.require("token")?;
        let refresh_token = lock(&self.engine).active_refresh_token(&client.id, token, self.now());
        let access_token = || self.valid_access_token(token).filter(|token| token.client_id == client.id);
        Ok(refresh_token.or_else(access_token))
    }
}
