//! A record to a row: where a column's value lies, and what it becomes.
//!
//! ```text
//! record (a bag) ──lookup──> the value as it arrived ──convert──> a value of the column's type
//! ```
//!
//! This is the one definition of reading. The runtime looks paths up on its own tape of the record and then calls
//! [`convert`]; its result must equal [`field`]'s.

use crate::table::Row;
use crate::{convert as scalar, json};
use rule_model::schema::Path;
use rule_model::{Bag, Column, Schema, Type, Value};

/// The value of a column in a record.
pub fn field(record: &Bag, column: &Column) -> Value {
    match lookup(record, &column.paths) {
        Some(value) => convert(value, column.ty),
        None => Value::absent(column.ty),
    }
}

/// The values of all columns of a table in a record, in the table's order.
pub fn row(record: &Bag, schema: &Schema) -> Row {
    schema.columns.iter().map(|column| field(record, column)).collect()
}

/// The value that the first of `paths` with a non-null value leads to.
pub fn lookup<'a>(record: &'a Bag, paths: &[Path]) -> Option<&'a Value> {
    paths.iter().find_map(|path| find(record, path)).filter(|value| !value.is_null())
}

/// What is found in a record becomes a value of a column's type.
///
/// - `dynamic`: text that writes a JSON object or array is parsed. Any other text stays text: parsing `"5"` or `"1.50"`
///   would lose the digits that a source chose to write as text, and comparisons and conversions take text as
///   they take numbers. Empty text and `"null"` are null, as for `parse_json()`.
/// - `string`: objects and arrays become compact JSON in the order of the source, other values their JSON text.
/// - all others: by the conversion function of the type; what does not convert is null.
pub fn convert(value: &Value, ty: Type) -> Value {
    match (ty, value) {
        (Type::Dynamic, Value::String(text)) => dynamic_text(text, value),
        _ => scalar::convert(value, ty),
    }
}

fn dynamic_text(text: &str, value: &Value) -> Value {
    match text.trim_start().as_bytes() {
        [] | b"null" => Value::Null,
        [b'{' | b'[', ..] => json::parse(text).unwrap_or_else(|_| value.clone()),
        _ => value.clone(),
    }
}

/// The non-null value at a path.
fn find<'a>(record: &'a Bag, path: &Path) -> Option<&'a Value> {
    match &*path.segments {
        [] => None,
        segments if path.dotted => find_dotted(record, segments),
        [first, rest @ ..] => {
            let value = rest.iter().try_fold(record.get(first)?, |value, name| value.as_bag()?.get(name))?;
            (!value.is_null()).then_some(value)
        }
    }
}

/// Tries every way in which neighbouring segments may be joined by dots, nesting first.
fn find_dotted<'a>(record: &'a Bag, segments: &[impl AsRef<str>]) -> Option<&'a Value> {
    let mut name = String::new();
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            name.push('.');
        }
        name.push_str(segment.as_ref());
        let rest = &segments[index + 1..];
        let found = match record.get(&name) {
            Some(value) if rest.is_empty() => Some(value).filter(|value| !value.is_null()),
            Some(Value::Bag(nested)) => find_dotted(nested, rest),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::{DateTime, Guid, List, Text};

    fn path(text: &'static str, dotted: bool) -> Path {
        Path { segments: text.split('.').map(Text::from).collect::<Vec<_>>().into(), dotted }
    }

    fn column(ty: Type, paths: Vec<Path>) -> Column {
        Column {
            name: "C".into(),
            ty,
            description: "".into(),
            paths: paths.into(),
            values: List::Borrowed(&[]),
        }
    }

    /// The value of a column with these paths in a record written as JSON, as JSON.
    fn read(record: &str, ty: Type, paths: Vec<Path>) -> String {
        let record = json::parse(record).unwrap();
        json::write(&field(record.as_bag().unwrap(), &column(ty, paths)))
    }

    #[test]
    fn the_first_path_with_a_value_counts() {
        for (record, value) in [
            (r#"{"A":"x","p":{"a":"y"}}"#, r#""x""#),
            (r#"{"A":null,"p":{"a":"y"}}"#, r#""y""#),
            (r#"{"p":{"a":"y"}}"#, r#""y""#),
            (r#"{"p":"a"}"#, r#""""#),
            (r#"{"p.a":"y"}"#, r#""""#),
        ] {
            assert_eq!(
                read(record, Type::String, vec![path("A", false), path("p.a", false)]),
                value,
                "{record}"
            );
        }
    }

    #[test]
    fn a_dotted_path_may_be_nested_flat_or_both() {
        for record in [
            r#"{"o365":{"audit":{"Name":"x"}}}"#,
            r#"{"o365.audit.Name":"x"}"#,
            r#"{"o365.audit":{"Name":"x"}}"#,
            r#"{"o365":{"audit.Name":"x"}}"#,
            r#"{"o365":{"audit":{"Name":null}},"o365.audit.Name":"x"}"#,
        ] {
            assert_eq!(read(record, Type::String, vec![path("o365.audit.Name", true)]), r#""x""#, "{record}");
        }
    }

    #[test]
    fn a_dynamic_column_parses_objects_and_arrays_in_text() {
        for (arrived, value) in [
            (r#""{\"a\":[1]}""#, r#"{"a":[1]}"#),
            (r#"" [1,2]""#, "[1,2]"),
            (r#"{"a":"{}"}"#, r#"{"a":"{}"}"#),
            (r#""{broken""#, r#""{broken""#),
            (r#""1.50""#, r#""1.50""#),
            (r#""""#, "null"),
            ("7", "7"),
        ] {
            assert_eq!(read(&format!(r#"{{"A":{arrived}}}"#), Type::Dynamic, vec![path("A", false)]), value);
        }
    }

    #[test]
    fn a_string_column_reads_anything_as_text() {
        for (arrived, text) in [
            (r#"{"b": 1, "a": [true, null]}"#, r#"{"b":1,"a":[true,null]}"#),
            ("5", "5"),
            ("1.5", "1.5"),
            ("true", "true"),
            ("null", ""),
        ] {
            let record = json::parse(&format!(r#"{{"A":{arrived}}}"#)).unwrap();
            let value = field(record.as_bag().unwrap(), &column(Type::String, vec![path("A", false)]));
            assert_eq!(value, Value::string(text));
        }
    }

    #[test]
    fn scalar_columns_convert_what_arrives() {
        let guid = Guid(1);
        for (arrived, ty, value) in [
            (Value::string("2024-03-01"), Type::DateTime, DateTime::parse_iso("2024-03-01").into()),
            (Value::string("12"), Type::Long, Value::Long(12)),
            (Value::string("True"), Type::Bool, Value::Bool(true)),
            (Value::Long(0), Type::Bool, Value::Bool(false)),
            (Value::string(guid.to_string()), Type::Guid, Value::Guid(guid)),
            (Value::string("twelve"), Type::Long, Value::Null),
        ] {
            assert_eq!(convert(&arrived, ty), value, "{arrived:?}");
        }
    }
}
