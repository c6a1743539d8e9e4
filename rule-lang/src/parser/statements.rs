//! Statements: `let`, `set`, `declare query_parameters`, those that are refused by name, and queries.

use super::Parser;
use super::operators::is_operator;
use crate::Diagnostic;
use crate::lexer::Kind;
use crate::syntax::{
    Argument, Expr, ExprKind, Function, LetValue, Name, Parameter, ParameterType, Script, Statement,
};

impl Parser<'_> {
    /// Statements between semicolons.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while !self.at_end() && !self.at("}") {
            let before = self.at;
            match self.statement() {
                Some(statement) => statements.push(statement),
                None => self.no_statement(),
            }
            if self.eat(";").is_some() {
                continue;
            }
            if self.at_end() || self.at("}") {
                break;
            }
            let behind_let = matches!(statements.last(), Some(Statement::Let(..)));
            self.after_statement(behind_let);
            self.resume();
            if self.at == before {
                self.next();
            }
        }
        statements
    }

    /// Reports what stands behind a statement that is whole.
    fn after_statement(&mut self, behind_let: bool) {
        let token = self.peek();
        let fault = Diagnostic::error(token.span, format!("expected `;` or `|`, found {}", token.describe()));
        let is_word = matches!(token.kind, Kind::Word(_));
        self.fault(match token.text {
            word if is_word && is_operator(word) => fault.help(format!("write `|` before `{word}`")),
            ")" | "]" if token.kind == Kind::Sign => fault.help("remove it, or open it before"),
            _ if behind_let && is_word => fault.help("end the `let` with `;`"),
            "=" => fault
                .note("a query begins with a table, and each step behind it with `|`")
                .help("write the condition as a step: `Table | where Column == \"value\"`"),
            _ => fault.help("write `|` before an operator, `;` before another statement"),
        });
    }

    fn no_statement(&mut self) {
        let token = self.peek();
        match token.sign() {
            "." => self.fault(
                Diagnostic::error(token.span, "a management command, which begins with `.`, is not a query")
                    .help("write the query alone"),
            ),
            "|" => {
                let fault = Diagnostic::error(token.span, "expected a table before `|`");
                let behind_end = self.at > 0 && self.tokens[self.at - 1].is(";");
                self.fault(if behind_end {
                    fault.note("the `;` before it ends the query").help("remove the `;`")
                } else {
                    fault.help("write the name of a table, or `print` or `datatable`, first")
                });
            }
            _ => self.unexpected("a query or `let`"),
        }
    }

    /// Goes on behind the next `;`, or at the next `|` of what was broken off.
    fn resume(&mut self) {
        self.skip_group();
        while self.at_any(&[")", "]"]) {
            self.next();
            self.skip_group();
        }
        if self.at("|") {
            self.piped_operators();
        }
        let _ = self.eat(";");
    }

    fn statement(&mut self) -> Option<Statement> {
        let next = self.ahead(1);
        if self.is_sql() {
            return Some(Statement::Query(self.sql()));
        }
        let begins = match self.peek().text {
            _ if !matches!(self.peek().kind, Kind::Word(_)) => false,
            "let" => {
                self.name_length(1).is_some() || matches!(next.kind, Kind::Word(_)) && self.ahead(2).is("=")
            }
            "set" => true,
            "alias" => next.is("database"),
            "restrict" => next.is("access"),
            "declare" => next.is("query_parameters") || next.is("pattern"),
            _ => false,
        };
        if !begins {
            return self.query().map(Statement::Query);
        }
        let keyword = self.take_word();
        Some(match keyword.text.as_str() {
            "let" => self.let_statement(),
            "set" => {
                let name = self.required_name();
                Statement::Set(name, self.eat("=").map(|_| self.required_expression()))
            }
            "declare" if self.eat("query_parameters").is_some() => {
                self.require("(");
                Statement::Parameters(self.function_parameters())
            }
            _ => {
                let text = format!("{} {}", keyword.text, self.next().text);
                let span = self.since(keyword.span.start);
                self.skip_statement();
                Statement::Other(Name { text: text.into(), span })
            }
        })
    }

    /// Skips to the `;` that ends a statement.
    fn skip_statement(&mut self) {
        self.skip_group();
        while self.eat("|").is_some() {
            self.skip_group();
        }
    }

    fn let_statement(&mut self) -> Statement {
        let name = self.required_name();
        self.require("=");
        let value = if self.at_function() {
            LetValue::Function(self.function())
        } else if self.at("materialize") {
            let call = self.query_call();
            LetValue::Expr(call)
        } else if self.at("entity_group") && self.ahead(1).is("[") {
            LetValue::Expr(self.entity_group())
        } else {
            LetValue::Expr(self.required_query())
        };
        Statement::Let(name, value)
    }

    /// `entity_group [database, …]`: a list that only `macro-expand` reads; kept as a call that no function answers.
    fn entity_group(&mut self) -> Expr {
        let start = self.start();
        let name = self.take_word();
        self.next();
        let members = self.list("a database", Self::at_list_end, Self::expression);
        self.require_close("]");
        let arguments = members.into_iter().map(|value| Argument { name: None, value }).collect();
        ExprKind::Call(name, arguments).at(self.since(start))
    }

    /// Whether a function, not an expression in brackets, stands behind `let name =`.
    fn at_function(&self) -> bool {
        let offset = usize::from(self.at("view"));
        if !self.ahead(offset).is("(") {
            return false;
        }
        let next = self.ahead(offset + 1);
        next.is(")")
            || next.is("*")
            || self
                .declared_name_length(offset + 1)
                .is_some_and(|length| self.ahead(offset + 1 + length).is(":"))
    }

    fn function(&mut self) -> Function {
        let start = self.start();
        let view = self.eat("view").is_some();
        self.require("(");
        let params = self.function_parameters();
        let mut body = Script::default();
        if self.require("{") {
            body.statements = self.nested(Self::statements).unwrap_or_default();
            self.require_close("}");
        }
        Function { view, params, body, span: self.since(start) }
    }

    /// `name:type = default, …)`
    pub(super) fn function_parameters(&mut self) -> Vec<Parameter> {
        let params = self.list("a parameter", Self::at_list_end, |p| {
            let name = p.declared_name()?;
            p.require(":");
            let ty = if p.eat("(").is_some() {
                let columns = if p.eat("*").is_some() { Vec::new() } else { p.typed_columns() };
                p.require_close(")");
                ParameterType::Table(columns)
            } else {
                let missing = Name { text: "dynamic".into(), span: name.span };
                ParameterType::Scalar(p.type_name().unwrap_or(missing))
            };
            let default = p.eat("=").map(|_| p.default_value());
            Some(Parameter { name, ty, default })
        });
        self.require_close(")");
        params
    }

    fn default_value(&mut self) -> Expr {
        match self.signed_literal() {
            Some(literal) => literal,
            None => self.missing_expression(),
        }
    }
}
