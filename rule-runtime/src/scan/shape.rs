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
        self.walked.walk(bytes, tokens.positions().all());
        if let Some(signature) = tokens.signature()
            && self.known.is_wanted(signature.hash())
        {
            self.known.insert(signature.hash(), (*signature, self.walked.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::DEFAULT_MAX_DEPTH;
    use crate::scan::{Buffers, End, Scan, Wanted};
    use rule_model::tables::AUDIT_LOGS;

    /// Records around as many brackets and tokens as a signature has bits for, whole and with the last bracket but one of
    /// the other kind; of each length three, so that the last is known.
    #[test]
    fn orders_of_tokens_around_the_most_that_a_signature_holds_are_told_apart() {
        let wanted = Wanted { schema: &AUDIT_LOGS, time: false, fields: Vec::new() };
        let scan = Scan::new(&[wanted], DEFAULT_MAX_DEPTH);
        let mut buffers = Buffers::default();
        for count in (28..36).chain(58..70).chain(120..132) {
            let brackets = format!("{{\"OperationName\":\"x\",\"a\":[{}1]}}", "[],".repeat(count));
            let colons = format!("{{\"OperationName\":\"x\",{}\"b\":[]}}", "\"a\":1,".repeat(count));
            for whole in [brackets, colons] {
                let broken = format!("{}}}}}", &whole[..whole.len() - 2]);
                for record in [&whole, &broken, &whole, &broken, &whole, &broken] {
                    let slowly = scan.see_slowly(record.as_bytes(), Some(0), &mut buffers);
                    let seen = scan.see(record.as_bytes(), End::Bytes, Some(0), &mut buffers);
                    assert_eq!(seen, Some((record.len(), slowly)), "{record}");
                    assert_eq!(slowly.is_ok(), record == &whole, "{record}");
                }
            }
        }
    }
}
