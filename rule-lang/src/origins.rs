//! From which column of which table a column comes that an expression names.
//!
//! ```text
//! AuditLogs | where Result == … | project Outcome = Result | where Outcome == …
//!                   └ AuditLogs.Result ─────────────────────────── └ the same
//! ```
//!
//! A column that is computed has no origin; nor has one that comes from several columns, as in a union.

use crate::walk;
use rule_model::plan::{
    Assignment, Evaluate, Expr, ExprKind, Name, Operator, Plan, Query, Source, Stage, Union,
};
use std::collections::HashMap;

/// A column of a table, both by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) table: Name,
    pub(crate) column: Name,
}

/// The origins of the columns in view.
pub(crate) type Origins = HashMap<Name, Origin>;

/// Hands every expression of `plan` to `visitor`, with the origins of the columns that it can name; gives the origins
/// of its result.
pub(crate) fn visit<'p>(plan: &'p Plan, visitor: &mut dyn FnMut(&'p Expr, &Origins)) -> Origins {
    let mut walker = Walker { bindings: Vec::new(), visitor };
    for query in &plan.bindings {
        let origins = walker.query(query, &Origins::new());
        walker.bindings.push(origins);
    }
    walker.query(&plan.root, &Origins::new())
}

struct Walker<'p, 'v> {
    /// The origins of the columns of each binding so far.
    bindings: Vec<Origins>,
    visitor: &'v mut dyn FnMut(&'p Expr, &Origins),
}

impl<'p> Walker<'p, '_> {
    /// Visits a query, whose [`Source::Input`] has columns of these origins; gives the origins of its result.
    fn query(&mut self, query: &'p Query, input: &Origins) -> Origins {
        let mut origins = self.source(query, input);
        for stage in &query.stages {
            for expr in walk::of_operator(&stage.operator) {
                self.expr(expr, &origins);
            }
            origins = self.past(stage, origins);
            origins.retain(|name, _| stage.output.iter().any(|field| field.name == *name));
        }
        origins
    }

    fn source(&mut self, query: &'p Query, input: &Origins) -> Origins {
        match &query.source {
            Source::Table(table) => {
                let origin = |name: &Name| Origin { table: table.clone(), column: name.clone() };
                query.columns.iter().map(|field| (field.name.clone(), origin(&field.name))).collect()
            }
            Source::Binding(index) => self.bindings.get(*index).cloned().unwrap_or_default(),
            Source::Input => input.clone(),
            Source::Query(inner) => self.query(inner, input),
            Source::Union(union) => self.union(union, query.columns.iter().map(|field| &field.name), input),
            Source::Print(exprs) => {
                exprs.iter().for_each(|expr| self.expr(expr, &Origins::new()));
                Origins::new()
            }
            Source::Range(exprs) => {
                exprs.iter().for_each(|expr| self.expr(expr, &Origins::new()));
                Origins::new()
            }
            Source::DataTable(_) | Source::OpenTable(_) => Origins::new(),
        }
    }

    fn expr(&mut self, expr: &'p Expr, origins: &Origins) {
        (self.visitor)(expr, origins);
        let mut queries = Vec::new();
        walk::expressions(expr, &mut |expr| {
            if let ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) = &expr.kind {
                queries.push(&**query);
            }
        });
        for query in queries {
            self.query(query, &Origins::new());
        }
    }

    /// The origins behind an operator, of columns that it may then drop.
    fn past(&mut self, stage: &'p Stage, mut origins: Origins) -> Origins {
        match &stage.operator {
            Operator::Extend(assignments) | Operator::Serialize(assignments) => {
                let assigned = assigned(assignments, &origins);
                for assignment in assignments {
                    origins.remove(&assignment.name);
                }
                origins.extend(assigned);
                origins
            }
            Operator::Project(assignments) => assigned(assignments, &origins),
            Operator::Summarize { by, .. } => assigned(by, &origins),
            Operator::Join(join) => {
                let right = self.query(&join.right, &origins);
                for (_, key) in &join.on {
                    self.expr(key, &right);
                }
                for (field, name) in join.right.output().iter().zip(&join.right_names) {
                    if let (Some(name), Some(origin)) = (name, right.get(&field.name)) {
                        origins.insert(name.clone(), origin.clone());
                    }
                }
                origins
            }
            Operator::Union(union) => {
                self.union(union, stage.output.iter().map(|field| &field.name), &origins)
            }
            Operator::MvExpand(expand) => {
                expand.columns.iter().for_each(|column| drop(origins.remove(&column.name)));
                origins
            }
            Operator::MvApply(apply) => {
                apply.expand.columns.iter().for_each(|column| drop(origins.remove(&column.name)));
                let body = self.query(&apply.body, &origins);
                for field in apply.body.output() {
                    origins.remove(&field.name);
                }
                origins.extend(body);
                origins
            }
            Operator::Partition { body, .. } => self.query(body, &origins),
            Operator::Parse(parse) => {
                for part in &parse.pattern {
                    if let rule_model::plan::ParsePart::Column(field) = part {
                        origins.remove(&field.name);
                    }
                }
                origins
            }
            Operator::ParseKv(parse) => {
                parse.keys.iter().for_each(|key| drop(origins.remove(&key.name)));
                origins
            }
            Operator::Evaluate(evaluate) => {
                if let Evaluate::IpLookup { lookup, .. } = &**evaluate {
                    self.query(lookup, &Origins::new());
                }
                Origins::new()
            }
            Operator::Where(_)
            | Operator::Sort(_)
            | Operator::Top { .. }
            | Operator::Take(_)
            | Operator::Sample { of: None, .. } => origins,
            Operator::ProjectOpen(_)
            | Operator::MakeSeries(_)
            | Operator::Scan(_)
            | Operator::GetSchema
            | Operator::Sample { .. }
            | Operator::TopNested(_) => Origins::new(),
        }
    }

    /// The origins of those columns that come from one and the same in every input.
    fn union<'n>(
        &mut self,
        union: &'p Union,
        names: impl Iterator<Item = &'n Name>,
        input: &Origins,
    ) -> Origins {
        let inputs: Vec<Origins> = union.inputs.iter().map(|it| self.query(&it.query, input)).collect();
        let mut origins = Origins::new();
        for (at, name) in names.enumerate() {
            let mut found = union.inputs.iter().zip(&inputs).map(|(it, origins)| {
                let column = it.columns.get(at)?.as_ref()?;
                origins.get(column)
            });
            let first = found.next().flatten();
            if let Some(first) = first.filter(|first| found.all(|other| other == Some(first))) {
                origins.insert(name.clone(), first.clone());
            }
        }
        origins
    }
}

