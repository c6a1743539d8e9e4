//! From which records an output row comes: the same plan with one column more, which every operator hands on.
//!
//! ```text
//! Plan ─traced─> Plan over the same tables, whose rows number their records in the column `BEHIND`
//!                where, extend, sort, mv-expand …   pass it on           join, prev()   put two together
//!                project                            keeps it             summarize …    lists those of its group
//! ```
//!
//! Lists are lists of lists that share their parts, so that putting two rows together costs no more than the pair,
//! however many records are behind each; [`records`] gathers them at the end. All of it is KQL's own (`pack_array`,
//! `make_list`): the evaluator knows nothing of lineage.
//!
//! **What counts as behind a row.** Whatever its cells were computed from, and all rows of a group. Rows that only decide
//! whether another stays are not: those of `in (…)`, of `toscalar(…)`, and of the side of a semi join that does not come
//! out. Operators through which rows cannot be followed (`scan`, `pivot`, `row_cumsum()`, `pack_all()` …) have no traced
//! plan. Whoever runs one compares its rows with those of the plain plan.

use rule_model::plan::{
    AggregateCall, AggregateColumn, Assignment, Evaluate, Expr, ExprKind, Field, JoinKind, MakeSeries, Name,
    Operator, Plan, ProjectOpen, Query, Source, Span, Stage, Union,
};
use rule_model::{Type, Value};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The column that tells the records behind a row. Tables hold in it the number of each row's record, a long.
pub const BEHIND: &str = "$behind";

/// The same of the right side of a join, on its way to be put together with the left one's.
const BEHIND_RIGHT: &str = "$behind:right";

/// Window functions that look at no other row's values than through the order of the rows.
const OWN_ROW: [&str; 3] = ["row_number", "row_rank_dense", "row_rank_min"];

/// The plan whose rows tell what is behind them in the column [`BEHIND`]; `None` where an operator leaves that untold.
pub fn traced(plan: &Plan) -> Option<Plan> {
    let mut rewriting = Tracer { bindings: Vec::new() };
    let mut bindings = Vec::new();
    for binding in &plan.bindings {
        let traced = rewriting.query(binding);
        rewriting.bindings.push(traced.is_some());
        bindings.push(traced.unwrap_or_else(|| binding.clone()));
    }
    Some(Plan { bindings, root: rewriting.query(&plan.root)?, visible: plan.visible })
}

/// The numbers in a cell of the column [`BEHIND`], each once.
pub fn records(cell: &Value) -> BTreeSet<i64> {
    let mut records = BTreeSet::new();
    // Lists that several rows share are looked at once.
    let mut seen = HashSet::new();
    let mut open = vec![cell];
    while let Some(cell) = open.pop() {
        match cell {
            Value::Long(record) => {
                records.insert(*record);
            }
            Value::Array(parts) if seen.insert(Arc::as_ptr(parts)) => open.extend(parts.iter()),
            _ => {}
        }
    }
    records
}

/// Rewrites the queries of a plan.
struct Tracer {
    /// For each binding so far whether it is traced.
    bindings: Vec<bool>,
}

impl Tracer {
    /// The query with the column, where its source and all its operators can hand it on.
    fn query(&self, query: &Query) -> Option<Query> {
        if query.columns.iter().any(|field| field.name.starts_with(BEHIND)) {
            return None;
        }
        let mut traced = Query {
            source: self.source(&query.source)?,
            columns: with_behind(&query.columns),
            stages: Vec::with_capacity(query.stages.len()),
        };
        if matches!(query.source, Source::Print(_) | Source::DataTable(_) | Source::Range(_)) {
            // Its rows are of no record.
            traced.columns.clone_from(&query.columns);
            let nothing = assignment(BEHIND, Expr::literal(Value::Null, Type::Dynamic, Span::default()));
            push(&mut traced.stages, Operator::Extend(vec![nothing]), with_behind(&query.columns), false);
        }
        for stage in &query.stages {
            self.stage(stage, &mut traced)?;
        }
        Some(traced)
    }

    fn source(&self, source: &Source) -> Option<Source> {
        Some(match source {
            Source::Binding(index) if !*self.bindings.get(*index)? => return None,
            Source::Union(union) => Source::Union(Box::new(self.union(union)?)),
            Source::Query(inner) => Source::Query(Box::new(self.query(inner)?)),
            Source::Table(_)
            | Source::OpenTable(_)
            | Source::Binding(_)
            | Source::Input
            | Source::Print(_)
            | Source::DataTable(_)
            | Source::Range(_) => source.clone(),
        })
    }

