//! Authorization codes: one use, 60 seconds, bound to client, redirect URI and PKCE verifier.

use super::records::{Authentication, AuthorizeRequest, Code, CodeState, Grant, IdToken, Issued};
use super::state::Engine;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::{Params, Refusal};
use crate::sandbox::random::Seed;
use crate::sandbox::random::sha256_base64url;

/// How long a code lives.
pub(super) const CODE_LIFETIME: Seconds = Seconds(60);

impl Engine {
    pub(super) fn issue_code(
        &mut self,
        request: AuthorizeRequest,
        authentication: Authentication,
        now: Time,
        seed: &Seed,
    ) -> String {
        let code = seed.handle("code");
        let expires_at = now.plus(CODE_LIFETIME);
        self.codes.insert(code.clone(), Code { request, authentication, expires_at, state: CodeState::Fresh });
        code
    }

    /// Redeems a code (RFC 6749 4.1.3, RFC 7636 4.6). A second use revokes what the first one gave (RFC 6749 4.1.2).
    ///
    /// # Errors
    /// `invalid_request` if a parameter is missing, `invalid_grant` for everything else.
    pub fn redeem(&mut self, client_id: &str, form: &Params, now: Time, seed: &Seed) -> Result<Issued, Refusal> {
        let (code, redirect_uri) = (form.need("code")?, form.need("redirect_uri")?);
        let held = self.codes.get_mut(code).ok_or_else(Refusal::grant)?;
        if held.request.client_id != client_id {
            return Err(Refusal::grant());
        }
        match std::mem::replace(&mut held.state, CodeState::Burnt) {
            CodeState::Fresh => {}
            CodeState::Burnt => return Err(Refusal::grant()),
            CodeState::Redeemed(grant) => {
                self.revoke_grant(grant);
                return Err(Refusal::grant());
            }
        }
        let proven = proves(held.request.challenge.as_deref(), form.get("code_verifier"));
        if now >= held.expires_at || redirect_uri != held.request.redirect_uri || !proven {
            return Err(Refusal::grant());
        }
        let (request, authentication) = (held.request.clone(), held.authentication.clone());
        let (client_id, scopes) = (request.client_id, request.scopes);
        let grant = self.add_grant(Grant { client_id, scopes, authentication, revoked: false });
        if let Some(held) = self.codes.get_mut(code) {
            held.state = CodeState::Redeemed(grant);
        }
        let extras = IdToken { nonce: request.nonce, state: request.state, ..IdToken::default() };
        Ok(self.issue_at_login(grant, extras, now, seed))
    }
}

/// Whether the verifier fits the challenge: both or neither, for a verifier without a challenge is a downgrade
/// (RFC 9700 2.1.1).
fn proves(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (Some(challenge), Some(verifier)) => {
            let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            (43..=128).contains(&verifier.len())
                && verifier.bytes().all(unreserved)
                && sha256_base64url(verifier) == challenge
        }
        (None, None) => true,
        _ => false,
    }
}
