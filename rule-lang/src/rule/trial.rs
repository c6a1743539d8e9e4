//! Inline tests run by the evaluator, while the rule is compiled.

use super::alarm;
use super::silence::{self, Events as _};
use super::typed::{Rule, Test};
use crate::Diagnostic;
use crate::nearest::nearest;
use crate::planning::static_tables;
use crate::schemas::Schemas;
use rule_eval::evaluate::Tables;
use rule_eval::{Context, Row, Table, evaluate, inferred, json, record};
use rule_model::plan::{Field, HIDDEN, Name};
use rule_model::{Bag, DateTime, Schema, Type, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// What is wrong with the tests of `rule`: nothing where each does what it says.
pub fn run(rule: &Rule, schemas: &Schemas) -> Vec<Diagnostic> {
    rule.tests.iter().filter_map(|test| run_one(rule, test, schemas).err()).collect()
}

/// The events of a test as tables; a table of the schemas that has no event is empty.
struct Events<'a> {
    tables: HashMap<Name, Table>,
    schemas: &'a Schemas,
    latest: Option<DateTime>,
}

impl silence::Events for Events<'_> {
    fn has(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|table| !table.rows.is_empty())
    }

    /// It is evaluated at the time of the latest event.
    fn context(&self) -> Context {
        Context::at(self.latest.unwrap_or(DateTime::UNIX_EPOCH))
    }
}

impl Tables for Events<'_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        let known = self.tables.get(name).map(Cow::Borrowed);
        known.or_else(|| self.schemas.find(name).map(|schema| Cow::Owned(Table::empty(fields(schema)))))
    }
}

/// The rows that the evaluator gives for the events of a test.
pub fn rows(rule: &Rule, test: &Test, schemas: &Schemas) -> Result<Table, String> {
    rows_of(rule, &events(rule, test, schemas)?)
}

fn rows_of(rule: &Rule, events: &Events<'_>) -> Result<Table, String> {
    evaluate(&rule.plan, events, &mut events.context()).map_err(|error| error.message)
}

fn run_one(rule: &Rule, test: &Test, schemas: &Schemas) -> Result<(), Diagnostic> {
    let fault =
        |message: String| Diagnostic::error(test.span, format!("test \"{}\" fails: {message}", test.name));
    let failed = |message| fault(message).help("mend the event, or the part of the query that reads it");
    let events = events(rule, test, schemas).map_err(failed)?;
    let table = rows_of(rule, &events).map_err(failed)?;
    let fires = rule.metadata.trigger.fires(table.rows.len() as u64) && !table.rows.is_empty();
    match (test.fires, fires) {
        (true, false) => {
            let silent = fault("no alert, where one is expected".to_owned());
            Err(if table.rows.is_empty() {
                let because = silence::because(silent, &rule.plan, &rule.query, &events);
                with_unread_value(with_misspelt_name(because, rule, test, schemas), rule, test, schemas)
            } else {
                let trigger = rule.metadata.trigger;
                let (comparison, wanted) = (trigger.comparison.symbol(), trigger.rows);
                let rows = counted(table.rows.len(), "row");
                silent
                    .note(format!("the query gives {rows}, and `trigger: {comparison} {wanted}` is not met"))
                    .help("give the test the events that it takes, or write `silent`")
            })
        }
        (false, true) => {
            let row = table.rows.first().map(|row| shown_row(&table.columns, row)).unwrap_or_default();
            let alert = fault("an alert, where none is expected".to_owned());
            let alert = alert.note(format!("its row is {row}"));
            Err(alarm::because(alert, &rule.plan, &rule.query, &events, NARROW))
        }
        (true, true) => expected(test, &table, fault),
        (false, false) => Ok(()),
    }
}

/// The fault with a name of an event that no column is read from and that is nearly one which decided.
fn with_misspelt_name(fault: Diagnostic, rule: &Rule, test: &Test, schemas: &Schemas) -> Diagnostic {
    for (named, text) in &test.events {
        let schema = named.as_ref().or(rule.table.as_ref()).and_then(|name| schemas.find(name));
        let (Some(schema), Ok(Value::Bag(event))) = (schema, json::parse(text)) else { continue };
        let is_read = |name: &str| {
            let mut paths = schema.columns.iter().flat_map(|column| column.paths.iter());
            paths.any(|path| path.segments.first().is_some_and(|first| first == name || path.dotted))
        };
        let decided = || {
            let names = schema.columns.iter().map(|column| column.name.as_ref());
            names.filter(|name| fault.notes.iter().any(|note| note.contains(name)))
        };
        let mut strays = event.iter().map(|(name, _)| name.as_str()).filter(|name| !is_read(name));
        let misspelt = strays.find_map(|name| Some((name, nearest(name, decided())?)));
        if let Some((name, meant)) = misspelt {
            return fault
                .note(format!("the event has `{name}`, which no column of {} is read from", schema.name))
                .help(format!("write `{meant}` in the event"));
        }
    }
    fault
}

