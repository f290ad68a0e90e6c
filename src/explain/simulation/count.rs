//! Durations and counts as the simulation writes them.

use crate::domain::time::Seconds;

/// A duration to the second, as one types it: `1h4m`, `13d23h56m`, `0s`.
pub fn compact(duration: Seconds) -> String {
    let s = duration.0.unsigned_abs();
    let units = [(s / 86_400, 'd'), (s / 3_600 % 24, 'h'), (s / 60 % 60, 'm'), (s % 60, 's')];
    let text: String = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// `1 refresh`, `2 refreshes`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
