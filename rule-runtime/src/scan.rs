//! Structure without values: whether a record holds together, what its table is, what its operation is called and when
//! it happened, found without parsing it.
//!
//! ```text
//!         AVX-512, AVX2 or portable
//! record ──Marks──> tokens ──Shape: brackets matched, which colons follow keys──> Layout: all keys, seen before ──> Sight
//!              └─ anything unusual ────────────────────────┴─ or a layout not seen before
//!                    └─classify──> masks ──walk──> top-level properties ──Head──> Sight, or a doubt: parse it
//! ```
//!
//! Most events are of operations that no rule asks for. For those, this is all that happens: the record is looked at
//! whole, so that a broken one is found, and left unparsed. There are two ways. The fast one takes records as sources
//! write them and leaves everything unusual (an escape in a key, a space before a colon, deep nesting, more than 64 KB) to the
//! slow one, which also works out what a layout means that was not seen before. What either says of a record that is
//! JSON equals what the parser would say of it, or it says that only the parser can tell: where the operation is not
//! a plain string, where a backslash is outside of strings. Of a record that it finds broken the parser names the reason, so that it is the same
//! one either way.
//!
//! What the scan finds whole is: one object, its brackets balanced and matched, its strings closed and free of raw
//! control characters, its nesting within the limit, nothing but white space around it, all of it UTF-8. It may still
//! not be JSON (`{"a":tru}`); such a record gives no alert either way.
#![allow(clippy::inline_always, reason = "what is inlined is compiled for the instructions of its caller")]

mod avx2;
mod avx512;
mod classify;
mod head;
mod interest;
mod layout;
mod look;
mod marks;
mod memo;
mod names;
mod nesting;
mod portable;
mod shape;
mod spelling;
mod strings;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod walk;

use crate::dispatch::FIELDS;
use classify::Classify;
use interest::Interest;
use layout::{Layout, Layouts, Meaning, Place};
use look::{Asked, Look};
use marks::{Marks, Structure};
use names::Names;
use rule_model::schema::Path;
use rule_model::schema::recognition::{Recognizer, TYPE};
use rule_model::{Column, Schema, Text, Type};
use strings::{Positioned, Spread};
use walk::Property;

pub use head::{Head, Unclear};
pub use marks::End;
pub(crate) use spelling::without_escapes;
pub(crate) use strings::{Finder, Strings, is_escape};

/// Scans records of some tables for their table, operation and time.
#[derive(Clone, Debug)]
pub struct Scan {
    look: Look,
    spread: Spread,
    classify: Classify,
    max_depth: usize,
    interest: Interest,
    tables: Vec<Table>,
    recognizer: Recognizer<'static>,
    /// The keys that tell tables apart, and their operations and times.
    names: Names,
}

/// A table, and what is asked of its records beside their operation.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The table.
    pub schema: &'static Schema,
    /// Whether the time is.
    pub time: bool,
    /// Positions of further columns whose text is: at most [`FIELDS`].
    pub fields: Vec<usize>,
}

/// A table as the scan sees it.
#[derive(Clone, Debug)]
struct Table {
    /// The operation's column, where it is text.
    operation: Option<&'static Column>,
    /// Whether it is not: then only an event tells how it reads.
    is_opaque: bool,
    time: Option<&'static Column>,
    fields: [Option<&'static Column>; FIELDS],
    /// The keys of these alone.
    names: Names,
}

/// Memory of a worker that scans, used again for every record.
#[derive(Debug, Default)]
pub struct Buffers {
    properties: Vec<Property>,
    marks: Marks,
    positioned: Positioned,
    /// By table that records are said to be of; the first is for those that are recognised.
    layouts: Vec<Layouts>,
}

/// What is seen of a record that holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight<'a> {
    /// The position of its table; `None` where it is of none.
    pub table: Option<usize>,
    /// The name of its operation as an event of the table reads, UTF-8; the empty text where there is none.
    pub operation: Result<&'a [u8], Unclear>,
    /// Its time as text, UTF-8, where it is asked for; `None` where there is none.
    pub time: Result<Option<&'a [u8]>, Unclear>,
    /// The texts of the further columns that are asked for.
    pub fields: [Result<Option<&'a str>, Unclear>; FIELDS],
}

/// Why the scan says nothing about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It does not hold together, or nests deeper than the limit.
    Broken,
    /// Only a parser can tell: a backslash in a key or outside of strings, or in a text that tells tables apart.
    Escape,
}

