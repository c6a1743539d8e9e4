//! A record's bytes to a tape: simd-json with buffers that are used again.
//!
//! The bytes are copied once, into a buffer with the padding that simd-json wants, and parsed there in place: the
//! record itself stays as it was read, for the dead-letter file and for reparsing. At memory speed the copy is one
//! hundredth of the parse.

use crate::Event;
use crate::tape::Json;
use memchr::memchr;
use rule_model::Schema;
use serde::{Deserialize, Serialize};
use simd_json::{Buffers, ErrorType, INPUT_PADDING, Tape};
use std::fmt;

/// Nested levels that a record may have unless set otherwise.
pub const DEFAULT_MAX_DEPTH: usize = 128;

/// Parses one record after the other.
pub struct Parser {
    bytes: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
}

/// Why a record is not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// Valid JSON, but a scalar or an array.
    NotAnObject,
    /// It ends within a string or before its brackets close.
    CutOff,
    /// Not JSON.
    InvalidJson,
    /// Bytes that are no UTF-8.
    InvalidUtf8,
    /// More bytes than the limit.
    TooLong,
    /// More nested levels than the limit.
    TooDeep,
    /// JSON that looks like a record of no known table.
    UnknownTable,
}

impl Reason {
    /// The name that files and JSON carry.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::NotAnObject => "not_an_object",
            Reason::CutOff => "cut_off",
            Reason::InvalidJson => "invalid_json",
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::TooLong => "too_long",
            Reason::TooDeep => "too_deep",
            Reason::UnknownTable => "unknown_table",
        }
    }
}

impl fmt::Display for Reason {
    /// As people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NotAnObject => "not a JSON object",
            Reason::CutOff => "cut off",
            Reason::InvalidJson => "not valid JSON",
            Reason::InvalidUtf8 => "not valid UTF-8",
            Reason::TooLong => "longer than the limit",
            Reason::TooDeep => "nested deeper than the limit",
            Reason::UnknownTable => "of no known table",
        })
    }
}

impl Parser {
    /// A parser that takes records of at most `max_depth` nested levels.
    pub fn new(max_depth: usize) -> Parser {
        Parser {
            bytes: Vec::new(),
            buffers: Buffers::with_max_depth(4096, max_depth),
            tape: Tape(Vec::new()),
        }
    }

    /// Parses `record` and hands the object, or why there is none, to `use_it`.
    ///
    /// A closure and not a return value, because the tape goes back to its place afterwards.
    pub fn with<R>(&mut self, record: &[u8], use_it: impl FnOnce(Result<Json<'_>, Reason>) -> R) -> R {
        self.load(record);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let mut parsed =
            simd_json::fill_tape_padded(&mut self.bytes, record.len(), &mut self.buffers, &mut tape);
        if parsed.is_err()
            && let Some(repaired) = without_lone_surrogates(record)
        {
            tape = tape.reset();
            self.load(&repaired);
            let length = repaired.len();
            parsed = simd_json::fill_tape_padded(&mut self.bytes, length, &mut self.buffers, &mut tape);
        }
        let result = match parsed {
            Ok(()) => Json::of(&tape.0).filter(|json| json.is_object()).ok_or(Reason::NotAnObject),
            Err(error) => Err(reason(error.error(), record)),
        };
        let answer = use_it(result);
        self.tape = tape.reset();
        answer
    }

    fn load(&mut self, record: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(record);
        self.bytes.resize(record.len() + INPUT_PADDING, 0);
    }

    /// Parses the text of one record of a known table, as inline tests do.
    pub fn with_event<R>(
        &mut self,
        schema: &Schema,
        text: &str,
        use_it: impl FnOnce(&Event<'_>) -> R,
    ) -> Result<R, Reason> {
        self.with(text.as_bytes(), |record| record.map(|record| use_it(&Event::new(schema, record))))
    }
}

impl Default for Parser {
    fn default() -> Parser {
        Parser::new(DEFAULT_MAX_DEPTH)
    }
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser").field("capacity", &self.bytes.capacity()).finish_non_exhaustive()
    }
}

/// Why simd-json refused a record.
fn reason(error: &ErrorType, record: &[u8]) -> Reason {
    match error {
        ErrorType::DepthLimitExceeded => Reason::TooDeep,
        ErrorType::InputTooLarge => Reason::TooLong,
        _ if is_cut_off(record) => Reason::CutOff,
        _ if std::str::from_utf8(record).is_err() => Reason::InvalidUtf8,
        _ => Reason::InvalidJson,
    }
}

/// The record with each `\u` escape of half a surrogate pair replaced by that of U+FFFD; `None` where there is none.
///
/// Such escapes are JSON by its grammar, and sources that cut texts at a number of UTF-16 units write them, but simd-json
/// has no text to give for them.
fn without_lone_surrogates(record: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(backslash) = record.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += backslash;
        match (unit(record, at), unit(record, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                repaired.extend_from_slice(record.get(copied..at)?);
                repaired.extend_from_slice(b"\\ufffd");
                at += 6;
                copied = at;
            }
            (Some(_), _) => at += 6,
            // Any other escape: a backslash and what it escapes.
            (None, _) => at += 2,
        }
    }
    repaired.extend_from_slice(record.get(copied..)?);
    (copied > 0).then_some(repaired)
}

