//! `summarize`, and through it `distinct` and `count`: groups by hash of their keys, in the order of their first rows.

use super::expression::Scope;
use super::query::{Bound, Gather, Operate};
use super::window::{self, Window};
use super::{Binder, Env, Expression, error};
use crate::aggregate::{Accumulator, Aggregate, Results};
use crate::context::EvalError;
use crate::order::Key;
use crate::{Row, Table, memory};
use rule_model::plan::{AggregateCall, AggregateColumn, Assignment, Field};
use rule_model::{Type, Value};
use std::collections::HashMap;

/// `summarize`
pub(super) fn summarize(
    aggregates: &[AggregateColumn],
    by: &[Assignment],
    input: &[Field],
    binder: &mut Binder,
) -> Bound {
    let mut scope = Scope::new(input, binder);
    let keys = by.iter().map(|key| scope.bind(&key.value)).collect::<Result<_, _>>()?;
    let aggregates = aggregates.iter().map(|column| BoundAggregate::new(column, &mut scope));
    let aggregates = aggregates.collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<Field> = by.iter().map(|key| Field::new(key.name.clone(), key.value.ty)).collect();
    columns.extend(aggregates.iter().flat_map(|aggregate| aggregate.columns.iter().cloned()));
    Ok(Box::new(Summarize { keys, aggregates, windows: scope.windows, columns }))
}

/// An aggregate column: the calls, and the expression over their results.
#[derive(Debug)]
pub(super) struct BoundAggregate {
    calls: Vec<BoundCall>,
    expression: Option<Expression>,
    pub(super) columns: Vec<Field>,
}

/// A call of an aggregate function.
#[derive(Debug)]
pub(super) struct BoundCall {
    function: &'static Aggregate,
    args: Vec<Expression>,
    ty: Type,
}

/// The accumulators of a group, one for each call of each aggregate column.
pub(super) type Group = Vec<Box<dyn Accumulator>>;

impl BoundAggregate {
    pub(super) fn new(column: &AggregateColumn, scope: &mut Scope<'_>) -> Result<BoundAggregate, EvalError> {
        let calls = column.calls.iter().map(|call| BoundCall::new(call, scope));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        let (expression, columns) = match (&column.expression, column.calls.first()) {
            (Some(expression), _) => {
                let results = column.calls.iter().enumerate();
                let results: Vec<Field> =
                    results.map(|(at, call)| Field::new(format!("${at}"), call.ty)).collect();
                let bound = Scope::new(&results, scope.binder).bind(expression)?;
                let names = column.names.iter();
                (Some(bound), names.map(|name| Field::new(name.clone(), expression.ty)).collect())
            }
            (None, Some(call)) => {
                let names = column.names.iter().enumerate();
                (None, names.map(|(at, name)| Field::new(name.clone(), result_type(call, at))).collect())
            }
            (None, None) => return Err(error("an aggregate column computes nothing")),
        };
        Ok(BoundAggregate { calls, expression, columns })
    }

    /// The values of the columns, from the results of the calls.
    fn finish(&self, group: &mut [Box<dyn Accumulator>], env: &mut Env<'_>, row: &mut Row) {
        let Some(expression) = &self.expression else {
            let results = group.first_mut().map(|accumulator| accumulator.finish()).unwrap_or_default();
            let mut results = results.into_iter();
            row.extend(self.columns.iter().map(|column| present(results.next(), column.ty)));
            return;
        };
        let results = self.calls.iter().zip(group);
        let results: Row = results
            .map(|(call, accumulator)| present(accumulator.finish().into_iter().next(), call.ty))
            .collect();
        row.push(expression.value(env, &results));
    }
}

/// A result of an aggregate; where a group without rows has none, the absent value.
fn present(result: Option<Value>, ty: Type) -> Value {
    match result {
        None | Some(Value::Null) => Value::absent(ty),
        Some(value) => value,
    }
}

/// Type of the result at a position: an argument's for the functions that give a column for each.
fn result_type(call: &AggregateCall, at: usize) -> Type {
    let each_argument =
        crate::aggregate(&call.function).is_some_and(|function| function.results == Results::EachArgument);
    match call.args.get(at) {
        Some(arg) if each_argument => arg.ty,
        _ => call.ty,
    }
}

impl BoundCall {
    pub(super) fn new(call: &AggregateCall, scope: &mut Scope<'_>) -> Result<BoundCall, EvalError> {
        let function = crate::aggregate(&call.function)
            .ok_or_else(|| error(format!("there is no aggregate function {}()", call.function)))?;
        let args = call.args.iter().map(|arg| scope.bind(arg)).collect::<Result<_, _>>()?;
        Ok(BoundCall { function, args, ty: call.ty })
    }

    pub(super) fn start(&self) -> Box<dyn Accumulator> {
        (self.function.start)(self.ty)
    }

