//! What events come to under a rule: which conditions hold, and which decided.
//!
//! ```text
//! events ──records──> records with their tables ─┬─ a rule on one event: its query traced over each record
//! rule's text ──rule-lang──> plan ───────────────┴─ a rule across events: the filter prefix of each input over each
//!                                                   record, then the query traced over all of them together
//! Judged ──text, json──> output
//! ```
//!
//! Rule and events meet in the evaluator, as they do in inline tests: nothing of the generated code runs here.

pub(crate) mod json;
mod records;
pub(crate) mod text;
mod tree;

use crate::failure::Failure;
use crate::file_tables::FileTables;
use crate::known_tables::KnownTables;
use crate::reading::Reading;
use records::Record;
use rule_eval::evaluate::trace::{Step, trace};
use rule_eval::evaluate::verdict::{Judge, Verdict};
use rule_eval::evaluate::{Tables, evaluate};
use rule_eval::geography::Geography;
use rule_eval::{Context, Table, record};
use rule_lang::planning::{self, Body, Input};
use rule_lang::rule::typed::Language;
use rule_lang::rule::{again, silence};
use rule_lang::schemas::Schemas;
use rule_model::plan::{Field, Name, Plan, Stage};
use rule_model::{DateTime, Schema, Value};
use rule_runtime::rule::Language as WrittenIn;
use rule_runtime::{Rule, Ruleset};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Events under a rule.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The rule.
    pub(crate) rule: &'static Rule,
    /// The stages of its query.
    pub(crate) stages: Vec<Stage>,
    /// The records, in order.
    pub(crate) records: Vec<JudgedRecord>,
    /// Of a rule across events: its query over all records that belong to it.
    pub(crate) together: Option<Traced>,
}

/// A record under a rule.
#[derive(Debug)]
pub(crate) struct JudgedRecord {
    /// Where it was read, and the how manieth it is there.
    pub(crate) source: String,
    /// From 1.
    pub(crate) number: usize,
    /// Its table, where there is one.
    pub(crate) table: Option<&'static Schema>,
    /// Whether the record does not look like one of that table, and was taken for one all the same.
    pub(crate) assumed: bool,
    /// What it came to.
    pub(crate) outcome: Outcome,
}

/// What a record came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It is of a table that the rule does not read, or of none that is known.
    NotRead,
    /// The rule looks at one event at a time: its query over this one.
    Traced(Traced),
    /// The rule looks across events: what the conditions of the inputs that read the table came to.
    Inputs(Vec<JudgedInput>),
}

/// A query over records.
#[derive(Debug)]
pub(crate) struct Traced {
    /// Its operators as far as there were rows.
    pub(crate) steps: Vec<Step>,
    /// The rows it gives.
    pub(crate) output: Table,
    /// Of a query that gives none: the conditions that decided, within joins, unions and `mv-apply` too.
    pub(crate) reasons: Vec<String>,
}

/// An input of a rule across events, and a record.
#[derive(Debug)]
pub(crate) struct JudgedInput {
    /// The how manieth of the rule's inputs, from 1.
    pub(crate) number: usize,
    /// The conditions before the first operator across events.
    pub(crate) conditions: Vec<Verdict>,
}

impl Judged {
    /// Whether some record could not be read.
    pub(crate) fn has_unreadable(&self) -> bool {
        self.records.iter().any(|record| matches!(record.outcome, Outcome::Unreadable(_)))
    }
}

impl JudgedInput {
    /// Whether the record is kept for the rest of the query.
    pub(crate) fn passes(&self) -> bool {
        self.conditions.iter().all(|condition| condition.truth == Some(true))
    }
}

impl Traced {
    /// The operator that left no row, and, of a `where`, what its condition came to on the first row.
    pub(crate) fn decisive(&self) -> Option<(&Step, Option<&Verdict>)> {
        let step = self.steps.last().filter(|step| step.rows == 0)?;
        Some((step, step.verdicts.first().map(Verdict::decided_by)))
    }
}

