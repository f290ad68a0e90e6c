//! Counts as the simulation writes them.

/// `1 refresh`, `2 refreshes`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
