//! Entries by key of which memory has no room: sorted runs in segments, of which the newest that has a key counts.
//!
//! ```text
//! entries in order of their keys ─push─> run: blocks of 4 KiB, each known by its first and last key
//!                                         └─ beside an older one of less than twice its size: merged with it
//! keys in order ─find─ newest run first, only blocks around a key ─> the entry of each
//! ```
//!
//! Runs of doubling sizes: each entry is written again once for each time that the whole doubles, and a key is looked for
//! in as many runs. An embedded store would do as much; but it would have a second way to be made safe beside commits, to
//! which segments belong already.

use super::segments::{Location, Segments, Unwritten};
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// What an entry is found by. Hashes, as which keys are spread evenly.
pub(crate) type Key = [u8; 16];

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    /// When it was of use last, by which it is forgotten. It is not before that of an earlier entry of the key.
    pub(crate) time: DateTime,
    pub(crate) value: Vec<u8>,
}

/// The same, in the block that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryRef<'b> {
    pub(crate) time: DateTime,
    pub(crate) value: &'b [u8],
}

/// Entries in segments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Runs {
    /// The oldest first.
    runs: Vec<Vec<Block>>,
}

/// Neighbours of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    first: Key,
    last: Key,
    /// The latest time of an entry.
    latest: DateTime,
    entries: u64,
    location: Location,
}

/// What is done with each entry that is found; the number is that of its key among those asked for.
pub(crate) type UseEntry<'u> = dyn FnMut(usize, EntryRef<'_>) -> Result<(), String> + 'u;

/// Bytes of a block.
const BLOCK: usize = 4 << 10;
/// Bytes of the blocks that are written at a time.
const BATCH: usize = 1 << 20;
/// What a block takes in memory.
const BLOCK_BYTES: u64 = size_of::<Block>() as u64;
/// The key, the time, and the length of the value before it.
const HEAD: usize = 28;

impl Runs {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        self.blocks().count() as u64 * BLOCK_BYTES
    }

    /// Where its entries lie.
    pub(crate) fn locations(&self) -> impl Iterator<Item = &Location> {
        self.blocks().map(|block| &block.location)
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.runs.iter().flatten()
    }

    /// Writes entries, in the order of their keys, each key once. On an error nothing has changed. Of older ones those are left
    /// out on the way whose time `is_over`.
    pub(crate) fn push(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
        segments: &mut Segments,
        is_over: &dyn Fn(DateTime) -> bool,
    ) -> Result<(), Unwritten> {
        let mut writing = Writing::default();
        let outcome = entries.into_iter().try_for_each(|entry| writing.add(&entry, segments));
        let run = writing.end(outcome, segments)?;
        self.runs.extend(Some(run).filter(|run| !run.is_empty()));
        while let [.., older, newer] = self.runs.as_slice()
            && count(older) < 2 * count(newer)
        {
            // Where there is no room for both, or one cannot be read, they stay as they are.
            let Ok(merged) = merge([older, newer], segments, is_over) else { break };
            for block in self.runs.drain(self.runs.len() - 2..).flatten() {
                segments.release(&block.location);
            }
            self.runs.extend(Some(merged).filter(|run| !run.is_empty()));
        }
        Ok(())
    }

    /// Hands the newest entry of each of these keys, which are in their order, to `use_it`.
    pub(crate) fn find(
        &self,
        keys: &[Key],
        segments: &Segments,
        use_it: &mut UseEntry<'_>,
    ) -> Result<(), String> {
        let mut is_found = vec![false; keys.len()];
        for run in self.runs.iter().rev() {
            let mut to = 0;
            while let Some(key) = keys.get(to)
                && let Some(block) = run.get(run.partition_point(|block| block.last < *key))
            {
                let from = to + keys.iter().skip(to).take_while(|key| **key < block.first).count();
                to = from + keys.iter().skip(from).take_while(|key| **key <= block.last).count();
                let (Some(keys), Some(is_found)) = (keys.get(from..to), is_found.get_mut(from..to)) else {
                    break;
                };
                if is_found.iter().all(|is_found| *is_found) {
                    continue;
                }
                block.find(keys, segments, &mut |number, entry| {
                    let is_first = is_found.get_mut(number).is_some_and(|it| !std::mem::replace(it, true));
                    if is_first { use_it(from + number, entry) } else { Ok(()) }
                })?;
            }
        }
        Ok(())
    }

    /// Forgets blocks of which each entry's time `is_over`.
    pub(crate) fn forget(&mut self, is_over: impl Fn(DateTime) -> bool, released: &mut Vec<Location>) {
        for run in &mut self.runs {
            let over = run.extract_if(.., |block| is_over(block.latest));
            released.extend(over.map(|block| block.location));
        }
        self.runs.retain(|run| !run.is_empty());
    }
}

