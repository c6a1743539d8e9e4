//! What the tokens of a record come to: whether they are one object, how deep it nests, and which colons follow keys that
//! may matter. Remembered by signature.

use super::memo::Memo;
use super::nesting::Nesting;
use super::tokens::{Signature, Tokens};

/// The structure of a record, by the numbers of its tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// The colons after the record's own keys.
    own: Vec<u16>,
    /// Those one level below.
    within: Vec<u16>,
    /// How many of those come before each of the record's own.
    starts: Vec<u16>,
    /// How deep it nests, and its last bracket; `None` where it is no object whose brackets match.
    depth_and_end: Option<(usize, usize)>,
}

/// Shapes seen before, and that of the record at hand.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Memo<(Signature, Shape)>,
    /// Where the record's is among those.
    place: Option<(usize, usize)>,
    /// It, where it is not.
    walked: Shape,
}

impl Shape {
    /// The colons after the record's own keys, as numbers of tokens.
    #[inline(always)]
    pub(super) fn own(&self) -> &[u16] {
        &self.own
    }

    /// Those one level below that come after this key and before the next: where the key's value is an object, those after
    /// its keys.
    #[inline(always)]
    pub(super) fn within(&self, key: usize) -> Option<&[u16]> {
        let start = usize::from(*self.starts.get(key)?);
        let end = self.starts.get(key + 1).map_or(self.within.len(), |end| usize::from(*end));
        self.within.get(start..end)
    }

    /// How deep the object nests, and the number of its last bracket; `None` where there is not exactly one, or brackets do
    /// not match.
    #[inline(always)]
    pub(super) fn depth_and_end(&self) -> Option<(usize, usize)> {
        self.depth_and_end
    }

    /// The shape of tokens at these positions.
    fn walk(&mut self, bytes: &[u8], positions: &[u16]) {
        let Shape { own, within, starts, depth_and_end } = self;
        [&mut *own, within, starts].into_iter().for_each(Vec::clear);
        let (mut nesting, mut last) = (Nesting::default(), 0);
        for (number, position) in positions.iter().enumerate() {
            match bytes.get(usize::from(*position)) {
                Some(b':') => match nesting.depth() {
                    1 => {
                        own.push(number as u16);
                        starts.push(within.len() as u16);
                    }
                    2 => within.push(number as u16),
                    _ => {}
                },
                Some(bracket) => {
                    nesting.bracket(*bracket);
                    last = number;
                }
                None => {}
            }
        }
        *depth_and_end = nesting.depth_of_object().map(|depth| (depth, last));
    }
}

impl Shapes {
    /// That of the record at hand.
    #[inline(always)]
    pub(super) fn current(&self) -> &Shape {
        let known = self.place.and_then(|place| self.known.get(place));
        known.map_or(&self.walked, |(_, shape)| shape)
    }

    /// Finds the shape of the record that has these tokens.
    #[inline(always)]
    pub(super) fn find(&mut self, bytes: &[u8], tokens: &Tokens) {
        self.place = tokens
            .signature()
            .and_then(|signature| self.known.find(signature.hash(), |(known, _)| known == signature));
        if self.place.is_none() {
            self.walk(bytes, tokens);
        }
    }

    /// Finds it token by token, and remembers it if it comes again.
    #[inline(never)]
    fn walk(&mut self, bytes: &[u8], tokens: &Tokens) {
        self.walked.walk(bytes, tokens.positions());
        if let Some(signature) = tokens.signature()
            && self.known.is_wanted(signature.hash())
        {
            self.known.insert(signature.hash(), (*signature, self.walked.clone()));
        }
    }
}
