//! What each stage of the hot path costs, beside counting newlines and beside simd-json's tape as limits.
//!
//! `cargo bench -p detector-benches`. Ratios within one run travel; bytes a second do not.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_benches::{candidates, events, events_of, rules};
use rule_eval::Context;
use rule_model::DateTime;
use rule_runtime::Parser;
use rule_runtime::dispatch::{DispatchTable, MemoryLimits, NameMemory};
use rule_runtime::engine::{Engine, Settings, Validate, Work, known_tables};
use rule_runtime::framing::{Batch, Frame, Framer, Framing, Limits};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rule_runtime::scan::{Buffers, End, Scan, Wanted};
use rules::RULES;
use std::hint::black_box;

const EVENTS: usize = 2_000;

fn framed(lines: &[u8]) -> Batch {
    let limits = Limits { chunk: lines.len() + 1, ..Limits::default() };
    let mut batch = Batch::default();
    // Reading from memory cannot fail, and the chunk holds all of it.
    let _more = Framer::new(lines, Framing::Ndjson, limits).fill(&mut batch);
    batch
}

fn records(batch: &Batch) -> impl Iterator<Item = &[u8]> {
    batch.frames.iter().filter_map(|frame| match frame {
        Frame::Record(range) => Some(batch.record(range)),
        _ => None,
    })
}

fn engine(count: usize, validate: Validate) -> Engine {
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate,
        memory: MemoryLimits::default(),
        now: DateTime::UNIX_EPOCH,
    };
    Engine::new(&RULES, &rules(count), settings)
}

/// Each stage by itself, and all together, with few candidates and with many.
fn stages(criterion: &mut Criterion) {
    for (name, lines) in [
        ("0.5 % candidates", events(EVENTS, 200)),
        ("10 % candidates", events(EVENTS, 10)),
        ("100 % candidates", candidates(EVENTS)),
        ("100 % matches", events(EVENTS, 1)),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(lines.len() as u64));
        group.bench_function("newlines", |bench| {
            bench.iter(|| memchr::memchr_iter(b'\n', black_box(&lines)).count());
        });
        group.bench_function("framing", |bench| bench.iter(|| framed(black_box(&lines)).frames.len()));
        let batch = framed(&lines);
        let wanted = known_tables(&RULES).into_iter();
        let wanted: Vec<_> =
            wanted.map(|schema| Wanted { schema, time: false, fields: Vec::new() }).collect();
        let (scan, mut buffers) = (Scan::new(&wanted, DEFAULT_MAX_DEPTH), Buffers::default());
        group.bench_function("scan", |bench| {
            bench.iter(|| {
                for record in records(&batch) {
                    let seen = scan.see(record, End::Bytes, None, &mut buffers);
                    black_box(seen.is_some());
                }
            });
        });
        let mut parser = Parser::default();
        group.bench_function("parse", |bench| {
            bench.iter(|| {
                records(&batch).for_each(|record| assert!(parser.parse(record).is_ok()));
            });
        });
        let (mut buffers, mut copy) = (simd_json::Buffers::default(), Vec::new());
        let mut tape = Some(simd_json::Tape(Vec::new()));
        group.bench_function("simd-json fill_tape", |bench| {
            bench.iter(|| {
                for record in records(&batch) {
                    copy.clear();
                    copy.extend_from_slice(record);
                    let mut filled = tape.take().unwrap_or_else(|| simd_json::Tape(Vec::new())).reset();
                    let _is_json = simd_json::fill_tape(&mut copy, &mut buffers, &mut filled);
                    tape = Some(filled.reset());
                }
            });
        });
        for (name, validate) in
            [("end to end", Validate::Structure), ("end to end, all parsed", Validate::Full)]
        {
            let engine = engine(5, validate);
            let mut worker = engine.worker();
            let mut work = Work { batch: framed(&lines), ..Work::default() };
            group.bench_function(name, |bench| {
                bench.iter(|| {
                    let outcome = worker.run(std::mem::take(&mut work));
                    work = outcome.work;
                    black_box(outcome.matches.len())
                });
            });
        }
        group.finish();
    }
}

/// The same events with more rules, and with more operation names.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rules");
    for (name, count, names) in [
        ("5 rules", 5, 0),
        ("50 rules", 50, 0),
        ("500 rules", 500, 0),
        ("5000 rules", 5_000, 0),
        ("5000 rules, 100000 names", 5_000, 100_000),
    ] {
        let lines = events_of(EVENTS * 20, 200, names);
        group.throughput(Throughput::Bytes(lines.len() as u64));
        let engine = engine(count, Validate::Structure);
        let mut worker = engine.worker();
        let mut work = Work { batch: framed(&lines), ..Work::default() };
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let outcome = worker.run(std::mem::take(&mut work));
                work = outcome.work;
                black_box(outcome.matches.len())
            });
        });
    }
    group.finish();
}

/// Names to candidates, remembered and new; and the start of a run.
fn dispatch(criterion: &mut Criterion) {
    let tables = known_tables(&RULES);
    let mut group = criterion.benchmark_group("dispatch");
    for count in [5, 50, 500, 5_000] {
        let table = DispatchTable::new(&rules(count), &tables);
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let mut memory = NameMemory::new(MemoryLimits::default());
        group.bench_function(format!("remembered, {count} rules"), |bench| {
            bench
                .iter(|| memory.candidates(&table, 0, black_box(b"Reset user password"), &mut context).len());
        });
        group.bench_function(format!("new, {count} rules"), |bench| {
            bench.iter(|| table.resolve(0, black_box("Reset user password"), &mut context).len());
        });
        group.bench_function(format!("start, {count} rules"), |bench| {
            bench.iter(|| engine(count, Validate::Structure).rules().len());
        });
    }
    group.finish();
}

criterion_group!(benches, stages, growth, dispatch);
criterion_main!(benches);
