use super::*;
use crate::ports::{StoreFailureKind, WhyNot};
use serde_json::Map;

fn said() -> ProviderError {
    ProviderError { error: "e\u{1b}".into(), error_description: Some("d\u{202e}".into()) }
}

fn store(store: &'static str, kind: StoreFailureKind) -> StoreFailure {
    StoreFailure { store, kind, detail: "detail".into() }
}

fn unreadable(store: &'static str, count: usize) -> Situation {
    Situation::EntriesUnreadable { store, count, place: "/there".into() }
}

fn asked() -> AskedFor {
    let text = str::to_owned;
    AskedFor {
        client: text("client_id `app` (default)"),
        secret_from: Some("TIDP_CLIENT_SECRET"),
        scopes: text("openid foo"),
        scopes_from: text("--scope"),
        acr_values: Some(text("aal.3")),
        never_asks: false,
    }
}

fn no_login(ended: NoLogin) -> Situation {
    Situation::NoLogin(Box::new(ended))
}

fn timed_out() -> NoLogin {
    NoLogin::TimedOut { asked: asked(), ignored: vec!["this came"] }
}

fn another_account() -> NoLogin {
    NoLogin::AnotherAccount { sub: "kari".into(), wanted: "o la".into() }
}

fn too_weak() -> NoLogin {
    NoLogin::TooWeak { acr: "none".into(), wanted: "aal.3".into() }
}

/// Every situation: its kind, its exit code, a piece of its hint (empty: it has none), whether the provider said something.
fn table() -> Vec<(Situation, &'static str, u8, &'static str, bool)> {
    let text = || "what".to_owned();
    let missing = || store("keyring", StoreFailureKind::Missing);
    vec![
        (Situation::Usage { what: text(), command: String::new() }, "usage", 2, "tidp --help", false),
        (Situation::Setup(Setup::NoStoreKey), "config", 2, "TIDP_STORE_KEY_FILE=", false),
        (Situation::Config(text()), "config", 2, "", false),
        (Situation::NoClientSecret, "config", 2, "TIDP_CLIENT_SECRET", false),
        (Situation::NoSession, "login_required", 3, "tidp login", false),
        (Situation::NoRefreshToken, "login_required", 3, "tidp login", false),
        (
            Situation::RefreshTokenRefused { said: text(), words: Some(said()), likely: text() },
            "login_required",
            3,
            "tidp login",
            true,
        ),
        (Situation::RefreshRefusedOnce { said: text(), words: None }, "refused", 4, "tidp login", false),
        (Situation::NoIdToken, "login_required", 3, "tidp login", false),
        (Situation::RefusedWithoutWords(text()), "refused", 4, "", false),
        (Situation::RefreshTokenGone, "login_required", 3, "tidp login", false),
        (Situation::RefreshForbidden, "login_required", 3, "tidp refresh", false),
        (no_login(NoLogin::Refused(said(), asked())), "refused", 4, "tidp profile show", true),
        (no_login(NoLogin::Later(text())), "unreachable", 5, "try again later: tidp login", false),
        (no_login(another_account()), "invalid", 7, "tidp login --prompt login --expect-sub 'o la'", false),
        (no_login(too_weak()), "invalid", 7, "tidp login --prompt login --require-acr aal.3", false),
        (Situation::TooLittleLife { what: text(), login_helps: true }, "login_required", 3, "tidp login", false),
        (Situation::TooLittleLife { what: text(), login_helps: false }, "login_required", 3, "", false),
        (Situation::Refused("doing", said()), "refused", 4, "", true),
        (Situation::SecretRefused("doing", said()), "refused", 4, "", true),
        (Situation::Unreachable(text()), "unreachable", 5, "", false),
        (Situation::KeyNotKnown("unreachable", text()), "unreachable", 5, "", false),
        (Situation::KeyNotKnown("invalid", text()), "invalid", 7, "", false),
        (Situation::AnswerLost(text()), "unreachable", 5, "", false),
        (Situation::Busy, "busy", 5, "", false),
        (Situation::ConfigBusy, "busy", 5, "", false),
        (Situation::AlreadyKeptAlive, "busy", 5, "", false),
        (Situation::NotKeptAlive(text()), "login_required", 3, "tidp login", false),
        (Situation::Store(missing()), "store", 6, "TIDP_STORE=file", false),
        (Situation::Store(store("keyring", StoreFailureKind::NotSetUp)), "store", 6, "tidp login", false),
        (Situation::Store(store("keyring", StoreFailureKind::Refused)), "store", 6, "", false),
        (Situation::Entry(InvalidEntry::Garbage), "store", 6, "tidp login", false),
        (Situation::Entry(InvalidEntry::Misplaced), "store", 6, "tidp login", false),
        (Situation::Entry(InvalidEntry::Version(9)), "store", 6, "update tidp", false),
        (unreadable("file", 2), "store", 6, "TIDP_STORE_KEY_FILE", false),
        (unreadable("plaintext-file", 1), "store", 6, "remove what", false),
        (Situation::SuccessorLost(missing()), "store", 6, "tidp login", false),
        (Situation::Invalid(text()), "invalid", 7, "", false),
        (Situation::Opaque(text()), "invalid", 7, "", false),
        (no_login(timed_out()), "timeout", 124, "tidp profile show", false),
        (Situation::UnknownAuthority(text()), "invalid", 7, "TIDP_CA_FILE", false),
        (Situation::LogoutIncomplete("refused", text()), "refused", 4, "", false),
        (Situation::LogoutIncomplete("unreachable", text()), "unreachable", 5, "", false),
        (
            Situation::LoggedOutOnlyHere(text(), Box::new(Situation::NoClientSecret.into())),
            "config",
            2,
            "TIDP_CLIENT_SECRET",
            false,
        ),
        (Situation::SessionChanged { revoked: true }, "failed", 1, "tidp inspect", false),
        (Situation::OutputClosed, "failed", 0, "", false),
        (Situation::NotStarted(127, text()), "failed", 127, "", false),
        (Situation::Exited(42), "failed", 42, "", false),
        (Situation::Failed(text()), "failed", 1, "", false),
    ]
}

