//! What `-v` explains, and that `-vv` shows no secret.

use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery};
use crate::support::{Bench, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

/// The steps on stderr, each with its number, cut after the first words.
fn steps(outcome: &Outcome) -> Vec<String> {
    let is_step = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(".  ");
    let start = |line: &str| line.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
    outcome.stderr.lines().filter(is_step).map(start).collect()
}

#[test]
fn login_explains_each_step() {
    let bench = Bench::new("MobileApp");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    let outcome = bench.run(&["login", "-v"]).exits(0);
    assert_eq!(
        steps(&outcome),
        [
            "1. Discovery: https://id.example publishes a document",
            "2. PKCE: a new random secret,",
            "3. The browser is sent to",
            "4. The redirect came back with",
            "5. The code, which is valid",
            "6. The ID token, which says",
            "7. The session is stored (keyring),",
        ]
    );
    outcome
        .says("· GET https://id.example/.well-known/openid-configuration → 200 in 0 ms, ")
        .says("the provider's key `k1`; iss is this provider; aud is this client alone; nonce is the one sent;")
        .says(
            "\n· received: access token (valid 1 h), ID token, refresh token; scope `openid profile offline_access`\n",
        )
        .says("\n· GET https://id.example/jwks → 200 in 0 ms, ")
        .leaves_out("> ");
}

#[test]
fn refresh_explains_each_step() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    let outcome = bench.run(&["refresh", "--force", "-v"]).exits(0);
    assert_eq!(
        steps(&outcome),
        [
            "1. The session is locked and",
            "2. What the check of the",
            "3. The store notes that a",
            "4. The refresh token is exchanged",
            "5. The ID token, which says",
            "6. The session is stored (keyring):",
        ]
    );
    outcome
        .says("\n· discovery document from the cache (fetched 2026-01-31 12:00:00 UTC, used until 2026-02-01 12:00:00 UTC)")
        .says("sub is the session's account")
        .says("with the new refresh token; the old one is used up");
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().without_id_token());
    let said = bench.run(&["refresh", "--force", "-v"]).exits(0);
    said.says("5.  The response has no ID token to check").says("6.  The session is stored (keyring): the old refresh");
}

#[test]
fn steps_say_what_the_client_proves_itself_with() {
    let confidential = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    for (bench, exchange, refresh) in [
        (Bench::new("MobileApp"), "It is sent with the code_verifier, ", "sent without a secret, by a public client."),
        (confidential, "with the code_verifier and the client secret, ", "sent with the client secret."),
    ] {
        bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
        bench.run(&["login", "-v"]).exits(0).says(exchange);
        bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
        bench.run(&["refresh", "--force", "-v"]).exits(0).says(refresh);
    }
}

#[test]
fn login_elsewhere_has_its_own_steps() {
    let bench = Bench::new("MobileApp");
    expect_device_login(&bench);
    let outcome = bench.run(&["login", "--device", "-v"]).exits(0);
    let expected = [
        "1. Discovery: https://id.example publishes a document",
        "2. The provider is asked for",
        "3. The token endpoint is asked",
        "4. The ID token, which says",
        "5. The session is stored (keyring),",
    ];
    assert_eq!(steps(&outcome), expected);
    outcome.says("it has no nonce, because no browser was sent").leaves_out("the-device-code");
}

#[test]
fn token_says_where_it_comes_from_and_until_when() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds::minutes(7));
    let cached = bench.run(&["token", "-v"]).exits(0);
    assert_eq!(
        cached.stderr,
        "· profile `app@https://id.example` (TIDP_ISSUER and TIDP_CLIENT_ID are set)\n\
         · issuer https://id.example (TIDP_ISSUER), client_id app (TIDP_CLIENT_ID)\n\
         · also set: client_type (TIDP_CLIENT_TYPE)\n\
         · store keyring (the default)\n\
         · access token from the cache, 53 min left: no request\n"
    );
    let bench = bench.env("TIDP_ACCESS_TOKEN_CACHE", "off");
    let stored = bench.run(&["token", "-v"]).exits(0);
    let expected = "· no access token from the cache: the cache is off\n\
                    · decision: use the stored token; until 2026-01-31 12:59:30 UTC (in 52 min)\n";
    assert!(stored.stderr.ends_with(expected), "{}", stored.stderr);
}

#[test]
fn profile_and_store_are_named_with_their_sources() {
    let text = "store = \"file\"\nstore_key_command = [\"pass\", \"canary\"]\ndefault_profile = \"a\"\n[profile.a]\n\
                issuer = \"https://id.example\"\nclient_id = \"app\"\nlogin_hint = \"4790000777\"\n[profile.b]\n\
                issuer = \"https://id.example\"\nclient_id = \"b\"\nclient_secret_command = [\"canary\"]\n";
    let bench = Bench::with_config(text).env("HOME", "/home/kari").env("TIDP_SCOPES", "openid");
    bench.programs.outputs.lock().unwrap().insert("pass canary".into(), "canary-key\n".into());
    let config = std::path::Path::new("~").join("config").join("tidp").join("config.toml").display().to_string();
    let sessions = std::path::Path::new("~").join("data").join("tidp").join("sessions").display().to_string();
    bench
        .run(&["token", "-v"])
        .exits(3)
        .says(&format!("· profile `a` (the default profile), in {config}\n"))
        .says("· issuer https://id.example (line 5), client_id app (line 6)\n")
        .says("· also set: scopes (TIDP_SCOPES), login_hint (line 7)\n")
        .says(&format!("· store file (config.toml), in {sessions}, its key from store_key_command\n"))
        .leaves_out("canary")
        .leaves_out("4790000777");
    let named = bench.run(&["token", "-v", "--profile", "b"]).exits(3).leaves_out("canary");
    named.says("· profile `b` (the profile of --profile), in ");
}

