//! Where the rows of a query come from.

use super::query::PreparedQuery;
use super::union::PreparedUnion;
use super::{Binder, Env, Expression, Parts, error};
use crate::context::EvalError;
use crate::order::{as_f64, compare};
use crate::{Row, Table, memory, record};
use rule_model::plan::{Field, Name, Query, Source};
use rule_model::{DateTime, Timespan, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// Rows of a `range` at the most, as in Kusto's own bound on results; a step too small is a mistake.
const MAX_RANGE: usize = 10_000_000;

/// A source whose names are resolved, and the columns that it gives.
#[derive(Debug)]
pub(super) struct PreparedSource {
    kind: Kind,
    columns: Vec<Field>,
    open: bool,
}

#[derive(Debug)]
enum Kind {
    Table(Name),
    Binding(usize),
    /// What an enclosing operator hands in, and whether nothing else reads it.
    Input(bool),
    Print(Vec<Expression>),
    Rows(Vec<Row>),
    Range(Box<[Expression; 3]>),
    Union(PreparedUnion),
    Query(Box<PreparedQuery>),
}

impl PreparedSource {
    pub(super) fn new(query: &Query, binder: &mut Binder) -> Result<PreparedSource, EvalError> {
        let mut columns = query.columns.clone();
        let mut open = false;
        let kind = match &query.source {
            Source::Table(name) => Kind::Table(name.clone()),
            Source::OpenTable(name) => {
                open = true;
                Kind::Table(name.clone())
            }
            Source::Binding(index) => {
                open = binder.open_bindings.get(*index).copied().unwrap_or(false);
                Kind::Binding(*index)
            }
            Source::Input => {
                if let Some(late) = &binder.late {
                    columns.clone_from(late);
                }
                binder.input_reads = binder.input_reads.map(|reads| reads + 1);
                Kind::Input(false)
            }
            Source::Print(values) => {
                let values = values.iter().map(|value| Expression::bind_in(value, &[], binder));
                Kind::Print(values.collect::<Result<_, _>>()?)
            }
            Source::DataTable(rows) => Kind::Rows(rows.clone()),
            Source::Range(bounds) => {
                let [from, to, step] = bounds.as_ref();
                let mut bound = |expr| Expression::bind_in(expr, &[], binder);
                Kind::Range(Box::new([bound(from)?, bound(to)?, bound(step)?]))
            }
            Source::Union(union) => {
                let handed_in = binder.late.clone().unwrap_or_default();
                let union = PreparedUnion::new(union, &columns, &handed_in, binder)?;
                open = union.is_open();
                Kind::Union(union)
            }
            Source::Query(inner) => {
                let inner = PreparedQuery::new(inner, binder)?;
                open = inner.columns().is_none();
                if let Some(known) = inner.columns() {
                    columns = known.to_vec();
                }
                Kind::Query(Box::new(inner))
            }
        };
        Ok(PreparedSource { kind, columns, open })
    }

    /// The same source, which has what is handed in for itself.
    pub(super) fn taking_its_input(self) -> PreparedSource {
        let kind = match self.kind {
            Kind::Input(_) => Kind::Input(true),
            other => other,
        };
        PreparedSource { kind, ..self }
    }

    /// The columns; `None` when they depend on data.
    pub(super) fn columns(&self) -> Option<&[Field]> {
        (!self.open).then_some(&self.columns)
    }

    /// The rows that pass all filters.
    pub(super) fn read(&self, env: &mut Env<'_>, filters: &[Expression]) -> Result<Table, EvalError> {
        let rows = match &self.kind {
            Kind::Table(name) => return self.read_table(name, env, filters),
            Kind::Binding(index) => {
                let table = binding(*index, env)?;
                return Ok(if self.open { Table::clone(&table) } else { self.copy(&table, env, filters) });
            }
            Kind::Input(is_its_own) => {
                let table = env.inputs.last_mut().map(std::mem::take);
                let table = table.ok_or_else(|| error("no rows are handed in to this query"))?;
                if *is_its_own && self.is_shaped_as(&table) {
                    return Ok(keep(table, env, filters));
                }
                let copy = self.copy(&table, env, filters);
                // Put back: a body may read its input more than once.
                if let Some(input) = env.inputs.last_mut() {
                    *input = table;
                }
                return Ok(copy);
            }
            Kind::Print(values) => vec![values.iter().map(|value| value.value(env, &[])).collect()],
            Kind::Rows(rows) => rows.clone(),
            Kind::Range(bounds) => range(bounds, env)?,
            Kind::Union(union) => {
                let table = union.read(env, None)?;
                return Ok(keep(table, env, filters));
            }
            Kind::Query(query) => {
                let table = query.run(env)?;
                return Ok(keep(table, env, filters));
            }
        };
        Ok(keep(Table { columns: self.columns.clone(), rows }, env, filters))
    }

    /// The name of the table that it is.
    pub(super) fn table(&self) -> Option<&str> {
        match &self.kind {
            Kind::Table(name) => Some(name),
            _ => None,
        }
    }

    /// No rows.
    pub(super) fn empty(&self) -> Table {
        Table::empty(self.columns.clone())
    }

    /// The rows that pass all filters, part by part, where the source is a table that offers that, or is put together of such.
    /// Of a table that is found by key, at least those of these keys.
    pub(super) fn read_parts(
        &self,
        env: &mut Env<'_>,
        filters: &[Expression],
        keys: Option<&HashSet<u64>>,
        use_part: &mut dyn FnMut(&mut Env<'_>, Table) -> Result<(), EvalError>,
    ) -> Option<Parts> {
        match &self.kind {
            Kind::Union(union) if !self.open => {
                return Some(union.read_parts(env, &mut |env, part| {
                    let part = keep(part, env, filters);
                    use_part(env, part)
                }));
            }
            Kind::Query(query) if !self.open => {
                return Some(query.run_parts(env, &mut |env, part| {
                    let part = keep(part, env, filters);
                    use_part(env, part)
                }));
            }
            _ => {}
        }
        let (tables, name) = (env.tables, self.table()?);
        tables.parts(name, keys, &mut |part| {
            let part = if self.is_shaped_as(&part) {
                keep(Table { columns: self.columns.clone(), ..part }, env, filters)
            } else {
                self.copy(&part, env, filters)
            };
            use_part(env, part)
        })
    }

    /// Whether a table has this source's columns in their order.
    fn is_shaped_as(&self, table: &Table) -> bool {
        table.columns == self.columns
    }

    fn read_table(&self, name: &str, env: &mut Env<'_>, filters: &[Expression]) -> Result<Table, EvalError> {
        let tables = env.tables;
        let table = tables.table(name).ok_or_else(|| error(format!("there is no table {name}")))?;
        if self.open {
            let further =
                table.columns.iter().filter(|column| !self.columns.iter().any(|it| it.name == column.name));
            let columns = self.columns.iter().chain(further).cloned().collect();
            return Ok(copy(&table, columns, env, filters));
        }
        Ok(self.copy(&table, env, filters))
    }

    fn copy(&self, table: &Table, env: &mut Env<'_>, filters: &[Expression]) -> Table {
        copy(table, self.columns.clone(), env, filters)
    }
}

/// The rows that pass, as rows of these columns: matched by name, absent where the table has none, and read
/// as the type that the query declares where the table has another (a file whose types were inferred).
fn copy(table: &Table, columns: Vec<Field>, env: &mut Env<'_>, filters: &[Expression]) -> Table {
    let same =
        table.columns.len() == columns.len() && table.columns.iter().zip(&columns).all(|(a, b)| a == b);
    let place = |field: &Field| {
        let at = table.column_index(&field.name);
        (at, at.and_then(|at| table.columns.get(at)).is_some_and(|column| column.ty == field.ty))
    };
    let places: Vec<(Option<usize>, bool)> = columns.iter().map(place).collect();
    let mut rows = Vec::new();
    for row in &table.rows {
        if same {
            if filters.iter().all(|filter| filter.holds(env, row)) {
                rows.push(row.clone());
            }
            continue;
        }
        let cells = places.iter().zip(&columns);
        let row: Row = cells
            .map(|((place, same_type), field)| match place.and_then(|at| row.get(at)) {
                Some(value) if *same_type => value.clone(),
                Some(value) => record::convert(value, field.ty),
                None => Value::absent(field.ty),
            })
            .collect();
        if filters.iter().all(|filter| filter.holds(env, &row)) {
            rows.push(row);
        }
    }
    Table { columns, rows }
}

fn keep(mut table: Table, env: &mut Env<'_>, filters: &[Expression]) -> Table {
    if !filters.is_empty() {
        table.rows.retain(|row| filters.iter().all(|filter| filter.holds(env, row)));
    }
    table
}

/// The result of a binding, computed on first use.
fn binding(index: usize, env: &mut Env<'_>) -> Result<Arc<Table>, EvalError> {
    if let Some(Some(table)) = env.computed.get(index) {
        return Ok(Arc::clone(table));
    }
    let bindings = env.bindings;
    let query = bindings.get(index).ok_or_else(|| error(format!("the plan has no binding {index}")))?;
    let before = env.context.memory.held();
    let table = Arc::new(query.run(env)?);
    env.context.memory.release_to(before);
    env.context.memory.hold_to_the_end(|| memory::of_table(&table))?;
    if let Some(place) = env.computed.get_mut(index) {
        *place = Some(Arc::clone(&table));
    }
    Ok(table)
}

/// The values from the first bound to the second, both inclusive; none when a bound is null or the step leads away.
fn range(bounds: &[Expression; 3], env: &mut Env<'_>) -> Result<Vec<Row>, EvalError> {
    let [from, to, step] = bounds.each_ref().map(|bound| bound.value(env, &[]));
    let direction = compare(&step, &zero(&step));
    let mut rows = Vec::new();
    if [&from, &to, &step].iter().any(|bound| bound.is_null()) || direction.is_eq() {
        return Ok(rows);
    }
    for index in 0.. {
        let Some(value) = advance(&from, &step, index) else { break };
        if compare(&value, &to) == direction {
            break;
        }
        if rows.len() == MAX_RANGE {
            return Err(error(format!("range gives more than {MAX_RANGE} rows; take a larger step")));
        }
        rows.push(vec![value]);
    }
    Ok(rows)
}

/// The zero of a value's type.
fn zero(value: &Value) -> Value {
    match value {
        Value::Timespan(_) => Value::Timespan(Timespan(0)),
        _ => Value::Long(0),
    }
}

/// `from + index * step`: a product, not a sum of steps, so that reals do not drift.
pub(super) fn advance(from: &Value, step: &Value, index: i64) -> Option<Value> {
    let ticks = |start: i64, step: i64| start.checked_add(step.checked_mul(index)?);
    Some(match (from, step) {
        (Value::DateTime(t), Value::Timespan(step)) => {
            let ticks = ticks(t.0, step.0)?;
            (DateTime::MIN.0..=DateTime::MAX.0)
                .contains(&ticks)
                .then_some(Value::DateTime(DateTime(ticks)))?
        }
        (Value::Timespan(t), Value::Timespan(step)) => Value::Timespan(Timespan(ticks(t.0, step.0)?)),
        (Value::Int(n), Value::Int(step)) => {
            Value::Int(i32::try_from(ticks(i64::from(*n), i64::from(*step))?).ok()?)
        }
        _ => {
            if let (Some(n), Some(step)) = (from.as_i64(), step.as_i64()) {
                return Some(Value::Long(ticks(n, step)?));
            }
            Value::Real(as_f64(from)? + as_f64(step)? * index as f64)
        }
    })
}
