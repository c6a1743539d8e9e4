//! Random streams: what they are, the files that hold them, and what a run makes of them.

use proptest::prelude::*;
use proptest::sample::select;
use rule_eval::{Row, json, record};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_model::{DateTime, Schema, Timespan, Value};
use rule_runtime::across::Bounds;
use rule_runtime::alert::{Alert, Collapsed, Evidence};
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::framing::Limits;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::sink::Sink;
use rule_runtime::source::Origin;
use rule_runtime::{Rule, Ruleset};
use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

/// An event of a file: how many half minutes after the start it happened, and how many later it was written.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) time: i64,
    pub(crate) delay: i64,
    pub(crate) operation: &'static str,
    pub(crate) category: Option<&'static str>,
    pub(crate) correlation: Option<u8>,
}

/// What the events of three files are: two of `AuditLogs`, one of `SigninLogs`.
pub(crate) type Stream = [Vec<Happening>; 3];

pub(crate) const FILES: [(&str, &Schema); 3] = [("b", &AUDIT_LOGS), ("a", &AUDIT_LOGS), ("c", &SIGNIN_LOGS)];

pub(crate) fn stream() -> impl Strategy<Value = Stream> {
    let category = select(vec![Some("a"), Some("a"), Some("b"), Some("c"), Some("1"), None]);
    let correlation = prop_oneof![4 => (0_u8..4).prop_map(Some), 1 => Just(None)];
    // The lateness is 5 minutes.
    let happening = (0_i64..120, 0_i64..=10, select(vec!["x", "y"]), category, correlation).prop_map(
        |(time, delay, operation, category, correlation)| Happening {
            time,
            delay,
            operation,
            category,
            correlation,
        },
    );
    let file = prop::collection::vec(happening, 0..20).prop_map(|mut file| {
        file.sort_by_key(|happening| happening.time + happening.delay);
        file
    });
    [file.clone(), file.clone(), file]
}

pub(crate) fn start() -> DateTime {
    DateTime::parse_iso("2024-03-01T23:00:00Z").unwrap()
}

pub(crate) fn line(happening: &Happening) -> String {
    let time = start().checked_add(Timespan::seconds(30 * happening.time)).unwrap();
    let mut record =
        vec![("TimeGenerated", Value::DateTime(time)), ("OperationName", Value::string(happening.operation))];
    record.extend(happening.category.map(|category| ("Category", Value::string(category))));
    record.extend(happening.correlation.map(|id| ("CorrelationId", Value::string(id.to_string()))));
    json::write(&Value::bag(record)) + "\n"
}

pub(crate) fn bytes(file: &[Happening]) -> String {
    file.iter().map(line).collect()
}

/// How a run is done: the order of the files, whether they can be read again, threads, bytes of a chunk and of state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) order: [usize; 3],
    pub(crate) rereads: bool,
    pub(crate) threads: usize,
    pub(crate) chunk: usize,
    pub(crate) state: u64,
}

/// Tick and output row of each alert.
pub(crate) type Alerts = Vec<(DateTime, String)>;

/// The alerts, and the records behind each.
#[derive(Default)]
pub(crate) struct Collected(pub(crate) Vec<((DateTime, String), Evidence)>);

impl Collected {
    pub(crate) fn alerts(&self) -> Alerts {
        self.0.iter().map(|(alert, _)| alert.clone()).collect()
    }
}

impl Sink for Collected {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let row = Value::array(alert.visible().map(|(_, value)| value.clone()));
        let time = alert.time.unwrap_or(DateTime::MIN);
        self.0.push(((time, json::write(&row)), alert.evidence.clone()));
        Ok(())
    }

    fn collapsed(&mut self, _: &Collapsed) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn streamed(rule: &'static Rule, stream: &Stream, folder: &Path, way: Way) -> Collected {
    let settings = Settings {
        max_depth: 64,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: start().checked_add(Timespan::days(1)).unwrap(),
    };
    let engine = Engine::new(&Ruleset { rules: &[], schemas: &[] }, &[rule], settings);
    let inputs = way.order.map(|file| {
        let (name, schema) = FILES[file];
        let origin = if way.rereads {
            Origin::File(folder.join(name))
        } else {
            Origin::Embedded { name, bytes: String::leak(bytes(&stream[file])).as_bytes() }
        };
        Input { origin, table: engine.table(&schema.name), is_history: false }
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
    for counts in summary.rules.values() {
        let kept = counts.kept;
        assert_eq!((counts.failures, kept.late, kept.dropped, kept.unread), (0, 0, 0, 0), "{summary}");
    }
    sink.0.sort_by(|one, other| one.0.cmp(&other.0));
    sink
}

/// A record: its time, its source and offset, its row.
pub(crate) type Placed = (DateTime, String, u64, Row);

/// The records of each table in their order.
pub(crate) fn placed(stream: &Stream, folder: &Path, rereads: bool) -> BTreeMap<&'static str, Vec<Placed>> {
    let mut tables: BTreeMap<&str, Vec<Placed>> = BTreeMap::new();
    for (file, (name, schema)) in stream.iter().zip(FILES) {
        let source = if rereads { folder.join(name).display().to_string() } else { name.to_owned() };
        let mut offset = 0;
        let rows = file.iter().map(|happening| {
            let line = line(happening);
            let Value::Bag(record) = json::parse(&line).unwrap() else { unreachable!() };
            let row = record::row(&record, schema);
            let Value::DateTime(time) = row[schema.time.unwrap()] else { unreachable!() };
            let placed = (time, source.clone(), offset, row);
            offset += line.len() as u64;
            placed
        });
        tables.entry(&schema.name).or_default().extend(rows);
    }
    tables.values_mut().for_each(|rows| rows.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2))));
    tables
}