impl Block {
    /// Hands the entries of those of these keys that it has to `use_it`.
    fn find(&self, keys: &[Key], segments: &Segments, use_it: &mut UseEntry<'_>) -> Result<(), String> {
        let bytes = segments.read(&self.location).map_err(|error| unreadable(&error))?;
        let mut rest = &*bytes;
        let mut entry = take(&mut rest);
        for (number, key) in keys.iter().enumerate() {
            while entry.is_some_and(|(found, _)| found < *key) {
                entry = take(&mut rest);
            }
            if let Some((_, entry)) = entry.filter(|(found, _)| found == key) {
                use_it(number, entry)?;
            }
        }
        Ok(())
    }
}

fn count(run: &[Block]) -> u64 {
    run.iter().map(|block| block.entries).sum()
}

/// Two runs, the older one first, as one.
fn merge(
    [older, newer]: [&[Block]; 2],
    segments: &mut Segments,
    is_over: &dyn Fn(DateTime) -> bool,
) -> Result<Vec<Block>, Unwritten> {
    let mut sides = [older, newer].map(|blocks| Side { blocks: blocks.iter(), entries: VecDeque::new() });
    let mut writing = Writing::default();
    let outcome = (|| {
        loop {
            let [older, newer] = &mut sides;
            let comparison = match [older.key(segments)?, newer.key(segments)?] {
                [None, None] => return Ok(()),
                [Some(_), None] => Ordering::Less,
                [None, Some(_)] => Ordering::Greater,
                [Some(older), Some(newer)] => older.cmp(&newer),
            };
            let of_older = if comparison.is_le() { older.entries.pop_front() } else { None };
            let of_newer = if comparison.is_ge() { newer.entries.pop_front() } else { None };
            if let Some(entry) = of_newer.or(of_older).filter(|entry| !is_over(entry.time)) {
                writing.add(&entry, segments)?;
            }
        }
    })();
    writing.end(outcome, segments)
}

/// A run that is read from its beginning.
struct Side<'r> {
    blocks: std::slice::Iter<'r, Block>,
    /// What is left of the last block read.
    entries: VecDeque<Entry>,
}

impl Side<'_> {
    /// The key of the next entry.
    fn key(&mut self, segments: &Segments) -> Result<Option<Key>, Unwritten> {
        if self.entries.is_empty()
            && let Some(block) = self.blocks.next()
        {
            let bytes = segments.read(&block.location).map_err(Unwritten::Disk)?;
            let mut rest = &*bytes;
            while let Some((key, EntryRef { time, value })) = take(&mut rest) {
                self.entries.push_back(Entry { key, time, value: value.to_owned() });
            }
        }
        Ok(self.entries.front().map(|entry| entry.key))
    }
}

/// A run being written.
#[derive(Default)]
struct Writing {
    written: Vec<Block>,
    /// Blocks to be written together, and their bytes.
    batch: Vec<(Span, Arc<[u8]>)>,
    batched: usize,
    /// What is in `bytes`, which are a block to be.
    open: Option<Span>,
    bytes: Vec<u8>,
}

/// What a block to be spans.
#[derive(Clone, Copy)]
struct Span {
    first: Key,
    last: Key,
    latest: DateTime,
    entries: u64,
}

impl Writing {
    fn add(&mut self, entry: &Entry, segments: &mut Segments) -> Result<(), Unwritten> {
        let Entry { key, time, value } = entry;
        let length = u32::try_from(value.len()).map_err(|error| Unwritten::Disk(io::Error::other(error)))?;
        let new = Span { first: *key, last: *key, latest: *time, entries: 0 };
        let open = self.open.get_or_insert(new);
        *open = Span { last: *key, latest: open.latest.max(*time), entries: open.entries + 1, ..*open };
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(&time.0.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(value);
        if self.bytes.len() < BLOCK {
            return Ok(());
        }
        self.end_block();
        if self.batched < BATCH { Ok(()) } else { self.end_batch(segments) }
    }

    fn end_block(&mut self) {
        self.batched += self.bytes.len();
        self.batch.extend(self.open.take().map(|span| (span, self.bytes.as_slice().into())));
        self.bytes.clear();
    }

    fn end_batch(&mut self, segments: &mut Segments) -> Result<(), Unwritten> {
        self.batched = 0;
        let (spans, blocks): (Vec<Span>, Vec<Arc<[u8]>>) = self.batch.drain(..).unzip();
        if blocks.is_empty() {
            return Ok(());
        }
        let locations = segments.write(&blocks)?;
        let block = |(span, location)| {
            let Span { first, last, latest, entries } = span;
            Block { first, last, latest, entries, location }
        };
        self.written.extend(spans.into_iter().zip(locations).map(block));
        Ok(())
    }

    /// The run, if all of it could be added and written; else nothing of it stays.
    fn end(
        mut self,
        outcome: Result<(), Unwritten>,
        segments: &mut Segments,
    ) -> Result<Vec<Block>, Unwritten> {
        self.end_block();
        let outcome = outcome.and_then(|()| self.end_batch(segments));
        if outcome.is_err() {
            self.written.iter().for_each(|block| segments.release(&block.location));
        }
        outcome.map(|()| self.written)
    }
}

/// The entry that bytes begin with, which are then those behind it.
fn take<'b>(bytes: &mut &'b [u8]) -> Option<(Key, EntryRef<'b>)> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (key, head) = head.split_first_chunk()?;
    let (time, length) = head.split_first_chunk()?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    let (value, rest) = rest.split_at_checked(length as usize)?;
    *bytes = rest;
    Some((*key, EntryRef { time: DateTime(i64::from_le_bytes(*time)), value }))
}

