//! `summarize`, `distinct`, `count`: operators that make one row of many.

use super::Checker;
use super::aggregate::plain_column;
use super::naming::{self, Numbered};
use super::scope::{Column, Columns, Rows};
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::plan::{AggregateCall, AggregateColumn, Assignment, Expr, Name, Operator};
use rule_model::{Type, Value};

/// The columns that an operator is making, and which of their names the query writes.
#[derive(Debug)]
pub(super) struct Making {
    pub(super) columns: Columns,
    explicit: Vec<Name>,
    numbered: Numbered,
}

impl Making {
    pub(super) fn new(columns: Columns) -> Making {
        Making { columns, explicit: Vec::new(), numbered: Numbered::default() }
    }
}

impl<'a> Checker<'a> {
    pub(super) fn summarize(
        &mut self,
        rows: Rows,
        aggregates: &'a [syntax::Named],
        by: &'a [syntax::Named],
        span: Span,
    ) -> Rows {
        let columns = rows.columns.clone();
        let mut making = Making::new(columns.with_list(Vec::new()));
        let (keys, key_columns) = self.group_keys(&columns, by, &mut making);
        let mut open = false;
        let mut made = Vec::new();
        for item in aggregates {
            open |= columns.open && has_star(&item.value);
            made.push(self.aggregate_column(&columns, &key_columns, item, &mut making));
        }
        let mut after = making.columns;
        after.open = open;
        rows.then(Operator::Summarize { aggregates: made, by: keys }, after, span)
    }

    /// The group keys, and which columns are keys themselves.
    pub(super) fn group_keys(
        &mut self,
        columns: &Columns,
        by: &'a [syntax::Named],
        making: &mut Making,
    ) -> (Vec<Assignment>, Vec<Name>) {
        let mut keys = Vec::new();
        let mut plain = Vec::new();
        for item in by {
            if let Some(name) = self.misassigned(columns, item) {
                let column = Column { name: name.text.clone(), ty: Type::Dynamic, unknown: true };
                making.columns.list.push(column);
                continue;
            }
            let value = self.over(columns, |checker| checker.expr(&item.value));
            let unknown = self.over(columns, |checker| checker.is_unknown(&value));
            if value.ty == Type::Dynamic && !unknown {
                self.refuse_dynamic_key(value.span);
            }
            plain.extend(plain_column(&item.value));
            let name = self.key_name(item, making);
            making.columns.list.push(Column { name: name.clone(), ty: value.ty, unknown });
            keys.push(Assignment { name, value });
        }
        (keys, plain)
    }

    pub(super) fn refuse_dynamic_key(&mut self, span: Span) {
        self.report(
            Diagnostic::error(span, "rows cannot be grouped or ordered by a dynamic value")
                .help("convert it first, with tostring(…) or another conversion"),
        );
    }

    fn key_name(&mut self, item: &'a syntax::Named, making: &mut Making) -> Name {
        match (item.names.as_slice(), &item.value.kind) {
            ([name, ..], _) | ([], Syntax::Name(name)) => {
                self.refuse_repeated(&mut making.explicit, name);
                making.columns.free_name(&name.text)
            }
            ([], _) => match naming::implied(&item.value) {
                Some(name) => making.columns.free_name(&name),
                None => making.numbered.next(&making.columns),
            },
        }
    }

    /// One expression of `summarize`, its columns named and added to those made so far.
    pub(super) fn aggregate_column(
        &mut self,
        columns: &Columns,
        keys: &[Name],
        item: &'a syntax::Named,
        making: &mut Making,
    ) -> AggregateColumn {
        if let Some(name) = self.misassigned(columns, item) {
            let column = Column { name: name.text.clone(), ty: Type::Dynamic, unknown: true };
            making.columns.list.push(column);
            return AggregateColumn { names: Vec::new(), expression: None, calls: Vec::new() };
        }
        let (mut aggregate, results) = self.aggregated(columns, keys, &item.value);
        if let Some(extra) = item.names.get(results.len()) {
            self.error(
                extra.span,
                format!("there are only {} values to name here", results.len()),
                "leave the names out that have no value",
            );
        }
        for (at, (implied, column)) in results.into_iter().enumerate() {
            let name = match (item.names.get(at), implied) {
                (Some(name), _) => {
                    self.refuse_repeated(&mut making.explicit, name);
                    making.columns.free_name(&name.text)
                }
                (None, Some(name)) => making.columns.free_name(&name),
                (None, None) => making.numbered.next(&making.columns),
            };
            making.columns.list.push(Column { name: name.clone(), ..column });
            aggregate.names.push(name);
        }
        aggregate
    }

    pub(super) fn distinct(&mut self, rows: Rows, items: &'a [syntax::Named], span: Span) -> Rows {
        let columns = rows.columns.clone();
        if let [syntax::Named { value, .. }] = items
            && matches!(value.kind, Syntax::Star)
        {
            let list: Vec<Column> = columns.visible().cloned().collect();
            if list.iter().any(|c| c.ty == Type::Dynamic && !c.unknown) {
                self.refuse_dynamic_key(value.span);
            }
            let by = list.iter().map(super::project::same).collect();
            let after = Columns { list, ..columns.clone() };
            return rows.then(Operator::Summarize { aggregates: Vec::new(), by }, after, span);
        }
        let mut making = Making::new(columns.with_list(Vec::new()));
        let (by, _) = self.group_keys(&columns, items, &mut making);
        rows.then(Operator::Summarize { aggregates: Vec::new(), by }, making.columns, span)
    }
}

/// `count`: one row with the number of rows.
pub(super) fn count(rows: Rows, name: Option<&syntax::Name>, span: Span) -> Rows {
    let name = name.map_or(Name::new_static("Count"), |name| name.text.clone());
    let after = rows.columns.with_list(vec![Column::new(name.clone(), Type::Long)]);
    let calls = vec![AggregateCall { function: "count".into(), args: Vec::new(), ty: Type::Long }];
    let aggregates = vec![AggregateColumn { names: vec![name], expression: None, calls }];
    rows.then(Operator::Summarize { aggregates, by: Vec::new() }, after, span)
}

fn has_star(e: &syntax::Expr) -> bool {
    match &e.kind {
        Syntax::Call(_, args) => args.iter().any(|arg| matches!(arg.value.kind, Syntax::Star)),
        _ => false,
    }
}

/// The value of a constant expression, where it is one.
pub(super) fn constant(e: &Expr) -> Option<Value> {
    super::types::literal(e).cloned()
}
