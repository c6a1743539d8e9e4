//! The keys that matter, found by the eight bytes before their closing quote.
//!
//! ```text
//! …"OperationName":  ──the last bytes up to the opening quote──> a word ──perfect hash──> keys that end so ──compare──> key
//! ```
//!
//! Whether a key matters must be told for each key of each record, so it takes a load, a multiplication and two
//! look-ups, without branches.

use rule_model::Text;
use rule_model::schema::Path;
use std::ops::Range;

/// A key that matters, by position among all that do.
pub(super) type Id = u16;

/// Keys that matter, of the record and of objects in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Name>,
    /// By object: that of the record first, then those below keys with [`Name::object`].
    lookups: Vec<Lookup>,
}

/// A key that matters.
#[derive(Clone, Debug)]
pub(super) struct Name {
    text: String,
    /// Its first eight bytes, if it has so many.
    first: [u8; 8],
    /// The object that its value's keys belong to: where they matter.
    pub(super) object: Option<usize>,
    /// Whether keys further below matter.
    pub(super) deep: bool,
    /// The texts that its value is compared with.
    pub(super) texts: Vec<Text>,
    /// The object that it is a key of.
    within: usize,
}

/// The keys of one object that matter.
#[derive(Clone, Debug, Default)]
struct Lookup {
    multiplier: u64,
    shift: u32,
    /// The group of each hash; 0 is of none.
    groups: Box<[u8]>,
    /// The word of each group.
    words: Vec<u64>,
    /// The keys of each group: of names in their order.
    ids: Vec<Range<Id>>,
}

/// A key that ends like some that matter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lead {
    group: u8,
    pub(super) colon: u16,
}

/// Leads of one stretch of a record; with more, a record is looked at in another way.
pub(super) const LEADS: usize = 64;

#[derive(Debug)]
pub(super) struct Leads {
    leads: [Lead; LEADS],
    count: usize,
}

/// What no key ends with: a quote.
const NO_WORD: u64 = u64::from_le_bytes([b'"'; 8]);

impl Names {
    /// The keys on these paths, each with the texts that what it leads to is compared with. `None` where they are too many.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = (&'p Path, Vec<Text>)>) -> Option<Names> {
        let mut names = Names { names: Vec::new(), lookups: vec![Lookup::default()] };
        for (path, texts) in paths {
            names.add(0, &path.segments, path.dotted, &texts);
        }
        Id::try_from(names.names.len()).ok()?;
        names.names.sort_by_key(|name| (name.within, word_of(name.text.as_bytes())));
        for object in 0..names.lookups.len() {
            let of_object = names.names.iter().enumerate().filter(|(_, name)| name.within == object);
            let words = of_object.map(|(id, name)| (word_of(name.text.as_bytes()), id as Id));
            *names.lookups.get_mut(object)? = Lookup::of(words)?;
        }
        Some(names)
    }

    pub(super) fn get(&self, id: Id) -> Option<&Name> {
        self.names.get(usize::from(id))
    }

    /// Notes which of the colons stand after keys of an object that may matter. `None` where one does not stand directly after
    /// a quote, or where there are too many.
    #[inline(always)]
    pub(super) fn leads<'l>(
        &self,
        object: usize,
        record: &[u8],
        colons: &[u16],
        leads: &'l mut Leads,
    ) -> Option<&'l [Lead]> {
        leads.count = 0;
        let lookup = self.lookups.get(object)?;
        for colon in colons {
            let quote = usize::from(*colon).checked_sub(1)?;
            if record.get(quote) != Some(&b'"') {
                return None;
            }
            let word = word_before(record, quote);
            let hash = word.wrapping_mul(lookup.multiplier).wrapping_shr(lookup.shift) as usize;
            let group = lookup.groups.get(hash).copied().unwrap_or_default();
            if let Some(lead) = leads.leads.get_mut(leads.count) {
                *lead = Lead { group, colon: *colon };
            }
            leads.count += usize::from(lookup.words.get(usize::from(group)) == Some(&word));
        }
        leads.leads.get(..leads.count)
    }

    /// The key of a lead, if it is one that matters.
    #[inline(always)]
    pub(super) fn key(&self, object: usize, record: &[u8], lead: Lead) -> Option<Id> {
        let ids = self.lookups.get(object)?.ids.get(usize::from(lead.group))?;
        let quote = usize::from(lead.colon) - 1;
        ids.clone().find(|id| self.get(*id).is_some_and(|name| name.ends_at(record, quote)))
    }

    fn add(&mut self, object: usize, segments: &[Text], dotted: bool, texts: &[Text]) {
        for joined in 1..=(if dotted { segments.len() } else { 1 }) {
            let (first, rest) = segments.split_at(joined.min(segments.len()));
            let id = self.id(object, first.join("."));
            let lookups = self.lookups.len();
            let Some(name) = self.names.get_mut(id) else { continue };
            match rest {
                [] => texts.iter().for_each(|text| {
                    if !name.texts.contains(text) {
                        name.texts.push(text.clone());
                    }
                }),
                _ if object > 0 => name.deep = true,
                _ => {
                    let below = *name.object.get_or_insert(lookups);
                    self.lookups.resize_with(lookups.max(below + 1), Lookup::default);
                    self.add(below, rest, dotted, texts);
                }
            }
        }
    }

    fn id(&mut self, object: usize, text: String) -> usize {
        let known = self.names.iter().position(|name| name.within == object && name.text == text);
        known.unwrap_or_else(|| {
            let first = text.as_bytes().first_chunk().copied().unwrap_or_default();
            self.names.push(Name {
                text,
                first,
                object: None,
                deep: false,
                texts: Vec::new(),
                within: object,
            });
            self.names.len() - 1
        })
    }
}

