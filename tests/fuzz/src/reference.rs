//! The slow path: every record is read whole, by `serde_json`, and every query is evaluated over all of them.
//!
//! ```text
//! lines ─grammar─> JSON or not ─serde_json─> values ─recognize─> row of a table ─┬─evaluate plan─> rows of a rule
//!                                                                                └─conditions───> rows kept for ticks
//! ```

pub mod grammar;

use crate::rules;
use grammar::Json;
use postcard::to_allocvec;
use rule_eval::{Context, Env, Expression, Prepared, Row, Table, json, record};
use rule_lang::compile_query;
use rule_lang::planning::{self, Body, RowBuilder, compiled};
use rule_lang::rule::typed;
use rule_lang::rule::{self, Files};
use rule_lang::schemas::Schemas;
use rule_model::plan::{self, Field, Name, Plan, Source};
use rule_model::schema::recognition::Recognizer;
use rule_model::{Bag, DateTime, Schema, Value};
use rule_runtime::Rule;
use rule_runtime::dispatch::Candidate;
use rule_runtime::untimely::Untimely;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rules, ready to be evaluated.
pub struct Reference {
    tables: Vec<&'static Schema>,
    recognizer: Recognizer<'static>,
    queries: Vec<Query>,
    inputs: Vec<Input>,
    max_depth: usize,
    now: DateTime,
}

/// A rule that looks at one event at a time.
struct Query {
    rule: usize,
    table: Name,
    plan: Prepared,
}

/// An input of a rule across events whose rows are kept whole.
struct Input {
    candidate: Candidate,
    table: Name,
    conditions: Vec<Expression>,
    columns: Vec<usize>,
    /// What is made of a row, where something is, and the columns of the row.
    made: Option<(Prepared, Vec<Field>)>,
}

/// A record that was read.
struct Read {
    schema: &'static Schema,
    row: Row,
    /// Its event time, of a table that has one.
    time: Option<Result<DateTime, Untimely>>,
}

/// What comes of some records.
#[derive(Debug, Default)]
pub struct Expected {
    /// Of each record what is said of it, by offset.
    pub records: BTreeMap<u64, Verdict>,
    /// The rows of each rule on single events.
    pub rows: BTreeMap<usize, Vec<Row>>,
    /// The rows that each input keeps: offset, and row as bytes.
    pub kept: BTreeMap<Candidate, Vec<(u64, Vec<u8>)>>,
    /// The event times of accepted records.
    pub times: Vec<(u64, Result<DateTime, Untimely>)>,
}

/// What is said of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a record of a table.
    Accepted,
    /// It is an object in JSON, but of no table.
    OfNoTable,
    /// It is no object in JSON.
    Refused {
        /// Whether it is an object in its structure.
        holds_together: bool,
    },
}

