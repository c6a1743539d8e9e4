//! `evaluate`: the plugins that are supported.

use super::scope::{Column, Columns, Rows};
use super::{Checker, is_fault, known, types};
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::plan::{AggregateCall, Evaluate, Expr, ExprKind, Name, Operator};
use rule_model::{Type, Value};

const PLUGINS: [&str; 9] = [
    "activity_counts_metrics",
    "bag_unpack",
    "ipv4_lookup",
    "ipv6_lookup",
    "narrow",
    "pivot",
    "rolling_percentile",
    "rows_near",
    "sliding_window_counts",
];

/// A plugin with the columns that come out.
pub(super) type Checked = Option<(Evaluate, Columns)>;

impl<'a> Checker<'a> {
    pub(super) fn evaluate(
        &mut self,
        rows: Rows,
        call: &'a syntax::Expr,
        schema: Option<&'a syntax::OutputSchema>,
        span: Span,
    ) -> Rows {
        let Syntax::Call(name, args) = &call.kind else {
            self.error(
                call.span,
                "a call of a plugin is expected here",
                "write `evaluate bag_unpack(Column)`, or another plugin with its arguments",
            );
            return Rows { columns: Columns::unknown(), ..rows };
        };
        let columns = rows.columns.clone();
        let checked = match name.text.as_str() {
            "bag_unpack" => self.bag_unpack(&columns, args, call.span),
            "pivot" => self.pivot(&columns, args, call.span),
            "ipv4_lookup" | "ipv6_lookup" => self.ip_lookup(&columns, args, call.span),
            "narrow" => {
                let column = Column::new;
                let list = vec![
                    column("Row", Type::Long),
                    column("Column", Type::String),
                    column("Value", Type::String),
                ];
                Some((Evaluate::Narrow, columns.with_list(list)))
            }
            "activity_counts_metrics" => self.activity_counts(&columns, args, call.span),
            "sliding_window_counts" => self.sliding_counts(&columns, args, call.span),
            "rolling_percentile" => self.rolling_percentile(&columns, args, call.span),
            "rows_near" => self.rows_near(&columns, args, call.span),
            _ => {
                self.unknown_plugin(name);
                None
            }
        };
        let Some((plugin, mut after)) = checked else { return Rows { columns: Columns::unknown(), ..rows } };
        if let Some(schema) = schema {
            self.declared_output(&columns, schema, &mut after);
        }
        rows.then(Operator::Evaluate(Box::new(plugin)), after, span)
    }

    fn unknown_plugin(&mut self, name: &syntax::Name) {
        if known::is_plugin(&name.text) {
            let message = format!("the plugin `{}` is not supported here", name.text);
            self.report(
                Diagnostic::error(name.span, message)
                    .note("KQL has it; a rule runs on its own engine, which has not")
                    .help("write the query without it"),
            );
        } else {
            self.unknown_name("plugin", &name.text, name.span, PLUGINS);
        }
    }

    /// `: (a:type)` and `: (*, a:type)` say which columns come out.
    fn declared_output(&mut self, columns: &Columns, schema: &'a syntax::OutputSchema, after: &mut Columns) {
        let declared = self.declared(&schema.columns);
        let mut list = Vec::new();
        if schema.star {
            list.extend(after.list.iter().filter(|c| columns.contains(&c.name)).cloned());
        }
        list.retain(|column: &Column| !declared.contains(&column.name));
        list.extend(declared.list);
        after.list = list;
        after.open = false;
    }

    fn bag_unpack(&mut self, columns: &Columns, args: &'a [syntax::Argument], span: Span) -> Checked {
        let Some(bag) = args.first() else {
            self.error(span, "bag_unpack() takes a dynamic column", "write `evaluate bag_unpack(Column)`");
            return None;
        };
        let column = self.column_argument(columns, &bag.value)?;
        if column.ty != Type::Dynamic {
            self.error(
                bag.value.span,
                format!("bag_unpack() takes a dynamic column, this is {}", column.ty),
                "convert it first, with parse_json(…)",
            );
            return None;
        }
        let prefix = self.text_argument(args, 1, "OutputColumnPrefix").unwrap_or_default();
        let conflict = self.text_argument(args, 2, "columnsConflict").unwrap_or_else(|| "error".into());
        let ignored = self.list_argument(args, 3, "ignoredProperties");
        let list = columns.list.iter().filter(|c| c.name != column.name).cloned().collect();
        let after = Columns { list, open: true, ..columns.clone() };
        Some((Evaluate::BagUnpack { column: column.name, prefix, conflict, ignored }, after))
    }

