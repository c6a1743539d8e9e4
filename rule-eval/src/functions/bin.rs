//! `bin`, `bin_at`, `ceiling`: numbers, spans and dates rounded to a grid.
//!
//! The grid of dates starts at 0001-01-01, a Monday: a bin of seven days begins on Mondays (semantics case sem-082).
//! Source: Kusto documentation, the pages of the functions.

use super::arguments::real;
use crate::function::{Accepts, Function, Param, Returns, Signature};
use rule_model::{DateTime, Timespan, Type, Value};
use rust_decimal::Decimal;

const DATETIME: Accepts = Accepts::Type(Type::DateTime);
const TIMESPAN: Accepts = Accepts::Type(Type::Timespan);

// A date is tried first, so that a dynamic value with a bin size in time reads as a date.
const BIN: &[Signature] = &[
    Signature::new(&[Param::one("value", DATETIME), Param::one("size", TIMESPAN)], Type::DateTime),
    Signature::new(&[Param::one("value", TIMESPAN), Param::one("size", TIMESPAN)], Type::Timespan),
    Signature::generic(
        &[Param::one("value", Accepts::Number), Param::one("size", Accepts::Number)],
        Returns::Common,
    ),
];
const BIN_AT: &[Signature] = &[
    Signature::new(
        &[Param::one("value", DATETIME), Param::one("size", TIMESPAN), Param::one("fixed_point", DATETIME)],
        Type::DateTime,
    ),
    Signature::new(
        &[Param::one("value", TIMESPAN), Param::one("size", TIMESPAN), Param::one("fixed_point", TIMESPAN)],
        Type::Timespan,
    ),
    Signature::generic(
        &[
            Param::one("value", Accepts::Number),
            Param::one("size", Accepts::Number),
            Param::one("fixed_point", Accepts::Number),
        ],
        Returns::Common,
    ),
];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "bin",
        "The largest multiple of the size that is not above the value; null unless the size is positive.",
        BIN,
        |_, args| bin(&args[0], &args[1], None).unwrap_or_default(),
        &[
            ("bin(4.5, 1)", "4.0"),
            ("bin(-3, 2)", "-4"),
            ("bin(time(16d), 7d)", "14d"),
            ("bin(datetime(2021-08-04), 7d)", "datetime(2021-08-02)"),
            ("bin(int(null), 1)", "long(null)"),
        ],
    )
    .also(&["floor"]),
    Function::scalar(
        "bin_at",
        "The value rounded down to a grid of the given size through the fixed point.",
        BIN_AT,
        |_, args| bin(&args[0], &args[1], Some(&args[2])).unwrap_or_default(),
        &[
            ("bin_at(6.5, 2.5, 7)", "4.5"),
            ("bin_at(time(1h), 1d, 12h)", "-12h"),
            (
                "bin_at(datetime(2017-05-17 10:20:00.0), 7d, datetime(2017-06-04 00:00:00.0))",
                "datetime(2017-05-14)",
            ),
        ],
    ),
    Function::scalar(
        "ceiling",
        "The smallest whole number that is not below the value.",
        &[Signature::generic(&[Param::one("number", Accepts::Number)], Returns::Argument(0))],
        |_, args| match &args[0] {
            Value::Real(n) => Value::Real(n.ceil()),
            Value::Decimal(n) => Value::Decimal(n.ceil()),
            Value::Int(_) | Value::Long(_) => args[0].clone(),
            _ => Value::Null,
        },
        &[("ceiling(-1.1)", "-1.0"), ("ceiling(0)", "0"), ("ceiling(0.9)", "1.0")],
    ),
];

/// The value rounded down to a grid through `origin`, which is zero unless given.
fn bin(value: &Value, size: &Value, origin: Option<&Value>) -> Option<Value> {
    if let Some(origin) = origin
        && origin.is_null()
    {
        return None;
    }
    match (value, size) {
        (Value::DateTime(value), Value::Timespan(size)) => {
            let origin = match origin {
                Some(Value::DateTime(origin)) => origin.0,
                _ => 0,
            };
            let span = Timespan(bin_whole(value.0, size.0, origin)?);
            DateTime(0).checked_add(span).map(Value::from)
        }
        (Value::Timespan(value), Value::Timespan(size)) => {
            let origin = match origin {
                Some(Value::Timespan(origin)) => origin.0,
                _ => 0,
            };
            bin_whole(value.0, size.0, origin).map(|ticks| Timespan(ticks).into())
        }
        _ => bin_number(value, size, origin.unwrap_or(&Value::Int(0))),
    }
}

fn bin_number(value: &Value, size: &Value, origin: &Value) -> Option<Value> {
    if let (Some(whole), Some(step), Some(from)) = (value.as_i64(), size.as_i64(), origin.as_i64()) {
        let binned = bin_whole(whole, step, from)?;
        return Some(match (value, size, origin) {
            (Value::Int(_), Value::Int(_), Value::Int(_)) => i32::try_from(binned).ok().into(),
            _ => binned.into(),
        });
    }
    if let (Some(value), Some(size), Some(origin)) = (decimal(value), decimal(size), decimal(origin)) {
        let steps = (size > Decimal::ZERO).then(|| ((value - origin) / size).floor())?;
        return Some((steps * size + origin).into());
    }
    let (value, size, origin) = (real(value)?, real(size)?, real(origin)?);
    (size > 0.0).then(|| (((value - origin) / size).floor() * size + origin).into())
}

fn bin_whole(value: i64, size: i64, origin: i64) -> Option<i64> {
    (size > 0).then_some(())?;
    value.checked_sub(origin)?.div_euclid(size).checked_mul(size)?.checked_add(origin)
}

/// A decimal or a whole number, not a real.
fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(n) => Some(*n),
        _ => value.as_i64().map(Decimal::from),
    }
}
