//! What the keys of a record say, remembered by the keys.
//!
//! ```text
//! a few keys ─hash─> layouts seen before ─one whose keys and facts hold─> its meaning
//!                                    └─none─the slow way─> a layout to remember
//! ```
//!
//! The table of a record, and which of its values are the operation's name and the time, follow from its keys and from
//! little about the values of those that matter: whether one is an object or null, and which of the texts it is that the
//! table's marks name. Sources write few such layouts, so all keys of a record are compared with those of one that was
//! seen before, without branches, which costs less than asking of each key whether it matters. A layout that does not
//! hold costs time and nothing else: the record is looked at the slow way.

use super::marks::{Marks, Structure};
use super::memo::Memo;
use super::names::{Name, Names, RECORD};
use super::walk::is_space;
use crate::dispatch::FIELDS;
use memchr::memrchr;
use rule_model::Text;
use std::ops::Range;

/// Keys that a layout may have, in all.
const KEYS: usize = 512;
/// Bytes that are compared at once: few keys, with their quotes and the byte before, have more.
const NEAR: usize = 16;

/// What the values of a record are to be asked.
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
    /// With the value of this key of the record, by the position of its colon among the record's own.
    Own(u16),
    /// With the value of a key of an object in it: the positions of the object's colon among the record's own, and of the
    /// key's among the object's.
    Within(u16, u16),
}

/// Keys in their order, facts about their values, and what follows from both.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    own: Keys,
    /// The objects whose keys matter.
    within: Box<[Within]>,
    facts: Box<[(Place, Kind)]>,
    texts: Box<[(Place, Compared)]>,
    meaning: Meaning,
}

/// All keys of an object in their order.
#[derive(Clone, Debug)]
struct Keys {
    /// The bytes before all colons but the first few.
    near: Box<[Bytes]>,
    /// Where so much does not lie before a colon, it has this place, and these are the bytes that the record begins with.
    early: Box<[u16]>,
    beginning: Bytes,
    /// The bytes of long keys that are further from their colon.
    far: Box<[Far]>,
}

/// Some of a record's bytes, and which of them count.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    mask: [u64; 2],
    bytes: [u64; 2],
}

/// Bytes at a distance before a colon.
#[derive(Clone, Copy, Debug)]
struct Far {
    colon: u16,
    back: u16,
    bytes: Bytes,
}

/// An object in the record.
#[derive(Clone, Debug)]
struct Within {
    /// The position of its colon among the record's own.
    colon: u16,
    keys: Keys,
}

/// What about a value decides what a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Other,
    Object,
    Null,
}

/// What a string decides by its text.
#[derive(Clone, Debug)]
enum Compared {
    /// It is this text.
    Same(Text),
    /// It is none of these texts, or no string.
    None(Box<[Text]>),
}

/// Layouts seen before.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    known: Memo<Layout>,
}

impl Layouts {
    /// What a marked record means, if one of its layout was seen before.
    #[inline]
    pub(super) fn find(&self, record: &[u8], marks: &Marks) -> Option<&Meaning> {
        let mut layouts = self.known.at(hash(record, marks)?).iter();
        layouts.find(|layout| layout.holds(record, marks)).map(|layout| &layout.meaning)
    }

    /// Whether a layout that was not found is worth remembering: not the first time.
    pub(super) fn is_wanted(&mut self, record: &[u8], marks: &Marks) -> bool {
        hash(record, marks).is_some_and(|hash| self.known.is_wanted(hash))
    }

    /// Remembers the layout of a record.
    pub(super) fn insert(&mut self, record: &[u8], marks: &Marks, layout: Layout) {
        if let Some(hash) = hash(record, marks) {
            self.known.insert(hash, layout);
        }
    }
}

impl Layout {
    /// The layout of a marked record in which the keys of `names` matter, and what it means by the places of values that
    /// `mean` asks for. `None` where the keys alone do not tell.
    pub(super) fn of(
        record: &[u8],
        marks: &Marks,
        names: &Names,
        mean: impl FnOnce(&dyn Fn(usize) -> Option<Place>) -> Option<Meaning>,
    ) -> Option<Layout> {
        let mut draft = Draft { record, marks, values: Vec::new(), facts: Vec::new(), texts: Vec::new() };
        let structure = marks.structure();
        let places = |tokens: &[u16]| tokens.iter().map(|token| structure.place(*token)).collect();
        let colons: Vec<u16> = places(structure.own());
        let own = Keys::of(record, &colons)?;
        let (mut within, mut keys) = (Vec::new(), colons.len());
        for (position, colon) in (0_u16..).zip(colons) {
            let name = names.get(RECORD, key_before(record, colon)?);
            let kind = draft.add(Place::Own(position), colon, name)?;
            let Some(object) = name.and_then(|name| name.object).filter(|_| kind == Kind::Object) else {
                continue;
            };
            let colons: Vec<u16> = places(structure.within(usize::from(position)).unwrap_or_default());
            for (number, colon) in (0_u16..).zip(&colons) {
                let name = names.get(object, key_before(record, *colon)?);
                draft.add(Place::Within(position, number), *colon, name)?;
            }
            keys += colons.len();
            within.push(Within { colon: position, keys: Keys::of(record, &colons)? });
        }
        let Draft { values, facts, texts, .. } = draft;
        let place_of = |value: usize| values.iter().find(|(at, _)| *at == value).map(|(_, place)| *place);
        let meaning = mean(&place_of).filter(|_| keys <= KEYS)?;
        Some(Layout { own, within: within.into(), facts: facts.into(), texts: texts.into(), meaning })
    }

