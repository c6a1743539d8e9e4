//! Comparison operators, membership and ranges.
//!
//! They take values of any types and meet mixed ones at run time, see [`crate::compare`]; which types may be
//! compared at all is for the checker to say.

use super::arithmetic::{add, subtract};
use crate::compare::{equals, ordered};
use crate::function::{Accepts, Function, Param, Signature};
use crate::{json, text};
use rule_model::{Type, Value};
use std::cmp::Ordering;

const TEXT: Accepts = Accepts::Type(Type::String);
const PAIR: &[Signature] =
    &[Signature::new(&[Param::one("left", Accepts::Any), Param::one("right", Accepts::Any)], Type::Bool)];
const TEXT_PAIR: &[Signature] =
    &[Signature::new(&[Param::one("left", TEXT), Param::one("right", TEXT)], Type::Bool)];
const MEMBER: &[Signature] = &[Signature::new(
    &[Param::one("value", Accepts::Any), Param::repeated("item", Accepts::Any)],
    Type::Bool,
)];
const TEXT_MEMBER: &[Signature] =
    &[Signature::new(&[Param::one("text", TEXT), Param::repeated("item", Accepts::Any)], Type::Bool)];
const RANGE: &[Signature] = &[Signature::new(
    &[Param::one("value", Accepts::Any), Param::one("low", Accepts::Any), Param::one("high", Accepts::Any)],
    Type::Bool,
)];

