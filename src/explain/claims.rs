//! What claims mean. Only what a standard or TelenorID+ documents is explained.

use crate::domain::acr_values::{ASSURANCE_LEVELS, LOGIN_PROVIDERS};
use crate::domain::text::{printable, printable_document};
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::jwt::{Claims, whole_seconds};
use serde_json::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimIssuer {
    pub telenorid_plus: bool,
    /// Whether every `sub` differs per client (Core 8).
    pub pairwise: bool,
}

pub fn expired_id_token_note(issuer: ClaimIssuer) -> &'static str {
    if issuer.telenorid_plus {
        "an ID token of TelenorID+ is valid for 5 minutes and only says who logged in. That it has expired is normal \
         and does not end the session"
    } else {
        "an ID token only says who logged in. That it has expired is normal and does not end the session"
    }
}

/// Claims, values and meanings documented by TelenorID+, beside those of `domain::acr_values`.
const VALUES: [(&str, &str, &str); 12] = [
    ("ial", "telenor.identity.ial0", "identity assurance level 0, the lowest of 0 to 3"),
    ("ial", "telenor.identity.ial1", "identity assurance level 1 of 0 to 3"),
    ("ial", "telenor.identity.ial2", "identity assurance level 2 of 0 to 3"),
    ("ial", "telenor.identity.ial3", "identity assurance level 3, the highest of 0 to 3"),
    ("amr", "urn:telenor.identity.amr.td_pwd", "password"),
    ("amr", "urn:telenor.identity.amr.td_otp", "one-time code"),
    ("amr", "urn:telenor.identity.amr.td_sso", "single sign-on: an earlier login was reused"),
    ("amr", "urn:telenor.identity.amr.bankid", "BankID"),
    ("amr", "urn:tnidplus:kyc", "an identity check of the customer (KYC)"),
    ("scope", "openid", "who logged in"),
    ("scope", "offline_access", "a refresh token, where the client's policy has one"),
    ("scope", "profile", "name"),
];

/// Claims that mean the same for every value and provider (RFC 7519 4.1, RFC 9068 2.2, Core 2 and
/// 3.1.3.6, FAPI 1.0 part 2 5.1.1, Back-Channel Logout 1.0 2.1).
const NAMES: [(&str, &str); 9] = [
    ("sid", "the user's session at the provider"),
    ("jti", "the token's unique ID"),
    ("client_id", "the client that the token was issued to"),
    ("azp", "the client that the token was issued to"),
    ("at_hash", "ties the ID token to the access token issued with it"),
    ("s_hash", "ties the ID token to the login's state"),
    ("nonce", "ties the ID token to the login that requested it"),
    ("auth_time", "when the user last authenticated"),
    ("nbf", "not valid before this time"),
];

/// What the claim `name` with that `value` means; `None` if that is not documented. In a list (`amr`, sometimes `acr`),
/// each known value is explained.
pub fn explain(name: &str, value: &Value, issuer: ClaimIssuer) -> Option<String> {
    let meaning_of_name = match name {
        "sub" if issuer.telenorid_plus || issuer.pairwise => Some("the user's ID for this client only"),
        "sub" => Some("the user's ID"),
        "preferred_username" if issuer.telenorid_plus => Some("a phone number or an e-mail address"),
        _ => NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning),
    };
    if let Some(meaning) = meaning_of_name {
        return Some(meaning.to_owned());
    }
    if !issuer.telenorid_plus {
        return None;
    }
    let texts: Vec<&str> = match value {
        Value::String(text) if name == "scope" => text.split_whitespace().collect(),
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let meanings: Vec<String> = texts.into_iter().filter_map(|text| meaning(name, text)).collect();
    (!meanings.is_empty()).then(|| meanings.join("; "))
}

