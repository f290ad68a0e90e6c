//! The tokens of a client that acts for itself (client credentials), as `tidp inspect` shows them, and what takes the place
//! of a refresh policy for it.

use super::claims::ClaimIssuer;
use super::session_view::{ScopedTokenView, TokenView, ViewStyle};
use crate::domain::policy::ClientType;
use crate::domain::session::SessionKey;
use crate::domain::text::printable;
use crate::domain::time::Time;
use serde_json::{Value, json};

/// A client and its tokens.
pub struct MachineView<'a> {
    pub key: &'a SessionKey,
    pub grant: &'static str,
    pub store: &'static str,
    /// The scopes of the profile.
    pub scopes: &'a [String],
    /// The token of these scopes.
    pub token: Option<ScopedTokenView>,
    /// Those of other scopes.
    pub others: Vec<ScopedTokenView>,
    pub now: Time,
}

impl MachineView<'_> {
    /// The document of `tidp inspect --json`: that of a session, without what only a user has.
    pub fn to_json(&self) -> Value {
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "grant": self.grant,
            "store": self.store,
            "account": null,
            "scopes": self.token.as_ref().map_or(self.scopes, |token| &token.scopes),
            "login_at": null,
            "access_token": self.token.as_ref().map_or(&TokenView::none(), |token| &token.access_token),
            "other_access_tokens": self.others,
            "id_token": TokenView::none(),
            "refresh_token": {
                "state": "none", "expires_at": null, "expires_at_earliest": null, "expires_at_source": null,
                "expires_in": null,
            },
            "sso": "unknown",
            "policy": null,
        })
    }

    pub fn text(&self, style: &ViewStyle<'_>, claim_issuer: ClaimIssuer) -> String {
        let rows = [
            ("Issuer", printable(&self.key.issuer)),
            ("Client", printable(&self.key.client_id)),
            ("Profile", printable(&self.key.profile)),
            ("Grant", format!("{}: the client acts for itself, without a user", self.grant)),
            ("Scopes", scopes_text(self.scopes)),
            ("Store", self.store.to_owned()),
        ];
        let mut text = String::new();
        for (label, value) in rows {
            text += &format!("{} {value}\n", style.colors.bold(&format!("{label:<14}")));
        }
        if self.token.is_none() {
            text +=
                &format!("{} none is stored for these scopes\n", style.colors.bold(&format!("{:<14}", "Access token")));
        }
        if let Some(token) = &self.token {
            text += &token.access_token.text(style, "Access token", token.expires_at, self.now, claim_issuer);
        }
        for other in &self.others {
            text += &other.text(style, self.now, claim_issuer);
        }
        text
    }
}

fn scopes_text(scopes: &[String]) -> String {
    if scopes.is_empty() { "chosen by the provider".to_owned() } else { printable(&scopes.join(" ")) }
}

/// What `tidp policy` says of a client that acts for itself.
pub struct MachineOutlook<'a> {
    pub profile: &'a str,
    pub client_type: Option<ClientType>,
    /// `tidp token`, with the profile.
    pub token_command: String,
    /// When the token for the profile's scopes expires, if one is kept.
    pub access_token_expires_at: Option<Time>,
    pub now: Time,
}

impl MachineOutlook<'_> {
    pub fn explanation(&self, format_time: &dyn Fn(Time) -> String) -> String {
        let kept = match self.access_token_expires_at {
            None => "No token is stored.".to_owned(),
            Some(at) if at <= self.now => format!("The stored one expired {}.", format_time(at)),
            Some(at) => format!("The stored one expires {}.", format_time(at)),
        };
        format!(
            "The client acts for itself: there is no user, no login and no refresh token, so no refresh policy applies \
             and only the access token expires. `{}` requests a new one whenever one is due. {kept}",
            self.token_command
        )
    }

    /// The document of `tidp policy --json`: that of a session, without what only a refresh token has.
    pub fn to_json(&self) -> Value {
        json!({
            "profile": self.profile,
            "policy": null,
            "client_type": self.client_type,
            "sliding": null,
            "lifetime": null,
            "issued_at": null,
            "renewed_at": null,
            "expires_at": null,
            "expires_at_earliest": null,
            "expires_at_source": null,
            "remaining": null,
            "expired": false,
            "after_refresh_expires_at": null,
            "sso": "unknown",
            "next_action": "none",
            "act_before": null,
            "access_token_expires_at": self.access_token_expires_at.map(Time::rfc3339),
            "explanation": self.explanation(&Time::rfc3339),
        })
    }
}
