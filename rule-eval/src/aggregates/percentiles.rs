//! `percentile` and its family: exact, by nearest rank, where Kusto estimates with a t-digest.

use super::{GATHERED, NUMBER, VALUE};
use crate::aggregate::{Accumulator, Aggregate, Naming, Results};
use crate::function::{Accepts, Arity, Param, Returns, Signature};
use crate::order::{as_f64, compare};
use rule_model::{Type, Value};

const PERCENTILE: Param = Param::one("percentile", Accepts::Number).constant();
const MORE: Param = Param { arity: Arity::Repeated, ..PERCENTILE };
const LIST: Param = Param::one("percentiles", Accepts::Type(Type::Dynamic)).constant();
const WEIGHT: Param = Param { name: "weight", ..NUMBER };

/// Percentiles.
pub(super) static TABLE: &[Aggregate] = &[
    Aggregate {
        name: "percentile",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, PERCENTILE], Returns::Argument(0))],
        results: Results::One,
        naming: Naming::Percentile("percentile", 1),
        summary: "The value below or at which so many percent of the values lie; exact.",
        start: |_| Box::new(Percentiles::new(1, false)),
        examples: &[("range x from 1 to 100 step 1 | summarize percentile(x, 95)", "95")],
    },
    Aggregate {
        name: "percentiles",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, PERCENTILE, MORE], Returns::Argument(0))],
        results: Results::EachAfter(1),
        naming: Naming::Percentile("percentile", 1),
        summary: "Several percentiles, a column each.",
        start: |_| Box::new(Percentiles::new(1, false)),
        examples: &[("range x from 1 to 100 step 1 | summarize percentiles(x, 5, 95)", "5")],
    },
    Aggregate {
        name: "percentilew",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, WEIGHT, PERCENTILE], Returns::Argument(0))],
        results: Results::One,
        naming: Naming::Percentile("percentile", 2),
        summary: "A percentile of values that count as often as their weight says.",
        start: |_| Box::new(Percentiles::new(2, false)),
        examples: &[("datatable(x:long, w:long)[1, 9, 2, 1] | summarize percentilew(x, w, 90)", "1")],
    },
    Aggregate {
        name: "percentilesw",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, WEIGHT, PERCENTILE, MORE], Returns::Argument(0))],
        results: Results::EachAfter(2),
        naming: Naming::Percentile("percentile", 2),
        summary: "Several percentiles of weighted values, a column each.",
        start: |_| Box::new(Percentiles::new(2, false)),
        examples: &[("datatable(x:long, w:long)[1, 9, 2, 1] | summarize percentilesw(x, w, 90, 95)", "1")],
    },
    Aggregate {
        name: "percentiles_array",
        aliases: &[],
        signatures: &[
            Signature::new(&[VALUE, PERCENTILE, MORE], Type::Dynamic),
            Signature::new(&[VALUE, LIST], Type::Dynamic),
        ],
        results: Results::One,
        naming: Naming::Prefixed("percentiles"),
        summary: "Several percentiles as an array.",
        start: |_| Box::new(Percentiles::new(1, true)),
        examples: &[(
            "range x from 1 to 100 step 1 | summarize percentiles_array(x, 5, 95)",
            "dynamic([5,95])",
        )],
    },
    Aggregate {
        name: "percentilesw_array",
        aliases: &[],
        signatures: &[
            Signature::new(&[VALUE, WEIGHT, PERCENTILE, MORE], Type::Dynamic),
            Signature::new(&[VALUE, WEIGHT, LIST], Type::Dynamic),
        ],
        results: Results::One,
        naming: Naming::Prefixed("percentiles"),
        summary: "Several percentiles of weighted values as an array.",
        start: |_| Box::new(Percentiles::new(2, true)),
        examples: &[(
            "datatable(x:long, w:long)[1, 9, 2, 1] | summarize percentilesw_array(x, w, 90, 95)",
            "dynamic([1,2])",
        )],
    },
];

/// All values of the group with their weights, and the percentiles asked for.
#[derive(Debug)]
struct Percentiles {
    /// Position of the first percentile among the arguments; 2 when a weight stands before it.
    first: usize,
    as_array: bool,
    asked: Vec<f64>,
    values: Vec<(Value, f64)>,
}

impl Percentiles {
    fn new(first: usize, as_array: bool) -> Percentiles {
        Percentiles { first, as_array, asked: Vec::new(), values: Vec::new() }
    }

    /// The first value in order with which so many percent of the weight are reached.
    fn at(&self, percentile: f64, total: f64) -> Value {
        let rank = percentile / 100.0 * total;
        let mut reached = 0.0;
        let found = self.values.iter().find(|(_, weight)| {
            reached += weight;
            reached >= rank
        });
        found.or(self.values.last()).map_or(Value::Null, |(value, _)| value.clone())
    }
}

impl Accumulator for Percentiles {
    fn add(&mut self, args: &[Value]) {
        let Some((value, rest)) = args.split_first() else { return };
        if self.asked.is_empty() {
            let asked = rest.get(self.first - 1..).unwrap_or_default();
            let asked = asked.iter().flat_map(|p| p.as_array().unwrap_or(std::slice::from_ref(p)));
            self.asked = asked.filter_map(as_f64).collect();
        }
        let weight = if self.first == 2 { rest.first().and_then(as_f64).unwrap_or(0.0) } else { 1.0 };
        if !value.is_null() && weight > 0.0 {
            self.values.push((value.clone(), weight));
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        self.values.sort_by(|a, b| compare(&a.0, &b.0));
        let total = self.values.iter().map(|(_, weight)| weight).sum();
        let found = self.asked.iter().map(|p| self.at(*p, total)).collect();
        match (self.as_array, self.values.is_empty()) {
            (true, true) => vec![Value::Null],
            (true, false) => vec![Value::Array(std::sync::Arc::new(found))],
            (false, _) => found,
        }
    }

    fn bytes(&self) -> u64 {
        self.values.len() as u64 * 2 * GATHERED
    }
}
