//! Which table a record is of.
//!
//! ```text
//! record ──`Type` is a table's name or alias──> that table
//!        └─otherwise, the most specific shape that fits──> its table, or none
//! ```
//!
//! Real records carry other things than table names in `Type` (Entra's directory objects do), which then decide
//! nothing. A shape is the more specific the more it demands; between equals the earlier table's wins. So a table may
//! have a loose shape to catch records with few keys without taking those that fit another table closely.
//!
//! Whether a record is of a known table at all is decided by the shapes whose paths are top-level keys, which a scan
//! that parses nothing sees too; deeper paths only choose between tables that such a shape admits.

//! One pass over the record's top-level keys rules out nearly all shapes; only those whose keys are all there are looked
//! at closely. Asking each shape in turn would look up dozens of keys a record, which costs more than parsing it.

use super::{Path, Schema, Shape};
use std::borrow::Cow;
use std::collections::HashMap;

/// What recognition asks of a record.
pub trait Record {
    /// Calls `see` with each top-level key.
    fn for_each_key(&self, see: impl FnMut(&str));
    /// Whether there is something at the path, null or not.
    fn has(&self, path: &Path) -> bool;
    /// Whether there is an object at the path.
    fn is_object(&self, path: &Path) -> bool;
    /// The text at the path, if there is text.
    fn text(&self, path: &Path) -> Option<Cow<'_, str>>;
}

/// Tables, and their shapes in the order in which they are tried.
#[derive(Clone, Debug)]
pub struct Recognizer<'a> {
    tables: Vec<&'a Schema>,
    /// Most specific first.
    candidates: Vec<Candidate<'a>>,
    /// A bit for each top-level key that some shape asks to be there. Keys beyond the bits of a [`Keys`] have none: they
    /// rule nothing out beforehand.
    bits: HashMap<&'a str, Keys>,
}

/// A set of top-level keys.
type Keys = u128;

#[derive(Clone, Debug)]
struct Candidate<'a> {
    /// Position of the table.
    table: usize,
    shape: &'a Shape,
    /// Keys without which the shape cannot fit.
    keys: Keys,
}

/// The key whose value decides where it is a table's name.
pub const TYPE: Path = Path { segments: Cow::Borrowed(&[Cow::Borrowed("Type")]), dotted: false };

impl<'a> Recognizer<'a> {
    /// Recognizes records of `tables`.
    pub fn new(tables: impl IntoIterator<Item = &'a Schema>) -> Recognizer<'a> {
        let mut recognizer =
            Recognizer { tables: tables.into_iter().collect(), candidates: Vec::new(), bits: HashMap::new() };
        for (table, schema) in recognizer.tables.clone().into_iter().enumerate() {
            for shape in schema.shapes.iter() {
                let keys = shape.keys().fold(0, |keys, key| keys | recognizer.bit(key));
                recognizer.candidates.push(Candidate { table, shape, keys });
            }
        }
        recognizer.candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.shape.demands()));
        recognizer
    }

    /// The position of the record's table among the tables given to [`Recognizer::new`].
    pub fn recognize(&self, record: &impl Record) -> Option<usize> {
        let mut keys = 0;
        record.for_each_key(|key| keys |= self.bits.get(key).copied().unwrap_or_default());
        let named =
            || record.text(&TYPE).and_then(|name| self.tables.iter().position(|t| t.is_called(&name)));
        let fits = |candidate: &&Candidate<'_>| candidate.keys & !keys == 0 && candidate.shape.fits(record);
        named().or_else(|| self.candidates.iter().find(fits).map(|candidate| candidate.table))
    }

    fn bit(&mut self, key: &'a str) -> Keys {
        let next = Keys::checked_shl(1, self.bits.len() as u32).unwrap_or_default();
        *self.bits.entry(key).or_insert(next)
    }
}

impl Shape {
    /// Whether the record meets every condition.
    pub fn fits(&self, record: &impl Record) -> bool {
        self.present.iter().all(|path| record.has(path))
            && self.objects.iter().all(|path| record.is_object(path))
            && self
                .equals
                .iter()
                .all(|(path, texts)| record.text(path).is_some_and(|text| texts.contains(&text)))
            && !self.absent.iter().any(|path| record.has(path))
    }

    /// Top-level keys without which it cannot fit. A dotted path may begin with several keys, so it names none.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let paths =
            self.present.iter().chain(self.objects.iter()).chain(self.equals.iter().map(|(path, _)| path));
        paths
            .filter(|path| !path.dotted || path.segments.len() == 1)
            .filter_map(|path| Some(path.segments.first()?.as_ref()))
    }

    /// How much it asks to be there. What must be absent only delimits.
    fn demands(&self) -> usize {
        self.present.len() + self.objects.len() + self.equals.len()
    }
}
