//! The limits of the machine, and this engine as a library.

use crate::Contender;
use crate::report::Kind;
use crate::rules_by_hand::RULES as IDS;
use rule_model::DateTime;
use rule_runtime::Rule;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Origin, Outcome, Settings, Validate, Work, Worker};
use rule_runtime::framing::{Framer, Framing, Limits};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rules::RULES;
use std::hint::black_box;

/// Bytes that are copied at a time, as a reader does.
const CHUNK: usize = 256 * 1024;

/// What no reader of lines can be faster than.
pub fn limits() -> Vec<Contender> {
    let mut buffer = vec![0; CHUNK];
    vec![
        Contender {
            name: "newlines".into(),
            kind: Kind::Limit,
            run: Box::new(|events| {
                black_box(memchr::memchr_iter(b'\n', &events.bytes).count());
                None
            }),
        },
        Contender {
            name: "copy and newlines".into(),
            kind: Kind::Limit,
            run: Box::new(move |events| {
                let mut lines = 0;
                for chunk in events.bytes.chunks(CHUNK) {
                    let copy = &mut buffer[..chunk.len()];
                    copy.copy_from_slice(chunk);
                    lines += memchr::memchr_iter(b'\n', copy).count();
                }
                black_box(lines);
                None
            }),
        },
    ]
}

/// The engine as a library, from lines in memory, as the others get them, to matches; and the same read in chunks, which
/// copies them.
pub fn engines() -> Vec<Contender> {
    let ours: [(_, fn(&[u8]) -> u64); 3] = [
        ("this engine, library", |bytes| with_worker(Validate::Structure, |worker| in_memory(worker, bytes))),
        ("this engine, library, all parsed", |bytes| {
            with_worker(Validate::Full, |worker| in_memory(worker, bytes))
        }),
        ("this engine, library, read in chunks", |bytes| {
            with_worker(Validate::Structure, |worker| in_chunks(worker, bytes))
        }),
    ];
    ours.map(|(name, run)| Contender {
        name: name.into(),
        kind: Kind::Ours,
        run: Box::new(move |events| Some(run(&events.bytes))),
    })
    .into()
}

fn with_worker(validate: Validate, run: impl FnOnce(&mut Worker<'_>) -> u64) -> u64 {
    let chosen: Vec<&'static Rule> =
        RULES.rules.iter().copied().filter(|rule| IDS.contains(&&*rule.metadata.id)).collect();
    assert_eq!(chosen.len(), IDS.len());
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate,
        memory: MemoryLimits::default(),
        now: DateTime::UNIX_EPOCH,
    };
    let engine = Engine::new(&RULES, &chosen, settings);
    run(&mut engine.worker())
}

fn in_memory(worker: &mut Worker<'_>, bytes: &[u8]) -> u64 {
    let (mut outcome, mut found) = (Outcome::default(), 0);
    let (mut rest, mut offset) = (bytes, 0);
    while !rest.is_empty() {
        // Matches are taken as a caller does, from time to time.
        let chunk = rest
            .get(..CHUNK)
            .and_then(|chunk| memchr::memrchr(b'\n', chunk))
            .map_or(rest.len(), |end| end + 1);
        let (lines, after) = rest.split_at(chunk);
        worker.lines(Origin::default(), offset, lines, &mut outcome);
        found += matches(&mut outcome);
        (rest, offset) = (after, offset + chunk as u64);
    }
    found
}

fn in_chunks(worker: &mut Worker<'_>, bytes: &[u8]) -> u64 {
    let mut framer = Framer::new(bytes, Framing::Ndjson, Limits::default()).leaving_lines();
    let (mut work, mut found) = (Work::default(), 0);
    while framer.fill(&mut work.batch).expect("memory is read without fail") {
        let mut outcome = worker.run(std::mem::take(&mut work));
        found += matches(&mut outcome);
        work = outcome.work;
    }
    found
}

/// Takes the matches, of which there are so many.
fn matches(outcome: &mut Outcome) -> u64 {
    assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects.first());
    outcome.matches.drain(..).count() as u64
}