fn meaning(name: &str, text: &str) -> Option<String> {
    let value = if name == "idp" { text.strip_prefix("idp:").unwrap_or(text) } else { text };
    let levels = ASSURANCE_LEVELS.iter().map(|level| ("acr", level.claim, level.meaning));
    let providers = LOGIN_PROVIDERS.iter().map(|provider| ("idp", provider.claim, provider.meaning));
    let mut known = VALUES.into_iter().chain(levels).chain(providers);
    if let Some((.., meaning)) = known.find(|(n, v, _)| *n == name && *v == value) {
        return Some(if name == "scope" { format!("{value}: {meaning}") } else { meaning.to_owned() });
    }
    match (name, value.strip_prefix("urn:telenor.identity.amr.az_"), value.strip_prefix("api:")) {
        ("amr", Some(method), _) => Some(format!("Azure ({})", printable(method))),
        ("scope", _, Some(api)) => Some(format!("api:{}: access to that API", printable(api))),
        _ => None,
    }
}

pub fn times(claims: &Claims) -> impl Iterator<Item = (&'static str, Time)> {
    time_claims(claims).filter_map(|(name, claim)| Some((name, time_from_seconds(whole_seconds(claim)?)?)))
}

/// A code and a sentence for each time claim that is not a number (RFC 7519 2) or out of range.
pub fn invalid_times(claims: &Claims) -> impl Iterator<Item = (WarningCode, String)> {
    time_claims(claims).filter_map(|(name, claim)| match whole_seconds(claim) {
        None => Some((WarningCode::TimeNotANumber, format!("`{name}` is not a number, so it is not a time"))),
        Some(seconds) if time_from_seconds(seconds).is_some() => None,
        Some(seconds) if seconds > 0 && time_from_seconds(seconds / 1_000).is_some() => {
            Some((WarningCode::TimeOutOfRange, format!("`{name}` is out of range (milliseconds instead of seconds?)")))
        }
        Some(_) => Some((WarningCode::TimeOutOfRange, format!("`{name}` is out of range"))),
    })
}

/// A claim's value, printable. A string that looks like another type is quoted, because `"123"` is not `123`. `raw` is
/// the text of any other value, in which a number keeps every digit.
pub fn value_text(value: &Value, raw: Option<&str>) -> String {
    match value {
        Value::String(text) if !text.is_empty() && serde_json::from_str::<Value>(text).is_err() => printable(text),
        Value::String(_) => printable(&value.to_string()),
        Value::Array(items) if is_list_of_texts(items) => {
            items.iter().map(|text| value_text(text, None)).collect::<Vec<_>>().join(", ")
        }
        _ => raw.map_or_else(|| printable_document(&value.to_string()), printable_document),
    }
}

/// Whether the brackets and quotes of a list say no more than its commas.
fn is_list_of_texts(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(|text| !text.contains([',', ' '])))
}

fn time_claims(claims: &Claims) -> impl Iterator<Item = (&'static str, &Value)> {
    ["auth_time", "iat", "nbf", "exp"].into_iter().filter_map(|name| Some((name, claims.get(name)?)))
}

