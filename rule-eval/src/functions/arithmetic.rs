//! Arithmetic on numbers, datetimes and timespans.
//!
//! Two integers give a long, a real makes the result real and a decimal decimal. Overflow of a long wraps around, as in
//! .NET; an integer divided by zero is null, a real one infinite or NaN. Remainders are never negative.
//!
//! Sources: Kusto documentation, "Numerical operators" and "Datetime / timespan arithmetic"; types of results from
//! Microsoft's analyser.

use crate::convert::{to_decimal, to_real};
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{DateTime, Timespan, Type, Value};
use rust_decimal::Decimal;

const DYNAMIC: Accepts = Accepts::OneOf(&[Type::Dynamic]);
const LONG: Accepts = Accepts::Type(Type::Long);
const REAL: Accepts = Accepts::Type(Type::Real);
const DECIMAL: Accepts = Accepts::Type(Type::Decimal);
const NUMBER: Accepts = Accepts::Number;
// A real does not widen to decimal anywhere else.
const ONLY_REAL: Accepts = Accepts::OneOf(&[Type::Real]);
const ONLY_DECIMAL: Accepts = Accepts::OneOf(&[Type::Decimal]);
const DATETIME: Accepts = Accepts::Type(Type::DateTime);
const TIMESPAN: Accepts = Accepts::Type(Type::Timespan);

macro_rules! binary {
    ($left:ident, $right:ident => $result:ident) => {
        Signature::new(&[Param::one("left", $left), Param::one("right", $right)], Type::$result)
    };
}

macro_rules! unary {
    ($operand:expr => $result:ident) => {
        Signature::new(&[Param::one("operand", $operand)], Type::$result)
    };
}

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "+",
        "The sum of two numbers or timespans; a datetime moved by a timespan.",
        &[
            binary!(DYNAMIC, DYNAMIC => Dynamic),
            binary!(LONG, LONG => Long),
            binary!(REAL, REAL => Real),
            binary!(DECIMAL, DECIMAL => Decimal),
            binary!(ONLY_REAL, ONLY_DECIMAL => Decimal),
            binary!(ONLY_DECIMAL, ONLY_REAL => Decimal),
            binary!(TIMESPAN, TIMESPAN => Timespan),
            binary!(DATETIME, TIMESPAN => DateTime),
            binary!(TIMESPAN, DATETIME => DateTime),
        ],
        |_, args| add(&args[0], &args[1]),
        &[
            ("1 + 2", "3"),
            ("1 + 0.5", "1.5"),
            ("datetime(2024-02-28) + 2d", "datetime(2024-03-01)"),
            ("int(null) + 10", "long(null)"),
        ],
    ),
    Function::scalar(
        "-",
        "The difference of two numbers, timespans or datetimes; a datetime moved back by a timespan.",
        &[
            binary!(DYNAMIC, DYNAMIC => Dynamic),
            binary!(LONG, LONG => Long),
            binary!(REAL, REAL => Real),
            binary!(DECIMAL, DECIMAL => Decimal),
            binary!(ONLY_REAL, ONLY_DECIMAL => Decimal),
            binary!(ONLY_DECIMAL, ONLY_REAL => Decimal),
            binary!(DATETIME, DATETIME => Timespan),
            binary!(TIMESPAN, TIMESPAN => Timespan),
            binary!(DATETIME, TIMESPAN => DateTime),
        ],
        |_, args| subtract(&args[0], &args[1]),
        &[
            ("1 - 2", "-1"),
            ("datetime(2024-03-01) - datetime(2024-02-28)", "2d"),
            ("datetime(2024-03-01) - 1d", "datetime(2024-02-29)"),
        ],
    ),
    Function::scalar(
        "*",
        "The product of two numbers, or of a timespan and a number.",
        &[
            binary!(DYNAMIC, DYNAMIC => Dynamic),
            binary!(LONG, LONG => Long),
            binary!(REAL, REAL => Real),
            binary!(DECIMAL, DECIMAL => Decimal),
            binary!(ONLY_REAL, ONLY_DECIMAL => Decimal),
            binary!(ONLY_DECIMAL, ONLY_REAL => Decimal),
            binary!(TIMESPAN, NUMBER => Timespan),
            binary!(NUMBER, TIMESPAN => Timespan),
        ],
        |_, args| multiply(&args[0], &args[1]),
        &[("2 * 3", "6"), ("1.5 * 1h", "90m"), ("1s * 5", "5s")],
    ),
    Function::scalar(
        "/",
        "The quotient of two numbers, whole for whole numbers, or of timespans; a timespan divided by a number.",
        &[
            binary!(DYNAMIC, DYNAMIC => Dynamic),
            binary!(LONG, LONG => Long),
            binary!(REAL, REAL => Real),
            binary!(DECIMAL, DECIMAL => Decimal),
            binary!(ONLY_REAL, ONLY_DECIMAL => Decimal),
            binary!(ONLY_DECIMAL, ONLY_REAL => Decimal),
            binary!(TIMESPAN, TIMESPAN => Real),
            binary!(DATETIME, TIMESPAN => Real),
            binary!(TIMESPAN, NUMBER => Timespan),
        ],
        |_, args| divide(&args[0], &args[1]),
        &[("1 / 2", "0"), ("1.0 / 2", "0.5"), ("1d / 5h", "4.8"), ("1 / 0", "long(null)"), ("1d / 2", "12h")],
    ),
    Function::scalar(
        "%",
        "The remainder of a division, never negative.",
        &[
            binary!(DYNAMIC, DYNAMIC => Dynamic),
            binary!(LONG, LONG => Long),
            binary!(REAL, REAL => Real),
            binary!(DECIMAL, DECIMAL => Decimal),
            binary!(ONLY_REAL, ONLY_DECIMAL => Decimal),
            binary!(ONLY_DECIMAL, ONLY_REAL => Decimal),
            binary!(TIMESPAN, TIMESPAN => Timespan),
            binary!(DATETIME, TIMESPAN => Timespan),
        ],
        |_, args| remainder(&args[0], &args[1]),
        &[
            ("14 % 12", "2"),
            ("-14 % 12", "10"),
            ("14 % -12", "2"),
            ("1 % 0", "long(null)"),
            ("25h % 1d", "1h"),
        ],
    ),
    Function::scalar(
        "neg",
        "The negative of a number or timespan.",
        &[
            unary!(DYNAMIC => Dynamic),
            unary!(Accepts::Type(Type::Int) => Int),
            unary!(LONG => Long),
            unary!(REAL => Real),
            unary!(DECIMAL => Decimal),
            unary!(TIMESPAN => Timespan),
        ],
        |_, args| negate(&args[0]),
        &[("-(5)", "-5"), ("-(1.5)", "-1.5"), ("-(1h)", "time(-01:00:00)"), ("-(int(null))", "int(null)")],
    ),
];

