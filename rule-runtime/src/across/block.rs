//! Kept rows in their order as bytes: what lies in memory or on disk and is read from its beginning.
//!
//! ```text
//! names of sources | time of the first row | for each row: time since the one before, source, offset since the one
//! before, ordinal and kind, key, length of the record or the row itself
//! ```
//!
//! Numbers are variable in length, so that a place takes about 10 bytes, not the 48 of [`Place`].

use super::state::{Kept, Place};
use rule_model::DateTime;
use std::ops::Range;
use std::sync::Arc;

/// What a row is kept as, borrowed from its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptRef<'a> {
    /// The row.
    Row(&'a [u8]),
    /// The row under the hash of its key.
    Keyed {
        /// Hash of the key.
        key: u64,
        /// The row.
        row: &'a [u8],
    },
    /// The hash of the key of a record that is read again, and the record's length.
    Record {
        /// Hash of the key.
        key: u64,
        /// Length of the record in bytes.
        length: u64,
    },
}

impl KeptRef<'_> {
    /// The same, away from its block.
    pub(super) fn to_owned(self) -> Kept {
        match self {
            KeptRef::Row(row) => Kept::Row(row.into()),
            KeptRef::Keyed { key, row } => Kept::Keyed { key, row: row.into() },
            KeptRef::Record { key, length } => Kept::Record { key, length },
        }
    }
}

/// Reads a block row by row.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    bytes: Arc<[u8]>,
    at: usize,
    sources: Vec<Arc<str>>,
    place: Place,
    entry: Entry,
}

#[derive(Clone, Debug)]
enum Entry {
    Row(Range<usize>),
    Keyed(u64, Range<usize>),
    Record(u64, u64),
}

const ROW: u64 = 0;
const KEYED: u64 = 1;
const RECORD: u64 = 2;
/// Bytes of a key.
const KEY: usize = 8;

/// Rows in their order as bytes. All have a time, or none has.
pub(super) fn encode<'a>(rows: impl Iterator<Item = (&'a Place, &'a Kept)> + Clone) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sources: Vec<&Arc<str>> = Vec::new();
    for (place, _) in rows.clone() {
        // The last source first: neighbours mostly share it.
        if !sources.iter().rev().any(|source| **source == place.source) {
            sources.push(&place.source);
        }
    }
    put(&mut bytes, sources.len() as u64);
    for source in &sources {
        put(&mut bytes, source.len() as u64);
        bytes.extend_from_slice(source.as_bytes());
    }
    let first = rows.clone().next().and_then(|(place, _)| place.time);
    bytes.push(u8::from(first.is_some()));
    let (mut time, mut offset) = (0_i64, 0_u64);
    for (place, kept) in rows {
        let now = place.time.map_or(0, |time| time.0);
        put(&mut bytes, zigzag(now.wrapping_sub(time)));
        put(&mut bytes, sources.iter().position(|source| **source == place.source).unwrap_or(0) as u64);
        put(&mut bytes, zigzag(place.offset.wrapping_sub(offset) as i64));
        (time, offset) = (now, place.offset);
        put_kept(&mut bytes, place.ordinal, kept);
    }
    bytes
}

fn put_kept(bytes: &mut Vec<u8>, ordinal: u64, kept: &Kept) {
    let (kind, key) = match kept {
        Kept::Row(_) => (ROW, None),
        Kept::Keyed { key, .. } => (KEYED, Some(key)),
        Kept::Record { key, .. } => (RECORD, Some(key)),
    };
    put(bytes, ordinal << 2 | kind);
    if let Some(key) = key {
        bytes.extend_from_slice(&key.to_le_bytes());
    }
    match kept {
        Kept::Record { length, .. } => put(bytes, *length),
        Kept::Row(row) | Kept::Keyed { row, .. } => {
            put(bytes, row.len() as u64);
            bytes.extend_from_slice(row);
        }
    }
}

impl Reader {
    /// Begins before the first row; `None` when the bytes are no block.
    pub(super) fn new(bytes: Arc<[u8]>) -> Option<Reader> {
        let place = Place { time: None, source: Arc::from(""), offset: 0, ordinal: 0 };
        let mut reader = Reader { bytes, at: 0, sources: Vec::new(), place, entry: Entry::Row(0..0) };
        let mut rest = &*reader.bytes;
        for _ in 0..number(&mut rest)? {
            let length = usize::try_from(number(&mut rest)?).ok()?;
            let (name, behind) = rest.split_at_checked(length)?;
            reader.sources.push(std::str::from_utf8(name).ok()?.into());
            rest = behind;
        }
        let (timed, rest) = rest.split_first()?;
        reader.at = reader.bytes.len() - rest.len();
        reader.place.time = (*timed == 1).then_some(DateTime(0));
        Some(reader)
    }

    /// Goes to the next row: whether there is one; `None` when the bytes end within it.
    pub(super) fn advance(&mut self) -> Option<bool> {
        let bytes = &*self.bytes;
        let mut rest = bytes.get(self.at..)?;
        if rest.is_empty() {
            return Some(false);
        }
        let since = unzigzag(number(&mut rest)?);
        let source = self.sources.get(number(&mut rest)? as usize)?;
        let further = unzigzag(number(&mut rest)?) as u64;
        let kind = number(&mut rest)?;
        let row = |mut rest: &[u8]| {
            let length = usize::try_from(number(&mut rest)?).ok()?;
            let start = bytes.len() - rest.len();
            (length <= rest.len()).then_some(start..start + length)
        };
        (self.entry, self.at) = match kind & 3 {
            ROW => {
                let row = row(rest)?;
                (Entry::Row(row.clone()), row.end)
            }
            KEYED => {
                let row = row(rest.get(KEY..)?)?;
                (Entry::Keyed(key(&mut rest)?, row.clone()), row.end)
            }
            RECORD => {
                let record = Entry::Record(key(&mut rest)?, number(&mut rest)?);
                (record, bytes.len() - rest.len())
            }
            _ => return None,
        };
        let place = &mut self.place;
        place.time = place.time.map(|time| DateTime(time.0.wrapping_add(since)));
        if !Arc::ptr_eq(source, &place.source) {
            place.source = source.clone();
        }
        place.offset = place.offset.wrapping_add(further);
        place.ordinal = kind >> 2;
        Some(true)
    }

