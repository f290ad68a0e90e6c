//! The endpoints that programs call.

use super::http::{Request, Response};
use super::shared::{Shared, lock};
use crate::sandbox::clients::{Client, authenticate};
use crate::sandbox::engine::{Access, SCOPES};
use crate::sandbox::params::{Params, Refusal};
use crate::sandbox::tokens;
use serde_json::{Value, json};
use std::io;

impl Shared {
    /// Provider metadata (OIDC Discovery 3), with TelenorID+'s paths.
    pub(super) fn discovery(&self) -> Response {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let metadata = json!({
            "issuer": self.issuer,
            "jwks_uri": at("/.well-known/openid-configuration/jwks"),
            "authorization_endpoint": at("/connect/authorize"),
            "token_endpoint": at("/connect/token"),
            "userinfo_endpoint": at("/connect/userinfo"),
            "end_session_endpoint": at("/connect/endsession"),
            "revocation_endpoint": at("/connect/revocation"),
            "introspection_endpoint": at("/connect/introspect"),
            "device_authorization_endpoint": at("/connect/deviceauthorization"),
            "custom_logout_endpoint": at("/connect/customlogout"),
            "scopes_supported": SCOPES,
            "claims_supported": ["sub", "email", "phone_number", "given_name", "family_name", "birthdate",
                "preferred_username", "analytics_uuid", "ial", "kurtid", "tnuid", "extsub"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token",
                crate::sandbox::engine::DEVICE_CODE],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["pairwise"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "ui_locales_supported": ["no", "en"],
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
        });
        Response::json(200, &metadata).with("Cache-Control", "public, max-age=86400")
    }

    pub(super) fn jwks(&self) -> Response {
        let jwks = lock(&self.keys).jwks();
        Response::json(200, &jwks).with("Cache-Control", "public, max-age=86400")
    }

    /// The client that a form comes from.
    fn client_of(&self, request: &Request, form: &Params) -> Result<Client, Refusal> {
        form.check()?;
        authenticate(&lock(&self.engine).clients, request.header("authorization"), form).cloned()
    }

    /// The token endpoint (RFC 6749 3.2).
    pub(super) fn token(&self, request: &Request) -> io::Result<Response> {
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let issued =
            self.client_of(request, &form).and_then(|client| lock(&self.engine).token(&client, &form, now, &seed));
        match issued {
            Ok(issued) => {
                let answer = tokens::answer(&lock(&self.keys), &self.issuer, &issued)?;
                Ok(Response::json(200, &answer).with("Pragma", "no-cache"))
            }
            Err(refusal) => Ok(Response::refusal(&refusal)),
        }
    }

    /// The valid access token that a JWT is.
    fn access(&self, jwt: &str) -> Option<Access> {
        let claims = lock(&self.keys).verify("at+jwt", jwt)?;
        let id = claims.get("jti").and_then(Value::as_str)?;
        lock(&self.engine).access(id, self.now()).cloned()
    }

    /// The userinfo endpoint (OIDC Core 5.3; errors as RFC 6750 3).
    pub(super) fn userinfo(&self, request: &Request) -> Response {
        let Some(token) = request.bearer() else {
            return Response::text(401, "").with("WWW-Authenticate", "Bearer");
        };
        let Some(access) = self.access(token) else {
            return Response::text(401, "").with("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        };
        match tokens::userinfo(&access).filter(|_| access.has_scope("openid")) {
            Some(claims) => Response::json(200, &claims),
            None => Response::text(403, "").with("WWW-Authenticate", "Bearer error=\"insufficient_scope\""),
        }
    }

    /// Revocation (RFC 7009): an unknown token is a success.
    pub(super) fn revocation(&self, request: &Request) -> Response {
        let form = request.params();
        let revoked = self
            .client_of(request, &form)
            .and_then(|client| lock(&self.engine).revoke(&client.id, form.need("token")?));
        revoked.map_or_else(|refusal| Response::refusal(&refusal), |()| Response::text(200, ""))
    }

    /// Introspection (RFC 7662), for confidential clients.
    pub(super) fn introspection(&self, request: &Request) -> Response {
        let form = request.params();
        let found = self.client_of(request, &form).and_then(|client| {
            if client.secret.is_none() {
                return Err(Refusal::new("invalid_client", "only a client with a secret may ask"));
            }
            let token = form.need("token")?;
            let refresh = lock(&self.engine).live_refresh_token(&client.id, token, self.now());
            Ok(refresh.or_else(|| self.access(token)))
        });
        match found {
            Ok(Some(access)) => Response::json(200, &tokens::introspection(&self.issuer, &access)),
            Ok(None) => Response::json(200, &json!({"active": false})),
            Err(refusal) => Response::refusal(&refusal),
        }
    }

    /// Device authorization (RFC 8628 3.1).
    pub(super) fn device_authorization(&self, request: &Request) -> io::Result<Response> {
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let started = self
            .client_of(request, &form)
            .and_then(|client| lock(&self.engine).device_start(&client, &form, now, &seed));
        let device = match started {
            Ok(device) => device,
            Err(refusal) => return Ok(Response::refusal(&refusal)),
        };
        let uri = format!("{}/device", self.issuer);
        let answer = json!({
            "device_code": device.device_code.expose(),
            "user_code": device.user_code,
            "verification_uri": uri,
            "verification_uri_complete": format!("{uri}?user_code={}", device.user_code),
            "expires_in": device.expires_in,
            "interval": device.interval,
        });
        Ok(Response::json(200, &answer))
    }

    /// Logout for applications without a browser: 200 with the state or "Already logged out"; 400 without a hint, 401
    /// for one that does not validate (an expired one does).
    pub(super) fn custom_logout(&self, request: &Request) -> Response {
        let body: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let Some(hint) = text("id_token_hint").filter(|hint| !hint.is_empty()) else {
            return Response::text(400, "id_token_hint is missing");
        };
        let Some(sid) = self.hinted_session(hint) else {
            return Response::text(401, "id_token_hint does not validate");
        };
        let ended = lock(&self.engine).end_sso_session(&sid, self.now());
        Response::text(200, if ended { text("state").unwrap_or_default() } else { "Already logged out" })
    }

    /// The `sid` of an ID token that this provider issued, be it expired.
    pub(super) fn hinted_session(&self, hint: &str) -> Option<String> {
        let claims = lock(&self.keys).verify("JWT", hint)?;
        claims.get("sid").and_then(Value::as_str).map(ToOwned::to_owned)
    }
}
