//! Operators that multiply rows or group them on an axis: `mv-expand`, `mv-apply`, `make-series`, `top-nested`.

use super::Parser;
use super::operators::is_operator;
use crate::lexer::{Kind, Token};
use crate::syntax::{ExpandItem, Expr, MakeSeries, Name, Named, OperatorKind, TopNestedLevel};
use crate::{Diagnostic, Span};

impl Parser<'_> {
    /// `mv-expand items limit n`
    pub(super) fn mv_expand(&mut self) -> OperatorKind {
        let params = self.parameters();
        let items = self.expand_items(&["limit"]);
        let limit = self.eat("limit").map(|_| self.required_expression());
        OperatorKind::MvExpand(params, items, limit)
    }

    /// `mv-apply items limit n on (subquery)`
    pub(super) fn mv_apply(&mut self) -> OperatorKind {
        let params = self.parameters();
        if let Some(brackets) = self.brackets_without_on() {
            let fault = Diagnostic::error(brackets, "`on` stands before what is done with each element");
            self.report(fault.help("write `on (…)`"));
            let subquery = self.bracketed_subquery();
            return OperatorKind::MvApply(params, Vec::new(), None, Box::new(subquery));
        }
        let items = self.expand_items(&["limit", "id", "on"]);
        let limit = self.eat("limit").map(|_| self.required_expression());
        if self.eat("id").is_some() {
            // The id of a context is internal to Kusto's engine.
            self.required_expression();
        }
        self.require("on");
        let subquery = self.bracketed_subquery();
        OperatorKind::MvApply(params, items, limit, Box::new(subquery))
    }

    /// The brackets of a subquery without `on` before them, which are then next: they would be read as those of a call.
    fn brackets_without_on(&mut self) -> Option<Span> {
        let ends = |token: Token<'_>| token.kind == Kind::End || matches!(token.sign(), "|" | ")");
        let opens = |offset: usize| {
            let begins = self.ahead(offset + 1);
            self.ahead(offset).is("(")
                && is_operator(begins.text)
                && matches!(begins.kind, Kind::Word(_))
                && !matches!(self.ahead(offset + 2).sign(), "(" | ")" | "," | ".")
        };
        let offset = (1..self.tokens.len())
            .take_while(|offset| !ends(self.ahead(*offset)))
            .find(|offset| opens(*offset))?;
        if self.ahead(offset - 1).is("on") {
            return None;
        }
        self.at += offset;
        Some(self.peek().span)
    }

    /// Expanded columns; a word of `ends` ends them unless it is itself a column, as what follows tells.
    fn expand_items(&mut self, ends: &[&str]) -> Vec<ExpandItem> {
        let ended = |p: &Self| {
            let next = p.ahead(1);
            p.at_list_end() || p.at_any(ends) && !next.is(",") && !next.is("to") && !next.is("=")
        };
        let items = self.list("a column", ended, |p| {
            let value = p.named()?;
            Some(ExpandItem { value, ty: p.target_type() })
        });
        if items.is_empty() {
            self.missing_expression();
        }
        items
    }

    /// `to typeof(type)`
    fn target_type(&mut self) -> Option<Name> {
        self.eat("to")?;
        if !(self.require("typeof") && self.require("(")) {
            return None;
        }
        let ty = self.type_name();
        self.require_close(")");
        ty
    }

    /// `make-series aggregates on axis from … to … step … by keys`
    pub(super) fn make_series(&mut self) -> OperatorKind {
        let params = self.parameters();
        let aggregates = self.list(
            "an aggregate",
            |p| p.at_any(&["on", "from", "in"]) || p.at_list_end(),
            |p| {
                let aggregate = p.named()?;
                let default = p.eat("default").map(|_| {
                    p.require("=");
                    p.required_expression()
                });
                Some((aggregate, default))
            },
        );
        if aggregates.is_empty() {
            self.missing_expression();
        }
        self.require("on");
        let axis = self.required_named();
        let mut series = MakeSeries {
            params,
            aggregates,
            axis,
            from: None,
            to: None,
            step: None,
            range: None,
            by: Vec::new(),
        };
        if self.at_any(&["from", "to", "step"]) {
            series.from = self.eat("from").map(|_| self.required_expression());
            series.to = self.eat("to").map(|_| self.required_expression());
            if self.require("step") {
                series.step = Some(self.required_expression());
            }
        } else {
            series.range = self.series_range();
        }
        if self.eat("by").is_some() {
            series.by = self.list("an expression", |_| false, Self::named);
            if series.by.is_empty() {
                self.missing_expression();
            }
        }
        OperatorKind::MakeSeries(Box::new(series))
    }

    /// `in range(from, to, step)`, which documentation calls deprecated and published queries use.
    fn series_range(&mut self) -> Option<Expr> {
        if self.eat("in").is_none() {
            self.unexpected("`step`, `from` or `in range(…)`");
            return None;
        }
        if !self.at("range") {
            self.unexpected("`range(…)`");
            return None;
        }
        Some(self.required_call())
    }

    /// `top-nested n of key with others = x by aggregate, top-nested …`
    pub(super) fn top_nested(&mut self) -> OperatorKind {
        let mut levels = vec![self.top_nested_level()];
        while self.eat(",").is_some() {
            if !self.require("top-nested") {
                break;
            }
            levels.push(self.top_nested_level());
        }
        OperatorKind::TopNested(levels)
    }

    fn top_nested_level(&mut self) -> TopNestedLevel {
        let rows = if self.at("of") { None } else { self.expression() };
        self.require("of");
        let key: Named = self.required_named();
        let others = self.eat("with").map(|_| {
            self.require("others");
            self.require("=");
            match self.signed_literal() {
                Some(literal) => literal,
                None => self.required_expression(),
            }
        });
        self.require("by");
        let by = self.required_ordered();
        TopNestedLevel { rows, key, others, by }
    }
}
