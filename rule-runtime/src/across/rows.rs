//! The kept rows of an input, in the order in which an evaluation sees them.
//!
//! ```text
//! row ─> fresh, as they come ─64 KiB─> block, sorted ─over the memory bound─> segment
//!              └────────────────────────┴── merged by place ──────────────────┘──> rows of a window
//! ```
//!
//! A block is the unit of everything: of encoding, of spilling, of forgetting (whole, once its last row is out of
//! reach) and of reading (one at a time, from when the merge reaches its first row to when it has passed its last), so
//! that reading a window takes the memory of the blocks that overlap, however many rows there are.

use super::block::{KeptRef, Reader, encode};
use super::segments::{Location, Segments};
use super::state::{Kept, Place};
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fmt;
use std::io;
use std::iter::Peekable;
use std::sync::Arc;

/// The kept rows of an input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rows {
    fresh: Vec<(Place, Kept)>,
    fresh_bytes: u64,
    blocks: Vec<Block>,
    /// Rows in `blocks`, and the memory that they take.
    in_blocks: u64,
    block_bytes: u64,
}

/// Rows in their order.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Block {
    /// The times of the first and the last; `None` where the rows have no time.
    times: Option<(DateTime, DateTime)>,
    rows: u64,
    /// `None` when it lies in a segment alone.
    bytes: Option<Arc<[u8]>>,
    location: Option<Location>,
    #[serde(skip)]
    rest: Rest,
}

/// Where the first row of a block in memory lies that is not forgotten, if some are and it was found: a tick need not pass by
/// the others again.
#[derive(Clone, Debug, Default)]
struct Rest(Option<Box<Reader>>);

/// What is read as one; what was found out about it is not.
impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Block { times, rows, bytes, location, rest: _ } = self;
        f.debug_struct("Block")
            .field("times", times)
            .field("rows", rows)
            .field("bytes", bytes)
            .field("location", location)
            .finish()
    }
}

/// Whether it is known makes no other block.
impl PartialEq for Rest {
    fn eq(&self, _: &Rest) -> bool {
        true
    }
}

/// What is done with each row of a window.
pub(super) type Use<'u> = dyn FnMut(&Place, KeptRef<'_>) -> Result<(), String> + 'u;

/// Bytes of fresh rows that make a block.
const BLOCK: u64 = 64 << 10;
/// What a fresh row takes besides its own bytes: its place, and the allocation.
const FRESH_OVERHEAD: u64 = 104;
/// What a block takes in memory besides its bytes.
const BLOCK_OVERHEAD: u64 = 112;

