//! `mv-expand` and `mv-apply`: a row an element.

use super::expression::Scope;
use super::query::{Bound, Operate, PreparedQuery};
use super::rows::place;
use super::window::{self, Window};
use super::{Binder, Env, Expression};
use crate::context::EvalError;
use crate::convert::convert;
use crate::{Row, Table};
use rule_model::plan::{Field, MvApply, MvExpand, Stage};
use rule_model::{Type, Value};
use std::borrow::Cow;

/// `mv-expand`
pub(super) fn mv_expand(expand: &MvExpand, input: &[Field], binder: &mut Binder) -> Bound {
    Ok(Box::new(Expand::new(expand, input, binder)?))
}

/// `mv-apply`: the stage's output says which columns follow which; a column of the body counts before one of the row.
pub(super) fn mv_apply(apply: &MvApply, stage: &Stage, input: &[Field], binder: &mut Binder) -> Bound {
    let expand = Expand::new(&apply.expand, input, binder)?;
    let body = binder.subquery(&apply.body, &expand.columns)?;
    let open = body.columns().is_none();
    let mut columns = stage.output.clone();
    if stage.open {
        columns.clone_from(&expand.columns);
        for field in body.columns().unwrap_or_default() {
            place(&mut columns, &field.name, field.ty);
        }
    }
    let sources = body.columns().map(|body| sources(&expand, input.len(), &columns, body));
    Ok(Box::new(Apply { expand, body, open, columns, sources }))
}

/// An expanded column: its place in the row, its elements, their type.
type Target = (usize, Expression, Type);

#[derive(Debug)]
struct Expand {
    targets: Vec<Target>,
    item_index: Option<usize>,
    limit: usize,
    bags_as_arrays: bool,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Expand {
    fn new(expand: &MvExpand, input: &[Field], binder: &mut Binder) -> Result<Expand, EvalError> {
        let mut columns = input.to_vec();
        let mut scope = Scope::new(input, binder);
        let mut targets = Vec::new();
        for column in &expand.columns {
            targets.push((
                place(&mut columns, &column.name, column.ty),
                scope.bind(&column.value)?,
                column.ty,
            ));
        }
        let item_index = expand.item_index.as_ref().map(|name| place(&mut columns, name, Type::Long));
        Ok(Expand {
            targets,
            item_index,
            limit: expand.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX),
            bags_as_arrays: expand.bags_as_arrays,
            windows: scope.windows,
            columns,
        })
    }

    /// The rows that come of one: as many as the longest of the expanded columns has elements.
    fn rows(&self, env: &mut Env<'_>, row: &[Value]) -> Vec<Row> {
        let elements = self.targets.iter().map(|(_, value, _)| self.elements(value.value(env, row)));
        let elements: Vec<Vec<Value>> = elements.collect();
        let count = elements.iter().map(Vec::len).max().unwrap_or(0).min(self.limit);
        let mut rows = Vec::with_capacity(count);
        for at in 0..count {
            let mut expanded = Vec::with_capacity(self.columns.len());
            expanded.extend_from_slice(row);
            expanded.resize(self.columns.len(), Value::Null);
            for ((place, _, ty), elements) in self.targets.iter().zip(&elements) {
                expanded[*place] =
                    elements.get(at).map_or(Value::absent(*ty), |element| element_as(element, *ty));
            }
            if let Some(place) = self.item_index {
                expanded[place] = Value::Long(at as i64);
            }
            rows.push(expanded);
        }
        rows
    }

    /// Of an array its items, of a bag a bag each property; a null or a scalar is its own only element.
    fn elements(&self, value: Value) -> Vec<Value> {
        match value {
            Value::Array(items) => items.to_vec(),
            Value::Bag(bag) => {
                let pairs = bag.iter().map(|(name, value)| (name.clone(), value.clone()));
                let element = |(name, value)| {
                    if self.bags_as_arrays {
                        Value::array([Value::String(name), value])
                    } else {
                        Value::bag([(name, value)])
                    }
                };
                pairs.map(element).collect()
            }
            scalar => vec![scalar],
        }
    }
}

/// An element as a value of the type that `to typeof()` asks for. Numbers become one another, everything has a text,
/// and JSON writes times and identifiers as texts; anything else of another type is null, as documented.
fn element_as(element: &Value, ty: Type) -> Value {
    let fits = match element.type_of() {
        None => return Value::absent(ty),
        Some(own) => {
            own == ty
                || matches!(ty, Type::Dynamic | Type::String)
                || (own.is_number() && ty.is_number())
                || (own == Type::String && matches!(ty, Type::DateTime | Type::Timespan | Type::Guid))
        }
    };
    if fits { convert(element, ty) } else { Value::Null }
}

impl Operate for Expand {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        self.windows.is_empty()
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        let mut rows = Vec::new();
        for row in &input.rows {
            rows.extend(self.rows(env, row));
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}

#[derive(Debug)]
struct Apply {
    expand: Expand,
    body: PreparedQuery,
    open: bool,
    columns: Vec<Field>,
    /// Where each of the columns comes from, where the body's are known.
    sources: Option<Vec<From>>,
}

/// Where a cell of the output comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    Body(usize),
    Row(usize),
    Nowhere,
}

/// Where columns come from, of rows that have so many cells and of what the body gives.
fn sources(expand: &Expand, width: usize, columns: &[Field], body: &[Field]) -> Vec<From> {
    let own = |name: &str| {
        let at = expand.columns.iter().position(|column| column.name == name);
        at.filter(|at| *at < width).map_or(From::Nowhere, From::Row)
    };
    let source = |field: &Field| {
        let of_body = body.iter().position(|column| column.name == field.name);
        of_body.map_or_else(|| own(&field.name), From::Body)
    };
    columns.iter().map(source).collect()
}

impl Operate for Apply {
    fn columns(&self) -> Option<&[Field]> {
        (!self.open).then_some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        !self.open && self.expand.windows.is_empty()
    }

    /// A row without elements has no subtable: it gives nothing, even to a body that would count zero rows (the
    /// documentation does not say).
    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.expand.windows, env, &mut input.rows);
        let mut result = Table::empty(self.columns.clone());
        for row in &input.rows {
            let rows = self.expand.rows(env, row);
            if rows.is_empty() {
                continue;
            }
            let subtable = Table { columns: self.expand.columns.clone(), rows };
            let body = self.body.run_over(env, subtable)?;
            self.append(row, &body, &mut result);
        }
        let width = result.columns.len();
        result.rows.iter_mut().for_each(|row| row.resize(width, Value::Null));
        Ok(result)
    }
}

impl Apply {
    /// Appends the rows of the body's result, each with the cells of the row it came from.
    fn append(&self, row: &[Value], body: &Table, result: &mut Table) {
        if self.open {
            for field in &body.columns {
                place(&mut result.columns, &field.name, field.ty);
            }
        }
        let sources = match &self.sources {
            Some(sources) => Cow::Borrowed(sources),
            None => Cow::Owned(sources(&self.expand, row.len(), &result.columns, &body.columns)),
        };
        for cells in &body.rows {
            let cell = |(source, field): (&From, &Field)| match source {
                From::Body(at) => cells[*at].clone(),
                From::Row(at) => row.get(*at).cloned().unwrap_or(Value::absent(field.ty)),
                From::Nowhere => Value::absent(field.ty),
            };
            result.rows.push(sources.iter().zip(&result.columns).map(cell).collect());
        }
    }
}
