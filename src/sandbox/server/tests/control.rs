use super::*;

#[test]
fn control_requests_from_web_pages_are_refused() {
    let sandbox = sandbox(Options::default());
    let evil = ["Host: evil.example\r\n", "Host: localhost\r\n", "Origin: http://evil.example\r\n", "Origin: null\r\n"];
    for headers in evil {
        assert_eq!(send(&sandbox, "POST", "/sandbox/clock", headers, "{\"advance\":5}").0, 403, "{headers}");
        assert_eq!(send(&sandbox, "GET", "/sandbox", headers, "").0, 403, "{headers}");
    }
    let own = format!("Origin: {}\r\n", sandbox.issuer());
    assert_eq!(send(&sandbox, "POST", "/sandbox/clock", &own, "{\"advance\":5}").0, 200);
}

#[test]
fn controls_change_the_clock_and_plan_failures() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let control = |path: &str, body: Value| {
        let (status, _, body) = post(&sandbox, path, &body.to_string());
        (status, serde_json::from_str::<Value>(&body).unwrap_or_default())
    };
    assert_eq!(control("/sandbox/clock", json!({"advance": 60})).1["offset"], 60);
    assert_eq!(control("/sandbox/clock", json!({"offset": -5})).1["now"], "1994-11-06T08:49:32Z");
    assert_eq!(control("/sandbox/clock", json!({})).0, 400);
    assert_eq!(control("/sandbox/nonsense", json!({})).0, 404);

    assert_eq!(control("/sandbox/refresh-tokens", json!({"mode": "rotate"})).0, 200);
    control("/sandbox/fail", json!({"endpoint": "token", "status": 503, "retry_after": 7}));
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 503);
    control("/sandbox/fail", json!({"endpoint": "token", "status": 502, "after": true}));
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 502);
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 400, "the lost response had used the token");

    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let (_, _, state) = get(&sandbox, "/sandbox");
    assert!(state.contains("\"sandbox-mobile\"") && !state.contains("sandbox-secret"));
    assert!(!state.contains(tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(control("/sandbox/revoke", json!({})).1["revoked"], 2);
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 400);
}

#[test]
fn sessions_are_aged_while_the_clock_stays() {
    let sandbox = sandbox(auto());
    let (tokens, cookie) = log_in(&sandbox, "sandbox-web");
    let age = |seconds: Value| post_json(&sandbox, "/sandbox/age", &json!({"seconds": seconds}).to_string()).0;
    assert_eq!((age(json!(0)), age(json!(-1)), age(json!("1")), age(json!(540))), (400, 400, 400, 200));
    let (status, renewed) = refresh(&sandbox, "sandbox-web", &tokens);
    assert_eq!((status, claims(&renewed["id_token"])["iat"].as_i64()), (200, Some(Frozen.now().unix())));
    assert_eq!(claims(&renewed["id_token"])["auth_time"].as_i64(), Some(Frozen.now().unix() - 540));
    let target = format!("{}&max_age=539", authorize_target("sandbox-web"));
    let (_, head, _) = send(&sandbox, "GET", &target, &format!("Cookie: {cookie}\r\n"), "");
    let code = header(&head, "Location").unwrap().split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(header(&head, "Set-Cookie").is_some(), "a new login: the SSO session is too old");
    assert_eq!(age(json!(600)), 200);
    let form = "grant_type=authorization_code&client_id=sandbox-web&redirect_uri=http://127.0.0.1:4000/cb";
    post(&sandbox, "/connect/token", &format!("{form}&code={code}"));
    refresh(&sandbox, "sandbox-web", &renewed);
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 200, "it is signed");

    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    assert_eq!(state["clock"]["offset"], 0);
    let session = &state["sessions"][0];
    assert_eq!(
        (&session["login_at"], &session["ends_at"]),
        (&json!("1994-11-06T08:30:37Z"), &json!("1994-11-06T08:49:37Z"))
    );
    let seen = events(&sandbox, "after=5");
    let reasons: Vec<_> =
        seen.iter().map(|event| (event["code"].as_str().unwrap_or_default(), &event["time"])).collect();
    let (before, now) = (&json!("1994-11-06T08:39:37Z"), &json!("1994-11-06T08:49:37Z"));
    assert_eq!(
        reasons,
        [
            ("aged", before),
            ("renewed", before),
            ("", before),
            ("aged", now),
            ("code_expired", now),
            ("refresh_token_expired", now),
            ("", now)
        ]
    );
    assert_eq!(seen[1]["reason"], "renewed: the session now ends at 1994-11-06T08:49:37Z");
}