impl Name {
    /// Whether the key is this one whose closing quote is at a position. Its last eight bytes were compared, and it has no
    /// escapes: a quote before it is its own.
    #[inline(always)]
    fn ends_at(&self, record: &[u8], quote: usize) -> bool {
        let text = self.text.as_bytes();
        if text.len() < 8 {
            return true;
        }
        let Some(start) = quote.checked_sub(text.len()) else { return false };
        start.checked_sub(1).and_then(|before| record.get(before)) == Some(&b'"')
            && record.get(start..).and_then(|from| from.first_chunk()) == Some(&self.first)
            && (text.len() <= 16 || record.get(start..quote) == Some(text))
    }
}

impl Lookup {
    /// A lookup of keys in the order of their words, with a hash that no two words share.
    fn of(keys: impl Iterator<Item = (u64, Id)>) -> Option<Lookup> {
        let mut lookup = Lookup { words: vec![NO_WORD], ids: vec![Range::default()], ..Lookup::default() };
        for (word, id) in keys {
            match lookup.ids.last_mut() {
                Some(ids) if lookup.words.last() == Some(&word) => ids.end = id + 1,
                _ => {
                    lookup.words.push(word);
                    lookup.ids.push(id..id + 1);
                }
            }
        }
        u8::try_from(lookup.words.len()).ok()?;
        let smallest = (lookup.words.len() * 4).next_power_of_two().trailing_zeros().max(4);
        let sizes = (smallest..=16).flat_map(|bits| std::iter::repeat_n(bits, 200));
        let mut multiplier = 0x9e37_79b9_7f4a_7c15_u64;
        for bits in sizes {
            // Any odd numbers do; these are those of a linear congruential generator.
            multiplier =
                multiplier.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if lookup.hash_by(multiplier | 1, bits) {
                return Some(lookup);
            }
        }
        None
    }

    /// Tries a hash; false where two words share a place.
    fn hash_by(&mut self, multiplier: u64, bits: u32) -> bool {
        let mut groups = vec![0_u8; 1 << bits];
        self.shift = 64 - bits;
        self.multiplier = multiplier;
        for (group, word) in self.words.iter().enumerate().skip(1) {
            let hash = word.wrapping_mul(multiplier) >> self.shift;
            match groups.get_mut(hash as usize) {
                Some(place) if *place == 0 => *place = group as u8,
                _ => return false,
            }
        }
        self.groups = groups.into();
        true
    }
}

impl Default for Leads {
    fn default() -> Leads {
        Leads { leads: [Lead::default(); LEADS], count: 0 }
    }
}

/// The last eight bytes of a key, none where it has fewer.
fn word_of(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().rev().zip(key.iter().rev()).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(bytes)
}

/// [`word_of`] the key whose closing quote is at a position. It has no escapes, so the last quote before is its own.
#[inline(always)]
fn word_before(record: &[u8], quote: usize) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let word = match quote.checked_sub(8).and_then(|start| record.get(start..)?.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => word_of(record.get(..quote).unwrap_or_default()),
    };
    let differing = word ^ NO_WORD;
    // The top bit of each byte that is a quote; no byte carries into the next.
    let quotes = !(((differing & LOW_BITS) + LOW_BITS) | differing | LOW_BITS);
    word & (!0_u64).checked_shl(64 - quotes.leading_zeros()).unwrap_or(0)
}
