//! Clock, entropy, environment and directories of the system.

use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::ports::{Clock, Dirs, Entropy, Env};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

pub struct SystemClock(Instant);

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the adapter that the ban refers to")]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the adapter that the ban refers to")]
    fn now(&self) -> Time {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the adapter that the ban refers to")]
    fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the adapter that the ban refers to")]
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        getrandom::fill(buffer).map_err(io::Error::other)
    }
}

pub fn env() -> Env {
    env_from(std::env::vars_os())
}

fn env_from(variables: impl Iterator<Item = (OsString, OsString)>) -> Env {
    let mut env = Env::default();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else { continue };
        let Some(name) = variable_name(name, cfg!(windows)) else { continue };
        match value.into_string() {
            Ok(value) => drop(env.variables.insert(name, Secret::new(value))),
            Err(_) if name.starts_with("TIDP_") => env.not_unicode = env.not_unicode.into_iter().chain([name]).min(),
            Err(_) => {}
        }
    }
    env
}

/// Windows ignores the case of names, and hides the current directory of each drive in variables that begin with `=`.
fn variable_name(name: String, on_windows: bool) -> Option<String> {
    match on_windows {
        true if name.starts_with('=') => None,
        true => Some(name.to_uppercase()),
        false => Some(name),
    }
}

/// The user's directories. Without a state directory (macOS, Windows), local data takes its place.
pub fn dirs(env: &Env) -> Dirs {
    Dirs {
        // On macOS, users of command-line programs look where they do on Linux.
        config: if cfg!(target_os = "macos") {
            xdg_config_dir(env.get("XDG_CONFIG_HOME"), dirs::home_dir())
        } else {
            dirs::config_dir()
        },
        // A session belongs to one machine. Roaming data (Windows) would carry its refresh token to others.
        data: dirs::data_local_dir(),
        state: dirs::state_dir().or_else(dirs::data_local_dir),
        cache: dirs::cache_dir(),
    }
}

/// XDG Base Directory Specification: a relative path is ignored.
fn xdg_config_dir(variable: Option<&str>, home: Option<PathBuf>) -> Option<PathBuf> {
    variable.map(PathBuf::from).filter(|path| path.is_absolute()).or_else(|| Some(home?.join(".config")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_variables_of_windows_are_ignored() {
        assert_eq!(variable_name("=Z:".into(), true), None);
        assert_eq!(variable_name("=Z:".into(), false), Some("=Z:".into()));
    }

    #[test]
    fn case_of_names_does_not_matter_on_windows() {
        assert_eq!(variable_name("tidp_profile".into(), true), Some("TIDP_PROFILE".into()));
        assert_eq!(variable_name("tidp_profile".into(), false), Some("tidp_profile".into()));
    }

    #[test]
    fn config_dir_follows_an_absolute_xdg_config_home() {
        let (home, here) = (std::env::temp_dir(), std::env::temp_dir().join("there"));
        let dir = |variable: Option<&str>| xdg_config_dir(variable, Some(home.clone()));
        assert_eq!(dir(here.to_str()), Some(here.clone()));
        assert_eq!(dir(Some("relative")), Some(home.join(".config")));
        assert_eq!(dir(None), Some(home.join(".config")));
    }

    #[cfg(unix)]
    #[test]
    fn our_variable_that_is_not_unicode_is_noted() {
        use std::os::unix::ffi::OsStringExt;
        let env = |name: &str| env_from([(name.into(), OsString::from_vec(vec![0xff]))].into_iter());
        let ours = env("TIDP_PROFILE");
        assert_eq!((ours.not_unicode.as_deref(), ours.get("TIDP_PROFILE")), (Some("TIDP_PROFILE"), None));
        let other = env("LS_COLORS");
        assert!(other.not_unicode.is_none() && other.variables.is_empty());
    }

    #[test]
    fn the_clock_tells_this_century_and_never_runs_back() {
        let clock = SystemClock::start();
        assert!(clock.now() > Time::from_unix(1_700_000_000));
        let before = clock.uptime();
        clock.pause(Duration::from_millis(2));
        assert!(clock.uptime() >= before + Duration::from_millis(2));
    }

    #[test]
    fn two_draws_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut first).unwrap();
        SystemEntropy.fill(&mut second).unwrap();
        assert_ne!(first, second);
    }
}
