//! Paths into dynamic values: `value.name` and `value[index]`.

use rule_model::Value;

/// A property of a bag; null of anything else.
pub fn property(value: &Value, name: &str) -> Value {
    value.as_bag().and_then(|bag| bag.get(name)).cloned().unwrap_or_default()
}

/// An element of an array, counted from the end when negative; a property of a bag by a computed name.
pub fn element(value: &Value, index: &Value) -> Value {
    match (value, index) {
        (Value::Bag(_), Value::String(name)) => property(value, name),
        (Value::Array(items), index) => {
            let Some(index) = index.as_i64() else { return Value::Null };
            let from_start = if index < 0 { index + items.len() as i64 } else { index };
            let found = usize::try_from(from_start).ok().and_then(|index| items.get(index));
            found.cloned().unwrap_or_default()
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_path_leads_to_a_value_or_to_null() {
        let value = json::parse(r#"{"a":[1,2,{"b":"c"}],"0":"zero"}"#).unwrap();
        let list = property(&value, "a");
        for (found, expected) in [
            (property(&element(&list, &Value::Long(2)), "b"), Value::string("c")),
            (element(&list, &Value::Long(-3)), Value::Long(1)),
            (element(&list, &Value::Long(-4)), Value::Null),
            (element(&list, &Value::Long(i64::MIN)), Value::Null),
            (element(&list, &Value::string("0")), Value::Null),
            (element(&value, &Value::string("0")), Value::string("zero")),
            (element(&value, &Value::Long(0)), Value::Null),
            (property(&list, "a"), Value::Null),
            (property(&Value::Null, "a"), Value::Null),
        ] {
            assert_eq!(found, expected);
        }
    }
}
