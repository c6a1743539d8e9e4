//! The filter prefix of a query: the conditions that one event of a table can be tested for by itself.
//!
//! ```text
//! where a and b | extend x = f(c) | where d and x > 1   ──>   prefix [a, b, d]   rest: extend x | where x > 1
//! ```

use super::reads::Reads;
use rule_model::plan::{Expr, ExprKind, Field, Operator, Stage};
use std::collections::HashSet;

/// When a rule's conditions are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Once, as the event passes: `now()` is that moment.
    AsItPasses,
    /// Of the events that a tick sees: `now()` is the tick, so that what depends on it stays in the rest.
    AtTicks,
}

/// Takes the conditions on columns of the source itself out of `stages`; they come out in order.
pub(super) fn take(fields: &[Field], stages: &mut Vec<Stage>, asked: Asked) -> Vec<Expr> {
    let mut sources: HashSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let mut prefix = Vec::new();
    let mut rest: Vec<Stage> = Vec::new();
    let mut remaining = std::mem::take(stages).into_iter();
    for stage in remaining.by_ref() {
        match &stage.operator {
            // What numbers rows or looks at their neighbours sees those that a filter behind it drops.
            Operator::Where(predicate) if Reads::of(predicate).window => {
                rest.push(stage);
                break;
            }
            Operator::Extend(assignments) if assignments.iter().any(|it| Reads::of(&it.value).window) => {
                rest.push(stage);
                break;
            }
            Operator::Where(predicate) => {
                let (own, later) = split(predicate, &sources, rest.is_empty(), asked);
                prefix.extend(own);
                if let Some(predicate) = conjunction(later) {
                    rest.push(Stage { operator: Operator::Where(predicate), ..stage });
                }
            }
            Operator::Extend(assignments) => {
                for assignment in assignments {
                    sources.remove(assignment.name.as_str());
                }
                rest.push(stage);
            }
            // What passes a filter behind it passes before it.
            Operator::Sort(_) => rest.push(stage),
            _ => {
                rest.push(stage);
                break;
            }
        }
    }
    rest.extend(remaining);
    *stages = rest;
    prefix
}

/// The conjuncts that can be tested on the source's own columns, and the others. Past an `extend` only what depends
/// on nothing but those columns may be moved before it.
fn split(predicate: &Expr, sources: &HashSet<&str>, is_first: bool, asked: Asked) -> (Vec<Expr>, Vec<Expr>) {
    conjuncts(predicate).into_iter().cloned().partition(|conjunct| {
        let reads = Reads::of(conjunct);
        let in_time = asked == Asked::AsItPasses || !reads.unstable;
        (is_first && reads.is_row_local() && !reads.whole_row && in_time)
            || reads.only(|column| sources.contains(column))
    })
}

/// The operands of nested `and`s.
pub(crate) fn conjuncts(predicate: &Expr) -> Vec<&Expr> {
    match &predicate.kind {
        ExprKind::Call(function, args) if function == "and" => args.iter().flat_map(conjuncts).collect(),
        _ => vec![predicate],
    }
}

/// All of `conjuncts` with `and` between.
pub(super) fn conjunction(conjuncts: Vec<Expr>) -> Option<Expr> {
    conjuncts.into_iter().reduce(|left, right| {
        let (ty, span) = (left.ty, left.span.to(right.span));
        Expr::call("and", vec![left, right], ty, span)
    })
}
