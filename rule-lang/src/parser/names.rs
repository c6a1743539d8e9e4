//! Names: identifiers, keywords that serve as names, `['any text']`, and names with `*` in them.

use super::Parser;
use crate::lexer::{self, Class, Kind, Token};
use crate::syntax::{Expr, ExprKind, Name};
use crate::{Diagnostic, Span};
use smol_str::SmolStr;

impl<'a> Parser<'a> {
    /// A name where an expression could stand as well.
    pub(super) fn name(&mut self) -> Option<Name> {
        let tokens = self.name_length(0)?;
        Some(self.take_name(tokens))
    }

    /// A name where only a name can stand, which more keywords may be.
    pub(super) fn declared_name(&mut self) -> Option<Name> {
        let tokens = self.declared_name_length(0)?;
        Some(self.take_name(tokens))
    }

    pub(super) fn required_name(&mut self) -> Name {
        self.name().unwrap_or_else(|| self.missing_name())
    }

    pub(super) fn required_declared_name(&mut self) -> Name {
        self.declared_name().unwrap_or_else(|| self.missing_name())
    }

    /// Reports that a name is missing; a keyword in its place is taken for the name that was meant.
    fn missing_name(&mut self) -> Name {
        let token = self.peek();
        if !matches!(token.kind, Kind::Word(_)) {
            self.unexpected("a name");
            let start = token.span.start;
            return Name { text: SmolStr::default(), span: Span { start, end: start } };
        }
        self.fault(keyword_as_name(token));
        self.take_name(1)
    }

    /// Number of tokens of the name that begins `offset` tokens ahead.
    pub(super) fn name_length(&self, offset: usize) -> Option<usize> {
        let token = self.ahead(offset);
        match token.kind {
            Kind::Word(Class::Identifier | Class::Soft) => Some(1),
            Kind::Sign if token.text == "[" => self.bracketed_length(offset),
            Kind::Sign if token.text == "{" => self.braced_length(offset),
            _ => None,
        }
    }

    pub(super) fn declared_name_length(&self, offset: usize) -> Option<usize> {
        match self.ahead(offset).kind {
            Kind::Word(Class::Declared) => Some(1),
            _ => self.name_length(offset),
        }
    }

    /// `['text']`
    pub(super) fn bracketed_length(&self, offset: usize) -> Option<usize> {
        let after = self.tokens.get(self.at + offset + 1..).unwrap_or_default();
        let strings = after.iter().take_while(|token| token.kind == Kind::String).count();
        let closed = self.ahead(offset + 1 + strings).is("]");
        (strings > 0 && self.ahead(offset).is("[") && closed).then_some(strings + 2)
    }

    /// `{name}`: a parameter that a dashboard fills in before it sends the query.
    fn braced_length(&self, offset: usize) -> Option<usize> {
        let adjacent = |i: usize| self.ahead(offset + i).span.start == self.ahead(offset + i - 1).span.end;
        let is_word = matches!(self.ahead(offset + 1).kind, Kind::Word(_));
        (is_word && self.ahead(offset + 2).is("}") && adjacent(1) && adjacent(2)).then_some(3)
    }

    fn take_name(&mut self, tokens: usize) -> Name {
        let start = self.start();
        let mut text = String::new();
        for token in (0..tokens).map(|_| self.next()).collect::<Vec<_>>() {
            match token.kind {
                Kind::String => text.push_str(&lexer::decode(token.text)),
                Kind::Sign if matches!(token.text, "[" | "]") => {}
                _ => text.push_str(token.text),
            }
        }
        Name { text: SmolStr::new(text), span: self.since(start) }
    }

    /// A name with `*` in it, or `*` alone: words, numbers and stars without a space between them.
    pub(super) fn pattern(&mut self) -> Option<Expr> {
        let tokens = self.pattern_length(0)?;
        let start = self.start();
        let text: String = (0..tokens).map(|_| self.next().text).collect();
        let kind = if text == "*" { ExprKind::Star } else { ExprKind::Pattern(SmolStr::new(text)) };
        Some(Expr { kind, span: self.since(start) })
    }

    /// Number of tokens of the name pattern that begins `offset` tokens ahead.
    pub(super) fn pattern_length(&self, offset: usize) -> Option<usize> {
        let is_word = |token: Token<'a>| {
            matches!(token.kind, Kind::Word(Class::Identifier | Class::Soft | Class::Declared))
        };
        let adjacent = |i: usize| self.ahead(i).span.start == self.ahead(i - 1).span.end;
        let first = self.ahead(offset);
        let second = self.ahead(offset + 1);
        let mut length = if first.is("*") {
            1
        } else if is_word(first) && second.is("*") && adjacent(offset + 1) {
            2
        } else {
            return None;
        };
        loop {
            let token = self.ahead(offset + length);
            let goes_on = is_word(token) || token.is("*") || token.kind == Kind::Long;
            if !goes_on || !adjacent(offset + length) {
                return Some(length);
            }
            length += 1;
        }
    }
}

/// The fault of a keyword that stands for a name.
pub(super) fn keyword_as_name(token: Token<'_>) -> Diagnostic {
    Diagnostic::error(token.span, format!("`{}` is a keyword here, not a name", token.text))
        .help(format!("write `[\"{}\"]` for the name", token.text))
}