const AROUND: &[Signature] = &[Signature::new(
    &[
        Param::one("value", Accepts::Any),
        Param::one("center", Accepts::Any),
        Param::one("delta", Accepts::Any),
    ],
    Type::Bool,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "==",
        "Whether two values are equal; text by its exact characters. Null if both are null.",
        PAIR,
        |_, args| equals(&args[0], &args[1]).into(),
        &[
            ("\"aBc\" == \"abc\"", "false"),
            ("int(null) == int(null)", "bool(null)"),
            ("int(null) == 5", "false"),
            ("\"0\" == 0", "true"),
            ("dynamic({\"a\":\"Required\"}).a == \"Required\"", "true"),
        ],
    ),
    Function::scalar(
        "!=",
        "Whether two values differ. Null if both are null.",
        PAIR,
        |_, args| equals(&args[0], &args[1]).map(|equal| !equal).into(),
        &[("1 != 2", "true"), ("int(null) != 5", "true"), ("int(null) != int(null)", "bool(null)")],
    ),
    Function::scalar(
        "<",
        "Whether the left value comes before the right one.",
        PAIR,
        |_, args| ordered(&args[0], &args[1], Ordering::is_lt).into(),
        &[("1 < 1.5", "true"), ("1h < 1d", "true"), ("int(null) < 1", "bool(null)")],
    ),
    Function::scalar(
        "<=",
        "Whether the left value comes before the right one or they are equal.",
        PAIR,
        |_, args| ordered(&args[0], &args[1], Ordering::is_le).into(),
        &[("2 <= 2", "true"), ("3 <= 2", "false")],
    ),
    Function::scalar(
        ">",
        "Whether the left value comes after the right one.",
        PAIR,
        |_, args| ordered(&args[0], &args[1], Ordering::is_gt).into(),
        &[("datetime(2024-01-02) > datetime(2024-01-01)", "true"), ("int(null) > 3", "bool(null)")],
    ),
    Function::scalar(
        ">=",
        "Whether the left value comes after the right one or they are equal.",
        PAIR,
        |_, args| ordered(&args[0], &args[1], Ordering::is_ge).into(),
        &[("2 >= 2", "true"), ("1 >= 2", "false")],
    ),
    Function::scalar(
        "=~",
        "Whether two texts are equal when case is ignored.",
        TEXT_PAIR,
        |_, args| text::equals_ignore_case(text_of(&args[0]), text_of(&args[1])).into(),
        &[("\"aBc\" =~ \"ABC\"", "true"), ("\"ÉCOLE\" =~ \"école\"", "true"), ("\"I\" =~ \"ı\"", "false")],
    ),
    Function::scalar(
        "!~",
        "Whether two texts differ by more than case.",
        TEXT_PAIR,
        |_, args| (!text::equals_ignore_case(text_of(&args[0]), text_of(&args[1]))).into(),
        &[("\"aBc\" !~ \"ABC\"", "false"), ("\"a\" !~ \"b\"", "true")],
    ),
    Function::scalar(
        "in",
        "Whether a value equals one of the items; arrays among them count by their items.",
        MEMBER,
        |_, args| is_member(args).into(),
        &[
            ("\"b\" in (dynamic([\"a\", \"b\"]))", "true"),
            ("\"B\" in (\"a\", \"b\")", "false"),
            ("1 in (1, 2)", "true"),
            ("int(null) in (1, 2)", "false"),
        ],
    ),
    Function::scalar(
        "!in",
        "Whether a value equals none of the items.",
        MEMBER,
        |_, args| (!is_member(args)).into(),
        &[("3 !in (1, 2)", "true"), ("\"a\" !in (\"a\", \"b\")", "false")],
    ),
    Function::scalar(
        "in~",
        "Whether a text equals one of the items when case is ignored; arrays among them count by their items.",
        TEXT_MEMBER,
        |_, args| is_member_ignoring_case(args).into(),
        &[
            ("\"Abc\" in~ (\"123\", \"345\", \"abc\")", "true"),
            ("\"x\" in~ (dynamic([\"a\", \"X\"]))", "true"),
        ],
    ),
    Function::scalar(
        "!in~",
        "Whether a text equals none of the items even when case is ignored.",
        TEXT_MEMBER,
        |_, args| (!is_member_ignoring_case(args)).into(),
        &[("\"Abc\" !in~ (\"abc\")", "false"), ("\"x\" !in~ (\"a\")", "true")],
    ),
    Function::scalar(
        "has_any",
        "Whether a text has one of the items as a term, ignoring case; arrays among them count by their items.",
        TEXT_MEMBER,
        |_, args| items(args).any(|item| text::has(text_of(&args[0]), &json::display(item))).into(),
        &[
            ("\"a b\" has_any (dynamic([\"b\", \"z\"]))", "true"),
            ("\"North America\" has_any (\"south\", \"amer\")", "false"),
        ],
    ),
    Function::scalar(
        "has_all",
        "Whether a text has each of the items as a term, ignoring case; arrays among them count by their items.",
        TEXT_MEMBER,
        |_, args| items(args).all(|item| text::has(text_of(&args[0]), &json::display(item))).into(),
        &[
            ("\"North and South America\" has_all (\"south\", \"north\")", "true"),
            ("\"North America\" has_all (\"south\", \"north\")", "false"),
        ],
    ),
    Function::scalar(
        "between",
        "Whether a value lies in a range, both ends included; above a datetime the range's end may be a timespan.",
        RANGE,
        |_, args| between(args).into(),
        &[
            ("5 between (1 .. 5)", "true"),
            ("datetime(2024-01-05) between (datetime(2024-01-01) .. 3d)", "false"),
            ("int(null) between (1 .. 5)", "bool(null)"),
        ],
    ),
    Function::scalar(
        "!between",
        "Whether a value lies outside of a range.",
        RANGE,
        |_, args| between(args).map(|inside| !inside).into(),
        &[("0 !between (1 .. 5)", "true"), ("1 !between (1 .. 5)", "false")],
    ),
    Function::scalar(
        "around",
        "Whether a value lies within a distance of a center, both ends included.",
        AROUND,
        |_, args| {
            let (low, high) = (subtract(&args[1], &args[2]), add(&args[1], &args[2]));
            between(&[args[0].clone(), low, high]).into()
        },
        &[
            ("around(datetime(2021-01-01 01:29), datetime(2021-01-01 01:30), 1min)", "true"),
            ("around(7, 4, 2)", "false"),
        ],
    ),
];

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items after the first argument, arrays flattened once.
fn items(args: &[Value]) -> impl Iterator<Item = &Value> {
    args[1..].iter().flat_map(|item| match item {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    })
}

fn is_member(args: &[Value]) -> bool {
    items(args).any(|item| equals(&args[0], item) == Some(true))
}

fn is_member_ignoring_case(args: &[Value]) -> bool {
    items(args).any(|item| text::equals_ignore_case(text_of(&args[0]), &json::display(item)))
}

fn between(args: &[Value]) -> Option<bool> {
    let high = match (&args[1], &args[2]) {
        (Value::DateTime(low), Value::Timespan(span)) => low.checked_add(*span).into(),
        (_, high) => high.clone(),
    };
    let above = ordered(&args[0], &args[1], Ordering::is_ge);
    let below = ordered(&args[0], &high, Ordering::is_le);
    match (above, below) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}
