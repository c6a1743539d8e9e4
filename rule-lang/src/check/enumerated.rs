//! Comparisons that heed case with a value that the table's schema spells otherwise.

use crate::nearest::nearest;
use crate::origins::{self, Origins};
use crate::schemas::Schemas;
use crate::{Diagnostic, walk};
use rule_model::plan::{Expr, ExprKind, Plan};
use rule_model::{Column, Value};

/// What is wrong with the values that the query of `plan` compares columns with.
pub(crate) fn check(plan: &Plan, schemas: &Schemas) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    origins::visit(plan, &mut |expr, origins| {
        walk::expressions(expr, &mut |test| {
            let faults = compared(test, origins, schemas).into_iter().flat_map(|(column, literal)| {
                values(literal).filter_map(|value| misspelt(column, value, test, literal))
            });
            for fault in faults {
                if !found.contains(&fault) {
                    found.push(fault);
                }
            }
        });
    });
    found
}

/// The column that a test compares exactly, if its schema enumerates the values, with each literal it is compared with.
fn compared<'a>(test: &'a Expr, origins: &Origins, schemas: &'a Schemas) -> Vec<(&'a Column, &'a Expr)> {
    let ExprKind::Call(function, args) = &test.kind else { return Vec::new() };
    let is_equality = matches!(function.as_str(), "==" | "!=" | "in" | "!in");
    if !is_equality && part_ignoring_case(function).is_none() {
        return Vec::new();
    }
    let column = args.iter().find_map(|arg| match &arg.kind {
        ExprKind::Column(name) => {
            let origin = origins.get(name)?;
            schemas.find(&origin.table)?.column(&origin.column)
        }
        _ => None,
    });
    let Some(column) = column.filter(|column| !column.values.is_empty()) else { return Vec::new() };
    args.iter().filter(|arg| matches!(arg.kind, ExprKind::Literal(_))).map(|arg| (column, arg)).collect()
}

/// The texts of a literal: itself, or those of an array.
fn values(literal: &Expr) -> impl Iterator<Item = &str> {
    let (one, many) = match &literal.kind {
        ExprKind::Literal(Value::Array(items)) => (None, &items[..]),
        ExprKind::Literal(value) => (value.as_str(), &[][..]),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// A value that is none of those that the schema enumerates, and is one of them but for case or a slip of the pen. A
/// value that is like none of them may be new.
fn misspelt(column: &Column, value: &str, test: &Expr, literal: &Expr) -> Option<Diagnostic> {
    let known = || column.values.iter().map(AsRef::as_ref);
    let ExprKind::Call(operator, _) = &test.kind else { return None };
    let seeks_part = part_ignoring_case(operator).is_some();
    if value.is_empty() || known().any(|known| known == value || (seeks_part && known.contains(value))) {
        return None;
    }
    let in_other_case = known().find(|known| known.eq_ignore_ascii_case(value));
    let meant = in_other_case.or_else(|| nearest(value, known()).filter(|_| !seeks_part))?;
    let message = format!("`{}` is never \"{value}\"", column.name);
    let listed: Vec<String> = known().map(|known| format!("\"{known}\"")).collect();
    let fault = Diagnostic::error(literal.span, message);
    let fault = fault.note(format!("its values are {}", listed.join(", ")));
    Some(match in_other_case {
        Some(_) => fault
            .note(format!("`{operator}` heeds case"))
            .help(format!("write \"{meant}\", or compare with `{}`", ignoring_case(operator))),
        None => fault.help(format!("write \"{meant}\"")),
    })
}

fn ignoring_case(operator: &str) -> &'static str {
    match operator {
        "==" => "=~",
        "!=" => "!~",
        "in" => "in~",
        "!in" => "!in~",
        _ => part_ignoring_case(operator).unwrap_or_default(),
    }
}

/// What finds a part of a text whatever its case in place of an operator that heeds case.
fn part_ignoring_case(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "has_cs" => "has",
        "!has_cs" => "!has",
        "contains_cs" => "contains",
        "!contains_cs" => "!contains",
        "startswith_cs" => "startswith",
        "!startswith_cs" => "!startswith",
        "endswith_cs" => "endswith",
        "!endswith_cs" => "!endswith",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile_query;

    #[test]
    fn a_value_that_the_schema_spells_otherwise_is_found() {
        let schemas = Schemas::builtin();
        for (query, expected) in [
            (
                "AuditLogs | where Result == 'Success'",
                Some(("'Success'", "write \"success\", or compare with `=~`")),
            ),
            (
                "AuditLogs | where Result != 'Success'",
                Some(("'Success'", "write \"success\", or compare with `!~`")),
            ),
            (
                "AuditLogs | where Result in ('success', 'Failure')",
                Some(("'Failure'", "write \"failure\", or compare with `in~`")),
            ),
            ("AuditLogs | where Result == 'sucess'", Some(("'sucess'", "write \"success\""))),
            (
                "AuditLogs | project R = Result | where 'Success' == R",
                Some(("'Success'", "write \"success\", or compare with `=~`")),
            ),
            (
                "AuditLogs | summarize countif(Result == 'Success')",
                Some(("'Success'", "write \"success\", or compare with `=~`")),
            ),
            (
                "AuditLogs | where Result has_cs 'Success'",
                Some(("'Success'", "write \"success\", or compare with `has`")),
            ),
            ("AuditLogs | where Result contains_cs 'Succ'", None),
            ("AuditLogs | where Result contains_cs 'Value'", None),
            ("AuditLogs | where Result =~ 'Success'", None),
            ("AuditLogs | where Result == 'pending'", None),
            ("AuditLogs | where Result != ''", None),
            ("AuditLogs | extend Result = toupper(Result) | where Result == 'SUCCESS'", None),
        ] {
            let found = check(&compile_query(query, &schemas).unwrap().plan, &schemas);
            let found: Vec<_> = found
                .iter()
                .map(|it| (it.span.text(query), it.help.as_deref().unwrap_or_default()))
                .collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{query}");
        }
    }
}
