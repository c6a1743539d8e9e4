//! What a run did: counts that add up, for people and as JSON.

use crate::Rule;
use crate::across::state::Counts;
use crate::dedup;
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
    /// What became of dedup windows for want of room in memory.
    pub windows: dedup::Counts,
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
            ("spilled_dedup_windows", count(self.windows.spilled)),
            ("forgotten_dedup_windows", count(self.windows.forgotten)),
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
            ("spilled_alerts", count(self.kept.spilled_alerts)),
            ("records_not_read_again", count(self.kept.unread)),
            ("ticks_passed_over", count(self.kept.passed_over)),
            ("ticks_in_parts", count(self.kept.in_parts)),
            ("ticks_over_memory", count(self.kept.oversized)),
            ("most_bytes_evaluated", count(self.kept.peak_evaluation)),
            ("most_rows_kept", count(self.kept.peak_rows)),
            ("most_bytes_kept", count(self.kept.peak_bytes)),
            ("failures", count(self.failures)),
            ("first_failure", self.first_failure.clone().into()),
        ])
    }
}

impl fmt::Display for Summary {
    /// What was read, what came of it, and what the reader should look after, which comes last and begins with a capital
    /// word where alerts may be missing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (processed, rejected) = (grouped(self.processed()), grouped(self.rejected()));
        writeln!(f, "{}: {processed} processed, {rejected} rejected", counted(self.records, "record"))?;
        for (reason, n) in &self.rejected {
            writeln!(f, "  {:>12}  {reason}", grouped(*n))?;
        }
        writeln!(
            f,
            "{} in {:.2} s, {}; {} with candidate rules",
            counted(self.bytes, "byte"),
            self.elapsed.as_secs_f64(),
            rate(self.gigabytes_per_second()),
            counted(self.candidates, "record")
        )?;
        self.write_alerts(f)?;
        for (what, found) in &self.untimely {
            write!(f, "{} {what}", counted(found.count, "record"))?;
            match &found.first {
                Some((source, offset)) => writeln!(f, "; the first in {source} at byte {offset}")?,
                None => writeln!(f)?,
            }
        }
        if self.history > 0 {
            writeln!(f, "{} of the records were history, which makes no alerts", grouped(self.history))?;
        }
        if self.windows.spilled > 0 {
            writeln!(f, "{} spilled to disk", counted(self.windows.spilled, "dedup window"))?;
        }
        if self.windows.forgotten > 0 {
            writeln!(
                f,
                "WARNING: {} forgotten, because neither memory nor disk had room (--max-state, --max-state-disk): repeats may \
                 be told as alerts, and thresholds be reached late",
                counted(self.windows.forgotten, "dedup window")
            )?;
        }
        self.rules.iter().try_for_each(|(id, counts)| counts.write_warnings(id, f))?;
        if self.stopped {
            writeln!(f, "stopped before the end of the input: what waits for more of it is not reported")?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error: {error}"))
    }
}

impl Summary {
    fn write_alerts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", counted(self.alerts, "alert"))?;
        if self.collapsed > 0 {
            write!(f, ", {} collapsed", counted(self.collapsed, "repeat"))?;
        }
        writeln!(f)?;
        let mut rules: Vec<_> =
            self.rules.iter().map(|(id, counts)| (id, counts, counts.to_string())).collect();
        rules.retain(|(_, counts, further)| counts.alerts > 0 || !further.is_empty());
        rules.sort_by_key(|(id, counts, _)| (std::cmp::Reverse(counts.alerts), *id));
        for (id, counts, further) in rules {
            writeln!(f, "  {:>12}  {id}{further}", grouped(counts.alerts))?;
        }
        Ok(())
    }
}

/// A rate in the largest unit of which it is a tenth.
fn rate(gigabytes_per_second: f64) -> String {
    let rates = [(1.0, "GB/s"), (1e3, "MB/s"), (1e6, "kB/s"), (1e9, "B/s")]
        .map(|(n, unit)| (gigabytes_per_second * n, unit));
    let fits = |(rate, _): &&(f64, &str)| *rate >= 0.1;
    let (rate, unit) = rates.iter().find(fits).unwrap_or(&rates[3]);
    format!("{rate:.2} {unit}")
}

