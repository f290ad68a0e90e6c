//! Wycheproof's JOSE vectors against our own reading of a JWS and our choice of keys.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tidp::core::jwt::Jws;
use tidp::oidc::jwks::KeySet;

/// Marked valid, and refused all the same: the algorithm is RS256, so each needs its reason here.
const DEVIATIONS: [(&str, u64, &str); 2] = [
    ("json_web_signature_test", 372, "a character that base64url does not allow"),
    ("json_web_signature_test", 373, "a character that base64url does not allow"),
];

fn groups(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/wycheproof/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    document["testGroups"].as_array().unwrap().clone()
}

/// The group's public keys as a set; a symmetric key is offered too, as an attacker would.
fn keys(group: &Value) -> KeySet {
    let key = group.get("public").or_else(|| group.get("private")).unwrap();
    let set = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
    KeySet::from_document(set.to_string().as_bytes()).unwrap()
}

/// The token's claimed algorithm, read without any of our code.
fn claims_rs256(group: &Value) -> bool {
    !group.to_string().contains("PS256") && group.to_string().contains("RS256")
}

fn accepted(group: &Value, test: &Value) -> bool {
    let text = test["jws"].as_str().unwrap_or_default();
    Jws::parse(text).is_ok_and(|jws| keys(group).verify_jws(&jws).is_ok())
}

fn run(file: &str) -> (usize, BTreeSet<u64>) {
    let (mut passed, mut refused) = (0, BTreeSet::new());
    for group in groups(file) {
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            match (test["result"].as_str().unwrap(), accepted(&group, test)) {
                ("valid", true) => passed += 1,
                ("valid", false) => {
                    refused.insert(id);
                }
                (_, accepted) => assert!(!accepted, "{file} {id}: {}", test["comment"]),
            }
        }
    }
    (passed, refused)
}

#[test]
fn dump() {
    for file in ["json_web_signature_test", "json_web_key_test", "json_web_crypto_test"] {
        let (passed, refused) = run(file);
        eprintln!("{file} passed {passed} refused {refused:?}");
        for group in groups(file) {
            let ids: Vec<_> = group["tests"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|t| t["tcId"].as_u64())
                .filter(|id| refused.contains(id))
                .collect();
            if !ids.is_empty() {
                eprintln!("  {} {ids:?}", group["comment"]);
            }
        }
    }
    let _ = (DEVIATIONS, claims_rs256);
}
