//! A checked rule to the form in which it is compiled in.
//!
//! ```text
//! typed::Rule ─> looks at one event at a time? ─yes─> prefix ─> dispatch + matches;   rest ─> row builder
//!                                              └no──> the same prefix of each table;  rest ─> tail over $0, $1 …
//! ```

mod across;
mod asked;
pub mod compiled;
mod describe;
mod dispatch;
mod few;
mod hoisted;
mod literals;
mod lookup;
mod made;
mod parting;
pub mod partition;
mod prefix;
mod pruning;
mod reads;
mod recent;
#[cfg(test)]
mod tests;
mod translated;

pub use compiled::{
    Body, Compiled, DispatchKey, Indicator, Input, Lookup, Made, OutputColumn, Parted, RowBuilder,
    StaticTable,
};
pub use partition::{Partition, PartitionKey};

use crate::rule::typed::Rule;
use crate::schemas::Schemas;
pub(crate) use across::static_tables;
use prefix::Asked;
pub(crate) use prefix::conjuncts;
use reads::Reads;
use rule_eval::timeless::is_query_timeless;
use rule_model::Schema;
use rule_model::metadata::Metadata;
use rule_model::plan::{Evaluate, Expr, Field, Operator, Plan, Query, Source, Stage};

/// Plans `rule`, whose tables are in `schemas`.
pub fn plan(rule: &Rule, schemas: &Schemas) -> Compiled {
    let plan = &rule.plan;
    Compiled {
        body: body(plan, &rule.metadata, schemas),
        columns: describe::columns(plan, &rule.query),
        visible: plan.visible,
        stages: describe::stages(plan, &rule.query),
        indicators: describe::indicators(plan),
    }
}

/// What a query does with events in a rule with this metadata.
pub fn body(plan: &Plan, metadata: &Metadata, schemas: &Schemas) -> Body {
    // Evaluated on ticks, `now()` is the tick, which is not known as the event passes.
    let may_be_local = metadata.alerts_each_row() || is_query_timeless(&plan.root);
    let local = may_be_local.then(|| row_local(plan, schemas)).flatten();
    local.unwrap_or_else(|| across::plan(plan, metadata, schemas))
}

/// The body of a rule that looks at one event of one table at a time; `None` for any other.
fn row_local(plan: &Plan, schemas: &Schemas) -> Option<Body> {
    let query = flattened(plan.root.clone());
    let Source::Table(table) = &query.source else { return None };
    let schema = schemas.find(table)?;
    if !plan.bindings.is_empty() || !query.stages.iter().all(|stage| is_row_local(&stage.operator)) {
        return None;
    }
    let mut stages = query.stages;
    let mut input = input(schema, &query.columns, &mut stages, Asked::AsItPasses);
    let is_generated = stages.iter().all(|stage| is_generated(&stage.operator));
    let root = Query { source: Source::Table("$0".into()), columns: query.columns, stages };
    let rest = Plan { bindings: Vec::new(), root, visible: plan.visible };
    prune(std::slice::from_mut(&mut input), &rest);
    let row = if is_generated { RowBuilder::Stages(rest.root.stages) } else { RowBuilder::Plan(rest) };
    Some(Body::RowLocal { input, row })
}

/// The same query without parentheses around its source.
fn flattened(mut query: Query) -> Query {
    while let Source::Query(inner) = query.source {
        let mut stages = inner.stages;
        stages.append(&mut query.stages);
        query = Query { source: inner.source, columns: inner.columns, stages };
    }
    query
}

/// The filter prefix of a query over `schema`, taken out of `stages`.
fn input(schema: &Schema, fields: &[Field], stages: &mut Vec<Stage>, asked: Asked) -> Input {
    let conditions = prefix::take(fields, stages, asked);
    let written = conditions.clone();
    let operation = schema.operation_column().map(|column| column.name.as_ref());
    let (accepts, mut keys, matches) = match operation {
        None => (Vec::new(), Vec::new(), conditions),
        Some(name) => (
            conditions.iter().filter_map(|condition| dispatch::weakened(condition, name)).collect(),
            dispatch::keys(&conditions, name),
            conditions.into_iter().filter(|condition| !dispatch::is_about(condition, name)).collect(),
        ),
    };
    if keys.is_empty() {
        keys = dispatch::field_keys(&matches, fields);
    }
    Input {
        table: schema.name.as_ref().into(),
        fields: fields.to_vec(),
        conditions: written,
        operation: operation.map(Into::into),
        accepts,
        keys,
        matches,
        columns: Vec::new(),
        made: None,
        lookup: None,
        recent: None,
    }
}

/// Whether an operator looks at one row at a time.
pub(crate) fn is_row_local(operator: &Operator) -> bool {
    let exprs = |exprs: &[&Expr]| exprs.iter().all(|expr| Reads::of(expr).is_row_local());
    match operator {
        Operator::Where(predicate) => exprs(&[predicate]),
        Operator::Extend(assignments) | Operator::Project(assignments) => {
            assignments.iter().all(|assignment| exprs(&[&assignment.value]))
        }
        Operator::MvExpand(expand) => expand.columns.iter().all(|column| exprs(&[&column.value])),
        Operator::MvApply(apply) => {
            apply.expand.columns.iter().all(|column| exprs(&[&column.value]))
                && reads_input_alone(&apply.body)
        }
        Operator::Parse(parse) => exprs(&[&parse.value]),
        Operator::ParseKv(parse) => exprs(&[&parse.value]),
        Operator::Evaluate(evaluate) => matches!(**evaluate, Evaluate::BagUnpack { .. }),
        Operator::ProjectOpen(_) => true,
        _ => false,
    }
}

/// Whether a subquery reads nothing but the rows it is handed.
fn reads_input_alone(query: &Query) -> bool {
    let mut tables = Vec::new();
    across::tables_of(query, &mut tables);
    tables.is_empty() && !across::reads_bindings(query)
}

/// Whether an operator becomes Rust: it makes at most one row of one row, of columns known beforehand.
fn is_generated(operator: &Operator) -> bool {
    let plain = |expr: &Expr| !Reads::of(expr).whole_row;
    match operator {
        Operator::Where(predicate) => plain(predicate),
        Operator::Extend(assignments) | Operator::Project(assignments) => {
            assignments.iter().all(|assignment| plain(&assignment.value))
        }
        _ => false,
    }
}

/// Leaves to each input the columns that `rest` reads of it, which names it `$` and its position.
fn prune(inputs: &mut [Input], rest: &Plan) {
    let needed = pruning::needed(rest);
    for (index, input) in inputs.iter_mut().enumerate() {
        let wanted = needed.get(format!("${index}").as_str());
        let is_read = |field: &Field| wanted.is_some_and(|wanted| wanted.has(&field.name));
        input.columns = (0..input.fields.len()).filter(|&column| is_read(&input.fields[column])).collect();
    }
}
