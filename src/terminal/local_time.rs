//! Local times.

use crate::domain::time::Time;

/// `time` in `zone`: `2026-01-31 13:00:00 CET`.
pub fn local_time(time: Time, zone: &jiff::tz::TimeZone) -> String {
    jiff::Timestamp::from_second(time.unix())
        .map(|stamp| stamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_follow_daylight_saving() {
        let oslo = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(local_time(Time::from_unix(1_767_225_600), &oslo), "2026-01-01 01:00:00 CET");
        assert_eq!(local_time(Time::from_unix(1_782_864_000), &oslo), "2026-07-01 02:00:00 CEST");
    }
}
