//! What `tidp sandbox` refuses before it starts. `tests/real_sandbox` runs it.

use crate::support::Bench;

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
        (&["--issuer", "sandbox:8765"], "--issuer: `sandbox:8765` is no address such as http://sandbox:8765"),
        (&["--bind", "localhost"], "invalid value 'localhost' for '--bind <ADDRESS>'"),
        (&["--access-token-lifetime", "1 h"], "--access-token-lifetime: `1 h` is not a duration"),
    ] {
        let error = Bench::with_env(&[]).run(&[&["sandbox", "--json"], args].concat()).exits(2).error();
        assert!(error["message"].as_str().unwrap().contains(why), "{args:?}: {error}");
        assert_eq!(error["kind"], "usage", "{args:?}");
    }
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
}
