//! Asking the provider about the client's own refresh token (RFC 7662). Duende IdentityServer answers that to clients
//! since version 7; older ones answer only APIs.

use super::discovery::Provider;
use super::response::{self, Object, invalid};
use super::token::{Client, request_about_refresh_token};
use super::{Owner, Problem};
use crate::domain::secret::Secret;
use crate::domain::session::RefreshTokenStatus;
use crate::domain::time::{CLOCK_TOLERANCE, Time};
use crate::jwt::whole_seconds;
use crate::ports::{Request, Response};
use serde_json::Value;

const RESPONSE_NAME: &str = "the introspection response";

/// The request (RFC 7662 2.1), or why there is no endpoint for it.
pub fn introspection_request(provider: &Provider, client: &Client, refresh_token: &Secret) -> Result<Request, String> {
    request_about_refresh_token(&provider.introspection_endpoint, client, refresh_token)
}

/// The result of [`introspection_request`]. `now` and the end are by the provider's clock; `Inactive` may also mean that the
/// client may not ask about the token (RFC 7662 2.2).
///
/// # Errors
/// [`Problem::Invalid`] unless `active` is a boolean, the times of an active token are plausible, and `iss`, `client_id`
/// and `sub`, where present, are those of the session; [`Problem::Refused`] for an OAuth error; those of
/// `response::success_body`.
pub fn accept_introspection(response: &Response, owner: Owner<'_>, now: Time) -> Result<RefreshTokenStatus, Problem> {
    let object = response::object(response::success_body(response, RESPONSE_NAME)?, RESPONSE_NAME)?;
    match (object.get("active"), response::oauth_error(&object)) {
        (Some(Value::Bool(true)), _) => {}
        (Some(Value::Bool(false)), _) => return Ok(RefreshTokenStatus::Inactive),
        (_, Some(error)) => return Err(response::problem_from_oauth_error(error)),
        (_, None) => return invalid(format!("{RESPONSE_NAME}: `active` is missing or not a boolean")),
    }
    for (name, ours) in [("iss", owner.issuer), ("client_id", owner.client_id), ("sub", owner.sub)] {
        if response::optional_string(&object, name, RESPONSE_NAME)?.is_some_and(|theirs| theirs != ours) {
            return invalid(format!("{RESPONSE_NAME} is about another token (`{name}`)"));
        }
    }
    let (issued_at, expires_at) = (time(&object, "iat")?, time(&object, "exp")?);
    if issued_at.is_some_and(|at| at > now.plus(CLOCK_TOLERANCE)) {
        return invalid(format!("{RESPONSE_NAME}: `iat` is in the future"));
    }
    // An active token has not expired.
    if expires_at.is_some_and(|at| at < now.minus(CLOCK_TOLERANCE) || Some(at) < issued_at) {
        return invalid(format!("{RESPONSE_NAME}: `exp` has passed"));
    }
    Ok(RefreshTokenStatus::Active { expires_at })
}

/// A time in seconds (RFC 7662 2.2). Zero counts as absent, because some providers send it for a token without an end.
fn time(object: &Object, name: &str) -> Result<Option<Time>, Problem> {
    match object.get(name).filter(|value| !value.is_null()).map(whole_seconds) {
        None | Some(Some(0)) => Ok(None),
        Some(Some(seconds)) if Time::from_unix(seconds).unix() == seconds => Ok(Some(Time::from_unix(seconds))),
        Some(_) => invalid(format!("{RESPONSE_NAME}: `{name}` is not a time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Time = Time::from_unix(1_800_000_000);

    fn accept(body: &Value) -> Result<RefreshTokenStatus, Problem> {
        let response = Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() };
        let owner = Owner { issuer: "https://id.example", client_id: "app", sub: "kari" };
        accept_introspection(&response, owner, NOW)
    }

    fn active(name: &str, value: Value) -> Value {
        let mut body = json!({
            "active": true, "iss": "https://id.example", "client_id": "app", "sub": "kari", "iat": NOW.unix() - 60,
            "exp": NOW.unix() + 600, "scope": "openid",
        });
        body[name] = value;
        body
    }

    #[test]
    fn own_token_is_accepted() {
        let at = |seconds| {
            Ok(RefreshTokenStatus::Active { expires_at: Some(NOW.plus(crate::domain::time::Seconds(seconds))) })
        };
        assert_eq!(accept(&active("x", json!(1))), at(600));
        assert_eq!(accept(&active("exp", json!(NOW.unix() as f64 + 30.9))), at(30));
        assert_eq!(accept(&active("exp", json!(NOW.unix() - 60))), at(-60));
        assert_eq!(accept(&active("iat", json!(NOW.unix() + 60))), at(600));
        for name in ["iss", "client_id", "sub", "iat"] {
            assert_eq!(accept(&active(name, Value::Null)), at(600), "{name} is optional (RFC 7662 2.2)");
        }
        for none in [Value::Null, json!(0)] {
            assert_eq!(accept(&active("exp", none)), Ok(RefreshTokenStatus::Active { expires_at: None }));
        }
        assert_eq!(accept(&json!({ "active": false })), Ok(RefreshTokenStatus::Inactive));
        assert_eq!(accept(&json!({ "active": false, "client_id": "other" })), Ok(RefreshTokenStatus::Inactive));
    }

    #[test]
    fn anything_else_is_invalid() {
        for (name, value, words) in [
            ("active", json!("true"), "`active`"),
            ("active", json!(1), "`active`"),
            ("active", Value::Null, "`active`"),
            ("iss", json!("https://evil.example"), "another token (`iss`)"),
            ("client_id", json!("other"), "another token (`client_id`)"),
            ("sub", json!("ola"), "another token (`sub`)"),
            ("sub", json!(["kari"]), "`sub` is not a string"),
            ("exp", json!("1800000600"), "`exp` is not a time"),
            ("exp", json!(true), "`exp` is not a time"),
            ("exp", json!(-1), "`exp` is not a time"),
            ("exp", json!(1e300), "`exp` is not a time"),
            ("exp", json!(1_800_000_600_000_i64), "`exp` is not a time"),
            ("exp", json!(NOW.unix() - 61), "`exp` has passed"),
            ("iat", json!("x"), "`iat` is not a time"),
            ("iat", json!(NOW.unix() + 61), "`iat` is in the future"),
        ] {
            match accept(&active(name, value.clone())) {
                Err(Problem::Invalid(what)) => assert!(what.contains(words), "{what}"),
                other => panic!("{name} {value}: {other:?}"),
            }
        }
        let mut ended_before_it_began = active("iat", json!(NOW.unix() + 50));
        ended_before_it_began["exp"] = json!(NOW.unix() + 40);
        assert!(
            matches!(accept(&ended_before_it_began), Err(Problem::Invalid(what)) if what.contains("`exp` has passed"))
        );
        assert!(matches!(accept(&json!({ "error": "invalid_client" })), Err(Problem::Refused(_))));
        assert!(matches!(accept(&json!([])), Err(Problem::Invalid(_))));
    }

    proptest! {
        #[test]
        fn no_end_is_accepted_that_has_passed(exp: i64, iat: i64) {
            let mut body = active("exp", json!(exp));
            body["iat"] = json!(iat);
            if let Ok(RefreshTokenStatus::Active { expires_at: Some(end) }) = accept(&body) {
                prop_assert_eq!(end.unix(), exp);
                prop_assert!(end >= NOW.minus(CLOCK_TOLERANCE) && (iat == 0 || iat <= exp));
            }
        }
    }
}
