//! Parsers alone, and with the rules written by hand.

use crate::Contender;
use crate::report::Kind;
use crate::rules_by_hand::matches;
use std::hint::black_box;

/// Parsers over every line.
pub fn contenders() -> Vec<Contender> {
    let mut bytes = Vec::new();
    let mut buffers = simd_json::Buffers::default();
    let mut tape = Some(simd_json::Tape(Vec::new()));
    vec![
        Contender {
            name: "simd-json, tape of every line".into(),
            kind: Kind::Parser,
            run: Box::new(move |events| {
                for line in events.lines() {
                    bytes.clear();
                    bytes.extend_from_slice(line);
                    let mut filled = tape.take().expect("it is put back").reset();
                    simd_json::fill_tape(&mut bytes, &mut buffers, &mut filled).expect("events are JSON");
                    black_box(filled.0.len());
                    tape = Some(filled.reset());
                }
                None
            }),
        },
        Contender {
            name: "sonic-rs, value of every line".into(),
            kind: Kind::Parser,
            run: Box::new(|events| {
                for line in events.lines() {
                    black_box(sonic_rs::from_slice::<sonic_rs::Value>(line).expect("events are JSON"));
                }
                None
            }),
        },
        Contender {
            name: "serde_json and rules by hand".into(),
            kind: Kind::Parser,
            run: Box::new(|events| {
                let found = |line: &&[u8]| matches(&serde_json::from_slice(line).expect("events are JSON"));
                Some(events.lines().filter(found).count() as u64)
            }),
        },
    ]
}
