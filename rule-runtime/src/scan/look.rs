//! The fast way to look at a record, compiled once for each set of instructions.

use super::classify::BLOCK;
use super::marks::{self, Blocks, Closer, Compared, End, Marks};
use super::tokens::Tokens;

/// What is found of the record that bytes begin with, beside its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// Its length, without the newline that ends it. `None` where it is too long to be looked at this way.
    pub(super) length: Option<usize>,
    /// Whether it holds together and has nothing unusual: [`Marks::is_plain_object`].
    pub(super) is_plain: bool,
}

/// What is asked of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) end: End,
    pub(super) max_depth: usize,
}

/// Looks at the record that bytes begin with.
pub(super) type Look = fn(&[u8], Asked, &mut Marks) -> Looked;

/// A [`Look`] by instructions that [`marks::mark`] explains.
#[inline(always)]
pub(super) fn look(
    bytes: &[u8],
    Asked { end, max_depth }: Asked,
    marks: &mut Marks,
    compare: impl Fn(&[u8; BLOCK]) -> Compared,
    compare_closer: impl Fn(&[u8; BLOCK]) -> Closer,
    parity: impl Fn(u64) -> u64,
    tokens: impl Fn(Blocks<'_>, &mut Tokens),
) -> Looked {
    let length = marks::mark(bytes, end, marks, compare, compare_closer, parity, tokens);
    let record = length.and_then(|length| bytes.get(..length));
    Looked { length, is_plain: record.is_some_and(|record| marks.is_plain_object(record, max_depth)) }
}
