//! The limits of the machine, and this engine as a library.

use crate::Contender;
use crate::report::Kind;
use crate::rules_by_hand::RULES as IDS;
use rule_model::DateTime;
use rule_runtime::Rule;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate, Work};
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

/// The engine as a library, from bytes in memory to matches: reading copies them in chunks.
pub fn engines() -> Vec<Contender> {
    [("this engine, library", Validate::Structure), ("this engine, library, all parsed", Validate::Full)]
        .map(|(name, validate)| Contender {
            name: name.into(),
            kind: Kind::Ours,
            run: Box::new(move |events| Some(run(validate, &events.bytes))),
        })
        .into()
}

fn run(validate: Validate, bytes: &[u8]) -> u64 {
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
    let mut worker = engine.worker();
    let mut framer = Framer::new(bytes, Framing::Ndjson, Limits::default());
    let (mut work, mut found) = (Work::default(), 0);
    while framer.fill(&mut work.batch).expect("memory is read without fail") {
        let outcome = worker.run(std::mem::take(&mut work));
        assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects.first());
        found += outcome.matches.len() as u64;
        work = outcome.work;
    }
    found
}
