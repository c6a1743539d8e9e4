//! Scalar expressions: operators by precedence.
//!
//! | binds | operators | chains |
//! |---|---|---|
//! | tightest | `has`, `contains`, `startswith`, `=~`, `!~`, `:`, `matches regex` and their kin | no |
//! | | `*`, `/`, `%` | yes |
//! | | `+`, `-` | yes |
//! | | `<`, `<=`, `>`, `>=` | no |
//! | | `==`, `!=`, `<>`, `in`, `has_any`, `has_all`, `between` and their kin | no |
//! | | `and` | yes |
//! | loosest | `or` | yes |
//!
//! So `a + b has c` is `a + (b has c)`, and `a == b == c` is a fault.

use super::{Parser, names};
use crate::Diagnostic;
use crate::lexer::{Class, Kind};
use crate::syntax::{Expr, ExprKind, Name, Named};
use smol_str::SmolStr;

/// How many tokens ahead a name with dashes is looked for: without a bound, `a-b-c…` would be read again from each of
/// its names.
const MAX_DASHED: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Text,
}

impl Level {
    const fn chains(self) -> bool {
        matches!(self, Level::Or | Level::And | Level::Sum | Level::Product)
    }

    /// The next tighter level.
    const fn tighter(self) -> Option<Level> {
        match self {
            Level::Or => Some(Level::And),
            Level::And => Some(Level::Equality),
            Level::Equality => Some(Level::Relation),
            Level::Relation => Some(Level::Sum),
            Level::Sum => Some(Level::Product),
            Level::Product => Some(Level::Text),
            Level::Text => None,
        }
    }
}

