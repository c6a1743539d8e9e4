//! Repeats of an alert: counted instead of reported, for a period of event time from the first.
//!
//! ```text
//! alert of a key ─┬─ in no window ──> opens [t0, t0 + period); below the threshold nothing else happens
//!                 ├─ reaches the threshold ──> the window's alert
//!                 └─ later in the window ──> counted ──period over, window spilled or input at its end──> Collapsed
//!
//! over the memory bound:  keys used longest ago ──> runs on disk ──an alert of the key──> back in memory
//! ```
//!
//! Windows stay known after their period, so that a late repeat is still counted to its own (a second collapsed line
//! of the same alert then tells the rest), until event time is a day past both their end and their last alert. An alert
//! without a time falls into the newest window of its key. A key lies whole in memory, whatever older entry of it is on
//! disk, or on disk alone.

mod window;

use crate::Rule;
use crate::across::Segments;
use crate::across::runs::{self, Entry, Runs};
use crate::across::segments::{Location, Unwritten};
use crate::alert::{Alert, Collapsed, column};
use crate::checkpoint::rule_identity::RuleIdentity;
use rule_eval::json;
use rule_model::metadata::Dedup;
use rule_model::{DateTime, Timespan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::OnceLock;
use window::Window;

/// Counts repeats of the alerts of all rules.
#[derive(Debug)]
pub struct Deduplicator {
    rules: Vec<&'static Rule>,
    /// What the keys of each rule begin with on disk, once that is asked for: another one where the rule is changed.
    identities: Vec<OnceLock<String>>,
    /// Bytes of memory that windows may take.
    limit: u64,
    /// Windows by number; numbers rise with age.
    windows: BTreeMap<u64, Window>,
    /// The windows of a rule's key, oldest first.
    keys: HashMap<Key, Vec<u64>>,
    /// Windows with repeats to be reported, by the end of their period.
    pending: BTreeSet<(DateTime, u64)>,
    next: u64,
    /// The largest event time of an alert so far.
    latest: Option<DateTime>,
    /// What windows take in memory.
    bytes: u64,
    /// The windows of keys that lie on disk.
    spilled: Runs,
    counts: Counts,
    /// What went wrong since it was last asked, with the position of a rule.
    failure: Option<(usize, String)>,
    /// Why the disk did not take windows, some of which were forgotten then.
    failed: Option<io::Error>,
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

/// What became of windows for want of room in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Windows that were spilled to disk.
    pub spilled: u64,
    /// Windows that were forgotten, because the disk had no room either.
    pub forgotten: u64,
}

/// All windows at one moment, to be written down; those on disk by where they lie. Rules stand in it by their positions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    windows: Vec<(u64, Window)>,
    next: u64,
    latest: Option<DateTime>,
    spilled: Runs,
    counts: Counts,
}

/// What makes two alerts of a rule the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    rule: usize,
    text: String,
}

/// How long windows are known past their end and their last alert.
const REMEMBERED: Timespan = Timespan::days(1);