    /// Where the row stands.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The row.
    pub(super) fn kept(&self) -> KeptRef<'_> {
        let row = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        match &self.entry {
            Entry::Row(range) => KeptRef::Row(row(range)),
            Entry::Keyed(key, range) => KeptRef::Keyed { key: *key, row: row(range) },
            Entry::Record(key, length) => KeptRef::Record { key: *key, length: *length },
        }
    }
}

/// The number that bytes begin with, which are then those behind it; `None` where they end within it. It is put together
/// from eight bytes at once, where there are so many: every tick reads all rows that it sees.
#[inline]
fn number(bytes: &mut &[u8]) -> Option<u64> {
    const LAST: u64 = 0x8080_8080_8080_8080;
    if let Some(eight) = bytes.first_chunk() {
        let eight = u64::from_le_bytes(*eight);
        let last = !eight & LAST;
        if last & 0x80 != 0 {
            *bytes = bytes.get(1..)?;
            return Some(eight & 0x7f);
        }
        if last & 0x8000 != 0 {
            *bytes = bytes.get(2..)?;
            return Some(eight & 0x7f | eight >> 1 & 0x3f80);
        }
        if last != 0 {
            let sevens = eight & (last ^ last.wrapping_sub(1)) & !LAST;
            let pairs = sevens & 0x007f_007f_007f_007f | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
            let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
            *bytes = bytes.get(last.trailing_zeros() as usize / 8 + 1..)?;
            return Some(fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4);
        }
    }
    number_by_bytes(bytes)
}

/// The same, of more than eight bytes or at the end.
fn number_by_bytes(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            *bytes = bytes.get(at + 1..)?;
            return Some(number);
        }
    }
    None
}

/// The key that bytes begin with, which are then those behind it.
#[inline]
fn key(bytes: &mut &[u8]) -> Option<u64> {
    let (key, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*key))
}

/// Seven bits a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small numbers of either sign as small ones without.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept() -> impl Strategy<Value = Kept> {
        let row = || prop::collection::vec(any::<u8>(), 0..300).prop_map(Vec::into_boxed_slice);
        prop_oneof![
            row().prop_map(Kept::Row),
            (any::<u64>(), row()).prop_map(|(key, row)| Kept::Keyed { key, row }),
            (any::<u64>(), any::<u64>()).prop_map(|(key, length)| Kept::Record { key, length }),
        ]
    }

    fn rows() -> impl Strategy<Value = Vec<(Place, Kept)>> {
        let row = (any::<i64>(), 0..3_usize, any::<u64>(), 0..1_u64 << 60, kept());
        (any::<bool>(), prop::collection::vec(row, 0..20)).prop_map(|(timed, rows)| {
            let row = |(time, source, offset, ordinal, kept)| {
                let source = Arc::from(["", "a", "a longer name"][source]);
                (Place { time: timed.then_some(DateTime(time)), source, offset, ordinal }, kept)
            };
            rows.into_iter().map(row).collect()
        })
    }

    /// Blocks lie in segments that commits name: other bytes are another version of the state's format
    /// (`checkpoint::commit_file::VERSION`).
    #[test]
    fn rows_are_written_as_the_version_of_the_state_says() {
        let place = |time, source: &str, offset, ordinal| Place {
            time: Some(DateTime(time)),
            source: source.into(),
            offset,
            ordinal,
        };
        let rows = [
            (place(1000, "a", 300, 0), Kept::Row(Box::new([7, 8]))),
            (place(999, "bc", 5, 1), Kept::Keyed { key: 0x0102_0304_0506_0708, row: Box::new([9]) }),
            (place(2000, "a", 600, 2), Kept::Record { key: 1, length: 200 }),
        ];
        let bytes = encode(rows.iter().map(|(place, kept)| (place, kept)));
        #[rustfmt::skip]
        assert_eq!(
            bytes,
            [
                2, 1, b'a', 2, b'b', b'c', 1,
                208, 15, 0, 216, 4, 0, 2, 7, 8,
                1, 1, 205, 4, 5, 8, 7, 6, 5, 4, 3, 2, 1, 1, 9,
                210, 15, 0, 166, 9, 10, 1, 0, 0, 0, 0, 0, 0, 0, 200, 1,
            ]
        );
        let timeless = [(Place { time: None, ..place(0, "a", 1, 0) }, Kept::Row(Box::new([])))];
        let bytes = encode(timeless.iter().map(|(place, kept)| (place, kept)));
        assert_eq!(bytes, [1, 1, b'a', 0, 0, 0, 2, 0, 0]);
    }

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_written(rows in rows()) {
            let bytes = encode(rows.iter().map(|(place, kept)| (place, kept)));
            let mut reader = Reader::new(bytes.into()).unwrap();
            for (place, kept) in &rows {
                prop_assert_eq!(reader.advance(), Some(true));
                prop_assert_eq!(reader.place(), place);
                prop_assert_eq!(reader.kept(), kept.borrow());
            }
            prop_assert_eq!(reader.advance(), Some(false));
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(mut reader) = Reader::new(bytes.into()) {
                while reader.advance() == Some(true) {}
            }
        }
    }
}
