//! Opens the user's browser: `$BROWSER`, or what the desktop uses for links. Never through a shell.

use super::hardening;
use super::program_runner::wait_for_exit;
use crate::domain::command_line;
use crate::domain::text::printable;
use crate::ports::{Browser, Env};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use url::Url;

/// How long to wait for a failure of the opener. One that hangs, or is the browser itself, goes on.
const FAILURE_TIMEOUT: Duration = Duration::from_millis(250);

pub struct SystemBrowser {
    env: Env,
    patience: Duration,
}

impl SystemBrowser {
    pub fn new(env: &Env) -> Self {
        Self { env: env.clone(), patience: FAILURE_TIMEOUT }
    }
}

impl Browser for SystemBrowser {
    fn available(&self) -> bool {
        let any_set = |names: &[&str]| names.iter().any(|name| self.env.get(name).is_some());
        let has_desktop = match cfg!(any(target_os = "macos", windows)) {
            // Over SSH, the desktop of the machine is in front of somebody else.
            true => !any_set(&["SSH_CONNECTION"]),
            false => any_set(&["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]),
        };
        any_set(&["BROWSER"]) || has_desktop
    }

    fn opener(&self) -> Result<String, String> {
        let commands = self.commands("https://localhost/");
        let programs: Vec<_> = commands.iter().map(|command| command.get_program().to_string_lossy()).collect();
        let (path, here) = (self.env.get("PATH"), std::env::current_dir().unwrap_or_default());
        let installed = programs.iter().find(|program| which::which_in(program.as_ref(), path, &here).is_ok());
        let none = || format!("none of these programs is here: {}", printable(&programs.join(", ")));
        installed.map(|program| printable(program)).ok_or_else(none)
    }

    fn open(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https addresses are opened".into());
        }
        // Report the first failure: most machines lack the other openers.
        let mut first = None;
        for command in self.commands(url.as_str()) {
            match start(command, self.patience) {
                Ok(()) => return Ok(()),
                Err(why) => first = first.or(Some(why)),
            }
        }
        Err(first.unwrap_or_else(|| "BROWSER names no program".to_owned()))
    }
}

impl SystemBrowser {
    fn commands(&self, url: &str) -> Vec<Command> {
        match self.env.get("BROWSER") {
            Some(chosen) => listed_browsers(chosen).into_iter().filter_map(|choice| command(choice, url)).collect(),
            None => open::commands(url),
        }
    }
}

/// The listed browsers, as in `firefox:lynx`. A Windows path contains a colon, and so may an existing program's path.
fn listed_browsers(chosen: &str) -> Vec<&str> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    if path_with_spaces(chosen).is_some_and(|(path, _)| path.contains(separator)) {
        return vec![chosen];
    }
    chosen.split(separator).filter(|choice| !choice.trim().is_empty()).collect()
}

/// The longest path at the start of `choice` that is a program, and the rest: people do not quote a `BROWSER` with
/// spaces (`/mnt/c/Program Files/…`).
fn path_with_spaces(choice: &str) -> Option<(&str, &str)> {
    let choice = choice.trim();
    let ends = choice.match_indices(' ').map(|(end, _)| end).chain([choice.len()]);
    let longest_first = ends.rev().map(|end| choice.split_at(end));
    let is_program = |path: &str| path.contains(std::path::MAIN_SEPARATOR) && Path::new(path).is_file();
    longest_first.into_iter().find(|(path, _)| is_program(path))
}

/// The URL replaces `%s`, or is the last argument.
fn command(choice: &str, url: &str) -> Option<Command> {
    let (program, rest) = path_with_spaces(choice).map_or((None, choice), |(path, rest)| (Some(path), rest));
    let words = command_line::split(rest)?;
    let words: Vec<String> = program.map(str::to_owned).into_iter().chain(words).collect();
    // `%%` is `%`. The URL is not searched for either.
    let has_url = words.iter().any(|word| word.split("%%").any(|part| part.contains("%s")));
    let fill_in = |word: &String| word.split("%%").map(|part| part.replace("%s", url)).collect::<Vec<_>>().join("%");
    let mut words = words.iter().map(fill_in);
    let mut command = Command::new(words.next()?);
    command.args(words).args((!has_url).then_some(url));
    Some(command)
}

