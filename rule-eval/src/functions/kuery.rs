//! What Kibana's query language asks of a value. Its front end lowers to these entries; KQL cannot spell their names.
//!
//! A field holds any number of values: an array's elements count as the field's own, at any depth, and a test holds if
//! it holds for one of them. Without a value it does not hold: there is no null, so `not` is the plain opposite.
//! Text compares exactly, as Elasticsearch's `keyword` fields do.
//!
//! Source of the facts: Elastic's documentation of the Kibana Query Language and of the `keyword` field type.

use crate::function::{Accepts, Function, Param, Signature};
use crate::{Context, convert, json};
use rule_model::{Type, Value};
use std::cmp::Ordering;

const VALUE: Param = Param::one("value", Accepts::Any);
const TEST: &[Signature] = &[Signature::new(&[VALUE, Param::one("wanted", Accepts::Any)], Type::Bool)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "kuery:equals",
        "Whether one of a field's values equals another value.",
        TEST,
        |_, args| any(&args[0], |value| order(value, &args[1]) == Some(Ordering::Equal)),
        &[],
    ),
    Function::scalar(
        "kuery:like",
        "Whether one of a field's values is text in which the parts occur in order, anything between them.",
        TEST,
        |_, args| any(&args[0], |value| is_like(value, &args[1])),
        &[],
    ),
    Function::scalar(
        "kuery:exists",
        "Whether a field has a value.",
        &[Signature::new(&[VALUE], Type::Bool)],
        |_, args| any(&args[0], |_| true),
        &[],
    ),
    Function::scalar(
        "kuery:less",
        "Whether one of a field's values is less than another value.",
        TEST,
        |_, args| any(&args[0], |value| order(value, &args[1]) == Some(Ordering::Less)),
        &[],
    ),
    Function::scalar(
        "kuery:greater",
        "Whether one of a field's values is greater than another value.",
        TEST,
        |_, args| any(&args[0], |value| order(value, &args[1]) == Some(Ordering::Greater)),
        &[],
    ),
    Function::scalar(
        "kuery:field",
        "All values of a field within a field, by its name with dots.",
        &[Signature::new(&[VALUE, Param::one("name", Accepts::Type(Type::String))], Type::Dynamic)],
        |_, args| Value::array(field(&args[0], args[1].as_str().unwrap_or_default())),
        &[],
    ),
    Function::scalar(
        "kuery:leaves",
        "All values within a row or a field that are no objects.",
        &[Signature::new(&[VALUE], Type::Dynamic)],
        |_, args| Value::array(leaves(&args[0])),
        &[],
    ),
    Function::scalar(
        "kuery:nested",
        "Whether one of a field's objects meets a predicate, all of it.",
        TEST,
        |context, args| {
            let objects = values(&args[0]);
            objects.iter().any(|object| meets(context, object, &args[1])).into()
        },
        &[],
    ),
];

/// Whether a test holds for one of a field's values.
fn any(field: &Value, mut test: impl FnMut(&Value) -> bool) -> Value {
    any_value(field, &mut test).into()
}

/// The same, of [`values`] that are not gathered.
fn any_value(field: &Value, holds: &mut dyn FnMut(&Value) -> bool) -> bool {
    match field {
        Value::Null => false,
        Value::Array(items) => items.iter().any(|item| any_value(item, holds)),
        Value::String(text) if text.is_empty() => false,
        Value::String(text) if text.starts_with('[') => match json::parse(text) {
            Ok(Value::Array(items)) => items.iter().any(|item| any_value(item, holds)),
            _ => holds(field),
        },
        value => holds(value),
    }
}

/// A field's values: what arrays hold at any depth, or the value itself; no nulls. A string column that arrived as an
/// array holds its JSON text, which is read back.
fn values(field: &Value) -> Vec<Value> {
    match field {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().flat_map(values).collect(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) if text.starts_with('[') => match json::parse(text) {
            Ok(Value::Array(items)) => items.iter().flat_map(values).collect(),
            _ => vec![field.clone()],
        },
        value => vec![value.clone()],
    }
}

/// Values of a field within an object; each dot may be nesting or part of a name.
fn field(object: &Value, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for object in values(object) {
        let Value::Bag(bag) = &object else { continue };
        found.extend(bag.get(name).map(values).unwrap_or_default());
        for (dot, _) in name.match_indices('.') {
            found.extend(
                bag.get(&name[..dot]).map(|inner| field(inner, &name[dot + 1..])).unwrap_or_default(),
            );
        }
    }
    found
}

fn leaves(value: &Value) -> Vec<Value> {
    match value {
        Value::Bag(bag) => bag.iter().flat_map(|(_, inner)| leaves(inner)).collect(),
        value => values(value)
            .iter()
            .flat_map(|v| if v.as_bag().is_some() { leaves(v) } else { vec![v.clone()] })
            .collect(),
    }
}