/// A new situation does not compile here until it has a row above: then raise the count.
fn number(situation: &Situation) -> usize {
    match situation {
        Situation::Usage { .. } => 0,
        Situation::Config(_) => 1,
        Situation::NoClientSecret => 3,
        Situation::NoSession => 4,
        Situation::NoRefreshToken => 5,
        Situation::RefreshTokenRefused { .. } => 6,
        Situation::RefreshTokenGone => 7,
        Situation::RefreshForbidden => 8,
        Situation::TooLittleLife { .. } => 9,
        Situation::LoggedOutOnlyHere(..) => 10,
        Situation::Refused(..) => 11,
        Situation::Unreachable(_) => 12,
        Situation::AnswerLost(_) => 13,
        Situation::AlreadyKeptAlive => 14,
        Situation::Busy => 15,
        Situation::Store(_) => 16,
        Situation::Entry(_) => 17,
        Situation::SuccessorLost(_) => 18,
        Situation::Invalid(_) => 19,
        Situation::NoLogin(_) => 20,
        Situation::LogoutIncomplete(..) => 21,
        Situation::SessionChanged { .. } => 22,
        Situation::OutputClosed => 23,
        Situation::NotStarted(..) => 24,
        Situation::Failed(_) => 25,
        Situation::NotKeptAlive(_) => 26,
        Situation::Exited(_) => 27,
        Situation::ConfigBusy => 28,
        Situation::EntriesUnreadable { .. } => 29,
        Situation::KeyNotKnown(..) => 30,
        Situation::Setup(_) => 31,
        Situation::UnknownAuthority(_) => 32,
        Situation::RefreshRefusedOnce { .. } => 33,
        Situation::NoIdToken => 34,
        Situation::RefusedWithoutWords(_) => 35,
        Situation::SecretRefused(..) => 2,
        Situation::Opaque(_) => 36,
    }
}

fn members(report: &Report) -> Map<String, Value> {
    let document = report.to_json();
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    document["error"].as_object().unwrap().clone()
}

#[test]
fn every_situation_has_its_kind_its_exit_code_and_its_hint() {
    let rows = table();
    let covered: std::collections::BTreeSet<usize> = rows.iter().map(|row| number(&row.0)).collect();
    assert_eq!(covered.len(), 37, "a situation has no row");
    for (situation, kind, exit_code, hint, _) in rows {
        let report = Error::from(situation.clone()).report();
        assert_eq!((report.kind, report.exit_code), (kind, exit_code), "{situation:?}");
        match report.hint {
            Some(told) => assert!(!hint.is_empty() && told.contains(hint), "{situation:?}: {told}"),
            None => assert_eq!(hint, "", "{situation:?}"),
        }
        let untold = matches!(situation, Situation::OutputClosed | Situation::Exited(_));
        assert!(untold || !report.message.is_empty(), "{situation:?}");
    }
}

