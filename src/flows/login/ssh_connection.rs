//! The SSH session that this process runs in.

use crate::error::quoted;
use crate::ports::Env;
use std::net::IpAddr;
use url::Url;

/// The server's end of the connection, from `SSH_CONNECTION` (ssh(1)).
pub(super) struct SshConnection {
    /// `None` if the variable is malformed.
    address: Option<IpAddr>,
    port: Option<u16>,
    user: Option<String>,
}

impl SshConnection {
    pub(super) fn of(env: &Env) -> Option<Self> {
        let mut words = env.get("SSH_CONNECTION")?.split(' ').skip(2);
        Some(Self {
            address: words.next().and_then(|word| word.parse().ok()),
            port: words.next().and_then(|word| word.parse().ok()),
            user: env.get("USER").or(env.get("LOGNAME")).map(str::to_owned),
        })
    }

    /// The command that makes the redirect to this URI reach this machine, for the machine with the browser.
    pub(super) fn forward_command(&self, redirect_uri: &str) -> Option<String> {
        let (redirect, address) = (Url::parse(redirect_uri).ok()?, self.address?);
        let (host, port) = (redirect.host_str()?, redirect.port_or_known_default()?);
        let port_of_server = self.port.filter(|port| *port != 22).map(|port| format!("-p {port} ")).unwrap_or_default();
        let user = self.user.as_deref().map(|user| format!("{user}@")).unwrap_or_default();
        Some(format!("ssh {port_of_server}-L {port}:{host}:{port} {}", quoted(&format!("{user}{address}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn command(variables: &[(&str, &str)], redirect_uri: &str) -> Option<String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        SshConnection::of(&Env::from_iter(variables))?.forward_command(redirect_uri)
    }

    #[test]
    fn command_forwards_the_redirects_port_to_this_machine() {
        let at = |connection, user| {
            command(&[("SSH_CONNECTION", connection), ("USER", user)], "http://127.0.0.1:49999/callback")
        };
        let expected = |command: &str| Some(command.to_owned());
        assert_eq!(at("10.0.0.1 5 10.0.0.2 22", "kari"), expected("ssh -L 49999:127.0.0.1:49999 kari@10.0.0.2"));
        assert_eq!(at("10.0.0.1 5 10.0.0.2 2222", ""), expected("ssh -p 2222 -L 49999:127.0.0.1:49999 10.0.0.2"));
        assert_eq!(at("::1 5 fe80::2 22", "kari"), expected("ssh -L 49999:127.0.0.1:49999 kari@fe80::2"));
        assert_eq!(
            at("10.0.0.1 5 10.0.0.2 22", "x\u{1b}; rm"),
            expected(r#"ssh -L 49999:127.0.0.1:49999 "x\u{1b}; rm@10.0.0.2""#)
        );
        let logname = [("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22"), ("LOGNAME", "ola")];
        assert_eq!(command(&logname, "http://[::1]:80/"), expected("ssh -L 80:[::1]:80 ola@10.0.0.2"));
    }

    #[test]
    fn malformed_connection_has_no_command() {
        for connection in ["x", "10.0.0.1 5", "10.0.0.1 5 $(id) 22", "10.0.0.1 5  22"] {
            assert_eq!(command(&[("SSH_CONNECTION", connection)], "http://127.0.0.1:1/"), None, "{connection}");
        }
        assert!(SshConnection::of(&Env::default()).is_none());
    }
}
