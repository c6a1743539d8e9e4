//! JSON texts that were parsed, for evaluations that meet the same ones again.
//!
//! A text is the same where it is the same memory: rows share their texts, so that neither stages of one query nor
//! later evaluations over the same rows have to compare or hash what may be long.

use crate::{json, memory};
use rule_model::Value;
use smol_str::SmolStr;
use std::collections::HashMap;

/// Texts with what they write. Nothing of an evaluation depends on which are there.
#[derive(Clone, Debug, Default)]
pub struct ParsedTexts {
    /// By where they lie, which is theirs as long as they are held.
    texts: HashMap<(usize, usize), Parsed>,
    bytes: u64,
    /// Bytes that may be held.
    room: u64,
    /// Counts evaluations.
    now: u64,
}

#[derive(Clone, Debug)]
struct Parsed {
    /// Holds the memory of the text, so that no other comes to lie there.
    #[allow(dead_code, reason = "it is there to be held")]
    text: SmolStr,
    /// `None` of what is no JSON.
    value: Option<Value>,
    bytes: u64,
    /// When it was last asked for.
    asked: u64,
}

/// The longest text that costs more to find than to parse.
const SHORT: usize = 64;
/// What a text takes here besides itself and its value.
const ENTRY: u64 = 96;

impl ParsedTexts {
    /// Begins an evaluation, which may have so many bytes held: texts that the last one did not ask for are let go of.
    pub fn begin(&mut self, room: u64) {
        let (last, bytes) = (self.now, &mut self.bytes);
        self.texts.retain(|_, parsed| {
            let stays = parsed.asked == last;
            *bytes -= if stays { 0 } else { parsed.bytes };
            stays
        });
        (self.now, self.room) = (last + 1, room);
    }

    /// Bytes held, near enough.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What a text writes, as [`json::parse`] reads it; `None` of what is no JSON.
    pub(crate) fn parse(&mut self, text: &SmolStr) -> Option<Value> {
        if text.len() <= SHORT {
            return json::parse(text).ok();
        }
        let place = (text.as_ptr() as usize, text.len());
        if let Some(parsed) = self.texts.get_mut(&place) {
            parsed.asked = self.now;
            return parsed.value.clone();
        }
        let value = json::parse(text).ok();
        let bytes = ENTRY + text.len() as u64 + value.as_ref().map_or(0, memory::of_value);
        if self.bytes + bytes <= self.room {
            self.bytes += bytes;
            let (text, value, asked) = (text.clone(), value.clone(), self.now);
            self.texts.insert(place, Parsed { text, value, bytes, asked });
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: usize) -> SmolStr {
        format!(r#"{{"number":{number},"padding":"{}"}}"#, "x".repeat(SHORT)).into()
    }

    #[test]
    fn a_text_is_parsed_once_as_long_as_each_evaluation_asks_for_it() {
        let mut texts = ParsedTexts::default();
        texts.begin(1 << 20);
        let (one, other, broken) = (object(1), object(2), SmolStr::from("{".repeat(2 * SHORT)));
        let first = texts.parse(&one).unwrap();
        assert_eq!(first, json::parse(&one).unwrap());
        assert_eq!(texts.parse(&broken), None);
        let is_same = |a: &Value, b: &Value| std::ptr::eq(a.as_bag().unwrap(), b.as_bag().unwrap());
        assert!(is_same(&first, &texts.parse(&one.clone()).unwrap()));
        // Another text of the same words is another one.
        assert_eq!(texts.parse(&object(1)), Some(first.clone()));
        texts.begin(1 << 20);
        assert!(is_same(&first, &texts.parse(&one).unwrap()));
        assert_eq!(texts.parse(&other), json::parse(&other).ok());
        texts.begin(1 << 20);
        assert_eq!(texts.texts.len(), 2);
        texts.begin(1 << 20);
        assert_eq!((texts.texts.len(), texts.bytes()), (0, 0));
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for_and_all_is_parsed() {
        let mut texts = ParsedTexts::default();
        texts.begin(2000);
        for number in 0..100 {
            let text = object(number);
            assert_eq!(texts.parse(&text), json::parse(&text).ok());
            assert!(texts.bytes() <= 2000);
        }
        assert!((1..20).contains(&texts.texts.len()));
    }
}
