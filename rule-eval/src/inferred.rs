//! Records of a table that nobody defined: its columns are the properties that occur.

use crate::record::convert;
use crate::table::Table;
use crate::time_text::parse_datetime;
use rule_model::plan::Field;
use rule_model::{Bag, Type, Value};

/// A table of the properties that occur, in the order in which they first do, with the types they have.
pub fn table(records: &[Bag]) -> Table {
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
        record.get(&column.name).map_or_else(|| Value::absent(column.ty), |value| convert(value, column.ty))
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
    use crate::json;

    fn columns(lines: &[&str]) -> String {
        let bag = |line: &&str| json::parse(line).unwrap().as_bag().unwrap().clone();
        let records: Vec<Bag> = lines.iter().map(bag).collect();
        let columns = table(&records).columns;
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
