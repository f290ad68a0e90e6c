//! The command line is wrong, or asks for what is not possible.

use super::kind::Kind;
use super::report::{Report, quote, with_profile};
use crate::domain::text::printable;
use std::net::SocketAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLineError {
    Usage(String),
    CorrectedLine {
        message: String,
        /// The corrected command line, of `exec` up to CMD.
        corrected: Vec<String>,
        has_more: bool,
    },
    /// The name or the value of a key of a profile is wrong.
    WrongKey(String),
    /// The client acts for itself. The text ends the sentence "the profile is for machine tokens, so …".
    NoUser(&'static str),
    /// Nobody can finish the login in a browser. The text ends the sentence "there is no terminal, and …".
    NobodyToLogIn(&'static str),
    /// The apiVersion that kubectl asks for, if it names one.
    ExecCredentialVersion(Option<String>),
    SandboxAddressTaken(SocketAddr),
}

impl CommandLineError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        match self {
            Self::Usage(message) => Report::new(Kind::Usage, message).hint("tidp --help"),
            Self::CorrectedLine { message, corrected, has_more } => {
                let line: Vec<_> = corrected.iter().map(|word| quote(word)).collect();
                Report::new(Kind::Usage, message).hint(line.join(" ") + if *has_more { " …" } else { "" })
            }
            Self::WrongKey(message) => Report::new(Kind::Usage, message).hint("tidp profile set --help"),
            Self::NoUser(consequence) => {
                Report::new(Kind::Usage, format!("the profile is for machine tokens, so {consequence}"))
                    .hint(with_profile("tidp token", profile))
            }
            Self::NobodyToLogIn(reason) => {
                let print = with_profile("tidp login --no-browser", profile);
                Report::new(Kind::Usage, format!("nobody can finish this login: there is no terminal, and {reason}"))
                    .hint(format!(
                        "in a job, use a machine token (TIDP_GRANT=client_credentials) or a session from another machine \
                         (TIDP_STORE=file); if somebody reads this output: {print}"
                    ))
            }
            Self::ExecCredentialVersion(version) => {
                let message = match version {
                    Some(version) => format!(
                        "KUBERNETES_EXEC_INFO asks for ExecCredential apiVersion `{}`, which is not supported",
                        printable(version)
                    ),
                    None => "KUBERNETES_EXEC_INFO, which kubectl sets, has no apiVersion".to_owned(),
                };
                Report::new(Kind::Config, message)
                    .hint("in the kubeconfig's `exec`: apiVersion: client.authentication.k8s.io/v1 (or v1beta1)")
            }
            Self::SandboxAddressTaken(address) => {
                let message =
                    format!("cannot listen on {address}: another program, perhaps another sandbox, listens there");
                Report::new(Kind::Failed, message).hint("tidp sandbox --port 0")
            }
        }
    }
}
