//! Comparisons that heed case of what `tolower()` or `toupper()` gives with a text that it never gives.

use crate::{Diagnostic, walk};
use rule_model::plan::{Expr, ExprKind, Plan};
use rule_model::{DateTime, Value};

/// Comparisons that heed case.
const HEEDING_CASE: &[&str] = &[
    "==",
    "!=",
    "in",
    "!in",
    "contains_cs",
    "!contains_cs",
    "has_cs",
    "!has_cs",
    "startswith_cs",
    "!startswith_cs",
    "endswith_cs",
    "!endswith_cs",
];

/// What is wrong with the texts that `plan` compares folded texts with.
pub(crate) fn check(plan: &Plan) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for query in walk::queries(plan) {
        for expr in query.stages.iter().flat_map(|stage| walk::of_operator(&stage.operator)) {
            walk::expressions(expr, &mut |test| found.extend(never_given(test)));
        }
    }
    found
}

/// The first text of a comparison that its other side cannot be equal to, or hold.
fn never_given(comparison: &Expr) -> Option<Diagnostic> {
    let ExprKind::Call(operator, args) = &comparison.kind else { return None };
    if !HEEDING_CASE.contains(&operator.as_str()) {
        return None;
    }
    let function = args.iter().find_map(folding)?;
    args.iter().find_map(|literal| {
        let text = texts(literal).into_iter().find(|text| folded(function, text) != **text)?;
        let letters = if function == "tolower" { "small" } else { "capital" };
        let fault = Diagnostic::error(literal.span, format!("{function}() never gives {text:?}"));
        let fault = fault.note(format!("it gives {letters} letters, and `{operator}` heeds case"));
        Some(fault.help(format!("write {:?}", folded(function, text))))
    })
}

/// The function that makes all letters of a value small or capital.
fn folding(value: &Expr) -> Option<&'static str> {
    match &value.kind {
        ExprKind::Call(function, _) => {
            ["tolower", "toupper"].into_iter().find(|name| *name == function.as_str())
        }
        _ => None,
    }
}

/// The texts of a literal: itself, or those of an array.
fn texts(literal: &Expr) -> Vec<&str> {
    match &literal.kind {
        ExprKind::Literal(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        ExprKind::Literal(value) => value.as_str().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn folded(function: &str, text: &str) -> String {
    let mut context = rule_eval::Context::at(DateTime::UNIX_EPOCH);
    let value = rule_eval::function(function)
        .map(|function| rule_eval::call(function, &mut context, &[Value::string(text)]));
    value.as_ref().and_then(Value::as_str).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile_query;
    use crate::schemas::Schemas;

    #[test]
    fn a_text_that_a_folded_one_never_is_is_found() {
        for (query, expected) in [
            ("where tolower(Category) == 'ABC'", Some(("'ABC'", "write \"abc\""))),
            ("where 'abc' != toupper(Category)", Some(("'abc'", "write \"ABC\""))),
            ("where tolower(Category) in ('a', 'B')", Some(("'B'", "write \"b\""))),
            ("where tolower(Category) !in (dynamic(['A']))", Some(("dynamic(['A'])", "write \"a\""))),
            ("extend x = iff(tolower(Category) has_cs 'A', 1, 2)", Some(("'A'", "write \"a\""))),
            ("where tolower(Category) =~ 'ABC'", None),
            ("where tolower(Category) == 'abc'", None),
            ("where tolower(Category) == OperationName", None),
            ("where toupper(Category) has 'abc'", None),
        ] {
            let query = format!("AuditLogs | {query}");
            let plan = compile_query(&query, &Schemas::builtin()).unwrap().plan;
            let found = check(&plan);
            let found: Vec<_> = found
                .iter()
                .map(|it| (it.span.text(&query), it.help.as_deref().unwrap_or_default()))
                .collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{query}");
        }
    }
}
