//! What a run did: counts that add up, for people and as JSON.

use crate::Rule;
use crate::across::state::Counts;
use crate::parse::Reason;
use crate::untimely;
use rule_model::{Bag, Value};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Counts of a run. With `--state` those of a run that was stopped or killed go on in the one that goes on from there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Records read: those processed and those rejected.
    pub records: u64,
    /// Decompressed bytes read.
    pub bytes: u64,
    /// Time from the first read to the last alert.
    pub elapsed: Duration,
    /// Records for which there was a candidate rule.
    pub candidates: u64,
    /// Alerts reported.
    pub alerts: u64,
    /// Repeats that were collapsed into alerts.
    pub collapsed: u64,
    /// Counts of each rule that did something, by id.
    pub rules: BTreeMap<SmolStr, RuleCounts>,
    /// Rejected records by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Records whose event time was of no use to rules evaluated on ticks.
    pub untimely: untimely::Counts,
    /// Records of history, which made no alerts.
    pub history: u64,
    /// Dedup windows forgotten for want of room.
    pub forgotten: u64,
    /// Sources that could not be read to their end, and why.
    pub errors: Vec<String>,
    /// Whether it was asked to end before its input did: nothing is flushed that waits for more.
    pub stopped: bool,
}

/// Counts of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCounts {
    /// Alerts reported.
    pub alerts: u64,
    /// Repeats that were collapsed.
    pub collapsed: u64,
    /// Alerts held back by `max_alerts`.
    pub held_back: u64,
    /// Alerts held back by `suppress`.
    pub suppressed: u64,
    /// What happened to the rows that it kept, if it is evaluated on ticks.
    pub kept: Counts,
    /// Records or ticks on which it could not be evaluated.
    pub failures: u64,
    /// What the evaluator said the first time.
    pub first_failure: Option<String>,
}

impl Summary {
    /// Records that were rejected.
    pub fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Records that were processed.
    pub fn processed(&self) -> u64 {
        self.records - self.rejected()
    }

    /// Decompressed gigabytes (10⁹ bytes) a second.
    pub fn gigabytes_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.bytes as f64 / 1e9 / seconds } else { 0.0 }
    }

    /// The counts of a rule.
    pub fn of(&mut self, rule: &'static Rule) -> &mut RuleCounts {
        self.rules.entry(SmolStr::new_static(&rule.metadata.id)).or_default()
    }

    /// The summary as JSON has it.
    pub fn to_value(&self) -> Value {
        let rules: Bag =
            self.rules.iter().map(|(id, counts)| (id.as_str().into(), counts.to_value())).collect();
        let rejected: Bag =
            self.rejected.iter().map(|(reason, n)| (reason.name().into(), count(*n))).collect();
        Value::bag([
            ("records", count(self.records)),
            ("processed", count(self.processed())),
            ("rejected", count(self.rejected())),
            ("rejected_by_reason", rejected.into()),
            ("bytes", count(self.bytes)),
            ("seconds", self.elapsed.as_secs_f64().into()),
            ("gigabytes_per_second", self.gigabytes_per_second().into()),
            ("candidates", count(self.candidates)),
            ("alerts", count(self.alerts)),
            ("collapsed", count(self.collapsed)),
            ("rules", rules.into()),
            ("event_times", untimely::to_value(&self.untimely)),
            ("history_records", count(self.history)),
            ("forgotten_keys", count(self.forgotten)),
            ("stopped", self.stopped.into()),
            ("errors", Value::array(self.errors.iter().map(Value::string))),
        ])
    }
}

