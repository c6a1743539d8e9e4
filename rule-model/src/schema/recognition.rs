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

use super::{Path, Schema, Shape};
use std::borrow::Cow;

/// What recognition asks of a record.
pub trait Record {
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
    /// Index of the table, and the shape; most specific first.
    shapes: Vec<(usize, &'a Shape)>,
}

/// The key whose value decides where it is a table's name.
const TYPE: Path = Path { segments: Cow::Borrowed(&[Cow::Borrowed("Type")]), dotted: false };

impl<'a> Recognizer<'a> {
    /// Recognizes records of `tables`.
    pub fn new(tables: impl IntoIterator<Item = &'a Schema>) -> Recognizer<'a> {
        let tables: Vec<_> = tables.into_iter().collect();
        let of_table = |(index, table): (usize, &&'a Schema)| {
            let schema: &'a Schema = table;
            schema.shapes.iter().map(move |shape| (index, shape))
        };
        let mut shapes: Vec<_> = tables.iter().enumerate().flat_map(of_table).collect();
        shapes.sort_by_key(|(index, shape)| (usize::MAX - shape.demands(), *index));
        Recognizer { tables, shapes }
    }

    /// The position of the record's table among the tables given to [`Recognizer::new`].
    pub fn recognize(&self, record: &impl Record) -> Option<usize> {
        let named =
            record.text(&TYPE).and_then(|name| self.tables.iter().position(|table| table.is_called(&name)));
        named.or_else(|| self.shapes.iter().find(|(_, shape)| shape.fits(record)).map(|(index, _)| *index))
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

    /// How much it asks to be there. What must be absent only delimits.
    fn demands(&self) -> usize {
        self.present.len() + self.objects.len() + self.equals.len()
    }
}