impl Parser<'_> {
    /// An expression without a name before it.
    pub(super) fn expression(&mut self) -> Option<Expr> {
        match self.nested(|p| p.operation(Some(Level::Or))) {
            Some(expr) => expr,
            None => Some(self.missing()),
        }
    }

    pub(super) fn required_expression(&mut self) -> Expr {
        self.expression().unwrap_or_else(|| self.missing_expression())
    }

    /// `name = expression`, `(name, name) = expression`, or an expression.
    pub(super) fn named(&mut self) -> Option<Named> {
        let names = self.assigned_names();
        if names.is_empty() {
            return self.expression().map(|value| Named { names, value });
        }
        Some(Named { names, value: self.required_expression() })
    }

    pub(super) fn required_named(&mut self) -> Named {
        self.named().unwrap_or_else(|| Named { names: Vec::new(), value: self.missing_expression() })
    }

    pub(super) fn missing_expression(&mut self) -> Expr {
        let token = self.peek();
        if self.repeated_connective() {
            return self.missing();
        }
        if matches!(token.kind, Kind::Word(Class::Declared | Class::Hard)) {
            let described = token.describe();
            self.fault(
                Diagnostic::error(token.span, format!("expected an expression, found {described}"))
                    .help(format!("write `[\"{}\"]` where a column of that name is meant", token.text)),
            );
        }
        if self.at_list_end() && self.ends_in_connective() {
            return self.missing();
        }
        self.unexpected("an expression");
        self.missing()
    }

    /// The names before an `=`, with the `=`.
    fn assigned_names(&mut self) -> Vec<Name> {
        if let Some(length) = self.declared_name_length(0)
            && self.ahead(length).is("=")
        {
            let name = self.required_declared_name();
            self.next();
            return vec![name];
        }
        if let Some(name) = self.name_before_walrus() {
            return vec![name];
        }
        if self.at_assigned_list() {
            self.next();
            let names = self.list("a name", Self::at_list_end, Self::declared_name);
            self.require_close(")");
            self.require("=");
            return names;
        }
        let token = self.peek();
        if matches!(token.kind, Kind::Word(Class::Hard)) && self.ahead(1).is("=") {
            self.fault(names::keyword_as_name(token));
            let name = self.take_word();
            self.next();
            return vec![name];
        }
        self.dashed_name().into_iter().collect()
    }

    /// `(a, b) =`
    fn at_assigned_list(&self) -> bool {
        if !self.at("(") {
            return false;
        }
        let mut offset = 1;
        while let Some(length) = self.declared_name_length(offset) {
            offset += length;
            if !self.ahead(offset).is(",") {
                break;
            }
            offset += 1;
        }
        offset > 1 && self.ahead(offset).is(")") && self.ahead(offset + 1).is("=")
    }

    /// `some-name =`, which needs brackets.
    fn dashed_name(&mut self) -> Option<Name> {
        let adjacent = |i: usize| self.ahead(i).span.start == self.ahead(i - 1).span.end;
        let mut length = 1;
        while length < MAX_DASHED
            && self.ahead(length).is("-")
            && matches!(self.ahead(length + 1).kind, Kind::Word(_) | Kind::Long)
            && adjacent(length)
            && adjacent(length + 1)
        {
            length += 2;
        }
        if length == 1 || !matches!(self.peek().kind, Kind::Word(_)) || !self.ahead(length).is("=") {
            return None;
        }
        let start = self.start();
        let text: String = (0..length).map(|_| self.next().text).collect();
        let span = self.since(start);
        self.report(
            Diagnostic::error(span, format!("the name `{text}` holds a dash"))
                .help(format!("write `[\"{text}\"]` for the name")),
        );
        self.next();
        Some(Name { text: SmolStr::new(text), span })
    }

    /// Operands and operators of `level` and tighter; of `None`, an operand.
    ///
    /// Which operators may follow shrinks: behind one of a level that does not chain only looser ones may come.
    fn operation(&mut self, level: Option<Level>) -> Option<Expr> {
        let Some(least) = level else { return self.operand() };
        let start = self.start();
        let mut left = self.operand()?;
        let mut most = Some(Level::Text);
        let mut steps = 0;
        // What stands behind a missing operand is not read as more of the expression.
        while self.faulty != Some(self.at)
            && let Some(level) = self.operator_level()
            && level >= least
            && most.is_some_and(|most| level <= most)
        {
            if matches!(level, Level::Sum | Level::Product) && !self.may_step(&mut steps) {
                break;
            }
            left = match level {
                Level::Or => ExprKind::Or(self.chain(left, "or", level)),
                Level::And => ExprKind::And(self.chain(left, "and", level)),
                Level::Equality => self.equality(left),
                _ => self.infix(left, level),
            }
            .at(self.since(start));
            most = if level.chains() { Some(level) } else { looser(level) };
        }
        Some(left)
    }

    /// The operands of a chain of `and` or `or` whose first stands.
    fn chain(&mut self, first: Expr, word: &str, level: Level) -> Vec<Expr> {
        let mut operands = vec![first];
        while self.eat(word).is_some() {
            let operand = self.right_operand(level);
            operands.push(operand);
        }
        operands
    }

    fn right_operand(&mut self, level: Level) -> Expr {
        match self.operation(level.tighter()) {
            Some(operand) => operand,
            None => self.missing_expression(),
        }
    }

    fn infix(&mut self, left: Expr, level: Level) -> ExprKind {
        let symbol = self.symbol();
        if matches!(level, Level::Text | Level::Equality) && self.list_for_one_value(&symbol) {
            return ExprKind::Missing;
        }
        let right = self.right_operand(level);
        ExprKind::Infix(Box::new(left), symbol, Box::new(right))
    }

    fn equality(&mut self, left: Expr) -> ExprKind {
        match self.peek().text {
            "==" | "!=" | "<>" => self.infix(left, Level::Equality),
            "between" | "!between" => {
                let symbol = self.symbol();
                if !self.at("(") {
                    self.ends_without_brackets(&symbol);
                    return ExprKind::Missing;
                }
                self.next();
                let low = self.required_expression();
                if self.eat("..").is_none() {
                    self.ends_without_dots(&symbol);
                    self.skip_group();
                    let _ = self.eat(")");
                    return ExprKind::Missing;
                }
                let high = self.required_expression();
                self.require_close(")");
                ExprKind::Between(Box::new(left), symbol, Box::new(low), Box::new(high))
            }
            _ => {
                let symbol = self.symbol();
                ExprKind::In(Box::new(left), symbol, self.in_items())
            }
        }
    }

    /// `(item, item)` or `(query)` behind `in`.
    fn in_items(&mut self) -> Vec<Expr> {
        if self.eat("(").is_none() {
            self.items_without_brackets();
            return Vec::new();
        }
        let items = if self.at_query() {
            vec![self.required_query()]
        } else {
            let items = self.list("an expression", Self::at_list_end, Self::expression);
            if items.is_empty() {
                self.empty_list();
            }
            items
        };
        self.require_close(")");
        items
    }

    /// The operator's symbol; `matches regex` is two words.
    fn symbol(&mut self) -> Name {
        let mut symbol = self.take_word();
        if symbol.text == "matches" {
            symbol.text = SmolStr::new_static("matches regex");
            symbol.span.end = self.next().span.end;
        }
        symbol
    }

    fn operator_level(&self) -> Option<Level> {
        let token = self.peek();
        if !matches!(token.kind, Kind::Word(_) | Kind::Sign) {
            return None;
        }
        Some(match token.text {
            "or" => Level::Or,
            "and" => Level::And,
            "in" if self.ahead(1).is("range") => return None,
            "==" | "!=" | "<>" | "in" | "in~" | "!in" | "!in~" | "has_any" | "has_all" | "between"
            | "!between" => Level::Equality,
            "<" | "<=" | ">" | ">=" => Level::Relation,
            "+" | "-" => Level::Sum,
            "*" | "/" | "%" => Level::Product,
            _ if is_text_operator(token.text) => Level::Text,
            "matches" if self.ahead(1).is("regex") => Level::Text,
            _ => return None,
        })
    }

    /// A path with an optional sign before it, or `*` before an operator that searches all columns.
    fn operand(&mut self) -> Option<Expr> {
        let token = self.peek();
        match token.sign() {
            "-" | "+" => {
                let sign = self.take_word();
                let operand = self.path().unwrap_or_else(|| self.missing_expression());
                let span = self.since(token.span.start);
                Some(ExprKind::Prefix(sign, Box::new(operand)).at(span))
            }
            "*" if is_text_operator(self.ahead(1).text)
                || self.ahead(1).is("==")
                || self.ahead(1).is("matches") =>
            {
                self.next();
                Some(ExprKind::Star.at(token.span))
            }
            _ => self.path(),
        }
    }
}

