//! How a rule runs, in sentences.

use super::partition::{self, Partition};
use crate::static_tables;
use rule_model::Timespan;
use rule_model::metadata::{Comparison, Grouping, Metadata, TemplatePart, Trigger};
use rule_runtime::Rule;
use rule_runtime::across::TickRule;
use rule_runtime::across::estimate;
use rule_runtime::across::step::{is_on_ticks, schedule};
use rule_runtime::plans::StaticTables;
use rule_runtime::rule::{Body, DispatchKey, Input, RowBuilder, StaticTable};

const TICKS_PER_MILLISECOND: i64 = 10_000;
/// Units of time in ticks, the longest first.
const UNITS: [(i64, &str); 5] = [
    (86_400_000 * TICKS_PER_MILLISECOND, "day"),
    (3_600_000 * TICKS_PER_MILLISECOND, "hour"),
    (60_000 * TICKS_PER_MILLISECOND, "minute"),
    (1_000 * TICKS_PER_MILLISECOND, "second"),
    (TICKS_PER_MILLISECOND, "millisecond"),
];

/// The plan of a rule, step by step.
pub(super) fn plan(rule: &'static Rule) -> Vec<String> {
    let mut steps: Vec<String> = inputs(rule).map(|(input, table)| candidates(input, &table)).collect();
    match &rule.body {
        Body::RowLocal(local) => {
            steps.push(
                "Any further conditions are checked on the event, by code compiled for this rule.".to_owned(),
            );
            steps.push(match &local.row {
                RowBuilder::Generated(_) => "Each event that meets them gives one row, built by compiled code.",
                RowBuilder::Plan(_) => {
                    "Each event that meets them goes through the rest of the query, which gives any number of rows."
                }
            }
            .to_owned());
        }
        Body::AcrossEvents(_) => {
            steps.push(
                "Events that meet the conditions before the first operator across events are kept."
                    .to_owned(),
            );
            steps.extend(inputs(rule).filter_map(|(input, table)| made(input, &table)));
            steps.push("The rest of the query runs over all events kept.".to_owned());
            steps.extend(inputs(rule).filter_map(|(input, table)| lookup(input, &table)));
        }
    }
    if is_on_ticks(rule) {
        steps.push(bytes_kept(rule));
    }
    steps.push(partition_key(rule));
    if is_on_ticks(rule) {
        steps.push(match partition::at_once(rule) {
            None if matches!(rule.body, Body::RowLocal(_)) => {
                "The rows that a tick sees are gone through one after the other; nothing but its new alerts is held.".to_owned()
            }
            None if partition::comes_row_by_row(rule) => {
                "What a tick sees is evaluated one row after another; few are held besides those that it gives.".to_owned()
            }
            None => part_by_part(rule),
            Some(reason) => format!(
                "What a tick sees is evaluated at once, however much memory that takes, because it {reason}; \
                 a run says where that was more than it may take (--max-state)."
            ),
        });
    }
    steps.extend(given(rule));
    steps.extend(when(rule));
    steps.extend(remembered(rule));
    steps.extend(shaping(rule.metadata));
    steps
}

/// The inputs of a rule by their tables, numbered where it reads one several times.
fn inputs(rule: &Rule) -> impl Iterator<Item = (&Input, String)> {
    let inputs = rule.inputs();
    inputs.iter().enumerate().map(|(position, input)| {
        let table = &input.schema.name;
        let same = |inputs: &[Input]| inputs.iter().filter(|other| other.schema.name == *table).count();
        let name = match same(inputs) {
            1 => table.to_string(),
            _ => format!("{table} ({})", same(inputs.get(..=position).unwrap_or_default())),
        };
        (input, name)
    })
}

/// The tables that a run must be given for the rule.
fn given(rule: &Rule) -> Option<String> {
    let tables = static_tables::of(rule);
    let columns = |columns: &[&str]| {
        if columns.is_empty() { String::new() } else { format!(" (columns: {})", columns.join(", ")) }
    };
    let one = |table: &StaticTable| format!("{0}=FILE{1}", table.name, columns(table.columns));
    let all: Vec<String> = tables.iter().map(one).collect();
    (!all.is_empty()).then(|| {
        format!(
            "It looks things up in tables that `run` must be given, and does not run without them: {}.",
            all.join(", ")
        )
    })
}

