//! Runs a scenario: the client's own decisions ([`decision::decide`], [`Session::after_refresh`], [`RefreshTokenExpiry`])
//! against the sandbox's engine, which enforces the policy on its own. After every step the client's estimate is compared
//! with what the engine enforces, so each of the two checks the other.

use super::scenario::Scenario;
use crate::domain::access_tokens::ScopedTokens;
use crate::domain::decision::{self, Action, Intent};
use crate::domain::policy::{ClientType, Policy};
use crate::domain::secret::Secret;
use crate::domain::session::{
    AccessToken, Account, HeldToken, NewTokens, RefreshReason, RefreshRequest, RefreshToken, RefreshTokenExpiry,
    SCHEMA, Session, SessionKey, Sso,
};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::{Client, Engine, IssuedTokens, Moment, Seed, Settings, User};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// The login; any moment would do.
const LOGIN: Time = Time::from_unix(1_769_860_800);
const CLIENT: &str = "simulated";

/// When the refresh token expires, counted from the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ExpiryTimes {
    #[serde(rename = "refresh_token_ends_at")]
    pub enforced: Seconds,
    #[serde(rename = "relied_on_until")]
    pub earliest: Seconds,
    /// When it expires by the policy, as far as the client can tell.
    #[serde(skip)]
    pub implied: Seconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    pub at: Seconds,
    #[serde(flatten)]
    pub kind: EventKind,
    /// Of the refresh token held afterwards; `None` if there is none.
    #[serde(flatten)]
    pub expiry: Option<ExpiryTimes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    Login,
    SsoEnded,
    #[serde(rename = "refresh_token_ended")]
    RefreshTokenExpired,
    #[serde(rename = "access_token_ended")]
    AccessTokenExpired,
    #[serde(rename = "used")]
    CachedTokenUsed,
    Refreshed {
        reason: RefreshReason,
        /// Whether the refresh token's expiry moved.
        renewed: bool,
    },
    Refused {
        /// Whether the script gets the access token that it has, with a warning.
        #[serde(skip)]
        still_works: bool,
    },
    /// The script gets no token: there is nothing to refresh with.
    LoginRequired,
}

/// How a scenario went, as `--json` shows it. Without refresh tokens, the session is its access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Simulation {
    pub events: Vec<Event>,
    pub alive: bool,
    pub ends_at: Seconds,
    #[serde(rename = "access_token_ends_at")]
    pub access_token_expires_at: Seconds,
    pub login_needed_at: Option<Seconds>,
}

impl Simulation {
    /// The refreshes, and whether each moved the refresh token's expiry.
    pub fn refreshes(&self) -> impl Iterator<Item = (Seconds, bool)> {
        self.events.iter().filter_map(|event| match event.kind {
            EventKind::Refreshed { renewed, .. } => Some((event.at, renewed)),
            _ => None,
        })
    }

    pub fn calls(&self) -> usize {
        use EventKind::{CachedTokenUsed, LoginRequired, Refreshed, Refused};
        let is_call = |kind| matches!(kind, CachedTokenUsed | Refreshed { .. } | Refused { .. } | LoginRequired);
        self.events.iter().filter(|event| is_call(event.kind)).count()
    }
}

/// How client and provider contradict each other: one of them is wrong.
type Disagreement = String;

pub fn run(scenario: &Scenario) -> Result<Simulation, Disagreement> {
    run_against(scenario, scenario.policy)
}

/// Runs the scenario against a provider that enforces `policy`, whatever the client assumes.
pub fn run_against(scenario: &Scenario, policy: Policy) -> Result<Simulation, Disagreement> {
    let mut simulator = Simulator::login(*scenario, policy)?;
    let mut at = scenario.every;
    while at <= scenario.length && simulator.call(at)? {
        at = Seconds(at.0 + scenario.every.0);
    }
    Ok(simulator.into_simulation())
}

struct Simulator {
    scenario: Scenario,
    engine: Engine,
    session: Session,
    /// When the engine will refuse the refresh token held.
    enforced_expiry: Option<Time>,
    events: Vec<Event>,
}

fn moment(at: Seconds) -> Moment {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&at.0.to_be_bytes());
    Moment { now: LOGIN.plus(at), uptime: Duration::ZERO, seed: Seed(bytes) }
}