/// Two numbers brought to one kind.
enum Numbers {
    Longs(i64, i64),
    Reals(f64, f64),
    Decimals(Decimal, Decimal),
}

impl Numbers {
    fn of(left: &Value, right: &Value) -> Option<Numbers> {
        let number = |value: &Value| value.type_of().is_some_and(Type::is_number);
        if !number(left) || !number(right) {
            return None;
        }
        Some(if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
            Numbers::Longs(left, right)
        } else if matches!(left, Value::Decimal(_)) || matches!(right, Value::Decimal(_)) {
            Numbers::Decimals(to_decimal(left)?, to_decimal(right)?)
        } else {
            Numbers::Reals(to_real(left)?, to_real(right)?)
        })
    }
}

/// An operation on two numbers by its three forms; what has no result is null.
fn numeric(
    left: &Value,
    right: &Value,
    longs: fn(i64, i64) -> Option<i64>,
    reals: fn(f64, f64) -> f64,
    decimals: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Value {
    match Numbers::of(left, right) {
        None => Value::Null,
        Some(Numbers::Longs(left, right)) => longs(left, right).into(),
        Some(Numbers::Reals(left, right)) => reals(left, right).into(),
        Some(Numbers::Decimals(left, right)) => decimals(left, right).into(),
    }
}

pub(super) fn add(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::DateTime(time), Value::Timespan(span)) | (Value::Timespan(span), Value::DateTime(time)) => {
            time.checked_add(*span).into()
        }
        (Value::Timespan(left), Value::Timespan(right)) => left.0.checked_add(right.0).map(Timespan).into(),
        _ => numeric(left, right, |l, r| Some(l.wrapping_add(r)), |l, r| l + r, Decimal::checked_add),
    }
}

