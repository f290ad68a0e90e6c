use super::*;
use crate::sandbox::clients::default_clients;
use proptest::prelude::*;

#[test]
fn an_option_describes_a_client() {
    let client = client_of_option("spa=publicwithrefresh,http://localhost:3000/cb?a=b,https://app.example/cb").unwrap();
    assert_eq!((client.id.as_str(), client.client_type), ("spa", ClientType::PublicWithRefresh));
    assert_eq!(client.redirect_uris, ["http://localhost:3000/cb?a=b", "https://app.example/cb"]);
    assert!(!client_of_option("spa=Public").unwrap().redirect_uris.is_empty(), "the usual ones");
    assert!(client_of_option("b=Confidential").unwrap().secret.is_some());
    for (text, why) in [
        ("spa", "is not ID=TYPE"),
        ("=Public", "client_id"),
        ("a b=Public", "client_id"),
        ("spa=Publik", "did you mean `Public`?"),
        ("spa=MobilApp", "did you mean `MobileApp`?"),
        ("spa=Public,/callback", "is not absolute"),
        ("spa=Public,", "is not absolute"),
        ("spa=Public,https://a/#f", "has a fragment"),
        ("spa=Public,javascript:alert(1)", "is a script"),
        ("spa=Public,https://a/æ", "visible ASCII"),
    ] {
        let error = client_of_option(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn an_option_describes_a_user() {
    let user = user_of_option("per,phone=+47 123 45 678,ial=0,prefers_email=true,claims.team=blue").unwrap();
    assert_eq!((user.id.as_str(), user.phone.as_str(), user.ial), ("per", "4712345678", 0));
    assert!(user.prefers_email && user.claims["team"] == "blue");
    for (text, why) in [
        ("", "id"),
        ("per,phone", "is not KEY=VALUE"),
        ("per,phone=abc", "is not a phone number"),
        ("per,ial=4", "ial is not between 0 and 3"),
        ("per,max_aal=0", "max_aal is not between 1 and 3"),
        ("per,ial=high", "invalid type"),
        ("per,phon=1", "did you mean `phone`?"),
        ("per,claims.sub=x", "the claim sub is the provider's own"),
    ] {
        let error = user_of_option(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

const FILE: &str = r#"
access_token_lifetime = "5m"
sso_lifetime = "8h"
scopes = ["orders.read"]

[[client]]
client_id = "my-spa"
client_type = "PublicWithRefresh"
redirect_uris = ["http://localhost:3000/callback"]
refresh_lifetime = "2m"
absolute_lifetime = "1h"
access_token_lifetime = "1m"

[[client]]
client_id = "my-backend"
client_type = "Confidential"
secret = "s3cret"

[[user]]
id = "zoe"
given_name = "Zoë"
claims = { department = "sales", roles = ["admin"] }

[[user]]
id = "adam"
"#;

#[test]
fn a_file_describes_clients_and_users_in_its_order() {
    let config = SandboxConfig::parse(FILE).unwrap();
    assert_eq!((config.access_token_lifetime, config.sso_lifetime), (Some(Seconds(300)), Some(Seconds(28_800))));
    assert_eq!(config.scopes, ["orders.read"]);
    let [spa, backend] = &config.clients[..] else { panic!("{:?}", config.clients) };
    let policy = (spa.policy.name, spa.policy.lifetime, spa.policy.sliding, spa.policy.absolute_lifetime);
    assert_eq!(policy, (PolicyName::PublicWeb, Some(Seconds(120)), true, Some(Seconds(3_600))));
    assert_eq!(spa.access_token_lifetime, Some(Seconds(60)));
    assert_eq!(backend.secret, Some(Secret::new("s3cret")));
    let ids: Vec<&str> = config.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["zoe", "adam"]);
    assert_eq!(config.users[0].claims["roles"], json!(["admin"]));
    assert!(SandboxConfig::parse("").unwrap().clients.is_empty());
}

#[test]
fn a_file_with_an_error_names_line_and_nearest_key() {
    for (change, line, why) in [
        (("secret =", "sekret ="), 17, "did you mean `secret`?"),
        (("scopes =", "scope ="), 4, "did you mean `scopes`?"),
        (("\"5m\"", "\"5 m\""), 2, "is not a duration"),
        (("\"5m\"", "\"0s\""), 2, "must be longer than zero"),
        (("\"Confidential\"", "\"Confidental\""), 16, "did you mean `Confidential`?"),
        (
            ("\"Confidential\"", "\"MobileApp\""),
            15,
            "client `my-backend`: a client of the type MobileApp has no secret",
        ),
        (("http://localhost:3000", ""), 7, "is not absolute"),
        (("department", "iss"), 20, "the claim iss is the provider's own"),
        (("id = \"adam\"", "ial = \"1\""), 25, "invalid type"),
    ] {
        let error = SandboxConfig::parse(&FILE.replacen(change.0, change.1, 1)).err().unwrap();
        assert!(error.starts_with(&format!("line {line}: ")) && error.contains(why), "{change:?}: {error}");
    }
}

#[test]
fn a_redirect_uri_is_added_where_it_fits() {
    let mut clients = default_clients();
    add_redirect_uri(&mut clients, "com.example.app:/cb").unwrap();
    add_redirect_uri(&mut clients, "https://my.app/cb").unwrap();
    add_redirect_uri(&mut clients, "https://my.app/cb").unwrap();
    for client in &clients {
        let count = |uri: &str| client.redirect_uris.iter().filter(|known| *known == uri).count();
        assert_eq!(count("https://my.app/cb"), 1, "{}", client.id);
        assert_eq!(count("com.example.app:/cb") == 1, client.client_type == ClientType::MobileApp, "{}", client.id);
    }
    assert!(add_redirect_uri(&mut clients, "cb").is_err());
}

#[test]
fn a_secret_is_set_for_a_confidential_client() {
    let mut clients = default_clients();
    set_secret(&mut clients, "sandbox-confidential=a=b").unwrap();
    assert!(clients.iter().any(|client| client.secret == Some(Secret::new("a=b"))));
    for text in ["sandbox-mobile=x", "nobody=x", "sandbox-confidential", "sandbox-confidential="] {
        assert!(set_secret(&mut clients, text).is_err(), "{text}");
    }
}

#[test]
fn own_ones_come_first_and_replace() {
    let own = [client_of_option("sandbox-public=MobileApp").unwrap()];
    let all = with_own(&own, &default_clients(), |client| &client.id);
    assert_eq!((all.len(), all[0].client_type), (default_clients().len(), ClientType::MobileApp));
}

proptest! {
    #[test]
    fn a_client_comes_back_from_its_option(
        id in "[!-+.-<>-~]{1,20}",
        number in 0..ClientType::ALL.len(),
        uris in prop::collection::vec("(https://[a-z]{1,9}\\.example|http://localhost:[1-9][0-9]{3}|com\\.example\\.app:)/[a-z?&=]{0,9}", 1..4),
    ) {
        let client_type = ClientType::ALL[number];
        let text = [&[format!("{id}={}", client_type.as_str())][..], &uris].concat().join(",");
        let client = client_of_option(&text).unwrap();
        prop_assert_eq!((client.id, client.client_type, client.redirect_uris), (id, client_type, uris));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,60}") {
        let _ = (client_of_option(&text), user_of_option(&text), SandboxConfig::parse(&text));
        let _ = SandboxConfig::parse(&format!("[[client]]\n{text}"));
    }

    #[test]
    fn an_accepted_redirect_uri_is_absolute_visible_ascii(uri in "(https?:|javascript:|[a-z.]{0,9}:)?[ -~æ]{0,20}") {
        if let Ok(client) = client_of_option(&format!("c=Public,{uri}")) {
            for uri in client.redirect_uris {
                prop_assert!(url::Url::parse(&uri).is_ok() && uri.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(!uri.contains('#') && !uri.to_lowercase().starts_with("javascript:"));
            }
        }
    }
}
