//! Whether a tick's rows can be evaluated part by part where they would take more memory than there is.
//!
//! ```text
//! join … on k | summarize … by k     |  where n > 5 | top 10 by n
//! rows of different k never meet     |  over what all parts gave, whatever its order
//! ```
//!
//! That asks less than a [partition key](super::partition) does: the output of all parts comes together again before
//! alerts are made of it. The first stages of the query may be those that a key parts; behind them may stand what gives
//! the same whatever order rows come in. A final `sort` stays behind, because it sorts what all parts gave.

use super::compiled::Input;
use super::is_row_local;
use super::partition::{self, Flow};
use super::reads::Reads;
use rule_model::parting::Parting;
use rule_model::plan::{AggregateColumn, Expr, Operator, Plan, Stage};

/// Finds how a tail over these inputs can be evaluated in parts; else a sentence that says why not, whose subject,
/// the rule, is left out.
pub(super) fn find(tail: &Plan, inputs: &[Input]) -> Result<Parting, String> {
    let bindings = partition::bindings(tail)?;
    let mut flows = vec![partition::source(&tail.root, &bindings)?];
    let mut reason = None;
    for stage in &tail.root.stages {
        let before: Flow = flows.last().cloned().unwrap_or_default();
        match partition::after(stage, before, &bindings) {
            Ok(flow) => flows.push(flow),
            Err(why) => {
                reason = Some(why);
                break;
            }
        }
    }
    let stages = before_order(&tail.root.stages, flows.len() - 1);
    let (first, rest) = tail.root.stages.split_at(stages);
    if !rest.iter().all(|stage| is_free_of_order(&stage.operator)) {
        return Err(reason.unwrap_or_else(|| "depends on the order of its rows".to_owned()));
    }
    if !rest.is_empty() && first.last().is_some_and(|stage| stage.open) {
        return Err("has columns that only the data tells".to_owned());
    }
    let flow = flows.get(stages).cloned().unwrap_or_default();
    let mut keys = flow.complete_keys();
    // Rows that share all keys share any of them: one of a column that is not kept is done without.
    keys.retain(|key| {
        inputs.iter().enumerate().all(|(number, input)| {
            key.of_inputs.get(&number).is_some_and(|key| Reads::of(key).only(|column| keeps(input, column)))
        })
    });
    let of_input = |input: usize| -> Option<Vec<Expr>> {
        keys.iter().map(|key| key.of_inputs.get(&input).cloned()).collect()
    };
    let of_inputs: Option<Vec<Vec<Expr>>> = (0..inputs.len()).map(of_input).collect();
    match of_inputs.filter(|_| !keys.is_empty()) {
        Some(of_inputs) => {
            let columns = keys.iter().map(|key| flow.column_of(key).cloned()).collect();
            Ok(Parting { stages, keys: of_inputs, columns })
        }
        None => Err(reason.unwrap_or_else(|| "puts together no rows that share a key".to_owned())),
    }
}

/// Whether a column is kept of an input.
fn keeps(input: &Input, column: &str) -> bool {
    input.kept().iter().any(|field| field.name == column)
}

/// How many of the first `until` stages come before the sort whose order the last of them would hand on.
fn before_order(stages: &[Stage], until: usize) -> usize {
    let of_order = stages[..until]
        .iter()
        .rev()
        .take_while(|stage| matches!(stage.operator, Operator::Sort(_)) || is_row_local(&stage.operator));
    let sorts = of_order.enumerate().filter(|(_, stage)| matches!(stage.operator, Operator::Sort(_)));
    sorts.last().map_or(until, |(back, _)| until - back - 1)
}

/// Whether an operator gives the same rows whatever order its input has, and asks no other query.
fn is_free_of_order(operator: &Operator) -> bool {
    match operator {
        Operator::Sort(keys) => keys.iter().all(|key| is_of_its_row(&key.value)),
        Operator::Top { rows, keys } => {
            is_of_its_row(rows) && keys.iter().all(|key| is_of_its_row(&key.value))
        }
        Operator::Summarize { aggregates, by } => {
            by.iter().all(|key| is_of_its_row(&key.value)) && aggregates.iter().all(is_of_a_set)
        }
        operator => is_row_local(operator),
    }
}

/// Whether an aggregate is of the rows as a set. Sums are not: those of reals depend on the order of adding.
fn is_of_a_set(column: &AggregateColumn) -> bool {
    let of_a_set =
        ["count", "countif", "dcount", "dcountif", "count_distinct", "min", "max", "minif", "maxif"];
    let is_plain = |args: &[Expr]| args.iter().all(is_of_its_row);
    column.expression.iter().all(is_of_its_row)
        && column.calls.iter().all(|call| of_a_set.contains(&call.function.as_str()) && is_plain(&call.args))
}

fn is_of_its_row(expr: &Expr) -> bool {
    Reads::of(expr).is_row_local()
}
