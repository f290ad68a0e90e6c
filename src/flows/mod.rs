//! What commands do, over the ports. Nothing here prints.

pub mod access_token;
pub mod access_token_cache;
pub mod advisory_warnings;
pub mod browser;
pub mod client_secret;
pub mod configuration;
pub mod context;
pub mod id_token;
pub mod keepalive;
pub mod login;
pub mod logout;
pub mod machine_token;
pub mod machine_tokens;
pub mod profile_file;
pub mod provider_cache;
pub mod provider_keys;
pub mod provider_lookups;
pub mod provider_metadata;
pub mod random_bytes;
pub mod refresh;
pub mod refresh_if_due;
pub mod session_lock;
pub mod token_response;
pub mod token_verifier;
pub mod userinfo;
pub mod wanted_token;
