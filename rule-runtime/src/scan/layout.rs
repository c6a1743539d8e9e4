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

use super::marks::Marks;
use super::names::{Name, Names, RECORD};
use super::walk::is_space;
use crate::dispatch::FIELDS;
use memchr::memrchr;
use rule_model::Text;

/// Layouts that a worker remembers: so many for each of so many hashes.
const BUCKETS: usize = 256;
const WAYS: usize = 8;
/// Keys that a layout may have, in all.
const KEYS: usize = 512;
/// Bytes before a colon that are compared at once: hardly any key with its quotes has more.
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
    near: Box<[Key]>,
    far: Box<[Word]>,
}

/// The last bytes of a key with its quotes, and how many bytes before its colon its first quote is.
#[derive(Clone, Copy, Debug)]
struct Key {
    mask: [u64; 2],
    bytes: [u64; 2],
    quote: u16,
    /// The place of the colon in the record, where that is less than it could be.
    reach: u16,
}

/// Eight bytes of a record, or some of them, at a distance before a colon.
#[derive(Clone, Copy, Debug)]
struct Word {
    colon: u16,
    back: u16,
    mask: u64,
    bytes: u64,
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
    buckets: Vec<Bucket>,
}

#[derive(Debug, Default)]
struct Bucket {
    layouts: Vec<Layout>,
    /// The one to be forgotten next.
    oldest: usize,
    /// The hash that was last not found here. What comes once is not remembered, or records that never repeat their keys
    /// would have each made a layout of.
    missed: u64,
}

impl Layouts {
    /// What a marked record means, if one of its layout was seen before.
    #[inline]
    pub(super) fn find(&self, record: &[u8], marks: &Marks) -> Option<&Meaning> {
        let bucket = self.buckets.get(slot(hash(record, marks)?))?;
        let layout = bucket.layouts.iter().find(|layout| layout.holds(record, marks))?;
        Some(&layout.meaning)
    }

    /// Whether a layout that was not found is worth remembering: not the first time.
    pub(super) fn is_wanted(&mut self, record: &[u8], marks: &Marks) -> bool {
        let Some(hash) = hash(record, marks) else { return false };
        self.buckets.resize_with(BUCKETS, Bucket::default);
        let Some(bucket) = self.buckets.get_mut(slot(hash)) else { return false };
        std::mem::replace(&mut bucket.missed, hash) == hash
    }

