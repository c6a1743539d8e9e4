//! Why a record is not processed.

use super::grammar::Fault;
use serde::{Deserialize, Serialize};
use std::fmt;

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

/// Why there is no record, of a text with this fault.
#[cold]
pub(super) fn of_fault(fault: Fault, record: &[u8]) -> Reason {
    match fault {
        Fault::TooDeep => Reason::TooDeep,
        Fault::Syntax if is_cut_off(record) => Reason::CutOff,
        Fault::Syntax if std::str::from_utf8(record).is_err() => Reason::InvalidUtf8,
        Fault::Syntax => Reason::InvalidJson,
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
