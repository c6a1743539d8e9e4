//! What a condition says about the operation alone: conditions that every matching operation meets, and the keys by
//! which a table of rules finds it.

use super::compiled::DispatchKey;
use super::literals::{self, texts};
use super::reads::Reads;
use rule_model::Type;
use rule_model::plan::{Expr, ExprKind, Field};
use std::collections::BTreeSet;

/// The part of `conjunct` that reads `operation` alone: a condition that holds wherever `conjunct` does, whatever the
/// other columns. `None` where there is none.
pub(super) fn weakened(conjunct: &Expr, operation: &str) -> Option<Expr> {
    if is_about(conjunct, operation) {
        return Some(conjunct.clone());
    }
    let ExprKind::Call(function, args) = &conjunct.kind else { return None };
    let parts = args.iter().map(|arg| weakened(arg, operation));
    let parts: Vec<Expr> = match function.as_str() {
        "and" => parts.flatten().collect(),
        "or" => parts.collect::<Option<_>>()?,
        _ => return None,
    };
    parts.into_iter().reduce(|left, right| {
        let (ty, span) = (left.ty, left.span.to(right.span));
        Expr::call(function.clone(), vec![left, right], ty, span)
    })
}

/// Whether `expr` depends on the operation and on nothing else.
pub(super) fn is_about(expr: &Expr, operation: &str) -> bool {
    let reads = Reads::of(expr);
    !reads.columns.is_empty() && reads.only(|column| column == operation)
}

/// Keys one of which holds for every operation that meets all of `conditions`; none where any operation may.
pub(super) fn keys(conditions: &[Expr], operation: &str) -> Vec<DispatchKey> {
    let all = conditions.iter().filter_map(|condition| keys_of(condition, operation));
    all.min_by_key(cost).map(|keys| keys.into_iter().collect()).unwrap_or_default()
}

/// Keys one of which holds for every event that meets all of `conditions`, by a column of `fields` other than the operation;
/// none where there is no such column.
pub(super) fn field_keys(conditions: &[Expr], fields: &[Field]) -> Vec<DispatchKey> {
    let texts = fields.iter().filter(|field| matches!(field.ty, Type::String | Type::Dynamic));
    let all = texts.filter_map(|field| {
        let found = conditions.iter().filter_map(|condition| values_of(condition, field));
        found.min_by_key(BTreeSet::len).map(|values| (field, values))
    });
    let Some((field, values)) = all.min_by_key(|(_, values)| values.len()) else { return Vec::new() };
    let key = |value| DispatchKey::Field { column: field.name.to_string(), value };
    values.into_iter().map(key).collect()
}

/// The texts one of which a field has wherever a condition holds, unless it is an array.
fn values_of(condition: &Expr, field: &Field) -> Option<BTreeSet<String>> {
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    match function.as_str() {
        "and" => args.iter().filter_map(|arg| values_of(arg, field)).min_by_key(BTreeSet::len),
        "or" => args.iter().map(|arg| values_of(arg, field)).try_fold(BTreeSet::new(), |mut all, values| {
            all.extend(values?);
            Some(all)
        }),
        "==" | "=~" | "in" | "in~" | "kuery:equals" => {
            let (subject, values) = args.split_first()?;
            let is_field = matches!(&subject.kind, ExprKind::Column(name) if *name == field.name);
            let values = if is_field { texts(values)? } else { return None };
            let is_plain = field.ty == Type::String && function != "kuery:equals";
            (is_plain || values.iter().all(|value| is_word(value))).then(|| values.into_iter().collect())
        }
        _ => None,
    }
}

/// Whether a text reads as nothing but itself: what arrives as a number or other JSON in a string is not it.
fn is_word(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && !["true", "false", "null"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

type Keys = BTreeSet<DispatchKey>;

/// How dear it is to look for these keys: tests first, then parts, then how many.
fn cost(keys: &Keys) -> (usize, usize, usize) {
    let count = |is: fn(&DispatchKey) -> bool| keys.iter().filter(|key| is(key)).count();
    (
        count(|key| matches!(key, DispatchKey::Test(_))),
        count(|key| matches!(key, DispatchKey::Part { .. })),
        keys.len(),
    )
}

fn keys_of(condition: &Expr, operation: &str) -> Option<Keys> {
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    match function.as_str() {
        "and" => args.iter().filter_map(|arg| keys_of(arg, operation)).min_by_key(cost),
        "or" => args.iter().map(|arg| keys_of(arg, operation)).try_fold(Keys::new(), |mut all, keys| {
            all.extend(keys?);
            Some(all)
        }),
        _ => {
            let (subject, values) = args.split_first()?;
            let is_subject = |expr: &Expr| matches!(&expr.kind, ExprKind::Column(name) if name == operation);
            match is_subject(subject) {
                true => named(function, &texts(values)?),
                // `"name" == OperationName`
                false if matches!(function.as_str(), "==" | "=~") && values.iter().all(is_subject) => {
                    named(function, &texts(std::slice::from_ref(subject))?)
                }
                false => None,
            }
        }
    }
}

/// The keys of one test of the operation against literal texts.
fn named(function: &str, values: &[String]) -> Option<Keys> {
    let part = |test: &str, value: &String| DispatchKey::Part {
        test: format!("{test} {value:?}"),
        part: value.clone(),
    };
    let key: fn(String) -> DispatchKey = match function {
        "==" | "in" => DispatchKey::Exact,
        "=~" | "in~" => DispatchKey::AnyCase,
        "matches regex" => {
            let shown: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            return Some(Keys::from([DispatchKey::Test(format!("{function} {}", shown.join(", ")))]));
        }
        "has_any" if values.iter().all(|value| !value.is_empty()) => {
            return Some(values.iter().map(|value| part("has", value)).collect());
        }
        "has_all" => {
            let longest = values.iter().max_by_key(|value| value.len()).filter(|value| !value.is_empty())?;
            return Some(Keys::from([part("has", longest)]));
        }
        _ if literals::is_positive_text_test(function) && matches!(values, [value] if !value.is_empty()) => {
            return Some(values.iter().map(|value| part(function, value)).collect());
        }
        _ if literals::is_positive_text_test(function) => {
            let shown: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            return Some(Keys::from([DispatchKey::Test(format!("{function} {}", shown.join(", ")))]));
        }
        _ => return None,
    };
    Some(values.iter().cloned().map(key).collect())
}
