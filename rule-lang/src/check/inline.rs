//! Bindings that are read once are put in line, so that a plan reads like the query and filters stay with their table.

use rule_model::plan::{
    AggregateColumn, Assignment, Evaluate, Expr, ExprKind, Operator, Plan, Query, SortKey, Source, Union,
};

/// Whether a query reads the rows that an enclosing operator hands in, and so has no meaning elsewhere.
pub(super) fn reads_input(query: &Query) -> bool {
    let mut query = query.clone();
    let mut found = false;
    own_input(&mut query, &mut found);
    found
}

/// The inputs of subqueries of `mv-apply` and `partition`, and of a union's first part, are their own.
fn own_input(query: &mut Query, found: &mut bool) {
    match &mut query.source {
        Source::Input => *found = true,
        Source::Query(inner) => own_input(inner, found),
        Source::Union(union) => union.inputs.iter_mut().for_each(|input| own_input(&mut input.query, found)),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Print(_)
        | Source::DataTable(_)
        | Source::Range(_) => {}
    }
    for stage in &mut query.stages {
        match &mut stage.operator {
            Operator::Join(join) => own_input(&mut join.right, found),
            Operator::Union(union) => {
                union.inputs.iter_mut().skip(1).for_each(|input| own_input(&mut input.query, found));
            }
            _ => {}
        }
    }
}

/// Puts each binding in line that is read exactly once and need not stay, and drops those that nothing reads.
pub(super) fn inline_single_uses(mut plan: Plan, keep: &[bool]) -> Plan {
    let mut uses = vec![0_usize; plan.bindings.len()];
    count(&mut plan.root, &mut uses);
    for at in (0..plan.bindings.len()).rev() {
        // Later bindings may read earlier ones, never the reverse: what nothing reads counts for nothing.
        if uses[at] > 0 {
            let mut binding = plan.bindings[at].clone();
            count(&mut binding, &mut uses);
        }
    }
    let stays = |at: usize| uses[at] > 1 || (uses[at] == 1 && keep.get(at).copied().unwrap_or(false));
    let mut resolved: Vec<Query> = Vec::new();
    let mut numbers = Vec::new();
    let mut kept = 0;
    for (at, mut binding) in plan.bindings.into_iter().enumerate() {
        visit(&mut binding, &mut |query| substitute(query, &resolved, &numbers));
        resolved.push(binding);
        numbers.push(stays(at).then(|| {
            kept += 1;
            kept - 1
        }));
    }
    visit(&mut plan.root, &mut |query| substitute(query, &resolved, &numbers));
    let bindings = resolved
        .into_iter()
        .zip(&numbers)
        .filter(|(_, number)| number.is_some())
        .map(|(query, _)| query)
        .collect();
    Plan { bindings, root: plan.root, visible: plan.visible }
}

fn count(query: &mut Query, uses: &mut [usize]) {
    visit(query, &mut |query| {
        if let Source::Binding(at) = query.source
            && let Some(uses) = uses.get_mut(at)
        {
            *uses += 1;
        }
    });
}

/// Replaces the source of a query, where it is a binding, by the binding's new number or by its operators.
fn substitute(query: &mut Query, bindings: &[Query], numbers: &[Option<usize>]) {
    let Source::Binding(at) = query.source else { return };
    match (numbers.get(at), bindings.get(at)) {
        (Some(Some(number)), _) => query.source = Source::Binding(*number),
        (Some(None), Some(binding)) => {
            let later = std::mem::take(&mut query.stages);
            *query = binding.clone();
            query.stages.extend(later);
        }
        _ => {}
    }
}

/// Does something with a query and all queries within it, the inner ones first.
pub(super) fn visit(query: &mut Query, act: &mut impl FnMut(&mut Query)) {
    visit_source(&mut query.source, act);
    for stage in &mut query.stages {
        visit_operator(&mut stage.operator, act);
    }
    act(query);
}

fn visit_source(source: &mut Source, act: &mut impl FnMut(&mut Query)) {
    match source {
        Source::Print(values) => visit_exprs(values, act),
        Source::Range(bounds) => visit_exprs(bounds.as_mut_slice(), act),
        Source::Union(union) => visit_union(union, act),
        Source::Query(inner) => visit(inner, act),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Input
        | Source::DataTable(_) => {}
    }
}

fn visit_union(union: &mut Union, act: &mut impl FnMut(&mut Query)) {
    union.inputs.iter_mut().for_each(|input| visit(&mut input.query, act));
}

