//! The provider: its discovery document, fetched afresh, what it offers, its clock, its certificate, and the proxy.

use super::{Checklist, INVALID_SETTING, Subject};
use crate::config::Profile;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Result, show_profile_command};
use crate::explain::doctor_report::{Check, there_and_missing};
use crate::flows::provider_metadata::FAILED_STEP;
use crate::flows::traced_request::send;
use crate::oidc::discovery::{Issuer, Provider, accept_discovery, discovery_request, is_loopback_literal};
use crate::ports::{HttpFailure, HttpFailureKind, Request, Response};

const DISCOVERY: &str = "discovery";
const OFFERS: &str = "provider";
const CLOCK: &str = "clock";
const TLS: &str = "TLS";
const PROXY: &str = "proxy";

/// A difference of the clocks that deserves a look. Dates have whole seconds, and a response takes its time.
const NOTABLE_SKEW: Seconds = Seconds(5);

impl Subject<'_> {
    pub(super) fn check_network(&self, checklist: &mut Checklist<'_>) -> Result<()> {
        let Some(profile) = &self.profile else {
            let why = "no profile, so no provider: what it offers, its clock, TLS and the proxy are not checked either";
            return checklist.add(Check::skipped(DISCOVERY, why));
        };
        // Cannot fail: the profile was checked.
        let issuer = Issuer::parse(&profile.issuer).map_err(Error::config)?;
        let request = Request { ca_file: profile.ca_file.clone(), ..discovery_request(&issuer) };
        let clock = &self.ports.clock;
        let started = clock.uptime();
        let response = send(self.ports, self.reporter, &request);
        let (received_at, took) = (clock.now(), clock.uptime().saturating_sub(started));
        let accepted = match &response {
            Ok(response) => accept_discovery(response, &issuer, &profile.endpoint_hosts)
                .map_err(|problem| Error::problem(FAILED_STEP, problem)),
            Err(failure) => Err(Error::unanswered(FAILED_STEP, failure)),
        };
        let visit = Visit { subject: self, profile, request: &request, response };
        let offers = visit.offers(accepted.as_ref().ok());
        checklist.add(match accepted {
            Ok(_) => Check::ok(DISCOVERY, format!("{} was read in {} ms", request.url, took.as_millis())),
            Err(error) => visit.not_discovered(error),
        })?;
        checklist.add(offers)?;
        checklist.add(visit.clock(received_at))?;
        checklist.add(visit.tls())?;
        checklist.add(visit.proxy())
    }
}

/// The request for the discovery document, and what came of it.
struct Visit<'a> {
    subject: &'a Subject<'a>,
    profile: &'a Profile,
    request: &'a Request,
    response: std::result::Result<Response, HttpFailure>,
}