#[test]
fn error_stays_the_last_line() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.refuses("invalid_client");
    let outcome = bench.run(&["refresh", "--force", "--json", "-vv"]).exits(4);
    assert_eq!(outcome.error()["provider"]["error"], "invalid_client");
    outcome.says("→ 400 in 0 ms, 26 B").says("  > refresh_token=…\n");
}

fn expect_device_login(bench: &Bench) {
    let mut document = discovery();
    document["device_authorization_endpoint"] = json!(format!("{ISSUER}/device"));
    bench.provider.publishes();
    bench.provider.always("/.well-known/openid-configuration", json(200, &document));
    let codes = json!({ "device_code": "the-device-code", "user_code": "123456789", "expires_in": 1800,
                        "verification_uri": format!("{ISSUER}/here") });
    bench.provider.responds("/device", json(200, &codes));
    let response = TokenResponse::new().refresh_token("canary-rt-1").response(bench.clock.time(), None);
    bench.provider.responds("/connect/token", with_canaries(response));
}

/// Headers that may hold anything.
fn with_canaries(mut response: Response) -> Response {
    for name in ["set-cookie", "location", "authorization", "x-token", "access-control-allow-origin"] {
        response.headers.push((name.into(), "canary-header".into()));
    }
    response
}

/// Every secret that the requests so far and the session hold: a form's field, an authorization, a token.
fn secrets(bench: &Bench) -> Vec<String> {
    const HARMLESS: [&str; 5] = ["grant_type", "scope", "client_id", "redirect_uri", "token_type_hint"];
    let mut secrets = vec!["canary".to_owned(), "s3cret".to_owned(), STANDARD.encode("app:s3cret")];
    for request in bench.provider.requests.lock().unwrap().iter() {
        let fields = url::form_urlencoded::parse(request.body.as_bytes());
        secrets.extend(fields.filter(|(name, _)| !HARMLESS.contains(&&**name)).map(|(_, value)| value.into_owned()));
        let members: Value = serde_json::from_str(&request.body).unwrap_or_default();
        secrets.extend(members.as_object().into_iter().flatten().filter_map(|(_, v)| Some(v.as_str()?.to_owned())));
        secrets.extend(request.authorization.iter().map(|value| value.split(' ').next_back().unwrap().to_owned()));
    }
    let session = bench.session();
    secrets.extend(session.iter().map(|session| session.access_token.value.expose().to_owned()));
    secrets.extend(session.into_iter().filter_map(|session| Some(session.id_token?.value.expose().to_owned())));
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

#[test]
fn no_command_shows_a_secret_with_its_headers() {
    let bench =
        Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret").env("TIDP_AUTH_METHOD", "client_secret_post");
    let answer = |body: Value| with_canaries(json(200, &body));
    let tokens =
        |token: &str| with_canaries(TokenResponse::new().refresh_token(token).response(bench.clock.time(), None));
    expect_device_login(&bench);
    let mut said = String::new();
    let mut run = |args: &[&str]| {
        let outcome = bench.run(&[args, &["-vv"]].concat()).exits(0);
        said += &outcome.stderr;
        for secret in secrets(&bench) {
            assert!(!outcome.stderr.contains(&secret), "{args:?} shows {secret}: {}", outcome.stderr);
        }
    };
    run(&["login", "--device", "--login-hint", "4790000777"]);
    bench.provider.responds("/connect/token", tokens("canary-rt-2"));
    run(&["refresh", "--force"]);
    let narrowed = TokenResponse::new().refresh_token("canary-rt-3").member("scope", json!("openid"));
    bench.provider.responds("/connect/token", with_canaries(narrowed.response(bench.clock.time(), None)));
    run(&["token", "--scope", "openid"]);
    bench.provider.responds("/connect/userinfo", answer(json!({ "sub": crate::support::tokens::SUB })));
    run(&["userinfo"]);
    run(&["inspect"]);
    run(&["policy"]);
    bench.provider.responds("/api/meta/v1/self-service", answer(json!({ "url": "https://my.example/canary" })));
    run(&["manage", "--json"]);
    bench.provider.responds("/connect/revocation", answer(json!({})));
    bench.provider.responds("/api/logout", answer(json!({})));
    run(&["logout"]);
    for shown in ["> client_secret=…", "> device_code=…", "> refresh_token=…", "> token=…", "> authorization: Bearer …"]
    {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    assert!(said.contains("> \"id_token_hint\": …") && said.contains("< set-cookie: …"), "{said}");
}