    /// Whether a record is of this layout.
    #[inline]
    fn holds(&self, record: &[u8], marks: &Marks) -> bool {
        let structure = marks.structure();
        self.own.hold(record, structure, structure.own())
            && self.within.iter().all(|Within { colon, keys }| {
                let colons = structure.within(usize::from(*colon));
                colons.is_some_and(|colons| keys.hold(record, structure, colons))
            })
            && self.facts_hold(record, structure)
            && self
                .texts
                .iter()
                .all(|(place, text)| text.holds(record, marks, place.value(record, structure)))
    }

    #[inline]
    fn facts_hold(&self, record: &[u8], structure: Structure<'_>) -> bool {
        let mut differing = 0;
        for (place, kind) in &self.facts {
            let Some(value) = place.value(record, structure) else { return false };
            differing |= Kind::at(record, value) as u8 ^ *kind as u8;
        }
        differing == 0
    }
}

/// A layout in the making.
struct Draft<'r> {
    record: &'r [u8],
    marks: &'r Marks,
    /// Where values begin.
    values: Vec<(usize, Place)>,
    facts: Vec<(Place, Kind)>,
    texts: Vec<(Place, Compared)>,
}

impl Draft<'_> {
    /// Adds a key by its place and colon, and what is to be noted of its value if it matters. `None` where keys below it
    /// matter that are not looked at, or where it may be a text that only a parser can read.
    fn add(&mut self, place: Place, colon: u16, name: Option<&Name>) -> Option<Kind> {
        let value = value_after(self.record, colon);
        let kind = Kind::at(self.record, value);
        self.values.push((value, place));
        let Some(name) = name else { return Some(kind) };
        if name.deep && kind == Kind::Object {
            return None;
        }
        if name.kind {
            self.facts.push((place, kind));
        }
        if !name.texts.is_empty() {
            let text = match self.record.get(value) {
                Some(b'"') => self.record.get(value + 1..self.marks.string_end(value)?)?,
                _ => b"\"",
            };
            let same = name.texts.iter().find(|known| known.as_bytes() == text).cloned();
            self.texts.push((
                place,
                same.map_or_else(|| Compared::None(name.texts.clone().into()), Compared::Same),
            ));
        }
        Some(kind)
    }
}

impl Keys {
    /// The keys before these colons, each with its quotes and the byte before. `None` where one is not directly before its
    /// colon, or does not surely begin where it seems to.
    fn of(record: &[u8], colons: &[u16]) -> Option<Keys> {
        let (mut early, mut near, mut far) = (Vec::new(), Vec::new(), Vec::new());
        let mut beginning = Bytes::default();
        for (number, colon) in (0_u16..).zip(colons) {
            let key = key_before(record, *colon).filter(|key| !key.contains('\\'))?;
            let end = usize::from(*colon);
            let start = end.checked_sub(key.len() + 3)?;
            // A quote that is escaped is not that of a key.
            if record.get(start) == Some(&b'\\') {
                return None;
            }
            if end < NEAR {
                early.push(*colon);
                beginning.add(record, 0, start..end)?;
                continue;
            }
            near.push(Bytes::of(record, end - NEAR, start..end)?);
            for back in (2 * NEAR..end - start + NEAR).step_by(NEAR) {
                // One that would begin before the record begins with it, and has some bytes again.
                let back = back.min(end);
                let bytes = Bytes::of(record, end - back, start..end)?;
                far.push(Far { colon: number, back: u16::try_from(back).ok()?, bytes });
            }
        }
        Some(Keys { near: near.into(), early: early.into(), beginning, far: far.into() })
    }

    /// Whether these are the keys before colons, which are given as numbers of tokens.
    #[inline]
    fn hold(&self, record: &[u8], structure: Structure<'_>, colons: &[u16]) -> bool {
        let Some((early, others)) = colons.split_at_checked(self.early.len()) else { return false };
        if others.len() != self.near.len() {
            return false;
        }
        let place = |colon: &u16| structure.place(*colon);
        let mut differing = [0; 2];
        for (key, colon) in self.near.iter().zip(others) {
            let end = usize::from(place(colon));
            let Some(bytes) = end.checked_sub(NEAR).and_then(|start| record.get(start..end)) else {
                return false;
            };
            key.differ(bytes, &mut differing);
        }
        if differing != [0; 2] {
            return false;
        }
        for Far { colon, back, bytes } in &self.far {
            let start = colons.get(usize::from(*colon)).and_then(|colon| place(colon).checked_sub(*back));
            let Some(found) = start.and_then(|start| record.get(usize::from(start)..)) else { return false };
            bytes.differ(found, &mut differing);
        }
        if !early.is_empty() {
            self.beginning.differ(record, &mut differing);
            let misplaced =
                self.early.iter().zip(early).fold(0, |bits, (at, colon)| bits | (at ^ place(colon)));
            differing[0] |= u64::from(misplaced);
        }
        differing == [0; 2]
    }
}

