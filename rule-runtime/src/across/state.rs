//! What a rule remembers between ticks: plain data that serialises.

use super::alerted::Alerted;
use super::block::KeptRef;
use super::recalled::Recalled;
use super::remembered::Remembered;
use super::rows::{self, Rows, Use};
use super::segments::{Location, Segments, Unwritten};
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The state of one rule.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The kept rows of each input.
    pub(super) inputs: Vec<Rows>,
    /// The last tick that is over.
    pub(super) evaluated: Option<DateTime>,
    /// Alerts that were made.
    pub(super) alerted: Alerted,
    /// The last tick that was evaluated before all its events were there: more may be noted for it than it produces.
    pub(super) foretold: Option<DateTime>,
    /// The last tick that was evaluated, as long as no row has come or gone that it saw or would have seen. After a restart it
    /// is not known, because tables that are given to a run may have changed.
    #[serde(skip)]
    pub(super) settled: Option<DateTime>,
    /// What the last evaluated tick gave by key, where the rule has one that serves.
    #[serde(skip)]
    pub(super) remembered: Option<Remembered>,
    /// What the last evaluated tick read again.
    #[serde(skip)]
    pub(super) recalled: Recalled,
    /// Where blocks lie that are no longer needed, for the store to release.
    pub(super) released: Vec<Location>,
    /// What happened so far.
    pub counts: Counts,
}

/// Where a row stands among those of its input: by event time, then by position in its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// What a row is kept as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// The columns that the rest of the rule reads, serialised.
    Row(Box<[u8]>),
    /// The same of an input whose rows are looked up by their key.
    Keyed {
        /// Hash of the key.
        key: u64,
        /// The columns.
        row: Box<[u8]>,
    },
    /// The key alone: the columns are read again from the source, at the tick that needs them.
    Record {
        /// Hash of the key.
        key: u64,
        /// Length of the record in bytes.
        length: u64,
    },
}

/// What happened to a rule's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that came after a tick that should have seen them.
    pub late: u64,
    /// Those of them that came after all such ticks, and were seen by none.
    pub too_late: u64,
    /// Rows dropped because neither memory nor disk had room, or the rule kept as many as it may.
    pub dropped: u64,
    /// Records that could not be read again at a tick, or were no longer what they had been.
    pub unread: u64,
    /// Ticks not evaluated, because too many before an event saw nothing.
    pub passed_over: u64,
    /// Rows that were spilled to disk.
    pub spilled: u64,
    /// Alerts of which it was spilled to disk that they were made.
    pub spilled_alerts: u64,
    /// Ticks that were evaluated part by part, because they saw more than there was memory for.
    pub in_parts: u64,
    /// Ticks that took more memory than there was.
    pub oversized: u64,
    /// Most bytes that a tick's evaluation took, near enough.
    pub peak_evaluation: u64,
    /// Most rows kept at a time.
    pub peak_rows: u64,
    /// Most bytes kept at a time.
    pub peak_bytes: u64,
}

impl Counts {
    /// A tick's evaluation took so many bytes, for which there was this room.
    pub(super) fn took(&mut self, bytes: u64, room: u64) {
        self.oversized += u64::from(bytes > room);
        self.peak_evaluation = self.peak_evaluation.max(bytes);
    }
}

/// What is read as one; what was read again is not.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State {
            inputs,
            evaluated,
            alerted,
            foretold,
            settled,
            remembered,
            recalled: _,
            released,
            counts,
        } = self;
        f.debug_struct("State")
            .field("inputs", inputs)
            .field("evaluated", evaluated)
            .field("alerted", alerted)
            .field("foretold", foretold)
            .field("settled", settled)
            .field("remembered", remembered)
            .field("released", released)
            .field("counts", counts)
            .finish()
    }
}

impl State {
    /// The state of a rule with so many inputs, of which nothing has been seen.
    pub fn new(inputs: usize) -> State {
        State { inputs: vec![Rows::default(); inputs], ..State::default() }
    }

    /// Bytes in memory, near enough.
    pub fn bytes(&self) -> u64 {
        let remembered = self.remembered.as_ref().map_or(0, Remembered::bytes);
        self.inputs.iter().map(Rows::bytes).sum::<u64>()
            + self.alerted.bytes()
            + remembered
            + self.recalled.bytes()
    }

    /// Bytes that keeping a row adds at first.
    pub fn cost(kept: &Kept) -> u64 {
        rows::cost(kept)
    }

    /// Rows kept, in memory and in segments.
    pub fn rows(&self) -> u64 {
        self.inputs.iter().map(Rows::len).sum()
    }

    /// Rows of an input with a time in (after, until], those without one, and perhaps some more.
    pub(super) fn rows_in(&self, input: usize, after: DateTime, until: DateTime) -> u64 {
        self.inputs.get(input).map_or(0, |rows| rows.len_in(after, until))
    }

