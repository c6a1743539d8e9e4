//! The text of a macro's input, with the way back from a range of bytes to a span.
//!
//! ```text
//! TokenStream ─flatten─> pieces: text and span of each token ─lay out─> text + map
//! ```
//!
//! `Span::join` is not stable, so the source cannot be had in one piece: each token is put at its own line and column.
//! Where tokens have no such place (editors, tokens made by other macros) they are put one after the other with a blank
//! between, but for what KQL writes as one: `project-away`, `!in`, `=~`, `datetime(2024-03-01)`, `Initiating*`.

use proc_macro2::{Delimiter, Group, LineColumn, Spacing, Span, TokenStream, TokenTree};

/// Text that was rebuilt from tokens.
#[derive(Debug)]
pub(crate) struct Source {
    /// The text.
    pub(crate) text: String,
    places: Vec<Place>,
    /// The line of the file on which the text begins, where every token is at its own place.
    first_line: Option<usize>,
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

/// Signs of KQL that are several characters, each a token of its own where a macro that wrote the rule lost their
/// spacing. None of them is two signs of KQL in a row.
const SIGNS: [(&str, &str); 9] = [
    ("=", "~"),
    ("!", "~"),
    ("=", "="),
    ("!", "="),
    ("<", "="),
    (">", "="),
    ("<", ">"),
    ("=", ">"),
    (".", "."),
];

/// Types whose literals are written `type(text)`, the text by rules of its own.
const LITERAL_TYPES: [&str; 11] =
    ["bool", "date", "datetime", "decimal", "double", "guid", "int", "long", "real", "time", "timespan"];

/// Operators that take patterns of names, such as `Initiating*`.
const TAKE_PATTERNS: [&str; 4] = ["away", "keep", "reorder", "union"];

impl Source {
    /// The text of `tokens`.
    pub(crate) fn of(tokens: TokenStream) -> Source {
        let mut pieces = Vec::new();
        flatten(tokens, &mut pieces);
        by_position(&pieces).unwrap_or_else(|| by_spacing(&pieces))
    }

    /// The text as it is rebuilt where tokens have no places.
    #[cfg(test)]
    pub(crate) fn without_places(tokens: TokenStream) -> Source {
        let mut pieces = Vec::new();
        flatten(tokens, &mut pieces);
        by_spacing(&pieces)
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

    /// `file:line:column` of a byte behind the first of a token, as rustc writes the place of a token itself.
    pub(crate) fn place_within_token(&self, at: u32) -> Option<String> {
        let (first_line, at) = (self.first_line?, at as usize);
        let place = self.places.get(self.places.partition_point(|place| place.end <= at))?;
        let before = self.text.get(..at).filter(|_| place.start < at)?;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = first_line + before.matches('\n').count();
        let column = before[line_start..].chars().count() + 1;
        Some(format!("{}:{line}:{column}", place.span.file()))
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
    let first_line = pieces.first()?.span.start().line;
    let places = Vec::with_capacity(pieces.len());
    let mut source = Source { text: String::new(), places, first_line: Some(first_line) };
    let mut at = LineColumn { line: first_line, column: 0 };
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
    let places = Vec::with_capacity(pieces.len());
    let mut source = Source { text: String::new(), places, first_line: None };
    let mut context = Context::default();
    for (index, piece) in pieces.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| pieces.get(before)) {
            let neighbours = Neighbours { pieces, index };
            match before.kind {
                PieceKind::Doc => source.text.push('\n'),
                PieceKind::Joint => {}
                _ if context.glues(&neighbours) => {}
                _ => source.text.push(' '),
            }
        }
        context.pass(pieces, index);
        source.push(piece);
    }
    source
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// A token and those around it.
struct Neighbours<'a> {
    pieces: &'a [Piece],
    index: usize,
}

/// Where in a rule the next token stands, as far as blanks matter there.
#[derive(Debug, Default)]
struct Context {
    /// Brackets open since that of a `type(text)` literal, itself included.
    literal: usize,
    /// Within an operator that takes patterns of names.
    patterns: bool,
    /// Behind a text that began with `@`, in which a doubled quote is a quote: for Rust, two texts.
    verbatim: bool,
}

impl Context {
    /// Whether the token follows the one before it without a blank.
    fn glues(&self, at: &Neighbours<'_>) -> bool {
        let (before, here) = (at.text(-1), at.text(0));
        let words = |left, right| at.is_word(left) && at.is_word(right);
        match (before, here) {
            _ if self.literal > 0 => !words(-1, 0),
            (_, "(") => LITERAL_TYPES.contains(&before),
            (_, "*") => self.patterns && at.is_word(-1) && !at.begins_list(-1),
            ("*", _) => self.patterns && at.is_word(0) && !matches!(here, "asc" | "desc" | "granny"),
            (_, "-") => words(-1, 1),
            // The sign of a number stands by it, as JSON has it.
            ("-", _) => {
                words(-2, 0) || (is_number(here) && !at.is_word(-2) && !matches!(at.text(-2), ")" | "]"))
            }
            _ if SIGNS.contains(&(before, here)) => true,
            (_, ".") => at.text(1) != ".",
            (".", _) => at.text(-2) != ".",
            ("in", "~") | ("!" | "@" | "$", _) => true,
            ("h" | "H", here) => here.starts_with(['"', '@']),
            (_, here) => self.verbatim && here.starts_with('"'),
        }
    }

