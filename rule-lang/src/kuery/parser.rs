//! Text to [`Query`], by recursive descent over characters: where a value ends depends on what follows it, so there are
//! no tokens to begin with.

use super::slips;
use super::syntax::{Comparison, Literal, Query, QueryKind};
use crate::Diagnostic;
use rule_model::plan::Span;

/// Parses a query; `base_offset` is added to all positions.
pub(super) fn parse(text: &str, base_offset: u32) -> Result<Query, Diagnostic> {
    let mut parser = Parser { text, at: 0, base_offset, depth: 0 };
    parser.blanks();
    if parser.rest().is_empty() {
        return Err(Diagnostic::error(parser.span(0), "the query is empty").help("write `field:value`"));
    }
    let query = parser.or()?;
    parser.blanks();
    if parser.rest().is_empty() {
        Ok(query)
    } else {
        Err(parser.unexpected("`and`, `or` or the end of the query"))
    }
}

/// Levels of parentheses and braces that a query may have.
const DEPTH_LIMIT: u32 = 64;

type Parsed<T> = Result<T, Diagnostic>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    base_offset: u32,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn or(&mut self) -> Parsed<Query> {
        self.chain("or", Parser::and, QueryKind::Or)
    }

    fn and(&mut self) -> Parsed<Query> {
        self.chain("and", Parser::not, QueryKind::And)
    }

    fn not(&mut self) -> Parsed<Query> {
        let start = self.at;
        if !self.keyword("not") {
            return self.operand();
        }
        let query = self.operand()?;
        Ok(self.query(QueryKind::Not(Box::new(query)), start))
    }

    /// Operands with a keyword between.
    fn chain(
        &mut self,
        keyword: &str,
        mut operand: impl FnMut(&mut Self) -> Parsed<Query>,
        kind: fn(Vec<Query>) -> QueryKind,
    ) -> Parsed<Query> {
        let start = self.at;
        let first = operand(self)?;
        let mut operands = vec![first];
        while self.connective(keyword) {
            operands.push(operand(self)?);
        }
        if operands.len() > 1 {
            return Ok(self.query(kind(operands), start));
        }
        operands.pop().ok_or_else(|| self.unexpected("a condition"))
    }

    /// `( … )`, `field:…`, `field < value` or a value.
    fn operand(&mut self) -> Parsed<Query> {
        self.blanks();
        if self.next('(') {
            return self.enclosed(')', Parser::or);
        }
        let start = self.at;
        let literal = self.literal("a field or a value")?;
        let end = self.at;
        self.blanks();
        if self.next(':') {
            self.blanks();
            if let Some(fault) = slips::field(&literal, self.rest()).filter(|_| !literal.quoted) {
                return Err(fault);
            }
            if self.next('{') {
                let query = self.enclosed('}', Parser::or)?;
                return Ok(self.query(QueryKind::Nested(literal, Box::new(query)), start));
            }
            let values = self.values(&literal)?;
            return Ok(Query { span: literal.span.to(values.span), ..values });
        }
        if let Some(comparison) = self.comparison() {
            self.blanks();
            let value = self.literal("a value")?;
            return Ok(self.query(QueryKind::Range(literal, comparison, value), start));
        }
        if let Some(fault) =
            slips::without_field(self.source(&literal), self.rest(), literal.span).filter(|_| !literal.quoted)
        {
            return Err(fault);
        }
        self.at = end;
        Ok(self.query(QueryKind::Is(None, literal), start))
    }

    /// A value, or a list of values in parentheses.
    fn values(&mut self, field: &Literal) -> Parsed<Query> {
        self.blanks();
        if self.next('(') {
            return self.enclosed(')', |parser| parser.or_values(field));
        }
        let start = self.at;
        let next = Span::new(self.base_offset + start as u32, self.base_offset + start as u32 + 1);
        if let Some(fault) = slips::before_value(&field.text(), self.rest(), next) {
            return Err(fault);
        }
        let value = self.literal("a value")?;
        if let Some(fault) = slips::value(&field.text(), self.source(&value), self.rest(), value.span)
            .filter(|_| !value.quoted)
        {
            return Err(fault);
        }
        Ok(self.query(QueryKind::Is(Some(field.clone()), value), start))
    }

    /// A literal as written.
    fn source(&self, literal: &Literal) -> &'a str {
        let offset = |at: u32| at.saturating_sub(self.base_offset) as usize;
        self.text.get(offset(literal.span.start)..offset(literal.span.end)).unwrap_or_default()
    }

    fn or_values(&mut self, field: &Literal) -> Parsed<Query> {
        self.chain("or", |parser| parser.and_values(field), QueryKind::Or)
    }

    fn and_values(&mut self, field: &Literal) -> Parsed<Query> {
        self.chain("and", |parser| parser.not_values(field), QueryKind::And)
    }

    fn not_values(&mut self, field: &Literal) -> Parsed<Query> {
        self.blanks();
        let start = self.at;
        if !self.keyword("not") {
            return self.values(field);
        }
        let query = self.enter(|parser| parser.not_values(field))?;
        Ok(self.query(QueryKind::Not(Box::new(query)), start))
    }

    /// What stands before a closing character whose opening one has been read.
    fn enclosed(&mut self, close: char, inner: impl FnOnce(&mut Self) -> Parsed<Query>) -> Parsed<Query> {
        let query = self.enter(|parser| {
            parser.blanks();
            inner(parser)
        })?;
        self.blanks();
        if self.next(close) { Ok(query) } else { Err(self.unexpected(&format!("`{close}`"))) }
    }

    fn enter<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH_LIMIT {
            return Err(Diagnostic::error(self.span(self.at), "the query nests too deeply")
                .note(format!("at most {DEPTH_LIMIT} levels")));
        }
        self.depth += 1;
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    fn comparison(&mut self) -> Option<Comparison> {
        for (symbol, comparison) in [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ] {
            if self.rest().starts_with(symbol) {
                self.at += symbol.len();
                return Some(comparison);
            }
        }
        None
    }

    fn literal(&mut self, wanted: &str) -> Parsed<Literal> {
        if self.next('"') { self.quoted() } else { self.unquoted(wanted) }
    }

    /// What follows an opening quote.
    fn quoted(&mut self) -> Parsed<Literal> {
        let start = self.at - 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(Literal { parts: vec![text], quoted: true, span: self.span(start) }),
                '\\' => text.push(self.escape_in_quotes()),
                c => text.push(c),
            }
        }
        Err(Diagnostic::error(self.span(start), "the quote is not closed")
            .help("write `\"` at the end of the phrase"))
    }

    /// The character that an escape in quotes stands for; a backslash before any other character stands for itself.
    fn escape_in_quotes(&mut self) -> char {
        match self.peek() {
            Some(c @ ('"' | '\\')) => {
                self.at += 1;
                c
            }
            _ => self.blank_or_unicode().unwrap_or('\\'),
        }
    }

    /// A value without quotes: up to a keyword or special character, blanks at its end not included.
    fn unquoted(&mut self, wanted: &str) -> Parsed<Literal> {
        let start = self.at;
        // Where the literal ends and how long its last part is there: blanks count only where more follows.
        let (mut parts, mut end, mut kept) = (vec![String::new()], start, 0);
        while let Some(c) = self.peek() {
            let part = parts.last_mut().filter(|_| !self.at_keyword());
            let Some(part) = part else { break };
            match c {
                '(' | ')' | ':' | '<' | '>' | '"' | '{' | '}' => break,
                '*' => {
                    self.at += 1;
                    parts.push(String::new());
                }
                '\\' => {
                    self.at += 1;
                    self.escape(part)?;
                }
                c => {
                    self.at += c.len_utf8();
                    part.push(c);
                    if is_blank(c) {
                        continue;
                    }
                }
            }
            (end, kept) = (self.at, parts.last().map_or(0, String::len));
        }
        if end == start {
            return Err(self.unexpected(wanted));
        }
        self.at = end;
        if let Some(last) = parts.last_mut() {
            last.truncate(kept);
        }
        Ok(Literal { parts, quoted: false, span: self.span(start) })
    }

    /// What follows a backslash outside quotes, put into `text`.
    fn escape(&mut self, text: &mut String) -> Parsed<()> {
        if let Some(keyword) = ["and", "or", "not"].into_iter().find_map(|keyword| self.prefix(keyword)) {
            self.at += keyword.len();
            text.push_str(keyword);
            return Ok(());
        }
        match self.peek() {
            Some(c @ ('\\' | '(' | ')' | ':' | '<' | '>' | '"' | '*' | '{' | '}')) => {
                self.at += 1;
                text.push(c);
                Ok(())
            }
            _ => match self.blank_or_unicode() {
                Some(c) => {
                    text.push(c);
                    Ok(())
                }
                None => Err(Diagnostic::error(self.span(self.at - 1), "this backslash escapes nothing")
                    .help("write `\\\\` for a backslash, or put the value in quotes")),
            },
        }
    }

    /// The character of `t`, `r`, `n` or `uXXXX` after a backslash.
    fn blank_or_unicode(&mut self) -> Option<char> {
        let rest = self.rest();
        let (c, length) = match rest.as_bytes().first()? {
            b't' => ('\t', 1),
            b'r' => ('\r', 1),
            b'n' => ('\n', 1),
            b'u' => (char::from_u32(u32::from_str_radix(rest.get(1..5)?, 16).ok()?)?, 5),
            _ => return None,
        };
        self.at += length;
        Some(c)
    }

    /// Reads a keyword with a blank after it.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found =
            self.prefix(keyword).is_some() && self.rest().chars().nth(keyword.len()).is_some_and(is_blank);
        if found {
            self.at += keyword.len();
            self.blanks();
        }
        found
    }

    /// Reads a keyword with blanks around it.
    fn connective(&mut self, keyword: &str) -> bool {
        let before = self.at;
        self.blanks();
        let found = self.at > before && self.keyword(keyword);
        if !found {
            self.at = before;
        }
        found
    }

    /// Whether a keyword that ends a value begins here.
    fn at_keyword(&self) -> bool {
        let mut ahead = Parser { text: self.text, at: self.at, base_offset: 0, depth: 0 };
        let starts_word =
            self.text[..self.at].chars().next_back().is_none_or(|c| is_blank(c) || "(:{".contains(c));
        ahead.connective("or") || ahead.connective("and") || starts_word && ahead.keyword("not")
    }

    /// The next characters if they are the keyword, in any case.
    fn prefix(&self, keyword: &str) -> Option<&'a str> {
        self.rest().get(..keyword.len()).filter(|word| word.eq_ignore_ascii_case(keyword))
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
    }

    /// Reads a character if it is next.
    fn next(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn query(&self, kind: QueryKind, start: usize) -> Query {
        Query { kind, span: self.span(start) }
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.base_offset + start as u32, self.base_offset + self.at as u32)
    }

    fn unexpected(&self, wanted: &str) -> Diagnostic {
        let next = self.peek().map_or("the end of the query".to_owned(), |c| format!("`{c}`"));
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        let span = Span::new(self.base_offset + self.at as u32, self.base_offset + end as u32);
        Diagnostic::error(span, format!("expected {wanted}, found {next}")).help(match wanted {
            "`)`" | "`}`" if self.peek().is_none() => {
                format!("close the bracket: write {wanted}")
            }
            _ => "put a value with special characters in quotes, or a backslash before each".to_owned(),
        })
    }
}

