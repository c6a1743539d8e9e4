//! What ticks had to read again and to parse, for the next ones, which mostly see the same; and what a tick found by keys,
//! for its evidence.
//!
//! It is not part of what a state serialises, and nothing that a tick gives depends on it.

use super::block::KeptRef;
use super::state::{Kept, Place, State};
use rule_eval::{ParsedTexts, Row, memory};
use std::collections::{HashMap, HashSet};

/// Rows of records that were read again, and JSON texts in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Recalled {
    rows: HashMap<Record, OfRecord>,
    bytes: u64,
    /// Bytes that may be held.
    room: u64,
    /// Counts ticks.
    now: u64,
    pub(super) texts: ParsedTexts,
    /// What this tick found, and bytes of it.
    found: Vec<Found>,
    found_bytes: u64,
}

/// The rows of an input that have one of some keys.
#[derive(Clone, Debug)]
pub(super) struct Found {
    input: usize,
    keys: HashSet<u64>,
    pub(super) rows: Vec<(Place, Kept)>,
    bytes: u64,
}

/// A record of an input, with the hash of its key.
type Record = (usize, u64, Place);

#[derive(Clone, Debug)]
struct OfRecord {
    rows: Vec<Row>,
    bytes: u64,
    /// When it was last asked for.
    asked: u64,
}

/// What a record takes here besides its rows.
const RECORD: u64 = 96;
/// What a key takes in a set.
const KEY: u64 = 16;

impl Found {
    pub(super) fn add(&mut self, place: &Place, kept: KeptRef<'_>) {
        let kept = kept.to_owned();
        self.bytes += State::cost(&kept);
        self.rows.push((place.clone(), kept));
    }
}

/// Whatever it has, a state gives the same.
impl PartialEq for Recalled {
    fn eq(&self, _: &Recalled) -> bool {
        true
    }
}

impl Recalled {
    /// Begins a tick, which may have so many bytes held: what the last one did not ask for is let go of.
    pub(super) fn begin(&mut self, room: u64) {
        let (last, bytes) = (self.now, &mut self.bytes);
        self.rows.retain(|_, record| {
            let stays = record.asked == last;
            *bytes -= if stays { 0 } else { record.bytes };
            stays
        });
        (self.now, self.room) = (last + 1, room / 3);
        self.texts.begin(room / 3);
    }

    /// Ends a tick. Texts of rows that are not held here will not come again.
    pub(super) fn end(&mut self) {
        (self.found, self.found_bytes) = (Vec::new(), 0);
        if self.rows.is_empty() {
            self.texts = ParsedTexts::default();
        }
    }

    /// Bytes held, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + self.texts.bytes() + self.found_bytes
    }

    /// What this tick found of an input by these keys, until it is given back.
    pub(super) fn take_found(&mut self, input: usize, keys: &HashSet<u64>) -> Option<Found> {
        let at = self.found.iter().position(|found| found.input == input && found.keys == *keys)?;
        let found = self.found.swap_remove(at);
        self.found_bytes -= found.bytes;
        Some(found)
    }

    /// Nothing found yet by these keys, if there is room for what will be.
    pub(super) fn begin_finding(&self, input: usize, keys: &HashSet<u64>) -> Option<Found> {
        let bytes = RECORD + keys.len() as u64 * KEY;
        let fits = self.found_bytes + bytes <= self.room;
        fits.then(|| Found { input, keys: keys.clone(), rows: Vec::new(), bytes })
    }

    /// Holds what was found for the rest of the tick, if there is room.
    pub(super) fn hold_found(&mut self, found: Found) {
        if self.found_bytes + found.bytes <= self.room {
            self.found_bytes += found.bytes;
            self.found.push(found);
        }
    }

    /// Whether what is being found may be held so far.
    pub(super) fn has_room_for(&self, found: &Found) -> bool {
        self.found_bytes + found.bytes <= self.room
    }

    /// The rows of a record, if they are held.
    pub(super) fn rows(&mut self, input: usize, key: u64, place: &Place) -> Option<Vec<Row>> {
        let record = self.rows.get_mut(&(input, key, place.clone()))?;
        record.asked = self.now;
        Some(record.rows.clone())
    }

    /// Holds the rows of a record, if there is room.
    pub(super) fn hold(&mut self, input: usize, key: u64, place: &Place, rows: &[Row]) {
        let bytes = RECORD + rows.iter().map(|row| memory::of_row(row)).sum::<u64>();
        if self.bytes + bytes <= self.room {
            self.bytes += bytes;
            let record = OfRecord { rows: rows.to_vec(), bytes, asked: self.now };
            self.rows.insert((input, key, place.clone()), record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::{DateTime, Value};

    fn place(offset: u64) -> Place {
        Place { time: Some(DateTime(1)), source: "a".into(), offset, ordinal: 0 }
    }

    #[test]
    fn rows_are_held_as_long_as_each_tick_asks_for_them_and_what_was_found_for_the_tick() {
        let mut recalled = Recalled::default();
        recalled.begin(1 << 20);
        let rows = vec![vec![Value::Long(1)]];
        recalled.hold(0, 7, &place(1), &rows);
        recalled.hold(0, 7, &place(2), &rows);
        assert_eq!(recalled.rows(0, 7, &place(1)).as_ref(), Some(&rows));
        assert_eq!((recalled.rows(1, 7, &place(1)), recalled.rows(0, 8, &place(1))), (None, None));
        recalled.begin(1 << 20);
        assert_eq!(recalled.rows(0, 7, &place(1)).as_ref(), Some(&rows));
        recalled.begin(1 << 20);
        assert_eq!(recalled.rows(0, 7, &place(2)), None);
        assert_eq!(recalled.rows(0, 7, &place(1)).as_ref(), Some(&rows));
        let keys = HashSet::from([7]);
        let mut found = recalled.begin_finding(0, &keys).unwrap();
        found.add(&place(1), KeptRef::Record { key: 7, length: 9 });
        recalled.hold_found(found);
        assert!(recalled.take_found(0, &HashSet::from([7, 8])).is_none());
        assert!(recalled.take_found(1, &keys).is_none());
        let found = recalled.take_found(0, &keys).unwrap();
        assert_eq!(found.rows, [(place(1), Kept::Record { key: 7, length: 9 })]);
        recalled.hold_found(found);
        recalled.end();
        assert!(recalled.take_found(0, &keys).is_none());
        recalled.begin(0);
        recalled.begin(0);
        assert_eq!(recalled.bytes(), 0);
        recalled.hold(0, 7, &place(1), &rows);
        assert_eq!(recalled.rows(0, 7, &place(1)), None);
    }
}
