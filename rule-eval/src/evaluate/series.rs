//! `make-series`: aggregates over a regular axis, as arrays.

use super::expression::Scope;
use super::query::{Bound, Operate};
use super::source::advance;
use super::summarize::{self, BoundAggregate, Group};
use super::{Binder, Env, Expression, error};
use crate::context::EvalError;
use crate::order::{Key, as_f64, compare};
use crate::{Row, Table};
use rule_model::plan::{Field, MakeSeries};
use rule_model::{DateTime, Timespan, Type, Value};
use std::collections::{BTreeMap, HashMap};

/// Elements of an array at the most, as documented.
const MAX_BINS: i64 = 1 << 20;

/// `make-series`
pub(super) fn make_series(series: &MakeSeries, input: &[Field], binder: &mut Binder) -> Bound {
    let mut constant = |expr: &Option<_>| match expr {
        Some(expr) => Expression::bind_in(expr, &[], binder).map(Some),
        None => Ok(None),
    };
    let (from, to) = (constant(&series.from)?, constant(&series.to)?);
    let step = Expression::bind_in(&series.step, &[], binder)?;
    let axis = Expression::bind_in(&series.axis.value, input, binder)?;
    let mut scope = Scope::new(input, binder);
    let by = series.by.iter().map(|key| scope.bind(&key.value)).collect::<Result<_, _>>()?;
    let aggregates = series.aggregates.iter().map(|(column, _)| BoundAggregate::new(column, &mut scope));
    let aggregates: Vec<BoundAggregate> = aggregates.collect::<Result<_, _>>()?;
    scope.without_windows()?;
    let defaults = series.aggregates.iter().map(|(_, default)| default.clone()).collect();
    let mut columns: Vec<Field> =
        series.by.iter().map(|key| Field::new(key.name.clone(), key.value.ty)).collect();
    let arrays = aggregates.iter().flat_map(|aggregate| &aggregate.columns).map(|column| &column.name);
    let arrays = arrays.chain([&series.axis.name]).map(|name| Field::new(name.clone(), Type::Dynamic));
    columns.extend(arrays);
    let non_empty = series.non_empty;
    Ok(Box::new(BoundSeries { aggregates, defaults, axis, from, to, step, by, non_empty, columns }))
}

#[derive(Debug)]
struct BoundSeries {
    aggregates: Vec<BoundAggregate>,
    defaults: Vec<Value>,
    axis: Expression,
    from: Option<Expression>,
    to: Option<Expression>,
    step: Expression,
    by: Vec<Expression>,
    non_empty: bool,
    columns: Vec<Field>,
}

/// The axis: where it starts, the width of a bin, how many bins there are.
struct Axis {
    from: Value,
    step: Value,
    bins: i64,
}

/// A group's key and its bins by position.
type Series = (Row, BTreeMap<i64, Group>);

impl Operate for BoundSeries {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let positions: Vec<Value> = input.rows.iter().map(|row| self.axis.value(env, row)).collect();
        let Some(axis) = self.axis(env, &positions)? else { return Ok(Table::empty(self.columns.clone())) };
        let points: Vec<Value> =
            (0..axis.bins).map(|bin| advance(&axis.from, &axis.step, bin).unwrap_or_default()).collect();
        let mut rows = Vec::new();
        for (mut row, bins) in self.series(env, &input.rows, &positions, &axis) {
            let filled = self.filled(env, bins, axis.bins);
            row.extend(filled.into_iter().map(Value::from));
            row.push(points.clone().into());
            rows.push(row);
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}

impl BoundSeries {
    /// The axis that the bounds give, or where there are none, the data; `None` where there is no data either.
    fn axis(&self, env: &mut Env<'_>, positions: &[Value]) -> Result<Option<Axis>, EvalError> {
        let step = self.step.value(env, &[]);
        if compare(&step, &zero_like(&step)).is_le() {
            return Err(error("the step of make-series must be greater than zero"));
        }
        let known = || positions.iter().filter(|position| !position.is_null());
        let from = match &self.from {
            Some(from) => from.value(env, &[]),
            None => match known().min_by(|a, b| compare(a, b)) {
                Some(least) => floor(least, &step),
                None => return Ok(None),
            },
        };
        let bins = match &self.to {
            Some(to) => ceiling_bin(&from, &to.value(env, &[]), &step),
            None => match known().max_by(|a, b| compare(a, b)) {
                Some(most) => bin(&from, most, &step).map(|last| last + 1),
                None => return Ok(None),
            },
        };
        match bins {
            Some(bins) if bins <= MAX_BINS => Ok(Some(Axis { from, step, bins: bins.max(0) })),
            Some(_) => Err(error(format!(
                "make-series would give more than {MAX_BINS} elements; take a larger step"
            ))),
            None => Err(error(
                "the bounds, the step and the column of make-series must be of types that go together",
            )),
        }
    }