    /// Goes past the token at `index`.
    fn pass(&mut self, pieces: &[Piece], index: usize) {
        let at = Neighbours { pieces, index };
        self.verbatim = at.text(0).starts_with('"') && (self.verbatim || at.text(-1) == "@");
        match at.text(0) {
            "(" if self.literal > 0 || LITERAL_TYPES.contains(&at.text(-1)) => self.literal += 1,
            ")" => self.literal = self.literal.saturating_sub(1),
            "|" => self.patterns = false,
            word if TAKE_PATTERNS.contains(&word) => self.patterns = true,
            _ => {}
        }
    }
}

impl Neighbours<'_> {
    /// The token so many places behind this one.
    fn piece(&self, offset: isize) -> Option<&Piece> {
        self.index.checked_add_signed(offset).and_then(|at| self.pieces.get(at))
    }

    fn text(&self, offset: isize) -> &str {
        self.piece(offset).map_or("", |piece| piece.text.as_str())
    }

    fn is_word(&self, offset: isize) -> bool {
        self.piece(offset).is_some_and(|piece| piece.kind == PieceKind::Word)
    }

    /// Whether the word at `offset` is no name in a list of names, but what stands before the list.
    fn begins_list(&self, offset: isize) -> bool {
        TAKE_PATTERNS.contains(&self.text(offset)) || self.text(offset - 1) == "="
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

    /// Text rebuilt from tokens without places, without the blanks beside brackets.
    fn rebuilt(text: &str) -> String {
        squeezed(&by_spacing(&pieces(text)).text)
    }

    fn squeezed(text: &str) -> String {
        let brackets = [(" (", "("), ("( ", "("), (" )", ")"), (" [", "["), ("[ ", "["), (" ]", "]")];
        brackets.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    #[test]
    fn tokens_without_places_are_glued_as_kql_writes_them() {
        for text in [
            "| project-away a , b",
            "| project-away Init* , *Id , a*b , *",
            "| project-reorder * asc , b*",
            "| extend c = a * b",
            "| union withsource = T *",
            "| mv-expand a",
            "x !in (1)",
            "x in~ (1)",
            "x !has \"y\"",
            "x =~ \"y\"",
            "[T1078.004]",
            "x between (1 .. 5)",
            "on $left.a == $right.b",
            "@\"a\"",
            "@\"a\"\"b\"\"c\"",
            "| mv-apply x = y on (summarize count())",
            "| project-reorder a , b",
            "| parse-where a with b",
            "x !in~ (\"a\")",
            "x !contains_cs \"y\"",
            "x !~ \"y\"",
            "x != \"y\"",
            "x >= 1",
            "ago(1d)-2h",
            "x == -5",
            "{ \"a\" : -1.5 , \"b\" : [-2] }",
            "a.b[0]",
            "a.b.c",
            "a-b",
            "datetime(2024-03-01)",
            "between (datetime(2024-03-01 12:30:00.5) .. datetime(2024-03-01T12:00:00Z))",
            "timespan(1.02:03:04)",
            "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
            "typeof(string) , bin(x , 1h)",
            "[\"x y\"]",
            "version : 1.1.1",
            "fires { } -> { a : 1 }",
        ] {
            assert_eq!(rebuilt(text).replace(" - ", "-"), squeezed(text).replace(" - ", "-"));
        }
    }

    #[test]
    fn signs_stay_whole_where_their_spacing_is_lost() {
        let alone = |text: &str| {
            let mut pieces = pieces(text);
            for piece in pieces.iter_mut().filter(|piece| piece.kind == PieceKind::Joint) {
                piece.kind = PieceKind::Alone;
            }
            squeezed(&by_spacing(&pieces).text)
        };
        for text in ["x =~ \"y\"", "x !~ \"y\"", "x == y", "x != y", "x <= 1", "x >= 1", "x <> y", "(1 .. 5)"]
        {
            assert_eq!(alone(text), text);
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

    #[test]
    fn a_place_within_a_text_is_told_by_line_and_column_of_the_file() {
        let source = Source::of(tokens("a r#\"b\n  ß c\"# d"));
        let place = |at| {
            source
                .place_within_token(at)
                .map(|place| place.rsplitn(3, ':').take(2).map(str::to_owned).collect::<Vec<_>>())
        };
        let at = |text| source.text.find(text).unwrap() as u32;
        assert_eq!(place(at("c")), Some(vec!["5".to_owned(), "2".to_owned()]));
        assert_eq!([place(at("a")), place(at("r#")), place(at("d"))], [None, None, None]);
        assert_eq!(Source::without_places(tokens("r#\"b\"#")).place_within_token(3), None);
    }
}
