//! Rows and columns.

use rule_model::Value;
use rule_model::plan::Field;

/// The cells of a row, in the order of its table's columns.
pub type Row = Vec<Value>;

/// A table in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and types of the columns.
    pub columns: Vec<Field>,
    /// The rows; each as long as `columns`.
    pub rows: Vec<Row>,
}

impl Table {
    /// A table without rows.
    pub fn empty(columns: Vec<Field>) -> Table {
        Table { columns, rows: Vec::new() }
    }

    /// The position of the column called `name`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
