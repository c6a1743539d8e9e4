//! Schema files: TOML text to [`Schema`].
//!
//! One file describes one table:
//!
//! ```toml
//! name = "BadgeReader"
//! description = "Doors opened with a badge"
//! operation = "Action"          # the column that names the operation, if there is one
//! time = "TimeGenerated"        # the column that holds the event time, if there is one
//!
//! [[shape]]                     # how a record looks; any one shape that fits will do
//! present = ["Action", "DoorId"]
//!
//! [columns]                     # in the table's own order
//! TimeGenerated = { type = "datetime", description = "When the door was opened", paths = ["TimeGenerated", "time"] }
//! Action = { type = "string", values = ["open", "refuse"] }
//! DoorId = { type = "long" }
//! ```
//!
//! | key | meaning | when left out |
//! |---|---|---|
//! | `name` | the name that queries use | an error |
//! | `aliases` | other names of the table | none |
//! | `description`, `reference` | a line for people; where the facts are published | empty |
//! | `operation`, `time` | names of columns | none |
//! | `dotted` | whether the dots of every path may be nesting or part of a key (ECS) | `false` |
//! | `shape.present`, `.absent` | paths that must or must not be there | none |
//! | `shape.objects` | paths that must hold an object | none |
//! | `shape.equals` | paths and the texts of which each must hold one | none |
//! | `columns.X.type` | KQL type | an error |
//! | `columns.X.paths` | where the value may lie, in order | the column's own name |
//! | `columns.X.values` | the values that the source writes | not enumerated |
//!
//! In a path a dot separates the names of nested objects; a path written as a list of names takes their dots as they
//! are (`["event.action"]`). All faults of a file are reported together.

use super::{Column, Path, Schema, Shape};
use crate::{Text, Type};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A fault in a schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not TOML; the TOML parser's own words.
    Syntax(String),
    /// A key that must be there is not.
    Missing {
        /// The key.
        key: &'static str,
        /// An example of it.
        example: &'static str,
    },
    /// A key that means nothing here.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that mean something here.
        known: &'static [&'static str],
    },
    /// A value of the wrong TOML type.
    WrongType {
        /// The key whose value it is.
        key: String,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A type that KQL does not have.
    UnknownType(String),
    /// `operation` or `time` names a column that the file does not define.
    NoSuchColumn {
        /// `operation` or `time`.
        key: &'static str,
        /// What it names.
        name: String,
    },
    /// The time column is not of type datetime.
    TimeColumn(Type),
    /// The operation column is not of type string.
    OperationColumn(Type),
    /// An empty text, or a path with an empty name in it.
    Empty(String),
    /// A shape without a condition, which every record would fit.
    EmptyShape,
    /// A column defined by a dotted key without quotes, which TOML takes for nested tables.
    UnquotedDots(String),
}

/// Reads a schema file.
pub fn parse(text: &str) -> Result<Schema, Vec<DefinitionError>> {
    let document = DeTable::parse(text)
        .map_err(|error| vec![DefinitionError::at(text, error.span(), syntax(&error))])?;
    let mut reader = Reader { text, dotted: false, errors: Vec::new() };
    let schema = reader.schema(document.get_ref());
    if reader.errors.is_empty() { Ok(schema) } else { Err(reader.errors) }
}

/// The path that `text` writes: names of nested objects with dots between.
pub fn path(text: &str, dotted: bool) -> Path {
    Path { segments: text.split('.').map(|name| Text::Owned(name.to_owned())).collect(), dotted }
}

const FILE_KEYS: &[&str] =
    &["name", "aliases", "description", "reference", "operation", "time", "dotted", "shape", "columns"];
const SHAPE_KEYS: &[&str] = &["present", "absent", "objects", "equals"];
const COLUMN_KEYS: &[&str] = &["type", "description", "paths", "values"];

type Node<'a> = Spanned<DeValue<'a>>;

/// Walks the document; gathers errors and goes on with a default.
struct Reader<'a> {
    text: &'a str,
    dotted: bool,
    errors: Vec<DefinitionError>,
}

