//! Logins that a client waits for by polling the token endpoint: a device's (RFC 8628), and those that a backend asks for
//! (OpenID Connect CIBA Core 7), as TelenorID+ has them: Vipps by phone number, and BankID, which is prepared first. They
//! begin, are approved or denied, and give tokens once.

use super::records::{LoginHint, PollState};
use super::state::MAX_PENDING;
use super::{ClientRequest, Engine, IdToken, IssuedTokens, PolledLogin, PollingGrant};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::{Client, OAuthError, Reason, Result, Seed, User};
use std::sync::Arc;
use std::time::Duration;

/// The first polling interval, and how much longer `slow_down` makes it (RFC 8628 3.5).
const INTERVAL: Seconds = Seconds(5);

/// Scopes that name the way to log in.
const VIPPS: &str = "vipps";
const BANKID: &str = "bankid";

const MESSAGE_WORDS: [[&str; 8]; 2] = [
    ["BRIGHT", "CALM", "DEEP", "EARLY", "GREEN", "QUIET", "SWIFT", "WARM"],
    ["BEAR", "BIRCH", "FJORD", "HARBOUR", "LYNX", "MOUNTAIN", "PUFFIN", "RIVER"],
];

impl PolledLogin {
    fn new(grant: PollingGrant, scopes: Vec<String>, request: &ClientRequest) -> Self {
        let at = request.at;
        Self {
            grant,
            code: Secret::new(at.seed.random_string(grant.name)),
            user_code: at.seed.user_code(),
            client_id: request.client.id.clone(),
            scopes,
            acr_values: "",
            user: None,
            binding_message: None,
            begun_at: at.now,
            expires_at: at.now.plus(grant.lifetime),
            interval: INTERVAL,
            last_poll: None,
            state: PollState::Pending,
        }
    }
}

impl Engine {
    /// Begins a device's login; `approve_as` approves it at once. The error is `invalid_scope`.
    pub fn authorize_device(&mut self, request: &ClientRequest, approve_as: Option<Arc<User>>) -> Result<PolledLogin> {
        let scopes = self.granted_scopes(&request.client, request.form.list("scope"))?;
        Ok(self.begin(PolledLogin::new(PollingGrant::DEVICE, scopes, request), approve_as))
    }

    /// Prepares a BankID login of the user with that `kurt_id`. Returns its `login_hint_token` and its message, which the
    /// user sees in both places; the errors are `unauthorized_client` for a public client, `invalid_request` and
    /// `unknown_user_id`.
    pub fn prepare_bankid(&mut self, request: &ClientRequest) -> Result<(String, String)> {
        let (client, at) = (&request.client, request.at);
        check_confidential(client)?;
        let kurt_id = request.form.require("kurt_id")?;
        let user = self.users.iter().find(|user| user.identifier("kurtid") == kurt_id).ok_or_else(unknown_user)?;
        let (token, message) = (at.seed.random_string("login hint"), binding_message(&at.seed));
        let hint = LoginHint {
            client_id: client.id.clone(),
            user: Arc::clone(user),
            binding_message: message.clone(),
            expires_at: at.now.plus(PollingGrant::CIBA.lifetime),
        };
        if self.login_hints.len() >= MAX_PENDING {
            self.login_hints.retain(|_, hint| at.now < hint.expires_at);
        }
        self.login_hints.insert(token.clone(), hint);
        Ok((token, message))
    }

    /// Begins a login that the user is asked for elsewhere; `auto_approve` approves it at once. The errors are those of
    /// CIBA Core 13.
    pub fn authorize_backchannel(&mut self, request: &ClientRequest, auto_approve: bool) -> Result<PolledLogin> {
        let ClientRequest { client, form, at } = request;
        check_confidential(client)?;
        let lifetime = requested_expiry(form.get("requested_expiry"))?;
        let scopes = form.list("scope");
        let (user, acr_values) = match (form.get("login_hint"), form.get("login_hint_token")) {
            (Some(phone), None) => {
                require_scopes(&scopes, &[VIPPS, "phone", "openid"])?;
                let user = self.users.iter().find(|user| user.has_phone(phone)).ok_or_else(unknown_user)?;
                (Arc::clone(user), "urn:telenor.identity.aal.2")
            }
            (None, Some(token)) => {
                require_scopes(&scopes, &[BANKID, "openid"])?;
                (self.use_login_hint(token, request)?, "idp:no.bankid.login.vipps")
            }
            _ => return Err(OAuthError::invalid_request(Reason::TwoLoginHints)),
        };
        let (ways, others) = scopes.into_iter().partition(|scope| scope == VIPPS || scope == BANKID);
        let scopes = [self.granted_scopes(client, others)?, ways].concat();
        let login = PolledLogin {
            acr_values,
            user: Some(Arc::clone(&user)),
            binding_message: form.text("binding_message"),
            expires_at: at.now.plus(lifetime),
            ..PolledLogin::new(PollingGrant::CIBA, scopes, request)
        };
        Ok(self.begin(login, auto_approve.then_some(user)))
    }

