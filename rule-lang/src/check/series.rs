//! `make-series` and `top-nested`.

use super::aggregate::empty_bin;
use super::scope::{Column, Columns, Rows};
use super::summarize::{Making, constant};
use super::{Checker, is_fault, naming, pipeline};
use crate::Span;
use crate::syntax::{self, ExprKind as Syntax};
use rule_model::plan::{Assignment, Direction, Expr, MakeSeries, Name, Operator, TopNested};
use rule_model::{Type, Value};

impl<'a> Checker<'a> {
    pub(super) fn make_series(&mut self, rows: Rows, series: &'a syntax::MakeSeries, span: Span) -> Rows {
        let columns = rows.columns.clone();
        let mut making = Making::new(columns.with_list(Vec::new()));
        let (by, keys) = self.group_keys(&columns, &series.by, &mut making);
        let mut aggregates = Vec::new();
        for (item, default) in &series.aggregates {
            let first = making.columns.list.len();
            let aggregate = self.aggregate_column(&columns, &keys, item, &mut making);
            let ty = making.columns.list.get(first).map_or(Type::Long, |column| column.ty);
            for column in making.columns.list.iter_mut().skip(first) {
                *column = Column::new(column.name.clone(), Type::Dynamic);
            }
            let default = default.as_ref().and_then(|default| {
                let value = self.over(&Columns::default(), |checker| checker.expr(default));
                constant(&value)
            });
            aggregates.push((aggregate, default.unwrap_or_else(|| empty_bin(ty))));
        }
        let axis = self.over(&columns, |checker| checker.expr(&series.axis.value));
        let name = series.axis.names.first().map(|name| name.text.clone());
        let name = name.or_else(|| naming::implied(&series.axis.value)).unwrap_or_else(|| "Column1".into());
        let name = making.columns.free_name(&name);
        making.columns.list.push(Column::new(name.clone(), Type::Dynamic));
        let (from, to, step) = self.axis_bounds(series);
        let Some(step) = step else {
            self.error(
                span,
                "make-series needs the width of a bin: `step 1h`",
                "write it behind the axis: `on TimeGenerated step 1h`",
            );
            return Rows { columns: Columns::unknown(), ..rows };
        };
        if !is_fault(&step) && !is_fault(&axis) && !self.over(&columns, |checker| checker.is_unknown(&axis)) {
            self.refuse_odd_step(&axis, &step);
        }
        let axis = Assignment { name, value: axis };
        let kind = self.parameter_text(&series.params, "kind");
        let non_empty = kind.is_some_and(|(kind, _)| kind == "nonempty");
        let series = MakeSeries { aggregates, axis, from, to, step, by, non_empty };
        rows.then(Operator::MakeSeries(Box::new(series)), making.columns, span)
    }

    /// Times go in steps of timespans, numbers in steps of numbers.
    fn refuse_odd_step(&mut self, axis: &Expr, step: &Expr) {
        let fits = match axis.ty {
            Type::DateTime | Type::Timespan => matches!(step.ty, Type::Timespan | Type::Dynamic),
            ty if ty.is_number() => step.ty.is_number() || step.ty == Type::Dynamic,
            _ => false,
        };
        if !fits {
            let message = format!("a series over {} does not go in steps of {}", axis.ty, step.ty);
            self.error(step.span, message, "write a timespan such as `1h` for times, a number for numbers");
        }
    }

    /// The bounds and width of bins: `from … to … step …`, or the older `in range(from, to, step)`.
    fn axis_bounds(&mut self, series: &'a syntax::MakeSeries) -> (Option<Expr>, Option<Expr>, Option<Expr>) {
        let mut bound = |e: &'a syntax::Expr| self.over(&Columns::default(), |checker| checker.expr(e));
        match series.range.as_ref().map(|range| &range.kind) {
            Some(Syntax::Call(_, args)) => {
                let mut args = args.iter().map(|arg| bound(&arg.value));
                (args.next(), args.next(), args.next())
            }
            _ => (
                series.from.as_ref().map(&mut bound),
                series.to.as_ref().map(&mut bound),
                series.step.as_ref().map(&mut bound),
            ),
        }
    }

    pub(super) fn top_nested(
        &mut self,
        rows: Rows,
        levels: &'a [syntax::TopNestedLevel],
        span: Span,
    ) -> Rows {
        let columns = rows.columns.clone();
        let mut making = Making::new(columns.with_list(Vec::new()));
        let mut checked = Vec::new();
        for level in levels {
            let (mut keys, _) = self.group_keys(&columns, std::slice::from_ref(&level.key), &mut making);
            let Some(key) = keys.pop() else { continue };
            checked.push(self.nested_level(&columns, level, key, &mut making));
        }
        rows.then(Operator::TopNested(checked), making.columns, span)
    }

    fn nested_level(
        &mut self,
        columns: &Columns,
        level: &'a syntax::TopNestedLevel,
        key: Assignment,
        making: &mut Making,
    ) -> TopNested {
        let rows = level.rows.as_ref().map(|rows| self.row_count(rows));
        let others = level.others.as_ref().and_then(|others| {
            let value = self.over(&Columns::default(), |checker| checker.expr(others));
            let value = self.convert(value, key.value.ty);
            match constant(&value) {
                None if !is_fault(&value) => {
                    self.error(
                        value.span,
                        "the value for others must be constant",
                        "write it in quotes, or as a number",
                    );
                    None
                }
                value => value,
            }
        });
        let first = making.columns.list.len();
        let mut aggregate = self.aggregate_column(columns, &[], &level.by.value, making);
        if level.by.value.names.is_empty() {
            making.columns.list.truncate(first + 1);
            let name: Name = making.columns.free_name(&format!("aggregated_{}", key.name));
            if let Some(column) = making.columns.list.last_mut() {
                column.name = name.clone();
            }
            aggregate.names = vec![name];
        }
        let order =
            pipeline::ordered(Expr::literal(Value::Null, Type::Dynamic, Span::default()), &level.by.ordering);
        let direction: Direction = order.direction;
        TopNested { rows, key, others, aggregate, direction }
    }
}
