//! Inline tests run through the generated code, as `cargo test` and `detector test` do.
//!
//! ```text
//! JSON ─Parser─> Event ─dispatch─> accepts ─> matches ─┬─> row                      ┐
//!                                                      └─> rows of $0, $1 … ─tail──┴─> compared with the test
//! ```

use crate::plans::{Maker, fields};
use crate::rule::{AcrossEvents, Body, Expectation, Input, RowLocal, Rule, StaticTable, Test};
use crate::{Event, Parser};
use rule_eval::{Context, Row, Table, evaluate, inferred, json};
use rule_model::plan::{Name, Plan};
use rule_model::{DateTime, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Whether rules carry their inline tests.
pub const CARRIED: bool = !cfg!(feature = "without-tests");

/// Runs the test at this position of a rule's tests.
///
/// # Panics
/// If the test fails, with the reason: this is what the `#[test]` functions of `rule!` call.
pub fn assert_passes(rule: &Rule, index: usize) {
    let Some(test) = rule.tests.get(index) else {
        panic!("rule {} carries no tests: leave out the feature `without-tests`", rule.metadata.id);
    };
    if let Err(reason) = run(rule, test) {
        panic!("test \"{}\" of rule {} fails: {reason}", test.name, rule.metadata.id);
    }
}

/// Why a test does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The rule does otherwise than the test says, in these words.
    Differs(String),
    /// It could not be run, or not with all its events, for this reason.
    NotRun(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Fault::Differs(reason) | Fault::NotRun(reason)) = self;
        f.write_str(reason)
    }
}

/// Runs a test of a rule through the rule's own code.
pub fn run(rule: &Rule, test: &Test) -> Result<(), Fault> {
    readable(rule, test).map_err(Fault::NotRun)?;
    let rows = rows(rule, test).map_err(Fault::NotRun)?;
    outcome(rule, test, &rows).map_err(Fault::Differs)
}

/// Whether each event of a test can be read and is of a table that the rule reads: else the test would pass without
/// having tested anything.
fn readable(rule: &Rule, test: &Test) -> Result<(), String> {
    let tables = static_tables(rule);
    for (index, (table, text)) in test.events.iter().enumerate() {
        let of_table = |input: &&Input| table.is_none_or(|table| input.schema.is_called(table));
        let number = index + 1;
        match (rule.inputs().iter().find(of_table), table) {
            (Some(input), _) => Parser::default()
                .with_event(input.schema, text, |_| ())
                .map_err(|reason| format!("event {number} cannot be read: {reason}"))?,
            (None, Some(table)) if tables.iter().any(|known| known.name == *table) => {}
            (None, Some(table)) => {
                return Err(format!("event {number} is of the table {table}, which the rule does not read"));
            }
            (None, None) => return Err(format!("event {number} is of no table: the rule reads none")),
        }
    }
    Ok(())
}

fn static_tables(rule: &Rule) -> &'static [StaticTable] {
    match &rule.body {
        Body::RowLocal(_) => &[],
        Body::AcrossEvents(body) => body.static_tables,
    }
}

/// What is wrong with the rows that the rule's query gives for the events of a test.
fn outcome(rule: &Rule, test: &Test, rows: &[Row]) -> Result<(), String> {
    let fires = !rows.is_empty() && rule.metadata.trigger.fires(rows.len() as u64);
    match (test.expect, fires) {
        (Expectation::Fires(_), false) => Err("no alert, where one is expected".to_owned()),
        (Expectation::Silent, true) => Err("an alert, where none is expected".to_owned()),
        (Expectation::Fires(expected), true) => compare(rule, expected, rows),
        (Expectation::Silent, false) => Ok(()),
    }
}

/// The rows that the rule's query gives for the events of a test.
pub fn rows(rule: &Rule, test: &Test) -> Result<Vec<Row>, String> {
    let mut context = Context::at(latest_time(rule, test)?);
    let rows = match &rule.body {
        Body::RowLocal(body) => row_local(body, test, &mut context)?,
        Body::AcrossEvents(body) => across_events(body, test, &mut context)?,
    };
    match context.take_failure() {
        Some(error) => Err(error.message),
        None => Ok(rows),
    }
}

