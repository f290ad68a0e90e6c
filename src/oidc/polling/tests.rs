use super::super::fixtures::response;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn refused(status: u16, error: &str) -> Response {
    response(status, &json!({ "error": error }).to_string())
}

#[test]
fn errors_of_a_poll_are_told_apart_whatever_the_status() {
    for status in [200, 400, 401, 403, 429, 503] {
        assert_eq!(accept_poll(&refused(status, "authorization_pending")), Ok(PollAnswer::Pending), "{status}");
        assert_eq!(accept_poll(&refused(status, "slow_down")), Ok(PollAnswer::SlowDown), "{status}");
        assert_eq!(accept_poll(&refused(status, "expired_token")), Ok(PollAnswer::Expired), "{status}");
    }
    for error in ["access_denied", "invalid_grant", "invalid_request", "invalid_client", "transaction_failed", "x"] {
        let Err(Problem::Refused(refusal)) = accept_poll(&refused(400, error)) else { panic!("{error}") };
        assert_eq!(refusal.error, error);
    }
}

#[test]
fn outage_is_not_final_and_a_redirect_is() {
    let page = Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() };
    for response in [refused(503, "x"), refused(429, "x"), refused(400, "server_error"), page] {
        assert!(matches!(accept_poll(&response), Err(Problem::Unavailable(_))), "{response:?}");
    }
    assert!(matches!(accept_poll(&refused(302, "x")), Err(Problem::Invalid(_))));
}

#[test]
fn tokens_need_an_id_token() {
    let tokens = |body: Value| accept_poll(&response(200, &body.to_string()));
    let body = json!({ "access_token": "at", "token_type": "Bearer", "id_token": "it", "expires_in": 60 });
    let Ok(PollAnswer::Tokens(accepted)) = tokens(body) else { panic!("no tokens") };
    assert_eq!((accepted.access_token.expose(), accepted.expires_in), ("at", Some(Seconds(60))));
    let bare = tokens(json!({ "access_token": "at", "token_type": "Bearer" }));
    assert!(matches!(bare, Err(Problem::Invalid(what)) if what.contains("`id_token` is missing")));
}

#[test]
fn retry_after_is_read_as_a_number() {
    let asks = |value: &str| {
        let mut response = refused(503, "x");
        response.headers.push(("retry-after".into(), value.into()));
        retry_after(&response)
    };
    assert_eq!(asks(" 120 "), Some(Seconds(120)));
    assert_eq!([asks("-1"), asks("soon"), asks("99999999999999999999"), retry_after(&refused(503, "x"))], [None; 4]);
}

#[test]
fn slow_down_adds_five_seconds_each_time_for_good() {
    let mut interval = PollInterval::new(Seconds(5));
    let mut waits = vec![interval.wait()];
    for step in
        [PollInterval::slow_down, PollInterval::record_answer, PollInterval::slow_down, PollInterval::record_answer]
    {
        step(&mut interval);
        waits.push(interval.wait());
    }
    assert_eq!(waits, [5, 10, 10, 15, 15].map(Seconds));
}

#[test]
fn failures_double_the_wait_until_an_answer_comes() {
    let mut interval = PollInterval::new(Seconds(5));
    let waits = [None, None, None, None, Some(Seconds(90)), None].map(|retry_after| {
        interval.record_failure(retry_after);
        interval.wait().0
    });
    assert_eq!(waits, [10, 20, 40, 60, 90, 60]);
    interval.record_answer();
    assert_eq!(interval.wait(), Seconds(5));
    let mut slow = PollInterval::new(Seconds(120));
    slow.record_failure(None);
    assert_eq!(slow.wait(), Seconds(120), "never shorter than the interval");
}

proptest! {
    #[test]
    fn no_history_polls_faster_than_the_provider_allows(start in any::<i64>(), steps in prop::collection::vec(0..4_u8, 0..80)) {
        let mut interval = PollInterval::new(Seconds(start));
        let mut allowed = start.max(1);
        for step in steps {
            match step {
                0 => interval.record_answer(),
                1 => { interval.slow_down(); allowed = allowed.saturating_add(5); }
                2 => interval.record_failure(None),
                _ => interval.record_failure(Some(Seconds(7))),
            }
            prop_assert!(interval.wait().0 >= allowed);
            prop_assert!(step > 1 || interval.wait().0 == allowed);
            prop_assert!(interval.wait().0 <= allowed.max(60));
        }
    }
}
