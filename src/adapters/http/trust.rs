//! Certificate authorities in addition to the system's, and descriptions of certificate errors.

use crate::adapters::owned_files;
use crate::domain::text::{printable, utf8_text};
use crate::domain::time::Time;
use crate::ports::{Env, HttpFailure, HttpFailureKind};
use jiff::tz::TimeZone;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, RootCertStore};
use std::path::Path;

/// The certificates of a PEM file: at least one, all valid.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failure = |why: &str| printable(&format!("{}: {why}", path.display()));
    let pem = owned_files::read_named(path, |_, _| ()).map_err(|error| failure(&error.to_string()))?;
    let pem = pem.ok_or_else(|| failure("there is no such file"))?;
    if pem.starts_with(&[0x30]) {
        return Err(failure(
            "it is not a PEM file; if it is a DER certificate, convert it with `openssl x509 -inform der`",
        ));
    }
    let pem = utf8_text(&pem).map_err(|why| failure(&format!("it is {why}")))?;
    let mut found = Vec::new();
    for (number, read) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let certificate = read.ok().filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
        found.push(certificate.ok_or_else(|| failure(&format!("its certificate number {number} is damaged")))?);
    }
    match found.is_empty() {
        false => Ok(found),
        true if pem.trim().is_empty() => Err(failure("it is empty")),
        true if pem.contains("PRIVATE KEY-----") => Err(failure("it contains a private key and no certificate")),
        true => Err(failure("it contains no PEM certificate")),
    }
}

/// SelectionReason there are no trusted authorities. Two variables replace the system's.
pub(super) fn no_authorities(env: &Env) -> HttpFailure {
    let unusable = |message| HttpFailure { message, kind: HttpFailureKind::InvalidSetting };
    if let Some(file) = env.variables.get("SSL_CERT_FILE") {
        let why = read_certificates(Path::new(file.expose())).err();
        return unusable(format!("SSL_CERT_FILE {}", why.unwrap_or_else(|| "names no authority".into())));
    }
    if let Some(dir) = env.get("SSL_CERT_DIR") {
        return unusable(printable(&format!("SSL_CERT_DIR {dir}: no certificate can be read there")));
    }
    let message = "this system has no certificate authorities to trust: install its ca-certificates package, or name a file \
                   with ca_file or SSL_CERT_FILE";
    HttpFailure { message: message.into(), kind: HttpFailureKind::Certificate }
}

/// What is wrong with a certificate, with times in `zone`.
pub(super) fn certificate_fault(problem: &CertificateError, zone: &TimeZone) -> String {
    let at = |time: &UnixTime| Time::from_unix(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)).local(zone);
    match problem {
        CertificateError::UnknownIssuer => {
            "it is not signed by an authority trusted here (it may be self-signed, or signed by a company's own authority)"
                .into()
        }
        CertificateError::Expired => "it has expired".into(),
        CertificateError::ExpiredContext { time, not_after } => {
            format!("it expired on {} (by this machine's clock it is {})", at(not_after), at(time))
        }
        CertificateError::NotValidYet => "it is not valid yet".into(),
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("it is not valid before {} (by this machine's clock it is {})", at(not_before), at(time))
        }
        CertificateError::NotValidForName => "it is for another host".into(),
        CertificateError::NotValidForNameContext { presented, .. } => match &host_names(presented)[..] {
            [] => "it names no host".into(),
            names => format!("it is for another host: {}", first_few(names)),
        },
        CertificateError::Revoked => "it is revoked".into(),
        CertificateError::BadEncoding => "it is damaged".into(),
        CertificateError::BadSignature => "its signature is wrong".into(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed with an algorithm that is no longer trusted, such as SHA-1".into()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not a server certificate".into()
        }
        CertificateError::Other(other) => match other.0.to_string() {
            // The texts of webpki and the platform's verifier, whose types are not among our dependencies.
            what if what == "CaUsedAsEndEntity" => {
                "it is a self-signed authority certificate (CA:TRUE), which a server may not use: the server needs one that an \
                 authority has signed, or one made with CA:FALSE"
                    .into()
            }
            what if what == "certificate had invalid extensions" => "it is not a server certificate".into(),
            what => printable(&what),
        },
        other => printable(&other.to_string()),
    }
}

/// From webpki's notation: `DnsName("id.test")`, `IpAddress(127.0.0.1)`.
fn host_names(presented: &[String]) -> Vec<String> {
    let bare = |name: &String| {
        let inner = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
        Some(printable(inner.strip_suffix(')')?.trim_matches('"')))
    };
    presented.iter().filter_map(bare).collect()
}

