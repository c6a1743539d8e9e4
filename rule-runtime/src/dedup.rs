//! Repeats of an alert: counted instead of reported, for a period of event time from the first.
//!
//! ```text
//! alert of a key ─┬─ in no window ──> opens [t0, t0 + period); below the threshold nothing else happens
//!                 ├─ reaches the threshold ──> the window's alert
//!                 └─ later in the window ──> counted ──period over, key forgotten or input at its end──> Collapsed
//! ```
//!
//! Windows stay known after their period, so that a late repeat is still counted to its own (a second collapsed line
//! of the same alert then tells the rest). An alert without a time falls into the newest window of its key. Windows
//! are bounded in number; the oldest is forgotten first, and its repeats are reported then.

use crate::Rule;
use crate::alert::{Alert, AlertId, Collapsed, Evidence, column};
use rule_eval::json;
use rule_model::DateTime;
use rule_model::metadata::Dedup;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Counts repeats of the alerts of all rules.
#[derive(Debug)]
pub struct Deduplicator {
    rules: Vec<&'static Rule>,
    limit: usize,
    /// Windows by number; numbers rise with age.
    windows: BTreeMap<u64, Window>,
    /// The windows of a rule's key, oldest first.
    keys: HashMap<Key, Vec<u64>>,
    /// Windows with repeats to be reported, by the end of their period.
    pending: BTreeSet<(DateTime, u64)>,
    next: u64,
    /// The largest event time of an alert so far.
    latest: Option<DateTime>,
    forgotten: u64,
}

/// What is done with an alert.
#[derive(Debug)]
pub enum Verdict {
    /// It is reported. Boxed because repeats are the common case.
    Report(Box<Alert>, Option<Opened>),
    /// It is a repeat, or below the threshold.
    Counted,
}

/// The window of a reported alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened(u64);

/// All windows at one moment, to be written down. Rules stand in it by their positions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    windows: Vec<(u64, Window)>,
    next: u64,
    latest: Option<DateTime>,
    forgotten: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    rule: usize,
    text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Window {
    key: Key,
    start: Option<DateTime>,
    end: Option<DateTime>,
    /// The alert that was reported.
    reported: Option<(AlertId, String)>,
    /// Matches below the threshold so far, and their records.
    matches: u64,
    evidence: Evidence,
    /// Repeats since the last collapsed line.
    repeats: u64,
}

impl Deduplicator {
    /// Windows remembered unless set otherwise.
    pub const DEFAULT_LIMIT: usize = 100_000;

