//! What a rule remembers between ticks: plain data that serialises.

use super::schedule::just_after;
use crate::alert::AlertId;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of one rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The kept rows of each input, in the order in which an evaluation sees them, each serialised.
    pub(super) inputs: Vec<BTreeMap<Place, Box<[u8]>>>,
    /// The last tick that is over.
    pub(super) evaluated: Option<DateTime>,
    /// Alerts that were made, with the tick that last produced their row.
    pub(super) alerted: BTreeMap<AlertId, DateTime>,
    pub(super) kept_bytes: u64,
    /// What happened so far.
    pub counts: Counts,
}

/// Where a row stands among those of its input: by event time, then by position in its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Event time; `None` in a table without a time column, whose rows every tick sees.
    pub time: Option<DateTime>,
    /// The source by its name.
    pub source: Arc<str>,
    /// Offset of the record in its source.
    pub offset: u64,
    /// Number of the row among those of its record.
    pub ordinal: u64,
}

/// What happened to a rule's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that came after a tick that should have seen them.
    pub late: u64,
    /// Those of them that came after all such ticks, and were seen by none.
    pub too_late: u64,
    /// Rows dropped because the memory for state was full.
    pub dropped: u64,
    /// Most rows kept at a time.
    pub peak_rows: u64,
    /// Most bytes kept at a time.
    pub peak_bytes: u64,
}

/// What a row takes besides its own bytes: its place, and its share of the tree that holds it.
const ROW_OVERHEAD: u64 = 72;
/// The same of a remembered alert.
const ALERT_BYTES: u64 = 40;

impl State {
    /// The state of a rule with so many inputs, of which nothing has been seen.
    pub fn new(inputs: usize) -> State {
        State { inputs: vec![BTreeMap::new(); inputs], ..State::default() }
    }

    /// Bytes in memory, near enough.
    pub fn bytes(&self) -> u64 {
        self.kept_bytes + self.alerted.len() as u64 * ALERT_BYTES
    }

    /// Bytes that keeping a row of this length would add.
    pub fn cost(row: &[u8]) -> u64 {
        row.len() as u64 + ROW_OVERHEAD
    }

    /// Rows kept.
    pub fn rows(&self) -> u64 {
        self.inputs.iter().map(|rows| rows.len() as u64).sum()
    }

    /// The event time of the earliest row that has one.
    pub(super) fn earliest(&self) -> Option<DateTime> {
        self.inputs.iter().filter_map(|rows| rows.range(Place::after_all_timeless()..).next()?.0.time).min()
    }

    pub(super) fn keep(&mut self, input: usize, place: Place, row: Box<[u8]>) {
        let cost = State::cost(&row);
        let Some(rows) = self.inputs.get_mut(input) else { return };
        match rows.insert(place, row) {
            Some(same) => self.kept_bytes = self.kept_bytes + cost - State::cost(&same),
            None => self.kept_bytes += cost,
        }
        self.counts.peak_bytes = self.counts.peak_bytes.max(self.bytes());
        self.counts.peak_rows = self.counts.peak_rows.max(self.rows());
    }

    /// The rows of an input with a time in (after, until], and those without a time.
    pub(super) fn window(
        &self,
        input: usize,
        after: DateTime,
        until: DateTime,
    ) -> impl Iterator<Item = (&Place, &[u8])> {
        let rows = self.inputs.get(input);
        let timeless = rows.into_iter().flat_map(|rows| rows.range(..Place::after_all_timeless()));
        let seen = Place::first_at(just_after(after))..Place::first_at(just_after(until.max(after)));
        let timed = rows.into_iter().flat_map(move |rows| rows.range(seen.clone()));
        timeless.chain(timed).map(|(place, row)| (place, row.as_ref()))
    }

    /// Forgets the rows of this time and before.
    pub(super) fn forget_rows(&mut self, until: DateTime) {
        for rows in &mut self.inputs {
            let earliest = rows.range(Place::after_all_timeless()..).next();
            if earliest.is_none_or(|(place, _)| place.time > Some(until)) {
                continue;
            }
            let mut timeless = std::mem::take(rows);
            let mut rest = timeless.split_off(&Place::after_all_timeless());
            let mut kept = rest.split_off(&Place::first_at(just_after(until)));
            self.kept_bytes -= rest.values().map(|row| State::cost(row)).sum::<u64>();
            timeless.append(&mut kept);
            *rows = timeless;
        }
    }

    /// Forgets the alerts that were last produced at this tick or before.
    pub(super) fn forget_alerts(&mut self, until: DateTime) {
        self.alerted.retain(|_, produced| *produced > until);
    }
}

impl Place {
    /// Before all rows of this time, and after all earlier ones.
    fn first_at(time: DateTime) -> Place {
        Place { time: Some(time), source: Arc::from(""), offset: 0, ordinal: 0 }
    }

    /// After all rows without a time, and before all others.
    fn after_all_timeless() -> Place {
        Place::first_at(DateTime(i64::MIN))
    }
}
