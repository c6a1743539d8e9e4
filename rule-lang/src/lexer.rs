//! Text to tokens.
//!
//! A keyword is one token even where it holds a dash, a dot or a sign (`mv-expand`, `hint.strategy`, `!has`), and a
//! literal with its type's name around it (`datetime(2021-01-01)`) is one token, because its inside follows rules of
//! its own. Whitespace and comments separate tokens and are dropped; positions tell where they were.
//!
//! Source: Kusto documentation, "Entity names" and the pages of the scalar data types; where these are silent, the
//! behaviour of Microsoft's parser.

mod keywords;
mod numbers;
mod quotes;
mod strings;

use crate::{Diagnostic, Span};
use rule_model::Type;

pub(crate) use keywords::Class;
pub(crate) use numbers::ticks;
pub(crate) use strings::decode;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// As written.
    pub(crate) text: &'a str,
    /// Where it stands.
    pub(crate) span: Span,
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or a keyword.
    Word(Class),
    /// Punctuation.
    Sign,
    /// A string literal with its quotes and prefixes.
    String,
    /// `true`, `False` …
    Bool,
    /// Digits, or `0x` and hexadecimal digits.
    Long,
    /// `1.5`, `1e3`
    Real,
    /// `1.5h`
    Timespan,
    /// `type(text)`: a literal with its type's name around it.
    Typed(Type),
    /// A GUID without `guid(…)` around it, which KQL does not take.
    BareGuid,
    /// A character that no token begins with; already reported.
    Bad,
    /// The end of the text.
    End,
}

/// What two dashes before a blank are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dashes {
    /// Two signs, as everywhere in KQL: `a -- b` is `a - (-b)`.
    Signs,
    /// The beginning of a comment, as in SQL; reported.
    Comment,
}

/// What is said of a comment of SQL.
pub(crate) const NO_COMMENT: &str = "`--` begins no comment";

/// Whether a comment of SQL may stand in `text`.
pub(crate) fn has_dashed(text: &str) -> bool {
    text.match_indices("--").any(|(at, _)| is_dashed(&text[at..]))
}

/// All tokens of `text`, the last of which is [`Kind::End`], and what is wrong with them.
pub(crate) fn tokens(text: &str, dashes: Dashes) -> (Vec<Token<'_>>, Vec<Diagnostic>) {
    let mut lexer = Lexer { text, at: 0, dashes, diagnostics: Vec::new() };
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    loop {
        let token = lexer.token();
        tokens.push(token);
        if token.kind == Kind::End {
            return (tokens, lexer.diagnostics);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    dashes: Dashes,
    diagnostics: Vec<Diagnostic>,
}

/// Signs, the longer before those that begin them.
const SIGNS: [&str; 31] = [
    "..", "<=", "<|", "<>", ">=", "==", "=>", "=~", "!=", "!~", "(", ")", "[", "]", "{", "}", "|", ".", "+",
    "-", "*", "/", "%", "<", ">", "=", ":", ";", ",", "@", "?",
];

/// What other languages write for an operator, and the operator.
const OTHER_SIGNS: [(&str, &str); 2] = [("===", "=="), ("!==", "!=")];

impl<'a> Lexer<'a> {
    fn token(&mut self) -> Token<'a> {
        self.skip_trivia();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return self.take(Kind::End, 0) };
        if let Some(length) = strings::length(rest) {
            self.diagnostics.extend(strings::faults(rest, length, self.at as u32));
            return self.take(Kind::String, length.bytes);
        }
        if let Some(token) = self.keyword() {
            return token;
        }
        // Other languages' comparisons are one mistake each.
        if let Some((sign, meant)) = OTHER_SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            let token = self.take(Kind::Bad, sign.len());
            let fault = Diagnostic::error(token.span, format!("`{sign}` is not part of the language"));
            self.diagnostics.push(fault.help(format!("write `{meant}`")));
            return token;
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            return self.take(Kind::Sign, sign.len());
        }
        if let Some((kind, length)) = numbers::bare_guid(rest)
            .or_else(|| boolean(rest))
            .or_else(|| numbers::number(rest))
            .or_else(|| word(rest).map(|length| (Kind::Word(Class::Identifier), length)))
        {
            return self.take(kind, length);
        }
        if let Some((length, fault)) = quotes::of_others(rest, self.at as u32) {
            self.diagnostics.push(fault);
            return self.take(Kind::Bad, length);
        }
        // `&&` is one mistake.
        let run = rest.len() - rest.trim_start_matches(first).len();
        let token = self.take(Kind::Bad, run);
        self.diagnostics.push(unexpected(first, token));
        token
    }

    /// A keyword, or a typed literal where `(` follows the name of a type at once.
    fn keyword(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let (length, class) = keywords::longest(rest)?;
        let after = &rest[length..];
        if after.starts_with('(')
            && let Some(ty) = literal_type(&rest[..length])
        {
            let inside = after.find([')', '\n', '\r']).unwrap_or(after.len());
            let closed = after[inside..].starts_with(')');
            let token = self.take(Kind::Typed(ty), length + inside + usize::from(closed));
            if !closed {
                self.diagnostics.push(
                    Diagnostic::error(token.span, format!("a `{ty}` literal that is not closed"))
                        .help("end it with `)` on the same line"),
                );
            }
            return Some(token);
        }
        Some(self.take(Kind::Word(class), length))
    }

    fn skip_trivia(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(is_space);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("/*") {
                self.block_comment(trimmed);
                continue;
            }
            if self.dashes == Dashes::Comment && is_dashed(trimmed) {
                self.dashed_comment(trimmed);
                continue;
            }
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
        }
    }

    /// Reports and passes a comment that Rust has and KQL has not.
    fn block_comment(&mut self, text: &str) {
        let length = text.find("*/").map_or(text.len(), |end| end + 2);
        let token = self.take(Kind::Bad, length);
        let fault = Diagnostic::error(token.span, "KQL has no comments in `/* */`");
        self.diagnostics.push(fault.help("begin each line of it with `//`"));
    }

    /// Reports and passes a comment as SQL writes it.
    fn dashed_comment(&mut self, text: &str) {
        let sign = self.take(Kind::Bad, 2);
        self.at += text[2..].find(['\n', '\r']).unwrap_or(text.len() - 2);
        let fault = Diagnostic::error(sign.span, NO_COMMENT);
        self.diagnostics.push(fault.help("write `//` before a comment"));
    }

    fn take(&mut self, kind: Kind, length: usize) -> Token<'a> {
        let start = self.at;
        self.at += length;
        Token {
            kind,
            text: &self.text[start..self.at],
            span: Span { start: start as u32, end: self.at as u32 },
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

/// Whether a name may go on with this character.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether a character takes no room, so that what it parts looks like one word.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}')
}

