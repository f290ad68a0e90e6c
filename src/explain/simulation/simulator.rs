//! A scenario played: the client's own decisions ([`decision::decide`], [`Session::refreshed`], [`RefreshTokenExpiry`]) against
//! the sandbox's engine, which enforces the policy by itself. Two independent pieces, so that either can catch the
//! other in a lie: after every step the client's estimate is held against the engine's truth.

use crate::domain::decision::{self, Action, Intent, Renew};
use crate::domain::policy::{ClientType, Policy};
use crate::domain::secret::Secret;
use crate::domain::session::{
    AccessToken, Account, HeldToken, NewTokens, RefreshReason, RefreshToken, RefreshTokenExpiry, SCHEMA, Session,
    SessionKey, Sso,
};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::{Client, Engine, Issued, Rotation, Seed, Settings, USERS};

/// The login. Any moment would do.
const LOGIN: Time = Time::from_unix(1_769_860_800);
const CLIENT: &str = "simulated";

/// What if.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The policy that the client believes in, and (but in tests) the provider enforces.
    pub policy: Policy,
    /// How long an access token lives.
    pub access_token: Seconds,
    /// How often a script asks for a token: more than zero.
    pub every: Seconds,
    /// How long to look.
    pub length: Seconds,
    /// When the user's SSO session ends, counted from the login.
    pub sso_ends_after: Option<Seconds>,
    /// What becomes of a used refresh token.
    pub refresh_tokens: Rotation,
    /// When the profile wants its session renewed.
    pub renew: Renew,
    /// Whether the script refreshes every time, instead of asking for a token.
    pub force: bool,
}

/// The ends of the refresh token held, counted from the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The provider's own: it refuses the token from then on.
    pub truth: Seconds,
    /// Until when the client relies on it.
    pub relied_on: Seconds,
    /// The end that the policy implies to the client.
    pub implied: Seconds,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, counted from the login.
    pub at: Seconds,
    /// What.
    pub what: What,
    /// The ends of the refresh token held afterwards; `None` where none is.
    pub ends: Option<Ends>,
}

/// What can happen in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The user logs in.
    Login,
    /// The user's SSO session ends.
    SsoEnded,
    /// The refresh token ends.
    RefreshTokenEnded,
    /// The last access token ends.
    AccessTokenEnded,
    /// The script is served the token at hand.
    Used,
    /// The script makes the client refresh.
    Refreshed {
        /// Why.
        reason: RefreshReason,
        /// Whether the refresh token's end moved.
        renewed: bool,
    },
    /// The provider refuses the refresh token.
    Refused,
    /// The script is told to log in: there is nothing to refresh with.
    LoginNeeded,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// What happened, in the order of time.
    pub events: Vec<Event>,
    /// Whether the session lives when the time looked at is over: its refresh token does, or, where none was issued,
    /// its access token.
    pub alive: bool,
    /// When it ends, or ended: the refresh token's end, or, where none was issued, the access token's.
    pub ends_at: Seconds,
    /// When the last access token ends.
    pub access_token_ends_at: Seconds,
    /// When the script was first told to log in.
    pub login_needed_at: Option<Seconds>,
}

impl Story {
    /// How many refreshes succeeded.
    pub fn refreshes(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.what, What::Refreshed { .. })).count()
    }

    /// How often the script called.
    pub fn calls(&self) -> usize {
        let calls = |event: &&Event| {
            matches!(event.what, What::Used | What::Refreshed { .. } | What::Refused | What::LoginNeeded)
        };
        self.events.iter().filter(calls).count()
    }
}

/// The client and the provider contradict each other: one of the two is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement(pub String);

/// Plays the scenario.
///
/// # Errors
/// [`Disagreement`].
pub fn play(scenario: &Scenario) -> Result<Story, Disagreement> {
    play_against(scenario, scenario.policy)
}

