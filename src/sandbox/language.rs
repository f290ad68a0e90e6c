//! The languages of the pages and reasons.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Norwegian,
}

impl Language {
    /// The first known language in `ui_locales` (OIDC Core 3.1.2.1), else in `Accept-Language`, else English.
    pub fn choose(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let known = |tag: &str| match tag.trim().split(['-', ';', '_']).next().unwrap_or_default() {
            "en" => Some(Self::English),
            "no" | "nb" | "nn" => Some(Self::Norwegian),
            _ => None,
        };
        let requested = ui_locales.unwrap_or_default().split(' ').find_map(known);
        requested.or_else(|| accept_language.unwrap_or_default().split(',').find_map(known)).unwrap_or(Self::English)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ui_locales_precede_accept_language() {
        let choose = Language::choose;
        assert_eq!(choose(Some("de no"), Some("en-GB")), Language::Norwegian);
        assert_eq!(choose(Some("de"), Some("nb-NO,nb;q=0.9,en;q=0.8")), Language::Norwegian);
        assert_eq!(choose(Some("en"), Some("nb")), Language::English);
        assert_eq!(choose(None, None), Language::English);
    }
}
