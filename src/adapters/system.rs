//! Clock, entropy, environment and directories of the machine.

use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::ports::{Clock, Dirs, Entropy, Env};
use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant, SystemTime};

/// The system's clocks. The one place that reads them.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose uptime counts from now.
    #[allow(clippy::disallowed_methods)] // this is the edge that the ban sends everybody to
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // as above
    fn now(&self) -> Time {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    #[allow(clippy::disallowed_methods)] // as above
    fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The kernel's random numbers.
#[derive(Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        random(buffer)
    }
}

/// Fills `buffer` from the kernel.
///
/// # Errors
/// If the kernel has no randomness to give.
#[allow(clippy::disallowed_methods)] // this is the edge that the ban sends everybody to
pub(super) fn random(buffer: &mut [u8]) -> io::Result<()> {
    getrandom::fill(buffer).map_err(io::Error::other)
}

/// The environment as it is now, without what is not Unicode; but that a variable of ours is not is kept.
pub fn env() -> Env {
    Env(std::env::vars_os().filter_map(|(name, value)| readable(name.into_string().ok()?, value)).collect())
}

fn readable(name: String, value: OsString) -> Option<(String, Secret)> {
    match value.into_string() {
        Ok(value) => Some((name, Secret::new(value))),
        Err(_) if name.starts_with("TIDP_") => Some((format!("{}{name}", Env::NOT_UNICODE), Secret::default())),
        Err(_) => None,
    }
}

/// The user's directories. Where there is no directory for state (macOS, Windows), local data takes its place.
pub fn dirs() -> Dirs {
    Dirs {
        config: dirs::config_dir(),
        data: dirs::data_dir(),
        state: dirs::state_dir().or_else(dirs::data_local_dir),
        cache: dirs::cache_dir(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_variable_of_ours_that_is_not_unicode_is_remembered_by_its_name() {
        use std::os::unix::ffi::OsStringExt;
        let read = |name: &str| readable(name.to_owned(), OsString::from_vec(vec![0xff]));
        let env = Env(read("TIDP_PROFILE").into_iter().collect());
        assert_eq!((env.not_unicode(), env.get("TIDP_PROFILE")), (Some("TIDP_PROFILE"), None));
        assert!(read("LS_COLORS").is_none());
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