    /// The user of a prepared login. Its token is used up.
    fn use_login_hint(&mut self, token: &str, request: &ClientRequest) -> Result<Arc<User>> {
        let hint = self.login_hints.get(token).filter(|hint| hint.client_id == request.client.id);
        let hint = hint.ok_or_else(|| OAuthError::invalid_request(Reason::UnknownLoginHint))?;
        if request.at.now >= hint.expires_at {
            return Err(OAuthError::new("expired_login_hint_token", Reason::LoginHintExpired));
        }
        if request.form.get("binding_message") != Some(hint.binding_message.as_str()) {
            return Err(OAuthError::new("invalid_binding_message", Reason::OtherBindingMessage));
        }
        let user = Arc::clone(&hint.user);
        self.login_hints.remove(token);
        Ok(user)
    }

    fn begin(&mut self, mut login: PolledLogin, approve_as: Option<Arc<User>>) -> PolledLogin {
        if self.polled_logins.len() >= MAX_PENDING {
            self.polled_logins.retain(|other| login.begun_at < other.expires_at);
        }
        login.state = approve_as.map_or(PollState::Pending, PollState::Approved);
        self.polled_logins.push(login.clone());
        login
    }

    /// The logins that nobody has approved or denied yet, in the order in which they began.
    pub fn pending_logins(&self, now: Time) -> impl Iterator<Item = &PolledLogin> {
        self.polled_logins.iter().filter(move |login| login.is_pending(now))
    }

    /// Approves the pending logins with that code, or all without one, as their own user, else as `user`; without `user` it
    /// denies them. Returns how many.
    pub fn decide_logins(&mut self, user_code: Option<&str>, user: Option<&Arc<User>>, now: Time) -> usize {
        let digits = user_code.map(|code| code.chars().filter(char::is_ascii_digit).collect::<String>());
        let chosen = |login: &&mut PolledLogin| {
            login.is_pending(now) && digits.as_ref().is_none_or(|digits| *digits == login.user_code)
        };
        let decide = |login: &mut PolledLogin| {
            let approved = |user| PollState::Approved(Arc::clone(login.user.as_ref().unwrap_or(user)));
            login.state = user.map_or(PollState::Denied, approved);
        };
        self.polled_logins.iter_mut().filter(chosen).map(decide).count()
    }

    /// The tokens of a login that was approved (RFC 8628 3.4, CIBA Core 10.1). `slow_down` comes before all other errors.
    pub(super) fn poll(&mut self, grant: PollingGrant, request: &ClientRequest) -> Result<IssuedTokens> {
        let at = request.at;
        let code = Secret::new(request.form.require(grant.code_parameter)?);
        let is_meant =
            |login: &PolledLogin| login.code == code && login.grant == grant && login.client_id == request.client.id;
        let number = self.polled_logins.iter().position(is_meant);
        let number = number.ok_or_else(|| OAuthError::invalid_grant(Reason::UnknownPolledLogin))?;
        let login = &mut self.polled_logins[number];
        // By both clocks, so that one which is frozen or set back does not make every poll too fast.
        let is_too_fast = |(last, uptime): (Time, Duration)| {
            at.now < last.plus(login.interval) && at.uptime.saturating_sub(uptime) < login.interval.to_std()
        };
        if login.last_poll.replace((at.now, at.uptime)).is_some_and(is_too_fast) {
            login.interval = Seconds(login.interval.0 + INTERVAL.0);
            return Err(OAuthError::without_description("slow_down", Reason::PolledTooFast));
        }
        if at.now >= login.expires_at {
            return Err(OAuthError::without_description("expired_token", Reason::LoginExpired));
        }
        let user = match &login.state {
            PollState::Pending => {
                return Err(OAuthError::without_description("authorization_pending", Reason::LoginPending));
            }
            PollState::Denied => return Err(OAuthError::without_description("access_denied", Reason::LoginDenied)),
            PollState::Approved(user) => Arc::clone(user),
        };
        let login = self.polled_logins.remove(number);
        let authentication = self.start_sso_session(user, login.acr_values, at);
        Ok(self.start_session(&request.client, login.scopes, authentication, IdToken::default(), at))
    }
}

fn check_confidential(client: &Client) -> Result<()> {
    if client.client_type.is_confidential() {
        return Ok(());
    }
    Err(OAuthError::new("unauthorized_client", Reason::CibaOfPublicClient))
}

fn unknown_user() -> OAuthError {
    OAuthError::new("unknown_user_id", Reason::UnknownUser)
}

fn require_scopes(scopes: &[String], required: &[&str]) -> Result<()> {
    if required.iter().all(|required| scopes.iter().any(|scope| scope == required)) {
        return Ok(());
    }
    Err(OAuthError::new("invalid_scope", Reason::MissingScopes { required: required.join(" ") }))
}

/// The lifetime that the client asks for, 1 to 300 seconds.
fn requested_expiry(text: Option<&str>) -> Result<Seconds> {
    let longest = PollingGrant::CIBA.lifetime;
    let Some(text) = text else { return Ok(longest) };
    let seconds = text.parse::<i64>().ok().filter(|seconds| (1..=longest.0).contains(seconds));
    seconds.map(Seconds).ok_or_else(|| OAuthError::invalid_request(Reason::WrongExpiry))
}

/// Two words, as BankID shows them.
fn binding_message(seed: &Seed) -> String {
    let bytes = seed.random_string("binding message").into_bytes();
    let word = |list: usize| MESSAGE_WORDS[list][usize::from(bytes[list]) % MESSAGE_WORDS[list].len()];
    format!("{} {}", word(0), word(1))
}
