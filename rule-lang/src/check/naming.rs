//! The names that KQL gives to columns for which the query writes none.
//!
//! Source: the result columns that Microsoft's analyser gives.

use super::scope::Columns;
use crate::syntax::{self, ExprKind as Syntax};
use rule_eval::aggregate::{Aggregate, Naming, Results};
use rule_model::plan::Name;
use rule_model::{Type, Value};
use std::fmt::Write;

/// Functions whose result is named like their first argument.
const LIKE_ARGUMENT: &[&str] = &[
    "split",
    "tostring",
    "tohex",
    "todynamic",
    "toobject",
    "tolong",
    "toint",
    "toreal",
    "todouble",
    "todatetime",
    "totimespan",
    "totime",
    "tobool",
    "toboolean",
    "todecimal",
    "toguid",
    "parse_csv",
    "parsejson",
    "parse_json",
    "parse_xml",
    "format_datetime",
    "format_timespan",
    "startofday",
    "bin",
    "floor",
    "bin_at",
    "bin_auto",
    "binary_and",
    "binary_or",
    "binary_xor",
    "binary_not",
    "binary_shift_right",
    "binary_shift_left",
    "bitset_count_ones",
    "series_fir",
    "series_outliers",
    "series_iir",
    "series_fill_backward",
    "series_fill_forward",
    "series_fill_const",
    "series_fill_linear",
    "round",
    "ceiling",
    "pow",
    "sqrt",
    "log",
    "log2",
    "log10",
    "exp",
    "exp2",
    "exp10",
    "cos",
    "sin",
    "tan",
    "acos",
    "asin",
    "atan",
    "atan2",
    "abs",
    "rand",
    "gamma",
    "loggamma",
    "erf",
    "erfc",
    "format_bytes",
];
/// Functions whose result is named after the function, `_`, and the first argument.
const AFTER_FUNCTION: &[&str] = &["strlen", "string_size"];
/// Nesting of an expression past which it gives no name.
const DEPTH_LIMIT: usize = 64;

/// The name that an expression implies for its column; `None` for one that is numbered.
pub(crate) fn implied(e: &syntax::Expr) -> Option<Name> {
    implied_within(e, DEPTH_LIMIT)
}

fn implied_within(e: &syntax::Expr, depth: usize) -> Option<Name> {
    let depth = depth.checked_sub(1)?;
    match &e.kind {
        Syntax::Name(name) => Some(name.text.clone()),
        Syntax::Parenthesized(inner) => implied_within(inner, depth),
        Syntax::Property(base, name) if matches!(base.kind, Syntax::JoinSide(_)) => Some(name.text.clone()),
        Syntax::Property(base, name) => Some(match implied_within(base, depth) {
            Some(base) => Name::from(format!("{base}_{}", name.text)),
            None => name.text.clone(),
        }),
        Syntax::Element(base, index) => {
            let base = implied_within(base, depth).unwrap_or_default();
            let index = match &index.kind {
                Syntax::Literal(Value::String(text), _) => text.to_string(),
                Syntax::Literal(value, _) => value.as_i64().map(|n| n.to_string()).unwrap_or_default(),
                _ => String::new(),
            };
            Some(Name::from(if base.is_empty() { index } else { format!("{base}_{index}") }))
        }
        Syntax::Call(name, args) => call(&name.text, args, depth),
        _ => None,
    }
}

fn call(function: &str, args: &[syntax::Argument], depth: usize) -> Option<Name> {
    let first = || {
        let arg = args.first()?;
        let own = arg.name.as_ref().map(|name| name.text.clone());
        own.or_else(|| implied_within(&arg.value, depth))
    };
    if LIKE_ARGUMENT.contains(&function) {
        return first();
    }
    if AFTER_FUNCTION.contains(&function) {
        return Some(Name::from(format!("{function}_{}", first().unwrap_or_default())));
    }
    match function {
        "array_sort_asc" | "array_sort_desc" if args.len() == 1 => {
            Some(Name::from(format!("{}_sorted", first().unwrap_or_default())))
        }
        "gettype" => Some(Name::from(format!("type_{}", first().unwrap_or_default()))),
        "ingestion_time" => Some(Name::new_static("$IngestionTime")),
        _ => rule_eval::aggregate(function).and_then(|entry| {
            let names: Vec<Option<Name>> = args.iter().map(|arg| implied_within(&arg.value, depth)).collect();
            aggregate_results(entry, args, &names).into_iter().next()
        }),
    }
}

