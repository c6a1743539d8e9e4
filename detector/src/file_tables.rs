//! Tables that a query reads, loaded whole from files.
//!
//! ```text
//! TABLE=FILE ──frames──> records ──┬─ a built-in table: its columns, by the rules of reading
//!                                  └─ any other: the properties that occur, with the types they have
//! ```

use crate::failure::Failure;
use crate::known_tables::KnownTables;
use rule_eval::evaluate::Tables;
use rule_eval::time_text::parse_datetime;
use rule_eval::{Table, json, record};
use rule_lang::catalog::{self, CatalogTable};
use rule_model::plan::{Field, Name};
use rule_model::{Bag, Schema, Type, Value};
use rule_runtime::framing::{Batch, Frame, Framer, Limits};
use rule_runtime::source::{Expansion, Origin, Progress};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Tables by name, each read whole.
#[derive(Debug, Default)]
pub(crate) struct FileTables {
    tables: BTreeMap<Name, Table>,
    rejected: Vec<Rejected>,
    /// The first table that was asked for and is not there.
    missing: OnceLock<Name>,
}

/// A record that could not be read.
#[derive(Debug)]
struct Rejected {
    file: String,
    offset: u64,
    reason: String,
}

/// Rejected records that are shown one by one.
const SHOWN: usize = 10;

impl FileTables {
    /// Reads the files of `TABLE=FILE` arguments; files of one table are read one after the other.
    pub(crate) fn load(arguments: &[&str], known: &KnownTables) -> Result<FileTables, Failure> {
        let mut loaded = FileTables::default();
        let mut records: BTreeMap<Name, Vec<Bag>> = BTreeMap::new();
        for argument in arguments {
            let Some((table, file)) = argument.split_once('=').filter(|(table, _)| !table.is_empty()) else {
                let message = format!("{argument}: a file needs its table before it, as in Table={argument}");
                return Err(Failure::Usage(message));
            };
            records.entry(canonical(table, known)).or_default().extend(loaded.read(file)?);
        }
        for (name, records) in records {
            let table = match known.find(&name) {
                Some(schema) => table_of(schema, &records),
                None => inferred(&records),
            };
            loaded.tables.insert(name, table);
        }
        Ok(loaded)
    }

    /// What the checker needs to know of these tables.
    pub(crate) fn catalog(&self, known: &KnownTables) -> catalog::Tables {
        let entry = |(name, table): (&Name, &Table)| {
            let mut entry = CatalogTable::new(name.clone(), table.columns.clone());
            entry.time =
                known.find(name).and_then(Schema::time_column).map(|column| Name::from(column.name.as_ref()));
            entry
        };
        self.tables.iter().map(entry).collect()
    }

    /// The first table that a query asked for and no file was given for.
    pub(crate) fn missing(&self) -> Option<&Name> {
        self.missing.get()
    }

    /// Says on standard error which records could not be read.
    pub(crate) fn report_rejected(&self) {
        for Rejected { file, offset, reason } in self.rejected.iter().take(SHOWN) {
            eprintln!("warning: {file}, byte {offset}: {reason}");
        }
        if self.rejected.len() > SHOWN {
            eprintln!("warning: {} records in all could not be read", self.rejected.len());
        }
    }

    /// The records of a file.
    fn read(&mut self, file: &str) -> Result<Vec<Bag>, Failure> {
        let opened = |error| Failure::open(file, &error);
        let source = Origin::of(file).open(&Progress::default(), Expansion::default()).map_err(opened)?;
        let mut framer = Framer::new(source.reader, Limits::default());
        let mut batch = Batch::default();
        let mut records = Vec::new();
        while framer.fill(&mut batch).map_err(opened)? {
            for frame in &batch.frames {
                let (offset, outcome) = match frame {
                    Frame::Record(range) => (batch.offset + range.start as u64, bag(batch.record(range))),
                    Frame::TooLong { offset, length, .. } => {
                        (*offset, Err(format!("too long: {length} bytes")))
                    }
                };
                match outcome {
                    Ok(bag) => records.push(bag),
                    Err(reason) => self.rejected.push(Rejected { file: file.to_owned(), offset, reason }),
                }
            }
        }
        Ok(records)
    }
}

