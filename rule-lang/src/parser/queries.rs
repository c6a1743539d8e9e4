//! Queries: a source and the operators behind it.

use super::Parser;
use super::operators::is_operator;
use super::slips::unknown_operator;
use crate::Diagnostic;
use crate::lexer::{Class, Kind};
use crate::syntax::{Expr, ExprKind, Name, Operator, OperatorKind};

/// Operators that may begin a query, since they need no input.
const UNPIPED: [&str; 6] = ["evaluate", "find", "inline_external_table", "macro-expand", "search", "union"];

impl Parser<'_> {
    /// A query, or a scalar expression: what stands in brackets, behind `let name =` and in statements.
    pub(super) fn query(&mut self) -> Option<Expr> {
        self.nested(Self::query_inside).unwrap_or_else(|| Some(self.missing()))
    }

    pub(super) fn required_query(&mut self) -> Expr {
        self.query().unwrap_or_else(|| self.missing_expression())
    }

    fn query_inside(&mut self) -> Option<Expr> {
        let start = self.start();
        let source = if self.at_source_operator() { self.source() } else { self.expression() }?;
        if !self.at("|") {
            return Some(source);
        }
        let mut operators = self.piped_operators();
        let kind = match source.kind {
            // A source that is an operator itself is the first of its pipe.
            ExprKind::Pipe(None, mut first) => {
                first.append(&mut operators);
                ExprKind::Pipe(None, first)
            }
            _ => ExprKind::Pipe(Some(Box::new(source)), operators),
        };
        Some(kind.at(self.since(start)))
    }

    /// `operator | operator`, the subquery of `mv-apply`, `partition` and `fork`, which takes its input from around it.
    pub(super) fn subquery(&mut self) -> Expr {
        let start = self.start();
        let subquery = self.nested(|p| {
            let mut operators = vec![p.operator()];
            operators.extend(p.piped_operators());
            operators
        });
        match subquery {
            Some(operators) => ExprKind::Pipe(None, operators).at(self.since(start)),
            None => self.missing(),
        }
    }

    /// Whether a query, not a list of expressions, stands in the brackets that were just opened.
    pub(super) fn at_query(&self) -> bool {
        if self.at_source_operator() {
            return true;
        }
        let mut open = 0_usize;
        for offset in 0.. {
            let token = self.ahead(offset);
            match token.sign() {
                ";" => return false,
                "," | ")" if open == 0 => return false,
                "|" if open == 0 => return true,
                "(" => open += 1,
                ")" => open -= 1,
                _ if token.kind == Kind::End => return false,
                _ => {}
            }
        }
        false
    }

    /// Whether the operator that could be a source is one: some of their words may name a table, too.
    pub(super) fn at_source_operator(&self) -> bool {
        let next = self.ahead(1);
        match self.peek().text {
            _ if !matches!(self.peek().kind, Kind::Word(_)) => false,
            "range" => self.name_length(1).is_some_and(|length| self.ahead(1 + length).is("from")),
            "evaluate" => {
                matches!(next.kind, Kind::Word(class) if class == Class::Identifier || next.text.starts_with("hint."))
            }
            "inline_external_table" => next.is("(") || next.is("kind"),
            "find" | "macro-expand" | "print" | "search" | "union" => true,
            _ => false,
        }
    }

    fn source(&mut self) -> Option<Expr> {
        match self.peek().text {
            "print" => Some(self.print()),
            "range" => Some(self.range()),
            word if UNPIPED.contains(&word) => {
                let operator = self.operator();
                let span = operator.span;
                Some(
                    match operator.kind {
                        OperatorKind::Union(union) => ExprKind::Union(union),
                        OperatorKind::Search(search) => ExprKind::Search(search),
                        _ => ExprKind::Pipe(None, vec![operator]),
                    }
                    .at(span),
                )
            }
            _ => None,
        }
    }

    /// `| operator | operator …`
    pub(super) fn piped_operators(&mut self) -> Vec<Operator> {
        let mut operators = Vec::new();
        while self.eat("|").is_some() {
            operators.push(self.operator());
        }
        operators
    }

    /// An operator and what it says. What it does not take is reported and skipped up to the next `|`.
    pub(super) fn operator(&mut self) -> Operator {
        let start = self.start();
        let token = self.peek();
        let Kind::Word(class) = token.kind else {
            let before = self.at.checked_sub(1).map_or(token, |before| self.tokens[before]);
            let doubled = token.is("|") && before.span.end == start;
            let before_operator = token.is("|") && is_operator(self.ahead(1).text);
            let message = format!("expected an operator, found {}", token.describe());
            self.fault(if before_operator {
                Diagnostic::error(token.span, message).help("write one `|`")
            } else if doubled {
                let both = before.span.to(token.span);
                Diagnostic::error(both, "`||` is not part of the language").help("write `or`")
            } else {
                let fault = Diagnostic::error(token.span, message);
                fault.help("write one, such as `where` or `extend`, behind the `|`")
            });
            if doubled {
                self.next();
            }
            self.skip_group();
            let keyword = Name { text: "".into(), span: token.span };
            return Operator { keyword, kind: OperatorKind::Other, span: self.since(start) };
        };
        let keyword = self.take_word();
        let Some(kind) = self.operator_body(&keyword.text) else {
            self.at -= 1;
            self.fault(unknown_operator(token.text, class, token.span));
            self.next();
            self.skip_group();
            return Operator { keyword, kind: OperatorKind::Other, span: self.since(start) };
        };
        let span = self.since(start);
        if !self.at_end() && !self.at_any(&["|", ")", "}", "]", ";"]) {
            self.after_operator(token.text);
            self.skip_group();
        }
        Operator { keyword, kind, span }
    }
}