/// Judges the records of `arguments` (`FILE`, `TABLE=FILE`, `-`) under `rule`. A file of a table without a schema is read
/// whole, as the watchlist or external data that the query names. Addresses are looked up in `geography`.
pub(crate) fn judge(
    ruleset: &'static Ruleset,
    rule: &'static Rule,
    arguments: &[&str],
    how: Reading,
    geography: Option<Geography>,
) -> Result<Judged, Failure> {
    let known = KnownTables::of(ruleset);
    let (events, whole): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| {
        records::table_and_file(argument).is_none_or(|(table, _)| known.find(table).is_some())
    });
    let whole = FileTables::load(&whole, &known, how)?;
    let schemas = Schemas::with(ruleset.schemas.iter().map(|schema| (*schema).clone()));
    let subject = Subject::new(rule, &schemas, &whole, geography)?;
    let mut records = Vec::new();
    for argument in events {
        records.extend(records::read(argument, &known, &subject.tables(), how)?);
    }
    subject.judge(records)
}

/// A rule whose query is compiled again.
struct Subject<'a> {
    rule: &'static Rule,
    plan: Plan,
    body: Body,
    whole: &'a FileTables,
    geography: Option<Geography>,
}

/// The records of one table or of several; tables of the rule without any are empty.
struct Events<'a> {
    tables: BTreeMap<Name, Table>,
    rule: &'static Rule,
    whole: &'a FileTables,
    latest: Option<DateTime>,
    geography: Option<Geography>,
}

impl silence::Events for Events<'_> {
    fn has(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|table| !table.rows.is_empty())
    }

    fn context(&self) -> Context {
        Context::at(self.latest.unwrap_or(DateTime::UNIX_EPOCH)).with_geography(self.geography.clone())
    }
}

impl Tables for Events<'_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        if let Some(table) = self.tables.get(name) {
            return Some(Cow::Borrowed(table));
        }
        let of_rule = self.rule.inputs().iter().find(|input| input.schema.is_called(name));
        match of_rule {
            Some(input) => Some(Cow::Owned(Table::empty(fields(input.schema)))),
            None => self.whole.table(name),
        }
    }
}

