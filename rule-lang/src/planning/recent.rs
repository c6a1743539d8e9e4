//! How far back from a tick an input is read, where that is less than the rule's period.
//!
//! ```text
//! T | extend … | where TimeGenerated > ago(1h) | …   ──>   of T only the last hour before a tick
//! ```
//!
//! A rule that holds the last hour against two weeks reads one table twice, once for the hour. What its conditions drop
//! need neither be kept nor looked at.

use super::compiled::Input;
use super::prefix::conjuncts;
use super::reads::Reads;
use crate::schemas::Schemas;
use rule_model::plan::{Expr, ExprKind, Name, Operator, Plan, Query, Source};
use rule_model::{Timespan, Value};
use std::collections::HashSet;

/// Finds it for the inputs that `tail` calls `$` and their position.
pub(super) fn find(inputs: &mut [Input], tail: &Plan, schemas: &Schemas) {
    for query in tail.bindings.iter().chain([&tail.root]) {
        super::across::visit(&mut query.clone(), &mut |query| {
            let Source::Table(name) = &query.source else { return };
            let position = name.strip_prefix('$').and_then(|position| position.parse::<usize>().ok());
            let Some(input) = position.and_then(|position| inputs.get_mut(position)) else { return };
            let time = schemas.find(&input.table).and_then(|schema| schema.time_column());
            input.recent = time.and_then(|time| of_query(query, time.name.as_ref().into()));
        });
    }
}

/// The least span before a tick in which rows of the query's table lie that pass the conditions on its column of time.
fn of_query(query: &Query, time: Name) -> Option<Timespan> {
    let mut times: HashSet<Name> = [time].into();
    let mut recent: Option<Timespan> = None;
    for stage in &query.stages {
        match &stage.operator {
            Operator::Where(predicate) => {
                if Reads::of(predicate).window {
                    break;
                }
                let spans = conjuncts(predicate).into_iter().filter_map(|condition| span(condition, &times));
                recent = recent.into_iter().chain(spans).min();
            }
            Operator::Extend(assignments) | Operator::Project(assignments) => {
                if assignments.iter().any(|assignment| Reads::of(&assignment.value).window) {
                    break;
                }
                let named = assignments.iter().filter(|assignment| is_one_of(&assignment.value, &times));
                let named: Vec<Name> = named.map(|assignment| assignment.name.clone()).collect();
                let is_extend = matches!(stage.operator, Operator::Extend(_));
                times.retain(|time| {
                    is_extend && assignments.iter().all(|assignment| assignment.name != *time)
                });
                times.extend(named);
            }
            Operator::Sort(_) => {}
            _ => break,
        }
    }
    recent
}

/// How far back rows may lie that meet a condition, where it says so: `time > ago(1h)` and the like.
fn span(condition: &Expr, times: &HashSet<Name>) -> Option<Timespan> {
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    let (later, earlier) = match (function.as_str(), args.as_slice()) {
        (">" | ">=", [later, earlier]) | ("<" | "<=", [earlier, later]) => (later, earlier),
        ("between", [time, from, _]) => (time, from),
        _ => return None,
    };
    is_one_of(later, times).then_some(())?;
    let ExprKind::Call(function, args) = &earlier.kind else { return None };
    match (function.as_str(), args.as_slice()) {
        ("ago", [span]) => literal(span),
        ("-", [now, span]) if matches!(&now.kind, ExprKind::Call(now, none) if now == "now" && none.is_empty()) => {
            literal(span)
        }
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<Timespan> {
    match expr.kind {
        ExprKind::Literal(Value::Timespan(span)) if span.0 >= 0 => Some(span),
        _ => None,
    }
}

fn is_one_of(expr: &Expr, columns: &HashSet<Name>) -> bool {
    matches!(&expr.kind, ExprKind::Column(name) if columns.contains(name))
}
