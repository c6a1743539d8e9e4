//! Random queries over random streams alert on the rows that the reference evaluator gives at each tick.
//!
//! ```text
//! random query ─compile, plan─> prefixes, keys, tail ─pipeline over random files─> alerts  ┐
//!            └─compile─> plan ─evaluate over the rows of each tick's window─> rows ────────┴─> equal
//! ```
//!
//! `ACROSS_EVENTS_CASES` sets how many queries are tried.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use proptest::prelude::*;
use proptest::sample::select;
use rule_eval::{Context, Env, Expression, Prepared, Row, Table, evaluate, json, record};
use rule_lang::planning::{self, Body as Planned, Partition as KeyedBy, RowBuilder};
use rule_lang::schemas::Schemas;
use rule_model::metadata::{Metadata, Schedule};
use rule_model::plan::{Expr, Field, Name, Plan, Query, Source, Stage};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_model::{DateTime, Schema, Timespan, Value};
use rule_runtime::across::Bounds;
use rule_runtime::alert::{Alert, Collapsed, Evidence};
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::framing::Limits;
use rule_runtime::generated::STUB;
use rule_runtime::later::Later;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::rule::{
    self, AcrossEvents, Body, Dispatch, Input as RuleInput, Lookup, Made, OutputColumn, Parting, Partition,
};
use rule_runtime::sink::Sink;
use rule_runtime::source::Origin;
use rule_runtime::{Event, Rule, Ruleset};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::{fs, io};

// Random queries. Every stage keeps `CorrelationId` and `Category`, texts that may be empty, and `TimeGenerated`.

fn condition() -> impl Strategy<Value = String> {
    select(vec![
        "Category == \"a\"",
        "Category in (\"a\", \"b\")",
        "isnotempty(CorrelationId)",
        "toint(CorrelationId) > 1",
        "TimeGenerated > ago(12m)",
        "Category != \"c\" or CorrelationId == \"1\"",
    ])
    .prop_map(str::to_owned)
}

/// A table, with conditions or without.
fn table() -> impl Strategy<Value = String> {
    let conditions = prop_oneof![
        2 => Just(String::new()),
        1 => Just(" | where OperationName == \"x\"".to_owned()),
        1 => condition().prop_map(|condition| format!(" | where {condition}")),
    ];
    (select(vec!["AuditLogs", "SigninLogs"]), conditions)
        .prop_map(|(table, conditions)| table.to_owned() + &conditions)
}

fn aggregates() -> impl Strategy<Value = &'static str> {
    select(vec![
        "TimeGenerated = max(TimeGenerated), n = count()",
        "TimeGenerated = min(TimeGenerated), n = dcount(Category), s = make_set(CorrelationId)",
        "TimeGenerated = take_any(TimeGenerated), l = make_list(TimeGenerated)",
        "arg_max(TimeGenerated, *)",
        "arg_min(TimeGenerated, Category)",
        "TimeGenerated = max(TimeGenerated), n = countif(Category == \"a\"), q = sum(toint(CorrelationId))",
        "TimeGenerated = max(TimeGenerated), a = avg(toint(CorrelationId)), s = stdev(toint(CorrelationId)), \
         v = varianceif(toint(CorrelationId), Category != \"a\"), p = percentiles(toint(CorrelationId), 50, 90)",
        "TimeGenerated = minif(TimeGenerated, Category != \"b\"), d = dcountif(Category, CorrelationId != \"1\"), \
         b = make_bag(bag_pack(Category, CorrelationId)), e = binary_all_or(tolong(CorrelationId))",
        "TimeGenerated = take_anyif(TimeGenerated, Category == \"a\"), l = make_list_if(Category, CorrelationId == \"1\", 3), \
         w = make_list_with_nulls(toint(CorrelationId)), c = count_distinct(Category)",
    ])
}