impl Rows {
    /// Bytes in memory, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.fresh_bytes + self.block_bytes
    }

    /// Rows kept.
    pub(super) fn len(&self) -> u64 {
        self.fresh.len() as u64 + self.in_blocks
    }

    /// Rows of the blocks that overlap a window, and the fresh ones.
    pub(super) fn len_in(&self, after: DateTime, until: DateTime) -> u64 {
        let overlapping = self.blocks.iter().filter(|block| block.overlaps(after, until));
        self.fresh.len() as u64 + overlapping.map(|block| block.rows).sum::<u64>()
    }

    /// Whether there may be rows with a time in (after, until]; of blocks it is known only where they begin and end.
    pub(super) fn may_have(&self, after: DateTime, until: DateTime) -> bool {
        let mut fresh = self.fresh.iter().filter_map(|(place, _)| place.time);
        let mut blocks = self.blocks.iter().filter(|block| block.times.is_some());
        fresh.any(|time| after < time && time <= until) || blocks.any(|block| block.overlaps(after, until))
    }

    /// The earliest event time.
    pub(super) fn earliest(&self) -> Option<DateTime> {
        let fresh = self.fresh.iter().filter_map(|(place, _)| place.time);
        fresh.chain(self.blocks.iter().filter_map(Block::first)).min()
    }

    /// Keeps a row.
    pub(super) fn keep(&mut self, place: Place, kept: Kept) {
        self.fresh_bytes += cost(&kept);
        self.fresh.push((place, kept));
        if self.fresh_bytes >= BLOCK {
            self.seal();
        }
    }

    /// Hands the rows without a time and those with one in (after, until] to `use_it`, in their order.
    pub(super) fn window(
        &self,
        after: DateTime,
        until: DateTime,
        segments: &Segments,
        use_it: &mut Use<'_>,
    ) -> Result<(), String> {
        let sees = |time: Option<DateTime>| time.is_none_or(|time| after < time && time <= until);
        let mut fresh: Vec<&(Place, Kept)> =
            self.fresh.iter().filter(|(place, _)| sees(place.time)).collect();
        fresh.sort_by(|a, b| a.0.cmp(&b.0));
        let overlapping = self.blocks.iter().filter(|block| block.overlaps(after, until));
        let mut blocks: Vec<&Block> = overlapping.collect();
        blocks.sort_by_key(|block| Reverse(block.first()));
        let mut merge =
            Merge { fresh: fresh.into_iter().peekable(), blocks, open: BinaryHeap::new(), segments };
        let mut last: Option<Place> = None;
        merge.run(&mut |place, kept| {
            // A row that was read twice is one row.
            if !sees(place.time) || last.as_ref() == Some(place) {
                return Ok(());
            }
            match &mut last {
                Some(last) => last.set(place),
                None => last = Some(place.clone()),
            }
            use_it(place, kept)
        })
    }

    /// Forgets the rows of this time and before; blocks in segments that go with them go to `released`.
    pub(super) fn forget(&mut self, until: DateTime, segments: &Segments, released: &mut Vec<Location>) {
        let fresh_bytes = &mut self.fresh_bytes;
        self.fresh.retain(|(place, kept)| {
            let stays = place.time.is_none_or(|time| time > until);
            *fresh_bytes -= if stays { 0 } else { cost(kept) };
            stays
        });
        if self.blocks.iter().all(|block| block.first().is_none_or(|first| first > until)) {
            return;
        }
        self.blocks.retain_mut(|block| {
            let stays = block.forget(until, segments);
            if !stays {
                released.extend(block.location);
            }
            stays
        });
        self.count();
    }

    /// Makes blocks of the fresh rows.
    pub(super) fn seal(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        self.fresh_bytes = 0;
        fresh.sort_by(|a, b| a.0.cmp(&b.0));
        let timeless = fresh.partition_point(|(place, _)| place.time.is_none());
        let (timeless, timed) = fresh.split_at(timeless);
        for rows in [timeless, timed] {
            self.blocks.extend(Block::of(rows));
        }
        self.count();
    }

    /// The blocks that lie in memory alone.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = Arc<[u8]>> {
        self.blocks.iter().filter(|block| block.location.is_none()).filter_map(|block| block.bytes.clone())
    }

    /// Notes where the blocks lie that lay in memory alone, in their order.
    pub(super) fn written(&mut self, locations: &mut impl Iterator<Item = Location>) {
        for block in self.blocks.iter_mut().filter(|block| block.location.is_none()) {
            block.location = locations.next();
        }
    }

    /// Leaves to segments the blocks that lie in them; how many rows these have that were in memory.
    pub(super) fn unload(&mut self) -> u64 {
        let mut rows = 0;
        for block in self.blocks.iter_mut().filter(|block| block.location.is_some()) {
            rows += if block.bytes.take().is_some() { block.rows } else { 0 };
            block.rest = Rest::default();
        }
        self.count();
        rows
    }

    fn count(&mut self) {
        let in_memory = self.blocks.iter().filter_map(|block| block.bytes.as_ref());
        self.block_bytes = in_memory.map(|bytes| bytes.len() as u64 + BLOCK_OVERHEAD).sum();
        self.in_blocks = self.blocks.iter().map(|block| block.rows).sum();
    }

    /// Where its blocks lie that are in segments.
    pub(super) fn locations(&self) -> impl Iterator<Item = &Location> {
        self.blocks.iter().filter_map(|block| block.location.as_ref())
    }
}

impl Block {
    /// Rows in their order, if there are any.
    fn of(rows: &[(Place, Kept)]) -> Option<Block> {
        let (first, last) = (&rows.first()?.0, &rows.last()?.0);
        let bytes = encode(rows.iter().map(|(place, kept)| (place, kept)));
        Some(Block {
            times: first.time.zip(last.time),
            rows: rows.len() as u64,
            bytes: Some(bytes.into()),
            location: None,
            rest: Rest::default(),
        })
    }

    fn first(&self) -> Option<DateTime> {
        self.times.map(|(first, _)| first)
    }

    fn overlaps(&self, after: DateTime, until: DateTime) -> bool {
        self.times.is_none_or(|(first, last)| last > after && first <= until)
    }