/// Plays the scenario against a provider that enforces `policy`, whatever the client believes.
///
/// # Errors
/// [`Disagreement`].
pub fn play_against(scenario: &Scenario, policy: Policy) -> Result<Story, Disagreement> {
    let mut stage = Stage::login(*scenario, policy)?;
    let mut at = scenario.every;
    while at <= scenario.length && stage.call(at)? {
        at = Seconds(at.0 + scenario.every.0);
    }
    Ok(stage.told())
}

/// The two players.
struct Stage {
    scenario: Scenario,
    engine: Engine,
    session: Session,
    /// When the engine refuses the token held.
    truth: Option<Time>,
    events: Vec<Event>,
}

fn seed(at: Seconds) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&at.0.to_be_bytes());
    Seed(bytes)
}

fn access_token(issued: &Issued, now: Time) -> AccessToken {
    AccessToken {
        value: Secret::new(issued.access.id.clone()),
        obtained_at: now,
        expires_at: now.plus(issued.access.expires_at.since(issued.access.issued_at)),
    }
}

impl Stage {
    fn login(scenario: Scenario, policy: Policy) -> Result<Self, Disagreement> {
        let settings = Settings {
            refresh_tokens: scenario.refresh_tokens,
            access_token_lifetime: scenario.access_token,
            sso_lifetime: scenario.sso_ends_after,
            ..Settings::default()
        };
        let client = Client::new(CLIENT, ClientType::PublicWithRefresh).with_policy(policy);
        let mut engine = Engine::new(settings, vec![client]);
        let issued = engine
            .login(CLIENT, &["openid", "offline_access"], &USERS[0], LOGIN, &seed(Seconds::ZERO))
            .map_err(|refusal| Disagreement(format!("the provider refused the login: {}", refusal.error)))?;
        let held = |value: &Secret| HeldToken {
            value: value.clone(),
            renewed_at: LOGIN,
            reused_at: None,
            omitted_since: None,
        };
        let session = Session {
            version: SCHEMA,
            key: SessionKey { profile: String::new(), issuer: String::new(), client_id: CLIENT.to_owned() },
            generation: 0,
            account: Account { sub: String::new(), username: None },
            scopes: issued.access.scopes.clone(),
            login_at: LOGIN,
            access_token: access_token(&issued, LOGIN),
            id_token: None,
            refresh_token: issued
                .refresh_token
                .as_ref()
                .map_or(RefreshToken::NeverIssued, |value| RefreshToken::Held(held(value))),
            provider_ahead: Seconds::ZERO,
            refresh_brings_no_id_token: false,
            refresh_started_at: None,
            events: Vec::new(),
        };
        let truth = issued.refresh_ends_at;
        let mut stage = Self { scenario, engine, session, truth, events: Vec::new() };
        stage.agree(Seconds::ZERO, &issued)?;
        stage.happens(Seconds::ZERO, What::Login);
        Ok(stage)
    }

