//! Plugins of `evaluate` that look at rows around or at one window of a timeline after another:
//! `activity_counts_metrics`, `sliding_window_counts`, `rolling_percentile`, `rows_near`.
//!
//! A window in which no row lies gives no row. Rows before the start of a sliding count are in the windows that look
//! back so far; Kusto's documentation does not say.

use super::expression::{Scope, column};
use super::query::{Bound, Operate};
use super::rows::count;
use super::series::bin;
use super::source::advance;
use super::{Binder, Env, Expression, error};
use crate::aggregate::aggregate;
use crate::context::EvalError;
use crate::order::Key;
use crate::{Row, Table};
use rule_model::plan::{Expr, Field, Figures, Windows};
use rule_model::{DateTime, Timespan, Type, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// `rows_near`
pub(super) fn rows_near(
    predicate: &Expr,
    (before, after): (&Expr, &Expr),
    input: &[Field],
    binder: &mut Binder,
) -> Bound {
    let predicate = Expression::bind_in(predicate, input, binder)?;
    let mut constant = |e: &Expr| Scope::new(&[], binder).bind(e);
    Ok(Box::new(RowsNear {
        predicate,
        before: constant(before)?,
        after: constant(after)?,
        columns: input.to_vec(),
    }))
}

/// The plugins over windows of a timeline; `output` are the columns that come out.
pub(super) fn windows(windows: &Windows, output: &[Field], input: &[Field], binder: &mut Binder) -> Bound {
    let mut constant = |e: &Expr| Expression::bind_in(e, &[], binder);
    let figures = match &windows.figures {
        Figures::Activity => BoundFigures::Activity,
        Figures::Sliding(lookback) => BoundFigures::Sliding(constant(lookback)?),
        Figures::Percentile { percentile, steps } => {
            BoundFigures::Percentile { percentile: constant(percentile)?, steps: constant(steps)? }
        }
    };
    Ok(Box::new(BoundWindows {
        figures,
        value: column(input, &windows.value)?,
        timeline: column(input, &windows.timeline)?,
        from: windows.from.as_ref().map(&mut constant).transpose()?,
        to: windows.to.as_ref().map(&mut constant).transpose()?,
        step: constant(&windows.step)?,
        by: windows.by.iter().map(|name| column(input, name)).collect::<Result<_, _>>()?,
        columns: output.to_vec(),
    }))
}

#[derive(Debug)]
struct RowsNear {
    predicate: Expression,
    before: Expression,
    after: Expression,
    columns: Vec<Field>,
}

impl Operate for RowsNear {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let (before, after) = (count(&self.before, env)?, count(&self.after, env)?);
        let found: Vec<usize> =
            (0..input.rows.len()).filter(|at| self.predicate.holds(env, &input.rows[*at])).collect();
        let mut next = 0;
        let mut rows = Vec::new();
        for (at, row) in input.rows.into_iter().enumerate() {
            while found.get(next).is_some_and(|hit| hit.saturating_add(after) < at) {
                next += 1;
            }
            if found.get(next).is_some_and(|hit| hit.saturating_sub(before) <= at) {
                rows.push(row);
            }
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}

#[derive(Debug)]
struct BoundWindows {
    figures: BoundFigures,
    value: usize,
    timeline: usize,
    from: Option<Expression>,
    to: Option<Expression>,
    step: Expression,
    by: Vec<usize>,
    columns: Vec<Field>,
}

#[derive(Debug)]
enum BoundFigures {
    Activity,
    Sliding(Expression),
    Percentile { percentile: Expression, steps: Expression },
}

/// Values by the number of their step.
type Steps = BTreeMap<i64, Vec<Value>>;

impl Operate for BoundWindows {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let step = self.step.value(env, &[]);
        if bin(&zero(&step), &step, &step) != Some(1) {
            return Err(error("the step of a window must be greater than zero"));
        }
        let origin = input.columns.get(self.timeline).map_or(Value::Null, |field| start_of(field.ty));
        let from = self.from.as_ref().map_or(origin, |from| from.value(env, &[]));
        let last = match &self.to {
            Some(to) => bin(&from, &to.value(env, &[]), &step).unwrap_or(i64::MIN),
            None => i64::MAX,
        };
        let mut rows: Vec<(i64, Row)> = Vec::new();
        for (key, steps) in self.parts(&input.rows, &from, &step) {
            for (at, figures) in self.figures(env, &steps, &step, last) {
                let start = advance(&from, &step, at).unwrap_or_default();
                rows.push((at, std::iter::once(start).chain(key.iter().cloned()).chain(figures).collect()));
            }
        }
        rows.sort_by_key(|(at, _)| *at);
        Ok(Table { columns: self.columns.clone(), rows: rows.into_iter().map(|(_, row)| row).collect() })
    }
}

impl BoundWindows {
    /// The values of each combination of the parting columns, by steps.
    fn parts(&self, rows: &[Row], from: &Value, step: &Value) -> Vec<(Row, Steps)> {
        let mut index: HashMap<Vec<Key>, usize> = HashMap::new();
        let mut parts: Vec<(Row, Steps)> = Vec::new();
        for row in rows {
            let Some(at) = bin(from, &row[self.timeline], step) else { continue };
            let key: Row = self.by.iter().map(|column| row[*column].clone()).collect();
            let part = *index.entry(key.iter().map(Key::of).collect()).or_insert_with(|| {
                parts.push((key, Steps::new()));
                parts.len() - 1
            });
            parts[part].1.entry(at).or_default().push(row[self.value].clone());
        }
        parts
    }

    fn figures(&self, env: &mut Env<'_>, steps: &Steps, step: &Value, last: i64) -> Vec<(i64, Row)> {
        match &self.figures {
            BoundFigures::Activity => activity(steps, last),
            BoundFigures::Sliding(lookback) => {
                let width = bin(&zero(step), &lookback.value(env, &[]), step).unwrap_or(1).max(1);
                let counted = |values: Vec<Value>| {
                    let distinct: HashSet<Key> = values.iter().map(Key::of).collect();
                    vec![Value::Long(values.len() as i64), Value::Long(distinct.len() as i64)]
                };
                let most = steps.keys().next_back().map_or(-1, |at| at.saturating_add(width - 1));
                (0..=last.min(most))
                    .map(|at| (at, within(steps, at, width)))
                    .filter(|(_, values)| !values.is_empty())
                    .map(|(at, values)| (at, counted(values)))
                    .collect()
            }
            BoundFigures::Percentile { percentile, steps: width } => {
                let percentile = percentile.value(env, &[]);
                let width = width.value(env, &[]).as_i64().unwrap_or(1).max(1);
                let bins = steps.keys();
                bins.map(|at| (*at, vec![percentile_of(within(steps, *at, width), &percentile)])).collect()
            }
        }
    }
}

/// The values of a step and those before it, `width` in all.
fn within(steps: &Steps, at: i64, width: i64) -> Vec<Value> {
    steps.range(at.saturating_sub(width - 1)..=at).flat_map(|(_, values)| values.iter().cloned()).collect()
}

fn activity(steps: &Steps, last: i64) -> Vec<(i64, Row)> {
    let mut seen: HashSet<Key> = HashSet::new();
    let mut rows = Vec::new();
    for (at, values) in steps.range(0..).take_while(|(at, _)| **at <= last) {
        let here: HashSet<Key> = values.iter().map(Key::of).collect();
        let (distinct, before) = (here.len(), seen.len());
        seen.extend(here);
        let counts = [values.len(), distinct, seen.len() - before, seen.len()];
        rows.push((*at, counts.map(|n| Value::Long(n as i64)).to_vec()));
    }
    rows
}

fn percentile_of(values: Vec<Value>, percentile: &Value) -> Value {
    let Some(entry) = aggregate("percentile") else { return Value::Null };
    let mut accumulator = (entry.start)(Type::Dynamic);
    for value in values {
        accumulator.add(&[value, percentile.clone()]);
    }
    accumulator.finish().into_iter().next().unwrap_or_default()
}

/// The value of a timeline that steps are counted from where no start is given.
fn start_of(ty: Type) -> Value {
    match ty {
        Type::DateTime => Value::DateTime(DateTime(0)),
        Type::Timespan => Value::Timespan(Timespan(0)),
        _ => Value::Long(0),
    }
}

/// Nothing, in what a step is measured in.
fn zero(step: &Value) -> Value {
    match step {
        Value::Timespan(_) => Value::Timespan(Timespan(0)),
        _ => Value::Long(0),
    }
}
