//! Input made to break a reader: nothing panics, memory stays bounded, and every record is accounted for.
//!
//! Sizes fit a quick run of unoptimised code; `HOSTILE_SCALE=20` multiplies those that may grow.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use flate2::Compression;
use flate2::write::GzEncoder;
use process::{directory, text};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const MIB: usize = 1 << 20;

/// How a run over a stream ended.
struct Ended {
    status: Option<i32>,
    report: String,
    dead_letters: String,
    /// The most memory it held, in bytes.
    peak: usize,
}

fn scale() -> usize {
    std::env::var("HOSTILE_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Runs rules over what `pieces` give, one after the other.
fn run(test: &str, arguments: &[&str], pieces: impl Iterator<Item = Vec<u8>>) -> Ended {
    let dead = directory(test).join("dead");
    let mut process = Command::new(env!("CARGO_BIN_EXE_detector"))
        .args(["run", "--format", "ndjson", "--threads", "2", "--dead-letter", dead.to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = Path::new("/proc").join(process.id().to_string()).join("status");
    let watch = thread::spawn(move || {
        let mut peak = 0;
        // The high-water mark only grows: what the last look misses is what the last milliseconds took.
        while let Some(now) = fs::read_to_string(&status).ok().as_deref().and_then(high_water) {
            peak = peak.max(now);
            thread::sleep(Duration::from_millis(3));
        }
        peak
    });
    let mut stdin = process.stdin.take().unwrap();
    for piece in pieces {
        match stdin.write_all(&piece) {
            // It has seen enough of a bomb.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            written => written.unwrap(),
        }
    }
    drop(stdin);
    let output = process.wait_with_output().unwrap();
    Ended {
        status: output.status.code(),
        report: text(&output.stderr),
        dead_letters: fs::read_to_string(dead).unwrap(),
        peak: watch.join().unwrap(),
    }
}

fn high_water(status: &str) -> Option<usize> {
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kib.trim().parse::<usize>().ok()? * 1024)
}

impl Ended {
    /// Records, processed, rejected, as the report has them; they add up and each rejected one has its dead letter,
    /// besides those of odd event times.
    fn counts(&self) -> [u64; 3] {
        let first = self
            .report
            .lines()
            .find(|line| line.contains(" processed, "))
            .unwrap_or_default()
            .replace(',', "");
        let numbers: Vec<u64> = first.split(' ').filter_map(|word| word.parse().ok()).collect();
        let counts: [u64; 3] = numbers.try_into().unwrap_or_else(|_| panic!("{}", self.report));
        assert_eq!(counts[0], counts[1] + counts[2], "{}", self.report);
        let rejected = self.dead_letters.lines().filter(|line| !line.ends_with("\"processed\":true}"));
        assert_eq!(rejected.count() as u64, counts[2], "{}", self.report);
        counts
    }

    fn expect(&self, name: &str, counts: [u64; 3], mib: usize) {
        assert_eq!(self.status, Some(0), "{name}: {}", self.report);
        assert_eq!(self.counts(), counts, "{name}");
        assert!(self.peak < mib * MIB, "{name}: {} MiB", self.peak / MIB);
    }
}

const GOOD: &[u8] = b"{\"CreationTime\":\"2024-03-01T10:00:00\",\"Operation\":\"x\",\"Workload\":\"y\"}\n";

/// `bytes` so many times, some at once.
fn repeated(bytes: &[u8], times: usize) -> impl Iterator<Item = Vec<u8>> + use<> {
    let at_once = (MIB / bytes.len()).max(1);
    let bytes = bytes.to_vec();
    (0..times.div_ceil(at_once)).map(move |n| bytes.repeat(at_once.min(times - n * at_once)))
}

fn once(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
    std::iter::once(bytes.to_vec())
}

#[test]
fn a_line_longer_than_the_limit_costs_no_memory_and_only_itself() {
    for framing in ["ndjson", "json"] {
        let long = once(b"{\"a\":\"").chain(repeated(b"x", 100 * MIB * scale())).chain(once(b"\"}\n"));
        let ended = run(
            &format!("long-{framing}"),
            &["--framing", framing, "UnifiedAuditLog=-"],
            once(GOOD).chain(long).chain(once(GOOD)),
        );
        ended.expect(framing, [3, 2, 1], 120);
        assert!(ended.dead_letters.contains("\"reason\":\"too_long\""));
        assert!(ended.dead_letters.len() < 4096);
    }
}

#[test]
fn an_array_of_any_length_takes_the_memory_of_its_records() {
    let times = 100_000 * scale();
    let record = [&GOOD[..GOOD.len() - 1], b",\n"].concat();
    let array = once(b"{\"@odata.context\":\"x\",\"value\":[\n").chain(repeated(&record, times));
    let ended =
        run("array", &["UnifiedAuditLog=-"], array.chain(once(GOOD)).chain(once(b"],\"nextLink\":null}")));
    ended.expect("array", [times as u64 + 1, times as u64 + 1, 0], 120);
}

#[test]
fn records_as_large_as_allowed_are_processed() {
    let keys = |n: usize| (0..n).map(|key| format!("\"k{key}\":0,").into_bytes());
    let object = once(b"{").chain(keys(1_000_000)).chain(once(b"\"end\":0}\n"));
    let ended = run(
        "keys",
        &["UnifiedAuditLog=-"],
        object.collect::<Vec<_>>().chunks(4096).map(<[_]>::concat).collect::<Vec<_>>().into_iter(),
    );
    ended.expect("a million keys", [1, 1, 0], 400);
    let string = once(b"{\"a\":\"").chain(repeated(b"x", 50 * MIB)).chain(once(b"\"}\n"));
    let ended =
        run("string", &["--max-record-bytes", "64MiB", "UnifiedAuditLog=-"], string.chain(once(GOOD)));
    ended.expect("a string of 50 MB", [2, 2, 0], 700);
}

#[test]
fn levels_without_end_are_rejected() {
    for (name, open, close) in [("arrays", "[", "]"), ("objects", "{\"a\":", "}")] {
        for (levels, closed) in [(10_000, true), (10_000, false), (1_000_000, false)] {
            let inner = if closed { format!("1{}", close.repeat(levels)) } else { String::new() };
            let record = format!("{{\"v\":{}{inner}{}\n", open.repeat(levels), if closed { "}" } else { "" });
            for framing in ["ndjson", "json"] {
                let pieces = once(record.as_bytes()).chain(once(GOOD));
                let ended = run("levels", &["--framing", framing, "UnifiedAuditLog=-"], pieces);
                ended.expect(name, [2, 1, 1], 200);
            }
        }
    }
}

#[test]
fn what_is_odd_but_json_is_processed() {
    let odd = [
        "{\"a\":1,\"a\":2,\"Operation\":\"x\",\"Operation\":\"y\"}".to_owned(),
        format!("{{\"a\":{}}}", "9".repeat(300)),
        format!("{{\"a\":0.{}1e-300}}", "0".repeat(1000)),
        "{\"a\\u0000b\":\"\\u0000\\ud800\"}".to_owned(),
        format!("{{\"{}\":0}}", "k".repeat(100_000)),
        "{}".to_owned(),
    ];
    let ended = run("odd", &["--validate", "full", "UnifiedAuditLog=-"], once(odd.join("\n").as_bytes()));
    ended.expect("odd", [odd.len() as u64, odd.len() as u64, 0], 120);
}

#[test]
fn a_bomb_is_defused_and_what_came_before_it_processed() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = once(&gzip(GOOD)).chain(repeated(&gzip(&vec![0; MIB]), 300));
    let ended = run("bomb", &["UnifiedAuditLog=-"], bomb);
    assert_eq!(ended.status, Some(2), "{}", ended.report);
    assert!(ended.report.contains("expands to more than 250 times its size"), "{}", ended.report);
    assert_eq!(ended.counts(), [2, 1, 1]);
    assert!(ended.peak < 120 * MIB);
}

/// Numbers that look random, always the same.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides
    }
}

