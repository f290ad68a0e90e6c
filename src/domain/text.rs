//! Makes text from outside safe for a terminal, and reads bytes as text.

const MAX_SHOWN: usize = 300;

/// `text` as a sentence: with one full stop at its end, whether it had one or not.
pub fn with_full_stop(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// `text`, which came from outside, with escapes (`\u{1b}`) for all characters that could control a terminal or mislead
/// its reader, cut at 300 characters.
pub fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).map(escape).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Editors and shells write it before a text on Windows.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// As [`without_byte_order_mark`], for bytes that may not be UTF-8.
pub fn bytes_without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes)
}

/// The text of a file, a pipe or another program's output, without byte order mark.
///
/// # Errors
/// What `bytes` are instead, as part of a sentence.
pub fn utf8_text(bytes: &[u8]) -> Result<&str, &'static str> {
    // With a byte order mark or without: in UTF-16 every second byte of a token or a key is zero.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..] = bytes {
        return Err("UTF-16, as PowerShell's `>` writes it, and not UTF-8");
    }
    std::str::from_utf8(bytes).map(without_byte_order_mark).map_err(|_| "not UTF-8")
}

/// As [`utf8_text`], without leaving a copy of what may be a secret.
///
/// # Errors
/// As [`utf8_text`].
pub fn into_utf8_text(mut bytes: Vec<u8>) -> Result<String, &'static str> {
    let mark = bytes.len() - utf8_text(&bytes)?.len();
    bytes.drain(..mark);
    String::from_utf8(bytes).map_err(|_| "not UTF-8")
}

/// `bytes` as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn printable_path(path: &std::path::Path) -> String {
    printable(&path.display().to_string())
}

/// `text` with `~` for `home` wherever it is a whole path or its beginning.
pub fn with_tilde(text: &str, home: Option<&str>) -> String {
    with_short_home(text, home, "~")
}

/// As [`with_tilde`], with `short` for `home`.
pub fn with_short_home(text: &str, home: Option<&str>, short: &str) -> String {
    let Some(home) = home.map(|home| home.trim_end_matches(['/', '\\'])).filter(|home| !home.is_empty()) else {
        return text.to_owned();
    };
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(home) {
        let is_start = !before.ends_with(|c| is_part_of_a_name(c) || c == '/');
        let is_whole = !after.starts_with(is_part_of_a_name);
        shown.push_str(before);
        shown.push_str(if is_start && is_whole { short } else { home });
        rest = after;
    }
    shown + rest
}

fn is_part_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// As [`printable`], but not cut, and with its newlines.
pub fn printable_document(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c.into() } else { escape(c) }).collect()
}

/// The valid JSON document `json` with the characters that [`printable`] escapes written as JSON escapes.
pub fn printable_json(json: String) -> String {
    // `fold` is faster than `all`, because it looks at many bytes at once.
    if json.bytes().fold(true, |plain, b| plain & (b.is_ascii_graphic() | (b == b' ') | (b == b'\n'))) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_harmless(c) {
            text.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}"));
        }
    }
    text
}

/// Whether a terminal may get `c`: no control or bidi control character, nothing of zero width, no line separator, no
/// private use or tag character.
fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'))
}

fn escape(c: char) -> String {
    if is_harmless(c) { c.into() } else { c.escape_unicode().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_control_a_terminal_are_escaped() {
        for c in [
            '\u{1b}',
            '\r',
            '\n',
            '\t',
            '\u{7f}',
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{feff}',
            '\u{2028}',
            '\u{e0041}',
        ] {
            assert_eq!(printable(&c.to_string()), c.escape_unicode().to_string());
        }
        assert_eq!(printable("Kåre Ødegård 東京"), "Kåre Ødegård 東京");
    }

    #[test]
    fn byte_order_mark_is_dropped_and_utf_16_is_named() {
        for (bytes, text) in [
            (&b"\xef\xbb\xbfs\xc3\xa5"[..], Ok("s\u{e5}")),
            (b"s", Ok("s")),
            (b"", Ok("")),
            (b"\xef\xbb\xbf", Ok("")),
            (b"\xff", Err("not UTF-8")),
        ] {
            assert_eq!(utf8_text(bytes), text);
            assert_eq!(into_utf8_text(bytes.to_vec()).as_deref(), text.as_ref().copied());
        }
        for utf_16 in [&b"\xff\xfes\0"[..], b"\xfe\xff\0s", b"s\0", b"\0s", b"\xff\xfe"] {
            assert!(utf8_text(utf_16).is_err_and(|why| why.contains("UTF-16")), "{utf_16:?}");
        }
        assert_eq!(without_byte_order_mark("a\u{feff}"), "a\u{feff}", "only at the beginning");
    }

    #[test]
    fn sentence_ends_with_one_full_stop() {
        assert_eq!(with_full_stop("it ended"), "it ended.");
        assert_eq!(with_full_stop("it ended at 17:12:32 UTC."), "it ended at 17:12:32 UTC.");
    }

    #[test]
    fn hex_writes_two_digits_for_each_byte() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
    }

    #[test]
    fn printable_json_is_the_same_document() {
        let document = serde_json::json!({ "a\u{202e}b": "\u{1b}[31m\u{e0041}å" });
        let printable = printable_json(document.to_string());
        assert!(printable.chars().all(is_harmless), "{printable}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printable).unwrap(), document);
    }

    #[test]
    fn text_is_cut_but_a_document_is_not() {
        assert_eq!(printable(&"x".repeat(301)).chars().count(), 301);
        assert!(printable(&"x".repeat(301)).ends_with('…'));
        assert_eq!(printable_document(&format!("{}\n\u{1b}", "x".repeat(301))).len(), 302 + 6);
    }

    #[test]
    fn home_becomes_a_tilde_where_a_path_begins_with_it() {
        for (text, expected) in [
            ("/home/kari", "~"),
            ("a /home/kari/x: b, `/home/kari`", "a ~/x: b, `~`"),
            ("/home/kari2/x /mnt/home/kari/x", "/home/kari2/x /mnt/home/kari/x"),
        ] {
            assert_eq!(with_tilde(text, Some("/home/kari/")), expected);
        }
        for home in [None, Some(""), Some("/")] {
            assert_eq!(with_tilde("/a//b", home), "/a//b");
        }
    }
}
