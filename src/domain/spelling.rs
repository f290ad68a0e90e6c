//! What a misspelt name was meant to be.

/// The name that is nearest to `word`, if one is near.
pub fn nearest<T: AsRef<str> + Copy>(word: &str, names: &[T]) -> Option<T> {
    let nearest = names.iter().min_by_key(|name| distance(word, name.as_ref()));
    nearest.filter(|name| is_near(word, name.as_ref())).copied()
}

/// Whether `word` may be a slip for `name`: one letter is wrong, missing, too many or at another's place, or one of about
/// three, if the first one is right.
pub fn is_near(word: &str, name: &str) -> bool {
    let is_start_right = word.chars().next().map(|c| c.to_ascii_lowercase()) == name.chars().next();
    let most = if is_start_right { word.len().max(name.len()).saturating_add(1) / 3 } else { 1 };
    distance(word, name) <= most
}

fn distance(word: &str, name: &str) -> usize {
    strsim::osa_distance(&word.to_lowercase(), &name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_is_near_and_another_word_is_not() {
        for (word, name) in [("stauts", "status"), ("logon", "login"), ("tok", "token"), ("Redirect", "redirect_uri")] {
            assert!(is_near(word, name), "{word} {name}");
        }
        for (word, name) in [("session", "userinfo"), ("session", "version"), ("use", "userinfo"), ("exit", "exec")] {
            assert!(!is_near(word, name), "{word} {name}");
        }
    }
}
