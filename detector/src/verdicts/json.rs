//! Judged events as one object.

use super::{Judged, JudgedInput, JudgedRecord, Outcome, Traced};
use rule_eval::evaluate::trace::Step;
use rule_eval::evaluate::verdict::{Operand, Part, Verdict};
use rule_lang::one_line;
use rule_model::Value;
use rule_model::plan::{HIDDEN, Span};
use std::ptr;

/// Everything that was found.
pub(crate) fn whole(judged: &Judged) -> Value {
    let query = judged.rule.query.text;
    Value::bag([
        ("rule_id", Value::string(&judged.rule.metadata.id)),
        ("query", Value::literal(query)),
        ("records", Value::array(judged.records.iter().map(|record| self::record(record, query)))),
        ("together", judged.together.as_ref().map_or(Value::Null, |together| traced(together, query))),
    ])
}

fn record(record: &JudgedRecord, query: &str) -> Value {
    let (outcome, details) = match &record.outcome {
        Outcome::Unreadable(reason) => ("unreadable", ("reason", Value::string(reason))),
        Outcome::NotRead => {
            ("not_read", ("reason", Value::literal("of a table that the rule does not read")))
        }
        Outcome::Traced(it) if it.output.rows.is_empty() => ("no_row", ("query", traced(it, query))),
        Outcome::Traced(it) => ("rows", ("query", traced(it, query))),
        Outcome::Inputs(inputs) => {
            let kept = inputs.iter().any(JudgedInput::passes);
            let inputs = Value::array(inputs.iter().map(|it| input(it, query)));
            (if kept { "kept" } else { "not_kept" }, ("inputs", inputs))
        }
    };
    Value::bag([
        ("source", Value::string(&record.source)),
        ("record", Value::Long(record.number as i64)),
        ("table", record.table.map_or(Value::Null, |table| Value::string(&table.name))),
        ("recognized", Value::Bool(record.table.is_some() && !record.assumed)),
        ("outcome", Value::literal(outcome)),
        details,
    ])
}

fn input(input: &JudgedInput, query: &str) -> Value {
    Value::bag([
        ("input", Value::Long(input.number as i64)),
        ("kept", Value::Bool(input.passes())),
        ("conditions", Value::array(input.conditions.iter().map(|verdict| tree(verdict, query)))),
    ])
}

fn traced(traced: &Traced, query: &str) -> Value {
    let decided = traced.decisive().map(|(step, verdict)| {
        let span = verdict.map_or(step.span, |verdict| verdict.span);
        written(span, query)
    });
    let columns = &traced.output.columns;
    let rows = traced.output.rows.iter().map(|row| {
        let cells = columns.iter().zip(row).filter(|(column, _)| !column.name.starts_with(HIDDEN));
        Value::bag(cells.map(|(column, value)| (column.name.clone(), value.clone())))
    });
    Value::bag([
        ("decided_by", decided.unwrap_or_default()),
        ("reasons", Value::array(traced.reasons.iter().map(Value::string))),
        ("rows", Value::array(rows)),
        ("steps", Value::array(traced.steps.iter().map(|it| step(it, query)))),
    ])
}

fn step(step: &Step, query: &str) -> Value {
    Value::bag([
        ("text", written(step.span, query)),
        ("rows_in", Value::Long(step.input.rows.len() as i64)),
        ("rows_out", Value::Long(step.rows as i64)),
        ("conditions", Value::array(step.verdicts.iter().map(|verdict| tree(verdict, query)))),
    ])
}

/// A condition; `decided` marks the part that settled it.
fn tree(verdict: &Verdict, query: &str) -> Value {
    node(verdict, verdict.decided_by(), query)
}

fn node(verdict: &Verdict, decided: &Verdict, query: &str) -> Value {
    let parts = |parts: &[Verdict]| Value::array(parts.iter().map(|part| node(part, decided, query)));
    let (kind, details) = match &verdict.part {
        Part::All(all) => ("all", vec![("parts", parts(all))]),
        Part::Any(any) => ("any", vec![("parts", parts(any))]),
        Part::Not(part) => ("not", vec![("parts", Value::array([node(part, decided, query)]))]),
        Part::Test { operands, near_miss } => {
            let operands = operands.iter().map(|it| operand(it, query));
            let near_miss = near_miss.map_or(Value::Null, |miss| Value::literal(miss.laxer));
            ("test", vec![("operands", Value::array(operands)), ("near_miss", near_miss)])
        }
    };
    let mut all = vec![
        ("kind", Value::literal(kind)),
        ("text", written(verdict.span, query)),
        ("value", verdict.truth.map_or(Value::Null, Value::Bool)),
        ("decided", Value::Bool(ptr::eq(verdict, decided))),
    ];
    all.extend(details);
    Value::bag(all)
}

fn operand(operand: &Operand, query: &str) -> Value {
    Value::bag([("name", Value::string(one_line(operand.name(query)))), ("value", operand.value.clone())])
}

fn written(span: Span, query: &str) -> Value {
    Value::string(one_line(span.text(query).trim_start_matches(['|', ' ', '\n'])))
}
