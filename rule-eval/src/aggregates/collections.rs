//! Entries and accumulators: lists, sets, bags.

use super::schema::Schema;
use super::{GATHERED, If, MAX_SIZE, PREDICATE, VALUE};
use crate::aggregate::{Accumulator, Aggregate, Naming, Results};
use crate::function::{Accepts, Param, Signature};
use crate::memory;
use crate::order::Key;
use rule_model::{Bag, Type, Value};
use std::collections::HashSet;
use std::sync::Arc;

const BAG: Param = Param::one("expr", Accepts::Type(Type::Dynamic));
/// Kusto's own bound on the elements of a list or set.
const DEFAULT_MAX_SIZE: usize = 1_048_576;

/// Lists, sets, bags.
pub(super) static TABLE: &[Aggregate] = &[
    Aggregate {
        name: "make_list",
        aliases: &["makelist"],
        signatures: &[Signature::new(&[VALUE, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("list"),
        summary: "The values as an array, in the order of the rows, without nulls.",
        start: |_| Box::new(List::default()),
        examples: &[("datatable(x:long)[2, 1, 2] | summarize make_list(x)", "dynamic([2,1,2])")],
    },
    Aggregate {
        name: "make_list_if",
        aliases: &[],
        signatures: &[Signature::new(&[VALUE, PREDICATE, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("list"),
        summary: "The values on the rows on which the predicate is true, as an array.",
        start: |_| If::boxed(1, Box::new(List::default())),
        examples: &[("datatable(x:long)[2, 1, 2] | summarize make_list_if(x, x > 1)", "dynamic([2,2])")],
    },
    Aggregate {
        name: "make_list_with_nulls",
        aliases: &[],
        signatures: &[Signature::new(&[VALUE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("list"),
        summary: "The values as an array, nulls included.",
        start: |_| Box::new(List { with_nulls: true, ..List::default() }),
        examples: &[(
            "datatable(x:long)[2, long(null)] | summarize make_list_with_nulls(x)",
            "dynamic([2,null])",
        )],
    },
    Aggregate {
        name: "make_set",
        aliases: &["makeset"],
        signatures: &[Signature::new(&[VALUE, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("set"),
        summary: "The distinct values as an array, in the order of their first rows; the elements of arrays one by one.",
        start: |_| Box::new(Set::default()),
        examples: &[("datatable(x:long)[2, 1, 2] | summarize make_set(x)", "dynamic([2,1])")],
    },
    Aggregate {
        name: "make_set_if",
        aliases: &[],
        signatures: &[Signature::new(&[VALUE, PREDICATE, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("set"),
        summary: "The distinct values on the rows on which the predicate is true, as an array.",
        start: |_| If::boxed(1, Box::new(Set::default())),
        examples: &[("datatable(x:long)[2, 1, 2] | summarize make_set_if(x, x > 1)", "dynamic([2])")],
    },
    Aggregate {
        name: "make_bag",
        aliases: &[],
        signatures: &[Signature::new(&[BAG, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("bag"),
        summary: "The properties of all bags in one bag; of equal names the first value stays.",
        start: |_| Box::new(Merged::default()),
        examples: &[(
            "datatable(b:dynamic)[dynamic({\"a\":1}), dynamic({\"b\":2})] | summarize make_bag(b)",
            "dynamic({\"a\":1,\"b\":2})",
        )],
    },
    Aggregate {
        name: "make_bag_if",
        aliases: &[],
        signatures: &[Signature::new(&[BAG, PREDICATE, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("bag"),
        summary: "The properties of the bags on the rows on which the predicate is true, in one bag.",
        start: |_| If::boxed(1, Box::new(Merged::default())),
        examples: &[(
            "datatable(b:dynamic, c:bool)[dynamic({\"a\":1}), true, dynamic({\"b\":2}), false] | summarize make_bag_if(b, c)",
            "dynamic({\"a\":1})",
        )],
    },
    Aggregate {
        name: "make_dictionary",
        aliases: &[],
        signatures: &[Signature::new(&[BAG, MAX_SIZE], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("dictionary"),
        summary: "The old name of make_bag.",
        start: |_| Box::new(Merged::default()),
        examples: &[(
            "datatable(b:dynamic)[dynamic({\"a\":1}), dynamic({\"b\":2})] | summarize make_dictionary(b)",
            "dynamic({\"a\":1,\"b\":2})",
        )],
    },
    Aggregate {
        name: "buildschema",
        aliases: &[],
        signatures: &[Signature::new(&[BAG], Type::Dynamic)],
        results: Results::One,
        naming: Naming::Prefixed("schema"),
        summary: "The least schema that admits all values: names to type names, arrays under `indexer`.",
        start: |_| Box::new(Schema::default()),
        examples: &[(
            "datatable(d:dynamic)[dynamic({\"x\":1}), dynamic({\"x\":\"a\"})] | summarize buildschema(d)",
            "dynamic({\"x\":[\"long\",\"string\"]})",
        )],
    },
];

/// The bound that the second argument sets, if there is one.
fn max_size(args: &[Value]) -> usize {
    match args.get(1).and_then(Value::as_i64) {
        Some(max) => usize::try_from(max).unwrap_or(0).min(DEFAULT_MAX_SIZE),
        None => DEFAULT_MAX_SIZE,
    }
}

#[derive(Debug, Default)]
struct List {
    with_nulls: bool,
    items: Vec<Value>,
    bytes: u64,
}

impl Accumulator for List {
    fn add(&mut self, args: &[Value]) {
        let Some(value) = args.first() else { return };
        if (self.with_nulls || !value.is_null()) && self.items.len() < max_size(args) {
            self.bytes += memory::of_value(value);
            self.items.push(value.clone());
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![Value::Array(Arc::new(std::mem::take(&mut self.items)))]
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[derive(Debug, Default)]
struct Set {
    seen: HashSet<Key>,
    items: Vec<Value>,
    bytes: u64,
}

impl Accumulator for Set {
    fn add(&mut self, args: &[Value]) {
        let Some(value) = args.first() else { return };
        for item in value.as_array().unwrap_or(std::slice::from_ref(value)) {
            if !item.is_null() && self.items.len() < max_size(args) && self.seen.insert(Key::of(item)) {
                // Once more as a key.
                self.bytes += 2 * memory::of_value(item) + GATHERED;
                self.items.push(item.clone());
            }
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![Value::Array(Arc::new(std::mem::take(&mut self.items)))]
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[derive(Debug, Default)]
struct Merged(Bag);

impl Accumulator for Merged {
    fn add(&mut self, args: &[Value]) {
        let Some(bag) = args.first().and_then(Value::as_bag) else { return };
        for (name, value) in bag.iter() {
            if self.0.get(name).is_none() && self.0.len() < max_size(args) {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        // The documentation's table of defaults says `[]` for an empty bag; a bag it is nevertheless, so that
        // properties of the result read alike whether rows came or not.
        vec![Value::Bag(Arc::new(std::mem::take(&mut self.0)))]
    }

    fn bytes(&self) -> u64 {
        self.0.len() as u64 * 4 * GATHERED
    }
}
