//! The SSH session that this process runs in.

use crate::error::quoted;
use crate::ports::Env;
use std::net::IpAddr;
use url::Url;

/// The command that makes the redirect to this URI reach this machine, for the machine with the browser. The server's end
/// of the connection is in `SSH_CONNECTION` (ssh(1)); `None` without it, or if it is malformed.
pub(super) fn forward_command(env: &Env, redirect_uri: &str) -> Option<String> {
    let mut words = env.get("SSH_CONNECTION")?.split(' ').skip(2);
    let address: IpAddr = words.next()?.parse().ok()?;
    let port_of_server = words.next().and_then(|word| word.parse().ok()).filter(|port: &u16| *port != 22);
    let port_of_server = port_of_server.map(|port| format!("-p {port} ")).unwrap_or_default();
    let user = env.get("USER").or(env.get("LOGNAME")).map(|user| format!("{user}@")).unwrap_or_default();
    let redirect = Url::parse(redirect_uri).ok()?;
    let (host, port) = (redirect.host_str()?, redirect.port_or_known_default()?);
    Some(format!("ssh {port_of_server}-L {port}:{host}:{port} {}", quoted(&format!("{user}{address}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn command(variables: &[(&str, &str)], redirect_uri: &str) -> Option<String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        forward_command(&Env::from_iter(variables), redirect_uri)
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
        assert_eq!(command(&[], "http://127.0.0.1:1/"), None);
    }
}
