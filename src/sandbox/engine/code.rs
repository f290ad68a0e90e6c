//! Authorization codes: used once within 60 seconds, bound to client, redirect URI and PKCE verifier.

use super::records::{
    Authentication, AuthorizationCode, AuthorizationRequest, CodeState, Grant, IdToken, IssuedTokens,
};
use super::state::Engine;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::{Seed, sha256_base64url};
use crate::sandbox::reason::Reason;

const CODE_LIFETIME: Seconds = Seconds(60);

impl Engine {
    pub(super) fn issue_code(
        &mut self,
        request: AuthorizationRequest,
        authentication: Authentication,
        now: Time,
        seed: &Seed,
    ) -> String {
        let code = seed.random_string("code");
        let expires_at = now.plus(CODE_LIFETIME);
        let record = AuthorizationCode { request, authentication, expires_at, state: CodeState::Unused };
        self.codes.insert(code.clone(), record);
        code
    }

    /// The tokens for a code (RFC 6749 4.1.3, RFC 7636 4.6). A second use revokes those of the first (RFC 6749 4.1.2).
    ///
    /// # Errors
    /// `invalid_request` if a parameter is missing, `invalid_grant` for everything else.
    pub fn redeem(
        &mut self,
        client_id: &str,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let (code, redirect_uri) = (form.require("code")?, form.require("redirect_uri")?);
        let record = self.codes.get_mut(code).ok_or_else(|| OAuthError::invalid_grant(Reason::UnknownCode))?;
        if record.request.client_id != client_id {
            return Err(OAuthError::invalid_grant(Reason::CodeOfOtherClient));
        }
        match std::mem::replace(&mut record.state, CodeState::Invalid) {
            CodeState::Unused => {}
            CodeState::Invalid => return Err(OAuthError::invalid_grant(Reason::CodeUsed)),
            CodeState::Redeemed(grant) => {
                self.revoke_grant(grant, now);
                return Err(OAuthError::invalid_grant(Reason::CodeReplayed).of_session(grant));
            }
        }
        if now >= record.expires_at {
            let ago = now.since(record.expires_at);
            return Err(OAuthError::invalid_grant(Reason::CodeExpired { lifetime: CODE_LIFETIME, ago }));
        }
        if redirect_uri != record.request.redirect_uri {
            return Err(OAuthError::invalid_grant(Reason::OtherRedirectUri));
        }
        if !verifier_matches(record.request.code_challenge.as_deref(), form.get("code_verifier")) {
            return Err(OAuthError::invalid_grant(Reason::WrongVerifier));
        }
        let (request, authentication) = (record.request.clone(), record.authentication.clone());
        let (client_id, scopes) = (request.client_id, request.scopes);
        let grant = self.add_grant(Grant { client_id, scopes, authentication, revoked: false });
        if let Some(record) = self.codes.get_mut(code) {
            record.state = CodeState::Redeemed(grant);
        }
        let id_token = IdToken { nonce: request.nonce, state: request.state };
        Ok(self.issue_after_login(grant, id_token, now, seed))
    }
}

/// Whether the verifier matches the challenge. A verifier without a challenge is a downgrade (RFC 9700 2.1.1).
fn verifier_matches(challenge: Option<&str>, verifier: Option<&str>) -> bool {
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