impl Deduplicator {
    /// A deduplicator of the alerts of these rules, whose windows take at most `limit` bytes of memory, near enough; past it they
    /// are spilled.
    pub fn new(rules: &[&'static Rule], limit: u64) -> Deduplicator {
        Deduplicator {
            rules: rules.to_vec(),
            identities: rules.iter().map(|_| OnceLock::new()).collect(),
            limit,
            windows: BTreeMap::new(),
            keys: HashMap::new(),
            pending: BTreeSet::new(),
            next: 0,
            latest: None,
            bytes: 0,
            spilled: Runs::default(),
            counts: Counts::default(),
            failure: None,
            failed: None,
        }
    }

    /// What became of windows for want of room in memory.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What went wrong since the last call, with the position of the rule whose alert it was.
    pub fn take_failure(&mut self) -> Option<(usize, String)> {
        self.failure.take()
    }

    /// Takes an alert of the rule at position `rule`; collapsed lines that fall due go to `due`. `segments` has what lies on
    /// disk.
    pub fn take(
        &mut self,
        rule: usize,
        alert: Alert,
        segments: &mut Segments,
        due: &mut Vec<Collapsed>,
    ) -> Verdict {
        self.pass(alert.time, due);
        let metadata = &alert.rule.metadata;
        let Some(dedup) = &metadata.dedup else { return Verdict::Report(Box::new(alert), None) };
        let key = Key { rule, text: key_text(&alert, dedup) };
        self.recall(&key, segments);
        let number = self.window_of(&key, alert.time).unwrap_or_else(|| self.open(&key, &alert, dedup));
        let Some(window) = self.windows.get_mut(&number) else {
            return Verdict::Report(Box::new(alert), None);
        };
        let before = window.bytes();
        let verdict = window.take(alert, Opened(number), self.latest);
        self.bytes = self.bytes - before + window.bytes();
        if let (Verdict::Counted, Some(end), true) = (&verdict, window.end, window.repeats > 0) {
            self.pending.insert((end, number));
        }
        if self.bytes > self.limit {
            self.make_room(&key, segments, due);
        }
        verdict
    }

    /// The alert that a window reported was held back after all: the next match is not its repeat, and may alert.
    pub fn hold_back(&mut self, opened: Opened) {
        if let Some(window) = self.windows.get_mut(&opened.0) {
            self.bytes -= window.bytes();
            window.hold_back();
            self.bytes += window.bytes();
        }
    }

    /// The end of input: all repeats not yet reported, in the order of their alerts. The windows stay, so that more
    /// input in a later run does not alert again.
    pub fn finish(&mut self) -> Vec<Collapsed> {
        self.pending.clear();
        let rules = &self.rules;
        self.windows.values_mut().filter_map(|window| window.collapse(rules)).collect()
    }

    /// Why the disk did not take windows, if that happened since the last call: some were forgotten, and a snapshot would have
    /// them be lost for good.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// All windows as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            windows: self.windows.iter().map(|(number, window)| (*number, window.clone())).collect(),
            next: self.next,
            latest: self.latest,
            spilled: self.spilled.clone(),
            counts: self.counts,
        }
    }

    /// Goes on from a snapshot; `position` says where a rule stands now, `None` drops its windows.
    pub fn restore(&mut self, snapshot: Snapshot, position: impl Fn(usize) -> Option<usize>) {
        let Snapshot { windows, next, latest, spilled, counts } = snapshot;
        (self.next, self.latest, self.spilled, self.counts) = (next, latest, spilled, counts);
        for (number, mut window) in windows {
            let Some(rule) = position(window.key.rule) else { continue };
            window.key.rule = rule;
            self.put(number, window);
        }
    }

    /// Where windows lie that are on disk.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        self.spilled.locations()
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

    fn open(&mut self, key: &Key, alert: &Alert, dedup: &Dedup) -> u64 {
        let number = self.next;
        self.next += 1;
        let end = alert.time.map(|start| start.checked_add(dedup.period).unwrap_or(DateTime::MAX));
        self.put(number, Window::new(key.clone(), alert.time, end));
        number
    }

    /// Puts a window where windows of its key have lower numbers.
    fn put(&mut self, number: u64, window: Window) {
        self.keys.entry(window.key.clone()).or_default().push(number);
        if let (Some(end), true) = (window.end, window.repeats > 0) {
            self.pending.insert((end, number));
        }
        self.bytes += window.bytes();
        self.windows.insert(number, window);
    }

    /// Takes a window out.
    fn remove(&mut self, number: u64) -> Option<Window> {
        let window = self.windows.remove(&number)?;
        self.bytes -= window.bytes();
        if let Some(end) = window.end {
            self.pending.remove(&(end, number));
        }
        if let Some(numbers) = self.keys.get_mut(&window.key) {
            numbers.retain(|it| *it != number);
            if numbers.is_empty() {
                self.keys.remove(&window.key);
            }
        }
        Some(window)
    }

    /// Has the windows of a key in memory, if there are any. Where they cannot be read it has none: an alert that is told twice
    /// is better than one that is lost.
    fn recall(&mut self, key: &Key, segments: &Segments) {
        if self.spilled.is_empty() || self.keys.contains_key(key) {
            return;
        }
        let mut windows: Vec<(u64, Window)> = Vec::new();
        let outcome = self.spilled.find(&[self.hash(key)], segments, &mut |_, entry| {
            windows = postcard::from_bytes(entry.value).map_err(|error| error.to_string())?;
            Ok(())
        });
        for (number, mut window) in windows {
            if !self.is_over(window.last()) {
                window.key = key.clone();
                self.put(number, window);
            }
        }
        if let Err(message) = outcome {
            self.failure = Some((key.rule, message));
        }
    }

    /// Leaves half of the memory to windows to come; those of `but` stay.
    fn make_room(&mut self, but: &Key, segments: &mut Segments, due: &mut Vec<Collapsed>) {
        let over = self.windows.iter().filter(|(_, window)| self.is_over(window.last()));
        let over: Vec<u64> = over.map(|(number, _)| *number).collect();
        for number in over {
            let window = self.remove(number);
            due.extend(window.and_then(|mut window| window.collapse(&self.rules)));
        }
        if self.bytes <= self.limit / 2 {
            return;
        }
        if let Err(error) = self.spill(but, segments, due) {
            self.failure = Some((but.rule, format!("dedup windows cannot be spilled to disk: {error}")));
            while self.bytes > self.limit - self.limit / 8 && self.windows.len() > 1 {
                self.forget_oldest(due);
            }
            if let Unwritten::Disk(error) = error {
                self.failed = Some(error);
            }
        }
    }

    /// Leaves to the disk the keys that were used longest ago, those with repeats to be reported last, until half of the memory
    /// is free. On an error all is as it was.
    fn spill(
        &mut self,
        but: &Key,
        segments: &mut Segments,
        due: &mut Vec<Collapsed>,
    ) -> Result<(), Unwritten> {
        let mut order: Vec<(bool, u64, &Key)> = Vec::new();
        for (key, numbers) in self.keys.iter().filter(|(key, _)| *key != but) {
            let is_pending = self.of(numbers).any(|(_, window)| window.repeats > 0);
            order.push((is_pending, numbers.last().copied().unwrap_or_default(), key));
        }
        order.sort_unstable_by_key(|(is_pending, newest, _)| (*is_pending, *newest));
        let (mut bytes, mut entries, mut spilled) = (self.bytes, Vec::new(), Vec::new());
        for (_, _, key) in order {
            if bytes <= self.limit / 2 {
                break;
            }
            let numbers = self.keys.get(key).map_or(&[][..], Vec::as_slice);
            let windows: Vec<(u64, Window)> =
                self.of(numbers).map(|(number, window)| (number, window.told())).collect();
            let value =
                postcard::to_allocvec(&windows).map_err(|error| Unwritten::Disk(io::Error::other(error)))?;
            let time = windows.iter().map(|(_, window)| window.last()).max().unwrap_or(DateTime::MIN);
            bytes -= self.of(numbers).map(|(_, window)| window.bytes()).sum::<u64>();
            spilled.extend_from_slice(numbers);
            entries.push(Entry { key: self.hash(key), time, value });
        }
        entries.sort_unstable_by_key(|entry| entry.key);
        let mut released = Vec::new();
        let latest = self.latest;
        let is_over = |time| is_over(time, latest);
        self.spilled.forget(is_over, &mut released);
        released.iter().for_each(|location| segments.release(location));
        self.spilled.push(entries, segments, &is_over)?;
        self.counts.spilled += spilled.len() as u64;
        // By number: in the order of their alerts.
        spilled.sort_unstable();
        for number in spilled {
            let window = self.remove(number);
            due.extend(window.and_then(|mut window| window.collapse(&self.rules)));
        }
        Ok(())
    }

    /// The windows of these numbers.
    fn of(&self, numbers: &[u64]) -> impl Iterator<Item = (u64, &Window)> {
        numbers.iter().filter_map(|number| Some((*number, self.windows.get(number)?)))
    }

    fn forget_oldest(&mut self, due: &mut Vec<Collapsed>) {
        let Some(oldest) = self.windows.keys().next().copied() else { return };
        self.counts.forgotten += 1;
        let window = self.remove(oldest);
        due.extend(window.and_then(|mut window| window.collapse(&self.rules)));
    }

    /// What a key is found by on disk.
    fn hash(&self, key: &Key) -> runs::Key {
        let mut hash = Sha256::new();
        if let (Some(rule), Some(identity)) = (self.rules.get(key.rule), self.identities.get(key.rule)) {
            hash.update(identity.get_or_init(|| {
                let RuleIdentity { id, version, hash } = RuleIdentity::of(rule);
                format!("{id}\n{version}\n{hash:x}\n")
            }));
        }
        hash.update(&key.text);
        let mut first = runs::Key::default();
        first.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
        first
    }

    fn is_over(&self, last: DateTime) -> bool {
        is_over(last, self.latest)
    }
}

