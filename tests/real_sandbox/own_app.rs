//! The sandbox with a developer's own clients and users.

use super::real::home::userinfo;
use super::real::http::request;
use super::real::{Home, Provider, require};
use serde_json::Value;

const FILE: &str = r#"
access_token_lifetime = "5m"

[[client]]
client_id = "my-app"
client_type = "MobileApp"
access_token_lifetime = "2m"

[[user]]
id = "per"
given_name = "Per"
claims = { department = "sales" }
"#;

#[test]
fn ones_own_client_logs_ones_own_user_in() {
    if !require("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.toml");
    std::fs::write(&file, FILE).unwrap();
    let provider = Provider::sandbox(&[
        "--config",
        file.to_str().unwrap(),
        "--client",
        "other=Public",
        "--redirect-uri",
        "https://a.example/",
    ]);
    for id in ["other", "my-app", "sandbox-mobile"] {
        let uris = provider.client(id)["redirect_uris"].clone();
        assert!(uris.as_array().unwrap().contains(&"https://a.example/".into()), "{id}: {uris}");
    }
    let home = Home::logged_in(&provider, "my-app");
    let session: Value = serde_json::from_str(home.tidp(&["inspect", "--json"]).expect(0)).unwrap();
    let claims = &session["id_token"]["claims"];
    assert_eq!((&claims["given_name"], &claims["department"]), (&"Per".into(), &"sales".into()), "{session}");
    assert!(
        session["access_token"]["expires_in"].as_i64().is_some_and(|left| (100..=120).contains(&left)),
        "{session}"
    );
    let refused =
        request("GET", &provider.issuer, "/connect/authorize?client_id=my-ap&redirect_uri=https://a/", &[], "");
    assert!(
        refused.1.contains("client_id my-ap is not registered; registered: other, my-app, sandbox-public"),
        "{refused:?}"
    );
}

#[test]
fn a_sample_token_is_accepted_and_a_wrong_one_is_not() {
    let provider = Provider::sandbox(&[]);
    let home = Home::new();
    let sample = |more: &[&str]| {
        let args = [&["sandbox", "token", "--at", &provider.issuer], more].concat();
        home.tidp(&args).expect(0).trim().to_owned()
    };
    assert_eq!(userinfo(&provider, &sample(&[])).0, 200);
    for wrong in ["expired", "not-yet-valid", "other-issuer", "unknown-key", "wrong-signature", "other-typ", "alg-none"]
    {
        let token = sample(&["--wrong", wrong]);
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(userinfo(&provider, &token).0, 401, "{wrong}");
    }
}
