//! The table of KQL's scalar functions and operators.
//!
//! Each module holds one family as a static list of entries; an entry has its signatures, documentation,
//! implementation and examples in one place. Adding a function is one entry in its family.

mod arguments;
mod array;
mod array_sort;
mod assertion;
mod bag;
mod bin;
mod binary;
mod chance;
mod datetime;
mod datetime_format;
mod datetime_period;
mod encoding;
mod hash;
mod ip;
mod ip_text;
mod math;
mod measure;
mod network;
mod series;
mod series_fill;
mod series_season;
mod series_statistics;
mod set;
mod size;
mod time_zone;
mod user_agent;
mod window;

mod arithmetic;
mod base64_form;
mod choice;
mod codepoint;
mod comparison;
mod conversion;
mod extract_json;
mod format_bytes;
mod kuery;
mod logic;
mod parse_text;
mod punycode;
mod regex;
mod string;
mod text_test;
mod url;
mod xml;

use crate::Context;
use crate::function::{Function, Implementation};
use rule_model::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

/// All families.
static FAMILIES: &[&[Function]] = &[
    // Dates, numbers, addresses, hashes, arrays and bags.
    array::FUNCTIONS,
    array_sort::FUNCTIONS,
    assertion::FUNCTIONS,
    bag::FUNCTIONS,
    bin::FUNCTIONS,
    binary::FUNCTIONS,
    chance::FUNCTIONS,
    datetime::FUNCTIONS,
    datetime_format::FUNCTIONS,
    datetime_period::FUNCTIONS,
    encoding::FUNCTIONS,
    hash::FUNCTIONS,
    ip::FUNCTIONS,
    ip_text::FUNCTIONS,
    math::FUNCTIONS,
    measure::FUNCTIONS,
    series::FUNCTIONS,
    series_fill::FUNCTIONS,
    series_season::FUNCTIONS,
    series_statistics::FUNCTIONS,
    set::FUNCTIONS,
    size::FUNCTIONS,
    time_zone::FUNCTIONS,
    user_agent::FUNCTIONS,
    window::FUNCTIONS,
    // Operators, conversions and text.
    arithmetic::FUNCTIONS,
    base64_form::FUNCTIONS,
    choice::FUNCTIONS,
    codepoint::FUNCTIONS,
    comparison::FUNCTIONS,
    conversion::FUNCTIONS,
    extract_json::FUNCTIONS,
    format_bytes::FUNCTIONS,
    logic::FUNCTIONS,
    parse_text::FUNCTIONS,
    punycode::FUNCTIONS,
    regex::FUNCTIONS,
    string::FUNCTIONS,
    text_test::FUNCTIONS,
    url::FUNCTIONS,
    xml::FUNCTIONS,
];

/// Every function by its name and its aliases.
static INDEX: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    functions()
        .chain(kuery::FUNCTIONS)
        .flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()).map(move |name| (name, f)))
        .collect()
});

/// The function or operator called `name`, by its canonical name or an alias. Case-sensitive, as in KQL.
/// Those that only Kibana's query language lowers to (`kuery:equals`, …) are found too.
pub fn function(name: &str) -> Option<&'static Function> {
    INDEX.get(name).copied()
}

/// All entries that KQL can name, family by family.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().copied().flatten()
}

/// Calls a scalar function with arguments of its signature's types. A window function needs the rows around and is
/// called by the evaluator; here it reports a failure.
pub fn call(function: &Function, context: &mut Context, arguments: &[Value]) -> Value {
    match function.call {
        Implementation::Scalar(implementation) => implementation(context, arguments),
        Implementation::Window(_) => context.fail(format!("{}() needs a serialized table", function.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_entries_share_a_name() {
        let mut seen = HashSet::new();
        for f in functions() {
            for name in std::iter::once(&f.name).chain(f.aliases) {
                assert!(seen.insert(*name), "{name} is there twice");
            }
        }
    }

    #[test]
    fn every_entry_is_documented_and_shown() {
        for f in functions() {
            assert!(
                !f.summary.is_empty() && !f.examples.is_empty() && !f.signatures.is_empty(),
                "{}",
                f.name
            );
        }
    }

    #[test]
    fn names_are_found_as_written_only() {
        assert_eq!(function("and").map(|f| f.name), Some("and"));
        assert!(function("AND").is_none());
    }
}
