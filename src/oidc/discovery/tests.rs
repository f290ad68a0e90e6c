use super::super::fixtures::{metadata, response, with, with_header};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(configured: &str, metadata: &Value, hosts: &[&str]) -> Result<Provider, Problem> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    Provider::from_json(metadata.to_string().as_bytes(), &Issuer::parse(configured).unwrap(), &hosts)
}

fn refusal(metadata: &Value) -> String {
    match read("https://id.example", metadata, &[]) {
        Err(Problem::Invalid(why)) => why,
        // A wrong authorization endpoint prevents only the login.
        Ok(Provider { authorization_endpoint: Err(why), .. }) => why,
        other => panic!("{other:?}"),
    }
}

// S4
#[test]
fn issuer_is_https_or_loopback_with_host_and_path_only() {
    for text in [
        "http://id.example",
        "http://localhost:1",
        "http://10.0.0.1",
        "https://",
        "https:id.example",
        "ftp://id.example",
        "https://id.example?x=y",
        "https://id.example/#f",
        "https://user:pw@id.example",
        "https://@id.example",
        "https://id.example/ a",
        "https:\\\\id.example",
        "https://id.\nexample",
        "https:///id.example",
        "HTTPS:////id.example/a",
        "http:///127.0.0.1:5000",
        "id.example",
        "",
    ] {
        assert!(Issuer::parse(text).is_err(), "{text}");
    }
    for text in ["http://127.0.0.1:5000", "http://[::1]:5000/a", "https://id.example/a"] {
        assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
    }
}

// S3
#[test]
fn issuer_is_normalised_as_a_url() {
    for text in ["HTTPS://ID.Example", "https://id.example:443", "https://id.example/"] {
        assert_eq!(Issuer::parse(text).unwrap().as_str(), "https://id.example");
        assert!(read(text, &metadata(), &[]).is_ok(), "{text}");
    }
    assert_eq!(Issuer::parse("https://ødegård.no").unwrap().as_str(), "https://xn--degrd-ora3k.no");
}

// S2
#[test]
fn well_known_path_is_appended_without_double_slash() {
    for (issuer, url) in [
        ("https://id.example", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/a", "https://id.example/a/.well-known/openid-configuration"),
        ("https://id.example/a/", "https://id.example/a/.well-known/openid-configuration"),
    ] {
        assert_eq!(discovery_request(&Issuer::parse(issuer).unwrap()).url.as_str(), url);
    }
}

// S1, S2
#[test]
fn discovery_document_must_name_the_issuer() {
    for (configured, named) in [
        ("https://id.example", "https://id.example1"),
        ("https://id.example", "https://other.example"),
        ("https://id.example", "https://id.example/a"),
        ("https://id.example", "https://id.example//"),
        ("https://id.example/a", "https://id.example/a/"),
        ("https://id.example/a/", "https://id.example/a"),
        ("https://id.example/a", "https://id.example"),
    ] {
        let result = read(configured, &with(metadata(), &[("issuer", json!(named))]), &[]);
        assert!(matches!(result, Err(Problem::Invalid(_))), "{configured} {named}");
    }
    let slash = read("https://id.example/a", &with(metadata(), &[("issuer", json!("https://id.example/a/"))]), &[]);
    assert!(format!("{slash:?}").contains("did you mean"));
}

// S2
#[test]
fn trailing_slash_of_bare_origin_is_accepted() {
    for (configured, named) in
        [("https://id.example/", "https://id.example"), ("https://id.example", "https://id.example/")]
    {
        let provider = read(configured, &with(metadata(), &[("issuer", json!(named))]), &[]).unwrap();
        assert_eq!(provider.issuer, named);
    }
}

// S8
#[test]
fn missing_required_member_is_named() {
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert!(refusal(&with(metadata(), &[(name, Value::Null)])).contains(&format!("`{name}` is missing")));
        assert!(refusal(&with(metadata(), &[(name, json!(7))])).contains(name));
    }
    let issuer = Issuer::parse("https://id.example").unwrap();
    for body in ["", "<html>"] {
        assert!(matches!(accept_discovery(&response(200, body), &issuer, &[]), Err(Problem::Unavailable(_))), "{body}");
    }
    for body in ["{\"issuer\":}", "null", "[]", "{\"issuer\":\"a\",\"issuer\":\"b\"}"] {
        assert!(matches!(accept_discovery(&response(200, body), &issuer, &[]), Err(Problem::Invalid(_))), "{body}");
    }
}

type Found = fn(Provider) -> Endpoint;

