//! What this program is: its version, and how it was built.

use serde_json::{Value, json};

/// The version and the commit.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TIDP_COMMIT"), ")");

/// The document of `tidp --version --json`.
pub fn document() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": env!("TIDP_COMMIT"),
        "target": env!("TIDP_TARGET"),
        "features": features(),
    })
}

/// What differs between builds of one commit. The settings of `.cargo/config.toml` are missing from a build outside the
/// checkout (`cargo install` from a registry), which is slower to start but does the same.
pub fn features() -> Vec<&'static str> {
    let features = [
        ("debug", cfg!(debug_assertions)),
        ("static", cfg!(target_feature = "crt-static")),
        ("mimalloc", cfg!(target_env = "musl")),
        ("no-jitter-entropy", option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY") == Some("1")),
        ("sha2-soft", cfg!(sha2_backend = "soft")),
    ];
    features.into_iter().filter(|(_, is_built_in)| *is_built_in).map(|(name, _)| name).collect()
}