impl Reader<'_> {
    fn schema(&mut self, file: &DeTable<'_>) -> Schema {
        self.known_keys(file, FILE_KEYS);
        self.dotted = file.get("dotted").is_some_and(|node| self.flag("dotted", node));
        let columns = self.columns(file);
        Schema {
            name: self.required(file, "name", r#"name = "MyTable""#),
            aliases: self.texts(file, "aliases").into(),
            description: self.optional(file, "description"),
            reference: self.optional(file, "reference"),
            operation: self.column_of(file, "operation", &columns, Type::String, Fault::OperationColumn),
            time: self.column_of(file, "time", &columns, Type::DateTime, Fault::TimeColumn),
            shapes: self.shapes(file).into(),
            columns: columns.into(),
        }
    }

    fn columns(&mut self, file: &DeTable<'_>) -> Vec<Column> {
        let Some(node) = file.get("columns") else {
            self.missing("columns", r#"[columns] and below it Name = { type = "string" }"#);
            return Vec::new();
        };
        let Some(table) = self.table("columns", node) else { return Vec::new() };
        // The TOML parser sorts keys by name; the file's order is the table's.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        entries.into_iter().filter_map(|(name, node)| self.column(name.get_ref(), node)).collect()
    }

    fn column(&mut self, name: &str, node: &Node<'_>) -> Option<Column> {
        let table = self.table(name, node)?;
        if table.len() == 1 && table.values().all(|inner| inner.get_ref().is_table()) {
            self.fault(&node.span(), Fault::UnquotedDots(name.to_owned()));
            return None;
        }
        self.known_keys(table, COLUMN_KEYS);
        let ty = self.column_type(table, node);
        let mut paths = self.paths(table, "paths");
        if paths.is_empty() {
            paths.push(self.own_path(name));
        }
        if name.is_empty() {
            self.fault(&node.span(), Fault::Empty("a column's name".to_owned()));
        }
        Some(Column {
            name: name.to_owned().into(),
            ty,
            description: self.optional(table, "description"),
            paths: paths.into(),
            values: self.texts(table, "values").into(),
        })
    }

    /// Where a column lies that does not say: under its own name, whose dots nest only where the file says so.
    fn own_path(&self, name: &str) -> Path {
        if self.dotted {
            path(name, true)
        } else {
            Path { segments: vec![Text::Owned(name.to_owned())].into(), dotted: false }
        }
    }

    fn column_type(&mut self, table: &DeTable<'_>, column: &Node<'_>) -> Type {
        let Some(node) = table.get("type") else {
            self.fault(&column.span(), Fault::Missing { key: "type", example: r#"type = "string""# });
            return Type::Dynamic;
        };
        let name = self.string("type", node);
        Type::named(&name).unwrap_or_else(|| {
            self.fault(&node.span(), Fault::UnknownType(name));
            Type::Dynamic
        })
    }

    fn shapes(&mut self, file: &DeTable<'_>) -> Vec<Shape> {
        let Some(node) = file.get("shape") else { return Vec::new() };
        let Some(shapes) = node.get_ref().as_array() else {
            self.wrong_type("shape", node, "tables, each headed [[shape]]");
            return Vec::new();
        };
        shapes.iter().filter_map(|shape| self.shape(shape)).collect()
    }

    fn shape(&mut self, node: &Node<'_>) -> Option<Shape> {
        let table = self.table("shape", node)?;
        self.known_keys(table, SHAPE_KEYS);
        let shape = Shape {
            present: self.paths(table, "present").into(),
            absent: self.paths(table, "absent").into(),
            objects: self.paths(table, "objects").into(),
            equals: self.equals(table).into(),
        };
        if shape.present.is_empty() && shape.objects.is_empty() && shape.equals.is_empty() {
            self.fault(&node.span(), Fault::EmptyShape);
        }
        Some(shape)
    }

    fn equals(&mut self, shape: &DeTable<'_>) -> Vec<(Path, crate::List<Text>)> {
        let Some(node) = shape.get("equals") else { return Vec::new() };
        let Some(table) = self.table("equals", node) else { return Vec::new() };
        let paths: Vec<_> =
            table.iter().map(|(path, node)| (path.get_ref().to_string(), node.span())).collect();
        paths
            .into_iter()
            .map(|(text, span)| {
                let texts = self.texts(table, &text);
                (self.path(&text, &span), texts.into())
            })
            .collect()
    }

    /// Index of the column that `key` names, which must be of type `ty`.
    fn column_of(
        &mut self,
        file: &DeTable<'_>,
        key: &'static str,
        columns: &[Column],
        ty: Type,
        wrong_type: fn(Type) -> Fault,
    ) -> Option<usize> {
        let node = file.get(key)?;
        let name = self.string(key, node);
        let index = columns.iter().position(|column| column.name == name);
        match index.and_then(|index| columns.get(index)) {
            None => self.fault(&node.span(), Fault::NoSuchColumn { key, name }),
            Some(column) if column.ty != ty => self.fault(&node.span(), wrong_type(column.ty)),
            Some(_) => {}
        }
        index
    }

    fn paths(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Path> {
        let Some(node) = table.get(key) else { return Vec::new() };
        match node.get_ref().as_array() {
            Some(items) => items.iter().map(|item| self.path_of(key, item)).collect(),
            None => vec![self.path_of(key, node)],
        }
    }

    /// A path as a text with dots, or as a list of names.
    fn path_of(&mut self, key: &str, node: &Node<'_>) -> Path {
        if let Some(names) = node.get_ref().as_array() {
            let segments: Vec<_> = names.iter().map(|name| self.string(key, name).into()).collect();
            return Path { segments: segments.into(), dotted: false };
        }
        let text = self.string(key, node);
        self.path(&text, &node.span())
    }

    fn path(&mut self, text: &str, span: &Range<usize>) -> Path {
        if text.split('.').any(str::is_empty) {
            self.fault(span, Fault::Empty(format!("the path {text:?}")));
        }
        path(text, self.dotted)
    }

    /// A text, or a list of texts; nothing where the key is absent.
    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Text> {
        let Some(node) = table.get(key) else { return Vec::new() };
        match node.get_ref().as_array() {
            Some(items) => items.iter().map(|item| self.string(key, item).into()).collect(),
            None => vec![self.string(key, node).into()],
        }
    }

    fn optional(&mut self, table: &DeTable<'_>, key: &str) -> Text {
        table.get(key).map_or(String::new(), |node| self.string(key, node)).into()
    }

    fn required(&mut self, table: &DeTable<'_>, key: &'static str, example: &'static str) -> Text {
        let Some(node) = table.get(key) else {
            self.missing(key, example);
            return Text::default();
        };
        let text = self.string(key, node);
        if node.get_ref().as_str() == Some("") {
            self.fault(&node.span(), Fault::Empty(format!("`{key}`")));
        }
        text.into()
    }

    fn string(&mut self, key: &str, node: &Node<'_>) -> String {
        if let Some(text) = node.get_ref().as_str() {
            return text.to_owned();
        }
        self.wrong_type(key, node, "a string");
        String::new()
    }

    fn flag(&mut self, key: &str, node: &Node<'_>) -> bool {
        node.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, node, "true or false");
            false
        })
    }

    fn table<'n, 'd>(&mut self, key: &str, node: &'n Node<'d>) -> Option<&'n DeTable<'d>> {
        let table = node.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, node, "a table, as in { type = \"string\" }");
        }
        table
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &'static [&'static str]) {
        for key in table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.fault(&key.span(), Fault::UnknownKey { key: key.get_ref().to_string(), known });
            }
        }
    }

    fn missing(&mut self, key: &'static str, example: &'static str) {
        self.fault(&(0..0), Fault::Missing { key, example });
    }

    fn wrong_type(&mut self, key: &str, node: &Node<'_>, wanted: &'static str) {
        let found = node.get_ref().type_str();
        self.fault(&node.span(), Fault::WrongType { key: key.to_owned(), wanted, found });
    }

    fn fault(&mut self, span: &Range<usize>, fault: Fault) {
        self.errors.push(DefinitionError::at(self.text, Some(span.clone()), fault));
    }
}

