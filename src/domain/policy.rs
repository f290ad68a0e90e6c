//! The five refresh policies of TelenorID+: what a client's type decides about its refresh tokens.

use crate::domain::time::Seconds;
use serde::Serialize;

/// A refresh policy by the name TelenorID+'s guide gives it ("Token Refresh").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum PolicyName {
    /// No refresh token at all.
    NoRefresh,
    /// A refresh token for 14 fixed days, counted from the login.
    Confidential,
    /// 90 days, renewed by each refresh.
    Mobile,
    /// 10 minutes, renewed by each refresh.
    PublicWeb,
    /// The same as `PublicWeb`.
    Web,
}

/// TelenorID+'s client types ("Client types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ClientType {
    /// A single-page application without refresh tokens.
    Public,
    /// A single-page application with ten-minute refresh tokens.
    PublicWithRefresh,
    /// A web application with a backend and a client secret.
    Confidential,
    /// A native application.
    MobileApp,
}

/// A refresh policy in numbers: what it promises about a refresh token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Its name.
    pub name: PolicyName,
    /// How long a refresh token lives from its issue (fixed) or last renewal (sliding); `None`: none is ever issued.
    pub lifetime: Option<Seconds>,
    /// Whether a refresh renews that life (while the user's SSO session is active).
    pub sliding: bool,
    /// An end that no renewal moves, counted from the login. TelenorID+ documents none; a profile may set one.
    pub absolute_lifetime: Option<Seconds>,
    /// Whether answers tell of the user's SSO session: one with a new refresh token that it lives, one without any that it
    /// has ended. So TelenorID+ documents it; elsewhere a new one is optional, and says nothing (RFC 6749 6).
    pub reports_sso: bool,
}

/// The documented policies, in the order of the guide. The sandbox enforces them, the client explains them.
pub const POLICIES: [Policy; 5] = [
    PolicyName::NoRefresh.documented(),
    PolicyName::Confidential.documented(),
    PolicyName::Mobile.documented(),
    PolicyName::PublicWeb.documented(),
    PolicyName::Web.documented(),
];

/// What TelenorID+'s guide says an access token lives (seconds); answers say it themselves, and that counts.
pub const DOCUMENTED_ACCESS_TOKEN_LIFETIME: Seconds = Seconds(3_600);

impl PolicyName {
    /// The name as the guide and the configuration spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRefresh => "NoRefresh",
            Self::Confidential => "Confidential",
            Self::Mobile => "Mobile",
            Self::PublicWeb => "PublicWeb",
            Self::Web => "Web",
        }
    }

    /// The policy of that name, letter case aside.
    pub fn parse(text: &str) -> Option<Self> {
        POLICIES.iter().map(|p| p.name).find(|name| name.as_str().eq_ignore_ascii_case(text))
    }

    /// The policy as the guide documents it ("Token Refresh", January 2026).
    pub const fn documented(self) -> Policy {
        let (lifetime, sliding) = match self {
            Self::NoRefresh => (None, false),
            Self::Confidential => (Some(Seconds::days(14)), false),
            Self::Mobile => (Some(Seconds::days(90)), true),
            Self::PublicWeb | Self::Web => (Some(Seconds::minutes(10)), true),
        };
        Policy { name: self, lifetime, sliding, absolute_lifetime: None, reports_sso: true }
    }
}

impl ClientType {
    /// All of them, in the order of the guide.
    pub const ALL: [Self; 4] = [Self::Public, Self::PublicWithRefresh, Self::Confidential, Self::MobileApp];

    /// The name as the guide and the configuration spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::PublicWithRefresh => "PublicWithRefresh",
            Self::Confidential => "Confidential",
            Self::MobileApp => "MobileApp",
        }
    }

    /// The client type of that name, letter case aside.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str().eq_ignore_ascii_case(text))
    }

    /// The policy that follows from the client type.
    pub const fn policy(self) -> PolicyName {
        match self {
            Self::Public => PolicyName::NoRefresh,
            Self::PublicWithRefresh => PolicyName::PublicWeb,
            Self::Confidential => PolicyName::Confidential,
            Self::MobileApp => PolicyName::Mobile,
        }
    }

    /// Whether the client has a secret (RFC 6749 2.1).
    pub const fn is_confidential(self) -> bool {
        matches!(self, Self::Confidential)
    }
}

impl Policy {
    /// Whether the refresh token ends before an access token of `access_token_lifetime` does, so that
    /// refreshing only when the access token has expired loses the session.
    pub fn expires_before_access_token(&self, access_token_lifetime: Seconds) -> bool {
        self.lifetime.is_some_and(|lifetime| lifetime < access_token_lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_the_provider_documents() {
        let rows = POLICIES.map(|p| (p.name.as_str(), p.lifetime.map(|s| s.0), p.sliding, p.absolute_lifetime));
        assert_eq!(
            rows,
            [
                ("NoRefresh", None, false, None),
                ("Confidential", Some(14 * 86_400), false, None),
                ("Mobile", Some(90 * 86_400), true, None),
                ("PublicWeb", Some(600), true, None),
                ("Web", Some(600), true, None),
            ]
        );
        for policy in POLICIES {
            assert_eq!(policy.name.documented(), policy);
            assert!(policy.reports_sso);
            assert_eq!(PolicyName::parse(&policy.name.as_str().to_uppercase()), Some(policy.name));
        }
        assert_eq!(PolicyName::parse("Sliding"), None);
    }

    #[test]
    fn the_client_type_gives_the_policy() {
        let rows = ClientType::ALL.map(|t| (t.as_str(), t.policy().as_str(), t.is_confidential()));
        assert_eq!(
            rows,
            [
                ("Public", "NoRefresh", false),
                ("PublicWithRefresh", "PublicWeb", false),
                ("Confidential", "Confidential", true),
                ("MobileApp", "Mobile", false),
            ]
        );
    }

    #[test]
    fn only_ten_minute_policies_expire_before_access_token() {
        let dying = POLICIES.map(|p| p.expires_before_access_token(DOCUMENTED_ACCESS_TOKEN_LIFETIME));
        assert_eq!(dying, [false, false, false, true, true]);
        assert!(POLICIES.iter().all(|p| !p.lifetime.is_some_and(|lifetime| p.expires_before_access_token(lifetime))));
    }
}
