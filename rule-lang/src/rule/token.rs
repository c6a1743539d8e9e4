//! The tokens of a rule's body, coarse enough for the head and for finding where the query ends.

use crate::Span;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// The kinds of token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word: letters, digits and `_`, with `.` or `-` between word characters (`T1078.004`, `mv-expand`, `1d`).
    Word,
    /// A quoted text, its escapes resolved.
    Text(String),
    /// A raw string; the range of its content.
    Raw(Span),
    /// A line of documentation without its `///`.
    Doc(String),
    /// Any other character.
    Symbol(char),
    /// A quote that nothing closes.
    Unclosed,
}

/// All tokens of `text`; `//` and `/* */` comments are left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let rest = &self.text[self.at..];
            let first = rest.chars().next()?;
            let start = self.at;
            if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            let kind = if rest.starts_with("//") {
                match self.comment(rest) {
                    Some(kind) => kind,
                    None => continue,
                }
            } else if let Some(kind) = self.raw_string(rest) {
                kind
            } else if first == '"' || first == '\'' {
                self.quoted(rest, first)
            } else if is_word(first) {
                self.at += word_length(rest);
                Kind::Word
            } else {
                self.at += first.len_utf8();
                Kind::Symbol(first)
            };
            return Some(Token { kind, span: span(start, self.at) });
        }
    }

    /// Passes a comment; the line where it is documentation.
    fn comment(&mut self, rest: &str) -> Option<Kind> {
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        self.at += line.len();
        let doc = line.strip_prefix("///").filter(|doc| !doc.starts_with('/'))?;
        Some(Kind::Doc(doc.trim_end_matches('\r').to_owned()))
    }

    /// `r"…"`, `r#"…"#`, and so on.
    fn raw_string(&mut self, rest: &str) -> Option<Kind> {
        let hashes = rest.strip_prefix('r')?;
        let quoted = hashes.trim_start_matches('#');
        let count = hashes.len() - quoted.len();
        quoted.strip_prefix('"')?;
        let start = self.at + 1 + count + 1;
        let close = format!("\"{}", "#".repeat(count));
        let Some(length) = self.text[start..].find(&close) else {
            self.at = self.text.len();
            return Some(Kind::Unclosed);
        };
        self.at = start + length + close.len();
        Some(Kind::Raw(span(start, start + length)))
    }

    /// A text in quotes, with the escapes that Rust and KQL have in common. A single quote that its line does not
    /// close is a symbol: the apostrophe of a comment or a lifetime.
    fn quoted(&mut self, rest: &str, quote: char) -> Kind {
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    self.at += offset + 1;
                    return Kind::Text(value);
                }
                '\\' => unescape(&mut chars, &mut value),
                '\n' if quote == '\'' => break,
                _ => value.push(c),
            }
        }
        if quote == '\'' {
            self.at += 1;
            return Kind::Symbol('\'');
        }
        self.at = self.text.len();
        Kind::Unclosed
    }
}

/// Resolves the escape behind a backslash. An unknown escape stays as it is written.
fn unescape(chars: &mut impl Iterator<Item = (usize, char)>, value: &mut String) {
    let Some((_, c)) = chars.next() else { return };
    let resolved = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        '\\' | '"' | '\'' => c,
        'u' => return unescape_unicode(chars, value),
        '\n' => return skip_indent(chars, value),
        other => {
            value.push('\\');
            other
        }
    };
    value.push(resolved);
}

/// `{1F600}` or `00e9` behind `\u`.
fn unescape_unicode(chars: &mut impl Iterator<Item = (usize, char)>, value: &mut String) {
    let mut digits = String::new();
    let mut braced = false;
    for (_, c) in chars.by_ref() {
        match c {
            '{' if digits.is_empty() && !braced => braced = true,
            '}' if braced => break,
            c if c.is_ascii_hexdigit() => digits.push(c),
            _ => return value.push(char::REPLACEMENT_CHARACTER),
        }
        if !braced && digits.len() == 4 {
            break;
        }
    }
    let resolved = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    value.push(resolved.unwrap_or(char::REPLACEMENT_CHARACTER));
}

/// A backslash at the end of a line joins it with the next one's first character that is not blank, as in Rust.
fn skip_indent(chars: &mut impl Iterator<Item = (usize, char)>, value: &mut String) {
    for (_, c) in chars.by_ref() {
        if !c.is_whitespace() {
            value.push(c);
            return;
        }
    }
}

const fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the word that `text` begins with.
fn word_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let joins = matches!(c, '.' | '-') && chars.peek().is_some_and(|&(_, next)| is_word(next));
        if !is_word(c) && !joins {
            return offset;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(&str, Kind)> {
        tokens(text).into_iter().map(|token| (token.span.text(text), token.kind)).collect()
    }

    #[test]
    fn words_take_dots_and_hyphens_between_word_characters() {
        for word in ["T1078.004", "mv-expand", "1d", "0.5", "_x9"] {
            assert_eq!(kinds(&format!("{word}:")), [(word, Kind::Word), (":", Kind::Symbol(':'))]);
        }
    }

    #[test]
    fn quoted_texts_lose_their_escapes_and_raw_ones_keep_everything() {
        let text = |value: &str| Kind::Text(value.to_owned());
        assert_eq!(kinds(r#""a\"b\n\u{e9}\u00e9\d""#)[0].1, text("a\"b\néé\\d"));
        assert_eq!(kinds("\"a \\\n   b\"")[0].1, text("a b"));
        assert_eq!(kinds("'it''s'")[0].1, text("it"));
        assert_eq!(kinds("r#\"a\"b\"#"), [("r#\"a\"b\"#", Kind::Raw(Span::new(3, 6)))]);
        assert_eq!(kinds("\"open")[0].1, Kind::Unclosed);
    }

    #[test]
    fn comments_are_left_out_and_documentation_stays() {
        assert_eq!(kinds("// no\n/// yes\nx").len(), 2);
        assert_eq!(kinds("/// yes")[0].1, Kind::Doc(" yes".to_owned()));
    }
}
