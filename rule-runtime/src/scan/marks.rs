//! What a record is made of, in two passes over its blocks: what their bytes are, and which of those outside of strings give
//! it its structure.
//!
//! ```text
//! 64 bytes ──compare──> quotes, brackets, colons ──those outside of strings──> Block ──> tokens ──> Shape
//!                └─unusual─compare closer─> backslashes, control characters, bytes beyond ASCII ──> doubts
//! ```
//!
//! What a block of ordinary text has none of is asked with one comparison for all of it, and told apart only where there
//! is some: a branch that is mostly foreseen. One pass for both would need more registers than there are, which costs more
//! than to write masks down and read them again.

use super::classify::{BLOCK, escaped};
use super::shape::{Shape, Shapes};
use super::tokens::Tokens;
use super::walk::is_space;

/// Blocks that a record may have to be marked: with more, positions would not fit their type. Longer ones are walked.
const BLOCKS: usize = (1 << 16) / BLOCK - 1;
/// Positions that one block may add.
pub(super) const ROOM: usize = BLOCK;

/// What a record is made of.
#[derive(Debug)]
pub(super) struct Marks {
    blocks: Box<[Block]>,
    /// A bit for each block with a byte beyond ASCII.
    beyond_ascii: [u64; BLOCKS.div_ceil(64)],
    /// Not 0 where a closer look is needed.
    doubts: u64,
    tokens: Tokens,
    shapes: Shapes,
}

/// Where a record's keys are: its tokens, and what they come to, looked up once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Structure<'m> {
    tokens: &'m Positions,
    shape: &'m Shape,
}

/// Offsets in a record, in their order, and room for a block's more.
#[derive(Debug)]
pub(super) struct Positions {
    at: Box<[u16; (1 << 16) + ROOM]>,
    /// The type holds all counts there can be, so that none leads out of the array.
    count: u16,
}

/// 64 bytes of a record, the first as the lowest bit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// Quotes that open or close strings.
    quotes: u64,
    backslashes: u64,
    /// Brackets outside of strings.
    pub(super) brackets: u64,
    /// Colons outside of strings.
    pub(super) colons: u64,
}

/// The blocks of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks<'m> {
    pub(super) all: &'m [Block],
    /// The bytes of all but a last one that is not whole.
    pub(super) bytes: &'m [[u8; BLOCK]],
    /// The bytes of that one, filled up.
    pub(super) last: &'m [u8; BLOCK],
}

/// What every block is compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) quotes: u64,
    pub(super) brackets: u64,
    pub(super) colons: u64,
    pub(super) backslashes: u64,
    /// Whether there are control characters or bytes beyond ASCII.
    pub(super) beyond_text: bool,
    /// Whether there are backslashes, or something beyond text.
    pub(super) unusual: bool,
}

/// What a block is compared with that has something beyond text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closer {
    pub(super) controls: u64,
    /// Whether there are bytes beyond ASCII.
    pub(super) beyond_ascii: bool,
}

/// How it is seen that a record is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At a newline.
    Line,
    /// Where the bytes end.
    Bytes,
}

/// What goes from block to block.
struct Marker<'m> {
    /// All ones where a newline ends the record.
    ends: u64,
    beyond_ascii: &'m mut [u64; BLOCKS.div_ceil(64)],
    doubts: u64,
    /// All ones within a string.
    in_string: u64,
    /// 1 where the next byte is escaped.
    escaped: u64,
}

/// Positions in the making: what is counted is not in memory until the end.
pub(super) struct Writer<'p> {
    at: &'p mut [u16; (1 << 16) + ROOM],
    count: u16,
    written: &'p mut u16,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            blocks: vec![Block::default(); BLOCKS].into(),
            beyond_ascii: Default::default(),
            doubts: 0,
            tokens: Tokens::default(),
            shapes: Shapes::default(),
        }
    }
}

impl Default for Positions {
    #[allow(
        clippy::large_stack_arrays,
        reason = "an array in a box has its length in its type; made once a worker"
    )]
    fn default() -> Positions {
        Positions { at: Box::new([0; (1 << 16) + ROOM]), count: 0 }
    }
}