fn access_token(issued: &IssuedTokens, now: Time) -> AccessToken {
    AccessToken {
        value: Secret::new(issued.access_token.id.clone()),
        obtained_at: now,
        expires_at: now.plus(issued.access_token.expires_at.since(issued.access_token.issued_at)),
    }
}

impl Simulator {
    fn login(scenario: Scenario, policy: Policy) -> Result<Self, Disagreement> {
        let settings = Settings {
            refresh_token_usage: scenario.refresh_token_usage,
            access_token_lifetime: scenario.access_token,
            sso_lifetime: scenario.sso_ends_after,
            ..Settings::default()
        };
        let client = Client { policy, ..Client::new(CLIENT, ClientType::PublicWithRefresh) };
        let mut engine = Engine::new(settings, vec![client]);
        let user = Arc::new(User::new("simulated", "Simulated", "User"));
        let issued = engine
            .login(CLIENT, &["openid", "offline_access"], user, moment(Seconds::ZERO))
            .map_err(|error| format!("the provider refused the login: {}", error.error))?;
        let held = issued.refresh_token.clone().map(|value| RefreshToken::Held(HeldToken::new(value, LOGIN)));
        let session = Session {
            version: SCHEMA,
            key: SessionKey { profile: String::new(), issuer: String::new(), client_id: CLIENT.to_owned() },
            generation: 0,
            account: Account { sub: String::new(), username: None },
            scopes: issued.access_token.scopes.clone(),
            login_at: LOGIN,
            access_token: access_token(&issued, LOGIN),
            id_token: None,
            refresh_token: held.unwrap_or(RefreshToken::NeverIssued),
            provider_ahead: Seconds::ZERO,
            refresh_brings_no_id_token: false,
            scoped_tokens: ScopedTokens::default(),
            refresh_started_at: None,
            events: Vec::new(),
        };
        let enforced_expiry = issued.refresh_token_expires_at;
        let mut simulator = Self { scenario, engine, session, enforced_expiry, events: Vec::new() };
        simulator.check_agreement(Seconds::ZERO, &issued)?;
        simulator.record(Seconds::ZERO, EventKind::Login);
        Ok(simulator)
    }

