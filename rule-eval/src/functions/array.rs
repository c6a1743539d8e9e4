//! Functions that make and rearrange arrays of `dynamic`.
//!
//! What is not an array gives null. Source: Kusto documentation, "Dynamic/array functions".

use super::arguments::{datetime, long, real, timespan};
use crate::function::{Accepts, Function, Param, Signature};
use crate::order::Key;
use rule_model::{Timespan, Type, Value};

const DYNAMIC: Accepts = Accepts::Type(Type::Dynamic);
const LONG: Accepts = Accepts::Type(Type::Long);
const ARRAY: Param = Param::one("array", DYNAMIC);
const UNARY: &[Signature] = &[Signature::new(&[ARRAY], Type::Dynamic)];
const ROTATE: &[Signature] = &[Signature::new(&[ARRAY, Param::one("count", LONG)], Type::Dynamic)];
const SHIFT: &[Signature] = &[Signature::new(
    &[ARRAY, Param::one("count", LONG), Param::optional("default", Accepts::Any)],
    Type::Dynamic,
)];

/// Kusto's bound on the items of a generated array.
const MOST_ITEMS: usize = 1_048_576;

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "array_length",
        "The number of items of an array.",
        &[Signature::new(&[ARRAY], Type::Long)],
        |_, args| args[0].as_array().map(|items| items.len() as i64).into(),
        &[("array_length(dynamic([1, 'a', null]))", "3"), ("array_length(dynamic({'a': 1}))", "long(null)")],
    )
    .also(&["arraylength"]),
    Function::scalar(
        "array_concat",
        "One array of the items of all given arrays, in order.",
        &[Signature::new(&[ARRAY, Param::repeated("arrays", DYNAMIC)], Type::Dynamic)],
        |_, args| {
            let parts = args.iter().map(Value::as_array).collect::<Option<Vec<_>>>();
            parts.map(|parts| parts.concat()).into()
        },
        &[
            ("array_concat(dynamic([1, 2]), dynamic([]), dynamic(['a']))", "dynamic([1, 2, 'a'])"),
            ("array_concat(dynamic([1]), dynamic(1))", "dynamic(null)"),
        ],
    ),
    Function::scalar(
        "array_iff",
        "Item by item the second or the third argument's, by the truth of the first's; a scalar serves every item.",
        &[Signature::new(
            &[
                Param::one("conditions", DYNAMIC),
                Param::one("when_true", Accepts::Any),
                Param::one("when_false", Accepts::Any),
            ],
            Type::Dynamic,
        )],
        |_, args| array_iff(&args[0], &args[1], &args[2]),
        &[
            (
                "array_iff(dynamic([true, false, true]), dynamic([1, 2, 3]), dynamic([4, 5, 6]))",
                "dynamic([1, 5, 3])",
            ),
            ("array_iff(dynamic([1, 0, 50]), 'yes', 'no')", "dynamic(['yes', 'no', 'yes'])"),
            ("array_iff(dynamic(['x', null]), 1, 0)", "dynamic([null, null])"),
        ],
    )
    .also(&["array_iif"]),
    Function::scalar(
        "array_index_of",
        "The position of a value in an array, -1 if it is not there; within a range and for its n-th occurrence.",
        &[Signature::new(
            &[
                ARRAY,
                Param::one("value", Accepts::Any),
                Param::optional("start", LONG),
                Param::optional("length", LONG),
                Param::optional("occurrence", LONG),
            ],
            Type::Long,
        )],
        |_, args| array_index_of(args).into(),
        &[
            ("array_index_of(dynamic(['this', 'is', 'an', 'example']), 'an')", "2"),
            ("array_index_of(dynamic(['a', 'b', 'a']), 'a', 1)", "2"),
            ("array_index_of(dynamic(['a', 'b', 'a']), 'a', 0, -1, 2)", "2"),
            ("array_index_of(dynamic(['a', 'b', 'a']), 'a', -2)", "2"),
            ("array_index_of(dynamic(['a']), 'z')", "-1"),
        ],
    ),
    Function::scalar(
        "array_reverse",
        "The items in opposite order.",
        UNARY,
        |_, args| {
            args[0].as_array().map(|items| items.iter().rev().cloned().collect::<Vec<_>>()).into()
        },
        &[("array_reverse(dynamic([1, 'a', 3]))", "dynamic([3, 'a', 1])")],
    ),
    Function::scalar(
        "array_rotate_left",
        "The items moved to the left by a count, those pushed out coming back on the right.",
        ROTATE,
        |_, args| rotate(args, 1).into(),
        &[
            ("array_rotate_left(dynamic([1, 2, 3, 4, 5]), 2)", "dynamic([3, 4, 5, 1, 2])"),
            ("array_rotate_left(dynamic([1, 2, 3, 4, 5]), -2)", "dynamic([4, 5, 1, 2, 3])"),
        ],
    ),
    Function::scalar(
        "array_rotate_right",
        "The items moved to the right by a count, those pushed out coming back on the left.",
        ROTATE,
        |_, args| rotate(args, -1).into(),
        &[("array_rotate_right(dynamic([1, 2, 3, 4, 5]), 2)", "dynamic([4, 5, 1, 2, 3])")],
    ),
    Function::scalar(
        "array_shift_left",
        "The items moved to the left by a count; the default, else null or the empty text, fills the places left.",
        SHIFT,
        |_, args| shift(args, 1).into(),
        &[
            ("array_shift_left(dynamic([1, 2, 3, 4, 5]), 2)", "dynamic([3, 4, 5, null, null])"),
            ("array_shift_left(dynamic([1, 2, 3, 4, 5]), -2, -1)", "dynamic([-1, -1, 1, 2, 3])"),
            ("array_shift_left(dynamic(['a', 'b', 'c']), 1)", "dynamic(['b', 'c', ''])"),
        ],
    ),
    Function::scalar(
        "array_shift_right",
        "The items moved to the right by a count; the default, else null or the empty text, fills the places left.",
        SHIFT,
        |_, args| shift(args, -1).into(),
        &[("array_shift_right(dynamic([1, 2, 3, 4, 5]), 2)", "dynamic([null, null, 1, 2, 3])")],
    ),
    Function::scalar(
        "array_slice",
        "The items from one position to another, both included; negative positions count from the end.",
        &[Signature::new(&[ARRAY, Param::one("start", LONG), Param::one("end", LONG)], Type::Dynamic)],
        |_, args| array_slice(args).into(),
        &[
            ("array_slice(dynamic([1, 2, 3]), 1, 2)", "dynamic([2, 3])"),
            ("array_slice(dynamic([1, 2, 3, 4, 5]), -3, -2)", "dynamic([3, 4])"),
            ("array_slice(dynamic([1, 2, 3]), 2, 9)", "dynamic([3])"),
        ],
    ),
    Function::scalar(
        "array_split",
        "The array cut before the given position or positions, as an array of arrays.",
        &[Signature::new(&[ARRAY, Param::one("positions", Accepts::Any)], Type::Dynamic)],
        |_, args| array_split(&args[0], &args[1]).into(),
        &[
            ("array_split(dynamic([1, 2, 3, 4, 5]), 2)", "dynamic([[1, 2], [3, 4, 5]])"),
            ("array_split(dynamic([1, 2, 3, 4, 5]), dynamic([1, 3]))", "dynamic([[1], [2, 3], [4, 5]])"),
        ],
    ),
    Function::scalar(
        "array_sum",
        "The sum of the numbers of an array; null if an item is none.",
        &[Signature::new(&[ARRAY], Type::Real)],
        |_, args| {
            let items = args[0].as_array();
            items.and_then(|items| items.iter().map(real).sum::<Option<f64>>()).into()
        },
        &[("array_sum(dynamic([1, 2, 3, 4]))", "10.0"), ("array_sum(dynamic(['a']))", "real(null)")],
    ),
    Function::scalar(
        "pack_array",
        "An array of the arguments.",
        &[Signature::new(&[Param::repeated("values", Accepts::Any)], Type::Dynamic)],
        |_, args| args.to_vec().into(),
        &[("pack_array(1, 'a', true)", "dynamic([1, 'a', true])")],
    ),
    Function::scalar(
        "range",
        "The numbers, dates or spans from start to stop in equal steps (of 1 or of one hour unless given).",
        &[
            Signature::new(
                &[
                    Param::one("start", Accepts::Type(Type::DateTime)),
                    Param::one("stop", Accepts::Type(Type::DateTime)),
                    Param::optional("step", Accepts::Type(Type::Timespan)),
                ],
                Type::Dynamic,
            ),
            Signature::new(
                &[
                    Param::one("start", Accepts::Type(Type::Timespan)),
                    Param::one("stop", Accepts::Type(Type::Timespan)),
                    Param::optional("step", Accepts::Type(Type::Timespan)),
                ],
                Type::Dynamic,
            ),
            Signature::new(
                &[
                    Param::one("start", Accepts::Number),
                    Param::one("stop", Accepts::Number),
                    Param::optional("step", Accepts::Number),
                ],
                Type::Dynamic,
            ),
        ],
        |_, args| range(&args[0], &args[1], args.get(2)).into(),
        &[
            ("range(1, 8, 3)", "dynamic([1, 4, 7])"),
            ("range(3, 1, -1)", "dynamic([3, 2, 1])"),
            ("range(1h, 3h)", "pack_array(1h, 2h, 3h)"),
            ("range(datetime(2007-01-01), datetime(2007-01-02), 1d)[1]", "datetime(2007-01-02)"),
        ],
    ),
    Function::scalar(
        "repeat",
        "An array of a value, a number of times; null if the number is negative.",
        &[Signature::new(&[Param::one("value", Accepts::Any), Param::one("count", LONG)], Type::Dynamic)],
        |_, args| {
            let count = long(&args[1]).and_then(|count| usize::try_from(count).ok());
            count.map(|count| vec![args[0].clone(); count.min(MOST_ITEMS)]).into()
        },
        &[("repeat(1, 3)", "dynamic([1, 1, 1])"), ("repeat('a', 0)", "dynamic([])"), ("repeat(1, -1)", "dynamic(null)")],
    ),
    Function::scalar(
        "zip",
        "An array of arrays: the first items of all, the second items of all, …; null where one is shorter.",
        &[Signature::new(
            &[ARRAY, Param::one("other", DYNAMIC), Param::repeated("others", DYNAMIC)],
            Type::Dynamic,
        )],
        |_, args| zip(args).into(),
        &[
            ("zip(dynamic([1, 3, 5]), dynamic([2, 4, 6]))", "dynamic([[1, 2], [3, 4], [5, 6]])"),
            ("zip(dynamic(['A', 1]), dynamic(['B']))", "dynamic([['A', 'B'], [1, null]])"),
        ],
    ),
];

