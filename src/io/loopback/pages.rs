//! The pages a browser is shown: fixed texts, compiled in. Nothing that was received ever becomes part of one.

use crate::world::Page;

/// The hash of `pages/style.css`, the one style that runs. A test computes it.
macro_rules! style_hash {
    () => {
        "sha256-c8ydbYU97OiZv/HkSZuc3Qx4FnXT86HGrW5znk1dhmw="
    };
}

/// `Content-Security-Policy` of every answer.
pub(super) const POLICY: &str = concat!(
    "default-src 'none'; style-src '",
    style_hash!(),
    "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
);

/// One page in both languages.
#[derive(Clone, Copy)]
pub(super) struct Text {
    en: &'static str,
    nb: &'static str,
}

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
        Text { en: page!("en", $name), nb: page!("nb", $name) }
    };
}

/// The session is stored.
pub(super) const LOGGED_IN: Text = text!("logged-in");
/// It did not come to a session.
pub(super) const NOT_LOGGED_IN: Text = text!("not-logged-in");
/// The user was logged out at the provider.
pub(super) const LOGGED_OUT: Text = text!("logged-out");
/// How it ended is not known here.
pub(super) const NEUTRAL: Text = text!("neutral");
/// Another path.
pub(super) const NOT_FOUND: Text = text!("not-found");
/// Anything else that is ignored.
pub(super) const BAD_REQUEST: Text = text!("bad-request");

impl From<Page> for Text {
    fn from(page: Page) -> Self {
        match page {
            Page::LoggedIn => LOGGED_IN,
            Page::NotLoggedIn => NOT_LOGGED_IN,
            Page::LoggedOut => LOGGED_OUT,
        }
    }
}

impl Text {
    /// The page in the language that `accept_language` (RFC 9110 12.5.4) prefers: Norwegian or, otherwise, English.
    pub(super) fn for_reader(self, accept_language: &str) -> &'static str {
        let mut best = (0.0, false);
        for item in accept_language.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let language = parts.next().unwrap_or_default().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let norwegian = matches!(language.as_str(), "nb" | "no" | "nn");
            match quality {
                Some(quality) if quality > best.0 && (norwegian || matches!(language.as_str(), "en" | "*")) => {
                    best = (quality, norwegian);
                }
                _ => {}
            }
        }
        if best.1 { self.nb } else { self.en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    const ALL: [Text; 6] = [LOGGED_IN, NOT_LOGGED_IN, LOGGED_OUT, NEUTRAL, NOT_FOUND, BAD_REQUEST];

    #[test]
    fn the_style_of_every_page_is_the_one_the_policy_allows() {
        for page in ALL.iter().flat_map(|text| [text.en, text.nb]) {
            let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
            let hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(style)));
            assert_eq!(hash, style_hash!());
            assert_eq!(page.matches("<style").count(), 1);
        }
    }

    #[test]
    fn no_page_runs_a_script_or_fetches_anything() {
        for page in ALL.iter().flat_map(|text| [text.en, text.nb]) {
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
