//! Tables of log sources: their columns, and how a JSON record carries them.
//!
//! A schema is data. The built-in ones are the files `rule-model/schemas/*.toml`, turned into statics by the build
//! script; a user's crate adds its own as `schemas/*.toml` of the same form ([`definition`] reads both).
//!
//! ```text
//! schemas/audit_logs.toml ──definition::parse──> Schema ──build.rs──> tables::AUDIT_LOGS (static)
//! ```

pub mod definition;
pub mod recognition;
pub mod source;

use crate::{List, Text, Type};

/// A table of a log source.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The name that queries use. Case-sensitive, as in KQL.
    pub name: Text,
    /// Other names of the same table.
    pub aliases: List<Text>,
    /// One line for people.
    pub description: Text,
    /// Where the facts about its columns are published.
    pub reference: Text,
    /// Index of the column that names the operation; the dispatch table is keyed on it.
    pub operation: Option<usize>,
    /// Index of the column that holds the event time.
    pub time: Option<usize>,
    /// The columns, in the table's own order.
    pub columns: List<Column>,
    /// How a record of this table looks: any one of these ([`recognition`] says which table wins where several fit).
    pub shapes: List<Shape>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name that queries use. ECS names contain dots.
    pub name: Text,
    /// Its KQL type, to which whatever arrives is converted on read.
    pub ty: Type,
    /// One line for people.
    pub description: Text,
    /// Where the value may lie in a record, the first place that holds a non-null value counts.
    pub paths: List<Path>,
    /// The values that the source writes, where its documentation enumerates them; else empty.
    pub values: List<Text>,
}

/// A place in a JSON record: the names of nested objects' properties, outermost first.
///
/// In a dotted path (ECS), each dot may be nesting or part of a name: `event.action` is found as
/// `{"event":{"action":…}}` and as `{"event.action":…}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Names, outermost first; at least one.
    pub segments: List<Text>,
    /// Whether neighbouring segments may also arrive joined by a dot as one name.
    pub dotted: bool,
}

/// A set of conditions on a record, all of which must hold for the record to be of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Paths that must be present, null or not.
    pub present: List<Path>,
    /// Paths that must be absent.
    pub absent: List<Path>,
    /// Paths that must hold an object.
    pub objects: List<Path>,
    /// Paths whose value must be one of the texts, compared exactly.
    pub equals: List<(Path, List<Text>)>,
}

impl Schema {
    /// The column called `name`. Case-sensitive, as in KQL.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The position of the column called `name`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The column that names the operation.
    pub fn operation_column(&self) -> Option<&Column> {
        self.operation.map(|index| &self.columns[index])
    }

    /// The column that holds the event time.
    pub fn time_column(&self) -> Option<&Column> {
        self.time.map(|index| &self.columns[index])
    }

    /// Whether `name` is this table's name or one of its aliases.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}
