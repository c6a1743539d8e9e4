//! When two values count as the same key, and which of two comes first.
//!
//! Operators group and join by [`Key`] and sort by [`compare`]. Both are total, unlike KQL's `==` and `<`, which give
//! null on nulls: nulls are one group, and a sort puts them where it was told to.

use crate::json;
use rule_model::{DateTime, Guid, Timespan, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use xxhash_rust::xxh64::Xxh64;

/// A value as a key of groups and joins. Numbers of one value are one key whatever their type, because a dynamic
/// column mixes them; strings differ by case; bags are the same in any order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Null,
    Bool(bool),
    Integer(i64),
    /// The bits of a real that is no whole number.
    Real(u64),
    Decimal(Decimal),
    Text(SmolStr),
    DateTime(DateTime),
    Timespan(Timespan),
    Guid(Guid),
    Array(Vec<Key>),
    /// Sorted by name.
    Bag(Vec<(SmolStr, Key)>),
}

impl Key {
    /// The key that `value` is.
    pub(crate) fn of(value: &Value) -> Key {
        match value {
            Value::Null => Key::Null,
            Value::Bool(b) => Key::Bool(*b),
            Value::Int(n) => Key::Integer(i64::from(*n)),
            Value::Long(n) => Key::Integer(*n),
            Value::Real(x) => Key::of_real(*x),
            Value::Decimal(d) => match d.to_i64() {
                Some(n) if d.fract().is_zero() => Key::Integer(n),
                _ => Key::Decimal(d.normalize()),
            },
            Value::String(text) => Key::Text(text.clone()),
            Value::DateTime(t) => Key::DateTime(*t),
            Value::Timespan(t) => Key::Timespan(*t),
            Value::Guid(g) => Key::Guid(*g),
            Value::Array(items) => Key::Array(items.iter().map(Key::of).collect()),
            Value::Bag(bag) => {
                let mut pairs: Vec<_> =
                    bag.iter().map(|(name, value)| (name.clone(), Key::of(value))).collect();
                pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                Key::Bag(pairs)
            }
        }
    }

    fn of_real(x: f64) -> Key {
        // Every whole number below 2^53 is exact in both representations.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if x.fract() == 0.0 && x.abs() < EXACT {
            Key::Integer(x as i64)
        } else if x.is_nan() {
            Key::Real(f64::NAN.to_bits())
        } else {
            Key::Real(x.to_bits())
        }
    }
}

/// A hash of a join's key, the same for keys that match; `None` when a part of it is null, which matches nothing.
pub fn key_hash(key: &[Value]) -> Option<u64> {
    let mut hash = Xxh64::new(0);
    for part in key {
        let part = Key::of(part);
        if part == Key::Null {
            return None;
        }
        part.hash(&mut hash);
    }
    Some(hash.finish())
}

/// A hash of values, nulls among them, the same where each of them is the same key.
pub fn part_hash(key: &[Value]) -> u64 {
    let mut hash = Xxh64::new(0);
    key.iter().for_each(|part| Key::of(part).hash(&mut hash));
    hash.finish()
}

/// The order of two rows by their values from the first on: the same whatever order they come in, because rows that it
/// puts nowhere print alike.
pub fn in_order(a: &[Value], b: &[Value]) -> Ordering {
    let cells = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    let text = |row: &[Value]| json::write(&Value::array(row.to_vec()));
    cells.unwrap_or_else(|| if a == b { Ordering::Equal } else { text(a).cmp(&text(b)) })
}

/// The order of two values: numbers by value whatever their type, texts by their code points, `false` before `true`;
/// values of different kinds, which only a dynamic column can hold, by kind; null before everything.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.as_str().cmp(b.as_str()),
        (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
        (Value::Timespan(a), Value::Timespan(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let unequal = a.iter().zip(b.iter()).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => compare_numbers(a, b).unwrap_or_else(|| kind(a).cmp(&kind(b))),
    }
}

fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return Some(a.cmp(&b));
    }
    if let (Some(a), Some(b)) = (as_decimal(a), as_decimal(b)) {
        return Some(a.cmp(&b));
    }
    match (a, b) {
        (Value::Real(a), Value::Real(b)) => Some(a.total_cmp(b)),
        (Value::Real(a), b) => Some(compare_with_real(as_decimal(b)?, *a).reverse()),
        (a, Value::Real(b)) => Some(compare_with_real(as_decimal(a)?, *b)),
        _ => None,
    }
}

