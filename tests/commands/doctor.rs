//! `tidp doctor`: a healthy machine, each part broken, and what must neither be touched nor told.

use super::golden::golden;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, discovery};
use crate::support::{Bench, CONFIG, Outcome};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{Backend, HttpFailureKind, PortHolder, Response, StoreFailureKind};

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The time of the bench.
const DATE: &str = "Sat, 31 Jan 2026 12:00:00 GMT";

fn profile(keys: &str) -> String {
    format!("[profile.work]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\n{keys}\n")
}

fn dated(date: &str) -> Response {
    let mut response = json(200, &discovery());
    response.headers.push(("date".into(), date.into()));
    response
}

/// A bench on which nothing is wrong.
fn healthy(keys: &str) -> Bench {
    let bench = Bench::with_config(&profile(keys)).env("HOME", "/home/kari").env("DISPLAY", ":0");
    bench.provider.always(DISCOVERY, dated(DATE));
    bench.stores.is_kept_by(Backend::Program("Secret Service (gnome-keyring)".into()));
    bench
}

/// The check of this name in the document.
#[track_caller]
fn check(outcome: &Outcome, name: &str) -> Value {
    let document = outcome.json();
    let found = document["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no check `{name}`: {document}"))
}

/// The report without the line about this build.
fn report(bench: &Bench, code: i32) -> String {
    let stdout = bench.run(&["doctor"]).exits_with_output(code).stdout;
    let (report, build) = stdout.split_once("✓ build ").expect("the last check");
    assert!(build.contains(concat!("tidp ", env!("CARGO_PKG_VERSION"))), "{build}");
    report.to_owned()
}

#[test]
fn healthy_machine_passes_every_check() {
    let bench = healthy("login_hint = \"4790000001\"");
    let report = report(&bench, 0);
    // Windows has other paths, smaller credentials, and no keyring in the kernel.
    if cfg!(unix) {
        golden("doctor.txt", &report);
    }
    assert!(bench.stores.is_empty(), "the entry is removed");
    assert_eq!((bench.cache.documents(), bench.stores.locks()), (Vec::new(), Vec::new()));
    assert_eq!(bench.provider.paths(), [DISCOVERY]);
    assert!(bench.browser.opened_urls.lock().unwrap().is_empty());
    let ascii = bench.env("LC_ALL", "C").run(&["doctor"]).exits(0).stdout;
    assert!(ascii.is_ascii() && ascii.contains("\n+ keyring "), "{ascii}");
}

