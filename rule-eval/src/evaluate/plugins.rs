//! Plugins of `evaluate` whose output columns come out of the data: `bag_unpack`, `pivot`, `narrow`.

use super::expression::{Scope, column};
use super::ip_lookup::ip_lookup;
use super::query::{Bound, Operate};
use super::summarize::BoundCall;
use super::{Binder, Env, error, windows};
use crate::aggregate::Accumulator;
use crate::context::EvalError;
use crate::convert::convert;
use crate::order::Key;
use crate::{Row, Table, json};
use rule_model::plan::{AggregateCall, Evaluate, Expr, ExprKind, Field, Name, Stage};
use rule_model::{Type, Value};
use smol_str::SmolStr;
use std::collections::{BTreeMap, HashMap};

/// `evaluate`; where the query gives an output schema, the stage's output is all there is.
pub(super) fn evaluate(plugin: &Evaluate, stage: &Stage, input: &[Field], binder: &mut Binder) -> Bound {
    let schema = (!stage.open).then(|| stage.output.clone());
    match plugin {
        Evaluate::BagUnpack { column: bag, prefix, conflict, ignored } => Ok(Box::new(BagUnpack {
            column: column(input, bag)?,
            prefix: prefix.clone(),
            conflict: Conflict::named(conflict)?,
            ignored: ignored.clone(),
            schema,
        })),
        Evaluate::Pivot { column, aggregate, by } => pivot(column, aggregate, by, schema, input, binder),
        Evaluate::IpLookup { lookup, address, network, return_unmatched, keys, names } => {
            ip_lookup((lookup, network, names), address, keys, *return_unmatched, input, binder)
        }
        Evaluate::Windows(plugin) => windows::windows(plugin, &stage.output, input, binder),
        Evaluate::RowsNear { predicate, before, after } => {
            windows::rows_near(predicate, (before, after), input, binder)
        }
        Evaluate::Narrow => Ok(Box::new(Narrow {
            columns: vec![
                Field::new("Row", Type::Long),
                Field::new("Column", Type::String),
                Field::new("Value", Type::String),
            ],
        })),
    }
}

/// What becomes of a property with the name of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conflict {
    Error,
    KeepSource,
    ReplaceSource,
}

impl Conflict {
    fn named(name: &str) -> Result<Conflict, EvalError> {
        Ok(match name {
            "" | "error" => Conflict::Error,
            "keep_source" | "keep_original" => Conflict::KeepSource,
            "replace_source" => Conflict::ReplaceSource,
            _ => {
                let known = "error, keep_source or replace_source";
                return Err(error(format!("columnsConflict of bag_unpack is {known}, not {name}")));
            }
        })
    }
}

#[derive(Debug)]
struct BagUnpack {
    column: usize,
    prefix: Name,
    conflict: Conflict,
    ignored: Vec<Name>,
    schema: Option<Vec<Field>>,
}

impl Operate for BagUnpack {
    fn columns(&self) -> Option<&[Field]> {
        self.schema.as_deref()
    }

    fn run(&self, _: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let found = self.properties(&input);
        let columns = match &self.schema {
            Some(schema) => schema.clone(),
            None => self.unpacked(&input.columns, &found)?,
        };
        let sources: Vec<(Option<usize>, Option<SmolStr>)> =
            columns.iter().map(|field| self.source(&input.columns, &found, field)).collect();
        let rows = input.rows.iter().map(|row| {
            let cells = sources.iter().zip(&columns);
            let cells = cells.map(|((own, property), field)| match (own, property) {
                (Some(at), _) => row[*at].clone(),
                (None, Some(name)) => {
                    let value =
                        row[self.column].as_bag().and_then(|bag| bag.get(name)).unwrap_or(&Value::Null);
                    convert(value, field.ty)
                }
                (None, None) => Value::absent(field.ty),
            });
            cells.collect()
        });
        let rows = rows.collect();
        Ok(Table { columns, rows })
    }
}

impl BagUnpack {
    /// The properties of all bags, in the order of their names, with the type that all their values have.
    fn properties(&self, input: &Table) -> BTreeMap<SmolStr, Type> {
        let mut found: BTreeMap<SmolStr, Option<Type>> = BTreeMap::new();
        let bags = input.rows.iter().filter_map(|row| row[self.column].as_bag());
        for (name, value) in bags.flat_map(rule_model::Bag::iter) {
            if self.ignored.contains(name) {
                continue;
            }
            let seen = found.entry(name.clone()).or_insert(None);
            *seen = match (*seen, value.type_of()) {
                (None, ty) | (ty, None) => ty,
                (Some(a), Some(b)) => Some(if a == b { a } else { Type::Dynamic }),
            };
        }
        found.into_iter().map(|(name, ty)| (name, ty.unwrap_or(Type::Dynamic))).collect()
    }

    fn output_name(&self, property: &str) -> SmolStr {
        smol_str::format_smolstr!("{}{property}", self.prefix)
    }