    /// One call of the script. Returns whether it goes on calling.
    fn call(&mut self, at: Seconds) -> Result<bool, Disagreement> {
        let intent = if self.scenario.force {
            Intent::Force
        } else {
            Intent::AccessToken { min_ttl: decision::DEFAULT_MIN_TTL }
        };
        let policy = self.scenario.policy;
        let now = LOGIN.plus(at);
        match decision::decide(now, &self.session, Some(&policy), self.scenario.renew, intent).action {
            Action::Use => self.record(at, EventKind::CachedTokenUsed),
            Action::Refresh(reason) => return self.refresh(at, reason),
            // As `tidp token`: a token that still works is better than none.
            Action::Login(_) if self.access_token_works(now) => self.record(at, EventKind::CachedTokenUsed),
            Action::Login(_) => {
                self.record(at, EventKind::LoginRequired);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the script gets the access token that it has if no new one can be had. A forced refresh hands out none.
    fn access_token_works(&self, now: Time) -> bool {
        !self.scenario.force && now < self.session.access_token.expires_at
    }

    fn refresh(&mut self, at: Seconds, reason: RefreshReason) -> Result<bool, Disagreement> {
        let now = LOGIN.plus(at);
        let request = RefreshRequest { reason, scopes: None, sent_at: now };
        let Some(held) = self.session.held_token() else { return Ok(false) };
        let expiry = RefreshTokenExpiry::new(&self.session, Some(&self.scenario.policy));
        let response = self.engine.refresh(CLIENT, held.value.expose(), &[], moment(at));
        let Ok(issued) = response else {
            if expiry.is_some_and(|expiry| now < expiry.expires_at_earliest) {
                return Err(disagreement(at, "the provider refused a refresh token that the client relied on"));
            }
            self.session = self.session.after_rejection("invalid_grant", request, Seconds::ZERO);
            let still_works = self.access_token_works(now);
            self.record(at, EventKind::Refused { still_works });
            return Ok(still_works);
        };
        if expiry.is_none_or(|expiry| now >= expiry.expires_at) {
            return Err(disagreement(at, "the provider accepted a refresh token that had expired under the policy"));
        }
        let renewed = issued.refresh_token_expires_at > self.enforced_expiry;
        let tokens = NewTokens {
            access_token: access_token(&issued, now),
            id_token: None,
            expect_usable_id_token: true,
            provider_ahead: Seconds::ZERO,
            refresh_token: issued.refresh_token.clone(),
            scopes: None,
        };
        self.session = self.session.after_refresh(tokens, request);
        self.enforced_expiry = issued.refresh_token_expires_at;
        self.check_agreement(at, &issued)?;
        self.record(at, EventKind::Refreshed { reason, renewed });
        Ok(true)
    }

    /// Compares what the client concludes from a response with what the engine knows.
    fn check_agreement(&self, at: Seconds, issued: &IssuedTokens) -> Result<(), Disagreement> {
        let policy = &self.scenario.policy;
        let (held, enforced) = (self.session.held_token(), self.enforced_expiry);
        let is_expected = match RefreshTokenExpiry::new(&self.session, Some(policy)) {
            None => enforced.is_none(),
            Some(expiry) => enforced.is_some_and(|at| (expiry.expires_at_earliest..=expiry.expires_at).contains(&at)),
        };
        let sid = issued.access_token.authentication.as_ref().map(|authentication| authentication.sid.as_str());
        let is_active = sid.is_some_and(|sid| self.engine.is_sso_active(sid, LOGIN.plus(at)));
        let sso = Sso::from_session(&self.session, policy);
        let wrong = if held.is_some() != policy.lifetime.is_some() {
            "client and provider differ on whether the policy issues refresh tokens"
        } else if !is_expected {
            "the client expects the refresh token to expire at another time than the provider"
        } else if sso == Sso::Active && at > Seconds::ZERO && !is_active {
            "the client takes the SSO session for active, but it has ended"
        } else if sso == Sso::Ended && is_active {
            "the client takes the SSO session for ended, but it is active"
        } else {
            return Ok(());
        };
        Err(disagreement(at, wrong))
    }

    fn record(&mut self, at: Seconds, kind: EventKind) {
        let expected = RefreshTokenExpiry::new(&self.session, Some(&self.scenario.policy));
        let expiry = expected.zip(self.enforced_expiry).map(|(expected, enforced)| ExpiryTimes {
            enforced: enforced.since(LOGIN),
            earliest: expected.expires_at_earliest.since(LOGIN),
            implied: expected.expires_at.since(LOGIN),
        });
        self.events.push(Event { at, kind, expiry });
    }

    /// The result, with what happens without the script put before what the script does in the same second.
    fn into_simulation(mut self) -> Simulation {
        let Scenario { length, sso_ends_after, .. } = self.scenario;
        let access_token_expires_at = self.session.access_token.expires_at.since(LOGIN);
        let refresh_token_expires_at = self.enforced_expiry.map(|at| at.since(LOGIN));
        let ends_at = refresh_token_expires_at.unwrap_or(access_token_expires_at);
        let needs_login = |kind| matches!(kind, EventKind::Refused { still_works: false } | EventKind::LoginRequired);
        let login_needed_at = self.events.iter().find(|event| needs_login(event.kind)).map(|event| event.at);
        let timed = [
            sso_ends_after.map(|at| (at, EventKind::SsoEnded)),
            refresh_token_expires_at.map(|at| (at, EventKind::RefreshTokenExpired)),
            Some((access_token_expires_at, EventKind::AccessTokenExpired)),
        ];
        for (at, kind) in timed.into_iter().flatten().filter(|(at, _)| *at <= length) {
            let place = self.events.iter().position(|event| event.at >= at && event.kind != EventKind::Login);
            let place = place.unwrap_or(self.events.len());
            let expiry = self.events[..place].last().and_then(|event| event.expiry);
            let expiry = expiry.filter(|_| kind != EventKind::RefreshTokenExpired);
            self.events.insert(place, Event { at, kind, expiry });
        }
        Simulation { events: self.events, alive: ends_at > length, ends_at, access_token_expires_at, login_needed_at }
    }
}

fn disagreement(at: Seconds, what: &str) -> Disagreement {
    format!("{what}, {} after the login", at.to_text())
}
