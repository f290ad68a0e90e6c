//! The `acr_values` that TelenorID+ documents ("Authentication providers", "Assurance levels"): the names that options
//! have for them, and what they mean.

/// A documented value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcrValue {
    /// The name for the option.
    pub name: &'static str,
    /// As in the claim `idp` or `acr`.
    pub claim: &'static str,
    pub meaning: &'static str,
}

/// The names for `--provider`. The guide lists one value with Vipps in it, for BankID, so both names stand for it.
pub const LOGIN_PROVIDERS: [AcrValue; 6] = [
    AcrValue { name: "bankid", claim: "no.bankid.login.vipps", meaning: "BankID" },
    AcrValue { name: "vipps", claim: "no.bankid.login.vipps", meaning: "BankID" },
    AcrValue { name: "azure", claim: "no.azure.login", meaning: "Azure" },
    AcrValue { name: "client-certificate", claim: "no.telenor.cassowary", meaning: "a client certificate" },
    AcrValue { name: "service-phone", claim: "no.telenor.kookaburra", meaning: "a service phone" },
    AcrValue { name: "t-we-box", claim: "no.telenor.kiwi", meaning: "a T-We box" },
];

/// How strongly a user has proved who they are: the names for `--aal`.
pub const ASSURANCE_LEVELS: [AcrValue; 3] = [
    AcrValue { name: "1", claim: "urn:telenor.identity.aal.1", meaning: "assurance level 1: one factor" },
    AcrValue { name: "2", claim: "urn:telenor.identity.aal.2", meaning: "assurance level 2: two factors" },
    AcrValue {
        name: "3",
        claim: "urn:telenor.identity.aal.3",
        meaning: "assurance level 3: bound to hardware, such as BankID",
    },
];

/// The `acr_values` for the names of a login provider and an assurance level, before another value; `None` for none of
/// them. Values with unknown names are left out: the command line accepts only known ones.
pub fn acr_values(provider: Option<&str>, level: Option<&str>, other: Option<&str>) -> Option<String> {
    let provider = LOGIN_PROVIDERS.iter().find(|known| Some(known.name) == provider);
    let level = ASSURANCE_LEVELS.iter().find(|known| Some(known.name) == level);
    let values = [provider.map(|known| format!("idp:{}", known.claim)), level.map(|known| known.claim.to_owned())];
    let values: Vec<String> = values.into_iter().flatten().chain(other.map(str::to_owned)).collect();
    (!values.is_empty()).then(|| values.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_documented_values() {
        for (provider, level, other, values) in [
            (Some("bankid"), None, None, "idp:no.bankid.login.vipps"),
            (Some("vipps"), None, None, "idp:no.bankid.login.vipps"),
            (Some("azure"), Some("2"), None, "idp:no.azure.login urn:telenor.identity.aal.2"),
            (Some("client-certificate"), None, None, "idp:no.telenor.cassowary"),
            (Some("service-phone"), None, None, "idp:no.telenor.kookaburra"),
            (Some("t-we-box"), None, Some("a b"), "idp:no.telenor.kiwi a b"),
            (None, Some("1"), None, "urn:telenor.identity.aal.1"),
            (None, Some("3"), None, "urn:telenor.identity.aal.3"),
            (None, None, Some("x"), "x"),
        ] {
            assert_eq!(acr_values(provider, level, other).as_deref(), Some(values));
        }
        assert_eq!(acr_values(None, None, None), None);
    }
}
