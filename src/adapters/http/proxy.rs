//! The proxy for a host according to the environment.

use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::ports::Env;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

pub(super) struct Proxy {
    pub(super) variable: &'static str,
    /// Its address, printable and without credentials.
    pub(super) display: String,
    /// May contain a password.
    pub(super) url: Secret,
}

impl Proxy {
    /// The proxy for this HTTPS host. An unusable setting is an error: its user does not want a direct connection.
    pub(super) fn for_host(env: &Env, host: &str) -> Result<Option<Self>, String> {
        const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let set = VARIABLES.into_iter().find_map(|variable| Some((variable, env.get(variable)?)));
        let Some((variable, value)) = set else { return Ok(None) };
        if is_exempt(env, host) {
            return Ok(None);
        }
        // The value may contain a password, so it is not shown.
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
        let mut display = url.clone();
        let _ = (display.set_username(""), display.set_password(None));
        let display = printable(&display.origin().ascii_serialization());
        Ok(Some(Self { variable, display, url: Secret::new(url) }))
    }
}

/// Whether NO_PROXY lists the host, as reqwest and curl read it.
fn is_exempt(env: &Env, host: &str) -> bool {
    let exempt = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| env.get(name)).unwrap_or_default();
    let uri = format!("https://{host}/").parse::<Uri>();
    uri.is_ok_and(|uri| Matcher::builder().all("http://proxy").no(exempt).build().intercept(&uri).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<const N: usize>(set: [(&str, &str); N]) -> Env {
        set.map(|(name, value)| (name.to_owned(), Secret::new(value))).into_iter().collect()
    }

    fn named<const N: usize>(set: [(&str, &str); N]) -> Option<(&'static str, String)> {
        Proxy::for_host(&env(set), "id.test").unwrap().map(|proxy| (proxy.variable, proxy.display))
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
            let unusable = Proxy::for_host(&env([("HTTPS_PROXY", "::"), ("NO_PROXY", exempt)]), "id.test");
            assert_eq!(unusable.is_ok(), direct, "{exempt}");
        }
    }

    #[test]
    fn unusable_proxy_is_refused_without_its_password() {
        for value in [
            "::",
            "\"http://user:canary@p:1\"",
            "http://user:canary@",
            "http://user:canary@p:99999",
            "pac+http://user:canary@p/p.pac",
            "socks5h://user:canary@p:1080",
            "file:///canary",
        ] {
            let what = Proxy::for_host(&env([("https_proxy", value)]), "id.test").err().unwrap();
            assert!(what.starts_with("https_proxy names ") && !what.contains("canary"), "{value}: {what}");
        }
        let proxy = Proxy::for_host(&env([("https_proxy", "http://user:canary@p:1/")]), "id.test").unwrap().unwrap();
        assert_eq!(proxy.display, "http://p:1");
        assert!(proxy.url.expose().contains("user:canary@"));
    }
}
