use super::super::RESERVED;
use super::super::fixtures::{CLIENT, ISSUER, metadata, provider, provider_of, with};
use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const REDIRECT: &str = "http://127.0.0.1:8400/callback";

fn options(scopes: &[&str]) -> AuthorizationOptions {
    AuthorizationOptions { scopes: scopes.iter().map(|&s| s.to_owned()).collect(), ..Default::default() }
}

fn randomness(seed: u8) -> [u8; 96] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(seed))
}

fn login(options: &AuthorizationOptions) -> (Url, PendingLogin) {
    authorization_request(&provider(), CLIENT, REDIRECT, options, &randomness(7)).unwrap()
}

fn parameters(url: &Url) -> BTreeMap<String, String> {
    let all: Vec<_> = url.query_pairs().into_owned().collect();
    let map: BTreeMap<_, _> = all.iter().cloned().collect();
    assert_eq!(map.len(), all.len(), "no parameter occurs twice");
    map
}

fn valid_query(pending: &PendingLogin) -> String {
    format!("code=abc&state={}&iss=https%3A%2F%2Fid.example", pending.state.expose())
}

// S15
#[test]
fn authorization_request_uses_pkce_and_sends_no_secret() {
    let (url, pending) = login(&options(&["openid", "profile"]));
    let sent = parameters(&url);
    assert_eq!(url.as_str().split('?').next(), Some("https://id.example/connect/authorize"));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile"),
        ("state", pending.state.expose()),
        ("nonce", pending.nonce.expose()),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent[name], value);
    }
    assert_eq!(sent["code_challenge"].len(), 43);
    assert_eq!(sent["code_challenge"], URL_SAFE_NO_PAD.encode(Sha256::digest(pending.code_verifier.expose())));
    assert!(!url.as_str().contains(pending.code_verifier.expose()));
    assert_eq!(sent.len(), 8);
    assert_eq!(pending.redirect_uri, REDIRECT);
}

#[test]
fn openid_is_always_requested() {
    for scopes in [&[][..], &["profile"], &["profile", "openid"]] {
        let scope = parameters(&login(&options(scopes)).0)["scope"].clone();
        assert_eq!(scope.split(' ').filter(|s| *s == "openid").count(), 1, "{scope}");
    }
}