fn summarize() -> impl Strategy<Value = String> {
    prop_oneof![
        aggregates().prop_map(|aggregates| {
            format!(" | summarize {} by CorrelationId, Category", aggregates.replace(", Category)", ", CorrelationId)"))
                .replace("arg_min(TimeGenerated, CorrelationId)", "TimeGenerated = min(TimeGenerated)")
                + " | project CorrelationId, Category, TimeGenerated"
        }),
        Just(
            " | summarize n = count(), s = make_set(CorrelationId), d = dcount(CorrelationId), Category = max(Category) \
             by TimeGenerated = bin(TimeGenerated, 5m) | extend CorrelationId = tostring(n)"
                .to_owned()
        ),
        Just(
            " | summarize l = make_list(Category), TimeGenerated = max(TimeGenerated), arg_max(TimeGenerated, Category) \
             by CorrelationId | project CorrelationId, Category, TimeGenerated, l"
                .to_owned()
        ),
        Just(" | distinct CorrelationId, Category, TimeGenerated".to_owned()),
        Just(" | distinct CorrelationId, Category | extend TimeGenerated = datetime(2024-03-01)".to_owned()),
    ]
}

fn join() -> impl Strategy<Value = String> {
    let kinds = [
        "innerunique",
        "inner",
        "leftouter",
        "rightouter",
        "fullouter",
        "leftsemi",
        "leftanti",
        "rightsemi",
        "rightanti",
    ];
    let keys = [
        "CorrelationId",
        "CorrelationId, Category",
        "$left.Category == $right.CorrelationId",
        "$left.CorrelationId == $right.Category",
        "k",
    ];
    let right = prop_oneof![
        3 => Just(" | project CorrelationId, Category, TimeGenerated".to_owned()),
        1 => Just(" | extend m = strcat(Category, CorrelationId) | project CorrelationId, Category, TimeGenerated, m"
            .to_owned()),
        1 => summarize(),
        1 => Just(" | project CorrelationId, Category, TimeGenerated | top 3 by TimeGenerated".to_owned()),
        1 => Just(" | extend d = dynamic([1, 2]) | mv-expand d | project CorrelationId, Category, TimeGenerated".to_owned()),
    ];
    (select(kinds.to_vec()), table(), right, select(keys.to_vec())).prop_map(|(kind, table, right, key)| {
        let (left_key, right_key) = match key {
            // A key of a type that has nulls, computed on both sides.
            "k" => (" | extend k = toint(CorrelationId)", " | extend k = toint(CorrelationId)"),
            _ => ("", ""),
        };
        let joined = format!("{left_key} | join kind={kind} ({table}{right}{right_key}) on {key}");
        if kind.ends_with("semi") || kind.ends_with("anti") {
            return joined + " | project CorrelationId, Category, TimeGenerated";
        }
        joined + " | project CorrelationId, Category, TimeGenerated, j = strcat(CorrelationId1, \"/\", Category1)"
    })
}

fn stage() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => condition().prop_map(|condition| format!(" | where {condition}")),
        1 => Just(" | extend CorrelationId = substring(strcat(CorrelationId, Category), 0, 1)".to_owned()),
        1 => Just(" | mv-expand p = split(CorrelationId, \"1\") to typeof(string)".to_owned()),
        1 => Just(
            " | mv-apply a = split(CorrelationId, \"1\") to typeof(string) on (summarize c = countif(a == \"\"))"
                .to_owned()
        ),
        5 => join(),
        3 => summarize(),
        1 => table().prop_map(|table| {
            format!(" | lookup kind=leftouter ({table} | summarize h = count() by CorrelationId) on CorrelationId")
        }),
        1 => table().prop_map(|table| {
            format!(" | union ({table} | project CorrelationId, Category, TimeGenerated)")
        }),
        // Of rows with equal keys any may be taken: a key that tells all apart.
        1 => Just(" | top 3 by strcat(TimeGenerated, \"/\", Category, \"/\", CorrelationId) desc".to_owned()),
        1 => table().prop_map(|table| {
            format!(" | lookup kind=inner ({table} | distinct Category) on Category")
        }),
        1 => table().prop_map(|table| {
            format!(" | union kind=inner withsource=from ({table} | project Category, CorrelationId, TimeGenerated)")
        }),
        4 => further_stage(),
        1 => Just(" | sort by TimeGenerated asc, Category | serialize r = row_number()".to_owned()),
        1 => table().prop_map(|table| format!(" | where CorrelationId in (({table} | project CorrelationId))")),
        1 => table().prop_map(|table| format!(" | where Category != toscalar({table} | summarize max(Category))")),
    ]
}

