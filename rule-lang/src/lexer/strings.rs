//! String literals: where they end, and what they say.
//!
//! | form | escapes | lines |
//! |---|---|---|
//! | `"…"`, `'…'` | backslash | one |
//! | `@"…"`, `@'…'` | the quote doubled | one |
//! | three backticks or `~~~` around | none | many |
//!
//! An `h` before any of them hides the text in Kusto's traces and changes nothing here.

use crate::{Diagnostic, Span};
use smol_str::SmolStr;

/// The extent of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// Bytes up to its end, or to the end of the line or text where it is not closed.
    pub(super) bytes: usize,
    /// Whether its closing quote is there.
    pub(super) closed: bool,
    /// Where the first backslash stands that begins no escape.
    pub(super) bad_escape: Option<usize>,
}

/// How a literal is written.
struct Form {
    /// Bytes before the content.
    open: usize,
    /// The closing quote.
    close: &'static str,
    verbatim: bool,
}

/// The extent of the string literal at the beginning of `text`.
pub(super) fn length(text: &str) -> Option<Length> {
    let form = form(text)?;
    let content = &text[form.open..];
    let (inside, bad_escape) = match form.close.as_bytes() {
        [quote] => line_content(content, *quote, form.verbatim),
        _ => (content.find(form.close).unwrap_or(content.len()), None),
    };
    let closed = content[inside..].starts_with(form.close);
    let bytes = form.open + inside + if closed { form.close.len() } else { 0 };
    Some(Length { bytes, closed, bad_escape: bad_escape.map(|at| form.open + at) })
}

/// The text that a literal stands for.
pub(crate) fn decode(literal: &str) -> SmolStr {
    let Some(form) = form(literal) else { return SmolStr::default() };
    let content = &literal[form.open..];
    let content = content.strip_suffix(form.close).unwrap_or(content);
    if form.close.len() > 1 {
        SmolStr::new(content)
    } else if form.verbatim && content.contains(form.close) {
        SmolStr::new(content.replace(&form.close.repeat(2), form.close))
    } else if !form.verbatim && content.contains('\\') {
        SmolStr::new(unescape(content))
    } else {
        SmolStr::new(content)
    }
}

/// What is wrong with the literal at the beginning of `text`, which starts at `start` of the whole text.
pub(super) fn faults(text: &str, length: Length, start: u32) -> impl Iterator<Item = Diagnostic> {
    let bad_escape = length.bad_escape.map(|at| {
        let escape = text[at..].chars().take(2).map(char::len_utf8).sum::<usize>();
        let start = start + at as u32;
        Diagnostic::error(Span { start, end: start + escape as u32 }, "an escape that a string does not know").help(
            "write `\\\\` for a backslash, or put `@` before the opening quote to take backslashes as they are",
        )
    });
    let unclosed = (!length.closed).then(|| {
        let span = Span { start, end: start + length.bytes as u32 };
        let diagnostic = Diagnostic::error(span, "a string that is not closed");
        match form(text) {
            Some(form) if form.close.len() > 1 => diagnostic.help(format!("end it with `{}`", form.close)),
            Some(form) => diagnostic.help(format!("end it with `{}` on the same line", form.close)),
            None => diagnostic,
        }
    });
    bad_escape.into_iter().chain(unclosed)
}

fn form(text: &str) -> Option<Form> {
    let hidden = usize::from(text.starts_with(['h', 'H']));
    let verbatim = text[hidden..].starts_with('@');
    let prefix = hidden + usize::from(verbatim);
    let rest = &text[prefix..];
    let close = ["```", "~~~", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote))?;
    Some(Form { open: prefix + close.len(), close, verbatim })
}

/// Bytes of a one-line content up to its quote or the end of the line, and where the first backslash stands that
/// begins no escape.
fn line_content(content: &str, quote: u8, verbatim: bool) -> (usize, Option<usize>) {
    let bytes = content.as_bytes();
    let mut bad_escape = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => break,
            b'\\' if !verbatim => {
                let length = escape(&content[at..]).map(|(_, length)| length);
                bad_escape = bad_escape.or(length.is_none().then_some(at));
                at += length.unwrap_or(1);
            }
            _ if byte == quote && verbatim && bytes.get(at + 1) == Some(&quote) => at += 2,
            _ if byte == quote => break,
            _ => at += 1,
        }
    }
    (at, bad_escape)
}

