//! Conversions between scalar types: what `tolong()`, `tobool()`, `todatetime()` and their like make of any value.
//!
//! What cannot be converted is null. Source: Kusto documentation, pages of the conversion functions.

use crate::{json, time_text};
use rule_model::{DateTime, Guid, Timespan, Type, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// The value as one of `ty`, by the conversion function of that type. To dynamic every value is taken as it is.
pub fn convert(value: &Value, ty: Type) -> Value {
    match ty {
        Type::Bool => to_bool(value).into(),
        Type::Int => to_int(value).into(),
        Type::Long => to_long(value).into(),
        Type::Real => to_real(value).into(),
        Type::Decimal => to_decimal(value).into(),
        Type::String => Value::String(json::display(value)),
        Type::DateTime => to_datetime(value).into(),
        Type::Timespan => to_timespan(value).into(),
        Type::Guid => to_guid(value).into(),
        Type::Dynamic => value.clone(),
    }
}

/// `tobool()`: of numbers whether they differ from zero; of text `true` and `false` in any case, and whole numbers.
pub fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Int(_) | Value::Long(_) => value.as_i64().map(|n| n != 0),
        Value::Real(n) => Some(*n != 0.0),
        Value::Decimal(n) => Some(!n.is_zero()),
        Value::String(text) => {
            let text = text.trim();
            if text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                text.parse::<i64>().ok().map(|n| n != 0)
            }
        }
        _ => None,
    }
}

/// `toint()`: as [`to_long`], null outside of 32 bits.
pub fn to_int(value: &Value) -> Option<i32> {
    to_long(value)?.try_into().ok()
}

/// `tolong()`: fractions are cut off; of text decimal and `0x` numbers; of datetimes and timespans their ticks.
pub fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Int(_) | Value::Long(_) => value.as_i64(),
        Value::Real(n) => truncate(*n),
        Value::Decimal(n) => n.trunc().to_i64(),
        Value::String(text) => long_in(text.trim()),
        Value::DateTime(t) => Some(t.0),
        Value::Timespan(t) => Some(t.0),
        _ => None,
    }
}

/// `toreal()`: of text also exponents, `NaN` and infinities.
pub fn to_real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(n) => Some(*n),
        Value::Decimal(n) => n.to_f64(),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| hexadecimal(text).map(|n| n as f64))
        }
        other => to_long(other).map(|n| n as f64),
    }
}

/// `todecimal()`
pub fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(n) => Some(*n),
        Value::Real(n) => Decimal::from_f64(*n),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
        }
        other => to_long(other).map(Decimal::from),
    }
}

/// `todatetime()`: of text every documented layout; of whole numbers ticks.
pub fn to_datetime(value: &Value) -> Option<DateTime> {
    match value {
        Value::DateTime(t) => Some(*t),
        Value::String(text) => time_text::parse_datetime(text),
        Value::Int(_) | Value::Long(_) => {
            value.as_i64().map(DateTime).filter(|t| (DateTime::MIN..=DateTime::MAX).contains(t))
        }
        _ => None,
    }
}

/// `totimespan()`: of text every documented layout; of numbers ticks.
pub fn to_timespan(value: &Value) -> Option<Timespan> {
    match value {
        Value::Timespan(t) => Some(*t),
        Value::String(text) => time_text::parse_timespan(text),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => to_long(value).map(Timespan),
        _ => None,
    }
}

/// `toguid()`
pub fn to_guid(value: &Value) -> Option<Guid> {
    match value {
        Value::Guid(g) => Some(*g),
        Value::String(text) => Guid::parse(text),
        _ => None,
    }
}

/// `parse_json()`: the value that a JSON text writes; text that is not JSON stays text, empty text is null. Anything
/// but text is taken as it is, also the text inside a dynamic value's array or bag.
pub fn parse_json(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.trim().is_empty() => Value::Null,
        Some(text) => json::parse(text).unwrap_or_else(|_| value.clone()),
        None => value.clone(),
    }
}

fn long_in(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| hexadecimal(text)).or_else(|| {
        let looks_decimal =
            text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
        looks_decimal.then(|| text.parse().ok().and_then(truncate)).flatten()
    })
}

/// `0x…`, of 64 bits at most, in two's complement.
fn hexadecimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16).ok().map(|n| n as i64)
}

fn truncate(n: f64) -> Option<i64> {
    // Both bounds are exact powers of two, so the comparison loses nothing.
    (n >= i64::MIN as f64 && n < i64::MAX as f64).then_some(n as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_convert_as_documented() {
        for (value, ty, expected) in [
            (Value::string("123"), Type::Int, Value::Int(123)),
            (Value::string(" 12.7 "), Type::Long, Value::Long(12)),
            (Value::string("0xff"), Type::Long, Value::Long(255)),
            (Value::string("99999999999"), Type::Int, Value::Null),
            (Value::string("inf"), Type::Long, Value::Null),
            (Value::string("abc"), Type::Long, Value::Null),
            (Value::string(""), Type::Long, Value::Null),
            (Value::Real(-2.9), Type::Long, Value::Long(-2)),
            (Value::Real(1e300), Type::Long, Value::Null),
            (Value::Bool(true), Type::Long, Value::Long(1)),
            (Value::string("1e3"), Type::Real, Value::Real(1000.0)),
            (Value::string("True"), Type::Bool, Value::Bool(true)),
            (Value::string("0"), Type::Bool, Value::Bool(false)),
            (Value::Long(123), Type::Bool, Value::Bool(true)),
            (Value::string("yes"), Type::Bool, Value::Null),
            (Value::string("123.45678"), Type::Decimal, Value::Decimal(Decimal::new(12_345_678, 5))),
            (Value::Long(0), Type::DateTime, Value::DateTime(DateTime::MIN)),
            (Value::string("0.00:03:00"), Type::Timespan, Value::Timespan(Timespan::minutes(3))),
            (Value::Null, Type::Long, Value::Null),
            (Value::Null, Type::String, Value::string("")),
            (Value::string("7"), Type::Dynamic, Value::string("7")),
            (Value::array([]), Type::Long, Value::Null),
        ] {
            assert_eq!(convert(&value, ty), expected, "{value:?} to {ty}");
        }
    }

    #[test]
    fn json_is_parsed_and_other_text_stays() {
        for (text, value) in [
            ("5", Value::Long(5)),
            ("[1]", Value::array([Value::Long(1)])),
            ("not json", Value::string("not json")),
            ("", Value::Null),
            ("null", Value::Null),
        ] {
            assert_eq!(parse_json(&Value::string(text)), value, "{text}");
        }
    }
}
