use super::*;
use crate::domain::session::InvalidEntry;
use crate::domain::text::printable;
use crate::oidc::ciba::CibaProvider;
use crate::oidc::{OAuthError, Problem};
use crate::ports::{FailureReason, HttpFailure, HttpFailureKind, StoreFailure, StoreFailureKind, StoreName};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn provider_error() -> OAuthError {
    OAuthError { error: "e\u{1b}".into(), error_description: Some("d\u{202e}".into()) }
}

fn store(store: StoreName, kind: StoreFailureKind) -> StoreFailure {
    StoreFailure { store, kind, detail: "detail".into() }
}

fn unreadable(store: StoreName, count: usize) -> StoreError {
    StoreError::EntriesUnreadable { store, count, place: "/there".into() }
}

fn requested() -> RequestedLogin {
    let text = str::to_owned;
    RequestedLogin {
        method: LoginMethod::Browser,
        client: text("client_id `app` (default)"),
        secret_source: Some("TIDP_CLIENT_SECRET"),
        scopes: text("openid foo"),
        scopes_source: text("--scope"),
        acr_values: Some(text("aal.3")),
        has_prompt_none: false,
        profile_has_prompt_none: false,
    }
}

/// A situation; its kind and exit code; a piece of its hint (empty: it has none); whether it has a provider's error.
type Row = (Situation, Kind, i32, &'static str, bool);

fn row(situation: impl Into<Situation>, kind: Kind, exit_code: i32, hint: &'static str) -> Row {
    let situation = situation.into();
    (situation, kind, exit_code, hint, false)
}

fn provider_row(situation: impl Into<Situation>, kind: Kind, exit_code: i32, hint: &'static str) -> Row {
    (situation.into(), kind, exit_code, hint, true)
}

fn text() -> String {
    "what happened".to_owned()
}

fn table() -> Vec<Row> {
    [setup_rows(), provider_rows(), session_rows(), store_rows(), login_rows(), other_rows()].concat()
}

fn setup_rows() -> Vec<Row> {
    let existing = || vec!["a".to_owned(), "b c".to_owned()];
    let corrected = ["tidp", "exec", "--", "my tool"].map(str::to_owned).to_vec();
    vec![
        row(CommandLineError::Usage(text()), Kind::Usage, 2, "tidp --help"),
        row(
            CommandLineError::CorrectedLine { message: text(), corrected, has_more: true },
            Kind::Usage,
            2,
            "tidp exec -- \"my tool\" …",
        ),
        row(ConfigFileError::Config(text()), Kind::Config, 2, ""),
        row(ProfileError::NoProfile, Kind::Config, 2, "tidp profile add NAME"),
        row(
            ProfileError::NoSuchProfile { name: "c".into(), existing: existing() },
            Kind::Config,
            2,
            "tidp profile list",
        ),
        row(ProfileError::NoDefaultProfile(existing()), Kind::Config, 2, "tidp profile use a"),
        row(ProfileError::ProfileExists("a".into()), Kind::Usage, 2, "tidp profile set a KEY VALUE"),
        row(ProfileError::ProfileHasSession("a".into()), Kind::Usage, 2, "tidp logout --profile a"),
        row(ProfileError::NameHasSession("a".into()), Kind::Usage, 2, "tidp status"),
        row(
            ConfigFileError::KeyInFile { message: text(), profile: "a".into(), key: "polcy".into(), is_known: false },
            Kind::Config,
            2,
            "tidp profile unset a polcy",
        ),
        row(CommandLineError::WrongKey(text()), Kind::Usage, 2, "tidp profile set --help"),
        row(ConfigFileError::ConfigIsPipe("/dev/fd/63".into()), Kind::Config, 2, "TIDP_CONFIG"),
        row(ConfigFileError::ConfigTooLarge("/c.toml".into()), Kind::Config, 2, "tidp profile remove NAME"),
        row(ConfigFileError::ConfigBusy, Kind::Busy, 5, ""),
        row(
            CommandLineError::ExecCredentialVersion(Some("v9".into())),
            Kind::Config,
            2,
            "client.authentication.k8s.io/v1",
        ),
        row(ProfileError::SecretInFile("a".into()), Kind::Config, 2, "tidp profile secret a"),
        row(ProfileError::NoClientSecret, Kind::Config, 2, "TIDP_CLIENT_SECRET"),
        row(CommandLineError::NoUser("there is no user to log in"), Kind::Usage, 2, "tidp token"),
        row(CommandLineError::NobodyToLogIn("no browser can be opened"), Kind::Usage, 2, "tidp login --no-browser"),
        row(
            ConfigFileError::NoStoreKey,
            Kind::Config,
            2,
            if cfg!(windows) { "TIDP_STORE_KEY_FILE = " } else { "TIDP_STORE_KEY_FILE=" },
        ),
        row(
            CommandLineError::SandboxAddressTaken(([127, 0, 0, 1], 8765).into()),
            Kind::Failed,
            1,
            "tidp sandbox --port 0",
        ),
        row(ProfileError::NoListener(text()), Kind::Config, 2, "tidp login --paste"),
    ]
}

fn provider_rows() -> Vec<Row> {
    let rejected = |error| ProviderRefusal::RefreshToken { code: text(), error, likely_cause: "Probably.".into() };
    vec![
        provider_row(rejected(Some(provider_error())), Kind::LoginRequired, 3, "tidp login"),
        row(ProviderRefusal::RefreshTokenKept("HTTP 400".into(), None), Kind::Refused, 4, "tidp login"),
        row(ProviderRefusal::StatusOnly(text()), Kind::Refused, 4, ""),
        provider_row(ProviderRefusal::WithError("refresh failed", provider_error()), Kind::Refused, 4, ""),
        provider_row(ProviderRefusal::StoredSecret("refresh failed", provider_error()), Kind::Refused, 4, ""),
        provider_row(machine_refusal("e\u{1b}", true), Kind::Refused, 4, ""),
        provider_row(machine_refusal("unauthorized_client", true), Kind::Refused, 4, "the grant client_credentials"),
        provider_row(machine_refusal("invalid_scope", true), Kind::Refused, 4, "what this client may request"),
        provider_row(machine_refusal("invalid_scope", false), Kind::Refused, 4, "name the scopes"),
    ]
}

fn machine_refusal(error: &str, has_scopes: bool) -> ProviderRefusal {
    let error = OAuthError { error: error.into(), error_description: None };
    ProviderRefusal::MachineToken { failed_step: "the token request failed", error, has_scopes }
}

fn session_rows() -> Vec<Row> {
    let no_policy =
        SessionError::LifetimeTooShort { message: text(), login_helps: false, missing_key: Some("client_type") };
    let too_short = |login_helps| SessionError::LifetimeTooShort { message: text(), login_helps, missing_key: None };
    let logged_out =
        SessionError::LoggedOutLocally(text(), Box::new(Error::from(ProfileError::NoClientSecret).report()));
    vec![
        row(SessionError::NoSession, Kind::LoginRequired, 3, "tidp login"),
        row(SessionError::NoRefreshToken, Kind::LoginRequired, 3, "tidp login"),
        row(SessionError::RefreshTokenRejected, Kind::LoginRequired, 3, "tidp login"),
        row(SessionError::NoIdToken, Kind::LoginRequired, 3, "tidp login"),
        row(SessionError::RefreshForbidden, Kind::LoginRequired, 3, "tidp refresh"),
        row(
            SessionError::NoRefreshTokenForScopes("openid api:x".into()),
            Kind::LoginRequired,
            3,
            "--scope \"openid api:x\"",
        ),
        row(SessionError::ScopedRefreshForbidden("api:x".into()), Kind::LoginRequired, 3, "tidp token --scope api:x"),
        row(SessionError::Replaced, Kind::Busy, 5, ""),
        row(SessionError::NewTokenForbidden, Kind::Failed, 1, "tidp token"),
        row(too_short(true), Kind::LoginRequired, 3, "tidp login"),
        row(too_short(false), Kind::LoginRequired, 3, ""),
        row(no_policy, Kind::LoginRequired, 3, "set TIDP_CLIENT_TYPE"),
        row(SessionError::Busy(Duration::from_secs(15)), Kind::Busy, 5, ""),
        row(SessionError::AlreadyKeptAlive, Kind::Busy, 5, ""),
        row(SessionError::CannotKeepAlive(text()), Kind::LoginRequired, 3, "tidp login"),
        row(SessionError::Changed { revoked: true }, Kind::Failed, 1, "tidp inspect"),
        row(SessionError::LogoutIncomplete(Kind::Refused, text()), Kind::Refused, 4, ""),
        row(SessionError::LogoutIncomplete(Kind::Unreachable, text()), Kind::Unreachable, 5, ""),
        row(logged_out, Kind::Config, 2, "TIDP_CLIENT_SECRET"),
    ]
}

fn store_rows() -> Vec<Row> {
    let missing = || store(StoreName::Keyring, StoreFailureKind::Missing);
    vec![
        row(StoreError::Failed(missing()), Kind::Store, 6, "TIDP_STORE=file"),
        row(store(StoreName::Keyring, StoreFailureKind::NotSetUp), Kind::Store, 6, "tidp login"),
        row(StoreError::SecretUnavailable(missing()), Kind::Store, 6, "set TIDP_CLIENT_SECRET; or start"),
        row(store(StoreName::Keyring, StoreFailureKind::Refused), Kind::Store, 6, "TIDP_STORE=file"),
        row(store(StoreName::Keyring, StoreFailureKind::MissingLogonSession), Kind::Store, 6, "SSH"),
        row(store(StoreName::Keyring, StoreFailureKind::MissingKeychain), Kind::Store, 6, "security default-keychain"),
        row(
            store(StoreName::Keyring, StoreFailureKind::InteractionNotAllowed),
            Kind::Store,
            6,
            "security unlock-keychain",
        ),
        row(store(StoreName::Keyring, StoreFailureKind::Denied), Kind::Store, 6, "Always Allow"),
        row(StoreError::InvalidEntry(InvalidEntry::Garbage), Kind::Store, 6, "tidp login"),
        row(StoreError::InvalidEntry(InvalidEntry::Misplaced), Kind::Store, 6, "tidp login"),
        row(StoreError::InvalidEntry(InvalidEntry::Version(9)), Kind::Store, 6, "update tidp"),
        row(unreadable(StoreName::File, 2), Kind::Store, 6, "TIDP_STORE_KEY_FILE"),
        row(unreadable(StoreName::PlaintextFile, 1), Kind::Store, 6, "remove the unreadable files"),
        row(StoreError::NewTokenNotStored(missing()), Kind::Store, 6, "tidp login"),
    ]
}

fn login_rows() -> Vec<Row> {
    let timed_out = LoginError::TimedOut(requested(), vec!["this came"]);
    let (browser, device) = (LoginMethod::Browser, LoginMethod::Device);
    let other_account = |method| LoginError::OtherAccount { sub: "kari".into(), expected: "o la".into(), method };
    let acr_not_met = |method| LoginError::AcrNotMet { acr: "none".into(), required: "aal.3".into(), method };
    let with_device = RequestedLogin { method: device, profile_has_prompt_none: true, ..requested() };
    let rejected = OAuthError { error: "invalid_grant".into(), error_description: None };
    let unknown_user = OAuthError { error: "unknown_user_id".into(), error_description: None };
    let needs_user = OAuthError { error: "login_required".into(), error_description: None };
    vec![
        provider_row(LoginError::Refused(provider_error(), requested()), Kind::Refused, 4, "tidp profile show"),
        row(LoginError::StatusOnly("HTTP 400".into(), requested()), Kind::Refused, 4, "tidp profile show"),
        row(LoginError::Unavailable(text(), browser), Kind::Unreachable, 5, "try again later: tidp login"),
        row(LoginError::Unavailable(text(), device), Kind::Unreachable, 5, "try again later: tidp login --device"),
        row(LoginError::NotApproved(LoginMethod::Ciba(CibaProvider::Vipps)), Kind::Timeout, 124, "--login-hint PHONE"),
        row(
            LoginError::NotApproved(LoginMethod::Ciba(CibaProvider::BankId)),
            Kind::Timeout,
            124,
            "--login-hint KURT_ID",
        ),
        row(LoginError::NotOffered(text(), device), Kind::Invalid, 7, "tidp login --paste"),
        row(LoginError::OtherRedirect(text()), Kind::Invalid, 7, "tidp login --paste"),
        row(LoginError::NotApproved(device), Kind::Timeout, 124, "tidp login --device"),
        provider_row(LoginError::CodeSpent(provider_error(), device), Kind::Refused, 4, "tidp login --device"),
        provider_row(LoginError::Refused(rejected, with_device.clone()), Kind::Refused, 4, "tidp login --device"),
        provider_row(LoginError::Refused(unknown_user, requested()), Kind::Refused, 4, "check --login-hint"),
        provider_row(LoginError::Refused(needs_user, with_device), Kind::LoginRequired, 3, "tidp login --device"),
        row(timed_out, Kind::Timeout, 124, "tidp profile show"),
        row(other_account(browser), Kind::Invalid, 7, "tidp login --prompt login --expect-sub \"o la\""),
        row(other_account(device), Kind::Invalid, 7, "tidp login --device --expect-sub \"o la\""),
        row(acr_not_met(browser), Kind::Invalid, 7, "tidp login --prompt login --require-acr aal.3"),
        row(acr_not_met(device), Kind::Invalid, 7, "tidp login --device --require-acr aal.3"),
    ]
}

fn other_rows() -> Vec<Row> {
    vec![
        row(Situation::Unreachable(text()), Kind::Unreachable, 5, ""),
        row(Situation::NoSandbox(text()), Kind::Unreachable, 5, "start `tidp sandbox`, or name its address with --at"),
        row(Situation::UnknownAuthority(text()), Kind::Invalid, 7, "TIDP_CA_FILE"),
        row(Situation::Invalid(text()), Kind::Invalid, 7, "tidp doctor"),
        row(Situation::Opaque(text()), Kind::Invalid, 7, "tidp decode --help"),
        row(Situation::NotVerified(Kind::Unreachable, text()), Kind::Unreachable, 5, ""),
        row(Situation::NotVerified(Kind::Invalid, text()), Kind::Invalid, 7, "tidp decode --help"),
        row(Situation::NotStarted(127, text()), Kind::Failed, 127, ""),
        row(Situation::Exited(42), Kind::Failed, 42, ""),
        row(Situation::Checks(Kind::Store, vec!["keyring", "browser"]), Kind::Store, 6, ""),
        row(Situation::OutputClosed, Kind::Failed, 0, ""),
        row(Situation::NoCommand, Kind::Usage, 2, ""),
        row(Situation::Failed(text()), Kind::Failed, 1, ""),
    ]
}

/// The families of situations, each with the file that declares them.
const FAMILIES: [(&str, &str); 7] = [
    ("CommandLine", include_str!("command_line.rs")),
    ("ConfigFile", include_str!("config_file.rs")),
    ("Profile", include_str!("profile.rs")),
    ("Provider", include_str!("provider.rs")),
    ("Store", include_str!("store.rs")),
    ("Session", include_str!("session.rs")),
    ("Login", include_str!("login.rs")),
];

/// Every situation that the files declare: `Session(NoSession`, `Failed`.
fn declared_situations() -> BTreeSet<String> {
    let variants = |source: &'static str| {
        let (_, variants) = source.split_once(" enum ").unwrap();
        let (variants, _) = variants.split_once("\n}").unwrap();
        let lines = variants.lines().filter_map(|line| line.strip_prefix("    "));
        lines.filter(|line| line.starts_with(char::is_uppercase)).map(first_word).collect::<Vec<_>>()
    };
    let mut declared = BTreeSet::from_iter(variants(include_str!("situation.rs")));
    for (family, source) in FAMILIES {
        assert!(declared.remove(family), "{family} is no family");
        declared.extend(variants(source).iter().map(|variant| format!("{family}({variant}")));
    }
    declared
}

