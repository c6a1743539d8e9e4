//! One borrowed record.

use crate::tape::Json;
use rule_eval::Row;
use rule_model::{Column, DateTime, Guid, Schema, Type, Value};
use std::borrow::Cow;

/// A record of a table, parsed, borrowed from the buffer it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Its table.
    pub schema: &'a Schema,
    record: Json<'a>,
}

impl<'a> Event<'a> {
    /// A record as an event of a table.
    pub fn new(schema: &'a Schema, record: Json<'a>) -> Event<'a> {
        Event { schema, record }
    }

    /// The value of the column at this position as text: of a string column the value itself, borrowed where it
    /// arrived as a JSON string; of another what `tostring()` gives. Absent and null read as the empty text.
    pub fn text(&self, column: usize) -> Cow<'_, str> {
        let Some(column) = self.schema.columns.get(column) else { return Cow::Borrowed("") };
        match (column.ty, self.find(column).map(|json| (json, json.as_str()))) {
            (_, None) => Cow::Borrowed(""),
            (Type::String, Some((_, Some(text)))) => Cow::Borrowed(text),
            (_, Some((json, _))) => match convert(json.to_value(), column.ty) {
                Value::String(text) => Cow::Owned(text.into()),
                other => Cow::Owned(format!("{other:?}")),
            },
        }
    }

    /// The value of the column at this position, converted to the column's type.
    pub fn value(&self, column: usize) -> Value {
        self.schema.columns.get(column).map_or(Value::Null, |column| self.read(column))
    }

    /// All columns of the table, in its order.
    pub fn row(&self) -> Row {
        self.schema.columns.iter().map(|column| self.read(column)).collect()
    }

    /// The event time; `None` where the table or the record has none.
    pub fn time(&self) -> Option<DateTime> {
        match self.value(self.schema.time?) {
            Value::DateTime(time) => Some(time),
            _ => None,
        }
    }

    fn read(&self, column: &Column) -> Value {
        self.find(column).map_or(Value::absent(column.ty), |json| convert(json.to_value(), column.ty))
    }

    /// What lies in the first of a column's places that holds something other than null.
    fn find(&self, column: &Column) -> Option<Json<'a>> {
        column.paths.iter().filter_map(|path| self.record.at(path)).find(|json| !json.is_null())
    }
}

/// A JSON value as a value of a column's type.
fn convert(value: Value, ty: Type) -> Value {
    match (ty, value) {
        (Type::DateTime, Value::String(text)) => DateTime::parse_iso(&text).into(),
        (Type::Guid, Value::String(text)) => Guid::parse(&text).into(),
        (_, value) => value,
    }
}