    /// Feeds the arguments of a row to an accumulator.
    pub(super) fn add(&self, accumulator: &mut dyn Accumulator, env: &mut Env<'_>, row: &[Value]) {
        match self.args.as_slice() {
            [] => accumulator.add(&[]),
            [arg] => accumulator.add(&[arg.value(env, row)]),
            args => {
                let args: Vec<Value> = args.iter().map(|arg| arg.value(env, row)).collect();
                accumulator.add(&args);
            }
        }
    }
}

/// The accumulators of a new group.
pub(super) fn start(aggregates: &[BoundAggregate]) -> Group {
    aggregates.iter().flat_map(|aggregate| &aggregate.calls).map(BoundCall::start).collect()
}

/// Feeds a row to a group.
pub(super) fn add(aggregates: &[BoundAggregate], group: &mut Group, env: &mut Env<'_>, row: &[Value]) {
    let calls = aggregates.iter().flat_map(|aggregate| &aggregate.calls);
    calls.zip(group).for_each(|(call, accumulator)| call.add(accumulator.as_mut(), env, row));
}

/// Appends the results of a group to a row.
pub(super) fn finish(aggregates: &[BoundAggregate], mut group: Group, env: &mut Env<'_>, row: &mut Row) {
    let mut rest = group.as_mut_slice();
    for aggregate in aggregates {
        let (mine, others) = rest.split_at_mut(aggregate.calls.len());
        aggregate.finish(mine, env, row);
        rest = others;
    }
}

#[derive(Debug)]
struct Summarize {
    keys: Vec<Expression>,
    aggregates: Vec<BoundAggregate>,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl Operate for Summarize {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        let mut gathered = Gathered::new(self);
        gathered.add(env, input)?;
        Box::new(gathered).finish(env)
    }

    fn gather(&self) -> Option<Box<dyn Gather + '_>> {
        // Window functions need all rows at once.
        self.windows.is_empty().then(|| Box::new(Gathered::new(self)) as Box<dyn Gather + '_>)
    }
}

/// Rows after which is looked at what the groups take.
const LOOK: usize = 256;
/// What a group takes besides its key, which is held twice, and an accumulator besides what it gathers.
const GROUP: u64 = 80;
const ACCUMULATOR: u64 = 96;

/// Bytes that the accumulators of a group have gathered.
fn bytes(group: &Group) -> u64 {
    group.iter().map(|accumulator| accumulator.bytes()).sum()
}

/// The groups of the rows so far.
struct Gathered<'s> {
    operator: &'s Summarize,
    groups: Groups,
}

impl<'s> Gathered<'s> {
    fn new(operator: &'s Summarize) -> Gathered<'s> {
        let mut groups = Groups::default();
        if operator.keys.is_empty() {
            // Without keys there is one group even where there is no row.
            groups.at(Vec::new(), &operator.aggregates);
        }
        Gathered { operator, groups }
    }
}

impl Gather for Gathered<'_> {
    fn add(&mut self, env: &mut Env<'_>, part: Table) -> Result<(), EvalError> {
        let Summarize { keys, aggregates, .. } = self.operator;
        for rows in part.rows.chunks(LOOK) {
            let mut grown = 0_i64;
            for row in rows {
                let key: Row = keys.iter().map(|key| key.value(env, row)).collect();
                let groups = self.groups.list.len();
                let at = self.groups.at(key, aggregates);
                let (key, group) = &mut self.groups.list[at];
                if at == groups {
                    grown += (2 * memory::of_row(key) + GROUP + ACCUMULATOR * group.len() as u64) as i64;
                }
                let before = bytes(group);
                add(aggregates, group, env, row);
                grown += bytes(group) as i64 - before as i64;
            }
            let memory = &mut env.context.memory;
            memory.release_to(memory.held().saturating_sub(grown.min(0).unsigned_abs()));
            memory.hold(|| grown.max(0).unsigned_abs())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, env: &mut Env<'_>) -> Result<Table, EvalError> {
        let Gathered { operator, groups } = *self;
        let rows = groups.list.into_iter().map(|(mut row, group)| {
            finish(&operator.aggregates, group, env, &mut row);
            row
        });
        let rows = rows.collect();
        Ok(Table { columns: operator.columns.clone(), rows })
    }
}

/// Groups in the order of their first rows, with the key of each as its first row had it.
#[derive(Default)]
pub(super) struct Groups {
    index: HashMap<Vec<Key>, usize>,
    pub(super) list: Vec<(Row, Group)>,
}

impl Groups {
    /// The position of the group of this key, which is started when it is new.
    pub(super) fn at(&mut self, key: Row, aggregates: &[BoundAggregate]) -> usize {
        let hashed: Vec<Key> = key.iter().map(Key::of).collect();
        *self.index.entry(hashed).or_insert_with(|| {
            self.list.push((key, start(aggregates)));
            self.list.len() - 1
        })
    }
}