impl Positions {
    /// All of them.
    #[inline(always)]
    pub(super) fn all(&self) -> &[u16] {
        // The array is longer than any count of this type.
        &self.at[..usize::from(self.count)]
    }

    /// The position of this number; that of an earlier record where it has not so many.
    #[inline(always)]
    pub(super) fn at(&self, number: u16) -> u16 {
        self.at[usize::from(number)]
    }

    /// Writes them anew.
    #[inline(always)]
    pub(super) fn writer(&mut self) -> Writer<'_> {
        let Positions { at, count } = self;
        Writer { at, count: 0, written: count }
    }
}

impl Writer<'_> {
    /// Adds the positions of bits, counted from `base`.
    #[inline(always)]
    pub(super) fn append(&mut self, base: u16, bits: u64, append: impl Fn(&mut [u16; ROOM], u16, u64)) {
        // The array is longer than any count of this type.
        if let Some(room) = self.at[usize::from(self.count)..].first_chunk_mut() {
            append(room, base, bits);
        }
        self.count = self.count.wrapping_add(bits.count_ones() as u16);
    }

    /// That these are all.
    #[inline(always)]
    pub(super) fn end(self) {
        *self.written = self.count;
    }
}

impl Marks {
    /// Where the keys of the record are.
    #[inline(always)]
    pub(super) fn structure(&self) -> Structure<'_> {
        Structure { tokens: self.tokens.positions(), shape: self.shapes.current() }
    }

    /// The quotes that open or close strings and the backslashes of each block.
    #[inline(always)]
    pub(super) fn of_strings(&self) -> impl Iterator<Item = [u64; 2]> {
        self.blocks.iter().map(|block| [block.quotes, block.backslashes])
    }

    /// Whether the record's strings are closed and free of control characters, and no backslash is outside of strings.
    #[inline(always)]
    pub(super) fn are_plain(&self) -> bool {
        self.doubts == 0
    }

    /// Whether a record of these bytes is one object of at most `max_depth` levels, its brackets matched, its strings closed
    /// and free of control characters, no backslash outside of strings, and UTF-8. May say no to one that is, but nests
    /// deep.
    #[inline(always)]
    pub(super) fn is_plain_object(&self, record: &[u8], max_depth: usize) -> bool {
        self.are_plain() && self.is_one_object(record, max_depth) && self.are_utf8(record)
    }

    #[inline(always)]
    fn is_one_object(&self, record: &[u8], max_depth: usize) -> bool {
        let Some((depth, end)) = self.shapes.current().depth_and_end() else { return false };
        let end = self.tokens.positions().all().get(end);
        let rest = end.and_then(|end| record.get(usize::from(*end) + 1..));
        record.first() == Some(&b'{')
            && depth <= max_depth
            && rest.is_some_and(|rest| rest.is_empty() || rest.iter().all(|byte| is_space(*byte)))
    }

    /// Whether a record of these bytes is UTF-8.
    #[inline(always)]
    fn are_utf8(&self, record: &[u8]) -> bool {
        let words = record.len().div_ceil(BLOCK * 64);
        self.beyond_ascii.iter().take(words).all(|word| *word == 0) || self.runs_are_utf8(record)
    }

    fn runs_are_utf8(&self, record: &[u8]) -> bool {
        let blocks = record.len().div_ceil(BLOCK);
        let mut next = self.block_from(0, blocks, false);
        while next < blocks {
            // A run of such blocks begins and ends with whole characters, since its neighbours are ASCII.
            let end = self.block_from(next, blocks, true);
            let run = record.get(next * BLOCK..(end * BLOCK).min(record.len())).unwrap_or_default();
            if simdutf8::basic::from_utf8(run).is_err() {
                return false;
            }
            next = self.block_from(end, blocks, false);
        }
        true
    }

    /// The first block from `start` on that is ASCII or is not; `blocks` where there is none.
    fn block_from(&self, start: usize, blocks: usize, ascii: bool) -> usize {
        let mut block = start;
        while block < blocks {
            let word = self.beyond_ascii.get(block / 64).copied().unwrap_or(0);
            let wanted = (if ascii { !word } else { word }) >> (block % 64);
            if wanted != 0 {
                return blocks.min(block + wanted.trailing_zeros() as usize);
            }
            block = (block / 64 + 1) * 64;
        }
        blocks
    }

    /// Where the string ends that begins at a position with its quote; `None` where it has escapes.
    #[inline(always)]
    pub(super) fn string_end(&self, start: usize) -> Option<usize> {
        let (first, skipped) = ((start + 1) / BLOCK, (start + 1) % BLOCK);
        // Most strings end within 64 bytes: those are looked at without a branch that depends on where blocks end. Where
        // the record has no second block there is one of an earlier record, but then this string ends in the first.
        if let Some([block, next]) = self.blocks.get(first..first + 2) {
            let window = |block: u64, next: u64| (block >> skipped) | (next << 1 << (BLOCK - 1 - skipped));
            let quotes = window(block.quotes, next.quotes);
            if quotes != 0 {
                let escapes = window(block.backslashes, next.backslashes) & below_lowest(quotes);
                return (escapes == 0).then_some(start + 1 + quotes.trailing_zeros() as usize);
            }
        }
        self.far_string_end(start)
    }

    #[inline(never)]
    fn far_string_end(&self, start: usize) -> Option<usize> {
        let mut after = (!1_u64) << (start % BLOCK);
        for (number, block) in self.blocks.iter().enumerate().skip(start / BLOCK) {
            let quotes = block.quotes & after;
            if block.backslashes & after & below_lowest(quotes) != 0 {
                return None;
            }
            if quotes != 0 {
                return Some(number * BLOCK + quotes.trailing_zeros() as usize);
            }
            after = !0;
        }
        None
    }
}

