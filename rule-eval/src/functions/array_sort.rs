//! `array_sort_asc` and `array_sort_desc`: arrays sorted side by side.
//!
//! The first array is sorted and the others follow it. With one array the result is that array; with more it is an
//! array of them all, of which each is a column when the call stands alone in a projection.
//! Source: Kusto documentation, the pages of the two functions.

use crate::function::{Accepts, Function, Param, Signature};
use crate::order::compare;
use rule_model::{Type, Value};
use std::cmp::Ordering;

// The last argument may be `nulls_last`, a bool among arrays; hence anything is accepted.
const ARRAYS: &[Signature] = &[Signature::new(
    &[
        Param::one("array", Accepts::Type(Type::Dynamic)),
        Param::repeated("arrays_or_nulls_last", Accepts::Any),
    ],
    Type::Dynamic,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "array_sort_asc",
        "The first array in ascending order and the others in the order of the first; nulls last unless told false.",
        ARRAYS,
        |_, args| sort(args, compare),
        &[
            ("array_sort_asc(dynamic([1, 3, 4, 5, 2]))", "dynamic([1, 2, 3, 4, 5])"),
            ("array_sort_asc(dynamic([1, 3, 2]), dynamic(['a', 'b', 'c']))[1]", "dynamic(['a', 'c', 'b'])"),
            ("array_sort_asc(dynamic([null, 'b', 'a']), false)", "dynamic([null, 'a', 'b'])"),
        ],
    ),
    Function::scalar(
        "array_sort_desc",
        "The first array in descending order and the others in the order of the first; nulls last unless told false.",
        ARRAYS,
        |_, args| sort(args, |a, b| compare(b, a)),
        &[
            ("array_sort_desc(dynamic([1, 3, 4, 5, 2]))", "dynamic([5, 4, 3, 2, 1])"),
            ("array_sort_desc(dynamic([null, 'b', 'c']))", "dynamic(['c', 'b', null])"),
        ],
    ),
];

fn sort(args: &[Value], order: fn(&Value, &Value) -> Ordering) -> Value {
    let (arrays, nulls_last) = match args {
        [arrays @ .., Value::Bool(nulls_last)] => (arrays, *nulls_last),
        _ => (args, true),
    };
    let Some(keys) = arrays.first().and_then(Value::as_array) else { return Value::Null };
    let mut places: Vec<usize> = (0..keys.len()).collect();
    places.sort_by(|&a, &b| {
        let (a, b) = (&keys[a], &keys[b]);
        let nulls = if nulls_last { a.is_null().cmp(&b.is_null()) } else { b.is_null().cmp(&a.is_null()) };
        let values = || rank(a).cmp(&rank(b)).then_with(|| order(a, b));
        nulls.then_with(values)
    });
    let follow = |array: &Value| match array.as_array() {
        Some(items) if items.len() == places.len() => Value::array(places.iter().map(|&i| items[i].clone())),
        _ => Value::Null,
    };
    match arrays {
        [array] => follow(array),
        _ => Value::array(arrays.iter().map(follow)),
    }
}

/// Kinds of items keep this order whichever way the items are sorted.
const fn rank(item: &Value) -> u8 {
    match item {
        Value::Int(_)
        | Value::Long(_)
        | Value::Real(_)
        | Value::Decimal(_)
        | Value::DateTime(_)
        | Value::Timespan(_) => 0,
        Value::String(_) => 1,
        Value::Guid(_) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending(args: &[Value]) -> String {
        crate::json::write(&sort(args, compare))
    }

    #[test]
    fn other_arrays_follow_the_first_and_one_of_another_length_becomes_null() {
        let numbers = Value::array([3, 1, 2].map(Value::Long));
        let letters = Value::array(["c", "a", "b"].map(Value::from));
        let short = Value::array([Value::Long(1)]);
        assert_eq!(ascending(&[numbers, letters, short]), r#"[[1,2,3],["a","b","c"],null]"#);
    }

    #[test]
    fn kinds_are_sorted_numbers_then_texts_then_the_rest_and_nulls_where_told() {
        let mixed = Value::array([
            Value::Null,
            Value::Bool(true),
            Value::from("b"),
            Value::Real(2.5),
            Value::from("a"),
        ]);
        assert_eq!(ascending(std::slice::from_ref(&mixed)), r#"[2.5,"a","b",true,null]"#);
        assert_eq!(ascending(&[mixed, Value::Bool(false)]), r#"[null,2.5,"a","b",true]"#);
    }
}
