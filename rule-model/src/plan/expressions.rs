//! The scalar expressions and the queries that stand in an operator, each once, for whoever looks at or changes them all.

use super::{AggregateColumn, Assignment, Evaluate, Expr, Figures, Operator, Query};

/// Both forms have one text, so that none can miss what the other finds.
macro_rules! parts {
    ($exprs:ident, $queries:ident, $values:ident, $of_aggregate:ident, $iter:ident, [$($mutable:tt)?]) => {
        impl Operator {
            /// The scalar expressions of the operator itself, in the order in which they are written; not those of
            /// queries within it.
            pub fn $exprs(&$($mutable)? self) -> Vec<&$($mutable)? Expr> {
                match self {
                    Operator::Where(expr) | Operator::Take(expr) => vec![expr],
                    Operator::Extend(columns) | Operator::Project(columns) | Operator::Serialize(columns) => $values(columns),
                    Operator::Summarize { aggregates, by } => {
                        aggregates.$iter().flat_map($of_aggregate).chain($values(by)).collect()
                    }
                    Operator::Join(join) => join.on.$iter().flat_map(|(left, right)| [left, right]).collect(),
                    Operator::MvExpand(expand) => expand.columns.$iter().map(|column| &$($mutable)? column.value).collect(),
                    Operator::MvApply(apply) => {
                        apply.expand.columns.$iter().map(|column| &$($mutable)? column.value).collect()
                    }
                    Operator::Sort(keys) => keys.$iter().map(|key| &$($mutable)? key.value).collect(),
                    Operator::Top { rows, keys } => {
                        std::iter::once(rows).chain(keys.$iter().map(|key| &$($mutable)? key.value)).collect()
                    }
                    Operator::Parse(parse) => vec![&$($mutable)? parse.value],
                    Operator::ParseKv(parse) => vec![&$($mutable)? parse.value],
                    Operator::MakeSeries(series) => {
                        let series = &$($mutable)? **series;
                        let mut exprs: Vec<&$($mutable)? Expr> =
                            series.aggregates.$iter().flat_map(|(column, _)| $of_aggregate(column)).collect();
                        exprs.push(&$($mutable)? series.axis.value);
                        exprs.extend(series.from.$iter().chain(series.to.$iter()));
                        exprs.push(&$($mutable)? series.step);
                        exprs.extend($values(&$($mutable)? series.by));
                        exprs
                    }
                    Operator::Evaluate(plugin) => match &$($mutable)? **plugin {
                        Evaluate::BagUnpack { .. } | Evaluate::Narrow => Vec::new(),
                        Evaluate::Pivot { aggregate, .. } => aggregate.args.$iter().collect(),
                        Evaluate::IpLookup { address, .. } => vec![address],
                        Evaluate::Windows(windows) => {
                            let windows = &$($mutable)? **windows;
                            let mut exprs: Vec<&$($mutable)? Expr> =
                                windows.from.$iter().chain(windows.to.$iter()).collect();
                            exprs.push(&$($mutable)? windows.step);
                            match &$($mutable)? windows.figures {
                                Figures::Activity => {}
                                Figures::Sliding(span) => exprs.push(span),
                                Figures::Percentile { percentile, steps } => exprs.extend([percentile, steps]),
                            }
                            exprs
                        }
                        Evaluate::RowsNear { predicate, before, after } => vec![predicate, before, after],
                    },
                    Operator::Scan(scan) => {
                        let scan = &$($mutable)? **scan;
                        let mut exprs = $values(&$($mutable)? scan.declared);
                        for step in scan.steps.$iter() {
                            exprs.push(&$($mutable)? step.condition);
                            exprs.extend($values(&$($mutable)? step.assignments));
                        }
                        exprs
                    }
                    Operator::Sample { rows, of } => {
                        std::iter::once(rows).chain(of.$iter().map(|of| &$($mutable)? of.value)).collect()
                    }
                    Operator::TopNested(levels) => {
                        let mut exprs: Vec<&$($mutable)? Expr> = Vec::new();
                        for level in levels.$iter() {
                            exprs.extend(level.rows.$iter());
                            exprs.push(&$($mutable)? level.key.value);
                            exprs.extend($of_aggregate(&$($mutable)? level.aggregate));
                        }
                        exprs
                    }
                    Operator::ProjectOpen(_)
                    | Operator::Union(_)
                    | Operator::Partition { .. }
                    | Operator::GetSchema => Vec::new(),
                }
            }

            /// The queries that stand in the operator itself; not those within its expressions.
            pub fn $queries(&$($mutable)? self) -> Vec<&$($mutable)? Query> {
                match self {
                    Operator::Join(join) => vec![&$($mutable)? join.right],
                    Operator::Union(union) => union.inputs.$iter().map(|input| &$($mutable)? input.query).collect(),
                    Operator::MvApply(apply) => vec![&$($mutable)? apply.body],
                    Operator::Partition { body, .. } => vec![&$($mutable)? **body],
                    Operator::Evaluate(plugin) => match &$($mutable)? **plugin {
                        Evaluate::IpLookup { lookup, .. } => vec![lookup],
                        _ => Vec::new(),
                    },
                    _ => Vec::new(),
                }
            }
        }

        fn $values(columns: &$($mutable)? [Assignment]) -> Vec<&$($mutable)? Expr> {
            columns.$iter().map(|column| &$($mutable)? column.value).collect()
        }

        /// The arguments of the calls, and the expression over their results.
        fn $of_aggregate(column: &$($mutable)? AggregateColumn) -> Vec<&$($mutable)? Expr> {
            let calls = column.calls.$iter();
            calls.flat_map(|call| call.args.$iter()).chain(column.expression.$iter()).collect()
        }
    };
}

parts!(exprs, queries, values, of_aggregate, iter, []);
parts!(exprs_mut, queries_mut, values_mut, of_aggregate_mut, iter_mut, [mut]);
