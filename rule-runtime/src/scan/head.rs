//! What a scanned record says of its table and its operation.

use super::classify::Classify;
use super::walk::{self, Property};
use memchr::memchr2;
use rule_model::schema::Path;
use rule_model::schema::recognition::{Recognizer, Record};
use rule_model::{Column, Text};
use std::borrow::Cow;
use std::cell::Cell;

/// A record that holds together, and those of its top-level properties that the tables of the scan may ask for.
#[derive(Debug)]
pub struct Head<'a, 'p> {
    classify: Classify,
    object: &'a [u8],
    properties: &'p [Property],
    /// Whether something was asked for that only a parser can answer.
    doubtful: Cell<bool>,
}

/// Only a parser can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

/// An object in the record.
#[derive(Clone, Copy)]
enum Object {
    Record,
    /// That which begins at this offset.
    At(usize),
}

impl<'a, 'p> Head<'a, 'p> {
    pub(super) fn new(classify: Classify, object: &'a [u8], properties: &'p [Property]) -> Head<'a, 'p> {
        Head { classify, object, properties, doubtful: Cell::new(false) }
    }

    /// The position of the record's table, as for the parsed record; `None` where it is of none.
    pub fn recognize(&self, recognizer: &Recognizer<'_>) -> Result<Option<usize>, Unclear> {
        self.doubtful.set(false);
        let table = recognizer.recognize(self);
        if self.doubtful.get() { Err(Unclear) } else { Ok(table) }
    }

    /// Where the value of a column begins that an event reads; `None` where there is none but null.
    pub(super) fn value(&self, column: Option<&Column>) -> Result<Option<usize>, Unclear> {
        for path in column.into_iter().flat_map(|column| column.paths.iter()) {
            match self.at(path)? {
                Some(value) if !self.is_null(value) => return Ok(Some(value)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Where the value at the path begins, null or not.
    fn at(&self, path: &Path) -> Result<Option<usize>, Unclear> {
        if path.dotted {
            return self.at_dotted(Object::Record, &path.segments);
        }
        let mut object = Some(Object::Record);
        let mut found = None;
        for name in path.segments.iter() {
            let Some(within) = object else { return Ok(None) };
            found = self.last(within, |key| key == name.as_bytes())?;
            object = found.and_then(|value| self.as_object(value));
        }
        Ok(found)
    }

    /// As [`crate::tape::Json::at`] finds a dotted path.
    fn at_dotted(&self, object: Object, segments: &[Text]) -> Result<Option<usize>, Unclear> {
        let mut null = None;
        for joined in 1..=segments.len() {
            let (name, rest) = segments.split_at(joined);
            let found = self.last(object, |key| is_joined(key, name))?;
            let found = match rest {
                [] => found,
                _ => match found.and_then(|value| self.as_object(value)) {
                    Some(object) => self.at_dotted(object, rest)?,
                    None => None,
                },
            };
            match found {
                Some(value) if !self.is_null(value) => return Ok(Some(value)),
                found => null = null.or(found),
            }
        }
        Ok(null)
    }

    /// Where the value of the last property begins whose key is meant.
    fn last(&self, object: Object, is_meant: impl Fn(&[u8]) -> bool) -> Result<Option<usize>, Unclear> {
        match object {
            Object::Record => {
                let mut properties = self.properties.iter().rev();
                Ok(properties
                    .find(|property| is_meant(property.key(self.object)))
                    .map(|property| property.value))
            }
            Object::At(start) => {
                let bytes = self.object.get(start..).unwrap_or_default();
                let (mut found, mut plain) = (None, true);
                // Its depth was checked with the record's.
                walk::object(self.classify, bytes, usize::MAX, |property| {
                    plain &= property.plain;
                    if is_meant(property.key(bytes)) {
                        found = Some(start + property.value);
                    }
                })
                .map_err(|_| Unclear)?;
                if plain { Ok(found) } else { Err(Unclear) }
            }
        }
    }

    fn as_object(&self, value: usize) -> Option<Object> {
        (self.object.get(value) == Some(&b'{')).then_some(Object::At(value))
    }

    fn is_null(&self, value: usize) -> bool {
        self.object.get(value) == Some(&b'n')
    }

    /// The text of a string; `None` of another value.
    fn text_at(&self, value: usize) -> Result<Option<&'a str>, Unclear> {
        match self.object.get(value) {
            Some(b'"') => self.string(value).map(Some),
            _ => Ok(None),
        }
    }

    /// The text of what must be a string without escapes.
    pub(super) fn string(&self, value: usize) -> Result<&'a str, Unclear> {
        let Some([b'"', inner @ ..]) = self.object.get(value..) else { return Err(Unclear) };
        let end = memchr2(b'"', b'\\', inner).ok_or(Unclear)?;
        let (text, rest) = inner.split_at_checked(end).ok_or(Unclear)?;
        if rest.first() == Some(&b'\\') {
            return Err(Unclear);
        }
        std::str::from_utf8(text).map_err(|_| Unclear)
    }

    /// What was found, or nothing and a doubt.
    fn or_doubt<T>(&self, found: Result<Option<T>, Unclear>) -> Option<T> {
        found.unwrap_or_else(|Unclear| {
            self.doubtful.set(true);
            None
        })
    }
}

impl Record for Head<'_, '_> {
    /// Keys that no table asks for may be left out.
    fn for_each_key(&self, mut see: impl FnMut(&str)) {
        for property in self.properties {
            match std::str::from_utf8(property.key(self.object)) {
                Ok(key) => see(key),
                Err(_) => self.doubtful.set(true),
            }
        }
    }

    fn has(&self, path: &Path) -> bool {
        self.or_doubt(self.at(path)).is_some()
    }

    fn is_object(&self, path: &Path) -> bool {
        self.or_doubt(self.at(path)).is_some_and(|value| self.as_object(value).is_some())
    }

    fn text(&self, path: &Path) -> Option<Cow<'_, str>> {
        let value = self.or_doubt(self.at(path))?;
        self.or_doubt(self.text_at(value)).map(Cow::Borrowed)
    }
}

/// Whether `key` is the segments with dots between.
fn is_joined(key: &[u8], segments: &[Text]) -> bool {
    let mut rest = Some(key);
    for (index, segment) in segments.iter().enumerate() {
        let after_dot = if index == 0 { rest } else { rest.and_then(|rest| rest.strip_prefix(b".")) };
        rest = after_dot.and_then(|rest| rest.strip_prefix(segment.as_bytes()));
    }
    rest == Some(b"")
}
