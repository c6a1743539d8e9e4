//! What each stage of the hot path costs, beside counting newlines as the limit.
//!
//! `cargo bench -p detector-benches`. Ratios within one run travel; bytes a second do not.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_benches::events;
use rule_model::DateTime;
use rule_runtime::Rule;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate, Work};
use rule_runtime::framing::{Batch, Framer, Framing, Limits};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rule_runtime::rule::Body;
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

fn engine(validate: Validate) -> Engine {
    let row_local: Vec<&'static Rule> =
        RULES.rules.iter().copied().filter(|rule| matches!(rule.body, Body::RowLocal(_))).collect();
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate,
        memory: MemoryLimits::default(),
        now: DateTime::UNIX_EPOCH,
    };
    Engine::new(&RULES, &row_local, settings)
}

fn stages(criterion: &mut Criterion) {
    for (name, every) in [("0.5 % candidates", 200), ("all candidates", 1)] {
        let lines = events(EVENTS, every);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(lines.len() as u64));
        group.bench_function("newlines", |bench| {
            bench.iter(|| memchr::memchr_iter(b'\n', black_box(&lines)).count());
        });
        group.bench_function("framing", |bench| bench.iter(|| framed(black_box(&lines)).frames.len()));
        for (name, validate) in [("scan first", Validate::Structure), ("parse all", Validate::Full)] {
            let engine = engine(validate);
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

criterion_group!(benches, stages);
criterion_main!(benches);
