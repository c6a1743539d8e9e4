//! The text of a macro's input, with the way back from a range of bytes to a span.
//!
//! ```text
//! TokenStream ─flatten─> pieces: text and span of each token ─lay out─> text + map
//! ```
//!
//! `Span::join` is not stable, so the source cannot be had in one piece: each token is put at its own line and column.
//! Where tokens have no such place (editors, tokens made by other macros) they are put one after the other, with the
//! blanks that Rust's tokens have lost left out again inside KQL's own words (`project-away`, `!in`, `in~`).

use proc_macro2::{Delimiter, Group, LineColumn, Spacing, Span, TokenStream, TokenTree};

/// Text that was rebuilt from tokens.
#[derive(Debug)]
pub(crate) struct Source {
    /// The text.
    pub(crate) text: String,
    places: Vec<Place>,
}

/// Where a token lies in the text.
#[derive(Debug)]
struct Place {
    start: usize,
    end: usize,
    span: Span,
}

/// A token on its way into the text.
struct Piece {
    text: String,
    span: Span,
    kind: PieceKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    /// A word or a literal.
    Word,
    /// A character that the next one belongs to.
    Joint,
    /// A character that stands for itself, brackets included.
    Alone,
    /// A documentation comment: ends its line.
    Doc,
}

/// Operators of KQL that are several tokens of Rust.
const HYPHENATED: [(&str, &str); 15] = [
    ("graph", "match"),
    ("granny", "asc"),
    ("granny", "desc"),
    ("make", "graph"),
    ("make", "series"),
    ("mv", "apply"),
    ("mv", "expand"),
    ("parse", "kv"),
    ("parse", "where"),
    ("project", "away"),
    ("project", "keep"),
    ("project", "rename"),
    ("project", "reorder"),
    ("sample", "distinct"),
    ("top", "nested"),
];

impl Source {
    /// The text of `tokens`.
    pub(crate) fn of(tokens: TokenStream) -> Source {
        let mut pieces = Vec::new();
        flatten(tokens, &mut pieces);
        by_position(&pieces).unwrap_or_else(|| by_spacing(&pieces))
    }

    /// The spans of the first and the last token that a range of bytes touches; the nearest token where it touches
    /// none; the macro call where there is no token at all.
    pub(crate) fn spans(&self, range: rule_lang::Span) -> (Span, Span) {
        let (start, end) = (range.start as usize, range.end as usize);
        let first = self.places.partition_point(|place| place.end <= start);
        let after = self.places.partition_point(|place| place.start < end);
        let nearest = self.places.get(first).or(self.places.last());
        let first_span = nearest.map_or_else(Span::call_site, |place| place.span);
        let last_span = if after > first { self.places[after - 1].span } else { first_span };
        (first_span, last_span)
    }
}

/// All tokens in order, groups as their brackets and what is between.
fn flatten(tokens: TokenStream, pieces: &mut Vec<Piece>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => flatten_group(&group, pieces),
            TokenTree::Punct(punct) if punct.as_char() == '#' => match tokens.peek().and_then(doc_comment) {
                Some(comment) => {
                    tokens.next();
                    pieces.push(Piece { text: comment, span: punct.span(), kind: PieceKind::Doc });
                }
                None => {
                    pieces.push(Piece { text: "#".to_owned(), span: punct.span(), kind: PieceKind::Alone });
                }
            },
            TokenTree::Punct(punct) => pieces.push(Piece {
                text: punct.as_char().to_string(),
                span: punct.span(),
                kind: if punct.spacing() == Spacing::Joint { PieceKind::Joint } else { PieceKind::Alone },
            }),
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                pieces.push(Piece { text: token.to_string(), span: token.span(), kind: PieceKind::Word });
            }
        }
    }
}

fn flatten_group(group: &Group, pieces: &mut Vec<Piece>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => return flatten(group.stream(), pieces),
    };
    let bracket = |text: &str, span| Piece { text: text.to_owned(), span, kind: PieceKind::Alone };
    pieces.push(bracket(open, group.span_open()));
    flatten(group.stream(), pieces);
    pieces.push(bracket(close, group.span_close()));
}

/// The comment that stands behind the `#` of `#[doc = "…"]`, with `///` before each of its lines.
fn doc_comment(attribute: &TokenTree) -> Option<String> {
    let TokenTree::Group(group) = attribute else { return None };
    let mut inner = group.stream().into_iter();
    let (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(_)), Some(TokenTree::Literal(text))) =
        (inner.next(), inner.next(), inner.next())
    else {
        return None;
    };
    if word != "doc" {
        return None;
    }
    let text: syn::LitStr = syn::parse_str(&text.to_string()).ok()?;
    Some(text.value().lines().map(|line| format!("///{line}")).collect::<Vec<_>>().join("\n")).map(
        |comment| {
            if comment.is_empty() { "///".to_owned() } else { comment }
        },
    )
}

