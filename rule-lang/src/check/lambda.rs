//! User-defined functions and views: calls are put in line.

use super::scope::{Closure, Column, Columns, Entity, Rows, Scope};
use super::source::unknown_rows;
use super::{Checker, PARAMETER, fault, meant, types};
use crate::syntax::{self, ParameterType, Statement};
use crate::{Diagnostic, Span};
use rule_model::plan::{Expr, ExprKind, Name, Query, Source};
use rule_model::{Type, Value};
use std::rc::Rc;

/// What a function's body gives.
enum Outcome {
    Value(Expr),
    Table(Box<Rows>),
}

impl<'a> Checker<'a> {
    /// Checks the definition of a function with stand-ins for its arguments, so that its faults are found where they
    /// are and whether or not it is called.
    pub(super) fn function(&mut self, function: &'a syntax::Function) -> Entity<'a> {
        let before = self.errors();
        let mut inner = self.scope.clone();
        for parameter in &function.params {
            let entity = self.stand_in(parameter);
            inner.define(parameter.name.text.clone(), entity);
        }
        let outcome = self.body(function, inner);
        Entity::Function(Rc::new(Closure {
            function,
            scope: self.scope.clone(),
            tabular: function.view || matches!(outcome, Outcome::Table(_)),
            faulty: self.errors() > before,
        }))
    }

    fn stand_in(&mut self, parameter: &'a syntax::Parameter) -> Entity<'a> {
        match &parameter.ty {
            ParameterType::Scalar(ty) => {
                let ty = self.type_named(ty);
                let name = Name::from(format!("{PARAMETER}{}", parameter.name.text));
                Entity::Scalar(Expr::column(name, ty, parameter.name.span))
            }
            ParameterType::Table(columns) => {
                let columns = Columns { open: columns.is_empty(), ..self.declared(columns) };
                let query = Query { source: Source::Input, columns: columns.fields(), stages: Vec::new() };
                Entity::Table(Rc::new(Rows { query, columns }))
            }
        }
    }

    /// The value of a parameter that is not given.
    pub(super) fn parameter_default(&mut self, parameter: &'a syntax::Parameter) -> Option<Expr> {
        let default = parameter.default.as_ref()?;
        let value = self.over(&Columns::default(), |checker| checker.expr(default));
        Some(match &parameter.ty {
            ParameterType::Scalar(ty) => {
                let ty = self.type_named(ty);
                let numbers = value.ty.is_number() && ty.is_number();
                if types::fit(value.ty, ty).is_none() && ty != Type::Dynamic && !numbers {
                    let message = format!("the default value of a {ty} must be one, this is {}", value.ty);
                    return Some(self.error(
                        value.span,
                        message,
                        format!(
                            "write a {ty}, or convert it with {}(…)",
                            types::conversion(ty).unwrap_or("dynamic")
                        ),
                    ));
                }
                self.convert(value, ty)
            }
            ParameterType::Table(_) => value,
        })
    }

    /// Calls a function whose result is a value.
    pub(super) fn call_closure(
        &mut self,
        closure: &Rc<Closure<'a>>,
        name: &str,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Expr {
        match self.call_with(closure, name, None, args, span) {
            Some(Outcome::Value(value)) => Expr { span, ..value },
            Some(Outcome::Table(_)) => self.table_for_scalar(span),
            None => fault(span),
        }
    }

    /// Calls a function whose result is a table; `first` is what `invoke` hands in.
    pub(super) fn call_tabular_closure(
        &mut self,
        closure: &Rc<Closure<'a>>,
        name: &str,
        first: Option<Rows>,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Rows {
        match self.call_with(closure, name, first, args, span) {
            Some(Outcome::Table(rows)) => *rows,
            Some(Outcome::Value(_)) => {
                self.error(
                    span,
                    format!("{name}() gives a value, a table is expected here"),
                    "call it in a condition or a column, or let it end in a table",
                );
                unknown_rows()
            }
            None => unknown_rows(),
        }
    }

    fn call_with(
        &mut self,
        closure: &Rc<Closure<'a>>,
        name: &str,
        first: Option<Rows>,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Option<Outcome> {
        if closure.faulty || !self.enter(span) {
            return None;
        }
        let before = self.errors();
        let scope = self.bind(closure, name, first, args, span);
        let outcome = match scope {
            Some(scope) if self.errors() == before => Some(self.body(closure.function, scope)),
            _ => None,
        };
        self.leave();
        outcome
    }

    /// The names that the body of a function sees when it is called with these arguments.
    fn bind(
        &mut self,
        closure: &Rc<Closure<'a>>,
        name: &str,
        first: Option<Rows>,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Option<Scope<'a>> {
        let function: &'a syntax::Function = closure.function;
        let params: &'a [syntax::Parameter] = &function.params;
        let mut given: Vec<Option<Entity<'a>>> = params.iter().map(|_| None).collect();
        let mut next = 0;
        if let Some(rows) = first {
            let parameter = params.first()?;
            self.require_columns(parameter, &rows.columns, span);
            *given.first_mut()? = Some(self.table_entity(rows, false));
            next = 1;
        }
        let count = args.len() + next;
        for arg in args {
            let at = match &arg.name {
                Some(label) => {
                    let Some(at) = params.iter().position(|p| p.name.text == label.text) else {
                        let names = params.iter().map(|p| p.name.text.as_str());
                        self.unknown_name("parameter", &label.text, label.span, names);
                        return None;
                    };
                    at
                }
                None => next,
            };
            next = at + 1;
            let Some(parameter) = params.get(at) else {
                let takes = if params.len() == 1 {
                    "1 argument".to_owned()
                } else {
                    format!("{} arguments", params.len())
                };
                self.error(span, format!("{name}() takes {takes}, here it has {count}"), form(name, params));
                return None;
            };
            given[at] = Some(self.argument(name, parameter, &arg.value));
        }
        let mut scope = closure.scope.clone();
        for (parameter, entity) in params.iter().zip(given) {
            let given = entity.or_else(|| self.parameter_default(parameter).map(Entity::Scalar));
            let Some(entity) = given else {
                self.error(
                    span,
                    format!("the argument `{}` of {name}() is missing", parameter.name.text),
                    form(name, params),
                );
                return None;
            };
            scope.define(parameter.name.text.clone(), entity);
        }
        Some(scope)
    }

    fn argument(
        &mut self,
        function: &str,
        parameter: &'a syntax::Parameter,
        value: &'a syntax::Expr,
    ) -> Entity<'a> {
        match &parameter.ty {
            ParameterType::Table(_) => {
                let rows = self.subquery(value);
                self.require_columns(parameter, &rows.columns, value.span);
                self.table_entity(rows, false)
            }
            ParameterType::Scalar(ty) => {
                let ty = self.type_named(ty);
                let mut value = self.expr(value);
                if ty == Type::Dynamic && matches!(value.kind, ExprKind::Literal(_)) {
                    value.ty = ty;
                }
                let is_null = types::literal(&value).is_some_and(Value::is_null);
                let given = value.clone();
                let value = self.convert(value, ty);
                let becomes_null = !is_null && types::literal(&value).is_some_and(Value::is_null);
                if becomes_null || types::never_converts(given.ty, ty) {
                    self.report_lost(function, parameter, &given, ty);
                }
                Entity::Scalar(value)
            }
        }
    }

    /// Reports an argument of which nothing is left as a value of its parameter's type.
    fn report_lost(&mut self, function: &str, parameter: &syntax::Parameter, given: &Expr, ty: Type) {
        let name = &parameter.name.text;
        let message =
            format!("the argument `{name}` of {function}() is a {ty}, and this {} is null as one", given.ty);
        let fault = Diagnostic::warning(given.span, message)
            .note("an argument is converted to the type that its parameter is declared with");
        let help = match given.ty {
            Type::String => meant::without_quotes(given, ty),
            _ => None,
        };
        self.report(
            fault.help(help.unwrap_or_else(|| format!("give a {ty}, or declare `{name}: {}`", given.ty))),
        );
    }

    /// Reports the columns that a tabular parameter asks for and an argument lacks.
    fn require_columns(&mut self, parameter: &'a syntax::Parameter, columns: &Columns, span: Span) {
        let ParameterType::Table(wanted) = &parameter.ty else {
            self.error(
                span,
                format!("the argument `{}` must be a value, this is a table", parameter.name.text),
                "give a value, or take its first one with toscalar(…)",
            );
            return;
        };
        let lacking: Vec<&str> = wanted
            .iter()
            .map(|(name, _)| name.text.as_str())
            .filter(|name| !columns.contains(name) && !columns.open)
            .collect();
        if !lacking.is_empty() {
            let message = format!(
                "the table for `{}` lacks the column `{}`",
                parameter.name.text,
                lacking.join("`, `")
            );
            self.error(
                span,
                message,
                "add it with `extend` or `project`, or take it out of the parameter's declaration",
            );
        }
    }

    /// Checks the body of a function with the names it sees.
    fn body(&mut self, function: &'a syntax::Function, scope: Scope<'a>) -> Outcome {
        let outer_scope = std::mem::replace(&mut self.scope, scope);
        let outer_columns = std::mem::take(&mut self.columns);
        let outer_input = self.input.take();
        let outer_aggregates = self.aggregates.take();
        let outer_sides = self.sides.take();
        let outer_definitions = std::mem::take(&mut self.defined_here);
        let mut outcome = None;
        for statement in &function.body.statements {
            match statement {
                Statement::Query(e) if self.is_tabular(e) => {
                    outcome = Some(Outcome::Table(Box::new(self.rows(e))));
                }
                Statement::Query(e) => {
                    let value = self.over(&Columns::default(), |checker| checker.expr(e));
                    outcome = Some(Outcome::Value(value));
                }
                _ => self.statement(statement),
            }
        }
        self.scope = outer_scope;
        self.columns = outer_columns;
        self.input = outer_input;
        self.aggregates = outer_aggregates;
        self.sides = outer_sides;
        self.defined_here = outer_definitions;
        outcome.unwrap_or_else(|| {
            Outcome::Value(self.error(
                function.span,
                "the function has no result",
                "end its body with an expression, as in `let f = (x: long) { x + 1 };`",
            ))
        })
    }
}

/// What to type to call a function.
fn form(name: &str, params: &[syntax::Parameter]) -> String {
    let params: Vec<&str> = params.iter().map(|parameter| parameter.name.text.as_str()).collect();
    format!("write `{name}({})`", params.join(", "))
}

/// Columns that `mv-apply` and others hand to a subquery.
pub(super) fn handed(columns: &Columns, further: &[Column]) -> Columns {
    let mut handed = columns.clone();
    for column in further {
        handed.set(column.clone());
    }
    handed
}
