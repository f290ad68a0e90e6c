//! What `tidp sandbox` refuses before it starts. `tests/real_sandbox` runs it.

use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::ISSUER;
use serde_json::{Value, json};
use tidp::testing::ports::HttpFailureKind;

#[test]
fn a_wrong_option_says_what_would_be_right() {
    for (args, why) in [
        (&["--client", "my-app"][..], "--client: `my-app` is not ID=TYPE or ID=TYPE,REDIRECT_URI"),
        (&["--client", "my-app=Publik"], "did you mean `Public`?"),
        (&["--client", "my-app=Public,/callback"], "the redirect URI /callback is not absolute"),
        (&["--user", "per,phon=1"], "--user: unknown field `phon`"),
        (&["--secret", "sandbox-mobile=x"], "--secret: sandbox-mobile is a public client, which has no secret"),
        (&["--secret", "nobody=x"], "--secret: there is no client `nobody`"),
        (&["--redirect-uri", "callback"], "--redirect-uri: the redirect URI callback is not absolute"),
        (&["--issuer", "sandbox:8765"], "--issuer: `sandbox:8765` is not an address such as http://sandbox:8765"),
        (&["--port", "abc"], "invalid value 'abc' for '--port <PORT>': a port is a number from 0 to 65535"),
        (&["--bind", "localhost"], "invalid value 'localhost' for '--bind <ADDRESS>'"),
        (&["--client", "a=Public", "--client", "a=MobileApp"], "--client: `a` is given twice"),
        (&["--user", "per", "--user", "Per"], "--user: `per` is given twice"),
        (
            &["--user", "per,phone=+4700000001"],
            "--user: the users `per` and `kari` have the same phone number 4700000001",
        ),
        (&["--user", "a,phone=12345678", "--user", "b,phone=+47 123 45 678"], "the users `a` and `b` have the same"),
        (&["--access-token-lifetime", "0"], "--access-token-lifetime: "),
        (&["--access-token-lifetime", "1 h"], "--access-token-lifetime: `1 h` is not a duration"),
    ] {
        let error = Bench::with_env(&[]).run(&[&["sandbox", "--json"], args].concat()).exits(2).error();
        assert!(error["message"].as_str().unwrap().contains(why), "{args:?}: {error}");
        assert_eq!(error["kind"], "usage", "{args:?}");
    }
}

#[test]
fn a_taken_port_leads_to_another_one() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().port();
    let error = Bench::with_env(&[]).run(&["sandbox", "--json", "--port", &taken.to_string()]).exits(1).error();
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("cannot listen on 127.0.0.1:{taken}: another program, ")), "{message}");
    assert_eq!(error["hint"], "tidp sandbox --port 0");
}

#[test]
fn a_wrong_file_names_itself_the_line_and_the_nearest_key() {
    let bench = Bench::with_env(&[]);
    let error = bench.run(&["sandbox", "--json", "--config", "/home/kari/sandbox.toml"]).exits(2).error();
    assert!(error["message"].as_str().unwrap().ends_with("sandbox.toml: there is no such file"), "{error}");
    bench.files.put("/home/kari/sandbox.toml", "scopes = []\n\n[[client]]\nclientid = \"x\"\n");
    let error = bench.run(&["sandbox", "--json", "--config", "/home/kari/sandbox.toml"]).exits(2).error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("sandbox.toml: line 4: unknown field `clientid`"), "{message}");
    assert!(message.ends_with("did you mean `client_id`?"), "{message}");
    assert_eq!(error["kind"], "config");
    let client = "[[client]]\nclient_id = \"x\"\nclient_type = \"Public\"\n";
    for (file, why) in [
        (client.repeat(2), "client `x` is given twice"),
        ("[[user]]\nid = \"per\"\n".repeat(2), "user `per` is given twice"),
        (
            "[[user]]\nid = \"per\"\nphone = \"00000001\"\n".to_owned(),
            "the users `per` and `kari` have the same phone number",
        ),
        ("scopes = [\"orders read\"]".to_owned(), "the scope `orders read` is empty, or has other characters"),
        ("scopes = ['a\"b']".to_owned(), "the scope `a\"b` is empty, or has other characters"),
    ] {
        bench.files.put("/home/kari/sandbox.toml", &file);
        let error = bench.run(&["sandbox", "--json", "--config", "/home/kari/sandbox.toml"]).exits(2).error();
        assert!(error["message"].as_str().unwrap().contains(why), "{why}: {error}");
    }
}

/// The arguments, and the request that they become.
const REQUESTS: [(&[&str], &str); 3] = [
    (&[], r#"{"kind":"access","claims":{}}"#),
    (
        &["--user", "ola", "--scope", "openid", "--scope", "api:a", "--lifetime", "5m", "--wrong", "alg-none"],
        r#"{"kind":"access","claims":{},"user":"ola","scope":"openid api:a","lifetime":"5m","wrong":"alg-none"}"#,
    ),
    (
        &["--id-token", "--client-id", "x", "--claim", "a=b", "--claim", "n=1", "--claim", "idp=null"],
        r#"{"kind":"id","claims":{"a":"b","n":1,"idp":null},"client_id":"x"}"#,
    ),
];

#[test]
fn a_token_is_asked_for_and_printed() {
    let token = format!("a.{}.c", "b".repeat(3_000));
    let answer = json!({"token": token, "header": {}, "claims": {"sub": "s"}});
    for (args, body) in REQUESTS {
        let bench = Bench::with_env(&[]);
        bench.provider.responds("/sandbox/token", json(200, &answer));
        let args = [&["sandbox", "token", "--at", ISSUER], args].concat();
        assert_eq!(bench.run(&args).exits(0).stdout, format!("{token}\n"));
        let (sent, wanted): (Value, Value) = (
            serde_json::from_str(&bench.provider.last("/sandbox/token").body).unwrap(),
            serde_json::from_str(body).unwrap(),
        );
        assert_eq!(sent, wanted, "{args:?}");
    }
    let print = |args: &[&str]| {
        let bench = Bench::with_env(&[]);
        bench.provider.responds("/sandbox/token", json(200, &answer));
        bench.run(&[&["sandbox", "token", "--at", ISSUER], args].concat()).exits(0).stdout.clone()
    };
    assert_eq!(print(&["--format", "header"]), format!("Authorization: Bearer {token}\n"));
    for args in [&["--json"][..], &["--format", "json"]] {
        let document: Value = serde_json::from_str(&print(args)).unwrap();
        assert_eq!((&document["token"], &document["claims"]["sub"]), (&token.clone().into(), &"s".into()));
    }
}

#[test]
fn what_the_sandbox_refuses_or_does_not_know_is_an_error() {
    let ask = |status: u16, answer: Value, code: u8, why: &str| {
        let bench = Bench::with_env(&[]);
        bench.provider.responds("/sandbox/token", json(status, &answer));
        bench.run(&["sandbox", "token", "--at", ISSUER]).exits(code).says(why).leaves_out("\u{1b}");
    };
    ask(400, json!({"error_description": "there is no such\u{1b} user"}), 2, "there is no such");
    ask(404, json!({}), 1, "answers 404; is it a sandbox?");
    ask(200, json!({"token": "a.\u{1b}.c"}), 1, "answers 200; is it a sandbox?");
    ask(200, json!({}), 1, "is it a sandbox?");
    let bench = Bench::with_env(&[]);
    bench.provider.fails("/sandbox/token", HttpFailureKind::NotSent);
    let error = bench.run(&["sandbox", "token", "--at", ISSUER, "--json"]).exits(5).error();
    assert_eq!(error["hint"], "start `tidp sandbox`, or name its address with --at");
}
