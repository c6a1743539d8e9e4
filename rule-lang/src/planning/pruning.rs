//! Which columns of each table a plan reads: from the result back to the sources.
//!
//! What is listed may be more than is read, never less. A column that is left out reads as absent, and nobody looks.

use super::reads::Reads;
use rule_model::plan::{
    Expr, ExprKind, Field, Join, JoinKind, Name, Operator, Plan, Query, Source, Stage, Union,
};
use std::collections::{HashMap, HashSet};

/// Columns by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All that there are.
    All,
    /// These.
    Some(HashSet<Name>),
}

/// The columns that `plan` reads, by table.
pub(super) fn needed(plan: &Plan) -> HashMap<Name, Wanted> {
    let mut pruning = Pruning {
        of_tables: HashMap::new(),
        of_bindings: plan.bindings.iter().map(|_| Wanted::none()).collect(),
    };
    pruning.query(&plan.root, Wanted::All);
    // A binding is read by later ones and by the root alone.
    for (index, binding) in plan.bindings.iter().enumerate().rev() {
        let wanted = pruning.of_bindings[index].clone();
        pruning.query(binding, wanted);
    }
    pruning.of_tables
}

impl Wanted {
    fn none() -> Wanted {
        Wanted::Some(HashSet::new())
    }

    /// Whether the column is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Some(names) => names.contains(name),
        }
    }

    fn add(&mut self, other: Wanted) {
        match (&mut *self, other) {
            (Wanted::Some(names), Wanted::Some(more)) => names.extend(more),
            (Wanted::Some(_), Wanted::All) => *self = Wanted::All,
            (Wanted::All, _) => {}
        }
    }

    fn remove<'a>(&mut self, names: impl Iterator<Item = &'a Name>) {
        if let Wanted::Some(wanted) = self {
            for name in names {
                wanted.remove(name);
            }
        }
    }
}

struct Pruning {
    of_tables: HashMap<Name, Wanted>,
    /// Of each binding what the queries seen so far read.
    of_bindings: Vec<Wanted>,
}

impl Pruning {
    /// Notes what `query` reads of tables and bindings so that it gives the columns `wanted`; gives what it reads of
    /// the rows that an operator around it hands in.
    fn query(&mut self, query: &Query, mut wanted: Wanted) -> Wanted {
        for stage in query.stages.iter().rev() {
            wanted = self.before(stage, wanted);
        }
        match &query.source {
            Source::Table(name) | Source::OpenTable(name) => {
                self.of_tables.entry(name.clone()).or_insert_with(Wanted::none).add(wanted);
                Wanted::none()
            }
            Source::Binding(index) => {
                if let Some(of_binding) = self.of_bindings.get_mut(*index) {
                    of_binding.add(wanted);
                }
                Wanted::none()
            }
            Source::Input => wanted,
            Source::Print(exprs) => self.reads(exprs),
            Source::Range(exprs) => self.reads(exprs.iter()),
            Source::DataTable(_) => Wanted::none(),
            Source::Union(union) => self.union(union, &query.columns, &wanted),
            Source::Query(inner) => self.query(inner, wanted),
        }
    }