/// The UTF-16 unit that a `\uXXXX` escape at this offset writes.
fn unit(record: &[u8], at: usize) -> Option<u16> {
    let digits = record.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Whether the text is a beginning of something longer: it ends within a string or with open brackets.
fn is_cut_off(record: &[u8]) -> bool {
    let (mut open, mut in_string, mut escaped) = (0_i64, false, false);
    for byte in record {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    in_string || open > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(record: &[u8]) -> Option<Reason> {
        Parser::new(4).with(record, |parsed| parsed.map(|_| ()).err())
    }

    #[test]
    fn every_refusal_has_its_reason() {
        for (record, reason) in [
            (&br#"{"a":[{"b":{}}]}"#[..], None),
            (b"{}", None),
            (br#"{"a":"\ud83d"}"#, None),
            (br#"{"a":"\ud83dx\udc00\ude00"}"#, None),
            (br#"{"a":"\\ud83d"}"#, None),
            (b"[1]", Some(Reason::NotAnObject)),
            (b"\"text\"", Some(Reason::NotAnObject)),
            (b"12", Some(Reason::NotAnObject)),
            (b"null", Some(Reason::NotAnObject)),
            (b"hello", Some(Reason::InvalidJson)),
            (b"{\"a\":1}}", Some(Reason::InvalidJson)),
            (b"{\"a\":1} {\"b\":2}", Some(Reason::InvalidJson)),
            (b"{\"a\" 1}", Some(Reason::InvalidJson)),
            (b"{'a':1}", Some(Reason::InvalidJson)),
            (br#"{"a":"\x"}"#, Some(Reason::InvalidJson)),
            (br#"{"a":"\ud8"}"#, Some(Reason::InvalidJson)),
            (b"{\"a\":\"\x01\"}", Some(Reason::InvalidJson)),
            (b"{", Some(Reason::CutOff)),
            (b"{\"a\":1", Some(Reason::CutOff)),
            (b"{\"a\":\"x", Some(Reason::CutOff)),
            (b"{\"a\":\"x\\", Some(Reason::CutOff)),
            (b"{\"a\":\"\xc3", Some(Reason::CutOff)),
            (b"{\"a\":\"\xff\"}", Some(Reason::InvalidUtf8)),
            (br#"{"a":[{"b":[[]]}]}"#, Some(Reason::TooDeep)),
            (b"", Some(Reason::InvalidJson)),
        ] {
            assert_eq!(reason_of(record), reason, "{}", String::from_utf8_lossy(record));
        }
    }

    #[test]
    fn half_a_surrogate_pair_reads_as_the_replacement_character() {
        let text = Parser::default().with(br#"{"a":"x\ud83dy","b":"\ud83d\ude00"}"#, |parsed| {
            let record = parsed.unwrap();
            ["a", "b"].map(|key| record.get(key).and_then(Json::as_str).unwrap_or_default().to_owned())
        });
        assert_eq!(text, ["x\u{fffd}y".to_owned(), "\u{1f600}".to_owned()]);
    }

    #[test]
    fn buffers_carry_nothing_from_one_record_to_the_next() {
        let mut parser = Parser::default();
        for record in [&br#"{"a":"long text","b":[1,2,3]}"#[..], b"{\"broken", b"{}"] {
            parser.with(record, |_| ());
        }
        assert_eq!(parser.with(b"{}", |record| record.map(|r| r.properties().count())), Ok(0));
    }
}
