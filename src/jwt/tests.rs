use super::*;
use proptest::prelude::*;

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn token(header: &str, payload: &str) -> String {
    format!("{}.{}.AAAA", encoded(header), encoded(payload))
}

#[test]
fn jwt_is_parsed_into_claims_and_signing_input() {
    let text = token(r#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#, r#"{"sub":"æ","n":1}"#);
    let jwt = Jwt::parse(&text).unwrap();
    assert_eq!((jwt.jws.alg(), jwt.jws.kid(), jwt.jws.typ()), ("RS256", Some("k1"), Some("JWT")));
    assert_eq!(jwt.claims()["sub"], "æ");
    assert_eq!(format!("{}.AAAA", jwt.jws.signing_input), text);
    assert_eq!(jwt.jws.signature, [0; 3]);
}

// S82, S111
#[test]
fn only_three_parts_of_canonical_base64url_are_a_token() {
    let good = token(r#"{"alg":"RS256"}"#, "{}");
    let (head, tail) = good.split_once('.').unwrap();
    let dots = ".".repeat(1 << 20);
    let refused = [
        ("empty", String::new()),
        ("one part", head.to_owned()),
        ("two parts", format!("{head}.e30")),
        ("four parts", format!("{good}.AAAA")),
        ("six parts", format!("{good}.AAAA.AAAA.AAAA")),
        ("a megabyte of dots", dots),
        ("too long", format!("{good}{}", "A".repeat(1 << 20))),
        ("padding", format!("{head}.e30=.AAAA")),
        ("padding of the signature", format!("{good}AA==")),
        ("plus and slash", format!("{head}.e30.+/AA")),
        ("space", format!("{head}. e30.AAAA")),
        ("newline at the end", format!("{good}\n")),
        ("trailing bits of the payload", format!("{head}.e31.AAAA")),
        ("trailing bits of the signature", format!("{head}.e30.AB")),
        ("JSON serialisation", format!(r#"{{"payload":"e30","protected":"{head}","signature":"AAAA"}}"#)),
        ("detached payload", format!("{head}..AAAA")),
        ("a Bearer before it", format!("Bearer {good}")),
    ];
    for (what, text) in refused {
        assert!(matches!(Jwt::parse(&text), Err(JwtError::NotAToken(_))), "{what}");
    }
    assert!(Jwt::parse(&good).is_ok(), "{tail}");
    assert!(Jwt::parse(&format!("{good}{}", "A".repeat(MAX_TOKEN_LENGTH - good.len()))).is_ok(), "the longest");
}

#[test]
fn header_and_payload_must_be_strict_objects() {
    for (header, payload) in [
        ("[]", "{}"),
        ("{}", "{}"),
        (r#"{"alg":1}"#, "{}"),
        (r#"{"alg":"a","kid":7}"#, "{}"),
        (r#"{"alg":"a","typ":null}"#, "{}"),
        (r#"{"alg":"none","alg":"RS256"}"#, "{}"),
        (r#"{"alg":"a"}"#, "[]"),
        (r#"{"alg":"a"}"#, r#"{"sub":"a","sub":"b"}"#),
        (r#"{"alg":"a"}"#, "\u{feff}{}"),
        (r#"{"alg":"a"}"#, r#"{"a":1e400}"#),
    ] {
        assert!(matches!(Jwt::parse(&token(header, payload)), Err(JwtError::NotAToken(_))), "{header} {payload}");
    }
}

#[test]
fn checked_claims_of_any_type_are_read() {
    let claims = r#"{"iss":["a"],"iat":1.5,"nbf":null,"sub":"b","exp":"c"}"#;
    let text = token(r#"{"alg":"a"}"#, claims);
    let expected = serde_json::json!({"iss": ["a"], "iat": 1.5, "nbf": null, "exp": "c"});
    let jwt = Jwt::parse(&text).unwrap();
    assert_eq!(Some(&jwt.checked_claims), expected.as_object());
    assert!(jwt.checked_claims.iter().all(|(name, claim)| jwt.claims().get(name) == Some(claim)));
}

// S114
#[test]
fn encrypted_token_gives_its_header_only() {
    let header = r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","zip":"DEF","p2c":2147483648}"#;
    let Err(JwtError::Encrypted(shown)) = Jwt::parse(&format!("{}.a.b.c.d", encoded(header))) else {
        panic!("not recognised")
    };
    assert_eq!(shown["p2c"], 2_147_483_648_u64);
}

// S112
#[test]
fn payload_text_keeps_all_digits() {
    let text = token(r#"{"alg":"a"}"#, "{ \"n\": 123456789012345678901234567890 }");
    assert_eq!(Jwt::parse(&text).unwrap().payload_text(), r#"{"n":123456789012345678901234567890}"#);
}

#[test]
fn numeric_date_is_rounded_down_and_clamped() {
    let read = |text: &str| numeric_date(&serde_json::from_str(text).unwrap()).map(Time::unix);
    for (text, seconds) in [("1.9", 1), ("1700000000", 1_700_000_000), ("-5", 0), ("-0.5", 0)] {
        assert_eq!(read(text), Some(seconds), "{text}");
    }
    for text in ["1e300", "9467000000000000000", "18446744073709551615"] {
        assert_eq!(read(text), Some(Time::MAX.unix()), "{text}");
    }
    for text in ["\"1700000000\"", "null", "[1]", "true"] {
        assert_eq!(read(text), None, "{text}");
    }
}

// S111
#[test]
fn pasted_token_is_trimmed() {
    for line in [
        "a.b.c",
        " a.b.c\r\n",
        "\"a.b.c\"",
        "'a.b.c'",
        "Bearer a.b.c",
        "Authorization: bearer  a.b.c",
        "\"Bearer a.b.c\"",
    ] {
        assert_eq!(trim_token(line), "a.b.c", "{line}");
    }
    assert_eq!(trim_token("æ"), "æ");
}

#[test]
fn debug_output_of_a_token_hides_it() {
    let text = token(r#"{"alg":"RS256"}"#, r#"{"sub":"hidden"}"#);
    assert_eq!(format!("{:?}", Jwt::parse(&text)), "Ok(Jwt { alg: \"RS256\", … })");
}

proptest! {
    #[test]
    fn jwt_parser_never_panics(text in "\\PC*", head in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
        let _ = Jwt::parse(&text);
        let _ = trim_token(&text);
        let _ = Jwt::parse(&format!("{}.{}.", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(body)));
    }

    #[test]
    fn jwt_parser_never_panics_on_a_changed_byte(at in 0_usize..60, byte in any::<u8>()) {
        let mut bytes = token(r#"{"alg":"RS256","kid":"k"}"#, r#"{"sub":"a","aud":["b"]}"#).into_bytes();
        bytes[at] = byte;
        let _ = std::str::from_utf8(&bytes).map(|text| Jwt::parse(text).is_ok());
        let mut inner = br#"{"sub":"a","aud":["b"],"n":1.5e3}"#.to_vec();
        let place = at % inner.len();
        inner[place] = byte;
        let _ = json::parse_object(&inner);
    }
}
