//! The sandbox with a developer's own clients and users.

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
    let provider = Provider::sandbox(&["--config", file.to_str().unwrap(), "--client", "other=Public"]);
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
