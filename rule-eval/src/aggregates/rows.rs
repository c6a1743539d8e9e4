//! Entries and accumulators: extremes and the rows they stand in, any row.

use super::{If, PREDICATE, VALUE};
use crate::aggregate::{Accumulator, Aggregate, Naming, Results};
use crate::function::{Accepts, Param, Returns, Signature};
use crate::memory;
use crate::order::compare;
use rule_model::{Type, Value};
use std::cmp::Ordering;

const RETURNED: Param = Param::repeated("exprToReturn", Accepts::Any);
const ORDERED: Param = Param::one(
    "expr",
    Accepts::OneOf(&[
        Type::Long,
        Type::Int,
        Type::Real,
        Type::Decimal,
        Type::DateTime,
        Type::Timespan,
        Type::String,
        Type::Bool,
        Type::Guid,
    ]),
);
const FIRST: Returns = Returns::Argument(0);

/// Extremes and samples.
pub(super) static TABLE: &[Aggregate] = &[
    Aggregate {
        name: "min",
        aliases: &[],
        signatures: &[Signature::generic(&[ORDERED], FIRST)],
        results: Results::One,
        naming: Naming::Prefixed("min"),
        summary: "The smallest value.",
        start: |ty| Box::new(Extreme::new(Ordering::Less, ty)),
        examples: &[("datatable(x:long)[3, long(null), 2] | summarize min(x)", "2")],
    },
    Aggregate {
        name: "minif",
        aliases: &[],
        signatures: &[Signature::generic(&[ORDERED, PREDICATE], FIRST)],
        results: Results::One,
        naming: Naming::Prefixed("minif"),
        summary: "The smallest value on the rows on which the predicate is true.",
        start: |ty| If::boxed(1, Box::new(Extreme::new(Ordering::Less, ty))),
        examples: &[("datatable(x:long)[3, 1, 2] | summarize minif(x, x > 1)", "2")],
    },
    Aggregate {
        name: "max",
        aliases: &[],
        signatures: &[Signature::generic(&[ORDERED], FIRST)],
        results: Results::One,
        naming: Naming::Prefixed("max"),
        summary: "The largest value.",
        start: |ty| Box::new(Extreme::new(Ordering::Greater, ty)),
        examples: &[("datatable(x:string)[\"10\", \"9\"] | summarize max(x)", "\"9\"")],
    },
    Aggregate {
        name: "maxif",
        aliases: &[],
        signatures: &[Signature::generic(&[ORDERED, PREDICATE], FIRST)],
        results: Results::One,
        naming: Naming::Prefixed("maxif"),
        summary: "The largest value on the rows on which the predicate is true.",
        start: |ty| If::boxed(1, Box::new(Extreme::new(Ordering::Greater, ty))),
        examples: &[("datatable(x:long)[3, 1, 2] | summarize maxif(x, x < 3)", "2")],
    },
    Aggregate {
        name: "arg_max",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::Extreme("max"),
        summary: "The largest value and what else stands in its row; of equal ones the first row.",
        start: |_| Box::new(ExtremeRow::new(Ordering::Greater)),
        examples: &[("datatable(x:long, s:string)[1, \"a\", 2, \"b\"] | summarize arg_max(x, s)", "2")],
    },
    Aggregate {
        name: "arg_min",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::Extreme("min"),
        summary: "The smallest value and what else stands in its row; of equal ones the first row.",
        start: |_| Box::new(ExtremeRow::new(Ordering::Less)),
        examples: &[("datatable(x:long, s:string)[1, \"a\", 2, \"b\"] | summarize arg_min(x, s)", "1")],
    },
    Aggregate {
        name: "argmax",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::PrefixedExtreme("max"),
        summary: "As arg_max; the old spelling, whose columns are called max_x and max_x_y.",
        start: |_| Box::new(ExtremeRow::new(Ordering::Greater)),
        examples: &[("datatable(x:long, s:string)[1, \"a\", 2, \"b\"] | summarize argmax(x, s)", "2")],
    },
    Aggregate {
        name: "argmin",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::PrefixedExtreme("min"),
        summary: "As arg_min; the old spelling, whose columns are called min_x and min_x_y.",
        start: |_| Box::new(ExtremeRow::new(Ordering::Less)),
        examples: &[("datatable(x:long, s:string)[1, \"a\", 2, \"b\"] | summarize argmin(x, s)", "1")],
    },
    Aggregate {
        name: "take_any",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::Arguments("any"),
        summary: "Values of any one row, here the first; a single value is one that is neither null nor empty, if there is one.",
        start: |_| Box::new(AnyRow::default()),
        examples: &[("datatable(s:string)[\"\", \"a\", \"b\"] | summarize take_any(s)", "\"a\"")],
    },
    Aggregate {
        name: "take_anyif",
        aliases: &["take_any_if"],
        signatures: &[Signature::generic(&[VALUE, PREDICATE], FIRST)],
        results: Results::One,
        naming: Naming::Arguments("any"),
        summary: "The value on any one row on which the predicate is true, here the first.",
        start: |_| If::boxed(1, Box::new(AnyRow::default())),
        examples: &[("datatable(x:long)[1, 2, 3] | summarize take_anyif(x, x > 1)", "2")],
    },
    Aggregate {
        name: "any",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, RETURNED], FIRST)],
        results: Results::EachArgument,
        naming: Naming::PrefixedArguments("any"),
        summary: "As take_any; the old spelling, whose columns are called any_x.",
        start: |_| Box::new(AnyRow::default()),
        examples: &[("datatable(x:long)[1, 2, 3] | summarize any(x)", "1")],
    },
    Aggregate {
        name: "anyif",
        aliases: &[],
        signatures: &[Signature::generic(&[VALUE, PREDICATE], FIRST)],
        results: Results::One,
        naming: Naming::Prefixed("anyif"),
        summary: "As take_anyif; the old spelling, whose column is called anyif_x.",
        start: |_| If::boxed(1, Box::new(AnyRow::default())),
        examples: &[("datatable(x:long)[1, 2, 3] | summarize anyif(x, x > 1)", "2")],
    },
];

