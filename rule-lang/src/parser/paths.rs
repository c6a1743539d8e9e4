//! Paths: a name, literal, call or bracketed expression, and what is taken out of it with `.name` and `[index]`.

use super::{Parser, names};
use crate::Diagnostic;
use crate::lexer::{Class, Kind, Token};
use crate::syntax::{Argument, Expr, ExprKind, Name};
use rule_model::Value;

impl Parser<'_> {
    /// A path from an expression's first operand.
    pub(super) fn path(&mut self) -> Option<Expr> {
        let first = self.primary()?;
        Some(self.steps(first, false))
    }

    /// A path of names and constant indices, as `partition by` and `facet by` take it.
    pub(super) fn simple_path(&mut self) -> Option<Expr> {
        let name = self.path_name()?;
        let first = name_expr(name);
        Some(self.steps(first, false))
    }

    /// An input of `union` or a table of `find`: a path of names and calls, whose last name may hold `*`.
    pub(super) fn entity(&mut self) -> Option<Expr> {
        if let Some(pattern) = self.pattern() {
            return Some(pattern);
        }
        let first = self.call_or_name()?;
        Some(self.steps(first, true))
    }

    pub(super) fn required_call(&mut self) -> Expr {
        if let Some(call) = self.call() {
            return call;
        }
        self.unexpected("a function call");
        match self.name() {
            Some(name) => name_expr(name),
            None => self.missing(),
        }
    }

    /// The parameters of `invoke` and `evaluate`: `name(arguments)`.
    pub(super) fn call(&mut self) -> Option<Expr> {
        let length = self.name_length(0)?;
        if !self.ahead(length).is("(") {
            return None;
        }
        let start = self.start();
        let name = self.required_name();
        let arguments = self.arguments();
        Some(ExprKind::Call(name, arguments).at(self.since(start)))
    }

    /// `call(…).call(…)`
    pub(super) fn call_chain(&mut self) -> Option<Expr> {
        let start = self.start();
        let mut call = self.call()?;
        let mut steps = 0;
        while self.at(".") && self.name_length(1).is_some_and(|length| self.ahead(1 + length).is("(")) {
            if !self.may_step(&mut steps) {
                break;
            }
            self.next();
            let name = self.required_name();
            let arguments = self.arguments();
            call = ExprKind::Method(Box::new(call), name, arguments).at(self.since(start));
        }
        Some(call)
    }

    fn primary(&mut self) -> Option<Expr> {
        if let Some(literal) = self.literal() {
            return Some(literal);
        }
        let token = self.peek();
        if token.is("(") {
            return Some(self.parenthesized());
        }
        if !matches!(token.kind, Kind::Word(_)) {
            return self.call_or_name();
        }
        match token.text {
            "datatable" => Some(self.datatable()),
            "externaldata" | "external_data" => Some(self.external_data()),
            "toscalar" | "totable" => Some(self.query_call()),
            "typeof" if self.ahead(1).is("(") => self.type_literal(),
            _ => self.call_or_name().or_else(|| self.keyword_as_name(token)),
        }
    }

    /// `( query or expression )`
    pub(super) fn parenthesized(&mut self) -> Expr {
        let start = self.start();
        self.next();
        let inner = self.required_query();
        self.require_close(")");
        ExprKind::Parenthesized(Box::new(inner)).at(self.since(start))
    }

    /// `toscalar(query)`, `totable(query)`, `materialize(query)`, with the `kind=` that some take before the bracket.
    pub(super) fn query_call(&mut self) -> Expr {
        let start = self.start();
        let name = self.take_word();
        if self.at("kind") && self.ahead(1).is("=") {
            self.next();
            self.next();
            let _ = self.parameter_value();
        }
        let mut arguments = Vec::new();
        if self.require("(") {
            arguments.push(Argument { name: None, value: self.required_query() });
            self.require_close(")");
        }
        ExprKind::Call(name, arguments).at(self.since(start))
    }

    fn call_or_name(&mut self) -> Option<Expr> {
        self.call().or_else(|| {
            if self.at("[")
                && let Some(length) = self.pattern_length(1)
                && self.ahead(1 + length).is("]")
            {
                self.next();
                let pattern = self.pattern();
                self.next();
                return pattern;
            }
            self.path_name().map(name_expr)
        })
    }

    /// A name in a path, where `kind` and `withsource` are names too.
    fn path_name(&mut self) -> Option<Name> {
        let token = self.peek();
        if self.at_any(&["kind", "withsource", "with_source", "@"]) && token.kind != Kind::String {
            return Some(self.take_word());
        }
        self.name()
    }

    /// A keyword where a name is meant, as the operator behind it tells: reported, and taken for the name.
    fn keyword_as_name(&mut self, token: Token<'_>) -> Option<Expr> {
        let next = self.ahead(1);
        let is_keyword = matches!(token.kind, Kind::Word(Class::Declared | Class::Hard));
        let meant = matches!(
            next.text,
            "==" | "!="
                | "=~"
                | "!~"
                | "<"
                | "<="
                | ">"
                | ">="
                | "has"
                | "contains"
                | "startswith"
                | "endswith"
                | "in"
                | "in~"
                | "has_any"
                | "between"
                | "and"
                | "or"
        );
        if !is_keyword || !meant || !matches!(next.kind, Kind::Word(_) | Kind::Sign) {
            return None;
        }
        self.fault(names::keyword_as_name(token));
        Some(name_expr(self.take_word()))
    }

    /// `.name`, `.call(…)` and `[index]` behind `value`; in an entity's path also `.na*me`.
    fn steps(&mut self, mut value: Expr, entity: bool) -> Expr {
        let start = value.span.start;
        let mut steps = 0;
        loop {
            let kind = match self.peek().sign() {
                "." if self.may_step(&mut steps) => {
                    self.next();
                    if entity && let Some(pattern) = self.pattern() {
                        let name = pattern_name(&pattern);
                        return ExprKind::Property(Box::new(value), name).at(self.since(start));
                    }
                    self.member(value)
                }
                "[" if self.may_step(&mut steps) => self.element(value),
                _ => return value,
            };
            value = kind.at(self.since(start));
        }
    }

    fn member(&mut self, value: Expr) -> ExprKind {
        if let Some(length) = self.name_length(0)
            && self.ahead(length).is("(")
        {
            let name = self.required_name();
            return ExprKind::Method(Box::new(value), name, self.arguments());
        }
        match self.path_name() {
            Some(name) => ExprKind::Property(Box::new(value), name),
            None if self.at("[") => self.element(value),
            None if self.peek().kind == Kind::Long => self.element_behind_dot(value),
            None => {
                let name = self.required_name();
                ExprKind::Property(Box::new(value), name)
            }
        }
    }

    fn element(&mut self, value: Expr) -> ExprKind {
        self.next();
        let index = self.required_expression();
        self.require_close("]");
        let span = index.span;
        match index.kind {
            ExprKind::Literal(Value::String(text), _) => {
                ExprKind::Property(Box::new(value), Name { text, span })
            }
            kind => ExprKind::Element(Box::new(value), Box::new(kind.at(span))),
        }
    }

    fn arguments(&mut self) -> Vec<Argument> {
        self.next();
        let arguments = self.list("an argument", Self::at_list_end, |p| {
            if p.at("*") && (p.ahead(1).is(")") || p.ahead(1).is(",")) {
                let star = p.next();
                return Some(Argument { name: None, value: ExprKind::Star.at(star.span) });
            }
            let named = p.named()?;
            Some(Argument { name: named.names.into_iter().next(), value: named.value })
        });
        let next = self.peek();
        let begins_another = !matches!(next.kind, Kind::Sign | Kind::Bad | Kind::End);
        if begins_another && !arguments.is_empty() {
            let fault = format!("expected `,` or `)`, found {}", next.describe());
            let is_distinct = self.tokens[self.at - 1].is("distinct");
            self.fault(Diagnostic::error(next.span, fault).help(if is_distinct {
                format!("write `dcount({})` to count distinct values", next.text)
            } else {
                "write `,` between two arguments".to_owned()
            }));
        }
        self.require_close(")");
        arguments
    }
}

/// `$left` and `$right` are names of their own.
fn name_expr(name: Name) -> Expr {
    let span = name.span;
    match name.text.as_str() {
        "$left" | "$right" => ExprKind::JoinSide(name).at(span),
        _ => ExprKind::Name(name).at(span),
    }
}

fn pattern_name(pattern: &Expr) -> Name {
    let text = match &pattern.kind {
        ExprKind::Pattern(text) => text.clone(),
        _ => "*".into(),
    };
    Name { text, span: pattern.span }
}