    /// The groups in the order of their first rows.
    fn series(&self, env: &mut Env<'_>, rows: &[Row], positions: &[Value], axis: &Axis) -> Vec<Series> {
        let mut index: HashMap<Vec<Key>, usize> = HashMap::new();
        let mut series: Vec<Series> = Vec::new();
        for (row, position) in rows.iter().zip(positions) {
            let bin = bin(&axis.from, position, &axis.step).filter(|bin| (0..axis.bins).contains(bin));
            let Some(bin) = bin else { continue };
            let key: Row = self.by.iter().map(|key| key.value(env, row)).collect();
            let at = *index.entry(key.iter().map(Key::of).collect()).or_insert_with(|| {
                series.push((key, BTreeMap::new()));
                series.len() - 1
            });
            let group = series[at].1.entry(bin).or_insert_with(|| summarize::start(&self.aggregates));
            summarize::add(&self.aggregates, group, env, row);
        }
        if series.is_empty() && self.non_empty && self.by.is_empty() {
            series.push((Row::new(), BTreeMap::new()));
        }
        series
    }

    /// For each aggregate its values bin by bin.
    fn filled(&self, env: &mut Env<'_>, mut bins: BTreeMap<i64, Group>, count: i64) -> Vec<Vec<Value>> {
        let mut arrays = vec![Vec::new(); self.defaults.len()];
        for bin in 0..count {
            let cells = match bins.remove(&bin) {
                Some(group) => {
                    let mut cells = Row::new();
                    summarize::finish(&self.aggregates, group, env, &mut cells);
                    cells
                }
                None => self.defaults.clone(),
            };
            arrays.iter_mut().zip(cells).for_each(|(array, cell)| array.push(cell));
        }
        arrays
    }
}

/// What an axis counts in: ticks and whole numbers exactly, anything else as reals.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(t) => Some(t.0),
        Value::Timespan(t) => Some(t.0),
        _ => value.as_i64(),
    }
}

/// The bin that a position lies in.
pub(super) fn bin(from: &Value, position: &Value, step: &Value) -> Option<i64> {
    match (whole(from), whole(position), whole(step)) {
        (Some(from), Some(position), Some(step)) => Some(position.checked_sub(from)?.div_euclid(step)),
        _ => Some(((as_f64(position)? - as_f64(from)?) / as_f64(step)?).floor() as i64),
    }
}

/// The number of bins that start before `to`.
fn ceiling_bin(from: &Value, to: &Value, step: &Value) -> Option<i64> {
    match (whole(from), whole(to), whole(step)) {
        (Some(from), Some(to), Some(step)) => Some(-(from.checked_sub(to)?.div_euclid(step))),
        _ => Some(((as_f64(to)? - as_f64(from)?) / as_f64(step)?).ceil() as i64),
    }
}

/// The multiple of the step at or below a value.
fn floor(value: &Value, step: &Value) -> Value {
    let down = |n: i64, step: i64| n.div_euclid(step) * step;
    match (value, step) {
        (Value::DateTime(t), Value::Timespan(step)) => Value::DateTime(DateTime(down(t.0, step.0))),
        (Value::Timespan(t), Value::Timespan(step)) => Value::Timespan(Timespan(down(t.0, step.0))),
        _ => match (value.as_i64(), step.as_i64(), as_f64(value), as_f64(step)) {
            (Some(n), Some(step), ..) => Value::Long(down(n, step)),
            (_, _, Some(n), Some(step)) => Value::Real((n / step).floor() * step),
            _ => Value::Null,
        },
    }
}

fn zero_like(step: &Value) -> Value {
    match step {
        Value::Timespan(_) => Value::Timespan(Timespan(0)),
        _ => Value::Long(0),
    }
}