/// `min` and `max`.
#[derive(Debug)]
struct Extreme {
    wanted: Ordering,
    ty: Type,
    best: Value,
}

impl Extreme {
    fn new(wanted: Ordering, ty: Type) -> Extreme {
        Extreme { wanted, ty, best: Value::Null }
    }
}

impl Accumulator for Extreme {
    fn add(&mut self, args: &[Value]) {
        if let Some(value) = args.first()
            && beats(value, &self.best, self.wanted)
        {
            self.best = value.clone();
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![match std::mem::take(&mut self.best) {
            Value::Null => Value::absent(self.ty),
            best => best,
        }]
    }
}

/// `arg_min` and `arg_max`: where all values are null, the first row.
#[derive(Debug)]
struct ExtremeRow {
    wanted: Ordering,
    row: Vec<Value>,
}

impl ExtremeRow {
    fn new(wanted: Ordering) -> ExtremeRow {
        ExtremeRow { wanted, row: Vec::new() }
    }
}

impl Accumulator for ExtremeRow {
    fn add(&mut self, args: &[Value]) {
        let better = match (args.first(), self.row.first()) {
            (Some(value), Some(best)) => beats(value, best, self.wanted),
            _ => true,
        };
        if better {
            self.row = args.to_vec();
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.row)
    }

    fn bytes(&self) -> u64 {
        memory::of_row(&self.row)
    }
}

fn beats(value: &Value, best: &Value, wanted: Ordering) -> bool {
    !value.is_null() && (best.is_null() || compare(value, best) == wanted)
}

/// `take_any`.
#[derive(Debug, Default)]
struct AnyRow {
    row: Vec<Value>,
}

impl Accumulator for AnyRow {
    fn add(&mut self, args: &[Value]) {
        let better = match self.row.as_slice() {
            [] => true,
            [only] => only.is_null() || only == &Value::EMPTY,
            _ => false,
        };
        if better {
            self.row = args.to_vec();
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.row)
    }

    fn bytes(&self) -> u64 {
        memory::of_row(&self.row)
    }
}
