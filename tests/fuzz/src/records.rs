//! Records to judge: what the fuzzer gives as it is, or a real event that it changes, and variations of that.
//!
//! ```text
//! bytes ─┬─ as they are ──────────────┐
//!        └─ changes to a real event ──┴─> base ─chance, seeded by the bytes─> lines: the base and variations of it
//! ```
//!
//! One input is many records, so that what an input costs (a worker, coverage) is shared between them; the same bytes
//! always give the same records.

use crate::dice::Dice;
use crate::rules;
use std::sync::LazyLock;
use xxhash_rust::xxh64::xxh64;

/// Records of an input beside its base: what `FUZZ_VARIATIONS` says, for those who want the cost of an input shared by more.
static VARIATIONS: LazyLock<usize> = LazyLock::new(|| {
    let wanted = std::env::var("FUZZ_VARIATIONS").ok().and_then(|number| number.parse().ok());
    wanted.unwrap_or(47)
});

/// What an input asks for.
pub struct Asked {
    /// Lines.
    pub text: Vec<u8>,
    /// Bytes of a chunk in which they are read.
    pub chunk: usize,
    /// Whether all are said to be of a table: the number of one, to be taken modulo their count.
    pub table: Option<usize>,
}

/// Events as sources write them and as tests of rules have them.
static EVENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let demo =
        include_str!("../../../detector/samples/demo.ndjson").lines().map(|line| line.as_bytes().to_vec());
    let near = include_str!("near_misses.ndjson").lines().map(|line| line.as_bytes().to_vec());
    let more =
        std::env::var("FUZZ_EVENTS").ok().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    let more = more.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line.len() < 4096);
    let more: Vec<Vec<u8>> = more.map(<[u8]>::to_vec).collect();
    demo.chain(near).chain(of_tests()).chain(more).collect()
});

/// The events of the inline tests of all rules. What tells tables apart is not in all of them: they say theirs.
fn of_tests() -> impl Iterator<Item = Vec<u8>> {
    let rules = rules::ALL.iter().map(|(rule, _)| *rule).chain(rules_shipped());
    rules.flat_map(|rule| {
        let own = rule.inputs().first().map(|input| input.schema.name.as_ref()).unwrap_or_default();
        rule.tests.iter().flat_map(|test| test.events).filter_map(move |(table, text)| {
            let inner = text.trim_start().strip_prefix('{')?;
            // As a line has it.
            let inner = inner.replace('\n', " ");
            Some(format!("{{\"Type\":\"{}\",{inner}", table.unwrap_or(own)).into_bytes())
        })
    })
}

fn rules_shipped() -> impl Iterator<Item = &'static rule_runtime::Rule> {
    ::rules::RULES.rules.iter().copied()
}

/// The records of an input; `None` where it is too short to say.
pub fn asked(input: &[u8]) -> Option<Asked> {
    let [how, event, further, rest @ ..] = input else { return None };
    let base = if how % 4 == 0 {
        rest.to_vec()
    } else {
        let number = usize::from(*event) << 8 | usize::from(*further);
        changed(EVENTS.get(number % EVENTS.len().max(1))?, rest)
    };
    let mut dice = Dice::new(xxh64(input, 0));
    let mut text = base.clone();
    for _ in 0..*VARIATIONS {
        text.extend_from_slice(if dice.throw(16) == 0 { b"\r\n" } else { b"\n" });
        let start = text.len();
        text.extend_from_slice(&base);
        let mut record = text.split_off(start);
        for _ in 0..=dice.throw(4) {
            vary(&mut record, &mut dice);
        }
        text.append(&mut record);
    }
    let chunk = if how & 4 == 0 { text.len() + 1 } else { 64 + dice.throw(2000) };
    let table = (how & 0x38 == 0x38).then(|| dice.throw(1 << 16));
    Some(Asked { text, chunk, table })
}

/// An event with changes, as the bytes say: of each its kind, its place and a byte.
fn changed(event: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut record = event.to_vec();
    for change in changes.chunks_exact(4) {
        let &[kind, high, low, byte] = change else { continue };
        let at = (usize::from(high) << 8 | usize::from(low)) % (record.len() + 1);
        let end = record.len().min(at + usize::from(byte));
        match kind % 6 {
            0 => replace(&mut record, at, byte),
            1 => record.insert(at, byte),
            2 => drop(record.drain(at..record.len().min(at + 1))),
            3 => record.truncate(at),
            4 => repeat(&mut record, at, end),
            _ => drop(record.drain(at..end)),
        }
    }
    record
}

fn replace(record: &mut [u8], at: usize, byte: u8) {
    if let Some(place) = record.get_mut(at) {
        *place = byte;
    }
}

fn repeat(record: &mut Vec<u8>, from: usize, to: usize) {
    let part = record.get(from..to).unwrap_or_default().to_vec();
    record.splice(from..from, part);
}

/// Bytes that mean something in JSON.
const MARKS: &[u8] = b"{}[]:,\"\\ \t\x00\x1f\x7f\x80\xc3\xe2\xf0\xffn0u-.e";

