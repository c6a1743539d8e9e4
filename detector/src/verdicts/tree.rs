//! A tree of conditions as lines: each with its truth, its depth and what it looked at.

use rule_eval::evaluate::verdict::{Operand, Part, Verdict};
use rule_eval::json;
use rule_lang::one_line;
use rule_model::Value;
use std::ptr;

/// A line of the tree.
#[derive(Debug)]
pub(super) struct Line<'v> {
    /// The condition.
    pub(super) verdict: &'v Verdict,
    /// How deep it lies.
    pub(super) depth: usize,
    /// What it says: the condition as written, or how its parts go together.
    pub(super) text: String,
    /// Whether it is the one that decided.
    pub(super) decided: bool,
}

/// The lines of a condition written in `query`, outer before inner.
pub(super) fn lines<'v>(verdict: &'v Verdict, query: &str) -> Vec<Line<'v>> {
    let decided = verdict.decided_by();
    let mut lines = Vec::new();
    gather(verdict, query, 0, &mut lines);
    for line in &mut lines {
        line.decided = ptr::eq(line.verdict, decided);
    }
    lines
}

/// `Category is "rolemanagement"`
pub(super) fn operand(operand: &Operand, query: &str) -> String {
    format!("{} is {}", one_line(operand.name(query)), shown(&operand.value))
}

/// A value as a reader of JSON knows it; a KQL string is never null.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_) | Value::Array(_) | Value::Bag(_) => json::write(value),
        Value::Null => "null".to_owned(),
        other => json::display(other).to_string(),
    }
}

fn gather<'v>(verdict: &'v Verdict, query: &str, depth: usize, lines: &mut Vec<Line<'v>>) {
    let text = match &verdict.part {
        Part::All(_) => "all of".to_owned(),
        Part::Any(_) => "any of".to_owned(),
        Part::Not(_) => "not".to_owned(),
        Part::Test { .. } => one_line(verdict.span.text(query)),
    };
    lines.push(Line { verdict, depth, text, decided: false });
    match &verdict.part {
        Part::All(parts) | Part::Any(parts) => {
            parts.iter().for_each(|part| gather(part, query, depth + 1, lines));
        }
        Part::Not(part) => gather(part, query, depth + 1, lines),
        Part::Test { .. } => {}
    }
}
