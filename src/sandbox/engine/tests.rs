use super::*;
use crate::core::policy::{ClientType, POLICIES};
use crate::sandbox::clients::{ANY_LOOPBACK_PORT, registered};
use crate::sandbox::params::Params;
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::users::USERS;

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

use crate::core::policy::Policy;

#[test]
fn every_policy_ends_at_its_second_and_not_one_before() {
    for policy in POLICIES {
        for rotation in [Rotation::Reuse, Rotation::Rotate] {
            for at in [-1, 0] {
                let mut bench = Bench::new(rotation);
                bench.0 = client_under(policy);
                bench.0.settings.refresh_tokens = rotation;
                let issued = bench.login("c", START);
                let Some(lifetime) = policy.lifetime else {
                    assert_eq!((&issued.refresh_token, issued.has_scope("offline_access")), (&None, false));
                    continue;
                };
                let end = START.plus(lifetime);
                assert_eq!(issued.refresh_ends_at, Some(end));
                let answer = bench.refresh("c", &handle(&issued), end.plus(Seconds(at)));
                assert_eq!(answer.is_ok(), at < 0, "{} {at}", policy.name.as_str());
            }
        }
    }
}

#[test]
fn a_sliding_life_is_renewed_by_a_refresh_and_a_fixed_one_is_not() {
    for policy in POLICIES {
        let Some(lifetime) = policy.lifetime else { continue };
        let mut bench = Bench::new(Rotation::Reuse);
        bench.0 = client_under(policy);
        let issued = bench.login("c", START);
        let refreshed = bench.refresh("c", &handle(&issued), START.plus(Seconds(500))).unwrap();
        let from = if policy.sliding { START.plus(Seconds(500)) } else { START };
        assert_eq!(refreshed.refresh_ends_at, Some(from.plus(lifetime)), "{}", policy.name.as_str());
        let end = from.plus(lifetime);
        assert!(bench.refresh("c", &handle(&refreshed), end).is_err());
    }
}

#[test]
fn an_absolute_life_is_moved_by_no_renewal() {
    let mut bench = Bench::new(Rotation::Reuse);
    bench.0 = client_under(Policy { absolute_lifetime: Some(Seconds(900)), ..POLICIES[3] });
    let issued = bench.login("c", START);
    let refreshed = bench.refresh("c", &handle(&issued), START.plus(Seconds(500))).unwrap();
    assert_eq!(refreshed.refresh_ends_at, Some(START.plus(Seconds(900))));
}

#[test]
fn once_sso_has_ended_a_refresh_gives_no_refresh_token_and_the_old_one_keeps_its_end() {
    for rotation in [Rotation::Reuse, Rotation::Rotate] {
        let mut bench = Bench::new(rotation);
        let issued = bench.login("sandbox-web", START);
        assert_eq!(bench.0.end_sso(Some("ola"), START), 0);
        assert_eq!(bench.0.end_sso(Some("kari"), START), 1);
        let refreshed = bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(599))).unwrap();
        assert_eq!(refreshed.refresh_token, None);
        assert_eq!(refreshed.refresh_ends_at, Some(START.plus(Seconds(600))));
        assert!(bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(599))).is_ok());
        assert_eq!(
            bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(600))).err(),
            Some("invalid_grant")
        );
    }
}

#[test]
fn an_sso_session_that_ends_by_itself_does_so_at_its_second() {
    let mut bench = Bench::new(Rotation::Reuse);
    bench.0.settings.sso_lifetime = Some(Seconds(100));
    let issued = bench.login("sandbox-mobile", START);
    let at = |bench: &mut Bench, s| bench.refresh("sandbox-mobile", &handle(&issued), START.plus(Seconds(s))).unwrap();
    assert!(at(&mut bench, 99).refresh_token.is_some());
    assert!(at(&mut bench, 100).refresh_token.is_none());
}

