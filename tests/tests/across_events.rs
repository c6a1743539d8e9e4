//! Rules across events over random streams alert on the rows that the reference evaluator gives at each tick.
//!
//! ```text
//! random events ─┬─ files, out of order within the lateness ─pipeline─> alerts  ┐
//!                └─ tables, the rows of each tick's window ─evaluate─> rows ────┴─> equal
//! ```
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use proptest::prelude::*;
use rule_eval::{Context, Table, evaluate, json, record};
use rule_lang::schemas::Schemas;
use rule_model::metadata::Schedule;
use rule_model::plan::{Field, Name, Plan};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_model::{DateTime, Schema, Timespan, Value};
use rule_runtime::alert::{Alert, Collapsed};
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::framing::Limits;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::sink::Sink;
use rule_runtime::source::Origin;
use rule_runtime::{Rule, Ruleset};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::{fs, io};

mod summarize {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "summarize", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        query: file "ticks/summarize.kql",
    }
}

mod join {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "join", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        query: file "ticks/join.kql",
    }
}

mod leftouter {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "leftouter", severity: Low, attack: none, full_scan: accepted,
        schedule: every 15m over 15m, trigger: > 1,
        query: file "ticks/leftouter.kql",
    }
}

mod distinct {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "distinct", severity: Low, attack: none, full_scan: accepted,
        schedule: every 20m over 10m,
        query: file "ticks/distinct.kql",
    }
}

mod top {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "top", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 1h, alert_key: OperationName,
        query: file "ticks/top.kql",
    }
}

mod ago {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "ago", severity: Low, attack: none, full_scan: accepted,
        schedule: every 5m over 20m,
        query: file "ticks/ago.kql",
    }
}

mod absence {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "absence", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 20m,
        query: file "ticks/absence.kql",
    }
}

mod local {
    rule_macros::rule! {
        /// T
        ///
        /// D.
        id: "local", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 20m, trigger: >= 2,
        query: file "ticks/local.kql",
    }
}

const RULES: [&Rule; 8] = [
    &summarize::RULE,
    &join::RULE,
    &leftouter::RULE,
    &distinct::RULE,
    &top::RULE,
    &ago::RULE,
    &absence::RULE,
    &local::RULE,
];

/// An event of a file: how many half minutes after the start it happened, and how many ticks of the clock (half minutes
/// too) later it was written.
#[derive(Clone, Debug)]
struct Happening {
    time: i64,
    delay: i64,
    operation: &'static str,
    category: &'static str,
    correlation: u8,
}

/// What the events of three files are: two of `AuditLogs`, one of `SigninLogs`.
type Stream = [Vec<Happening>; 3];

const FILES: [(&str, &Schema); 3] = [("b", &AUDIT_LOGS), ("a", &AUDIT_LOGS), ("c", &SIGNIN_LOGS)];

fn happening() -> impl Strategy<Value = Happening> {
    let operation = prop::sample::select(vec!["x", "y", "z"]);
    let category = prop::sample::select(vec!["a", "b", "c"]);
    // The lateness is 5 minutes.
    (0_i64..240, 0_i64..=10, operation, category, 0_u8..4).prop_map(
        |(time, delay, operation, category, correlation)| Happening {
            time,
            delay,
            operation,
            category,
            correlation,
        },
    )
}

fn stream() -> impl Strategy<Value = Stream> {
    let file = || {
        prop::collection::vec(happening(), 0..25).prop_map(|mut file| {
            file.sort_by_key(|happening| happening.time + happening.delay);
            file
        })
    };
    [file(), file(), file()]
}

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
type Alerts = BTreeMap<&'static str, Vec<(DateTime, String)>>;

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
fn streamed(folder: &Path, order: [usize; 3], threads: usize, chunk: usize) -> Alerts {
    let settings = Settings {
        max_depth: 64,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: start().checked_add(Timespan::days(1)).unwrap(),
    };
    let engine = Engine::new(&Ruleset { rules: &[], schemas: &[] }, &RULES, settings);
    let inputs = order.map(|file| {
        let (name, schema) = FILES[file];
        Input {
            origin: Origin::File(folder.join(name)),
            table: engine.table(&schema.name),
            is_history: false,
        }
    });
    let options = Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        limits: Limits { chunk, ..Limits::default() },
        ..Options::default()
    };
    let mut sink = Collected::default();
    let output = Output { sink: &mut sink, dead_letters: None };
    let summary = pipeline::run(&engine, &inputs, &options, &Control::default(), output).unwrap();
    assert!(summary.errors.is_empty(), "{:?}", summary.errors);
    assert!(summary.rules.values().all(|counts| counts.failures == 0 && counts.kept.late == 0), "{summary}");
    sink.0
}

/// A row of a table with what puts it in order.
type Placed = (DateTime, &'static str, usize, rule_eval::Row);

/// The alerts of each tick, from the rows of its window alone.
fn expected(stream: &Stream) -> Alerts {
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
    let plan = plan(&rule.metadata.id);
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
        let table = evaluate(&plan, &tables, &mut Context::at(tick)).unwrap();
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

/// The query of a rule, compiled anew and not split into parts.
fn plan(id: &str) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/ticks/{id}.kql"));
    let query = fs::read_to_string(path).unwrap();
    rule_lang::compile_query(&query, &Schemas::builtin()).unwrap().plan
}

/// A folder with the files of a stream.
fn written(stream: &Stream) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("across_events");
    fs::create_dir_all(&folder).unwrap();
    for (file, (name, _)) in stream.iter().zip(FILES) {
        fs::write(
            folder.join(name),
            file.iter().enumerate().map(|(position, it)| line(name, position, it)).collect::<String>(),
        )
        .unwrap();
    }
    folder
}

/// In any order of a tick's alerts; those of a row-local rule carry the time of their event in place of the tick's.
fn comparable(mut alerts: Alerts) -> Alerts {
    for alert in alerts.get_mut("local").into_iter().flatten() {
        alert.0 = DateTime::MIN;
    }
    alerts.values_mut().for_each(|alerts| alerts.sort());
    alerts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_those_of_the_batch_answer_at_each_tick(stream in stream(), chunk in 1_usize..2000) {
        let folder = written(&stream);
        let expected = comparable(expected(&stream));
        for (order, threads, chunk) in [([0, 1, 2], 1, 1 << 18), ([2, 1, 0], 1, chunk), ([1, 2, 0], 3, chunk)] {
            let found = comparable(streamed(&folder, order, threads, chunk));
            prop_assert_eq!(&found, &expected, "{:?}, {} threads, chunks of {}", order, threads, chunk);
        }
    }
}
