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
struct Beginnings(u64);

/// Follows many paths from one record, of which a table may have hundreds that lie in the same few objects: the way to the
/// object that was looked in last is not gone twice.
#[derive(Debug)]
pub(crate) struct Descent<'a, 'p> {
    record: Level<'a>,
    /// The segments that lead from each object to the next, and the next.
    way: Vec<(&'p str, Level<'a>)>,
}

/// An object on the way.
#[derive(Clone, Copy, Debug)]
struct Level<'a> {
    object: Json<'a>,
    beginnings: Beginnings,
}

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

    /// Whether this is neither an object nor an array.
    pub(crate) fn is_scalar(self) -> bool {
        !matches!(self.first(), b'{' | b'[')
    }

    /// Where it begins in its record.
    pub(crate) fn offset(self) -> usize {
        self.nodes.first().map_or(0, |node| node.start())
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

    /// The elements of an array; `None` of anything else.
    pub fn elements(self) -> Option<Elements<'a>> {
        (self.first() == b'[').then(|| self.inner())
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
    fn beginnings(self) -> Beginnings {
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
        // Hardly any object has keys that join segments: one look at all keys tells.
        let (of_first, any_joined) = self.child(segments.first()?);
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

    /// The value of the last property of this name, and whether the names of others go on with a dot behind it.
    #[inline]
    fn child(self, name: &str) -> (Option<Json<'a>>, bool) {
        let (record, first) = (self.record.as_bytes(), name.as_bytes().first());
        let (mut found, mut any_joined) = (None, false);
        let mut nodes = self.properties().0.nodes;
        while let [key, rest @ ..] = nodes {
            let below = rest.first().map_or(0, |value| value.below());
            let Some((value, after)) = rest.split_at_checked(below + 1) else { break };
            nodes = after;
            // The first byte tells most keys.
            if record.get(key.start() + 1) != first && !key.has_escapes() && first.is_some() {
                continue;
            }
            let key = Key { written: key.within_quotes(self.record), has_escapes: key.has_escapes() };
            match key.after(name).as_deref() {
                Some("") => found = Some(Json { record: self.record, nodes: value }),
                Some(rest) => any_joined |= rest.starts_with('.'),
                None => {}
            }
        }
        (found, any_joined)
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
    /// Whether one of the keys may be this name or begin with it.
    #[inline]
    fn may_hold(self, name: &str) -> bool {
        match name.as_bytes() {
            [first, second, ..] => self.0 & Beginnings::bit(*first, *second) != 0,
            _ => true,
        }
    }

    #[inline]
    fn bit(first: u8, second: u8) -> u64 {
        1 << (first.wrapping_mul(7).wrapping_add(second) % 64)
    }
}

impl<'a> Level<'a> {
    fn of(object: Json<'a>) -> Level<'a> {
        Level { object, beginnings: object.beginnings() }
    }
}

impl<'a, 'p> Descent<'a, 'p> {
    /// From this record.
    pub(crate) fn new(record: Json<'a>) -> Descent<'a, 'p> {
        Descent { record: Level::of(record), way: Vec::new() }
    }

    /// The value at `path`, null or not: [`Json::at`].
    pub(crate) fn at(&mut self, path: &'p Path) -> Option<Json<'a>> {
        if !path.dotted {
            let may_hold = path.segments.first().is_none_or(|name| self.record.beginnings.may_hold(name));
            return if may_hold { self.record.object.at(path) } else { None };
        }
        let alike = self.way.iter().zip(path.segments.iter()).take_while(|((gone, _), name)| gone == *name);
        let known = alike.count().min(path.segments.len().saturating_sub(1));
        self.way.truncate(known);
        let mut rest = path.segments.get(known..)?;
        loop {
            let Level { object, beginnings } = self.way.last().map_or(self.record, |(_, level)| *level);
            let [name, below @ ..] = rest else { return None };
            if !beginnings.may_hold(name) {
                return None;
            }
            let (child, any_joined) = object.child(name);
            if any_joined {
                return object.at_dotted(rest);
            }
            if below.is_empty() {
                return child;
            }
            self.way.push((name, Level::of(child?)));
            rest = below;
        }
    }
}

impl<'a> Key<'a> {
    /// What it says after this beginning; `None` where it begins otherwise.
    #[inline]
    fn after(self, beginning: &str) -> Option<Cow<'a, str>> {
        if self.has_escapes {
            return self.text().strip_prefix(beginning).map(|rest| Cow::Owned(rest.to_owned()));
        }
        self.written.strip_prefix(beginning).map(Cow::Borrowed)
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
