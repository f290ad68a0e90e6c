//! A client that acts for itself (client credentials): its tokens for `tidp inspect`, and what takes the place of a policy.

use super::session_view::{ScopedTokenView, TokenView, ViewStyle};
use crate::domain::session::SessionKey;
use crate::domain::text::printable;
use crate::domain::time::Time;
use serde_json::{Value, json};

pub struct MachineView<'a> {
    pub key: &'a SessionKey,
    pub grant: &'static str,
    pub store: &'static str,
    /// The scopes of the profile.
    pub scopes: &'a [String],
    /// The token of these scopes.
    pub token: Option<ScopedTokenView<'a>>,
    /// Those of other scopes.
    pub others: Vec<ScopedTokenView<'a>>,
    pub now: Time,
}

impl MachineView<'_> {
    /// The document of `tidp inspect --json`: that of a session, without what only a user has.
    pub fn to_json(&self) -> Value {
        let token = self.token.as_ref();
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "grant": self.grant,
            "store": self.store,
            "account": null,
            "scopes": token.map_or(self.scopes, |token| token.scopes),
            "login_at": null,
            "access_token": TokenView::to_json(token.map(|token| &token.access_token), self.now),
            "other_access_tokens": self.others.iter().map(|token| token.to_json(self.now)).collect::<Value>(),
            "id_token": TokenView::to_json(None, self.now),
            "refresh_token": {
                "state": "none", "expires_at": null, "expires_at_earliest": null, "expires_at_source": null,
                "expires_in": null,
            },
            "sso": "unknown",
            "policy": null,
        })
    }

    pub fn text(&self, style: &ViewStyle<'_>) -> String {
        let scopes = match self.scopes {
            [] => "chosen by the provider".to_owned(),
            scopes => printable(&scopes.join(" ")),
        };
        let mut text: String = [
            ("Issuer", printable(&self.key.issuer)),
            ("Client", printable(&self.key.client_id)),
            ("Profile", printable(&self.key.profile)),
            ("Grant", "machine token: the client acts for itself, without a user".to_owned()),
            ("Scopes", scopes),
            ("Store", self.store.to_owned()),
        ]
        .iter()
        .map(|(label, value)| style.row(label, value))
        .collect();
        text += &match &self.token {
            None => style.row("Access token", "none is stored for these scopes"),
            Some(token) => token.access_token.text(style, "Access token", self.now),
        };
        text.extend(self.others.iter().map(|token| token.text(style, self.now)));
        text
    }
}

/// What `tidp policy` says of a client that acts for itself. `expires_at` is when the token for the profile's scopes expires,
/// if one is kept, `token_command` is `tidp token` with the profile.
pub fn machine_policy(
    expires_at: Option<Time>,
    now: Time,
    token_command: &str,
    format_time: &dyn Fn(Time) -> String,
) -> String {
    let kept = match expires_at {
        None => "No token is stored.".to_owned(),
        Some(at) if at <= now => format!("The stored one expired {}.", format_time(at)),
        Some(at) => format!("The stored one expires {}.", format_time(at)),
    };
    format!(
        "The client acts for itself: there is no user, no login and no refresh token, so no refresh policy applies and \
         only the access token expires. `{token_command}` requests a new one whenever one is due. {kept}"
    )
}