impl RuleCounts {
    fn to_value(&self) -> Value {
        Value::bag([
            ("alerts", count(self.alerts)),
            ("collapsed", count(self.collapsed)),
            ("held_back", count(self.held_back)),
            ("suppressed", count(self.suppressed)),
            ("late_rows", count(self.kept.late)),
            ("rows_too_late_for_all", count(self.kept.too_late)),
            ("dropped_rows", count(self.kept.dropped)),
            ("spilled_rows", count(self.kept.spilled)),
            ("records_not_read_again", count(self.kept.unread)),
            ("ticks_passed_over", count(self.kept.passed_over)),
            ("most_rows_kept", count(self.kept.peak_rows)),
            ("most_bytes_kept", count(self.kept.peak_bytes)),
            ("failures", count(self.failures)),
            ("first_failure", self.first_failure.clone().into()),
        ])
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} records: {} processed, {} rejected",
            grouped(self.records),
            grouped(self.processed()),
            grouped(self.rejected())
        )?;
        for (reason, n) in &self.rejected {
            writeln!(f, "  {:>12}  {reason}", grouped(*n))?;
        }
        writeln!(
            f,
            "{} bytes in {:.2} s, {}; {} records with candidate rules",
            grouped(self.bytes),
            self.elapsed.as_secs_f64(),
            rate(self.gigabytes_per_second()),
            grouped(self.candidates)
        )?;
        writeln!(f, "{} alerts, {} repeats collapsed", grouped(self.alerts), grouped(self.collapsed))?;
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(id, counts)| (std::cmp::Reverse(counts.alerts), (*id).clone()));
        for (id, counts) in rules {
            writeln!(f, "  {:>12}  {id}{counts}", grouped(counts.alerts))?;
        }
        for (what, found) in &self.untimely {
            write!(f, "{} records {what}", grouped(found.count))?;
            match &found.first {
                Some((source, offset)) => writeln!(f, "; the first in {source} at byte {offset}")?,
                None => writeln!(f)?,
            }
        }
        if self.history > 0 {
            writeln!(f, "{} of the records were history, which makes no alerts", grouped(self.history))?;
        }
        for (id, counts) in self.rules.iter().filter(|(_, counts)| counts.kept.dropped > 0) {
            writeln!(
                f,
                "WARNING: {id} dropped {} rows, because it kept as many as it may (--max-state-rows) or neither \
                 memory nor disk had room (--max-state, --max-state-disk): alerts may be missing or wrong",
                grouped(counts.kept.dropped)
            )?;
        }
        for (id, counts) in self.rules.iter().filter(|(_, counts)| counts.kept.unread > 0) {
            writeln!(
                f,
                "WARNING: {id} could not read {} records again, because their files were changed or removed: alerts \
                 may be missing or wrong",
                grouped(counts.kept.unread)
            )?;
        }
        if self.forgotten > 0 {
            writeln!(f, "{} dedup keys forgotten for want of room", grouped(self.forgotten))?;
        }
        if self.stopped {
            writeln!(f, "stopped before the end of the input: what waits for more of it is not reported")?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error: {error}"))
    }
}

/// A rate in GB/s, or in MB/s where that would be all zeros.
fn rate(gigabytes_per_second: f64) -> String {
    if gigabytes_per_second < 0.1 {
        format!("{:.2} MB/s", gigabytes_per_second * 1000.0)
    } else {
        format!("{gigabytes_per_second:.2} GB/s")
    }
}

impl fmt::Display for RuleCounts {
    /// What there is besides alerts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, what) in [
            (self.collapsed, "repeats collapsed"),
            (self.held_back, "held back by max_alerts"),
            (self.suppressed, "suppressed"),
            (self.kept.late, "rows late for a tick"),
            (self.kept.too_late, "of them too late for all"),
            (self.kept.dropped, "rows dropped"),
            (self.kept.passed_over, "empty ticks passed over"),
            (self.kept.spilled, "rows spilled to disk"),
            (self.failures, "failed evaluations"),
        ] {
            if n > 0 {
                write!(f, ", {} {what}", grouped(n))?;
            }
        }
        self.first_failure.iter().try_for_each(|failure| write!(f, " ({failure})"))
    }
}

fn count(n: u64) -> Value {
    Value::Long(n as i64)
}

/// A number with a comma after each group of three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn counts_add_up() {
        let summary = Summary {
            records: 10,
            rejected: [(Reason::CutOff, 2), (Reason::TooLong, 1)].into(),
            ..Summary::default()
        };
        assert_eq!((summary.processed(), summary.rejected()), (7, 3));
        let text = summary.to_string();
        assert!(text.starts_with("10 records: 7 processed, 3 rejected\n"), "{text}");
        assert_eq!(summary.to_value().as_bag().unwrap().get("rejected"), Some(&Value::Long(3)));
    }
}
