mod keys;
mod verify;

use crate::support::provider::json;
use crate::support::tokens::{ISSUER, discovery, jwks, sign};
use crate::support::{Bench, Outcome, START};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;

/// A valid token of the provider with these claims added or replaced.
fn token(header: &Value, claims: &Value) -> String {
    let mut all =
        json!({ "iss": ISSUER, "sub": "kari", "iat": START.unix(), "exp": START.plus(Seconds(3_600)).unix() });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    sign(header, &all)
}

fn valid_token() -> String {
    token(&json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" }), &json!({}))
}

/// A token with this payload and an invalid signature.
fn unsigned_token(payload: &str) -> String {
    format!("{}.{}.c2ln", B64.encode(r#"{"alg":"RS256"}"#), B64.encode(payload))
}

fn bench() -> Bench {
    Bench::new("MobileApp")
}

/// Runs `decode` with these lines as standard input.
#[track_caller]
fn decode(bench: &Bench, lines: &[&str], args: &[&str]) -> Outcome {
    lines.iter().for_each(|line| bench.terminal.type_line(line));
    bench.run(&[&["decode"], args].concat())
}

#[track_caller]
fn decode_json(lines: &str) -> Value {
    decode(&bench(), &[lines], &["--json"]).exits(0).json()
}

#[test]
fn decode_json_has_contract_fields_and_sends_nothing() {
    let claims = json!({ "nbf": START.unix(), "iss": "http://169.254.169.254/", "scope": ["openid"] });
    let document = decode_json(&token(&json!({ "alg": "RS256", "typ": "at+jwt" }), &claims));
    let (iat, exp) = (START.unix(), START.plus(Seconds(3_600)).unix());
    let expected = json!({
        "header": { "alg": "RS256", "typ": "at+jwt" },
        "payload": {
            "iss": "http://169.254.169.254/", "sub": "kari", "iat": iat, "exp": exp, "nbf": iat, "scope": ["openid"],
        },
        "verified": false, "alg": "RS256", "typ": "at+jwt", "expired": false, "warnings": [],
        "times": { "iat": "2026-01-31T12:00:00Z", "nbf": "2026-01-31T12:00:00Z", "exp": "2026-01-31T13:00:00Z" },
    });
    assert_eq!(document, expected);
    let bare = decode_json(&sign(&json!({ "alg": "RS256" }), &json!({})));
    assert_eq!([&bare["typ"], &bare["expired"], &bare["times"]], [&json!(null), &json!(null), &json!({})]);
}

#[test]
fn token_expires_exactly_at_exp() {
    for (at, expired) in [(3_599, false), (3_600, true)] {
        let bench = bench();
        bench.at(at);
        assert_eq!(decode(&bench, &[&valid_token()], &["--json"]).exits(0).json()["expired"], expired);
    }
}

#[test]
fn time_without_a_date_is_left_out_with_a_warning() {
    let header = json!({ "alg": "RS256", "kid": "k1" });
    let milliseconds = "`exp` is out of range (milliseconds instead of seconds?)";
    for (claim, value, expired, warning) in [
        ("exp", json!(START.unix() * 1_000), false, milliseconds),
        ("exp", json!(99_999_999_999_999_i64), false, milliseconds),
        ("exp", json!(1e300), false, "`exp` is out of range"),
        ("exp", json!(-5), true, "`exp` is out of range"),
        ("nbf", json!(-5), false, "`nbf` is out of range"),
    ] {
        let token = token(&header, &json!({ claim: value }));
        let document = decode_json(&token);
        assert_eq!(document["times"].get(claim), None, "{document}");
        assert_eq!(
            (&document["expired"], &document["warnings"]),
            (&json!(expired), &json!([{ "code": "time_out_of_range", "message": warning }]))
        );
        let text = decode(&bench(), &[&token], &[]).exits(0).stdout;
        assert!(text.contains(&format!("\nwarning: {warning}\n")), "{text}");
        assert!(!text.contains("9999-12-30") && !text.contains("1970-01-01"), "{text}");
    }
}

#[test]
fn text_is_not_a_number_and_invalid_times_warn() {
    for claim in ["exp", "nbf", "iat", "auth_time"] {
        for value in [json!("1769864400"), json!(null), json!([]), json!(true)] {
            let token = token(&json!({ "alg": "RS256" }), &json!({ claim: value }));
            let document = decode_json(&token);
            assert_eq!(
                document["warnings"],
                json!([{ "code": "time_not_a_number", "message": format!("`{claim}` is not a number, so it is not a time") }])
            );
            assert_eq!(document["times"].get(claim), None);
            let text = decode(&bench(), &[&token], &[]).exits(0).stdout;
            assert!(text.contains(&format!("  {claim:<19} {value}")), "{text}");
        }
    }
    let line = |value: Value| {
        let text = decode(&bench(), &[&token(&json!({ "alg": "RS256" }), &json!({ "x": value }))], &[]).exits(0).stdout;
        text.lines().find(|line| line.starts_with("  x ")).unwrap().to_owned()
    };
    for (text, other) in [("123", json!(123)), ("false", json!(false)), ("null", json!(null)), ("[1]", json!([1]))] {
        assert_eq!(
            [line(json!(text)), line(other)],
            [format!("  x{:18} \"{text}\"", ""), format!("  x{:18} {text}", "")]
        );
    }
}

#[test]
fn claims_are_explained_by_profile_or_issuer() {
    let claims = |iss: &str| json!({ "iss": iss, "acr": "urn:telenor.identity.aal.2", "sub": "a" });
    let says = |bench: &Bench, iss: &str| {
        let text = decode(bench, &[&token(&json!({ "alg": "RS256" }), &claims(iss))], &[]).exits(0).stdout;
        [text.contains("assurance level 2"), text.contains("for this client only")]
    };
    assert_eq!(says(&bench(), ISSUER), [true, true]);
    assert_eq!(says(&bench(), "https://other.example"), [false, false]);
    let nowhere = Bench::with_env(&[]);
    assert_eq!(says(&nowhere, ISSUER), [false, false]);
    for iss in ["https://id.telenor.no", "https://id-test.telenor.no"] {
        assert_eq!(says(&nowhere, iss), [true, true]);
    }
    let broken = Bench::with_config("nonsense");
    assert_eq!(says(&broken, "https://id.telenor.no"), [true, true], "whatever the configuration says");
}

#[test]
fn token_before_nbf_is_warned_about() {
    let token = token(&json!({ "alg": "RS256" }), &json!({ "nbf": START.plus(Seconds(60)).unix() }));
    let warning = "it is not valid before 2026-01-31T12:01:00Z";
    assert_eq!(decode_json(&token)["warnings"], json!([{ "code": "not_valid_yet", "message": warning }]));
    let text = decode(&bench(), &[&token], &[]).exits(0).stdout;
    assert!(text.contains("warning: it is not valid before 2026-01-31 12:01:00 UTC (in 1 min)\n"), "{text}");
    let bench = bench();
    bench.at(60);
    assert_eq!(decode(&bench, &[&token], &["--json"]).exits(0).json()["warnings"], json!([]));
}

#[test]
fn unverified_token_is_announced_first() {
    let text = decode(&bench(), &[&valid_token()], &[]).exits(0).stdout;
    assert!(
        text.starts_with("not verified: anyone could have made this token; expires 2026-01-31 13:00:00 UTC (in 1 h)\n")
    );
    assert!(text.contains("\nHeader\n") && text.contains("\nPayload\n"), "{text}");
    let text = decode(&bench(), &[&valid_token()], &["--jwks", "keys.json"]).exits(2).stderr;
    assert!(text.contains("--jwks keys.json: no such file"), "{text}");
}

#[test]
fn byte_order_mark_is_dropped_from_token_and_keys() {
    let mark = "\u{feff}";
    let keys = jwks().to_string();
    for file in [keys.clone(), format!("{mark}{keys}")] {
        let bench = bench();
        bench.files.put("keys.json", &file);
        for line in [valid_token(), format!("{mark}{}\r", valid_token()), format!("{mark} Bearer {}", valid_token())] {
            let document = decode(&bench, &[&line], &["--jwks", "keys.json", "--json"]).exits(0).json();
            assert_eq!(document["verified"], true);
            bench.run(&["decode", &line]).exits(0);
        }
        decode(&bench, &[&valid_token(), &format!("{mark}{}", valid_token())], &[]).exits(0);
        decode(&bench, &[mark], &[]).exits(2).says("there is no token");
        let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        bench.files.0.lock().unwrap().insert("keys.json".into(), utf_16);
        decode(&bench, &[&valid_token()], &["--jwks", "keys.json"]).exits(2).says("--jwks keys.json: it is UTF-16");
    }
}

#[test]
fn unsigned_token_and_embedded_key_are_flagged() {
    for alg in ["none", "None", "nOnE"] {
        let unsigned = format!("{}.{}.", B64.encode(format!(r#"{{"alg":"{alg}"}}"#)), B64.encode("{}"));
        let document = decode_json(&unsigned);
        assert_eq!((&document["verified"], &document["alg"]), (&json!(false), &json!(alg)));
        assert_eq!(
            document["warnings"],
            json!([{ "code": "not_signed", "message": "alg is none: the token is not signed at all" }])
        );
    }
    let stripped = valid_token();
    let document = decode_json(&stripped[..=stripped.rfind('.').unwrap()]);
    assert_eq!(document["warnings"], json!([{ "code": "not_signed", "message": "the signature is empty" }]));
    for name in ["jku", "x5u", "jwk", "x5c"] {
        let document = decode_json(&token(&json!({ "alg": "RS256", name: "https://evil.example" }), &json!({})));
        assert!(document["warnings"][0]["message"].as_str().unwrap().contains(&format!("`{name}`")), "{document}");
    }
}

#[test]
fn encrypted_token_shows_only_its_header() {
    let header = B64.encode(r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"zip":"DEF"}"#);
    let outcome = decode(&bench(), &[&format!("{header}.a.b.c.d")], &[]).exits(7);
    assert!(outcome.stderr.contains("encrypted token (JWE)") && outcome.stderr.contains("\"p2c\":2147483647"));
}

#[test]
fn bad_line_does_not_stop_the_others() {
    let (good, last) = (valid_token(), unsigned_token(r#"{"sub":"ola"}"#));
    let outcome = decode(&bench(), &[&good, "", "nonsense", "  ", &last], &["--json"]).exits_with_output(7);
    let documents: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 3, "{}", outcome.stdout);
    assert_eq!(documents[0]["payload"]["sub"], "kari");
    assert_eq!((&documents[1]["line"], &documents[1]["error"]["kind"]), (&json!(3), &json!("invalid")));
    assert_eq!(documents[1]["error"]["exit_code"], 7);
    assert_eq!(documents[2]["payload"]["sub"], "ola");
    assert_eq!(outcome.error()["message"], "1 of 3 tokens are opaque");

    let outcome = decode(&bench(), &[&good, "nonsense", &last], &[]).exits_with_output(7);
    let expected = "opaque: line 2: not a JWT: expected three parts separated by dots, found 1\n";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("Payload").count(), 2);
}

#[test]
fn bulk_tokens_are_decoded_in_order() {
    let bench = bench();
    let expected: Vec<Value> = (1..=1_003).map(|line| if line % 97 == 0 { json!(null) } else { json!(line) }).collect();
    for subject in &expected {
        let text = json!({ "sub": subject }).to_string();
        bench.terminal.type_line(&if subject.is_null() { "nonsense".to_owned() } else { unsigned_token(&text) });
    }
    let outcome = bench.run(&["decode", "--json"]).exits_with_output(7);
    let documents = outcome.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for ((document, subject), line) in documents.zip(&expected).zip(1..) {
        assert_eq!(&document["payload"]["sub"], subject);
        assert!(!subject.is_null() || document["line"] == line, "{document}");
    }
    assert_eq!(outcome.stdout.lines().count(), expected.len());
    assert_eq!(outcome.error()["message"], "10 of 1003 tokens are opaque");
}

#[test]
fn closed_output_ends_bulk_decode_silently() {
    let bench = bench();
    *bench.terminal.broken.lock().unwrap() = Some(std::io::ErrorKind::BrokenPipe);
    (1..=400).for_each(|_| bench.terminal.type_line(&valid_token()));
    assert_eq!(bench.run(&["decode"]).exits(0).stderr, "");
}

#[test]
fn empty_input_is_a_usage_error() {
    decode(&bench(), &["", " "], &[]).exits(2).says("there is no token on standard input");
}

#[test]
fn prefix_and_quotes_around_a_token_are_dropped() {
    let token = valid_token();
    for line in [
        format!("Bearer {token}"),
        format!("Authorization: bearer {token} \t"),
        format!("\"{token}\""),
        format!("'{token}'\r"),
    ] {
        assert_eq!(decode_json(&line)["payload"]["sub"], "kari", "{line}");
    }
}

#[test]
fn token_argument_is_warned_about() {
    let (bench, token) = (bench(), valid_token());
    let outcome = bench.run(&["decode", &token, "--json"]).exits(0).says("every process on this machine");
    assert_eq!(outcome.json()["warnings"][0]["code"], "token_on_command_line");
    assert_eq!(decode(&bench, &[&token], &["-"]).exits(0).stderr, "");
    bench.run(&["decode", "nonsense", "--json"]).exits(7);
    let outcome = bench.run(&["decode", &token, "nonsense", "--json"]).exits_with_output(7);
    assert!(outcome.stdout.lines().last().unwrap().contains("\"line\":2"), "{}", outcome.stdout);
}

#[test]
fn token_text_is_escaped_on_the_terminal() {
    let nasty = "\u{1b}]0;x\u{7}\u{202e}\u{2066}\u{200b}\u{9b}\u{2028}\r";
    let token = token(&json!({ "alg": "RS256", "kid": nasty }), &json!({ nasty: nasty, "list": [nasty] }));
    for args in [&[][..], &["--json"]] {
        let outcome = decode(&bench(), &[&token, &format!("{nasty}x")], args).exits_with_output(7);
        for text in [&outcome.stdout, &outcome.stderr] {
            let raw = text.chars().find(|c| *c != '\n' && (c.is_control() || nasty.contains(*c) && !c.is_ascii()));
            assert_eq!(raw, None, "{args:?}: {text}");
        }
    }
    assert_eq!(decode_json(&token)["payload"][nasty], nasty, "in JSON it is the same document");
}

#[test]
fn large_numbers_keep_every_digit() {
    let payload = r#"{"n":1234567890123456789012345678901234567890,"f":0.10000000000000000000001}"#;
    for args in [&[][..], &["--json"]] {
        let text = decode(&bench(), &[&unsigned_token(payload)], args).exits(0).stdout;
        for number in ["1234567890123456789012345678901234567890", "0.10000000000000000000001"] {
            assert!(text.contains(number), "{args:?}: no {number} in {text}");
        }
    }
}

#[test]
fn malformed_token_is_refused_quickly() {
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for line in [
        ".".repeat(1 << 20),
        "x".repeat((1 << 20) + 1),
        "a.b".to_owned(),
        unsigned_token("[]"),
        unsigned_token("\"x\""),
        unsigned_token(r#"{"a":1,"a":2}"#),
        unsigned_token(&format!(r#"{{"a":{nested}}}"#)),
        unsigned_token("\u{feff}{}"),
        format!("{}=", valid_token()),
        valid_token().replace('.', " ."),
    ] {
        let outcome = decode(&bench(), &[&line], &["--json"]).exits_with_output(7);
        assert!(outcome.stdout.starts_with("{\"error\":"), "{:.200}", outcome.stdout);
        assert!(outcome.stdout.len() < 1_000, "{} bytes are said of it", outcome.stdout.len());
    }
    let far = decode_json(&unsigned_token(r#"{"exp":9300000000000000000000,"iat":"soon"}"#));
    assert_eq!((&far["expired"], &far["times"]), (&json!(false), &json!({})));
}

/// A bench whose provider serves its keys exactly once.
fn verifier() -> Bench {
    let bench = bench();
    bench.provider.responds("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.responds("/jwks", json(200, &jwks()));
    bench
}

/// A token with the signature of another one.
fn forged_token() -> String {
    let known = json!({ "alg": "RS256", "kid": "k1" });
    let (token, other) = (valid_token(), token(&known, &json!({ "sub": "ola" })));
    format!("{}{}", &token[..token.rfind('.').unwrap()], &other[other.rfind('.').unwrap()..])
}

#[test]
fn each_token_of_a_token_response_is_decoded_by_name() {
    let response = json!({
        "access_token": valid_token(), "token_type": "Bearer", "expires_in": 3600, "refresh_token": "canary-refresh",
        "id_token": unsigned_token(r#"{"sub":"ola"}"#)
    });
    let pretty = serde_json::to_string_pretty(&response).unwrap();
    let lines: Vec<&str> = pretty.lines().collect();
    for lines in [&[response.to_string().as_str()][..], &lines] {
        let text = decode(&bench(), lines, &[]).exits(0);
        assert!(text.stdout.starts_with("access_token: not verified"), "{}", text.stdout);
        assert!(text.stdout.contains("\nid_token: not verified"), "{}", text.stdout);
        assert!(!text.stdout.contains("canary") && !text.stderr.contains("canary"), "{text:?}");
        let documents = decode(&bench(), lines, &["--json"]).exits(0).stdout;
        let documents: Vec<Value> = documents.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<&Value> = documents.iter().map(|document| &document["token"]).collect();
        assert_eq!(names, ["access_token", "id_token"]);
    }
    let opaque = json!({ "access_token": "opaque-canary", "id_token": valid_token() }).to_string();
    let text = decode(&bench(), &[&opaque], &[]).exits(0).stdout;
    assert!(text.starts_with("access_token: opaque: only its issuer can read it\nid_token: not verified"), "{text}");
    decode(&bench(), &[r#"{"refresh_token":"x"}"#], &[]).exits(7).says("no access_token and no id_token");
    decode(&bench(), &["{", r#""a": 1"#], &[]).exits_with_output(7);
}
