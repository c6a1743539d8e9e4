//! A record's bytes to a tape, by a parser that copies nothing.
//!
//! ```text
//! record ─scan─> quotes, escapes ──grammar──> nodes: where keys and values lie ──> Json, read value by value
//!                                    └─> a fault, and its reason
//! ```
//!
//! It accepts what RFC 8259 does: of strings the scan has found ends, raw control characters and whether they are UTF-8, the
//! grammar's walk checks the rest. What a rule does not read is checked and no more: strings are unescaped and
//! numbers converted when they are asked for. Half a surrogate pair and numbers beyond a double's range are JSON by its grammar;
//! they read as U+FFFD and as infinite. simd-json, which this replaces, is what the tests compare with.

pub(crate) mod escape;
mod grammar;
mod reason;
#[cfg(test)]
mod tests;

use crate::Event;
use crate::scan::{Finder, Strings};
use crate::tape::{Json, Node};
use grammar::Fault;
use rule_model::Schema;

pub use reason::Reason;

/// Nested levels that a record may have unless set otherwise.
pub const DEFAULT_MAX_DEPTH: usize = 128;

/// Parses one record after the other. Its memory is used again.
#[derive(Debug)]
pub struct Parser {
    max_depth: usize,
    finder: Finder,
    nodes: Vec<Node>,
}

impl Parser {
    /// A parser that takes records of at most `max_depth` nested levels.
    pub fn new(max_depth: usize) -> Parser {
        Parser { max_depth, finder: Finder::new(), nodes: Vec::new() }
    }

    /// The object that `record` is, or why it is none.
    pub fn parse<'a>(&'a mut self, record: &'a [u8]) -> Result<Json<'a>, Reason> {
        if record.len() > Node::MAX_RECORD {
            return Err(Reason::TooLong);
        }
        let Parser { max_depth, finder, nodes } = self;
        match finder.find(record) {
            Some(strings) => read(record, strings, *max_depth, nodes),
            None => Err(reason::of_fault(Fault::Syntax, record)),
        }
    }

    /// The same for a record whose strings are known.
    pub(crate) fn parse_scanned<'a>(
        &'a mut self,
        record: &'a [u8],
        strings: Strings<'_, u16>,
    ) -> Result<Json<'a>, Reason> {
        read(record, strings, self.max_depth, &mut self.nodes)
    }

    /// Parses the text of one record of a known table, as inline tests do.
    pub fn with_event<R>(
        &mut self,
        schema: &Schema,
        text: &str,
        use_it: impl FnOnce(&Event<'_>) -> R,
    ) -> Result<R, Reason> {
        self.parse(text.as_bytes()).map(|record| use_it(&Event::new(schema, record)))
    }
}

impl Default for Parser {
    fn default() -> Parser {
        Parser::new(DEFAULT_MAX_DEPTH)
    }
}

/// Reads an object whose strings are known.
fn read<'a, P: Copy + Into<u32>>(
    record: &'a [u8],
    strings: Strings<'_, P>,
    max_depth: usize,
    nodes: &'a mut Vec<Node>,
) -> Result<Json<'a>, Reason> {
    let text = simdutf8::basic::from_utf8(record).map_err(|_| Fault::Syntax);
    let read = text.and_then(|text| grammar::read(record, strings, max_depth, nodes).map(|()| text));
    match read {
        Ok(text) => Json::of(text, nodes).filter(|json| json.is_object()).ok_or(Reason::NotAnObject),
        Err(fault) => Err(reason::of_fault(fault, record)),
    }
}
