//! What an entry of the table of aggregate functions is.
//!
//! The checker reads an entry's signatures, result columns and naming rule; `summarize`, `make-series`, `pivot` and
//! `top-nested` start one accumulator for each group and feed it the arguments of every row.

use crate::function::Signature;
use rule_model::{Type, Value};
use std::fmt;

/// An aggregate function of KQL.
#[derive(Debug)]
pub struct Aggregate {
    /// Canonical name.
    pub name: &'static str,
    /// Other names of the same function. Deprecated names that name their columns otherwise are entries of their own.
    pub aliases: &'static [&'static str],
    /// The forms it can be called in, tried in order; for functions with several result columns `returns` is the
    /// type of the first.
    pub signatures: &'static [Signature],
    /// How many columns come out.
    pub results: Results,
    /// The names of those columns where the query gives none.
    pub naming: Naming,
    /// One line of documentation.
    pub summary: &'static str,
    /// Makes the accumulator of a group; it is told the type of the (first) result, in which an empty `sum` is zero.
    pub start: fn(Type) -> Box<dyn Accumulator>,
    /// Queries and the first cell of what they give, as KQL text. Each is a test.
    pub examples: &'static [(&'static str, &'static str)],
}

/// What an aggregate knows of the rows of one group so far.
pub trait Accumulator: fmt::Debug {
    /// Takes the arguments of one row.
    fn add(&mut self, args: &[Value]);

    /// Bytes that it has gathered, where they grow with the rows.
    fn bytes(&self) -> u64 {
        0
    }

    /// The values of the result columns.
    fn finish(&mut self) -> Vec<Value>;
}

/// How many columns an aggregate gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// One.
    One,
    /// One for each argument, of the argument's type; `*` stands for all columns not among the arguments and keys.
    EachArgument,
    /// One for each argument after so many, of the type that the signature returns: `percentiles`.
    EachAfter(usize),
}

/// How result columns are named where the query gives no name. The name of an argument is that of the column it
/// reads, through conversions and paths (`tolong(d.x)`: `d_x`), and empty for other expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The prefix, `_`, the name of the first argument: `sum_x`, `count_`, `sum_`.
    Prefixed(&'static str),
    /// The argument's name; where it has none the prefix, `_arg` and its position: `x`, `any_arg0`.
    Arguments(&'static str),
    /// Each argument's name after the prefix and `_`, `arg` and its position where it has none: `any_x`, `any_arg1`;
    /// of one argument without a name `any_`.
    PrefixedArguments(&'static str),
    /// `arg_max(x, y)`: `x`, `y`; an unnamed first argument is `max_`, another `max_x_arg1`.
    Extreme(&'static str),
    /// `argmax(x, y)`: `max_x`, `max_x_y`; an unnamed argument after the first is `max_x_arg2`.
    PrefixedExtreme(&'static str),
    /// The prefix, the first argument's name and the percentile, `.` written as `_`: `percentile_x_95`. The
    /// percentiles are the arguments from this position on.
    Percentile(&'static str, usize),
}

/// The aggregate function called `name`, by its canonical name or one of its aliases.
pub fn aggregate(name: &str) -> Option<&'static Aggregate> {
    aggregates().find(|entry| entry.name == name || entry.aliases.contains(&name))
}

/// All aggregate functions.
pub fn aggregates() -> impl Iterator<Item = &'static Aggregate> {
    crate::aggregates::TABLES.iter().flat_map(|table| table.iter())
}
