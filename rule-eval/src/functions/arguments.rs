//! Arguments as the Rust values that implementations compute with; `None` for null and for what is of another type.

/// A number of any type as a real.
pub(crate) use crate::order::as_f64 as real;
use rule_model::{DateTime, Timespan, Value};

/// A whole number.
pub(crate) fn long(value: &Value) -> Option<i64> {
    value.as_i64()
}

/// An instant.
pub(crate) fn datetime(value: &Value) -> Option<DateTime> {
    match value {
        Value::DateTime(instant) => Some(*instant),
        _ => None,
    }
}

/// A span of time.
pub(crate) fn timespan(value: &Value) -> Option<Timespan> {
    match value {
        Value::Timespan(span) => Some(*span),
        _ => None,
    }
}
