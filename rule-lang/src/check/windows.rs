//! Plugins of `evaluate` that look at rows around or at one window of a timeline after another.
//!
//! Source of the result columns: Microsoft's analyser.

use super::plugin::Checked;
use super::scope::{Column, Columns};
use super::{Checker, is_fault, types};
use crate::Span;
use crate::syntax;
use rule_model::plan::{Evaluate, Expr, Figures, Name, Windows};
use rule_model::{Type, Value};

impl<'a> Checker<'a> {
    pub(super) fn activity_counts(
        &mut self,
        columns: &Columns,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Checked {
        let [value, timeline, from, to, step, by @ ..] = args else {
            self.error(
                span,
                "activity_counts_metrics() takes an id, a time, a start, an end and a step",
                "write `activity_counts_metrics(Id, Time, Start, End, Step)`",
            );
            return None;
        };
        let figures = ["count", "dcount", "new_dcount", "aggregated_dcount"];
        let figures = figures.map(|name| Column::new(name, Type::Long));
        let (from, to) = (Some(self.fixed(from)), Some(self.fixed(to)));
        let step = self.fixed(step);
        let what = (Figures::Activity, from, to, step);
        self.windows(columns, (value, timeline, by), what, &figures)
    }

    pub(super) fn sliding_counts(
        &mut self,
        columns: &Columns,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Checked {
        let [value, timeline, from, to, lookback, step, by @ ..] = args else {
            let message = "sliding_window_counts() takes an id, a time, a start, an end, a span to look back and a step";
            self.error(span, message, "write `sliding_window_counts(Id, Time, Start, End, LookBack, Step)`");
            return None;
        };
        let figures = ["Count", "Dcount"].map(|name| Column::new(name, Type::Long));
        let (from, to) = (Some(self.fixed(from)), Some(self.fixed(to)));
        let (lookback, step) = (self.fixed(lookback), self.fixed(step));
        let what = (Figures::Sliding(lookback), from, to, step);
        self.windows(columns, (value, timeline, by), what, &figures)
    }

    pub(super) fn rolling_percentile(
        &mut self,
        columns: &Columns,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Checked {
        let [value, percentile, timeline, step, steps, by @ ..] = args else {
            let message =
                "rolling_percentile() takes a column, a percentile, a timeline, a step and a number of steps";
            self.error(span, message, "write `rolling_percentile(Column, 95, Time, 1d, 7)`");
            return None;
        };
        let column = self.column_argument(columns, &value.value)?;
        let (percentile, step, steps) = (self.fixed(percentile), self.fixed(step), self.fixed(steps));
        let number = |e: &Expr| types::literal(e).map(|value| rule_eval::json::display(value).to_string());
        let (percent, window) = (number(&percentile).unwrap_or_default(), number(&steps).unwrap_or_default());
        let name = Name::from(format!("rolling_{window}_percentile_{}_{percent}", column.name));
        let figures = [Column { name, ..column }];
        let what = (Figures::Percentile { percentile, steps }, None, None, step);
        self.windows(columns, (value, timeline, by), what, &figures)
    }

    pub(super) fn rows_near(
        &mut self,
        columns: &Columns,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Checked {
        let [predicate, before, rest @ ..] = args else {
            self.error(
                span,
                "rows_near() takes a condition and a number of rows",
                "write `rows_near(Condition, 1)`",
            );
            return None;
        };
        let predicate = self.over(columns, |checker| checker.predicate(&predicate.value));
        let before = self.row_count(&before.value);
        let after = match rest.first() {
            Some(after) => self.row_count(&after.value),
            None => before.clone(),
        };
        Some((Evaluate::RowsNear { predicate, before, after }, columns.clone()))
    }

    /// A value that is the same for all rows.
    fn fixed(&mut self, arg: &'a syntax::Argument) -> Expr {
        self.over(&Columns::default(), |checker| checker.expr(&arg.value))
    }

    fn windows(
        &mut self,
        columns: &Columns,
        (value, timeline, by): (&'a syntax::Argument, &'a syntax::Argument, &'a [syntax::Argument]),
        (figures, from, to, step): (Figures, Option<Expr>, Option<Expr>, Expr),
        computed: &[Column],
    ) -> Checked {
        let value = self.column_argument(columns, &value.value)?;
        let timeline = self.column_argument(columns, &timeline.value)?;
        let mut parts = Vec::new();
        for arg in by {
            parts.push(self.column_argument(columns, &arg.value)?);
        }
        if is_fault(&step) {
            return None;
        }
        if types::literal(&step).is_some_and(|value| matches!(value, Value::String(_))) {
            self.error(
                step.span,
                "calendar steps are not supported here; write a timespan, such as 7d",
                "write a timespan, such as `7d`",
            );
            return None;
        }
        let by = parts.iter().map(|column| column.name.clone()).collect();
        let list = std::iter::once(timeline.clone()).chain(parts).chain(computed.iter().cloned()).collect();
        let (value, timeline) = (value.name, timeline.name);
        let windows = Windows { figures, value, timeline, from, to, step, by };
        Some((Evaluate::Windows(Box::new(windows)), columns.with_list(list)))
    }
}
