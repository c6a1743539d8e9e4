//! Streams for rules across events, and the two ways to what these alert: as a run that streams, and as the batch answer at each
//! tick.
//!
//! ```text
//! events ─┬─ files, out of order within the lateness ─pipeline─> alerts  ┐
//!         └─ tables, the rows of each tick's window ─evaluate─> rows ────┴─> equal
//! ```
#![allow(clippy::unwrap_used, reason = "a target panics where something is wrong, here too")]

use rule_eval::{Context, Prepared, Table, json, record};
use rule_lang::schemas::Schemas;
use rule_model::metadata::Schedule;
use rule_model::plan::{Field, Name};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_model::{DateTime, Schema, Timespan, Value};
use rule_runtime::across::Bounds;
use rule_runtime::alert::{Alert, Collapsed};
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::framing::Limits;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::sink::Sink;
use rule_runtime::source::Origin;
use rule_runtime::summary::Summary;
use rule_runtime::{Rule, Ruleset};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::LazyLock;
use std::{fs, io};

mod summarize {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "summarize", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        query: file "streams/summarize.kql",
    }
}

mod join {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "join", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        query: file "streams/join.kql",
    }
}

mod leftouter {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "leftouter", severity: Low, attack: none, full_scan: accepted,
        schedule: every 15m over 15m, trigger: > 1,
        query: file "streams/leftouter.kql",
    }
}

#[allow(
    deprecated,
    reason = "the schedule leaves out events: what falls into none of its windows is of interest"
)]
mod distinct {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "distinct", severity: Low, attack: none, full_scan: accepted,
        schedule: every 20m over 10m,
        query: file "streams/distinct.kql",
    }
}

mod top {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "top", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 1h, alert_key: OperationName,
        query: file "streams/top.kql",
    }
}

mod ago {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "ago", severity: Low, attack: none, full_scan: accepted,
        schedule: every 5m over 20m,
        query: file "streams/ago.kql",
    }
}

mod absence {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "absence", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 20m,
        query: file "streams/absence.kql",
    }
}

mod asks {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "asks", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        query: file "streams/asks.kql",
    }
}

mod local {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "local", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 20m, trigger: >= 2,
        query: file "streams/local.kql",
    }
}

const RULES: [&Rule; 9] = [
    &summarize::RULE,
    &join::RULE,
    &leftouter::RULE,
    &distinct::RULE,
    &top::RULE,
    &ago::RULE,
    &absence::RULE,
    &asks::RULE,
    &local::RULE,
];

/// An event of a file: how many half minutes after the start it happened, and how many ticks of the clock (half minutes
/// too) later it was written: at most 10, the lateness being 5 minutes.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Half minutes after the start.
    pub time: i64,
    /// Half minutes until it was written.
    pub delay: i64,
    /// `OperationName`.
    pub operation: &'static str,
    /// `Category`.
    pub category: &'static str,
    /// `CorrelationId`.
    pub correlation: u8,
}

/// What the events of three files are: two of `AuditLogs`, one of `SigninLogs`. Each is in the order of writing.
pub type Stream = [Vec<Happening>; 3];

/// How a stream is read.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// In which order the files are named.
    pub order: [usize; 3],
    /// Threads that match.
    pub threads: usize,
    /// Bytes of a chunk.
    pub chunk: usize,
    /// Bytes that rows may take in memory.
    pub state: u64,
}

const FILES: [(&str, &Schema); 3] = [("b", &AUDIT_LOGS), ("a", &AUDIT_LOGS), ("c", &SIGNIN_LOGS)];

fn start() -> DateTime {
    DateTime::parse_iso("2024-03-01T23:00:00Z").unwrap()
}

/// The record of an event. Its `Id` is its own, because equal rows of a row-local rule are told apart by their records.
fn line(file: &str, position: usize, happening: &Happening) -> String {
    let time = start().checked_add(Timespan::seconds(30 * happening.time)).unwrap();
    let record = Value::bag([
        ("TimeGenerated", Value::DateTime(time)),
        ("Id", Value::string(format!("{file} {position}"))),
        ("OperationName", Value::string(happening.operation)),
        ("Category", Value::string(happening.category)),
        ("UserPrincipalName", Value::string(if happening.category == "a" { "p" } else { "q" })),
        ("CorrelationId", Value::string(happening.correlation.to_string())),
    ]);
    json::write(&record) + "\n"
}

/// Tick and output row of each alert, by rule.
pub type Alerts = BTreeMap<&'static str, Vec<(DateTime, String)>>;

#[derive(Default)]
struct Collected(Alerts);

impl Sink for Collected {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let row = Value::array(alert.visible().map(|(_, value)| value.clone()));
        let time = alert.time.unwrap_or(DateTime::MIN);
        self.0.entry(&alert.rule.metadata.id).or_default().push((time, json::write(&row)));
        Ok(())
    }

    fn collapsed(&mut self, _: &Collapsed) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The alerts of a run over the files in this order.
pub fn streamed(folder: &Path, way: Way) -> Alerts {
    streamed_with_counts(folder, way).0
}

