//! Values of types that are never equal, compared for equality.
//!
//! `<` and its relatives refuse such types; `==` takes any, because it compares converted values: a number with a text
//! that shows one. Between other types nothing is converted.

use crate::{Diagnostic, walk};
use rule_eval::function;
use rule_model::plan::{Expr, ExprKind, Plan};
use rule_model::{DateTime, Type, Value};

/// What is wrong with the comparisons of `plan`, whose spans are ranges of `query_text`.
pub(crate) fn check(plan: &Plan, query_text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for query in walk::queries(plan) {
        for expr in query.stages.iter().flat_map(|stage| walk::of_operator(&stage.operator)) {
            walk::expressions(expr, &mut |test| found.extend(unequal(test, query_text)));
        }
    }
    found
}

fn unequal(test: &Expr, query: &str) -> Option<Diagnostic> {
    let ExprKind::Call(function, args) = &test.kind else { return None };
    if !matches!(function.as_str(), "==" | "!=" | "in" | "!in") {
        return None;
    }
    let (subject, others) = args.split_first()?;
    let other = others.iter().find(|other| !may_be_equal(subject, other))?;
    let shown = |expr: &Expr| format!("`{}` is {}", expr.span.text(query), expr.ty);
    let message = format!("`{function}` compares {} and {}, which are never equal", subject.ty, other.ty);
    let fault = Diagnostic::error(test.span, message);
    Some(fault.note(format!("{}, {}", shown(subject), shown(other))).help(help(subject, other)))
}

fn may_be_equal(left: &Expr, right: &Expr) -> bool {
    match (left.ty, right.ty) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (left, right) if left == right || (left.is_number() && right.is_number()) => true,
        (Type::String, ty) => literal(left).is_none_or(|text| converts(text, ty)),
        (ty, Type::String) => literal(right).is_none_or(|text| converts(text, ty)),
        // A flag is often compared with 0 and 1.
        (Type::Bool, ty) | (ty, Type::Bool) => ty.is_number(),
        _ => false,
    }
}

fn literal(expr: &Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}

/// Whether a text shows a value of a type.
fn converts(text: &Value, ty: Type) -> bool {
    let conversion = super::types::conversion(ty).and_then(rule_eval::function);
    let convert = |entry: &'static function::Function| {
        let mut context = rule_eval::Context::at(DateTime::UNIX_EPOCH);
        !rule_eval::call(entry, &mut context, std::slice::from_ref(text)).is_null()
    };
    conversion.is_none_or(convert)
}

fn help(left: &Expr, right: &Expr) -> String {
    match (left.ty, right.ty) {
        (Type::DateTime, _) | (_, Type::DateTime) => "write a time as datetime(2024-03-01)".to_owned(),
        (Type::Timespan, _) | (_, Type::Timespan) => {
            "write a span of time with its unit, such as 5m".to_owned()
        }
        (ty, _) => format!("compare with a value of type {ty}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile_query;
    use crate::schemas::Schemas;

    #[test]
    fn types_that_are_never_equal_are_found() {
        for (query, is_wrong) in [
            ("SigninLogs | where TimeGenerated == 5", true),
            ("SigninLogs | where 5 == TimeGenerated", true),
            ("SigninLogs | where TimeGenerated != true", true),
            ("SigninLogs | where TimeGenerated in (1d, 2d)", true),
            ("SigninLogs | where TimeGenerated == 'yesterday'", true),
            ("SigninLogs | extend n = strlen(UserId) | where n == 'x'", true),
            ("SigninLogs | extend n = strlen(UserId) | where n == '5'", false),
            ("SigninLogs | where TimeGenerated == '2024-03-01'", false),
            ("SigninLogs | where ResultType == 0", false),
            ("SigninLogs | where IsInteractive == 1", false),
            ("SigninLogs | where DeviceDetail.isManaged == 'x'", false),
        ] {
            let plan = compile_query(query, &Schemas::builtin()).unwrap().plan;
            assert_eq!(!check(&plan, query).is_empty(), is_wrong, "{query}");
        }
    }
}
