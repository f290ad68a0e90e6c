//! The pages for the browser: fixed texts. Nothing received becomes part of one.

use crate::ports::{FailureReason, Page};

/// The hash of `pages/style.css`. A test computes it.
macro_rules! style_hash {
    () => {
        "sha256-c8ydbYU97OiZv/HkSZuc3Qx4FnXT86HGrW5znk1dhmw="
    };
}

/// The `Content-Security-Policy` of every response.
pub(super) const POLICY: &str = concat!(
    "default-src 'none'; style-src '",
    style_hash!(),
    "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
);

#[derive(Clone, Copy)]
pub(super) struct PageText {
    en: &'static str,
    nb: &'static str,
    /// Replaces [`REASON`], in English and Norwegian.
    reason: Option<(&'static str, &'static str)>,
}

const REASON: &str = "<!-- reason -->";

macro_rules! page {
    ($language:literal, $name:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"",
            $language,
            "\">\n<head>\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>",
            include_str!("../pages/style.css"),
            "</style>\n",
            include_str!(concat!("../pages/", $name, ".", $language, ".html"))
        )
    };
}

macro_rules! text {
    ($name:literal) => {
        PageText { en: page!("en", $name), nb: page!("nb", $name), reason: None }
    };
}

pub(super) const LOGGED_IN: PageText = text!("logged-in");
pub(super) const NOT_LOGGED_IN: PageText = text!("not-logged-in");
pub(super) const LOGGED_OUT: PageText = text!("logged-out");
pub(super) const NEUTRAL: PageText = text!("neutral");
pub(super) const NOT_FOUND: PageText = text!("not-found");
pub(super) const BAD_REQUEST: PageText = text!("bad-request");

impl From<Page> for PageText {
    fn from(page: Page) -> Self {
        match page {
            Page::LoggedIn => LOGGED_IN,
            Page::NotLoggedIn(why) => Self { reason: Some(reason(why)), ..NOT_LOGGED_IN },
            Page::LoggedOut => LOGGED_OUT,
        }
    }
}

fn reason(why: FailureReason) -> (&'static str, &'static str) {
    match why {
        FailureReason::Cancelled => ("The login was cancelled.", "Innloggingen ble avbrutt."),
        FailureReason::TimedOut => ("It took too long.", "Det tok for lang tid."),
        FailureReason::Refused => {
            ("The login service refused the request.", "Innloggingstjenesten avviste forespørselen.")
        }
        FailureReason::Unavailable => (
            "The login service is temporarily unavailable. Try again later.",
            "Innloggingstjenesten er midlertidig utilgjengelig. Prøv igjen senere.",
        ),
        FailureReason::NeedsUser => (
            "The login service needed to ask you something, but was told not to (prompt=none).",
            "Innloggingstjenesten måtte spørre deg om noe, men fikk beskjed om å la være (prompt=none).",
        ),
        FailureReason::AnotherAccount => {
            ("This is not the account that was requested.", "Dette er ikke kontoen som ble etterspurt.")
        }
        FailureReason::TooWeak => ("A stronger login is required.", "Det kreves en sterkere innlogging."),
        FailureReason::NotValid => ("The response failed a check.", "Svaret besto ikke en kontroll."),
        FailureReason::NotStored => ("The session could not be stored.", "Økten kunne ikke lagres."),
        FailureReason::Failed => ("The login failed.", "Innloggingen mislyktes."),
    }
}

impl PageText {
    /// The page in the preferred language of `accept_language` (RFC 9110 12.5.4): Norwegian or else English.
    pub(super) fn for_reader(self, accept_language: &str) -> String {
        let mut best = (0.0, false);
        for item in accept_language.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let language = parts.next().unwrap_or_default().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let norwegian = matches!(language.as_str(), "nb" | "no" | "nn");
            if quality > best.0 && (norwegian || matches!(language.as_str(), "en" | "*")) {
                best = (quality, norwegian);
            }
        }
        self.page(best.1)
    }

    fn page(self, norwegian: bool) -> String {
        let (en, nb) = self.reason.unwrap_or_default();
        if norwegian { self.nb.replace(REASON, nb) } else { self.en.replace(REASON, en) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    const REASONS: [FailureReason; 10] = [
        FailureReason::Cancelled,
        FailureReason::TimedOut,
        FailureReason::Refused,
        FailureReason::Unavailable,
        FailureReason::NeedsUser,
        FailureReason::AnotherAccount,
        FailureReason::TooWeak,
        FailureReason::NotValid,
        FailureReason::NotStored,
        FailureReason::Failed,
    ];

    /// Every page in every language.
    fn all() -> Vec<String> {
        let reasons = REASONS.map(|why| PageText::from(Page::NotLoggedIn(why)));
        let texts = [LOGGED_IN, LOGGED_OUT, NEUTRAL, NOT_FOUND, BAD_REQUEST].into_iter().chain(reasons);
        texts.flat_map(|text| [text.page(false), text.page(true)]).collect()
    }

    #[test]
    fn page_of_a_failed_login_gives_its_reason() {
        let pages: Vec<_> = REASONS.map(|why| (why, PageText::from(Page::NotLoggedIn(why)))).into();
        for (why, text) in &pages {
            let ((en, nb), [english, norwegian]) = (reason(*why), [text.page(false), text.page(true)]);
            assert!(
                english.contains(&format!("<p>{en}</p>"))
                    && english.contains("Go back to the terminal for the details.")
            );
            assert!(norwegian.contains(&format!("<p>{nb}</p>")) && norwegian.contains("Gå tilbake til terminalen"));
        }
        let mut different: Vec<_> = pages.iter().flat_map(|(_, text)| [text.page(false), text.page(true)]).collect();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 2 * REASONS.len(), "each has its own words");
    }

    #[test]
    fn the_style_of_every_page_is_the_one_the_policy_allows() {
        for page in all() {
            let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
            let hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(style)));
            assert_eq!(hash, style_hash!());
            assert_eq!(page.matches("<style").count(), 1);
        }
    }

    #[test]
    fn no_page_runs_a_script_or_fetches_anything() {
        for page in all() {
            for word in ["<script", "src=", "href=", "url(", "@import", "style=", "http:", "https:"] {
                assert!(!page.contains(word), "{word}");
            }
        }
    }

    #[test]
    fn the_reader_gets_the_language_asked_for_most() {
        for (accept, norwegian) in [
            ("", false),
            ("nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en-US;q=0.6", true),
            ("en-US,en;q=0.9,nb;q=0.8", false),
            ("de, nb;q=0.3", true),
            ("en;q=0.2, no ; q=0.5", true),
            ("NN", true),
            ("nb;q=0", false),
            ("nb;q=x, en;q=0.1", false),
            ("*", false),
        ] {
            assert_eq!(LOGGED_IN.for_reader(accept) == LOGGED_IN.nb, norwegian, "{accept}");
        }
    }
}
