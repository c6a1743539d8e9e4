//! The key by which a join finds the rows of one of its sides.
//!
//! ```text
//! F | where … | join kind=inner (T | extend k = f(c)) on k      ──>     rows of T are found by f(c)
//! ```
//!
//! Rows of a side that match nothing do not show where the kind of join does not preserve that side, so that only rows
//! of the other side's keys need be looked at. That holds past the operators between table and join as long as what they
//! make of the rows of a key does not depend on rows of other keys: past filters, computed columns, expansions, and past a
//! `summarize` whose groups have one key each. The key is then traced back to an expression over the table's own columns.

use super::compiled::{Input, Lookup};
use super::reads::Reads;
use rule_model::plan::{
    Assignment, Expr, ExprKind, Join, JoinKind, Name, Operator, Plan, Query, Source, Stage,
};

/// Finds the inputs that joins look up, which the plan calls `$` and their position.
pub(super) fn find(inputs: &mut [Input], tail: &Plan) {
    for query in tail.bindings.iter().chain([&tail.root]) {
        in_query(query, inputs);
    }
}

/// The joins of a query and of the queries that it puts together. Not those that operators run for each of their rows:
/// there, finding rows again and again would cost more than having all.
fn in_query(query: &Query, inputs: &mut [Input]) {
    match &query.source {
        Source::Query(inner) => in_query(inner, inputs),
        Source::Union(union) => union.inputs.iter().for_each(|input| in_query(&input.query, inputs)),
        _ => {}
    }
    let mut is_first = true;
    for (at, stage) in query.stages.iter().enumerate() {
        match &stage.operator {
            Operator::Join(join) => {
                in_query(&join.right, inputs);
                in_join(query, at, join, is_first, inputs);
                is_first = false;
            }
            Operator::Union(union) => union.inputs.iter().for_each(|input| in_query(&input.query, inputs)),
            _ => {}
        }
    }
}

/// One side of a join is looked up: one without conditions of its own where the other has some, else the right.
fn in_join(query: &Query, at: usize, join: &Join, is_first: bool, inputs: &mut [Input]) {
    let right = || {
        let keys = join.on.iter().map(|(_, right)| right.clone()).collect();
        let has_join = join.right.stages.iter().any(|stage| matches!(stage.operator, Operator::Join(_)));
        (!preserves_right(join.kind) && !has_join).then(|| trace(&join.right.stages, keys)).flatten()
    };
    let left = || {
        let keys = join.on.iter().map(|(left, _)| left.clone()).collect();
        (!preserves_left(join.kind) && is_first).then(|| trace(&query.stages[..at], keys)).flatten()
    };
    let (of_left, of_right) = (input(query), input(&join.right));
    let is_filtered = |input: Option<usize>| input.and_then(|at| inputs.get(at)).is_some_and(has_conditions);
    // Where the left is no table itself, its rows are taken to be few: something has been made of them.
    let (left_filtered, right_filtered) = (of_left.is_none() || is_filtered(of_left), is_filtered(of_right));
    let sides = [
        (of_right, right(), left_filtered && !right_filtered),
        (of_left, left(), right_filtered && !left_filtered),
    ];
    let wanted = sides.iter().position(|(_, _, rereads)| *rereads).unwrap_or(0);
    let [first, second] = sides;
    let (chosen, other) = if wanted == 0 { (first, second) } else { (second, first) };
    for (position, key, rereads) in [chosen, other] {
        if let (Some(input), Some(key)) = (position.and_then(|at| inputs.get_mut(at)), key) {
            input.lookup = Some(Lookup { key, rereads });
            return;
        }
    }
}

/// The position of the input that a query begins with.
fn input(query: &Query) -> Option<usize> {
    match &query.source {
        Source::Table(name) => name.strip_prefix('$')?.parse().ok(),
        _ => None,
    }
}

fn has_conditions(input: &Input) -> bool {
    !input.accepts.is_empty() || !input.matches.is_empty()
}

