//! JSON text to values, and what values are as text.
//!
//! Integers that fit are long, every other number is real, minus zero is the long 0; of equal keys the last
//! value counts. How values are written as JSON says [`Writer`].

use rule_model::{Bag, Value};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;
use std::fmt;

mod writer;

pub use writer::{Writer, write};

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// Offset of the byte at which reading stopped.
    pub offset: usize,
}

/// Reads a JSON text of at most 128 nested levels.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    serde_json::from_str::<Read>(text).map(|read| read.0).map_err(|error| JsonError::new(&error, text))
}

/// The value as `tostring()` gives it: text as it is, null as the empty text, arrays and bags as compact JSON.
///
/// A bool is `true` or `false` whether it is dynamic or not: Kusto is reported to print a plain one as `True`, which no
/// documented example shows.
pub fn display(value: &Value) -> SmolStr {
    match value {
        Value::Null => SmolStr::new_static(""),
        Value::Bool(true) => SmolStr::new_static("true"),
        Value::Bool(false) => SmolStr::new_static("false"),
        Value::Int(n) => smol_str::format_smolstr!("{n}"),
        Value::Long(n) => smol_str::format_smolstr!("{n}"),
        Value::Real(n) => real(*n),
        Value::Decimal(n) => smol_str::format_smolstr!("{n}"),
        Value::String(text) => text.clone(),
        Value::DateTime(t) => smol_str::format_smolstr!("{t}"),
        Value::Timespan(t) => smol_str::format_smolstr!("{t}"),
        Value::Guid(g) => smol_str::format_smolstr!("{g}"),
        Value::Array(_) | Value::Bag(_) => write(value).into(),
    }
}

/// The shortest text that reads back as the same number, with at least one decimal: `1.0`, `0.1`, `1e+21`.
fn real(n: f64) -> SmolStr {
    if n.is_nan() {
        return SmolStr::new_static("NaN");
    }
    if n.is_infinite() {
        return SmolStr::new_static(if n > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let text = smol_str::format_smolstr!("{n:?}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            smol_str::format_smolstr!("{digits}e+{exponent}")
        }
        _ => text,
    }
}

impl JsonError {
    fn new(error: &serde_json::Error, text: &str) -> JsonError {
        let before: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        JsonError { message, offset: before + error.column().saturating_sub(1) }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for JsonError {}

/// A value being read.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(ReadValue).map(Read)
    }
}

struct ReadValue;

impl<'de> Visitor<'de> for ReadValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Long(n))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        Ok(i64::try_from(n).map_or(Value::Real(n as f64), Value::Long))
    }

    fn visit_f64<E: de::Error>(self, n: f64) -> Result<Value, E> {
        // serde_json reads `-0` as a real, other parsers as the integer it is; so that all agree, it is 0 either way.
        Ok(if n == 0.0 && n.is_sign_negative() { Value::Long(0) } else { Value::Real(n) })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Read(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<Value, A::Error> {
        let mut bag = Bag::new();
        while let Some((name, Read(value))) = properties.next_entry::<SmolStr, Read>()? {
            bag.insert(name, value);
        }
        Ok(bag.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::{DateTime, Guid, Timespan};

    #[test]
    fn numbers_read_as_long_where_they_fit() {
        for (text, value) in [
            ("5", Value::Long(5)),
            ("-9223372036854775808", Value::Long(i64::MIN)),
            ("9223372036854775808", Value::Real(9_223_372_036_854_775_808.0)),
            ("1.0", Value::Real(1.0)),
            ("1e3", Value::Real(1000.0)),
            (" null ", Value::Null),
        ] {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_escapes_are_undone() {
        let value = parse(r#"{"a":1,"b":[true,"x\u0041\n"],"\u0061":2}"#).unwrap();
        assert_eq!(write(&value), r#"{"a":2,"b":[true,"xA\n"]}"#);
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_goes_wrong() {
        for (text, offset) in [("{\"a\":}", 5), ("{\n\"a\" 1}", 6), ("1 2", 2), ("nul", 2)] {
            assert_eq!(parse(text).map_err(|e| e.offset), Err(offset), "{text}");
        }
        assert!(parse("").is_err());
    }

    #[test]
    fn too_deep_a_text_is_refused() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(parse(&deep).unwrap_err().message.contains("recursion"));
    }

    #[test]
    fn values_without_json_form_are_written_as_strings() {
        let value = Value::array([
            Value::Real(1.0),
            Value::Real(f64::NAN),
            Value::DateTime(DateTime::UNIX_EPOCH),
            Value::Timespan(Timespan::days(1)),
            Value::Guid(Guid(1)),
        ]);
        assert_eq!(
            write(&value),
            "[1.0,\"NaN\",\"1970-01-01T00:00:00.0000000Z\",\"1.00:00:00\",\"00000000-0000-0000-0000-000000000001\"]"
        );
    }

    #[test]
    fn values_display_as_tostring_gives_them() {
        for (value, text) in [
            (Value::Null, ""),
            (Value::Bool(true), "true"),
            (Value::Real(5.0), "5.0"),
            (Value::Real(0.1), "0.1"),
            (Value::Real(1e21), "1e+21"),
            (Value::string("x"), "x"),
            (Value::array([Value::string("x")]), "[\"x\"]"),
        ] {
            assert_eq!(display(&value), text);
        }
    }
}