/// Whether windows that were of use until `last` are no longer known.
fn is_over(last: DateTime, latest: Option<DateTime>) -> bool {
    latest.is_some_and(|latest| last.checked_add(REMEMBERED).is_some_and(|until| until < latest))
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
    use crate::alert::Evidence;
    use crate::samples::{anything, metadata};
    use proptest::prelude::*;
    use rule_model::Value;

    const PLENTY: u64 = 1 << 20;

    /// A rule that dedups by title for an hour.
    fn hourly(threshold: u64) -> &'static Rule {
        let dedup = Some(Dedup { period: Timespan::hours(1), key: Vec::new().into() });
        anything(rule_model::metadata::Metadata { dedup, threshold, ..metadata("hourly") })
    }

    fn at(minute: Option<i64>) -> Option<DateTime> {
        minute.and_then(|minute| DateTime::UNIX_EPOCH.checked_add(Timespan::minutes(minute)))
    }

    fn alert(rule: &'static Rule, operation: &str, minute: Option<i64>) -> Alert {
        let row = vec![Value::Null, Value::EMPTY, Value::string(operation)];
        Alert::new(rule, row, 0, at(minute), "T", Evidence::default())
    }

    fn short(title: &str) -> &str {
        title.trim_start_matches("did ")
    }

    /// Runs alerts of (operation, minute) through and writes `operation` for a reported one, `operation×n` for a
    /// collapsed line.
    fn reports(rule: &'static Rule, alerts: &[(&str, Option<i64>)]) -> String {
        let mut dedup = Deduplicator::new(&[rule], PLENTY);
        let mut segments = Segments::temporary(0);
        let mut reports = Vec::new();
        let collapsed = |it: Collapsed| format!("{}×{}", short(&it.title), it.count);
        for (operation, minute) in alerts {
            let mut due = Vec::new();
            let verdict = dedup.take(0, alert(rule, operation, *minute), &mut segments, &mut due);
            reports.extend(due.into_iter().map(collapsed));
            if let Verdict::Report(alert, _) = verdict {
                reports.push(short(&alert.title).to_owned());
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
            assert_eq!(reports(hourly(1), alerts), expected, "{alerts:?}");
        }
    }

    #[test]
    fn a_rule_without_dedup_collapses_nothing() {
        let rule = anything(metadata("plain"));
        assert_eq!(reports(rule, &[("a", Some(0)), ("a", Some(0))]), "a a");
    }

    #[test]
    fn a_threshold_alerts_at_its_match_and_counts_from_there() {
        let alerts =
            [("a", Some(0)), ("a", Some(1)), ("b", Some(2)), ("a", Some(3)), ("a", Some(4)), ("b", Some(70))];
        assert_eq!(reports(hourly(3), &alerts), "a a×1");
    }

    /// What is reported of alerts, and how many repeats of each in all.
    #[derive(Debug, Default, PartialEq)]
    struct Told {
        alerts: Vec<(String, usize)>,
        repeats: BTreeMap<String, u64>,
        counts: Counts,
        failures: usize,
    }

    fn told(rule: &'static Rule, alerts: &[(u8, i64)], limit: u64, disk: u64) -> Told {
        let (mut dedup, mut segments) = (Deduplicator::new(&[rule], limit), Segments::temporary(disk));
        let (mut told, mut due) = (Told::default(), Vec::new());
        for (number, (key, minute)) in alerts.iter().enumerate() {
            let operation = format!("operation {key}");
            let verdict = dedup.take(0, alert(rule, &operation, Some(*minute)), &mut segments, &mut due);
            if matches!(verdict, Verdict::Report(..)) {
                told.alerts.push((operation, number));
            }
            told.failures += usize::from(dedup.take_failure().is_some());
            // As a restart finds it.
            if number % 23 == 0 {
                let snapshot = postcard::to_allocvec(&dedup.snapshot()).unwrap();
                dedup = Deduplicator::new(&[anything(metadata("new")), rule], limit);
                dedup.restore(postcard::from_bytes(&snapshot).unwrap(), |_| Some(1));
                dedup.rules.remove(0);
                dedup.identities.remove(0);
                let snapshot = postcard::to_allocvec(&dedup.snapshot()).unwrap();
                dedup = Deduplicator::new(&[rule], limit);
                dedup.restore(postcard::from_bytes(&snapshot).unwrap(), |_| Some(0));
            }
        }
        due.extend(dedup.finish());
        for it in due {
            *told.repeats.entry(short(&it.title).to_owned()).or_default() += it.count;
        }
        told.counts = dedup.counts();
        let windows: u64 = dedup.windows.values().map(Window::bytes).sum();
        assert_eq!(dedup.bytes, windows);
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_told_does_not_depend_on_the_memory_for_windows(
            alerts in prop::collection::vec((0..40_u8, 0..300_i64), 0..200),
            threshold in 1..4_u64,
            limit in 500..20_000_u64,
        ) {
            let rule = hourly(threshold);
            let with_plenty = told(rule, &alerts, PLENTY, 0);
            prop_assert_eq!(with_plenty.counts, Counts::default());
            let with_little = told(rule, &alerts, limit, PLENTY);
            prop_assert_eq!(with_little.counts.forgotten, 0);
            prop_assert_eq!(Told { counts: Counts::default(), ..with_little }, with_plenty);
        }
    }

    #[test]
    fn windows_are_forgotten_and_counted_where_the_disk_has_no_room() {
        let alerts: Vec<(u8, i64)> = (0..100).chain(0..100).map(|key| (key, 0)).collect();
        let Told { alerts, counts, failures, .. } = told(hourly(1), &alerts, 10_000, 0);
        assert_eq!((counts.spilled, failures > 0), (0, true));
        assert!(counts.forgotten > 100, "{counts:?}");
        assert_eq!(alerts.len(), 200);
    }

    #[test]
    fn a_window_is_known_for_a_day_after_its_end_and_its_last_alert() {
        let rule = hourly(1);
        for (events, expected) in [
            (&[("a", 0), ("clock", 1490), ("a", 10)][..], 1),
            // Its end is at 60.
            (&[("a", 0), ("clock", 1510), ("a", 10)], 2),
            // Event time was at 1490 when its last alert came.
            (&[("a", 0), ("clock", 1490), ("a", 10), ("clock", 2920), ("a", 10)], 1),
            (&[("a", 0), ("clock", 1490), ("a", 10), ("clock", 2940), ("a", 10)], 2),
        ] {
            let (mut dedup, mut segments) = (Deduplicator::new(&[rule], 1000), Segments::temporary(PLENTY));
            let mut alerts = 0;
            for (operation, minute) in events {
                // What is over goes when there is no room.
                for filler in 0..10 {
                    let filler = alert(rule, &format!("filler {filler}"), None);
                    dedup.take(0, filler, &mut segments, &mut Vec::new());
                }
                let alert = alert(rule, operation, Some(*minute));
                let verdict = dedup.take(0, alert, &mut segments, &mut Vec::new());
                alerts += usize::from(*operation == "a" && matches!(verdict, Verdict::Report(..)));
            }
            assert_eq!(alerts, expected, "{events:?}");
        }
    }
}
