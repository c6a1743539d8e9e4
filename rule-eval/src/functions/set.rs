//! Arrays as sets: union, difference, intersection, membership.
//!
//! Items are the same when they are the same key of a group: numbers by value, texts by case. Results are in order
//! of first appearance. Source: Kusto documentation, the pages of the functions.

use crate::function::{Accepts, Function, Param, Signature};
use crate::order::Key;
use rule_model::{Type, Value};
use std::collections::HashSet;

const DYNAMIC: Accepts = Accepts::Type(Type::Dynamic);
const SETS: &[Signature] = &[Signature::new(
    &[Param::one("set", DYNAMIC), Param::one("other", DYNAMIC), Param::repeated("others", DYNAMIC)],
    Type::Dynamic,
)];
const TWO_SETS: &[Param] = &[Param::one("set", DYNAMIC), Param::one("other", DYNAMIC)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "set_union",
        "The distinct items of all arrays.",
        SETS,
        |_, args| {
            let sets = args.iter().map(Value::as_array).collect::<Option<Vec<_>>>();
            sets.map(|sets| distinct(sets.into_iter().flatten(), |_| true)).into()
        },
        &[("set_union(dynamic([1, 2, 1]), dynamic([2, 3]))", "dynamic([1, 2, 3])")],
    ),
    Function::scalar(
        "set_difference",
        "The distinct items of the first array that are in none of the others.",
        SETS,
        |_, args| {
            against_others(args, |item, others| !others.iter().any(|other| other.contains(item))).into()
        },
        &[
            ("set_difference(dynamic([1, 2, 1, 4]), dynamic([1, 2]))", "dynamic([4])"),
            ("set_difference(dynamic([1, 2, 3]), dynamic([1, 2, 3]))", "dynamic([])"),
        ],
    ),
    Function::scalar(
        "set_intersect",
        "The distinct items that are in all arrays.",
        SETS,
        |_, args| against_others(args, |item, others| others.iter().all(|other| other.contains(item))).into(),
        &[("set_intersect(dynamic([1, 2, 3]), dynamic([3, 2]), dynamic([2]))", "dynamic([2])")],
    ),
    Function::scalar(
        "set_has_element",
        "Whether the array has the value as an item.",
        &[Signature::new(&[Param::one("set", DYNAMIC), Param::one("value", Accepts::Any)], Type::Bool)],
        |_, args| {
            let sought = Key::of(&args[1]);
            args[0].as_array().map(|items| items.iter().any(|item| Key::of(item) == sought)).into()
        },
        &[
            ("set_has_element(dynamic(['this', 'is']), 'is')", "true"),
            ("set_has_element(dynamic(['this', 'is']), 'IS')", "false"),
        ],
    ),
    Function::scalar(
        "set_equals",
        "Whether two arrays hold the same distinct items.",
        &[Signature::new(TWO_SETS, Type::Bool)],
        |_, args| both(args).map(|(a, b)| a == b).into(),
        &[("set_equals(dynamic([1, 2, 1]), dynamic([2, 1]))", "true")],
    ),
    Function::scalar(
        "jaccard_index",
        "The number of distinct items in both arrays, divided by that in either.",
        &[Signature::new(TWO_SETS, Type::Real)],
        |_, args| {
            let index = |(a, b): (HashSet<Key>, HashSet<Key>)| {
                a.intersection(&b).count() as f64 / a.union(&b).count() as f64
            };
            both(args).map(index).into()
        },
        &[("jaccard_index(dynamic([1, 2, 3]), dynamic([1, 2, 3, 4]))", "0.75")],
    ),
];

fn distinct<'a>(items: impl Iterator<Item = &'a Value>, keep: impl Fn(&Key) -> bool) -> Vec<Value> {
    let mut seen = HashSet::new();
    let mut fresh = |item: &&Value| {
        let key = Key::of(item);
        keep(&key) && seen.insert(key)
    };
    items.filter(|item| fresh(item)).cloned().collect()
}

/// The distinct items of the first set that `keep` wants, given the other sets.
fn against_others(args: &[Value], keep: fn(&Key, &[HashSet<Key>]) -> bool) -> Option<Vec<Value>> {
    let (first, others) = args.split_first()?;
    let others = others.iter().map(keys).collect::<Option<Vec<_>>>()?;
    Some(distinct(first.as_array()?.iter(), |item| keep(item, &others)))
}

fn both(args: &[Value]) -> Option<(HashSet<Key>, HashSet<Key>)> {
    Some((keys(&args[0])?, keys(&args[1])?))
}

fn keys(set: &Value) -> Option<HashSet<Key>> {
    set.as_array().map(|items| items.iter().map(Key::of).collect())
}