/// The bits below the lowest that is set: all where none is.
#[inline(always)]
fn below_lowest(bits: u64) -> u64 {
    bits.wrapping_sub(1) & !bits
}

impl<'m> Structure<'m> {
    /// The colons after the record's own keys, as numbers of tokens.
    #[inline(always)]
    pub(super) fn own(&self) -> &'m [u16] {
        self.shape.own()
    }

    /// The colons after the keys of the object that is the value of a key, as numbers of tokens.
    #[inline(always)]
    pub(super) fn within(&self, key: usize) -> Option<&'m [u16]> {
        self.shape.within(key)
    }

    /// Where a token is, by its number.
    #[inline(always)]
    pub(super) fn place(&self, token: u16) -> u16 {
        self.tokens.at(token)
    }

    /// Where the colon after a key of the record is.
    #[inline(always)]
    pub(super) fn own_colon(&self, key: usize) -> Option<u16> {
        self.own().get(key).map(|token| self.place(*token))
    }

    /// Where the colon after a key of the object is that is the value of a key of the record.
    #[inline(always)]
    pub(super) fn colon_within(&self, key: usize, number: usize) -> Option<u16> {
        self.within(key)?.get(number).map(|token| self.place(*token))
    }
}

/// Marks the record that bytes begin with: its length, without the newline. `None` where it is too long. `parity` says for
/// each bit whether an odd number of bits are set up to and including it; `tokens` is [`super::tokens::find`], compiled by
/// itself so that neither takes the other's registers.
#[inline(always)]
pub(super) fn mark(
    bytes: &[u8],
    end: End,
    marks: &mut Marks,
    compare: impl Fn(&[u8; BLOCK]) -> Compared,
    compare_closer: impl Fn(&[u8; BLOCK]) -> Closer,
    parity: impl Fn(u64) -> u64,
    tokens: impl Fn(Blocks<'_>, &mut Tokens),
) -> Option<usize> {
    let Marks { blocks, beyond_ascii, doubts, tokens: found, shapes } = marks;
    *beyond_ascii = Default::default();
    let ends = if end == End::Line { !0 } else { 0 };
    let mut marker = Marker { ends, beyond_ascii, doubts: 0, in_string: 0, escaped: 0 };
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    let (mut newline, mut count) = (None, 0);
    for (bytes, block) in whole.iter().zip(blocks.iter_mut()) {
        let compared = compare(bytes);
        if !compared.unusual && marker.escaped == 0 {
            *block = marker.plain(compared, &parity);
        } else if compared.beyond_text {
            newline = marker.careful((count, bytes), compared, block, &compare_closer, &parity);
        } else {
            *block = marker.escaping(compared, &parity);
        }
        count += 1;
        if newline.is_some() {
            break;
        }
    }
    let mut last = [b' '; BLOCK];
    if newline.is_none()
        && !rest.is_empty()
        && let Some(block) = blocks.get_mut(whole.len())
    {
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let compared = compare(&last);
        newline = marker.careful((count, &last), compared, block, &compare_closer, &parity);
        count += 1;
    }
    *doubts = marker.doubts | marker.in_string;
    let length = newline.or((bytes.len() <= BLOCKS * BLOCK).then_some(bytes.len()))?;
    let all = blocks.get(..count).unwrap_or_default();
    tokens(Blocks { all, bytes: whole, last: &last }, found);
    shapes.find(bytes, found);
    Some(length)
}

impl Marker<'_> {
    /// A block of text without backslashes that follows no escape.
    #[inline(always)]
    fn plain(
        &mut self,
        Compared { quotes, brackets, colons, .. }: Compared,
        parity: impl Fn(u64) -> u64,
    ) -> Block {
        let strings = self.strings(quotes, parity);
        Block { quotes, backslashes: 0, brackets: brackets & !strings, colons: colons & !strings }
    }

    /// A block of text.
    #[inline(always)]
    fn escaping(
        &mut self,
        Compared { quotes, brackets, colons, backslashes, .. }: Compared,
        parity: impl Fn(u64) -> u64,
    ) -> Block {
        let quotes = quotes & !escaped(backslashes, &mut self.escaped);
        let strings = self.strings(quotes, parity);
        self.doubts |= backslashes & !strings;
        Block { quotes, backslashes, brackets: brackets & !strings, colons: colons & !strings }
    }

    /// Any block, up to the newline that ends the record: where that is in the record.
    #[inline(always)]
    fn careful(
        &mut self,
        (number, bytes): (usize, &[u8; BLOCK]),
        mut compared: Compared,
        block: &mut Block,
        compare_closer: impl Fn(&[u8; BLOCK]) -> Closer,
        parity: impl Fn(u64) -> u64,
    ) -> Option<usize> {
        let Closer { mut controls, beyond_ascii } = compare_closer(bytes);
        let newline = first_newline(bytes, controls & self.ends);
        if let Some(newline) = newline {
            let kept = below(newline);
            let Compared { quotes, brackets, colons, backslashes, .. } = &mut compared;
            [quotes, brackets, colons, backslashes, &mut controls].into_iter().for_each(|bits| *bits &= kept);
        }
        if beyond_ascii && let Some(word) = self.beyond_ascii.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
        let before = self.in_string;
        *block = self.escaping(compared, &parity);
        self.doubts |= controls & (parity(block.quotes) ^ before);
        newline.map(|newline| number * BLOCK + newline)
    }

    /// What lies in strings, their opening quotes included.
    #[inline(always)]
    fn strings(&mut self, quotes: u64, parity: impl Fn(u64) -> u64) -> u64 {
        let strings = parity(quotes) ^ self.in_string;
        // The sign bit says whether the block ends within a string.
        self.in_string = ((strings as i64) >> 63) as u64;
        strings
    }
}

/// Positions that are written without a branch: few blocks have more tokens.
const FEW: usize = 4;

/// How positions are written where there is no better way.
#[inline(always)]
pub(super) fn append(positions: &mut [u16; ROOM], base: u16, mut bits: u64) {
    let count = bits.count_ones() as usize;
    let mut next = || {
        let position = base.wrapping_add(bits.trailing_zeros() as u16);
        bits &= bits.wrapping_sub(1);
        position
    };
    let Some((first, rest)) = positions.split_first_chunk_mut::<FEW>() else { return };
    first.iter_mut().for_each(|position| *position = next());
    if count > FEW {
        rest.iter_mut().take(count - FEW).for_each(|position| *position = next());
    }
}

/// The first newline among control characters.
#[inline(always)]
fn first_newline(block: &[u8; BLOCK], mut controls: u64) -> Option<usize> {
    while controls != 0 {
        let at = controls.trailing_zeros() as usize;
        if block.get(at) == Some(&b'\n') {
            return Some(at);
        }
        controls &= controls - 1;
    }
    None
}

/// The bits below this one.
#[inline(always)]
fn below(bit: usize) -> u64 {
    (1_u64 << bit).wrapping_sub(1)
}
