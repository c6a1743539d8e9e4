//! One pass over a record's bytes: where it ends, whether its brackets match, where the colons after its keys are, and
//! whether anything in it is unusual.
//!
//! ```text
//! 64 bytes ──compare──> quotes, brackets, colons ──those outside of strings──> Nesting, positions of colons by level
//!                └─unusual─compare closer─> backslashes, control characters, bytes beyond ASCII ──> doubts
//! ```
//!
//! What a block of ordinary text has none of is asked with one comparison for all of it, and told apart only where there
//! is some; brackets are followed only in blocks that have some. Both are branches that are mostly foreseen.

use super::classify::{BLOCK, escaped};
use super::nesting::Nesting;

/// Blocks that a record may have to be marked: with more, positions would not fit their type. Longer ones are walked.
const BLOCKS: usize = (1 << 16) / BLOCK - 1;
/// Positions that one block may add.
pub(super) const ROOM: usize = BLOCK;

/// What a record is made of.
#[derive(Debug)]
pub(super) struct Marks {
    /// Where colons outside of strings are: by level, those of levels that do not matter first.
    colons: [Positions; LEVELS],
    blocks: Box<[Block]>,
    /// A bit for each block with a byte beyond ASCII.
    beyond_ascii: [u64; BLOCKS.div_ceil(64)],
    nesting: Nesting,
    /// Not 0 where a closer look is needed.
    doubts: u64,
}

/// Levels whose colons are told apart: the record's own, that of objects in it, and all others.
const LEVELS: usize = 3;
const OTHERS: usize = 0;
const OWN: usize = 1;
const WITHIN: usize = 2;

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
}

/// What every block is compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) quotes: u64,
    pub(super) brackets: u64,
    pub(super) colons: u64,
    /// Whether there are backslashes, control characters or bytes beyond ASCII.
    pub(super) unusual: bool,
}

