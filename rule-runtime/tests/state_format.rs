//! The shape of what a state holds, against the one written down for its version: a commit that an earlier program wrote
//! must be refused by one that would read it as something else.
//!
//! ```text
//! the same bytes, by chance ─postcard─> each part of a commit ─Debug─> its fields with their values ─> state_format.txt
//! ```
//!
//! Names of fields and variants, their order, and their types all show in what bytes are read as. Two more things are
//! written beside these, each with a test of its own: blocks of rows, and the mark of a file. Once the version is
//! raised, `STATE_FORMAT=write cargo test -p rule-runtime --test state_format` writes the shape down.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use rule_model::Value;
use rule_runtime::across::snapshot::Snapshot;
use rule_runtime::checkpoint::commit::Head;
use rule_runtime::checkpoint::commit_file::VERSION;
use rule_runtime::checkpoint::positions::Position;
use rule_runtime::pipeline::Memory;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::{Debug, Write};
use xxhash_rust::xxh64::Xxh64;

const WRITTEN_DOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/state_format.txt");
const DRAWS: u64 = 1200;
const BYTES: usize = 4096;

/// Bytes that are mostly a value of whatever type is wanted: 0 and 1, which are lengths, variants and flags, and the less
/// of other variants and digits the more a value has parts that take neither.
fn drawn(seed: u64) -> Vec<u8> {
    let others = [3, 10, 40, 160][seed as usize % 4];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let draw = (state >> 20) as usize;
        let other = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, b'1', b'1'][draw / 256 % 12];
        if draw.is_multiple_of(others) { other } else { (draw / 256 % 2) as u8 }
    };
    (0..BYTES).map(|_| byte()).collect()
}

/// The fields of a value with theirs, as `Debug` shows them; those of maps come in any order.
fn fields(value: &impl Debug) -> Vec<String> {
    let text = format!("{value:?}");
    let parts =
        text.split(['{', '}', '(', ')', '[', ']', ',']).map(str::trim).filter(|part| !part.is_empty());
    let mut fields: Vec<String> = parts.map(str::to_owned).collect();
    fields.sort();
    fields
}

/// What a part of a commit looks like: a hash of all that was read as one, and the names that occurred.
fn part<T: DeserializeOwned + Debug>(shape: &mut String, name: &str) {
    let (mut hash, mut names, mut values) = (Xxh64::new(0), BTreeSet::new(), 0);
    for seed in 0..DRAWS {
        let bytes = drawn(seed);
        let Ok((value, rest)) = postcard::take_from_bytes::<T>(&bytes) else { continue };
        values += 1;
        hash.update(&rest.len().to_le_bytes());
        for field in fields(&value) {
            hash.update(field.as_bytes());
            let word = field.split(':').next().unwrap_or_default().trim();
            if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                names.insert(word.to_owned());
            }
        }
    }
    assert!(values > 100, "{name}: {values} values say little");
    let names = names.into_iter().collect::<Vec<_>>().join(" ");
    writeln!(shape, "{name}: {:016x} of {values}\n  {names}", hash.digest()).unwrap();
}

fn shape() -> String {
    let mut shape = format!("version {VERSION}\n");
    part::<Head>(&mut shape, "Head");
    part::<Memory>(&mut shape, "Memory");
    part::<Snapshot>(&mut shape, "Snapshot");
    part::<Vec<Position>>(&mut shape, "Positions");
    // What the parts hold as bytes.
    part::<Vec<Value>>(&mut shape, "Row");
    shape
}

#[test]
fn a_state_of_another_shape_has_another_version() {
    let shape = shape();
    let written_down = std::fs::read_to_string(WRITTEN_DOWN).unwrap_or_default();
    let version = |shape: &str| shape.lines().next().map(str::to_owned);
    let is_raised = version(&shape) != version(&written_down);
    if is_raised && std::env::var_os("STATE_FORMAT").is_some_and(|what| what == "write") {
        std::fs::write(WRITTEN_DOWN, &shape).unwrap();
        return;
    }
    assert!(
        shape == written_down,
        "what a state holds has another shape than is written down for its version: raise \
         checkpoint::commit_file::VERSION, and write the shape down\n{written_down}\nis now\n{shape}"
    );
}
