//! The clients registered at the sandbox, and how they authenticate.

use super::reason::Registered;
use super::{OAuthError, Params, Reason, Result};
use crate::domain::policy::{ClientType, Policy, PolicyName};
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Registered as redirect URI, it allows any loopback port with PKCE.
pub const ANY_LOOPBACK_PORT: &str = "http://127.0.0.1";

/// The secret of a client that names none. It protects nothing.
pub const DOCUMENTED_SECRET: &str = "sandbox-secret";

/// The redirect URIs of a client that names none.
const REDIRECT_URIS: [&str; 3] =
    [ANY_LOOPBACK_PORT, "http://localhost:3000/callback", "http://localhost:5173/callback"];

#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub client_type: ClientType,
    pub policy: Policy,
    /// Only a confidential client has one.
    pub secret: Option<Secret>,
    /// For login and logout.
    pub redirect_uris: Vec<String>,
    /// Instead of the sandbox's.
    pub access_token_lifetime: Option<Seconds>,
}

impl Client {
    /// A client with its type's policy.
    pub fn new(id: &str, client_type: ClientType) -> Self {
        let secret = client_type.is_confidential().then(|| Secret::new(DOCUMENTED_SECRET));
        let policy = client_type.policy().documented();
        let redirect_uris = REDIRECT_URIS.map(ToOwned::to_owned).into();
        Self { id: id.to_owned(), client_type, policy, secret, redirect_uris, access_token_lifetime: None }
    }

    /// The client without its secret.
    pub fn to_json(&self) -> Value {
        json!({"client_id": self.id, "client_type": self.client_type, "policy": self.policy.name,
            "redirect_uris": self.redirect_uris})
    }

    pub fn refuse_redirect_uri(&self, uri: &str) -> OAuthError {
        let registered = self.redirect_uris.iter().map(|known| (known.clone(), known == ANY_LOOPBACK_PORT));
        let (client_id, registered) = (self.id.clone(), Registered(registered.collect()));
        OAuthError::invalid_request(Reason::UnregisteredRedirectUri { received: described(uri), client_id, registered })
    }

    /// Whether `uri` is registered, byte for byte. With [`ANY_LOOPBACK_PORT`] and PKCE, any port and path on 127.0.0.1
    /// is too (RFC 8252 7.3), but not on `localhost` or `[::1]`.
    pub fn may_redirect_to(&self, uri: &str, uses_pkce: bool) -> bool {
        let is_loopback = uses_pkce && is_loopback_with_port(uri);
        self.redirect_uris.iter().any(|known| known == uri || (is_loopback && known == ANY_LOOPBACK_PORT))
    }
}

/// The client of that id, or `error`.
pub fn find<'a>(clients: &'a [Client], id: &str, error: &'static str) -> Result<&'a Client> {
    clients.iter().find(|client| client.id == id).ok_or_else(|| {
        let registered = Registered(clients.iter().map(|client| (client.id.clone(), false)).collect());
        OAuthError::new(error, Reason::UnknownClient { received: described(id), registered })
    })
}

/// Text of a request, shortened and with the characters of a description only (RFC 6749 5.2).
fn described(text: &str) -> String {
    let allowed = |c: char| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') { c } else { '?' };
    text.chars().take(200).map(allowed).collect()
}

/// Whether `uri` is `http://127.0.0.1:PORT`, with or without path and query, without a fragment.
fn is_loopback_with_port(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://127.0.0.1:") else { return false };
    let port = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_port && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// One client of each type, one for the policy that follows from no type, and one without a loopback redirect URI.
pub fn default_clients() -> Vec<Client> {
    let web = Client::new("sandbox-web", ClientType::PublicWithRefresh);
    let paste = Client::new("sandbox-paste", ClientType::MobileApp);
    vec![
        Client::new("sandbox-public", ClientType::Public),
        Client::new("sandbox-public-with-refresh", ClientType::PublicWithRefresh),
        Client::new("sandbox-confidential", ClientType::Confidential),
        Client::new("sandbox-mobile", ClientType::MobileApp),
        Client { policy: PolicyName::Web.documented(), ..web },
        Client { redirect_uris: vec!["https://app.example/callback".to_owned()], ..paste },
    ]
}

/// The client of a request, authenticated by HTTP Basic or in the body (RFC 6749 2.3.1). A public client only sends
/// `client_id`. The errors are `invalid_client`, and `invalid_request` if it authenticates twice.
pub fn authenticate<'a>(clients: &'a [Client], authorization: Option<&str>, form: &Params) -> Result<&'a Client> {
    let invalid_client = |reason| {
        let description = "unknown client, or the wrong way to authenticate it".to_owned();
        OAuthError { description, ..OAuthError::new("invalid_client", reason) }
    };
    let unnamed = || invalid_client(Reason::NoClientId);
    let in_body = form.get("client_secret").map(Secret::new);
    let (id, secret) = match authorization {
        None => (form.get("client_id").ok_or_else(unnamed)?.to_owned(), in_body),
        Some(_) if in_body.is_some() => return Err(OAuthError::invalid_request(Reason::AuthenticatedTwice)),
        Some(header) => {
            let (id, secret) = basic_credentials(header).ok_or_else(unnamed)?;
            if form.get("client_id").is_some_and(|named| named != id) {
                return Err(OAuthError::invalid_request(Reason::OtherClientId));
            }
            (id, Some(secret))
        }
    };
    let client = find(clients, &id, "invalid_client")?;
    let reason = match (&client.secret, &secret) {
        (known, sent) if known == sent => return Ok(client),
        (Some(_), None) => Reason::NoSecret,
        (None, _) => Reason::SecretOfPublicClient,
        (Some(_), Some(_)) => Reason::WrongSecret,
    };
    Err(invalid_client(reason))
}

