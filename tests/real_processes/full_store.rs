//! A store that cannot be written.

use super::{assert_session_refreshes, expired_session, provider_and_home};
use crate::real::process::Process;
use crate::real::{Home, Outcome, program_under_test};
use serde_json::Value;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

#[test]
fn full_disk_is_found_before_a_token_is_spent() {
    let Some((provider, home)) = expired_session() else { return };
    let before = provider.requests("token");
    // No byte can be written to a file, as on a full disk; pipes still work. The signal for it is ignored.
    let full = |args: &str| home.sh(&format!("ulimit -f 0; exec tidp {args} --json"));
    for args in ["token", "refresh", "refresh --force", "userinfo"] {
        let error = full(args).error(6);
        assert_eq!(error["kind"], "store", "{error}");
    }
    assert_eq!(provider.requests("token"), before);
    // Nor does a lack of space for a response or a first session.
    let told = home
        .sh("ulimit -f 0; tidp policy > answer; echo $?; TIDP_STORE_DIR=$HOME/new tidp login --no-browser; echo $?");
    assert_eq!(told.stdout.lines().collect::<Vec<_>>(), ["1", "6"]);
    assert_session_refreshes(&home);
}

/// A user without root's privileges, for read-only directories.
struct UnprivilegedUser {
    home: Home,
    binary: PathBuf,
    is_root: bool,
}

impl UnprivilegedUser {
    const NOBODY: u32 = 65_534;

    fn new(home: Home) -> Self {
        let binary = home.path("tidp");
        std::fs::copy(program_under_test(), &binary).unwrap();
        Self { home, binary, is_root: rustix::process::geteuid().is_root() }
    }

    fn tidp(&self, args: &[&str]) -> Outcome {
        let mut command = self.home.command(self.binary.to_str().unwrap());
        if self.is_root {
            change_owner(&self.home.path("."), Self::NOBODY);
            command.uid(Self::NOBODY).gid(Self::NOBODY);
        }
        Process::start(command.args(args)).finish()
    }

    fn allow(&self, mode: u32) {
        std::fs::set_permissions(self.home.path("sessions"), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Makes this user the owner of the whole tree.
fn change_owner(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        path.read_dir().unwrap().for_each(|found| change_owner(&found.unwrap().path(), user));
    }
}

#[test]
fn unwritable_store_loses_no_session() {
    let Some((provider, home)) = provider_and_home() else { return };
    let user = UnprivilegedUser::new(home);
    user.tidp(&["login"]).expect(0);
    user.allow(0o500);
    let before = provider.requests("token");
    for args in [["refresh", "--force", "--json"].as_slice(), &["refresh", "--claims", "--json"], &["logout", "--json"]]
    {
        assert_eq!(user.tidp(args).error(6)["kind"], "store", "{args:?}");
    }
    assert_eq!(provider.requests("token") + provider.requests("revocation"), before);
    user.tidp(&["token"]).expect(0); // only read
    user.allow(0o700);
    assert_eq!(user.tidp(&["refresh", "--force", "--json"]).json()["warnings"], Value::Null);
    user.tidp(&["logout"]).expect(0);
    user.tidp(&["token", "--no-refresh"]).expect(3);
}

#[test]
fn login_that_cannot_be_stored_is_revoked() {
    let Some((provider, home)) = provider_and_home() else { return };
    std::fs::create_dir(home.path("sessions")).unwrap();
    let user = UnprivilegedUser::new(home);
    user.allow(0o500);
    let outcome = user.tidp(&["login", "--json"]);
    assert_eq!(outcome.error(6)["kind"], "store");
    assert_eq!(provider.requests("token"), provider.requests("revocation"), "what was granted is given back");
    user.tidp(&["token"]).expect(3);
}
