//! Conditions on times that are told from now, as of one time: `TimeGenerated > ago(1d)`.
//!
//! Whether two of them exclude each other does not depend on when they are asked, as long as no time is told otherwise.

use super::super::inline;
use crate::walk;
use rule_eval::Context;
use rule_model::plan::{Expr, ExprKind, Operator, Plan};
use rule_model::{DateTime, Value};

/// The plan with the times of its `where`s that are told from now as of one time; `None` where there is none, or another
/// time is told by date.
pub(super) fn at_one_time(plan: &Plan) -> Option<Plan> {
    let (mut is_relative, mut is_absolute) = (false, false);
    for query in walk::queries(plan) {
        for expr in query.stages.iter().flat_map(|stage| walk::of_operator(&stage.operator)) {
            walk::expressions(expr, &mut |expr| match &expr.kind {
                ExprKind::Call(function, _) => is_relative |= function == "ago" || function == "now",
                ExprKind::Literal(Value::DateTime(_)) => is_absolute = true,
                _ => {}
            });
        }
    }
    if !is_relative || is_absolute {
        return None;
    }
    let mut plan = plan.clone();
    let mut fix = |query: &mut rule_model::plan::Query| {
        for stage in &mut query.stages {
            if let Operator::Where(predicate) = &mut stage.operator {
                fix_times(predicate);
            }
        }
    };
    plan.bindings.iter_mut().for_each(|query| inline::visit(query, &mut fix));
    inline::visit(&mut plan.root, &mut fix);
    Some(plan)
}

/// Puts values in the place of `now()`, `ago(…)` of a constant, and of sums of these.
fn fix_times(expr: &mut Expr) {
    let ExprKind::Call(function, args) = &mut expr.kind else { return };
    args.iter_mut().for_each(fix_times);
    if !matches!(function.as_str(), "now" | "ago" | "+" | "-") {
        return;
    }
    let literal = |arg: &Expr| match &arg.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        _ => None,
    };
    let values: Option<Vec<Value>> = args.iter().map(literal).collect();
    if let (Some(values), Some(function)) = (values, rule_eval::function(function)) {
        let value = rule_eval::call(function, &mut Context::at(DateTime::UNIX_EPOCH), &values);
        expr.kind = ExprKind::Literal(value);
    }
}
