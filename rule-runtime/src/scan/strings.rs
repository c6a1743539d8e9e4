//! Where the strings of a record end, and whether what is escaped in them may be: all that a parser must know of a record
//! before it reads it.
//!
//! Of a record that was just looked at the marks say it; any other, however long, is classified.

use super::classify::{BLOCK, Blocks, CHUNK, Carry, Classify, escaped};
use super::marks::{Marks, Positions, ROOM};
use super::{avx2, portable};

/// The strings of a record: all closed and free of raw control characters. Where a backslash is outside of strings, those
/// before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strings<'a, P> {
    /// Their closing quotes, in their order.
    pub(crate) ends: &'a [P],
    /// In each string with escapes at least one position, up to its closing quote.
    pub(crate) escapes: &'a [P],
    /// Whether these are all bytes after backslashes that escape, and none is checked; else all are.
    pub(crate) is_unchecked: bool,
}

/// Memory for positions in marked records.
#[derive(Debug, Default)]
pub(super) struct Positioned {
    ends: Positions,
    /// The closing quotes of strings with escapes.
    escapes: Positions,
}

/// Makes positions of what a record's marks have; false where something is escaped that may not be.
pub(super) type Spread = fn(&[u8], &Marks, &mut Positioned) -> bool;

/// Finds the strings of records that were not marked.
#[derive(Debug)]
pub(crate) struct Finder {
    classify: Classify,
    ends: Vec<u32>,
    escapes: Vec<u32>,
}

impl Positioned {
    pub(super) fn strings(&self) -> Strings<'_, u16> {
        Strings { ends: self.ends.all(), escapes: self.escapes.all(), is_unchecked: false }
    }
}

/// A [`Spread`]. `quotes` finds all quotes of a block, escaped or not; `parity` and `append` are as [`super::marks::mark`]'s.
#[inline(always)]
pub(super) fn spread(
    record: &[u8],
    marks: &Marks,
    Positioned { ends, escapes }: &mut Positioned,
    quotes: impl Fn(&[u8; BLOCK]) -> u64,
    parity: impl Fn(u64) -> u64,
    append: impl Fn(&mut [u16; ROOM], u16, u64),
) -> bool {
    let (mut ends, mut escapes) = (ends.writer(), escapes.writer());
    // 1 where the next byte is escaped, and within a string with escapes.
    let (mut in_string, mut carry, mut within, mut sound) = (0, 0, 0, true);
    for ((number, bytes), [unescaped, backslashes]) in
        record.chunks(BLOCK).enumerate().zip(marks.of_strings())
    {
        let base = number * BLOCK;
        let strings = parity(unescaped) ^ in_string;
        // The sign bit says whether the block ends within a string.
        in_string = ((strings as i64) >> 63) as u64;
        let closing = unescaped & !strings;
        ends.append(base as u16, closing, &append);
        if backslashes | carry | within != 0 {
            // Added to the bits of a string, any bit within them carries to the place of its closing quote.
            let (sum, over) = strings.overflowing_add(backslashes & strings);
            let (sum, over_again) = sum.overflowing_add(within);
            within = u64::from(over | over_again);
            escapes.append(base as u16, closing & sum, &append);
            // Most of what is escaped are quotes and backslashes.
            let plain = backslashes | bytes.first_chunk().map_or(0, &quotes);
            sound &= are_escapes(record, base, escaped(backslashes, &mut carry) & !plain);
        }
    }
    ends.end();
    escapes.end();
    sound
}

/// Whether all of these bytes, counted from a base, may follow a backslash.
#[inline]
fn are_escapes(record: &[u8], base: usize, mut bits: u64) -> bool {
    let mut sound = true;
    while bits != 0 {
        sound &= is_escape(record, base + bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
    sound
}

/// Whether the byte at an offset may follow a backslash in a string, as what follows it does.
#[inline]
pub(crate) fn is_escape(record: &[u8], at: usize) -> bool {
    match record.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => {
            record.get(at + 1..at + 5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        }
        _ => false,
    }
}

impl Finder {
    /// By the fastest instructions that this machine has.
    pub(crate) fn new() -> Finder {
        let classify = avx2::detect().map_or(portable::classify as Classify, |(classify, ..)| classify);
        Finder { classify, ends: Vec::new(), escapes: Vec::new() }
    }

    /// The strings of a record of at most 2³² bytes; `None` where one is not closed or holds a raw control character.
    pub(crate) fn find(&mut self, record: &[u8]) -> Option<Strings<'_, u32>> {
        self.ends.clear();
        self.escapes.clear();
        let (mut carry, mut blocks, mut escaping) = (Carry::default(), Blocks::default(), 0);
        for (chunk, base) in record.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            let count = (self.classify)(chunk, &mut carry, &mut blocks);
            for (block, base) in blocks.iter().take(count).zip((base..).step_by(BLOCK)) {
                push(&mut self.ends, base, block.quotes & !block.strings);
                if block.backslashes | escaping != 0 {
                    push(&mut self.escapes, base, escaped(block.backslashes, &mut escaping));
                }
            }
        }
        let holds = (carry.in_string, carry.controls) == (0, 0);
        holds.then_some(Strings { ends: &self.ends, escapes: &self.escapes, is_unchecked: true })
    }
}

/// Adds the positions of bits, counted from a base.
#[inline]
fn push(positions: &mut Vec<u32>, base: u32, mut bits: u64) {
    while bits != 0 {
        positions.push(base + bits.trailing_zeros());
        bits &= bits - 1;
    }
}
