//! The endpoints for programs.

use super::http::{Answer, Request, Response};
use super::service::{Service, lock};
use crate::domain::policy::ClientType;
use crate::domain::time::Seconds;
use crate::sandbox::clients::authenticate;
use crate::sandbox::engine::{AccessToken, ClientRequest, PollingGrant, SCOPES};
use crate::sandbox::{Client, OAuthError, Params, Reason, Result, tokens};
use serde_json::{Value, json};

/// How far another clock may be behind (as Duende IdentityServer has it).
const CLOCK_TOLERANCE: Seconds = Seconds::minutes(5);

impl Service {
    /// Provider metadata (OIDC Discovery 3), with TelenorID+'s paths.
    pub(super) fn discovery(&self, _: &Request) -> Answer {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let own_scopes = lock(&self.engine).settings.scopes.clone();
        let scopes: Vec<_> = SCOPES.split(' ').map(ToOwned::to_owned).chain(own_scopes).collect();
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
            "backchannel_authentication_endpoint": at("/connect/ciba"),
            "backchannel_token_delivery_modes_supported": ["poll"],
            "backchannel_user_code_parameter_supported": false,
            "custom_logout_endpoint": at("/connect/customlogout"),
            "scopes_supported": scopes,
            "claims_supported": ["sub", "email", "phone_number", "given_name", "family_name", "birthdate",
                "preferred_username", "analytics_uuid", "ial", "kurtid", "tnuid", "extsub"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token",
                PollingGrant::DEVICE.grant_type, PollingGrant::CIBA.grant_type],
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
        Ok(for_a_day(&metadata))
    }

    pub(super) fn jwks(&self, _: &Request) -> Answer {
        Ok(for_a_day(&lock(&self.keys).jwks()))
    }

    fn authenticated_client(&self, request: &Request, form: &Params) -> Result<Client> {
        form.check()?;
        authenticate(&lock(&self.engine).clients, request.header("authorization"), form).cloned()
    }

    fn client_request(&self, request: &Request, form: Params) -> Result<ClientRequest, Response> {
        let at = self.moment()?;
        Ok(ClientRequest { client: self.authenticated_client(request, &form)?, form, at })
    }

    pub(super) fn token(&self, request: &Request) -> Answer {
        let request = self.client_request(request, request.params())?;
        let issued = lock(&self.engine).token(&request)?;
        let response = tokens::token_response(&lock(&self.keys), &self.issuer, &issued)?;
        Ok(Response::json(200, &response).with_header("Pragma", "no-cache").with_note(issued.note))
    }

    /// Device authorization (RFC 8628 3.1).
    pub(super) fn device_authorization(&self, request: &Request) -> Answer {
        let request = self.client_request(request, request.params())?;
        let mut engine = lock(&self.engine);
        let user = self.auto_approving_user(&engine);
        let begun = engine.authorize_device(&request, user)?;
        let uri = format!("{}/device", self.issuer);
        let body = json!({
            "device_code": begun.code.expose(),
            "user_code": begun.user_code,
            "verification_uri": uri,
            "verification_uri_complete": format!("{uri}?user_code={}", begun.user_code),
            "expires_in": begun.lifetime(),
            "interval": begun.interval,
        });
        Ok(Response::json(200, &body))
    }

    /// Backchannel authentication (CIBA Core 7).
    pub(super) fn ciba(&self, request: &Request) -> Answer {
        let request = self.client_request(request, request.params())?;
        let begun = lock(&self.engine).authorize_backchannel(&request, self.auto_approve)?;
        let (code, expires_in, interval) = (begun.code.expose(), begun.lifetime(), begun.interval);
        Ok(Response::json(200, &json!({"auth_req_id": code, "expires_in": expires_in, "interval": interval})))
    }

    /// TelenorID+'s preparation of a BankID login; the parameters are a form or JSON.
    pub(super) fn prepare_bankid(&self, request: &Request) -> Answer {
        let json = serde_json::from_str(&request.body).ok();
        let form = json.map_or_else(|| request.params(), |members| Params::from_json(&members));
        let request = self.client_request(request, form)?;
        let (token, message) = lock(&self.engine).prepare_bankid(&request)?;
        Ok(Response::json(200, &json!({"login_hint_token": token, "binding_message": message})))
    }