#[test]
fn rotated_keys_stay_published_until_they_are_dropped() {
    let sandbox = sandbox(auto());
    let (old, _) = log_in(&sandbox, "sandbox-mobile");
    let old = json!({"id_token_hint": old["id_token"]}).to_string();
    let keys = || serde_json::from_str::<Value>(&get(&sandbox, "/.well-known/openid-configuration/jwks").2).unwrap();
    post(&sandbox, "/sandbox/keys/rotate", "");
    assert_eq!(keys()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(post(&sandbox, "/connect/customlogout", &old).0, 200);
    post(&sandbox, "/sandbox/keys/rotate", "{\"drop_old\":true}");
    assert_eq!(keys()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(post(&sandbox, "/connect/customlogout", &old).0, 401);
}

#[test]
fn clients_and_users_are_registered_while_it_runs() {
    let sandbox = sandbox(auto());
    let control = |name: &str, body: Value| post_json(&sandbox, &format!("/sandbox/{name}"), &body.to_string());
    let mine = json!({"client_id": "mine", "client_type": "MobileApp", "refresh_lifetime": "5m", "access_token_lifetime": "1m"});
    assert_eq!(control("clients", mine).0, 200);
    let (tokens, _) = log_in(&sandbox, "mine");
    assert_eq!(tokens["expires_in"], 60);
    sandbox.advance(Seconds(300));
    assert_eq!(refresh(&sandbox, "mine", &tokens).0, 400);
    let (status, refused) = control("clients", json!({"client_id": "x", "client_tipe": "MobileApp"}));
    assert!(
        status == 400 && refused["error_description"].as_str().unwrap().contains("did you mean `client_type`?"),
        "{refused}"
    );

    let per = json!({"id": "kari", "phone": "+4700000001", "given_name": "Per", "claims": {"department": "sales"}});
    assert_eq!(control("users", per).0, 200);
    assert_eq!(control("users", json!({"id": "per", "claims": {"iss": "x"}})).0, 400);
    let (status, refused) = control("users", json!({"id": "per", "phone": "4700000002"}));
    let why = "the users `ola` and `per` have the same phone number 4700000002";
    assert_eq!((status, &refused["error_description"]), (400, &json!(why)));
    assert_eq!(control("clients", json!({"client_id": "sandbox-public", "client_type": "Public"})).0, 200);
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    assert_eq!((&state["users"][0]["id"], &state["users"][1]["id"]), (&json!("kari"), &json!("ola")), "in its place");
    assert_eq!((&state["clients"][0]["client_id"]), (&json!("sandbox-public")), "in its place");
    let begun = post_json(&sandbox, "/connect/ciba", CIBA).1;
    let form = format!(
        "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=urn:openid:params:grant-type:ciba&auth_req_id={}",
        begun["auth_req_id"].as_str().unwrap()
    );
    let tokens = post_json(&sandbox, "/connect/token", &form).1;
    assert_eq!(claims(&tokens["id_token"])["department"], "sales");
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    assert!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").2.contains("\"department\":\"sales\""));
}

#[test]
fn only_the_key_of_the_console_shows_secrets_that_are_not_documented() {
    let sandbox = sandbox(Options::default());
    let own = Client { secret: Some(Secret::new("hush")), id: "own".to_owned(), ..sandbox.clients()[2].clone() };
    lock(&sandbox.service.engine).clients.push(own);
    let secrets = |headers: &str| send(&sandbox, "GET", "/sandbox/secrets", headers, "");
    assert_eq!(secrets("").2, "{\"sandbox-confidential\":\"sandbox-secret\"}");
    assert!(!secrets("Authorization: Bearer wrong\r\n").2.contains("hush"));
    let console = sandbox.console();
    let (home, key) = console.split_once("#key=").unwrap();
    assert_eq!(home, format!("{}/", sandbox.issuer()));
    let with_key = format!("Authorization: Bearer {key}\r\n");
    assert!(secrets(&with_key).2.contains("\"own\":\"hush\""));
    assert_eq!(secrets(&format!("{with_key}Origin: http://evil.example\r\n")).0, 403);
    assert!(!get(&sandbox, "/sandbox").2.contains(key) && !get(&sandbox, "/sandbox/events").2.contains(key));
}
