//! Values: what a cell of a row holds.
//!
//! One type serves scalars and `dynamic` alike, because a dynamic column may hold any scalar, and every element of an
//! array or a bag is again a value.

use crate::{Bag, DateTime, Guid, Timespan, Type};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// A value of any KQL type. The static type of a column says which variants it may hold: a column of type `long`
/// holds [`Value::Long`] or [`Value::Null`], a `string` column always [`Value::String`], a `dynamic` one anything.
///
/// `==` on values is structural (bags in any order of keys); KQL's own `==` is an operator of `rule-eval`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// The null of every type but string, which has none.
    #[default]
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `real`
    Real(f64),
    /// `decimal`
    Decimal(Decimal),
    /// `string`
    String(SmolStr),
    /// `datetime`
    DateTime(DateTime),
    /// `timespan`
    Timespan(Timespan),
    /// `guid`
    Guid(Guid),
    /// An array within `dynamic`.
    Array(Arc<Vec<Value>>),
    /// A property bag (JSON object) within `dynamic`.
    Bag(Arc<Bag>),
}

impl Value {
    /// The empty string.
    pub const EMPTY: Value = Value::String(SmolStr::new_static(""));

    /// A string value.
    pub fn string(text: impl AsRef<str>) -> Value {
        Value::String(SmolStr::new(text))
    }

    /// A string value from a literal, without allocation; usable in constants.
    pub const fn literal(text: &'static str) -> Value {
        Value::String(SmolStr::new_static(text))
    }

    /// An array value.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Array(Arc::new(items.into_iter().collect()))
    }

    /// A bag value; of equal names the last value stays.
    pub fn bag<K: Into<SmolStr>>(properties: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Bag(Arc::new(properties.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// What an absent value of `ty` reads as: the empty text for `string`, null for all others.
    pub const fn absent(ty: Type) -> Value {
        match ty {
            Type::String => Value::EMPTY,
            _ => Value::Null,
        }
    }

    /// Whether this is the null of its type.
    pub const fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a bool value.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The number in an int or long.
    pub const fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n as i64),
            Value::Long(n) => Some(*n),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The properties of a bag.
    pub fn as_bag(&self) -> Option<&Bag> {
        match self {
            Value::Bag(bag) => Some(bag),
            _ => None,
        }
    }

    /// The type of the value itself; `None` for null, whose type only its column knows. Arrays and bags are dynamic.
    pub const fn type_of(&self) -> Option<Type> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Long(_) => Type::Long,
            Value::Real(_) => Type::Real,
            Value::Decimal(_) => Type::Decimal,
            Value::String(_) => Type::String,
            Value::DateTime(_) => Type::DateTime,
            Value::Timespan(_) => Type::Timespan,
            Value::Guid(_) => Type::Guid,
            Value::Array(_) | Value::Bag(_) => Type::Dynamic,
        })
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(inner: $from) -> Value {
                Value::$variant(inner.into())
            }
        }
    )*};
}

value_from! {
    bool => Bool, i32 => Int, i64 => Long, f64 => Real, Decimal => Decimal, SmolStr => String, &str => String,
    String => String, DateTime => DateTime, Timespan => Timespan, Guid => Guid, Vec<Value> => Array, Bag => Bag,
}

impl<T: Into<Value>> From<Option<T>> for Value {
    /// `None` is null.
    fn from(inner: Option<T>) -> Value {
        inner.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_keeps_its_place_and_takes_the_last_value() {
        let bag = Value::bag([("a", Value::Long(1)), ("b", Value::Long(2)), ("a", Value::Long(3))]);
        let bag = bag.as_bag().unwrap();
        assert_eq!(bag.iter().map(|(k, _)| k.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(bag.get("a"), Some(&Value::Long(3)));
    }

    #[test]
    fn bags_are_equal_whatever_the_order_of_their_names() {
        let ab = Value::bag([("a", Value::Long(1)), ("b", Value::Long(2))]);
        let ba = Value::bag([("b", Value::Long(2)), ("a", Value::Long(1))]);
        assert_eq!(ab, ba);
    }

    #[test]
    fn an_absent_string_is_empty_and_an_absent_long_is_null() {
        assert_eq!(Value::absent(Type::String), Value::string(""));
        assert_eq!(Value::absent(Type::Long), Value::Null);
    }
}
