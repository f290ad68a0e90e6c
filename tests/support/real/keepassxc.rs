//! KeePassXC without a screen on its own bus; it hides items while its database is locked.

use super::home::Home;
use super::process::{poll, stop};
use super::secret_service::{SecretService, send};
use std::io::Write as _;
use std::process::{Child, Stdio};

const PASSWORD: &str = "not a secret";

/// Nobody can confirm anything, or unlock before a search.
const SETTINGS: &str = "[General]
ConfigVersion=2
UpdateCheckMessageShown=true
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ConfirmAccessItem=false
ConfirmDeleteItem=false
UnlockBeforeSearch=false
";

/// A database whose only group is shown to the Secret Service.
const DATABASE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
  <Meta>
    <CustomData>
      <Item>
        <Key>FDO_SECRETS_EXPOSED_GROUP</Key>
        <Value>{00000000-0000-4000-8000-000000000001}</Value>
      </Item>
    </CustomData>
  </Meta>
  <Root>
    <Group>
      <UUID>AAAAAAAAQACAAAAAAAAAAQ==</UUID>
      <Name>Shown</Name>
    </Group>
  </Root>
</KeePassFile>
"#;

/// KeePassXC with an open database, and its bus.
pub struct KeePassXc {
    program: Child,
    bus: SecretService,
}

impl KeePassXc {
    /// Starts it, and sets `home` to use it.
    pub fn start(home: &mut Home) -> Self {
        let bus = SecretService::bus_only(home);
        home.set("QT_QPA_PLATFORM", "offscreen");
        let settings = home.path("home/config/keepassxc");
        std::fs::create_dir_all(&settings).unwrap();
        std::fs::write(settings.join("keepassxc.ini"), SETTINGS).unwrap();
        std::fs::write(home.path("database.xml"), DATABASE).unwrap();
        let mut import = home.command("keepassxc-cli");
        import.args(["import", "--quiet", "--set-password", "database.xml", "database.kdbx"]);
        let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        write!(import.stdin.take().unwrap(), "{PASSWORD}\n{PASSWORD}\n").unwrap();
        assert!(import.wait().unwrap().success(), "the database could not be made");
        let mut program = home.command("keepassxc");
        // Only the first with the same one runs.
        program.env("TMPDIR", home.path("run"));
        program.args(["--pw-stdin", "database.kdbx"]).stdin(Stdio::piped());
        let mut program = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        writeln!(program.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        let keyring = Self { program, bus };
        poll("an open database", || keyring.answers(home, false));
        keyring
    }

    /// Locks the database, as Ctrl-L, a locked screen or a timeout do.
    pub fn lock(&self, home: &Home) {
        control(home, &["lockAllDatabases"]);
        poll("a locked database", || self.answers(home, true));
    }

    /// Unlocks it.
    pub fn unlock(&self, home: &Home) {
        let database = home.path("database.kdbx");
        control(home, &["openDatabase", &format!("string:{}", database.display()), &format!("string:{PASSWORD}")]);
        poll("an open database", || self.answers(home, false));
    }

    fn answers(&self, home: &Home, locked: bool) -> Option<()> {
        (self.bus.is_locked(home, "database")? == locked).then_some(())
    }
}

impl Drop for KeePassXc {
    fn drop(&mut self) {
        stop(&mut self.program);
    }
}

fn control(home: &Home, call: &[&str]) {
    let method = format!("org.keepassxc.KeePassXC.MainWindow.{}", call[0]);
    let called = send(home, &[&["org.keepassxc.KeePassXC.MainWindow", "/keepassxc", &method], &call[1..]].concat());
    assert!(called.starts_with("method return"), "{call:?}: {called}");
}
