//! The period of event time from an alert of a key on, in which others of the key are its repeats.

use super::{Key, Opened, Verdict};
use crate::Rule;
use crate::alert::{Alert, AlertId, Collapsed, Evidence, Position};
use rule_model::DateTime;
use serde::{Deserialize, Serialize};

/// Alerts of a key within a period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) key: Key,
    start: Option<DateTime>,
    pub(super) end: Option<DateTime>,
    /// Where event time was when an alert last fell into it.
    used: Option<DateTime>,
    /// The alert that was reported.
    reported: Option<(AlertId, String)>,
    /// Matches below the threshold so far, and their records.
    matches: u64,
    evidence: Evidence,
    /// Repeats since the last collapsed line.
    pub(super) repeats: u64,
}

/// What a window takes in memory besides texts and records, its places in the deduplicator included.
const BYTES: u64 = 400;

impl Window {
    /// A window that no alert has fallen into.
    pub(super) fn new(key: Key, start: Option<DateTime>, end: Option<DateTime>) -> Window {
        Window {
            key,
            start,
            end,
            used: None,
            reported: None,
            matches: 0,
            evidence: Evidence::default(),
            repeats: 0,
        }
    }

    /// Bytes in memory, near enough.
    pub(super) fn bytes(&self) -> u64 {
        let title = self.reported.as_ref().map_or(0, |(_, title)| title.len());
        // The key is there twice.
        BYTES + (2 * self.key.text.len() + title + self.evidence.records.len() * size_of::<Position>()) as u64
    }

    /// Whether a match of this time belongs here. One without a time belongs to any window, and a window without a
    /// time takes all.
    pub(super) fn holds(&self, time: Option<DateTime>) -> bool {
        match (self.start, self.end, time) {
            (Some(start), Some(end), Some(time)) => start <= time && time < end,
            _ => true,
        }
    }

    /// Takes a match, at which event time is at `latest`.
    pub(super) fn take(&mut self, mut alert: Alert, opened: Opened, latest: Option<DateTime>) -> Verdict {
        self.used = self.used.max(latest);
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

    /// The reported alert was held back after all.
    pub(super) fn hold_back(&mut self) {
        self.reported = None;
        self.matches -= 1;
    }

    /// The repeats that are not reported yet, which then are.
    pub(super) fn collapse(&mut self, rules: &[&'static Rule]) -> Option<Collapsed> {
        let count = std::mem::take(&mut self.repeats);
        let (id, title) = self.reported.as_ref()?;
        let rule = rules.get(self.key.rule)?;
        (count > 0).then(|| Collapsed { id: *id, rule, title: title.clone(), count })
    }

    /// The later of its end and its last alert; one without an end is of use at any time.
    pub(super) fn last(&self) -> DateTime {
        self.end.map_or(DateTime::MAX, |end| end.max(self.used.unwrap_or(end)))
    }

    /// The same with all repeats reported.
    pub(super) fn told(&self) -> Window {
        Window { repeats: 0, ..self.clone() }
    }
}
