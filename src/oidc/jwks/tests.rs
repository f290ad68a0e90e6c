use super::super::fixtures::{KEYS, header, jwk, key_set, keys, response, sign, sign_with, with};
use super::*;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use proptest::prelude::*;
use serde_json::json;

fn verify(keys: &KeySet, token: &str) -> Result<(), TokenProblem> {
    keys.verify(&Jws::parse(token).unwrap())
}

/// Sets the member, also to `null`.
fn with_exactly(mut member: Value, name: &str, value: Value) -> Value {
    member[name] = value;
    member
}

fn payload() -> Value {
    json!({"sub": "a"})
}

// RFC 7515 A.2
#[test]
fn rs256_example_of_the_rfc_is_accepted() {
    let key = json!({"kty": "RSA", "e": "AQAB", "n": concat!(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR",
        "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB",
        "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia",
        "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ")});
    let token = concat!(
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9",
        "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB",
        "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq",
        "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    assert_eq!(verify(&key_set(&[key]), token), Ok(()));
}

// S75, S76, S77
#[test]
fn only_rs256_is_accepted() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        let token = sign(&with(header(), &[("alg", json!(alg))]), &payload());
        assert!(matches!(verify(&keys(), &token), Err(TokenProblem::Invalid(_))), "{alg}");
    }
    for alg in ["HS256", "rs256", "RS384", "RS512", "PS256", "ES256", ""] {
        let token = sign(&with(header(), &[("alg", json!(alg))]), &payload());
        assert!(matches!(verify(&keys(), &token), Err(TokenProblem::OtherAlgorithm(_))), "{alg}");
    }
    let good = sign(&header(), &payload());
    assert_eq!(verify(&keys(), &good), Ok(()));
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    assert_eq!(verify(&keys(), &unsigned), Err(TokenProblem::BadSignature));
}

#[test]
fn critical_extension_is_rejected() {
    let token = sign(&with(header(), &[("crit", json!(["exp"]))]), &payload());
    assert!(matches!(verify(&keys(), &token), Err(TokenProblem::Invalid(_))));
}

// S78
#[test]
fn signature_of_another_token_or_key_is_rejected() {
    let (one, two) = (sign(&header(), &payload()), sign(&header(), &json!({"sub": "b"})));
    let mixed = format!("{}.{}", one.rsplit_once('.').unwrap().0, two.rsplit_once('.').unwrap().1);
    assert_eq!(verify(&keys(), &mixed), Err(TokenProblem::BadSignature));
    let (input, signature) = one.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[100] ^= 1;
    let flipped = format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(verify(&keys(), &flipped), Err(TokenProblem::BadSignature));
    let forged = sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &header(), &payload());
    assert_eq!(verify(&keys(), &forged), Err(TokenProblem::BadSignature));
}

// S79
#[test]
fn keys_in_the_token_header_are_ignored() {
    let brought =
        [("jwk", jwk(&KEYS[1])), ("jku", json!("https://evil.example")), ("x5u", json!("https://evil.example"))];
    let forged = sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &with(header(), &brought), &payload());
    assert_eq!(verify(&keys(), &forged), Err(TokenProblem::BadSignature));
    assert_eq!(verify(&keys(), &sign(&with(header(), &brought), &payload())), Ok(()));
}

// S86, S87, S88, S89, S93
#[test]
fn key_is_chosen_by_kid_or_by_trial() {
    let named = |key: usize, kid: &str| with(jwk(&KEYS[key]), &[("kid", json!(kid))]);
    let nameless = |key: usize| jwk(&KEYS[key]);
    let with_kid = sign(&header(), &payload());
    let without_kid = sign(&with(header(), &[("kid", Value::Null)]), &payload());
    let unknown = Err(TokenProblem::UnknownKey);
    for (what, set, with, without) in [
        ("the right one alone", vec![named(0, "k1")], Ok(()), Ok(())),
        ("behind another", vec![named(1, "k2"), named(0, "k1")], Ok(()), Ok(())),
        ("two of one name", vec![named(1, "k1"), named(0, "k1")], Ok(()), Ok(())),
        ("nameless", vec![nameless(1), nameless(0)], Ok(()), Ok(())),
        ("under another name", vec![named(0, "K1")], unknown.clone(), Ok(())),
        ("rotated", vec![named(1, "k2")], unknown.clone(), unknown.clone()),
        ("rotated, nameless", vec![nameless(1)], unknown.clone(), unknown.clone()),
        ("replaced", vec![named(1, "k1")], Err(TokenProblem::BadSignature), unknown.clone()),
        ("none", vec![], unknown.clone(), unknown.clone()),
    ] {
        let set = key_set(&set);
        assert_eq!((verify(&set, &with_kid), verify(&set, &without_kid)), (with, without), "{what}");
    }
    for kid in ["../../etc/passwd", "' OR 1=1", "\u{1b}[2J\0", &"x".repeat(100_000)] {
        let token = sign(&with(header(), &[("kid", json!(kid))]), &payload());
        assert_eq!(verify(&keys(), &token), unknown);
        assert_eq!(verify(&key_set(&[named(0, kid)]), &token), Ok(()));
    }
}

