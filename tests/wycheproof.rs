//! Wycheproof's JOSE vectors: invalid ones must be refused; valid ones accepted if they are RS256, the one algorithm
//! of TelenorID+, and refused and counted otherwise.

// Clippy's exceptions for tests do not cover helpers of an integration test.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tidp::testing::jwt::Jws;
use tidp::testing::oidc::jwks::KeySet;

/// Marked valid, but malformed for a strict reader: `tcId` in the signature file, and why. (346, 347, 350 and 351 are
/// PS384 and ES512 with a key of another algorithm: unsupported.)
const DEVIATIONS: [(u64, &str); 2] =
    [(372, "a `?` in its header, which base64url does not have"), (373, "a `?` in its payload")];

/// The results of a file.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    accepted: usize,
    unsupported: usize,
    deviations: usize,
    rejected: usize,
}

/// The keys of a group: public ones, and symmetric ones as an attacker would have them.
fn keys(group: &Value) -> KeySet {
    let key = group.get("public").or_else(|| group.get("private")).unwrap();
    let mut set = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
    // Only the public half: a set with a private key is refused as a whole.
    for key in set["keys"].as_array_mut().unwrap().iter_mut().filter_map(Value::as_object_mut) {
        key.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    }
    KeySet::from_json(set.to_string().as_bytes()).unwrap()
}

/// The algorithm in the token's header, read without tidp's code.
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
            let accepted = Jws::parse(token).is_ok_and(|jws| keys.verify(&jws).is_ok());
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