impl Visit<'_> {
    fn not_discovered(&self, error: Error) -> Check {
        let url = &self.request.url;
        let remedy = match &self.response {
            Ok(response) if response.status >= 500 => "the provider has a problem: try again later".to_owned(),
            Ok(response) if response.status == 429 => "the provider had too many requests: try again later".to_owned(),
            Ok(_) => format!("is the issuer right? {}", show_profile_command(self.subject.name_in_hints())),
            Err(failure) if is_about_the_certificate(failure) => {
                return Check::skipped(DISCOVERY, "not read: TLS failed, see below");
            }
            Err(failure) if failure.kind == HttpFailureKind::InvalidSetting => INVALID_SETTING.to_owned(),
            Err(failure) if failure.kind == HttpFailureKind::ResponseLost && is_loopback_literal(url) => {
                format!("a program listens there; is it the provider? curl -v {url}")
            }
            Err(_) if is_loopback_literal(url) => {
                let port = url.port_or_known_default().unwrap_or_default();
                match url.scheme() {
                    "https" => {
                        let profile = show_profile_command(self.subject.name_in_hints());
                        format!("start the provider there; the sandbox's issuer is http, not https: {profile}")
                    }
                    _ => format!("start the provider there; if it is the sandbox: tidp sandbox --port {port}"),
                }
            }
            Err(_) => format!("check the network, VPN and firewall: curl -v {url}"),
        };
        self.subject.failed(DISCOVERY, error, &remedy)
    }

    fn offers(&self, provider: Option<&Provider>) -> Check {
        let Some(provider) = provider else {
            return Check::skipped(OFFERS, "not known without its discovery document");
        };
        if let Err(why) = &provider.authorization_endpoint {
            let profile = show_profile_command(self.subject.name_in_hints());
            let error = Error::invalid(format!("a login is not possible: {why}"));
            let remedy = format!("ask the provider to mend it, or is the issuer right? {profile}");
            return self.subject.failed(OFFERS, error, &remedy);
        }
        let features = [
            ("device login", provider.device_authorization_endpoint.is_ok()),
            ("CIBA", provider.backchannel_authentication_endpoint.is_ok()),
            ("introspection", provider.introspection_endpoint.is_ok()),
            ("revocation", provider.revocation_endpoint.is_ok()),
            ("end of the SSO session", provider.end_session_endpoint.is_ok()),
            ("logout without a browser", provider.custom_logout_endpoint.is_ok()),
            ("userinfo", provider.userinfo_endpoint.is_ok()),
            ("account page", self.profile.is_telenorid_plus()),
        ];
        let seen = match there_and_missing(&features) {
            (offered, missing) if missing.is_empty() => format!("offers {offered}"),
            (offered, missing) if offered.is_empty() => format!("offers a login; not {missing}"),
            (offered, missing) => format!("offers {offered}; not {missing}"),
        };
        Check::ok(OFFERS, seen)
    }

    fn clock(&self, received_at: Time) -> Check {
        let date = self.response.as_ref().ok().and_then(|response| response.header("date"));
        let Some(date) = date.and_then(Time::from_http_date) else {
            let why = if self.response.is_ok() { "the response has no date" } else { "there was no response" };
            return Check::skipped(CLOCK, format!("not compared: {why}"));
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

    fn tls(&self) -> Check {
        let url = &self.request.url;
        if url.scheme() != "https" {
            return Check::skipped(TLS, "not used: the issuer is http, on this machine");
        }
        match &self.response {
            Ok(_) => Check::ok(TLS, format!("the certificate is accepted; trusted are {}", self.authorities())),
            Err(failure) if is_about_the_certificate(failure) => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port_or_known_default().unwrap_or(443);
                let remedy = format!("look at it: openssl s_client -connect {host}:{port} -servername {host}");
                let check = self.subject.failed(TLS, Error::unanswered(FAILED_STEP, failure), &remedy);
                check.remarks(vec![format!("Trusted are {}.", self.authorities())])
            }
            Err(_) => Check::skipped(TLS, "not checked: the provider was not reached"),
        }
    }

    fn authorities(&self) -> String {
        let env = &self.subject.ports.env;
        let replaced =
            ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().filter_map(|name| Some(format!("{name} {}", env.get(name)?)));
        let replaced = replaced.collect::<Vec<_>>().join(" and ");
        let base =
            if replaced.is_empty() { "the system's authorities".to_owned() } else { format!("those of {replaced}") };
        let own = self.profile.ca_file.as_ref().map(|path| format!(", and those of ca_file {}", path.display()));
        printable(&(base + &own.unwrap_or_default()))
    }

    fn proxy(&self) -> Check {
        let host = self.request.url.host_str().unwrap_or_default();
        match self.subject.ports.http.proxy(&self.request.url) {
            Ok(None) => Check::ok(PROXY, format!("none for {host}")),
            Ok(Some(proxy)) => Check::warning(PROXY, format!("{host} is reached through {proxy}"))
                .remedy(format!("if it should be reached directly: export NO_PROXY={host}")),
            Err(failure) => {
                let error = Error::unanswered("the proxy cannot be used", &failure);
                self.subject.failed(PROXY, error, "correct the variable, or unset it")
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
