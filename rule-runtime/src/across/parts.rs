//! The rows of a window parted by key, on disk: what an evaluation reads a part at a time.
//!
//! ```text
//! rows of a window ─hash of their key─> a chunk for each input and part ─full─> scratch file ─> rows of a part, in their order
//! ```
//!
//! Rows that are read again from their records are not copied: each part goes through their keys, and reads those that
//! its join asks for.

use super::block::KeptRef;
use super::window::{UseRow, Window, decoded};
use rule_eval::evaluate::{Parts as Outcome, UsePart};
use rule_eval::{Context, Env, Expression, Row, Table, Tables, part_hash};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A window's rows in parts.
pub(super) struct Parts<'w> {
    window: &'w Window<'w>,
    keys: &'w [Vec<Expression>],
    count: u64,
    file: File,
    length: u64,
    /// Bytes that the file may take.
    limit: u64,
    /// Where the chunks of each input lie, by part.
    chunks: Vec<Vec<Vec<Chunk>>>,
}

#[derive(Clone, Copy)]
struct Chunk {
    offset: u64,
    length: usize,
}

/// A part, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Number of the part.
    pub(super) part: u64,
    /// Of its rows those whose hash, divided by the number of parts, leaves this
    pub(super) remainder: u64,
    /// when divided by this.
    pub(super) divisor: u64,
}

/// The tables of a part.
pub(super) struct OfPart<'p, 'w> {
    pub(super) parts: &'p Parts<'w>,
    pub(super) slice: Slice,
}

/// Bytes gathered of an input's part before they are written.
const CHUNK: usize = 64 << 10;
const LEAST_CHUNK: usize = 4 << 10;
/// The hash, the key, and the length of a row before its bytes.
const HEAD: usize = 20;

impl<'w> Parts<'w> {
    /// Parts the rows of a window into so many by the values of `keys`, in a file of at most `limit` bytes. `room` is the
    /// memory that may be used.
    pub(super) fn of(
        window: &'w Window<'w>,
        keys: &'w [Vec<Expression>],
        count: u64,
        (file, limit): (File, u64),
        room: u64,
    ) -> Result<Parts<'w>, String> {
        let chunks = vec![vec![Vec::new(); count as usize]; keys.len()];
        let mut parts = Parts { window, keys, count, file, length: 0, limit, chunks };
        let most = (room / 4 / count.max(1)) as usize;
        let most = most.clamp(LEAST_CHUNK, CHUNK);
        (0..keys.len()).try_for_each(|input| parts.add(input, most))?;
        Ok(parts)
    }

    /// Writes the rows of an input, in chunks of so many bytes.
    fn add(&mut self, input: usize, most: usize) -> Result<(), String> {
        // Of an input without keys all rows are asked for at once, whatever the part.
        if self.window.rereads(input) || self.keys.get(input).is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let mut open: Vec<Vec<u8>> = vec![Vec::new(); self.count as usize];
        let (window, keys) = (self.window, self.keys);
        let mut context = window.context();
        window.kept(input, &mut |_, kept| {
            let (KeptRef::Row(bytes) | KeptRef::Keyed { row: bytes, .. }) = kept else { return Ok(()) };
            let key = if let KeptRef::Keyed { key, .. } = kept { key } else { 0 };
            let hash = hash_of(keys.get(input), &mut context, &decoded(bytes)?);
            let part = (hash % self.count) as usize;
            let Some(chunk) = open.get_mut(part) else { return Ok(()) };
            chunk.extend_from_slice(&hash.to_le_bytes());
            chunk.extend_from_slice(&key.to_le_bytes());
            chunk.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            chunk.extend_from_slice(bytes);
            if chunk.len() >= most { self.write(input, part, chunk) } else { Ok(()) }
        })?;
        open.iter_mut().enumerate().try_for_each(|(part, chunk)| self.write(input, part, chunk))
    }

    fn write(&mut self, input: usize, part: usize, chunk: &mut Vec<u8>) -> Result<(), String> {
        if chunk.is_empty() {
            return Ok(());
        }
        let place = Chunk { offset: self.length, length: chunk.len() };
        self.length += chunk.len() as u64;
        let written = if self.length > self.limit {
            Err(io::Error::new(io::ErrorKind::StorageFull, "the bound on disk space is reached"))
        } else {
            self.file.write_all_at(chunk, place.offset)
        };
        written.map_err(|error| format!("rows cannot be parted on disk: {error}"))?;
        chunk.clear();
        let places = self.chunks.get_mut(input).and_then(|of_input| of_input.get_mut(part));
        places.into_iter().for_each(|places| places.push(place));
        Ok(())
    }

    /// Hands the rows of an input that are in a slice to `use_it`, of one with keys those of `keys`.
    fn rows(
        &self,
        input: usize,
        slice: Slice,
        keys: Option<&HashSet<u64>>,
        use_it: &mut UseRow<'_>,
    ) -> Result<(), String> {
        if keys.is_some_and(HashSet::is_empty) {
            return Ok(());
        }
        if self.window.rereads(input) {
            let mut context = self.window.context();
            return self.window.rows(input, keys, &mut |_, row| {
                let hash = hash_of(self.keys.get(input), &mut context, &row);
                if slice.has(hash, self.count) { use_it(row) } else { Ok(()) }
            });
        }
        let chunks = self.chunks.get(input).and_then(|of_input| of_input.get(slice.part as usize));
        let mut bytes = Vec::new();
        for chunk in chunks.into_iter().flatten() {
            bytes.resize(chunk.length, 0);
            let read = self.file.read_exact_at(&mut bytes, chunk.offset);
            read.map_err(|error| format!("rows parted on disk cannot be read: {error}"))?;
            let mut rest = bytes.as_slice();
            while let Some(entry) = Entry::take(&mut rest) {
                if slice.has(entry.hash, self.count) && keys.is_none_or(|keys| keys.contains(&entry.key)) {
                    use_it(decoded(entry.row)?)?;
                }
            }
        }
        Ok(())
    }
}

