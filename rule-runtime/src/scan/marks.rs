//! One pass over a record's bytes: where its end, its brackets and its colons are, and whether anything in it is unusual.
//!
//! ```text
//! 64 bytes ──compare──> quotes, backslashes, … ──> outside of strings: positions of brackets, bits of colons
//!                                               └─> doubts: unclosed, raw control character, escape in a key, …
//! ```
//!
//! What most blocks have none of (control characters, bytes beyond ASCII, backslashes, brackets) is looked at only
//! where it is: one branch each, which is mostly foreseen.

use super::classify::{BLOCK, escaped};

/// Blocks that a record may have to be marked: with more, positions would not fit their type. Longer ones are walked.
const BLOCKS: usize = (1 << 16) / BLOCK - 1;
/// Positions that one block may add.
pub(super) const ROOM: usize = BLOCK;

/// What a record is made of.
#[derive(Debug)]
pub(super) struct Marks {
    /// Where brackets outside of strings are.
    brackets: Positions,
    blocks: Box<[Block]>,
    /// A bit for each block with a byte beyond ASCII.
    beyond_ascii: [u64; BLOCKS.div_ceil(64)],
    /// Not 0 where a closer look is needed.
    doubts: u64,
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
struct Block {
    /// Quotes that open or close strings.
    quotes: u64,
    backslashes: u64,
    /// Colons outside of strings.
    colons: u64,
}

/// Comparisons of 64 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    pub(super) brackets: u64,
    pub(super) colons: u64,
    /// Control characters, and bytes beyond ASCII.
    pub(super) unusual: u64,
}

/// How it is seen that a record is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At a newline.
    Line,
    /// Where the bytes end.
    Bytes,
}

/// What blocks leave to the next about backslashes. All 0 where there were none lately.
#[derive(Default)]
struct Escapes {
    /// 1 where the next byte is escaped.
    escaped: u64,
    /// 1 within a string with escapes.
    within: u64,
    /// 1 where such a string closed with the last byte.
    closed: u64,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            brackets: Positions::default(),
            blocks: vec![Block::default(); BLOCKS].into(),
            beyond_ascii: Default::default(),
            doubts: 0,
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

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Writes a position, and keeps it if so.
    #[inline(always)]
    pub(super) fn push_if(&mut self, position: u16, keep: bool) {
        // As above.
        self.at[usize::from(self.count)] = position;
        self.count = self.count.wrapping_add(u16::from(keep));
    }

    #[inline(always)]
    pub(super) fn len(&self) -> u16 {
        self.count
    }

    /// Adds the positions of bits, counted from `base`.
    #[inline(always)]
    pub(super) fn append(&mut self, base: u16, bits: u64, append: impl Fn(&mut [u16; ROOM], u16, u64)) {
        // As above.
        if let Some(room) = self.at[usize::from(self.count)..].first_chunk_mut() {
            append(room, base, bits);
        }
        self.count = self.count.wrapping_add(bits.count_ones() as u16);
    }
}

impl Marks {
    /// Where brackets outside of strings are.
    #[inline(always)]
    pub(super) fn brackets(&self) -> &[u16] {
        self.brackets.all()
    }

    /// Where the colons outside of strings are that lie between two positions.
    #[inline(always)]
    pub(super) fn colons(&self, from: u16, to: u16, colons: &mut Positions) {
        colons.clear();
        let (first, last) = (usize::from(from) / BLOCK, usize::from(to) / BLOCK);
        for (number, block) in self.blocks.iter().enumerate().take(last + 1).skip(first) {
            let from = if number == first { !below(usize::from(from) % BLOCK) } else { !0 };
            let to = if number == last { below(usize::from(to) % BLOCK) } else { !0 };
            colons.append((number * BLOCK) as u16, block.colons & from & to, append);
        }
    }

    /// The quotes that open or close strings and the backslashes of each block.
    #[inline(always)]
    pub(super) fn of_strings(&self) -> impl Iterator<Item = [u64; 2]> {
        self.blocks.iter().map(|block| [block.quotes, block.backslashes])
    }

    /// Whether the record's strings are closed and free of control characters, its keys free of escapes, and no backslash
    /// is outside of strings.
    #[inline(always)]
    pub(super) fn are_plain(&self) -> bool {
        self.doubts == 0
    }