fn unescape(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut units = Vec::new();
    let mut rest = content;
    while let Some(c) = rest.chars().next() {
        if c == '\\'
            && let Some((code, length)) = escape(rest)
        {
            // `\ud83d\ude00` is one character in two escapes, so UTF-16 units wait for their neighbours.
            if let Ok(unit) = u16::try_from(code) {
                units.push(unit);
            } else {
                flush(&mut units, &mut out);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            rest = &rest[length..];
        } else {
            flush(&mut units, &mut out);
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    flush(&mut units, &mut out);
    out
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// The code point and length of the escape at the beginning of `text`.
fn escape(text: &str) -> Option<(u32, usize)> {
    let bytes = text.as_bytes();
    let code = match bytes.get(1)? {
        b'\\' => 0x5c,
        b'\'' => 0x27,
        b'"' => 0x22,
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => 0x0a,
        b'r' => 0x0d,
        b't' => 0x09,
        b'v' => 0x0b,
        b'x' => return hex(text, 2),
        b'u' => return hex(text, 4),
        b'U' => return hex(text, 8),
        b'0'..=b'7' => return octal(bytes),
        _ => return None,
    };
    Some((code, 2))
}

fn hex(text: &str, digits: usize) -> Option<(u32, usize)> {
    let code = text.get(2..2 + digits)?;
    let valid = code.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then(|| u32::from_str_radix(code, 16).ok()).flatten().map(|code| (code, 2 + digits))
}

/// Up to three octal digits, the third only where the number stays below 256.
fn octal(bytes: &[u8]) -> Option<(u32, usize)> {
    let limit = if bytes.get(1)? <= &b'3' { 3 } else { 2 };
    let digits = bytes[1..].iter().take(limit).take_while(|b| (b'0'..=b'7').contains(b));
    Some(digits.fold((0, 1), |(code, length), b| (code * 8 + u32::from(b - b'0'), length + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_say_what_they_say() {
        for (literal, text) in [
            (r#""a b""#, "a b"),
            (r"'it\'s'", "it's"),
            (r#""tab\tquote\"back\\""#, "tab\tquote\"back\\"),
            (r#"@"C:\dir\""#, r"C:\dir\"),
            (r#"@"say ""hi""""#, r#"say "hi""#),
            ("@'it''s'", "it's"),
            (r#"h"secret""#, "secret"),
            (r"H@'\d+'", r"\d+"),
            ("```a\n\"b\" \\n```", "a\n\"b\" \\n"),
            ("~~~x\r\ny~~~", "x\r\ny"),
            (r"'\x41\u0042\U00000043\104'", "ABCD"),
            (r"'\ud83d\ude00'", "\u{1f600}"),
            (r"'\ud83d'", "\u{fffd}"),
            (r"'\477'", "'7"),
            (r#""""#, ""),
        ] {
            assert_eq!(
                length(literal),
                Some(Length { bytes: literal.len(), closed: true, bad_escape: None }),
                "{literal}"
            );
            assert_eq!(decode(literal), text, "{literal}");
        }
    }

    #[test]
    fn faulty_literals_end_where_their_readers_see_the_end() {
        for (text, bytes, closed, bad_escape) in [
            ("\"ab\n\"", 3, false, None),
            ("```a", 4, false, None),
            (r#"@"ab"#, 4, false, None),
            (r"'a\q' b", 5, true, Some(2)),
            (r"'\x4' b", 5, true, Some(1)),
            (r"'\", 2, false, Some(1)),
        ] {
            assert_eq!(length(text), Some(Length { bytes, closed, bad_escape }), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_literal() {
        for text in ["", "a", "h", "@", "h@", "``", "hello"] {
            assert_eq!(length(text), None, "{text}");
        }
    }
}
