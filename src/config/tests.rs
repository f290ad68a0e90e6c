use super::profile::Source;
use super::profile_keys::KEYS;
use super::redirect_uri::redirect_uri;
use super::*;
use crate::domain::decision::Renew;
use crate::domain::policy::{Policy, PolicyName};
use crate::domain::secret::Secret;
use crate::domain::session::SessionKey;
use crate::domain::time::Seconds;
use crate::error::{Kind, ProfileError};
use crate::ports::{Dirs, ListenAddress, StoreName};

const PATH: &str = "/etc/tidp/config.toml";

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
}

fn config(text: &str) -> Config {
    parse(text, Path::new(PATH)).unwrap()
}

/// The profile `p` with an issuer, a client ID, further lines and environment variables.
fn with(lines: &str, variables: &[(&str, &str)]) -> Result<Profile> {
    let text = format!("[profile.p]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n{lines}");
    profile(None, &env(variables), &config(&text), Some(Path::new("/etc/tidp")))
}

fn read(lines: &str) -> Profile {
    with(lines, &[]).unwrap()
}

#[track_caller]
fn wrong<T: std::fmt::Debug>(result: Result<T>, words: &str) {
    let report = result.unwrap_err().report();
    assert_eq!((report.kind, report.exit_code), (Kind::Config, 2), "{}", report.message);
    assert!(report.message.contains(words), "`{words}` is not in: {}", report.message);
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn minimal_profile_gets_defaults() {
    let ListenAddress { host, port, path } =
        ListenAddress { host: "127.0.0.1".into(), port: None, path: "/callback".into() };
    let expected = Profile {
        name: "p".into(),
        name_in_hints: Some("p".into()),
        issuer: "https://id.example".into(),
        client_id: "app".into(),
        client_id_source: Source::Profile("p".into()),
        client_type: None,
        grant: Grant::AuthorizationCode,
        policy: None,
        renew: Renew::WhenDue,
        scopes: strings(&["openid", "profile", "offline_access"]),
        redirect_uri: RedirectUri::AnyPort(ListenAddress { host, port, path }),
        redirect_uri_source: Source::Default,
        auth_method: AuthMethod::None,
        client_secret_command: None,
        ca_file: None,
        acr_values: None,
        login_hint: None,
        ui_locales: None,
        prompt: None,
        endpoint_hosts: Vec::new(),
    };
    assert_eq!(read(""), expected);
}

/// For each key its line in the file, its variable with a value, and a part of the resulting profile's `Debug` text.
const EACH: &[(&str, &str, &str, &str)] = &[
    ("client_type = \"mobileapp\"", "TIDP_CLIENT_TYPE", "mobileapp", "client_type: Some(MobileApp)"),
    ("grant = \"client_credentials\"", "TIDP_GRANT", "client_credentials", "grant: ClientCredentials"),
    ("policy = \"Web\"", "TIDP_POLICY", "Web", "name: Web"),
    ("policy = \"Web\"\nrefresh_lifetime = \"20m\"", "TIDP_REFRESH_LIFETIME", "20m", "lifetime: Some(Seconds(1200))"),
    ("policy = \"Web\"\nsliding = false", "TIDP_SLIDING", "false", "sliding: false"),
    (
        "policy = \"Web\"\nabsolute_lifetime = \"2h\"",
        "TIDP_ABSOLUTE_LIFETIME",
        "2h",
        "absolute_lifetime: Some(Seconds(7200))",
    ),
    ("renew = \"before-session-ends\"", "TIDP_RENEW", "before-session-ends", "renew: BeforeSessionEnds"),
    ("scopes = [\"openid\", \"api:x\"]", "TIDP_SCOPES", "openid  api:x", "scopes: [\"openid\", \"api:x\"]"),
    ("redirect_uri = \"x:/y\"", "TIDP_REDIRECT_URI", "x:/y", "redirect_uri: Elsewhere(\"x:/y\")"),
    (
        "client_secret_command = [\"pass\", \"a b\"]",
        "TIDP_CLIENT_SECRET_COMMAND",
        "pass \"a b\"",
        "client_secret_command: Some([\"pass\", \"a b\"])",
    ),
    ("auth_method = \"client_secret_post\"", "TIDP_AUTH_METHOD", "client_secret_post", "auth_method: Post"),
    ("ca_file = \"ca.pem\"", "TIDP_CA_FILE", "ca.pem", "ca_file: Some(\"/etc/tidp/ca.pem\")"),
    ("acr_values = \"a b\"", "TIDP_ACR_VALUES", "a b", "acr_values: Some(\"a b\")"),
    ("login_hint = \"+47\"", "TIDP_LOGIN_HINT", "+47", "login_hint: Some(\"+47\")"),
    ("ui_locales = \"no\"", "TIDP_UI_LOCALES", "no", "ui_locales: Some(\"no\")"),
    ("prompt = \"login\"", "TIDP_PROMPT", "login", "prompt: Some(\"login\")"),
    ("endpoint_hosts = [\"a\", \"b\"]", "TIDP_ENDPOINT_HOSTS", "a b", "endpoint_hosts: [\"a\", \"b\"]"),
];

#[test]
fn every_key_means_the_same_in_file_and_environment() {
    for &(line, variable, value, expected) in EACH {
        // The two sides of a path on Windows.
        let from_file = format!("{:?}", read(line)).replace("\\\\", "/");
        assert!(from_file.contains(expected), "{line}: {from_file}");
        let rest = if line.contains('\n') { "policy = \"Web\"" } else { "" };
        let from_env = format!("{:?}", with(rest, &[(variable, value)]).unwrap());
        // Only the source differs.
        let from_env = from_env.replace("\\\\", "/").replace(&format!("Variable(\"{variable}\")"), "Profile(\"p\")");
        assert_eq!(from_env, from_file, "{variable}");
    }
    let tried: Vec<String> =
        EACH.iter().map(|(_, variable, ..)| variable.trim_start_matches("TIDP_").to_lowercase()).collect();
    for key in KEYS.iter().map(|key| key.name) {
        let elsewhere = ["issuer", "environment", "client_id"].contains(&key);
        assert!(elsewhere || tried.iter().any(|tried| tried == key), "{key} has no row");
    }
}

#[test]
fn invalid_value_is_refused_with_its_key() {
    for (lines, words) in [
        (
            "client_type = \"Native\"",
            "unknown client_type `Native`; expected one of Public, PublicWithRefresh, Confidential, MobileApp",
        ),
        (
            "policy = \"Sliding\"",
            "unknown policy `Sliding`; expected one of NoRefresh, Confidential, Mobile, PublicWeb, Web",
        ),
        ("grant = \"password\"", "unknown grant `password`; expected authorization_code or client_credentials"),
        (
            "grant = \"client_credentials\"\nclient_type = \"MobileApp\"",
            "grant `client_credentials` needs a confidential client, and client_type is MobileApp",
        ),
        (
            "grant = \"client_credentials\"\nscopes = [\"api:x\", \"offline_access\"]",
            "the scope `offline_access` is about a user, and grant `client_credentials` has none",
        ),
        ("grant = \"client_credentials\"\nscopes = [\"openid\"]", "the scope `openid` is about a user"),
        ("grant = \"client_credentials\"\nscopes = [\"a b\"]", "invalid scope `a b`"),
        ("policy = \"Web\"\nrefresh_lifetime = \"soon\"", "refresh_lifetime: `soon` is not a duration"),
        ("policy = \"Web\"\nabsolute_lifetime = \"\"", "absolute_lifetime: `` is not a duration"),
        ("refresh_lifetime = \"90d\"", "needs client_type or policy"),
        ("sliding = true", "needs client_type or policy"),
        ("sliding = \"true\"", "`sliding` must be true or false, without quotes"),
        ("renew = \"always\"", "unknown renew `always`; expected when-due or before-session-ends"),
        ("scopes = [\"profile\"]", "must include `openid`"),
        ("scopes = [\"openid\", \"a b\"]", "invalid scope `a b`"),
        ("scopes = [\"openid\", \"\"]", "invalid scope ``"),
        ("scopes = \"openid\"", "`scopes` must be a list: scopes = [\"openid\"]"),
        ("redirect_uri = \"/callback\"", "is not an absolute URI"),
        ("auth_method = \"private_key_jwt\"", "unknown auth_method `private_key_jwt`"),
        ("environment = \"staging\"", "issuer and environment cannot be combined"),
        ("client_secret = \"s3cret\"", "client_secret"),
        ("scope = [\"openid\"]", "line 4: unknown key `scope`: did you mean `scopes`?"),
        ("client_id_ = 3", "unknown key `client_id_`: did you mean `client_id`?"),
        ("zzz = 3", "unknown key `zzz`"),
        ("prompt = 3", "`prompt` must be a text: prompt = \"…\""),
        (
            "client_secret_command = \"cat s3cret\"",
            "must be a list: client_secret_command = [\"PROGRAM\", \"ARGUMENT\"]",
        ),
        ("endpoint_hosts = [3]", "`endpoint_hosts` must be a list: endpoint_hosts = [\"…\"]"),
    ] {
        wrong(with(lines, &[]), words);
        wrong(with(lines, &[]), "profile `p`");
    }
    for (variable, value, words) in [
        ("TIDP_SLIDING", "yes", "TIDP_SLIDING: `yes` is not true or false"),
        #[cfg(not(windows))] // where no command line is wrong
        ("TIDP_CLIENT_SECRET_COMMAND", "pass 'x", "is not a command line"),
        ("TIDP_RENEW", "\u{1b}", "renew `\\u{1b}`"),
    ] {
        wrong(with("", &[(variable, value)]), words);
    }
}

#[test]
fn profile_needs_a_valid_issuer_and_a_client_id() {
    let one = |text: &str| profile(None, &Env::default(), &config(text), None);
    wrong(one("[profile.p]\nclient_id = \"app\""), "config.toml, line 1: set `environment` or `issuer`");
    wrong(one("[profile.p]\nissuer = \"https://id.example\""), "config.toml, line 1: set `client_id`");
    wrong(
        one("[profile.p]\nissuer = \"https://id.example\"\nclient_id = \"\""),
        "config.toml, line 3: set `client_id`",
    );
    wrong(one("[profile.p]\nenvironment = \"test\"\nclient_id = \"app\""), "expected staging or production");
    for bad in ["http://id.example", "http://localhost.example:1", "id.example", "https://id.example/?x", "ftp://x"] {
        let text = format!("[profile.p]\nissuer = \"{bad}\"\nclient_id = \"app\"");
        assert_eq!(one(&text).unwrap_err().report().kind, Kind::Config, "{bad}");
    }
    for (given, issuer) in [
        ("issuer = \"http://127.0.0.1:8765\"", "http://127.0.0.1:8765"),
        ("issuer = \"https://id.example/\"", "https://id.example"),
        ("environment = \"staging\"", "https://id-test.telenor.no"),
        ("environment = \"production\"", "https://id.telenor.no"),
    ] {
        assert_eq!(one(&format!("[profile.p]\n{given}\nclient_id = \"app\"")).unwrap().issuer, issuer);
    }
}

#[test]
fn invalid_file_is_refused_with_the_line_number() {
    for (text, words) in [
        ("default_profile = \"a\"\nstor = \"file\"", "config.toml, line 2: unknown key `stor`: did you mean `store`?"),
        ("[profile.p", "config.toml, line 1: "),
        ("profile = 1", "config.toml"),
    ] {
        wrong(parse(text, Path::new(PATH)), words);
    }
}

const TWO: &str = "[profile.a]\nissuer = \"https://a.example\"\nclient_id = \"a\"\nui_locales = \"no\"\n\
                   [profile.b]\nissuer = \"https://b.example\"\nclient_id = \"b\"\n";

#[test]
fn flag_overrides_environment_overrides_file() {
    let with_default = format!("default_profile = \"b\"\n{TWO}");
    for (flag, variables, text, expected) in [
        (Some("a"), &[("TIDP_PROFILE", "b")][..], TWO, "a"),
        (None, &[("TIDP_PROFILE", "a")], with_default.as_str(), "a"),
        (None, &[("TIDP_PROFILE", "")], &with_default, "b"),
        (None, &[], &with_default, "b"),
    ] {
        assert_eq!(profile(flag, &env(variables), &config(text), None).unwrap().name, expected);
    }
    let over = profile(Some("a"), &env(&[("TIDP_UI_LOCALES", "en")]), &config(TWO), None).unwrap();
    assert_eq!(over.ui_locales.as_deref(), Some("en"));
    assert_eq!(file_profile("a", &config(TWO), None).unwrap().ui_locales.as_deref(), Some("no"));
}

#[test]
fn unknown_profile_error_lists_existing_profiles() {
    let choose = |flag, text: &str| profile(flag, &Env::default(), &config(text), None);
    wrong(choose(None, TWO), "no default profile");
    wrong(choose(None, TWO), ": a, b");
    wrong(choose(Some("c"), TWO), "there is no profile `c`; existing profiles: a, b");
    wrong(choose(Some("c\u{1b}"), TWO), "`c\\u{1b}`");
    assert_eq!(choose(None, "").unwrap_err(), ProfileError::NoProfile.into());
    assert_eq!(choose(Some("c"), "").unwrap_err(), ProfileError::NoProfile.into());
    wrong(choose(None, &format!("default_profile = \"c\"\n{TWO}")), "there is no profile `c`");
}

#[test]
fn issuer_and_client_id_come_from_one_source_together() {
    let both = [("TIDP_ISSUER", "https://id.example"), ("TIDP_CLIENT_ID", "app")];
    let own = profile(None, &env(&both), &config(TWO), None).unwrap();
    assert_eq!((own.name.as_str(), own.name_in_hints.as_deref()), ("app@https://id.example", None));
    wrong(profile(None, &env(&both[..1]), &config(TWO), None), "without TIDP_CLIENT_ID");
    wrong(profile(Some("a"), &env(&both[..1]), &config(TWO), None), "without TIDP_CLIENT_ID");
    wrong(profile(None, &env(&both[1..]), &config(TWO), None), "without TIDP_ISSUER");
    wrong(profile(Some("a"), &env(&both), &config(TWO), None), "name another client than profile `a`");
    let stale = [both[0], both[1], ("TIDP_CLIENT_TYPE", "MobileApp")];
    let machine = format!("{TWO}grant = \"client_credentials\"\n");
    wrong(profile(Some("b"), &env(&stale), &config(&machine), None), "name another client than profile `b`");
    let same = [("TIDP_ISSUER", "https://a.example/"), ("TIDP_CLIENT_ID", "a")];
    assert_eq!(profile(Some("a"), &env(&same), &config(TWO), None).unwrap().name_in_hints.as_deref(), Some("a"));
    let staging = [("TIDP_ENVIRONMENT", "staging"), ("TIDP_CLIENT_ID", "app")];
    assert_eq!(profile(None, &env(&staging), &config(""), None).unwrap().issuer, "https://id-test.telenor.no");
    let three = [staging[0], staging[1], both[0]];
    wrong(profile(None, &env(&three), &config(""), None), "cannot be combined");
}

#[test]
fn relative_ca_file_is_beside_the_config_file() {
    let ca = |line: &str| read(line).ca_file.unwrap();
    assert_eq!(ca("ca_file = \"tls/ca.pem\""), Path::new("/etc/tidp/tls/ca.pem"));
    assert_eq!(ca("ca_file = \"/ca.pem\""), Path::new("/ca.pem"));
}

#[test]
fn redirect_uri_is_used_as_registered() {
    let at = |host: &str, port, path: &str| ListenAddress { host: host.into(), port, path: path.into() };
    let fixed = |uri: &str, at| RedirectUri::Fixed(uri.into(), at);
    let elsewhere = |uri: &str| RedirectUri::Elsewhere(uri.into());
    for (uri, expected) in [
        ("http://127.0.0.1/callback", RedirectUri::AnyPort(at("127.0.0.1", None, "/callback"))),
        ("http://127.0.0.1", RedirectUri::AnyPort(at("127.0.0.1", None, "/"))),
        ("http://127.0.0.1:80/cb", fixed("http://127.0.0.1:80/cb", at("127.0.0.1", Some(80), "/cb"))),
        ("http://localhost:5000", fixed("http://localhost:5000", at("localhost", Some(5_000), "/"))),
        ("http://[::1]:5000/a/b", fixed("http://[::1]:5000/a/b", at("[::1]", Some(5_000), "/a/b"))),
        ("https://127.0.0.1/cb", elsewhere("https://127.0.0.1/cb")),
        ("https://app.example/cb?x=1", elsewhere("https://app.example/cb?x=1")),
        ("com.example.app:/cb", elsewhere("com.example.app:/cb")),
        ("http://localhost.example/cb", elsewhere("http://localhost.example/cb")),
    ] {
        assert_eq!(redirect_uri(uri), Ok(expected), "{uri}");
    }
    for (uri, words) in [
        ("http://localhost/callback", "needs a port"),
        ("http://[::1]/callback", "needs a port"),
        ("http://127.0.0.2:5000/", "another loopback address"),
        ("http://127.0.0.1/cb?x=1", "has a query"),
        ("http://me@127.0.0.1/cb", "has a user name"),
        ("https://u:p@app.example/cb", "has a user name"),
        ("https:/app.example/cb", "has no `//`"),
        ("https:app.example/cb", "has no `//`"),
        ("https://app.example/\u{200b}cb", "cannot be seen"),
        ("http://127.0.0.1/cb#x", "has a fragment"),
        ("https://app.example/#", "has a fragment"),
        ("callback", "is not an absolute URI"),
    ] {
        let error = redirect_uri(uri).unwrap_err();
        assert!(error.contains(words), "{uri}: {error}");
    }
}

#[test]
fn telenorid_plus_is_known_by_issuer_or_client_type() {
    let said_of = |issuer: &str, lines: &str| {
        let text = format!("[profile.p]\n{issuer}\nclient_id = \"app\"\n{lines}");
        profile(None, &env(&[]), &config(&text), None).unwrap().is_telenorid_plus()
    };
    for issuer in [
        "issuer = \"https://id.telenor.no\"",
        "issuer = \"https://id-test.telenor.no/\"",
        "issuer = \"HTTPS://ID.telenor.no:443\"",
        "environment = \"staging\"",
        "environment = \"production\"",
    ] {
        assert!(said_of(issuer, ""), "{issuer}");
    }
    for issuer in
        ["https://id.example", "https://id.telenor.no.example", "https://id.telenor.no/o", "https://id.telenor.no:8443"]
    {
        let issuer = format!("issuer = \"{issuer}\"");
        assert!(!said_of(&issuer, ""), "{issuer}");
        assert!(!said_of(&issuer, "policy = \"Mobile\""), "{issuer}");
        assert!(said_of(&issuer, "client_type = \"MobileApp\""), "{issuer}");
    }
}

#[test]
fn offline_access_is_requested_unless_policy_is_norefresh() {
    let without = strings(&["openid", "profile"]);
    assert_eq!(read("client_type = \"Public\"").scopes, without);
    assert_eq!(read("client_type = \"MobileApp\"\npolicy = \"NoRefresh\"").scopes, without);
    assert_eq!(read("client_type = \"MobileApp\"").scopes.len(), 3);
    assert_eq!(read("client_type = \"Public\"\nscopes = [\"openid\", \"offline_access\"]").scopes.len(), 2, "as asked");
}

#[test]
fn policy_follows_client_type_unless_configured() {
    let policy = |lines: &str| read(lines).policy.unwrap();
    assert_eq!(policy("client_type = \"PublicWithRefresh\""), PolicyName::PublicWeb.documented());
    assert_eq!(policy("client_type = \"Public\"\npolicy = \"Web\""), PolicyName::Web.documented());
    let changed = policy(
        "client_type = \"Confidential\"\nrefresh_lifetime = \"30d\"\nsliding = true\nabsolute_lifetime = \"60d\"",
    );
    let expected = Policy {
        name: PolicyName::Confidential,
        lifetime: Some(Seconds::days(30)),
        sliding: true,
        absolute_lifetime: Some(Seconds::days(60)),
        reports_sso: true,
    };
    assert_eq!(changed, expected);
    assert!(!policy("policy = \"Mobile\"").reports_sso, "another provider's");
}

#[test]
fn client_secret_basic_is_the_default_auth_method() {
    let method = |lines, variables: &[_]| with(lines, variables).unwrap().auth_method;
    let secret = [("TIDP_CLIENT_SECRET", "s")];
    assert_eq!(method("client_type = \"Confidential\"", &[]), AuthMethod::Basic);
    assert_eq!(method("client_type = \"Confidential\"\nauth_method = \"client_secret_post\"", &[]), AuthMethod::Post);
    assert_eq!(method("client_type = \"MobileApp\"", &secret), AuthMethod::None, "a public client has no secret");
    assert_eq!(method("", &secret), AuthMethod::Basic);
    assert_eq!(method("client_secret_command = [\"pass\"]", &[]), AuthMethod::Basic);
}

#[test]
fn store_is_the_named_one_and_file_store_needs_a_key() {
    let command = "store = \"file\"\nstore_key_command = [\"pass\", \"tidp\"]";
    let value = ("TIDP_STORE_KEY", "a2V5");
    let file = ("TIDP_STORE_KEY_FILE", "/key");
    for (variables, text, expected, key) in [
        (&[][..], "", StoreName::Keyring, None),
        (&[("TIDP_STORE", "keyring")], "store = \"memory\"", StoreName::Keyring, None),
        (&[], "store = \"memory\"", StoreName::Memory, None),
        (&[("TIDP_STORE", "plaintext-file")], "", StoreName::PlaintextFile, None),
        (&[], command, StoreName::File, Some(KeySource::Command(strings(&["pass", "tidp"])))),
        (&[file], command, StoreName::File, Some(KeySource::File("/key".into()))),
        (&[file, value], command, StoreName::File, Some(KeySource::Variable(Secret::new("a2V5")))),
    ] {
        let (env, config) = (env(variables), config(text));
        assert_eq!((store(&env, &config), store_key(&env, &config).ok()), (Ok(expected), key), "{text}");
    }
    wrong(store_key(&env(&[("TIDP_STORE", "file")]), &Config::default()), "needs a key");
    wrong(store_key(&Env::default(), &config("store = \"file\"\nstore_key_command = []")), "needs a key");
    wrong(
        store(&env(&[("TIDP_STORE", "disk")]), &Config::default()),
        "unknown store `disk`; expected one of keyring, file",
    );
}

#[test]
fn config_path_is_from_environment_or_user_directory() {
    let dirs = Dirs { config: Some("/home/kari/.config".into()), data: None, state: None, cache: None };
    assert_eq!(config_path(&Env::default(), &dirs).unwrap(), Path::new("/home/kari/.config/tidp/config.toml"));
    assert_eq!(config_path(&env(&[("TIDP_CONFIG", "/x.toml")]), &dirs).unwrap(), Path::new("/x.toml"));
    assert_eq!(config_path(&Env::default(), &Dirs { config: None, ..dirs }), None);
}

#[test]
fn unsafe_profile_name_is_refused() {
    let longest = "x".repeat(64);
    for name in ["a", "A-1_b.c", longest.as_str()] {
        assert!(check_profile_name(name).is_ok(), "{name}");
    }
    let too_long = "x".repeat(65);
    for name in ["", ".", "../x", "a/b", "-a", "a b", "å", "a\0", "a\u{1b}", too_long.as_str()] {
        assert_eq!(check_profile_name(name).unwrap_err().report().kind, Kind::Usage, "{name}");
    }
}

#[test]
fn orphan_profile_is_enough_to_log_out() {
    let key = SessionKey { profile: "old".into(), issuer: "https://id.example".into(), client_id: "app".into() };
    assert_eq!(Profile::orphan(&key).session_key(), key);
}

#[test]
fn client_that_acts_for_itself_has_a_secret_and_neither_policy_nor_scopes() {
    for client_type in ["", "client_type = \"Confidential\"\n"] {
        let profile = read(&format!("{client_type}grant = \"client_credentials\""));
        assert_eq!((profile.auth_method, profile.policy), (AuthMethod::Basic, None));
        assert_eq!(profile.scopes, [""; 0]);
        assert!(profile.is_machine());
    }
    let profile = read("grant = \"client_credentials\"\nscopes = [\"api:x\", \"profile\"]");
    assert_eq!(profile.scopes, strings(&["api:x", "profile"]));
    assert!(!read("grant = \"authorization_code\"").is_machine());
}

#[test]
fn settings_say_what_is_set_where() {
    let text =
        "[profile.p]\nissuer = \"https://id.example\"\n# the client\nclient_id = \"app\"\nscopes = [\"openid\"]\n";
    let set = |text: &str, variables: &[(&str, &str)]| {
        let (config, env) = (config(text), env(variables));
        let found = settings(&profile(None, &env, &config, None).unwrap(), &config, &env);
        found.iter().map(|set| format!("{} {} {}", set.key, set.value, set.place())).collect::<Vec<_>>()
    };
    let file = ["issuer https://id.example line 2", "client_id app line 4", "scopes [\"openid\"] line 5"];
    assert_eq!(set(text, &[]), file);
    let scopes = set(text, &[("TIDP_SCOPES", "openid email")]);
    assert_eq!(scopes, [file[0], file[1], "scopes openid email TIDP_SCOPES"]);
    let staging = [("TIDP_ENVIRONMENT", "staging"), ("TIDP_CLIENT_ID", "app")];
    let from_env = ["environment staging TIDP_ENVIRONMENT", "client_id app TIDP_CLIENT_ID"];
    assert_eq!(set("", &staging), from_env);
    let same = text.replace("https://id.example", "https://id-test.telenor.no");
    let named = [&staging[..], &[("TIDP_PROFILE", "p")]].concat();
    assert_eq!(set(&same, &named), [from_env[0], from_env[1], file[2]], "the variable replaces issuer");
}