/// When a rule is evaluated; nothing of one that alerts event by event.
fn when(rule: &Rule) -> Option<String> {
    if !is_on_ticks(rule) {
        return None;
    }
    let Some(schedule) = schedule(rule) else {
        return Some("It is evaluated once, at the end of the input, over all of it.".to_owned());
    };
    Some(format!(
        "It is evaluated every {} of event time, counted from 1970-01-01 in UTC, over the {} before; each time as soon as all \
         inputs are past it by the lateness (--lateness, 5 minutes unless said otherwise).",
        span(schedule.every),
        span(schedule.over)
    ))
}

/// The columns by which a tick finds what the one before it gave already; none where it does not.
pub(super) fn remembered_by(rule: &'static Rule) -> Vec<String> {
    let of_rule = TickRule::new(rule, &StaticTables::default()).and_then(Result::ok);
    of_rule.iter().flat_map(TickRule::remembers_by).map(str::to_owned).collect()
}

/// The same in a sentence.
fn remembered(rule: &'static Rule) -> Option<String> {
    let by = remembered_by(rule);
    (!by.is_empty()).then(|| {
        format!(
            "Only groups of which events came or went since the evaluation before are evaluated again, by {}.",
            by.join(", ")
        )
    })
}

/// How a rule is evaluated in parts, and what is not.
fn part_by_part(rule: &'static Rule) -> String {
    let of_rule = TickRule::new(rule, &StaticTables::default()).and_then(Result::ok);
    let (behind, answers) = of_rule.map_or((false, false), |it| it.takes_together());
    let behind = if behind { "; what comes of the parts is then held together" } else { "" };
    let answers =
        if answers { "; what it asks other queries for is worked out at once, and held" } else { "" };
    format!(
        "What a tick sees is evaluated part by part where it takes more memory than there is \
         (--max-state){behind}{answers}."
    )
}

/// What is kept of an input's events in place of their columns.
fn made(input: &Input, table: &str) -> Option<String> {
    let made = input.made.as_ref()?;
    let names: Vec<&str> = made.columns.iter().map(|(name, _)| *name).collect();
    let given = match made.stages {
        0 => "is kept what the query asks of it alone".to_owned(),
        1 => "is kept what the stage behind those conditions gives".to_owned(),
        stages => format!("is kept what the {stages} stages behind those conditions give"),
    };
    let names = if names.is_empty() { "that it is there".to_owned() } else { names.join(", ") };
    Some(format!("Of each event of {table} {given}: {names}."))
}

/// How a join finds the rows of an input.
fn lookup(input: &Input, table: &str) -> Option<String> {
    Some(if input.lookup?.rereads {
        format!(
            "Of each event of {table} only the key of its join is kept; the event is read again where the other side \
             has that key. From input that cannot be read again (a pipe, a compressed file) its columns are kept, too."
        )
    } else {
        format!(
            "Events of {table} are kept under the key of their join, and only looked at where the other side has it."
        )
    })
}

/// By what its events may be given to different machines.
fn partition_key(rule: &Rule) -> String {
    match partition::of(rule) {
        Partition::Stateless => {
            "It remembers nothing between events: any of them may be given to any machine.".to_owned()
        }
        Partition::By(keys) => format!(
            "Its partition key is {}: events that differ in it never meet, and may be given to different machines.",
            keys.join(", ")
        ),
        Partition::Whole(reason) => {
            format!("It has no partition key, because it {reason}: one machine must see all its events.")
        }
    }
}

/// What a kept row takes, of each input.
fn bytes_kept(rule: &'static Rule) -> String {
    let of_input = |(input, table): (&Input, String)| {
        let estimate = estimate::of_input(rule, input);
        let by = if estimate.measured { "" } else { ", by its types" };
        format!("{} of {table}{by}", estimate.bytes)
    };
    let inputs: Vec<String> = inputs(rule).map(of_input).collect();
    format!("Bytes for a kept row, measured on its tests where they have any: {}.", inputs.join("; "))
}

/// Which events of an input are looked at.
fn candidates(input: &Input, table: &str) -> String {
    match input.schema.operation_column() {
        Some(operation) if !input.dispatch.keys.is_empty() => {
            let keys: Vec<String> = input.dispatch.keys.iter().map(key).collect();
            let column = match input.dispatch.keys.first() {
                Some(DispatchKey::Field { column, .. }) => column,
                _ => operation.name.as_ref(),
            };
            format!(
                "Events of {table} are candidates where {column} {}; others are not parsed for this rule.",
                keys.join(", or ")
            )
        }
        _ => format!("All events of {table} are candidates."),
    }
}

