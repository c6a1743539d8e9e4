//! A record that was read into values, as [`Recognizer`](crate::schema::recognition::Recognizer) asks about it.

use crate::schema::Path;
use crate::schema::recognition::Record;
use crate::{Bag, Text, Value};
use std::borrow::Cow;

impl Record for Bag {
    fn for_each_key(&self, mut see: impl FnMut(&str)) {
        self.iter().for_each(|(key, _)| see(key));
    }

    fn has(&self, path: &Path) -> bool {
        find(self, path).is_some()
    }

    fn is_object(&self, path: &Path) -> bool {
        find(self, path).is_some_and(|value| value.as_bag().is_some())
    }

    fn text(&self, path: &Path) -> Option<Cow<'_, str>> {
        find(self, path).and_then(Value::as_str).map(Cow::Borrowed)
    }
}

/// What is at a path, null or not.
fn find<'a>(record: &'a Bag, path: &Path) -> Option<&'a Value> {
    if path.dotted { dotted(record, &path.segments) } else { nested(record, &path.segments) }
}

fn nested<'a>(record: &'a Bag, names: &[Text]) -> Option<&'a Value> {
    let (first, rest) = names.split_first()?;
    let value = record.get(first)?;
    if rest.is_empty() { Some(value) } else { nested(value.as_bag()?, rest) }
}

/// Tries every way in which neighbouring names may be joined by dots, nesting first.
fn dotted<'a>(record: &'a Bag, names: &[Text]) -> Option<&'a Value> {
    (1..=names.len()).find_map(|length| {
        let (head, rest) = names.split_at(length);
        let value = record.get(&head.join("."))?;
        if rest.is_empty() { Some(value) } else { dotted(value.as_bag()?, rest) }
    })
}
