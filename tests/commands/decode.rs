use crate::support::provider::json as answer;
use crate::support::tokens::{Answer, ISSUER, discovery, jwks, jwks_named, sign};
use crate::support::{Bench, Outcome, START};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use std::sync::Arc;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

/// A token of the provider that lives an hour, with these claims beside or instead of its own.
fn token(header: &Value, claims: &Value) -> String {
    let mut all =
        json!({ "iss": ISSUER, "sub": "kari", "iat": START.unix(), "exp": START.plus(Seconds(3_600)).unix() });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    sign(header, &all)
}

fn plain() -> String {
    token(&json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" }), &json!({}))
}

/// A token with that text as payload, signed by nobody.
fn written(payload: &str) -> String {
    format!("{}.{}.c2ln", B64.encode(r#"{"alg":"RS256"}"#), B64.encode(payload))
}

fn bench() -> Bench {
    Bench::new("MobileApp")
}

/// Runs `decode` with these lines on standard input.
#[track_caller]
fn decode(bench: &Bench, lines: &[&str], args: &[&str]) -> Outcome {
    lines.iter().for_each(|line| bench.terminal.type_line(line));
    bench.run(&[&["decode"], args].concat())
}

#[track_caller]
fn decoded(lines: &str) -> Value {
    decode(&bench(), &[lines], &["--json"]).exits(0).json()
}

#[test]
fn decode_json_has_contract_fields_and_sends_nothing() {
    let claims = json!({ "nbf": START.unix(), "iss": "http://169.254.169.254/", "scope": ["openid"] });
    let document = decoded(&token(&json!({ "alg": "RS256", "typ": "at+jwt" }), &claims));
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
    let bare = decoded(&sign(&json!({ "alg": "RS256" }), &json!({})));
    assert_eq!([&bare["typ"], &bare["expired"], &bare["times"]], [&json!(null), &json!(null), &json!({})]);
}

#[test]
fn token_expires_exactly_at_exp() {
    for (at, expired) in [(3_599, false), (3_600, true)] {
        let bench = bench();
        bench.at(at);
        assert_eq!(decode(&bench, &[&plain()], &["--json"]).exits(0).json()["expired"], expired);
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
        let document = decoded(&token);
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
            let document = decoded(&token);
            assert_eq!(
                document["warnings"],
                json!([{ "code": "time_not_a_number", "message": format!("`{claim}` is not a number, so it is no time") }])
            );
            assert_eq!(document["times"].get(claim), None);
            let text = decode(&bench(), &[&token], &[]).exits(0).stdout;
            assert!(text.contains(&format!("  {claim:<18} {value}")), "{text}");
        }
    }
    let line = |value: Value| {
        let text = decode(&bench(), &[&token(&json!({ "alg": "RS256" }), &json!({ "x": value }))], &[]).exits(0).stdout;
        text.lines().find(|line| line.starts_with("  x ")).unwrap().to_owned()
    };
    for (text, other) in [("123", json!(123)), ("false", json!(false)), ("null", json!(null)), ("[1]", json!([1]))] {
        assert_eq!(
            [line(json!(text)), line(other)],
            [format!("  x{:17} \"{text}\"", ""), format!("  x{:17} {text}", "")]
        );
    }
}

#[test]
fn claims_are_explained_by_profile_or_issuer() {
    let claims = |iss: &str| json!({ "iss": iss, "acr": "urn:telenor.identity.aal.2", "sub": "a" });
    let says = |bench: &Bench, iss: &str| {
        let text = decode(bench, &[&token(&json!({ "alg": "RS256" }), &claims(iss))], &[]).exits(0).stdout;
        [text.contains("assurance level 2"), text.contains("differs per client")]
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
    assert_eq!(decoded(&token)["warnings"], json!([{ "code": "not_valid_yet", "message": warning }]));
    let text = decode(&bench(), &[&token], &[]).exits(0).stdout;
    assert!(text.contains("warning: it is not valid before 2026-01-31 12:01:00 UTC (in 1 min)\n"), "{text}");
    let bench = bench();
    bench.at(60);
    assert_eq!(decode(&bench, &[&token], &["--json"]).exits(0).json()["warnings"], json!([]));
}

#[test]
fn unverified_token_is_announced_first() {
    let text = decode(&bench(), &[&plain()], &[]).exits(0).stdout;
    assert!(
        text.starts_with("not verified: anybody can have written this; expires 2026-01-31 13:00:00 UTC (in 1 h)\n")
    );
    assert!(text.contains("\nHeader\n") && text.contains("\nPayload\n"), "{text}");
    let text = decode(&bench(), &[&plain()], &["--jwks", "keys.json"]).exits(2).stderr;
    assert!(text.contains("--jwks keys.json: no such file"), "{text}");
}

#[test]
fn byte_order_mark_is_dropped_from_token_and_keys() {
    let mark = "\u{feff}";
    let keys = jwks().to_string();
    for file in [keys.clone(), format!("{mark}{keys}")] {
        let bench = bench();
        bench.files.put("keys.json", &file);
        for line in [plain(), format!("{mark}{}\r", plain()), format!("{mark} Bearer {}", plain())] {
            let document = decode(&bench, &[&line], &["--jwks", "keys.json", "--json"]).exits(0).json();
            assert_eq!(document["verified"], true);
            bench.run(&["decode", &line]).exits(0);
        }
        decode(&bench, &[&plain(), &format!("{mark}{}", plain())], &[]).exits(0);
        decode(&bench, &[mark], &[]).exits(2).says("there is no token");
        let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        bench.files.0.lock().unwrap().insert("keys.json".into(), utf_16);
        decode(&bench, &[&plain()], &["--jwks", "keys.json"]).exits(2).says("--jwks keys.json: it is UTF-16");
    }
}

#[test]
fn unsigned_token_and_embedded_key_are_flagged() {
    for alg in ["none", "None", "nOnE"] {
        let unsigned = format!("{}.{}.", B64.encode(format!(r#"{{"alg":"{alg}"}}"#)), B64.encode("{}"));
        let document = decoded(&unsigned);
        assert_eq!((&document["verified"], &document["alg"]), (&json!(false), &json!(alg)));
        assert_eq!(
            document["warnings"],
            json!([{ "code": "not_signed", "message": "alg is none: the token is not signed at all" }])
        );
    }
    let stripped = plain();
    let document = decoded(&stripped[..=stripped.rfind('.').unwrap()]);
    assert_eq!(document["warnings"], json!([{ "code": "not_signed", "message": "the signature is empty" }]));
    for name in ["jku", "x5u", "jwk", "x5c"] {
        let document = decoded(&token(&json!({ "alg": "RS256", name: "https://evil.example" }), &json!({})));
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
    let (good, last) = (plain(), written(r#"{"sub":"ola"}"#));
    let outcome = decode(&bench(), &[&good, "", "nonsense", "  ", &last], &["--json"]).exits_having_answered(7);
    let documents: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 3, "{}", outcome.stdout);
    assert_eq!(documents[0]["payload"]["sub"], "kari");
    assert_eq!((&documents[1]["line"], &documents[1]["error"]["kind"]), (&json!(3), &json!("invalid")));
    assert_eq!(documents[1]["error"]["exit_code"], 7);
    assert_eq!(documents[2]["payload"]["sub"], "ola");
    assert_eq!(outcome.error()["message"], "1 of 3 tokens are opaque");

    let outcome = decode(&bench(), &[&good, "nonsense", &last], &[]).exits_having_answered(7);
    let told = "opaque: line 2: this is no JWT: a JWT has three parts with dots between them, this has 1\n";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("Payload").count(), 2);
}

#[test]
fn bulk_tokens_are_decoded_in_order() {
    let bench = bench();
    let expected: Vec<Value> = (1..=1_003).map(|line| if line % 97 == 0 { json!(null) } else { json!(line) }).collect();
    for subject in &expected {
        let text = json!({ "sub": subject }).to_string();
        bench.terminal.type_line(&if subject.is_null() { "nonsense".to_owned() } else { written(&text) });
    }
    let outcome = bench.run(&["decode", "--json"]).exits_having_answered(7);
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
    (1..=400).for_each(|_| bench.terminal.type_line(&plain()));
    assert_eq!(bench.run(&["decode"]).exits(0).stderr, "");
}

#[test]
fn empty_input_is_a_usage_error() {
    decode(&bench(), &["", " "], &[]).exits(2).says("there is no token on standard input");
}

#[test]
fn prefix_and_quotes_around_a_token_are_dropped() {
    let token = plain();
    for line in [
        format!("Bearer {token}"),
        format!("Authorization: bearer {token} \t"),
        format!("\"{token}\""),
        format!("'{token}'\r"),
    ] {
        assert_eq!(decoded(&line)["payload"]["sub"], "kari", "{line}");
    }
}

#[test]
fn token_argument_is_warned_about() {
    let (bench, token) = (bench(), plain());
    let outcome = bench.run(&["decode", &token, "--json"]).exits(0).says("every process on this machine");
    assert_eq!(outcome.json()["warnings"][0]["code"], "token_on_command_line");
    assert_eq!(decode(&bench, &[&token], &["-"]).exits(0).stderr, "");
    bench.run(&["decode", "nonsense", "--json"]).exits(7);
    let outcome = bench.run(&["decode", &token, "nonsense", "--json"]).exits_having_answered(7);
    assert!(outcome.stdout.lines().last().unwrap().contains("\"line\":2"), "{}", outcome.stdout);
}

#[test]
fn token_text_is_escaped_on_the_terminal() {
    let nasty = "\u{1b}]0;x\u{7}\u{202e}\u{2066}\u{200b}\u{9b}\u{2028}\r";
    let token = token(&json!({ "alg": "RS256", "kid": nasty }), &json!({ nasty: nasty, "list": [nasty] }));
    for args in [&[][..], &["--json"]] {
        let outcome = decode(&bench(), &[&token, &format!("{nasty}x")], args).exits_having_answered(7);
        for text in [&outcome.stdout, &outcome.stderr] {
            let raw = text.chars().find(|c| *c != '\n' && (c.is_control() || nasty.contains(*c) && !c.is_ascii()));
            assert_eq!(raw, None, "{args:?}: {text}");
        }
    }
    assert_eq!(decoded(&token)["payload"][nasty], nasty, "in JSON it is the same document");
}

#[test]
fn large_numbers_keep_every_digit() {
    let payload = r#"{"n":1234567890123456789012345678901234567890,"f":0.10000000000000000000001}"#;
    for args in [&[][..], &["--json"]] {
        let text = decode(&bench(), &[&written(payload)], args).exits(0).stdout;
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
        written("[]"),
        written("\"x\""),
        written(r#"{"a":1,"a":2}"#),
        written(&format!(r#"{{"a":{nested}}}"#)),
        written("\u{feff}{}"),
        format!("{}=", plain()),
        plain().replace('.', " ."),
    ] {
        let outcome = decode(&bench(), &[&line], &["--json"]).exits_having_answered(7);
        assert!(outcome.stdout.starts_with("{\"error\":"), "{:.200}", outcome.stdout);
        assert!(outcome.stdout.len() < 1_000, "{} bytes are said of it", outcome.stdout.len());
    }
    let far = decoded(&written(r#"{"exp":9300000000000000000000,"iat":"soon"}"#));
    assert_eq!((&far["expired"], &far["times"]), (&json!(false), &json!({})));
}

/// A machine whose provider publishes its keys exactly once.
fn verifier() -> Bench {
    let bench = bench();
    bench.provider.answers("/.well-known/openid-configuration", answer(200, &discovery()));
    bench.provider.answers("/jwks", answer(200, &jwks()));
    bench
}

#[test]
fn token_of_the_profiles_provider_is_verified() {
    let bench = verifier();
    assert_eq!(decode(&bench, &[&plain()], &["--verify", "--json"]).exits(0).json()["verified"], true);
    assert!(decode(&bench, &[&plain()], &["--verify"]).exits(0).stdout.starts_with("verified, expires "));
}

/// A token of the provider with the signature of another one.
fn forged() -> String {
    let known = json!({ "alg": "RS256", "kid": "k1" });
    let (token, other) = (plain(), token(&known, &json!({ "sub": "ola" })));
    format!("{}{}", &token[..token.rfind('.').unwrap()], &other[other.rfind('.').unwrap()..])
}

#[test]
fn invalid_tokens_fail_and_no_key_url_is_followed() {
    let known = json!({ "alg": "RS256", "kid": "k1" });
    let evil = json!({ "alg": "RS256", "kid": "k1", "jku": "https://evil.example/keys" });
    for (token, words) in [
        (token(&known, &json!({ "iss": "https://evil.example" })), "it was issued by `https://evil.example`"),
        (token(&evil, &json!({ "iss": "https://evil.example" })), "it was issued by `https://evil.example`"),
        (token(&known, &json!({ "iss": format!("{ISSUER}/") })), "it was issued by"),
        (token(&known, &json!({ "iss": null })), "it does not say who issued it"),
        (token(&known, &json!({ "exp": START.minus(Seconds(60)).unix() })), "it expired at 2026-01-31T11:59:00Z"),
        (token(&known, &json!({ "nbf": START.plus(Seconds(61)).unix() })), "it is not valid before"),
        (forged(), "signature"),
        (token(&json!({ "alg": "none" }), &json!({})), "none"),
    ] {
        decode(&verifier(), &[&token], &["--verify"]).exits(7).says(words);
    }
    let outcome = decode(&verifier(), &[&token(&evil, &json!({}))], &["--verify", "--json"]).exits(0);
    assert_eq!(outcome.json()["verified"], true, "a `jku` is ignored, not followed");
}

#[test]
fn unknown_key_is_fetched_once_for_many_tokens() {
    let bench = verifier();
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    let lines = [rotated.as_str(), &unknown, &unknown];
    let outcome = decode(&bench, &lines, &["--verify"]).exits_having_answered(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 1);
    assert_eq!(
        outcome.stderr.matches("its key is not among those the provider published").count(),
        2,
        "{}",
        outcome.stderr
    );
    assert_eq!(bench.provider.count("/jwks"), 2);
}

#[test]
fn unknown_key_is_fetched_once_without_a_cache() {
    let bench = bench();
    bench.provider.answers("/.well-known/openid-configuration", answer(200, &discovery()));
    bench.provider.answers("/jwks", uncached(&jwks()));
    bench.provider.answers("/jwks", uncached(&jwks_named("k2")));
    let [rotated, unknown] = ["k2", "k9"].map(|kid| token(&json!({ "alg": "RS256", "kid": kid }), &json!({})));
    let lines = [rotated.as_str(), &unknown, &rotated, &plain(), &unknown];
    let outcome = decode(&bench, &lines, &["--verify"]).exits_having_answered(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "one of its keys has been withdrawn");
    assert_eq!(bench.provider.count("/jwks"), 2);
    // Another run fetches them, and still knows when they were looked for.
    bench.provider.answers("/jwks", uncached(&jwks_named("k2")));
    decode(&bench, &[&unknown], &["--verify"]).exits(5);
    assert_eq!(bench.provider.count("/jwks"), 3);
}

/// Keys that no cache may keep.
fn uncached(keys: &Value) -> Response {
    let mut response = answer(200, keys);
    response.headers.push(("cache-control".into(), "no-store".into()));
    response
}

/// Verifies one token after the other, each so many seconds after what was before it.
fn verified_after<const N: usize>(bench: &Bench, tokens: [(&str, i64); N]) -> Outcome {
    let (clock, mut pauses) = (Arc::clone(&bench.clock), tokens.map(|(_, pause)| pause).into_iter());
    let meanwhile = move || pauses.next().into_iter().for_each(|pause| clock.advance(Seconds(pause)));
    *bench.terminal.meanwhile.lock().unwrap() = Some(Box::new(meanwhile));
    decode(bench, &tokens.map(|(token, _)| token), &["--verify", "--leeway", "100h"])
}

#[test]
fn withdrawn_key_is_dropped_when_its_set_expires() {
    let bench = verifier();
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    let plain = plain();
    let outcome = verified_after(&bench, [0, 3_600, 86_400].map(|pause| (plain.as_str(), pause)));
    assert_eq!(outcome.exits_having_answered(5).stdout.matches("verified, ").count(), 2);
}

/// Announces a request for the keys that takes so long.
fn slowly(bench: &Bench, seconds: i64, response: Response) {
    let clock = Arc::clone(&bench.clock);
    bench.provider.expect("/jwks", move |_| {
        clock.advance(Seconds(seconds));
        Ok(response)
    });
}

#[test]
fn stale_keys_are_undecided_and_not_fetched_each_time() {
    // A slow failure is rested from for longer, but for a minute at most: a machine may have slept meanwhile.
    for (took, rest) in [(0, 10), (15, 30), (28_800, 60)] {
        let bench = verifier();
        [took, 0].into_iter().for_each(|took| slowly(&bench, took, answer(503, &json!({}))));
        let plain = plain();
        let pauses = [0, 86_400, 0, rest - 1, 1, 9].map(|pause| (plain.as_str(), pause));
        let outcome = verified_after(&bench, pauses).exits_having_answered(5);
        assert_eq!(outcome.stdout.matches("verified, ").count(), 1);
        assert_eq!(outcome.stderr.matches("not verified:").count(), 5, "{}", outcome.stderr);
        assert_eq!(bench.provider.count("/jwks"), 3, "after {took} s");
    }
}

#[test]
fn invalid_token_is_refused_even_without_keys() {
    let bench = verifier();
    bench.provider.answers("/jwks", answer(503, &json!({})));
    let unsigned = token(&json!({ "alg": "none" }), &json!({}));
    let foreign = token(&json!({ "alg": "RS256", "kid": "k1" }), &json!({ "iss": "https://evil.example" }));
    let plain = plain();
    let tokens = [(plain.as_str(), 0), (&unsigned, 86_400), (&foreign, 0), (&plain, 0)];
    let outcome = verified_after(&bench, tokens).exits_having_answered(7);
    assert!(outcome.stderr.contains("2 of 4 tokens are not valid, 1 could not be verified"), "{}", outcome.stderr);
}

#[test]
fn bad_signature_is_undecided_while_keys_cannot_be_fetched() {
    let bench = verifier();
    decode(&bench, &[&plain()], &["--verify"]).exits(0);
    bench.provider.answers("/jwks", answer(503, &json!({})));
    decode(&bench, &[&forged()], &["--verify"]).exits(5).says("cannot read the provider's keys");
    decode(&bench, &[&forged()], &["--verify"]).exits(5).says("keys could not be fetched at");
    bench.pass(Seconds::minutes(5));
    bench.provider.answers("/jwks", answer(200, &jwks()));
    decode(&bench, &[&forged()], &["--verify"]).exits(7).says("signature is wrong");
    decode(&bench, &[&forged()], &["--verify"]).exits(7).says("signature is wrong");
}

#[test]
fn newer_keys_are_kept_over_an_older_cache() {
    let bench = verifier();
    decode(&bench, &[&plain()], &["--verify"]).exits(0);
    bench.files.are_full();
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let tokens = [0, 61, 61, 240].map(|pause| (rotated.as_str(), pause));
    let outcome = verified_after(&bench, tokens).exits(0);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 4);
}

#[test]
fn cached_keys_of_another_run_are_used_first() {
    for seconds in [0, 1] {
        fetched_by_another_run_after(Seconds(seconds));
    }
}

fn fetched_by_another_run_after(pause: Seconds) {
    let bench = verifier();
    let (files, clock) = (Arc::clone(&bench.files), Arc::clone(&bench.clock));
    let fetched = move || {
        clock.advance(pause);
        for file in files.0.lock().unwrap().values_mut() {
            let mut cached: Value = serde_json::from_slice(file).unwrap();
            if cached["url"].as_str().unwrap().ends_with("/jwks") {
                cached["document"] = jwks_named("k2").to_string().into();
                cached["fetched_at"] = serde_json::to_value(START.plus(pause)).unwrap();
                *file = cached.to_string().into_bytes();
            }
        }
    };
    let mut fetched = Some(fetched);
    let once = move || fetched.take().into_iter().for_each(|fetched| fetched());
    *bench.terminal.meanwhile.lock().unwrap() = Some(Box::new(once));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    decode(&bench, &[&plain(), &rotated], &["--verify"]).exits_having_answered(0);
}

#[test]
fn unknown_key_is_fetched_again_after_five_minutes() {
    let bench = verifier();
    bench.provider.answers("/jwks", answer(200, &jwks()));
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let outcome = verified_after(&bench, [0, 299, 1].map(|pause| (rotated.as_str(), pause))).exits_having_answered(5);
    assert!(outcome.stderr.contains("2 of 3 tokens could not be verified"), "{}", outcome.stderr);
}

#[test]
fn two_tokens_with_one_unknown_key_stay_undecided() {
    let bench = verifier();
    slowly(&bench, 11, answer(200, &jwks()));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(5).says("2 of 2 tokens could not be verified");
}

#[test]
fn invalid_key_set_is_the_reported_error() {
    let bench = verifier();
    decode(&bench, &[&plain()], &["--verify"]).exits(0);
    [answer(503, &json!({})), answer(200, &json!({}))]
        .into_iter()
        .for_each(|keys| bench.provider.answers("/jwks", keys));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    verified_after(&bench, [(&unknown, 0), (&unknown, 300)]).exits(7).says("2 of 2 tokens could not be verified");
}

#[test]
fn keys_fetched_for_another_reason_do_not_decide() {
    let bench = bench();
    bench.provider.answers("/.well-known/openid-configuration", answer(200, &discovery()));
    for keys in [jwks(), jwks(), jwks(), jwks_named("k2")] {
        bench.provider.answers("/jwks", uncached(&keys));
    }
    let [unknown, newer] = ["k9", "k2"].map(|kid| token(&json!({ "alg": "RS256", "kid": kid }), &json!({})));
    // The keys are fetched at first, for want of the unknown one, and twice because they have aged.
    let tokens = [(unknown.as_str(), 0), (&plain(), 62), (&newer, 1), (&newer, 60)];
    let outcome = verified_after(&bench, tokens).exits_having_answered(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("not verified: line 3").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("at 2026-01-31 12:01:02 UTC"), "{}", outcome.stderr);
}

#[test]
fn failed_key_fetch_is_reported_without_a_cache() {
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    for (keys, told) in [(answer(200, &jwks()), "not among those"), (answer(503, &json!({})), "could not be fetched")] {
        let mut bench = verifier();
        bench.ports.dirs.cache = None;
        bench.provider.answers("/jwks", keys);
        let outcome = verified_after(&bench, [(&unknown, 0), (&unknown, 11)]);
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    }
    // Nor does it count what a cache that can no longer be written says of hours ago.
    let bench = verifier();
    bench.provider.answers("/jwks", answer(200, &jwks()));
    decode(&bench, &[&unknown], &["--verify"]).exits(5);
    bench.files.are_full();
    bench.pass(Seconds::hours(2));
    bench.provider.answers("/jwks", answer(503, &json!({})));
    verified_after(&bench, [(&unknown, 0), (&unknown, 1)]).says("keys could not be fetched at");
}

#[test]
fn unknown_key_is_undecided_during_the_cooldown() {
    let bench = verifier();
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    bench.provider.answers("/jwks", answer(200, &jwks()));
    decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(5).says("2 of 2 tokens could not be verified");
    let outcome = decode(&bench, &[&unknown], &["--verify"]).exits(5);
    for told in ["not verified: line 1", "at 2026-01-31 12:00:00 UTC", "again after 2026-01-31 12:05:00 UTC"] {
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    }
    assert!(outcome.stderr.contains("not among those"), "{}", outcome.stderr);
    let outcome = decode(&bench, &[&plain(), &unknown, &plain()], &["--verify"]).exits_having_answered(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2);
    assert!(outcome.stderr.contains("1 of 3 tokens could not be verified"), "{}", outcome.stderr);
    let outcome = decode(&bench, &["nonsense", &unknown], &["--verify", "--json"]).exits_having_answered(7);
    assert_eq!(outcome.error()["message"], "1 of 2 tokens are opaque, 1 could not be verified");
    bench.pass(Seconds::minutes(5));
    bench.provider.answers("/jwks", answer(200, &jwks_named("k9")));
    decode(&bench, &[&unknown], &["--verify"]).exits(0);
}

#[test]
fn recently_failed_key_fetch_is_undecided() {
    let bench = verifier();
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    decode(&bench, &[&plain()], &["--verify"]).exits(0);
    bench.provider.answers("/jwks", answer(503, &json!({})));
    let outcome = decode(&bench, &[&plain(), &unknown, &plain(), &unknown], &["--verify"]).exits_having_answered(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "the others are answered");
    assert_eq!(outcome.stderr.matches("not verified: line").count(), 2);
    decode(&bench, &[&unknown], &["--verify"]).exits(5).says("keys could not be fetched at");
    bench.pass(Seconds::minutes(5));
    bench.provider.answers("/jwks", answer(200, &json!({})));
    let outcome = decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(7);
    assert!(
        outcome.stderr.contains("cannot read the provider's keys")
            && outcome.stderr.contains("2 of 2 tokens could not")
    );
}

#[test]
fn failed_key_fetch_stops_no_login_or_session() {
    let bench = Bench::new("MobileApp");
    let in_vain = || {
        let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
        bench.provider.answers("/jwks", answer(200, &jwks()));
        decode(&bench, &[&unknown], &["--verify"]).exits(5);
    };
    bench.provider.announces_itself();
    in_vain();
    bench.provider.announces_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new().kid("k2").refresh_token("rt-1"));
    bench.provider.answers("/jwks", answer(200, &jwks_named("k2")));
    bench.run(&["login"]).exits(0);

    bench.pass(Seconds::minutes(5));
    in_vain();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k3").refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0).says("not verified");
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["access_token"]["verified"], json!(null));
}

/// Signed as it says, by nobody whose keys are at hand.
fn of_algorithm(alg: &str) -> String {
    token(&json!({ "alg": alg, "kid": "k1" }), &json!({}))
}

#[test]
fn each_verdict_has_its_word_value_and_reason() {
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    let extended = |name: &str, value: Value| token(&json!({ "alg": "RS256", "kid": "k1", name: value }), &json!({}));
    let [refused, open] = [json!(false), json!(null)];
    for (token, code, word, verified, reason) in [
        (unknown, 5, "not verified:", &open, "not among those the provider published"),
        (of_algorithm("HS256"), 7, "not verified:", &open, "signed with HS256"),
        (of_algorithm("ES256"), 7, "not verified:", &open, "signed with ES256"),
        (of_algorithm("EdDSA"), 7, "not verified:", &open, "signed with EdDSA"),
        (of_algorithm("rs256"), 7, "not verified:", &open, "signed with rs256"),
        (of_algorithm("none"), 7, "not valid:", &refused, "it is not signed at all"),
        (of_algorithm("nOnE"), 7, "not valid:", &refused, "it is not signed at all"),
        (forged(), 7, "not valid:", &refused, "its signature is wrong"),
        (extended("crit", json!(["exp"])), 7, "not valid:", &refused, "`crit`"),
        (extended("b64", json!(false)), 7, "not valid:", &refused, "`b64`"),
        (extended("b64", json!("false")), 7, "not valid:", &refused, "`b64`"),
        ("2YotnFZFEjr1zCsicMWpAA".into(), 7, "opaque:", &open, "this is no JWT"),
        ("ory_at_x.y".into(), 7, "opaque:", &open, "this is no JWT"),
        (format!("{}.a.b.c.d", B64.encode(r#"{"alg":"dir"}"#)), 7, "opaque:", &open, "encrypted token"),
        (plain().replacen('.', "", 1), 7, "not valid:", &refused, "this is no JWT"),
        ("{\"access_token\":\"x\"}".into(), 7, "not valid:", &refused, "this is no JWT"),
    ] {
        let bench = verifier();
        bench.provider.always("/jwks", answer(200, &jwks()));
        let document = decode(&bench, &[&token], &["--verify", "--json"]).exits_having_answered(code).json();
        assert_eq!((&document["verified"], &document["error"]["exit_code"]), (verified, &json!(code)), "{document}");
        assert!(document["verified_reason"].as_str().unwrap().contains(reason), "{reason}: {document}");
        let told = decode(&bench, &[&token], &["--verify"]).exits(code).says(word).says(reason);
        assert_eq!(told.stderr.contains("not valid"), *verified == false, "{}", told.stderr);
    }
    let unasked = decode(&bench(), &["opaque", &plain().replacen('.', "", 1)], &["--json"]).exits_having_answered(7);
    assert_eq!(unasked.error()["message"], "1 of 2 tokens are opaque, 1 are not valid");
    assert!(!unasked.stdout.contains("verified"), "nobody was asked to verify: {}", unasked.stdout);
    let unencoded = extended("b64", json!(true));
    decode(&verifier(), &[&unencoded], &["--verify"]).exits(0);
}

#[test]
fn key_set_with_a_private_key_verifies_nothing() {
    for (kty, name, value, refused) in [
        ("RSA", "d", json!("AQAB"), true),
        ("RSA", "qi", json!("AQAB"), true),
        ("EC", "d", json!("AQAB"), true),
        ("OKP", "d", json!("AQAB"), true),
        ("oct", "k", json!("AQAB"), false),
        ("RSA", "d", json!(null), false),
        ("RSA", "k", json!("AQAB"), false),
        ("EC", "p", json!(""), false),
    ] {
        let mut keys = jwks();
        keys["keys"].as_array_mut().unwrap().push(json!({ "kty": kty, "kid": "k\u{1b}2", name: value }));
        let bench = bench();
        bench.files.put("keys.json", &keys.to_string());
        let outcome = decode(&bench, &[&plain()], &["--jwks", "keys.json"]);
        if refused {
            outcome.exits(7).says("publishes what must be secret").says(r"of its key `k\u{1b}2`");
        } else {
            outcome.exits(0);
        }
    }
}

#[test]
fn unreachable_provider_leaves_signature_undecided() {
    let bench = bench();
    bench.provider.answers("/.well-known/openid-configuration", answer(503, &json!({})));
    decode(&bench, &[&plain()], &["--verify"]).exits(5);
}

#[test]
fn key_set_from_a_file_needs_no_profile_or_network() {
    let bench = Bench::with_env(&[]);
    bench.files.put("keys.json", &jwks().to_string());
    let of_another_issuer = token(&json!({ "alg": "RS256", "kid": "k1" }), &json!({ "iss": "https://other.example" }));
    let outcome = decode(&bench, &[&of_another_issuer], &["--jwks", "keys.json", "--json"]).exits(0);
    assert_eq!(outcome.json()["verified"], true);
    bench.files.put("keys.json", &jwks_named("k2").to_string());
    decode(&bench, &[&plain()], &["--jwks", "keys.json"])
        .exits(7)
        .says("not verified: line 1: none of these keys has signed it");
    bench.files.put("keys.json", "[]");
    decode(&bench, &[&plain()], &["--jwks", "keys.json"]).exits(7).says("cannot read the key set");
}

#[test]
fn leeway_allows_for_clock_differences() {
    for (leeway, late, code) in [("60s", 59, 0), ("60s", 60, 7), ("0s", 0, 7), ("2m", 119, 0), ("2m", 120, 7)] {
        let bench = bench();
        bench.files.put("keys.json", &jwks().to_string());
        bench.at(3_600 + late);
        decode(&bench, &[&plain()], &["--jwks", "keys.json", "--leeway", leeway]).exits(code);
    }
    decode(&bench(), &[], &["--leeway", "some"]).exits(2).says("--leeway: `some` is no duration");
}
