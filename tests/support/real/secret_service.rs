//! A GNOME keyring on a private D-Bus without a desktop, and the ways it can fail.

use super::home::Home;
use super::process::{poll, stop};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

/// A bus that starts no service by itself, unless the marked line says otherwise.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <auth>ANONYMOUS</auth>
  <allow_anonymous/>
  <!-- services -->
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The bus, and the keyring daemon on it if there is one.
pub struct SecretService {
    bus: Child,
    daemon: Option<Child>,
}

impl SecretService {
    /// Starts both with an unlocked collection, and sets `home` to use them.
    pub fn start(home: &mut Home) -> Self {
        Self::on(Self::bus_only(home), home)
    }

    /// The same on a desktop's bus, which restarts a dead daemon, locked.
    pub fn start_on_desktop(home: &mut Home) -> Self {
        Self::on(Self::never_used(home), home)
    }

    /// A desktop's bus with a keyring that was never used.
    pub fn never_used(home: &mut Home) -> Self {
        Self::bus(home, &BUS.replace("<!-- services -->", "<standard_session_servicedirs/>"))
    }

    fn on(mut service: Self, home: &Home) -> Self {
        let mut daemon = home
            .command("gnome-keyring-daemon")
            // The password is read from standard input; an empty one would make no collection.
            .args(["--unlock", "--components=secrets", "--foreground"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        daemon.stdin.take().unwrap().write_all(b"not a secret").unwrap();
        service.daemon = Some(daemon);
        let owned =
            ["org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];
        poll("the keyring daemon", || send(home, &owned).contains("true").then_some(()));
        poll("an unlocked collection", || (service.is_locked(home, "login") == Some(false)).then_some(()));
        service
    }

    /// Whether the collection is locked, if it exists.
    pub fn is_locked(&self, home: &Home, collection: &str) -> Option<bool> {
        let answer = send(
            home,
            &[
                "org.freedesktop.secrets",
                &format!("/org/freedesktop/secrets/collection/{collection}"),
                "org.freedesktop.DBus.Properties.Get",
                "string:org.freedesktop.Secret.Collection",
                "string:Locked",
            ],
        );
        answer.split_whitespace().last()?.parse().ok()
    }

    /// A bus without a Secret Service.
    pub fn bus_only(home: &mut Home) -> Self {
        Self::bus(home, BUS)
    }

    fn bus(home: &mut Home, text: &str) -> Self {
        let config = home.path("bus.conf");
        std::fs::write(&config, text).unwrap();
        let mut bus = home
            .command("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        home.set("DBUS_SESSION_BUS_ADDRESS", address.trim());
        home.unset("TIDP_STORE");
        Self { bus, daemon: None }
    }

    /// Locks the collection; nobody can unlock it.
    pub fn lock(&self, home: &Home) {
        let call = [
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        ];
        assert!(send(home, &call).contains("collection/login"));
    }

    /// Stops the daemon, which then never responds.
    pub fn freeze(&self) {
        let id = self.daemon.as_ref().unwrap().id();
        let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::STOP).unwrap();
    }

    /// Kills the daemon.
    pub fn kill(&mut self) {
        stop(self.daemon.as_mut().unwrap());
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        self.daemon.as_mut().map(stop);
        stop(&mut self.bus);
    }
}

/// The output of `secret-tool` for tidp's entries.
pub fn entries(home: &Home) -> String {
    let found = home.command("secret-tool").args(["search", "--all", "service", "tidp"]).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr))
}

/// The result of a bus call: destination, object, method and arguments.
pub fn send(home: &Home, call: &[&str]) -> String {
    let mut command = home.command("dbus-send");
    command.args(["--session", "--print-reply", &format!("--dest={}", call[0])]).args(&call[1..]);
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}