/// The origins of columns that take the value of another as it is.
fn assigned(assignments: &[Assignment], origins: &Origins) -> Origins {
    let origin = |assignment: &Assignment| match &assignment.value.kind {
        ExprKind::Column(name) => Some((assignment.name.clone(), origins.get(name)?.clone())),
        _ => None,
    };
    assignments.iter().filter_map(origin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile_query;
    use crate::schemas::Schemas;

    /// The columns that a query names, each with its origin.
    fn named(query: &str) -> Vec<String> {
        let plan = compile_query(query, &Schemas::builtin()).unwrap().plan;
        let mut named = Vec::new();
        visit(&plan, &mut |expr, origins| {
            walk::expressions(expr, &mut |expr| {
                if let ExprKind::Column(name) = &expr.kind {
                    let origin =
                        origins.get(name).map(|origin| format!("{}.{}", origin.table, origin.column));
                    named.push(format!("{name} {}", origin.unwrap_or_default()));
                }
            });
        });
        named
    }

    #[test]
    fn a_column_is_traced_to_its_table() {
        for (query, expected) in [
            ("AuditLogs | where Result == 'a'", &["Result AuditLogs.Result"][..]),
            (
                "AuditLogs | extend x = Result | extend Result = 'a' | where x == Result",
                &["Result AuditLogs.Result", "x AuditLogs.Result", "Result "],
            ),
            (
                "AuditLogs | where isempty(toscalar(SigninLogs | project UserId))",
                &["UserId SigninLogs.UserId"],
            ),
            (
                "AuditLogs | join kind=inner (SigninLogs | project CorrelationId, UserId) on CorrelationId | where UserId == 'a'",
                &[
                    "CorrelationId SigninLogs.CorrelationId",
                    "UserId SigninLogs.UserId",
                    "CorrelationId AuditLogs.CorrelationId",
                    "CorrelationId SigninLogs.CorrelationId",
                    "UserId SigninLogs.UserId",
                ],
            ),
            (
                "AuditLogs | summarize n = count() by Result | where Result == 'a' and n > 1",
                &["Result AuditLogs.Result", "Result AuditLogs.Result", "n "],
            ),
        ] {
            let mut found = named(query);
            found.sort();
            let mut expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
            expected.sort();
            assert_eq!(found, expected, "{query}");
        }
    }
}
