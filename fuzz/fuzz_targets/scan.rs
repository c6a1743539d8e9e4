//! The fast path against parsing everything: the same alerts always, the same rejections with `full`, and with
//! `structure` none but what does not hold together.
//!
//! ```text
//! bytes ─┬─ as they are ────────────────────┐             ┌─ structure, by lines ─┐
//!        └─ changes to a generated event ───┴─> records ──┼─ full ────────────────┼─> compared
//!                                                         └─ serde_json, written ─┘
//!                                                            anew, full
//! ```
#![no_main]

use detector_benches::events;
use libfuzzer_sys::fuzz_target;
use rule_eval::json;
use rule_model::DateTime;
use rule_runtime::Rule;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Outcome, Reject, Settings, Validate, Work};
use rule_runtime::framing::{Batch, Frame};
use rule_runtime::parse::{DEFAULT_MAX_DEPTH, Reason};
use rule_runtime::rule::Body;
use rules::RULES;
use std::sync::LazyLock;

struct Engines {
    structure: Engine,
    full: Engine,
}

static ENGINES: LazyLock<Engines> = LazyLock::new(|| {
    let row_local: Vec<&'static Rule> =
        RULES.rules.iter().copied().filter(|rule| matches!(rule.body, Body::RowLocal(_))).collect();
    let engine = |validate| {
        let memory = MemoryLimits { names: 64, bytes: 1 << 16 };
        let now = DateTime::UNIX_EPOCH;
        Engine::new(&RULES, &row_local, Settings { max_depth: DEFAULT_MAX_DEPTH, validate, memory, now })
    };
    Engines { structure: engine(Validate::Structure), full: engine(Validate::Full) }
});

/// Events as sources write them, every third of which a rule matches.
static EVENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    events(300, 3).split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let record = if kind % 4 == 0 { rest.to_vec() } else { changed(rest) };
    compare(&record);
});

/// A generated event with changes, as the bytes say: which event, then for each change its kind, its place and a byte.
fn changed(bytes: &[u8]) -> Vec<u8> {
    let Some((event, changes)) = bytes.split_at_checked(2) else { return bytes.to_vec() };
    let index = usize::from(event[0]) << 8 | usize::from(event[1]);
    let mut record = EVENTS[index % EVENTS.len()].clone();
    for change in changes.chunks_exact(4) {
        let at = (usize::from(change[1]) << 8 | usize::from(change[2])) % (record.len() + 1);
        match change[0] % 6 {
            0 if at < record.len() => record[at] = change[3],
            1 => record.insert(at, change[3]),
            2 if at < record.len() => {
                record.remove(at);
            }
            3 => record.truncate(at),
            4 => {
                let end = record.len().min(at + usize::from(change[3]));
                let part = record[at..end].to_vec();
                record.splice(at..at, part);
            }
            _ => {
                let end = record.len().min(at + usize::from(change[3]));
                record.drain(at..end);
            }
        }
    }
    record
}

fn compare(record: &[u8]) {
    let fast = run(&ENGINES.structure, record);
    let full = run(&ENGINES.full, record);
    let text = String::from_utf8_lossy(record);
    assert_eq!(matches(&fast), matches(&full), "alerts: {text}");
    if let Some(value) = std::str::from_utf8(record).ok().and_then(|text| json::parse(text).ok())
        && value.as_bag().is_some()
    {
        let anew = run(&ENGINES.full, json::write(&value).as_bytes());
        assert_eq!(matches(&fast), matches(&anew), "alerts by definition: {text}");
        assert!(
            full.rejects.iter().all(|reject| reject.reason == Reason::UnknownTable),
            "full rejects JSON: {text}"
        );
    }
    for reject in &fast.rejects {
        let same = full.rejects.iter().any(|other| other.offset == reject.offset);
        assert!(same, "only structure rejects: {text}");
    }
    for reject in &full.rejects {
        match fast.rejects.iter().find(|other| other.offset == reject.offset) {
            Some(other) => assert!(
                other.reason == reject.reason || other.reason == Reason::UnknownTable,
                "{:?} {:?}: {text}",
                other.reason,
                reject.reason
            ),
            None => assert!(may_be_passed_over(reject), "only full rejects: {:?} {text}", reject.reason),
        }
    }
}

/// Whether a record that is not JSON holds together, byte by byte.
fn may_be_passed_over(reject: &Reject) -> bool {
    let (mut open, mut in_string, mut escaped, mut ended) = (Vec::new(), false, false, false);
    for byte in &reject.bytes {
        if in_string {
            match byte {
                _ if *byte < 0x20 => return false,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match byte {
            _ if is_space => {}
            _ if ended => return false,
            b'{' | b'[' if open.len() < DEFAULT_MAX_DEPTH => open.push(*byte),
            b'{' | b'[' => return false,
            b'}' | b']' if open.pop() != Some(byte - 2) => return false,
            b'}' | b']' => ended = open.is_empty(),
            b'"' => in_string = true,
            _ => {}
        }
        if !ended && !is_space && open.first() != Some(&b'{') {
            return false;
        }
    }
    ended && reject.reason == Reason::InvalidJson && std::str::from_utf8(&reject.bytes).is_ok()
}

fn run(engine: &Engine, record: &[u8]) -> Outcome {
    let batch = Batch {
        bytes: record.to_vec(),
        frames: vec![Frame::Record(0..record.len())],
        taken: record.len() as u64,
        ..Batch::default()
    };
    engine.worker().run(Work { source: "fuzz".into(), batch, ..Work::default() })
}

fn matches(outcome: &Outcome) -> String {
    format!("{:?} {:?}", outcome.matches, outcome.failures)
}
