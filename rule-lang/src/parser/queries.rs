//! Queries: a source and the operators behind it.

use super::Parser;
use super::operators::{OPERATORS, is_operator};
use crate::Diagnostic;
use crate::lexer::{Class, Kind};
use crate::nearest::nearest;
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
            let fault =
                Diagnostic::error(token.span, format!("expected an operator, found {}", token.describe()));
            let doubled = token.is("|") && self.at > 0 && self.tokens[self.at - 1].span.end == start;
            let before_operator = doubled && is_operator(self.ahead(1).text);
            self.fault(fault.help(if before_operator {
                "write one `|`"
            } else if doubled {
                "write `or`"
            } else {
                "write one, such as `where` or `extend`, behind the `|`"
            }));
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

    /// Reports what stands behind an operator that is whole.
    fn after_operator(&mut self, operator: &str) {
        let token = self.peek();
        let found = token.describe();
        let fault =
            Diagnostic::error(token.span, format!("expected `|` or the end of `{operator}`, found {found}"));
        self.fault(match token.text {
            "=" if token.kind == Kind::Sign => fault.help("write `==` to compare"),
            _ if self.dashed_operator(operator).is_some() => self.dashed_operator(operator).unwrap_or(fault),
            "not" if negated(self.ahead(1).text).is_some() => {
                let meant = negated(self.ahead(1).text).unwrap_or_default();
                fault.note("`not` is a function: `not(…)`").help(format!("write `{meant}`"))
            }
            _ if token.kind == Kind::Word(Class::Identifier) && self.after_not() => {
                fault.help("write `not(…)`")
            }
            word if token.kind == Kind::Word(Class::Identifier) && meant_comparison(word).is_some() => {
                let meant = meant_comparison(word).unwrap_or_default();
                fault.note(format!("KQL has no operator `{word}`")).help(format!("write `{meant}`"))
            }
            word if is_operator(word) => fault.help(format!("write `|` before `{word}`")),
            _ if token.kind != Kind::Word(Class::Identifier) => fault.help(NEXT_OPERATOR),
            "AND" | "OR" | "And" | "Or" => {
                fault.help(format!("write `{}`: keywords are lower case", token.text.to_lowercase()))
            }
            _ => fault.help(NEXT_OPERATOR),
        });
    }

    /// An operator that KQL does not have, of whose name another one is the beginning: `project-out a`.
    fn dashed_operator(&self, operator: &str) -> Option<Diagnostic> {
        let [before, dash, after] = self.tokens.get(self.at.checked_sub(3)?..self.at)? else { return None };
        let is_one = before.span.end == dash.span.start && dash.span.end == after.span.start;
        if !(is_one && before.is(operator) && dash.is("-") && matches!(after.kind, Kind::Word(_))) {
            return None;
        }
        Some(unknown_operator(
            &format!("{operator}-{}", after.text),
            Class::Identifier,
            before.span.to(after.span),
        ))
    }

    /// Whether the token taken last is the word `not`, which is a function.
    fn after_not(&self) -> bool {
        self.at.checked_sub(1).is_some_and(|last| self.tokens[last].is("not"))
    }
}

/// What to type where an operator is whole and something stands behind it.
const NEXT_OPERATOR: &str =
    "write `and`, `or` or another operator between two values, and `|` before the next step";

/// How KQL writes that a comparison does not hold which others write `not in`, `not contains`.
fn negated(word: &str) -> Option<String> {
    let words =
        ["in", "in~", "has", "contains", "startswith", "endswith", "between", "has_cs", "contains_cs"];
    words.contains(&word).then(|| format!("!{word}"))
}

fn unknown_operator(word: &str, class: Class, span: crate::Span) -> Diagnostic {
    let fault = Diagnostic::error(span, format!("`{word}` is not an operator"));
    let lower = word.to_lowercase();
    match lower.as_str() {
        _ if lower != word && class == Class::Identifier && is_operator(&lower) => {
            fault.help(format!("write `{lower}`: keywords are lower case"))
        }
        "select" => fault.help("write `project`"),
        "group" => fault.help("write `summarize … by …`"),
        "uniq" | "unique" | "dedup" => fault.help("write `distinct`"),
        "head" => fault.help("write `take`"),
        "stats" => fault.help("write `summarize`"),
        "eval" => fault.help("write `extend`"),
        "rename" => fault.help("write `project-rename`"),
        _ => match nearest(&lower, OPERATORS) {
            Some(meant) => fault.help(format!("write `{meant}`")),
            None => fault.help("write one of where, extend, project, summarize, join, or another operator"),
        },
    }
}

/// The operator between two values that a word was probably meant for.
fn meant_comparison(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 20] = [
        "and",
        "or",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
        "has",
        "has_cs",
        "hasprefix",
        "hassuffix",
        "has_any",
        "has_all",
        "in",
        "between",
        "matches regex",
        "!has",
        "!contains",
        "!in",
    ];
    match word.to_lowercase().as_str() {
        "equals" | "equal" | "eq" | "is" => Some("=="),
        "iequals" => Some("=~"),
        "ne" | "isnot" => Some("!="),
        "gt" => Some(">"),
        "lt" => Some("<"),
        "like" | "ilike" | "includes" => Some("contains"),
        "matches" | "regex" | "rlike" | "match" => Some("matches regex"),
        "beginswith" | "starts" | "starts_with" => Some("startswith"),
        "ends" | "ends_with" => Some("endswith"),
        // Told apart from what is misspelt: these are only not in small letters.
        "and" | "or" => None,
        lower => nearest(lower, WORDS),
    }
}
