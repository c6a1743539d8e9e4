//! From a table and an operation name to the rules that may match: the dispatch table and what each worker remembers.
//!
//! ```text
//! (table, name) ──remembered──> candidates
//!               └─new name──> exact and any-case keys by hash, other tests one by one ──accepts──> candidates
//! ```
//!
//! Rules found by a key are asked nothing by other names, so that a new name costs as much as the rules that could
//! take it. What is remembered is bounded in names and in bytes; at the bound everything is forgotten, which costs
//! less than keeping an order of use and lets hostile names push out no more than one filling.

mod memory;

use crate::Rule;
use crate::rule::{Body, Dispatch, DispatchKey, Input};
use rule_eval::{Context, text};
use rule_model::Schema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub use memory::{MemoryLimits, NameMemory};

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
    /// Inputs with any other test, or with no key at all.
    others: Vec<Candidate>,
}

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
                let table = tables.iter().position(|table| table.is_called(&reads.schema.name));
                if let Some(table) = table.and_then(|table| by_table.get_mut(table)) {
                    table.add(Candidate { rule, input }, &reads.dispatch);
                }
            }
        }
        DispatchTable { rules: rules.to_vec(), tables: by_table }
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
        let any_case = table.any_case.get(&folded(name)).into_iter().flatten();
        let mut found: Vec<Candidate> = exact.chain(any_case).chain(&table.others).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|it| self.find(*it).is_some_and(|(_, input)| (input.dispatch.accepts)(name, context)));
        found.into()
    }
}

impl TableRules {
    fn add(&mut self, candidate: Candidate, dispatch: &Dispatch) {
        let tests = dispatch.keys.iter().any(|key| matches!(key, DispatchKey::Test(_)));
        if tests || dispatch.keys.is_empty() {
            self.others.push(candidate);
            return;
        }
        for key in dispatch.keys {
            match key {
                DispatchKey::Exact(name) => self.exact.entry(name).or_default().push(candidate),
                DispatchKey::AnyCase(name) => self.any_case.entry(folded(name)).or_default().push(candidate),
                DispatchKey::Test(_) => {}
            }
        }
    }
}

/// The form in which names that differ by case only are equal.
fn folded(name: &str) -> String {
    name.chars().map(text::fold).collect()
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
            rule(metadata("prefix"), &[DispatchKey::Test("startswith a")], |name, _| {
                text::startswith(name, "a")
            }),
            rule(metadata("always"), &[], |_, _| true),
        ];
        DispatchTable::new(&rules, &[&AUDIT_LOGS, &SIGNIN_LOGS])
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
            (1, "Add", &[]),
            (7, "Add", &[]),
        ] {
            let found = dispatch.resolve(table, name, &mut context);
            assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), rules, "{table} {name}");
        }
    }
}