#[test]
fn each_broken_part_is_named_with_its_remedy_and_code() {
    use StoreFailureKind::{LockUnavailable, Locked, Missing, NotSetUp};
    type Break = Box<dyn Fn(&Bench)>;
    let network = |kind| -> Break { Box::new(move |bench| bench.provider.fails(DISCOVERY, kind)) };
    let status =
        |status| -> Break { Box::new(move |bench| bench.provider.responds(DISCOVERY, json(status, &json!({})))) };
    let store = |call, kind| -> Break { Box::new(move |bench| bench.stores.fail(call, kind)) };
    let parts: Vec<(Break, &str, i32, &str, &str)> = vec![
        (Box::new(|bench| bench.files.put(CONFIG, "x = 1")), "configuration", 2, "unknown", "tidp doctor"),
        (Box::new(|bench| bench.files.put(CONFIG, "")), "profile", 2, "no profile is configured", "tidp profile add"),
        (network(HttpFailureKind::NotSent), "discovery", 5, "as the test wants", "curl -v https://id.example"),
        (network(HttpFailureKind::InvalidSetting), "discovery", 2, "as the test wants", "correct that setting"),
        (status(429), "discovery", 5, "429", "try again later"),
        (status(503), "discovery", 5, "503", "try again later"),
        (status(404), "discovery", 4, "404", "tidp profile show work"),
        (status(200), "discovery", 7, "discovery document", "tidp profile show work"),
        (network(HttpFailureKind::UnknownAuthority), "TLS", 7, "as the test wants", "ca_file in the profile `work`"),
        (network(HttpFailureKind::Certificate), "TLS", 7, "as the test wants", "s_client -connect id.example:443"),
        (
            Box::new(|bench| *bench.provider.proxy.lock().unwrap() = Some(Err("HTTPS_PROXY names no proxy"))),
            "proxy",
            2,
            "HTTPS_PROXY names no proxy",
            "unset it",
        ),
        (store("try_lock", LockUnavailable), "keyring", 6, "cannot be locked", "TIDP_LOCK_DIR"),
        (store("save", Locked), "keyring", 6, "is locked", "unlock the keyring"),
        (store("save", NotSetUp), "keyring", 6, "no default collection", "tidp login"),
        (store("load", Missing), "keyring", 6, "cannot be found", "start a keyring"),
        (store("delete", StoreFailureKind::Refused), "keyring", 6, "returned an error", "restart the keyring"),
        (Box::new(|bench| bench.stores.forget_next_save()), "keyring", 6, "did not confirm", "restart the keyring"),
        (
            Box::new(|bench| {
                bench.files.put(
                    CONFIG,
                    &profile("client_type = \"Confidential\"").replacen("client_type = \"MobileApp\"\n", "", 1),
                )
            }),
            "client secret",
            2,
            "no client secret",
            "tidp profile secret work",
        ),
        (
            Box::new(|bench| *bench.callback.port_in_use.lock().unwrap() = true),
            "loopback port",
            2,
            "address in use",
            "tidp login --paste --profile work",
        ),
    ];
    for (break_part, name, code, seen, remedy) in parts {
        let bench = healthy("");
        break_part(&bench);
        let outcome = bench.run(&["doctor", "--json"]).exits_with_output(code);
        let check = check(&outcome, name);
        assert_eq!((&check["status"], &check["exit_code"]), (&json!("failed"), &json!(code)), "{check}");
        assert!(check["seen"].as_str().unwrap().contains(seen), "{check}");
        assert!(check["remedy"].as_str().unwrap().contains(remedy), "{check}");
        let error = outcome.error();
        assert_eq!(error["message"], format!("1 check failed: {name}"));
        assert_eq!(error["exit_code"], code);
    }
}

#[test]
fn first_failed_check_gives_the_exit_code() {
    let bench = healthy("");
    bench.provider.fails(DISCOVERY, HttpFailureKind::NotSent);
    bench.stores.fail("save", StoreFailureKind::Locked);
    bench.run(&["doctor"]).exits_with_output(5).says("error: 2 checks failed: discovery, keyring");
}

#[test]
fn what_works_but_deserves_a_look_is_a_warning() {
    let bench = healthy("").env("TIDP_STORE", "memory");
    bench.provider.always(DISCOVERY, dated("Sat, 31 Jan 2026 13:00:06 GMT"));
    *bench.provider.proxy.lock().unwrap() = Some(Ok("http://p:3128, which HTTPS_PROXY names"));
    *bench.browser.not_installed.lock().unwrap() = true;
    let outcome = bench.run(&["doctor", "--json"]).exits(0);
    for (name, seen) in [
        ("clock", "1 h behind the provider's"),
        ("proxy", "id.example is reached through http://p:3128, which HTTPS_PROXY names"),
        ("store", "keeps nothing"),
        ("browser", "none of these programs is here: xdg-open"),
    ] {
        let check = check(&outcome, name);
        assert_eq!(check["status"], "warning", "{check}");
        assert!(check["seen"].as_str().unwrap().contains(seen), "{check}");
    }
    let bench = healthy("");
    bench.provider.always(DISCOVERY, dated("Sat, 31 Jan 2026 11:59:55 GMT"));
    assert_eq!(check(&bench.run(&["doctor", "--json"]), "clock")["status"], "ok", "within 5 s");
    *bench.browser.missing.lock().unwrap() = true;
    assert_eq!(check(&bench.run(&["doctor", "--json"]), "browser")["status"], "warning");
}

#[test]
fn remedy_for_a_wrong_clock_is_on_the_side_that_is_wrong() {
    for (issuer, is_sandbox) in [(ISSUER, false), ("http://127.0.0.1:8765", true)] {
        let bench = Bench::with_config(&profile("").replace(ISSUER, issuer));
        let path = if is_sandbox { format!("{issuer}{DISCOVERY}") } else { DISCOVERY.to_owned() };
        bench.provider.always(&path, dated("Sat, 31 Jan 2026 11:00:00 GMT"));
        let check = check(&bench.run(&["doctor", "--json"]), "clock");
        assert!(check["seen"].as_str().unwrap().starts_with("1 h ahead of the provider's"), "{check}");
        let remedy = check["remedy"].as_str().unwrap();
        assert_eq!(remedy.contains("/sandbox/clock"), is_sandbox, "{remedy}");
    }
}

