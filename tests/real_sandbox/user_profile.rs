//! An access token for another profile of the same user.

use crate::real::http::request;
use crate::real::{Home, Provider, require};
use serde_json::Value;

fn tnu_id_of(home: &Home) -> Value {
    let token = home.tidp(&["token"]).expect(0).to_owned();
    home.tidp_with_stdin(&["decode", "-", "--json"], &token).json()["payload"]["tnuid"].clone()
}

#[test]
fn profile_is_switched_until_the_next_refresh() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::at(&provider, "sandbox-mobile");
    home.tidp(&["login", "--scope", "openid offline_access tnn.ids account.profiles"]).expect(0);
    let state: Value = serde_json::from_str(&request("GET", &provider.issuer, "/sandbox", &[], "").1).unwrap();
    let own = tnu_id_of(&home);
    let users = state["users"].as_array().unwrap();
    let user = users.iter().find(|user| user["tnu_ids"][0] == own).unwrap();
    let other = &user["tnu_ids"][1];
    assert_ne!(own, *other);

    let switched = home.tidp(&["refresh", "--tnu-id", other.as_str().unwrap(), "--json"]).json();
    assert_eq!(switched["warnings"][0]["code"], "deprecated_option", "{switched}");
    assert_eq!(tnu_id_of(&home), *other);
    let unknown = home.tidp(&["refresh", "--tnu-id", "nobodys", "--json"]).error(4);
    assert_eq!(unknown["provider"]["error"], "invalid_request", "{unknown}");
    assert_eq!(tnu_id_of(&home), *other, "the session is as it was");
    home.tidp(&["refresh", "--force"]).expect(0);
    assert_eq!(tnu_id_of(&home), own);

    home.tidp(&["login"]).expect(0);
    let before = provider.requests("token");
    assert_eq!(home.tidp(&["refresh", "--tnu-id", "1", "--json"]).error(2)["kind"], "usage");
    assert_eq!(provider.requests("token"), before);
}
