//! Functions that make, read and change property bags of `dynamic`.
//!
//! Bags keep the order of their names. What is not a bag gives null. A key that begins with `$.` is a path into
//! nested bags. Source: Kusto documentation, "Dynamic/array functions", and the page "`JSONPath` expressions".

use crate::function::{Accepts, Function, Param, Signature};
use crate::json;
use rule_model::{Bag, Type, Value};
use smol_str::SmolStr;

const DYNAMIC: Accepts = Accepts::Type(Type::Dynamic);
const STRING: Accepts = Accepts::Type(Type::String);
const BAG: Param = Param::one("bag", DYNAMIC);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "bag_pack",
        "A bag of names and values, given in turn.",
        &[Signature::new(
            &[Param::repeated("key", STRING), Param::repeated("value", Accepts::Any)],
            Type::Dynamic,
        )],
        |_, args| {
            let pairs = args.chunks_exact(2).map(|pair| (json::display(&pair[0]), pair[1].clone()));
            Value::bag(pairs)
        },
        &[
            ("bag_pack('Level', 'Information', 'Id', 1234)", "dynamic({'Level': 'Information', 'Id': 1234})"),
            ("bag_pack('a', bag_pack('b', 1)).a.b", "1"),
        ],
    )
    .also(&["pack", "pack_dictionary"]),
    Function::scalar(
        "bag_has_key",
        "Whether the bag has the name, or the path that begins with $.",
        &[Signature::new(&[BAG, Param::one("key", STRING)], Type::Bool)],
        |_, args| {
            let key = args[1].as_str().unwrap_or_default();
            args[0].as_bag().map(|bag| get(bag, &path(key)).is_some()).into()
        },
        &[
            ("bag_has_key(dynamic({'key1': 123}), 'key1')", "true"),
            ("bag_has_key(dynamic({'key1': 123}), 'Key1')", "false"),
            ("bag_has_key(dynamic({'a': {'b': 1}}), '$.a.b')", "true"),
        ],
    ),
    Function::scalar(
        "bag_keys",
        "The names in a bag, in order.",
        &[Signature::new(&[BAG], Type::Dynamic)],
        |_, args| {
            let names = |bag: &Bag| bag.iter().map(|(name, _)| Value::from(name.clone())).collect::<Vec<_>>();
            args[0].as_bag().map(names).into()
        },
        &[
            ("bag_keys(dynamic({'a': 'b', 'c': {'d': 1}}))", "dynamic(['a', 'c'])"),
            ("bag_keys(dynamic([]))", "dynamic(null)"),
        ],
    ),
    Function::scalar(
        "bag_merge",
        "One bag of the properties of all; of equal names that of the first bag stays.",
        &[Signature::new(
            &[BAG, Param::one("other", DYNAMIC), Param::repeated("others", DYNAMIC)],
            Type::Dynamic,
        )],
        |_, args| merge(args),
        &[
            (
                "bag_merge(dynamic({'A': 12, 'B': 2}), dynamic({'C': 81, 'A': 1}))",
                "dynamic({'A': 12, 'B': 2, 'C': 81})",
            ),
            ("bag_merge(dynamic({'A': 1}), dynamic(null))", "dynamic({'A': 1})"),
        ],
    ),
    Function::scalar(
        "bag_remove_keys",
        "The bag without the given names or $. paths.",
        &[Signature::new(&[BAG, Param::one("keys", DYNAMIC)], Type::Dynamic)],
        |_, args| {
            let keys = args[1].as_array().unwrap_or_default().iter().filter_map(Value::as_str);
            args[0].as_bag().map(|bag| keys.fold(bag.clone(), |bag, key| removed(bag, &path(key)))).into()
        },
        &[
            ("bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['b', 'c']))", "dynamic({'a': 1})"),
            (
                "bag_remove_keys(dynamic({'a': {'b': 1, 'c': 2}}), dynamic(['$.a.b']))",
                "dynamic({'a': {'c': 2}})",
            ),
        ],
    ),
    Function::scalar(
        "bag_set_key",
        "The bag with the name, or the $. path, set to the value.",
        &[Signature::new(
            &[BAG, Param::one("key", STRING), Param::one("value", Accepts::Any)],
            Type::Dynamic,
        )],
        |_, args| {
            let key = args[1].as_str().unwrap_or_default();
            args[0].as_bag().map(|bag| set(bag.clone(), &path(key), args[2].clone())).into()
        },
        &[
            ("bag_set_key(dynamic({'a': 1}), 'b', 2)", "dynamic({'a': 1, 'b': 2})"),
            ("bag_set_key(dynamic({'a': {'b': 1}}), '$.a.c', 'x')", "dynamic({'a': {'b': 1, 'c': 'x'}})"),
        ],
    ),
    Function::scalar(
        "bag_zip",
        "A bag of an array of names and an array of values; names that are no text are passed over.",
        &[Signature::new(&[Param::one("keys", DYNAMIC), Param::one("values", DYNAMIC)], Type::Dynamic)],
        |_, args| {
            let values = args[1].as_array().unwrap_or_default();
            let pair = |(i, name): (usize, &Value)| match name {
                Value::String(name) => Some((name.clone(), values.get(i).cloned().unwrap_or_default())),
                _ => None,
            };
            let bag = |keys: &[Value]| keys.iter().enumerate().filter_map(pair).collect::<Bag>();
            args[0].as_array().map(bag).into()
        },
        &[
            ("bag_zip(dynamic(['a', 'b']), dynamic([1, 2.5]))", "dynamic({'a': 1, 'b': 2.5})"),
            ("bag_zip(dynamic(['a', 8, 'b']), dynamic([1, 2]))", "dynamic({'a': 1, 'b': null})"),
        ],
    ),
    Function::scalar(
        "treepath",
        "The paths of all properties in a bag; of an array only its first item is entered.",
        &[Signature::new(&[Param::one("object", DYNAMIC)], Type::Dynamic)],
        |_, args| {
            let mut paths = Vec::new();
            collect_paths(&args[0], "", &mut paths);
            match args[0] {
                Value::Bag(_) | Value::Array(_) => paths.into(),
                _ => Value::Null,
            }
        },
        &[("treepath(dynamic({'a': 'b', 'c': [1, 2]}))", r#"dynamic(["['a']", "['c']", "['c'][0]"])"#)],
    ),
    Function::scalar(
        "dynamic_to_json",
        "The JSON text of a dynamic value, the names of its bags in order of the alphabet.",
        &[Signature::new(&[Param::one("value", Accepts::Any)], Type::String)],
        |_, args| json::write(&sorted(&args[0])).into(),
        &[
            ("dynamic_to_json(dynamic({'b': 1, 'a': [2]}))", r#"'{"a":[2],"b":1}'"#),
            ("dynamic_to_json(dynamic('x'))", r#"'"x"'"#),
        ],
    ),
];

/// The names that a key leads through: itself, or with `$` the parts of a path in dots or brackets.
fn path(key: &str) -> Vec<SmolStr> {
    let Some(rest) = key.strip_prefix('$') else { return vec![key.into()] };
    let parts = rest.split(['.', '[', ']']).map(|part| part.trim_matches(['\'', '"']));
    parts.filter(|part| !part.is_empty()).map(SmolStr::from).collect()
}

fn get<'a>(bag: &'a Bag, path: &[SmolStr]) -> Option<&'a Value> {
    let (name, rest) = path.split_first()?;
    let value = bag.get(name)?;
    if rest.is_empty() { Some(value) } else { get(value.as_bag()?, rest) }
}

fn set(mut bag: Bag, path: &[SmolStr], value: Value) -> Bag {
    if let Some((name, rest)) = path.split_first() {
        let inner = || bag.get(name).and_then(Value::as_bag).cloned().unwrap_or_default();
        let value = if rest.is_empty() { value } else { set(inner(), rest, value).into() };
        bag.insert(name.clone(), value);
    }
    bag
}

fn removed(mut bag: Bag, path: &[SmolStr]) -> Bag {
    match path {
        [] => {}
        [name] => {
            bag.remove(name);
        }
        [name, rest @ ..] => {
            if let Some(inner) = bag.get(name).and_then(Value::as_bag) {
                let inner = removed(inner.clone(), rest);
                bag.insert(name.clone(), inner.into());
            }
        }
    }
    bag
}

/// Null arguments are passed over; anything else that is no bag makes the result null.
fn merge(bags: &[Value]) -> Value {
    let mut merged = Bag::new();
    let mut found = false;
    for value in bags.iter().filter(|value| !value.is_null()) {
        let Some(bag) = value.as_bag() else { return Value::Null };
        found = true;
        for (name, value) in bag.iter() {
            if merged.get(name).is_none() {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    if found { merged.into() } else { Value::Null }
}

fn collect_paths(value: &Value, at: &str, paths: &mut Vec<Value>) {
    let mut enter = |path: String, value: &Value| {
        paths.push(Value::string(&path));
        collect_paths(value, &path, paths);
    };
    match value {
        Value::Bag(bag) => bag.iter().for_each(|(name, value)| enter(format!("{at}['{name}']"), value)),
        Value::Array(items) => items.first().into_iter().for_each(|item| enter(format!("{at}[0]"), item)),
        _ => {}
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Bag(bag) => {
            let mut pairs: Vec<_> = bag.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::bag(pairs)
        }
        Value::Array(items) => Value::array(items.iter().map(sorted)),
        _ => value.clone(),
    }
}