/// 65537^128, of 2,049 bits, has the fingerprint of ROCA: modulo each prime it is a power of 65537.
fn power_of_65537() -> Vec<u8> {
    (0..128).fold(vec![1], |power, _| {
        let mut product = [&power[..], &[0, 0]].concat();
        let mut carry = 0;
        for (place, addend) in product.iter_mut().rev().zip(power.iter().rev().chain([&0, &0])) {
            let sum = u16::from(*place) + u16::from(*addend) + carry;
            (*place, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        product
    })
}

// S86, S92
#[test]
fn unusable_keys_are_skipped() {
    let modulus = URL_SAFE_NO_PAD.decode(jwk(&KEYS[0])["n"].as_str().unwrap()).unwrap();
    let number = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    let mut even = modulus.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let right = jwk(&KEYS[0]);
    let wrong = [
        with(right.clone(), &[("kty", json!("EC"))]),
        with(right.clone(), &[("kty", Value::Null)]),
        with(right.clone(), &[("use", json!("enc"))]),
        with(right.clone(), &[("key_ops", json!(["sign"]))]),
        with(right.clone(), &[("alg", json!("RS384"))]),
        with(right.clone(), &[("alg", json!("PS256"))]),
        with(right.clone(), &[("n", Value::Null)]),
        with(right.clone(), &[("n", json!("+/=="))]),
        with(right.clone(), &[("n", number(&modulus[..128]))]),
        with(right.clone(), &[("n", number(&[&[0; 128], &modulus[..128]].concat()))]),
        with(right.clone(), &[("n", number(&even))]),
        with(right.clone(), &[("n", number(&[&modulus[..], &[1; 1024]].concat()))]),
        with(right.clone(), &[("n", number(&power_of_65537()))]),
        with(right.clone(), &[("e", json!("AQ"))]),
        with(right.clone(), &[("e", json!("AA"))]),
        with(right.clone(), &[("e", json!("Ag"))]),
        with(right.clone(), &[("e", json!(""))]),
        with(right.clone(), &[("e", number(&[7; 5]))]),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!({"kty": "x"}),
        json!({}),
    ];
    let token = sign(&with(header(), &[("kid", Value::Null)]), &payload());
    for member in &wrong {
        assert!(key_set(std::slice::from_ref(member)).0.is_empty(), "{member}");
    }
    let all: Vec<Value> = wrong.into_iter().chain([right.clone()]).collect();
    assert_eq!(verify(&key_set(&all), &token), Ok(()));
    for extra in [("key_ops", json!(["verify"])), ("use", json!("sig")), ("alg", json!("RS256"))] {
        assert_eq!(verify(&key_set(&[with(right.clone(), &[extra])]), &token), Ok(()));
    }
    for says_nothing in [json!(null), json!(""), json!(7), json!({})] {
        for name in ["kid", "use", "alg", "key_ops", "x5c", "x5t", "exp", "d", "oth"] {
            let odd = with_exactly(right.clone(), name, says_nothing.clone());
            assert_eq!(verify(&key_set(&[odd]), &token), Ok(()), "{name} {says_nothing}");
        }
    }
    let members = [json!(null), json!(7), json!("x"), json!([]), right.clone()];
    assert_eq!(verify(&key_set(&members), &token), Ok(()), "what is no object is skipped");
    assert_eq!(key_set(&vec![right; 200]).0.len(), MAX_KEYS);
}

// S85
#[test]
fn malformed_key_set_is_rejected() {
    for body in ["", "<html>"] {
        assert!(matches!(accept_jwks(&response(200, body)).map(|_| ()), Err(Problem::Unavailable(_))), "{body}");
    }
    for body in ["null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"keys":[],"keys":[]}"#] {
        let result = accept_jwks(&response(200, body)).map(|_| ());
        assert!(matches!(result, Err(Problem::Invalid(why)) if why.contains("the key set")), "{body}");
    }
    for (status, later) in [(404, false), (301, false), (307, false), (429, true), (500, true)] {
        let result = accept_jwks(&response(status, r#"{"keys":[]}"#)).map(|_| ());
        assert_eq!(matches!(result, Err(Problem::Unavailable(_))), later, "{status}");
        assert!(result.is_err());
    }
    assert!(accept_jwks(&response(200, r#"{"keys":[]}"#)).is_ok());
}

proptest! {
    #[test]
    fn key_set_parser_never_panics(body: Vec<u8>, n: Vec<u8>, e: Vec<u8>, at in 0_usize..500, byte: u8) {
        let _ = KeySet::from_json(&body).is_ok();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let _ = key_set(&[json!({"kty": "RSA", "n": number(&n), "e": number(&e)})]);
        let mut mutated = json!({"keys": [jwk(&KEYS[0])]}).to_string().into_bytes();
        let place = at % mutated.len();
        mutated[place] = byte;
        if let Ok(set) = KeySet::from_json(&mutated) {
            let _ = verify(&set, &sign(&header(), &payload()));
        }
    }
}