#[test]
fn what_is_not_needed_is_not_checked() {
    let bench = healthy("redirect_uri = \"https://app.example/callback\"");
    bench.stores.hold_lock_named("tidp doctor");
    let outcome = bench.env("TIDP_ACCESS_TOKEN_CACHE", "off").run(&["doctor", "--json"]).exits(0);
    for name in ["loopback port", "keyring", "kernel keyring"] {
        assert_eq!(check(&outcome, name)["status"], "skipped", "{name}");
    }
    let bench = healthy("grant = \"client_credentials\"").env("TIDP_CLIENT_TYPE", "Confidential");
    let outcome = bench.env("TIDP_CLIENT_SECRET", "s").run(&["doctor", "--json"]).exits(0);
    for name in ["loopback port", "browser"] {
        assert_eq!(check(&outcome, name)["status"], "skipped", "{name}");
    }
}

#[test]
fn without_a_profile_everything_else_is_checked() {
    let bench = Bench::with_env(&[("DISPLAY", ":0")]);
    let outcome = bench.run(&["doctor", "--json"]).exits_with_output(2);
    assert_eq!(check(&outcome, "profile")["status"], "failed");
    assert_eq!(check(&outcome, "discovery")["status"], "skipped");
    for name in ["configuration", "keyring", "kernel keyring", "loopback port", "browser", "terminal", "build"] {
        assert_eq!(check(&outcome, name)["status"], "ok", "{name}");
    }
}

#[test]
fn entry_is_removed_although_the_write_was_not_confirmed() {
    let bench = healthy("");
    bench.stores.fail("answer to save", StoreFailureKind::Unknown);
    bench.run(&["doctor"]).exits_with_output(6);
    assert!(bench.stores.is_empty());
}

#[test]
fn entry_that_a_killed_doctor_left_is_removed() {
    let bench = healthy("");
    bench.stores.put("tidp doctor", "what was written");
    bench.run(&["doctor"]).exits(0);
    assert!(bench.stores.is_empty());
}

#[test]
fn signals_wait_until_the_entry_is_removed() {
    let bench = healthy("");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (kept, signals) = (Arc::clone(&seen), Arc::clone(&bench.signals));
    bench.stores.observe_entries(move |is_empty| kept.lock().unwrap().push((is_empty, signals.are_deferred())));
    bench.run(&["doctor"]).exits(0);
    assert_eq!(*seen.lock().unwrap(), [(false, true), (true, true)], "after the write, after the removal");
    assert!(!bench.signals.are_deferred());
}

#[test]
fn files_of_another_key_are_not_to_be_logged_out() {
    let bench = healthy("").env("TIDP_STORE", "file").env("TIDP_STORE_KEY", &"A".repeat(44));
    bench.stores.damage(&entry(&bench));
    let found = check(&bench.run(&["doctor", "--json"]).exits(0), "store");
    assert!(found["seen"].as_str().unwrap().contains("1 of its files cannot be read with this key"), "{found}");
    let remedy = "use the key that encrypted them (TIDP_STORE_KEY_FILE); make them yours and readable (chown, chmod), or remove the unreadable files in /the/store";
    assert_eq!(found["remedy"], remedy);
}

#[test]
fn keyring_that_failed_is_described() {
    for (backend, words) in [
        (
            Backend::NoBus("unix:path=/run/user/7/bus".into()),
            "No session bus answers this user at unix:path=/run/user/7/bus",
        ),
        (Backend::NoService, "no program on it offers a keyring"),
        (Backend::Program("Secret Service (KeePassXC)".into()), "KeePassXC asks whether tidp may read"),
    ] {
        let bench = healthy("").env("WSL_DISTRO_NAME", "Debian").env("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22");
        let is_running = matches!(backend, Backend::Program(_));
        bench.stores.is_kept_by(backend);
        bench.stores.fail("save", StoreFailureKind::Missing);
        let check = check(&bench.run(&["doctor", "--json"]), "keyring");
        let remarks = check["remarks"].to_string();
        assert!(remarks.contains(words) && remarks.contains("Over SSH"), "{check}");
        assert_eq!(remarks.contains("In WSL no keyring"), !is_running, "{check}");
    }
}

