//! Regular expressions as Kusto reads them: RE2's syntax, of which a few spellings need escapes in Rust's.
//!
//! Within a class RE2 takes `[`, `&&`, `--` and `~~` as they are, where Rust's classes nest and combine; outside of one
//! RE2 takes a brace that begins no repetition as it is. Everything else is common to both or refused by both.

use regex::Regex;
use std::borrow::Cow;

/// Compiles a pattern as Kusto reads it.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&translated(pattern))
}

/// The pattern in the syntax of the `regex` crate.
pub fn translated(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains(['[', '{']) && !pattern.contains("\\<") && !pattern.contains("\\>") {
        return Cow::Borrowed(pattern);
    }
    let mut output = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => escape(&mut rest),
            '[' => {
                let length = class(rest, &mut output);
                rest = &rest[length..];
                continue;
            }
            '{' if !is_repetition(rest) => {
                output.push('\\');
                1
            }
            other => other.len_utf8(),
        };
        output.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Cow::Owned(output)
}

/// The length of the escape that `text` begins with. Angle brackets need none in RE2 and mean the edges of a word with
/// one in Rust: the backslash before them is skipped.
fn escape(text: &mut &str) -> usize {
    if text.starts_with("\\<") || text.starts_with("\\>") {
        *text = &text[1..];
        return 1;
    }
    1 + text[1..].chars().next().map_or(0, char::len_utf8)
}

/// Writes the class that `text` begins with; gives its length in bytes.
fn class(text: &str, output: &mut String) -> usize {
    let mut at = 1;
    output.push('[');
    if text[at..].starts_with('^') {
        output.push('^');
        at += 1;
    }
    // A bracket that closes straight away is one of the characters.
    let mut first = true;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        let named = (character == '[' && rest.starts_with("[:")).then(|| rest.find(":]")).flatten();
        let length = match character {
            ']' if !first => {
                output.push(']');
                return at + 1;
            }
            '\\' => {
                let mut kept = rest;
                let length = escape(&mut kept);
                at += rest.len() - kept.len();
                output.push_str(&kept[..length]);
                at += length;
                first = false;
                continue;
            }
            _ if named.is_some() => named.map_or(1, |end| end + 2),
            '[' | ']' => {
                output.push('\\');
                1
            }
            '&' | '-' | '~' if rest[1..].starts_with(character) => {
                output.push('\\');
                1
            }
            other => other.len_utf8(),
        };
        output.push_str(&rest[..length]);
        at += length;
        first = false;
    }
    at
}

/// Whether the brace that `text` begins with begins a repetition: `{2}`, `{2,}`, `{2,3}`.
fn is_repetition(text: &str) -> bool {
    let Some((counts, _)) = text[1..].split_once('}') else { return false };
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_re2() {
        for (pattern, text, matches) in [
            ("^[[]x", "[x", true),
            ("^[[]x", "x", false),
            ("[^[]+$", "ab", true),
            ("^[]a]+$", "]a", true),
            ("^[[:alpha:]]+$", "ab", true),
            ("^[[:alpha:]]+$", "a:", false),
            ("^[a&&b]+$", "a&b", true),
            (r"^[\]\[]+$", "[]", true),
            ("^{a}$", "{a}", true),
            ("^a{2}$", "aa", true),
            ("^a{1,}$", "aaa", true),
            (r"^\{\d{2,3}\}$", "{123}", true),
            (r"\<b\>", "a<b>", true),
            (r"^[\<\>]+$", "<>", true),
        ] {
            assert_eq!(compile(pattern).unwrap().is_match(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn what_neither_takes_is_refused() {
        for pattern in ["(", "[a", "(?=a)", r"\"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