/// Whether a comment of SQL can begin here: two dashes and a blank.
fn is_dashed(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Length of the identifier at the beginning of `text`. One may begin with digits when a letter or `_` follows them.
fn word(text: &str) -> Option<usize> {
    let length = |from: usize| from + text[from..].find(|c| !is_name_char(c)).unwrap_or(text.len() - from);
    let first = text.chars().next()?;
    if first.is_alphabetic() || first == '_' || first == '$' {
        return Some(length(first.len_utf8()));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let after = text[digits..].chars().next()?;
    (digits > 0 && (after.is_alphabetic() || after == '_')).then(|| length(digits))
}

fn boolean(text: &str) -> Option<(Kind, usize)> {
    let length = word(text)?;
    matches!(&text[..length], "true" | "false" | "True" | "False" | "TRUE" | "FALSE")
        .then_some((Kind::Bool, length))
}

/// The type whose literals are written `name(text)`.
fn literal_type(name: &str) -> Option<Type> {
    match name {
        "dynamic" | "string" | "uuid" | "uniqueid" | "boolean" => None,
        _ => Type::named(name),
    }
}

fn unexpected(c: char, token: Token<'_>) -> Diagnostic {
    let text = match c {
        '`' => "a backtick".to_owned(),
        _ => format!("`{}`", token.text.escape_debug()),
    };
    let diagnostic = Diagnostic::error(token.span, format!("{text} is not part of the language"));
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => diagnostic.help("write a straight quote: `\"`"),
        '\u{2018}' | '\u{2019}' => diagnostic.help("write a straight quote: `'`"),
        '`' => diagnostic.help("leave it out; a name that holds signs is written `[\"a b\"]`"),
        '!' => {
            diagnostic.help("write `not(…)`, or one of `!=`, `!~`, `!in`, `!has`, `!contains`, `!startswith`")
        }
        '&' => diagnostic.help("write `and`"),
        '#' => diagnostic.help("write `//` before a comment"),
        '\u{2013}' | '\u{2014}' => diagnostic.help("write `-`"),
        _ => diagnostic.help("leave it out, or put it in quotes where it is text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_tokens() {
        for (text, expected) in [
            ("a\t// b\r\n\u{feff}c", vec!["a", "c"]),
            ("mv-expand a-b", vec!["mv-expand", "a", "-", "b"]),
            ("x!in~(y)", vec!["x", "!in~", "(", "y", ")"]),
            ("1..5 1.5..2d", vec!["1", "..", "5", "1.5", "..", "2d"]),
            ("datetime(2024-01-01)-1d", vec!["datetime(2024-01-01)", "-", "1d"]),
            ("datetime (x)", vec!["datetime", "(", "x", ")"]),
            ("h@'x'h", vec!["h@'x'", "h"]),
            ("24h_count 2fa $left", vec!["24h_count", "2fa", "$left"]),
            ("a<=b=>c<>d=~e", vec!["a", "<=", "b", "=>", "c", "<>", "d", "=~", "e"]),
        ] {
            let (tokens, diagnostics) = tokens(text, Dashes::Signs);
            assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
            let (end, tokens) = tokens.split_last().expect("an end");
            assert_eq!(end.kind, Kind::End);
            assert_eq!(tokens.iter().map(|token| token.text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn a_character_of_no_token_is_reported_where_it_stands() {
        let (_, diagnostics) = tokens("a && é ¤", Dashes::Signs);
        let spans: Vec<_> = diagnostics.iter().map(|d| (d.span.start, d.span.end)).collect();
        assert_eq!(spans, [(2, 4), (8, 10)]);
    }
}
