//! What the bytes are, 64 at a time, a bit each.
//!
//! The two classifiers differ in how they compare bytes and sum up quotes; what follows from that is here, once.

/// Bytes that one mask is about.
pub(super) const BLOCK: usize = 64;
/// Blocks that are classified in one go: few enough for the masks to stay in the nearest cache.
const BLOCKS: usize = 16;
/// Bytes that are classified in one go.
pub(super) const CHUNK: usize = BLOCK * BLOCKS;

/// Classifies at most [`CHUNK`] bytes and says how many blocks these are. Bytes missing in the last are taken as spaces.
pub(super) type Classify = fn(&[u8], &mut Carry, &mut Blocks) -> usize;

/// The masks of a chunk.
pub(super) type Blocks = [Block; BLOCKS];

/// 64 bytes, the first as the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Quotes that open or close strings.
    pub(super) quotes: u64,
    /// Bytes of strings, the opening quote included, the closing one not.
    pub(super) strings: u64,
    /// All backslashes.
    pub(super) backslashes: u64,
    /// `{}[]` outside of strings.
    pub(super) brackets: u64,
    /// `:` outside of strings.
    pub(super) colons: u64,
}

/// What one block leaves to the next, and what was seen on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carry {
    /// 1 where the next byte is escaped.
    pub(super) escaped: u64,
    /// All ones within a string.
    pub(super) in_string: u64,
    /// Not 0 once a raw control character was in a string.
    pub(super) controls: u64,
    /// Not 0 once a backslash was outside of strings. Which quotes count after it is then not defined.
    pub(super) stray: u64,
    /// Whether a byte was not ASCII.
    pub(super) beyond_ascii: bool,
}

/// Comparisons of 64 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    pub(super) brackets: u64,
    pub(super) colons: u64,
    /// Bytes below 0x20.
    pub(super) controls: u64,
    pub(super) beyond_ascii: bool,
}

impl Compared {
    /// The quotes that are not escaped.
    #[inline]
    pub(super) fn unescaped_quotes(&self, carry: &mut Carry) -> u64 {
        self.quotes & !escaped(self.backslashes, &mut carry.escaped)
    }

    /// Brings strings into account. `parity` says for each bit whether an odd number of `quotes` are up to and including it.
    #[inline]
    pub(super) fn block(&self, quotes: u64, parity: u64, carry: &mut Carry) -> Block {
        let strings = parity ^ carry.in_string;
        // The sign bit says whether the block ends within a string.
        carry.in_string = ((strings as i64) >> 63) as u64;
        carry.controls |= self.controls & strings;
        carry.stray |= self.backslashes & !strings;
        carry.beyond_ascii |= self.beyond_ascii;
        Block {
            quotes,
            strings,
            backslashes: self.backslashes,
            brackets: self.brackets & !strings,
            colons: self.colons & !strings,
        }
    }
}

/// The bytes that a backslash escapes: in a run of backslashes every second one, and what follows a run of odd length.
/// A subtraction borrows through each run. Without a branch, because texts that hold JSON have backslashes in every
/// other block, which no processor foresees.
#[inline]
pub(super) fn escaped(backslashes: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let starting = backslashes & !*carry;
    let alternating = (((starting << 1) | ODD).wrapping_sub(starting)) ^ ODD;
    let escaped = alternating ^ (backslashes | *carry);
    *carry = (alternating & backslashes) >> 63;
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{avx2, portable};
    use proptest::prelude::*;

    /// The same, byte by byte.
    fn blocks_by_definition(bytes: &[u8]) -> Vec<Block> {
        let mut blocks = vec![Block::default(); bytes.len().div_ceil(BLOCK)];
        let (mut in_string, mut escaped) = (false, false);
        for (at, byte) in bytes.iter().enumerate() {
            let block = &mut blocks[at / BLOCK];
            let bit = 1_u64 << (at % BLOCK);
            let quote = *byte == b'"' && !escaped;
            in_string ^= quote;
            escaped = *byte == b'\\' && !escaped;
            block.quotes |= if quote { bit } else { 0 };
            block.strings |= if in_string { bit } else { 0 };
            block.backslashes |= if *byte == b'\\' { bit } else { 0 };
            block.brackets |= if b"{}[]".contains(byte) && !in_string { bit } else { 0 };
            block.colons |= if *byte == b':' && !in_string { bit } else { 0 };
        }
        // Spaces that fill the last block belong to a string that is still open.
        if let (Some(last), true, used @ 1..) = (blocks.last_mut(), in_string, bytes.len() % BLOCK) {
            last.strings |= !0 << used;
        }
        blocks
    }

    fn classified(classify: Classify, bytes: &[u8]) -> (Vec<Block>, Carry) {
        let (mut carry, mut blocks, mut all) = (Carry::default(), Blocks::default(), Vec::new());
        for chunk in bytes.chunks(CHUNK) {
            let count = classify(chunk, &mut carry, &mut blocks);
            all.extend_from_slice(&blocks[..count]);
        }
        (all, carry)
    }

    fn structural() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            8 => prop::sample::select(b"\\\\\\\"\"{}[]:, a\x01\x1f\x20\x7f\x80\xff\xfb\xdd;|".to_vec()),
            1 => any::<u8>(),
        ];
        prop::collection::vec(byte, 0..3 * CHUNK / 2)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::scan::tests::cases(200)))]

        #[test]
        fn both_classifiers_find_what_the_definition_says(bytes in structural()) {
            let (blocks, carry) = classified(portable::classify, &bytes);
            prop_assert_eq!(&blocks, &blocks_by_definition(&bytes));
            let Some((fastest, ..)) = avx2::detect() else { return Ok(()) };
            let (fast, fast_carry) = classified(fastest, &bytes);
            prop_assert_eq!(&fast, &blocks);
            // Whether the byte after the end is escaped depends on how the last block is filled, which both do alike.
            prop_assert_eq!(fast_carry, carry);
        }
    }
}
