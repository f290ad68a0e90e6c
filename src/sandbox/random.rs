//! Unpredictable names made from random bytes that the caller drew, so that the engine itself draws none.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 32 random bytes, drawn once per request: enough for all the handles one request may need.
#[derive(Clone, Copy)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// A 256-bit handle, base64url: another one for each `label`, and none tells another one.
    pub fn handle(&self, label: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(label))
    }

    /// A number of nine digits for a person to type (RFC 8628 6.1).
    pub fn nine_digits(&self, label: &str) -> String {
        let number = self.digest(label)[..8].iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        format!("{:09}", number % 1_000_000_000)
    }

    fn digest(&self, label: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(label).finalize().into()
    }
}

/// base64url of the SHA-256 of `text`: the PKCE transformation (RFC 7636 4.2).
pub fn sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// base64url of the left half of the SHA-256 of `text`: `at_hash` and `s_hash` (OIDC Core 3.1.3.6).
pub fn half_sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

/// A UUID that follows from `text` alone: pairwise subjects and other stable names.
pub fn uuid_of(text: &str) -> String {
    let hex: String = Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pkce_transformation_is_the_one_of_rfc_7636_appendix_b() {
        assert_eq!(
            sha256_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn handles_differ_by_label_and_by_seed() {
        let seed = Seed([7; 32]);
        assert_ne!(seed.handle("code"), seed.handle("refresh"));
        assert_ne!(seed.handle("code"), Seed([8; 32]).handle("code"));
        assert_eq!(seed.handle("code").len(), 43);
        assert_eq!(seed.nine_digits("user").len(), 9);
    }
}