#[test]
fn a_reused_handle_comes_back_and_a_one_time_handle_is_unknown_at_once() {
    let mut reuse = Bench::new(Rotation::Reuse);
    let issued = reuse.login("sandbox-mobile", START);
    assert_eq!(handle(&reuse.refresh("sandbox-mobile", &handle(&issued), START).unwrap()), handle(&issued));

    let mut rotate = Bench::new(Rotation::Rotate);
    let issued = rotate.login("sandbox-mobile", START);
    let next = handle(&rotate.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert_ne!(next, handle(&issued));
    assert_eq!(rotate.refresh("sandbox-mobile", &handle(&issued), START).err(), Some("invalid_grant"));
    assert!(rotate.refresh("sandbox-mobile", &next, START).is_ok());
}

#[test]
fn a_spent_handle_takes_its_family_with_it_only_where_that_is_set() {
    let mut bench = Bench::new(Rotation::Rotate);
    bench.0.settings.reuse_revokes_family = true;
    let issued = bench.login("sandbox-mobile", START);
    let next = handle(&bench.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert!(bench.refresh("sandbox-mobile", &handle(&issued), START).is_err());
    assert_eq!(bench.refresh("sandbox-mobile", &next, START).err(), Some("invalid_grant"));
}

#[test]
fn a_refresh_token_serves_its_client_and_its_scopes_only_and_a_refusal_spends_nothing() {
    let mut bench = Bench::new(Rotation::Rotate);
    let issued = bench.login("sandbox-mobile", START);
    assert_eq!(bench.refresh("sandbox-paste", &handle(&issued), START).err(), Some("invalid_grant"));
    let seed = bench.seed();
    let mut with = |scope: &str| {
        bench.0.refresh("sandbox-mobile", &handle(&issued), &[scope.to_owned()], START, &seed).map_err(|r| r.error)
    };
    assert_eq!(with("email").err(), Some("invalid_scope"));
    assert_eq!(with("profile").unwrap().access.scopes, ["profile"]);
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let mut bench = Bench::new(Rotation::Reuse);
    let seed = bench.seed();
    let issued = bench.0.login("sandbox-mobile", &["openid"], &USERS[0], START, &seed).unwrap();
    assert_eq!(issued.refresh_token, None);
}

#[test]
fn revocation_reaches_the_family_and_only_its_own_client() {
    let mut bench = Bench::new(Rotation::Rotate);
    let issued = bench.login("sandbox-mobile", START);
    let next = handle(&bench.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert_eq!(bench.0.revoke("sandbox-mobile", "unknown"), Ok(()));
    assert!(bench.0.revoke("sandbox-paste", &next).is_err());
    assert_eq!(bench.0.revoke("sandbox-mobile", &handle(&issued)), Ok(()));
    assert_eq!(bench.refresh("sandbox-mobile", &next, START).err(), Some("invalid_grant"));
    assert!(bench.0.access(&issued.access.id, START).is_some(), "a JWT is not reached");
}

#[test]
fn a_code_gives_its_tokens_until_its_sixtieth_second() {
    for (at, accepted) in [(59, true), (60, false)] {
        let mut bench = Bench::new(Rotation::Reuse);
        let code = bench.code();
        let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START.plus(Seconds(at)));
        assert_eq!(issued.is_ok(), accepted, "{at}");
        if let Ok(issued) = issued {
            assert_eq!(issued.id_token.unwrap().nonce.as_deref(), Some("no"));
        }
    }
}

#[test]
fn a_code_is_bound_to_its_client_its_redirect_uri_and_its_verifier() {
    let wrong = "x".repeat(43);
    let cases: [(&str, &[(&str, &str)]); 5] = [
        ("sandbox-paste", &[]),
        ("sandbox-mobile", &[("redirect_uri", "http://127.0.0.1:4000/callback/")]),
        ("sandbox-mobile", &[("code_verifier", &wrong)]),
        ("sandbox-mobile", &[("code_verifier", "")]),
        ("sandbox-mobile", &[("code", "unknown")]),
    ];
    for (client, changes) in cases {
        let mut bench = Bench::new(Rotation::Reuse);
        let code = bench.code();
        let mut form = changes.to_vec();
        if !changes.iter().any(|(name, _)| *name == "code") {
            form.push(("code", &code));
        }
        assert_eq!(bench.redeem(client, &form, START).err(), Some("invalid_grant"), "{client} {changes:?}");
        // Another client's attempt harms nobody; the own client's wrong one uses the code up.
        let survives = client != "sandbox-mobile" || changes.iter().any(|(name, _)| *name == "code");
        assert_eq!(bench.redeem("sandbox-mobile", &[("code", &code)], START).is_ok(), survives, "{changes:?}");
    }
}

#[test]
fn a_verifier_for_a_code_without_a_challenge_is_refused() {
    let fixed = "http://localhost:8765/callback";
    for (verifier, accepted) in [("", true), (VERIFIER, false)] {
        let mut bench = Bench::new(Rotation::Reuse);
        let request = [
            ("client_id", "sandbox-confidential"),
            ("redirect_uri", fixed),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let code = param(&bench.authorize(&request), "code").unwrap();
        let form = [("code", code.as_str()), ("redirect_uri", fixed), ("code_verifier", verifier)];
        assert_eq!(bench.redeem("sandbox-confidential", &form, START).is_ok(), accepted);
    }
}

#[test]
fn a_replayed_code_revokes_what_it_gave() {
    let mut bench = Bench::new(Rotation::Reuse);
    let code = bench.code();
    let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap();
    assert!(bench.0.access(&issued.access.id, START).is_some());
    assert_eq!(bench.redeem("sandbox-mobile", &[("code", &code)], START).err(), Some("invalid_grant"));
    assert_eq!(bench.refresh("sandbox-mobile", &handle(&issued), START).err(), Some("invalid_grant"));
    assert!(bench.0.access(&issued.access.id, START).is_none());
}

#[test]
fn an_access_token_is_valid_until_its_last_second() {
    let mut bench = Bench::new(Rotation::Reuse);
    let issued = bench.login("sandbox-public", START);
    assert!(bench.0.access(&issued.access.id, START.plus(Seconds(3_599))).is_some());
    assert!(bench.0.access(&issued.access.id, START.plus(Seconds(3_600))).is_none());
}

#[test]
fn nothing_is_redirected_to_whom_the_client_has_not_registered() {
    for changes in [
        [("client_id", "nobody")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example/")],
        [("redirect_uri", "")],
    ] {
        let step = Bench::new(Rotation::Reuse).authorize(&changes);
        assert!(matches!(step, Step::ErrorPage(_)), "{changes:?}");
    }
    let step = Bench::new(Rotation::Reuse).authorize(&[("x", "1"), ("x", "2")]);
    assert!(matches!(step, Step::ErrorPage(_)));
}

#[test]
fn a_wrong_request_goes_back_with_its_error_its_state_and_the_issuer() {
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "openid unheard-of", "invalid_scope"),
        ("scope", "openid api:", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "loud", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("request", "e30", "request_not_supported"),
        ("request_uri", "urn:x", "request_uri_not_supported"),
    ] {
        let mut bench = Bench::new(Rotation::Reuse);
        let mut changes = vec![(name, value)];
        if (name, value) == ("code_challenge", "") {
            // Any port is for PKCE alone: the confidential client's fixed URI shows the other check.
            changes.extend([("client_id", "sandbox-mobile"), ("redirect_uri", "http://localhost:8765/callback")]);
        }
        let step = bench.authorize(&changes);
        assert_eq!(param(&step, "error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(param(&step, "state").as_deref(), Some("st"));
        assert_eq!(param(&step, "iss").as_deref(), Some("http://127.0.0.1"));
        assert_eq!(param(&step, "code"), None);
    }
}

#[test]
fn sso_logs_in_silently_unless_the_request_wants_the_user() {
    let mut bench = Bench::new(Rotation::Reuse);
    let none = bench.authorize_with(&[("prompt", "none")], None, Some(&USERS[0]), START);
    assert_eq!(param(&none, "error").as_deref(), Some("login_required"));
    let Step::Reply(Reply { cookie: Some(cookie), params, .. }) = bench.authorize(&[]) else { panic!("no login") };
    assert!(params.iter().any(|(name, _)| *name == "iss"));
    let mut ask = |changes: &[(&str, &str)], after: i64| {
        bench.authorize_with(changes, Some(cookie.expose()), None, START.plus(Seconds(after)))
    };
    for (changes, after, silent) in [
        (&[("prompt", "none")], 5, true),
        (&[("prompt", "login")], 5, false),
        (&[("prompt", "select_account")], 5, false),
        (&[("max_age", "10")], 10, true),
        (&[("max_age", "10")], 11, false),
        (&[("acr_values", "urn:telenor.identity.aal.1")], 5, true),
        (&[("acr_values", "urn:telenor.identity.aal.3")], 5, false),
    ] {
        assert_eq!(param(&ask(changes, after), "code").is_some(), silent, "{changes:?}");
    }
    bench.0.end_sso(None, START);
    let gone = bench.authorize_with(&[("prompt", "none")], Some(cookie.expose()), None, START);
    assert_eq!(param(&gone, "error").as_deref(), Some("login_required"));
}

#[test]
fn an_assurance_level_is_reached_as_far_as_the_user_can() {
    for (user, level) in [(&USERS[0], 3), (&USERS[1], 2), (&USERS[2], 1)] {
        let mut bench = Bench::new(Rotation::Reuse);
        let wish = [("acr_values", "urn:telenor.identity.aal.3")];
        let code = param(&bench.authorize_with(&wish, None, Some(user), START), "code").unwrap();
        let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap();
        assert_eq!(issued.access.authentication.unwrap().level, level);
    }
}

#[test]
fn a_login_page_is_answered_once() {
    let mut bench = Bench::new(Rotation::Reuse);
    let ask = |bench: &mut Bench| match bench.authorize_with(&[("login_hint", "4700000002")], None, None, START) {
        Step::LoginPage { request_id, .. } => request_id,
        _ => panic!("no page"),
    };
    let id = ask(&mut bench);
    let seed = bench.seed();
    let reply = bench.0.log_in(&id, &USERS[1], START, &seed).unwrap();
    assert!(reply.cookie.is_some() && reply.params.iter().any(|(name, _)| *name == "code"));
    assert!(bench.0.log_in(&id, &USERS[1], START, &seed).is_none());
    let id = ask(&mut bench);
    assert_eq!(param(&Step::Reply(bench.0.cancel(&id).unwrap()), "error").as_deref(), Some("access_denied"));
    assert!(bench.0.cancel(&id).is_none());
}

#[test]
fn a_device_waits_is_slowed_down_and_gets_its_tokens_once() {
    let mut bench = Bench::new(Rotation::Reuse);
    let client = bench.0.client("sandbox-mobile").unwrap();
    let seed = bench.seed();
    let scope = Params::of(&[("scope", "openid offline_access")]);
    let start = bench.0.device_start(&client, &scope, START, &seed).unwrap();
    let form = Params::of(&[("grant_type", DEVICE_CODE), ("device_code", start.device_code.expose())]);
    let poll = |engine: &mut Engine, at: i64| {
        engine.token(&client, &form, START.plus(Seconds(at)), &seed).map_err(|refusal| refusal.error)
    };
    let engine = &mut bench.0;
    assert_eq!(poll(engine, 0).err(), Some("authorization_pending"));
    assert_eq!(poll(engine, 4).err(), Some("slow_down"));
    assert_eq!(poll(engine, 13).err(), Some("slow_down"), "ten seconds now");
    assert_eq!(poll(engine, 28).err(), Some("authorization_pending"), "fifteen now");
    assert!(!engine.device_answer("000", Some(&USERS[0]), START));
    assert!(engine.device_answer(&start.user_code, Some(&USERS[0]), START));
    assert!(!engine.device_answer(&start.user_code, None, START), "answered once");
    assert!(poll(engine, 43).unwrap().refresh_token.is_some());
    assert_eq!(poll(engine, 100).err(), Some("invalid_grant"));
}

#[test]
fn a_device_code_expires_at_its_second_and_a_denied_one_says_so() {
    for (at, denied, error) in
        [(1_799, false, "authorization_pending"), (1_800, false, "expired_token"), (9, true, "access_denied")]
    {
        let mut bench = Bench::new(Rotation::Reuse);
        let client = bench.0.client("sandbox-mobile").unwrap();
        let seed = bench.seed();
        let start = bench.0.device_start(&client, &Params::of(&[("scope", "openid")]), START, &seed).unwrap();
        assert_eq!(denied, denied && bench.0.device_answer(&start.user_code, None, START));
        let form = Params::of(&[("grant_type", DEVICE_CODE), ("device_code", start.device_code.expose())]);
        assert_eq!(bench.0.token(&client, &form, START.plus(Seconds(at)), &seed).unwrap_err().error, error);
    }
}

#[test]
fn only_a_confidential_client_acts_for_itself_and_only_on_apis() {
    let mut bench = Bench::new(Rotation::Reuse);
    let mut ask = |client: &str, scope: &str| {
        let client = bench.0.client(client).unwrap();
        let form = Params::of(&[("grant_type", "client_credentials"), ("scope", scope)]);
        bench.0.token(&client, &form, START, &Seed([1; 32])).map_err(|refusal| refusal.error)
    };
    let issued = ask("sandbox-confidential", "api:a").unwrap();
    assert!(issued.access.authentication.is_none() && issued.id_token.is_none() && issued.refresh_token.is_none());
    assert_eq!(ask("sandbox-confidential", "openid").err(), Some("invalid_scope"));
    assert_eq!(ask("sandbox-mobile", "api:a").err(), Some("unauthorized_client"));
}