/// A condition on the operation name: what follows the column's name.
pub(super) fn key(key: &DispatchKey) -> String {
    match key {
        DispatchKey::Exact(name) => format!("is {name:?}"),
        DispatchKey::AnyCase(name) => format!("is {name:?} in any case"),
        DispatchKey::Part { test, .. } | DispatchKey::Test(test) => (*test).to_owned(),
        DispatchKey::Field { value, .. } => format!("is {value:?} in any case"),
    }
}

/// How many rows make an alert, where it is not each one.
pub(crate) fn needed(metadata: &Metadata) -> Vec<String> {
    let mut steps = Vec::new();
    if metadata.threshold > 1 {
        steps.push(format!("An alert needs {} matches of one key.", metadata.threshold));
    }
    if metadata.trigger != Trigger::default() {
        let plural = if metadata.trigger.rows == 1 { "" } else { "s" };
        steps.push(format!("An evaluation alerts if it has {} row{plural}.", trigger(metadata.trigger)));
    }
    steps
}

/// How rows become alerts.
fn shaping(metadata: &Metadata) -> Vec<String> {
    let mut steps = needed(metadata);
    steps.push(match metadata.grouping {
        Grouping::Each => "Each row is an alert.".to_owned(),
        Grouping::Single => "All rows of an evaluation are one alert.".to_owned(),
    });
    if let Some(dedup) = &metadata.dedup {
        let same = if dedup.key.is_empty() { "title".to_owned() } else { dedup.key.join(", ") };
        let period = span(dedup.period);
        steps.push(format!(
            "Repeats with the same {same} within {period} are collapsed into the first alert."
        ));
    }
    if let Some(period) = metadata.suppress {
        steps.push(format!("After an alert the rule is silent for {}.", span(period)));
    }
    if let Some(most) = metadata.max_alerts {
        let plural = if most == 1 { "" } else { "s" };
        steps.push(format!("It reports {most} alert{plural} at the most; the others are counted."));
    }
    steps
}

/// The number of rows that makes an evaluation alert.
pub(super) fn trigger(trigger: Trigger) -> String {
    let rows = trigger.rows;
    match trigger.comparison {
        Comparison::Greater => format!("more than {rows}"),
        Comparison::GreaterOrEqual => format!("at least {rows}"),
        Comparison::Less => format!("fewer than {rows}"),
        Comparison::LessOrEqual => format!("at most {rows}"),
        Comparison::Equal => format!("exactly {rows}"),
        Comparison::NotEqual => format!("any number but {rows}"),
    }
}

/// A title's template as rules write it.
pub(super) fn template(parts: &[TemplatePart]) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => text.to_string(),
        TemplatePart::Column(column) => format!("{{{column}}}"),
    };
    parts.iter().map(part).collect()
}

/// A span of time in its longest whole unit: `14 days`, `1 hour`, `90 minutes`.
pub(crate) fn span(span: Timespan) -> String {
    let whole = UNITS.iter().find(|(ticks, _)| span.0 != 0 && span.0 % ticks == 0);
    match whole.map(|(ticks, unit)| (span.0 / ticks, unit)) {
        Some((1, unit)) => format!("1 {unit}"),
        Some((n, unit)) => format!("{n} {unit}s"),
        None => span.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_their_longest_whole_unit() {
        let minute = 60_000 * TICKS_PER_MILLISECOND;
        for (ticks, words) in [
            (minute, "1 minute"),
            (60 * minute, "1 hour"),
            (90 * minute, "90 minutes"),
            (14 * 24 * 60 * minute, "14 days"),
            (1_500 * TICKS_PER_MILLISECOND, "1500 milliseconds"),
            (0, "00:00:00"),
        ] {
            assert_eq!(span(Timespan(ticks)), words);
        }
    }

    #[test]
    fn dispatch_keys_read_as_conditions() {
        for (key, words) in [
            (DispatchKey::Exact("Set-Mailbox"), "is \"Set-Mailbox\""),
            (DispatchKey::AnyCase("set-mailbox"), "is \"set-mailbox\" in any case"),
            (DispatchKey::Test("has \"Mailbox\""), "has \"Mailbox\""),
        ] {
            assert_eq!(super::key(&key), words);
        }
    }
}
