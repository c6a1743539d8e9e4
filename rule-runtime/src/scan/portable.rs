//! The classifier for every machine: eight bytes in a register at a time.

use super::classify::{BLOCK, Blocks, Carry, Compared};
use super::look::{self, Asked, Looked};
use super::marks::{self, Marks};
use super::strings::{self, Positioned};
use super::tokens::{self, Kinds};

const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const ONES: u64 = 0x0101_0101_0101_0101;

/// A [`super::classify::Classify`].
pub(super) fn classify(bytes: &[u8], carry: &mut Carry, blocks: &mut Blocks) -> usize {
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let count = whole.len() + usize::from(!rest.is_empty());
    for (block, bytes) in blocks.iter_mut().zip(whole.iter().chain([&last])).take(count) {
        let compared = compare(bytes);
        let quotes = compared.unescaped_quotes(carry);
        *block = compared.block(quotes, parity(quotes), carry);
    }
    count
}

/// A [`look::Look`].
pub(super) fn look(bytes: &[u8], asked: Asked, marks: &mut Marks) -> Looked {
    let for_marks = |block: &[u8; BLOCK]| {
        let Compared { quotes, backslashes, brackets, colons, controls, beyond_ascii } = compare(block);
        let beyond_text = controls != 0 || beyond_ascii;
        let unusual = beyond_text || backslashes != 0;
        marks::Compared { quotes, brackets, colons, backslashes, beyond_text, unusual }
    };
    let closer = |block: &[u8; BLOCK]| {
        let Compared { controls, beyond_ascii, .. } = compare(block);
        marks::Closer { controls, beyond_ascii }
    };
    look::look(bytes, asked, marks, for_marks, closer, parity, |blocks, found| {
        tokens::find(blocks, found, kinds, marks::append);
    })
}

/// A [`strings::Spread`].
pub(super) fn spread(record: &[u8], marks: &Marks, positions: &mut Positioned) -> bool {
    strings::spread(record, marks, positions, |block| compare(block).quotes, parity, marks::append)
}

fn compare(bytes: &[u8; BLOCK]) -> Compared {
    let mut compared = Compared::default();
    for (index, word) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let at = index * 8;
        // `[` and `{`, and `]` and `}`, differ in one bit.
        let folded = word | (ONES * 0x20);
        compared.quotes |= equal(word, b'"') << at;
        compared.backslashes |= equal(word, b'\\') << at;
        compared.brackets |= (equal(folded, b'{') | equal(folded, b'}')) << at;
        compared.colons |= equal(word, b':') << at;
        compared.controls |= equal(word & (ONES * 0xe0), 0) << at;
        compared.beyond_ascii |= word & !LOW_BITS != 0;
    }
    compared
}

/// A bit for each of the eight bytes that is `byte`, the first byte's the lowest.
fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (ONES * u64::from(byte));
    // The top bit of each byte of the sum is set where any low bit of it is; no byte carries into the next.
    let same = !(((differing & LOW_BITS) + LOW_BITS) | differing | LOW_BITS);
    gather(same)
}

/// The top bits of the eight bytes, where no other bit is set.
fn gather(tops: u64) -> u64 {
    // Each product of a bit and a factor's bit lands on a place of its own; the top byte gathers one of each byte.
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// `{` and `[` have a bit clear before `}` and `]`: 0x7b and 0x7d, 0x5b and 0x5d.
fn kinds(bytes: &[u8; BLOCK], mut tokens: u64, brackets: u64) -> Kinds {
    let mut kinds = Kinds { brackets: 0, close: 0, object: 0 };
    let (mut token, mut bracket) = (0, 0);
    while tokens != 0 {
        let lowest = tokens & tokens.wrapping_neg();
        if brackets & lowest != 0 {
            let byte = u64::from(bytes[lowest.trailing_zeros() as usize % BLOCK]);
            kinds.brackets |= 1 << token;
            kinds.close |= (byte >> 2 & 1) << bracket;
            kinds.object |= (byte >> 5 & 1) << bracket;
            bracket += 1;
        }
        tokens &= tokens - 1;
        token += 1;
    }
    kinds
}

/// For each bit whether an odd number of bits are set up to and including it.
fn parity(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |bits, shift| bits ^ (bits << shift))
}