    /// Whether a record of these bytes is UTF-8.
    #[inline(always)]
    pub(super) fn are_utf8(&self, record: &[u8]) -> bool {
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
        let mut after = (!1_u64) << (start % BLOCK);
        for (number, block) in self.blocks.iter().enumerate().skip(start / BLOCK) {
            let quotes = block.quotes & after;
            // The bits below the lowest of the quotes: all where there is none.
            let before = quotes.wrapping_sub(1) & !quotes;
            if block.backslashes & after & before != 0 {
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

/// Marks the record that bytes begin with: its length, without the newline. `None` where it is too long. `controls` tells control characters from bytes beyond ASCII; `append` writes the
/// positions of bits, counted from a base.
#[inline(always)]
pub(super) fn mark(
    bytes: &[u8],
    end: End,
    marks: &mut Marks,
    compare: impl Fn(&[u8; BLOCK]) -> Compared,
    controls: impl Fn(&[u8; BLOCK]) -> u64,
    parity: impl Fn(u64) -> u64,
    append: impl Fn(&mut [u16; ROOM], u16, u64),
) -> Option<usize> {
    marks.brackets.clear();
    marks.beyond_ascii = Default::default();
    let mut doubts = 0;
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    let (mut in_string, mut escapes) = (0, Escapes::default());
    let mut padded = [b' '; BLOCK];
    let last = (!rest.is_empty()).then_some(&mut padded).map(|padded| {
        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        &*padded
    });
    let mut length = None;
    for ((number, bytes), block) in whole.iter().chain(last).enumerate().zip(&mut marks.blocks) {
        let mut compared = compare(bytes);
        let mut raw = 0;
        if compared.unusual != 0 {
            raw = controls(bytes);
            if raw != compared.unusual
                && let Some(word) = marks.beyond_ascii.get_mut(number / 64)
            {
                *word |= 1 << (number % 64);
            }
            if end == End::Line
                && let Some(newline) = newline(bytes, raw)
            {
                length = Some(number * BLOCK + newline);
                compared.cut(below(newline));
                raw &= below(newline);
            }
        }
        let escaping = compared.backslashes | escapes.any() != 0;
        let mut quotes = compared.quotes;
        if escaping {
            quotes &= !escaped(compared.backslashes, &mut escapes.escaped);
        }
        let strings = parity(quotes) ^ in_string;
        // The sign bit says whether the block ends within a string.
        in_string = ((strings as i64) >> 63) as u64;
        let colons = compared.colons & !strings;
        if escaping {
            let escaped_keys = colons & escapes.ends(strings, quotes, compared.backslashes);
            doubts |= (compared.backslashes & !strings) | escaped_keys;
        }
        doubts |= raw & strings;
        *block = Block { quotes, backslashes: compared.backslashes, colons };
        let outside = compared.brackets & !strings;
        if outside != 0 {
            marks.brackets.append((number * BLOCK) as u16, outside, &append);
        }
        if length.is_some() {
            break;
        }
    }
    marks.doubts = doubts | in_string;
    let fits = bytes.len() <= BLOCKS * BLOCK;
    length.or(fits.then_some(bytes.len()))
}

/// [`mark`]'s `append` where there is no better way.
#[inline(always)]
pub(super) fn append(positions: &mut [u16; ROOM], base: u16, mut bits: u64) {
    let count = bits.count_ones() as usize;
    let mut next = || {
        let position = base.wrapping_add(bits.trailing_zeros() as u16);
        bits &= bits.wrapping_sub(1);
        position
    };
    let Some((first, rest)) = positions.split_first_chunk_mut::<4>() else { return };
    first.iter_mut().for_each(|position| *position = next());
    if count > 4 {
        rest.iter_mut().take(count - 4).for_each(|position| *position = next());
    }
}

impl Escapes {
    #[inline(always)]
    fn any(&self) -> u64 {
        self.escaped | self.within | self.closed
    }

    /// The places just after strings with escapes.
    #[inline(always)]
    fn ends(&mut self, strings: u64, quotes: u64, backslashes: u64) -> u64 {
        // Added to the bits of a string, any bit within them carries to the place of its closing quote.
        let (sum, over) = strings.overflowing_add(backslashes & strings);
        let (sum, over_again) = sum.overflowing_add(self.within);
        self.within = u64::from(over | over_again);
        let closes = quotes & !strings & sum;
        let ends = (closes << 1) | self.closed;
        self.closed = closes >> 63;
        ends
    }
}

impl Compared {
    /// Leaves only the bytes whose bits are kept.
    #[inline(always)]
    fn cut(&mut self, kept: u64) {
        self.quotes &= kept;
        self.backslashes &= kept;
        self.brackets &= kept;
        self.colons &= kept;
    }
}

/// The first newline among control characters.
#[inline(always)]
fn newline(block: &[u8; BLOCK], mut controls: u64) -> Option<usize> {
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
