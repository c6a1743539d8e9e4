//! `extract_json()`: a value inside JSON text by its path.
//!
//! Of `JSONPath` Kusto takes the root `$`, names after a dot or in quotes and brackets, and positions in arrays.
//! Source: Kusto documentation, "`JSONPath` syntax".

use crate::convert::convert;
use crate::function::{Accepts, Function, Param, Returns, Signature};
use rule_model::{Type, Value};

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "extract_json",
    "The value at a path in JSON text, converted to the type if one is given.",
    &[Signature::generic(
        &[
            Param::one("path", Accepts::Type(Type::String)).constant(),
            Param::one("source", Accepts::Type(Type::String)),
            Param::optional("type", Accepts::TypeLiteral),
        ],
        Returns::TypeLiteral,
    )],
    |context, args| {
        let ty = args.get(2).and_then(Value::as_str).and_then(Type::named).unwrap_or(Type::String);
        let path = args[0].as_str().unwrap_or_default();
        let source = match &args[1] {
            Value::String(source) => context.json(source),
            _ => None,
        };
        let found = source.as_ref().and_then(|source| select(source, path));
        found.map_or(Value::absent(ty), |found| convert(found, ty))
    },
    &[
        ("extract_json(\"$.name\", '{\"name\": \"John\", \"age\": 30}')", "\"John\""),
        ("extract_json(\"$.age\", '{\"name\": \"John\", \"age\": 30}', typeof(int))", "int(30)"),
        ("extract_json(\"$['a b'][1].c\", '{\"a b\": [1, {\"c\": true}]}', typeof(bool))", "true"),
        ("extract_json(\"$.x\", \"{}\", typeof(bool))", "bool(null)"),
        ("extract_json(\"$.a\", \"no json\")", "\"\""),
    ],
)
.also(&["extractjson"])];

/// A step of a path.
#[derive(Debug, PartialEq)]
enum Step<'a> {
    Name(&'a str),
    Position(usize),
}

/// The value that a path leads to; `None` when there is none or the path is not one.
fn select<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path)?.into_iter().try_fold(value, |value, step| match step {
        Step::Name(name) => value.as_bag()?.get(name),
        Step::Position(index) => value.as_array()?.get(index),
    })
}

fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = bracketed(rest).or_else(|| dotted(rest))?;
        steps.push(step);
        rest = after;
    }
    Some(steps)
}

/// `.name`
fn dotted(rest: &str) -> Option<(Step<'_>, &str)> {
    let rest = rest.strip_prefix('.')?;
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    (end > 0).then(|| (Step::Name(&rest[..end]), &rest[end..]))
}

/// `['name']`, `["name"]` or `[1]`, also after a dot
fn bracketed(rest: &str) -> Option<(Step<'_>, &str)> {
    let rest = rest.strip_prefix('.').unwrap_or(rest).strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(name) = rest.strip_prefix(quote) {
            let end = name.find(quote)?;
            return Some((Step::Name(&name[..end]), name[end + 1..].strip_prefix(']')?));
        }
    }
    let (position, after) = rest.split_once(']')?;
    Some((Step::Position(position.trim().parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_and_positions() {
        for (path, expected) in [
            ("$", Some(vec![])),
            ("$.a.b[0]", Some(vec![Step::Name("a"), Step::Name("b"), Step::Position(0)])),
            ("$['a.b'][\"c\"]", Some(vec![Step::Name("a.b"), Step::Name("c")])),
            ("$.[2].x", Some(vec![Step::Position(2), Step::Name("x")])),
            ("a", None),
            ("$.", None),
            ("$.a[*]", None),
            ("$.a['b", None),
        ] {
            assert_eq!(steps(path), expected, "{path}");
        }
    }
}