fn array_iff(conditions: &Value, when_true: &Value, when_false: &Value) -> Value {
    let item = |side: &Value, i: usize| match side.as_array() {
        Some(items) => items.get(i).cloned().unwrap_or_default(),
        None => side.clone(),
    };
    let choose =
        |(i, condition): (usize, &Value)| match condition.as_bool().or(real(condition).map(|n| n != 0.0)) {
            Some(true) => item(when_true, i),
            Some(false) => item(when_false, i),
            None => Value::Null,
        };
    let chosen = conditions.as_array().map(|items| items.iter().enumerate().map(choose).collect::<Vec<_>>());
    chosen.into()
}

fn array_index_of(args: &[Value]) -> Option<i64> {
    let items = args[0].as_array()?;
    let number = |i: usize, default: i64| args.get(i).map_or(Some(default), long);
    let (start, length, occurrence) = (number(2, 0)?, number(3, -1)?, number(4, 1)?);
    if length < -1 || occurrence < 0 {
        return None;
    }
    let start = position(start, items.len()).max(0) as usize;
    let end = if length < 0 { items.len() } else { start.saturating_add(length as usize).min(items.len()) };
    let sought = Key::of(&args[1]);
    let range = items.get(start..end).unwrap_or_default();
    let found = range.iter().enumerate().filter(|(_, item)| Key::of(item) == sought);
    Some(found.map(|(i, _)| (start + i) as i64).nth((occurrence - 1).max(0) as usize).unwrap_or(-1))
}

