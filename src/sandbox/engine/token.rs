//! The token endpoint's grants (RFC 6749 4). Those that a client polls for are in `polled_logins`.

use super::records::CodeState;
use super::{AuthorizationRequest, ClientRequest, Engine, IdToken, IssuedTokens, Note, PollingGrant};
use crate::domain::time::Seconds;
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::{OAuthError, Reason, Result};

pub(super) const CODE_LIFETIME: Seconds = Seconds(60);

impl Engine {
    /// The tokens for any grant type.
    pub fn token(&mut self, request: &ClientRequest) -> Result<IssuedTokens> {
        let grant_type = request.form.require("grant_type")?;
        if let Some(grant) = PollingGrant::ALL.into_iter().find(|grant| grant.grant_type == grant_type) {
            return self.poll(grant, request);
        }
        match grant_type {
            "authorization_code" => self.redeem(request),
            "refresh_token" => self.refresh_request(request),
            "client_credentials" => self.client_credentials(request),
            _ => Err(OAuthError::without_description("unsupported_grant_type", Reason::UnknownGrantType)),
        }
    }

    /// The tokens for a code (RFC 6749 4.1.3, RFC 7636 4.6), which is used once, within 60 seconds. A second use revokes
    /// those of the first (RFC 6749 4.1.2). `invalid_request` if a parameter is missing, else `invalid_grant`.
    pub(super) fn redeem(&mut self, request: &ClientRequest) -> Result<IssuedTokens> {
        let ClientRequest { client, form, at } = request;
        let (code, redirect_uri) = (form.require("code")?, form.require("redirect_uri")?);
        let record = self.codes.get_mut(code).ok_or_else(|| OAuthError::invalid_grant(Reason::UnknownCode))?;
        if record.request.client_id != client.id {
            return Err(OAuthError::invalid_grant(Reason::CodeOfOtherClient));
        }
        match std::mem::replace(&mut record.state, CodeState::Invalid) {
            CodeState::Unused => {}
            CodeState::Invalid => return Err(OAuthError::invalid_grant(Reason::CodeUsed)),
            CodeState::Redeemed(number) => {
                self.revoke_replayed(number, at.now);
                return Err(OAuthError::invalid_grant(Reason::CodeReplayed).of_session(number));
            }
        }
        if at.now >= record.expires_at {
            let ago = at.now.since(record.expires_at);
            return Err(OAuthError::invalid_grant(Reason::CodeExpired { lifetime: CODE_LIFETIME, ago }));
        }
        let AuthorizationRequest { destination, nonce, scopes, code_challenge, .. } = record.request.clone();
        if redirect_uri != destination.redirect_uri {
            return Err(OAuthError::invalid_grant(Reason::OtherRedirectUri));
        }
        if !verifier_matches(code_challenge.as_deref(), form.get("code_verifier")) {
            return Err(OAuthError::invalid_grant(Reason::WrongVerifier));
        }
        // The number of the session that begins here.
        record.state = CodeState::Redeemed(self.counter + 1);
        let (authentication, id_token) = (record.authentication.clone(), IdToken { nonce, state: destination.state });
        Ok(self.start_session(client, scopes, authentication, id_token, *at))
    }

    /// A refresh; with `tnuId`, which is deprecated, the access token is for another profile of the same user.
    fn refresh_request(&mut self, request: &ClientRequest) -> Result<IssuedTokens> {
        let form = &request.form;
        let (refresh_token, tnu_id) = (form.require("refresh_token")?, form.get("tnuId"));
        let session = self.refresh_tokens.get(refresh_token).and_then(|token| self.events.sessions.get(&token.session));
        // An unknown refresh token is left to the refresh.
        if let (Some(tnu_id), Some(session)) = (tnu_id, session) {
            if !session.scopes.iter().any(|scope| scope == "account.profiles") {
                return Err(OAuthError::invalid_request(Reason::ProfileWithoutScope));
            }
            if !session.authentication.user.tnu_ids().iter().any(|known| known == tnu_id) {
                return Err(OAuthError::invalid_request(Reason::UnknownProfile));
            }
        }
        let mut issued = self.refresh(&request.client.id, refresh_token, &form.list("scope"), request.at)?;
        issued.access_token.tnu_id = tnu_id.map(ToOwned::to_owned);
        Ok(issued)
    }

    /// An access token for the client itself (RFC 6749 4.4): API scopes only, since there is no user.
    fn client_credentials(&mut self, request: &ClientRequest) -> Result<IssuedTokens> {
        let ClientRequest { client, form, at } = request;
        if !client.client_type.is_confidential() {
            return Err(OAuthError::new("unauthorized_client", Reason::PublicClientAlone));
        }
        let scopes = self.granted_scopes(client, form.list("scope"))?;
        let is_api = |scope: &String| scope.starts_with("api:") || self.settings.scopes.contains(scope);
        if !scopes.iter().all(is_api) {
            return Err(OAuthError::new("invalid_scope", Reason::ScopeOfUser));
        }
        let access_token = self.issue_access_token(None, client.id.clone(), scopes, None, None, *at);
        let note = Note { reason: Some(Reason::NoUser), ..Note::default() };
        Ok(IssuedTokens { access_token, id_token: None, refresh_token: None, refresh_token_expires_at: None, note })
    }
}

/// Whether the verifier matches the challenge. A verifier without a challenge is a downgrade (RFC 9700 2.1.1).
fn verifier_matches(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    let Some(verifier) = verifier else { return challenge.is_none() };
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && challenge == Some(&sha256_base64url(verifier))
}
