//! Tests of a column against literal values, as dispatch and descriptions see them.

use super::compiled::Indicator;
use rule_model::plan::{Expr, ExprKind, Name};
use rule_model::{Type, Value};

/// The texts in `exprs`, where all are literal strings or arrays of strings.
pub(super) fn texts(exprs: &[Expr]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for value in values(exprs)? {
        texts.push(value.as_str()?.to_owned());
    }
    Some(texts)
}

/// The literal values in `exprs`, arrays as their items; `None` where some is computed.
pub(super) fn values(exprs: &[Expr]) -> Option<Vec<&Value>> {
    let mut values = Vec::new();
    for expr in exprs {
        match &expr.kind {
            ExprKind::Literal(Value::Array(items)) => values.extend(items.iter()),
            ExprKind::Literal(value) => values.push(value),
            _ => return None,
        }
    }
    Some(values)
}

/// Whether the function is a test of a text that holds only for texts that have something in common with its values.
pub(super) fn is_positive_text_test(function: &str) -> bool {
    let name = function.strip_suffix("_cs").unwrap_or(function);
    matches!(
        name,
        "contains"
            | "has"
            | "hasprefix"
            | "hassuffix"
            | "startswith"
            | "endswith"
            | "has_any"
            | "has_all"
            | "matches regex"
    )
}

/// What a test against literal values looks for; `None` for any other expression.
pub(super) fn indicator(test: &Expr) -> Option<Indicator> {
    let ExprKind::Call(function, args) = &test.kind else { return None };
    let (subject, literals) = args.split_first()?;
    if let (Some(test), [literal]) = (function.strip_prefix("kuery:"), literals) {
        return of_kibana(test, subject, literal);
    }
    let kind = kind(function)?;
    let (subject, literals) = match (field(subject), literals) {
        (Some(field), literals) => (field, values(literals)?),
        (None, [other]) => (field(other)?, values(std::slice::from_ref(subject))?),
        _ => return None,
    };
    let values = literals.into_iter().map(|value| rule_eval::json::display(value).to_string()).collect();
    Some(Indicator { field: subject, kind, values })
}

/// What a test of Kibana's query language looks for.
fn of_kibana(test: &str, subject: &Expr, wanted: &Expr) -> Option<Indicator> {
    let field = field(subject)?;
    let ExprKind::Literal(wanted) = &wanted.kind else { return None };
    let shown = |value: &Value| rule_eval::json::display(value).to_string();
    let (kind, value) = match test {
        "equals" => ("eq", shown(wanted)),
        "less" => ("<", shown(wanted)),
        "greater" => (">", shown(wanted)),
        "like" => ("wildcard", wanted.as_array()?.iter().map(shown).collect::<Vec<_>>().join("*")),
        _ => return None,
    };
    Some(Indicator { field, kind: kind.to_owned(), values: vec![value] })
}

/// Whether these are the operands by which a Kibana query looks into an operation that is an array: the same test
/// stands beside them in the form for a text.
pub(super) fn is_array_form(operands: &[Expr]) -> bool {
    let function = |expr: &Expr| match &expr.kind {
        ExprKind::Call(function, _) => function.clone(),
        _ => Name::default(),
    };
    matches!(operands, [first, second]
        if function(first) == "startswith_cs" && function(second) == "kuery:equals")
}

/// How descriptions call a test.
fn kind(function: &str) -> Option<String> {
    let (negated, plain) = match function {
        "!=" | "!~" => (true, "eq"),
        "==" | "=~" => (false, "eq"),
        "in" | "in~" => (false, "in"),
        "!in" | "!in~" => (true, "in"),
        "matches regex" => (false, "match"),
        "<" | "<=" | ">" | ">=" | "between" => (false, function),
        "!between" => (true, "between"),
        _ => match function.strip_prefix('!') {
            Some(plain) if is_positive_text_test(plain) => (true, plain),
            None if is_positive_text_test(function) => (false, function),
            _ => return None,
        },
    };
    Some(format!("{}{plain}", if negated { "not " } else { "" }))
}

/// The column that an expression is about: itself, a path into it, or either converted.
fn field(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(name) => Some(name.to_string()),
        ExprKind::Property(inner, name) => field(inner).map(|field| format!("{field}.{name}")),
        ExprKind::Element(inner, index) => match &index.kind {
            ExprKind::Literal(index) => {
                field(inner).map(|f| format!("{f}[{}]", rule_eval::json::display(index)))
            }
            _ => None,
        },
        ExprKind::Call(function, args) if function == "kuery:field" => match &args[..] {
            [inner, Expr { kind: ExprKind::Literal(name), .. }] => {
                Some(format!("{}.{}", field(inner)?, name.as_str()?))
            }
            _ => None,
        },
        ExprKind::Call(function, args) => {
            match (function.strip_prefix("to").and_then(Type::named), &args[..]) {
                (Some(_), [inner]) => field(inner),
                _ => None,
            }
        }
        _ => None,
    }
}