/// The text with every token at its own line and column; `None` where some token has no place behind the one before.
fn by_position(pieces: &[Piece]) -> Option<Source> {
    let mut source = Source { text: String::new(), places: Vec::with_capacity(pieces.len()) };
    let mut at = LineColumn { line: pieces.first()?.span.start().line, column: 0 };
    for piece in pieces {
        let target = piece.span.start();
        if target.line == 0 || (target.line, target.column) < (at.line, at.column) {
            return None;
        }
        while at.line < target.line {
            source.text.push('\n');
            at = LineColumn { line: at.line + 1, column: 0 };
        }
        source.text.extend(std::iter::repeat_n(' ', target.column - at.column));
        source.push(piece);
        match piece.text.rsplit_once('\n') {
            Some((before, last)) => {
                at.line += before.matches('\n').count() + 1;
                at.column = last.chars().count();
            }
            None => at.column = target.column + piece.text.chars().count(),
        }
    }
    Some(source)
}

/// The text with the tokens one after the other.
fn by_spacing(pieces: &[Piece]) -> Source {
    let mut source = Source { text: String::new(), places: Vec::with_capacity(pieces.len()) };
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 && !is_glued(pieces, index) {
            source.text.push(if pieces[index - 1].kind == PieceKind::Doc { '\n' } else { ' ' });
        }
        source.push(piece);
    }
    source
}

/// Whether the token at `index` follows the one before it without a blank.
fn is_glued(pieces: &[Piece], index: usize) -> bool {
    let text = |at: Option<usize>| at.and_then(|at| pieces.get(at)).map_or("", |piece| piece.text.as_str());
    let (before, here, next) = (text(index.checked_sub(1)), text(Some(index)), text(Some(index + 1)));
    let hyphenated = |left: &str, right: &str| HYPHENATED.contains(&(left, right));
    let is_range =
        |at: usize| text(Some(at)) == "." && (text(Some(at + 1)) == "." || text(at.checked_sub(1)) == ".");
    if pieces[index - 1].kind == PieceKind::Joint {
        return true;
    }
    match (before, here) {
        (_, "-") => hyphenated(before, next),
        ("-", _) => hyphenated(text(index.checked_sub(2)), here),
        (_, ".") => !is_range(index),
        (".", _) => !is_range(index - 1),
        ("in", "~") | ("!" | "@" | "$", _) => true,
        _ => false,
    }
}

impl Source {
    fn push(&mut self, piece: &Piece) {
        let start = self.text.len();
        self.text.push_str(&piece.text);
        self.places.push(Place { start, end: self.text.len(), span: piece.span });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().unwrap()
    }

    fn pieces(text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        flatten(tokens(text), &mut pieces);
        pieces
    }

    #[test]
    fn every_token_keeps_its_line_and_column() {
        let text = "<AuditLogs>\n    /// Title\n    ///\n    id: \"ü\", x\n\n  | where a =~ \"b\" and c !in (1, 2)\n";
        assert_eq!(Source::of(tokens(text)).text, text.trim_end());
    }

    #[test]
    fn tokens_without_places_are_glued_as_kql_writes_them() {
        for text in [
            "| project-away a , b",
            "| mv-expand a",
            "x !in (1)",
            "x in~ (1)",
            "x !has \"y\"",
            "x =~ \"y\"",
            "[T1078.004]",
            "x between (1 .. 5)",
            "a - b",
            "on $left.a == $right.b",
            "@\"a\"",
            "| mv-apply x = y on (summarize count())",
            "| project-reorder a , b",
            "| parse-where a with b",
            "x !in~ (\"a\")",
            "x !contains_cs \"y\"",
            "x !~ \"y\"",
            "x != \"y\"",
            "x >= 1",
            "ago (1d)",
            "x == - 5",
            "a.b [0]",
            "a.b.c",
        ] {
            let rebuilt = by_spacing(&pieces(text)).text;
            let squeeze = |text: &str| text.replace(" (", "(").replace("( ", "(").replace(" )", ")");
            let squeeze = |text: &str| squeeze(text).replace(" [", "[").replace("[ ", "[").replace(" ]", "]");
            assert_eq!(squeeze(&rebuilt), squeeze(text));
        }
    }

    #[test]
    fn a_comment_without_a_place_ends_its_line() {
        assert_eq!(by_spacing(&pieces("/// Title\nid: 1")).text, "/// Title\nid : 1");
    }

    #[test]
    fn a_range_of_bytes_leads_to_its_tokens() {
        let source = Source::of(tokens("ab cd\nef"));
        let columns = |start, end| {
            let (first, last) = source.spans(rule_lang::Span::new(start, end));
            (first.start(), last.end())
        };
        let place = |line, column| LineColumn { line, column };
        assert_eq!(columns(3, 5), (place(1, 3), place(1, 5)));
        assert_eq!(columns(4, 8), (place(1, 3), place(2, 2)));
        assert_eq!(columns(5, 5), (place(2, 0), place(2, 2)));
        assert_eq!(columns(99, 99), (place(2, 0), place(2, 2)));
    }
}
