//! Where this process runs, as far as that explains a missing keyring or browser.

use crate::ports::Ports;
use std::path::Path;

const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The Windows Subsystem for Linux.
    pub wsl: bool,
    pub ssh: bool,
    pub container: bool,
}

impl Surroundings {
    pub fn of(ports: &Ports) -> Self {
        let (env, files) = (&ports.env, &ports.files);
        let is_there = |path: &&str| files.read(Path::new(path)).is_ok_and(|found| found.is_some());
        Self {
            wsl: env.get("WSL_DISTRO_NAME").is_some(),
            ssh: env.get("SSH_CONNECTION").is_some(),
            container: env.get("container").is_some() || CONTAINER_FILES.iter().any(is_there),
        }
    }

    /// `in WSL, over SSH`; empty for a plain desktop or server.
    pub fn to_text(self) -> String {
        let words = [(self.wsl, "in WSL"), (self.ssh, "over SSH"), (self.container, "in a container")];
        words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }

    /// Why a keyring fails here; `is_running` if there is one at all.
    pub fn keyring_remarks(self, is_running: bool) -> Vec<String> {
        let remarks = [
            (self.wsl && !is_running, "In WSL no keyring runs by itself."),
            (
                self.ssh,
                "Over SSH the keyring is reached on this user's bus, and shows its prompts on the desktop of this machine.",
            ),
            (self.container && !is_running, "In a container there is usually no keyring."),
        ];
        remarks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, remark)| remark.to_owned()).collect()
    }
}