    /// Forgets the rows of this time and before; false when there are no others.
    fn forget(&mut self, until: DateTime, segments: &Segments) -> bool {
        let Some((first, last)) = self.times.filter(|(first, _)| *first <= until) else { return true };
        if last <= until {
            return false;
        }
        // What cannot be read now cannot be read at the tick either, which says so.
        if let Ok(Some((rest, rows))) = self.after(until, segments) {
            (self.times, self.rows) = (Some((rest.place().time.unwrap_or(first), last)), rows);
            self.rest = Rest(self.bytes.as_ref().map(|_| Box::new(rest)));
        }
        true
    }

    /// The first row after this time, and the number of rows from there.
    fn after(&self, until: DateTime, segments: &Segments) -> Result<Option<(Reader, u64)>, String> {
        let Some(mut reader) = self.open(segments)? else { return Ok(None) };
        let mut passed = 0;
        while reader.place().time.is_some_and(|time| time <= until) {
            passed += 1;
            if !reader.advance().ok_or_else(damaged)? {
                return Ok(None);
            }
        }
        if self.rest.0.is_some() {
            return Ok(Some((reader, self.rows - passed)));
        }
        let (rest, mut rows) = (reader.clone(), 1);
        while reader.advance().ok_or_else(damaged)? {
            rows += 1;
        }
        Ok(Some((rest, rows)))
    }

    /// Its first row, or the first that is not forgotten, ready to be read.
    fn open(&self, segments: &Segments) -> Result<Option<Reader>, String> {
        if let Rest(Some(rest)) = &self.rest {
            return Ok(Some(Reader::clone(rest)));
        }
        let bytes = match (&self.bytes, &self.location) {
            (Some(bytes), _) => bytes.clone(),
            (None, Some(location)) => segments.read(location).map_err(|error| unreadable(&error))?,
            (None, None) => return Ok(None),
        };
        let mut reader = Reader::new(bytes).ok_or_else(damaged)?;
        Ok(reader.advance().ok_or_else(damaged)?.then_some(reader))
    }
}

/// Fresh rows and blocks on the way to being one sequence.
struct Merge<'r, F: Iterator<Item = &'r (Place, Kept)>> {
    fresh: Peekable<F>,
    /// The blocks not reached yet, the first last.
    blocks: Vec<&'r Block>,
    open: BinaryHeap<Reverse<Open>>,
    segments: &'r Segments,
}

impl<'r, F: Iterator<Item = &'r (Place, Kept)>> Merge<'r, F> {
    /// Uses all rows in their order.
    fn run(&mut self, use_it: &mut Use<'_>) -> Result<(), String> {
        loop {
            self.open_reached()?;
            let open = self.open.peek().map(|Reverse(Open(reader))| reader.place());
            match (self.fresh.peek(), open) {
                (None, None) => return Ok(()),
                (Some((fresh, _)), open) if open.is_none_or(|open| fresh <= open) => {
                    self.fresh.next().map_or(Ok(()), |(place, kept)| use_it(place, kept.borrow()))?;
                }
                _ => self.run_block(use_it)?,
            }
        }
    }

    /// Opens the blocks that may have the next row: those that begin no later.
    fn open_reached(&mut self) -> Result<(), String> {
        while let Some(block) = self.blocks.last() {
            let fresh = self.fresh.peek().map(|(place, _)| place);
            let open = self.open.peek().map(|Reverse(Open(reader))| reader.place());
            if [fresh, open].into_iter().flatten().min().is_some_and(|next| next.time < block.first()) {
                break;
            }
            let reader = block.open(self.segments)?;
            self.open.extend(reader.map(|reader| Reverse(Open(reader))));
            self.blocks.pop();
        }
        Ok(())
    }

    /// Uses the rows of the block that has the next one, as long as it has.
    fn run_block(&mut self, use_it: &mut Use<'_>) -> Result<(), String> {
        let Some(Reverse(Open(mut reader))) = self.open.pop() else { return Ok(()) };
        let fresh = self.fresh.peek().map(|(place, _)| place);
        let open = self.open.peek().map(|Reverse(Open(reader))| reader.place());
        let other = [fresh, open].into_iter().flatten().min();
        let unopened = self.blocks.last().map(|block| block.first());
        loop {
            use_it(reader.place(), reader.kept())?;
            if !reader.advance().ok_or_else(damaged)? {
                return Ok(());
            }
            let place = reader.place();
            if other.is_some_and(|other| other < place) || unopened.is_some_and(|first| first <= place.time) {
                self.open.push(Reverse(Open(reader)));
                return Ok(());
            }
        }
    }
}