    /// The columns that must come into an operator so that those wanted come out.
    fn before(&mut self, stage: &Stage, mut wanted: Wanted) -> Wanted {
        let read = match &stage.operator {
            Operator::Where(expr) | Operator::Take(expr) => self.reads([expr]),
            Operator::Extend(assignments) | Operator::Serialize(assignments) => {
                wanted.remove(assignments.iter().map(|assignment| &assignment.name));
                self.reads(assignments.iter().map(|assignment| &assignment.value))
            }
            Operator::Project(assignments) => {
                let read = assignments.iter().filter(|assignment| wanted.has(&assignment.name));
                return self.reads(read.map(|assignment| &assignment.value));
            }
            Operator::Summarize { .. } => return self.reads(stage.operator.exprs()),
            Operator::Sort(keys) => self.reads(keys.iter().map(|key| &key.value)),
            Operator::Top { rows, keys } => self.reads(keys.iter().map(|key| &key.value).chain([rows])),
            Operator::Parse(parse) => self.reads([&parse.value]),
            Operator::ParseKv(parse) => self.reads([&parse.value]),
            Operator::MvExpand(expand) => self.reads(expand.columns.iter().map(|column| &column.value)),
            Operator::MvApply(apply) => {
                let mut read = self.reads(apply.expand.columns.iter().map(|column| &column.value));
                read.add(self.query(&apply.body, wanted.clone()));
                read
            }
            Operator::Join(join) => return self.join(join, wanted),
            Operator::Union(union) => return self.union(union, &stage.output, &wanted),
            Operator::Partition { .. }
            | Operator::Evaluate(_)
            | Operator::ProjectOpen(_)
            | Operator::MakeSeries(_)
            | Operator::GetSchema
            | Operator::Sample { .. }
            | Operator::TopNested(_)
            | Operator::Scan(_) => {
                // What their expressions ask other queries for is noted, too.
                self.reads(stage.operator.exprs());
                stage.operator.queries().into_iter().for_each(|query| self.whole(query));
                Wanted::All
            }
        };
        wanted.add(read);
        wanted
    }

    /// A subquery of an operator that is taken to read every column.
    fn whole(&mut self, body: &Query) {
        self.query(body, Wanted::All);
    }

    /// What a join reads of its left side.
    fn join(&mut self, join: &Join, wanted: Wanted) -> Wanted {
        let gives_right_alone = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let names = join.right_names.iter().zip(join.right.output());
        let kept = names.filter(|(name, field)| {
            if gives_right_alone {
                wanted.has(&field.name)
            } else {
                name.as_ref().is_some_and(|name| wanted.has(name))
            }
        });
        let mut of_right = Wanted::Some(kept.map(|(_, field)| field.name.clone()).collect());
        of_right.add(self.reads(join.on.iter().map(|(_, right)| right)));
        let mut of_left = if gives_right_alone { Wanted::none() } else { wanted };
        of_left.add(self.reads(join.on.iter().map(|(left, _)| left)));
        of_left.add(self.query(&join.right, of_right));
        of_left
    }

    /// What a union reads of the rows handed in: its own input, as an operator.
    fn union(&mut self, union: &Union, output: &[Field], wanted: &Wanted) -> Wanted {
        let mut read = Wanted::none();
        for input in &union.inputs {
            let wanted = match wanted {
                Wanted::All => Wanted::All,
                Wanted::Some(_) => {
                    let fed = output.iter().zip(&input.columns).filter(|(field, _)| wanted.has(&field.name));
                    Wanted::Some(fed.filter_map(|(_, column)| column.clone()).collect())
                }
            };
            read.add(self.query(&input.query, wanted));
        }
        read
    }

    /// The columns that expressions read. Queries within them are read whole.
    fn reads<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Wanted {
        let mut wanted = Wanted::none();
        for expr in exprs {
            let reads = Reads::of(expr);
            wanted.add(if reads.whole_row {
                Wanted::All
            } else {
                Wanted::Some(reads.columns.into_iter().map(Into::into).collect())
            });
            for query in subqueries(expr) {
                self.query(query, Wanted::All);
            }
        }
        wanted
    }
}

/// The queries that stand in an expression.
fn subqueries(expr: &Expr) -> Vec<&Query> {
    match &expr.kind {
        ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) => vec![query],
        ExprKind::Property(inner, _) => subqueries(inner),
        ExprKind::Element(inner, index) => {
            [inner, index].into_iter().flat_map(|part| subqueries(part)).collect()
        }
        ExprKind::Call(_, args) => args.iter().flat_map(subqueries).collect(),
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::WholeRow { .. } => Vec::new(),
    }
}
