//! The classifier for x86-64 with AVX2 and carry-less multiplication: 32 bytes in a register.
#![allow(unsafe_code, reason = "vector loads, and a call that the detected instructions allow")]
#![allow(clippy::cast_ptr_alignment, reason = "the type that the intrinsic for unaligned loads takes")]

use super::classify::Classify;
use super::look::Look;
use super::strings::Spread;

/// The classifier and the look, where this machine has their instructions.
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub(super) fn detect() -> Option<(Classify, Look, Spread)> {
    let has_instructions = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    has_instructions.then_some((x86::classify_detected, x86::look_detected, x86::spread_detected))
}

/// None: these instructions are of another machine, or one that an interpreter does not have.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(super) fn detect() -> Option<(Classify, Look, Spread)> {
    None
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86 {
    use crate::scan::classify::{self, BLOCK, Block, Carry, Compared};
    use crate::scan::look::{self, Asked, Looked};
    use crate::scan::marks::{self, Blocks, Marks};
    use crate::scan::strings::{self, Positioned};
    use crate::scan::tokens::{self, Kinds, Tokens};
    use std::arch::x86_64::{
        __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi8, _mm_set_epi64x, _mm_set1_epi8,
        _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
        _mm256_max_epu8, _mm256_min_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
        _mm256_shuffle_epi8, _mm256_slli_epi16, _pext_u64,
    };

    /// Classifies; only [`super::detect`] hands this out, after it saw that the machine has the instructions.
    pub(super) fn classify_detected(bytes: &[u8], carry: &mut Carry, blocks: &mut classify::Blocks) -> usize {
        // SAFETY: `classify` asks for AVX2 and PCLMULQDQ, which `detect` found before it gave this function away.
        unsafe { classify(bytes, carry, blocks) }
    }

    /// Looks; only [`super::detect`] hands this out, after it saw that the machine has the instructions.
    pub(super) fn look_detected(bytes: &[u8], asked: Asked, marks: &mut Marks) -> Looked {
        // SAFETY: `look` asks for instructions that `detect` found before it gave this function away.
        unsafe { look(bytes, asked, marks) }
    }

    /// Makes positions; only [`super::detect`] hands this out, after it saw that the machine has the instructions.
    pub(super) fn spread_detected(record: &[u8], marks: &Marks, positions: &mut Positioned) -> bool {
        // SAFETY: `spread` asks for instructions that `detect` found before it gave this function away.
        unsafe { spread(record, marks, positions) }
    }

    #[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt")]
    fn spread(record: &[u8], marks: &Marks, positions: &mut Positioned) -> bool {
        strings::spread(
            record,
            marks,
            positions,
            |block| equal(load(block), b'"'),
            |bits| parity(bits),
            marks::append,
        )
    }

    #[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt")]
    fn look(bytes: &[u8], asked: Asked, marks: &mut Marks) -> Looked {
        look::look(
            bytes,
            asked,
            marks,
            |block| compare_for_marks(block),
            |block| compare_closer(block),
            |bits| parity(bits),
            |blocks, tokens| find_tokens(blocks, tokens),
        )
    }

    #[inline(never)]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn find_tokens(blocks: Blocks<'_>, found: &mut Tokens) {
        tokens::find(blocks, found, |block, tokens, brackets| kinds(block, tokens, brackets), marks::append);
    }

    /// `{` and `[` have this bit clear before `}` and `]`: 0x7b and 0x7d, 0x5b and 0x5d.
    #[inline]
    #[target_feature(enable = "avx2,bmi2")]
    fn kinds(bytes: &[u8; BLOCK], tokens: u64, brackets: u64) -> Kinds {
        let halves = load(bytes);
        let close = mask(halves.map(|half| _mm256_slli_epi16::<5>(half)));
        let object = mask(halves.map(|half| _mm256_slli_epi16::<2>(half)));
        Kinds {
            brackets: _pext_u64(brackets, tokens),
            close: _pext_u64(close, brackets),
            object: _pext_u64(object, brackets),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn compare_for_marks(bytes: &[u8; BLOCK]) -> marks::Compared {
        let halves = load(bytes);
        let [low, high] = halves;
        // Bytes beyond ASCII are negative.
        let beyond_text = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), _mm256_min_epi8(low, high));
        let beyond_text = _mm256_movemask_epi8(beyond_text);
        // Their bits and not their bytes are asked here: bytes that are compared before a branch and made bits behind it are at
        // times carried there one by one.
        let backslashes = equal(halves, b'\\');
        marks::Compared {
            quotes: equal(halves, b'"'),
            brackets: brackets(&halves),
            colons: equal(halves, b':'),
            backslashes,
            beyond_text: beyond_text != 0,
            unusual: backslashes | u64::from(beyond_text as u32) != 0,
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn compare_closer(bytes: &[u8; BLOCK]) -> marks::Closer {
        let halves = load(bytes);
        let [low, high] = halves;
        marks::Closer {
            controls: controls(&halves),
            beyond_ascii: _mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0,
        }
    }

    /// `[` and `{`, and `]` and `}`, differ in one bit. The table has each where its low four bits say.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn brackets(halves: &[__m256i; 2]) -> u64 {
        let table = _mm_set_epi8(0, 0, b'}' as i8, 0, b'{' as i8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        let table = _mm256_broadcastsi128_si256(table);
        mask(halves.map(|half| {
            let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
            _mm256_cmpeq_epi8(folded, _mm256_shuffle_epi8(table, half))
        }))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn controls(halves: &[__m256i; 2]) -> u64 {
        let last = _mm256_set1_epi8(0x1f);
        mask(halves.map(|half| _mm256_cmpeq_epi8(_mm256_max_epu8(half, last), last)))
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    fn classify(bytes: &[u8], carry: &mut Carry, blocks: &mut classify::Blocks) -> usize {
        let (whole, rest) = bytes.as_chunks::<BLOCK>();
        for (block, bytes) in blocks.iter_mut().zip(whole) {
            *block = classify_block(bytes, carry);
        }
        if rest.is_empty() {
            return whole.len();
        }
        let mut last = [b' '; BLOCK];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        if let Some(block) = blocks.get_mut(whole.len()) {
            *block = classify_block(&last, carry);
        }
        whole.len() + 1
    }

    #[inline]
    #[target_feature(enable = "avx2,pclmulqdq")]
    fn classify_block(bytes: &[u8; BLOCK], carry: &mut Carry) -> Block {
        let compared = compare(bytes);
        let quotes = compared.unescaped_quotes(carry);
        compared.block(quotes, parity(quotes), carry)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn compare(bytes: &[u8; BLOCK]) -> Compared {
        let halves = load(bytes);
        let [low, high] = halves;
        Compared {
            quotes: equal(halves, b'"'),
            backslashes: equal(halves, b'\\'),
            brackets: brackets(&halves),
            colons: equal(halves, b':'),
            controls: controls(&halves),
            beyond_ascii: _mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0,
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; BLOCK]) -> [__m256i; 2] {
        let start = bytes.as_ptr();
        // SAFETY: the 64 bytes are initialised and borrowed, the halves lie at 0 and 32 within them, and this load asks
        // for no alignment.
        unsafe {
            [_mm256_loadu_si256(start.cast::<__m256i>()), _mm256_loadu_si256(start.add(32).cast::<__m256i>())]
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal(halves: [__m256i; 2], byte: u8) -> u64 {
        mask(halves.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte as i8))))
    }

    /// The top bit of each byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask([low, high]: [__m256i; 2]) -> u64 {
        let bits = |half| u64::from(_mm256_movemask_epi8(half) as u32);
        bits(low) | (bits(high) << 32)
    }

    /// For each bit whether an odd number of bits are set up to and including it: the product with all ones, without carry.
    #[inline]
    #[target_feature(enable = "avx2,pclmulqdq")]
    fn parity(bits: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product) as u64
    }
}