/// The optional endpoints.
fn not_always_needed() -> [(&'static str, Found); 4] {
    [
        ("userinfo_endpoint", |provider| provider.userinfo_endpoint),
        ("revocation_endpoint", |provider| provider.revocation_endpoint),
        ("end_session_endpoint", |provider| provider.end_session_endpoint),
        ("custom_logout_endpoint", |provider| provider.custom_logout_endpoint),
    ]
}

#[test]
fn odd_optional_members_are_read_as_absent() {
    let document = |name: &str, value: &Value| {
        let mut document = metadata();
        document[name] = value.clone();
        document
    };
    for odd in [json!(null), json!(""), json!(7), json!({}), json!(false), json!("x"), json!(["\u{1b}", null])] {
        for (name, found) in not_always_needed() {
            let provider = read("https://id.example", &document(name, &odd), &[]).unwrap();
            let why = found(provider).unwrap_err();
            assert!(why.contains(&format!("`{name}`")), "{name} {odd}: {why}");
        }
        for name in [
            "introspection_endpoint",
            "device_authorization_endpoint",
            "registration_endpoint",
            "scopes_supported",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
            "token_endpoint_auth_methods_supported",
            "authorization_response_iss_parameter_supported",
            "request_parameter_supported",
            "op_policy_uri",
        ] {
            let provider = read("https://id.example", &document(name, &odd), &[]).unwrap();
            assert!(!provider.is_pairwise || name != "subject_types_supported", "{odd}");
            if name.contains("iss_") {
                let is_set = [json!(7)].contains(&odd);
                assert_eq!(provider.authorization_response_iss_parameter_supported, is_set, "{odd}");
            }
        }
        if !odd.is_array() {
            assert!(read("https://id.example", &document("code_challenge_methods_supported", &odd), &[]).is_ok());
        }
        for name in ["issuer", "token_endpoint", "jwks_uri"] {
            assert!(read("https://id.example", &document(name, &odd), &[]).is_err(), "{name} {odd}");
        }
    }
}

#[test]
fn flag_is_set_also_as_a_string_or_a_number() {
    const NAME: &str = "authorization_response_iss_parameter_supported";
    let is_set = |flag: &Value| {
        let document = with(metadata(), &[(NAME, flag.clone())]);
        read("https://id.example", &document, &[]).unwrap().authorization_response_iss_parameter_supported
    };
    assert!([json!(true), json!("true"), json!("True"), json!("1"), json!(1)].iter().all(is_set));
    assert!(![json!(false), json!("false"), json!("0"), json!(0), json!(0.0), json!("yes")].iter().any(is_set));
}

#[test]
fn missing_and_unusable_endpoints_are_distinguished() {
    let why = |value: Value| {
        let document = with(metadata(), &[("userinfo_endpoint", value)]);
        read("https://id.example", &document, &[]).unwrap().userinfo_endpoint.unwrap_err()
    };
    assert_eq!(why(Value::Null), "the provider's discovery document has no `userinfo_endpoint`");
    let elsewhere = why(json!("https://evil.example/u"));
    assert!(elsewhere.contains("another host") && elsewhere.contains("https://evil.example/u"), "{elsewhere}");
    assert!(!why(json!("x\u{1b}")).contains('\u{1b}'));
}

// S8, S9
#[test]
fn discovery_document_needs_status_200() {
    let issuer = Issuer::parse("https://id.example").unwrap();
    let body = metadata().to_string();
    for status in [400, 404] {
        let result = accept_discovery(&response(status, "{}"), &issuer, &[]);
        assert!(matches!(result, Err(Problem::RefusedByStatus { .. })), "{status}");
    }
    for status in [201, 204, 301, 302, 307, 308] {
        let result = accept_discovery(&response(status, &body), &issuer, &[]);
        assert!(matches!(result, Err(Problem::Invalid(_))), "{status}");
    }
    for status in [429, 500, 503] {
        let result = accept_discovery(&with_header(response(status, &body), "retry-after", "7"), &issuer, &[]);
        assert!(matches!(result, Err(Problem::Unavailable(why)) if why.contains("wait 7 seconds")), "{status}");
    }
    assert!(accept_discovery(&response(200, &body), &issuer, &[]).is_ok());
}

// S5, S6
#[test]
fn endpoint_with_unsafe_url_is_rejected() {
    for url in [
        "http://id.example/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "javascript://id.example/%0aalert",
        "ms-msdt:/id",
        "\\\\id.example\\share",
        "--load-extension=/x",
        "https://id.example/$(calc)",
        "https://id.example/a b",
        "https://id.example/\"x",
        "https://id.example/'x",
        "https://id.example/`x`",
        "https://id.example/a\nb",
        "https://id.example/%s",
        "https://id.example/%",
        "https://id.example/%2",
        "https://id.example/ab%2g",
        "https://id.example/?\"&calc&\"",
        "https://id.example/a|b",
        "https://id.example/a;b",
        "https://id.example/x#y",
        "https://:pw@id.example/x",
        "https://id.example/#f",
        "https://user@id.example/",
        "https://id.example\\@evil.example/",
        "//id.example/x",
        "/connect/authorize",
        "https:///x",
        "https:///id.example/x",
    ] {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            assert!(refusal(&with(metadata(), &[(name, json!(url))])).contains(name), "{name} {url}");
        }
        for (name, found) in not_always_needed() {
            let provider = read("https://id.example", &with(metadata(), &[(name, json!(url))]), &[]).unwrap();
            assert!(found(provider).is_err(), "{name} {url}");
        }
    }
}

