//! The proxy that the environment names for a host, and its name without its password.

use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::ports::Env;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// What names a proxy, in this order: the first that is set counts.
const NAMING: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// What names the hosts that have none.
const EXEMPTING: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// All that is read here.
pub(super) const VARIABLES: [&str; 6] = [NAMING[0], NAMING[1], NAMING[2], NAMING[3], EXEMPTING[0], EXEMPTING[1]];

/// A proxy.
pub(super) struct Proxy {
    /// Where it comes from.
    pub(super) variable: &'static str,
    /// Its address, printable and without user name and password.
    pub(super) shown: String,
    /// Its URL, which may hold a password.
    pub(super) url: Secret,
}

impl Proxy {
    /// The proxy for that HTTPS host, if it has one. A setting that cannot be used is an error and never passed over:
    /// whoever set it does not want the host to be asked directly.
    pub(super) fn of(env: &Env, host: &str) -> Result<Option<Self>, String> {
        let set = NAMING.into_iter().find_map(|variable| Some((variable, env.get(variable)?)));
        let Some((variable, value)) = set else { return Ok(None) };
        if is_exempt(env, host) {
            return Ok(None);
        }
        // It may hold a password, so that what cannot be read is not shown.
        let unusable = |what: &str| format!("{variable} {what}: it takes http://HOST:PORT, or nothing for no proxy");
        let whole = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        let url = Url::parse(&whole).ok().filter(Url::has_host).ok_or_else(|| unusable("names no proxy"))?;
        match url.scheme() {
            "http" | "https" => {}
            "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return Err(unusable("names a SOCKS proxy, which cannot be used"));
            }
            _ => return Err(unusable("names no proxy that can be used")),
        }
        let mut shown = url.clone();
        let _ = (shown.set_username(""), shown.set_password(None));
        let shown = printable(shown.origin().ascii_serialization().as_str());
        Ok(Some(Self { variable, shown, url: Secret::new(url) }))
    }
}

/// Whether NO_PROXY says that this host is asked directly, read as reqwest and curl read it.
fn is_exempt(env: &Env, host: &str) -> bool {
    let exempt = EXEMPTING.into_iter().find_map(|name| env.get(name)).unwrap_or_default();
    let uri = format!("https://{host}/").parse::<Uri>();
    uri.is_ok_and(|uri| Matcher::builder().all("http://proxy").no(exempt).build().intercept(&uri).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<const N: usize>(set: [(&str, &str); N]) -> Env {
        Env(set.map(|(name, value)| (name.to_owned(), Secret::new(value))).into())
    }

    fn named<const N: usize>(set: [(&str, &str); N]) -> Option<(&'static str, String)> {
        Proxy::of(&env(set), "id.test").unwrap().map(|proxy| (proxy.variable, proxy.shown))
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy() {
        let (http, https) = ("http://p:3128", "https://s");
        assert_eq!(named([]), None);
        assert_eq!(named([("HTTPS_PROXY", ""), ("http_proxy", http)]), None, "that one is for http alone");
        assert_eq!(named([("https_proxy", https), ("ALL_PROXY", http)]), Some(("https_proxy", https.into())));
        assert_eq!(named([("all_proxy", "p:3128"), ("HTTPS_PROXY", "")]), Some(("all_proxy", http.into())));
        assert_eq!(named([("HTTPS_PROXY", " http://p:3128/ ")]), Some(("HTTPS_PROXY", http.into())));
    }

    #[test]
    fn a_host_in_no_proxy_is_asked_directly_whatever_the_proxy_is() {
        for (exempt, direct) in [
            ("id.test", true),
            (".test", true),
            ("10.0.0.0/8, TEST", true),
            ("*", true),
            ("d.test", false),
            ("", false),
        ] {
            let found = named([("HTTPS_PROXY", "http://p"), ("no_proxy", exempt)]);
            assert_eq!(found.is_none(), direct, "{exempt}");
            let unusable = Proxy::of(&env([("HTTPS_PROXY", "::"), ("NO_PROXY", exempt)]), "id.test");
            assert_eq!(unusable.is_ok(), direct, "{exempt}");
        }
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_refused_and_not_passed_over_and_no_password_is_told() {
        for value in [
            "::",
            "\"http://user:canary@p:1\"",
            "http://user:canary@",
            "http://user:canary@p:99999",
            "pac+http://user:canary@p/p.pac",
            "socks5h://user:canary@p:1080",
            "file:///canary",
        ] {
            let what = Proxy::of(&env([("https_proxy", value)]), "id.test").err().unwrap();
            assert!(what.starts_with("https_proxy names ") && !what.contains("canary"), "{value}: {what}");
        }
        let proxy = Proxy::of(&env([("https_proxy", "http://user:canary@p:1/")]), "id.test").unwrap().unwrap();
        assert_eq!(proxy.shown, "http://p:1");
        assert!(proxy.url.expose().contains("user:canary@"));
    }
}
