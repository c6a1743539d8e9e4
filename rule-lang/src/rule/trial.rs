//! Inline tests run by the evaluator, while the rule is compiled.

use super::typed::{Rule, Test};
use crate::Diagnostic;
use crate::planning::{conjuncts, static_tables};
use crate::schemas::Schemas;
use rule_eval::evaluate::Tables;
use rule_eval::{Context, Row, Table, evaluate, inferred, json, record};
use rule_model::plan::{Expr, ExprKind, Field, HIDDEN, Name, Operator, Plan, Query, Source, Stage};
use rule_model::{Bag, DateTime, Schema, Value};
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

impl Events<'_> {
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
    let events = events(rule, test, schemas)?;
    evaluate(&rule.plan, &events, &mut events.context()).map_err(|error| error.message)
}

fn run_one(rule: &Rule, test: &Test, schemas: &Schemas) -> Result<(), Diagnostic> {
    let fault =
        |message: String| Diagnostic::error(test.span, format!("test \"{}\" fails: {message}", test.name));
    let events = events(rule, test, schemas).map_err(fault)?;
    let table = evaluate(&rule.plan, &events, &mut events.context()).map_err(|error| fault(error.message))?;
    let fires = rule.metadata.trigger.fires(table.rows.len() as u64) && !table.rows.is_empty();
    match (test.fires, fires) {
        (true, false) => {
            let silent = fault("no alert, where one is expected".to_owned());
            Err(reason(rule, &events).into_iter().fold(silent, Diagnostic::note))
        }
        (false, true) => {
            let row = table.rows.first().map(|row| shown_row(&table.columns, row)).unwrap_or_default();
            Err(fault("an alert, where none is expected".to_owned()).note(format!("its row is {row}")))
        }
        _ => expected(test, &table).map_err(fault),
    }
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
        let name = named.as_ref().or(rule.table.as_ref());
        let schema = match name {
            Some(name) => schemas.find(name),
            None => only_table(&rule.plan).and_then(|name| schemas.find(&name)),
        };
        let Some(schema) = schema else {
            return Err(
                "it is not said of which table an event is; write the table's name before it".to_owned()
            );
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

/// The table that the root of a plan reads.
fn only_table(plan: &Plan) -> Option<Name> {
    match &plan.root.source {
        Source::Table(name) => Some(name.clone()),
        _ => None,
    }
}

fn fields(schema: &Schema) -> Vec<Field> {
    schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect()
}

/// Whether some row has all values that the test names.
fn expected(test: &Test, table: &Table) -> Result<(), String> {
    let differences = |row: &Row| -> Vec<String> {
        let differs = |(name, expected): &(String, String)| {
            let value = table.column_index(name).and_then(|index| row.get(index));
            let shown = json::display(value.unwrap_or(&Value::Null));
            (shown != expected.as_str()).then(|| format!("{name} is \"{shown}\", not \"{expected}\""))
        };
        test.expected.iter().filter_map(differs).collect()
    };
    let nearest = table.rows.iter().map(differences).min_by_key(Vec::len).unwrap_or_default();
    if nearest.is_empty() { Ok(()) } else { Err(nearest.join("; ")) }
}

/// The first condition that drops the last event that was left, with the values it looked at.
fn reason(rule: &Rule, events: &Events<'_>) -> Option<String> {
    let root = &rule.plan.root;
    let mut query = Query { source: root.source.clone(), columns: root.columns.clone(), stages: Vec::new() };
    let mut rows = run_query(&rule.plan, &query, events)?;
    for stage in &root.stages {
        let parts = match &stage.operator {
            Operator::Where(predicate) => {
                conjuncts(predicate).into_iter().cloned().map(Operator::Where).collect()
            }
            other => vec![other.clone()],
        };
        for operator in parts {
            let condition = match &operator {
                Operator::Where(condition) => Some(condition.clone()),
                _ => None,
            };
            query.stages.push(Stage { operator, ..stage.clone() });
            let left = run_query(&rule.plan, &query, events)?;
            if left.rows.is_empty() {
                return Some(explain(condition.as_ref(), stage, &rule.query, &rows));
            }
            rows = left;
        }
    }
    None
}

fn run_query(plan: &Plan, query: &Query, events: &Events<'_>) -> Option<Table> {
    let plan = Plan { bindings: plan.bindings.clone(), root: query.clone(), visible: query.output().len() };
    evaluate(&plan, events, &mut events.context()).ok()
}

fn explain(condition: Option<&Expr>, stage: &Stage, text: &str, rows: &Table) -> String {
    let (Some(condition), Some(row)) = (condition, rows.rows.first()) else {
        return if rows.rows.is_empty() {
            "there is no event of the table that the query begins with".to_owned()
        } else {
            format!("`{}` leaves no row", stage.span.text(text).trim())
        };
    };
    let mut columns = Vec::new();
    columns_of(condition, &mut columns);
    let values = columns.iter().filter_map(|name| {
        let value = row.get(rows.column_index(name)?)?;
        Some(format!("{name} is {}", shown(value)))
    });
    format!("`{}` is not true: {}", condition.span.text(text).trim(), values.collect::<Vec<_>>().join(", "))
}

/// The columns that an expression reads, each once.
fn columns_of<'e>(expr: &'e Expr, columns: &mut Vec<&'e str>) {
    match &expr.kind {
        ExprKind::Column(name) if !columns.contains(&name.as_str()) => columns.push(name),
        ExprKind::Property(inner, _) => columns_of(inner, columns),
        ExprKind::Element(inner, index) => {
            columns_of(inner, columns);
            columns_of(index, columns);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| columns_of(arg, columns)),
        _ => {}
    }
}

fn shown(value: &Value) -> String {
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
    let cells: Vec<String> =
        cells.map(|(column, value)| format!("{}: {}", column.name, shown(value))).collect();
    format!("{{ {} }}", cells.join(", "))
}