/// Every framing, both ways to validate: what they count adds up.
fn account(test: &str, bytes: &[u8]) {
    for framing in ["auto", "ndjson", "json"] {
        for validate in ["structure", "full"] {
            let arguments = ["--framing", framing, "--validate", validate, "--max-record-bytes", "64KiB"];
            let ended = run(test, &[&arguments[..], &["UnifiedAuditLog=-"]].concat(), once(bytes));
            assert_eq!(ended.status, Some(0), "{test} {framing}: {}", ended.report);
            let [records, _, _] = ended.counts();
            if framing == "ndjson" {
                let lines = bytes.split(|byte| *byte == b'\n');
                let blank = |line: &[u8]| line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
                assert_eq!(records, lines.filter(|line| !blank(line)).count() as u64, "{test}");
            }
            assert!(ended.peak < 200 * MIB, "{test}: {} MiB", ended.peak / MIB);
        }
    }
}

#[test]
fn random_bytes_are_accounted_for() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let any: Vec<u8> = (0..256 * 1024 * scale()).map(|_| dice.throw(256) as u8).collect();
    account("random", &any);
    let structure = b"{}[]\",:\\ \n1a{\"\n";
    let likely: Vec<u8> = (0..256 * 1024 * scale()).map(|_| structure[dice.throw(structure.len())]).collect();
    account("random-structure", &likely);
}

#[test]
fn mutated_events_are_accounted_for() {
    let sample = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/demo.ndjson")).unwrap();
    let lines: Vec<&[u8]> = sample.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut dice = Dice(0xD1B5_4A32_D192_ED03);
    let mut mutated = Vec::new();
    for _ in 0..300 * scale() {
        let mut line = lines[dice.throw(lines.len())].to_vec();
        for _ in 0..dice.throw(4) {
            let (at, other) = (dice.throw(line.len()), dice.throw(line.len()));
            match dice.throw(6) {
                0 => line[at] = dice.throw(256) as u8,
                1 => line[at] ^= 1 << dice.throw(8),
                2 => line.truncate(at.max(1)),
                3 => drop(line.remove(at)),
                4 => line.insert(at, b"{}[]\",:\\\n\0"[dice.throw(10)]),
                _ => line.swap(at, other),
            }
            if line.is_empty() {
                line.push(b'{');
            }
        }
        mutated.extend_from_slice(&line);
        mutated.extend_from_slice([&b"\n"[..], b"\r\n", b"", b"\n\n"][dice.throw(4)]);
    }
    account("mutated", &mutated);
}