    fn unpacked(&self, input: &[Field], found: &BTreeMap<SmolStr, Type>) -> Result<Vec<Field>, EvalError> {
        let others = input.iter().enumerate().filter(|(at, _)| *at != self.column);
        let mut columns: Vec<Field> = others.map(|(_, field)| field.clone()).collect();
        for (property, ty) in found {
            let name = self.output_name(property);
            match (columns.iter_mut().find(|field| field.name == name), self.conflict) {
                (None, _) => columns.push(Field::new(name, *ty)),
                (Some(_), Conflict::KeepSource) => {}
                (Some(field), Conflict::ReplaceSource) => field.ty = *ty,
                (Some(_), Conflict::Error) => {
                    let help = "set columnsConflict to keep_source or replace_source, or give a prefix";
                    return Err(error(format!(
                        "bag_unpack finds a property named as the column {name}: {help}"
                    )));
                }
            }
        }
        Ok(columns)
    }

    /// Where a column comes from: a column of the input, or a property.
    fn source(
        &self,
        input: &[Field],
        found: &BTreeMap<SmolStr, Type>,
        field: &Field,
    ) -> (Option<usize>, Option<SmolStr>) {
        let own = input.iter().position(|column| column.name == field.name).filter(|at| *at != self.column);
        let property = found.keys().find(|property| self.output_name(property) == field.name);
        match (own, property) {
            (Some(_), Some(property)) if self.conflict == Conflict::ReplaceSource => {
                (None, Some(property.clone()))
            }
            (own, property) => (own, property.cloned()),
        }
    }
}

fn pivot(
    by_value: &Name,
    aggregate: &AggregateCall,
    by: &[Name],
    schema: Option<Vec<Field>>,
    input: &[Field],
    binder: &mut Binder,
) -> Bound {
    let by_value = column(input, by_value)?;
    let by: Vec<usize> = if by.is_empty() {
        let used = |name: &Name| aggregate.args.iter().any(|arg| reads(arg, name));
        (0..input.len()).filter(|at| *at != by_value && !used(&input[*at].name)).collect()
    } else {
        by.iter().map(|name| column(input, name)).collect::<Result<_, _>>()?
    };
    let mut scope = Scope::new(input, binder);
    let call = BoundCall::new(aggregate, &mut scope)?;
    scope.without_windows()?;
    let kept = by.iter().map(|at| input[*at].clone()).collect();
    Ok(Box::new(Pivot { by_value, by, kept, call, ty: aggregate.ty, schema }))
}

/// Whether an expression reads a column.
fn reads(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Column(column) => column == name,
        ExprKind::Property(value, _) => reads(value, name),
        ExprKind::Element(value, index) => reads(value, name) || reads(index, name),
        ExprKind::Call(_, args) => args.iter().any(|arg| reads(arg, name)),
        _ => false,
    }
}

#[derive(Debug)]
struct Pivot {
    by_value: usize,
    by: Vec<usize>,
    kept: Vec<Field>,
    call: BoundCall,
    ty: Type,
    schema: Option<Vec<Field>>,
}

/// A row of the output: its key, and an accumulator for each value that became a column.
type Pivoted = (Row, HashMap<SmolStr, Box<dyn Accumulator>>);

impl Operate for Pivot {
    fn columns(&self) -> Option<&[Field]> {
        self.schema.as_deref()
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let mut index: HashMap<Vec<Key>, usize> = HashMap::new();
        let mut pivoted: Vec<Pivoted> = Vec::new();
        let mut names: BTreeMap<SmolStr, ()> = BTreeMap::new();
        for row in &input.rows {
            let key: Row = self.by.iter().map(|at| row[*at].clone()).collect();
            let at = *index.entry(key.iter().map(Key::of).collect()).or_insert_with(|| {
                pivoted.push((key, HashMap::new()));
                pivoted.len() - 1
            });
            let name = json::display(&row[self.by_value]);
            names.insert(name.clone(), ());
            let accumulator = pivoted[at].1.entry(name).or_insert_with(|| self.call.start());
            self.call.add(accumulator.as_mut(), env, row);
        }
        let columns = self.schema.clone().unwrap_or_else(|| {
            let values = names.keys().map(|name| Field::new(name.clone(), self.ty));
            self.kept.iter().cloned().chain(values).collect()
        });
        let rows = pivoted.into_iter().map(|(key, cells)| self.row(&columns, &key, cells)).collect();
        Ok(Table { columns, rows })
    }
}

impl Pivot {
    /// A row of the output; a cell without rows has the aggregate's value of nothing.
    fn row(
        &self,
        columns: &[Field],
        key: &[Value],
        mut cells: HashMap<SmolStr, Box<dyn Accumulator>>,
    ) -> Row {
        let mut value = |name: &str| {
            let mut accumulator = cells.remove(name).unwrap_or_else(|| self.call.start());
            accumulator.finish().into_iter().next().unwrap_or_default()
        };
        let kept = |field: &Field| self.kept.iter().position(|kept| kept.name == field.name);
        let cell = |field: &Field| kept(field).map_or_else(|| value(&field.name), |at| key[at].clone());
        columns.iter().map(cell).collect()
    }
}

/// `narrow`: a row a cell.
#[derive(Debug)]
struct Narrow {
    columns: Vec<Field>,
}

impl Operate for Narrow {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, _: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let mut rows = Vec::new();
        for (at, row) in input.rows.iter().enumerate() {
            for (field, value) in input.columns.iter().zip(row) {
                let text = Value::String(json::display(value));
                rows.push(vec![Value::Long(at as i64), Value::string(&field.name), text]);
            }
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}
