//! A record's bytes to a tape: simd-json with buffers that are used again.
//!
//! The bytes are copied once, into a buffer with the padding that simd-json wants, and parsed there in place: the
//! record itself stays as it was read, for the dead-letter file and for reparsing. At memory speed the copy is one
//! hundredth of the parse.

use crate::Event;
use crate::tape::Json;
use rule_model::Schema;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        self.bytes.clear();
        self.bytes.extend_from_slice(record);
        self.bytes.resize(record.len() + INPUT_PADDING, 0);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let parsed = simd_json::fill_tape_padded(&mut self.bytes, record.len(), &mut self.buffers, &mut tape);
        let result = match parsed {
            Ok(()) => Json::of(&tape.0).filter(|json| json.is_object()).ok_or(Reason::NotAnObject),
            Err(error) => Err(reason(error.error(), record)),
        };
        let answer = use_it(result);
        self.tape = tape.reset();
        answer
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