/// Operators that look at rows together or make columns of texts.
fn further_stage() -> impl Strategy<Value = String> {
    select(vec![
        " | take 4",
        " | distinct *",
        " | sort by TimeGenerated desc, CorrelationId asc | limit 5",
        " | partition by Category (top 2 by TimeGenerated asc)",
        " | partition by CorrelationId (summarize TimeGenerated = max(TimeGenerated), CorrelationId = min(CorrelationId) by Category)",
        " | make-series n = count(), m = max(toint(CorrelationId)) default=7 on TimeGenerated \
           from datetime(2024-03-01 23:00) to datetime(2024-03-02 00:30) step 10m by CorrelationId \
         | extend Category = tostring(n), TimeGenerated = todatetime(m[0])",
        " | sort by TimeGenerated asc, Category, CorrelationId | extend d = prev(TimeGenerated), q = next(Category, 2, \"z\") \
         | extend CorrelationId = strcat(CorrelationId, d, q)",
        " | sort by Category asc, TimeGenerated desc, CorrelationId | where prev(Category) == Category or next(CorrelationId) == CorrelationId",
        " | serialize | project CorrelationId, Category, TimeGenerated = coalesce(prev(TimeGenerated, 2), TimeGenerated)",
        " | sort by TimeGenerated asc, CorrelationId, Category | serialize c = row_cumsum(toint(CorrelationId)) \
         | extend Category = strcat(Category, c)",
        " | mv-expand with_itemindex=i p = pack_array(CorrelationId, Category) | extend CorrelationId = strcat(i, p)",
        " | mv-expand bagexpansion=array p = bag_pack(Category, CorrelationId, \"x\", TimeGenerated) to typeof(string) limit 1",
        " | mv-apply a = pack_array(1, toint(CorrelationId)) to typeof(long) on (where a > 1 | top 1 by a | project a) \
         | extend Category = tostring(a)",
        " | parse Category with * \"a\" rest | extend CorrelationId = strcat(CorrelationId, rest)",
        " | parse-where CorrelationId with number:long | extend Category = tostring(number)",
        " | parse-kv Category as (a: string) with (pair_delimiter=\",\", kv_delimiter=\"=\")",
        " | project-rename c = Category | project-reorder c | extend Category = c | project-away c",
        " | sort by TimeGenerated asc, CorrelationId, Category \
         | scan declare (n: long = 0) with (step s output=all: true => n = s.n + 1) | extend Category = tostring(n)",
        " | top-nested 2 of CorrelationId by n = count(), top-nested of Category by TimeGenerated = max(TimeGenerated)",
        " | extend p = tostring(pack_all()) | where p has \"a\"",
        " | extend TimeGenerated = bin(TimeGenerated, 10m), Category = case(Category == \"a\", \"x\", isempty(Category), \"1\", Category)",
    ])
    .prop_map(str::to_owned)
}

fn query() -> impl Strategy<Value = String> {
    let stages = prop::collection::vec(stage(), 1..4).prop_map(|stages| {
        // Columns that stages add have one name each, so that no two are the same.
        let stages =
            stages.iter().map(|stage| stage.clone() + " | project CorrelationId, Category, TimeGenerated");
        stages.collect::<String>()
    });
    let stages = stages.boxed();
    let project = " | project CorrelationId, Category, TimeGenerated";
    prop_oneof![
        4 => (table(), stages.clone()).prop_map(move |(table, stages)| format!("{table}{project}{stages}")),
        1 => (table(), stages.clone(), join()).prop_map(move |(table, stages, join)| {
            let join = join.replace("AuditLogs", "t").replace("SigninLogs", "t").replace("OperationName", "Category");
            format!("let t = materialize({table}{project}); t{stages}{join}")
        }),
        1 => (table(), table(), stages).prop_map(move |(one, two, stages)| {
            format!("union withsource=from ({one}{project}), ({two}{project}){stages}")
        }),
    ]
}

