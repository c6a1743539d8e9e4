//! `buildschema`: the least schema that admits all values.

use crate::aggregate::Accumulator;
use rule_model::{Bag, Value};
use smol_str::SmolStr;

/// What was seen at one place of the values.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// Names of scalar types, in the order in which they were seen.
    scalars: Vec<&'static str>,
    /// Properties of the bags that were seen.
    properties: Option<Vec<(SmolStr, Schema)>>,
    /// The elements of the arrays that were seen.
    elements: Option<Box<Schema>>,
}

impl Schema {
    fn see(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                let elements = self.elements.get_or_insert_default();
                items.iter().for_each(|item| elements.see(item));
            }
            Value::Bag(bag) => {
                let properties = self.properties.get_or_insert_default();
                for (name, value) in bag.iter() {
                    let known = properties.iter().position(|(seen, _)| seen == name);
                    let at = known.unwrap_or_else(|| {
                        properties.push((name.clone(), Schema::default()));
                        properties.len() - 1
                    });
                    properties[at].1.see(value);
                }
            }
            scalar => {
                if let Some(name) = scalar_name(scalar).filter(|name| !self.scalars.contains(name)) {
                    self.scalars.push(name);
                }
            }
        }
    }

    /// One alternative as itself, several as an array. Properties and the `indexer` of arrays stand in one bag.
    fn written(&self) -> Value {
        let mut alternatives: Vec<Value> = self.scalars.iter().map(|name| Value::literal(name)).collect();
        if self.properties.is_some() || self.elements.is_some() {
            let properties = self.properties.iter().flatten();
            let mut bag: Bag = properties.map(|(name, schema)| (name.clone(), schema.written())).collect();
            if let Some(elements) = &self.elements {
                bag.insert("`indexer`", elements.written());
            }
            alternatives.push(bag.into());
        }
        match alternatives.len() {
            0 => Value::Null,
            1 => alternatives.remove(0),
            _ => alternatives.into(),
        }
    }
}

/// The schema language calls a real by its older name.
fn scalar_name(value: &Value) -> Option<&'static str> {
    match value {
        Value::Int(_) => Some("long"),
        Value::Real(_) => Some("double"),
        _ => value.type_of().map(rule_model::Type::name),
    }
}

impl Accumulator for Schema {
    fn add(&mut self, args: &[Value]) {
        for value in args {
            self.see(value);
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![self.written()]
    }
}
