//! What a backslash in a string stands for.

use memchr::memchr;

/// The text that is written so between quotes. Half a pair of surrogates, which JSON's grammar has and sources write that
/// cut texts at a number of UTF-16 units, reads as U+FFFD.
pub(crate) fn unescaped(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((plain, escape)) = memchr(b'\\', rest.as_bytes()).and_then(|at| rest.split_at_checked(at))
    {
        text.push_str(plain);
        let (character, length) = character(escape);
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character that an escape stands for, and how many bytes it has.
fn character(escape: &str) -> (char, usize) {
    let simple = match escape.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return of_units(escape),
        // A quote, a backslash or a slash: itself.
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

/// The character of one `\uXXXX`, or of a pair of them.
fn of_units(escape: &str) -> (char, usize) {
    let units = [unit(escape, 0), unit(escape, 6)];
    let mut characters = char::decode_utf16(units.into_iter().map_while(|unit| unit));
    match characters.next() {
        Some(Ok(character)) => (character, 6 * character.len_utf16()),
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// The UTF-16 unit that a `\uXXXX` at this offset writes.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_stands_for_its_character() {
        for (written, text) in [
            ("", ""),
            ("plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u0041\u00e9z", "aAéz"),
            (r"\\u0041", "\\u0041"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\uD83D\uDE00!", "\u{1f600}!"),
            (r"\u0000", "\0"),
        ] {
            assert_eq!(unescaped(written), text, "{written}");
        }
    }

    #[test]
    fn half_a_pair_of_surrogates_is_the_replacement_character() {
        for (written, text) in [
            (r"x\ud83dy", "x\u{fffd}y"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\\ude00", "\u{fffd}\\ude00"),
        ] {
            assert_eq!(unescaped(written), text, "{written}");
        }
    }
}
