//! Calls of aggregate functions.

use super::overload;
use super::scope::{Column, Columns};
use super::{Checker, fault, is_fault, naming};
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_eval::aggregate::{Aggregate, Results};
use rule_model::plan::{AggregateCall, AggregateColumn, Expr, Name};
use rule_model::{Type, Value};

/// The aggregates of one expression of `summarize`, and the rows they are over.
#[derive(Debug)]
pub(super) struct Calls {
    rows: Columns,
    /// The names of the group keys that are columns, which `*` leaves out.
    keys: Vec<Name>,
    found: Vec<AggregateCall>,
}

impl Calls {
    /// The columns of the rows.
    pub(super) fn rows(&self) -> &Columns {
        &self.rows
    }
}

/// An aggregate call with the columns that it gives.
struct Called {
    call: AggregateCall,
    columns: Vec<Column>,
}

impl<'a> Checker<'a> {
    /// Checks an expression of `summarize` with the names and types of the columns it gives, not yet made unique.
    pub(super) fn aggregated(
        &mut self,
        rows: &Columns,
        keys: &[Name],
        e: &'a syntax::Expr,
    ) -> (AggregateColumn, Vec<(Option<Name>, Column)>) {
        if let Some((entry, name, args)) = direct(e)
            && self.scope.get(&name.text).is_none()
        {
            let called = self.over(rows, |checker| checker.call_aggregate(entry, name, args, keys, e.span));
            let columns = called.columns.iter().map(|c| (Some(c.name.clone()), c.clone())).collect();
            let column = AggregateColumn { names: Vec::new(), expression: None, calls: vec![called.call] };
            return (column, columns);
        }
        let outer =
            self.aggregates.replace(Calls { rows: rows.clone(), keys: keys.to_vec(), found: Vec::new() });
        let (expression, unknown) = self.over(&Columns::default(), |checker| {
            let expression = checker.expr(e);
            let unknown = checker.is_unknown(&expression);
            (expression, unknown)
        });
        let calls =
            std::mem::replace(&mut self.aggregates, outer).map(|calls| calls.found).unwrap_or_default();
        let column = Column { name: Name::default(), ty: expression.ty, unknown };
        let aggregate = AggregateColumn { names: Vec::new(), expression: Some(expression), calls };
        (aggregate, vec![(naming::implied(e), column)])
    }

    /// An aggregate within an expression: its result is a column of the row that the expression is then over.
    pub(super) fn aggregate_call(
        &mut self,
        name: &'a syntax::Name,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Expr {
        let Some(calls) = self.aggregates.take() else {
            let message = format!("{}() is an aggregate: it stands in `summarize` only", name.text);
            return self.error(
                name.span,
                message,
                "write it in a `summarize` before, and name its column here",
            );
        };
        let Some(entry) = rule_eval::aggregate(&name.text) else { return self.unknown_function(name) };
        let (rows, keys) = (calls.rows.clone(), calls.keys.clone());
        let called = self.over(&rows, |checker| checker.call_aggregate(entry, name, args, &keys, span));
        let mut calls = calls;
        let column = Name::from(format!("${}", calls.found.len()));
        let unknown = called.columns.first().is_none_or(|c| c.unknown);
        let ty = called.call.ty;
        self.columns.list.push(Column { name: column.clone(), ty, unknown });
        calls.found.push(called.call);
        self.aggregates = Some(calls);
        Expr::column(column, ty, span)
    }

    /// Whether `name` is a column of the rows that are being aggregated.
    pub(super) fn is_aggregated_column(&self, name: &str) -> bool {
        self.aggregates.as_ref().is_some_and(|calls| calls.rows.contains(name) || calls.rows.open)
    }