impl<'a> Subject<'a> {
    fn new(
        rule: &'static Rule,
        schemas: &Schemas,
        whole: &'a FileTables,
        geography: Option<Geography>,
    ) -> Result<Subject<'a>, Failure> {
        let language = match rule.query.language {
            WrittenIn::Kusto => Language::Kusto,
            WrittenIn::Kibana => Language::Kibana,
        };
        let plan = again::plan(rule.query.text, language, rule.query.table, schemas).map_err(|faults| {
            let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::Usage(format!(
                "the query of {} does not compile: {}",
                rule.metadata.id,
                reasons.join("; ")
            ))
        })?;
        let body = planning::body(&plan, rule.metadata, schemas);
        Ok(Subject { rule, plan, body, whole, geography })
    }

    /// The tables that the rule reads, each once.
    fn tables(&self) -> Vec<&'static Schema> {
        let mut tables: Vec<&'static Schema> = Vec::new();
        for input in self.rule.inputs() {
            if !tables.iter().any(|table| table.name == input.schema.name) {
                tables.push(input.schema);
            }
        }
        tables
    }

    fn judge(&self, records: Vec<Record>) -> Result<Judged, Failure> {
        let mut judged = Vec::new();
        let mut all: Vec<(&'static Schema, Vec<Value>)> = Vec::new();
        for record in records {
            let outcome = match (&record.content, record.table.filter(|table| self.reads(table))) {
                (Err(reason), _) => Outcome::Unreadable(reason.clone()),
                (Ok(_), None) => Outcome::NotRead,
                (Ok(content), Some(table)) => {
                    let row = record::row(content, table);
                    let outcome = self.outcome(table, &row)?;
                    all.push((table, row));
                    outcome
                }
            };
            let Record { source, number, table, assumed, .. } = record;
            judged.push(JudgedRecord { source, number, table, assumed, outcome });
        }
        let together = match self.body {
            Body::AcrossEvents { .. } if !all.is_empty() => Some(self.traced(all)?),
            _ => None,
        };
        Ok(Judged { rule: self.rule, stages: self.plan.root.stages.clone(), records: judged, together })
    }

    fn reads(&self, table: &Schema) -> bool {
        self.rule.inputs().iter().any(|input| input.schema.name == table.name)
    }

    fn outcome(&self, table: &'static Schema, row: &[Value]) -> Result<Outcome, Failure> {
        match &self.body {
            Body::RowLocal { .. } => self.traced(vec![(table, row.to_vec())]).map(Outcome::Traced),
            Body::AcrossEvents { inputs, .. } => {
                let inputs = inputs.iter().enumerate().filter(|(_, input)| table.is_called(&input.table));
                let judged = inputs.map(|(index, input)| self.input(index, input, table, row));
                judged.collect::<Result<_, _>>().map(Outcome::Inputs)
            }
        }
    }

    fn input(
        &self,
        index: usize,
        input: &Input,
        table: &'static Schema,
        row: &[Value],
    ) -> Result<JudgedInput, Failure> {
        let events = self.events(vec![(table, row.to_vec())]);
        let mut context = silence::Events::context(&events);
        let judge = Judge::new(&self.plan, &events).map_err(|error| self.failure(&error.message))?;
        let conditions = input.conditions.iter();
        let verdicts = conditions.map(|condition| judge.verdict(condition, &input.fields, row, &mut context));
        let conditions = verdicts.collect::<Result<_, _>>().map_err(|error| self.failure(&error.message))?;
        Ok(JudgedInput { number: index + 1, conditions })
    }

    /// The query over some records, at the time of the latest, as inline tests are evaluated.
    fn traced(&self, rows: Vec<(&'static Schema, Vec<Value>)>) -> Result<Traced, Failure> {
        let events = self.events(rows);
        let mut context = silence::Events::context(&events);
        let steps = trace(&self.plan, &events, &mut context).map_err(|error| self.failure(&error.message))?;
        let output =
            evaluate(&self.plan, &events, &mut context).map_err(|error| self.failure(&error.message))?;
        let reasons = if output.rows.is_empty() {
            silence::reasons(&self.plan, self.rule.query.text, &events)
        } else {
            Vec::new()
        };
        Ok(Traced { steps, output, reasons })
    }

    fn events(&self, rows: Vec<(&'static Schema, Vec<Value>)>) -> Events<'_> {
        let latest = rows.iter().filter_map(|(table, row)| time(table, row)).max();
        let mut tables: BTreeMap<Name, Table> = BTreeMap::new();
        for (schema, row) in rows {
            let table = tables.entry(schema.name.as_ref().into());
            table.or_insert_with(|| Table::empty(fields(schema))).rows.push(row);
        }
        Events { tables, rule: self.rule, whole: self.whole, latest, geography: self.geography.clone() }
    }

    fn failure(&self, message: &str) -> Failure {
        match self.whole.missing() {
            Some(table) => Failure::Usage(format!(
                "the rule reads the table {table}, which has no schema; give its rows, as in {table}=FILE"
            )),
            None => Failure::Usage(format!(
                "the query of {} cannot be evaluated: {message}",
                self.rule.metadata.id
            )),
        }
    }
}

fn fields(schema: &Schema) -> Vec<Field> {
    schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect()
}

/// The event time of a row.
fn time(schema: &Schema, row: &[Value]) -> Option<DateTime> {
    match row.get(schema.time?) {
        Some(Value::DateTime(time)) => Some(*time),
        _ => None,
    }
}