// RFC 7636 appendix B
#[test]
fn code_challenge_matches_the_example_of_the_rfc() {
    let octets = URL_SAFE_NO_PAD.decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let mut bytes = [0; 96];
    bytes[64..].copy_from_slice(&octets);
    let (url, _) = authorization_request(&provider(), CLIENT, REDIRECT, &options(&[]), &bytes).unwrap();
    assert_eq!(parameters(&url)["code_challenge"], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

// S16
#[test]
fn random_values_differ_and_have_256_bits() {
    let mut values = BTreeSet::new();
    for seed in [3, 5] {
        let (_, e) = authorization_request(&provider(), CLIENT, REDIRECT, &options(&[]), &randomness(seed)).unwrap();
        for value in [e.state, e.nonce, e.code_verifier] {
            assert_eq!(URL_SAFE_NO_PAD.decode(value.expose()).unwrap().len(), 32);
            values.insert(value.expose().to_owned());
        }
    }
    assert_eq!(values.len(), 6);
}

// S18
#[test]
fn values_cannot_add_parameters_or_control_characters() {
    let nasty = "a&state=x#=+%20 æøå";
    let changed = AuthorizationOptions {
        login_hint: Some(nasty.to_owned()),
        acr_values: Some(nasty.to_owned()),
        ui_locales: Some("no".to_owned()),
        prompt: Some("none".to_owned()),
        max_age: Some(Seconds(60)),
        extra: vec![("audience".to_owned(), nasty.to_owned())],
        ..options(&[nasty])
    };
    let (url, _) = authorization_request(&provider(), nasty, REDIRECT, &changed, &randomness(1)).unwrap();
    let sent = parameters(&url);
    for name in ["login_hint", "acr_values", "audience", "client_id"] {
        assert_eq!(sent[name], nasty);
    }
    assert_eq!((&*sent["max_age"], &*sent["prompt"], &*sent["ui_locales"]), ("60", "none", "no"));
    assert!(url.fragment().is_none() && url.as_str().is_ascii());
    for control in ["\n", "\0", "\u{9b}"] {
        assert!(authorization_request(&provider(), control, REDIRECT, &options(&[]), &randomness(1)).is_err());
        assert!(authorization_request(&provider(), CLIENT, REDIRECT, &options(&[control]), &randomness(1)).is_err());
    }
}

// S19
#[test]
fn extra_parameter_must_not_be_reserved_or_repeated() {
    for name in RESERVED.into_iter().chain(["State", "REQUEST_URI", ""]) {
        let changed = AuthorizationOptions { extra: vec![(name.to_owned(), "x".to_owned())], ..options(&[]) };
        assert!(authorization_request(&provider(), CLIENT, REDIRECT, &changed, &randomness(1)).is_err(), "{name}");
    }
    for name in
        ["state", "nonce", "redirect_uri", "client_id", "response_type", "code_challenge", "code_challenge_method"]
    {
        assert!(is_reserved(name));
    }
    let twice = vec![("a".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())];
    let changed = AuthorizationOptions { extra: twice, ..options(&[]) };
    assert!(authorization_request(&provider(), CLIENT, REDIRECT, &changed, &randomness(1)).is_err());
    for (max_age, passes) in [(-1, false), (0, true)] {
        let changed = AuthorizationOptions { max_age: Some(Seconds(max_age)), ..options(&[]) };
        let request = authorization_request(&provider(), CLIENT, REDIRECT, &changed, &randomness(1));
        assert_eq!(request.is_ok(), passes, "{max_age}");
    }
}

// S33, S34
#[test]
fn redirect_needs_exactly_one_correct_state() {
    let (_, pending) = login(&options(&[]));
    let state = pending.state.expose().to_owned();
    for query in [
        String::new(),
        "code=x".to_owned(),
        "error=access_denied".to_owned(),
        "code=x&state=".to_owned(),
        "code=x&state=wrong".to_owned(),
        format!("code=x&state={state}%20"),
        format!("code=x&state=+{state}"),
        format!("code=x&state={}", state.to_lowercase()),
        format!("code=x&state={}", &state[..20]),
        format!("code=x&State={state}"),
        format!("code=x&state={state}&state={state}"),
        format!("state=wrong&state={state}"),
    ] {
        assert!(check_state(&pending, &query).is_err(), "{query}");
        assert!(matches!(accept_callback(&pending, &query), Err(Problem::Invalid(_))), "{query}");
    }
    assert!(check_state(&pending, &format!("code=x&state={state}")).is_ok());
}

// S35, S37, S20
#[test]
fn redirect_gives_the_code_or_the_oauth_error() {
    let (_, pending) = login(&options(&[]));
    assert_eq!(accept_callback(&pending, &valid_query(&pending)), Ok(Code(Secret::new("abc"))));
    let state = pending.state.expose();
    let refused = format!("error=login_required&error_description=a+b&state={state}&iss={ISSUER}");
    let error = OAuthError { error: "login_required".to_owned(), error_description: Some("a b".to_owned()) };
    assert_eq!(accept_callback(&pending, &refused), Err(Problem::Refused(error)));
    for query in [
        format!("code=abc&state={state}&iss=https%3A%2F%2Fevil.example"), // S37
        format!("code=abc&state={state}&iss=https%3A%2F%2Fid.example%2F"),
        format!("error=access_denied&state={state}&iss=https%3A%2F%2Fevil.example"),
        format!("code=abc&state={state}"), // promised, and absent
        format!("error=access_denied&state={state}"),
        format!("code=abc&state={state}&iss={ISSUER}&iss={ISSUER}"),
        format!("code=abc&code=def&state={state}&iss={ISSUER}"),
        format!("error=a&error=b&state={state}&iss={ISSUER}"),
        format!("code=&state={state}&iss={ISSUER}"),
        format!("state={state}&iss={ISSUER}"),
    ] {
        assert!(matches!(accept_callback(&pending, &query), Err(Problem::Invalid(_))), "{query}");
    }
}

#[test]
fn foreign_redirect_is_refused_with_its_reason() {
    let (_, pending) = login(&options(&[]));
    let state = pending.state.expose();
    for (query, why) in [
        ("code=x".to_owned(), "it has no `state`"),
        ("state=x".to_owned(), "its `state` is a different one"),
        (format!("state={state}&state={state}"), "it has more than one `state`"),
    ] {
        assert_eq!(check_state(&pending, &query), Err(why));
    }
    for iss in ["", "&iss=https://evil.example"] {
        let Err(Problem::Invalid(what)) = accept_callback(&pending, &format!("error=x%1b&state={state}{iss}")) else {
            panic!("accepted")
        };
        assert!(what.ends_with(r"; it carried the error `x\u{1b}`"), "{what}");
        let without = accept_callback(&pending, &format!("code=x&state={state}{iss}"));
        assert!(!format!("{without:?}").contains("carried"));
    }
}

#[test]
fn granted_scopes_are_compared_with_requested_ones() {
    let scopes = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (requested, granted, has_refresh_token, less, more) in [
        ("openid a b", "b a openid", true, &[][..], &[][..]),
        ("openid a b", "openid a", true, &["b"], &[]),
        ("openid a", "openid a c", true, &[], &["c"]),
        // A refresh token implies `offline_access`; `openid` is never compared.
        ("openid a offline_access", "a", true, &[], &[]),
        ("openid a offline_access", "a", false, &["offline_access"], &[]),
        ("openid a", "openid a offline_access", true, &[], &["offline_access"]),
    ] {
        let (requested, granted) = (scopes(requested), scopes(granted));
        let differences = scope_differences(&requested, &granted, has_refresh_token);
        assert_eq!(differences, (less.to_vec(), more.to_vec()), "{requested:?} {granted:?}");
    }
}

#[test]
fn id_token_hint_is_appended_and_makes_the_url_secret() {
    let (url, _) = login(&options(&[]));
    let hinted = with_id_token_hint(&url, &Secret::new("h.i&n+t"));
    assert_eq!(hinted.expose(), format!("{url}&id_token_hint=h.i%26n%2Bt"));
}

// S39
#[test]
fn unpromised_iss_may_be_absent_but_never_wrong() {
    let silent = with(metadata(), &[("authorization_response_iss_parameter_supported", Value::Null)]);
    let (_, pending) =
        authorization_request(&provider_of(&silent), CLIENT, REDIRECT, &options(&[]), &randomness(7)).unwrap();
    let state = pending.state.expose();
    assert!(accept_callback(&pending, &format!("code=abc&state={state}")).is_ok());
    assert!(accept_callback(&pending, &valid_query(&pending)).is_ok());
    assert!(accept_callback(&pending, &format!("code=abc&state={state}&iss=https://evil.example")).is_err());
}

// S55
#[test]
fn pasted_url_is_unwrapped_and_checked_like_a_callback() {
    let (_, pending) = login(&options(&[]));
    let url = format!("{REDIRECT}?{}", valid_query(&pending));
    for text in [
        url.clone(),
        format!("{url}\r\n"),
        format!("\u{1b}[200~{url}\u{1b}[201~\n"),
        format!("\u{1b}[200~{url}\n\u{1b}[201~"),
        format!("\"{url}\""),
        format!(" '{url}' "),
        format!("<{url}>"),
        format!("{url}#_=_"),
    ] {
        assert_eq!(accept_pasted_url(&pending, &text), Ok(Code(Secret::new("abc"))), "{text}");
    }
    for (text, error) in
        [("", PasteError::NotAUrl), ("what is it", PasteError::NotAUrl), ("abcDEF-123", PasteError::BareCode)]
    {
        assert_eq!(accept_pasted_url(&pending, text), Err(error), "{text}");
    }
    for text in [
        url.replace("8400", "8401"),
        url.replace("/callback", "/other"),
        url.replace("127.0.0.1", "localhost"),
        url.replace("http:", "https:"),
        url.replace("state=", "state=x"),
        REDIRECT.to_owned(),
    ] {
        assert!(matches!(accept_pasted_url(&pending, &text), Err(PasteError::OtherLogin(_))), "{text}");
    }
    let of_another = accept_pasted_url(&pending, &url.replace("id.example", "evil.example"));
    assert!(matches!(of_another, Err(PasteError::Problem(Problem::Invalid(_)))), "{of_another:?}");
}

proptest! {
    #[test]
    fn random_redirects_neither_panic_nor_pass(text in "\\PC*", at in 0_usize..200, byte: u8) {
        let (_, pending) = login(&options(&[]));
        prop_assert!(accept_callback(&pending, &text).is_err());
        prop_assert!(accept_pasted_url(&pending, &text).is_err());
        let mut mutated = valid_query(&pending).into_bytes();
        let place = at % mutated.len();
        mutated[place] = byte;
        let _ = std::str::from_utf8(&mutated).map(|query| accept_callback(&pending, query));
    }
}