impl fmt::Display for RuleCounts {
    /// What there is besides alerts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (late, too_late) = (self.kept.late, self.kept.too_late);
        for (n, text) in [
            (self.collapsed, counted(self.collapsed, "repeat") + " collapsed"),
            (self.held_back, grouped(self.held_back) + " held back by max_alerts"),
            (self.suppressed, grouped(self.suppressed) + " suppressed"),
            (late, counted(late, "row") + " late for a tick"),
            (too_late, grouped(too_late) + " of them too late for all"),
            (self.kept.passed_over, counted(self.kept.passed_over, "empty tick") + " passed over"),
            (self.kept.spilled, counted(self.kept.spilled, "row") + " spilled to disk"),
            (self.kept.spilled_alerts, counted(self.kept.spilled_alerts, "made alert") + " spilled to disk"),
            (self.kept.in_parts, counted(self.kept.in_parts, "tick") + " evaluated in parts"),
        ] {
            if n > 0 {
                write!(f, ", {text}")?;
            }
        }
        Ok(())
    }
}

impl RuleCounts {
    /// Why alerts of the rule may be missing or wrong.
    fn write_warnings(&self, id: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RuleCounts { kept, failures, .. } = self;
        if *failures > 0 {
            let first = self.first_failure.as_deref().unwrap_or_default();
            let times = counted(*failures, "time");
            writeln!(
                f,
                "WARNING: {id} could not be evaluated {times}: alerts may be missing; at first: {first}"
            )?;
        }
        if kept.dropped > 0 {
            writeln!(
                f,
                "WARNING: {id} dropped {}, because it kept as many as it may (--max-state-rows) or neither memory nor \
                 disk had room (--max-state, --max-state-disk): alerts may be missing or wrong",
                counted(kept.dropped, "row")
            )?;
        }
        if kept.oversized > 0 {
            writeln!(
                f,
                "WARNING: {id} took more memory than there is (--max-state) at {}, {} bytes at the most: its alerts are \
                 right; detector explain {id} says whether its rows can be parted, which needs room for temporary files",
                counted(kept.oversized, "tick"),
                grouped(kept.peak_evaluation)
            )?;
        }
        if kept.unread > 0 {
            writeln!(
                f,
                "WARNING: {id} could not read {} again, because files were changed or removed: alerts may be missing or \
                 wrong",
                counted(kept.unread, "record")
            )?;
        }
        Ok(())
    }
}

/// So many of something, which is one or several.
fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
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
    fn one_is_told_from_several_and_what_did_nothing_is_left_out() {
        let kept = |late, too_late| Counts { late, too_late, peak_rows: 9, ..Counts::default() };
        let counts = |alerts, collapsed, failures, kept| RuleCounts {
            alerts,
            collapsed,
            failures,
            first_failure: (failures > 0).then(|| "no table t".to_owned()),
            kept,
            ..RuleCounts::default()
        };
        let summary = Summary {
            records: 1,
            bytes: 1,
            candidates: 1,
            alerts: 1,
            collapsed: 1,
            rules: [
                ("quiet".into(), counts(0, 0, 0, kept(0, 0))),
                ("late".into(), counts(0, 0, 1, kept(1, 1))),
                ("loud".into(), counts(1, 1, 0, kept(2, 0))),
            ]
            .into(),
            ..Summary::default()
        };
        let text = "1 record: 1 processed, 0 rejected\n\
            1 byte in 0.00 s, 0.00 B/s; 1 record with candidate rules\n\
            1 alert, 1 repeat collapsed\n\
            \x20            1  loud, 1 repeat collapsed, 2 rows late for a tick\n\
            \x20            0  late, 1 row late for a tick, 1 of them too late for all\n\
            WARNING: late could not be evaluated 1 time: alerts may be missing; at first: no table t\n";
        assert_eq!(summary.to_string(), text);
        assert!(Summary::default().to_string().contains("\n0 alerts\n"));
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
