//! A parsed record as it lies in its text, read with this project's rules: of equal keys the last counts, at every level.
//!
//! ```text
//! {"a":{"b":12},"c":"x\n"}        record, as it was read
//! {4   a {2   b 12  c  x\n        nodes: 8 bytes each, where a text lies or how many nodes are below
//! ```
//!
//! Nothing is copied, unescaped or converted before it is asked for: a rule reads a few of a record's values. A node of an
//! object or array says how many nodes follow that belong to it, so that a value is skipped in one step.

use crate::parse::escape::unescaped;
use rule_model::schema::Path;
use rule_model::{Bag, Text, Value};
use std::borrow::Cow;

/// A JSON value within a record: its own node and all nodes below it.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    record: &'a str,
    nodes: &'a [Node],
}

/// A key of an object.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Between the quotes, as written.
    written: &'a str,
    has_escapes: bool,
}

/// How the keys of an object begin, a bit for any two bytes: tells most keys that are not there without a look at each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginnings(u64);

/// The properties of an object in the order of the text, equal keys included.
#[derive(Clone, Debug)]
pub struct Properties<'a>(Elements<'a>);

/// The elements of an array; of an object the keys and values in turn.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    record: &'a str,
    nodes: &'a [Node],
}

/// A key or a value, by offsets in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its first byte, which tells what it is; of a string with escapes with [`Node::HAS_ESCAPES`].
    start: u32,
    /// The closing quote of a string, or the offset after a number or literal; of a container [`Node::IS_CONTAINER`] and how
    /// many nodes are below it.
    end: u32,
}

impl Node {
    /// Bytes of a record that nodes can point into.
    pub(crate) const MAX_RECORD: usize = (1 << 31) - 1;
    /// Set in `start` of a string with escapes.
    const HAS_ESCAPES: u32 = 1 << 31;
    /// Set in `end` of an object or array.
    const IS_CONTAINER: u32 = 1 << 31;

    /// A string between the quotes at these offsets.
    #[inline]
    pub(crate) fn string(start: usize, end: usize, has_escapes: bool) -> Node {
        let flag = if has_escapes { Node::HAS_ESCAPES } else { 0 };
        Node { start: start as u32 | flag, end: end as u32 }
    }

    /// A number, `true`, `false` or `null`.
    #[inline]
    pub(crate) fn scalar(start: usize, end: usize) -> Node {
        Node { start: start as u32, end: end as u32 }
    }

    /// An object or array with so many nodes below it.
    #[inline]
    pub(crate) fn container(start: usize, below: usize) -> Node {
        Node { start: start as u32, end: below as u32 | Node::IS_CONTAINER }
    }

    /// The offset of its first byte.
    #[inline]
    pub(crate) fn start(self) -> usize {
        (self.start & !Node::HAS_ESCAPES) as usize
    }

    #[inline]
    fn has_escapes(self) -> bool {
        self.start & Node::HAS_ESCAPES != 0
    }

    /// How many nodes are below it.
    #[inline]
    pub(crate) fn below(self) -> usize {
        if self.end & Node::IS_CONTAINER == 0 { 0 } else { (self.end & !Node::IS_CONTAINER) as usize }
    }

    /// The text of a string between its quotes, as written.
    #[inline]
    fn within_quotes(self, record: &str) -> &str {
        record.get(self.start() + 1..self.end as usize).unwrap_or_default()
    }

    /// Whether a key says this: most are told by their length.
    #[inline]
    fn says(self, record: &str, name: &str) -> bool {
        if self.has_escapes() {
            return unescaped(self.within_quotes(record)) == name;
        }
        let (start, end) = (self.start() + 1, self.end as usize);
        start + name.len() == end && record.as_bytes().get(start..end) == Some(name.as_bytes())
    }
}

