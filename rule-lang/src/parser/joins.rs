//! Operators over several tables: `join`, `lookup`, `union`, `search`, `find`.

use super::Parser;
use crate::Diagnostic;
use crate::syntax::{Expr, ExprKind, Named, OperatorKind, SearchOperator, UnionOperator};

/// Kinds of join.
const KINDS: [&str; 7] =
    ["inner", "innerunique", "leftouter", "rightouter", "fullouter", "leftanti", "leftsemi"];

impl Parser<'_> {
    /// `join kind=… (right) on conditions`, and `lookup`, which is the same with other kinds.
    pub(super) fn join(&mut self, keyword: &str) -> OperatorKind {
        let params = self.parameters();
        self.kind_without_name();
        let right = Box::new(self.required_expression());
        let mut on = Vec::new();
        if self.eat("on").is_some() {
            on = self.list("a condition", Self::at_list_end, Self::expression);
            if on.is_empty() {
                self.missing_expression();
            }
        } else if keyword == "join" && self.at("where") {
            let span = self.peek().span;
            self.report(
                Diagnostic::error(span, "a join on a condition other than equality")
                    .help("write `on` and equal columns"),
            );
            self.next();
            on.push(self.required_expression());
        } else if keyword == "lookup" {
            self.unexpected("`on`");
        }
        if keyword == "join" {
            OperatorKind::Join(params, right, on)
        } else {
            OperatorKind::Lookup(params, right, on)
        }
    }

    /// Reports and passes the kind of a join without `kind=` before it.
    fn kind_without_name(&mut self) {
        let token = self.peek();
        let kind = token.text.to_lowercase();
        if KINDS.contains(&kind.as_str()) && self.ahead(1).is("(") {
            let fault = Diagnostic::error(token.span, format!("`{}` is no table to join", token.text));
            let fault = fault.note("the kind of a join is one of its parameters");
            self.fault(fault.help(format!("write `kind={kind}`")));
            self.next();
        }
    }

    pub(super) fn union(&mut self) -> UnionOperator {
        let params = self.parameters();
        let inputs = self.list("a table", Self::at_list_end, |p| {
            if p.at("(") { Some(p.parenthesized()) } else { p.entity() }
        });
        if inputs.is_empty() {
            self.unexpected("a table");
        }
        UnionOperator { params, inputs }
    }

    /// `search kind=… in (tables) predicate`
    pub(super) fn search(&mut self) -> SearchOperator {
        let params = self.parameters();
        let tables = self.searched_tables();
        let predicate = self.search_predicate();
        SearchOperator { find: false, params, tables, predicate: Box::new(predicate), project: Vec::new() }
    }

    /// `find withsource=… in (tables) where predicate project columns`
    pub(super) fn find(&mut self) -> SearchOperator {
        let params = self.parameters();
        let tables = self.searched_tables();
        if self.eat("where").is_none() && !(params.is_empty() && tables.is_empty()) {
            self.unexpected("`where`");
        }
        let predicate = Box::new(self.required_expression());
        let mut project = Vec::new();
        if self.eat("project").is_some() {
            project = self.list("a column", |_| false, Self::found_column);
        } else {
            let _ = self.eat("project-smart");
        }
        SearchOperator { find: true, params, tables, predicate, project }
    }

    fn searched_tables(&mut self) -> Vec<Expr> {
        if self.eat("in").is_none() || !self.require("(") {
            return Vec::new();
        }
        let tables = self.list("a table", Self::at_list_end, |p| {
            if p.at("(") { Some(p.parenthesized()) } else { p.entity() }
        });
        self.require_close(")");
        tables
    }

    /// `*`, `* and predicate`, or a predicate.
    fn search_predicate(&mut self) -> Expr {
        let start = self.start();
        if let Some(predicate) = self.expression() {
            return predicate;
        }
        let Some(star) = self.eat("*") else { return self.missing_expression() };
        let star = ExprKind::Star.at(star.span);
        if self.eat("and").is_none() {
            return star;
        }
        let rest = self.required_expression();
        ExprKind::And(vec![star, rest]).at(self.since(start))
    }

    /// A column of `find … project`: `name`, `name:type`, `*`, `pack(*)`.
    fn found_column(&mut self) -> Option<Named> {
        let unnamed = |value| Named { names: Vec::new(), value };
        if let Some(star) = self.eat("*") {
            return Some(unnamed(ExprKind::Star.at(star.span)));
        }
        if self.at("pack") {
            return Some(unnamed(self.required_call()));
        }
        let name = self.name()?;
        if self.eat(":").is_some() {
            self.type_name();
        }
        let span = name.span;
        Some(unnamed(ExprKind::Name(name).at(span)))
    }
}