/// The client id and secret of `Basic …`, form-decoded (RFC 6749 2.3.1, appendix B).
pub fn basic_credentials(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    let decode = |text: &str| {
        url::form_urlencoded::parse(format!("v={text}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    scheme.eq_ignore_ascii_case("Basic").then(|| Some((decode(id)?, Secret::new(decode(secret)?)))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_port_needs_127_0_0_1_and_pkce() {
        let redirect_uris = [ANY_LOOPBACK_PORT, "https://a/cb"].map(ToOwned::to_owned).into();
        let client = Client { redirect_uris, ..Client::new("c", ClientType::MobileApp) };
        for uri in ["http://127.0.0.1:1/", "http://127.0.0.1:65535", "http://127.0.0.1:80/x?y", "https://a/cb"] {
            assert!(client.may_redirect_to(uri, true), "{uri}");
        }
        for uri in [
            "http://localhost:1/",
            "http://[::1]:1/",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:80@evil.example/",
            "http://127.0.0.1:80/#f",
            "http://127.0.0.1:80/\n",
            "https://a/cb/",
            "https://A/cb",
        ] {
            assert!(!client.may_redirect_to(uri, true), "{uri}");
        }
        assert!(!client.may_redirect_to("http://127.0.0.1:1/", false));
        assert!(client.may_redirect_to("https://a/cb", false));
    }

    #[test]
    fn every_policy_and_client_type_has_a_client() {
        let clients = default_clients();
        for name in PolicyName::ALL {
            assert!(clients.iter().any(|client| client.policy == name.documented()), "{name:?}");
        }
        for client_type in ClientType::ALL {
            assert!(clients.iter().any(|client| client.client_type == client_type), "{client_type:?}");
        }
        let ids: Vec<&str> = clients.iter().map(|client| client.id.as_str()).collect();
        assert!(ids.contains(&"sandbox-web") && ids.last() == Some(&"sandbox-paste"), "{ids:?}");
    }

    #[test]
    fn clients_authenticate_by_basic_or_in_the_body() {
        let mut clients = default_clients();
        clients[2].secret = Some(Secret::new("p:w%d +æ"));
        let header = format!("Basic {}", STANDARD.encode("sandbox-confidential:p%3Aw%25d+%2B%C3%A6"));
        let by = |header: Option<&str>, form: &[(&str, &str)]| {
            authenticate(&clients, header, &Params::from_pairs(form)).map(|c| c.id.clone()).map_err(|r| r.error)
        };
        let named = ("client_id", "sandbox-confidential");
        let secret = ("client_secret", "p:w%d +æ");
        assert!(by(Some(&header), &[]).is_ok());
        assert!(by(Some(&header), &[named]).is_ok());
        assert!(by(None, &[named, secret]).is_ok());
        assert_eq!(by(Some(&header), &[named, secret]), Err("invalid_request"));
        assert_eq!(by(Some(&header), &[("client_id", "sandbox-mobile")]), Err("invalid_request"));
        assert_eq!(by(None, &[named, ("client_secret", "wrong")]), Err("invalid_client"));
        assert_eq!(by(None, &[named]), Err("invalid_client"));
        assert_eq!(by(None, &[("client_id", "sandbox-mobile"), secret]), Err("invalid_client"));
        assert!(by(None, &[("client_id", "sandbox-mobile")]).is_ok());
    }
}