/// `Session(NoSession`, `Failed`.
fn name(situation: &Situation) -> String {
    let text = format!("{situation:?}");
    match text.split_once('(').filter(|(family, _)| FAMILIES.iter().any(|(known, _)| known == family)) {
        Some((family, variant)) => format!("{family}({}", first_word(variant)),
        None => first_word(&text),
    }
}

/// The report of a command that ends in the situation.
fn report_at_the_end(situation: &Situation, profile: Option<&str>) -> Report {
    let is_of_decode = matches!(situation, Situation::Opaque(_) | Situation::NotVerified(..));
    let command = if is_of_decode { "decode" } else { "" };
    Error::from(situation.clone()).with_profile_hint(profile).report_of(|| command.to_owned())
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}

fn members(report: &Report) -> Map<String, Value> {
    let document = report.to_json();
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    document["error"].as_object().unwrap().clone()
}

#[test]
fn every_situation_has_kind_exit_code_and_hint() {
    let rows = table();
    let covered: BTreeSet<String> = rows.iter().map(|row| name(&row.0)).collect();
    assert_eq!(covered, declared_situations(), "every situation needs an example in `table`");
    for (situation, kind, exit_code, hint, _) in rows {
        let report = report_at_the_end(&situation, None);
        assert_eq!((report.kind, report.exit_code), (kind, exit_code), "{situation:?}");
        match report.hint {
            Some(told) => assert!(!hint.is_empty() && told.contains(hint), "{situation:?}: {told}"),
            None => assert_eq!(hint, "", "{situation:?}"),
        }
        assert!(!report.message.is_empty(), "{situation:?}");
    }
}