// A rule that was not compiled in: its functions are fixed, what they compute lies in slots.

/// The conditions and the key of an input, and what is made of its events.
struct Slot {
    conditions: Vec<Expression>,
    key: Vec<Expression>,
    made: Option<Prepared>,
}

const SLOTS: usize = 12;
static INPUTS: RwLock<Vec<Slot>> = RwLock::new(Vec::new());

fn values(event: &Event<'_>) -> Row {
    (0..event.schema.columns.len()).map(|column| event.value(column)).collect()
}

fn matches<const N: usize>(event: &Event<'_>, context: &mut Context) -> bool {
    let (inputs, row) = (INPUTS.read().unwrap(), values(event));
    let mut env = Env::new(&(), context);
    inputs[N].conditions.iter().all(|condition| condition.holds(&mut env, &row))
}

#[allow(clippy::unnecessary_wraps, reason = "the signature of every generated key")]
fn key<const N: usize>(event: &Event<'_>, context: &mut Context) -> Option<Row> {
    let (inputs, row) = (INPUTS.read().unwrap(), values(event));
    let mut env = Env::new(&(), context);
    Some(inputs[N].key.iter().map(|part| part.value(&mut env, &row)).collect())
}

/// What generated code makes of an event: at most one row.
fn made<const N: usize>(event: &Event<'_>, context: &mut Context) -> Option<Row> {
    let inputs = INPUTS.read().unwrap();
    let fields = event.schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty));
    let table = Table { columns: fields.collect(), rows: vec![values(event)] };
    let rows = inputs[N].made.as_ref().unwrap().run_over(table, &(), context).unwrap().rows;
    assert!(rows.len() < 2, "one row gives {rows:?}");
    rows.into_iter().next()
}