/// Whether rows of the right side come out that match nothing.
fn preserves_right(kind: JoinKind) -> bool {
    matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::RightAnti)
}

/// Whether rows of the left side come out that match nothing.
fn preserves_left(kind: JoinKind) -> bool {
    matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter | JoinKind::LeftAnti)
}

/// Key expressions behind these stages as expressions over the columns before them; `None` where there are none, or
/// where rows of other keys have a say.
pub(super) fn trace(stages: &[Stage], mut keys: Vec<Expr>) -> Option<Vec<Expr>> {
    for stage in stages.iter().rev() {
        match &stage.operator {
            Operator::Where(predicate) if is_plain(predicate) => {}
            Operator::Sort(_) => {}
            Operator::Extend(assignments) | Operator::Serialize(assignments) => {
                assignments.iter().all(|assignment| is_plain(&assignment.value)).then_some(())?;
                keys = substituted(&keys, assignments, |name| Some(name.clone()))?;
            }
            Operator::Project(assignments) => {
                assignments.iter().all(|assignment| is_plain(&assignment.value)).then_some(())?;
                keys = substituted(&keys, assignments, |_| None)?;
            }
            Operator::Summarize { by, .. } => keys = substituted(&keys, by, |_| None)?,
            Operator::MvExpand(expand) => {
                let made = expand.columns.iter().map(|column| column.name.as_str());
                let made: Vec<&str> = made.chain(expand.item_index.as_deref()).collect();
                passes_by(&keys, &made)?;
            }
            Operator::MvApply(apply) => {
                let made = apply.body.output().iter().map(|field| field.name.as_str());
                let expanded = apply.expand.columns.iter().map(|column| column.name.as_str());
                passes_by(&keys, &made.chain(expanded).collect::<Vec<_>>())?;
            }
            _ => return None,
        }
    }
    keys.iter().all(is_key).then_some(keys)
}

/// The keys over the columns before an operator that assigns columns; others are given by `others`.
fn substituted(
    keys: &[Expr],
    assignments: &[Assignment],
    others: impl Fn(&Name) -> Option<Name>,
) -> Option<Vec<Expr>> {
    let mut keys = keys.to_vec();
    keys.iter_mut().try_for_each(|key| substitute(key, assignments, &others))?;
    Some(keys)
}

/// Puts what `assignments` assign in the place of their columns; others are given by `others`.
pub(super) fn substitute(
    expr: &mut Expr,
    assignments: &[Assignment],
    others: &impl Fn(&Name) -> Option<Name>,
) -> Option<()> {
    match &mut expr.kind {
        ExprKind::Column(name) => {
            match assignments.iter().find(|assignment| assignment.name == *name) {
                Some(assignment) => *expr = assignment.value.clone(),
                None => *name = others(name)?,
            }
            Some(())
        }
        ExprKind::Property(inner, _) => substitute(inner, assignments, others),
        ExprKind::Element(inner, index) => {
            substitute(inner, assignments, others)?;
            substitute(index, assignments, others)
        }
        ExprKind::Call(_, args) => args.iter_mut().try_for_each(|arg| substitute(arg, assignments, others)),
        ExprKind::Literal(_) => Some(()),
        ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) | ExprKind::WholeRow { .. } => None,
    }
}

/// Whether no key reads a column that an operator makes of others.
fn passes_by(keys: &[Expr], made: &[&str]) -> Option<()> {
    keys.iter().all(|key| Reads::of(key).columns.iter().all(|column| !made.contains(column))).then_some(())
}

/// Whether the value depends on no other row.
pub(super) fn is_plain(expr: &Expr) -> bool {
    !Reads::of(expr).window
}

/// Whether a value is the same whenever it is computed, from the columns of the row alone.
pub(super) fn is_key(expr: &Expr) -> bool {
    let reads = Reads::of(expr);
    reads.is_row_local() && !reads.unstable && !reads.whole_row && !reads.columns.is_empty()
}
