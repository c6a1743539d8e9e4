//! KQL's comparison of values, whatever their types.
//!
//! Decisions where Kusto's documentation leaves room:
//! - Text meets another scalar: the text is converted to the other's type; text that does not convert is not equal and
//!   not ordered. So `"0" == 0` holds, also inside dynamic.
//! - Text meets an array or a bag: the JSON text of the latter is compared.
//! - Text meets null: equality takes the null as the empty text, because a string has no null: of a dynamic value
//!   `x != ""` then says that there is something. Ordering stays null.
//! - Arrays and bags are equal by structure and never ordered.
//!
//! Source for null: Kusto documentation, "Null values".

use crate::convert::convert;
use crate::json::display;
use rule_model::{Type, Value};
use std::cmp::Ordering;

/// `==`: null when both are null, false when one is.
pub fn equals(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Null, Value::Null) => None,
        (Value::Null, Value::String(text)) | (Value::String(text), Value::Null) => Some(text.is_empty()),
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::String(left), Value::String(right)) => Some(left == right),
        (Value::Array(left), Value::Array(right)) => Some(same_items(left, right)),
        (Value::Bag(left), Value::Bag(right)) => Some(
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other))),
        ),
        (Value::String(text), other @ (Value::Array(_) | Value::Bag(_)))
        | (other @ (Value::Array(_) | Value::Bag(_)), Value::String(text)) => Some(*text == display(other)),
        _ => Some(order_scalars(left, right) == Some(Ordering::Equal)),
    }
}

/// Which of two values comes first. `None` where one is null or they have no order; NaN has none with any number.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => order_scalars(left, right),
    }
}

/// `<`, `<=`, `>`, `>=` by the orders that satisfy them: null where one operand is null or the types have no order, but
/// false with NaN.
pub fn ordered(left: &Value, right: &Value, satisfies: fn(Ordering) -> bool) -> Option<bool> {
    match order(left, right) {
        Some(ordering) => Some(satisfies(ordering)),
        None if is_nan(left) && !right.is_null() || is_nan(right) && !left.is_null() => Some(false),
        None => None,
    }
}

/// Equality inside of arrays and bags, where null equals null.
fn same(left: &Value, right: &Value) -> bool {
    left.is_null() && right.is_null() || equals(left, right) == Some(true)
}

fn same_items(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Real(n) if n.is_nan())
}

fn order_scalars(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::Timespan(left), Value::Timespan(right)) => Some(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Some(left.cmp(right)),
        (Value::String(_), other) => order_scalars(&text_as(left, other)?, right),
        (other, Value::String(_)) => order_scalars(left, &text_as(right, other)?),
        _ => order_numbers(left, right),
    }
}

/// Text as a value of another's type; `None` when the other is no scalar or the text does not convert.
fn text_as(text: &Value, other: &Value) -> Option<Value> {
    let ty = match other {
        // Text such as `2.5` must not be cut to a whole number before it is compared with one.
        Value::Int(_) | Value::Long(_)
            if convert(text, Type::Real) != convert(&convert(text, Type::Long), Type::Real) =>
        {
            Type::Real
        }
        Value::Int(_) => Type::Long,
        Value::Null | Value::Array(_) | Value::Bag(_) | Value::String(_) => return None,
        _ => other.type_of()?,
    };
    Some(convert(text, ty)).filter(|value| !value.is_null())
}

/// Numbers, and bools as the numbers 0 and 1.
fn order_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    let number = |value: &Value| match value {
        Value::Bool(b) => Some(Value::Long(i64::from(*b))),
        Value::Int(n) => Some(Value::Long(i64::from(*n))),
        Value::Long(_) | Value::Real(_) | Value::Decimal(_) => Some(value.clone()),
        _ => None,
    };
    match (number(left)?, number(right)?) {
        (Value::Long(left), Value::Long(right)) => Some(left.cmp(&right)),
        (left @ Value::Real(_), right) | (left, right @ Value::Real(_)) => {
            crate::convert::to_real(&left)?.partial_cmp(&crate::convert::to_real(&right)?)
        }
        (left, right) => Some(crate::convert::to_decimal(&left)?.cmp(&crate::convert::to_decimal(&right)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::DateTime;
    use rust_decimal::Decimal;

    #[test]
    fn values_of_different_types_are_equal_by_their_meaning() {
        for (left, right, equal) in [
            (Value::Null, Value::Null, None),
            (Value::Null, Value::Long(5), Some(false)),
            (Value::Null, Value::string(""), Some(true)),
            (Value::Null, Value::string("x"), Some(false)),
            (Value::Int(5), Value::Long(5), Some(true)),
            (Value::Long(5), Value::Real(5.0), Some(true)),
            (Value::Real(f64::NAN), Value::Real(f64::NAN), Some(false)),
            (Value::Decimal(Decimal::new(50, 1)), Value::Long(5), Some(true)),
            (Value::string("0"), Value::Long(0), Some(true)),
            (Value::string("0.0"), Value::Long(0), Some(true)),
            (Value::string("0.5"), Value::Long(0), Some(false)),
            (Value::string("x"), Value::Long(0), Some(false)),
            (Value::string("true"), Value::Bool(true), Some(true)),
            (Value::Bool(true), Value::Long(1), Some(true)),
            (Value::string("aBc"), Value::string("abc"), Some(false)),
            (Value::string("1970-01-01"), Value::DateTime(DateTime::UNIX_EPOCH), Some(true)),
            (Value::array([Value::Long(1)]), Value::array([Value::Real(1.0)]), Some(true)),
            (Value::array([Value::Null]), Value::array([Value::Null]), Some(true)),
            (Value::array([]), Value::string("[]"), Some(true)),
            (Value::array([]), Value::Long(0), Some(false)),
            (Value::bag([("a", Value::Long(1))]), Value::bag([("a", Value::Long(2))]), Some(false)),
        ] {
            assert_eq!(equals(&left, &right), equal, "{left:?} == {right:?}");
            assert_eq!(equals(&right, &left), equal, "{right:?} == {left:?}");
        }
    }

    #[test]
    fn order_is_null_without_values_and_false_with_nan() {
        let less = |left: Value, right: Value| ordered(&left, &right, Ordering::is_lt);
        assert_eq!(less(Value::Long(1), Value::Real(1.5)), Some(true));
        assert_eq!(less(Value::string("9"), Value::Long(10)), Some(true));
        assert_eq!(less(Value::string("9"), Value::string("10")), Some(false));
        assert_eq!(less(Value::Null, Value::Long(1)), None);
        assert_eq!(less(Value::array([]), Value::Long(1)), None);
        assert_eq!(less(Value::Real(f64::NAN), Value::Long(1)), Some(false));
        assert_eq!(less(Value::Null, Value::Real(f64::NAN)), None);
    }
}