impl Scan {
    /// A scan by the fastest instructions that this machine has, of records of `tables` with at most `max_depth` nested
    /// levels.
    pub fn new(tables: &[Wanted], max_depth: usize) -> Scan {
        let schemas = || tables.iter().map(|table| table.schema);
        let asked: Vec<Table> = tables.iter().map(Table::of).collect();
        let marks = || {
            schemas().flat_map(paths_of_shapes).chain([names::Wanted {
                path: &TYPE,
                kind: false,
                texts: schemas().flat_map(names_of).collect(),
            }])
        };
        let columns = || asked.iter().flat_map(Table::paths);
        let paths = || marks().map(|wanted| wanted.path).chain(columns());
        let (classify, look, spread) =
            avx2::detect().unwrap_or((portable::classify, portable::look, portable::spread));
        let (look, spread) = avx512::detect().unwrap_or((look, spread));
        Scan {
            look,
            spread,
            classify,
            max_depth,
            interest: Interest::of(paths()),
            recognizer: Recognizer::new(schemas()),
            names: Names::of(marks().chain(columns().map(value_at))),
            tables: asked,
        }
    }

    /// The same scan with no instructions but those that every machine has.
    #[must_use]
    pub fn portable(self) -> Scan {
        Scan { look: portable::look, spread: portable::spread, classify: portable::classify, ..self }
    }

    /// The same scan with AVX2 at most.
    #[must_use]
    pub fn without_avx512(self) -> Scan {
        let (_, look, spread) =
            avx2::detect().unwrap_or((portable::classify, portable::look, portable::spread));
        Scan { look, spread, ..self }
    }

    /// What is seen of the record that `bytes` begin with, of a table or to be recognised, and its length. `None` where it is
    /// too long for the fast way.
    #[inline]
    pub fn see<'a>(
        &self,
        bytes: &'a [u8],
        end: End,
        table: Option<usize>,
        buffers: &mut Buffers,
    ) -> Option<(usize, Result<Sight<'a>, Doubt>)> {
        let Buffers { marks, layouts, .. } = buffers;
        let looked = (self.look)(bytes, Asked { end, max_depth: self.max_depth }, marks);
        let length = looked.length?;
        let record = bytes.get(..length)?;
        if !looked.is_plain {
            return Some((length, self.see_slowly(record, table, buffers)));
        }
        let known = layouts.get(number(table)).and_then(|layouts| layouts.find(record, marks));
        let sight = known.map(|meaning| Ok(marks.sight(record, meaning)));
        let sight = sight.unwrap_or_else(|| self.see_and_remember(record, table, buffers));
        Some((length, sight))
    }

    /// What is seen of any record, the slow way.
    pub fn see_slowly<'a>(
        &self,
        record: &'a [u8],
        table: Option<usize>,
        buffers: &mut Buffers,
    ) -> Result<Sight<'a>, Doubt> {
        let head = self.head(record, &mut buffers.properties)?;
        let table = match table {
            Some(table) => Some(table),
            None => head.recognize(&self.recognizer).map_err(|Unclear| Doubt::Escape)?,
        };
        let Some(Table { operation, time, fields, is_opaque, .. }) =
            table.and_then(|table| self.tables.get(table))
        else {
            return Ok(Sight { table, operation: Ok(b""), time: Ok(None), fields: [Ok(None); FIELDS] });
        };
        let text = |column| head.value(column)?.map(|value| head.string(value)).transpose();
        let name = if *is_opaque { Err(Unclear) } else { text(*operation).map(Option::unwrap_or_default) };
        let time = text(*time).map(|time| time.map(str::as_bytes));
        Ok(Sight { table, operation: name.map(str::as_bytes), time, fields: fields.map(text) })
    }

    /// The strings of the record that was just seen; `None` where its marks are not enough to tell.
    pub(crate) fn strings<'a>(&self, record: &[u8], buffers: &'a mut Buffers) -> Option<Strings<'a, u16>> {
        let Buffers { marks, positioned, .. } = buffers;
        let is_sound = marks.are_plain() && (self.spread)(record, marks, positioned);
        is_sound.then(|| positioned.strings())
    }

    /// What is seen the slow way of a marked record, whose layout is then remembered if it can be and comes again.
    #[cold]
    fn see_and_remember<'a>(
        &self,
        record: &'a [u8],
        table: Option<usize>,
        buffers: &mut Buffers,
    ) -> Result<Sight<'a>, Doubt> {
        let Buffers { properties, marks, layouts, .. } = buffers;
        layouts.resize_with(layouts.len().max(number(table) + 1), Layouts::default);
        if let Some(layouts) = layouts.get_mut(number(table))
            && layouts.is_wanted(record, marks)
            && let Some(layout) = self.layout(record, table, marks, properties)
        {
            layouts.insert(record, marks, layout);
        }
        self.see_slowly(record, table, buffers)
    }

    /// The layout of a marked record; `None` where its meaning cannot be told by its keys.
    fn layout(
        &self,
        record: &[u8],
        table: Option<usize>,
        marks: &Marks,
        properties: &mut Vec<Property>,
    ) -> Option<Layout> {
        let head = self.head(record, properties).ok()?;
        let recognized = match table {
            Some(table) => Some(table),
            None => head.recognize(&self.recognizer).ok()?,
        };
        let asked = recognized.and_then(|table| self.tables.get(table));
        if asked.is_some_and(|table| table.is_opaque) {
            return None;
        }
        let names = match table {
            Some(table) => &self.tables.get(table)?.names,
            None => &self.names,
        };
        Layout::of(record, marks, names, |place_of| {
            let place = |column: Option<&Column>| match head.value(column).ok()? {
                Some(value) => place_of(value),
                None => Some(Place::Absent),
            };
            let operation = place(asked.and_then(|table| table.operation))?;
            let time = place(asked.and_then(|table| table.time))?;
            let mut fields = [Place::Absent; FIELDS];
            for (field, column) in fields.iter_mut().zip(asked.into_iter().flat_map(|table| table.fields)) {
                *field = place(column)?;
            }
            Some(Meaning { table: recognized, operation, time, fields })
        })
    }

    /// Walks a record whole.
    fn head<'a, 'p>(
        &self,
        record: &'a [u8],
        properties: &'p mut Vec<Property>,
    ) -> Result<Head<'a, 'p>, Doubt> {
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

impl Table {
    fn of(wanted: &Wanted) -> Table {
        let schema = wanted.schema;
        let operation = schema.operation_column();
        let mut fields = wanted.fields.iter().map(|column| schema.columns.get(*column));
        let mut table = Table {
            operation: operation.filter(|column| column.ty == Type::String),
            is_opaque: operation.is_some_and(|column| column.ty != Type::String),
            time: schema.time_column().filter(|_| wanted.time),
            fields: std::array::from_fn(|_| fields.next().flatten()),
            names: Names::default(),
        };
        table.names = Names::of(table.paths().map(value_at));
        table
    }

    fn paths(&self) -> impl Iterator<Item = &'static Path> + use<> {
        let fields = self.fields.into_iter().flatten();
        self.operation.into_iter().chain(self.time).chain(fields).flat_map(|column| column.paths.iter())
    }
}

