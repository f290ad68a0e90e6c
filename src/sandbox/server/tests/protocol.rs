use super::*;

#[test]
fn login_userinfo_refresh_and_logout() {
    let sandbox = sandbox(auto());
    let client = "sandbox-mobile";
    let (tokens, cookie) = log_in(&sandbox, client);
    let (access, id) = (claims(&tokens["access_token"]), claims(&tokens["id_token"]));
    assert_eq!(access["scope"], json!(["openid", "profile", "offline_access"]));
    assert_eq!((&id["nonce"], &id["aud"], id["sub"] == access["sub"]), (&json!("no"), &json!(client), true));
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 300);

    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let (status, _, body) = send(&sandbox, "GET", "/connect/userinfo", &bearer, "");
    let userinfo: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &userinfo["sub"], userinfo.get("email")), (200, &id["sub"], None));

    let (status, refreshed) = refresh(&sandbox, client, &tokens);
    assert_eq!((status, &refreshed["refresh_token"]), (200, &tokens["refresh_token"]));
    let again = claims(&refreshed["id_token"]);
    assert_eq!((again.get("nonce"), again.get("s_hash"), &again["sid"]), (None, None, &id["sid"]));
    assert!(id["s_hash"].is_string());

    sandbox.advance(Seconds(3_600));
    let (status, head, _) = send(&sandbox, "GET", "/connect/userinfo", &bearer, "");
    assert_eq!((status, header(&head, "WWW-Authenticate")), (401, Some("Bearer error=\"invalid_token\"")));

    let hint = tokens["id_token"].as_str().unwrap();
    let target =
        format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=http://127.0.0.1:4000/bye&state=s");
    let (status, head, _) = send(&sandbox, "GET", &target, &format!("Cookie: {cookie}\r\n"), "");
    assert_eq!((status, header(&head, "Location")), (303, Some("http://127.0.0.1:4000/bye?state=s")));
    assert_eq!(refresh(&sandbox, client, &tokens).1.get("refresh_token"), None);
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    assert_eq!(state["requests"]["token"], 3);
}

#[test]
fn custom_logout_responds_as_the_provider() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    sandbox.advance(Seconds(9_999));
    let say = |body: Value| {
        let (status, _, body) = post(&sandbox, "/connect/customlogout", &body.to_string());
        (status, body)
    };
    assert_eq!(say(json!({"state": "s"})).0, 400);
    assert_eq!(say(json!({"id_token_hint": tokens["access_token"]})).0, 401);
    let hint = json!({"id_token_hint": tokens["id_token"], "state": "s"});
    assert_eq!(say(hint.clone()), (200, "s".to_owned()));
    assert_eq!(say(hint), (200, "Already logged out".to_owned()));
}

#[test]
fn self_service_links_to_the_users_account() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let (status, _, body) = send(&sandbox, "GET", "/api/meta/v1/self-service", &bearer, "");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["url"]), (200, &json!(format!("{}/account", sandbox.issuer()))));
    assert_eq!(get(&sandbox, "/api/meta/v1/self-service").0, 401);
    assert!(get(&sandbox, "/account?locale=no").2.contains("lang=\"no\""));
    assert!(get(&sandbox, "/account").2.contains("lang=\"en\""));
}

#[test]
fn without_randomness_nothing_is_issued() {
    let dry = Arc::new(Counting(AtomicU8::new(255)));
    let sandbox = Sandbox::start(auto(), Arc::new(Frozen), dry).unwrap();
    assert_eq!(get(&sandbox, &authorize_target("sandbox-mobile")).0, 500);
}

#[test]
fn ones_own_scopes_are_known() {
    let settings = Settings { scopes: vec!["orders.read".to_owned()], ..Settings::default() };
    let sandbox = sandbox(Options { settings, ..auto() });
    assert!(get(&sandbox, "/.well-known/openid-configuration").2.contains("\"orders.read\""));
    let form =
        "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=client_credentials&scope=orders.";
    assert_eq!(post_json(&sandbox, "/connect/token", &format!("{form}read")).0, 200);
    assert_eq!(post_json(&sandbox, "/connect/token", &format!("{form}write")).0, 400);
}
