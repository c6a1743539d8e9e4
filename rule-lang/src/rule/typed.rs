//! A checked rule.

use super::names::Named;
use crate::Span;
use rule_model::metadata::Metadata;
use rule_model::plan::{Field, Plan};

/// A rule whose names are resolved and whose types are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it says of itself.
    pub metadata: Metadata,
    /// The table of its head; the table of tests that name none.
    pub table: Option<String>,
    /// Its query.
    pub plan: Plan,
    /// The text of its query, which the spans of `plan` are ranges of.
    pub query: String,
    /// The language of that text.
    pub language: Language,
    /// How many of the plan's output columns are visible in an alert's row; those behind are for title and keys.
    pub visible: usize,
    /// Whether its author accepts that it looks at every event.
    pub full_scan: bool,
    /// Its inline tests.
    pub tests: Vec<Test>,
    /// The tables and their columns that it names, with their places in the rule's body.
    pub named: Vec<Named>,
}

/// A query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The Kusto Query Language.
    Kusto,
    /// Kibana's.
    Kibana,
}

/// An inline test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Name, unique within the rule.
    pub name: String,
    /// Where the name stands in the rule's body.
    pub span: Span,
    /// Whether the rule must alert.
    pub fires: bool,
    /// The events: the table each is said to belong to, and its JSON text.
    pub events: Vec<(Option<String>, String)>,
    /// Columns and the texts of their values that one alert must have.
    pub expected: Vec<(String, String)>,
}

impl Rule {
    /// The columns that its query gives: visible ones, then hidden ones.
    pub fn columns(&self) -> &[Field] {
        self.plan.root.output()
    }
}