#[test]
fn remedy_is_that_of_the_keyring_which_failed() {
    use StoreFailureKind::{Locked, Missing, NotSetUp, TimedOut, Unknown};
    let program = |name: &str| Some(Backend::Program(format!("Secret Service ({name})")));
    let no_bus = || Some(Backend::NoBus("unix:path=/run/user/7/bus".into()));
    let (bus, kde) = (("DBUS_SESSION_BUS_ADDRESS", "unix:path=/old"), ("XDG_CURRENT_DESKTOP", "x:KDE"));
    let none = ("X", "");
    for (backend, kind, variable, remedy, remark) in [
        (no_bus(), Missing, none, "log in to this machine's desktop, which", "unix:path=/run/user/7/bus."),
        (no_bus(), Missing, bus, "unset DBUS_SESSION_BUS_ADDRESS", ", which DBUS_SESSION_BUS_ADDRESS names."),
        (Some(Backend::NoService), Missing, bus, "start a keyring", "no program on it"),
        (program("KeePassXC"), NotSetUp, none, "choose a group", "KeePassXC"),
        (program("KeePassXC"), Unknown, none, "unlock the database in KeePassXC", "KeePassXC"),
        (program("KeePassXC"), TimedOut, none, "unlock the database in KeePassXC", "KeePassXC"),
        (program("KeePassXC"), Locked, none, "unlock the keyring, then", "KeePassXC"),
        (program("KWallet"), NotSetUp, kde, "create a wallet", "KWallet writes to the disk after about five seconds"),
        (program("gnome-keyring"), NotSetUp, kde, "start KWallet", "in the place of KWallet"),
        (program("gnome-keyring"), NotSetUp, none, "create it: on a desktop", "gnome-keyring"),
        (program("gnome-keyring"), Unknown, kde, "restart the keyring", "gnome-keyring"),
        (program("oo7"), Unknown, none, "restart the keyring", "The keyring is Secret Service (oo7)."),
        (None, TimedOut, none, "log out of this machine's desktop", "The session bus itself does not respond."),
        (None, Locked, none, "unlock the keyring, then", ""),
    ] {
        let bench = Bench::with_config(&profile("")).env(variable.0, variable.1);
        bench.provider.always(DISCOVERY, dated(DATE));
        if let Some(backend) = backend.clone() {
            bench.stores.is_kept_by(backend);
        }
        bench.stores.fail("save", kind);
        let check = check(&bench.run(&["doctor", "--json"]).exits_with_output(6), "keyring");
        assert!(check["remedy"].as_str().unwrap().contains(remedy), "{backend:?} {kind:?} {check}");
        assert!(check["remarks"].to_string().contains(remark), "{backend:?} {kind:?} {check}");
        let is_bus_silent = check["remarks"].to_string().contains("does not respond");
        assert_eq!(is_bus_silent, backend.is_none() && kind == TimedOut, "{check}");
    }
}

#[test]
fn provider_with_all_or_none_of_the_endpoints_is_described_in_full() {
    let names = ["device_authorization", "backchannel_authentication", "introspection", "revocation", "end_session"];
    let names = names.into_iter().chain(["custom_logout", "userinfo"]).map(|name| format!("{name}_endpoint"));
    let names: Vec<String> = names.collect();
    let seen = |keys: &str, change: &dyn Fn(&mut Value, &String)| {
        let mut document = discovery();
        names.iter().for_each(|name| change(&mut document, name));
        let bench = Bench::with_config(keys);
        bench.provider.always(DISCOVERY, json(200, &document));
        check(&bench.run(&["doctor", "--json"]), "provider")["seen"].as_str().unwrap().to_owned()
    };
    let all = seen(&profile(""), &|document, name| document[name] = json!(format!("{ISSUER}/{name}")));
    assert!(all.starts_with("offers device login, ") && all.ends_with(", account page"), "{all}");
    let other = format!("[profile.work]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\n");
    let none = seen(&other, &|document, name| drop(document.as_object_mut().unwrap().remove(name)));
    assert!(none.starts_with("offers a login; not device login, ") && none.ends_with(" account page"), "{none}");
}

