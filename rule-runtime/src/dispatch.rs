//! From a table and an operation name to the rules that may match: the dispatch table and what each worker remembers.
//!
//! ```text
//! (table, name) ──remembered──> candidates
//!               └─new name──> exact and any-case keys by hash, parts of names by one automaton, other tests one by one
//!                             ──accepts──> candidates
//! (table, value of another field) ──by hash──> candidates of rules that any operation may meet
//! ```
//!
//! Rules found by a key are asked nothing by other names, so that a new name costs as much as the rules that could
//! take it. What is remembered is bounded in names and in bytes.

mod memory;
mod parts;

use crate::Rule;
use crate::rule::{Body, DispatchKey, Input};
use rule_eval::{Context, text};
use rule_model::Schema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub use memory::{MemoryLimits, NameMemory};
use parts::Parts;

/// An input of a rule, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// Position of the rule among the rules of the table.
    pub rule: usize,
    /// Position of the input within the rule; 0 for a row-local rule.
    pub input: usize,
}

/// All inputs of all rules, by table and by what they ask of the operation name. Shared by all workers.
#[derive(Debug)]
pub struct DispatchTable {
    rules: Vec<&'static Rule>,
    tables: Vec<TableRules>,
}

/// The inputs that read one table.
#[derive(Debug, Default)]
struct TableRules {
    exact: HashMap<&'static str, Vec<Candidate>>,
    any_case: HashMap<String, Vec<Candidate>>,
    parts: Parts,
    /// Inputs with any other test, or with no key at all.
    others: Vec<Candidate>,
    fields: Vec<FieldRules>,
}

/// The inputs that any operation may meet, but only certain values of a field.
#[derive(Debug)]
struct FieldRules {
    /// Position of the column.
    column: usize,
    /// By the value, folded.
    by_value: HashMap<String, Vec<Candidate>>,
    /// All of them.
    all: Vec<Candidate>,
}

/// Fields of a table by which inputs are found, other than the operation; inputs that ask for yet other fields are
/// candidates of every event.
pub const FIELDS: usize = 2;

impl Rule {
    /// The tables that the rule reads.
    pub fn inputs(&self) -> &[Input] {
        match &self.body {
            Body::RowLocal(local) => std::slice::from_ref(&local.input),
            Body::AcrossEvents(across) => across.inputs,
        }
    }
}

impl DispatchTable {
    /// Puts the inputs of `rules` in order by `tables`.
    pub fn new(rules: &[&'static Rule], tables: &[&'static Schema]) -> DispatchTable {
        let mut by_table: Vec<TableRules> = tables.iter().map(|_| TableRules::default()).collect();
        for (rule, it) in rules.iter().enumerate() {
            for (input, reads) in it.inputs().iter().enumerate() {
                let mut read = tables.iter().zip(&mut by_table);
                if let Some((schema, table)) = read.find(|(table, _)| table.is_called(&reads.schema.name)) {
                    table.add(Candidate { rule, input }, reads, schema);
                }
            }
        }
        for table in &mut by_table {
            table.finish();
        }
        DispatchTable { rules: rules.to_vec(), tables: by_table }
    }

    /// The columns of a table by whose values inputs are found, other than the operation: at most [`FIELDS`].
    pub fn fields(&self, table: usize) -> impl Iterator<Item = usize> {
        self.tables.get(table).into_iter().flat_map(|table| &table.fields).map(|field| field.column)
    }

    /// Whether an input takes events of this name.
    pub fn accepts(&self, candidate: Candidate, name: &str, context: &mut Context) -> bool {
        self.find(candidate).is_some_and(|(_, input)| (input.dispatch.accepts)(name, context))
    }

    /// Adds the inputs that take events with this value of a table's field, by position among [`Self::fields`]. Whether they take
    /// the event's name, too, is for [`Self::accepts`] to say.
    pub fn by_field(&self, table: usize, field: usize, value: &str, found: &mut Vec<Candidate>) {
        let Some(field) = self.tables.get(table).and_then(|table| table.fields.get(field)) else { return };
        if value.trim_start().starts_with(['[', '{']) {
            found.extend_from_slice(&field.all);
        } else if let Some(candidates) = with_folded(value, |value| field.by_value.get(value)) {
            found.extend_from_slice(candidates);
        }
    }

    /// The rules, as candidates number them.
    pub fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// The rule of a candidate and the input that it is about.
    pub fn find(&self, candidate: Candidate) -> Option<(&'static Rule, &'static Input)> {
        let rule: &'static Rule = self.rules.get(candidate.rule)?;
        Some((rule, rule.inputs().get(candidate.input)?))
    }

    /// The inputs that take events of this name, in the order of the rules. Pure: what is remembered is equal to it.
    pub fn resolve(&self, table: usize, name: &str, context: &mut Context) -> Box<[Candidate]> {
        let Some(table) = self.tables.get(table) else { return Box::default() };
        let exact = table.exact.get(name).into_iter().flatten();
        let folded = folded(name);
        let any_case = table.any_case.get(&folded).into_iter().flatten();
        let parts = table.parts.of(&folded);
        let mut found: Vec<Candidate> =
            exact.chain(any_case).chain(parts).chain(&table.others).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|it| self.accepts(*it, name, context));
        found.into()
    }
}

