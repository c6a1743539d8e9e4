//! Structure without values: whether a record holds together, what its table is and what its operation is called,
//! found without parsing it.
//!
//! ```text
//! record ──classify──> masks of 64 bytes ──walk──> top-level properties ──Head──> table, operation name
//!          AVX2 or      quotes, strings,   brackets  those that recognition        or a doubt: parse it
//!          portable     brackets, colons   balanced  and operation columns read
//! ```
//!
//! Most events are of operations that no rule asks for. For those, this is all that happens: the record is walked
//! whole, so that a broken one is found, and left unparsed. What the scan says of a record that is JSON equals what the
//! parser would say of it, or it says nothing: an escape in a top-level key, an operation that is not a plain string,
//! a backslash outside of strings, anything that does not balance is a [`Doubt`], and whoever asks then parses. So
//! the parser decides, and names the reason, of every rejection; a fault of the scan could cost time, not alerts.
//!
//! What the scan finds whole is: one object, its brackets balanced and matched, its strings closed and free of raw
//! control characters, its nesting within the limit, nothing but white space around it, all of it UTF-8. It may still
//! not be JSON (`{"a":tru}`); such a record gives no alert either way.

mod avx2;
mod classify;
mod head;
mod interest;
mod portable;
#[cfg(test)]
mod tests;
mod walk;

use classify::Classify;
use interest::Interest;
use rule_model::Schema;
use walk::Property;

pub use head::Head;

/// Scans records for what the recognition and the operation columns of some tables read.
#[derive(Clone, Debug)]
pub struct Scan {
    classify: Classify,
    max_depth: usize,
    interest: Interest,
}

/// Memory of a worker that scans, used again for every record.
#[derive(Debug, Default)]
pub struct Buffers {
    properties: Vec<Property>,
}

/// Why the scan says nothing about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It does not hold together, or nests deeper than the limit.
    Broken,
    /// A backslash in a top-level key or outside of strings.
    Escape,
}

impl Scan {
    /// A scan for `tables`, by the fastest instructions that this machine has, of records with at most `max_depth`
    /// nested levels.
    pub fn new<'s>(tables: impl IntoIterator<Item = &'s Schema>, max_depth: usize) -> Scan {
        Scan { classify: classify::fastest(), max_depth, interest: Interest::of(tables) }
    }

    /// The same scan with no instructions but those that every machine has.
    #[must_use]
    pub fn portable(self) -> Scan {
        Scan { classify: portable::classify, ..self }
    }

    /// Walks a record whole.
    pub fn head<'a>(&'a self, record: &'a [u8], buffers: &'a mut Buffers) -> Result<Head<'a>, Doubt> {
        let properties = &mut buffers.properties;
        properties.clear();
        let object = record.trim_ascii_start();
        let skipped = record.len() - object.len();
        if !record.iter().take(skipped).all(|byte| walk::is_space(*byte)) {
            return Err(Doubt::Broken);
        }
        let mut plain_keys = true;
        let walked = walk::object(self.classify, object, self.max_depth, |property| {
            plain_keys &= property.plain;
            if self.interest.may_hold(property.key(object)) {
                properties.push(property);
            }
        })?;
        let rest = object.get(walked.end..).unwrap_or_default();
        let is_text = !walked.beyond_ascii || simdutf8::basic::from_utf8(object).is_ok();
        if !is_text || !rest.iter().all(|byte| walk::is_space(*byte)) {
            return Err(Doubt::Broken);
        }
        if plain_keys { Ok(Head::new(self.classify, object, properties)) } else { Err(Doubt::Escape) }
    }
}