fn visit_operator(operator: &mut Operator, act: &mut impl FnMut(&mut Query)) {
    match operator {
        Operator::Where(e) | Operator::Take(e) => visit_expr(e, act),
        Operator::Extend(items) | Operator::Project(items) | Operator::Serialize(items) => {
            visit_assignments(items, act);
        }
        Operator::Summarize { aggregates, by } => {
            for aggregate in aggregates {
                visit_aggregate(aggregate, act);
            }
            visit_assignments(by, act);
        }
        Operator::Join(join) => {
            visit(&mut join.right, act);
            for (left, right) in &mut join.on {
                visit_expr(left, act);
                visit_expr(right, act);
            }
        }
        Operator::Union(union) => visit_union(union, act),
        Operator::MvExpand(expand) => expand.columns.iter_mut().for_each(|c| visit_expr(&mut c.value, act)),
        Operator::MvApply(apply) => {
            apply.expand.columns.iter_mut().for_each(|c| visit_expr(&mut c.value, act));
            visit(&mut apply.body, act);
        }
        Operator::Sort(keys) => visit_keys(keys, act),
        Operator::Top { rows, keys } => {
            visit_expr(rows, act);
            visit_keys(keys, act);
        }
        Operator::Parse(parse) => visit_expr(&mut parse.value, act),
        Operator::ParseKv(parse) => visit_expr(&mut parse.value, act),
        Operator::MakeSeries(series) => {
            series.aggregates.iter_mut().for_each(|(aggregate, _)| visit_aggregate(aggregate, act));
            visit_expr(&mut series.axis.value, act);
            series.from.iter_mut().chain(&mut series.to).for_each(|e| visit_expr(e, act));
            visit_expr(&mut series.step, act);
            visit_assignments(&mut series.by, act);
        }
        Operator::Evaluate(plugin) => match &mut **plugin {
            Evaluate::Pivot { aggregate, .. } => visit_exprs(&mut aggregate.args, act),
            Evaluate::IpLookup { lookup, address, .. } => {
                visit(lookup, act);
                visit_expr(address, act);
            }
            Evaluate::RowsNear { predicate, .. } => visit_expr(predicate, act),
            Evaluate::BagUnpack { .. } | Evaluate::Narrow | Evaluate::Windows(_) => {}
        },
        Operator::Partition { body, .. } => visit(body, act),
        Operator::Sample { rows, of } => {
            visit_expr(rows, act);
            if let Some(of) = of {
                visit_expr(&mut of.value, act);
            }
        }
        Operator::TopNested(levels) => {
            for level in levels {
                level.rows.iter_mut().for_each(|rows| visit_expr(rows, act));
                visit_expr(&mut level.key.value, act);
                visit_aggregate(&mut level.aggregate, act);
            }
        }
        Operator::Scan(scan) => {
            for step in &mut scan.steps {
                visit_expr(&mut step.condition, act);
                visit_assignments(&mut step.assignments, act);
            }
        }
        Operator::ProjectOpen(_) | Operator::GetSchema => {}
    }
}

fn visit_aggregate(aggregate: &mut AggregateColumn, act: &mut impl FnMut(&mut Query)) {
    aggregate.calls.iter_mut().for_each(|call| visit_exprs(&mut call.args, act));
    aggregate.expression.iter_mut().for_each(|e| visit_expr(e, act));
}

fn visit_assignments(items: &mut [Assignment], act: &mut impl FnMut(&mut Query)) {
    for item in items {
        visit_expr(&mut item.value, act);
    }
}

fn visit_keys(keys: &mut [SortKey], act: &mut impl FnMut(&mut Query)) {
    for key in keys {
        visit_expr(&mut key.value, act);
    }
}

fn visit_exprs(exprs: &mut [Expr], act: &mut impl FnMut(&mut Query)) {
    for e in exprs {
        visit_expr(e, act);
    }
}

fn visit_expr(e: &mut Expr, act: &mut impl FnMut(&mut Query)) {
    match &mut e.kind {
        ExprKind::Property(base, _) => visit_expr(base, act),
        ExprKind::Element(base, index) => {
            visit_expr(base, act);
            visit_expr(index, act);
        }
        ExprKind::Call(_, args) => visit_exprs(args, act),
        ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) => visit(query, act),
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::WholeRow { .. } => {}
    }
}
