//! Missing items of a series filled in.
//!
//! Missing is what equals the placeholder, null unless given. Source: Kusto documentation, `series_fill_backward()`,
//! `series_fill_const()`, `series_fill_forward()`, `series_fill_linear()`.

use super::arguments::real;
use crate::function::{Accepts, Function, Param, Signature};
use crate::order::Key;
use rule_model::{Type, Value};

const SERIES: Param = Param::one("series", Accepts::Type(Type::Dynamic));
const PLACEHOLDER: Param = Param::optional("placeholder", Accepts::Any);
const FROM_NEIGHBOUR: &[Signature] = &[Signature::new(&[SERIES, PLACEHOLDER], Type::Dynamic)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "series_fill_forward",
        "Missing items become the nearest item before them.",
        FROM_NEIGHBOUR,
        |_, args| neighbour(args, false).into(),
        &[("series_fill_forward(dynamic([null, 36, null, 41, null]))", "dynamic([null, 36, 36, 41, 41])")],
    ),
    Function::scalar(
        "series_fill_backward",
        "Missing items become the nearest item after them.",
        FROM_NEIGHBOUR,
        |_, args| neighbour(args, true).into(),
        &[("series_fill_backward(dynamic([null, 36, null, 41, null]))", "dynamic([36, 36, 41, 41, null])")],
    ),
    Function::scalar(
        "series_fill_const",
        "Missing items become the given value, 0 unless given.",
        &[Signature::new(&[SERIES, Param::optional("constant", Accepts::Any), PLACEHOLDER], Type::Dynamic)],
        |_, args| {
            let constant = args.get(1).cloned().unwrap_or(Value::Long(0));
            let missing = Key::of(args.get(2).unwrap_or(&Value::Null));
            let fill = |item: &Value| if Key::of(item) == missing { constant.clone() } else { item.clone() };
            args[0].as_array().map(|items| items.iter().map(fill).collect::<Vec<_>>()).into()
        },
        &[
            ("series_fill_const(dynamic([111, null, 36]), -1)", "dynamic([111, -1, 36])"),
            ("series_fill_const(dynamic([1, 0, 2]), 9, 0)", "dynamic([1, 9, 2])"),
        ],
    ),
    Function::scalar(
        "series_fill_linear",
        "Missing items become points of the line between the items around them; at the ends, unless told false, the \
         nearest item; the constant where no item is left.",
        &[Signature::new(
            &[
                SERIES,
                PLACEHOLDER,
                Param::optional("fill_edges", Accepts::Type(Type::Bool)),
                Param::optional("constant", Accepts::Any),
            ],
            Type::Dynamic,
        )],
        |_, args| linear(args).into(),
        &[
            ("series_fill_linear(dynamic([null, 1, null, 3, null]))", "dynamic([1, 1, 2.0, 3, 3])"),
            ("series_fill_linear(dynamic([null, 1]), real(null), false)", "dynamic([null, 1])"),
        ],
    ),
];

fn neighbour(args: &[Value], backward: bool) -> Option<Vec<Value>> {
    let mut items = args[0].as_array()?.to_vec();
    let missing = Key::of(args.get(1).unwrap_or(&Value::Null));
    if backward {
        items.reverse();
    }
    let mut last = None;
    for item in &mut items {
        if Key::of(item) != missing {
            last = Some(item.clone());
        } else if let Some(last) = &last {
            *item = last.clone();
        }
    }
    if backward {
        items.reverse();
    }
    Some(items)
}

fn linear(args: &[Value]) -> Option<Vec<Value>> {
    let items = args[0].as_array()?;
    let missing = Key::of(args.get(1).unwrap_or(&Value::Null));
    let edges = args.get(2).and_then(Value::as_bool).unwrap_or(true);
    let known: Vec<usize> = (0..items.len()).filter(|&i| Key::of(&items[i]) != missing).collect();
    let fill = |i: usize| {
        let next = known.partition_point(|&k| k < i);
        let (before, after) = (next.checked_sub(1).map(|p| known[p]), known.get(next).copied());
        match (before, after) {
            (_, Some(after)) if after == i => items[i].clone(),
            (Some(before), Some(after)) => between(&items[before], &items[after], i - before, after - before),
            (Some(edge), None) | (None, Some(edge)) if edges => items[edge].clone(),
            (None, None) => args.get(3).cloned().unwrap_or_else(|| items[i].clone()),
            _ => items[i].clone(),
        }
    };
    Some((0..items.len()).map(fill).collect())
}

fn between(before: &Value, after: &Value, step: usize, steps: usize) -> Value {
    let point = |(before, after): (f64, f64)| before + (after - before) * step as f64 / steps as f64;
    real(before).zip(real(after)).map(point).into()
}
