//! What the code that `rule!` emits is written in: small functions that are not generic, so that thousands of rules
//! cost little to compile, and the names of everything a rule's data consists of.
//!
//! Emitted code names this module alone, so that a crate of rules depends on `rule-macros` and `rule-runtime` only.

pub use std::borrow::Cow;
pub use std::option::Option::{None, Some};

pub use crate::event::Event;
pub use crate::later::Later;
pub use crate::rule::{
    AcrossEvents, Body, Dispatch, DispatchKey, Expectation, Indicator, Input, Language, Lookup, Made,
    OutputColumn, Parting, Partition, Query, RowBuilder, RowLocal, Rule, Ruleset, StageText, StaticTable,
    Test,
};
pub use crate::unique_ids::assert_unique_ids;
pub use rule_eval::access::{element, property};
pub use rule_eval::text::{
    contains, contains_cs, endswith, endswith_cs, equals_ignore_case, has, has_cs, hasprefix, hasprefix_cs,
    hassuffix, hassuffix_cs, startswith, startswith_cs,
};
pub use rule_eval::{Context, Row};
pub use rule_model::{
    Column, DateTime, Guid, Schema, Text, Timespan, Type, Value, attack, entity, metadata, schema, tables,
};

use rule_eval::pattern;
use std::sync::OnceLock;

/// A function or operator of KQL that a rule calls; its entry is looked up once.
#[derive(Debug)]
pub struct Function {
    name: &'static str,
    entry: OnceLock<Option<&'static rule_eval::Function>>,
}

/// A regular expression that a rule tests for, compiled on first use.
#[derive(Debug)]
pub struct Regex {
    pattern: &'static str,
    compiled: OnceLock<Option<regex::Regex>>,
}

/// A value that Rust has no constant for (an array, a bag, a decimal), read on first use.
#[derive(Debug)]
pub struct Constant {
    bytes: &'static [u8],
    value: OnceLock<Value>,
}

impl Function {
    /// The function by its canonical name.
    pub const fn named(name: &'static str) -> Function {
        Function { name, entry: OnceLock::new() }
    }

    /// Calls it with values of its signature's types. A name without an entry, which the compiler of the rule would
    /// have refused, gives null.
    pub fn call(&self, arguments: &[Value], context: &mut Context) -> Value {
        match self.entry.get_or_init(|| rule_eval::function(self.name)) {
            Some(entry) => rule_eval::call(entry, context, arguments),
            None => Value::Null,
        }
    }
}

impl Regex {
    /// The expression of this pattern, which the compiler of the rule has checked.
    pub const fn new(pattern: &'static str) -> Regex {
        Regex { pattern, compiled: OnceLock::new() }
    }

    /// Whether some part of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| pattern::compile(self.pattern).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

impl Constant {
    /// The value that was serialised to these bytes.
    pub const fn serialised(bytes: &'static [u8]) -> Constant {
        Constant { bytes, value: OnceLock::new() }
    }

    /// The value.
    pub fn get(&self) -> Value {
        self.value.get_or_init(|| postcard::from_bytes(self.bytes).unwrap_or_default()).clone()
    }
}

/// The text of a string value; of any other, which a string column never holds, the empty text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether a value is true: neither false nor null.
pub fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

/// Whether a value is false: neither true nor null.
pub fn is_false(value: &Value) -> bool {
    matches!(value, Value::Bool(false))
}

/// Whether a text is empty.
pub fn is_empty(text: &str) -> bool {
    text.is_empty()
}

/// `==` of texts.
pub fn equals(left: &str, right: &str) -> bool {
    left == right
}

/// Whether one of the values of an event's column is this text, as Kibana's query language compares.
pub fn any_equals(event: &Event<'_>, column: usize, wanted: &'static str, context: &mut Context) -> bool {
    static EQUALS: Function = Function::named("kuery:equals");
    let told = event.any_text_equals(column, wanted);
    told.unwrap_or_else(|| is_true(&EQUALS.call(&[event.value(column), Value::literal(wanted)], context)))
}

/// `in`
pub fn is_one_of(text: &str, items: &[&str]) -> bool {
    items.contains(&text)
}

/// `in~`
pub fn is_one_of_in_any_case(text: &str, items: &[&str]) -> bool {
    items.iter().any(|item| equals_ignore_case(text, item))
}

/// `has_any`
pub fn has_any(text: &str, terms: &[&str]) -> bool {
    terms.iter().any(|term| has(text, term))
}

/// `has_all`
pub fn has_all(text: &str, terms: &[&str]) -> bool {
    terms.iter().all(|term| has(text, term))
}

/// Appends columns of the event to a row.
pub fn push_columns(row: &mut Row, event: &Event<'_>, columns: &[usize]) {
    row.extend(event.values(columns));
}

/// The inline tests that a rule carries: these, or none in a program that is built without.
pub const fn carried(tests: &'static [Test]) -> &'static [Test] {
    if crate::testing::CARRIED { tests } else { &[] }
}

/// What stands in the place of a rule that does not compile.
pub const STUB: Rule = Rule {
    id: "",
    metadata: &NO_METADATA,
    module: "",
    body: Body::AcrossEvents(AcrossEvents {
        inputs: &[],
        tail: &[],
        partition: Partition::Whole(""),
        parting: Parting::Whole(""),
        static_tables: &[],
    }),
    columns: &[],
    visible: 0,
    query: Query { table: None, language: Language::Kusto, text: "" },
    stages: &NO_STAGES,
    indicators: &NO_INDICATORS,
    tests: &[],
    fingerprint: 0,
};

static NO_METADATA: Later<metadata::Metadata> = Later::serialised(&[]);
static NO_STAGES: Later<Vec<StageText>> = Later::serialised(&[]);
static NO_INDICATORS: Later<Vec<Indicator>> = Later::serialised(&[]);
