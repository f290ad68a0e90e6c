use super::*;

#[test]
fn introspection_answers_as_either_line_of_the_provider() {
    let confidential = "client_id=sandbox-confidential&client_secret=sandbox-secret";
    let api = "client_id=sandbox-api&client_secret=sandbox-secret";
    let mobile = "client_id=sandbox-mobile";
    for clients_may_introspect in [false, true] {
        let sandbox = sandbox(Options { clients_may_introspect, ..auto() });
        let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
        let (jwt, handle) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        let ask = |who: &str, token: &str| post_json(&sandbox, "/connect/introspect", &format!("{who}&token={token}"));
        assert_eq!(ask(api, jwt).1["active"], true);
        assert_eq!(ask(api, &jwt[..jwt.len() - 4]).1["active"], false);
        assert_eq!(ask(api, handle).1["active"], false, "an API knows no refresh tokens");
        assert_eq!(ask("client_id=sandbox-api&client_secret=wrong", jwt).0, 401);
        if !clients_may_introspect {
            for who in [confidential, mobile] {
                assert_eq!((ask(who, jwt).0, ask(who, handle).0), (401, 401), "{who}");
            }
            continue;
        }
        let (status, known) = ask(mobile, handle);
        assert_eq!((status, &known["active"], &known["client_id"]), (200, &json!(true), &json!("sandbox-mobile")));
        let lifetime = known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap();
        assert_eq!(Some(Seconds(lifetime)), crate::domain::policy::PolicyName::Mobile.documented().lifetime);
        assert_eq!(ask(mobile, jwt).1["active"], true);
        for token in [jwt, handle] {
            assert_eq!(ask(confidential, token), (200, json!({"active": false})), "another client's");
        }
    }
}