/// What a block is compared with that has something unusual.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closer {
    pub(super) backslashes: u64,
    /// Whether there are control characters or bytes beyond ASCII.
    pub(super) beyond_text: bool,
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
    end: End,
    colons: &'m mut [Positions; LEVELS],
    nesting: Nesting,
    beyond_ascii: &'m mut [u64; BLOCKS.div_ceil(64)],
    doubts: u64,
    /// All ones within a string.
    in_string: u64,
    /// 1 where the next byte is escaped.
    escaped: u64,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            colons: Default::default(),
            nesting: Nesting::default(),
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
    /// Where the colons after the record's own keys are.
    #[inline(always)]
    pub(super) fn own_colons(&self) -> &[u16] {
        self.colons[OWN].all()
    }

    /// Where the colons one level below are.
    #[inline(always)]
    pub(super) fn colons_within(&self) -> &[u16] {
        self.colons[WITHIN].all()
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
        self.are_plain() && self.nesting.is_one_object(record, max_depth) && self.are_utf8(record)
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

/// Marks the record that bytes begin with: its length, without the newline. `None` where it is too long. `parity` says for
/// each bit whether an odd number of bits are set up to and including it; `append` writes the positions of bits, counted
/// from a base.
#[inline(always)]
pub(super) fn mark(
    bytes: &[u8],
    end: End,
    marks: &mut Marks,
    compare: impl Fn(&[u8; BLOCK]) -> Compared,
    compare_closer: impl Fn(&[u8; BLOCK]) -> Closer,
    parity: impl Fn(u64) -> u64,
    append: impl Fn(&mut [u16; ROOM], u16, u64),
) -> Option<usize> {
    let Marks { colons, blocks, beyond_ascii, doubts, nesting } = marks;
    *beyond_ascii = Default::default();
    colons.iter_mut().for_each(Positions::clear);
    let mut marker = Marker {
        end,
        colons,
        nesting: Nesting::default(),
        beyond_ascii,
        doubts: 0,
        in_string: 0,
        escaped: 0,
    };
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    let mut newline = None;
    for (number, (bytes, block)) in whole.iter().zip(blocks.iter_mut()).enumerate() {
        let compared = compare(bytes);
        if !compared.unusual && marker.escaped == 0 {
            marker.plain((number, bytes), compared, block, &parity, &append);
            continue;
        }
        newline = marker.careful((number, bytes), compared, block, &compare_closer, &parity, &append);
        if newline.is_some() {
            break;
        }
    }
    if newline.is_none()
        && !rest.is_empty()
        && let (number, Some(block)) = (whole.len(), blocks.get_mut(whole.len()))
    {
        let mut last = [b' '; BLOCK];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let compared = compare(&last);
        newline = marker.careful((number, &last), compared, block, &compare_closer, &parity, &append);
    }
    *doubts = marker.doubts | marker.in_string;
    *nesting = marker.nesting;
    newline.or((bytes.len() <= BLOCKS * BLOCK).then_some(bytes.len()))
}

impl Marker<'_> {
    /// A block that has nothing unusual and follows no escape.
    #[inline(always)]
    fn plain(
        &mut self,
        (number, bytes): (usize, &[u8; BLOCK]),
        Compared { quotes, brackets, colons, .. }: Compared,
        block: &mut Block,
        parity: impl Fn(u64) -> u64,
        append: impl Fn(&mut [u16; ROOM], u16, u64),
    ) {
        let strings = self.strings(quotes, parity);
        *block = Block { quotes, backslashes: 0 };
        self.structure((number, bytes), brackets & !strings, colons & !strings, append);
    }

    /// Any block, up to the newline that ends the record: where that is in the record.
    #[inline(always)]
    fn careful(
        &mut self,
        (number, bytes): (usize, &[u8; BLOCK]),
        Compared { mut quotes, mut brackets, mut colons, .. }: Compared,
        block: &mut Block,
        compare_closer: impl Fn(&[u8; BLOCK]) -> Closer,
        parity: impl Fn(u64) -> u64,
        append: impl Fn(&mut [u16; ROOM], u16, u64),
    ) -> Option<usize> {
        let Closer { mut backslashes, beyond_text, controls, beyond_ascii } = compare_closer(bytes);
        let (mut newline, mut raw) = (None, 0);
        if beyond_text {
            raw = controls;
            newline = if self.end == End::Line { first_newline(bytes, controls) } else { None };
            if let Some(newline) = newline {
                let kept = below(newline);
                (quotes, brackets, colons) = (quotes & kept, brackets & kept, colons & kept);
                (backslashes, raw) = (backslashes & kept, raw & kept);
            }
            if beyond_ascii && let Some(word) = self.beyond_ascii.get_mut(number / 64) {
                *word |= 1 << (number % 64);
            }
        }
        let quotes = quotes & !escaped(backslashes, &mut self.escaped);
        let strings = self.strings(quotes, parity);
        self.doubts |= (backslashes & !strings) | (raw & strings);
        *block = Block { quotes, backslashes };
        self.structure((number, bytes), brackets & !strings, colons & !strings, append);
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

    /// Brackets and colons outside of strings.
    #[inline(always)]
    fn structure(
        &mut self,
        (number, bytes): (usize, &[u8; BLOCK]),
        brackets: u64,
        colons: u64,
        append: impl Fn(&mut [u16; ROOM], u16, u64),
    ) {
        let base = (number * BLOCK) as u16;
        if brackets == 0 {
            let level = [OWN, WITHIN].into_iter().find(|level| self.nesting.is_on(*level));
            self.colons[level.unwrap_or(OTHERS)].append(base, colons, append);
            return;
        }
        self.nesting.last = number * BLOCK + brackets.ilog2() as usize;
        let mut left = brackets;
        if self.nesting.stays_below(WITHIN as u32, brackets.count_ones()) {
            while left != 0 {
                self.nesting.bracket(bytes[left.trailing_zeros() as usize % BLOCK]);
                left &= left - 1;
            }
            return;
        }
        let (mut own, mut within, mut seen) = (0, 0, 0);
        let all_if = |it: bool| u64::from(it).wrapping_neg();
        while left != 0 {
            let upto = left ^ left.wrapping_sub(1);
            let between = upto & !seen;
            own |= between & all_if(self.nesting.is_on(OWN));
            within |= between & all_if(self.nesting.is_on(WITHIN));
            seen = upto;
            self.nesting.bracket(bytes[left.trailing_zeros() as usize % BLOCK]);
            left &= left - 1;
        }
        own |= !seen & all_if(self.nesting.is_on(OWN));
        within |= !seen & all_if(self.nesting.is_on(WITHIN));
        self.colons[OWN].append(base, colons & own, &append);
        self.colons[WITHIN].append(base, colons & within, &append);
    }
}

/// Positions that are written without a branch: hardly any block has more colons of a level.
const FEW: usize = 2;

/// [`mark`]'s `append` where there is no better way.
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
