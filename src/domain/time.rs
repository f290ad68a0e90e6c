//! Times and durations in whole seconds, which cannot overflow.

use crate::domain::text::printable;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, up to [`Time::MAX`]. Arithmetic saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A signed duration. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub i64);

/// How far in the future a stored time may be before it means that the clock was set back.
pub const CLOCK_TOLERANCE: Seconds = Seconds(60);

impl Time {
    /// The distance from `now`: `in 13 days 4 h`, `5 min ago`, `now`.
    pub fn relative_to(self, now: Self) -> String {
        match self.since(now) {
            gap if gap.0 > 0 => format!("in {}", gap.to_text()),
            gap if gap.0 < 0 => format!("{} ago", gap.to_text()),
            _ => "now".to_owned(),
        }
    }

    pub const MIN: Self = Self(0);
    /// 9999-12-30T22:00:00Z, the last second that has a date in every time zone.
    pub const MAX: Self = Self(253_402_207_200);

    /// The time of a Unix time stamp, such as a JWT's `NumericDate`, limited to [`Time::MIN`] and [`Time::MAX`].
    pub const fn from_unix(seconds: i64) -> Self {
        if seconds < Self::MIN.0 {
            Self::MIN
        } else if seconds > Self::MAX.0 {
            Self::MAX
        } else {
            Self(seconds)
        }
    }

    pub const fn unix(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn plus(self, by: Seconds) -> Self {
        Self::from_unix(self.0.saturating_add(by.0))
    }

    #[must_use]
    pub const fn minus(self, by: Seconds) -> Self {
        Self::from_unix(self.0.saturating_sub(by.0))
    }

    /// The time since `earlier`; negative if that is later.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0 - earlier.0)
    }

    /// The time left at `now`; zero if it has passed.
    pub fn left(self, now: Self) -> Seconds {
        self.since(now).max(Seconds::ZERO)
    }