/// A position that may be counted from the end, as one counted from the start; it may still lie outside.
fn position(position: i64, length: usize) -> i64 {
    if position < 0 { position.saturating_add(length as i64) } else { position }
}

/// Rotation to the left by the count in `args[1]` times `direction`.
fn rotate(args: &[Value], direction: i64) -> Option<Vec<Value>> {
    let mut items = args[0].as_array()?.to_vec();
    let count = long(&args[1])?;
    if !items.is_empty() {
        let by = (count % items.len() as i64 * direction).rem_euclid(items.len() as i64);
        items.rotate_left(by as usize);
    }
    Some(items)
}

/// Shift to the left by the count in `args[1]` times `direction`.
fn shift(args: &[Value], direction: i64) -> Option<Vec<Value>> {
    let items = args[0].as_array()?;
    let count = long(&args[1])?.saturating_mul(direction);
    let fill = args.get(2).cloned().unwrap_or_else(|| match items.first() {
        Some(Value::String(_)) => Value::EMPTY,
        _ => Value::Null,
    });
    let from = |i: usize| usize::try_from((i as i64).saturating_add(count)).ok();
    let item = |i: usize| from(i).and_then(|i| items.get(i)).unwrap_or(&fill).clone();
    Some((0..items.len()).map(item).collect())
}