    /// Remembers the layout of a record.
    pub(super) fn insert(&mut self, record: &[u8], marks: &Marks, layout: Layout) {
        let Some(bucket) = hash(record, marks).and_then(|hash| self.buckets.get_mut(slot(hash))) else {
            return;
        };
        if bucket.layouts.len() < WAYS {
            bucket.layouts.push(layout);
        } else if let Some(place) = bucket.layouts.get_mut(bucket.oldest % WAYS) {
            *place = layout;
            bucket.oldest += 1;
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
        let own = Keys::of(record, marks.own_colons())?;
        let (mut within, mut keys) = (Vec::new(), own.near.len());
        for (position, colon) in (0_u16..).zip(marks.own_colons()) {
            let name = names.get(RECORD, key_before(record, *colon)?);
            let kind = draft.add(Place::Own(position), *colon, name)?;
            let Some(object) = name.and_then(|name| name.object).filter(|_| kind == Kind::Object) else {
                continue;
            };
            let colons = colons_of(marks, position)?;
            for (number, colon) in (0_u16..).zip(colons) {
                let name = names.get(object, key_before(record, *colon)?);
                draft.add(Place::Within(position, number), *colon, name)?;
            }
            keys += colons.len();
            within.push(Within { colon: position, keys: Keys::of(record, colons)? });
        }
        let Draft { values, facts, texts, .. } = draft;
        let place_of = |value: usize| values.iter().find(|(at, _)| *at == value).map(|(_, place)| *place);
        let meaning = mean(&place_of).filter(|_| keys <= KEYS)?;
        Some(Layout { own, within: within.into(), facts: facts.into(), texts: texts.into(), meaning })
    }

    /// Whether a record is of this layout.
    #[inline]
    fn holds(&self, record: &[u8], marks: &Marks) -> bool {
        self.own.hold(record, marks.own_colons())
            && self.within.iter().all(|within| {
                colons_of(marks, within.colon).is_some_and(|colons| within.keys.hold(record, colons))
            })
            && self.facts_hold(record, marks)
            && self.texts.iter().all(|(place, text)| text.holds(record, marks, *place))
    }

    #[inline]
    fn facts_hold(&self, record: &[u8], marks: &Marks) -> bool {
        let mut differing = 0;
        for (place, kind) in &self.facts {
            let Some(value) = place.value(record, marks) else { return false };
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
        self.facts.push((place, kind));
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
    /// The keys before these colons, each with its quotes. `None` where one is not directly before its colon.
    fn of(record: &[u8], colons: &[u16]) -> Option<Keys> {
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for (number, colon) in (0_u16..).zip(colons) {
            let colon = usize::from(*colon);
            let key = key_before(record, colon as u16)?.len() + 2;
            near.push(Key::of(record, colon, key)?);
            for back in (NEAR + 8..key + 8).step_by(8) {
                // One that would begin before the record begins with it, and has some bytes again.
                far.push(Word::of(record, number, colon, key, back.min(colon))?);
            }
        }
        Some(Keys { near: near.into(), far: far.into() })
    }

    /// Whether these are the keys before these colons, and no escapes before them.
    #[inline]
    fn hold(&self, record: &[u8], colons: &[u16]) -> bool {
        if colons.len() != self.near.len() {
            return false;
        }
        let mut differing = 0;
        for (key, colon) in self.near.iter().zip(colons) {
            let Some(different) = key.differs(record, usize::from(*colon)) else { return false };
            differing |= different;
        }
        for word in &self.far {
            let Some(different) = word.differs(record, colons) else { return false };
            differing |= different;
        }
        differing == 0
    }
}

impl Key {
    /// The key of so many bytes, its quotes included, before a colon.
    fn of(record: &[u8], colon: usize, key: usize) -> Option<Key> {
        let start = colon.saturating_sub(NEAR);
        let quote = colon.checked_sub(key)?;
        // Where the record begins within these bytes, their place tells the colon's, which is then one of them.
        let end = colon + usize::from(colon < NEAR);
        let (mut mask, mut bytes) = ([0; NEAR], [0; NEAR]);
        let kept = quote.max(start)..end;
        let place = kept.start - start..end - start;
        mask.get_mut(place.clone())?.fill(0xff);
        bytes.get_mut(place)?.copy_from_slice(record.get(kept)?);
        let [mask, bytes] = [mask, bytes].map(words);
        Some(Key { mask, bytes, quote: u16::try_from(key).ok()?, reach: colon.min(NEAR) as u16 })
    }

    /// 0 where the key is this one. `None` where there is no room for it.
    #[inline]
    fn differs(&self, record: &[u8], colon: usize) -> Option<u64> {
        let start = colon.saturating_sub(NEAR);
        let near = words(*record.get(start..)?.first_chunk()?);
        let before = *record.get(colon.wrapping_sub(usize::from(self.quote) + 1))?;
        let place = (colon.min(NEAR) as u16 ^ self.reach) | u16::from(before == b'\\');
        let [first, last] = [0, 1].map(|half: usize| (near[half] ^ self.bytes[half]) & self.mask[half]);
        Some(u64::from(place) | first | last)
    }
}

impl Word {
    /// The bytes of a key, of so many with its quotes, that begin at a distance before its colon.
    fn of(record: &[u8], number: u16, colon: usize, key: usize, back: usize) -> Option<Word> {
        let (mut mask, mut bytes) = ([0; 8], [0; 8]);
        let start = colon.checked_sub(back)?;
        let skipped = back.saturating_sub(key);
        mask.get_mut(skipped..)?.fill(0xff);
        bytes.get_mut(skipped..)?.copy_from_slice(record.get(start + skipped..start + 8)?);
        let [mask, bytes] = [mask, bytes].map(u64::from_le_bytes);
        Some(Word { colon: number, back: u16::try_from(back).ok()?, mask, bytes })
    }

    #[inline]
    fn differs(&self, record: &[u8], colons: &[u16]) -> Option<u64> {
        let colon = usize::from(*colons.get(usize::from(self.colon))?);
        let bytes = record.get(colon.checked_sub(usize::from(self.back))?..)?.first_chunk()?;
        Some((u64::from_le_bytes(*bytes) ^ self.bytes) & self.mask)
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
    fn holds(&self, record: &[u8], marks: &Marks, place: Place) -> bool {
        let Some(value) = place.value(record, marks) else { return false };
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
    fn colon(self, marks: &Marks) -> Option<u16> {
        match self {
            Place::Absent => None,
            Place::Own(position) => marks.own_colons().get(usize::from(position)).copied(),
            Place::Within(object, position) => colons_of(marks, object)?.get(usize::from(position)).copied(),
        }
    }

    /// Where the value is in a record of the layout.
    #[inline]
    pub(super) fn value(self, record: &[u8], marks: &Marks) -> Option<usize> {
        Some(value_after(record, self.colon(marks)?))
    }
}

/// The colons of the object after one of the record's own colons: all of its level that come before the next of those.
#[inline]
fn colons_of(marks: &Marks, position: u16) -> Option<&[u16]> {
    let position = usize::from(position);
    let colon = *marks.own_colons().get(position)?;
    let (_, from) = after(marks.colons_within(), colon);
    Some(match marks.own_colons().get(position + 1) {
        Some(next) => after(from, *next).0,
        None => from,
    })
}

/// The positions before this one, and those after it.
#[inline]
fn after(positions: &[u16], position: u16) -> (&[u16], &[u16]) {
    let before = positions.iter().take_while(|other| **other < position).count();
    positions.split_at_checked(before).unwrap_or((positions, &[]))
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

/// A hash of how many keys a record has, and of bytes before the first, one in the middle and the last. `None` where there
/// cannot be a layout.
#[inline]
fn hash(record: &[u8], marks: &Marks) -> Option<u64> {
    let colons = marks.own_colons();
    let mut hash = colons.len() as u64;
    for colon in [colons.first()?, colons.get(colons.len() / 2)?, colons.last()?] {
        let bytes = record.get(usize::from(*colon).checked_sub(4)?..)?.first_chunk()?;
        hash = (hash ^ u64::from(u32::from_le_bytes(*bytes)))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32);
    }
    Some(hash)
}

#[inline]
fn slot(hash: u64) -> usize {
    hash as usize % BUCKETS
}
