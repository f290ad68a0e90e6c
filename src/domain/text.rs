//! Text from outside made safe for a terminal; bytes as text.

/// The longest piece of foreign text that is shown, in characters; the rest is cut with `…`.
const MAX_LENGTH: usize = 300;

/// `text` with every character that could move a cursor, hide, or reverse what is read written as an escape
/// (`\u{1b}`), cut at 300 characters. For claims, provider errors, key ids, host names: whatever came from outside.
pub fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_LENGTH).map(escaped).collect();
    if text.chars().nth(MAX_LENGTH).is_some() {
        shown.push('…');
    }
    shown
}

/// `text` without the byte order mark that editors and shells of Windows write before it: it is no part of a secret, a
/// token or a document.
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The text in `bytes` that came out of a file, a pipe or another program, without byte order mark.
///
/// # Errors
/// What it is instead, as part of a sentence.
pub fn utf8_text(bytes: &[u8]) -> Result<&str, &'static str> {
    // With its byte order mark, or without: half of each character of a token or a key is zero there.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..] = bytes {
        return Err("UTF-16, as PowerShell's `>` writes it, and not UTF-8");
    }
    std::str::from_utf8(bytes).map(without_byte_order_mark).map_err(|_| "not UTF-8")
}

/// As [`utf8_text`], with nothing copied that may be a secret.
///
/// # Errors
/// As [`utf8_text`].
pub fn into_utf8_text(mut bytes: Vec<u8>) -> Result<String, &'static str> {
    let mark = bytes.len() - utf8_text(&bytes)?.len();
    bytes.drain(..mark);
    String::from_utf8(bytes).map_err(|_| "not UTF-8")
}

/// `bytes` in hexadecimal, two lower-case digits each.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// [`printable`] for a file's name.
pub fn printable_path(path: &std::path::Path) -> String {
    printable(&path.display().to_string())
}

/// As [`printable`], but whole: for a document whose length is the answer (`decode`), newlines and tabs kept.
pub fn printable_document(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c.into() } else { escaped(c) }).collect()
}

/// `json`, which must be valid JSON, with every such character inside its strings written as JSON's own escape: the
/// same document, fit for a terminal.
pub fn printable_json(json: String) -> String {
    // `fold` and not `all`: without an early end, many bytes are looked at at once.
    if json.bytes().fold(true, |plain, b| plain & (b.is_ascii_graphic() | (b == b' ') | (b == b'\n'))) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || harmless(c) {
            text.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}"));
        }
    }
    text
}

/// Whether `c` may reach a terminal as it is: no control, no bidi control, nothing of zero width, no separator
/// that breaks a line, no private use or tag character.
fn harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'))
}

fn escaped(c: char) -> String {
    if harmless(c) { c.into() } else { c.escape_unicode().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_hides_or_reverses_reaches_the_terminal() {
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
    fn bytes_become_two_digits_each() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
    }

    #[test]
    fn json_stays_the_same_document_when_it_is_made_printable() {
        let document = serde_json::json!({ "a\u{202e}b": "\u{1b}[31m\u{e0041}å" });
        let printable = printable_json(document.to_string());
        assert!(printable.chars().all(harmless), "{printable}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printable).unwrap(), document);
    }

    #[test]
    fn foreign_text_is_cut_but_a_document_is_whole() {
        assert_eq!(printable(&"x".repeat(301)).chars().count(), 301);
        assert!(printable(&"x".repeat(301)).ends_with('…'));
        assert_eq!(printable_document(&format!("{}\n\u{1b}", "x".repeat(301))).len(), 302 + 6);
    }
}