impl Tables for FileTables {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        let table = self.tables.get(name);
        if table.is_none() {
            self.missing.get_or_init(|| Name::new(name));
        }
        table.map(Cow::Borrowed)
    }
}

/// The name that queries resolve to: a built-in table's own one where `name` is an alias.
fn canonical(name: &str, known: &KnownTables) -> Name {
    known.find(name).map_or_else(|| Name::new(name), |schema| Name::from(schema.name.as_ref()))
}

fn bag(line: &[u8]) -> Result<Bag, String> {
    let text = std::str::from_utf8(line).map_err(|_| "invalid UTF-8".to_owned())?;
    match json::parse(text).map_err(|error| error.to_string())? {
        Value::Bag(bag) => Ok(bag.as_ref().clone()),
        _ => Err("not a JSON object".to_owned()),
    }
}

fn table_of(schema: &Schema, records: &[Bag]) -> Table {
    let columns = schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect();
    Table { columns, rows: records.iter().map(|record| record::row(record, schema)).collect() }
}

/// A table of the properties that occur, in the order in which they first do.
fn inferred(records: &[Bag]) -> Table {
    let mut names = Bag::new();
    for record in records {
        for (name, value) in record.iter() {
            let seen = names.get(name).cloned().unwrap_or(Value::Null);
            names.insert(name.clone(), joined(&seen, value));
        }
    }
    let columns: Vec<Field> =
        names.iter().map(|(name, ty)| Field::new(name.clone(), type_named(ty))).collect();
    let cell = |record: &Bag, column: &Field| {
        record
            .get(&column.name)
            .map_or_else(|| Value::absent(column.ty), |value| record::convert(value, column.ty))
    };
    let rows =
        records.iter().map(|record| columns.iter().map(|column| cell(record, column)).collect()).collect();
    Table { columns, rows }
}

/// The name of the type that holds both what was seen so far (a type's name, or null) and a further value.
fn joined(seen: &Value, value: &Value) -> Value {
    let ty = match value {
        Value::String(text) if parse_datetime(text).is_some() && text.contains('-') => Type::DateTime,
        value => match value.type_of() {
            Some(ty) => ty,
            None => return seen.clone(),
        },
    };
    let both = match (seen.as_str().and_then(Type::named), ty) {
        (None, ty) => ty,
        (Some(seen), ty) if seen == ty => ty,
        (Some(Type::Long | Type::Real), Type::Long | Type::Real) => Type::Real,
        (Some(Type::DateTime | Type::String), Type::DateTime | Type::String) => Type::String,
        _ => Type::Dynamic,
    };
    Value::literal(both.name())
}

/// The type a column has at the end: dynamic where only nulls occurred.
fn type_named(name: &Value) -> Type {
    name.as_str().and_then(Type::named).unwrap_or(Type::Dynamic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(lines: &[&str]) -> String {
        let records: Vec<Bag> = lines.iter().map(|line| bag(line.as_bytes()).unwrap()).collect();
        let columns = inferred(&records).columns;
        columns.iter().map(|column| format!("{}:{}", column.name, column.ty)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_are_the_properties_with_the_types_they_have() {
        for (lines, expected) in [
            (&[r#"{"a":1,"b":"x"}"#, r#"{"c":true,"a":2}"#][..], "a:long b:string c:bool"),
            (&[r#"{"a":1}"#, r#"{"a":2.5}"#], "a:real"),
            (&[r#"{"a":1}"#, r#"{"a":"x"}"#], "a:dynamic"),
            (&[r#"{"a":{"b":1}}"#, r#"{"a":null}"#], "a:dynamic"),
            (&[r#"{"t":"2024-03-01T10:00:00Z"}"#], "t:datetime"),
            (&[r#"{"t":"2024-03-01T10:00:00Z"}"#, r#"{"t":"soon"}"#], "t:string"),
            (&[r#"{"n":null}"#], "n:dynamic"),
        ] {
            assert_eq!(columns(lines), expected, "{lines:?}");
        }
    }
}
