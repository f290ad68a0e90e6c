//! Logins that a backend asks for (OpenID Connect CIBA Core 7), as TelenorID+ has them: Vipps by phone number, and
//! BankID, which is prepared first.

use super::records::{BegunLogin, LoginHint, LoginRequest, Moment, PollingGrant};
use super::state::{Engine, MAX_PENDING};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::Seed;
use crate::sandbox::reason::Reason;
use crate::sandbox::users::User;
use std::sync::Arc;

const MAX_LIFETIME: Seconds = Seconds(300);

/// Scopes that name the way to log in.
const VIPPS: &str = "vipps";
const BANKID: &str = "bankid";

const MESSAGE_WORDS: [[&str; 8]; 2] = [
    ["BRIGHT", "CALM", "DEEP", "EARLY", "GREEN", "QUIET", "SWIFT", "WARM"],
    ["BEAR", "BIRCH", "FJORD", "HARBOUR", "LYNX", "MOUNTAIN", "PUFFIN", "RIVER"],
];

impl Engine {
    /// Prepares a BankID login of the user with that `kurt_id`. Returns it with its `login_hint_token`; the errors are
    /// `unauthorized_client` for a public client, `invalid_request` and `unknown_user_id`.
    pub fn prepare_bankid(
        &mut self,
        client: &Client,
        form: &Params,
        at: Moment,
    ) -> Result<(String, LoginHint), OAuthError> {
        check_confidential(client)?;
        let kurt_id = form.require("kurt_id")?;
        let user = self.users.iter().find(|user| user.identifier("kurtid") == kurt_id).ok_or_else(unknown_user)?;
        let hint = LoginHint {
            client_id: client.id.clone(),
            user: Arc::clone(user),
            binding_message: binding_message(&at.seed),
            expires_at: at.now.plus(MAX_LIFETIME),
        };
        if self.login_hints.len() >= MAX_PENDING {
            self.login_hints.retain(|_, hint| at.now < hint.expires_at);
        }
        let token = at.seed.random_string("login hint");
        self.login_hints.insert(token.clone(), hint.clone());
        Ok((token, hint))
    }

    /// Begins a login that the user is asked for elsewhere; `auto_approve` approves it at once. The errors are those of
    /// CIBA Core 13.
    pub fn authorize_backchannel(
        &mut self,
        client: &Client,
        form: &Params,
        auto_approve: bool,
        at: Moment,
    ) -> Result<BegunLogin, OAuthError> {
        check_confidential(client)?;
        let lifetime = requested_expiry(form)?;
        let scopes = form.list("scope");
        let (user, acr_values) = match (form.get("login_hint"), form.get("login_hint_token")) {
            (Some(phone), None) => {
                require_scopes(&scopes, &[VIPPS, "phone", "openid"])?;
                let user = self.users.iter().find(|user| user.has_phone(phone)).ok_or_else(unknown_user)?;
                (Arc::clone(user), "urn:telenor.identity.aal.2")
            }
            (None, Some(token)) => {
                require_scopes(&scopes, &[BANKID, "openid"])?;
                let user = self.use_login_hint(client, token, form.get("binding_message"), at.now)?;
                (user, "idp:no.bankid.login.vipps")
            }
            _ => return Err(OAuthError::invalid_request(Reason::TwoLoginHints)),
        };
        let (ways, others) = scopes.into_iter().partition(|scope| scope == VIPPS || scope == BANKID);
        let scopes: Vec<String> = [self.granted_scopes(client, others)?, ways].concat();
        let request = LoginRequest {
            grant: PollingGrant::CIBA,
            client_id: client.id.clone(),
            scopes,
            acr_values,
            user: Some(Arc::clone(&user)),
            binding_message: form.get("binding_message").map(ToOwned::to_owned),
            lifetime,
        };
        Ok(self.begin_polled_login(request, auto_approve.then_some(user), at))
    }

    /// The user of a prepared login. Its token is used up.
    fn use_login_hint(
        &mut self,
        client: &Client,
        token: &str,
        binding_message: Option<&str>,
        now: Time,
    ) -> Result<Arc<User>, OAuthError> {
        let hint = self.login_hints.get(token).filter(|hint| hint.client_id == client.id);
        let hint = hint.ok_or_else(|| OAuthError::invalid_request(Reason::UnknownLoginHint))?;
        if now >= hint.expires_at {
            return Err(OAuthError::new("expired_login_hint_token", Reason::LoginHintExpired));
        }
        if binding_message != Some(hint.binding_message.as_str()) {
            return Err(OAuthError::new("invalid_binding_message", Reason::OtherBindingMessage));
        }
        let user = Arc::clone(&hint.user);
        self.login_hints.remove(token);
        Ok(user)
    }
}

fn check_confidential(client: &Client) -> Result<(), OAuthError> {
    if client.client_type.is_confidential() {
        return Ok(());
    }
    Err(OAuthError::new("unauthorized_client", Reason::CibaOfPublicClient))
}

fn unknown_user() -> OAuthError {
    OAuthError::new("unknown_user_id", Reason::UnknownUser)
}

fn require_scopes(scopes: &[String], required: &[&str]) -> Result<(), OAuthError> {
    if required.iter().all(|required| scopes.iter().any(|scope| scope == required)) {
        return Ok(());
    }
    Err(OAuthError::new("invalid_scope", Reason::MissingScopes { required: required.join(" ") }))
}

fn requested_expiry(form: &Params) -> Result<Seconds, OAuthError> {
    let Some(text) = form.get("requested_expiry") else { return Ok(MAX_LIFETIME) };
    let seconds = text.parse::<i64>().ok().filter(|seconds| (1..=MAX_LIFETIME.0).contains(seconds));
    seconds.map(Seconds).ok_or_else(|| OAuthError::invalid_request(Reason::WrongExpiry))
}

/// Two words, as BankID shows them.
fn binding_message(seed: &Seed) -> String {
    let bytes = seed.random_string("binding message").into_bytes();
    let word = |list: usize| MESSAGE_WORDS[list][usize::from(bytes[list]) % MESSAGE_WORDS[list].len()];
    format!("{} {}", word(0), word(1))
}
