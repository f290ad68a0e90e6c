//! The provider: its discovery document, fetched afresh, what it offers, its clock, its certificate, and the proxy.

use super::checklist::Checklist;
use super::patient::Patient;
use crate::config::Profile;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Result, show_profile};
use crate::explain::doctor_report::Check;
use crate::flows::provider_metadata::{DOING, accept_provider};
use crate::flows::traced_request::send;
use crate::oidc::discovery::{Issuer, Provider, discovery_request, is_loopback_literal};
use crate::ports::{HttpFailure, HttpFailureKind, Request, Response};

const DISCOVERY: &str = "discovery";
const OFFERS: &str = "provider";
const CLOCK: &str = "clock";
const TLS: &str = "TLS";
const PROXY: &str = "proxy";

/// A difference that deserves a look. Dates have whole seconds, and a response takes its time.
const NOTABLE_SKEW: Seconds = Seconds(5);

pub(super) fn check(patient: &Patient<'_>, checklist: &mut Checklist<'_>) -> Result<()> {
    let Some(profile) = &patient.profile else {
        let why = "no profile, so no provider: what it offers, its clock, TLS and the proxy are not checked either";
        return checklist.pass(Check::skipped(DISCOVERY, why));
    };
    let issuer = match Issuer::parse(&profile.issuer) {
        Ok(issuer) => issuer,
        Err(why) => {
            return checklist.fail(DISCOVERY, &Error::config(why), &show_profile(patient.name_in_hints()), Vec::new());
        }
    };
    let request = discovery_request(&issuer, profile.ca_file.as_deref());
    let clock = &patient.ports.clock;
    let started = clock.uptime();
    let response = send(patient.ports, patient.reporter, &request);
    let (received_at, took) = (clock.now(), clock.uptime().saturating_sub(started));
    let visit = Visit { patient, profile, request: &request, response };
    let provider = visit.check_discovery(&issuer, took.as_millis(), checklist)?;
    visit.check_offers(provider.as_ref(), checklist)?;
    checklist.pass(visit.clock(received_at))?;
    visit.check_tls(checklist)?;
    visit.check_proxy(checklist)
}

/// The request for the discovery document, and what came of it.
struct Visit<'a> {
    patient: &'a Patient<'a>,
    profile: &'a Profile,
    request: &'a Request,
    response: std::result::Result<Response, HttpFailure>,
}

