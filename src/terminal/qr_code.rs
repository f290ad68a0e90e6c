//! A QR code drawn with characters.

use crate::terminal::styled_text::Charset;
use qrcode::{Color, EcLevel, QrCode};

/// Modules of blank border: what the standard wants, and what scanners still read.
const QUIET_ZONES: [usize; 2] = [4, 2];

/// Black on white whatever the terminal's theme: entries of the colour cube, which no theme changes.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const BLACK: &str = "\x1b[48;5;16m";
const WHITE: &str = "\x1b[48;5;231m";
const RESET: &str = "\x1b[0m";

/// The QR code of `text` as lines, if it fits: in half blocks, a module wide and half a row high, or in ASCII, two columns
/// wide and one row high. Without colours the light modules are drawn, as suits a dark terminal; most scanners read the
/// inverse too.
pub fn picture(text: &str, charset: Charset, colors: bool, columns: usize, rows: usize) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let fits = |quiet_zone: &usize| {
        let side = code.width() + 2 * quiet_zone;
        match charset {
            Charset::Unicode => side <= columns && side.div_ceil(2) <= rows,
            Charset::Ascii => 2 * side <= columns && side <= rows,
        }
    };
    let quiet_zone = QUIET_ZONES.into_iter().find(fits)?;
    let (inside, side) = (quiet_zone..quiet_zone + code.width(), code.width() + 2 * quiet_zone);
    let is_dark = |x: usize, y: usize| {
        inside.contains(&x) && inside.contains(&y) && code[(x - quiet_zone, y - quiet_zone)] == Color::Dark
    };
    let block = |x, y| match (is_dark(x, y) == colors, is_dark(x, y + 1) == colors) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    let module = |x, y| match (is_dark(x, y), colors) {
        (true, true) => format!("{BLACK}  "),
        (false, true) => format!("{WHITE}  "),
        (true, false) => "  ".to_owned(),
        (false, false) => "##".to_owned(),
    };
    let (start, end) = if colors { (BLACK_ON_WHITE, RESET) } else { ("", "") };
    let half_blocks = |y| format!("{start}{}{end}\n", (0..side).map(|x| block(x, y)).collect::<String>());
    let modules = |y| format!("{}{end}\n", (0..side).map(|x| module(x, y)).collect::<String>());
    Some(match charset {
        Charset::Unicode => (0..side).step_by(2).map(half_blocks).collect(),
        Charset::Ascii => (0..side).map(modules).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://id-test.telenor.no/device?user_code=123456789";

    /// The dark modules that a picture shows, without its border. `dark_blocks`: the drawn half of a block is dark.
    fn modules(picture: &str, dark_blocks: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in picture.lines() {
            let line = line.trim_start_matches(BLACK_ON_WHITE).trim_end_matches(RESET);
            for drawn in ["█▀", "█▄"] {
                rows.push(line.chars().map(|c| drawn.contains(c) == dark_blocks).collect::<Vec<_>>());
            }
        }
        without_border(rows)
    }

    fn without_border(rows: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
        let dark = |column: usize| rows.iter().any(|row| row[column]);
        let (left, right) = ((0..rows[0].len()).find(|x| dark(*x)), (0..rows[0].len()).rfind(|x| dark(*x)));
        let inner = rows.iter().filter(|row| row.contains(&true));
        inner.map(|row| row[left.unwrap()..=right.unwrap()].to_vec()).collect()
    }

    fn expected() -> Vec<Vec<bool>> {
        let code = QrCode::with_error_correction_level(ADDRESS, EcLevel::L).unwrap();
        code.to_colors().chunks(code.width()).map(|row| row.iter().map(|c| *c == Color::Dark).collect()).collect()
    }

    fn draw(charset: Charset, colors: bool, columns: usize, rows: usize) -> Option<String> {
        picture(ADDRESS, charset, colors, columns, rows)
    }

    #[test]
    fn half_blocks_show_the_modules() {
        for colors in [true, false] {
            assert_eq!(modules(&draw(Charset::Unicode, colors, 80, 40).unwrap(), colors), expected());
        }
    }

    #[test]
    fn ascii_shows_the_modules() {
        let plain = draw(Charset::Ascii, false, 80, 80).unwrap();
        assert!(plain.is_ascii());
        let row = |line: &str| line.as_bytes().chunks(2).map(|module| module == b"  ").collect();
        assert_eq!(without_border(plain.lines().map(row).collect()), expected());
        let colored = draw(Charset::Ascii, true, 80, 80).unwrap();
        let row = |line: &str| {
            let modules = line.trim_end_matches(RESET).split("  ").filter(|module| !module.is_empty());
            modules.map(|module| module == BLACK).collect()
        };
        assert_eq!(without_border(colored.lines().map(row).collect()), expected());
    }

    #[test]
    fn border_shrinks_before_the_picture_is_left_out() {
        let side = expected().len();
        let width = |columns, rows| {
            let picture = draw(Charset::Unicode, false, columns, rows)?;
            Some(picture.lines().next()?.chars().count())
        };
        assert_eq!(width(side + 8, 80), Some(side + 8));
        assert_eq!(width(side + 7, 80), Some(side + 4));
        assert_eq!(width(side + 3, 80), None);
        assert_eq!(width(80, (side + 8).div_ceil(2)), Some(side + 8));
        assert_eq!(width(80, (side + 4).div_ceil(2) - 1), None);
        assert_eq!(draw(Charset::Ascii, false, 2 * side + 7, 80), None);
        assert_eq!(draw(Charset::Ascii, false, 80, side + 3), None);
    }

    #[test]
    fn text_that_no_code_can_hold_has_no_picture() {
        assert_eq!(picture(&"x".repeat(5_000), Charset::Unicode, true, 1_000, 1_000), None);
    }
}