const KEYS: &[&str] = &[
    "OperationName",
    "operationName",
    "Operation\\u004eame",
    "Operation",
    "Workload",
    "event",
    "event.action",
    "action",
    "event.dataset",
    "Type",
    "InitiatedBy",
    "TargetResources",
    "Category",
    "category",
    "ResultType",
    "resultType",
    "UserId",
    "TimeGenerated",
    "CreationTime",
    "@timestamp",
    "time",
    "properties",
    "Parameters",
    "a",
    "",
    "\\\"",
];

const VALUES: &[&str] = &[
    "null",
    "true",
    "fals",
    "7",
    "-0",
    "0.1e-7",
    "01",
    "1e999",
    "12345678901234567890123",
    "9223372036854775808",
    "\"\"",
    "\"AuditLogs\"",
    "\"OfficeActivity\"",
    "\"Update user\"",
    "\"Add member to role\"",
    "\"update ROLE setting in PIM\"",
    "\"Set domain federation settings\"",
    "\"Set-Mailbox\"",
    "\"New-InboxRule\"",
    "\"Exchange\"",
    "\"o365.audit\"",
    "\"2024-03-01T10:00:00Z\"",
    "\"2024-03-01 10:00\"",
    "\"no time\"",
    "\"Update\\u0020user\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\ude00\"",
    "\"\\udc00x\\ud83dy\"",
    "\"\\\\\"",
    "\"\\\"}\"",
    "\"x\\",
    "\"{\\\"user\\\":{\\\"n\\\":3}}\"",
    "\"[1,{}]\"",
    "{}",
    "{\"user\":{\"userPrincipalName\":\"a@b.c\",\"n\":2}}",
    "[]",
    "[{\"displayName\":\"a\"},{\"displayName\":7}]",
    "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "{\"OperationName\":\"Update user\"}",
    "[\"Update user\"]",
    "{\"action\":\"New-ManagementRoleAssignment\",\"provider\":\"Exchange\"}",
    "\"é\u{1f600}\"",
];

/// Changes one thing: more often one that leaves JSON what it is than a byte.
fn vary(record: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.throw(record.len() + 1);
    match dice.throw(16) {
        0 => replace(record, at, one_of(MARKS, dice)),
        1 => record.insert(at, one_of(MARKS, dice)),
        2 => replace(record, at, dice.byte()),
        3 => drop(record.drain(at..record.len().min(at + 1 + dice.throw(12)))),
        4 => {
            let end = record.len().min(at + 1 + dice.throw(80));
            repeat(record, at, end);
        }
        5 if dice.throw(4) == 0 => record.truncate(at),
        5 | 6 => in_another_case(record, at),
        7 => escape(record, at),
        8 => space(record, at, dice),
        9..12 => add_property(record, at, dice),
        _ => replace_value(record, at, dice),
    }
}

fn one_of<T: Copy + Default>(of: &[T], dice: &mut Dice) -> T {
    of.get(dice.throw(of.len())).copied().unwrap_or_default()
}

/// Where the first of some bytes is from an offset on, or from the beginning.
fn find(record: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let is_wanted = |byte: &u8| wanted.contains(byte);
    let behind = record.get(from..)?.iter().position(is_wanted).map(|at| from + at);
    behind.or_else(|| record.iter().position(is_wanted))
}

fn in_another_case(record: &mut [u8], at: usize) {
    let letter = record.iter_mut().skip(at).find(|byte| byte.is_ascii_alphabetic());
    if let Some(letter) = letter {
        *letter ^= 0x20;
    }
}

/// Writes a letter as an escape.
fn escape(record: &mut Vec<u8>, at: usize) {
    let Some(place) = record.iter().skip(at).position(u8::is_ascii_alphabetic).map(|place| at + place) else {
        return;
    };
    let written = record.get(place).map(|letter| format!("\\u{letter:04x}")).unwrap_or_default();
    record.splice(place..=place, written.into_bytes());
}

fn space(record: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let Some(place) = find(record, at, b":,{}[]") else { return };
    let blanks =
        one_of(&[" ", "\t", "  ", "                                                                 "], dice);
    let place = place + dice.throw(2);
    record.splice(place..place, blanks.bytes());
}

fn add_property(record: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let Some(place) = find(record, if dice.throw(2) == 0 { 0 } else { at }, b"{,") else { return };
    let comma = if record.get(place + 1) == Some(&b'}') { "" } else { "," };
    let property = format!("\"{}\":{}{comma}", one_of(KEYS, dice), one_of(VALUES, dice));
    let behind = place + 1;
    record.splice(behind..behind, property.into_bytes());
}

/// Replaces the rest of a value, as far as the next comma or bracket.
fn replace_value(record: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let Some(colon) = find(record, at, b":") else { return };
    let end = find(record, colon + 1, b",}]").filter(|end| *end > colon).unwrap_or(record.len());
    record.splice(colon + 1..end, one_of(VALUES, dice).bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_input_gives_the_same_records_and_nearly_all_are_different() {
        let (first, again) =
            (asked(b"\x01\0\x05\x01\0\x07x").unwrap(), asked(b"\x01\0\x05\x01\0\x07x").unwrap());
        assert_eq!(first.text, again.text);
        let lines: std::collections::HashSet<&[u8]> = first.text.split(|byte| *byte == b'\n').collect();
        assert!(lines.len() > *VARIATIONS * 3 / 4, "{}", lines.len());
    }
}