impl Visit<'_> {
    fn check_discovery(&self, issuer: &Issuer, took: u128, checklist: &mut Checklist<'_>) -> Result<Option<Provider>> {
        let url = &self.request.url;
        let accepted = match &self.response {
            Ok(response) => accept_provider(self.profile, issuer, response),
            Err(failure) if is_about_the_certificate(failure) => {
                checklist.pass(Check::skipped(DISCOVERY, "not read: TLS failed, see below"))?;
                return Ok(None);
            }
            Err(failure) => Err(Error::unanswered(DOING, failure)),
        };
        match accepted {
            Ok(provider) => {
                checklist.pass(Check::ok(DISCOVERY, format!("{url} was read in {took} ms")))?;
                Ok(Some(provider))
            }
            Err(error) => {
                let remedy = match &self.response {
                    Ok(response) if response.status >= 500 => "the provider has a problem: try again later".to_owned(),
                    Ok(_) => format!("is the issuer right? {}", show_profile(self.patient.name_in_hints())),
                    Err(_) if is_loopback_literal(url) => {
                        format!(
                            "start the provider there; if it is the sandbox: tidp sandbox --port {}",
                            url.port_or_known_default().unwrap_or_default()
                        )
                    }
                    Err(_) => format!("check the network, VPN and firewall: curl -v {url}"),
                };
                checklist.fail(DISCOVERY, &self.patient.hinted(error), &remedy, Vec::new())?;
                Ok(None)
            }
        }
    }

    fn check_offers(&self, provider: Option<&Provider>, checklist: &mut Checklist<'_>) -> Result<()> {
        let Some(provider) = provider else {
            return checklist.pass(Check::skipped(OFFERS, "not known without its discovery document"));
        };
        if let Err(why) = &provider.authorization_endpoint {
            let remedy = format!(
                "ask the provider to mend it, or is the issuer right? {}",
                show_profile(self.patient.name_in_hints())
            );
            return checklist.fail(
                OFFERS,
                &Error::invalid(format!("a login is not possible: {why}")),
                &remedy,
                Vec::new(),
            );
        }
        let features = [
            ("device login", provider.device_authorization_endpoint.is_some()),
            ("CIBA", provider.backchannel_authentication_endpoint.is_some()),
            ("introspection", provider.introspection_endpoint.is_some()),
            ("revocation", provider.revocation_endpoint.is_some()),
            ("end of the SSO session", provider.end_session_endpoint.is_some()),
            ("logout without a browser", provider.custom_logout_endpoint.is_some()),
            ("userinfo", provider.userinfo_endpoint.is_some()),
            ("account page", self.profile.is_telenorid_plus()),
        ];
        let list = |offered: bool| {
            let names = features.iter().filter(|(_, is_offered)| *is_offered == offered).map(|(name, _)| *name);
            names.collect::<Vec<_>>().join(", ")
        };
        let seen = match (list(true), list(false)) {
            (offered, missing) if missing.is_empty() => format!("offers {offered}"),
            (offered, missing) if offered.is_empty() => format!("offers a login; not {missing}"),
            (offered, missing) => format!("offers {offered}; not {missing}"),
        };
        checklist.pass(Check::ok(OFFERS, seen))
    }

    /// The difference between this machine's clock and the response's `Date`.
    fn clock(&self, received_at: Time) -> Check {
        let date = self.response.as_ref().ok().and_then(|response| response.header("date"));
        let Some(date) = date.and_then(Time::from_http_date) else {
            return Check::skipped(
                CLOCK,
                match self.response {
                    Ok(_) => "not compared: the response has no date",
                    Err(_) => "not compared: there was no response",
                },
            );
        };
        let ahead = received_at.since(date);
        let apart = Seconds(ahead.0.abs());
        if apart <= NOTABLE_SKEW {
            return Check::ok(CLOCK, "agrees with the provider's");
        }
        let direction = if ahead.0 > 0 { "ahead of" } else { "behind" };
        let seen =
            format!("{} {direction} the provider's; tidp allows for that, other programs may not", apart.to_text());
        Check::warning(CLOCK, seen).remedy(match &self.request.url {
            url if is_loopback_literal(url) => {
                let origin = url.origin().ascii_serialization();
                format!(
                    "if the sandbox's clock was moved, set it back: curl -d '{{\"offset\": 0}}' {origin}/sandbox/clock"
                )
            }
            _ => SET_THE_CLOCK.to_owned(),
        })
    }

    fn check_tls(&self, checklist: &mut Checklist<'_>) -> Result<()> {
        let url = &self.request.url;
        if url.scheme() != "https" {
            return checklist.pass(Check::skipped(TLS, "not used: the issuer is http, on this machine"));
        }
        match &self.response {
            Ok(_) => checklist
                .pass(Check::ok(TLS, format!("the certificate is accepted; trusted are {}", self.authorities()))),
            Err(failure) if is_about_the_certificate(failure) => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port_or_known_default().unwrap_or(443);
                let remedy = format!("look at it: openssl s_client -connect {host}:{port} -servername {host}");
                let remarks = vec![format!("Trusted are {}.", self.authorities())];
                checklist.fail(TLS, &self.patient.hinted(Error::unanswered(DOING, failure)), &remedy, remarks)
            }
            Err(_) => checklist.pass(Check::skipped(TLS, "not checked: the provider was not reached")),
        }
    }

    /// Whose certificates are accepted.
    fn authorities(&self) -> String {
        let env = &self.patient.ports.env;
        let replaced =
            ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().filter_map(|name| Some(format!("{name} {}", env.get(name)?)));
        let replaced = replaced.collect::<Vec<_>>().join(" and ");
        let base =
            if replaced.is_empty() { "the system's authorities".to_owned() } else { format!("those of {replaced}") };
        let own = self.profile.ca_file.as_ref().map(|path| format!(", and those of ca_file {}", path.display()));
        printable(&(base + &own.unwrap_or_default()))
    }

    fn check_proxy(&self, checklist: &mut Checklist<'_>) -> Result<()> {
        let host = self.request.url.host_str().unwrap_or_default();
        match self.patient.ports.http.proxy(&self.request.url) {
            Ok(None) => checklist.pass(Check::ok(PROXY, format!("none for {host}"))),
            Ok(Some(proxy)) => checklist.pass(
                Check::warning(PROXY, format!("{host} is reached through {proxy}"))
                    .remedy(format!("if it should be reached directly: export NO_PROXY={host}")),
            ),
            Err(failure) => {
                let error = Error::unanswered("the proxy cannot be used", &failure);
                checklist.fail(PROXY, &error, "correct the variable, or unset it", Vec::new())
            }
        }
    }
}

const SET_THE_CLOCK: &str = if cfg!(windows) {
    "w32tm /resync"
} else if cfg!(target_os = "macos") {
    "sudo sntp -sS time.apple.com"
} else {
    "sudo timedatectl set-ntp true"
};

fn is_about_the_certificate(failure: &HttpFailure) -> bool {
    matches!(failure.kind, HttpFailureKind::Certificate | HttpFailureKind::UnknownAuthority)
}
