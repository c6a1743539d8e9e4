//! The table of aggregate functions, by what they keep.
//!
//! | module | holds |
//! |---|---|
//! | [`numbers`] | counts, sums, means, variances, percentiles, bit operations |
//! | [`collections`] | lists, sets, bags, schemas |
//! | [`rows`] | extremes and the rows they stand in, any row |

mod collections;
mod numbers;
mod percentiles;
mod rows;
mod schema;
mod sums;

use crate::aggregate::{Accumulator, Aggregate};
use crate::function::{Accepts, Param};
use rule_model::{Type, Value};

/// The parts of the table.
pub(crate) static TABLES: [&[Aggregate]; 4] =
    [numbers::TABLE, percentiles::TABLE, collections::TABLE, rows::TABLE];

/// A parameter that takes anything.
const VALUE: Param = Param::one("expr", Accepts::Any);
/// A parameter that takes a number.
const NUMBER: Param = Param::one("expr", Accepts::Number);
/// A parameter that says which rows count.
const PREDICATE: Param = Param::one("predicate", Accepts::Type(Type::Bool));
/// A bound on the number of elements.
const MAX_SIZE: Param = Param::optional("maxSize", Accepts::Type(Type::Long)).constant();

/// Bytes that a value takes where values are gathered, with its part of the gathering.
const GATHERED: u64 = 48;

/// Feeds the rows on which a predicate is true to another accumulator, without the predicate.
#[derive(Debug)]
struct If {
    /// Position of the predicate among the arguments.
    predicate: usize,
    inner: Box<dyn Accumulator>,
}

impl If {
    /// The accumulator of an aggregate whose predicate stands at this position.
    fn boxed(predicate: usize, inner: Box<dyn Accumulator>) -> Box<dyn Accumulator> {
        Box::new(If { predicate, inner })
    }
}

impl Accumulator for If {
    fn add(&mut self, args: &[Value]) {
        if args.get(self.predicate) != Some(&Value::Bool(true)) {
            return;
        }
        let others = args.iter().enumerate().filter(|(at, _)| *at != self.predicate);
        let others: Vec<Value> = others.map(|(_, value)| value.clone()).collect();
        self.inner.add(&others);
    }

    fn finish(&mut self) -> Vec<Value> {
        self.inner.finish()
    }

    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::aggregate::{aggregate, aggregates};
    use rule_model::{Type, Value};
    use std::collections::HashSet;

    /// What the aggregate gives for these rows of arguments.
    fn run(name: &str, ty: Type, rows: &[&[Value]]) -> Vec<Value> {
        let mut accumulator = (aggregate(name).unwrap().start)(ty);
        for row in rows {
            accumulator.add(row);
        }
        accumulator.finish()
    }

    #[test]
    fn no_name_stands_for_two_aggregates() {
        let mut seen = HashSet::new();
        for entry in aggregates() {
            for name in std::iter::once(&entry.name).chain(entry.aliases) {
                assert!(seen.insert(*name), "{name}");
            }
        }
    }

    #[test]
    fn empty_groups_have_their_documented_defaults() {
        for (name, ty, value) in [
            ("count", Type::Long, Value::Long(0)),
            ("dcount", Type::Long, Value::Long(0)),
            ("sum", Type::Long, Value::Long(0)),
            ("sum", Type::Real, Value::Real(0.0)),
            ("stdev", Type::Real, Value::Real(0.0)),
            ("make_set", Type::Dynamic, Value::array([])),
            ("make_list", Type::Dynamic, Value::array([])),
            ("min", Type::Long, Value::Null),
            ("max", Type::String, Value::EMPTY),
        ] {
            assert_eq!(run(name, ty, &[]), [value], "{name}");
        }
    }

    #[test]
    fn nulls_are_ignored() {
        let rows: [&[Value]; 3] = [&[Value::Null], &[Value::Long(4)], &[Value::Long(2)]];
        for (name, ty, value) in [
            ("sum", Type::Long, Value::Long(6)),
            ("min", Type::Long, Value::Long(2)),
            ("max", Type::Long, Value::Long(4)),
            ("avg", Type::Real, Value::Real(3.0)),
            ("dcount", Type::Long, Value::Long(2)),
            ("make_set", Type::Dynamic, Value::array([Value::Long(4), Value::Long(2)])),
            ("make_list", Type::Dynamic, Value::array([Value::Long(4), Value::Long(2)])),
            ("count", Type::Long, Value::Long(3)),
            ("take_any", Type::Long, Value::Long(4)),
        ] {
            assert_eq!(run(name, ty, &rows), [value], "{name}");
        }
    }

    #[test]
    fn arrays_flatten_into_a_set_but_not_into_a_list() {
        let array = |items: &[&str]| Value::array(items.iter().map(Value::string));
        let (first, second) = (array(&["A1", "A2"]), array(&["A2", "C1"]));
        let rows: [&[Value]; 2] = [std::slice::from_ref(&first), std::slice::from_ref(&second)];
        assert_eq!(run("make_set", Type::Dynamic, &rows), [array(&["A1", "A2", "C1"])]);
        assert_eq!(run("make_list", Type::Dynamic, &rows), [Value::array([first.clone(), second.clone()])]);
    }

    #[test]
    fn a_predicate_selects_the_rows_that_count() {
        let rows: [&[Value]; 3] = [
            &[Value::Long(1), Value::Bool(true)],
            &[Value::Long(2), Value::Bool(false)],
            &[Value::Long(4), Value::Null],
        ];
        assert_eq!(run("sumif", Type::Long, &rows), [Value::Long(1)]);
        assert_eq!(run("make_list_if", Type::Dynamic, &rows), [Value::array([Value::Long(1)])]);
    }

    #[test]
    fn arg_max_keeps_the_first_row_of_the_largest_value() {
        let row = |n: Option<i64>, name: &str| [Value::from(n), Value::string(name)];
        let rows = [row(None, "null"), row(Some(2), "first"), row(Some(2), "second"), row(Some(1), "less")];
        let rows: Vec<&[Value]> = rows.iter().map(<[Value; 2]>::as_slice).collect();
        assert_eq!(run("arg_max", Type::Long, &rows), row(Some(2), "first"));
        assert_eq!(run("arg_max", Type::Long, &rows[..1]), row(None, "null"));
    }

    #[test]
    fn percentiles_are_values_that_occur() {
        let rows: Vec<[Value; 3]> =
            (1..=100).rev().map(|n| [Value::Long(n), Value::Real(5.0), Value::Real(95.0)]).collect();
        let rows: Vec<&[Value]> = rows.iter().map(<[Value; 3]>::as_slice).collect();
        assert_eq!(run("percentiles", Type::Long, &rows), [Value::Long(5), Value::Long(95)]);
    }

    #[test]
    fn lists_stop_at_their_bound() {
        let rows: [&[Value]; 3] = [
            &[Value::Long(1), Value::Long(2)],
            &[Value::Long(3), Value::Long(2)],
            &[Value::Long(5), Value::Long(2)],
        ];
        for name in ["make_list", "make_set"] {
            let two = Value::array([Value::Long(1), Value::Long(3)]);
            assert_eq!(run(name, Type::Dynamic, &rows), [two], "{name}");
        }
    }
}