impl Bytes {
    /// The bytes of a record from an offset on, of which those in a range count. `None` where the record ends before.
    fn of(record: &[u8], start: usize, range: Range<usize>) -> Option<Bytes> {
        let mut bytes = Bytes::default();
        bytes.add(record, start, range)?;
        Some(bytes)
    }

    /// The same, and those in a further range count, too.
    fn add(&mut self, record: &[u8], start: usize, range: Range<usize>) -> Option<()> {
        self.bytes = words(*record.get(start..)?.first_chunk()?);
        let mask = words(std::array::from_fn(|at| if range.contains(&(start + at)) { 0xff } else { 0 }));
        self.mask = [0, 1].map(|half: usize| self.mask[half] | mask[half]);
        Some(())
    }

    /// Marks what is different in these bytes, all if they are too few.
    #[inline(always)]
    fn differ(&self, bytes: &[u8], differing: &mut [u64; 2]) {
        let Some(bytes) = bytes.first_chunk() else {
            *differing = [!0; 2];
            return;
        };
        for (differing, (bytes, (expected, mask))) in
            differing.iter_mut().zip(words(*bytes).into_iter().zip(self.bytes.into_iter().zip(self.mask)))
        {
            *differing |= (bytes ^ expected) & mask;
        }
    }
}

#[inline]
fn words(bytes: [u8; NEAR]) -> [u64; 2] {
    let (words, _) = bytes.as_chunks();
    [0, 1].map(|half: usize| words.get(half).map_or(0, |word| u64::from_le_bytes(*word)))
}

impl Kind {
    #[inline]
    fn at(record: &[u8], value: usize) -> Kind {
        match record.get(value) {
            Some(b'{') => Kind::Object,
            Some(b'n') => Kind::Null,
            _ => Kind::Other,
        }
    }
}

impl Compared {
    #[inline]
    fn holds(&self, record: &[u8], marks: &Marks, value: Option<usize>) -> bool {
        let Some(value) = value else { return false };
        match (self, record.get(value)) {
            (Compared::Same(text), Some(b'"')) => record
                .get(value + 1..)
                .and_then(|from| from.strip_prefix(text.as_bytes()))
                .is_some_and(|rest| rest.first() == Some(&b'"')),
            (Compared::None(texts), Some(b'"')) => marks
                .string_end(value)
                .and_then(|end| record.get(value + 1..end))
                .is_some_and(|text| texts.iter().all(|other| other.as_bytes() != text)),
            (Compared::Same(_), _) => false,
            (Compared::None(_), _) => true,
        }
    }
}

impl Place {
    /// The colon before a value.
    #[inline]
    fn colon(self, structure: Structure<'_>) -> Option<u16> {
        match self {
            Place::Absent => None,
            Place::Own(key) => structure.own_colon(usize::from(key)),
            Place::Within(object, key) => structure.colon_within(usize::from(object), usize::from(key)),
        }
    }

    /// Where the value is in a record of the layout.
    #[inline]
    pub(super) fn value(self, record: &[u8], structure: Structure<'_>) -> Option<usize> {
        Some(value_after(record, self.colon(structure)?))
    }
}

/// Where the value after a colon begins.
#[inline]
fn value_after(record: &[u8], colon: u16) -> usize {
    let mut value = usize::from(colon) + 1;
    while record.get(value).is_some_and(|byte| is_space(*byte)) {
        value += 1;
    }
    value
}

/// The key, which has no escapes, directly before a colon.
fn key_before(record: &[u8], colon: u16) -> Option<&str> {
    let key = record.get(..usize::from(colon))?.strip_suffix(b"\"")?;
    let quote = memrchr(b'"', key)?;
    std::str::from_utf8(key.get(quote + 1..)?).ok()
}

/// A hash of how many keys a record has, and of the ends of some: where one is left out that others have, those after it
/// stand in other places. Brackets and keys within do not count, of which lists have any number. `None` where there cannot be a
/// layout.
#[inline]
fn hash(record: &[u8], marks: &Marks) -> Option<u64> {
    let structure = marks.structure();
    let own = structure.own();
    let last = own.len().checked_sub(1)?;
    let mut hash = last as u64;
    for part in 0..=PARTS {
        let colon = usize::from(structure.place(*own.get(last * part / PARTS)?));
        let bytes = record.get(colon.checked_sub(4)?..colon)?.first_chunk()?;
        hash = (hash ^ u64::from(u32::from_le_bytes(*bytes)))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32);
    }
    Some(hash)
}

/// Parts of a record's keys, at whose ends keys are hashed.
const PARTS: usize = 3;