/// A row in a chunk.
struct Entry<'c> {
    hash: u64,
    key: u64,
    row: &'c [u8],
}

impl<'c> Entry<'c> {
    fn take(rest: &mut &'c [u8]) -> Option<Entry<'c>> {
        let (head, behind) = rest.split_at_checked(HEAD)?;
        let number = |from: usize| Some(u64::from_le_bytes(head.get(from..from + 8)?.try_into().ok()?));
        let length = u32::from_le_bytes(head.get(16..HEAD)?.try_into().ok()?) as usize;
        let (row, behind) = behind.split_at_checked(length)?;
        *rest = behind;
        Some(Entry { hash: number(0)?, key: number(8)?, row })
    }
}

impl Slice {
    /// A whole part.
    pub(super) fn whole(part: u64) -> Slice {
        Slice { part, remainder: 0, divisor: 1 }
    }

    /// The same in so many slices.
    pub(super) fn split(self, count: u64) -> impl Iterator<Item = Slice> {
        let Slice { part, remainder, divisor } = self;
        (0..count).map(move |at| Slice {
            part,
            remainder: remainder + divisor * at,
            divisor: divisor * count,
        })
    }

    fn has(self, hash: u64, parts: u64) -> bool {
        hash % parts == self.part && hash / parts % self.divisor == self.remainder
    }
}

/// The hash that says of which part a row is.
fn hash_of(keys: Option<&Vec<Expression>>, context: &mut Context, row: &Row) -> u64 {
    let mut env = Env::new(&(), context);
    let key: Row = keys.into_iter().flatten().map(|key| key.value(&mut env, row)).collect();
    part_hash(&key)
}

impl Tables for OfPart<'_, '_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.parts.window.table(name)
    }

    fn is_keyed(&self, name: &str) -> bool {
        self.parts.window.is_keyed(name)
    }

    fn parts(&self, name: &str, keys: Option<&HashSet<u64>>, use_part: &mut UsePart<'_>) -> Option<Outcome> {
        let rows = |input, use_it: &mut UseRow<'_>| self.parts.rows(input, self.slice, keys, use_it);
        self.parts.window.hand_out(name, &rows, use_part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_in_one_slice_however_often_parts_are_split() {
        for hash in [0, 1, 6, 7, 8, 1 << 40, u64::MAX, 0x9e37_79b9_7f4a_7c15] {
            let slices = (0..7).map(Slice::whole).flat_map(|whole| {
                whole.split(3).flat_map(|slice| {
                    if slice.remainder == 1 { slice.split(8).collect() } else { vec![slice] }
                })
            });
            assert_eq!(slices.filter(|slice| slice.has(hash, 7)).count(), 1, "{hash}");
        }
    }

    #[test]
    fn what_ends_within_an_entry_is_no_entry() {
        let mut bytes = [7_u64.to_le_bytes(), 9_u64.to_le_bytes()].concat();
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend(b"ab");
        let mut rest = bytes.as_slice();
        let entry = Entry::take(&mut rest).unwrap();
        assert_eq!((entry.hash, entry.key, entry.row, rest.len()), (7, 9, &b"ab"[..], 0));
        assert!((0..bytes.len()).all(|length| Entry::take(&mut &bytes[..length]).is_none()));
    }
}