/// How a value compares with a wanted one; `None` where they do not compare. Numbers compare as numbers even where one
/// of them is text, as Elasticsearch reads them by the field's type.
fn order(value: &Value, wanted: &Value) -> Option<Ordering> {
    if let (Value::String(value), Value::String(wanted)) = (value, wanted) {
        return Some(value.as_str().cmp(wanted));
    }
    match (value, wanted) {
        (Value::DateTime(_), _) | (_, Value::DateTime(_)) => {
            convert::to_datetime(value)?.partial_cmp(&convert::to_datetime(wanted)?)
        }
        (Value::Bool(_), _) | (_, Value::Bool(_)) => (text(value) == text(wanted)).then_some(Ordering::Equal),
        (Value::Bag(_), _) => None,
        _ => match (convert::to_real(value), convert::to_real(wanted)) {
            (Some(value), Some(wanted)) => value.partial_cmp(&wanted),
            _ => Some(text(value).cmp(&text(wanted))),
        },
    }
}

/// Text as it is, anything else as JSON writes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| json::write(value), str::to_owned)
}

/// Whether the parts occur in the value in order, the first at its beginning and the last at its end.
fn is_like(value: &Value, parts: &Value) -> bool {
    let text = text(value);
    let parts: Vec<&str> = parts.as_array().unwrap_or_default().iter().filter_map(Value::as_str).collect();
    let [first, between @ .., last] = parts.as_slice() else { return parts.first() == Some(&text.as_str()) };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether an object meets a predicate, which is written as an array: `["and", p, …]`, `["or", p, …]`, `["not", p]`, or
/// a test as `["kuery:equals", field, wanted]`.
fn meets(context: &mut Context, object: &Value, predicate: &Value) -> bool {
    let Some([operator, operands @ ..]) = predicate.as_array() else { return false };
    match (operator.as_str().unwrap_or_default(), operands) {
        ("and", all) => all.iter().all(|operand| meets(context, object, operand)),
        ("or", some) => some.iter().any(|operand| meets(context, object, operand)),
        ("not", [operand]) => !meets(context, object, operand),
        (name, [field_name, rest @ ..]) => {
            let field = Value::array(field(object, field_name.as_str().unwrap_or_default()));
            let args: Vec<Value> = std::iter::once(field).chain(rest.iter().cloned()).collect();
            test(context, name, &args)
        }
        _ => false,
    }
}

fn test(context: &mut Context, name: &str, args: &[Value]) -> bool {
    let function = FUNCTIONS.iter().find(|function| function.name == name);
    function.is_some_and(|function| crate::call(function, context, args) == Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a test gives for a field and a wanted value, both written as JSON.
    fn holds(name: &str, field: &str, wanted: &str) -> bool {
        let args = [json::parse(field).unwrap(), json::parse(wanted).unwrap()];
        test(&mut Context::at(rule_model::DateTime::UNIX_EPOCH), name, &args)
    }

    #[test]
    fn a_test_holds_if_it_holds_for_one_of_the_values() {
        for (name, field, wanted, expected) in [
            ("kuery:equals", r#""web""#, r#""web""#, true),
            ("kuery:equals", r#""Web""#, r#""web""#, false),
            ("kuery:equals", r#"["iam","web"]"#, r#""web""#, true),
            ("kuery:equals", r#"[["iam"],["web"]]"#, r#""web""#, true),
            ("kuery:equals", r#""[\"iam\",\"web\"]""#, r#""web""#, true),
            ("kuery:equals", r#""[web""#, r#""[web""#, true),
            ("kuery:equals", "null", r#""web""#, false),
            ("kuery:equals", "200", r#""200""#, true),
            ("kuery:equals", "[200,404]", r#""404""#, true),
            ("kuery:equals", "true", r#""true""#, true),
            ("kuery:like", r#"["a","New-InboxRule"]"#, r#"["New-","Rule"]"#, true),
            ("kuery:like", r#""New-InboxRule""#, r#"["new-",""]"#, false),
            ("kuery:like", r#""aba""#, r#"["ab","ba"]"#, false),
            ("kuery:like", r#""axbxc""#, r#"["a","b","c"]"#, true),
            ("kuery:less", "[5,50]", "10", true),
            ("kuery:greater", "[5,50]", "100", false),
            ("kuery:exists", "[null]", "null", false),
            ("kuery:exists", r#"[""]"#, "null", false),
            ("kuery:exists", r#"["a"]"#, "null", true),
        ] {
            assert_eq!(holds(name, field, wanted), expected, "{name} {field} {wanted}");
        }
    }

    #[test]
    fn a_nested_predicate_holds_within_one_object() {
        let predicate = r#"["and",["kuery:equals","Name","Intent"],["kuery:equals","New.Value","Required"]]"#;
        for (objects, expected) in [
            (r#"[{"Name":"Intent","New":{"Value":"Required"}}]"#, true),
            (r#"[{"Name":"Intent","New.Value":"Required"}]"#, true),
            (r#"[{"Name":"Intent"},{"New":{"Value":"Required"}}]"#, false),
            (r#"{"Name":["x","Intent"],"New":[{"Value":"Required"}]}"#, true),
            ("null", false),
        ] {
            assert_eq!(holds("kuery:nested", objects, predicate), expected, "{objects}");
        }
    }
}
