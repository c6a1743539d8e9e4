//! Operators that split their rows into groups and go on within each: `partition`, `top-nested`.

use super::expression::{Scope, column};
use super::query::{Bound, Operate, PreparedQuery};
use super::rows::count;
use super::summarize::{self, BoundAggregate};
use super::{Binder, Env, Expression};
use crate::context::EvalError;
use crate::order::{Key, compare};
use crate::{Row, Table};
use rule_model::Value;
use rule_model::plan::{Direction, Field, Name, Query, TopNested};
use std::collections::HashMap;

/// `partition`
pub(super) fn partition(by: &Name, body: &Query, input: &[Field], binder: &mut Binder) -> Bound {
    let by = column(input, by)?;
    let body = binder.subquery(body, input)?;
    Ok(Box::new(Partition { by, body }))
}

/// `top-nested`
pub(super) fn top_nested(levels: &[TopNested], input: &[Field], binder: &mut Binder) -> Bound {
    let mut columns = Vec::new();
    let mut bound = Vec::new();
    for level in levels {
        let rows = level.rows.as_ref().map(|rows| Expression::bind_in(rows, &[], binder)).transpose()?;
        let key = Expression::bind_in(&level.key.value, input, binder)?;
        let mut scope = Scope::new(input, binder);
        let aggregate = BoundAggregate::new(&level.aggregate, &mut scope)?;
        scope.without_windows()?;
        columns.push(Field::new(level.key.name.clone(), level.key.value.ty));
        columns.extend(aggregate.columns.first().cloned());
        let aggregates = [aggregate];
        bound.push(Level { rows, key, aggregates, others: level.others.clone(), direction: level.direction });
    }
    Ok(Box::new(BoundTopNested { levels: bound, columns }))
}

#[derive(Debug)]
struct Partition {
    by: usize,
    body: PreparedQuery,
}

impl Operate for Partition {
    fn columns(&self) -> Option<&[Field]> {
        self.body.columns()
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let columns = input.columns;
        let parts = split(input.rows, |row| row[self.by].clone());
        let mut result = Table::empty(self.body.columns().unwrap_or_default().to_vec());
        for (_, rows) in parts {
            let part = self.body.run_over(env, Table { columns: columns.clone(), rows })?;
            if result.columns.is_empty() {
                result.columns = part.columns;
            }
            result.rows.extend(part.rows);
        }
        Ok(result)
    }
}

/// The rows by the value that `of` gives, in the order of first rows.
fn split(rows: Vec<Row>, mut of: impl FnMut(&Row) -> Value) -> Vec<(Value, Vec<Row>)> {
    let mut index: HashMap<Key, usize> = HashMap::new();
    let mut parts: Vec<(Value, Vec<Row>)> = Vec::new();
    for row in rows {
        let value = of(&row);
        let at = *index.entry(Key::of(&value)).or_insert_with(|| {
            parts.push((value, Vec::new()));
            parts.len() - 1
        });
        parts[at].1.push(row);
    }
    parts
}

#[derive(Debug)]
struct Level {
    rows: Option<Expression>,
    key: Expression,
    aggregates: [BoundAggregate; 1],
    others: Option<Value>,
    direction: Direction,
}

#[derive(Debug)]
struct BoundTopNested {
    levels: Vec<Level>,
    columns: Vec<Field>,
}

/// A group of a level: its key, its aggregate, its rows.
type Group = (Value, Value, Vec<Row>);

impl Level {
    /// The groups that stay, best first, and behind them the one that stands for all others.
    fn groups(&self, env: &mut Env<'_>, rows: Vec<Row>) -> Result<Vec<Group>, EvalError> {
        let parts = split(rows, |row| self.key.value(env, row));
        let mut groups: Vec<Group> = Vec::with_capacity(parts.len());
        for (key, rows) in parts {
            groups.push((key, self.aggregate(env, &rows), rows));
        }
        groups.sort_by(|a, b| match self.direction {
            Direction::Ascending => compare(&a.1, &b.1),
            Direction::Descending => compare(&b.1, &a.1),
        });
        let Some(limit) = &self.rows else { return Ok(groups) };
        let limit = count(limit, env)?.min(groups.len());
        let rest: Vec<Row> = groups.drain(limit..).flat_map(|(_, _, rows)| rows).collect();
        if let Some(others) = self.others.clone().filter(|_| !rest.is_empty()) {
            groups.push((others, self.aggregate(env, &rest), rest));
        }
        Ok(groups)
    }

    fn aggregate(&self, env: &mut Env<'_>, rows: &[Row]) -> Value {
        let mut group = summarize::start(&self.aggregates);
        for row in rows {
            summarize::add(&self.aggregates, &mut group, env, row);
        }
        let mut result = Row::new();
        summarize::finish(&self.aggregates, group, env, &mut result);
        result.into_iter().next().unwrap_or_default()
    }
}

/// Appends a row for each group of the innermost level, behind the cells of the levels so far.
fn descend(
    levels: &[Level],
    env: &mut Env<'_>,
    rows: Vec<Row>,
    so_far: &[Value],
    result: &mut Vec<Row>,
) -> Result<(), EvalError> {
    let Some((level, deeper)) = levels.split_first() else {
        result.push(so_far.to_vec());
        return Ok(());
    };
    for (key, aggregate, rows) in level.groups(env, rows)? {
        let cells: Row = so_far.iter().cloned().chain([key, aggregate]).collect();
        descend(deeper, env, rows, &cells, result)?;
    }
    Ok(())
}

impl Operate for BoundTopNested {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let mut rows = Vec::new();
        descend(&self.levels, env, input.rows, &[], &mut rows)?;
        Ok(Table { columns: self.columns.clone(), rows })
    }
}
