//! Wycheproof's JOSE vectors against our own reading of a JWS and our choice of keys.
//!
//! What is marked invalid must be refused. What is marked valid must be accepted where it is RS256, the one algorithm
//! TelenorID+ uses; of the others each is a refusal, and they are counted apart.

// Helpers of an integration test are no `#[test]`, so clippy's leave for tests does not reach them.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tidp::testing::jwt::Jws;
use tidp::testing::oidc::jwks::KeySet;

/// Marked valid, and malformed for a strict reader: `tcId` in the signature file, and why.
/// (346, 347, 350 and 351, whose key is of another algorithm than their header, are PS384 and ES512: unsupported.)
const DEVIATIONS: [(u64, &str); 2] =
    [(372, "a `?` in its header, which base64url does not have"), (373, "a `?` in its payload")];

/// What became of a file's cases.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    accepted: usize,
    unsupported: usize,
    deviations: usize,
    rejected: usize,
}

/// The keys a group offers: the public ones, and the symmetric ones as an attacker would have them.
fn keys(group: &Value) -> KeySet {
    let key = group.get("public").or_else(|| group.get("private")).unwrap();
    let mut set = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
    // Of a private key the public half: a set that publishes the other one is refused as a whole.
    for key in set["keys"].as_array_mut().unwrap().iter_mut().filter_map(Value::as_object_mut) {
        key.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    }
    KeySet::from_json(set.to_string().as_bytes()).unwrap()
}

/// The algorithm in the token's header, read by none of our code.
fn algorithm(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    header["alg"].as_str().map(str::to_owned)
}

fn run(file: &str) -> Tally {
    let path = format!("{}/tests/data/wycheproof/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut tally = Tally::default();
    for group in document["testGroups"].as_array().unwrap() {
        let keys = keys(group);
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            let token = test["jws"].as_str().or_else(|| test["jwe"].as_str()).unwrap_or_default();
            let accepted = Jws::parse(token).is_ok_and(|jws| keys.verify_jws(&jws).is_ok());
            let valid = test["result"] == "valid";
            let deviates = file == "json_web_signature_test" && DEVIATIONS.iter().any(|(known, _)| *known == id);
            let supported = valid && !deviates && algorithm(token).as_deref() == Some("RS256");
            assert_eq!(accepted, supported, "{file} {id}: {}", test["comment"]);
            match (valid, accepted) {
                (true, true) => tally.accepted += 1,
                (true, false) if deviates => tally.deviations += 1,
                (true, false) => tally.unsupported += 1,
                (false, _) => tally.rejected += 1,
            }
        }
    }
    tally
}

#[test]
fn only_valid_rs256_signatures_are_accepted() {
    let tally = run("json_web_signature_test");
    assert_eq!(tally, Tally { accepted: 8, unsupported: 36, deviations: 2, rejected: 355 });
}

#[test]
fn weak_or_unfit_key_verifies_nothing() {
    let tally = run("json_web_key_test");
    assert_eq!(tally, Tally { accepted: 1, unsupported: 4, deviations: 0, rejected: 21 });
}

#[test]
fn other_jws_structures_are_refused() {
    let tally = run("json_web_crypto_test");
    assert_eq!(tally, Tally { accepted: 1, unsupported: 5, deviations: 0, rejected: 77 });
}
