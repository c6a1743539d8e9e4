//! What `explain` says of a rule.
//!
//! ```text
//! Rule ──words──> sentences ─┬─text──> sections for people
//!        counts over rules ──┴─json──> one object
//! ```

pub(crate) mod json;
mod partition;
pub(crate) mod text;
pub(crate) mod words;

use rule_model::attack;
use rule_model::metadata::Technique;
use rule_runtime::rule::Indicator;
use rule_runtime::{Rule, Ruleset};

/// A rule among others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explained<'a> {
    /// The rule.
    pub(crate) rule: &'static Rule,
    /// All rules compiled in.
    pub(crate) ruleset: &'a Ruleset,
}

impl Explained<'_> {
    /// How many other rules look for exactly the same.
    fn others_with(&self, indicator: &Indicator) -> usize {
        let others = self.ruleset.rules.iter().filter(|other| other.metadata.id != self.rule.metadata.id);
        others.filter(|other| other.indicators.contains(indicator)).count()
    }
}

/// The tables that a rule reads, each once, in the order of its query.
pub(crate) fn tables(rule: &Rule) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for input in rule.inputs() {
        if !names.contains(&input.schema.name.as_ref()) {
            names.push(&input.schema.name);
        }
    }
    names
}

/// A technique's name, a sub-technique's after its technique's.
fn technique_name(technique: &Technique) -> String {
    let Some(known) = attack::Technique::find(&technique.id) else { return String::new() };
    match known.parent() {
        Some(parent) => format!("{}: {}", parent.name, known.name),
        None => known.name.to_owned(),
    }
}
