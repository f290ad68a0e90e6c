//! What a test needs and a machine may lack. Without it the test is skipped, or fails if `TIDP_TEST_REQUIRE=all`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The program that Cargo has built.
const BUILT: &str = env!("CARGO_BIN_EXE_tidp");

/// The program to test: the one that Cargo has built, or in its place a static one named `tidp`, `TIDP_TEST_PROGRAM`.
pub fn program_under_test() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var("TIDP_TEST_PROGRAM").unwrap_or_else(|_| BUILT.into()))
}

/// Whether `what` is there: `node` (the independent provider), `django` and `glewlwyd` (two more of them), `chromium`
/// (and what drives it), `keyring` (a Secret Service), `keepassxc` (one that hides what is locked), `faketime` (a clock
/// moved for one process), `PyYAML` (for `python3`), `user namespace` (one that maps nobody), or the name of a program. If not, says that the test
/// is skipped.
///
/// # Panics
/// If it is not there and `TIDP_TEST_REQUIRE=all`.
pub fn require(what: &str) -> bool {
    let Err(missing) = available(what) else { return true };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(std::env::var("TIDP_TEST_REQUIRE").as_deref() != Ok("all"), "{test} needs {what}: {missing}");
    // `eprintln!` would be captured by the test harness. One write, so that lines do not mix.
    let line = format!("skipped: {test} needs {what}: {missing}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    false
}

/// Whether a program can run as another user, which needs root, `setpriv` and `curl`. Otherwise the test is skipped,
/// whatever `TIDP_TEST_REQUIRE` says.
///
/// # Panics
/// As [`require`].
pub fn require_another_user() -> bool {
    if rustix::process::geteuid().is_root() {
        return require("setpriv") && require("curl");
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = std::io::stderr().write_all(format!("skipped: {test} needs another user, so root\n").as_bytes());
    false
}

fn available(what: &str) -> Result<(), String> {
    match what {
        "node" => node_modules("tests/provider"),
        "django" => python_of("django").map(|_| ()),
        "glewlwyd" => {
            ["python3", "openssl", "glewlwyd"].iter().try_for_each(|name| program(name))?;
            run(Command::new("glewlwyd").arg("--version")) // its libraries are there too
        }
        "chromium" => chromium().map(|_| ()).ok_or("no Chromium".into()).and_then(|()| node_modules("tests/browser")),
        "keyring" => {
            ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"].iter().try_for_each(|p| program(p))
        }
        "keepassxc" => ["dbus-daemon", "dbus-send", "keepassxc", "keepassxc-cli"].iter().try_for_each(|p| program(p)),
        "user namespace" => {
            let made = Command::new("unshare").args(["--user", "true"]).output();
            made.is_ok_and(|made| made.status.success()).then_some(()).ok_or("the system allows none".into())
        }
        "PyYAML" => run(Command::new("python3").args(["-c", "import yaml"])),
        "faketime" if program_under_test() != BUILT => Err("a static program loads no library".into()),
        "faketime" => libfaketime().map(|_| ()).ok_or("no faketime".into()),
        other => program(other),
    }
}

fn program(name: &str) -> Result<(), String> {
    on_path(name).map(|_| ()).ok_or(format!("no {name} on the PATH"))
}

/// The path of a program on the `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The Chromium to drive: `$CHROMIUM`, or the one on the `PATH`.
pub fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|file| file.is_file());
    named.or_else(|| ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| on_path(name)))
}

/// The library that moves a process's clock.
pub fn libfaketime() -> Option<&'static str> {
    static LIBRARY: OnceLock<Option<String>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            remove_stale_clocks();
            let asked = Command::new("faketime").args(["-f", "+0s", "printenv", "LD_PRELOAD"]).output().ok()?;
            Some(String::from_utf8(asked.stdout).ok()?.trim().to_owned()).filter(|library| !library.is_empty())
        })
        .as_deref()
}

/// Removes the shared memory of killed processes with a moved clock. It is named after the process, and with one left over a
/// later process of that number does not start.
fn remove_stale_clocks() {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = ["faketime_shm_", "sem.faketime_sem_"].iter().find_map(|prefix| name.strip_prefix(prefix));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A folder of the source tree.
pub fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Installs the packages that a folder's lock file pins, so that plain `cargo test` works.
fn node_modules(folder: &str) -> Result<(), String> {
    static PROVIDER: OnceLock<Result<(), String>> = OnceLock::new();
    static BROWSER: OnceLock<Result<(), String>> = OnceLock::new();
    let done = if folder == "tests/provider" { &PROVIDER } else { &BROWSER };
    done.get_or_init(|| {
        program("node")?;
        let folder = tree(folder);
        let changed = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
        if changed("node_modules/.package-lock.json") >= changed("package-lock.json") {
            return Ok(());
        }
        program("npm")?;
        run(Command::new("npm").arg("ci").current_dir(&folder))
    })
    .clone()
}

/// A Python with the packages of a folder's `requirements.txt`, made again when they change.
pub fn python_of(folder: &str) -> Result<PathBuf, String> {
    static MADE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    program("python3")?;
    let wanted = tree("tests/provider").join(folder).join("requirements.txt");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let (python, installed) = (made.join("bin/python"), made.join("requirements.txt"));
    if fs::read(&installed).ok() != fs::read(&wanted).ok() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&made))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--no-deps", "-r"]).arg(&wanted))?;
        fs::copy(&wanted, &installed).map_err(|error| error.to_string())?;
    }
    Ok(python)
}

/// Runs it to its end; returns its output if it failed.
fn run(command: &mut Command) -> Result<(), String> {
    let ran = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}
