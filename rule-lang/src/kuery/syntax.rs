//! A query as written.

use rule_model::plan::Span;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) kind: QueryKind,
    pub(super) span: Span,
}

/// The kinds of condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum QueryKind {
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// `field:value`, or a value for any field.
    Is(Option<Literal>, Literal),
    /// `field >= value`
    Range(Literal, Comparison, Literal),
    /// `field:{ condition }`
    Nested(Literal, Box<Query>),
}

/// A field's name or a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal {
    /// The texts between wildcards: one where there is no wildcard.
    pub(super) parts: Vec<String>,
    /// Whether it stood in quotes.
    pub(super) quoted: bool,
    pub(super) span: Span,
}

/// The operator of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Literal {
    /// Its text, wildcards as `*`.
    pub(super) fn text(&self) -> String {
        self.parts.join("*")
    }

    /// Whether it has a wildcard.
    pub(super) fn is_pattern(&self) -> bool {
        self.parts.len() > 1
    }

    /// Whether it is wildcards and nothing else.
    pub(super) fn is_any(&self) -> bool {
        self.is_pattern() && self.parts.iter().all(String::is_empty)
    }

    /// Whether a text has its parts in order, the first at its beginning and the last at its end.
    pub(super) fn fits(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.parts.as_slice() else { return self.text() == text };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in between {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last.as_str())
    }
}