    /// A deduplicator of the alerts of these rules that remembers at most `limit` windows.
    pub fn new(rules: &[&'static Rule], limit: usize) -> Deduplicator {
        Deduplicator {
            rules: rules.to_vec(),
            limit: limit.max(1),
            windows: BTreeMap::new(),
            keys: HashMap::new(),
            pending: BTreeSet::new(),
            next: 0,
            latest: None,
            forgotten: 0,
        }
    }

    /// Windows that were forgotten for want of room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes an alert of the rule at position `rule`; collapsed lines that fall due go to `due`.
    pub fn take(&mut self, rule: usize, alert: Alert, due: &mut Vec<Collapsed>) -> Verdict {
        self.pass(alert.time, due);
        let metadata = &alert.rule.metadata;
        let Some(dedup) = &metadata.dedup else { return Verdict::Report(Box::new(alert), None) };
        let key = Key { rule, text: key_text(&alert, dedup) };
        let number = self.window_of(&key, alert.time).unwrap_or_else(|| self.open(key, &alert, dedup, due));
        let Some(window) = self.windows.get_mut(&number) else {
            return Verdict::Report(Box::new(alert), None);
        };
        let verdict = window.take(alert, Opened(number));
        if let (Verdict::Counted, Some(end), true) = (&verdict, window.end, window.repeats > 0) {
            self.pending.insert((end, number));
        }
        verdict
    }

    /// The alert that a window reported was held back after all: the next match is not its repeat, and may alert.
    pub fn hold_back(&mut self, opened: Opened) {
        if let Some(window) = self.windows.get_mut(&opened.0) {
            window.reported = None;
            window.matches -= 1;
        }
    }

    /// The end of input: all repeats not yet reported, in the order of their alerts. The windows stay, so that more
    /// input in a later run does not alert again.
    pub fn finish(&mut self) -> Vec<Collapsed> {
        self.pending.clear();
        let rules = &self.rules;
        self.windows.values_mut().filter_map(|window| window.collapse(rules)).collect()
    }

    /// All windows as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            windows: self.windows.iter().map(|(number, window)| (*number, window.clone())).collect(),
            next: self.next,
            latest: self.latest,
            forgotten: self.forgotten,
        }
    }

    /// Goes on from a snapshot; `position` says where a rule stands now, `None` drops its windows.
    pub fn restore(&mut self, snapshot: Snapshot, position: impl Fn(usize) -> Option<usize>) {
        (self.next, self.latest, self.forgotten) = (snapshot.next, snapshot.latest, snapshot.forgotten);
        for (number, mut window) in snapshot.windows {
            let Some(rule) = position(window.key.rule) else { continue };
            window.key.rule = rule;
            self.keys.entry(window.key.clone()).or_default().push(number);
            if let (Some(end), true) = (window.end, window.repeats > 0) {
                self.pending.insert((end, number));
            }
            self.windows.insert(number, window);
        }
    }

    /// Event time has come to `time`: reports the repeats of windows that ended before.
    fn pass(&mut self, time: Option<DateTime>, due: &mut Vec<Collapsed>) {
        self.latest = self.latest.max(time);
        while let Some(&(end, number)) = self.pending.first() {
            if self.latest.is_none_or(|latest| latest < end) {
                return;
            }
            self.pending.pop_first();
            due.extend(self.windows.get_mut(&number).and_then(|window| window.collapse(&self.rules)));
        }
    }

    /// The newest window of the key that holds `time`.
    fn window_of(&self, key: &Key, time: Option<DateTime>) -> Option<u64> {
        let numbers = self.keys.get(key)?;
        let holds = |number: &&u64| self.windows.get(number).is_some_and(|window| window.holds(time));
        numbers.iter().rev().find(holds).copied()
    }

    fn open(&mut self, key: Key, alert: &Alert, dedup: &Dedup, due: &mut Vec<Collapsed>) -> u64 {
        if self.windows.len() >= self.limit {
            self.forget_oldest(due);
        }
        let number = self.next;
        self.next += 1;
        self.keys.entry(key.clone()).or_default().push(number);
        let end = alert.time.map(|start| start.checked_add(dedup.period).unwrap_or(DateTime::MAX));
        self.windows.insert(
            number,
            Window {
                key,
                start: alert.time,
                end,
                reported: None,
                matches: 0,
                evidence: Evidence::default(),
                repeats: 0,
            },
        );
        number
    }

    fn forget_oldest(&mut self, due: &mut Vec<Collapsed>) {
        let Some((number, mut window)) = self.windows.pop_first() else { return };
        self.forgotten += 1;
        if let Some(end) = window.end {
            self.pending.remove(&(end, number));
        }
        if let Some(numbers) = self.keys.get_mut(&window.key) {
            numbers.retain(|it| *it != number);
            if numbers.is_empty() {
                self.keys.remove(&window.key);
            }
        }
        due.extend(window.collapse(&self.rules));
    }
}

impl Window {
    /// Whether a match of this time belongs here. One without a time belongs to any window, and a window without a
    /// time takes all.
    fn holds(&self, time: Option<DateTime>) -> bool {
        match (self.start, self.end, time) {
            (Some(start), Some(end), Some(time)) => start <= time && time < end,
            _ => true,
        }
    }

    fn take(&mut self, mut alert: Alert, opened: Opened) -> Verdict {
        if self.reported.is_some() {
            self.repeats += 1;
            return Verdict::Counted;
        }
        self.matches += 1;
        let records = std::mem::take(&mut alert.evidence);
        self.evidence.add(records);
        if self.matches < alert.rule.metadata.threshold {
            return Verdict::Counted;
        }
        self.reported = Some((alert.id, alert.title.clone()));
        alert.evidence = std::mem::take(&mut self.evidence);
        Verdict::Report(Box::new(alert), Some(opened))
    }

