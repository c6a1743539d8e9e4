//! Queries that hold few rows at a time, however many they read.
//!
//! ```text
//! T | where … | extend … | summarize n = count(), max(t) | where n > 100
//!     └ row by row ────┘   └ one row ──────────────────────────────────┘
//! ```

use super::{asked, is_row_local, reads::Reads};
use rule_model::plan::{AggregateColumn, Expr, ExprKind, Operator, Plan, Query, Source, Stage};

/// The tail of a rule.
pub(super) struct Tail<'t>(pub(super) &'t Plan);

/// Rows that are few.
const FEW: i64 = 1000;

/// Aggregates whose accumulators do not grow with the rows.
const OF_ONE_SIZE: [&str; 32] = [
    "count",
    "countif",
    "sum",
    "sumif",
    "avg",
    "avgif",
    "variance",
    "varianceif",
    "variancep",
    "variancepif",
    "stdev",
    "stdevif",
    "stdevp",
    "covariance",
    "covarianceif",
    "covariancep",
    "covariancepif",
    "binary_all_and",
    "binary_all_or",
    "binary_all_xor",
    "min",
    "minif",
    "max",
    "maxif",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "take_any",
    "take_anyif",
    "any",
    "anyif",
];

impl Tail<'_> {
    /// Whether it holds few rows besides those that it gives and what its expressions ask of other queries.
    pub(super) fn holds_few(&self) -> bool {
        comes_row_by_row(&self.0.root) || self.is_few(&self.0.root)
    }

    /// Whether what they ask is few rows, and made of few at a time.
    pub(super) fn answers_are_few(&self) -> bool {
        let mut asked = asked::of_plan(self.0);
        while let Some(query) = asked.pop() {
            if asked::reads_events(query) && !self.is_few(query) {
                return false;
            }
            asked.extend(asked::of_query(query));
        }
        true
    }

    fn is_few(&self, query: &Query) -> bool {
        let behind = match &query.source {
            source if hands_out(source) => {
                let at = query.stages.iter().take_while(|stage| is_row_by_row(stage)).count();
                let operator = |at: usize| query.stages.get(at).map(|stage| &stage.operator);
                match (operator(at), operator(at + 1)) {
                    // Evaluated as `top`.
                    (Some(Operator::Sort(keys)), Some(Operator::Take(rows)))
                        if is_small(rows) && keys.iter().all(|key| is_plain(&key.value)) =>
                    {
                        at + 2
                    }
                    (Some(operator), _) if gathers_few(operator) => at + 1,
                    _ => return false,
                }
            }
            Source::Binding(index) => match self.0.bindings.get(*index) {
                Some(binding) if self.is_few(binding) => 0,
                _ => return false,
            },
            Source::Query(inner) if self.is_few(inner) => 0,
            Source::Union(union) if union.inputs.iter().all(|input| self.is_few(&input.query)) => 0,
            Source::Query(_) | Source::Union(_) => return false,
            // Of no events: as many as the rule says, or a file that is held anyway.
            Source::Table(_)
            | Source::OpenTable(_)
            | Source::Input
            | Source::Print(_)
            | Source::DataTable(_)
            | Source::Range(_) => 0,
        };
        let further = query.stages.iter().skip(behind).flat_map(|stage| stage.operator.queries());
        further.into_iter().all(|query| self.is_few(query))
    }
}

/// Whether a query hands out what it makes of events without gathering it.
fn comes_row_by_row(query: &Query) -> bool {
    hands_out(&query.source) && query.stages.iter().all(is_row_by_row)
}

/// The same of a source.
fn hands_out(source: &Source) -> bool {
    match source {
        Source::Table(name) => name.starts_with('$'),
        Source::Union(union) => union.inputs.iter().all(|input| comes_row_by_row(&input.query)),
        Source::Query(inner) => comes_row_by_row(inner),
        _ => false,
    }
}

/// Whether an operator lets go of each row before it takes the next.
fn is_row_by_row(stage: &Stage) -> bool {
    let looks_at_others = match &stage.operator {
        Operator::Evaluate(_) => true,
        Operator::Where(predicate) => Reads::of(predicate).window,
        Operator::Extend(columns) | Operator::Project(columns) => {
            columns.iter().any(|column| Reads::of(&column.value).window)
        }
        operator => !is_row_local(operator),
    };
    !stage.open && !looks_at_others
}

/// Whether an operator holds and gives few rows, however many come.
fn gathers_few(operator: &Operator) -> bool {
    let is_of_one_size = |column: &AggregateColumn| {
        column.calls.iter().all(|call| OF_ONE_SIZE.contains(&call.function.as_str()))
    };
    match operator {
        Operator::Summarize { aggregates, by } => {
            by.is_empty()
                && aggregates.iter().all(is_of_one_size)
                && operator.exprs().into_iter().all(is_plain)
        }
        Operator::Top { rows, keys } => is_small(rows) && keys.iter().all(|key| is_plain(&key.value)),
        Operator::Take(rows) => is_small(rows),
        _ => false,
    }
}

fn is_plain(expr: &Expr) -> bool {
    !Reads::of(expr).window
}

fn is_small(rows: &Expr) -> bool {
    match &rows.kind {
        ExprKind::Literal(rows) => rows.as_i64().is_some_and(|rows| rows <= FEW),
        _ => false,
    }
}
