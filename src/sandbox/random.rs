//! Random strings from bytes that the caller drew, so that the engine stays pure.

use crate::domain::text::hex;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 32 random bytes, drawn once per request.
#[derive(Clone, Copy)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// A 256-bit string, base64url; an independent one for each `label`.
    pub fn random_string(&self, label: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(label))
    }

    /// Nine digits for a person to type (RFC 8628 6.1).
    pub fn user_code(&self) -> String {
        let number = self.digest("user")[..8].iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        format!("{:09}", number % 1_000_000_000)
    }

    fn digest(&self, label: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(label).finalize().into()
    }
}

/// The PKCE transformation of `text` (RFC 7636 4.2).
pub fn sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// The left half of the hash of `text`, for `at_hash` and `s_hash` (OIDC Core 3.1.3.6).
pub fn half_sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

/// A UUID derived from `text`.
pub fn uuid_of(text: &str) -> String {
    let hex = hex(&Sha256::digest(text)[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_example_of_rfc_7636_appendix_b() {
        assert_eq!(
            sha256_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn strings_differ_by_label_and_by_seed() {
        let seed = Seed([7; 32]);
        assert_ne!(seed.random_string("code"), seed.random_string("refresh"));
        assert_ne!(seed.random_string("code"), Seed([8; 32]).random_string("code"));
        assert_eq!(seed.random_string("code").len(), 43);
        assert_eq!(seed.user_code().len(), 9);
    }
}