fn row_local(body: &RowLocal, test: &Test, context: &mut Context) -> Result<Vec<Row>, String> {
    let maker = Maker::default();
    let mut rows = Vec::new();
    for_events(&body.input, test, |event| {
        if !passes(&body.input, event, context) {
            return Ok(());
        }
        rows.extend(maker.rows(&body.row, &body.input, event, context)?);
        Ok(())
    })?;
    Ok(rows)
}

fn across_events(body: &AcrossEvents, test: &Test, context: &mut Context) -> Result<Vec<Row>, String> {
    let mut inputs: HashMap<Name, Table> = HashMap::new();
    for (index, input) in body.inputs.iter().enumerate() {
        let maker = Maker::default();
        let mut table = Table::empty(fields(input));
        for_events(input, test, |event| {
            if passes(input, event, context) {
                table.rows.extend(maker.kept(input, event, context)?);
            }
            Ok(())
        })?;
        inputs.insert(format!("${index}").into(), table);
    }
    for table in body.static_tables {
        inputs.insert(table.name.into(), static_table(table.name, test)?);
    }
    let tail: Plan = postcard::from_bytes(body.tail).map_err(|error| error.to_string())?;
    evaluate(&tail, &inputs, context).map(|table| table.rows).map_err(|error| error.message)
}

/// What a test gives for a table without a schema.
fn static_table(name: &str, test: &Test) -> Result<Table, String> {
    let of_it = test.events.iter().filter(|(table, _)| *table == Some(name));
    let records = of_it.map(|(_, text)| match json::parse(text) {
        Ok(Value::Bag(record)) => Ok(record.as_ref().clone()),
        _ => Err("an event is no JSON object".to_owned()),
    });
    Ok(inferred::table(&records.collect::<Result<Vec<_>, _>>()?))
}

/// Whether an event passes the conditions of an input.
fn passes(input: &Input, event: &Event<'_>, context: &mut Context) -> bool {
    let operation = input.schema.operation.map_or(Cow::Borrowed(""), |column| event.text(column));
    (input.dispatch.accepts)(&operation, context) && (input.matches)(event, context)
}

/// Hands each event of the test that belongs to the input's table to `use_it`.
fn for_events(
    input: &Input,
    test: &Test,
    mut use_it: impl FnMut(&Event<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut parser = Parser::default();
    for (table, text) in test.events {
        if table.is_some_and(|table| !input.schema.is_called(table)) {
            continue;
        }
        parser
            .with_event(input.schema, text, |event| use_it(event))
            .map_err(|reason| format!("an event cannot be read: {reason:?}"))??;
    }
    Ok(())
}

/// The time at which a test is evaluated: that of its latest event.
fn latest_time(rule: &Rule, test: &Test) -> Result<DateTime, String> {
    let mut latest = None;
    let inputs = match &rule.body {
        Body::RowLocal(body) => std::slice::from_ref(&body.input),
        Body::AcrossEvents(body) => body.inputs,
    };
    for input in inputs {
        for_events(input, test, |event| {
            latest = latest.max(event.time());
            Ok(())
        })?;
    }
    Ok(latest.unwrap_or(DateTime::UNIX_EPOCH))
}

/// Whether some row has all the values that the test names.
fn compare(rule: &Rule, expected: &[(&str, &str)], rows: &[Row]) -> Result<(), String> {
    let differences = |row: &Row| -> Vec<String> {
        let differs = |&(name, expected): &(&str, &str)| {
            let index = rule.columns.iter().position(|column| column.name == name);
            let shown = index.and_then(|index| row.get(index)).map(json::display).unwrap_or_default();
            (shown != expected).then(|| format!("{name} is \"{shown}\", not \"{expected}\""))
        };
        expected.iter().filter_map(differs).collect()
    };
    let nearest = rows.iter().map(differences).min_by_key(Vec::len).unwrap_or_default();
    if nearest.is_empty() { Ok(()) } else { Err(nearest.join("; ")) }
}
