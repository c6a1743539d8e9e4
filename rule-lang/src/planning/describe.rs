//! A rule's query for people: its stages, what it looks for, and where its output columns come from.

use super::compiled::{Indicator, OutputColumn};
use super::literals;
use rule_model::plan::{self, Expr, ExprKind, Field, Operator, Plan, Query, Source, Stage};

/// The operators of the root query with their text, the source first.
pub(super) fn stages(plan: &Plan, text: &str) -> Vec<(String, String)> {
    let mut stages = vec![("source".to_owned(), source(&plan.root.source))];
    let mut written: Vec<&Stage> = plan.root.stages.iter().collect();
    // An operator as written can be several in the plan.
    written.dedup_by_key(|stage| stage.span);
    let written =
        written.into_iter().map(|stage| (keyword(stage, text), stage.span.text(text).trim().to_owned()));
    stages.extend(written.filter(|(_, text)| !text.is_empty()));
    stages
}

fn source(source: &Source) -> String {
    match source {
        Source::Table(name) | Source::OpenTable(name) => name.to_string(),
        Source::Union(union) => {
            let labels: Vec<&str> = union.inputs.iter().map(|input| input.label.as_str()).collect();
            labels.join(", ")
        }
        Source::Query(query) => self::source(&query.source),
        Source::Binding(_) | Source::Input => "let".to_owned(),
        Source::Print(_) => "print".to_owned(),
        Source::DataTable(_) => "datatable".to_owned(),
        Source::Range(_) => "range".to_owned(),
    }
}

/// The word that a stage begins with.
fn keyword(stage: &Stage, text: &str) -> String {
    let written = stage.span.text(text).trim_start_matches(['|', ' ', '\t', '\r', '\n']);
    let end = written.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(written.len());
    match (&written[..end], &stage.operator) {
        // A query in Kibana's language begins with its condition.
        ("where" | "filter" | "search", Operator::Where(_)) => written[..end].to_owned(),
        ("", operator) | (_, operator @ Operator::Where(_)) => operator_name(operator).to_owned(),
        (word, _) => word.to_owned(),
    }
}

fn operator_name(operator: &Operator) -> &'static str {
    match operator {
        Operator::Where(_) => "where",
        Operator::Extend(_) => "extend",
        Operator::Summarize { .. } => "summarize",
        Operator::Join(_) => "join",
        _ => "project",
    }
}

/// The output columns of `plan`, each with the operator that made it last.
pub(super) fn columns(plan: &Plan, text: &str) -> Vec<OutputColumn> {
    let made = |stage: &str, field: &Field| OutputColumn { field: field.clone(), stage: stage.to_owned() };
    let mut columns: Vec<OutputColumn> =
        plan.root.columns.iter().map(|field| made("source", field)).collect();
    for stage in &plan.root.stages {
        let keyword = keyword(stage, text);
        columns = stage
            .output
            .iter()
            .map(|field| {
                let before = columns.iter().find(|column| column.field == *field);
                match before {
                    Some(before) if !makes(&stage.operator, &field.name) => before.clone(),
                    _ => made(&keyword, field),
                }
            })
            .collect();
    }
    for column in &mut columns {
        if let Some(name) = column.field.name.strip_prefix(plan::HIDDEN) {
            column.field.name = name.into();
        }
    }
    columns
}

/// Whether an operator computes the column anew.
fn makes(operator: &Operator, name: &str) -> bool {
    match operator {
        Operator::Extend(assignments) | Operator::Serialize(assignments) => {
            assignments.iter().any(|assignment| assignment.name == name)
        }
        Operator::Project(assignments) => assignments.iter().any(|assignment| {
            let is_itself = matches!(&assignment.value.kind, ExprKind::Column(column) if column == name);
            assignment.name == name && !is_itself
        }),
        Operator::Summarize { .. } => true,
        _ => false,
    }
}

/// What the conditions of a query look for, each once.
pub(super) fn indicators(plan: &Plan) -> Vec<Indicator> {
    let mut indicators = Vec::new();
    for query in plan.bindings.iter().chain([&plan.root]) {
        in_query(query, &mut indicators);
    }
    indicators
}

fn in_query(query: &Query, indicators: &mut Vec<Indicator>) {
    match &query.source {
        Source::Query(inner) => in_query(inner, indicators),
        Source::Union(union) => union.inputs.iter().for_each(|input| in_query(&input.query, indicators)),
        _ => {}
    }
    for stage in &query.stages {
        match &stage.operator {
            Operator::Where(predicate) => in_predicate(predicate, indicators),
            Operator::Join(join) => in_query(&join.right, indicators),
            Operator::Union(union) => {
                union.inputs.iter().for_each(|input| in_query(&input.query, indicators));
            }
            Operator::MvApply(apply) => in_query(&apply.body, indicators),
            _ => {}
        }
    }
}

fn in_predicate(predicate: &Expr, indicators: &mut Vec<Indicator>) {
    match (&predicate.kind, literals::indicator(predicate)) {
        (_, Some(indicator)) if !indicators.contains(&indicator) => indicators.push(indicator),
        (ExprKind::Call(function, args), None) if function == "and" && literals::is_array_form(args) => {}
        (ExprKind::Call(function, args), None) if matches!(function.as_str(), "and" | "or" | "not") => {
            for arg in args {
                in_predicate(arg, indicators);
            }
        }
        _ => {}
    }
}
