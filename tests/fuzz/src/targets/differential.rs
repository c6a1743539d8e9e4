//! Differential: scanning first, parsing everything with the engine, and reading everything with `serde_json` come to the
//! same alerts always. What is rejected with `full` is what is no object in JSON; with `structure` it is that, where a
//! rule may want the record, and else only what does not hold together.

use crate::Target;
use crate::records::{self, Asked};
use crate::reference::{Expected, Reference, Verdict};
use crate::rules;
use rule_model::DateTime;
use rule_runtime::Rule;
use rule_runtime::across::Kept;
use rule_runtime::dispatch::{Candidate, MemoryLimits};
use rule_runtime::engine::{Engine, Settings, Time, Validate, Work};
use rule_runtime::framing::{Batch, Framer, Framing, Limits};
use rule_runtime::parse::Reason;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Each record of an input counts: see [`records`].
pub const TARGET: Target = Target {
    name: "differential",
    run,
    seeds: &[
        "\u{1}\0\0",
        "\u{1}\0\u{21}",
        "\u{3d}\0\u{22}\u{1}\0\u{9} ",
        "\0~~{\"Type\":\"AuditLogs\",\"OperationName\":\"Update role\"}",
    ],
};

/// Levels that a record may have: few, so that small records meet the bound.
const MAX_DEPTH: usize = 24;

struct Subjects {
    structure: Engine,
    full: Engine,
    reference: Reference,
}

static SUBJECTS: LazyLock<Subjects> = LazyLock::new(|| {
    let own = rules::ALL.iter().map(|(rule, _)| *rule);
    let rules: Vec<&'static Rule> = own.chain(::rules::RULES.rules.iter().copied()).collect();
    let now = DateTime::parse_iso("2024-03-02T00:00:00Z").unwrap_or(DateTime::UNIX_EPOCH);
    let engine = |validate| {
        // Fewer names than an input has, so that some are forgotten.
        let memory = MemoryLimits { names: 8, bytes: 4096 };
        Engine::new(&::rules::RULES, &rules, Settings { max_depth: MAX_DEPTH, validate, memory, now })
    };
    let full = engine(Validate::Full);
    let reference = Reference::new(full.tables(), &rules, MAX_DEPTH, now);
    Subjects { structure: engine(Validate::Structure), full, reference }
});

/// What an engine found, by rule, in the order of the records.
#[derive(Debug, Default, PartialEq)]
struct Found {
    rows: BTreeMap<usize, Vec<rule_eval::Row>>,
    /// Offset and number within the record of each row.
    places: BTreeMap<usize, Vec<(u64, u64)>>,
    kept: BTreeMap<Candidate, Vec<(u64, Vec<u8>)>>,
    /// Of inputs that are looked up by a key.
    keyed: Vec<(Candidate, u64, Kept)>,
    times: Vec<Time>,
    failures: Vec<(usize, String)>,
    rejects: BTreeMap<u64, Reason>,
    records: u64,
}

fn run(input: &[u8]) -> u64 {
    let Some(asked) = records::asked(input) else { return 0 };
    let subjects = &*SUBJECTS;
    let table = asked.table.map(|table| table % subjects.full.tables().len());
    let found = [&subjects.structure, &subjects.full].map(|engine| find(engine, &asked, table));
    // What begins as UTF-16 does is refused whole.
    let [Some(fast), Some(full)] = found else { return 0 };
    let expected = subjects.reference.judge(lines(&asked.text), table);
    if let Err(difference) = compare(&fast, &full, &expected) {
        panic!("{difference}, table {table:?}, chunks of {}:\n{}", asked.chunk, asked.text.escape_ascii());
    }
    expected.records.len() as u64
}

/// The lines of a text with their offsets, those aside that are blank.
fn lines(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mark = usize::from(text.starts_with(b"\xef\xbb\xbf")) * 3;
    let mut next = mark as u64;
    text.get(mark..).unwrap_or_default().split(|byte| *byte == b'\n').filter_map(move |line| {
        let offset = next;
        next += line.len() as u64 + 1;
        let is_blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        (!is_blank).then(|| (offset, line.strip_suffix(b"\r").unwrap_or(line)))
    })
}