#[test]
fn file_that_is_not_there_and_a_cache_that_keeps_nothing_are_told() {
    let bench = Bench::new("MobileApp");
    bench.provider.always(DISCOVERY, dated(DATE));
    let seen = check(&bench.run(&["doctor", "--json"]), "configuration")["seen"].clone();
    assert!(seen.as_str().unwrap().starts_with("there is no file "), "{seen}");
    let bench = healthy("");
    bench.cache.appears_after(1);
    let status = check(&bench.run(&["doctor", "--json"]), "kernel keyring")["status"].clone();
    assert_eq!(status, if cfg!(target_os = "linux") { "warning" } else { "skipped" });
}

#[test]
fn surroundings_explain_only_a_keyring_that_does_not_run() {
    for variable in ["container", "WSL_DISTRO_NAME", "X"] {
        for backend in [Backend::NoService, Backend::Program("Secret Service (oo7)".into())] {
            let is_missing = backend == Backend::NoService;
            let bench = healthy("").env(variable, "x");
            bench.stores.is_kept_by(backend);
            bench.stores.fail("save", StoreFailureKind::Missing);
            let outcome = bench.run(&["doctor", "--json"]).exits_with_output(6);
            let (remarks, seen) = (&check(&outcome, "keyring")["remarks"], &check(&outcome, "terminal")["seen"]);
            for (name, remark) in [("container", "In a container"), ("WSL_DISTRO_NAME", "In WSL")] {
                assert_eq!(
                    remarks.to_string().contains(remark),
                    variable == name && is_missing,
                    "{variable}: {remarks}"
                );
                assert_eq!(
                    seen.to_string().contains(&remark.replace("In", "in")),
                    variable == name,
                    "{variable}: {seen}"
                );
            }
        }
    }
}

#[test]
fn remedy_for_an_issuer_on_this_machine_says_what_listens_there() {
    use HttpFailureKind::{InvalidSetting, NotSent, ResponseLost};
    for (issuer, kind, remedy) in [
        ("http://127.0.0.1:8765", NotSent, "tidp sandbox --port 8765"),
        ("https://127.0.0.1:8765", NotSent, "the sandbox's issuer is http, not https"),
        ("http://127.0.0.1:8765", ResponseLost, "a program listens there"),
        ("http://127.0.0.1:8765", InvalidSetting, "correct that setting"),
        (ISSUER, ResponseLost, "check the network"),
    ] {
        let bench = Bench::with_config(&profile("").replace(ISSUER, issuer));
        let path = if issuer == ISSUER { DISCOVERY.to_owned() } else { format!("{issuer}{DISCOVERY}") };
        bench.provider.fails(&path, kind);
        let check = check(&bench.run(&["doctor", "--json"]), "discovery");
        assert!(check["remedy"].as_str().unwrap().contains(remedy), "{issuer} {kind:?} {check}");
    }
}

#[test]
fn holder_of_the_port_is_named() {
    let program = PortHolder::SameUser(Some(("python3".into(), 7)));
    for (holder, remark, remedy) in [
        (Some(program), json!(["It is held by python3 (process 7)."]), "tidp login --paste --profile work"),
        (
            Some(PortHolder::AnotherUser(65_534)),
            json!(["It is held by another user (id 65534), to whose program the browser would send the code."]),
            "have that program ended, or log in without a redirect: tidp login --device --profile work",
        ),
        (Some(PortHolder::SameUser(None)), Value::Null, "tidp login --paste --profile work"),
        (None, Value::Null, "tidp login --paste --profile work"),
    ] {
        let bench = healthy("redirect_uri = \"http://127.0.0.1:8400/callback\"");
        *bench.callback.port_in_use.lock().unwrap() = true;
        bench.callback.port_holder.lock().unwrap().clone_from(&holder);
        let check = check(&bench.run(&["doctor", "--json"]).exits_with_output(2), "loopback port");
        assert_eq!((&check["remarks"], &check["remedy"]), (&remark, &json!(remedy)), "{holder:?}");
    }
}