#[test]
fn the_document_has_the_contracts_members_and_no_others() {
    for (situation, _, exit_code, hint, provider) in table() {
        let report = Error::from(situation.clone()).report();
        let members = members(&report);
        let mut expected = vec!["exit_code", "kind", "message"];
        expected.extend((!hint.is_empty()).then_some("hint"));
        expected.extend(provider.then_some("provider"));
        expected.sort_unstable();
        let mut found: Vec<&str> = members.keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{situation:?}");
        assert_eq!(members["exit_code"], exit_code);
    }
}

#[test]
fn the_providers_words_are_whole_in_the_document_and_printable_in_the_message() {
    let report = Error::from(Situation::Refused("refreshing", said())).report();
    assert_eq!(report.message, "refreshing: the provider said no (e\\u{1b}: d\\u{202e})");
    assert_eq!(members(&report)["provider"], json!({ "error": "e\u{1b}", "error_description": "d\u{202e}" }));
    let brief = ProviderError { error: "access_denied".into(), error_description: None };
    let report = Error::from(Situation::Refused("refreshing", brief)).report();
    assert_eq!(members(&report)["provider"], json!({ "error": "access_denied" }));
}

#[test]
fn a_hint_names_the_profile_as_a_shell_reads_it() {
    for (profile, hint) in [
        (None, "tidp login"),
        (Some("demo"), "tidp login --profile demo"),
        (Some("my work; rm"), "tidp login --profile 'my work; rm'"),
    ] {
        let report = Error::from(Situation::NoSession).of_profile(profile).report();
        assert_eq!(report.hint.as_deref(), Some(hint));
    }
    let secret = Error::from(Situation::NoClientSecret).of_profile(Some("demo")).report();
    assert_eq!(secret.hint.as_deref(), Some("tidp profile secret demo"));
    let trusting = Error::from(Situation::UnknownAuthority(String::new())).of_profile(Some("my work")).report();
    assert!(trusting.hint.is_some_and(|hint| hint.contains("tidp profile set 'my work' ca_file ")));
    let first = Error::from(Situation::NoSession).of_profile(Some("a")).of_profile(Some("b"));
    assert_eq!(first.profile.as_deref(), Some("a"), "the first to know the profile is right");
}

#[test]
fn a_missing_answer_means_what_its_cause_means() {
    for (kind, expected) in [
        (HttpFailureKind::NotSent, "unreachable"),
        (HttpFailureKind::AnswerLost, "unreachable"),
        (HttpFailureKind::Certificate, "invalid"),
        (HttpFailureKind::UnknownAuthority, "invalid"),
        (HttpFailureKind::Setting, "config"),
    ] {
        let report = Error::unanswered("asking", &HttpFailure { what: "why".into(), kind }).report();
        assert_eq!((report.kind, report.message.as_str()), (expected, "asking: why"));
    }
    for (problem, expected) in [
        (Problem::Invalid("why".into()), "invalid"),
        (Problem::Unreachable("why".into()), "unreachable"),
        (Problem::Refused(said()), "refused"),
    ] {
        assert_eq!(Error::problem("asking", problem).report().kind, expected);
    }
}

