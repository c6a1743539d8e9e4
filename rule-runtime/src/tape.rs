//! A parsed record as simd-json lays it out, read with this project's rules: of equal keys the last counts, at every
//! level.
//!
//! simd-json's own object lookup takes the first of equal keys, hence this reader over the nodes themselves. A node
//! of an object or array says how many nodes follow that belong to it, so that a value is skipped in one step.

use rule_model::schema::Path;
use rule_model::{Bag, Text, Value};
use simd_json::{Node, StaticNode};

/// A JSON value within a tape: its own node and all nodes below it.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a [Node<'a>]);

/// The properties of an object in the order of the text, equal keys included.
#[derive(Clone, Debug)]
pub struct Properties<'a>(Elements<'a>);

/// The elements of an array; of an object the keys and values in turn.
#[derive(Clone, Debug)]
pub struct Elements<'a>(&'a [Node<'a>]);

impl<'a> Json<'a> {
    /// The first value of a tape; `None` of an empty one.
    pub fn of(nodes: &'a [Node<'a>]) -> Option<Json<'a>> {
        Elements(nodes).next()
    }

    /// Whether this is JSON's `null`.
    pub fn is_null(self) -> bool {
        matches!(self.0, [Node::Static(StaticNode::Null), ..])
    }

    /// Whether this is an object.
    pub fn is_object(self) -> bool {
        matches!(self.0, [Node::Object { .. }, ..])
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self.0 {
            [Node::String(text), ..] => Some(text),
            _ => None,
        }
    }

    /// The properties of an object; none of anything else.
    pub fn properties(self) -> Properties<'a> {
        match self.0 {
            [Node::Object { .. }, inner @ ..] => Properties(Elements(inner)),
            _ => Properties(Elements(&[])),
        }
    }

    /// The value of the last property of this name.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.properties().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
    }

    /// The value at `path`, null or not.
    pub fn at(self, path: &Path) -> Option<Json<'a>> {
        if path.dotted {
            self.at_dotted(&path.segments)
        } else {
            path.segments.iter().try_fold(self, |object, name| object.get(name))
        }
    }

    /// The value, away from its buffer.
    pub fn to_value(self) -> Value {
        match self.0 {
            [Node::String(text), ..] => Value::string(text),
            [Node::Static(scalar), ..] => scalar_value(*scalar),
            [Node::Array { .. }, inner @ ..] => {
                Elements(inner).map(Json::to_value).collect::<Vec<_>>().into()
            }
            [Node::Object { .. }, ..] => {
                let mut bag = Bag::new();
                for (key, value) in self.properties() {
                    bag.insert(key, value.to_value());
                }
                bag.into()
            }
            [] => Value::Null,
        }
    }

    /// The first value that is not null over all ways to join neighbouring segments by dots, the fewest joined first;
    /// else a null that one of them leads to.
    fn at_dotted(self, segments: &[Text]) -> Option<Json<'a>> {
        let mut null = None;
        for joined in 1..=segments.len() {
            let (name, rest) = segments.split_at(joined);
            let found =
                self.properties().filter(|(key, _)| is_joined(key, name)).last().map(|(_, value)| value);
            let found = match rest {
                [] => found,
                _ => found.and_then(|object| object.at_dotted(rest)),
            };
            match found {
                Some(value) if !value.is_null() => return Some(value),
                found => null = null.or(found),
            }
        }
        null
    }
}

/// Whether `key` is the segments with dots between.
fn is_joined(key: &str, segments: &[Text]) -> bool {
    let mut rest = Some(key);
    for (i, segment) in segments.iter().enumerate() {
        let after_dot = if i == 0 { rest } else { rest.and_then(|r| r.strip_prefix('.')) };
        rest = after_dot.and_then(|r| r.strip_prefix(segment.as_ref()));
    }
    rest == Some("")
}

/// As [`rule_eval::json`] reads: integers that fit are long, every other number is real, minus zero is the long 0.
fn scalar_value(scalar: StaticNode) -> Value {
    match scalar {
        StaticNode::Null => Value::Null,
        StaticNode::Bool(b) => Value::Bool(b),
        StaticNode::I64(n) => Value::Long(n),
        StaticNode::U64(n) => i64::try_from(n).map_or(Value::Real(n as f64), Value::Long),
        StaticNode::F64(n) if n == 0.0 && n.is_sign_negative() => Value::Long(0),
        StaticNode::F64(n) => Value::Real(n),
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let below = match self.0.first()? {
            Node::Object { count, .. } | Node::Array { count, .. } => *count,
            Node::String(_) | Node::Static(_) => 0,
        };
        let (value, rest) = self.0.split_at_checked(below + 1)?;
        self.0 = rest;
        Some(Json(value))
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'a str, Json<'a>);

    fn next(&mut self) -> Option<(&'a str, Json<'a>)> {
        let key = self.0.next()?;
        Some((key.as_str()?, self.0.next()?))
    }
}
