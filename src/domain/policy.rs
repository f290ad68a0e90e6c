//! The refresh policies of TelenorID+, and the client types that they follow from.

use crate::domain::time::Seconds;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// An enum whose variants are spelled as in the guide and in the configuration, in the order of the guide.
macro_rules! guide_names {
    ($(#[$about:meta])* $enum:ident { $($(#[$about_variant:meta])* $variant:ident,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
        #[value(rename_all = "verbatim")]
        pub enum $enum { $($(#[$about_variant])* $variant,)+ }

        impl $enum {
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// The one of that name, in upper or lower case.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|name| name.as_str().eq_ignore_ascii_case(text))
            }
        }
    };
}

guide_names! {
    /// A refresh policy of TelenorID+'s guide ("Token Refresh"). [`PolicyName::documented`] has its numbers.
    PolicyName {
        NoRefresh,
        Confidential,
        Mobile,
        PublicWeb,
        Web,
    }
}

guide_names! {
    /// A client type of TelenorID+'s guide ("Client types").
    ClientType {
        /// A single-page application without refresh tokens.
        Public,
        /// A single-page application with ten-minute refresh tokens.
        PublicWithRefresh,
        /// A web application with a backend and a client secret.
        Confidential,
        /// A native application.
        MobileApp,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    pub name: PolicyName,
    /// From the login (fixed) or the last renewal (sliding); `None` if no refresh token is issued.
    pub lifetime: Option<Seconds>,
    /// Whether a refresh renews it, while the SSO session is active.
    pub sliding: bool,
    /// A lifetime from the login that no refresh extends. TelenorID+ documents none; a profile may set one.
    pub absolute_lifetime: Option<Seconds>,
    /// Whether a response with a new refresh token means that the SSO session is active, and one without that it has ended.
    /// TelenorID+ documents this; for other providers a new refresh token is optional (RFC 6749 6).
    pub reports_sso: bool,
}

/// Which refresh token a refresh returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum RefreshTokenUsage {
    /// A new refresh token each time; the old one is revoked
    #[serde(rename = "rotate")]
    #[value(name = "rotate")]
    OneTimeOnly,
    /// The same refresh token each time
    #[serde(rename = "reuse")]
    #[value(name = "reuse")]
    ReUse,
}

/// The lifetime of an access token in TelenorID+'s guide. What counts is the `expires_in` of a response.
pub const DOCUMENTED_ACCESS_TOKEN_LIFETIME: Seconds = Seconds(3_600);

impl PolicyName {
    /// The policy in the guide ("Token Refresh", January 2026). The sandbox enforces it.
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
    /// Whether the refresh token expires before the access token, so that a refresh only when that has expired is too late.
    pub fn expires_before_access_token(&self, access_token_lifetime: Seconds) -> bool {
        self.lifetime.is_some_and(|lifetime| lifetime < access_token_lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_the_documented_ones() {
        let policies = PolicyName::ALL.map(PolicyName::documented);
        let rows = policies.map(|p| (p.name.as_str(), p.lifetime.map(|s| s.0), p.sliding, p.absolute_lifetime));
        assert_eq!(
            rows[..],
            [
                ("NoRefresh", None, false, None),
                ("Confidential", Some(14 * 86_400), false, None),
                ("Mobile", Some(90 * 86_400), true, None),
                ("PublicWeb", Some(600), true, None),
                ("Web", Some(600), true, None),
            ]
        );
        for (policy, name) in policies.into_iter().zip(PolicyName::ALL) {
            assert_eq!(policy.name, name);
            assert!(policy.reports_sso);
            assert_eq!(PolicyName::parse(&name.as_str().to_uppercase()), Some(name));
        }
        assert_eq!(PolicyName::parse("Sliding"), None);
    }

    #[test]
    fn client_type_determines_the_policy() {
        let rows = ClientType::ALL.map(|t| (t.as_str(), t.policy().as_str(), t.is_confidential()));
        assert_eq!(
            rows[..],
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
        let policies = PolicyName::ALL.map(PolicyName::documented);
        let expires_first = policies.map(|policy| policy.expires_before_access_token(DOCUMENTED_ACCESS_TOKEN_LIFETIME));
        assert_eq!(expires_first, [false, false, false, true, true]);
        for policy in policies {
            assert!(!policy.lifetime.is_some_and(|lifetime| policy.expires_before_access_token(lifetime)));
        }
    }
}