/// What an engine finds; `None` where nothing can be read.
fn find(engine: &Engine, asked: &Asked, table: Option<usize>) -> Option<Found> {
    let mut found = Found::default();
    let mut worker = engine.worker();
    let mut framer =
        Framer::new(asked.text.as_slice(), Framing::Ndjson, Limits { chunk: asked.chunk, record: 1 << 20 });
    let mut batch = Batch::default();
    while framer.fill(&mut batch).ok()? {
        let outcome = worker.run(Work { table, batch, ..Work::default() });
        for it in outcome.matches {
            found.places.entry(it.rule).or_default().push((it.offset, it.ordinal));
            found.rows.entry(it.rule).or_default().push(it.row);
        }
        for it in outcome.passed {
            match it.kept {
                Kept::Row(row) => {
                    found.kept.entry(it.candidate).or_default().push((it.offset, row.into_vec()));
                }
                kept => found.keyed.push((it.candidate, it.offset, kept)),
            }
        }
        found.times.extend(outcome.times);
        found.failures.extend(outcome.failures.into_iter().map(|it| (it.rule, it.message)));
        found.rejects.extend(outcome.rejects.into_iter().map(|it| (it.offset, it.reason)));
        found.records += outcome.records;
        batch = outcome.work.batch;
    }
    Some(found)
}

/// What two of the three ways disagree about.
fn compare(fast: &Found, full: &Found, expected: &Expected) -> Result<(), String> {
    equal("rows", &full.rows, &expected.rows)?;
    equal("rows kept for ticks", &full.kept, &expected.kept)?;
    let times: Vec<_> = full.times.iter().map(|it| (it.offset, it.time)).collect();
    equal("times", &times, &expected.times)?;
    equal("records", &full.records, &(expected.records.len() as u64))?;

    equal("alerts without parsing", &fast.rows, &full.rows)?;
    equal("places of alerts without parsing", &fast.places, &full.places)?;
    equal("rows kept without parsing", &fast.kept, &full.kept)?;
    equal("keyed rows kept without parsing", &fast.keyed, &full.keyed)?;
    equal("failures without parsing", &fast.failures, &full.failures)?;
    equal("records without parsing", &fast.records, &full.records)?;
    // Those of what holds together and is no JSON are known to the scan alone.
    let is_accepted = |time: &&Time| !full.rejects.contains_key(&time.offset);
    let times: Vec<Time> = fast.times.iter().filter(is_accepted).copied().collect();
    equal("times without parsing", &times, &full.times)?;

    for (offset, verdict) in &expected.records {
        let (by_structure, in_full) = (fast.rejects.get(offset).copied(), full.rejects.get(offset).copied());
        if !may_be(*verdict, by_structure, in_full) {
            return Err(format!(
                "at {offset}: {verdict:?}, but structure says {by_structure:?}, full {in_full:?}"
            ));
        }
    }
    Ok(())
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}\n instead of {expected:?}")) }
}

/// Whether a record may be rejected for these reasons.
fn may_be(verdict: Verdict, by_structure: Option<Reason>, in_full: Option<Reason>) -> bool {
    match verdict {
        Verdict::Accepted => (by_structure, in_full) == (None, None),
        Verdict::OfNoTable => {
            (by_structure, in_full) == (Some(Reason::UnknownTable), Some(Reason::UnknownTable))
        }
        // The reason is the parser's either way.
        Verdict::Refused { holds_together: false } => {
            by_structure == in_full && !matches!(in_full, None | Some(Reason::UnknownTable))
        }
        // Passed over where no rule wants it.
        Verdict::Refused { holds_together: true } => {
            in_full == Some(Reason::InvalidJson)
                && matches!(by_structure, None | Some(Reason::InvalidJson | Reason::UnknownTable))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_rule_excludes_is_no_match_where_a_value_finds_the_rule() {
        for name in ["Patch MobileApp", "PATCH MobileApp", "Patch MobileAppAssignment"] {
            let record = format!(
                "\0~~{{\"Type\":\"IntuneAuditLogs\",\"OperationName\":\"{name}\",\"ResultType\":\"success\"}}"
            );
            assert!(run(record.as_bytes()) > 0);
        }
    }
}
