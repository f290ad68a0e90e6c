use super::*;
use crate::sandbox::server::routes;

#[test]
fn every_endpoint_in_the_metadata_exists() {
    let sandbox = sandbox(Options { clock_offset: Seconds(60), ..Options::default() });
    let (status, head, body) = get(&sandbox, "/.well-known/openid-configuration");
    assert_eq!((status, header(&head, "Date")), (200, Some("Sun, 06 Nov 1994 08:50:37 GMT")));
    for path in ["/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks"] {
        let (_, head, _) = get(&sandbox, path);
        assert_eq!(header(&head, "Cache-Control"), Some("public, max-age=86400"), "{path}");
        assert_eq!(header(&head, "Vary"), Some("*"), "{path}: not in the cache of a browser");
    }
    let metadata: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(metadata["issuer"], sandbox.issuer());
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for (name, uri) in metadata.as_object().unwrap().iter().filter(|(n, _)| n.ends_with("_endpoint")) {
        let path = uri.as_str().unwrap().strip_prefix(sandbox.issuer()).unwrap();
        assert_ne!(get(&sandbox, path).0, 404, "{name}");
    }
    assert_eq!(get(&sandbox, "/nowhere").0, 404);
    assert_eq!(get(&sandbox, "/connect/token").0, 405);
}

#[test]
fn console_has_a_name_for_every_endpoint() {
    let page = get(&sandbox(Options::default()), "/").2;
    for name in routes::endpoint_names() {
        assert!(page.contains(&format!("endpoint_{name}&quot;")), "{name}");
    }
}

#[test]
fn cors_is_allowed_only_where_an_application_needs_it() {
    let sandbox = sandbox(Options::default());
    let may = |path: &str| {
        let (_, head, _) = send(&sandbox, "OPTIONS", path, "Origin: http://localhost:5173\r\n", "");
        header(&head, "Access-Control-Allow-Origin").map(ToOwned::to_owned)
    };
    assert_eq!(may("/connect/token").as_deref(), Some("*"));
    assert_eq!(may("/.well-known/openid-configuration").as_deref(), Some("*"));
    let (_, head, _) = get(&sandbox, "/.well-known/openid-configuration");
    assert_eq!(header(&head, "Access-Control-Allow-Origin"), Some("*"), "a cache keeps it without Origin");
    for path in ["/connect/authorize", "/account/login", "/connect/introspect", "/sandbox", "/sandbox/clock"] {
        assert_eq!(may(path), None, "{path}");
    }
}

#[test]
fn the_issuer_may_differ_from_the_address() {
    let issuer = Some(issuer_url("http://sandbox:9000").unwrap());
    let sandbox = sandbox(Options { bind: Ipv4Addr::UNSPECIFIED.into(), issuer, ..auto() });
    let own = format!("127.0.0.1:{}", sandbox.address().port());
    assert_eq!(sandbox.issuer(), "http://sandbox:9000");
    let at = |host: &str, origin: &str| {
        let request = format!(
            "POST /sandbox/clock HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: 13\r\nConnection: close\r\n\r\n{{\"advance\":5}}"
        );
        let mut stream = TcpStream::connect(&own).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(
        (at(&own, ""), at("sandbox:9000", ""), at("sandbox:9000", "Origin: http://sandbox:9000\r\n")),
        (200, 200, 200)
    );
    assert_eq!((at("evil.example:9000", ""), at("sandbox:9000", "Origin: http://evil.example\r\n")), (403, 403));
    for text in
        ["sandbox", "ftp://sandbox", "http://sandbox/x", "http://a@sandbox", "http://sandbox?x", "http://sandbox#x"]
    {
        assert!(issuer_url(text).is_err(), "{text}");
    }
}