pub(super) fn subtract(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::DateTime(time), Value::Timespan(span)) => {
            span.0.checked_neg().and_then(|ticks| time.checked_add(Timespan(ticks))).into()
        }
        (Value::DateTime(DateTime(left)), Value::DateTime(DateTime(right)))
        | (Value::Timespan(Timespan(left)), Value::Timespan(Timespan(right))) => {
            left.checked_sub(*right).map(Timespan).into()
        }
        _ => numeric(left, right, |l, r| Some(l.wrapping_sub(r)), |l, r| l - r, Decimal::checked_sub),
    }
}

fn multiply(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Timespan(span), number) | (number, Value::Timespan(span)) => scale(*span, number),
        _ => numeric(left, right, |l, r| Some(l.wrapping_mul(r)), |l, r| l * r, Decimal::checked_mul),
    }
}

fn scale(span: Timespan, number: &Value) -> Value {
    match number.as_i64() {
        Some(n) => span.0.checked_mul(n).map(Timespan).into(),
        None => to_real(number).and_then(|n| ticks(span.0 as f64 * n)).into(),
    }
}

fn divide(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Timespan(Timespan(left)) | Value::DateTime(DateTime(left)), Value::Timespan(right)) => {
            (*left as f64 / right.0 as f64).into()
        }
        (Value::Timespan(span), number) => to_real(number).and_then(|n| ticks(span.0 as f64 / n)).into(),
        _ => numeric(
            left,
            right,
            |l, r| (r != 0).then(|| l.wrapping_div(r)),
            |l, r| l / r,
            Decimal::checked_div,
        ),
    }
}

fn remainder(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (
            Value::Timespan(Timespan(left)) | Value::DateTime(DateTime(left)),
            Value::Timespan(Timespan(right)),
        ) => (*right != 0).then(|| Timespan(left.wrapping_rem_euclid(*right))).into(),
        _ => numeric(
            left,
            right,
            |l, r| (r != 0).then(|| l.wrapping_rem_euclid(r)),
            f64::rem_euclid,
            |l, r| {
                let remainder = l.checked_rem(r)?;
                if remainder.is_sign_negative() { remainder.checked_add(r.abs()) } else { Some(remainder) }
            },
        ),
    }
}

fn negate(operand: &Value) -> Value {
    match operand {
        Value::Int(n) => Value::Int(n.wrapping_neg()),
        Value::Long(n) => Value::Long(n.wrapping_neg()),
        Value::Real(n) => Value::Real(-n),
        Value::Decimal(n) => Value::Decimal(-n),
        Value::Timespan(span) => span.0.checked_neg().map(Timespan).into(),
        _ => Value::Null,
    }
}

/// A number of ticks as a span, rounded; `None` when it does not fit.
fn ticks(number: f64) -> Option<Timespan> {
    (number.abs() < i64::MAX as f64).then(|| Timespan(number.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_never_negative() {
        for (left, right, rest) in [(14, 12, 2), (-14, 12, 10), (14, -12, 2), (-14, -12, 10)] {
            assert_eq!(remainder(&Value::Long(left), &Value::Long(right)), Value::Long(rest));
            assert_eq!(
                remainder(&Value::Decimal(left.into()), &Value::Decimal(right.into())),
                Value::Decimal(rest.into())
            );
        }
    }

    #[test]
    fn what_overflows_wraps_for_longs_and_is_null_in_time() {
        assert_eq!(add(&Value::Long(i64::MAX), &Value::Int(1)), Value::Long(i64::MIN));
        assert_eq!(add(&DateTime::MAX.into(), &Timespan(1).into()), Value::Null);
        assert_eq!(divide(&Value::Long(i64::MIN), &Value::Long(-1)), Value::Long(i64::MIN));
        assert_eq!(multiply(&Timespan::days(1).into(), &Value::Real(1e300)), Value::Null);
    }

    #[test]
    fn text_and_nulls_have_no_sum() {
        assert_eq!(add(&Value::string("1"), &Value::Long(1)), Value::Null);
        assert_eq!(add(&Value::Null, &Value::Long(1)), Value::Null);
        assert_eq!(divide(&Value::Timespan(Timespan(1)), &Value::Null), Value::Null);
    }
}