/// The fault with a value of an event that is none of its column's type, where that column decided.
fn with_unread_value(fault: Diagnostic, rule: &Rule, test: &Test, schemas: &Schemas) -> Diagnostic {
    for (named, text) in &test.events {
        let schema = named.as_ref().or(rule.table.as_ref()).and_then(|name| schemas.find(name));
        let (Some(schema), Ok(Value::Bag(event))) = (schema, json::parse(text)) else { continue };
        let unread = schema.columns.iter().find_map(|column| {
            let value = record::lookup(&event, &column.paths)?;
            let is_unread = record::convert(value, column.ty).is_null();
            let decided =
                || fault.notes.iter().any(|note| note.contains(&format!("{} is null", column.name)));
            (is_unread && decided()).then_some((column, value))
        });
        if let Some((column, value)) = unread {
            let example = match column.ty {
                Type::DateTime => "write it as `\"2024-03-01T12:00:00Z\"`",
                Type::Bool => "write `true` or `false`",
                _ => "mend the value in the event",
            };
            let (name, ty) = (&column.name, column.ty);
            let note = format!("the event's `{name}`, {}, is no {ty}", shown(value));
            return fault.note(note).help(example);
        }
    }
    fault
}

/// What to do about a rule that alerts.
const NARROW: &str = "narrow the conditions, or write `fires`";
/// Columns of a row that a message shows.
const SHOWN_COLUMNS: usize = 16;

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The events of a test, each read as a row of its table. Those of a table without a schema (a watchlist) make up the
/// whole table, which is empty where the test has none.
fn events<'a>(rule: &Rule, test: &Test, schemas: &'a Schemas) -> Result<Events<'a>, String> {
    let mut events = Events { tables: HashMap::new(), schemas, latest: None };
    let static_tables = static_tables(&rule.plan, |name| schemas.find(name).is_some());
    let is_static = |name: &str| static_tables.iter().any(|table| table.name == name);
    let mut watched: HashMap<Name, Vec<Bag>> =
        static_tables.iter().map(|table| (table.name.clone(), Vec::new())).collect();
    for (named, text) in &test.events {
        let event = json::parse(text).map_err(|error| error.message)?;
        let Value::Bag(record) = &event else { return Err("an event is no JSON object".to_owned()) };
        if let Some(name) = named.as_ref().filter(|name| is_static(name)) {
            watched.entry(name.as_str().into()).or_default().push(record.as_ref().clone());
            continue;
        }
        let Some(schema) = named.as_ref().or(rule.table.as_ref()).and_then(|name| schemas.find(name)) else {
            return Err("it is not said of which table an event is".to_owned());
        };
        let row = record::row(record, schema);
        if let Some(&Value::DateTime(time)) = schema.time.and_then(|index| row.get(index)) {
            events.latest = events.latest.max(Some(time));
        }
        let table = events.tables.entry(schema.name.as_ref().into());
        table.or_insert_with(|| Table::empty(fields(schema))).rows.push(row);
    }
    events.tables.extend(watched.into_iter().map(|(name, records)| (name, inferred::table(&records))));
    Ok(events)
}

fn fields(schema: &Schema) -> Vec<Field> {
    schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect()
}

/// Whether some row has all values that the test names; else how the nearest row differs.
fn expected(test: &Test, table: &Table, fault: impl Fn(String) -> Diagnostic) -> Result<(), Diagnostic> {
    let differences = |row: &Row| -> Vec<String> {
        let differs = |(name, expected): &(String, String)| {
            let value = table.column_index(name).and_then(|index| row.get(index));
            let shown = json::display(value.unwrap_or(&Value::Null));
            (shown != expected.as_str()).then(|| format!("{name} is \"{shown}\", not \"{expected}\""))
        };
        test.expected.iter().filter_map(differs).collect()
    };
    let of_rows = table.rows.iter().map(|row| (differences(row), row));
    let Some((nearest, row)) = of_rows.min_by_key(|(differences, _)| differences.len()) else {
        return Ok(());
    };
    let row = shown_row(&table.columns, row);
    match nearest.as_slice() {
        [] => Ok(()),
        _ if table.rows.len() == 1 => {
            let fault = fault(nearest.join("; ")).note(format!("its row is {row}"));
            Err(fault.help("mend the query, or write the value that the row has"))
        }
        _ => {
            let message =
                format!("no alert has all the values; the nearest of {}: ", counted(table.rows.len(), "row"));
            let fault = fault(message + &nearest.join("; ")).note(format!("that row is {row}"));
            Err(fault.help("mend the query, or write values that one row has"))
        }
    }
}

/// A value as a message shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Null => "null".to_owned(),
        other => json::display(other).to_string(),
    }
}

/// The columns of a row that hold something.
fn shown_row(columns: &[Field], row: &Row) -> String {
    let cells = columns.iter().zip(row).filter(|(column, _)| !column.name.starts_with(HIDDEN));
    let cells = cells.filter(|(_, value)| !value.is_null() && **value != Value::EMPTY);
    let mut cells: Vec<String> =
        cells.map(|(column, value)| format!("{}: {}", column.name, shown(value))).collect();
    if cells.len() > SHOWN_COLUMNS {
        cells.truncate(SHOWN_COLUMNS);
        cells.push("…".to_owned());
    }
    format!("{{ {} }}", cells.join(", "))
}