#[test]
fn every_failure_of_a_store_says_which_store_and_what_and_its_remedy_if_there_is_one() {
    use StoreFailureKind::{
        Ambiguous, Damaged, Locked, Missing, NoLock, NoLocksThere, Refused, TimedOut, Unknown, WrongKey,
    };
    for (name, kind, words, hint) in [
        ("keyring", Missing, "the OS keyring cannot be found", "start a keyring"),
        ("keyring", Locked, "the OS keyring is locked", "unlock the keyring"),
        ("keyring", TimedOut, "the OS keyring did not answer in time", "unlock or restart"),
        ("keyring", Ambiguous, "two entries of the same name", "remove one of them"),
        ("keyring", Unknown, "it may have", ""),
        ("file", Missing, "the encrypted file store cannot be found", ""),
        ("file", WrongKey, "cannot be opened with this key", "`tidp logout` then `tidp login`"),
        ("plaintext-file", Damaged, "in the entry's place that is none", "`tidp logout` then `tidp login`"),
        ("plaintext-file", Refused, "the plain-text file store refused", ""),
        ("plaintext-file", NoLock, "cannot be locked", "in another one: TIDP_STORE_DIR"),
        ("file", NoLocksThere, "cannot be locked", "on a local disk: TIDP_STORE_DIR"),
        ("keyring", NoLock, "cannot be locked", "name another one: TIDP_LOCK_DIR"),
        ("keyring", NoLocksThere, "cannot be locked", "on a local disk: TIDP_LOCK_DIR"),
    ] {
        let report = Error::from(store(name, kind)).report();
        assert!(report.message.contains(words) && report.message.ends_with("(detail)"), "{}", report.message);
        match report.hint {
            Some(told) => assert!(!hint.is_empty() && told.contains(hint), "{name} {kind:?}: {told}"),
            None => assert_eq!(hint, "", "{name} {kind:?}"),
        }
    }
}

#[test]
fn a_failure_after_a_local_logout_says_what_is_left_and_keeps_its_kind_hint_and_the_providers_words() {
    for situation in [
        Situation::NoClientSecret,
        Situation::Refused("x", said()),
        Situation::Unreachable("x".into()),
        Situation::Store(store("keyring", StoreFailureKind::Locked)),
    ] {
        let because = Error::from(situation).of_profile(Some("work"));
        let expected = Report { message: "what is left".into(), ..because.report() };
        let report = Error::from(Situation::LoggedOutOnlyHere("what is left".into(), Box::new(because))).report();
        assert_eq!(report, expected);
    }
}

#[test]
fn each_error_that_ends_a_login_has_its_exit_code_its_remedy_and_its_page() {
    for (error, kind, exit_code, hint, shown) in [
        ("access_denied", "refused", 4, "tidp login --profile demo", WhyNot::Cancelled),
        ("login_required", "login_required", 3, "tidp login --profile demo", WhyNot::NeedsUser),
        ("interaction_required", "login_required", 3, "tidp login --profile demo", WhyNot::NeedsUser),
        ("consent_required", "login_required", 3, "tidp login --profile demo", WhyNot::NeedsUser),
        ("account_selection_required", "login_required", 3, "tidp login --profile demo", WhyNot::NeedsUser),
        ("invalid_scope", "refused", 4, "scopes asked for: openid foo (--scope)", WhyNot::Refused),
        (
            "unmet_authentication_requirements",
            "refused",
            4,
            "assurance level asked for: aal.3 (acr_values)",
            WhyNot::TooWeak,
        ),
        ("server_error", "unreachable", 5, "try again later: tidp login --profile demo", WhyNot::Unavailable),
        (
            "temporarily_unavailable",
            "unreachable",
            5,
            "try again later: tidp login --profile demo",
            WhyNot::Unavailable,
        ),
        ("invalid_grant", "refused", 4, "tidp login --profile demo", WhyNot::Refused),
        ("invalid_client", "refused", 4, "tidp profile show demo", WhyNot::Refused),
        ("unauthorized_client", "refused", 4, "tidp profile show demo", WhyNot::Refused),
        ("unsupported_response_type", "refused", 4, "tidp profile show demo", WhyNot::Refused),
        ("invalid_request", "refused", 4, "tidp profile show demo", WhyNot::Refused),
        ("another\u{1b}", "refused", 4, "tidp profile show demo", WhyNot::Refused),
    ] {
        let ended = NoLogin::Refused(ProviderError { error: error.into(), error_description: None }, asked());
        assert_eq!(ended.shown(), shown, "{error}");
        let report = Error::from(ended).of_profile(Some("demo")).report();
        assert_eq!((report.kind, report.exit_code, report.hint.as_deref()), (kind, exit_code, Some(hint)), "{error}");
        assert!(report.message.contains(&printable(error)) && !report.message.contains('\u{1b}'));
        assert_eq!(report.message.contains("client_id `app`"), hint == "tidp profile show demo", "{error}");
        assert_eq!(report.provider.unwrap().error, error);
    }
    let never_asks = AskedFor { never_asks: true, ..asked() };
    let needed = ProviderError { error: "login_required".into(), error_description: None };
    let report = Error::from(NoLogin::Refused(needed, never_asks)).report();
    assert_eq!(report.hint.as_deref(), Some("tidp login --prompt login"));
}
