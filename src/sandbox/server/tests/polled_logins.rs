use super::*;

#[test]
fn a_backend_waits_for_the_users_phone() {
    let sandbox = sandbox(Options::default());
    let begin = || post_json(&sandbox, "/connect/ciba", CIBA).1;
    let poll = |begun: &Value| {
        let grant =
            "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=urn:openid:params:grant-type:ciba";
        let (status, body) = post_json(
            &sandbox,
            "/connect/token",
            &format!("{grant}&auth_req_id={}", begun["auth_req_id"].as_str().unwrap()),
        );
        (status, body["error"].as_str().map(ToOwned::to_owned))
    };
    let refused = |error: &str| (400, Some(error.to_owned()));
    let begun = begin();
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(300), &json!(5)));
    assert_eq!(poll(&begun), refused("authorization_pending"));
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    let waiting = &state["pending_logins"][0];
    assert_eq!((&waiting["grant"], &waiting["user"]), (&json!("ciba"), &json!("kari")));
    let times = (&waiting["begun_at"], &waiting["expires_at"]);
    assert_eq!(times, (&json!("1994-11-06T08:49:37Z"), &json!("1994-11-06T08:54:37Z")));
    assert!(!state.to_string().contains(begun["auth_req_id"].as_str().unwrap()), "the client's secret");
    let code = waiting["user_code"].as_str().unwrap();
    let page = get(&sandbox, "/ciba").2;
    assert!(page.contains("Kari Nordmann") && page.contains(&format!("value=\"{code}\"")), "{page}");
    let form = format!("user_code={code}&action=approve");
    assert_eq!(send(&sandbox, "POST", "/ciba", "Origin: http://evil.example\r\n", &form).0, 403);
    assert_eq!(post(&sandbox, "/ciba", &form).0, 200);
    sandbox.advance(Seconds(60));
    assert_eq!(poll(&begun).0, 200);

    let begun = begin();
    assert_eq!(post(&sandbox, "/ciba", "action=approve").0, 200, "approves nothing without a code");
    assert_eq!(poll(&begun), refused("authorization_pending"));
    assert_eq!(post_json(&sandbox, "/sandbox/logins/deny", "{}").1["denied"], 1);
    sandbox.advance(Seconds(60));
    assert_eq!(poll(&begun), refused("access_denied"));
}

#[test]
fn logins_are_listed_in_the_order_in_which_they_began() {
    let sandbox = sandbox(Options::default());
    let messages: Vec<String> = (0..8).map(|number| format!("message-{number}")).collect();
    for message in &messages {
        assert_eq!(post(&sandbox, "/connect/ciba", &format!("{CIBA}&binding_message={message}")).0, 200);
    }
    let page = get(&sandbox, "/ciba").2;
    let shown: Vec<&str> = page.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(shown, messages);
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    let logins = state["pending_logins"].as_array().unwrap();
    let listed: Vec<_> = logins.iter().map(|login| login["binding_message"].as_str().unwrap()).collect();
    assert_eq!(listed, messages);
}

#[test]
fn bankid_is_prepared_with_a_form_or_json() {
    let sandbox = sandbox(auto());
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    let kurt_id = state["users"][0]["kurt_id"].as_str().unwrap();
    let prepare = |body: &str| post_json(&sandbox, "/api/ciba/ciba_prepare_bankid", body);
    let own = "client_id=sandbox-confidential&client_secret=sandbox-secret";
    let (status, form) = prepare(&format!("{own}&kurt_id={kurt_id}"));
    assert!(status == 200 && form["binding_message"].is_string() && form["login_hint_token"].is_string(), "{form}");
    let json = json!({"client_id": "sandbox-confidential", "client_secret": "sandbox-secret", "kurt_id": kurt_id});
    assert_eq!(prepare(&json.to_string()).0, 200);
    assert_eq!(prepare(&format!("kurt_id={kurt_id}")).0, 401);
    assert_eq!(
        prepare(&format!("{own}&kurt_id=x")),
        (400, json!({"error": "unknown_user_id", "error_description": "no test user fits"}))
    );
}

#[test]
fn scripts_approve_and_deny_devices() {
    let sandbox = sandbox(Options::default());
    let begin = || post_json(&sandbox, "/connect/deviceauthorization", "client_id=sandbox-mobile&scope=openid").1;
    let poll = |begun: &Value| {
        let code = begun["device_code"].as_str().unwrap();
        let form = format!(
            "client_id=sandbox-mobile&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}"
        );
        post_json(&sandbox, "/connect/token", &form)
    };
    let control = |name: &str, body: Value| post_json(&sandbox, &format!("/sandbox/logins/{name}"), &body.to_string());
    let (first, second) = (begin(), begin());
    assert_eq!(control("approve", json!({"user_code": first["user_code"], "user": "nobody"})).0, 400);
    assert_eq!(control("approve", json!({"user_code": 7})).0, 400);
    assert_eq!(
        control("approve", json!({"user_code": first["user_code"], "user": "ola"})),
        (200, json!({"approved": 1}))
    );
    assert_eq!(control("deny", json!({"user_code": second["user_code"]})), (200, json!({"denied": 1})));
    let (status, tokens) = poll(&first);
    assert_eq!((status, claims(&tokens["id_token"])["ial"].clone()), (200, json!("telenor.identity.ial1")), "Ola's");
    assert_eq!(poll(&second).1["error"], "access_denied");
}

#[test]
fn devices_need_no_page_where_logins_need_none() {
    let sandbox = sandbox(auto());
    let begun = post_json(&sandbox, "/connect/deviceauthorization", "client_id=sandbox-mobile&scope=openid").1;
    let code = begun["device_code"].as_str().unwrap();
    let form =
        format!("client_id=sandbox-mobile&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}");
    assert_eq!(post_json(&sandbox, "/connect/token", &form).0, 200);
}