impl Reference {
    /// The reference for rules, of which the first are those of [`rules::ALL`] in their order, and the others shipped ones.
    pub fn new(
        tables: &[&'static Schema],
        of: &[&'static Rule],
        max_depth: usize,
        now: DateTime,
    ) -> Reference {
        let schemas = Schemas::builtin();
        let mut reference = Reference {
            tables: tables.to_vec(),
            recognizer: Recognizer::new(tables.iter().copied()),
            queries: Vec::new(),
            inputs: Vec::new(),
            max_depth,
            now,
        };
        for (number, rule) in of.iter().enumerate() {
            let (plan, body) = if let Some((_, query)) = rules::ALL.get(number) {
                let compiled = compile_query(query, &schemas).unwrap_or_else(|faults| panic!("{faults:?}"));
                let body = planning::body(&compiled.plan, rule.metadata, &schemas);
                (compiled.plan, body)
            } else {
                let rule = source_of(rule.module, &schemas);
                let body = planning::plan(&rule, &schemas).body;
                (rule.plan, body)
            };
            reference.add(number, &plan, body);
        }
        reference
    }

    fn add(&mut self, rule: usize, plan: &Plan, body: Body) {
        match body {
            Body::RowLocal { input, .. } => {
                let plan = Prepared::new(plan).unwrap_or_else(|error| panic!("{}", error.message));
                self.queries.push(Query { rule, table: input.table, plan });
            }
            Body::AcrossEvents { inputs, .. } => {
                let whole = inputs.into_iter().enumerate().filter(|(_, input)| input.lookup.is_none());
                self.inputs.extend(whole.map(|(input, it)| Input::new(Candidate { rule, input }, it)));
            }
        }
    }

    /// What must come of these records, given with their offsets, which are of a table or of any.
    pub fn judge<'a>(
        &self,
        records: impl Iterator<Item = (u64, &'a [u8])>,
        table: Option<usize>,
    ) -> Expected {
        let mut expected = Expected::default();
        let mut rows: HashMap<Name, (Vec<u64>, Table)> = HashMap::new();
        for (offset, record) in records {
            let verdict = match self.read(record, table) {
                Ok(Read { schema, row, time }) => {
                    expected.times.extend(time.map(|time| (offset, time)));
                    let fields =
                        || schema.columns.iter().map(|it| Field::new(it.name.as_ref(), it.ty)).collect();
                    let (offsets, table) = rows
                        .entry(schema.name.as_ref().into())
                        .or_insert_with(|| (Vec::new(), Table::empty(fields())));
                    offsets.push(offset);
                    table.rows.push(row);
                    Verdict::Accepted
                }
                Err(verdict) => verdict,
            };
            expected.records.insert(offset, verdict);
        }
        let (offsets, tables): (HashMap<Name, Vec<u64>>, HashMap<Name, Table>) =
            rows.into_iter().map(|(name, (offsets, table))| ((name.clone(), offsets), (name, table))).unzip();
        for query in self.queries.iter().filter(|query| tables.contains_key(&query.table)) {
            let found = query.plan.run(&tables, &mut Context::at(self.now));
            let rows = found.unwrap_or_else(|error| panic!("a rule fails: {}", error.message)).rows;
            if !rows.is_empty() {
                expected.rows.insert(query.rule, rows);
            }
        }
        for input in &self.inputs {
            if let (Some(offsets), Some(table)) = (offsets.get(&input.table), tables.get(&input.table)) {
                input.keep(offsets, table, self.now, &mut expected);
            }
        }
        expected
    }

    fn read(&self, record: &[u8], table: Option<usize>) -> Result<Read, Verdict> {
        let (judged, repaired) = grammar::json(record, self.max_depth);
        let Json::Value { is_object: true } = judged else {
            return Err(Verdict::Refused { holds_together: grammar::holds_together(record, self.max_depth) });
        };
        let text = std::str::from_utf8(repaired.as_deref().unwrap_or(record)).unwrap_or_default();
        let value = match json::parse(text) {
            Ok(value) => value,
            Err(error) if error.message.contains("out of range") => with_infinities(text),
            Err(error) => panic!("serde_json reads no {text}: {error}"),
        };
        let Value::Bag(bag) = value else { panic!("an object is none: {text}") };
        let table = table.or_else(|| self.recognizer.recognize(&*bag)).ok_or(Verdict::OfNoTable)?;
        let schema = self.tables.get(table).copied().ok_or(Verdict::OfNoTable)?;
        Ok(Read { schema, row: record::row(&bag, schema), time: time(&bag, schema) })
    }
}

impl Input {
    fn new(candidate: Candidate, input: compiled::Input) -> Input {
        let bind =
            |expr| Expression::bind(expr, &input.fields).unwrap_or_else(|error| panic!("{}", error.message));
        let conditions = input.conditions.iter().map(bind).collect();
        let made = input.made.map(|made| {
            let made = *made;
            let stages = match made.row {
                RowBuilder::Stages(stages) => stages,
                RowBuilder::Plan(plan) => plan.root.stages,
            };
            let root = plan::Query { source: Source::Input, columns: input.fields.clone(), stages };
            let plan = Prepared::new(&Plan { bindings: Vec::new(), root, visible: 0 });
            (plan.unwrap_or_else(|error| panic!("{}", error.message)), input.fields)
        });
        Input { candidate, table: input.table, conditions, columns: input.columns, made }
    }

    fn keep(&self, offsets: &[u64], table: &Table, now: DateTime, expected: &mut Expected) {
        let mut context = Context::at(now);
        let mut env = Env::new(&(), &mut context);
        for (offset, row) in offsets.iter().zip(&table.rows) {
            if self.conditions.iter().all(|condition| condition.holds(&mut env, row)) {
                for row in self.kept(row, now) {
                    let bytes = to_allocvec(&row).unwrap_or_else(|error| panic!("{error}"));
                    expected.kept.entry(self.candidate).or_default().push((*offset, bytes));
                }
            }
        }
    }
}

impl Input {
    /// What is kept of a row.
    fn kept(&self, row: &Row, now: DateTime) -> Vec<Row> {
        let Some((made, columns)) = &self.made else {
            return vec![self.columns.iter().filter_map(|column| row.get(*column)).cloned().collect()];
        };
        let table = Table { columns: columns.clone(), rows: vec![row.clone()] };
        let output = made.run_over(table, &(), &mut Context::at(now));
        output.unwrap_or_else(|error| panic!("a rule fails: {}", error.message)).rows
    }
}

/// The value of a text with numbers that no double can hold, which `serde_json` refuses: they are infinite.
fn with_infinities(text: &str) -> Value {
    let numbers = grammar::numbers(text.as_bytes());
    let (mut replaced, mut copied) = (String::new(), 0);
    for number in numbers {
        let digits = text.get(number.clone()).unwrap_or_default();
        if digits.parse().is_ok_and(f64::is_infinite) {
            replaced += text.get(copied..number.start).unwrap_or_default();
            replaced += if digits.starts_with('-') { LEAST } else { GREATEST };
            copied = number.end;
        }
    }
    replaced += text.get(copied..).unwrap_or_default();
    let value =
        json::parse(&replaced).unwrap_or_else(|error| panic!("serde_json reads no {replaced}: {error}"));
    infinite(value)
}

/// What stands for the infinities meanwhile: numbers that nothing else writes.
const GREATEST: &str = "1.7976931348623157e308";
const LEAST: &str = "-1.7976931348623157e308";

fn infinite(value: Value) -> Value {
    match value {
        Value::Real(number) if number == f64::MAX => Value::Real(f64::INFINITY),
        Value::Real(number) if number == f64::MIN => Value::Real(f64::NEG_INFINITY),
        Value::Array(items) => Value::array(items.iter().cloned().map(infinite)),
        Value::Bag(bag) => {
            let properties = bag.iter().map(|(key, value)| (key.clone(), infinite(value.clone())));
            Value::Bag(Arc::new(properties.collect()))
        }
        value => value,
    }
}

/// The event time of a record of a table that has one.
fn time(record: &Bag, schema: &Schema) -> Option<Result<DateTime, Untimely>> {
    let column = schema.time_column()?;
    Some(match record::lookup(record, &column.paths).map(|value| record::convert(value, column.ty)) {
        Some(Value::DateTime(time)) => Ok(time),
        Some(_) => Err(Untimely::Unreadable),
        None => Err(Untimely::Missing),
    })
}

/// A shipped rule, compiled again from its source.
fn source_of(module: &str, schemas: &Schemas) -> typed::Rule {
    let within = module.split("::").skip(1).collect::<Vec<_>>().join("/");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../rules/src/{within}.rs"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let body =
        source.split_once("rule! {").and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(body, _)| body);
    let outcome =
        rule::compile(body, schemas, &Beside(path.parent().map(Path::to_owned).unwrap_or_default()));
    outcome.rule.unwrap_or_else(|| panic!("{module}: {:?}", outcome.diagnostics))
}

/// The files beside a rule.
struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}