impl TableRules {
    /// Adds an input by its keys; columns are those of `schema`, by which events are read before rules see them.
    fn add(&mut self, candidate: Candidate, input: &Input, schema: &Schema) {
        let keys = input.dispatch.keys;
        if keys.is_empty() || keys.iter().any(|key| matches!(key, DispatchKey::Test(_))) {
            self.others.push(candidate);
            return;
        }
        for key in keys {
            match key {
                DispatchKey::Exact(name) => self.exact.entry(name).or_default().push(candidate),
                DispatchKey::AnyCase(name) => self.any_case.entry(folded(name)).or_default().push(candidate),
                DispatchKey::Part { part, .. } => self.parts.add(candidate, folded(part)),
                DispatchKey::Field { column, value } => match schema.column_index(column) {
                    Some(column) => self.field(column).add(candidate, folded(value)),
                    None => self.others.push(candidate),
                },
                DispatchKey::Test(_) => {}
            }
        }
    }

    fn field(&mut self, column: usize) -> &mut FieldRules {
        let known = self.fields.iter().position(|field| field.column == column);
        let place = known.unwrap_or_else(|| {
            self.fields.push(FieldRules { column, by_value: HashMap::new(), all: Vec::new() });
            self.fields.len() - 1
        });
        // It was found or has just been added.
        &mut self.fields[place]
    }

    /// Keeps the fields that most inputs are found by.
    fn finish(&mut self) {
        self.fields.sort_by_key(|field| std::cmp::Reverse(field.all.len()));
        let rest = self.fields.drain(self.fields.len().min(FIELDS)..);
        self.others.extend(rest.flat_map(|field| field.all));
        self.parts.finish();
    }
}

impl FieldRules {
    fn add(&mut self, candidate: Candidate, value: String) {
        if self.all.last() != Some(&candidate) {
            self.all.push(candidate);
        }
        self.by_value.entry(value).or_default().push(candidate);
    }
}

/// The form in which names that differ by case only are equal.
fn folded(name: &str) -> String {
    name.chars().map(text::fold).collect()
}

/// Does something with the folded form of a text: this is done for every record, so that a short one of ASCII, as mostly all
/// are, is folded where it costs no allocation.
fn with_folded<T>(value: &str, with: impl FnOnce(&str) -> T) -> T {
    const SHORT: usize = 64;
    let mut short = [0; SHORT];
    if let Some(place) = short.get_mut(..value.len()).filter(|_| value.is_ascii()) {
        place.copy_from_slice(value.as_bytes());
        place.make_ascii_uppercase();
        if let Ok(folded) = std::str::from_utf8(place) {
            return with(folded);
        }
    }
    with(&folded(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{metadata, rule};
    use rule_model::DateTime;
    use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};

    pub(super) fn table() -> DispatchTable {
        let rules = [
            rule(metadata("exact"), &[DispatchKey::Exact("Add")], |name, _| name == "Add"),
            rule(
                metadata("any case"),
                &[DispatchKey::AnyCase("add"), DispatchKey::AnyCase("ÄDD")],
                |name, _| text::equals_ignore_case(name, "add") || text::equals_ignore_case(name, "ädd"),
            ),
            rule(metadata("prefix"), &[DispatchKey::Part { test: "startswith a", part: "a" }], |name, _| {
                text::startswith(name, "a")
            }),
            rule(metadata("always"), &[], |_, _| true),
            rule(metadata("test"), &[DispatchKey::Test("matches regex x$")], |name, _| name.ends_with('x')),
            rule(
                metadata("field"),
                &[
                    DispatchKey::Field { column: "Category", value: "Policy" },
                    DispatchKey::Field { column: "Category", value: "Role" },
                ],
                |_, _| true,
            ),
        ];
        DispatchTable::new(&rules, &[&AUDIT_LOGS, &SIGNIN_LOGS])
    }

    #[test]
    fn a_field_finds_the_rules_that_take_its_value() {
        let dispatch = table();
        let column = AUDIT_LOGS.column_index("Category").unwrap();
        assert_eq!(dispatch.fields(0).collect::<Vec<_>>(), [column]);
        for (value, rules) in [("policy", 1), ("ROLE", 1), ("", 0), ("other", 0), ("[\"Policy\"]", 1)] {
            let mut found = Vec::new();
            dispatch.by_field(0, 0, value, &mut found);
            assert_eq!(found.len(), rules, "{value}");
        }
    }

    #[test]
    fn texts_are_folded_alike_whatever_their_length() {
        let ascii: String = (1..128_u8).map(char::from).collect();
        let long = "Longer Than What Is Folded In Place ".repeat(3);
        for text in ["", "Policy", "Ünïcode K", &ascii[..64], &ascii[63..], &ascii, &long] {
            with_folded(text, |short| assert_eq!(short, folded(text)));
        }
    }

    #[test]
    fn a_name_finds_the_rules_that_take_it_in_their_order() {
        let dispatch = table();
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        for (table, name, rules) in [
            (0, "Add", &[0, 1, 2, 3][..]),
            (0, "ADD", &[1, 2, 3]),
            (0, "ädd", &[1, 3]),
            (0, "About", &[2, 3]),
            (0, "", &[3]),
            (0, "ax", &[2, 3, 4]),
            (1, "Add", &[]),
            (7, "Add", &[]),
        ] {
            let found = dispatch.resolve(table, name, &mut context);
            assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), rules, "{table} {name}");
        }
    }
}