#[test]
fn what_others_could_read_is_told() {
    let files = || healthy("").env("TIDP_STORE", "plaintext-file");
    let sealed = || {
        let bench = healthy("").env("TIDP_STORE", "file").env("TIDP_STORE_KEY_FILE", "/the/key");
        bench.files.put("/the/key", &"A".repeat(44));
        bench
    };
    let store = |bench: &Bench| {
        let check = check(&bench.run(&["doctor", "--json"]).exits(0), "store");
        (check["status"].clone(), check["seen"].to_string(), check["remedy"].to_string())
    };
    let bench = files();
    assert_eq!(store(&bench).0, "ok");
    bench.stores.expose_files(1);
    let (status, seen, remedy) = store(&bench);
    assert!(status == "warning" && seen.contains("could read its files until now"), "{seen}");
    assert!(remedy.contains("tidp logout --all"), "{remedy}");
    assert_eq!(store(&bench).0, "ok", "they are private now");

    let bench = sealed();
    assert_eq!(store(&bench).0, "ok");
    bench.files.are_exposed(false);
    let (status, seen, remedy) = store(&bench);
    assert!(status == "warning" && seen.contains("could read its key until now"), "{seen}");
    assert!(remedy.contains("make a new key"), "{remedy}");
    assert_eq!(store(&bench).0, "ok", "it is private now");
    bench.files.are_exposed(true);
    let (status, seen, remedy) = store(&bench);
    assert!(status == "warning" && seen.contains("other users can read its key"), "{seen}");
    assert!(remedy.contains("chmod 600"), "{remedy}");
}

#[test]
fn live_session_is_left_alone() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds::days(1));
    bench.provider.publishes();
    let (session, cached) = (bench.stores.raw(&entry(&bench)), bench.cache.documents());
    bench.stores.hold_lock_named(&entry(&bench));
    let before = bench.provider.paths().len();
    bench.run(&["doctor"]).exits(0);
    assert_eq!((bench.stores.raw(&entry(&bench)), bench.cache.documents()), (session, cached));
    assert_eq!(bench.provider.paths()[before..], [DISCOVERY]);
}

fn entry(bench: &Bench) -> String {
    let key = bench.key();
    json!([key.profile, key.issuer, key.client_id]).to_string()
}

#[test]
fn no_secret_is_in_the_report() {
    let private = [
        "client_secret_command = [\"echo\", \"canary-command\"]",
        "login_hint = \"canary-phone\"",
        "redirect_uri = \"http://127.0.0.1:8400/callback\"",
    ];
    let planted = |keys: &str| {
        let bench = healthy(keys)
            .env("TIDP_STORE", "file")
            .env("TIDP_STORE_KEY", "canary-key")
            .env("TIDP_CLIENT_SECRET", "canary-secret")
            .env("TIDP_ACCESS_TOKEN", "canary-token")
            .env("HTTPS_PROXY", "http://user:canary-password@p:1");
        bench.stores.put(&json!(["work", ISSUER, "app"]).to_string(), "canary-session");
        bench.stores.put(&json!(["work", ISSUER, "app", "client_secret"]).to_string(), "canary-stored");
        bench
    };
    let issuer = ("TIDP_ISSUER", "https://user:canary-login@id.example");
    for (bench, code) in [
        (planted(&private.join("\n")), 0),
        (planted(&private.join("\n")).env(issuer.0, issuer.1).env("TIDP_CLIENT_ID", "app"), 2),
        (planted("client_secret = \"canary-in-the-file\""), 2),
        (planted("client_secrt = \"canary-misspelt\""), 2),
        (planted("client_secret_command = \"canary-of-the-wrong-type\""), 2),
    ] {
        for args in [&["doctor", "-vv"][..], &["doctor", "--json", "-vv"]] {
            let Outcome { stdout, stderr, .. } = bench.run(args).exits_with_output(code);
            assert!(!format!("{stdout}{stderr}").contains("canary"), "{stdout}{stderr}");
            assert!(!stdout.contains("/home/kari"), "{stdout}");
        }
    }
}

#[test]
fn report_names_no_home_directory_of_windows() {
    let bench = Bench::with_config(&profile("")).env("USERPROFILE", "/home/kari");
    bench.provider.always(DISCOVERY, dated(DATE));
    for args in [&["doctor"][..], &["doctor", "--json"]] {
        let Outcome { stdout, .. } = bench.run(args);
        assert!(stdout.contains("%USERPROFILE%") && !stdout.contains("/home/kari"), "{stdout}");
    }
}
