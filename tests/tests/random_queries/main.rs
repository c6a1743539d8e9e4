//! Random queries over random streams alert on the rows that the reference evaluator gives at each tick.
//!
//! ```text
//! random query ─compile, plan─> prefixes, keys, tail ─pipeline over random files─> alerts  ┐
//!            └─compile─> plan ─evaluate over the rows of each tick's window─> rows ────────┴─> equal
//! ```
//!
//! One way has so little memory that many ticks which can be evaluated in parts are.
//!
//! `ACROSS_EVENTS_CASES` sets how many queries are tried.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod queries;
mod slots;
mod streams;

use proptest::prelude::*;
use proptest::sample::select;
use queries::query;
use rule_eval::{Context, Env, Expression, Prepared, Table, evaluate, in_order, json, record};
use rule_lang::planning::{self, Body as Planned, Partition as KeyedBy, RowBuilder};
use rule_lang::schemas::Schemas;
use rule_model::metadata::Schedule;
use rule_model::plan::{Field, Name, Plan, Query, Source};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_model::{DateTime, Schema, Timespan, Value};
use rule_runtime::generated::STUB;
use slots::{over_input, rule};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use streams::{Alerts, FILES, Placed, Stream, Way, bytes, line, placed, start, stream, streamed};

/// A query as the reference evaluates it: its first stages, and those behind them over what comes of the first in the order
/// of its values, which KQL leaves open.
struct Reference {
    first: Plan,
    rest: Plan,
}

impl Reference {
    /// The last `behind` stages are those behind.
    fn of(plan: &Plan, behind: usize) -> Reference {
        let mut first = plan.clone();
        let stages = first.root.stages.split_off(first.root.stages.len() - behind);
        let root = Query { source: Source::Input, columns: first.root.output().to_vec(), stages };
        Reference { rest: Plan { root, ..plan.clone() }, first }
    }

    fn evaluate(&self, tables: &HashMap<Name, Table>, context: &mut Context) -> Table {
        let mut table = evaluate(&self.first, tables, context).unwrap();
        if self.rest.root.stages.is_empty() {
            return table;
        }
        table.rows.sort_by(|a, b| in_order(a, b));
        Prepared::new(&self.rest).unwrap().run_over(table, tables, context).unwrap()
    }
}

/// The rows that a query gives at a tick over those of the records that it may see.
fn rows_at(
    query: &Reference,
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
    let table = query.evaluate(&tables, &mut Context::at(tick));
    table.rows.into_iter().map(|row| json::write(&Value::array(row))).collect()
}

/// The alerts of each tick, from the rows of its window alone.
fn expected(query: &Reference, schedule: Schedule, tables: &BTreeMap<&'static str, Vec<Placed>>) -> Alerts {
    let times: Vec<DateTime> = tables.values().flatten().map(|row| row.0).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Alerts::new() };
    let Schedule { every, over } = schedule;
    let ceiling = |time: DateTime| (time.unix_ticks() + every.0 - 1).div_euclid(every.0);
    let mut alerted: HashMap<(String, usize), DateTime> = HashMap::new();
    let mut alerts = Alerts::new();
    for number in ceiling(*first)..=ceiling(*last) {
        let tick = DateTime::from_unix_ticks(number * every.0).unwrap();
        let rows = rows_at(query, tick, tables, |(time, ..)| time.0 > tick.0 - over.0 && *time <= tick);
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
        state in 600_u64..6000,
    ) {
        let schedule = Schedule { every: Timespan::minutes(every), over: Timespan::minutes(over) };
        let plan = rule_lang::compile_query(&query, &Schemas::builtin()).unwrap().plan;
        let Some((rule, behind)) = rule(&plan, schedule) else { return Ok(()) };
        let reference = Reference::of(&plan, behind);
        let folder = written(&stream);
        for way in [
            Way { order: [0, 1, 2], rereads: true, threads, chunk, state },
            Way { order: [2, 1, 0], rereads: false, threads: 1, chunk: 1 << 18, state: 256 << 20 },
        ] {
            let tables = placed(&stream, &folder, way.rereads);
            let expected = expected(&reference, schedule, &tables);
            let found = streamed(rule, &stream, &folder, way);
            prop_assert_eq!(&found.alerts(), &expected, "{}\n{:?}", query, way);
            for ((tick, row), evidence) in &found.0 {
                let records = evidence.records.iter().map(|at| (&*at.source, at.offset)).collect::<HashSet<_>>();
                prop_assert!(!records.is_empty() || !tells_records(&query), "{}\n{}", query, row);
                prop_assert_eq!(records.len() as u64, evidence.total);
                // What the row was made of makes it again.
                if is_monotone(&query) {
                    let again = rows_at(&reference, *tick, &tables, |(_, source, offset, _)| records.contains(&(&**source, *offset)));
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