    /// Makes blocks of all rows; those that lie in memory alone.
    pub(super) fn seal(&mut self) -> Vec<Arc<[u8]>> {
        self.inputs.iter_mut().for_each(Rows::seal);
        self.unwritten().collect()
    }

    /// The blocks that lie in memory alone.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = Arc<[u8]>> {
        self.inputs.iter().flat_map(Rows::unwritten)
    }

    /// Notes where the blocks lie that lay in memory alone, in their order.
    pub(super) fn written(&mut self, locations: &mut impl Iterator<Item = Location>) {
        self.inputs.iter_mut().for_each(|rows| rows.written(locations));
    }

    /// Leaves all blocks to segments, those that lay in memory alone to these, and forgets what can be worked out again.
    pub(super) fn unload(&mut self, locations: &mut impl Iterator<Item = Location>) {
        self.remembered = None;
        self.recalled = Recalled::default();
        self.written(locations);
        self.counts.spilled += self.inputs.iter_mut().map(Rows::unload).sum::<u64>();
    }

    /// Leaves to segments which alerts were made.
    pub(super) fn spill_alerts(&mut self, segments: &mut Segments) -> Result<(), Unwritten> {
        self.counts.spilled_alerts += self.alerted.spill(segments)?;
        Ok(())
    }

    /// The same state without what lies in segments.
    pub(super) fn without_segments(&self) -> State {
        let State { inputs, evaluated, alerted, foretold, released, counts, .. } = self;
        let (inputs, alerted, released) = (inputs.clone(), alerted.clone(), released.clone());
        let (evaluated, foretold, counts) = (*evaluated, *foretold, *counts);
        let mut state = State { inputs, evaluated, alerted, foretold, released, counts, ..State::default() };
        state.inputs.iter_mut().for_each(|rows| {
            rows.unload();
        });
        state
    }

    /// Where it lies as far as that is in segments.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        self.inputs.iter().flat_map(Rows::locations).chain(self.alerted.locations())
    }

    /// The event time of the earliest row that has one.
    pub(super) fn earliest(&self) -> Option<DateTime> {
        self.inputs.iter().filter_map(Rows::earliest).min()
    }

    pub(super) fn keep(&mut self, input: usize, place: Place, kept: Kept) {
        let Some(rows) = self.inputs.get_mut(input) else { return };
        if place.time.is_none_or(|time| self.settled.is_some_and(|tick| time <= tick)) {
            self.settled = None;
        }
        match (&mut self.remembered, place.time) {
            (Some(remembered), Some(time)) => remembered.note(time, &kept),
            (remembered, _) => *remembered = None,
        }
        rows.keep(place, kept);
        self.counts.peak_bytes = self.counts.peak_bytes.max(self.bytes());
        self.counts.peak_rows = self.counts.peak_rows.max(self.rows());
    }

    /// The rows of an input with a time in (after, until], and those without a time.
    pub(super) fn window(
        &self,
        input: usize,
        after: DateTime,
        until: DateTime,
        segments: &Segments,
        use_it: &mut Use<'_>,
    ) -> Result<(), String> {
        self.inputs.get(input).map_or(Ok(()), |rows| rows.window(after, until, segments, use_it))
    }

    /// Forgets of each input the rows of this time and before.
    pub(super) fn forget_rows(&mut self, until: impl Fn(usize) -> DateTime, segments: &Segments) {
        let before = self.rows();
        for (input, rows) in self.inputs.iter_mut().enumerate() {
            rows.forget(until(input), segments, &mut self.released);
        }
        if self.rows() < before {
            self.settled = None;
        }
    }

    /// Whether there may be rows with a time in (after, until].
    pub(super) fn may_have(&self, after: DateTime, until: DateTime) -> bool {
        self.inputs.iter().any(|rows| rows.may_have(after, until))
    }

    /// Forgets the alerts that were last produced at this tick or before.
    pub(super) fn forget_alerts(&mut self, until: DateTime) {
        self.alerted.forget(until, &mut self.released);
    }
}

impl Kept {
    /// The same, borrowed.
    pub fn borrow(&self) -> KeptRef<'_> {
        match self {
            Kept::Row(row) => KeptRef::Row(row),
            Kept::Keyed { key, row } => KeptRef::Keyed { key: *key, row },
            Kept::Record { key, length } => KeptRef::Record { key: *key, length: *length },
        }
    }
}

impl Place {
    /// Becomes `other`, with as little as changes.
    pub(super) fn set(&mut self, other: &Place) {
        let Place { time, source, offset, ordinal } = other;
        (self.time, self.offset, self.ordinal) = (*time, *offset, *ordinal);
        if !Arc::ptr_eq(&self.source, source) {
            self.source = source.clone();
        }
    }
}
