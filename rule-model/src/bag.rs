//! Property bags: JSON objects as values.

use crate::Value;
use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use smol_str::SmolStr;
use std::{fmt, slice};

/// A property bag: names and values, in the order in which the names first appeared. Names are case-sensitive.
#[derive(Clone)]
pub struct Bag(Properties);

/// Most bags have few properties: names are then compared one by one, which takes less than hashing each.
#[derive(Clone)]
enum Properties {
    Few(Vec<(SmolStr, Value)>),
    Many(IndexMap<SmolStr, Value>),
}

/// Properties that are compared one by one.
const FEW: usize = 16;
/// Properties that there is room for at first.
const ROOM: usize = 4;

impl Bag {
    /// An empty bag.
    pub fn new() -> Bag {
        Bag::default()
    }

    /// An empty bag with room for so many properties.
    pub fn with_capacity(properties: usize) -> Bag {
        Bag(if properties <= FEW {
            Properties::Few(Vec::with_capacity(properties))
        } else {
            Properties::Many(IndexMap::with_capacity(properties))
        })
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Properties::Few(few) => few.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            Properties::Many(many) => many.get(name),
        }
    }

    /// Sets `name` to `value`; a name that is already there keeps its place and takes the new value.
    pub fn insert(&mut self, name: impl Into<SmolStr>, value: Value) {
        let name = name.into();
        let few = match &mut self.0 {
            Properties::Few(few) => few,
            Properties::Many(many) => {
                many.insert(name, value);
                return;
            }
        };
        if let Some((_, own)) = few.iter_mut().find(|(own, _)| *own == name) {
            *own = value;
        } else if few.len() < FEW {
            if few.capacity() == 0 {
                few.reserve_exact(ROOM);
            }
            few.push((name, value));
        } else {
            let mut many: IndexMap<SmolStr, Value> = IndexMap::with_capacity(2 * FEW);
            many.extend(few.drain(..));
            many.insert(name, value);
            self.0 = Properties::Many(many);
        }
    }

    /// Removes `name`, keeping the order of the others.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        match &mut self.0 {
            Properties::Few(few) => {
                let at = few.iter().position(|(own, _)| own == name)?;
                Some(few.remove(at).1)
            }
            Properties::Many(many) => many.shift_remove(name),
        }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SmolStr, &Value)> {
        match &self.0 {
            Properties::Few(few) => Iter::Few(few.iter()),
            Properties::Many(many) => Iter::Many(many.iter()),
        }
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        match &self.0 {
            Properties::Few(few) => few.len(),
            Properties::Many(many) => many.len(),
        }
    }

    /// Whether there is no property.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The properties of a bag.
enum Iter<'b> {
    Few(slice::Iter<'b, (SmolStr, Value)>),
    Many(indexmap::map::Iter<'b, SmolStr, Value>),
}

impl<'b> Iterator for Iter<'b> {
    type Item = (&'b SmolStr, &'b Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Few(few) => few.next().map(|(name, value)| (name, value)),
            Iter::Many(many) => many.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Few(few) => few.size_hint(),
            Iter::Many(many) => many.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl Default for Bag {
    fn default() -> Bag {
        Bag(Properties::Few(Vec::new()))
    }
}

/// Whatever the order of their names.
impl PartialEq for Bag {
    fn eq(&self, other: &Bag) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Bag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bag").field(&fmt::from_fn(|f| f.debug_map().entries(self.iter()).finish())).finish()
    }
}

impl FromIterator<(SmolStr, Value)> for Bag {
    fn from_iter<I: IntoIterator<Item = (SmolStr, Value)>>(properties: I) -> Bag {
        let properties = properties.into_iter();
        let mut bag = Bag::with_capacity(properties.size_hint().0);
        properties.for_each(|(name, value)| bag.insert(name, value));
        bag
    }
}

impl Serialize for Bag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Bag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bag, D::Error> {
        deserializer.deserialize_map(ReadBag)
    }
}

struct ReadBag;

impl<'de> Visitor<'de> for ReadBag {
    type Value = Bag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<Bag, A::Error> {
        let mut bag = Bag::new();
        while let Some((name, value)) = properties.next_entry::<SmolStr, Value>()? {
            bag.insert(name, value);
        }
        Ok(bag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bag: &Bag) -> Vec<&str> {
        bag.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_repeated_name_keeps_its_place_and_takes_the_last_value_in_a_bag_of_any_size() {
        for size in [2, FEW - 1, FEW, FEW + 1, 5 * FEW] {
            let mut bag = Bag::new();
            for at in 0..size {
                bag.insert(format!("n{at}"), Value::Long(at as i64));
            }
            let expected: Vec<String> = (0..size).map(|at| format!("n{at}")).collect();
            for at in 0..size {
                bag.insert(format!("n{at}"), Value::Long(-(at as i64)));
                assert_eq!(bag.get(&format!("n{at}")), Some(&Value::Long(-(at as i64))));
            }
            assert_eq!((names(&bag), bag.len()), (expected.iter().map(String::as_str).collect(), size));
            assert_eq!(bag.get("m"), None);
            assert_eq!(bag.remove("m"), None);
            assert_eq!(bag.remove("n1"), Some(Value::Long(-1)));
            assert_eq!((bag.len(), bag.get("n1")), (size - 1, None));
            assert!(!names(&bag).contains(&"n1"));
        }
    }

    #[test]
    fn bags_are_equal_whatever_the_order_of_their_names_and_however_they_came_to_be() {
        let properties = || (0..FEW + 4).map(|at| (SmolStr::from(format!("n{at}")), Value::Long(at as i64)));
        let bag: Bag = properties().collect();
        let mut other = Bag::new();
        properties().rev().for_each(|(name, value)| other.insert(name, value));
        assert_eq!(bag, other);
        // One that was large and one that never was.
        (0..FEW).for_each(|at| assert!(other.remove(&format!("n{at}")).is_some()));
        let rest: Bag = properties().skip(FEW).collect();
        assert_eq!(rest, other);
        assert_ne!(rest, bag);
        let changed: Bag = properties().skip(FEW).map(|(name, _)| (name, Value::Null)).collect();
        assert_ne!(rest, changed);
    }

    #[test]
    fn each_of_many_properties_is_found() {
        let count = 10_000;
        let bag: Bag = (0..count).map(|at| (format!("name {at}").into(), Value::Long(at))).collect();
        assert!((0..count).all(|at| bag.get(&format!("name {at}")) == Some(&Value::Long(at))));
    }
}