    fn pivot(&mut self, columns: &Columns, args: &'a [syntax::Argument], span: Span) -> Checked {
        let Some(pivoted) = args.first() else {
            self.error(
                span,
                "pivot() takes the column whose values become columns",
                "write `evaluate pivot(Column)`",
            );
            return None;
        };
        let column = self.column_argument(columns, &pivoted.value)?;
        let aggregate = match args.get(1) {
            None => AggregateCall { function: "count".into(), args: Vec::new(), ty: Type::Long },
            Some(arg) => {
                let (mut aggregate, _) = self.aggregated(columns, &[], &arg.value);
                let (Some(call), None) = (aggregate.calls.pop(), aggregate.expression) else {
                    self.error(
                        arg.value.span,
                        "an aggregate is expected here, such as count()",
                        "write it behind the column: `pivot(Column, count())`",
                    );
                    return None;
                };
                call
            }
        };
        let mut by = Vec::new();
        for arg in args.iter().skip(2) {
            by.push(self.column_argument(columns, &arg.value)?);
        }
        let mut read = Vec::new();
        aggregate.args.iter().for_each(|arg| columns_read(arg, &mut read));
        let stays = |c: &&Column| c.name != column.name && !read.contains(&c.name);
        let list =
            if by.is_empty() { columns.visible().filter(stays).cloned().collect() } else { by.clone() };
        let after = Columns { list, open: true, ..columns.clone() };
        let by = by.into_iter().map(|c| c.name).collect();
        Some((Evaluate::Pivot { column: column.name, aggregate, by }, after))
    }

    fn ip_lookup(&mut self, columns: &Columns, args: &'a [syntax::Argument], span: Span) -> Checked {
        let [lookup, address, network, ..] = args else {
            self.error(
                span,
                "the lookup takes a table, an address and the column of networks in the table",
                "write `evaluate ipv4_lookup(Table, Address, Network)`",
            );
            return None;
        };
        let lookup = self.subquery(&lookup.value);
        let address = self.over(columns, |checker| checker.expr(&address.value));
        let network = self.column_argument(&lookup.columns, &network.value)?;
        let mut keys: Vec<Name> = Vec::new();
        for key in args.iter().skip(3).filter(|arg| arg.name.is_none()) {
            if matches!(key.value.kind, Syntax::Name(_)) && !self.is_scalar_variable(&key.value) {
                self.column_argument(&lookup.columns, &key.value)?;
                keys.push(self.column_argument(columns, &key.value)?.name);
            }
        }
        let return_unmatched = args
            .iter()
            .skip(3)
            .find(|arg| arg.name.as_ref().is_some_and(|name| name.text == "return_unmatched"))
            .or_else(|| args.last().filter(|arg| args.len() > 3 + keys.len() && arg.name.is_none()))
            .map(|arg| self.over(&Columns::default(), |checker| checker.expr(&arg.value)))
            .is_some_and(|value| types::literal(&value).and_then(Value::as_bool) == Some(true));
        let mut after = columns.clone();
        after.open |= lookup.columns.open;
        let mut names = Vec::new();
        for column in &lookup.columns.list {
            if keys.contains(&column.name) {
                names.push(None);
                continue;
            }
            let name = after.free_name(&column.name);
            names.push(Some(name.clone()));
            after.list.push(Column { name, ..column.clone() });
        }
        let plugin = Evaluate::IpLookup {
            lookup: lookup.query,
            address,
            network: network.name,
            return_unmatched,
            keys,
            names,
        };
        Some((plugin, after))
    }

    /// Whether an expression is the name of a value that a `let` defines.
    fn is_scalar_variable(&self, e: &syntax::Expr) -> bool {
        let Syntax::Name(name) = &e.kind else { return false };
        matches!(self.scope.get(&name.text), Some(super::scope::Entity::Scalar(_)))
    }

    /// An argument that must be a column.
    pub(super) fn column_argument(&mut self, columns: &Columns, e: &'a syntax::Expr) -> Option<Column> {
        let value = self.over(columns, |checker| checker.expr(e));
        let unknown = self.over(columns, |checker| checker.is_unknown(&value));
        match value.kind {
            ExprKind::Column(_) if is_fault(&value) => None,
            ExprKind::Column(name) => Some(Column { name, ty: value.ty, unknown }),
            _ => {
                self.report(
                    Diagnostic::error(e.span, "a column is expected here")
                        .help("give the expression a name in an `extend` before"),
                );
                None
            }
        }
    }

    fn argument_value(&mut self, args: &'a [syntax::Argument], at: usize, name: &str) -> Option<Expr> {
        let named = args.iter().find(|arg| arg.name.as_ref().is_some_and(|n| n.text == name));
        let arg = named.or_else(|| args.get(at).filter(|arg| arg.name.is_none()))?;
        Some(self.over(&Columns::default(), |checker| checker.expr(&arg.value)))
    }

    fn text_argument(&mut self, args: &'a [syntax::Argument], at: usize, name: &str) -> Option<Name> {
        let value = self.argument_value(args, at, name)?;
        let text = types::literal_text(&value).map(Name::new);
        if text.is_none() && !is_fault(&value) {
            self.error(value.span, "a constant text is expected here", "write it in quotes");
        }
        text
    }

    fn list_argument(&mut self, args: &'a [syntax::Argument], at: usize, name: &str) -> Vec<Name> {
        let value = self.argument_value(args, at, name);
        let items = value.as_ref().and_then(types::literal).and_then(Value::as_array).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(Name::new).collect()
    }
}

fn columns_read(e: &Expr, read: &mut Vec<Name>) {
    match &e.kind {
        ExprKind::Column(name) => read.push(name.clone()),
        ExprKind::Property(base, _) => columns_read(base, read),
        ExprKind::Element(base, index) => {
            columns_read(base, read);
            columns_read(index, read);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| columns_read(arg, read)),
        _ => {}
    }
}