/// A block in which a row is to be used next.
#[derive(Debug)]
struct Open(Reader);

impl PartialEq for Open {
    fn eq(&self, other: &Open) -> bool {
        self.0.place() == other.0.place()
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Open) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Open) -> Ordering {
        self.0.place().cmp(other.0.place())
    }
}

/// Bytes that a row takes before it is in a block.
pub(super) fn cost(kept: &Kept) -> u64 {
    FRESH_OVERHEAD
        + match kept {
            Kept::Row(row) | Kept::Keyed { row, .. } => row.len() as u64,
            Kept::Record { .. } => 0,
        }
}

fn unreadable(error: &io::Error) -> String {
    format!("kept rows cannot be read: {error}")
}

fn damaged() -> String {
    "kept rows are damaged".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Keep(i64, u64),
        Seal,
        Spill,
        Forget(i64),
        Window(i64, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..50_i64, 0..20_u64).prop_map(|(time, offset)| Step::Keep(time, offset)),
            2 => Just(Step::Seal),
            1 => Just(Step::Spill),
            1 => (0..40_i64).prop_map(Step::Forget),
            3 => (0..50_i64, 0..50_i64).prop_map(|(a, b)| Step::Window(a.min(b), a.max(b))),
        ]
    }

    fn place(time: i64, offset: u64) -> Place {
        let source = if offset.is_multiple_of(2) { "a" } else { "b" }.into();
        Place { time: Some(DateTime(time)), source, offset, ordinal: 0 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Against a list in order: whatever lies fresh, in blocks or in segments, overlapping in any way.
        #[test]
        fn a_window_has_its_rows_in_their_order(steps in prop::collection::vec(step(), 0..120)) {
            let mut segments = Segments::temporary(1 << 20);
            let (mut rows, mut list, mut forgotten) = (Rows::default(), Vec::new(), DateTime(-1));
            for step in steps {
                match step {
                    Step::Keep(time, offset) => {
                        rows.keep(place(time, offset), Kept::Record { key: offset, length: 1 });
                        list.push(place(time, offset));
                        list.sort();
                        list.dedup();
                    }
                    Step::Seal => rows.seal(),
                    Step::Spill => {
                        rows.seal();
                        let blocks: Vec<_> = rows.unwritten().collect();
                        let mut locations = segments.write(&blocks).unwrap().into_iter();
                        rows.written(&mut locations);
                        rows.unload();
                        prop_assert_eq!(rows.bytes(), 0);
                    }
                    Step::Forget(until) => {
                        let mut released = Vec::new();
                        forgotten = forgotten.max(DateTime(until));
                        rows.forget(DateTime(until), &segments, &mut released);
                        released.iter().for_each(|location| segments.release(location));
                        list.retain(|place| place.time > Some(DateTime(until)));
                        prop_assert_eq!(rows.earliest(), list.first().and_then(|place| place.time));
                    }
                    Step::Window(after, until) => {
                        // No tick looks back behind what was forgotten.
                        let (after, until) = (DateTime(after).max(forgotten), DateTime(until));
                        let mut found = Vec::new();
                        rows.window(after, until, &segments, &mut |place, _| {
                            found.push(place.clone());
                            Ok(())
                        }).unwrap();
                        let sees = |place: &&Place| place.time > Some(after) && place.time <= Some(until);
                        prop_assert_eq!(found, list.iter().filter(sees).cloned().collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    #[test]
    fn rows_without_a_time_are_in_every_window() {
        let mut rows = Rows::default();
        let segments = Segments::temporary(0);
        for offset in [2, 1] {
            rows.keep(Place { time: None, ..place(0, offset) }, Kept::Row([].into()));
            rows.seal();
        }
        rows.forget(DateTime(100), &segments, &mut Vec::new());
        let mut found = Vec::new();
        rows.window(DateTime(1), DateTime(2), &segments, &mut |place, _| {
            found.push(place.offset);
            Ok(())
        })
        .unwrap();
        assert_eq!((found, rows.earliest()), (vec![2, 1], None));
    }
}
