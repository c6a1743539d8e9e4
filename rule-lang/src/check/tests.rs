//! Queries with the columns they give, and with the errors they have and the text that each error covers.

use super::{Options, check_script};
use crate::catalog::{AnyTable, Catalog, CatalogTable, Tables};
use crate::{compile_query, parser};
use rule_model::Type;
use rule_model::plan::{Field, Operator, Source};

mod columns;
mod conditions;
mod errors;
mod plans;

fn tables() -> Tables {
    let table = |name: &str, columns: &[(&str, Type)]| {
        CatalogTable::new(name, columns.iter().map(|(name, ty)| Field::new(*name, *ty)).collect())
    };
    Tables::default()
        .with(table(
            "T",
            &[
                ("a", Type::String),
                ("b", Type::Long),
                ("r", Type::Real),
                ("f", Type::Bool),
                ("TimeGenerated", Type::DateTime),
                ("d", Type::Dynamic),
            ],
        ))
        .with(table("U", &[("a", Type::String), ("V", Type::Long)]))
}

/// `name:type, …` of the result, or the errors as `message <text>`.
fn outcome(query: &str, catalog: &dyn Catalog) -> String {
    match compile_query(query, catalog) {
        Ok(compiled) => {
            let columns = compiled.plan.root.output().iter();
            columns.map(|c| format!("{}:{}", c.name, c.ty)).collect::<Vec<_>>().join(", ")
        }
        Err(errors) => {
            let errors = errors.iter().map(|e| format!("{} <{}>", e.message, e.span.text(query)));
            errors.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Holds every query to its outcome, and shows all that differ.
#[track_caller]
fn assert_outcomes(cases: &[(&str, &str)], catalog: &dyn Catalog) {
    let differing: Vec<String> = cases
        .iter()
        .map(|(query, expected)| (query, expected, outcome(query, catalog)))
        .filter(|(_, expected, actual)| *expected != actual)
        .map(|(query, expected, actual)| format!("{query}\n  gives    {actual}\n  expected {expected}"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