impl DefinitionError {
    fn at(text: &str, span: Option<Range<usize>>, fault: Fault) -> DefinitionError {
        let start = span.map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
        DefinitionError { line: before.matches('\n').count() + 1, column, fault }
    }
}

fn syntax(error: &toml::de::Error) -> Fault {
    Fault::Syntax(error.message().to_owned())
}

impl std::error::Error for DefinitionError {}

impl fmt::Display for DefinitionError {
    /// `line:column: what is wrong; what to type`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Syntax(message) => write!(f, "not valid TOML: {message}"),
            Fault::Missing { key, example } => write!(f, "`{key}` is missing; write {example}"),
            Fault::UnknownKey { key, known } => {
                write!(f, "unknown key `{key}`; the keys here are {}", known.join(", "))
            }
            Fault::WrongType { key, wanted, found } => {
                write!(f, "`{key}` is of type {found}; write {wanted}")
            }
            Fault::UnknownType(name) => {
                let types = Type::ALL.map(Type::name).join(", ");
                write!(f, "KQL has no type {name:?}; write one of {types}")
            }
            Fault::NoSuchColumn { key, name } => {
                write!(
                    f,
                    "`{key}` names {name:?}, which is no column; write a name that stands below [columns]"
                )
            }
            Fault::TimeColumn(ty) => {
                write!(f, "the time column is of type {ty}; give it type = \"datetime\"")
            }
            Fault::OperationColumn(ty) => {
                write!(f, "the operation column is of type {ty}; give it type = \"string\"")
            }
            Fault::Empty(what) => {
                write!(f, "{what} is or contains an empty name; write at least one character")
            }
            Fault::EmptyShape => f.write_str(
                "every record fits this shape; write present = [\"SomeKey\"] or equals = { Key = \"text\" }",
            ),
            Fault::UnquotedDots(name) => {
                write!(
                    f,
                    "`{name}` is a table of tables; put a column's name that has dots in quotes: \"{name}.…\""
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOORS: &str = r#"
name = "BadgeReader"
aliases = ["Doors"]
description = "Doors opened with a badge"
operation = "Action"
time = "TimeGenerated"

[[shape]]
present = ["Action", "door.id"]
absent = ["User"]
equals = { kind = ["a", "b"] }

[columns]
TimeGenerated = { type = "datetime", paths = ["TimeGenerated", "event.time"] }
Action = { type = "string", description = "What was done", values = ["open", "refuse"] }
"Door.Id" = { type = "int64" }
"#;

    fn faults(text: &str) -> Vec<String> {
        parse(text).map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_file_reads_as_a_schema_in_its_own_order() {
        let schema = parse(DOORS).unwrap();
        assert!(schema.is_called("BadgeReader") && schema.is_called("Doors"));
        assert_eq!(*schema.operation_column().unwrap().values, ["open", "refuse"]);
        assert_eq!(schema.time, Some(0));
        let columns: Vec<_> = schema.columns.iter().map(|c| (c.name.as_ref(), c.ty)).collect();
        let expected = [("TimeGenerated", Type::DateTime), ("Action", Type::String), ("Door.Id", Type::Long)];
        assert_eq!(columns, expected);
        assert_eq!(*schema.columns[0].paths, [path("TimeGenerated", false), path("event.time", false)]);
        assert_eq!(*schema.shapes[0].present, [path("Action", false), path("door.id", false)]);
        assert_eq!(*schema.shapes[0].absent, [path("User", false)]);
        assert_eq!(*schema.shapes[0].equals, [(path("kind", false), vec!["a".into(), "b".into()].into())]);
    }

    #[test]
    fn a_column_that_names_no_path_lies_under_its_own_name() {
        let plain = parse(DOORS).unwrap();
        assert_eq!(*plain.columns[2].paths[0].segments, ["Door.Id"]);
        let dotted = parse(&format!("dotted = true\n{DOORS}")).unwrap();
        assert_eq!(*dotted.columns[2].paths, [path("Door.Id", true)]);
    }

    #[test]
    fn a_fault_says_where_it_is_and_what_to_type() {
        for (text, fault) in [
            ("name = ", "1:8: not valid TOML: string values must be quoted, expected literal string"),
            (
                "name = 'T'\n[columns]\nA = { type = 'text' }",
                "3:14: KQL has no type \"text\"; write one of bool, int, long, real, decimal, string, datetime, timespan, guid, dynamic",
            ),
            ("[columns]\nA = { type = 'int' }", "1:1: `name` is missing; write name = \"MyTable\""),
            (
                "name = 'T'",
                "1:1: `columns` is missing; write [columns] and below it Name = { type = \"string\" }",
            ),
            (
                "name = 'T'\n[columns]\nA = 1",
                "3:5: `A` is of type integer; write a table, as in { type = \"string\" }",
            ),
            (
                "name = 'T'\ntime = 'B'\n[columns]\nA = { type = 'int' }",
                "2:8: `time` names \"B\", which is no column; write a name that stands below [columns]",
            ),
            (
                "name = 'T'\ntime = 'A'\n[columns]\nA = { type = 'int' }",
                "2:8: the time column is of type int; give it type = \"datetime\"",
            ),
            (
                "name = 'T'\n[columns]\nA = { type = 'int', typ = '' }",
                "3:21: unknown key `typ`; the keys here are type, description, paths, values",
            ),
            (
                "name = 'T'\n[columns]\nevent.action = { type = 'int' }",
                "3:1: `event` is a table of tables; put a column's name that has dots in quotes: \"event.…\"",
            ),
            (
                "name = 'T'\nshape = [{}]\n[columns]\nA = { type = 'int' }",
                "2:10: every record fits this shape; write present = [\"SomeKey\"] or equals = { Key = \"text\" }",
            ),
            (
                "name = 'T'\n[columns]\nA = { type = 'int', paths = ['a..b'] }",
                "3:30: the path \"a..b\" is or contains an empty name; write at least one character",
            ),
        ] {
            assert_eq!(faults(text), [fault], "{text}");
        }
    }

    #[test]
    fn all_faults_of_a_file_are_reported() {
        let text = "nam = 'T'\n[columns]\nA = { type = 'text' }\nB = { }";
        assert_eq!(faults(text).len(), 4, "{:?}", faults(text));
    }
}
