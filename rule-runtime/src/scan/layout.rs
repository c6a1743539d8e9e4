//! What the keys of a record say, remembered by which of them there are.
//!
//! The table of a record, and which of its values are the operation's name and the time, follow from the keys that
//! matter, their order and little about their values: whether one is an object or null, and which of the texts it is that
//! the table's marks name. Sources write few such layouts; each is worked out once, by the slow way.

use super::marks::{Marks, Positions};
use super::names::{Id, Leads, Names};
use super::outline::{Outline, Stretch};
use super::walk::is_space;
use crate::dispatch::FIELDS;

/// Keys that a layout may have; records with more are looked at the slow way.
const KEYS: usize = 32;
/// Layouts that a worker remembers, each at the place of its hash.
const REMEMBERED: usize = 256;

/// What the values of a record are to be asked, by the position of their keys among those that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The table; `None` where the record is of none.
    pub(super) table: Option<usize>,
    /// The name of the operation.
    pub(super) operation: Place,
    /// The event time.
    pub(super) time: Place,
    /// Further columns.
    pub(super) fields: [Place; FIELDS],
}

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere, or it is null.
    Absent,
    /// With the value of this key.
    Value(usize),
}

/// The keys of a record that matter, in their order, and where their values begin.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Key and facet.
    keys: [u32; KEYS],
    values: [u16; KEYS],
    count: usize,
    hash: u64,
}

/// Layouts seen before, and what they mean.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    known: Vec<Option<(Box<[u32]>, Meaning)>>,
}

/// Facets of a value: what about it decides what a record is.
const OBJECT: u32 = 1;
const NULL: u32 = 2;
const OTHER: u32 = 0;
/// Facets from here on are texts.
const TEXTS: u32 = 3;

impl Layout {
    /// The layout of a marked record; `None` where it has too many keys that matter or only a parser can tell.
    #[inline(always)]
    pub(super) fn read(
        &mut self,
        record: &[u8],
        names: &Names,
        marks: &Marks,
        outline: &Outline,
        (colons, leads): (&mut Positions, &mut Leads),
    ) -> Option<()> {
        self.count = 0;
        self.hash = 0;
        let end = *marks.brackets().last()?;
        for stretch in outline.stretches(end) {
            marks.colons(stretch.start, stretch.end, colons);
            let mut last = None;
            for lead in names.leads(0, record, colons.all(), leads)? {
                let Some(id) = names.key(0, record, *lead) else { continue };
                last = Some((id, self.push(record, names, marks, id, lead.colon)?));
            }
            if let Some((id, value)) = last
                && value == stretch.end
                && let Some(object) = names.get(id).and_then(|name| name.object)
            {
                self.read_within(record, names, marks, outline, (colons, leads), (object, stretch))?;
            }
        }
        Some(())
    }

    /// Where the value of a key begins.
    pub(super) fn value(&self, key: usize) -> Option<usize> {
        self.values.get(..self.count)?.get(key).map(|value| usize::from(*value))
    }

    /// The position of the key whose value begins here.
    pub(super) fn place_of(&self, value: usize) -> Option<Place> {
        let values = self.values.get(..self.count)?;
        values.iter().position(|at| usize::from(*at) == value).map(Place::Value)
    }

    #[inline(always)]
    fn read_within(
        &mut self,
        record: &[u8],
        names: &Names,
        marks: &Marks,
        outline: &Outline,
        (colons, leads): (&mut Positions, &mut Leads),
        (object, stretch): (usize, Stretch),
    ) -> Option<()> {
        if record.get(usize::from(stretch.end)) != Some(&b'{') {
            return Some(());
        }
        for stretch in outline.stretches_within(stretch.edge)? {
            marks.colons(stretch.start, stretch.end, colons);
            for lead in names.leads(object, record, colons.all(), leads)? {
                if let Some(id) = names.key(object, record, *lead) {
                    self.push(record, names, marks, id, lead.colon)?;
                }
            }
        }
        Some(())
    }

    /// Adds a key; where its value begins.
    #[inline(always)]
    fn push(&mut self, record: &[u8], names: &Names, marks: &Marks, id: Id, colon: u16) -> Option<u16> {
        let name = names.get(id)?;
        let mut value = colon + 1;
        while record.get(usize::from(value)).is_some_and(|byte| is_space(*byte)) {
            value += 1;
        }
        let facet = match record.get(usize::from(value)) {
            Some(b'{') if name.deep => return None,
            Some(b'{') => OBJECT,
            Some(b'n') => NULL,
            Some(b'"') if !name.texts.is_empty() => {
                let end = marks.string_end(usize::from(value))?;
                let text = record.get(usize::from(value) + 1..end)?;
                let known = name.texts.iter().position(|known| known.as_bytes() == text);
                known.map_or(OTHER, |known| TEXTS + known as u32)
            }
            _ => OTHER,
        };
        let key = u32::from(id) | facet << 16;
        *self.keys.get_mut(self.count)? = key;
        *self.values.get_mut(self.count)? = value;
        self.count += 1;
        self.hash = (self.hash ^ u64::from(key)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        Some(value)
    }

    fn keys(&self) -> &[u32] {
        self.keys.get(..self.count).unwrap_or_default()
    }

    fn slot(&self) -> usize {
        (self.hash >> 7) as usize % REMEMBERED
    }
}

impl Layouts {
    /// What a layout means, if it was seen before.
    pub(super) fn get(&self, layout: &Layout) -> Option<Meaning> {
        let (keys, meaning) = self.known.get(layout.slot())?.as_ref()?;
        // Few keys: comparing them one by one costs less than a call.
        let same =
            keys.len() == layout.count && keys.iter().zip(&layout.keys).all(|(one, other)| one == other);
        same.then_some(*meaning)
    }

    /// Remembers what a layout means.
    pub(super) fn insert(&mut self, layout: &Layout, meaning: Meaning) {
        self.known.resize_with(REMEMBERED, || None);
        if let Some(place) = self.known.get_mut(layout.slot()) {
            *place = Some((layout.keys().into(), meaning));
        }
    }
}
