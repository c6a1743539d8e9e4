//! The fast look for x86-64 with AVX-512: 64 bytes in a register, comparisons that give masks, positions compressed at once.
#![allow(unsafe_code, reason = "vector loads and stores, and a call that the detected instructions allow")]
#![allow(clippy::cast_ptr_alignment, reason = "the type that the intrinsics for unaligned memory take")]

use super::look::Look;
use super::strings::Spread;

/// The look, where this machine has its instructions.
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub(super) fn detect() -> Option<(Look, Spread)> {
    let has_instructions = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    has_instructions.then_some((x86::look_detected, x86::spread_detected))
}

/// No look: these instructions are of another machine, or one that an interpreter does not have.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(super) fn detect() -> Option<(Look, Spread)> {
    None
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86 {
    use crate::scan::classify::BLOCK;
    use crate::scan::look::{self, Asked, Looked};
    use crate::scan::marks::{Blocks, Closer, Compared, Marks, ROOM};
    use crate::scan::strings::{self, Positioned};
    use crate::scan::tokens::{self, Kinds, Tokens};
    use std::arch::x86_64::{
        __m512i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi8, _mm_set_epi64x, _mm_set1_epi8,
        _mm512_add_epi16, _mm512_broadcast_i32x4, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask,
        _mm512_cmplt_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64,
        _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi16,
        _mm512_shuffle_epi8, _mm512_storeu_si512, _mm512_test_epi8_mask, _pext_u64,
    };

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

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt")]
    fn spread(record: &[u8], marks: &Marks, positions: &mut Positioned) -> bool {
        strings::spread(
            record,
            marks,
            positions,
            |block| _mm512_cmpeq_epi8_mask(load(block), _mm512_set1_epi8(b'"' as i8)),
            |bits| parity(bits),
            |positions, base, bits| append(positions, base, bits),
        )
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt")]
    fn look(bytes: &[u8], asked: Asked, marks: &mut Marks) -> Looked {
        look::look(
            bytes,
            asked,
            marks,
            |block| compare(block),
            |block| compare_closer(block),
            |bits| parity(bits),
            |blocks, tokens| find_tokens(blocks, tokens),
        )
    }

    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
    fn find_tokens(blocks: Blocks<'_>, found: &mut Tokens) {
        tokens::find(
            blocks,
            found,
            |block, tokens, brackets| kinds(block, tokens, brackets),
            |positions, base, bits| append(positions, base, bits),
        );
    }

    /// As [`crate::scan::avx2`]'s.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,bmi2")]
    fn kinds(bytes: &[u8; BLOCK], tokens: u64, brackets: u64) -> Kinds {
        let bytes = load(bytes);
        let close = _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(1 << 2));
        let object = _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(1 << 5));
        Kinds {
            brackets: _pext_u64(brackets, tokens),
            close: _pext_u64(close, brackets),
            object: _pext_u64(object, brackets),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn compare(bytes: &[u8; BLOCK]) -> Compared {
        let bytes = load(bytes);
        let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
        // `[` and `{`, and `]` and `}`, differ in one bit. The table has each where its low four bits say.
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        let bracket = _mm_set_epi8(0, 0, b'}' as i8, 0, b'{' as i8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        let bracket = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(bracket), bytes);
        let backslashes = equal(b'\\');
        // Bytes beyond ASCII are negative.
        let beyond_text = _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20));
        Compared {
            quotes: equal(b'"'),
            brackets: _mm512_cmpeq_epi8_mask(folded, bracket),
            colons: equal(b':'),
            backslashes,
            beyond_text: beyond_text != 0,
            unusual: beyond_text | backslashes != 0,
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn compare_closer(bytes: &[u8; BLOCK]) -> Closer {
        let bytes = load(bytes);
        Closer {
            controls: _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
            beyond_ascii: _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0)) != 0,
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(bytes: &[u8; BLOCK]) -> __m512i {
        // SAFETY: the 64 bytes are initialised and borrowed, and this load asks for no alignment.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast::<__m512i>()) }
    }

    /// As [`crate::scan::avx2`]'s.
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    fn parity(bits: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product) as u64
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn append(positions: &mut [u16; ROOM], base: u16, bits: u64) {
        const NUMBERS: [u8; BLOCK] = {
            let mut numbers = [0; BLOCK];
            let mut number = 0;
            while number < BLOCK {
                numbers[number] = number as u8;
                number += 1;
            }
            numbers
        };
        // SAFETY: the 64 bytes are a constant, and this load asks for no alignment.
        let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast::<__m512i>()) };
        let chosen = _mm512_maskz_compress_epi8(bits, numbers);
        let base = _mm512_set1_epi16(base as i16);
        let start = positions.as_mut_ptr();
        let low = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(chosen)), base);
        // SAFETY: 32 of the 64 borrowed positions, and this store asks for no alignment.
        unsafe { _mm512_storeu_si512(start.cast::<__m512i>(), low) };
        if bits.count_ones() > 32 {
            let high = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(chosen)), base);
            // SAFETY: the other 32 of the 64 borrowed positions.
            unsafe { _mm512_storeu_si512(start.add(32).cast::<__m512i>(), high) };
        }
    }
}