impl<'a> Json<'a> {
    /// The first value of a tape; `None` of an empty one.
    pub(crate) fn of(record: &'a str, nodes: &'a [Node]) -> Option<Json<'a>> {
        Elements { record, nodes }.next()
    }

    /// Whether this is JSON's `null`.
    pub fn is_null(self) -> bool {
        self.first() == b'n'
    }

    /// Whether this is an object.
    pub fn is_object(self) -> bool {
        self.first() == b'{'
    }

    /// The text of a string, borrowed where it has no escapes.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        if self.first() == b'"' { self.as_key().map(Key::text) } else { None }
    }

    /// The properties of an object; none of anything else.
    pub fn properties(self) -> Properties<'a> {
        Properties(if self.is_object() { self.inner() } else { Elements { record: self.record, nodes: &[] } })
    }

    /// The value of the last property of this name.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let (mut nodes, mut found) = (self.properties().0.nodes, None);
        while let [key, rest @ ..] = nodes {
            let (value, after) = rest.split_at_checked(rest.first()?.below() + 1)?;
            if key.says(self.record, name) {
                found = Some(value);
            }
            nodes = after;
        }
        found.map(|nodes| Json { record: self.record, nodes })
    }

    /// The value at `path`, null or not.
    pub fn at(self, path: &Path) -> Option<Json<'a>> {
        if path.dotted {
            self.at_dotted(&path.segments)
        } else {
            path.segments.iter().try_fold(self, |object, name| object.get(name))
        }
    }

    /// How the keys of an object begin.
    pub(crate) fn beginnings(self) -> Beginnings {
        let bits = self.properties().map(|(key, _)| match key.written.as_bytes() {
            _ if key.has_escapes => !0,
            [first, second, ..] => Beginnings::bit(*first, *second),
            // Only names of one byte are meant by these, or none.
            _ => 0,
        });
        Beginnings(bits.fold(0, |all, bit| all | bit))
    }

    /// The value, away from its record.
    pub fn to_value(self) -> Value {
        match self.first() {
            b'"' => self.as_str().map_or(Value::Null, |text| Value::string(&*text)),
            b'[' => self.inner().map(Json::to_value).collect::<Vec<_>>().into(),
            b'{' => {
                let mut bag = Bag::new();
                for (key, value) in self.properties() {
                    bag.insert(&*key.text(), value.to_value());
                }
                bag.into()
            }
            b't' => Value::Bool(true),
            b'f' => Value::Bool(false),
            b'-' | b'0'..=b'9' => number(self.written()),
            _ => Value::Null,
        }
    }

    /// The first value that is not null over all ways to join neighbouring segments by dots, the fewest joined first;
    /// else a null that one of them leads to.
    fn at_dotted(self, segments: &[Text]) -> Option<Json<'a>> {
        let first = segments.first()?;
        // Hardly any object has keys that join segments: one look at all keys tells.
        let (mut of_first, mut any_joined) = (None, false);
        for (key, value) in self.properties() {
            match key.after(first).as_deref() {
                Some("") => of_first = Some(value),
                Some(rest) => any_joined |= rest.starts_with('.'),
                None => {}
            }
        }
        let mut null = None;
        for joined in 1..=(if any_joined { segments.len() } else { 1 }) {
            let (name, rest) = segments.split_at(joined);
            let found = if joined == 1 { of_first } else { self.last(|key| is_joined(&key.text(), name)) };
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

    /// The value of the last property whose key is meant.
    #[inline]
    fn last(self, is_meant: impl Fn(Key<'a>) -> bool) -> Option<Json<'a>> {
        self.properties().filter(|(key, _)| is_meant(*key)).last().map(|(_, value)| value)
    }

    /// The byte that tells what it is.
    #[inline]
    fn first(self) -> u8 {
        let node = self.nodes.first();
        node.and_then(|node| self.record.as_bytes().get(node.start())).copied().unwrap_or_default()
    }

    /// The text of a number.
    fn written(self) -> &'a str {
        let node = self.nodes.first();
        node.and_then(|node| self.record.get(node.start()..node.end as usize)).unwrap_or_default()
    }

    /// What is in an object or array.
    #[inline]
    fn inner(self) -> Elements<'a> {
        Elements { record: self.record, nodes: self.nodes.get(1..).unwrap_or_default() }
    }

    /// A string as if it were a key.
    #[inline]
    fn as_key(self) -> Option<Key<'a>> {
        let node = *self.nodes.first()?;
        Some(Key { written: node.within_quotes(self.record), has_escapes: node.has_escapes() })
    }
}

impl Beginnings {
    /// Whether a path may lead anywhere from the object: one of its keys may be the first segment or begin with it.
    #[inline]
    pub(crate) fn may_hold(self, path: &Path) -> bool {
        match path.segments.first().map(|segment| segment.as_bytes()) {
            Some([first, second, ..]) => self.0 & Beginnings::bit(*first, *second) != 0,
            _ => true,
        }
    }

    #[inline]
    fn bit(first: u8, second: u8) -> u64 {
        1 << (first.wrapping_mul(7).wrapping_add(second) % 64)
    }
}

impl<'a> Key<'a> {
    /// What it says after this beginning; `None` where it begins otherwise.
    #[inline]
    fn after(self, beginning: &str) -> Option<Cow<'a, str>> {
        if self.has_escapes {
            return self.text().strip_prefix(beginning).map(|rest| Cow::Owned(rest.to_owned()));
        }
        // The first byte tells most keys without a call.
        let may_be = self.written.as_bytes().first() == beginning.as_bytes().first() || beginning.is_empty();
        if may_be { self.written.strip_prefix(beginning).map(Cow::Borrowed) } else { None }
    }

    /// What it says, borrowed where it has no escapes.
    pub fn text(self) -> Cow<'a, str> {
        if self.has_escapes { Cow::Owned(unescaped(self.written)) } else { Cow::Borrowed(self.written) }
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
fn number(written: &str) -> Value {
    if let Ok(long) = written.parse() {
        return Value::Long(long);
    }
    match written.parse::<f64>() {
        Ok(real) if real == 0.0 && real.is_sign_negative() => Value::Long(0),
        Ok(real) => Value::Real(real),
        // Not reached: Rust reads every number that JSON's grammar has.
        Err(_) => Value::Null,
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    #[inline]
    fn next(&mut self) -> Option<Json<'a>> {
        let below = self.nodes.first()?.below();
        let (nodes, rest) = self.nodes.split_at_checked(below + 1)?;
        self.nodes = rest;
        Some(Json { record: self.record, nodes })
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (Key<'a>, Json<'a>);

    #[inline]
    fn next(&mut self) -> Option<(Key<'a>, Json<'a>)> {
        let key = self.0.next()?;
        Some((key.as_key()?, self.0.next()?))
    }
}
