//! The engine without HTTP.

mod authorize;
mod ciba;
mod device;
mod events;
mod refresh;

use super::*;
use crate::domain::policy::{ClientType, Policy, PolicyName, RefreshTokenUsage};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::{Client, OAuthError, Params, Reason, Seed, User, default_clients, default_users};
use std::sync::Arc;
use std::time::Duration;

const START: Time = Time::from_unix(1_800_000_000);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CALLBACK: &str = "http://127.0.0.1:4000/callback";

/// An engine, and seeds that never repeat.
struct Bench(Engine, u8);

fn user(number: usize) -> Arc<User> {
    Arc::clone(&default_users()[number])
}

impl Bench {
    fn new(usage: RefreshTokenUsage) -> Self {
        let settings = Settings { refresh_token_usage: usage, ..Settings::default() };
        Self(Engine::new(settings, default_clients()), 0)
    }

    fn at(&mut self, now: Time) -> Moment {
        self.1 += 1;
        Moment { now, uptime: Duration::ZERO, seed: Seed([self.1; 32]) }
    }

    fn login(&mut self, client: &str, now: Time) -> IssuedTokens {
        let at = self.at(now);
        self.0.login(client, &["openid", "profile", "offline_access"], user(0), at).unwrap()
    }

    fn refresh(&mut self, client: &str, refresh_token: &str, now: Time) -> Result<IssuedTokens, &'static str> {
        let at = self.at(now);
        self.0.refresh(client, refresh_token, &[], at).map_err(|error| error.error)
    }

    fn authorize(&mut self, changes: &[(&str, &str)]) -> Result<AuthorizeOutcome, OAuthError> {
        self.authorize_with(changes, None, Some(user(0)), START)
    }

    /// A valid request of the mobile client with `changes`; an empty value removes the parameter.
    fn authorize_with(
        &mut self,
        changes: &[(&str, &str)],
        cookie: Option<&str>,
        auto: Option<Arc<User>>,
        now: Time,
    ) -> Result<AuthorizeOutcome, OAuthError> {
        let challenge = sha256_base64url(VERIFIER);
        let valid = [
            ("client_id", "sandbox-mobile"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let kept = valid.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let pairs: Vec<_> = kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
        let at = self.at(now);
        self.0.authorize(&Params::from_pairs(&pairs), cookie, auto, at)
    }

    fn code(&mut self) -> String {
        param(&self.authorize(&[]), "code").unwrap()
    }

    fn request(&mut self, client: &str, form: &[(&str, &str)], now: Time) -> ClientRequest {
        ClientRequest { client: self.0.client(client).unwrap(), form: Params::from_pairs(form), at: self.at(now) }
    }

    fn redeem(&mut self, client: &str, changes: &[(&str, &str)], now: Time) -> Result<IssuedTokens, &'static str> {
        let mut form = vec![("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let request = self.request(client, &form, now);
        self.0.redeem(&request).map_err(|error| error.error)
    }
}

fn refresh_token_of(issued: &IssuedTokens) -> String {
    issued.refresh_token.as_ref().unwrap().expose().to_owned()
}

fn param(outcome: &Result<AuthorizeOutcome, OAuthError>, name: &str) -> Option<String> {
    let Ok(AuthorizeOutcome::Response(response)) = outcome else { return None };
    response.params.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
}

fn client_under(policy: Policy) -> Engine {
    let client = Client { policy, ..Client::new("c", ClientType::MobileApp) };
    Engine::new(Settings::default(), vec![client])
}
