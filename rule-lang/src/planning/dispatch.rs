//! What a condition says about the operation alone: conditions that every matching operation meets, and the keys by
//! which a table of rules finds it.

use super::compiled::DispatchKey;
use super::literals::{self, texts};
use super::reads::Reads;
use rule_model::plan::{Expr, ExprKind};
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

type Keys = BTreeSet<DispatchKey>;

/// How dear it is to look for these keys: tests first, then how many.
fn cost(keys: &Keys) -> (usize, usize) {
    (keys.iter().filter(|key| matches!(key, DispatchKey::Test(_))).count(), keys.len())
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
    let key: fn(String) -> DispatchKey = match function {
        "==" | "in" => DispatchKey::Exact,
        "=~" | "in~" => DispatchKey::AnyCase,
        _ if literals::is_positive_text_test(function) => {
            let shown: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            return Some(Keys::from([DispatchKey::Test(format!("{function} {}", shown.join(", ")))]));
        }
        _ => return None,
    };
    Some(values.iter().cloned().map(key).collect())
}
