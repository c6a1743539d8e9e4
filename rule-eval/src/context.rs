//! What an evaluation knows besides its input.

use crate::geography::Geography;
use crate::memory::Memory;
use crate::parsed::ParsedTexts;
use crate::{json, pattern};
use regex::Regex;
use rule_model::{DateTime, Value};
use smol_str::SmolStr;
use std::collections::HashMap;
use std::fmt;

/// What functions may ask for while a query is evaluated. One serves a whole evaluation.
#[derive(Debug)]
pub struct Context {
    /// What `now()` says: the same throughout an evaluation.
    pub now: DateTime,
    /// Where addresses are; `None` without a database.
    pub geography: Option<Geography>,
    /// What the evaluation holds, and may.
    pub memory: Memory,
    /// JSON texts that were parsed, where they are held.
    pub parsed: Option<ParsedTexts>,
    regexes: HashMap<String, Option<Regex>>,
    failure: Option<EvalError>,
}

/// Why an evaluation stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong, as a sentence without a full stop.
    pub message: String,
}

/// Patterns remembered at the most; past it the memory is emptied, so that patterns made from data cannot fill it.
const REMEMBERED_REGEXES: usize = 1024;

impl Context {
    /// A context in which it is `now` and places are not known.
    pub fn at(now: DateTime) -> Context {
        let (memory, regexes) = (Memory::default(), HashMap::new());
        Context { now, geography: None, memory, parsed: None, regexes, failure: None }
    }

    /// The same context with a database of addresses, if there is one.
    pub fn with_geography(self, geography: Option<Geography>) -> Context {
        Context { geography, ..self }
    }

    /// The same context with room for so many bytes.
    pub fn with_room(self, room: u64) -> Context {
        Context { memory: Memory::of(room), ..self }
    }

    /// The same context with texts that were parsed before.
    pub fn with_parsed(self, parsed: ParsedTexts) -> Context {
        Context { parsed: Some(parsed), ..self }
    }

    /// The value that a JSON text writes; `None` of what is no JSON.
    pub(crate) fn json(&mut self, text: &SmolStr) -> Option<Value> {
        match &mut self.parsed {
            Some(parsed) => parsed.parse(text),
            None => json::parse(text).ok(),
        }
    }

    /// The compiled form of a pattern; `None` when it is not a valid one.
    pub fn regex(&mut self, pattern: &str) -> Option<&Regex> {
        if self.regexes.len() >= REMEMBERED_REGEXES && !self.regexes.contains_key(pattern) {
            self.regexes.clear();
        }
        if !self.regexes.contains_key(pattern) {
            self.regexes.insert(pattern.to_owned(), pattern::compile(pattern).ok());
        }
        self.regexes.get(pattern).and_then(Option::as_ref)
    }

    /// Stops the evaluation with an error, the first of which is kept; gives null so that a function can end with it.
    pub fn fail(&mut self, message: impl Into<String>) -> Value {
        self.failure.get_or_insert_with(|| EvalError { message: message.into() });
        Value::Null
    }

    /// The error that a function reported, if any; taking it clears it.
    pub fn take_failure(&mut self) -> Option<EvalError> {
        self.failure.take()
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}