fn array_slice(args: &[Value]) -> Option<Vec<Value>> {
    let items = args[0].as_array()?;
    let start = position(long(&args[1])?, items.len()).max(0) as usize;
    let end = position(long(&args[2])?, items.len()).saturating_add(1).clamp(0, items.len() as i64) as usize;
    Some(items.get(start..end).unwrap_or_default().to_vec())
}

fn array_split(array: &Value, positions: &Value) -> Option<Vec<Value>> {
    let items = array.as_array()?;
    let positions = match positions.as_array() {
        Some(positions) => positions.iter().map(long).collect::<Option<Vec<_>>>()?,
        None => vec![long(positions)?],
    };
    let mut parts = Vec::with_capacity(positions.len() + 1);
    let mut from = 0;
    for at in positions {
        let at = position(at, items.len()).clamp(from as i64, items.len() as i64) as usize;
        parts.push(items[from..at].to_vec().into());
        from = at;
    }
    parts.push(items[from..].to_vec().into());
    Some(parts)
}

fn range(start: &Value, end: &Value, step: Option<&Value>) -> Option<Vec<Value>> {
    if let (Some(start), Some(end)) = (datetime(start), datetime(end)) {
        let step = step.map_or(Some(Timespan::hours(1)), timespan)?;
        return Some(whole_range(start.0, end.0, step.0, |ticks| rule_model::DateTime(ticks).into()));
    }
    if let (Some(start), Some(end)) = (timespan(start), timespan(end)) {
        let step = step.map_or(Some(Timespan::hours(1)), timespan)?;
        return Some(whole_range(start.0, end.0, step.0, |ticks| Timespan(ticks).into()));
    }
    let one = Value::Long(1);
    let step = step.unwrap_or(&one);
    if let (Some(start), Some(end), Some(step)) = (long(start), long(end), long(step)) {
        return Some(whole_range(start, end, step, Value::Long));
    }
    let (start, end, step) = (real(start)?, real(end)?, real(step)?);
    let within = move |x: &f64| if step > 0.0 { *x <= end } else { step < 0.0 && *x >= end };
    // Each item is computed from its number, so that errors of rounding do not add up.
    let items = (0..MOST_ITEMS).map(|i| start + i as f64 * step).take_while(within);
    Some(items.map(Value::Real).collect())
}

fn whole_range(start: i64, end: i64, step: i64, value: fn(i64) -> Value) -> Vec<Value> {
    let within = |n: &i64| if step > 0 { *n <= end } else { step < 0 && *n >= end };
    let items = std::iter::successors(Some(start), |n| n.checked_add(step));
    items.take_while(within).take(MOST_ITEMS).map(value).collect()
}

fn zip(arrays: &[Value]) -> Option<Vec<Value>> {
    let arrays = arrays.iter().map(Value::as_array).collect::<Option<Vec<_>>>()?;
    let length = arrays.iter().map(|items| items.len()).max().unwrap_or(0);
    let row = |i: usize| arrays.iter().map(move |items| items.get(i).cloned().unwrap_or_default());
    Some((0..length).map(|i| Value::array(row(i))).collect())
}