/// The names and types of the columns that a call gives which gives several; empty for every other expression.
pub(crate) fn several(e: &syntax::Expr) -> Vec<(Name, Type)> {
    let (function, args) = match &e.kind {
        Syntax::Parenthesized(inner) => return several(inner),
        Syntax::Call(function, args) => (function.text.as_str(), args.as_slice()),
        _ => return Vec::new(),
    };
    let name = |arg: &syntax::Argument| implied(&arg.value).unwrap_or_default();
    if matches!(function, "array_sort_asc" | "array_sort_desc") {
        let arrays = args.iter().filter(|arg| !matches!(arg.value.kind, Syntax::Literal(Value::Bool(_), _)));
        let columns: Vec<_> =
            arrays.map(|arg| (Name::from(format!("{}_sorted", name(arg))), Type::Dynamic)).collect();
        return if columns.len() > 1 { columns } else { Vec::new() };
    }
    let first = args.first().map(name).unwrap_or_default();
    let columns = rule_eval::function(function).map(|entry| entry.columns).unwrap_or_default();
    columns.iter().map(|(column, ty)| (Name::from(format!("{function}_{first}_{column}")), *ty)).collect()
}

/// The names of an aggregate's result columns, from the names of its arguments, of which `*` has given one for each
/// column.
pub(crate) fn aggregate_results(
    entry: &Aggregate,
    args: &[syntax::Argument],
    names: &[Option<Name>],
) -> Vec<Name> {
    let given = |at: usize| names.get(at).cloned().flatten();
    let name = |at: usize| given(at).unwrap_or_default();
    let named_or_numbered = |at: usize| given(at).unwrap_or_else(|| Name::from(format!("arg{at}")));
    let each = 0..match entry.results {
        Results::EachArgument => names.len(),
        Results::One | Results::EachAfter(_) => 1,
    };
    match entry.naming {
        Naming::Prefixed(prefix) => vec![joined(prefix, &name(0))],
        Naming::Arguments(prefix) => {
            each.map(|at| given(at).unwrap_or_else(|| Name::from(format!("{prefix}_arg{at}")))).collect()
        }
        Naming::PrefixedArguments(prefix) if names.len() == 1 => vec![joined(prefix, &name(0))],
        Naming::PrefixedArguments(prefix) => each.map(|at| joined(prefix, &named_or_numbered(at))).collect(),
        Naming::Extreme(prefix) => each
            .map(|at| match (given(at), at) {
                (Some(name), _) => name,
                (None, 0) => joined(prefix, ""),
                (None, _) => Name::from(format!("{prefix}_{}_arg{at}", name(0))),
            })
            .collect(),
        Naming::PrefixedExtreme(prefix) => each
            .map(|at| match at {
                0 => joined(prefix, &name(0)),
                _ => Name::from(format!("{prefix}_{}_{}", name(0), named_or_numbered(at))),
            })
            .collect(),
        Naming::Percentile(prefix, from) => {
            args.iter().skip(from).map(|arg| joined(prefix, &percentile(&name(0), &arg.value))).collect()
        }
    }
}

fn joined(prefix: &str, name: &str) -> Name {
    Name::from(format!("{prefix}_{name}"))
}

/// `x_99_5` for the percentile 99.5 of `x`.
fn percentile(name: &str, percentile: &syntax::Expr) -> String {
    let mut text = format!("{name}_");
    match &percentile.kind {
        Syntax::Literal(Value::Real(number), _) => {
            let _infallible = write!(text, "{number}");
        }
        Syntax::Literal(value, _) => {
            let _infallible = write!(text, "{}", value.as_i64().unwrap_or_default());
        }
        _ => {}
    }
    text.replace('.', "_")
}

/// Names the columns of one operator that have none of their own: `Column1`, `Column2`, …
#[derive(Debug, Default)]
pub(crate) struct Numbered(usize);

impl Numbered {
    /// The next such name that is not among `taken`.
    pub(crate) fn next(&mut self, taken: &Columns) -> Name {
        loop {
            self.0 += 1;
            let name = Name::from(format!("Column{}", self.0));
            if !taken.contains(&name) {
                return name;
            }
        }
    }
}
