use crate::support::tokens::{ISSUER, sign};
use crate::support::{Bench, START};
use serde_json::{Value, json};
use tidp::testing::domain::time::{Seconds, Time};

/// A bench with a cached discovery document and cached keys.
fn bench_with_cached_metadata() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.provider.expect_metadata();
    verify_token(&bench);
    bench
}

/// Verifies a token with exactly the expected requests.
#[track_caller]
fn verify_token(bench: &Bench) {
    let claims =
        json!({ "iss": ISSUER, "sub": "kari", "iat": START.unix(), "exp": START.plus(Seconds::days(400)).unix() });
    bench.terminal.type_line(&sign(&json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" }), &claims));
    assert_eq!(bench.run(&["decode", "--verify", "--json"]).exits(0).json()["verified"], true);
}

fn edit(bench: &Bench, edit: impl Fn(&mut Value)) {
    for document in bench.files.0.lock().unwrap().values_mut() {
        let mut cached = serde_json::from_slice(document).unwrap();
        edit(&mut cached);
        *document = cached.to_string().into_bytes();
    }
}

/// A time as the caches write it.
fn seconds(time: Time) -> Value {
    serde_json::to_value(time).unwrap()
}

#[test]
fn foreign_cache_is_not_read() {
    let bench = bench_with_cached_metadata();
    verify_token(&bench);
    bench.files.are_foreign();
    bench.provider.expect_metadata();
    verify_token(&bench);
    verify_token(&bench);
}

#[test]
fn cache_with_implausible_times_is_not_used() {
    for (fetched_at, fresh_until) in [(0, 30 * 365 * 86_400), (0, 86_401), (60, 3_600), (-86_400, 0)] {
        let bench = bench_with_cached_metadata();
        edit(&bench, |cached| {
            cached["fetched_at"] = seconds(START.plus(Seconds(fetched_at)));
            cached["fresh_until"] = seconds(START.plus(Seconds(fresh_until)));
        });
        bench.provider.expect_metadata();
        verify_token(&bench);
    }
}

#[test]
fn cache_is_separate_per_certificate_authority() {
    for trusted in ["TIDP_CA_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let mut bench = Bench::new("MobileApp");
        for authority in ["/etc/evil.pem", "/etc/corp.pem", ""] {
            bench = bench.env(trusted, authority);
            bench.provider.expect_metadata();
            verify_token(&bench);
            verify_token(&bench);
        }
    }
}
