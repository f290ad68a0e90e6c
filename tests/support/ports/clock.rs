use std::io;
use std::sync::Mutex;
use std::time::Duration;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports;

/// A clock that moves only when told to, and during a pause.
pub struct Clock(Mutex<(Time, Duration)>);

impl Clock {
    pub fn at(time: Time) -> Self {
        Self(Mutex::new((time, Duration::ZERO)))
    }

    pub fn time(&self) -> Time {
        self.0.lock().unwrap().0
    }

    /// Advances wall clock and uptime.
    pub fn advance(&self, by: Seconds) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0.plus(by);
        clock.1 += by.to_std();
    }

    /// Advances the wall clock only, as a suspended machine does.
    pub fn suspend(&self, by: Seconds) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0.plus(by);
    }
}

impl ports::Clock for Clock {
    fn now(&self) -> Time {
        self.time()
    }

    fn uptime(&self) -> Duration {
        self.0.lock().unwrap().1
    }

    fn pause(&self, duration: Duration) {
        let mut clock = self.0.lock().unwrap();
        let before = clock.1.as_secs();
        clock.1 += duration;
        clock.0 = clock.0.plus(Seconds((clock.1.as_secs() - before) as i64));
    }
}

/// A clock that stands still while threads that share it wait for each other.
pub struct StandingClock(pub Time);

impl ports::Clock for StandingClock {
    fn now(&self) -> Time {
        self.0
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }

    fn pause(&self, _: Duration) {
        std::thread::yield_now();
    }
}

/// Pseudo-random numbers: different at every call, the same in every run.
#[derive(Default)]
pub struct Entropy(Mutex<u64>);

impl ports::Entropy for Entropy {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        use sha2::Digest;
        let mut counter = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(32) {
            *counter += 1;
            chunk.copy_from_slice(&sha2::Sha256::digest(counter.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}
