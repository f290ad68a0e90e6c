//! The engine's bench: one engine and seeds that never repeat.

mod authorize;
mod device;
mod refresh;

use super::*;
use crate::domain::policy::{ClientType, POLICIES, Policy};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::clients::{ANY_LOOPBACK_PORT, registered};
use crate::sandbox::params::Params;
use crate::sandbox::random::Seed;
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::users::USERS;
use crate::sandbox::users::User;

const START: Time = Time::from_unix(1_800_000_000);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CALLBACK: &str = "http://127.0.0.1:4000/callback";

/// An engine, and seeds that never repeat.
struct Bench(Engine, u8);

impl Bench {
    fn new(rotation: Rotation) -> Self {
        let settings = Settings { refresh_tokens: rotation, ..Settings::default() };
        Self(Engine::new(settings, registered(&[])), 0)
    }

    fn seed(&mut self) -> Seed {
        self.1 += 1;
        Seed([self.1; 32])
    }

    fn login(&mut self, client: &str, now: Time) -> Issued {
        let seed = self.seed();
        self.0.login(client, &["openid", "profile", "offline_access"], &USERS[0], now, &seed).unwrap()
    }

    fn refresh(&mut self, client: &str, handle: &str, now: Time) -> Result<Issued, &'static str> {
        let seed = self.seed();
        self.0.refresh(client, handle, &[], now, &seed).map_err(|refusal| refusal.error)
    }

    fn authorize(&mut self, changes: &[(&str, &str)]) -> Step {
        self.authorize_with(changes, None, Some(&USERS[0]), START)
    }

    /// A good request of the mobile client, with some parameters changed (taken out, where empty).
    fn authorize_with(
        &mut self,
        changes: &[(&str, &str)],
        cookie: Option<&str>,
        auto: Option<&'static User>,
        now: Time,
    ) -> Step {
        let challenge = sha256_base64url(VERIFIER);
        let good = [
            ("client_id", "sandbox-mobile"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let kept = good.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let pairs: Vec<_> = kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
        let seed = self.seed();
        self.0.authorize(&Params::of(&pairs), cookie, auto, now, &seed)
    }

    fn code(&mut self) -> String {
        param(&self.authorize(&[]), "code").unwrap()
    }

    fn redeem(&mut self, client: &str, changes: &[(&str, &str)], now: Time) -> Result<Issued, &'static str> {
        let mut form = vec![("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let seed = self.seed();
        self.0.redeem(client, &Params::of(&form), now, &seed).map_err(|refusal| refusal.error)
    }
}

fn handle(issued: &Issued) -> String {
    issued.refresh_token.as_ref().unwrap().expose().to_owned()
}

fn param(step: &Step, name: &str) -> Option<String> {
    let Step::Reply(reply) = step else { return None };
    reply.params.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
}

fn client_under(policy: Policy) -> Engine {
    let client = Client::new("c", ClientType::MobileApp).with_policy(policy).with_redirect_uris(&[ANY_LOOPBACK_PORT]);
    Engine::new(Settings::default(), vec![client])
}