// S12
#[test]
fn foreign_endpoint_host_needs_endpoint_hosts() {
    let elsewhere = |url: &str| with(metadata(), &[("token_endpoint", json!(url))]);
    for url in ["https://evil.example/t", "https://id.example.evil.example/t", "https://id.example:8443/t"] {
        assert!(refusal(&elsewhere(url)).contains("another host"), "{url}");
    }
    for (host, url, allowed) in [
        ("Login.example", "https://login.example/t", true),
        ("login.example", "https://login.example:8443/t", true),
        ("login.example:8443", "https://login.example:8443/t", true),
        ("login.example:8443", "https://login.example/t", false),
        ("[2001:db8::1]", "https://[2001:db8::1]:8443/t", true),
        ("[2001:db8::1]:443", "https://[2001:db8::1]:8443/t", false),
        ("login.example/t", "https://login.example/t", false),
        ("example", "https://login.example/t", false),
        ("", "https://login.example/t", false),
        ("login.example", "http://login.example/t", false),
    ] {
        assert_eq!(read("https://id.example", &elsewhere(url), &[host]).is_ok(), allowed, "{host} {url}");
    }
}

#[test]
fn http_endpoints_only_on_loopback_for_loopback_issuer() {
    let text = metadata().to_string().replace("https://id.example", "http://127.0.0.1:5000");
    let loopback: Value = serde_json::from_str(&text).unwrap();
    assert!(read("http://127.0.0.1:5000", &loopback, &[]).is_ok());
    let remote = with(loopback, &[("token_endpoint", json!("http://login.example/t"))]);
    assert!(read("http://127.0.0.1:5000", &remote, &["login.example"]).is_err());
}

// S11
#[test]
fn provider_that_lists_pkce_without_s256_is_rejected() {
    let name = "code_challenge_methods_supported";
    for methods in [json!(["plain"]), json!([]), json!(["s256"]), json!([null])] {
        assert!(refusal(&with(metadata(), &[(name, methods)])).contains("S256"));
    }
    assert!(read("https://id.example", &with(metadata(), &[(name, Value::Null)]), &[]).is_ok());
}

#[test]
fn authorization_endpoint_query_has_no_reserved_parameter() {
    let queried = |query: &str| {
        with(metadata(), &[("authorization_endpoint", json!(format!("https://id.example/authorize?{query}")))])
    };
    assert!(read("https://id.example", &queried("tenant=a"), &[]).is_ok());
    for query in ["state=x", "Redirect_URI=x", "tenant=a&request_uri=x", "%73tate=x"] {
        assert!(refusal(&queried(query)).contains("in its query"), "{query}");
    }
}

#[test]
fn cache_lifetime_follows_max_age_up_to_a_day() {
    let day = Seconds::days(1);
    for (header, life) in [
        (None, day),
        (Some("public, max-age=600"), Seconds(600)),
        (Some("Max-Age=\"60\""), Seconds(60)),
        (Some("max-age=9999999"), day),
        (Some("max-age=99999999999999999999"), Seconds::ZERO),
        (Some("max-age=600, no-store"), Seconds::ZERO),
        (Some("no-cache"), Seconds::ZERO),
        (Some("private"), day),
    ] {
        let plain = response(200, "{}");
        let result = header.map_or(plain.clone(), |value| with_header(plain, "cache-control", value));
        assert_eq!(cache_lifetime(&result), life, "{header:?}");
    }
}

proptest! {
    #[test]
    fn discovery_never_panics(text in "\\PC*", body: Vec<u8>, at in 0_usize..600, byte: u8) {
        let issuer = Issuer::parse("https://id.example").unwrap();
        let _ = Issuer::parse(&text);
        let _ = Provider::from_json(&body, &issuer, std::slice::from_ref(&text));
        let _ = read("https://id.example", &with(metadata(), &[("token_endpoint", json!(text))]), &[&text]);
        let mut mutated = metadata().to_string().into_bytes();
        let place = at % mutated.len();
        mutated[place] = byte;
        let _ = Provider::from_json(&mutated, &issuer, &[]);
    }
}
