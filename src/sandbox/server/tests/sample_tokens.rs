use super::*;

/// The header and claims of a token of `POST /sandbox/token`.
pub(super) fn sample(sandbox: &Sandbox, request: &Value) -> (Value, Value, String) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let (status, response) = post_json(sandbox, "/sandbox/token", &request.to_string());
    assert_eq!(status, 200, "{request}: {response}");
    let token = response["token"].as_str().unwrap().to_owned();
    let header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let claims = claims(&response["token"]);
    assert_eq!((&response["header"], &response["claims"]), (&header, &claims));
    (header, claims, token)
}

#[test]
fn a_sample_token_has_the_claims_that_were_asked_for() {
    let sandbox = sandbox(Options::default());
    let request = json!({"client_id": "sandbox-mobile", "user": "ola", "scope": "openid api:orders", "lifetime": "5m",
        "claims": {"department": "sales", "idp": null}});
    let (header, claims, token) = sample(&sandbox, &request);
    assert_eq!((&header["typ"], &claims["department"], claims.get("idp")), (&json!("at+jwt"), &json!("sales"), None));
    assert_eq!((&claims["aud"], &claims["client_id"]), (&json!(["orders"]), &json!("sandbox-mobile")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 200);
    sandbox.advance(Seconds(300));
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 401);

    let (header, claims, _) = sample(&sandbox, &json!({"kind": "id"}));
    assert_eq!((&header["typ"], claims.get("at_hash"), &claims["given_name"]), (&json!("JWT"), None, &json!("Kari")));
    let lives = |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lives(&claims), 300);
    assert_eq!(lives(&sample(&sandbox, &json!({"kind": "id", "lifetime": "20m"})).1), 1_200);
    let (_, claims, _) = sample(&sandbox, &json!({"no_user": true, "scope": "api:orders"}));
    assert_eq!((claims.get("sub"), &claims["scope"]), (None, &json!(["api:orders"])));
}

#[test]
fn a_wrong_sample_token_is_wrong_in_one_way() {
    let sandbox = sandbox(Options::default());
    let now = Frozen.now().unix();
    let ask = |wrong: &str| sample(&sandbox, &json!({"wrong": wrong, "scope": "openid api:orders"}));
    let accepted = |token: &str| {
        let form = format!("client_id=sandbox-api&client_secret=sandbox-secret&token={token}");
        post_json(&sandbox, "/connect/introspect", &form).1["active"] == true
    };
    let (right_header, right, token) = sample(&sandbox, &json!({"scope": "openid api:orders"}));
    assert!(accepted(&token));
    let (_, claims, _) = ask("expired");
    let time = |claims: &Value, name: &str| claims[name].as_i64().unwrap();
    assert!(time(&claims, "exp") < now && time(&claims, "iat") < time(&claims, "exp"), "{claims}");
    let (_, claims, _) = ask("not-yet-valid");
    assert!(time(&claims, "nbf") > now && time(&claims, "exp") > time(&claims, "nbf"), "{claims}");
    assert_ne!(ask("other-issuer").1["iss"], right["iss"]);
    assert_ne!(ask("other-audience").1["aud"], right["aud"]);
    for wrong in ["unknown-key", "wrong-signature", "other-typ", "alg-none"] {
        let (header, claims, token) = ask(wrong);
        assert!(!accepted(&token), "{wrong}");
        assert_eq!((&claims["iss"], &claims["aud"]), (&right["iss"], &right["aud"]), "{wrong}");
        assert_eq!(header["kid"] == right_header["kid"], matches!(wrong, "wrong-signature" | "other-typ"), "{wrong}");
        assert_eq!(header["typ"] == right_header["typ"], wrong != "other-typ", "{wrong}");
        assert_eq!(
            (header["alg"] == "none", token.ends_with('.')),
            (wrong == "alg-none", wrong == "alg-none"),
            "{wrong}"
        );
    }
    for (request, why) in [
        (json!({"wrong": "expird"}), "did you mean `expired`?"),
        (json!({"claim": {}}), "did you mean `claims`?"),
        (json!({"client_id": "x"}), "client_id x is not registered"),
        (json!({"user": "x"}), "there is no such user"),
        (json!({"lifetime": "0"}), "longer than zero"),
        (json!({"kind": "id", "no_user": true}), "an ID token is about a user"),
    ] {
        let (status, refused) = post_json(&sandbox, "/sandbox/token", &request.to_string());
        assert!(status == 400 && refused["error_description"].as_str().unwrap().contains(why), "{request}: {refused}");
    }
    assert_eq!(send(&sandbox, "POST", "/sandbox/token", "Origin: http://evil.example\r\n", "{}").0, 403);
}

#[test]
fn a_claim_does_not_undo_what_is_to_be_wrong() {
    let sandbox = sandbox(Options::default());
    for (wrong, claim) in
        [("expired", "exp"), ("not-yet-valid", "nbf"), ("other-issuer", "iss"), ("other-audience", "aud")]
    {
        let ask = |claim: &str| json!({"wrong": wrong, "claims": {claim: null}}).to_string();
        let (status, refused) = post_json(&sandbox, "/sandbox/token", &ask(claim));
        assert_eq!(status, 400, "{wrong}");
        assert!(refused["error_description"].as_str().unwrap().starts_with(&format!("the claim {claim} would undo")));
        assert_eq!(post_json(&sandbox, "/sandbox/token", &ask("idp")).0, 200, "{wrong}");
    }
}