    fn collapse(&mut self, rules: &[&'static Rule]) -> Option<Collapsed> {
        let count = std::mem::take(&mut self.repeats);
        let (id, title) = self.reported.as_ref()?;
        let rule = rules.get(self.key.rule)?;
        (count > 0).then(|| Collapsed { id: *id, rule, title: title.clone(), count })
    }
}

/// What makes two alerts of a rule the same: the values of the key columns, else the title.
fn key_text(alert: &Alert, dedup: &Dedup) -> String {
    if dedup.key.is_empty() {
        return alert.title.clone();
    }
    let values = dedup.key.iter().map(|name| {
        let value = column(alert.rule, &alert.row, name).cloned().unwrap_or_default();
        // Written as JSON, no value can contain the separator.
        json::write(&value)
    });
    values.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{anything, metadata};
    use rule_model::{Timespan, Value};

    /// A rule that dedups by title for an hour.
    fn hourly(threshold: u64) -> &'static Rule {
        let dedup = Some(Dedup { period: Timespan::hours(1), key: Vec::new().into() });
        anything(rule_model::metadata::Metadata { dedup, threshold, ..metadata("hourly") })
    }

    fn at(minute: Option<i64>) -> Option<DateTime> {
        minute.and_then(|minute| DateTime::UNIX_EPOCH.checked_add(Timespan::minutes(minute)))
    }

    /// Runs alerts of (operation, minute) through and writes `operation` for a reported one, `operation×n` for a
    /// collapsed line.
    fn reports(rule: &'static Rule, limit: usize, alerts: &[(&str, Option<i64>)]) -> String {
        let mut dedup = Deduplicator::new(&[rule], limit);
        let mut reports = Vec::new();
        let collapsed = |it: Collapsed| format!("{}×{}", it.title.trim_start_matches("did "), it.count);
        for (operation, minute) in alerts {
            let row = vec![Value::Null, Value::EMPTY, Value::string(operation)];
            let alert = Alert::new(rule, row, 0, at(*minute), "T", Evidence::default());
            let mut due = Vec::new();
            let verdict = dedup.take(0, alert, &mut due);
            reports.extend(due.into_iter().map(collapsed));
            if let Verdict::Report(alert, _) = verdict {
                reports.push(alert.title.trim_start_matches("did ").to_owned());
            }
        }
        reports.extend(dedup.finish().into_iter().map(collapsed));
        reports.join(" ")
    }

    #[test]
    fn repeats_within_the_period_are_counted_in_event_time() {
        for (alerts, expected) in [
            (&[("a", Some(0)), ("a", Some(59)), ("b", Some(59)), ("a", Some(30))][..], "a b a×2"),
            // The period is not extended by repeats and does not contain its end.
            (&[("a", Some(0)), ("a", Some(59)), ("a", Some(60)), ("a", Some(61))], "a a×1 a a×1"),
            // The period ends when any alert's time is past it.
            (&[("a", Some(0)), ("a", Some(1)), ("b", Some(90))], "a a×1 b"),
            // A late repeat still belongs to its own period.
            (&[("a", Some(0)), ("a", Some(70)), ("a", Some(10))], "a a a×1"),
            // Earlier than the first is not within its period.
            (&[("a", Some(60)), ("a", Some(30)), ("a", Some(31))], "a a a×1"),
            // Without a time there is one period.
            (&[("a", None), ("a", None), ("a", Some(5))], "a a×2"),
            (&[("a", Some(0)), ("a", None)], "a a×1"),
            (&[("a", Some(0))], "a"),
        ] {
            assert_eq!(reports(hourly(1), 100, alerts), expected, "{alerts:?}");
        }
    }

    #[test]
    fn a_rule_without_dedup_collapses_nothing() {
        let rule = anything(metadata("plain"));
        assert_eq!(reports(rule, 100, &[("a", Some(0)), ("a", Some(0))]), "a a");
    }

    #[test]
    fn a_threshold_alerts_at_its_match_and_counts_from_there() {
        let alerts =
            [("a", Some(0)), ("a", Some(1)), ("b", Some(2)), ("a", Some(3)), ("a", Some(4)), ("b", Some(70))];
        assert_eq!(reports(hourly(3), 100, &alerts), "a a×1");
    }

    #[test]
    fn a_key_that_is_forgotten_has_its_repeats_reported() {
        let alerts = [("a", Some(0)), ("a", Some(1)), ("b", Some(2)), ("c", Some(3)), ("a", Some(4))];
        assert_eq!(reports(hourly(1), 2, &alerts), "a b a×1 c a");
    }
}
