//! From masks to one object: its brackets matched and balanced, its own properties found.

use super::Doubt;
use super::classify::{BLOCK, Block, Blocks, CHUNK, Carry, Classify};
use memchr::memchr;

/// Levels that can be followed, whatever the limit; deeper ones are left to the parser.
const LEVELS: usize = 1024;

/// A property of the walked object, by offsets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// The first byte of the key after its quote.
    start: usize,
    /// The key's closing quote.
    end: usize,
    /// The first byte of the value.
    pub(super) value: usize,
    /// Whether the key has no escapes: then its bytes are the key.
    pub(super) plain: bool,
}

/// An object that holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// The offset after its closing bracket.
    pub(super) end: usize,
    /// Whether it, or what follows, has bytes that are not ASCII.
    pub(super) beyond_ascii: bool,
}

/// Whether JSON takes the byte for white space.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Walks the object that `bytes` begins with, up to its end, and shows its own properties.
pub(super) fn object(
    classify: Classify,
    bytes: &[u8],
    max_depth: usize,
    mut see: impl FnMut(Property),
) -> Result<Walked, Doubt> {
    if bytes.first() != Some(&b'{') {
        return Err(Doubt::Broken);
    }
    let mut walk = Walk {
        bytes,
        depth: 0,
        max_depth: max_depth.min(LEVELS),
        arrays: [0; LEVELS / 64],
        open: 0,
        close: 0,
    };
    let mut carry = Carry::default();
    let mut blocks = Blocks::default();
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        let count = classify(chunk, &mut carry, &mut blocks);
        // Before the masks are looked at: those after a stray backslash mean nothing.
        if carry.stray != 0 {
            return Err(Doubt::Escape);
        }
        if carry.controls != 0 {
            return Err(Doubt::Broken);
        }
        let mut end = None;
        for (block, at) in blocks.iter().take(count).zip((index * CHUNK..).step_by(BLOCK)) {
            end = walk.block(at, block, &mut see)?;
            if end.is_some() {
                break;
            }
        }
        if let Some(end) = end {
            return Ok(Walked { end, beyond_ascii: carry.beyond_ascii });
        }
    }
    Err(Doubt::Broken)
}

impl Property {
    /// The bytes of the key.
    pub(super) fn key<'a>(&self, object: &'a [u8]) -> &'a [u8] {
        object.get(self.start..self.end).unwrap_or_default()
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// Brackets open.
    depth: usize,
    max_depth: usize,
    /// A bit for each open bracket, set for `[`.
    arrays: [u64; LEVELS / 64],
    /// The last quotes that opened and closed a string before the block.
    open: usize,
    close: usize,
}

impl Walk<'_> {
    /// Walks one block; the end of the object, if it is there.
    #[inline]
    fn block(
        &mut self,
        at: usize,
        block: &Block,
        see: &mut impl FnMut(Property),
    ) -> Result<Option<usize>, Doubt> {
        let mut colons = block.colons;
        let mut brackets = block.brackets;
        while brackets != 0 {
            let before = below(brackets.trailing_zeros());
            if self.depth == 1 {
                self.properties(at, block, colons & before, see);
            }
            colons &= !before;
            let bracket = at + brackets.trailing_zeros() as usize;
            self.bracket(bracket)?;
            if self.depth == 0 {
                return Ok(Some(bracket + 1));
            }
            brackets &= brackets - 1;
        }
        if self.depth == 1 {
            self.properties(at, block, colons, see);
        }
        if let Some(open) = highest(block.quotes & block.strings) {
            self.open = at + open;
        }
        if let Some(close) = highest(block.quotes & !block.strings) {
            self.close = at + close;
        }
        Ok(None)
    }

    #[inline]
    fn bracket(&mut self, at: usize) -> Result<(), Doubt> {
        let byte = self.bytes.get(at).copied().unwrap_or_default();
        let is_array = u64::from(byte & 0x20 == 0);
        // `{` and `[` have this bit clear before `}` and `]`: 0x7b and 0x7d, 0x5b and 0x5d.
        if byte & 0x04 == 0 {
            if self.depth == self.max_depth {
                return Err(Doubt::Broken);
            }
            let word = self.arrays.get_mut(self.depth / 64).ok_or(Doubt::Broken)?;
            *word = (*word & !(1 << (self.depth % 64))) | (is_array << (self.depth % 64));
            self.depth += 1;
            return Ok(());
        }
        self.depth = self.depth.checked_sub(1).ok_or(Doubt::Broken)?;
        let opened = self.arrays.get(self.depth / 64).map(|word| (word >> (self.depth % 64)) & 1);
        if opened == Some(is_array) { Ok(()) } else { Err(Doubt::Broken) }
    }

    /// Shows the properties of these colons, all of which are the object's own.
    #[inline]
    fn properties(&self, at: usize, block: &Block, mut colons: u64, see: &mut impl FnMut(Property)) {
        while colons != 0 {
            let colon = colons.trailing_zeros();
            colons &= colons - 1;
            let before = below(colon);
            let opened = highest(block.quotes & block.strings & before);
            let closed = highest(block.quotes & !block.strings & before);
            let start = opened.map_or(self.open, |open| at + open) + 1;
            let end = closed.map_or(self.close, |close| at + close);
            let plain = match opened {
                Some(open) => block.backslashes & before & !below(open as u32) == 0,
                None => memchr(b'\\', self.bytes.get(start..end).unwrap_or_default()).is_none(),
            };
            let after = at + colon as usize + 1;
            let spaces = self.bytes.iter().skip(after).take_while(|byte| is_space(**byte)).count();
            see(Property { start, end, value: after + spaces, plain });
        }
    }
}

/// The bits below this one.
#[inline]
fn below(bit: u32) -> u64 {
    (1 << bit) - 1
}

/// The number of the highest bit set.
#[inline]
fn highest(bits: u64) -> Option<usize> {
    bits.checked_ilog2().map(|bit| bit as usize)
}