    fn call_aggregate(
        &mut self,
        entry: &'static Aggregate,
        name: &'a syntax::Name,
        args: &'a [syntax::Argument],
        keys: &[Name],
        span: Span,
    ) -> Called {
        let first = args.first().filter(|arg| matches!(arg.value.kind, Syntax::Star));
        if let Some(star) = first.filter(|_| matches!(entry.name, "arg_max" | "arg_min")) {
            let message = format!("{}() needs to know by which value", entry.name);
            self.report(
                Diagnostic::error(star.value.span, message)
                    .help(format!("write the value before the `*`: {}(TimeGenerated, *)", entry.name)),
            );
        }
        let outer = self.aggregates.take();
        let (mut values, names) = self.aggregate_arguments(args, keys);
        self.aggregates = outer;
        let names_of_results = naming::aggregate_results(entry, args, &names);
        if values.iter().any(is_fault) {
            return Called::faulty(names_of_results, span);
        }
        let entry = match values.as_slice() {
            // `count(predicate)` is a `countif` that is named as a count.
            [value] if entry.name == "count" && matches!(value.ty, Type::Bool | Type::Dynamic) => {
                rule_eval::aggregate("countif").unwrap_or(entry)
            }
            // Of any other column it counts the rows, nulls included.
            [_] if entry.name == "count" => {
                values.clear();
                entry
            }
            _ => entry,
        };
        if let Some(by) = values.first().filter(|_| matches!(entry.name, "arg_max" | "arg_min"))
            && matches!(by.ty, Type::Dynamic | Type::Guid)
            && !self.is_unknown(by)
        {
            let message = format!("{}() needs a value that has an order, this is {}", entry.name, by.ty);
            self.report(
                Diagnostic::error(by.span, message)
                    .help("convert it first, with tostring(…), tolong(…) or another conversion"),
            );
            return Called::faulty(names_of_results, span);
        }
        let described = self.describe(&values, &[]);
        if described.is_empty() && args.iter().any(|arg| matches!(arg.value.kind, Syntax::Star)) {
            // `*` over a table of which no column is known: there is nothing that can be checked.
            return Called::faulty(names_of_results, span);
        }
        let chosen = match overload::choose(entry.signatures, &described, overload::Dynamic::Refused) {
            Ok(chosen) => chosen,
            Err(mismatch) => {
                self.aggregate_mismatch(entry, &mismatch, &values, name);
                return Called::faulty(names_of_results, span);
            }
        };
        let types: Vec<(Type, bool)> = match entry.results {
            Results::EachArgument => described.iter().map(|arg| (arg.ty, arg.unknown)).collect(),
            Results::One | Results::EachAfter(_) => {
                let unknown = chosen.ty == Type::Dynamic && described.first().is_some_and(|arg| arg.unknown);
                vec![(chosen.ty, unknown); names_of_results.len()]
            }
        };
        let columns = names_of_results
            .iter()
            .zip(types)
            .map(|(name, (ty, unknown))| Column { name: name.clone(), ty, unknown })
            .collect();
        let params = chosen.params.clone();
        match self.arguments(entry.name, &params, &chosen, values) {
            Some(args) => {
                Called { call: AggregateCall { function: entry.name.into(), args, ty: chosen.ty }, columns }
            }
            None => Called::faulty(names_of_results, span),
        }
    }

    /// The arguments with the names they imply; `*` stands for all columns that are neither keys nor arguments.
    fn aggregate_arguments(
        &mut self,
        args: &'a [syntax::Argument],
        keys: &[Name],
    ) -> (Vec<Expr>, Vec<Option<Name>>) {
        let mut values = Vec::new();
        let mut names = Vec::new();
        for arg in args {
            if matches!(arg.value.kind, Syntax::Star) {
                let given: Vec<Name> = args.iter().filter_map(|arg| plain_column(&arg.value)).collect();
                for column in
                    self.columns.visible().filter(|c| !keys.contains(&c.name) && !given.contains(&c.name))
                {
                    values.push(Expr::column(column.name.clone(), column.ty, arg.value.span));
                    names.push(Some(column.name.clone()));
                }
            } else {
                values.push(self.expr(&arg.value));
                let own = arg.name.as_ref().map(|name| name.text.clone());
                names.push(own.or_else(|| naming::implied(&arg.value)));
            }
        }
        (values, names)
    }

    fn aggregate_mismatch(
        &mut self,
        entry: &Aggregate,
        mismatch: &overload::Mismatch,
        values: &[Expr],
        name: &syntax::Name,
    ) {
        let dynamic = values.first().filter(|value| value.ty == Type::Dynamic);
        match (mismatch, dynamic) {
            (overload::Mismatch::Types | overload::Mismatch::Argument(0, ..), Some(value)) => {
                let message = format!("{}() does not take a dynamic value", entry.name);
                self.report(
                    Diagnostic::error(value.span, message)
                        .help("convert it first, with tostring(…), tolong(…) or another conversion"),
                );
            }
            _ => {
                self.mismatch(&name.text, mismatch, values, name.span);
            }
        }
    }
}

impl Called {
    /// Columns of unknown type in the place of those of a wrong call.
    fn faulty(names: Vec<Name>, span: Span) -> Called {
        let columns =
            names.into_iter().map(|name| Column { name, ty: Type::Dynamic, unknown: true }).collect();
        let call = AggregateCall { function: Name::default(), args: vec![fault(span)], ty: Type::Dynamic };
        Called { call, columns }
    }
}

/// The call that an expression is, if it is one of an aggregate and nothing else.
fn direct(e: &syntax::Expr) -> Option<(&'static Aggregate, &syntax::Name, &[syntax::Argument])> {
    match &e.kind {
        Syntax::Parenthesized(inner) => direct(inner),
        Syntax::Call(name, args) if rule_eval::function(&name.text).is_none() => {
            rule_eval::aggregate(&name.text).map(|entry| (entry, name, args.as_slice()))
        }
        _ => None,
    }
}

/// The column that an expression is and nothing else.
pub(super) fn plain_column(e: &syntax::Expr) -> Option<Name> {
    match &e.kind {
        Syntax::Name(name) => Some(name.text.clone()),
        Syntax::Parenthesized(inner) => plain_column(inner),
        _ => None,
    }
}

/// The constant that stands for an empty bin of `make-series` where the query names none.
pub(super) fn empty_bin(ty: Type) -> Value {
    match ty {
        Type::Real => Value::Real(0.0),
        Type::Int => Value::Int(0),
        Type::Long => Value::Long(0),
        _ => Value::Null,
    }
}
