//! `union`, as a source and as an operator.

use super::query::{Bound, Operate, PreparedQuery};
use super::{Binder, Env};
use crate::context::EvalError;
use crate::{Row, Table, memory};
use rule_model::Value;
use rule_model::plan::{Field, Name, Union};

/// The `union` operator: its own input is the first of the plan's inputs.
pub(super) fn operator(union: &Union, output: &[Field], input: &[Field], binder: &mut Binder) -> Bound {
    Ok(Box::new(PreparedUnion::new(union, output, input, binder)?))
}

/// A union whose names are resolved.
#[derive(Debug)]
pub(super) struct PreparedUnion {
    inputs: Vec<Input>,
    with_source: Option<Name>,
    inner: bool,
    columns: Vec<Field>,
}

#[derive(Debug)]
struct Input {
    label: Name,
    query: PreparedQuery,
    /// For each output column the column that feeds it.
    feeds: Vec<Option<Name>>,
}

impl PreparedUnion {
    pub(super) fn new(
        union: &Union,
        output: &[Field],
        input: &[Field],
        binder: &mut Binder,
    ) -> Result<PreparedUnion, EvalError> {
        let inputs = union.inputs.iter().map(|of| {
            let query = binder.subquery(&of.query, input)?;
            Ok(Input { label: of.label.clone(), query, feeds: of.columns.clone() })
        });
        Ok(PreparedUnion {
            inputs: inputs.collect::<Result<_, EvalError>>()?,
            with_source: union.with_source.clone(),
            inner: union.inner,
            columns: output.to_vec(),
        })
    }

    /// Whether the columns of an input depend on data.
    pub(super) fn is_open(&self) -> bool {
        !self.inner && self.inputs.iter().any(|input| input.query.columns().is_none())
    }

    /// The rows of all inputs; `first` is what an input over the enclosing operator's rows reads.
    pub(super) fn read(&self, env: &mut Env<'_>, first: Option<Table>) -> Result<Table, EvalError> {
        let handed_in = first.is_some();
        env.inputs.extend(first);
        let result = self.read_inputs(env);
        if handed_in {
            env.inputs.pop();
        }
        result
    }

    /// The rows of all inputs, which read none that are handed in, part by part. Only of one whose columns do not depend on data.
    pub(super) fn read_parts(
        &self,
        env: &mut Env<'_>,
        use_part: &mut dyn FnMut(&mut Env<'_>, Table) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        for input in &self.inputs {
            input.query.run_parts(env, &mut |env, part| {
                let mut result = Table::empty(self.columns.clone());
                let places = self.places(input, &part, &mut result);
                result.rows =
                    part.rows.iter().map(|row| cells(&places, &input.label, row, &result.columns)).collect();
                use_part(env, result)
            })?;
        }
        Ok(())
    }

    fn read_inputs(&self, env: &mut Env<'_>) -> Result<Table, EvalError> {
        let mut result = Table::empty(self.columns.clone());
        for input in &self.inputs {
            let before = env.context.memory.held();
            let table = input.query.run(env)?;
            let places = self.places(input, &table, &mut result);
            let rows = table.rows.iter().map(|row| cells(&places, &input.label, row, &result.columns));
            let rows: Vec<Row> = rows.collect();
            env.context.memory.release_to(before);
            env.context.memory.hold(|| memory::of_rows(&rows))?;
            result.rows.extend(rows);
        }
        // Rows that were read before a later input brought a further column.
        let columns = &result.columns;
        for row in &mut result.rows {
            row.extend(columns[row.len()..].iter().map(|field| Value::absent(field.ty)));
        }
        Ok(result)
    }

    /// Where each output column comes from; columns that only the data shows are added behind the known ones.
    fn places(&self, input: &Input, table: &Table, result: &mut Table) -> Vec<Feed> {
        if !self.inner {
            for field in &table.columns {
                let known = input.feeds.iter().flatten().any(|name| *name == field.name)
                    || result.columns.iter().any(|column| column.name == field.name);
                if !known {
                    result.columns.push(field.clone());
                }
            }
        }
        let columns = result.columns.iter().enumerate();
        columns
            .map(|(at, column)| match input.feeds.get(at) {
                _ if self.with_source.as_ref() == Some(&column.name) => Feed::Label,
                Some(Some(name)) => table.column_index(name).map_or(Feed::Nothing, Feed::Column),
                Some(None) => Feed::Nothing,
                None => table.column_index(&column.name).map_or(Feed::Nothing, Feed::Column),
            })
            .collect()
    }
}

/// What feeds an output column.
enum Feed {
    Column(usize),
    Label,
    Nothing,
}

impl Feed {
    fn cell(&self, row: &[Value], label: &Name, field: &Field) -> Value {
        match self {
            Feed::Column(at) => row.get(*at).cloned().unwrap_or_default(),
            Feed::Label => Value::String(label.clone()),
            Feed::Nothing => Value::absent(field.ty),
        }
    }
}

/// The cells of an input's row in these columns, which are fed so.
fn cells(places: &[Feed], label: &Name, row: &Row, columns: &[Field]) -> Row {
    places.iter().zip(columns).map(|(feed, field)| feed.cell(row, label, field)).collect()
}

impl Operate for PreparedUnion {
    fn columns(&self) -> Option<&[Field]> {
        (!self.is_open()).then_some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        self.read(env, Some(input))
    }
}