#[test]
fn only_closed_output_and_exit_of_the_command_are_silent() {
    let silent = table().into_iter().filter_map(|row| Some((name(&row.0), Error::from(row.0).silent_exit_code()?)));
    assert_eq!(silent.collect::<Vec<_>>(), [("Exited".to_owned(), 42), ("OutputClosed".to_owned(), 0)]);
}

#[test]
fn error_document_has_the_contracts_members() {
    for (situation, _, exit_code, hint, provider) in table() {
        let report = report_at_the_end(&situation, None);
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
fn provider_error_is_raw_in_json_and_escaped_in_message() {
    let report = Error::from(ProviderRefusal::WithError("refresh failed", provider_error())).report();
    assert_eq!(report.message, "refresh failed: e\\u{1b}: d\\u{202e}");
    assert_eq!(members(&report)["provider"], json!({ "error": "e\u{1b}", "error_description": "d\u{202e}" }));
    let brief = OAuthError { error: "access_denied".into(), error_description: None };
    let report = Error::from(ProviderRefusal::WithError("refresh failed", brief)).report();
    assert_eq!(members(&report)["provider"], json!({ "error": "access_denied" }));
}

#[test]
fn hint_quotes_the_profile_name_for_a_shell() {
    for (profile, hint) in [
        (None, "tidp login"),
        (Some("demo"), "tidp login --profile demo"),
        (Some("my work; rm"), "tidp login --profile \"my work; rm\""),
        (Some("-x"), "tidp login --profile=-x"),
    ] {
        let report = Error::from(SessionError::NoSession).with_profile_hint(profile).report();
        assert_eq!(report.hint.as_deref(), Some(hint));
    }
    let secret = Error::from(ProfileError::NoClientSecret).with_profile_hint(Some("demo")).report();
    assert_eq!(secret.hint.as_deref(), Some("tidp profile secret demo"));
    let secret = Error::from(ProfileError::NoClientSecret).with_profile_hint(Some("my work")).report();
    assert_eq!(secret.hint.as_deref(), Some("tidp profile secret \"my work\""));
    let untrusted = Error::from(Situation::UnknownAuthority(String::new())).with_profile_hint(Some("my work")).report();
    assert!(
        untrusted.hint.is_some_and(|hint| hint.contains(" set ca_file in the profile `my work`, or TIDP_CA_FILE="))
    );
    let first = Error::from(SessionError::NoSession).with_profile_hint(Some("a")).with_profile_hint(Some("b"));
    assert_eq!(first.profile.as_deref(), Some("a"), "the first to know the profile is right");
}

#[test]
fn missing_response_is_classified_by_its_cause() {
    for (kind, expected) in [
        (HttpFailureKind::NotSent, Kind::Unreachable),
        (HttpFailureKind::ResponseLost, Kind::Unreachable),
        (HttpFailureKind::Certificate, Kind::Invalid),
        (HttpFailureKind::UnknownAuthority, Kind::Invalid),
        (HttpFailureKind::InvalidSetting, Kind::Config),
    ] {
        let report = Error::unanswered("asking", &HttpFailure { message: "why".into(), kind }).report();
        assert_eq!((report.kind, report.message.as_str()), (expected, "asking: why"));
    }
    for (problem, expected) in [
        (Problem::Invalid("why".into()), Kind::Invalid),
        (Problem::Unavailable("why".into()), Kind::Unreachable),
        (Problem::Refused(provider_error()), Kind::Refused),
    ] {
        assert_eq!(Error::problem("asking", problem).report().kind, expected);
    }
}

#[test]
fn store_failure_names_the_store_and_a_remedy() {
    use StoreFailureKind::{
        Ambiguous, Damaged, LockUnavailable, Locked, LocksUnsupported, Missing, Refused, TimedOut, Unknown, WrongKey,
    };
    for (name, kind, words, hint) in [
        (StoreName::Keyring, Missing, "the OS keyring cannot be found", "start a keyring"),
        (StoreName::Keyring, Locked, "the OS keyring is locked", "unlock the keyring"),
        (StoreName::Keyring, TimedOut, "the OS keyring did not respond in time", "unlock or restart"),
        (StoreName::Keyring, Ambiguous, "two entries of the same name", "remove one of them"),
        (StoreName::Keyring, Unknown, "did not confirm the write", "then run the command again"),
        (StoreName::File, Missing, "the encrypted file store cannot be found", "choose another: TIDP_STORE_DIR"),
        (StoreName::File, WrongKey, "cannot be opened with this key", "`tidp logout` then `tidp login`"),
        (StoreName::PlaintextFile, Damaged, "has a corrupt entry", "`tidp logout` then `tidp login`"),
        (
            StoreName::PlaintextFile,
            Refused,
            "the plain-text file store returned an error",
            "choose another: TIDP_STORE_DIR",
        ),
        (StoreName::PlaintextFile, LockUnavailable, "cannot be locked", "choose another: TIDP_STORE_DIR"),
        (StoreName::File, LocksUnsupported, "cannot be locked", "on a local disk: TIDP_STORE_DIR"),
        (StoreName::Keyring, LockUnavailable, "cannot be locked", "choose another: TIDP_LOCK_DIR"),
        (StoreName::Keyring, LocksUnsupported, "cannot be locked", "on a local disk: TIDP_LOCK_DIR"),
    ] {
        let report = Error::from(store(name, kind)).report();
        assert!(report.message.contains(words) && report.message.ends_with("(detail)"), "{}", report.message);
        assert!(report.hint.unwrap().contains(hint), "{name:?} {kind:?}");
    }
}

#[test]
fn failure_after_local_logout_keeps_kind_and_hint() {
    for situation in [
        Situation::from(ProfileError::NoClientSecret),
        ProviderRefusal::WithError("x", provider_error()).into(),
        Situation::Unreachable("x".into()),
        store(StoreName::Keyring, StoreFailureKind::Locked).into(),
    ] {
        let because = Error::from(situation).with_profile_hint(Some("work"));
        let expected = Report { message: "what is left".into(), ..because.report() };
        let report =
            Error::from(SessionError::LoggedOutLocally("what is left".into(), Box::new(because.report()))).report();
        assert_eq!(report, expected);
    }
}

#[test]
fn login_error_has_exit_code_hint_and_page() {
    for (error, kind, exit_code, hint, shown) in [
        ("access_denied", Kind::Refused, 4, "tidp login --profile demo", FailureReason::Cancelled),
        ("login_required", Kind::LoginRequired, 3, "tidp login --profile demo", FailureReason::NeedsUser),
        ("interaction_required", Kind::LoginRequired, 3, "tidp login --profile demo", FailureReason::NeedsUser),
        ("consent_required", Kind::LoginRequired, 3, "tidp login --profile demo", FailureReason::NeedsUser),
        ("account_selection_required", Kind::LoginRequired, 3, "tidp login --profile demo", FailureReason::NeedsUser),
        ("invalid_scope", Kind::Refused, 4, "requested scopes: openid foo (--scope)", FailureReason::Refused),
        (
            "unmet_authentication_requirements",
            Kind::Refused,
            4,
            "requested assurance level: aal.3 (acr_values)",
            FailureReason::TooWeak,
        ),
        (
            "server_error",
            Kind::Unreachable,
            5,
            "try again later: tidp login --profile demo",
            FailureReason::Unavailable,
        ),
        (
            "temporarily_unavailable",
            Kind::Unreachable,
            5,
            "try again later: tidp login --profile demo",
            FailureReason::Unavailable,
        ),
        ("invalid_grant", Kind::Refused, 4, "tidp login --profile demo", FailureReason::Refused),
        ("invalid_client", Kind::Refused, 4, "tidp profile show demo", FailureReason::Refused),
        ("unauthorized_client", Kind::Refused, 4, "tidp profile show demo", FailureReason::Refused),
        ("unsupported_response_type", Kind::Refused, 4, "tidp profile show demo", FailureReason::Refused),
        ("invalid_request", Kind::Refused, 4, "tidp profile show demo", FailureReason::Refused),
        ("another\u{1b}", Kind::Refused, 4, "tidp profile show demo", FailureReason::Refused),
    ] {
        let ended = LoginError::Refused(OAuthError { error: error.into(), error_description: None }, requested());
        assert_eq!(ended.page_reason(), shown, "{error}");
        let report = Error::from(ended).with_profile_hint(Some("demo")).report();
        assert_eq!((report.kind, report.exit_code, report.hint.as_deref()), (kind, exit_code, Some(hint)), "{error}");
        assert!(report.message.contains(&printable(error)) && !report.message.contains('\u{1b}'));
        assert_eq!(report.message.contains("client_id `app`"), hint == "tidp profile show demo", "{error}");
        assert_eq!(report.provider.unwrap().error, error);
    }
    let unattended = RequestedLogin { has_prompt_none: true, profile_has_prompt_none: true, ..requested() };
    let needed = OAuthError { error: "login_required".into(), error_description: None };
    let report = Error::from(LoginError::Refused(needed, unattended)).report();
    assert_eq!(report.hint.as_deref(), Some("tidp login --prompt login"));
}

/// The page on which the wording can be reviewed, as it is on Linux. `TIDP_UPDATE=1` writes it anew.
#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of the developer, not of the program")]
fn catalogue_lists_every_situation_as_users_see_it() {
    let mut page = "# Every error: situation, kind, exit code; message; hint.\n".to_owned();
    for situation in table().into_iter().map(|row| row.0).chain(more_examples()) {
        if Error::from(situation.clone()).silent_exit_code().is_some() {
            continue;
        }
        let report = report_at_the_end(&situation, Some("demo"));
        let hint = report.hint.map_or_else(String::new, |hint| format!("    hint: {hint}\n"));
        let name = name(&situation).replace('(', " ");
        page += &format!("\n{name}: {:?}, {}\n    error: {}\n{hint}", report.kind, report.exit_code, report.message);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/error/catalogue.txt");
    if std::env::var_os("TIDP_UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(path).unwrap());
}

/// What `table` leaves out: situations with several messages or hints.
#[cfg(target_os = "linux")]
fn more_examples() -> Vec<Situation> {
    use StoreFailureKind::{
        Ambiguous, Damaged, LockUnavailable, Locked, LocksUnsupported, NotSetUp, Refused, TimedOut, Unknown, WrongKey,
    };
    let refused_request = |error: &str, request| {
        LoginError::Refused(OAuthError { error: error.into(), error_description: None }, request).into()
    };
    let refused = |error| refused_request(error, requested());
    let mut examples: Vec<Situation> = [
        "access_denied",
        "login_required",
        "invalid_scope",
        "unmet_authentication_requirements",
        "server_error",
        "invalid_grant",
        "invalid_client",
    ]
    .map(refused)
    .into();
    let keyring = [Locked, TimedOut, Ambiguous, Unknown, NotSetUp, Refused, LockUnavailable, LocksUnsupported];
    examples.extend(keyring.map(|kind| store(StoreName::Keyring, kind).into()));
    examples.extend(
        [Refused, WrongKey, Damaged, LockUnavailable, LocksUnsupported].map(|kind| store(StoreName::File, kind).into()),
    );
    examples.push(CommandLineError::ExecCredentialVersion(None).into());
    examples.push(SessionError::Changed { revoked: false }.into());
    examples.push(refused_request("login_required", RequestedLogin { has_prompt_none: true, ..requested() }));
    examples
}

#[test]
fn panic_is_reported_without_its_message() {
    for (message, thread, code, words) in [
        ("failed to spawn thread: Os { code: 11, canary }", Some("main"), 1, "no more threads"),
        ("OS can't spawn worker thread: canary (os error 11)", None, 1, "ulimit -u"),
        ("cannot spawn async-io thread: canary", Some("keyring"), 6, "the OS keyring"),
        ("index out of canary", Some("sandbox"), 1, "a bug in tidp; please report it (a\\u{1b}.rs:7)"),
    ] {
        let report = panic_error(message, "a\u{1b}.rs:7", thread).report();
        assert_eq!(report.exit_code, code, "{message}");
        assert!(report.message.contains(words) && !report.message.contains("canary"), "{}", report.message);
    }
}
