//! Operators that look at one row after another: `where`, `extend`, `project` and family, `sort`, `top`, `take`,
//! `sample`, `getschema`.

use super::expression::Scope;
use super::query::{Bound, Gather, Operate};
use super::window::{self, Window};
use super::{Binder, Env, Expression, error};
use crate::context::EvalError;
use crate::order::{Key, compare};
use crate::{Row, Table, memory};
use rule_model::plan::{Assignment, Direction, Expr, Field, Name, ProjectOpen, SortKey};
use rule_model::{Type, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// `where`
pub(super) fn filter(predicate: &Expr, input: &[Field], binder: &mut Binder) -> Bound {
    let mut scope = Scope::new(input, binder);
    let predicate = scope.bind(predicate)?;
    Ok(Box::new(Filter { predicate, windows: scope.windows, columns: input.to_vec() }))
}

/// `extend`, `serialize`
pub(super) fn extend(assignments: &[Assignment], input: &[Field], binder: &mut Binder) -> Bound {
    let mut columns = input.to_vec();
    let mut scope = Scope::new(input, binder);
    let mut targets = Vec::new();
    for Assignment { name, value } in assignments {
        targets.push((place(&mut columns, name, value.ty), scope.bind(value)?));
    }
    Ok(Box::new(Extend { targets, windows: scope.windows, columns }))
}

/// The place of a column that an operator adds, or replaces where the name is there already.
pub(super) fn place(columns: &mut Vec<Field>, name: &Name, ty: Type) -> usize {
    if let Some(at) = columns.iter().position(|field| field.name == *name) {
        columns[at].ty = ty;
        return at;
    }
    columns.push(Field::new(name.clone(), ty));
    columns.len() - 1
}

/// `project`
pub(super) fn project(assignments: &[Assignment], input: &[Field], binder: &mut Binder) -> Bound {
    let mut scope = Scope::new(input, binder);
    let values = assignments.iter().map(|a| scope.bind(&a.value)).collect::<Result<_, _>>()?;
    let columns = assignments.iter().map(|a| Field::new(a.name.clone(), a.value.ty)).collect();
    Ok(Box::new(Project { values, windows: scope.windows, columns }))
}

/// `project-away` and relatives by name patterns.
pub(super) fn project_open(projection: &ProjectOpen, input: &[Field]) -> Box<dyn Operate> {
    let all = 0..input.len();
    let matches = |patterns: &[Name], at: usize| patterns.iter().any(|p| like(p, &input[at].name));
    let mut columns = input.to_vec();
    let kept: Vec<usize> = match projection {
        ProjectOpen::Away(patterns) => all.filter(|at| !matches(patterns, *at)).collect(),
        ProjectOpen::Keep(patterns) => all.filter(|at| matches(patterns, *at)).collect(),
        ProjectOpen::Rename(names) => {
            for (new, old) in names {
                match columns.iter_mut().find(|column| column.name == *old) {
                    Some(column) => column.name = new.clone(),
                    // The data did not bring it: it reads as null, from behind the end of every row.
                    None => columns.push(Field::new(new.clone(), Type::Dynamic)),
                }
            }
            (0..columns.len()).collect()
        }
        ProjectOpen::Reorder(patterns) => reordered(patterns, input),
    };
    let columns: Vec<Field> = kept.iter().map(|at| columns[*at].clone()).collect();
    let values = kept.into_iter().map(Expression::column).collect();
    Box::new(Project { values, windows: Vec::new(), columns })
}

fn reordered(patterns: &[(Name, Option<Direction>)], input: &[Field]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    for (pattern, direction) in patterns {
        let mut found: Vec<usize> =
            (0..input.len()).filter(|at| !order.contains(at) && like(pattern, &input[*at].name)).collect();
        match direction {
            Some(Direction::Ascending) => found.sort_by(|a, b| input[*a].name.cmp(&input[*b].name)),
            Some(Direction::Descending) => found.sort_by(|a, b| input[*b].name.cmp(&input[*a].name)),
            None => {}
        }
        order.extend(found);
    }
    let rest: Vec<usize> = (0..input.len()).filter(|at| !order.contains(at)).collect();
    order.extend(rest);
    order
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub(super) fn like(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

/// `sort`, and `top` with its number of rows.
pub(super) fn sort(rows: Option<&Expr>, keys: &[SortKey], input: &[Field], binder: &mut Binder) -> Bound {
    let limit = rows.map(|rows| Expression::bind_in(rows, &[], binder)).transpose()?;
    let mut scope = Scope::new(input, binder);
    let keys = keys.iter().map(|key| Ok((scope.bind(&key.value)?, key.direction, key.nulls_first)));
    let keys = keys.collect::<Result<_, EvalError>>()?;
    Ok(Box::new(Sort { limit, keys, windows: scope.windows, columns: input.to_vec() }))
}

/// `take`
pub(super) fn take(rows: &Expr, input: &[Field], binder: &mut Binder) -> Bound {
    let rows = Scope::new(&[], binder).bind(rows)?;
    Ok(Box::new(Sample { rows, of: None, columns: input.to_vec() }))
}

/// `sample`, `sample-distinct`
pub(super) fn sample(rows: &Expr, of: Option<&Assignment>, input: &[Field], binder: &mut Binder) -> Bound {
    let rows = Scope::new(&[], binder).bind(rows)?;
    let columns = match of {
        Some(of) => vec![Field::new(of.name.clone(), of.value.ty)],
        None => input.to_vec(),
    };
    let of = of.map(|of| Scope::new(input, binder).bind(&of.value)).transpose()?;
    Ok(Box::new(Sample { rows, of, columns }))
}

/// `getschema`
pub(super) fn get_schema() -> Box<dyn Operate> {
    Box::new(GetSchema {
        columns: vec![
            Field::new("ColumnName", Type::String),
            Field::new("ColumnOrdinal", Type::Long),
            Field::new("DataType", Type::String),
            Field::new("ColumnType", Type::String),
        ],
    })
}

#[derive(Debug)]
struct Filter {
    predicate: Expression,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Operate for Filter {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        self.windows.is_empty()
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        input.rows.retain(|row| self.predicate.holds(env, row));
        input.rows.iter_mut().for_each(|row| row.truncate(self.columns.len()));
        Ok(input)
    }
}

#[derive(Debug)]
struct Extend {
    targets: Vec<(usize, Expression)>,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Operate for Extend {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        self.windows.is_empty()
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        // Every expression sees the row as it was: values first, then cells.
        let mut values = Vec::with_capacity(self.targets.len());
        for row in &mut input.rows {
            values.extend(self.targets.iter().map(|(_, value)| value.value(env, row)));
            row.resize(self.columns.len(), Value::Null);
            for ((at, _), value) in self.targets.iter().zip(values.drain(..)) {
                row[*at] = value;
            }
        }
        Ok(Table { columns: self.columns.clone(), rows: input.rows })
    }
}

#[derive(Debug)]
struct Project {
    values: Vec<Expression>,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Operate for Project {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        self.windows.is_empty()
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        for row in &mut input.rows {
            *row = self.values.iter().map(|value| value.value(env, row)).collect();
        }
        Ok(Table { columns: self.columns.clone(), rows: input.rows })
    }
}

type BoundKey = (Expression, Direction, bool);

#[derive(Debug)]
struct Sort {
    limit: Option<Expression>,
    keys: Vec<BoundKey>,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Operate for Sort {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        let mut sorted = Box::new(Sorted::new(self));
        sorted.add(env, input)?;
        sorted.finish(env)
    }

    fn gather(&self) -> Option<Box<dyn Gather + '_>> {
        // All rows of `sort` are needed at once, and all that window functions see.
        let gathers = self.limit.is_some() && self.windows.is_empty();
        gathers.then(|| Box::new(Sorted::new(self)) as Box<dyn Gather + '_>)
    }
}

/// The rows so far, of `top` those that may still be among the first, each with the values of its keys.
struct Sorted<'s> {
    operator: &'s Sort,
    keyed: Vec<(Vec<Value>, Row)>,
    /// What was held before them.
    before: Option<u64>,
}

/// Rows that `top` gathers, besides those that it gives, before it looks which are the first.
const SURPLUS: usize = 1024;

impl Gather for Sorted<'_> {
    fn add(&mut self, env: &mut Env<'_>, part: Table) -> Result<(), EvalError> {
        let limit = self.operator.limit.as_ref().map(|limit| count(limit, env)).transpose()?;
        let before = *self.before.get_or_insert(env.context.memory.held());
        for mut row in part.rows {
            let keys: Row = self.operator.keys.iter().map(|(key, ..)| key.value(env, &row)).collect();
            row.truncate(self.operator.columns.len());
            self.keyed.push((keys, row));
            if limit.is_some_and(|limit| self.keyed.len() >= limit.saturating_add(SURPLUS)) {
                self.sort(limit);
            }
        }
        env.context.memory.release_to(before);
        env.context
            .memory
            .hold(|| memory::of_many(&self.keyed, |(keys, row)| memory::of_row(keys) + memory::of_row(row)))
    }

    fn finish(mut self: Box<Self>, env: &mut Env<'_>) -> Result<Table, EvalError> {
        let limit = self.operator.limit.as_ref().map(|limit| count(limit, env)).transpose()?;
        self.sort(limit);
        let rows = self.keyed.into_iter().map(|(_, row)| row).collect();
        Ok(Table { columns: self.operator.columns.clone(), rows })
    }
}

impl<'s> Sorted<'s> {
    fn new(operator: &'s Sort) -> Sorted<'s> {
        Sorted { operator, keyed: Vec::new(), before: None }
    }

    /// Sorts, stably, and leaves so many rows.
    fn sort(&mut self, limit: Option<usize>) {
        self.keyed.sort_by(|a, b| self.operator.order(&a.0, &b.0));
        self.keyed.truncate(limit.unwrap_or(usize::MAX));
    }
}

impl Sort {
    fn order(&self, a: &[Value], b: &[Value]) -> Ordering {
        let cells = self.keys.iter().zip(a.iter().zip(b));
        let orders = cells.map(|((_, direction, nulls_first), (a, b))| order(*direction, *nulls_first, a, b));
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

/// The order of two values under a sort key.
fn order(direction: Direction, nulls_first: bool, a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (false, true) if !nulls_first => Ordering::Less,
        (true, false) | (false, true) => Ordering::Greater,
        (false, false) => match direction {
            Direction::Ascending => compare(a, b),
            Direction::Descending => compare(b, a),
        },
    }
}

/// A number of rows, as `take` and `top` take it.
pub(super) fn count(rows: &Expression, env: &mut Env<'_>) -> Result<usize, EvalError> {
    let rows = rows.value(env, &[]);
    env.check()?;
    let count = rows.as_i64().and_then(|n| usize::try_from(n).ok());
    count.ok_or_else(|| error("a number of rows must be a whole number, zero or more"))
}

/// `take`, `sample` and `sample-distinct`: deterministic, so that a rule gives the same alerts each time.
#[derive(Debug)]
struct Sample {
    rows: Expression,
    of: Option<Expression>,
    columns: Vec<Field>,
}

impl Operate for Sample {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn gather(&self) -> Option<Box<dyn Gather + '_>> {
        self.of
            .is_none()
            .then(|| Box::new(Taken { operator: self, rows: Vec::new() }) as Box<dyn Gather + '_>)
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        let limit = count(&self.rows, env)?;
        let Some(of) = &self.of else {
            input.rows.truncate(limit);
            return Ok(input);
        };
        let (mut seen, mut rows) = (HashSet::new(), Vec::new());
        for row in &input.rows {
            let value = of.value(env, row);
            if rows.len() < limit && seen.insert(Key::of(&value)) {
                rows.push(vec![value]);
            }
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}

/// The first rows so far.
struct Taken<'s> {
    operator: &'s Sample,
    rows: Vec<Row>,
}

impl Gather for Taken<'_> {
    fn add(&mut self, env: &mut Env<'_>, part: Table) -> Result<(), EvalError> {
        let wanted = count(&self.operator.rows, env)?.saturating_sub(self.rows.len());
        let from = self.rows.len();
        self.rows.extend(part.rows.into_iter().take(wanted));
        env.context.memory.hold(|| memory::of_rows(&self.rows[from..]))
    }

    fn finish(self: Box<Self>, env: &mut Env<'_>) -> Result<Table, EvalError> {
        // A number of rows that is none fails where no part came, too.
        count(&self.operator.rows, env)?;
        Ok(Table { columns: self.operator.columns.clone(), rows: self.rows })
    }
}

#[derive(Debug)]
struct GetSchema {
    columns: Vec<Field>,
}

impl Operate for GetSchema {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, _: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let rows = input.columns.iter().enumerate().map(|(at, field)| {
            vec![
                Value::string(&field.name),
                Value::Long(at as i64),
                Value::literal(dotnet_name(field.ty)),
                Value::literal(field.ty.name()),
            ]
        });
        Ok(Table { columns: self.columns.clone(), rows: rows.collect() })
    }
}

/// The .NET type that `getschema` says a KQL type is.
fn dotnet_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::Timespan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_patterns_match_whole_names() {
        for (pattern, name, fits) in [
            ("Key*", "Key1", true),
            ("Key*", "MyKey", false),
            ("*Key", "MyKey", true),
            ("*e*", "Key", true),
            ("*", "", true),
            ("Key", "key", false),
            ("a*b*c", "a__b__c", true),
            ("a*b*c", "a__c", false),
        ] {
            assert_eq!(like(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn nulls_stand_where_the_key_says() {
        let (null, one) = (Value::Null, Value::Long(1));
        assert_eq!(order(Direction::Ascending, true, &null, &one), Ordering::Less);
        assert_eq!(order(Direction::Descending, false, &null, &one), Ordering::Greater);
        assert_eq!(order(Direction::Descending, true, &null, &one), Ordering::Less);
    }
}