    /// The script calls; whether it will again.
    fn call(&mut self, at: Seconds) -> Result<bool, Disagreement> {
        let intent = if self.scenario.force {
            Intent::Force
        } else {
            Intent::AccessToken { min_ttl: decision::DEFAULT_MIN_TTL }
        };
        let policy = self.scenario.policy;
        let now = LOGIN.plus(at);
        match decision::decide(now, Some(&self.session), Some(&policy), self.scenario.renew, intent).action {
            Action::Use => self.happens(at, What::Used),
            Action::Refresh(reason) => return self.refresh(at, reason),
            Action::Login(_) => {
                self.happens(at, What::LoginNeeded);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn refresh(&mut self, at: Seconds, reason: RefreshReason) -> Result<bool, Disagreement> {
        let now = LOGIN.plus(at);
        let Some(held) = self.session.held_token() else { return Ok(false) };
        let life = RefreshTokenExpiry::from_session(&self.session, &self.scenario.policy);
        let answer = self.engine.refresh(CLIENT, held.value.expose(), &[], now, &seed(at));
        let Ok(issued) = answer else {
            if life.is_some_and(|life| now < life.expires_at_earliest) {
                return Err(disagreement(at, "the provider refused a refresh token that the client relied on"));
            }
            self.session = self.session.after_refusal("invalid_grant", reason, now, Seconds::ZERO);
            self.happens(at, What::Refused);
            return Ok(false);
        };
        if life.is_none_or(|life| now >= life.expires_at) {
            return Err(disagreement(
                at,
                "the provider accepted a refresh token that the policy gave no life any more",
            ));
        }
        let renewed = issued.refresh_ends_at > self.truth;
        let answer = NewTokens {
            access_token: access_token(&issued, now),
            id_token: None,
            id_token_came: true,
            provider_ahead: Seconds::ZERO,
            refresh_token: issued.refresh_token.clone(),
            scopes: None,
        };
        self.session = self.session.after_refresh(answer, reason, now);
        self.truth = issued.refresh_ends_at;
        self.agree(at, &issued)?;
        self.happens(at, What::Refreshed { reason, renewed });
        Ok(true)
    }

    /// Holds what the client makes of an answer against what the engine knows.
    fn agree(&self, at: Seconds, issued: &Issued) -> Result<(), Disagreement> {
        let policy = &self.scenario.policy;
        if self.session.held_token().is_some() != policy.lifetime.is_some() {
            return Err(disagreement(
                at,
                "whether the policy issues refresh tokens is seen differently by the provider",
            ));
        }
        match (RefreshTokenExpiry::from_session(&self.session, policy), self.truth) {
            (None, None) => {}
            (Some(life), Some(truth)) if life.expires_at_earliest <= truth && truth <= life.expires_at => {}
            _ => return Err(disagreement(at, "the client expects another end of the refresh token than the provider")),
        }
        let sid = issued.access.authentication.as_ref().map(|authentication| authentication.sid.as_str());
        let alive = sid.is_some_and(|sid| self.engine.sso_is_alive(sid, LOGIN.plus(at)));
        match Sso::from_session(&self.session, policy) {
            Sso::Active if at > Seconds::ZERO && !alive => {
                Err(disagreement(at, "the client takes an SSO session for active that has ended"))
            }
            Sso::Ended if alive => Err(disagreement(at, "the client takes an SSO session for ended that is active")),
            _ => Ok(()),
        }
    }

    fn happens(&mut self, at: Seconds, what: What) {
        let life = RefreshTokenExpiry::from_session(&self.session, &self.scenario.policy);
        let ends = life.zip(self.truth).map(|(life, truth)| Ends {
            truth: truth.since(LOGIN),
            relied_on: life.expires_at_earliest.since(LOGIN),
            implied: life.expires_at.since(LOGIN),
        });
        self.events.push(Event { at, what, ends });
    }

    /// The story, with what happens by itself put where it belongs: before what the script does at the same second.
    fn told(mut self) -> Story {
        let Scenario { length, sso_ends_after, .. } = self.scenario;
        let access_token_ends_at = self.session.access_token.expires_at.since(LOGIN);
        let ends_at = self.truth.map_or(access_token_ends_at, |truth| truth.since(LOGIN));
        let login_needed = |event: &&Event| matches!(event.what, What::Refused | What::LoginNeeded);
        let login_needed_at = self.events.iter().find(login_needed).map(|event| event.at);
        let by_itself = [
            sso_ends_after.map(|at| (at, What::SsoEnded)),
            self.truth.map(|truth| (truth.since(LOGIN), What::RefreshTokenEnded)),
            Some((access_token_ends_at, What::AccessTokenEnded)),
        ];
        for (at, what) in by_itself.into_iter().flatten().filter(|(at, _)| *at <= length) {
            let place = self.events.iter().position(|event| event.at >= at && event.what != What::Login);
            let place = place.unwrap_or(self.events.len());
            let ends = self.events[..place].last().and_then(|event| event.ends);
            let ends = ends.filter(|_| what != What::RefreshTokenEnded);
            self.events.insert(place, Event { at, what, ends });
        }
        Story { events: self.events, alive: ends_at > length, ends_at, access_token_ends_at, login_needed_at }
    }
}

fn disagreement(at: Seconds, what: &str) -> Disagreement {
    Disagreement(format!("{what}, {} after the login", at.to_text()))
}
