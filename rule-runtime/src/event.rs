//! One borrowed record.
//!
//! What a column reads as is defined by [`rule_eval::record`]; here the same is found on a record's tape, without
//! building a bag for the record, and converted with the same function. The tests hold the two against each other.

use crate::tape::{Descent, Json};
use rule_eval::json::display;
use rule_eval::record;
use rule_model::{Column, DateTime, Schema, Type, Value};
use std::borrow::Cow;
use std::cell::RefCell;

/// A record of a table, parsed, borrowed from the buffer it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Its table.
    pub schema: &'a Schema,
    record: Json<'a>,
    made: Option<&'a Made>,
}

/// Values of a record that take long to make (arrays and objects, and those that are written in texts), each made once
/// however many rules and expressions ask for it.
#[derive(Debug, Default)]
pub struct Made(RefCell<Vec<(usize, Type, Value)>>);

impl<'a> Event<'a> {
    /// A record as an event of a table.
    pub fn new(schema: &'a Schema, record: Json<'a>) -> Event<'a> {
        Event { schema, record, made: None }
    }

    /// The same event, which makes no value that was made of its record, and leaves those that it makes.
    pub fn with(self, made: &'a Made) -> Event<'a> {
        Event { made: Some(made), ..self }
    }

    /// The value of the column at this position as text: of a string column the value itself, borrowed where it
    /// arrived as a JSON string; of another what `tostring()` gives. Absent and null read as the empty text.
    pub fn text(&self, column: usize) -> Cow<'_, str> {
        let Some(column) = self.schema.columns.get(column) else { return Cow::Borrowed("") };
        let Some(found) = self.find(column) else { return Cow::Borrowed("") };
        match found.as_str() {
            Some(text) if column.ty == Type::String => text,
            _ => Cow::Owned(display(&self.converted(Some(found), column)).into()),
        }
    }

    /// The value of the column at this position, converted to the column's type.
    pub fn value(&self, column: usize) -> Value {
        self.schema
            .columns
            .get(column)
            .map_or(Value::Null, |column| self.converted(self.find(column), column))
    }

    /// The text under `name` in the bag that the column at this position holds, as JSON text or as it is, without
    /// building the bag; `None` where it must be built to tell: the column did not arrive as an object, or what it has
    /// under the name is no text.
    pub fn text_property(&self, column: usize, name: &str) -> Option<Value> {
        let found = self.find(self.schema.columns.get(column)?).filter(|found| found.is_object())?;
        match found.get(name) {
            Some(property) => property.as_str().map(|text| Value::string(&*text)),
            None => Some(Value::Null),
        }
    }

    /// Whether one of the texts that the column at this position holds is this: itself, or the elements of an array. `None`
    /// where values must be built to tell: where something else is there, or a text that may be read as JSON.
    pub fn any_text_equals(&self, column: usize, wanted: &str) -> Option<bool> {
        let column = self.schema.columns.get(column)?;
        let equals = |text: &str| match text.trim_start().as_bytes() {
            [] | [b'[' | b'{', ..] | b"null" => None,
            _ => Some(text == wanted),
        };
        let Some(found) = self.find(column) else { return Some(false) };
        match (column.ty, found.as_str()) {
            (Type::String | Type::Dynamic, Some(text)) => equals(&text),
            (Type::Dynamic, None) => found
                .elements()?
                .try_fold(false, |any, element| Some(any | element.as_str().and_then(|text| equals(&text))?)),
            _ => None,
        }
    }

    /// Whether the record has something other than null in the column at this position, be it of its type or not.
    pub fn is_present(&self, column: usize) -> bool {
        self.schema.columns.get(column).is_some_and(|column| self.find(column).is_some())
    }

    /// The values of the columns at these positions, as [`value`](Self::value) gives each.
    pub fn values(&self, columns: &[usize]) -> impl Iterator<Item = Value> {
        let mut descent = Descent::new(self.record);
        columns.iter().map(move |column| {
            let Some(column) = self.schema.columns.get(*column) else { return Value::Null };
            let found = column.paths.iter().find_map(|path| descent.at(path).filter(|json| !json.is_null()));
            self.converted(found, column)
        })
    }

    /// The event time; `None` where the table or the record has none.
    pub fn time(&self) -> Option<DateTime> {
        match self.value(self.schema.time?) {
            Value::DateTime(time) => Some(time),
            _ => None,
        }
    }

    fn converted(&self, found: Option<Json<'a>>, column: &Column) -> Value {
        let Some(found) = found else { return Value::absent(column.ty) };
        let convert = || record::convert(&found.to_value(), column.ty);
        let takes_long = column.ty == Type::Dynamic || !found.is_scalar();
        let Some(made) = self.made.filter(|_| takes_long) else { return convert() };
        let is_it = |(offset, ty, _): &&(usize, Type, Value)| *offset == found.offset() && *ty == column.ty;
        if let Some((_, _, value)) = made.0.borrow().iter().find(is_it) {
            return value.clone();
        }
        let value = convert();
        made.0.borrow_mut().push((found.offset(), column.ty, value.clone()));
        value
    }

    /// What lies in the first of a column's places that holds something other than null.
    fn find(&self, column: &Column) -> Option<Json<'a>> {
        column.paths.iter().find_map(|path| self.record.at(path).filter(|json| !json.is_null()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parser;
    use proptest::prelude::*;
    use rule_eval::Context;
    use rule_eval::json;
    use rule_model::schema::Path;
    use rule_model::{List, Text};

    /// A table with a column of every type at each of the odd places that a record may have.
    fn schema() -> Schema {
        let places = [
            vec!["a"],
            vec!["a.b"],
            vec!["a", "b.a"],
            vec!["A", "b"],
            vec!["name"],
            vec!["name.of", "Name"],
            vec!["nam"],
            vec!["other.name.of"],
        ];
        let mut columns = Vec::new();
        for ty in Type::ALL {
            for dotted in [false, true] {
                columns.extend(places.iter().map(|places| Column {
                    name: format!("{ty} {dotted} {places:?}").into(),
                    ty,
                    description: Text::Borrowed(""),
                    paths: places.iter().map(|place| path(place, dotted)).collect::<Vec<_>>().into(),
                    values: List::Borrowed(&[]),
                }));
            }
        }
        Schema {
            name: "T".into(),
            aliases: List::Borrowed(&[]),
            description: Text::Borrowed(""),
            reference: Text::Borrowed(""),
            operation: None,
            time: None,
            columns: columns.into(),
            shapes: List::Borrowed(&[]),
        }
    }

    fn path(place: &str, dotted: bool) -> Path {
        Path { segments: place.split('.').map(|s| Text::Owned(s.to_owned())).collect(), dotted }
    }

    fn equals_any(value: &Value, wanted: &str) -> bool {
        let function = rule_eval::function("kuery:equals").unwrap();
        let equals = rule_eval::call(
            function,
            &mut Context::at(DateTime::UNIX_EPOCH),
            &[value.clone(), Value::string(wanted)],
        );
        equals == Value::Bool(true)
    }

    fn assert_reads_as_defined(record: &str) {
        let schema = schema();
        let bag = json::parse(record).unwrap();
        let expected = record::row(bag.as_bag().unwrap(), &schema);
        let made = Made::default();
        Parser::default()
            .with_event(&schema, record, |event| {
                let event = event.with(&made);
                // NaN is not equal to itself, hence the comparison of what is printed.
                let all: Vec<usize> = (0..expected.len()).collect();
                let values: Vec<Value> = event.values(&all).collect();
                assert_eq!(format!("{values:?}"), format!("{expected:?}"), "{record}");
                for (index, value) in expected.iter().enumerate() {
                    assert_eq!(event.text(index), display(value).as_str(), "{record}");
                    for wanted in ["x", "y", "text", "null", ""] {
                        let expected = equals_any(value, wanted);
                        let told = event.any_text_equals(index, wanted);
                        assert!(told.is_none_or(|told| told == expected), "{wanted:?} in {index}: {record}");
                    }
                }
            })
            .unwrap_or_else(|reason| panic!("{reason:?}: {record}"));
    }

    #[test]
    fn odd_records_read_as_defined() {
        for record in [
            "{}",
            r#"{"a":1,"a":2,"A":null,"A":"x"}"#,
            r#"{"a":{"b":1},"a":{"c":2}}"#,
            r#"{"a":{"b":null},"a.b":"flat"}"#,
            r#"{"a.b":null,"a":{"b":{"a":"deep"}},"b.a":"y"}"#,
            r#"{"a":{"b":1},"a":"text"}"#,
            r#"{"\u0061":"\u0041\n","b":"\ud83d\ude00"}"#,
            r#"{"a":"{\"x\":1}","b":"[1,{}]","A":"{broken"}"#,
            r#"{"name":"x","name.of":"y","nam":1}"#,
            r#"{"na\u006de":"x","Name":"y"}"#,
            r#"{"\u006eame":{"of":"x"}}"#,
            r#"{"name.of":null,"name":{"of":null},"Name":"y"}"#,
            r#"{"other.name":{"of":"x"},"names":1}"#,
            r#"{"other":{"name.of":"x"},"n":1}"#,
            r#"{"other":{"na\u006de":{"of":"x"}},"na":1}"#,
            r#"{"a":{"b":[1,2.50,true,null,"é"],"a":{}}}"#,
            r#"{"a":-0,"b":-0.0,"A":1.0}"#,
            r#"{"a":9223372036854775807,"b":9223372036854775808,"A":18446744073709551615}"#,
            r#"{"a":18446744073709551616,"b":-9223372036854775809,"A":123456789012345678901234567890}"#,
            r#"{"a":1e3,"b":1E-5,"A":0.1}"#,
            r#"{"a":"2024-03-01T10:00:00Z","b":"01:02:03","A":"74be27de-1e4e-49d9-b579-fe0b331d3642"}"#,
            " { \"a\" :\t\"x\" ,\r \"b\" : [ ] } ",
        ] {
            assert_reads_as_defined(record);
        }
    }

    #[test]
    fn a_property_that_is_text_reads_as_from_the_bag() {
        let columns = |ty| {
            schema().columns.iter().position(|column| column.ty == ty && column.paths[0].segments.len() == 1)
        };
        let schema = schema();
        for (record, told) in [
            (r#"{"a":{"b":"x"}}"#, true),
            (r#"{"a":{"b":"x","b":"y \u00e9\n\"z\""}}"#, true),
            (r#"{"a":{"c":"x"}}"#, true),
            (r#"{"a":{"b":1}}"#, false),
            (r#"{"a":{"b":null}}"#, false),
            (r#"{"a":"{\"b\":\"x\"}"}"#, false),
            (r#"{"a":["b"]}"#, false),
            ("{}", false),
        ] {
            for ty in [Type::Dynamic, Type::String] {
                let column = columns(ty).unwrap();
                let outcome = Parser::default().with_event(&schema, record, |event| {
                    let bag = match event.value(column) {
                        Value::String(text) => json::parse(&text).unwrap_or_default(),
                        value => value,
                    };
                    let expected = bag.as_bag().and_then(|bag| bag.get("b")).cloned().unwrap_or_default();
                    let found = event.text_property(column, "b");
                    assert_eq!(found, told.then_some(expected), "{record}");
                });
                outcome.unwrap();
            }
        }
    }

    #[test]
    fn texts_are_compared_where_they_lie() {
        let schema = schema();
        let column =
            |ty| schema.columns.iter().position(|it| it.ty == ty && it.paths[0].segments.len() == 1).unwrap();
        let (text, dynamic) = (column(Type::String), column(Type::Dynamic));
        for (record, column, told) in [
            (r#"{"a":"x"}"#, text, Some(true)),
            (r#"{"a":"\\u0078"}"#, text, Some(false)),
            (r#"{"a":"\u0078"}"#, text, Some(true)),
            (r#"{"a":"x"}"#, text, Some(true)),
            (r#"{"a":"X"}"#, dynamic, Some(false)),
            (r#"{"a":null}"#, dynamic, Some(false)),
            (r#"{"a":["y","x"]}"#, dynamic, Some(true)),
            (r#"{"a":[]}"#, dynamic, Some(false)),
            (r#"{"a":["y",["x"]]}"#, dynamic, None),
            (r#"{"a":["y",7]}"#, dynamic, None),
            (r#"{"a":["x"]}"#, text, None),
            (r#"{"a":"[\"x\"]"}"#, text, None),
            (r#"{"a":{"x":"x"}}"#, dynamic, None),
        ] {
            let outcome = Parser::default().with_event(&schema, record, |event| {
                assert_eq!(event.any_text_equals(column, "x"), told, "{record}");
            });
            outcome.unwrap();
        }
    }

    #[test]
    fn an_absent_column_is_empty_text_or_null() {
        let schema = schema();
        let found = Parser::default().with_event(&schema, "{}", |event| {
            let string = schema.columns.iter().position(|c| c.ty == Type::String).unwrap();
            (event.text(0).into_owned(), event.value(0), event.value(string), event.value(usize::MAX))
        });
        assert_eq!(found, Ok((String::new(), Value::Null, Value::EMPTY, Value::Null)));
    }

    fn key() -> impl Strategy<Value = String> {
        let keys = vec!["a", "b", "A", "a.b", "b.a", r"\u0061", "a.b.a"];
        let longer =
            vec!["name", "Name", "name.of", "of", "nam", r"n\u0061me", "other", "other.name", "names"];
        prop::sample::select([keys, longer].concat()).prop_map(str::to_owned)
    }

    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<u64>().prop_map(|n| n.to_string()),
            (-1e15..1e15).prop_map(|n: f64| format!("{n:?}")),
            any::<String>().prop_map(|text| json::write(&Value::string(text))),
            Just(r#""{\"a\":[1]}""#.to_owned()),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((key(), inner), 0..4).prop_map(|properties| object(&properties)),
            ]
        })
    }

    fn object(properties: &[(String, String)]) -> String {
        let properties: Vec<_> = properties.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect();
        format!("{{{}}}", properties.join(" , "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_record_reads_as_defined(properties in prop::collection::vec((key(), value()), 0..6)) {
            assert_reads_as_defined(&object(&properties));
        }
    }
}
