//! What a rule costs to run: whether its state is bounded, and whether only the events that matter reach it.

use super::fields::Fields;
use crate::diagnostic::Diagnostic;
use crate::planning::{self, Body, Input};
use crate::schemas::Schemas;
use crate::walk;
use rule_model::metadata::{Grouping, Metadata, Trigger};
use rule_model::plan::{Plan, Query, Source, Span};

/// What is wrong with how a rule's query, whose spans are ranges of `text`, may be run, at places of that text.
pub(super) fn check(plan: &Plan, text: &str, fields: &Fields, schemas: &Schemas) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let body = planning::body(plan, &fields.metadata, schemas);
    let inputs = match &body {
        Body::RowLocal { input, .. } => std::slice::from_ref(input),
        Body::AcrossEvents { inputs, .. } => inputs.as_slice(),
    };
    if walk::tables(plan).is_empty() {
        let fault = Diagnostic::error(first_word(whole(plan, text), text), "this query reads no table");
        faults.push(
            fault.note("no event can make the rule alert").help("begin it with a table, such as `AuditLogs`"),
        );
    } else if matches!(body, Body::AcrossEvents { .. }) && !is_bounded(fields) {
        faults.push(unbounded(plan, text));
    }
    if !fields.full_scan {
        faults.extend(full_scan(inputs, plan, text));
    }
    faults
}

/// What is wrong with fields that need several events at once, at places of the rule.
pub(super) fn check_fields(fields: &Fields) -> Vec<Diagnostic> {
    let metadata = &fields.metadata;
    if is_bounded(fields) {
        return Vec::new();
    }
    let needs = [
        ("trigger", metadata.trigger != Trigger::default(), "a trigger counts the rows of an evaluation"),
        ("grouping", metadata.grouping == Grouping::Single, "one alert is made of the rows of an evaluation"),
    ];
    let mut faults = Vec::new();
    for (field, is_needed, note) in needs {
        if let Some(span) = fields.spans.get(field).filter(|_| is_needed) {
            let message = format!("`{field}` needs a schedule, and this rule has none");
            let fault = Diagnostic::error(*span, message).note(note);
            faults.push(fault.help("add `schedule: every 1h over 1h`"));
        }
    }
    if let Some(span) = fields
        .spans
        .get("threshold")
        .filter(|_| metadata.threshold > 1 && !fields.spans.contains_key("dedup"))
    {
        let fault = Diagnostic::error(*span, "`threshold` needs a period to count in")
            .note("it counts the matches of one key within the period of `dedup`");
        faults.push(fault.help("add `dedup: 1h`, or `dedup: { period: 1h, by: [Column] }`"));
    }
    faults
}

/// Whether the rule says over which span of time it looks at several events; of a schedule that is wrong that has been
/// told.
fn is_bounded(fields: &Fields) -> bool {
    let Metadata { threshold, dedup, .. } = &fields.metadata;
    fields.schedule_is_written || (*threshold > 1 && dedup.is_some())
}

/// The operator that remembers events without end.
fn unbounded(plan: &Plan, text: &str) -> Diagnostic {
    let remembering = plan.bindings.iter().chain([&plan.root]).find_map(remembering);
    let (span, message) = match remembering {
        Some(span) => {
            let span = first_word(span, text);
            (span, format!("`{}` looks at several events, and nothing bounds how many", span.text(text)))
        }
        None => (
            first_word(whole(plan, text), text),
            "this query puts events together, and nothing bounds how many".to_owned(),
        ),
    };
    Diagnostic::error(span, message)
        .note("a rule across events is evaluated on a schedule, over the events of a span of time")
        .help("add `schedule: every 1h over 1d`")
}

/// The first operator of a query over tables that looks at several rows.
fn remembering(query: &Query) -> Option<Span> {
    let inner = match &query.source {
        Source::Query(inner) => remembering(inner),
        _ => None,
    };
    let looks_around = |stage: &&rule_model::plan::Stage| !planning::is_row_local(&stage.operator);
    inner.or_else(|| query.stages.iter().find(looks_around).map(|stage| stage.span))
}

/// A warning where dispatch cannot tell by the operation which events matter.
fn full_scan(inputs: &[Input], plan: &Plan, text: &str) -> Option<Diagnostic> {
    let mut tables: Vec<&str> =
        inputs.iter().filter(|input| input.keys.is_empty()).map(|input| input.table.as_str()).collect();
    tables.dedup();
    let operation = inputs.iter().find(|input| input.keys.is_empty())?.operation.as_deref();
    let message = format!("every event of {} is looked at", tables.join(" and of "));
    let warning = Diagnostic::warning(first_word(whole(plan, text), text), message);
    Some(match operation {
        Some(operation) => warning
            .note("no condition names texts by which the events that matter could be told from others")
            .help(format!("compare {operation} with texts, or acknowledge it: `full_scan: accepted`")),
        None => warning
            .note("the table has no column that names the operation")
            .help("acknowledge it: `full_scan: accepted`"),
    })
}

/// The range of the root's operators; of all its text where it has none.
fn whole(plan: &Plan, text: &str) -> Span {
    let spans = plan.root.stages.iter().map(|stage| stage.span);
    spans.reduce(Span::to).unwrap_or_else(|| Span::new(0, text.len() as u32))
}

/// The first word in a range, without the `|` before it.
fn first_word(span: Span, text: &str) -> Span {
    let written = span.text(text);
    let skipped = written.len() - written.trim_start_matches(['|', '(', ' ', '\t', '\r', '\n']).len();
    let word = &written[skipped..];
    let length = word.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(word.len());
    let start = span.start + skipped as u32;
    Span::new(start, start + (length.max(1) as u32).min(span.end.saturating_sub(start)))
}