    /// Introspection (RFC 7662), as the two lines of Duende IdentityServer have it: version 7 also answers clients about
    /// their own tokens, version 6 only APIs.
    pub(super) fn introspection(&self, request: &Request) -> Answer {
        let form = request.params();
        form.check()?;
        let api = Client::new("sandbox-api", ClientType::Confidential);
        let known = if authenticate(&[api], request.header("authorization"), &form).is_ok() {
            self.valid_access_token(form.require("token")?)
        } else {
            let client = self.authenticated_client(request, &form)?;
            if !self.clients_may_introspect {
                return Err(OAuthError::new("invalid_client", Reason::OnlyApis).into());
            }
            let token = form.require("token")?;
            let refresh_token = lock(&self.engine).active_refresh_token(&client.id, token, self.now());
            let access_token = || self.valid_access_token(token).filter(|token| token.client_id == client.id);
            refresh_token.or_else(access_token)
        };
        Ok(Response::json(200, &tokens::introspection(&self.issuer, known.as_ref())))
    }

    pub(super) fn valid_access_token(&self, jwt: &str) -> Option<AccessToken> {
        let claims = lock(&self.keys).verify("at+jwt", jwt)?;
        let now = self.now();
        // Those of a sample token may have been changed.
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let is_current = time("exp").is_some_and(|exp| now.unix() < exp)
            && time("nbf").is_none_or(|nbf| nbf <= now.plus(CLOCK_TOLERANCE).unix());
        if !is_current || claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return None;
        }
        let id = claims.get("jti").and_then(Value::as_str)?;
        lock(&self.engine).access_token(id, now).cloned()
    }

    /// The valid access token that the request bears, or the refusal (RFC 6750 3).
    fn bearer_access_token(&self, request: &Request) -> Result<AccessToken, Response> {
        let missing = || challenge(401, "Bearer", Reason::NoAccessToken);
        let invalid = || challenge(401, "Bearer error=\"invalid_token\"", Reason::AccessTokenInvalid);
        self.valid_access_token(request.bearer_token().ok_or_else(missing)?).ok_or_else(invalid)
    }

    pub(super) fn self_service(&self, request: &Request) -> Answer {
        self.bearer_access_token(request)?;
        Ok(Response::json(200, &json!({"url": format!("{}/account", self.issuer)})))
    }

    /// The userinfo endpoint (OIDC Core 5.3; errors as RFC 6750 3).
    pub(super) fn userinfo(&self, request: &Request) -> Answer {
        let access = self.bearer_access_token(request)?;
        let claims = tokens::userinfo(&access).filter(|_| access.has_scope("openid"));
        let refusal = || challenge(403, "Bearer error=\"insufficient_scope\"", Reason::NoOpenidScope);
        Ok(Response::json(200, &claims.ok_or_else(refusal)?))
    }

    /// Revocation (RFC 7009); an unknown token is no error.
    pub(super) fn revocation(&self, request: &Request) -> Answer {
        let form = request.params();
        let client = self.authenticated_client(request, &form)?;
        lock(&self.engine).revoke(&client.id, form.require("token")?, self.now())?;
        Ok(Response::text(200, ""))
    }

    /// TelenorID+'s logout without a browser; an expired hint is accepted.
    pub(super) fn custom_logout(&self, request: &Request) -> Answer {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let hint = text("id_token_hint").ok_or_else(|| Response::refusal(400, Reason::NoIdTokenHint))?;
        let wrong_hint = || Response::refusal(401, Reason::WrongIdTokenHint);
        let sid = self.claims_of_hint(hint).ok_or_else(wrong_hint)?["sid"].take();
        let ended = lock(&self.engine).end_sso_sessions(|sso| sid == sso.authentication.sid.as_str(), self.now());
        Ok(Response::text(200, if ended > 0 { text("state").unwrap_or_default() } else { "Already logged out" }))
    }

    /// The claims of an ID token of this provider with a `sid`; it may have expired.
    pub(super) fn claims_of_hint(&self, hint: &str) -> Option<Value> {
        lock(&self.keys).verify("JWT", hint).filter(|claims| claims["sid"].is_string())
    }
}

/// A document that a client may keep for a day, as a real provider's. The cache of a browser may not (RFC 9111 4.1): its
/// application would not see a rotated key, nor another sandbox in this one's place.
fn for_a_day(document: &Value) -> Response {
    Response::json(200, document).with_header("Cache-Control", "public, max-age=86400").with_header("Vary", "*")
}

/// A refusal with the challenge of a protected resource (RFC 6750 3).
fn challenge(status: u16, challenge: &str, reason: Reason) -> Response {
    Response::text(status, "").with_header("WWW-Authenticate", challenge).with_reason(reason)
}