    /// Adds what the stage becomes.
    fn stage(&self, stage: &Stage, query: &mut Query) -> Option<()> {
        let neighbours = neighbours(&stage.operator)?;
        let before = query.output().to_vec();
        let stages = &mut query.stages;
        // Of these rows the operator also reads the neighbours.
        let with_neighbours = || {
            let own = Expr::column(BEHIND, Type::Dynamic, Span::default());
            let all = std::iter::once(own).chain(neighbours.iter().cloned()).collect();
            if neighbours.is_empty() {
                Expr::column(BEHIND, Type::Dynamic, Span::default())
            } else {
                pack(all)
            }
        };
        let operator = match &stage.operator {
            Operator::Where(_) if !neighbours.is_empty() => {
                let neighbours = assignment(BEHIND, with_neighbours());
                push(stages, Operator::Extend(vec![neighbours]), before, false);
                stage.operator.clone()
            }
            Operator::Extend(columns) if !neighbours.is_empty() => {
                Operator::Extend(extended(columns, with_neighbours()))
            }
            Operator::Serialize(columns) if !neighbours.is_empty() => {
                Operator::Serialize(extended(columns, with_neighbours()))
            }
            Operator::Project(columns) => Operator::Project(extended(columns, with_neighbours())),
            // Other operators would read neighbours where no column can take them.
            _ if !neighbours.is_empty() => return None,
            Operator::Where(_)
            | Operator::Extend(_)
            | Operator::Serialize(_)
            | Operator::MvExpand(_)
            // Its body is left as it is: the row's own column comes out with each row of it.
            | Operator::MvApply(_)
            | Operator::Sort(_)
            | Operator::Top { .. }
            | Operator::Take(_)
            | Operator::Parse(_)
            | Operator::ParseKv(_)
            | Operator::Sample { of: None, .. }
            | Operator::Evaluate(_) => passing(&stage.operator)?,
            Operator::ProjectOpen(projection) => Operator::ProjectOpen(project_open(projection)?),
            Operator::Summarize { aggregates, by } => {
                let aggregates = aggregates.iter().cloned().chain([listed()]).collect();
                Operator::Summarize { aggregates, by: by.clone() }
            }
            Operator::MakeSeries(series) => {
                let aggregates = series.aggregates.iter().cloned().chain([(listed(), Value::Null)]).collect();
                Operator::MakeSeries(Box::new(MakeSeries { aggregates, ..(**series).clone() }))
            }
            Operator::Join(join) => return self.join(join, stage, stages),
            Operator::Union(union) => Operator::Union(Box::new(self.union(union)?)),
            Operator::Partition { by, body } => {
                Operator::Partition { by: by.clone(), body: Box::new(self.query(body)?) }
            }
            Operator::Scan(_) | Operator::GetSchema | Operator::TopNested(_) | Operator::Sample { .. } => {
                return None;
            }
        };
        push(stages, operator, with_behind(&stage.output), stage.open);
        Some(())
    }

    fn union(&self, union: &Union) -> Option<Union> {
        let mut traced = union.clone();
        for input in &mut traced.inputs {
            input.query = self.query(&input.query)?;
            input.columns.push(Some(BEHIND.into()));
        }
        Some(traced)
    }

    /// A join whose output is pairs has the columns of both sides, which are then put together. The names of the right
    /// columns go by position, so that the right one is made the last.
    fn join(&self, join: &rule_model::plan::Join, stage: &Stage, stages: &mut Vec<Stage>) -> Option<()> {
        let mut traced = join.clone();
        let output = with_behind(&stage.output);
        match join.kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => {
                push(stages, Operator::Join(Box::new(traced)), output, stage.open);
                return Some(());
            }
            JoinKind::RightSemi | JoinKind::RightAnti => {
                traced.right = self.query(&join.right)?;
                traced.right_names.push(Some(BEHIND.into()));
                push(stages, Operator::Join(Box::new(traced)), output, stage.open);
                return Some(());
            }
            _ => {}
        }
        let right_output = join.right.output();
        traced.right = self.query(&join.right)?;
        let column = |name: &str| Expr::column(name, Type::Dynamic, Span::default());
        let rename = Operator::Extend(vec![assignment(BEHIND_RIGHT, column(BEHIND))]);
        let away = |name: &str| Operator::ProjectOpen(ProjectOpen::Away(vec![name.into()]));
        let last = [right_output, &[Field::new(BEHIND_RIGHT, Type::Dynamic)]].concat();
        push(
            &mut traced.right.stages,
            rename,
            [&with_behind(right_output)[..], &last[right_output.len()..]].concat(),
            false,
        );
        push(&mut traced.right.stages, away(BEHIND), last, false);
        traced.right_names.push(Some(BEHIND_RIGHT.into()));
        let paired = [&output[..], &[Field::new(BEHIND_RIGHT, Type::Dynamic)]].concat();
        push(stages, Operator::Join(Box::new(traced)), paired.clone(), stage.open);
        let both = assignment(BEHIND, pack(vec![column(BEHIND), column(BEHIND_RIGHT)]));
        push(stages, Operator::Extend(vec![both]), paired, stage.open);
        push(stages, away(BEHIND_RIGHT), output, stage.open);
        Some(())
    }
}

