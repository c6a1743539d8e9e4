//! A plan's parts for those who only look: the queries of a plan, the expressions of an operator, their subexpressions.

use rule_model::plan::{
    AggregateColumn, Assignment, Evaluate, Expr, ExprKind, Figures, Name, Operator, Plan, Query, SortKey,
    Source,
};

/// All queries of a plan, those that it binds first, each before the queries within it.
pub(crate) fn queries(plan: &Plan) -> Vec<&Query> {
    let mut found = Vec::new();
    plan.bindings.iter().for_each(|query| add_query(query, &mut found));
    add_query(&plan.root, &mut found);
    found
}

/// The tables that a plan reads, each once.
pub(crate) fn tables(plan: &Plan) -> Vec<&Name> {
    let mut tables = Vec::new();
    for query in queries(plan) {
        match &query.source {
            Source::Table(name) if !tables.contains(&name) => tables.push(name),
            _ => {}
        }
    }
    tables
}

/// Visits an expression and then all expressions within it, but for those of queries.
pub(crate) fn expressions<'p>(expr: &'p Expr, visitor: &mut dyn FnMut(&'p Expr)) {
    visitor(expr);
    match &expr.kind {
        ExprKind::Property(inner, _) => expressions(inner, visitor),
        ExprKind::Element(inner, index) => {
            expressions(inner, visitor);
            expressions(index, visitor);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| expressions(arg, visitor)),
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::ToScalar(_)
        | ExprKind::FirstColumn(_)
        | ExprKind::WholeRow { .. } => {}
    }
}

/// The expressions of an operator over the rows that come in: not those of the queries within it, and of a join those
/// of the left side.
pub(crate) fn of_operator(operator: &Operator) -> Vec<&Expr> {
    match operator {
        Operator::Where(expr) | Operator::Take(expr) => vec![expr],
        Operator::Extend(assignments) | Operator::Project(assignments) | Operator::Serialize(assignments) => {
            values(assignments).collect()
        }
        Operator::Summarize { aggregates, by } => {
            aggregates.iter().flat_map(arguments).chain(values(by)).collect()
        }
        Operator::Join(join) => join.on.iter().map(|(left, _)| left).collect(),
        Operator::MvExpand(expand) => expand.columns.iter().map(|column| &column.value).collect(),
        Operator::MvApply(apply) => apply.expand.columns.iter().map(|column| &column.value).collect(),
        Operator::Sort(keys) => sorted_by(keys).collect(),
        Operator::Top { rows, keys } => std::iter::once(rows).chain(sorted_by(keys)).collect(),
        Operator::Parse(parse) => vec![&parse.value],
        Operator::ParseKv(parse) => vec![&parse.value],
        Operator::MakeSeries(series) => {
            let aggregates = series.aggregates.iter().flat_map(|(aggregate, _)| arguments(aggregate));
            let ends = [&series.from, &series.to].into_iter().flatten();
            let by = values(&series.by);
            aggregates.chain([&series.axis.value, &series.step]).chain(ends).chain(by).collect()
        }
        Operator::Evaluate(evaluate) => of_plugin(evaluate),
        Operator::Sample { rows, of } => std::iter::once(rows).chain(of.iter().map(|of| &of.value)).collect(),
        Operator::TopNested(levels) => levels
            .iter()
            .flat_map(|level| level.rows.iter().chain([&level.key.value]).chain(arguments(&level.aggregate)))
            .collect(),
        // The columns of a scan are those of the row and those that it declares.
        Operator::Scan(scan) => scan.steps.iter().map(|step| &step.condition).collect(),
        Operator::ProjectOpen(_) | Operator::Union(_) | Operator::Partition { .. } | Operator::GetSchema => {
            Vec::new()
        }
    }
}

fn of_plugin(evaluate: &Evaluate) -> Vec<&Expr> {
    match evaluate {
        Evaluate::Pivot { aggregate, .. } => aggregate.args.iter().collect(),
        Evaluate::IpLookup { address, .. } => vec![address],
        Evaluate::RowsNear { predicate, before, after } => vec![predicate, before, after],
        Evaluate::Windows(windows) => {
            let ends = [&windows.from, &windows.to].into_iter().flatten();
            let figures = match &windows.figures {
                Figures::Activity => Vec::new(),
                Figures::Sliding(span) => vec![span],
                Figures::Percentile { percentile, steps } => vec![percentile, steps],
            };
            ends.chain([&windows.step]).chain(figures).collect()
        }
        Evaluate::BagUnpack { .. } | Evaluate::Narrow => Vec::new(),
    }
}

fn values(assignments: &[Assignment]) -> impl Iterator<Item = &Expr> {
    assignments.iter().map(|assignment| &assignment.value)
}

fn sorted_by(keys: &[SortKey]) -> impl Iterator<Item = &Expr> {
    keys.iter().map(|key| &key.value)
}

fn arguments(aggregate: &AggregateColumn) -> impl Iterator<Item = &Expr> {
    aggregate.calls.iter().flat_map(|call| &call.args)
}

fn add_query<'p>(query: &'p Query, found: &mut Vec<&'p Query>) {
    found.push(query);
    match &query.source {
        Source::Query(inner) => add_query(inner, found),
        Source::Union(union) => union.inputs.iter().for_each(|input| add_query(&input.query, found)),
        Source::Print(exprs) => exprs.iter().for_each(|expr| add_queries_of(expr, found)),
        Source::Range(exprs) => exprs.iter().for_each(|expr| add_queries_of(expr, found)),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Input
        | Source::DataTable(_) => {}
    }
    for stage in &query.stages {
        of_operator(&stage.operator).into_iter().for_each(|expr| add_queries_of(expr, found));
        match &stage.operator {
            Operator::Join(join) => add_query(&join.right, found),
            Operator::Union(union) => union.inputs.iter().for_each(|input| add_query(&input.query, found)),
            Operator::MvApply(apply) => add_query(&apply.body, found),
            Operator::Partition { body, .. } => add_query(body, found),
            Operator::Evaluate(evaluate) => {
                if let Evaluate::IpLookup { lookup, .. } = &**evaluate {
                    add_query(lookup, found);
                }
            }
            _ => {}
        }
    }
}

fn add_queries_of<'p>(expr: &'p Expr, found: &mut Vec<&'p Query>) {
    expressions(expr, &mut |expr| {
        if let ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) = &expr.kind {
            add_query(query, found);
        }
    });
}