/// Starts the opener in its own process group, so that Ctrl-C spares the browser, and waits so long for a failure.
fn start(mut command: Command, patience: Duration) -> Result<(), String> {
    let name = printable(&command.get_program().to_string_lossy());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    hardening::remove_secrets(command.env_remove("TIDP_ACCESS_TOKEN"));
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| format!("`{name}` could not be started: {error}"))?;
    let ended = wait_for_exit(&mut child, || patience);
    let failed = ended.is_some_and(|ended| !ended.is_ok_and(|status| status.success()));
    if failed { Err(format!("`{name}` failed")) } else { Ok(()) }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use std::fs;
    use std::io::Write as _;

    /// How long an opener may take that is to end; a busy machine may need seconds.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn browser(chosen: &str) -> SystemBrowser {
        let env = Env::from_iter([("BROWSER".to_owned(), Secret::new(chosen))]);
        SystemBrowser { patience: PATIENCE, ..SystemBrowser::new(&env) }
    }

    /// A program that writes its arguments, one per line, and its environment to `dir`.
    fn stub(dir: &Path, then: &str) -> String {
        stub_at(dir, &dir.join("stub"), then)
    }

    fn stub_at(dir: &Path, path: &Path, then: &str) -> String {
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}/args.new'; env > '{0}/env'; mv '{0}/args.new' '{0}/args'; {then}\n",
            dir.display()
        );
        // Another process writes it: a child that another test has just forked would hold our file open, and a program that
        // is open for writing cannot be started.
        let mut writer = Command::new("sh");
        writer.args(["-c", "cat >\"$1\" && chmod 700 \"$1\"", "sh"]).arg(path).stdin(Stdio::piped());
        let mut writer = writer.spawn().unwrap();
        writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        path.display().to_string()
    }

    #[test]
    fn the_url_is_one_argument_whatever_stands_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let stub = stub(dir.path(), "");
        let url = Url::parse("https://id.test/a?x=%20$(calc)&y='\"%s%%;rm -rf").unwrap();
        for (chosen, before) in [
            (stub.clone(), ""),
            (format!("'{stub}' --flag %s"), "--flag\n"),
            (format!("/nowhere/at/all:{stub} 'a  b' 50%%"), "a  b\n50%\n"),
        ] {
            browser(&chosen).open(&url).unwrap();
            assert_eq!(fs::read_to_string(dir.path().join("args")).unwrap(), format!("{before}{url}\n"));
        }
    }

    #[test]
    fn a_path_with_spaces_needs_no_quotes_where_a_program_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let spaced = dir.path().join("Program Files: (x86)");
        fs::create_dir(&spaced).unwrap();
        let stub = stub_at(dir.path(), &spaced.join("fire fox.exe"), "");
        // Shorter paths are not meant.
        stub_at(dir.path(), &spaced.join("fire"), "exit 1");
        let url = Url::parse("https://id.test/a").unwrap();
        for (chosen, args) in [
            (stub.clone(), format!("{url}\n")),
            (format!(" {stub} "), format!("{url}\n")),
            (format!("{stub} --new 'a b'"), format!("--new\na b\n{url}\n")),
            (format!("{stub} -u %s -x"), format!("-u\n{url}\n-x\n")),
        ] {
            browser(&chosen).open(&url).unwrap();
            assert_eq!(fs::read_to_string(dir.path().join("args")).unwrap(), args, "{chosen}");
        }
        let [failing, good] = ["failing", "good"].map(|name| dir.path().join(name));
        let list = format!("{} --new:{}", stub_at(dir.path(), &failing, "exit 1"), stub_at(dir.path(), &good, ""));
        browser(&list).open(&url).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("args")).unwrap(), format!("{url}\n"), "still a list");
        assert!(browser(&format!("{} x", spaced.join("water").display())).open(&url).is_err());
    }

    #[test]
    fn of_several_openers_that_fail_the_first_is_named() {
        let url = Url::parse("https://id.test/").unwrap();
        let why = browser("/nowhere/first:/nowhere/second").open(&url).unwrap_err();
        assert!(why.contains("`/nowhere/first` could not be started"), "{why}");
    }

    #[test]
    fn hanging_opener_is_left_and_failure_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let url = Url::parse("https://id.test/").unwrap();
        // As long as this test runs.
        let hanging = stub(dir.path(), &format!("while [ -e '{}' ]; do sleep 0.1; done", dir.path().display()));
        SystemBrowser { patience: Duration::from_millis(1), ..browser(&hanging) }.open(&url).unwrap();
        let failing = stub_at(dir.path(), &dir.path().join("failing"), "exit 1");
        assert!(browser(&failing).open(&url).unwrap_err().contains("failed"));
        assert!(browser("/nowhere/at/all").open(&url).is_err());
        assert!(browser("'unclosed").open(&url).is_err());
    }

    #[test]
    fn the_opener_that_is_installed_is_named_and_not_run() {
        let dir = tempfile::tempdir().unwrap();
        stub_at(dir.path(), &dir.path().join("second"), "");
        let opener = |chosen: &str| {
            let variables = [("BROWSER", chosen.to_owned()), ("PATH", dir.path().display().to_string())];
            SystemBrowser::new(
                &variables.map(|(name, value)| (name.to_owned(), Secret::new(value))).into_iter().collect(),
            )
            .opener()
        };
        assert_eq!(opener("first:second --new %s"), Ok("second".to_owned()));
        fs::write(dir.path().join("third"), "no program").unwrap();
        for missing in ["first", "third"] {
            assert_eq!(opener(missing), Err(format!("none of these programs is here: {missing}")));
        }
        let whole = dir.path().join("second").display().to_string();
        assert_eq!(opener(&whole), Ok(whole));
        assert!(!dir.path().join("args").exists(), "it was run");
    }

    #[test]
    fn nothing_but_a_web_address_reaches_a_program() {
        for url in ["file:///etc/passwd", "javascript:alert(1)", "ms-msdt:/x", "mailto:a@b"] {
            assert!(browser("/bin/true").open(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
    }

    #[test]
    fn browser_is_available_with_browser_or_display() {
        let with = |name: &str| SystemBrowser::new(&Env::from_iter([(name.to_owned(), Secret::new("x"))])).available();
        assert!(with("BROWSER") && with("DISPLAY") && with("WAYLAND_DISPLAY"));
        assert_eq!(with("TERM"), cfg!(target_os = "macos"));
        assert!(!with("SSH_CONNECTION"));
    }

    #[test]
    fn no_secret_of_ours_is_in_the_commands_environment() {
        let dir = tempfile::tempdir().unwrap();
        let stub = stub(dir.path(), "");
        let mut command = Command::new(stub);
        command.envs(["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY", "TIDP_ACCESS_TOKEN"].map(|name| (name, "planted")));
        start(command, PATIENCE).unwrap();
        assert!(!fs::read_to_string(dir.path().join("env")).unwrap().contains("planted"));
    }
}