/// An operator that hands on all columns as it is, if it does.
fn passing(operator: &Operator) -> Option<Operator> {
    match operator {
        Operator::Evaluate(plugin) if !matches!(**plugin, Evaluate::IpLookup { .. }) => None,
        _ => Some(operator.clone()),
    }
}

fn push(stages: &mut Vec<Stage>, operator: Operator, output: Vec<Field>, open: bool) {
    stages.push(Stage { operator, output, open, span: Span::default() });
}

fn with_behind(columns: &[Field]) -> Vec<Field> {
    columns.iter().cloned().chain([Field::new(BEHIND, Type::Dynamic)]).collect()
}

fn assignment(name: &str, value: Expr) -> Assignment {
    Assignment { name: name.into(), value }
}

fn extended(columns: &[Assignment], behind: Expr) -> Vec<Assignment> {
    columns.iter().cloned().chain([assignment(BEHIND, behind)]).collect()
}

fn pack(parts: Vec<Expr>) -> Expr {
    Expr::call("pack_array", parts, Type::Dynamic, Span::default())
}

/// The aggregate that lists what is behind the rows of a group.
fn listed() -> AggregateColumn {
    let args = vec![Expr::column(BEHIND, Type::Dynamic, Span::default())];
    let call = AggregateCall { function: "make_list".into(), args, ty: Type::Dynamic };
    AggregateColumn { names: vec![BEHIND.into()], expression: None, calls: vec![call] }
}

/// A projection by patterns that keeps the column; `None` where a pattern takes it for one of the user's.
fn project_open(projection: &ProjectOpen) -> Option<ProjectOpen> {
    let fits = |pattern: &Name| pattern.contains('*');
    Some(match projection {
        ProjectOpen::Away(patterns) if patterns.iter().any(fits) => return None,
        ProjectOpen::Keep(patterns) => {
            ProjectOpen::Keep(patterns.iter().cloned().chain([BEHIND.into()]).collect())
        }
        ProjectOpen::Away(_) | ProjectOpen::Rename(_) | ProjectOpen::Reorder(_) => projection.clone(),
    })
}

/// What is behind the other rows that an operator's expressions read; `None` where that cannot be told.
fn neighbours(operator: &Operator) -> Option<Vec<Expr>> {
    let mut found = Vec::new();
    operator.exprs().into_iter().try_for_each(|expr| look(expr, false, &mut found))?;
    Some(found)
}

fn look(expr: &Expr, within_window: bool, found: &mut Vec<Expr>) -> Option<()> {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) => {
            Some(())
        }
        ExprKind::WholeRow { .. } => None,
        ExprKind::Property(value, _) => look(value, within_window, found),
        ExprKind::Element(value, index) => {
            look(value, within_window, found)?;
            look(index, within_window, found)
        }
        ExprKind::Call(name, args) => {
            let is_window = is_window(name);
            if is_window && within_window {
                return None;
            }
            match name.as_str() {
                "prev" | "next" => {
                    let mut args: Vec<Expr> = args.iter().take(2).cloned().collect();
                    *args.first_mut()? = Expr::column(BEHIND, Type::Dynamic, Span::default());
                    let neighbour = Expr::call(name.clone(), args, Type::Dynamic, Span::default());
                    if !found.contains(&neighbour) {
                        found.push(neighbour);
                    }
                }
                _ if is_window && !OWN_ROW.contains(&name.as_str()) => return None,
                _ => {}
            }
            args.iter().try_for_each(|arg| look(arg, within_window || is_window, found))
        }
    }
}

fn is_window(name: &str) -> bool {
    crate::function(name)
        .is_some_and(|function| matches!(function.call, crate::function::Implementation::Window(_)))
}