/// The same with the counts of the run.
pub fn streamed_with_counts(folder: &Path, way: Way) -> (Alerts, Summary) {
    let settings = Settings {
        max_depth: 64,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: start().checked_add(Timespan::days(1)).unwrap(),
    };
    let engine = Engine::new(&Ruleset { rules: &[], schemas: &[] }, &RULES, settings);
    let inputs = way.order.map(|file| {
        let (name, schema) = FILES[file];
        Input {
            origin: Origin::File(folder.join(name)),
            table: engine.table(&schema.name),
            is_history: false,
        }
    });
    let options = Options {
        threads: NonZeroUsize::new(way.threads).unwrap(),
        limits: Limits { chunk: way.chunk, ..Limits::default() },
        bounds: Bounds { state: way.state, ..Bounds::default() },
        ..Options::default()
    };
    let mut sink = Collected::default();
    let output = Output { sink: &mut sink, dead_letters: None };
    let summary = pipeline::run(&engine, &inputs, &options, &Control::default(), output).unwrap();
    assert!(summary.errors.is_empty(), "{:?}", summary.errors);
    assert!(summary.rules.values().all(|counts| counts.failures == 0 && counts.kept.late == 0), "{summary}");
    (sink.0, summary)
}

/// A row of a table with what puts it in order.
type Placed = (DateTime, &'static str, usize, rule_eval::Row);

/// The alerts of each tick, from the rows of its window alone.
pub fn expected(stream: &Stream) -> Alerts {
    let mut tables: BTreeMap<&str, Vec<Placed>> = BTreeMap::new();
    for (file, (name, schema)) in stream.iter().zip(FILES) {
        let rows = file.iter().enumerate().map(|(position, happening)| {
            let Value::Bag(record) = json::parse(&line(name, position, happening)).unwrap() else {
                unreachable!()
            };
            let row = record::row(&record, schema);
            let Value::DateTime(time) = row[schema.time.unwrap()] else { unreachable!() };
            (time, name, position, row)
        });
        tables.entry(&schema.name).or_default().extend(rows);
    }
    tables.values_mut().for_each(|rows| rows.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2))));
    let times: Vec<DateTime> = tables.values().flatten().map(|row| row.0).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Alerts::new() };
    let mut alerts = Alerts::new();
    for rule in RULES {
        let found = of_rule(rule, &tables, *first, *last);
        if !found.is_empty() {
            alerts.insert(&rule.metadata.id, found);
        }
    }
    alerts
}

fn of_rule(
    rule: &'static Rule,
    tables: &BTreeMap<&str, Vec<Placed>>,
    first: DateTime,
    last: DateTime,
) -> Vec<(DateTime, String)> {
    let plan = &PLANS[rule.metadata.id.as_ref()];
    let Schedule { every, over } = rule.metadata.schedule.unwrap();
    let ceiling = |time: DateTime| (time.unix_ticks() + every.0 - 1).div_euclid(every.0);
    let mut alerted: HashMap<(String, usize), DateTime> = HashMap::new();
    let mut alerts = Vec::new();
    for number in ceiling(first)..=ceiling(last) {
        let tick = DateTime::from_unix_ticks(number * every.0).unwrap();
        let seen = |time: DateTime| time.0 > tick.0 - over.0 && time <= tick;
        let window = |schema: &Schema| {
            let columns =
                schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect();
            let rows = tables.get(schema.name.as_ref()).into_iter().flatten();
            Table { columns, rows: rows.filter(|row| seen(row.0)).map(|row| row.3.clone()).collect() }
        };
        let tables: HashMap<Name, Table> =
            [("AuditLogs".into(), window(&AUDIT_LOGS)), ("SigninLogs".into(), window(&SIGNIN_LOGS))].into();
        let table = plan.run(&tables, &mut Context::at(tick)).unwrap();
        alerted.retain(|_, produced| produced.0 > tick.0 - over.0);
        if !rule.metadata.trigger.fires(table.rows.len() as u64) {
            continue;
        }
        let mut equal: HashMap<String, usize> = HashMap::new();
        for row in &table.rows {
            let key = match rule.metadata.alert_key.first() {
                Some(column) => row[table.column_index(column).unwrap()].clone(),
                None => Value::array(row.clone()),
            };
            let ordinal = equal.entry(json::write(&key)).or_default();
            *ordinal += 1;
            if alerted.insert((json::write(&key), *ordinal), tick).is_none() {
                alerts.push((tick, json::write(&Value::array(row.clone()))));
            }
        }
    }
    alerts
}

/// The query of each rule, compiled anew and not split into parts.
static PLANS: LazyLock<HashMap<&'static str, Prepared>> = LazyLock::new(|| {
    let prepared = |rule: &&'static Rule| {
        let id = rule.metadata.id.as_ref();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/streams/{id}.kql"));
        let query = fs::read_to_string(path).unwrap();
        let plan = rule_lang::compile_query(&query, &Schemas::builtin()).unwrap().plan;
        (id, Prepared::new(&plan).unwrap())
    };
    RULES.iter().map(prepared).collect()
});

/// Writes the files of a stream into a folder.
pub fn write(folder: &Path, stream: &Stream) {
    for (file, (name, _)) in stream.iter().zip(FILES) {
        let lines = file.iter().enumerate().map(|(position, it)| line(name, position, it));
        fs::write(folder.join(name), lines.collect::<String>()).unwrap();
    }
}

/// In any order of a tick's alerts; those of a row-local rule carry the time of their event in place of the tick's.
pub fn comparable(mut alerts: Alerts) -> Alerts {
    for alert in alerts.get_mut("local").into_iter().flatten() {
        alert.0 = DateTime::MIN;
    }
    alerts.values_mut().for_each(|alerts| alerts.sort());
    alerts
}