    /// The time as RFC 3339 writes it, in UTC: `2026-01-31T12:00:00Z`.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0).map_or_else(|_| String::new(), |t| t.to_string())
    }

    /// The time in this zone, for people: `2026-01-31 13:00:00 CET`.
    pub fn local(self, zone: &jiff::tz::TimeZone) -> String {
        jiff::Timestamp::from_second(self.0)
            .map(|stamp| stamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
            .unwrap_or_default()
    }

    /// The time of an HTTP date (RFC 9110 5.6.7, the fixed-length form).
    pub fn from_http_date(text: &str) -> Option<Self> {
        let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
        Some(Self::from_unix(zoned.timestamp().as_second()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_unix(i64::deserialize(deserializer)?))
    }
}

impl Seconds {
    pub const ZERO: Self = Self(0);

    pub const fn minutes(n: i64) -> Self {
        Self(n.saturating_mul(60))
    }

    pub const fn hours(n: i64) -> Self {
        Self::minutes(n.saturating_mul(60))
    }

    pub const fn days(n: i64) -> Self {
        Self::hours(n.saturating_mul(24))
    }

    /// The duration as the standard library has it; zero if it is negative.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(self.0).unwrap_or(0))
    }

    /// The duration that a user typed: `30` or `30s` (seconds), `5m`, `2h`, `14d`, or a sum such as `1h30m`. The error is a
    /// sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not a duration: use 30s, 5m, 2h, 14d or a sum such as 1h30m", printable(text));
        if let Ok(seconds) = text.parse::<u32>() {
            return Ok(Self(seconds.into()));
        }
        let mut total: i64 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: i64 = rest.get(..digits).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
            let unit = match rest.as_bytes().get(digits) {
                Some(b's') => 1,
                Some(b'm') => 60,
                Some(b'h') => 3_600,
                Some(b'd') => 86_400,
                _ => return Err(wrong()),
            };
            total = number.checked_mul(unit).and_then(|n| n.checked_add(total)).ok_or_else(wrong)?;
            rest = &rest[digits + 1..];
        }
        if text.is_empty() || total > Time::MAX.0 { Err(wrong()) } else { Ok(Self(total)) }
    }

    /// As [`Seconds::parse`], but zero is an error.
    pub fn parse_positive(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::ZERO => Err(format!("`{}` must be longer than zero", printable(text))),
            some => Ok(some),
        }
    }

    /// The two largest units: `89 days 23 h`, `59 min`, `9 min 30 s`, `0 s`. The sign is dropped.
    pub fn to_text(self) -> String {
        let s = self.0.unsigned_abs();
        let (days, hours, minutes, seconds) = (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
        let day = |n| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
        match (days, hours, minutes, seconds) {
            (0, 0, 0, s) => format!("{s} s"),
            (0, 0, m, s) if m < 20 && s > 0 => format!("{m} min {s} s"),
            (0, 0, m, _) => format!("{m} min"),
            (0, h, 0, _) => format!("{h} h"),
            (0, h, m, _) => format!("{h} h {m} min"),
            (d, h, ..) if d < 100 && h > 0 => format!("{} {h} h", day(d)),
            (d, ..) => day(d),
        }
    }

    /// To the second, as one types it, for a table: `1h4m`, `13d23h56m`, `0s`. The sign is dropped.
    pub fn to_compact_text(self) -> String {
        let s = self.0.unsigned_abs();
        let units = [(s / 86_400, 'd'), (s / 3_600 % 24, 'h'), (s / 60 % 60, 'm'), (s % 60, 's')];
        let text: String = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
        if text.is_empty() { "0s".to_owned() } else { text }
    }

    /// The largest unit, for a prompt: `89d`, `3h`, `9m`, `30s`.
    pub fn to_short_text(self) -> String {
        self.to_compact_text().split_inclusive(char::is_alphabetic).take(1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_overflowing() {
        assert_eq!(Time::MAX.plus(Seconds(i64::MAX)), Time::MAX);
        assert_eq!(Time::MIN.minus(Seconds(i64::MAX)), Time::MIN);
        assert_eq!(Time::from_unix(i64::MIN), Time::MIN);
        assert_eq!(Seconds::days(i64::MAX), Seconds(i64::MAX));
    }

    #[test]
    fn local_times_follow_daylight_saving() {
        let oslo = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(Time::from_unix(1_767_225_600).local(&oslo), "2026-01-01 01:00:00 CET");
        assert_eq!(Time::from_unix(1_782_864_000).local(&oslo), "2026-07-01 02:00:00 CEST");
    }

    #[test]
    fn time_is_written_as_rfc_3339_in_utc() {
        assert_eq!(Time::MIN.rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Time::MAX.rfc3339(), "9999-12-30T22:00:00Z");
    }

    #[test]
    fn http_date_is_parsed() {
        assert_eq!(Time::from_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Time::from_unix(784_111_777)));
        assert_eq!(Time::from_http_date("yesterday"), None);
    }

    #[test]
    fn durations_are_parsed() {
        for (text, seconds) in [("0", 0), ("30", 30), ("30s", 30), ("5m", 300), ("1h30m", 5_400), ("14d", 1_209_600)] {
            assert_eq!(Seconds::parse(text), Ok(Seconds(seconds)), "{text}");
        }
        assert!(["0", "0s", "0d0h"].map(Seconds::parse_positive).iter().all(Result::is_err));
        assert_eq!(Seconds::parse_positive("1s"), Ok(Seconds(1)));
        assert_eq!(Seconds::parse("253402207200s"), Ok(Seconds(Time::MAX.unix())));
        for text in [
            "",
            "d",
            "5",
            "253402207201s",
            "-5s",
            "5 m",
            "5w",
            "1h30",
            "99999999999999999999d",
            "9999999999999d",
            "５m",
        ] {
            assert_eq!(Seconds::parse(text).is_err(), text != "5", "{text}");
        }
    }

    #[test]
    fn durations_are_shown_with_at_most_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (570, "9 min 30 s"),
            (1_199, "19 min 59 s"),
            (1_201, "20 min"),
            (3_540, "59 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (5_400, "1 h 30 min"),
            (86_400, "1 day"),
            (1_134_000, "13 days 3 h"),
            (7_776_000, "90 days"),
            (8_639_999, "99 days 23 h"),
            (8_643_600, "100 days"),
        ] {
            assert_eq!(Seconds(seconds).to_text(), text);
        }
        let short = [7_775_999, 86_399, 3_599, 59].map(|seconds| Seconds(seconds).to_short_text());
        assert_eq!(short, ["89d", "23h", "59m", "59s"]);
    }
}