fn unreadable(error: &io::Error) -> String {
    format!("what is remembered cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Push(Vec<(u8, i64, u16)>),
        Forget(i64),
        Find(Vec<u8>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let entries = prop::collection::vec((any::<u8>(), 0..50_i64, 0..9000_u16), 0..20);
        prop_oneof![
            3 => entries.prop_map(Step::Push),
            1 => (0..50_i64).prop_map(Step::Forget),
            3 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Step::Find),
        ]
    }

    fn key(number: u8) -> Key {
        [number; 16]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Against a map: runs of any sizes, merged or not, with blocks of one entry or of many. What is over may still be found.
        #[test]
        fn a_key_has_what_was_pushed_last(steps in prop::collection::vec(step(), 0..25)) {
            let mut segments = Segments::temporary(1 << 30);
            let (mut runs, mut over) = (Runs::default(), DateTime(-1));
            let mut map: BTreeMap<u8, (DateTime, Vec<u8>)> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Push(entries) => {
                        let entries: BTreeMap<u8, (DateTime, Vec<u8>)> = entries
                            .into_iter()
                            .map(|(number, time, length)| {
                                let time = map.get(&number).map_or(DateTime(time), |it| it.0.max(DateTime(time)));
                                (number, (time, vec![number; length.into()]))
                            })
                            .filter(|(_, (time, _))| *time > over)
                            .collect();
                        let of_key = |(number, (time, value)): (&u8, &(DateTime, Vec<u8>))| {
                            Entry { key: key(*number), time: *time, value: value.clone() }
                        };
                        runs.push(entries.iter().map(of_key), &mut segments, &|time| time <= over).unwrap();
                        map.extend(entries);
                        let counts: Vec<u64> = runs.runs.iter().map(|run| count(run)).collect();
                        prop_assert!(!matches!(counts[..], [.., older, newer] if older < 2 * newer), "{counts:?}");
                    }
                    Step::Forget(until) => {
                        over = over.max(DateTime(until));
                        let mut released = Vec::new();
                        runs.forget(|time| time <= over, &mut released);
                        released.iter().for_each(|location| segments.release(location));
                        map.retain(|_, (time, _)| *time > over);
                    }
                    Step::Find(mut numbers) => {
                        numbers.sort_unstable();
                        numbers.dedup();
                        let keys: Vec<Key> = numbers.iter().copied().map(key).collect();
                        let mut found = BTreeMap::new();
                        runs.find(&keys, &segments, &mut |at, entry| {
                            let value = (entry.time, entry.value.to_vec());
                            assert!(found.insert(numbers[at], value).is_none());
                            Ok(())
                        }).unwrap();
                        found.retain(|_, (time, _)| *time > over);
                        let expected = map.iter().filter(|(number, _)| numbers.contains(number));
                        prop_assert_eq!(found, expected.map(|(number, it)| (*number, it.clone())).collect());
                    }
                }
            }
            let blocks = runs.blocks().count();
            prop_assert!(blocks == 0 || segments.bytes() > 0);
            let mut released = Vec::new();
            runs.forget(|_| true, &mut released);
            released.iter().for_each(|location| segments.release(location));
            prop_assert_eq!((runs, segments.bytes()), (Runs::default(), 0));
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_all_as_it_was() {
        let entry = |number| Entry { key: key(number), time: DateTime(0), value: vec![0; BATCH] };
        let mut segments = Segments::temporary(7 << 19);
        let mut runs = Runs::default();
        runs.push([entry(1)], &mut segments, &|_| false).unwrap();
        let (before, bytes) = (runs.clone(), segments.bytes());
        let pushed = runs.push((2..9).map(entry), &mut segments, &|_| false);
        assert!(matches!(pushed, Err(Unwritten::Bound)));
        assert_eq!((&runs, segments.bytes()), (&before, bytes));
        // There is room for one more and not for both merged.
        runs.push([entry(2)], &mut segments, &|_| false).unwrap();
        assert_eq!((runs.runs.len(), segments.bytes()), (2, 2 * bytes));
    }

    #[test]
    fn what_ends_within_an_entry_is_no_entry() {
        let mut bytes = [7; 16].to_vec();
        bytes.extend(9_i64.to_le_bytes());
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend(b"ab");
        let mut rest = bytes.as_slice();
        assert_eq!(take(&mut rest), Some(([7; 16], EntryRef { time: DateTime(9), value: b"ab" })));
        assert!((0..bytes.len()).all(|length| take(&mut &bytes[..length]).is_none()));
    }
}
