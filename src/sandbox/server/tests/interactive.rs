use super::*;

#[test]
fn logout_redirects_only_with_hint_and_registered_uri() {
    let sandbox = sandbox(auto());
    let (tokens, cookie) = log_in(&sandbox, "sandbox-mobile");
    let cookie = format!("Cookie: {cookie}\r\n");
    let target = "/connect/endsession?post_logout_redirect_uri=http://127.0.0.1:4000/bye";
    let (status, _, body) = send(&sandbox, "GET", target, &cookie, "");
    assert!(status == 200 && body.contains("value=\"logout\""), "asks first");
    assert!(refresh(&sandbox, "sandbox-mobile", &tokens).1.get("refresh_token").is_some());
    let hint = tokens["id_token"].as_str().unwrap();
    let evil = format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=https://evil.example/");
    let (status, head, _) = send(&sandbox, "GET", &evil, &cookie, "");
    assert_eq!((status, header(&head, "Location")), (200, None));
}

#[test]
fn the_login_form_logs_in_once() {
    let sandbox = sandbox(Options::default());
    let target = format!("{}&login_hint=%22%3E%3Cb%3E&ui_locales=no", authorize_target("sandbox-mobile"));
    let (status, head, page) = get(&sandbox, &target);
    assert!(status == 200 && page.contains("value=\"&quot;&gt;&lt;b&gt;\"") && page.contains("lang=\"no\""));
    assert!(header(&head, "Content-Security-Policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    let id = page.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let (status, _, page) = post(&sandbox, "/account/login", &format!("request={id}&phone=12345678&action=login"));
    assert!(status == 200 && page.contains("role=\"alert\""));
    let form = format!("request={id}&phone=%2B4700000002&action=login");
    let foreign = send(&sandbox, "POST", "/account/login", "Origin: http://evil.example\r\n", &form);
    assert_eq!(foreign.0, 403);
    let (status, head, _) = post(&sandbox, "/account/login", &form);
    assert!(status == 303 && header(&head, "Location").unwrap().contains("code="));
    assert_eq!(post(&sandbox, "/account/login", &form).0, 400);
}

#[test]
fn ones_own_application_logs_in_at_its_own_redirect_uri() {
    for uri in ["https://my.app/cb", "com.example.app:/cb", "myapp://cb", "http://localhost:8080/a/b?c=d"] {
        let own = registration::client_of_option(&format!("my-app=PublicWithRefresh,{uri}")).unwrap();
        let sandbox = sandbox(Options { clients: vec![own], ..auto() });
        let encoded: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let target = authorize_target("my-app").replace("http://127.0.0.1:4000/cb", &encoded);
        let (status, head, _) = get(&sandbox, &target);
        let location = header(&head, "Location").unwrap_or_default();
        assert!(status == 303 && location.starts_with(uri) && location.contains("code="), "{uri}: {location}");
    }
}

#[test]
fn a_refusal_names_what_was_received_and_what_is_registered() {
    let own = registration::client_of_option("my-app=PublicWithRefresh,https://my.app/cb").unwrap();
    let sandbox = sandbox(Options { clients: vec![own], ..auto() });
    let (status, _, page) = get(&sandbox, &authorize_target("my-app"));
    let why =
        "redirect_uri http://127.0.0.1:4000/cb is not registered for client_id my-app; registered: https://my.app/cb";
    assert!(status == 400 && page.contains(why), "{page}");
    let (status, _, page) = get(&sandbox, &authorize_target("my-ap"));
    assert!(status == 400 && page.contains("client_id my-ap is not registered; registered: my-app"), "{page}");
    let (status, refused) = post_json(&sandbox, "/connect/token", "grant_type=refresh_token&client_id=my-ap");
    assert_eq!(
        (status, refused),
        (
            401,
            json!({"error": "invalid_client", "error_description": "client_id my-ap is not registered; registered: my-app"})
        )
    );
    let events = get(&sandbox, "/sandbox/events").2;
    assert!(events.contains(why), "{events}");
}

#[test]
fn console_is_at_the_issuer_only_and_loads_only_its_own() {
    let sandbox = sandbox(Options::default());
    let (status, head, page) = get(&sandbox, "/");
    let policy = header(&head, "Content-Security-Policy").unwrap();
    assert!(
        status == 200 && policy.starts_with("default-src 'none'; script-src 'self'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !page.contains("sandbox-secret") && !page.contains(" style="));
    for (path, script) in crate::sandbox::pages::console::SCRIPTS {
        let (status, head, body) = get(&sandbox, path);
        assert_eq!((status, body.as_str()), (200, script), "{path}");
        assert_eq!(header(&head, "Content-Type"), Some("text/javascript; charset=utf-8"));
        assert!(
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
                .iter()
                .all(|sink| !script.contains(sink))
        );
        assert_eq!(send(&sandbox, "GET", path, "Host: evil.example\r\n", "").0, 403);
    }
    let (status, head, body) = send(&sandbox, "GET", "/", "Host: evil.example\r\n", "");
    let home = format!("{}/", sandbox.issuer());
    assert_eq!((status, header(&head, "Location"), body.as_str()), (303, Some(home.as_str()), ""));
    assert!(get(&sandbox, "/?lang=no").2.contains("lang=\"no\""));
}