impl ExprKind {
    /// The expression of this kind at `span`.
    pub(super) fn at(self, span: crate::Span) -> Expr {
        Expr { kind: self, span }
    }
}

fn looser(level: Level) -> Option<Level> {
    [Level::Or, Level::And, Level::Equality, Level::Relation, Level::Sum, Level::Product]
        .into_iter()
        .rfind(|looser| *looser < level)
}

fn is_text_operator(text: &str) -> bool {
    matches!(
        text,
        "=~" | "!~"
            | ":"
            | "has"
            | "!has"
            | "has_cs"
            | "!has_cs"
            | "hasprefix"
            | "!hasprefix"
            | "hasprefix_cs"
            | "!hasprefix_cs"
            | "hassuffix"
            | "!hassuffix"
            | "hassuffix_cs"
            | "!hassuffix_cs"
            | "like"
            | "notlike"
            | "likecs"
            | "notlikecs"
            | "contains"
            | "notcontains"
            | "!contains"
            | "containscs"
            | "contains_cs"
            | "notcontainscs"
            | "!contains_cs"
            | "startswith"
            | "!startswith"
            | "startswith_cs"
            | "!startswith_cs"
            | "endswith"
            | "!endswith"
            | "endswith_cs"
            | "!endswith_cs"
    )
}