impl Marks {
    /// What the values of a marked record say whose keys mean this.
    #[inline]
    fn sight<'a>(&self, record: &'a [u8], meaning: &Meaning) -> Sight<'a> {
        let structure = self.structure();
        // Of a record that is UTF-8 these are, too; asking again costs less than a promise that nobody holds the callers to.
        let text = |place: Place| {
            let bytes = self.string_at(record, structure, place)?;
            bytes.map(|text| std::str::from_utf8(text).map_err(|_| Unclear)).transpose()
        };
        Sight {
            table: meaning.table,
            operation: self.string_at(record, structure, meaning.operation).map(Option::unwrap_or_default),
            time: self.string_at(record, structure, meaning.time),
            fields: meaning.fields.map(text),
        }
    }

    /// The bytes of the string at a place of a marked record.
    #[inline(always)]
    fn string_at<'a>(
        &self,
        record: &'a [u8],
        structure: Structure<'_>,
        place: Place,
    ) -> Result<Option<&'a [u8]>, Unclear> {
        match place {
            Place::Absent => Ok(None),
            place => self.string(record, place.value(record, structure)).map(Some).ok_or(Unclear),
        }
    }

    #[inline(always)]
    fn string<'a>(&self, record: &'a [u8], value: Option<usize>) -> Option<&'a [u8]> {
        let start = value.filter(|start| record.get(*start) == Some(&b'"'))?;
        record.get(start + 1..self.string_end(start)?)
    }
}

/// Where the layouts of records are that are said to be of a table; the first place is for those that are recognised.
fn number(table: Option<usize>) -> usize {
    table.map_or(0, |table| table + 1)
}

/// The path of a value that is to be read.
fn value_at(path: &Path) -> names::Wanted<'_> {
    names::Wanted { path, kind: true, texts: Vec::new() }
}

/// The paths that tell whether a record is of a table.
fn paths_of_shapes(table: &'static Schema) -> impl Iterator<Item = names::Wanted<'static>> {
    table.shapes.iter().flat_map(|shape| {
        let plain = shape.present.iter().chain(shape.absent.iter()).map(|path| (path, false, Vec::new()));
        let objects = shape.objects.iter().map(|path| (path, true, Vec::new()));
        let compared = shape.equals.iter().map(|(path, texts)| (path, false, texts.to_vec()));
        plain.chain(objects).chain(compared).map(|(path, kind, texts)| names::Wanted { path, kind, texts })
    })
}

/// The names of a table that a record may carry.
fn names_of(table: &'static Schema) -> impl Iterator<Item = Text> {
    [table.name.clone()].into_iter().chain(table.aliases.iter().cloned())
}