/// Compares as reals and, where that rounds to the same, exactly. To round alone is no order, and a sort may panic then: beside a
/// real of 2^53 its neighbours 2^53 and 2^53 + 1 would both be equal to it and not to each other.
fn compare_with_real(exact: Decimal, real: f64) -> Ordering {
    // The text is read as the real nearest to it; `to_f64` may be off by one, and so would not rise with the decimal.
    let rounded: f64 = exact.to_string().parse().unwrap_or(f64::NAN);
    let as_decimal = || {
        let whole = (real.fract() == 0.0).then(|| Decimal::try_from_i128_with_scale(real as i128, 0).ok());
        whole.flatten().or_else(|| Decimal::from_f64(real)).unwrap_or(exact)
    };
    rounded.total_cmp(&real).then_with(|| exact.cmp(&as_decimal()))
}

fn as_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(d) => Some(*d),
        _ => value.as_i64().map(Decimal::from),
    }
}

/// The number in a value of any numeric type.
pub(crate) fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(f64::from(*n)),
        Value::Long(n) => Some(*n as f64),
        Value::Real(x) => Some(*x),
        Value::Decimal(d) => d.to_f64(),
        _ => None,
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => 2,
        Value::Timespan(_) => 3,
        Value::DateTime(_) => 4,
        Value::Guid(_) => 5,
        Value::String(_) => 6,
        Value::Array(_) => 7,
        Value::Bag(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_value_are_one_key_and_texts_of_other_case_are_two() {
        assert_eq!(Key::of(&Value::Int(1)), Key::of(&Value::Real(1.0)));
        assert_eq!(Key::of(&Value::Long(0)), Key::of(&Value::Real(-0.0)));
        assert_ne!(Key::of(&Value::Long(1)), Key::of(&Value::Real(1.5)));
        assert_ne!(Key::of(&Value::string("a")), Key::of(&Value::string("A")));
        assert_ne!(Key::of(&Value::Null), Key::of(&Value::EMPTY));
    }

    #[test]
    fn bags_are_one_key_in_any_order_of_names() {
        let ab = Value::bag([("a", Value::Long(1)), ("b", Value::Long(2))]);
        let ba = Value::bag([("b", Value::Long(2)), ("a", Value::Long(1))]);
        assert_eq!(Key::of(&ab), Key::of(&ba));
    }

    #[test]
    fn numbers_compare_by_value_and_texts_by_code_point() {
        for (less, greater) in [
            (Value::Int(2), Value::Long(10)),
            (Value::Long(2), Value::Real(2.5)),
            (Value::string("10"), Value::string("2")),
            (Value::string("B"), Value::string("a")),
            (Value::Null, Value::Bool(false)),
            (Value::Real(9_007_199_254_740_992.0), Value::Long(9_007_199_254_740_993)),
            (Value::Real(f64::NEG_INFINITY), Value::Long(i64::MIN)),
            (Value::Long(i64::MAX), Value::Real(9_223_372_036_854_775_808.0)),
            (Value::Long(i64::MAX), Value::Real(1e300)),
            (Value::Decimal(Decimal::MAX), Value::Real(f64::INFINITY)),
        ] {
            assert_eq!(compare(&less, &greater), Ordering::Less, "{less:?} {greater:?}");
            assert_eq!(compare(&greater, &less), Ordering::Greater, "{greater:?} {less:?}");
        }
        for (a, b) in [
            (Value::Long(1), Value::Real(1.0)),
            (Value::Long(i64::MIN), Value::Real(-9_223_372_036_854_775_808.0)),
            (Value::Decimal(Decimal::new(1, 1)), Value::Real(0.1)),
            (Value::Decimal(Decimal::new(10, 1)), Value::Int(1)),
        ] {
            assert_eq!(compare(&a, &b), Ordering::Equal, "{a:?} {b:?}");
        }
    }

    /// A sort may panic over what is not.
    #[test]
    fn numbers_of_all_types_are_in_one_order() {
        let near = |n: i64| (-1..=1).filter_map(move |step| n.checked_add(step));
        let whole: Vec<i64> = [0, 9_007_199_254_740_992, -9_007_199_254_740_992, i64::MAX, i64::MIN]
            .into_iter()
            .flat_map(near)
            .collect();
        let odd = [0.1, -0.1, 0.3, 1e-30, 1e30, -0.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let reals = whole.iter().map(|n| *n as f64).chain(odd).map(Value::Real);
        let scaled = |scale| whole.iter().map(move |n| Value::Decimal(Decimal::new(*n, scale)));
        let more = [Value::Decimal(Decimal::MAX), Value::Decimal(Decimal::new(1, 28)), Value::Int(1)];
        let numbers: Vec<Value> = whole
            .iter()
            .map(|n| Value::Long(*n))
            .chain(reals)
            .chain([0, 15].into_iter().flat_map(scaled))
            .chain(more)
            .collect();
        for a in &numbers {
            for b in &numbers {
                assert_eq!(compare(a, b), compare(b, a).reverse(), "{a:?} {b:?}");
                for c in numbers.iter().filter(|c| compare(a, b).is_le() && compare(b, c).is_le()) {
                    assert!(compare(a, c).is_le(), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
