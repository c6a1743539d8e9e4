//! The tokens of a marked record: its brackets and colons outside of strings, and a signature of their order.
//!
//! Sources write few orders of tokens, and records with the same signature have the same structure. So tokens are only
//! listed here; what they come to is found once for each signature ([`super::shape`]).

use super::classify::BLOCK;
use super::marks::{Block, Blocks, Positions, ROOM};

/// The tokens of a record.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    positions: Positions,
    signature: Signature,
}

/// What tokens a record has, in their order. Of more than it has bits for it tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signature {
    /// Which tokens are brackets.
    brackets: u128,
    /// Which brackets close, and which are of objects.
    close: u64,
    object: u64,
    /// How many tokens there are, and how many brackets.
    tokens: u32,
    bracketed: u32,
}

/// Of some tokens or brackets in their order, the first as the lowest bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    /// Of the tokens: whether they are brackets.
    pub(super) brackets: u64,
    /// Of the brackets: whether they close.
    pub(super) close: u64,
    /// Of the brackets: whether they are of objects.
    pub(super) object: u64,
}

impl Tokens {
    /// Where they are.
    #[inline(always)]
    pub(super) fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Their signature; `None` where there are too many.
    #[inline(always)]
    pub(super) fn signature(&self) -> Option<&Signature> {
        let Signature { tokens, bracketed, .. } = self.signature;
        (tokens <= u128::BITS && bracketed <= u64::BITS).then_some(&self.signature)
    }
}

impl Signature {
    /// A hash of it.
    #[inline(always)]
    pub(super) fn hash(&self) -> u64 {
        let Signature { brackets, close, object, tokens, .. } = *self;
        let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
        [(brackets >> 64) as u64, close, object].into_iter().fold(brackets as u64 ^ u64::from(tokens), mix)
    }
}

/// Finds the tokens of a record. `kinds` says of a block's tokens and of the brackets among them what they are; `append`
/// writes the positions of bits, counted from a base.
#[inline(always)]
pub(super) fn find(
    Blocks { all, bytes, last }: Blocks<'_>,
    Tokens { positions, signature }: &mut Tokens,
    kinds: impl Fn(&[u8; BLOCK], u64, u64) -> Kinds,
    append: impl Fn(&mut [u16; ROOM], u16, u64),
) {
    let mut positions = positions.writer();
    let mut found = Signature::default();
    let mut base = 0_u16;
    for (number, Block { brackets, colons, .. }) in all.iter().enumerate() {
        let tokens = brackets | colons;
        if *brackets != 0 {
            let kinds = kinds(bytes.get(number).unwrap_or(last), tokens, *brackets);
            found.brackets |= u128::from(kinds.brackets).wrapping_shl(found.tokens);
            found.close |= kinds.close.wrapping_shl(found.bracketed);
            found.object |= kinds.object.wrapping_shl(found.bracketed);
            found.bracketed += brackets.count_ones();
        }
        positions.append(base, tokens, &append);
        found.tokens += tokens.count_ones();
        base = base.wrapping_add(BLOCK as u16);
    }
    positions.end();
    *signature = found;
}
