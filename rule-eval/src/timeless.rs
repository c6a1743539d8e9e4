//! Whether what a query gives depends on when it is evaluated, or on chance.

use crate::function::Stability;
use rule_model::plan::{Expr, ExprKind, Plan, Query, Source, UnionInput};

/// Whether a plan gives the same over the same tables whenever it is evaluated.
pub fn is_timeless(plan: &Plan) -> bool {
    plan.bindings.iter().chain([&plan.root]).all(is_query_timeless)
}

/// The same of a query, which may read what is handed in.
pub fn is_query_timeless(query: &Query) -> bool {
    let of_union = |inputs: &[UnionInput]| inputs.iter().all(|input| is_query_timeless(&input.query));
    let of_source = match &query.source {
        Source::Query(inner) => is_query_timeless(inner),
        Source::Union(union) => of_union(&union.inputs),
        Source::Print(exprs) => exprs.iter().all(is_expr_timeless),
        Source::Range(exprs) => exprs.iter().all(is_expr_timeless),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Input
        | Source::DataTable(_) => true,
    };
    of_source
        && query.stages.iter().all(|stage| {
            stage.operator.exprs().into_iter().all(is_expr_timeless)
                && stage.operator.queries().into_iter().all(is_query_timeless)
        })
}

fn is_expr_timeless(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::WholeRow { .. } => true,
        ExprKind::Property(inner, _) => is_expr_timeless(inner),
        ExprKind::Element(inner, index) => is_expr_timeless(inner) && is_expr_timeless(index),
        ExprKind::Call(function, args) => {
            let stability = crate::function(function).map(|entry| entry.stability);
            !matches!(stability, Some(Stability::Query | Stability::Volatile))
                && args.iter().all(is_expr_timeless)
        }
        ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) => is_query_timeless(query),
    }
}
