//! The queries that expressions ask for a value: `toscalar(…)`, the right side of `in (…)`.

use super::across::{reads_bindings, tables_of, visit};
use crate::walk;
use rule_model::plan::{Assignment, Expr, ExprKind, Operator, Plan, Query, Source, Span, Stage};

/// Those of a plan; not those within them.
pub(super) fn of_plan(plan: &Plan) -> Vec<&Query> {
    plan.bindings.iter().chain([&plan.root]).flat_map(of_query).collect()
}

/// Those of a query and of the queries that it puts together.
pub(super) fn of_query(query: &Query) -> Vec<&Query> {
    let mut found = match &query.source {
        Source::Query(inner) => of_query(inner),
        Source::Union(union) => union.inputs.iter().flat_map(|input| of_query(&input.query)).collect(),
        Source::Print(exprs) => exprs.iter().flat_map(of_expr).collect(),
        Source::Range(exprs) => exprs.iter().flat_map(of_expr).collect(),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Input
        | Source::DataTable(_) => Vec::new(),
    };
    for stage in &query.stages {
        found.extend(stage.operator.exprs().into_iter().flat_map(of_expr));
        found.extend(stage.operator.queries().into_iter().flat_map(of_query));
    }
    found
}

fn of_expr(expr: &Expr) -> Vec<&Query> {
    let mut found = Vec::new();
    walk::expressions(expr, &mut |expr| {
        if let ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) = &expr.kind {
            found.push(&**query);
        }
    });
    found
}

/// Whether a query of a tail reads events, so that what it gives depends on them.
pub(super) fn reads_events(query: &Query) -> bool {
    let mut tables = Vec::new();
    tables_of(query, &mut tables);
    tables.iter().any(|table| table.starts_with('$')) || reads_bindings(query)
}

/// Has the queries on the right side of `in (…)` and its like give each value once: it is asked for as a set, and neither
/// columns behind the first nor repetitions need be kept.
pub(super) fn give_sets(plan: &mut Plan) {
    for query in plan.bindings.iter_mut().chain([&mut plan.root]) {
        visit(query, &mut |query| {
            let operators = query.stages.iter_mut().map(|stage| &mut stage.operator);
            operators.flat_map(Operator::exprs_mut).for_each(give_sets_in);
        });
    }
}

fn give_sets_in(expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::Property(inner, _) => give_sets_in(inner),
        ExprKind::Element(inner, index) => {
            give_sets_in(inner);
            give_sets_in(index);
        }
        ExprKind::Call(_, args) => args.iter_mut().for_each(give_sets_in),
        ExprKind::FirstColumn(query) => query.stages.extend(distinct(query)),
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::ToScalar(_) | ExprKind::WholeRow { .. } => {}
    }
}

/// The `distinct` of the first column of what a query gives, where its columns are known and it is not there already.
fn distinct(query: &Query) -> Option<Stage> {
    let is_known = match query.stages.last() {
        Some(Stage { operator: Operator::Summarize { by, .. }, output, .. }) => {
            by.len() != 1 || output.len() != 1
        }
        Some(stage) => !stage.open,
        None => matches!(query.source, Source::Table(_)),
    };
    let first = query.output().first().filter(|_| is_known)?;
    let value = Expr::column(first.name.clone(), first.ty, Span::default());
    let by = vec![Assignment { name: first.name.clone(), value }];
    let operator = Operator::Summarize { aggregates: Vec::new(), by };
    Some(Stage { operator, output: vec![first.clone()], open: false, span: Span::default() })
}
