//! The endpoints of logins that a client polls for: device authorization and CIBA.

use super::http::{Request, Response};
use super::service::{Service, lock};
use crate::sandbox::engine::BegunLogin;
use crate::sandbox::params::OAuthError;
use serde_json::{Value, json};
use std::io;

impl Service {
    /// Device authorization (RFC 8628 3.1).
    pub(super) fn device_authorization(&self, request: &Request) -> io::Result<Response> {
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let begun = self.authenticated_client(request, &form).and_then(|client| {
            let mut engine = lock(&self.engine);
            let user = self.auto_approving_user(&engine);
            engine.authorize_device(&client, &form, user, now, &seed)
        });
        let uri = format!("{}/device", self.issuer);
        Ok(respond(begun.map(|login| {
            json!({
                "device_code": login.code.expose(),
                "user_code": login.user_code,
                "verification_uri": uri,
                "verification_uri_complete": format!("{uri}?user_code={}", login.user_code),
                "expires_in": login.expires_in,
                "interval": login.interval,
            })
        })))
    }

    /// Backchannel authentication (CIBA Core 7).
    pub(super) fn ciba(&self, request: &Request) -> io::Result<Response> {
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let begun = self
            .authenticated_client(request, &form)
            .and_then(|client| lock(&self.engine).authorize_backchannel(&client, &form, self.auto_approve, now, &seed));
        Ok(respond(begun.map(|BegunLogin { code, expires_in, interval, .. }| {
            json!({"auth_req_id": code.expose(), "expires_in": expires_in, "interval": interval})
        })))
    }

    /// TelenorID+'s preparation of a BankID login; the parameters are a form or JSON.
    pub(super) fn prepare_bankid(&self, request: &Request) -> io::Result<Response> {
        let (form, now, seed) = (request.json_or_form(), self.now(), self.seed()?);
        let prepared = self
            .authenticated_client(request, &form)
            .and_then(|client| lock(&self.engine).prepare_bankid(&client, &form, now, &seed));
        Ok(respond(prepared.map(|prepared| {
            json!({"login_hint_token": prepared.login_hint_token, "binding_message": prepared.binding_message})
        })))
    }
}

fn respond(result: Result<Value, OAuthError>) -> Response {
    match result {
        Ok(body) => Response::json(200, &body),
        Err(error) => Response::oauth_error(&error),
    }
}
