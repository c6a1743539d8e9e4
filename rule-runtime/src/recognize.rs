//! Which table a parsed record is of: [`rule_model::schema::recognition`] over the tape.

use crate::tape::Json;
use rule_model::schema::Path;
use rule_model::schema::recognition::Record;
use std::borrow::Cow;

/// A record with a summary of its top-level keys, which answers most questions for what is not there.
///
/// Recognition asks for dozens of paths, few of which are present. A bit that is not set proves that no key has it;
/// where it is set the keys themselves are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Recognizable<'a> {
    record: Json<'a>,
    /// A bit for each key, by its length and ends.
    keys: u128,
    /// A bit for the first byte of each key, for dotted paths, whose first segment may be but a part of the key.
    heads: u128,
}

impl<'a> Recognizable<'a> {
    /// Summarizes a record.
    pub fn of(record: Json<'a>) -> Recognizable<'a> {
        let (mut keys, mut heads) = (0, 0);
        for (key, _) in record.properties() {
            let key = key.text();
            keys |= key_bit(&key);
            heads |= head_bit(&key);
        }
        Recognizable { record, keys, heads }
    }

    fn at(&self, path: &Path) -> Option<Json<'a>> {
        let first = path.segments.first()?;
        let possible = if path.dotted { self.heads & head_bit(first) } else { self.keys & key_bit(first) };
        if possible == 0 { None } else { self.record.at(path) }
    }
}

impl Record for Recognizable<'_> {
    fn for_each_key(&self, mut see: impl FnMut(&str)) {
        self.record.properties().for_each(|(key, _)| see(&key.text()));
    }

    fn has(&self, path: &Path) -> bool {
        self.at(path).is_some()
    }

    fn is_object(&self, path: &Path) -> bool {
        self.at(path).is_some_and(Json::is_object)
    }

    fn text(&self, path: &Path) -> Option<Cow<'_, str>> {
        self.at(path).and_then(Json::as_str)
    }
}

fn key_bit(key: &str) -> u128 {
    let bytes = key.as_bytes();
    let end = |byte: Option<&u8>| byte.map_or(0, |b| usize::from(*b));
    1 << ((bytes.len() * 37 + end(bytes.first()) * 5 + end(bytes.last()) * 11) % 128)
}

fn head_bit(key: &str) -> u128 {
    1 << (key.as_bytes().first().map_or(0, |byte| *byte) % 128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parser;
    use rule_model::Text;

    #[test]
    fn the_summary_hides_nothing_that_is_there() {
        let record = r#"{"":1,"a":{"b":null},"event.action":"x","event":{"kind":"y"},"long key":{}}"#;
        for (path, dotted, present) in [
            ("a", false, true),
            ("a.b", false, true),
            ("a.c", false, false),
            ("", false, true),
            ("long key", false, true),
            ("long keys", false, false),
            ("event.action", true, true),
            ("event.kind", true, true),
            ("event.action", false, false),
            ("o365.audit", true, false),
        ] {
            let path =
                Path { segments: path.split('.').map(|s| Text::Owned(s.to_owned())).collect(), dotted };
            let mut parser = Parser::default();
            let found = Recognizable::of(parser.parse(record.as_bytes()).unwrap()).has(&path);
            assert_eq!(found, present, "{path:?}");
        }
    }
}