fn time_from_seconds(seconds: i64) -> Option<Time> {
    Some(Time::from_unix(seconds)).filter(|time| time.unix() == seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn explain(name: &str, value: &Value) -> Option<String> {
        super::explain(name, value, ClaimIssuer { telenorid_plus: true, pairwise: true })
    }

    #[test]
    fn telenorid_claims_are_explained_for_no_other_provider() {
        let other = ClaimIssuer::default();
        for (name, value) in [
            ("acr", json!("urn:telenor.identity.aal.2")),
            ("amr", json!(["urn:telenor.identity.amr.td_pwd", "urn:telenor.identity.amr.az_mfa"])),
            ("ial", json!("telenor.identity.ial1")),
            ("idp", json!("no.azure.login")),
            ("scope", json!("openid profile offline_access api:x")),
            ("preferred_username", json!("a@b")),
        ] {
            assert!(explain(name, &value).is_some(), "{name}");
            assert_eq!(super::explain(name, &value, other), None, "{name}");
        }
        let of_sub = |issuer: ClaimIssuer| super::explain("sub", &json!("a"), issuer).unwrap();
        assert_eq!(of_sub(other), "the user's ID");
        assert!(of_sub(ClaimIssuer { pairwise: true, ..other }).contains("for this client only"));
        assert!(of_sub(ClaimIssuer { telenorid_plus: true, ..other }).contains("for this client only"));
        for name in NAMES.map(|(name, _)| name) {
            let said = super::explain(name, &json!("a"), other).unwrap();
            assert!(!said.contains("SSO") && !said.contains("Telenor"), "{said}");
        }
        assert!(!expired_id_token_note(other).contains("Telenor") && !expired_id_token_note(other).contains('5'));
    }

    #[test]
    fn a_string_that_could_be_another_type_is_told_by_its_quotes() {
        for text in ["123", "-1", "1.5", "1e3", "true", "false", "null", "[1]", "{}", "\"x\"", " 1 ", ""] {
            assert_eq!(value_text(&json!(text), None), json!(text).to_string(), "{text}");
            if let Ok(other) = serde_json::from_str::<Value>(text) {
                assert_ne!(value_text(&json!(text), None), value_text(&other, Some(text)), "{text}");
            }
        }
        for text in ["kari", "+4790000001", "0123", "True", "a \"b\"", "2026-01-31", "{x}"] {
            assert_eq!(value_text(&json!(text), None), text);
        }
    }

    #[test]
    fn assurance_is_explained_whether_it_is_one_value_or_a_list() {
        let two = "assurance level 2: two factors";
        assert_eq!(explain("acr", &json!("urn:telenor.identity.aal.2")).as_deref(), Some(two));
        assert_eq!(explain("acr", &json!(["urn:telenor.identity.aal.2", "x"])).as_deref(), Some(two));
        assert_eq!(
            explain("amr", &json!(["urn:telenor.identity.amr.td_pwd", "urn:telenor.identity.amr.az_mfa"])).as_deref(),
            Some("password; Azure (mfa)")
        );
        assert_eq!(explain("idp", &json!("idp:no.bankid.login.vipps")).as_deref(), Some("BankID"));
        assert_eq!(explain("idp", &json!("no.bankid.login.vipps")).as_deref(), Some("BankID"));
        assert_eq!(explain("scope", &json!("profile openid")).as_deref(), Some("profile: name; openid: who logged in"));
    }

    #[test]
    fn of_what_is_not_documented_nothing_is_said() {
        for (name, value) in [
            ("acr", json!("urn:telenor.identity.aal.4")),
            ("acr", json!("urn:telenor.identity.aal.2 urn:telenor.identity.aal.3")),
            ("acr", json!(2)),
            ("amr", json!([])),
            ("amr", json!(["urn:telenor.identity.amr.td_hdr", 7, null])),
            ("ial", json!({"level": 3})),
            ("kurtid", json!("1")),
            ("idp", json!("urn:telenor.identity.aal.1")),
        ] {
            assert_eq!(explain(name, &value), None, "{name} {value}");
        }
    }

    #[test]
    fn an_explanation_carries_no_control_character_from_the_token() {
        let explained = explain("amr", &json!(["urn:telenor.identity.amr.az_\u{1b}[2J"])).unwrap();
        assert_eq!(explained, "Azure (\\u{1b}[2J)");
        assert!(!explain("scope", &json!(["api:\u{202e}x"])).unwrap().contains('\u{202e}'));
    }

    #[test]
    fn times_are_numbers_that_have_a_date_and_nothing_else() {
        let read = |claims: Value| {
            let claims = claims.as_object().unwrap();
            (times(claims).collect::<Vec<_>>(), invalid_times(claims).map(|(_, what)| what).collect::<Vec<_>>())
        };
        let (times, wrong) = read(json!({"exp": 253_402_207_200_i64, "iat": 12.9, "nbf": "12", "auth_time": 0}));
        assert_eq!(times, [("auth_time", Time::MIN), ("iat", Time::from_unix(12)), ("exp", Time::MAX)]);
        assert_eq!(wrong, ["`nbf` is not a number, so it is not a time"]);
        let claims =
            json!({"exp": 253_402_207_201_i64, "iat": 1e300, "nbf": -0.5, "auth_time": 18_446_744_073_709_551_615_u64});
        let (times, wrong) = read(claims);
        assert_eq!(times, []);
        let milliseconds = "`exp` is out of range (milliseconds instead of seconds?)";
        assert_eq!(
            wrong,
            ["`auth_time` is out of range", "`iat` is out of range", "`nbf` is out of range", milliseconds]
        );
    }
}
