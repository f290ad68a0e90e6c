//! What a misspelt name was meant to be.

/// The name that is nearest to `word`, if one is near.
pub fn nearest<T: AsRef<str> + Copy>(word: &str, names: &[T]) -> Option<T> {
    let word = word.to_lowercase();
    let likeness = |name: &T| strsim::jaro_winkler(&name.as_ref().to_lowercase(), &word);
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|name| likeness(name) > 0.75).copied()
}
