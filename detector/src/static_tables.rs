//! Tables without a schema that rules read by name: watchlists and external data, given to a run as NAME=FILE.
//!
//! ```text
//! rules ─> names that they read ──┬─ given: the file is read whole, before the first event
//!                                 └─ not given: the rule is left out, with a warning that says what to type
//! ```

use crate::failure::Failure;
use crate::inputs;
use crate::paths;
use crate::reading::Reading;
use crate::table_file;
use rule_eval::{Table, inferred};
use rule_model::Bag;
use rule_model::plan::Name;
use rule_runtime::plans::StaticTables;
use rule_runtime::rule::{Body, StaticTable};
use rule_runtime::{Rule, Ruleset};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the arguments give the rules.
pub(crate) struct Given {
    /// The tables, by name.
    pub(crate) tables: StaticTables,
    /// The rules that have all the tables they read.
    pub(crate) rules: Vec<&'static Rule>,
}

/// The tables without a schema that a rule reads.
pub(crate) fn of(rule: &Rule) -> &'static [StaticTable] {
    match &rule.body {
        Body::RowLocal(_) => &[],
        Body::AcrossEvents(across) => across.static_tables,
    }
}

/// The names of all tables without a schema that rules read, each once.
pub(crate) fn names(ruleset: &Ruleset) -> BTreeSet<&'static str> {
    ruleset.rules.iter().flat_map(|rule| of(rule)).map(|table| table.name).collect()
}

/// Whether some rule reads a table of this name that has no schema.
pub(crate) fn is_one(ruleset: &Ruleset, name: &str) -> bool {
    ruleset.rules.iter().any(|rule| of(rule).iter().any(|table| table.name == name))
}

/// Reads the tables that `arguments` give (others among them are left alone), and warns of what is missing.
pub(crate) fn load<'a>(
    ruleset: &Ruleset,
    rules: Vec<&'static Rule>,
    arguments: impl Iterator<Item = &'a str>,
) -> Result<Given, Failure> {
    let mut records: BTreeMap<Name, Vec<Bag>> = BTreeMap::new();
    for (table, file) in arguments.filter_map(inputs::table_and_file) {
        if is_one(ruleset, table) {
            for origin in paths::origins(file, false)? {
                let mut read = table_file::read(&origin, Reading::default())?;
                table_file::report(&read.rejected);
                records.entry(table.into()).or_default().append(&mut read.records);
            }
        }
    }
    let tables: BTreeMap<Name, Table> =
        records.iter().map(|(name, records)| (name.clone(), inferred::table(records))).collect();
    let (rules, without): (Vec<&Rule>, Vec<&Rule>) =
        rules.into_iter().partition(|rule| of(rule).iter().all(|table| tables.contains_key(table.name)));
    for rule in without {
        warn_of_missing(rule, &tables);
    }
    for rule in &rules {
        warn_of_columns(rule, &tables);
    }
    for name in tables.keys().filter(|name| !rules.iter().any(|rule| reads(rule, name))) {
        eprintln!("warning: {name} was given, but no selected rule reads it");
    }
    Ok(Given { tables: Arc::new(tables), rules })
}

fn reads(rule: &Rule, name: &str) -> bool {
    of(rule).iter().any(|table| table.name == name)
}

fn warn_of_missing(rule: &Rule, tables: &BTreeMap<Name, Table>) {
    for table in of(rule).iter().filter(|table| !tables.contains_key(table.name)) {
        eprintln!(
            "warning: rule {} does not run, because it reads the table {name}, which was not given; add \
             {name}=FILE (JSON or CSV), or leave the rule out with --exclude {}",
            rule.metadata.id,
            rule.metadata.id,
            name = table.name,
        );
    }
}

/// A misspelt column would read as absent in every row and keep the rule silent.
fn warn_of_columns(rule: &Rule, tables: &BTreeMap<Name, Table>) {
    for table in of(rule) {
        let Some(given) = tables.get(table.name).filter(|given| !given.rows.is_empty()) else { continue };
        for column in table.columns.iter().filter(|column| given.column_index(column).is_none()) {
            eprintln!(
                "warning: {} has no column {column}, which rule {} reads; it reads as absent",
                table.name, rule.metadata.id
            );
        }
    }
}