fn first_few(names: &[String]) -> String {
    const MAX_NAMES: usize = 5;
    let shown = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

pub(super) fn tls_fault(problem: &rustls::Error) -> Option<String> {
    Some(match problem {
        rustls::Error::InvalidMessage(_) => "the server did not respond with TLS".into(),
        rustls::Error::PeerIncompatible(_) => "it offers no version or cipher of TLS that is safe today".into(),
        rustls::Error::AlertReceived(alert) => format!("it aborted TLS ({alert:?})"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use rustls::OtherError;
    use rustls::pki_types::ServerName;
    use std::fmt;
    use std::sync::Arc;
    use std::time::Duration;

    const CERTIFICATE: &str = include_str!("test-cert.pem");

    #[test]
    fn invalid_ca_file_is_described() {
        let dir = tempfile::tempdir().unwrap();
        // A control character in the name is shown as its escape; Windows has no such names.
        let (name, shown) =
            if cfg!(windows) { ("corp.pem", "corp.pem: ") } else { ("corp\u{1b}.pem", "corp\\u{1b}.pem: ") };
        let path = dir.path().join(name);
        let block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let words = |contents: &[u8]| {
            std::fs::write(&path, contents).unwrap();
            read_certificates(&path).map(|found| found.len())
        };
        for (contents, why) in [
            (String::new(), "it is empty"),
            ("hello".into(), "it contains no PEM certificate"),
            (include_str!("test-key.pem").into(), "a private key and no certificate"),
            ("0\u{2}\u{1}".into(), "openssl x509 -inform der"),
            (block.into(), "certificate number 1 is damaged"),
            (format!("{CERTIFICATE}{block}{CERTIFICATE}"), "certificate number 2 is damaged"),
            (block.replace("AAAA", "!!"), "certificate number 1 is damaged"),
        ] {
            let what = words(contents.as_bytes()).unwrap_err();
            assert!(what.contains(shown) && what.contains(why), "{contents:?}: {what}");
        }
        assert_eq!(words(format!("\u{feff}# ours\n{CERTIFICATE}\n{CERTIFICATE}").as_bytes()), Ok(2));
        assert!(read_certificates(&dir.path().join("none")).unwrap_err().ends_with("there is no such file"));
        assert!(read_certificates(dir.path()).is_err());
    }

    #[test]
    fn unusable_authorities_name_their_variable() {
        let shown = |name: &str, value: &str| {
            let failure = no_authorities(&Env::from_iter([(name.to_owned(), Secret::new(value))]));
            assert_eq!(failure.kind, HttpFailureKind::InvalidSetting);
            failure.message
        };
        assert_eq!(shown("SSL_CERT_FILE", "/nowhere/ca.pem"), "SSL_CERT_FILE /nowhere/ca.pem: there is no such file");
        assert!(shown("SSL_CERT_DIR", "/nowhere").starts_with("SSL_CERT_DIR /nowhere: "));
        let none = no_authorities(&Env::default());
        assert!(none.kind == HttpFailureKind::Certificate && none.message.contains("ca-certificates"));
    }

    #[derive(Debug)]
    struct Called(&'static str);

    impl fmt::Display for Called {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Called {}

    #[test]
    fn certificate_errors_are_described() {
        let oslo = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let other = |what| CertificateError::Other(OtherError(Arc::new(Called(what))));
        let names = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("id.test").unwrap(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        };
        let many = ["DnsName(\"a\")"; 7];
        for (problem, words) in [
            (CertificateError::UnknownIssuer, "it is not signed by an authority trusted here"),
            (
                CertificateError::ExpiredContext { time: at(86_400), not_after: at(0) },
                "it expired on 1970-01-01 01:00:00 CET (by this machine's clock it is 1970-01-02 01:00:00 CET)",
            ),
            (
                CertificateError::NotValidYetContext { time: at(0), not_before: at(60) },
                "it is not valid before 1970-01-01 01:01:00 CET (by this machine's clock it is 1970-01-01 01:00:00 CET)",
            ),
            (
                names(&["DnsName(\"*.b\u{1b}.test\")", "IpAddress(10.0.0.1)", "DirectoryName"]),
                "it is for another host: *.b\\u{1b}.test, 10.0.0.1",
            ),
            (names(&many), "a, a, a, a, a and 2 more"),
            (names(&[]), "it names no host"),
            (other("CaUsedAsEndEntity"), "one made with CA:FALSE"),
            (other("certificate had invalid extensions"), "not a server certificate"),
            (other("odd\u{1b}"), "odd\\u{1b}"),
            (CertificateError::BadEncoding, "damaged"),
        ] {
            let shown = certificate_fault(&problem, &oslo);
            assert!(shown.contains(words), "{problem:?}: {shown}");
        }
    }
}