type Matches = fn(&Event<'_>, &mut Context) -> bool;
type Key = fn(&Event<'_>, &mut Context) -> Option<Row>;

macro_rules! slots {
    ($($n:literal)*) => {
        (&[$(matches::<$n>),*], &[$(key::<$n>),*], &[$(made::<$n>),*])
    };
}

const FUNCTIONS: (&[Matches; SLOTS], &[Key; SLOTS], &[Key; SLOTS]) = slots!(0 1 2 3 4 5 6 7 8 9 10 11);

/// Stages over rows of these columns.
fn over_input(fields: &[Field], stages: &[Stage]) -> Prepared {
    let root = Query { source: Source::Input, columns: fields.to_vec(), stages: stages.to_vec() };
    Prepared::new(&Plan { bindings: Vec::new(), root, visible: 0 }).unwrap()
}

/// A rule across events with this query; `None` where the query looks at one event at a time.
fn rule(plan: &Plan, schedule: Schedule) -> Option<&'static Rule> {
    let metadata = Metadata { id: "r".into(), schedule: Some(schedule), threshold: 1, ..Metadata::default() };
    let metadata = Box::leak(Box::new(Later::given(metadata)));
    let Planned::AcrossEvents { inputs, tail, parting, .. } =
        planning::body(plan, metadata, &Schemas::builtin())
    else {
        return None;
    };
    let bind = |exprs: &[Expr], fields: &[Field]| -> Vec<Expression> {
        exprs.iter().map(|expr| Expression::bind(expr, fields).unwrap()).collect()
    };
    let slots = inputs.iter().map(|input| Slot {
        conditions: bind(&[&input.accepts[..], &input.matches[..]].concat(), &input.fields),
        key: input.lookup.iter().flat_map(|lookup| bind(&lookup.key, &input.fields)).collect(),
        made: input.made.as_ref().and_then(|made| match &made.row {
            RowBuilder::Stages(stages) => Some(over_input(&input.fields, stages)),
            RowBuilder::Plan(_) => None,
        }),
    });
    *INPUTS.write().unwrap() = slots.collect();
    let inputs = inputs.iter().enumerate().map(|(at, input)| RuleInput {
        schema: if input.table == "AuditLogs" { &AUDIT_LOGS } else { &SIGNIN_LOGS },
        dispatch: Dispatch { keys: &[], accepts: |_, _| true },
        matches: FUNCTIONS.0[at],
        columns: Vec::leak(input.columns.clone()),
        made: input.made.as_ref().map(|made| Made {
            row: match &made.row {
                RowBuilder::Stages(_) => rule::RowBuilder::Generated(FUNCTIONS.2[at]),
                RowBuilder::Plan(plan) => {
                    rule::RowBuilder::Plan(Vec::leak(postcard::to_allocvec(plan).unwrap()))
                }
            },
            columns: Vec::leak(
                made.fields.iter().map(|field| (&*String::leak(field.name.to_string()), field.ty)).collect(),
            ),
            stages: made.stages,
        }),
        lookup: input.lookup.as_ref().map(|lookup| Lookup { key: FUNCTIONS.1[at], rereads: lookup.rereads }),
        recent: input.recent,
    });
    let columns = plan.root.output().iter().map(|field| OutputColumn {
        name: String::leak(field.name.to_string()),
        ty: field.ty,
        stage: "",
    });
    let across = AcrossEvents {
        inputs: Vec::leak(inputs.collect()),
        tail: Vec::leak(postcard::to_allocvec(&tail).unwrap()),
        partition: Partition::Whole(""),
        parting: match parting {
            Ok(parting) => Parting::By(Vec::leak(postcard::to_allocvec(&parting).unwrap())),
            Err(reason) => Parting::Whole(reason.leak()),
        },
        static_tables: &[],
    };
    let visible = plan.visible;
    let columns = Vec::leak(columns.collect());
    Some(Box::leak(Box::new(Rule { metadata, body: Body::AcrossEvents(across), columns, visible, ..STUB })))
}

// Random streams.

/// An event of a file: how many half minutes after the start it happened, and how many later it was written.
#[derive(Clone, Debug)]
struct Happening {
    time: i64,
    delay: i64,
    operation: &'static str,
    category: Option<&'static str>,
    correlation: Option<u8>,
}

/// What the events of three files are: two of `AuditLogs`, one of `SigninLogs`.
type Stream = [Vec<Happening>; 3];

const FILES: [(&str, &Schema); 3] = [("b", &AUDIT_LOGS), ("a", &AUDIT_LOGS), ("c", &SIGNIN_LOGS)];

fn stream() -> impl Strategy<Value = Stream> {
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

fn start() -> DateTime {
    DateTime::parse_iso("2024-03-01T23:00:00Z").unwrap()
}

fn line(happening: &Happening) -> String {
    let time = start().checked_add(Timespan::seconds(30 * happening.time)).unwrap();
    let mut record =
        vec![("TimeGenerated", Value::DateTime(time)), ("OperationName", Value::string(happening.operation))];
    record.extend(happening.category.map(|category| ("Category", Value::string(category))));
    record.extend(happening.correlation.map(|id| ("CorrelationId", Value::string(id.to_string()))));
    json::write(&Value::bag(record)) + "\n"
}

fn bytes(file: &[Happening]) -> String {
    file.iter().map(line).collect()
}

/// How a run is done: the order of the files, whether they can be read again, threads, bytes of a chunk and of state.
#[derive(Clone, Copy, Debug)]
struct Way {
    order: [usize; 3],
    rereads: bool,
    threads: usize,
    chunk: usize,
    state: u64,
}

/// Tick and output row of each alert.
type Alerts = Vec<(DateTime, String)>;

/// The alerts, and the records behind each.
#[derive(Default)]
struct Collected(Vec<((DateTime, String), Evidence)>);

impl Collected {
    fn alerts(&self) -> Alerts {
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

fn streamed(rule: &'static Rule, stream: &Stream, folder: &Path, way: Way) -> Collected {
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
type Placed = (DateTime, String, u64, Row);

/// The records of each table in their order.
fn placed(stream: &Stream, folder: &Path, rereads: bool) -> BTreeMap<&'static str, Vec<Placed>> {
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

/// The rows that a plan gives at a tick over those of the records that it may see.
fn rows_at(
    plan: &Plan,
    tick: DateTime,
    tables: &BTreeMap<&'static str, Vec<Placed>>,
    sees: impl Fn(&Placed) -> bool,
) -> Vec<String> {
    let window = |schema: &Schema| {
        let columns =
            schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect();
        let rows = tables.get(schema.name.as_ref()).into_iter().flatten();
        Table { columns, rows: rows.filter(|row| sees(row)).map(|row| row.3.clone()).collect() }
    };
    let tables: HashMap<Name, Table> =
        [("AuditLogs".into(), window(&AUDIT_LOGS)), ("SigninLogs".into(), window(&SIGNIN_LOGS))].into();
    let table = evaluate(plan, &tables, &mut Context::at(tick)).unwrap();
    table.rows.into_iter().map(|row| json::write(&Value::array(row))).collect()
}

/// The alerts of each tick, from the rows of its window alone.
fn expected(plan: &Plan, schedule: Schedule, tables: &BTreeMap<&'static str, Vec<Placed>>) -> Alerts {
    let times: Vec<DateTime> = tables.values().flatten().map(|row| row.0).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Alerts::new() };
    let Schedule { every, over } = schedule;
    let ceiling = |time: DateTime| (time.unix_ticks() + every.0 - 1).div_euclid(every.0);
    let mut alerted: HashMap<(String, usize), DateTime> = HashMap::new();
    let mut alerts = Alerts::new();
    for number in ceiling(*first)..=ceiling(*last) {
        let tick = DateTime::from_unix_ticks(number * every.0).unwrap();
        let rows = rows_at(plan, tick, tables, |(time, ..)| time.0 > tick.0 - over.0 && *time <= tick);
        alerted.retain(|_, produced| produced.0 > tick.0 - over.0);
        let mut equal: HashMap<String, usize> = HashMap::new();
        for text in rows {
            let ordinal = equal.entry(text.clone()).or_default();
            *ordinal += 1;
            if alerted.insert((text.clone(), *ordinal), tick).is_none() {
                alerts.push((tick, text));
            }
        }
    }
    alerts.sort();
    alerts
}

/// A folder with the files of a stream.
fn written(stream: &Stream) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("random_queries");
    fs::create_dir_all(&folder).unwrap();
    for (file, (name, _)) in stream.iter().zip(FILES) {
        fs::write(folder.join(name), bytes(file)).unwrap();
    }
    folder
}

/// Whether rows can be followed through all operators.
fn tells_records(query: &str) -> bool {
    !["row_cumsum", "scan", "top-nested", "pack_all"].iter().any(|part| query.contains(part))
}

/// Whether more records can only add to what a query gives, and none decides without being part of it.
fn is_monotone(query: &str) -> bool {
    let others = [
        "outer",
        "anti",
        "semi",
        "top ",
        "take ",
        "limit ",
        "row_number",
        "prev(",
        "next(",
        "in ((",
        "toscalar",
    ];
    // Of the left rows of a key one is paired; with fewer records another group may come to have that key.
    let takes_a_group = query.contains("innerunique") && query.contains("summarize");
    tells_records(query) && !takes_a_group && !others.iter().any(|part| query.contains(part))
}

fn cases() -> u32 {
    let set = std::env::var("ACROSS_EVENTS_CASES").ok();
    set.and_then(|cases| cases.parse().ok()).unwrap_or(1000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_those_of_the_batch_answer_at_each_tick(
        query in query(),
        stream in stream(),
        every in select(vec![5, 10, 15]),
        over in select(vec![5, 10, 30]),
        chunk in 1_usize..2000,
        threads in 1_usize..4,
        state in 2000_u64..20_000,
    ) {
        let schedule = Schedule { every: Timespan::minutes(every), over: Timespan::minutes(over) };
        let plan = rule_lang::compile_query(&query, &Schemas::builtin()).unwrap().plan;
        let Some(rule) = rule(&plan, schedule) else { return Ok(()) };
        let folder = written(&stream);
        for way in [
            Way { order: [0, 1, 2], rereads: true, threads, chunk, state },
            Way { order: [2, 1, 0], rereads: false, threads: 1, chunk: 1 << 18, state: 256 << 20 },
        ] {
            let tables = placed(&stream, &folder, way.rereads);
            let expected = expected(&plan, schedule, &tables);
            // What is remembered of alerts is held to the same bound and cannot be spilled: where it fills it, rows go.
            let way = Way { state: way.state + 64 * expected.len() as u64, ..way };
            let found = streamed(rule, &stream, &folder, way);
            prop_assert_eq!(&found.alerts(), &expected, "{}\n{:?}", query, way);
            for ((tick, row), evidence) in &found.0 {
                let records = evidence.records.iter().map(|at| (&*at.source, at.offset)).collect::<HashSet<_>>();
                prop_assert!(!records.is_empty() || !tells_records(&query), "{}\n{}", query, row);
                prop_assert_eq!(records.len() as u64, evidence.total);
                // What the row was made of makes it again.
                if is_monotone(&query) {
                    let again = rows_at(&plan, *tick, &tables, |(_, source, offset, _)| records.contains(&(&**source, *offset)));
                    prop_assert!(again.contains(row), "{}\n{}\n{:?}", query, row, evidence);
                }
            }
        }
    }

    #[test]
    fn a_rule_with_a_partition_key_gives_the_same_rows_part_by_part(query in query(), stream in stream()) {
        let plan = rule_lang::compile_query(&query, &Schemas::builtin()).unwrap().plan;
        let Planned::AcrossEvents { inputs, tail, partition: KeyedBy::By(keys), .. } =
            planning::body(&plan, STUB.metadata, &Schemas::builtin())
        else {
            return Ok(());
        };
        let mut whole: HashMap<Name, Table> = HashMap::new();
        let mut parts: BTreeMap<String, HashMap<Name, Table>> = BTreeMap::new();
        let empty = |at: usize| (Name::from(format!("${at}")), Table::empty(inputs[at].kept()));
        for (at, input) in inputs.iter().enumerate() {
            let key: Vec<Expression> =
                keys.iter().map(|key| Expression::bind(&key.of_inputs[&at], &input.fields).unwrap()).collect();
            let conditions: Vec<Expression> =
                input.accepts.iter().chain(&input.matches).map(|it| Expression::bind(it, &input.fields).unwrap()).collect();
            let made = input.made.as_ref().map(|made| match &made.row {
                RowBuilder::Stages(stages) => over_input(&input.fields, stages),
                RowBuilder::Plan(plan) => over_input(&input.fields, &plan.root.stages),
            });
            let mut table = Table::empty(input.kept());
            for (file, (_, schema)) in stream.iter().zip(FILES).filter(|(_, (_, schema))| schema.name == *input.table) {
                for happening in file {
                    let Value::Bag(record) = json::parse(&line(happening)).unwrap() else { unreachable!() };
                    let row = record::row(&record, schema);
                    let mut context = Context::at(start());
                    let mut env = Env::new(&(), &mut context);
                    if !conditions.iter().all(|condition| condition.holds(&mut env, &row)) {
                        continue;
                    }
                    let label = json::write(&Value::array(key.iter().map(|part| part.value(&mut env, &row))));
                    let part = parts.entry(label).or_insert_with(|| (0..inputs.len()).map(empty).collect());
                    let kept = match &made {
                        Some(made) => {
                            let event = Table { columns: input.fields.clone(), rows: vec![row] };
                            made.run_over(event, &(), &mut Context::at(start())).unwrap().rows
                        }
                        None => vec![input.columns.iter().map(|column| row[*column].clone()).collect()],
                    };
                    part.get_mut(format!("${at}").as_str()).unwrap().rows.extend(kept.clone());
                    table.rows.extend(kept);
                }
            }
            whole.insert(format!("${at}").into(), table);
        }
        let rows = |tables: &HashMap<Name, Table>| {
            let table = evaluate(&tail, tables, &mut Context::at(start())).unwrap();
            table.rows.into_iter().map(|row| json::write(&Value::array(row))).collect::<Vec<_>>()
        };
        let (mut expected, mut found) = (rows(&whole), parts.values().flat_map(rows).collect::<Vec<_>>());
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected, "{}\n{:?}", query, keys);
    }
}
