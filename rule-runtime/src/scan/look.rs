//! The fast way to see a record, compiled once for each set of instructions.

use super::classify::BLOCK;
use super::layout::Layout;
use super::marks::{self, Compared, End, Marks, Positions, ROOM};
use super::names::{Leads, Names};
use super::outline::Outline;
use super::strings::Positioned;

/// What is found of the record that bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// Its length, without the newline that ends it. `None` where it is too long to be looked at this way.
    pub(super) length: Option<usize>,
    /// Whether it holds together and its layout was read.
    pub(super) is_read: bool,
}

/// What is asked of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'n> {
    pub(super) end: End,
    pub(super) max_depth: usize,
    /// The keys that matter.
    pub(super) names: &'n Names,
}

/// Memory that is used again for every record; the layout is what comes of it.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) marks: Marks,
    pub(super) layout: Layout,
    pub(super) positioned: Positioned,
    outline: Outline,
    colons: Positions,
    leads: Leads,
}

/// Looks at the record that bytes begin with.
pub(super) type Look = fn(&[u8], Asked<'_>, &mut Desk) -> Looked;

/// A [`Look`] by instructions that [`marks::mark`] explains.
#[inline(always)]
pub(super) fn look(
    bytes: &[u8],
    asked: Asked<'_>,
    desk: &mut Desk,
    compare: impl Fn(&[u8; BLOCK]) -> Compared,
    controls: impl Fn(&[u8; BLOCK]) -> u64,
    parity: impl Fn(u64) -> u64,
    append: impl Fn(&mut [u16; ROOM], u16, u64),
) -> Looked {
    let length = marks::mark(bytes, asked.end, &mut desk.marks, compare, controls, parity, append);
    let Some(record) = length.and_then(|length| bytes.get(..length)) else {
        return Looked { length: None, is_read: false };
    };
    let Desk { marks, layout, outline, colons, leads, .. } = desk;
    let is_read = marks.are_plain()
        && outline.follow(record, marks, asked.max_depth)
        && marks.are_utf8(record)
        && layout.read(record, asked.names, marks, outline, (colons, leads)).is_some();
    Looked { length, is_read }
}