/// The white space of Kibana's grammar.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query with explicit parentheses, phrases in quotes, wildcards as `*` and stars as `\*`.
    fn shown(query: &Query) -> String {
        let literal = |l: &Literal| {
            let text = l.parts.iter().map(|part| part.replace('*', "\\*")).collect::<Vec<_>>().join("*");
            if l.quoted { format!("\"{text}\"") } else { text }
        };
        let list = |name: &str, all: &[Query]| {
            format!("{name}({})", all.iter().map(shown).collect::<Vec<_>>().join(", "))
        };
        match &query.kind {
            QueryKind::And(all) => list("and", all),
            QueryKind::Or(all) => list("or", all),
            QueryKind::Not(inner) => format!("not({})", shown(inner)),
            QueryKind::Is(None, value) => literal(value),
            QueryKind::Is(Some(field), value) => format!("{}:{}", literal(field), literal(value)),
            QueryKind::Range(field, comparison, value) => {
                format!("{} {comparison:?} {}", literal(field), literal(value))
            }
            QueryKind::Nested(field, inner) => format!("{}{{{}}}", literal(field), shown(inner)),
        }
    }

    #[test]
    fn queries_parse_as_kibana_reads_them() {
        for (text, expected) in [
            ("a:b and c:d or e:f", "or(and(a:b, c:d), e:f)"),
            ("a:b or c:d AND not e:f", "or(a:b, and(c:d, not(e:f)))"),
            ("not (a:b or c:d)", "not(or(a:b, c:d))"),
            ("a : \"b c\"", "a:\"b c\""),
            ("a:quick brown fox and b:c", "and(a:quick brown fox, b:c)"),
            ("a:(b or c and not d)", "or(a:b, and(a:c, not(a:d)))"),
            ("a:(\"b\" or (c or d))", "or(a:\"b\", or(a:c, a:d))"),
            ("a.b*:New-*Rule", "a.b*:New-*Rule"),
            ("a:*", "a:*"),
            ("a:\\*b\\:c\\\\d", "a:\\*b:c\\d"),
            ("a:\"b*\"", "a:\"b\\*\""),
            ("a:\"b\\\"c\\\\d\\u0041\"", "a:\"b\"c\\dA\""),
            ("a:b \\and c", "a:b and c"),
            ("a >= 10 and b<2", "and(a GreaterOrEqual 10, b Less 2)"),
            ("a:{ b:c and d > 1 }", "a{and(b:c, d Greater 1)}"),
            ("notable:x", "notable:x"),
            ("a:nothing", "a:nothing"),
            ("band", "band"),
            ("\"a b\" or c", "or(\"a b\", c)"),
            ("\r\n a:b\n  and\tc:d ", "and(a:b, c:d)"),
            ("a:(not b)", "not(a:b)"),
            ("é:ü*", "é:ü*"),
        ] {
            assert_eq!(parse(text, 0).map(|query| shown(&query)), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused_where_it_goes_wrong() {
        for (text, at, message) in [
            ("", 0, "the query is empty"),
            ("a:", 2, "expected a value, found the end of the query"),
            ("a:b and ", 8, "expected a field or a value, found the end of the query"),
            ("(a:b", 4, "expected `)`, found the end of the query"),
            ("a:b c:d", 4, "nothing connects `c` with the condition before it"),
            ("a:\"b", 2, "the quote is not closed"),
            ("a:b)", 3, "expected `and`, `or` or the end of the query, found `)`"),
            ("a:\\x", 2, "this backslash escapes nothing"),
            ("a:()", 3, "expected a value, found `)`"),
            ("a <> 2", 3, "expected a value, found `>`"),
        ] {
            let error = parse(text, 100).unwrap_err();
            assert_eq!((error.span.start, error.message.as_str()), (100 + at, message), "{text}");
        }
        assert!(parse(&"(".repeat(100_000), 0).is_err());
        assert!(parse(&format!("a:({}b)", "not ".repeat(100_000)), 0).is_err());
    }

    #[test]
    fn spans_cover_what_was_written() {
        let text = "a:b and  c.d : \"e f\"  ";
        let query = parse(text, 0).unwrap();
        assert_eq!(query.span.text(text), "a:b and  c.d : \"e f\"");
        let QueryKind::And(operands) = query.kind else { panic!("{query:?}") };
        let QueryKind::Is(Some(field), value) = &operands[1].kind else { panic!("{operands:?}") };
        assert_eq!((field.span.text(text), value.span.text(text)), ("c.d", "\"e f\""));
    }
}
