//! A rule as JSON: a summary for lists, and everything.

use super::partition::{self, Partition};
use super::{Explained, tables, technique_name, text, words};
use crate::static_tables;
use rule_model::metadata::{Metadata, Schedule, Technique};
use rule_model::{Bag, Text, Timespan, Value};
use rule_runtime::Rule;
use rule_runtime::across::estimate;
use rule_runtime::across::step::{is_on_ticks, schedule};
use rule_runtime::rule::{DispatchKey, Input, StaticTable};

/// What a list says of a rule.
pub(crate) fn summary(rule: &'static Rule) -> Value {
    summary_of(rule).into()
}

/// Everything about a rule. What it does not say is absent text, an empty list or null.
pub(crate) fn whole(explained: Explained<'_>) -> Value {
    let rule = explained.rule;
    let mut all = summary_of(rule);
    let mut add = |name: &str, value: Value| all.insert(name, value);
    add("description", string(&rule.metadata.description));
    add("plan", strings(words::plan(rule)));
    add("inputs", Value::array(rule.inputs().iter().map(|input| self::input(rule, input))));
    add("partition", partition(rule));
    add("ticks", ticks(rule));
    add("static_tables", Value::array(static_tables::of(rule).iter().map(static_table)));
    add(
        "stages",
        Value::array(
            rule.stages.iter().map(|stage| {
                Value::bag([("operator", string(&stage.operator)), ("text", string(&stage.text))])
            }),
        ),
    );
    add(
        "indicators",
        Value::array(rule.indicators.iter().map(|indicator| {
            Value::bag([
                ("field", string(&indicator.field)),
                ("kind", string(&indicator.kind)),
                ("values", strings(&indicator.values)),
                ("other_rules", Value::Long(explained.others_with(indicator) as i64)),
            ])
        })),
    );
    add(
        "output",
        Value::array(rule.columns.iter().take(rule.visible).map(|column| {
            Value::bag([
                ("column", Value::literal(column.name)),
                ("type", Value::literal(column.ty.name())),
                ("stage", Value::literal(column.stage)),
            ])
        })),
    );
    add(
        "tests",
        Value::array(rule.tests.iter().map(|test| {
            Value::bag([
                ("name", Value::literal(test.name)),
                ("expects", Value::literal(text::expectation(test.expect))),
            ])
        })),
    );
    for (name, value) in said(rule.metadata) {
        add(name, value);
    }
    all.into()
}

fn summary_of(rule: &'static Rule) -> Bag {
    let metadata = &rule.metadata;
    let fields = [
        ("id", string(&metadata.id)),
        ("title", string(&metadata.title)),
        ("severity", Value::literal(metadata.severity.name())),
        ("tables", strings(tables(rule))),
        ("attack", Value::array(metadata.attack.iter().map(technique))),
        ("version", string(&metadata.version)),
        ("enabled", Value::Bool(metadata.enabled)),
    ];
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn technique(technique: &Technique) -> Value {
    Value::bag([
        ("tactic", Value::literal(technique.tactic.map(|tactic| tactic.name).unwrap_or_default())),
        ("id", string(&technique.id)),
        ("name", Value::string(technique_name(technique))),
    ])
}

fn input(rule: &'static Rule, input: &Input) -> Value {
    let key = |key: &DispatchKey| {
        let (kind, value, column) = match *key {
            DispatchKey::Exact(name) => ("exact", name, None),
            DispatchKey::AnyCase(name) => ("any_case", name, None),
            DispatchKey::Part { test, .. } | DispatchKey::Test(test) => ("test", test, None),
            DispatchKey::Field { column, value } => ("field", value, Some(column)),
        };
        let column = column.map(|column| ("column", Value::literal(column)));
        Value::bag(
            [("kind", Value::literal(kind)), ("value", Value::literal(value))].into_iter().chain(column),
        )
    };
    let operation = input.schema.operation_column().map(|column| string(&column.name));
    Value::bag([
        ("table", string(&input.schema.name)),
        ("operation_column", operation.unwrap_or_default()),
        ("dispatch_keys", Value::array(input.dispatch.keys.iter().map(key))),
        ("kept", kept(rule, input)),
    ])
}

/// What is kept of an input's events; null where the rule alerts event by event.
fn kept(rule: &'static Rule, input: &Input) -> Value {
    if !is_on_ticks(rule) {
        return Value::Null;
    }
    let estimate = estimate::of_input(rule, input);
    Value::bag([
        ("by_key", Value::Bool(input.lookup.is_some())),
        ("read_again", Value::Bool(input.lookup.is_some_and(|lookup| lookup.rereads))),
        ("bytes_a_row", Value::Long(estimate.bytes as i64)),
        ("measured", Value::Bool(estimate.measured)),
    ])
}

/// The partition key, why there is none, and why a tick is evaluated at once where it is; null where the rule remembers nothing between
/// events.
fn partition(rule: &'static Rule) -> Value {
    let (key, reason) = match partition::of(rule) {
        Partition::Stateless => return Value::Null,
        Partition::By(keys) => (Value::array(keys.iter().map(Value::string)), Value::Null),
        Partition::Whole(reason) => (Value::array([]), Value::string(format!("it {reason}"))),
    };
    let at_once =
        partition::at_once(rule).map(|reason| Value::string(format!("it {reason}"))).unwrap_or_default();
    let by = Value::array(words::remembered_by(rule).iter().map(|name| string(name)));
    let remembered = ("evaluated_again_by", by);
    Value::bag([("key", key), ("none_because", reason), ("evaluated_at_once_because", at_once), remembered])
}

/// When a rule evaluated on ticks is; null where it alerts event by event. Without a schedule it is evaluated at the end.
fn ticks(rule: &Rule) -> Value {
    if !is_on_ticks(rule) {
        return Value::Null;
    }
    let schedule = schedule(rule);
    let part = |part: fn(&Schedule) -> Timespan| schedule.as_ref().map_or(Value::Null, |it| span(part(it)));
    Value::bag([("every", part(|it| it.every)), ("over", part(|it| it.over))])
}

fn static_table(table: &StaticTable) -> Value {
    Value::bag([("table", Value::literal(table.name)), ("columns", strings(table.columns))])
}

/// What metadata says beyond a summary.
fn said(metadata: &Metadata) -> Vec<(&'static str, Value)> {
    let entities = metadata
        .entities
        .iter()
        .map(|entity| Value::bag([("type", string(&entity.entity)), ("fields", pairs(&entity.fields))]));
    let connectors = metadata.connectors.iter().map(|connector| {
        Value::bag([("id", string(&connector.id)), ("data_types", texts(&connector.data_types))])
    });
    let schedule = metadata
        .schedule
        .map(|schedule| Value::bag([("every", span(schedule.every)), ("over", span(schedule.over))]));
    let dedup = metadata
        .dedup
        .as_ref()
        .map(|dedup| Value::bag([("period", span(dedup.period)), ("key", texts(&dedup.key))]));
    let trigger = Value::bag([
        ("comparison", Value::literal(metadata.trigger.comparison.symbol())),
        ("rows", Value::Long(metadata.trigger.rows as i64)),
    ]);
    let number = |n: Option<u64>| n.map_or(Value::Null, |n| Value::Long(n as i64));
    vec![
        ("entities", Value::array(entities)),
        ("schedule", schedule.unwrap_or_default()),
        ("lookback", metadata.lookback.map_or(Value::Null, span)),
        ("trigger", trigger),
        ("threshold", number(Some(metadata.threshold))),
        ("dedup", dedup.unwrap_or_default()),
        ("suppress", metadata.suppress.map_or(Value::Null, span)),
        ("max_alerts", number(metadata.max_alerts)),
        ("risk_score", number(metadata.risk_score.map(u64::from))),
        ("alert_title", Value::string(words::template(&metadata.alert_title))),
        ("alert_key", texts(&metadata.alert_key)),
        ("context", pairs(&metadata.context)),
        ("kind", string(&metadata.kind)),
        ("status", string(&metadata.status)),
        ("author", texts(&metadata.author)),
        ("licence", string(&metadata.licence)),
        ("source", string(&metadata.source)),
        ("support", string(&metadata.support)),
        ("categories", texts(&metadata.categories)),
        ("tags", texts(&metadata.tags)),
        ("connectors", Value::array(connectors)),
        ("indices", texts(&metadata.indices)),
        ("log_types", texts(&metadata.log_types)),
        ("impacted_assets", pairs(&metadata.impacted_assets)),
        ("references", texts(&metadata.references)),
        ("false_positives", texts(&metadata.false_positives)),
        ("setup", string(&metadata.setup)),
        ("runbook", string(&metadata.runbook)),
        ("investigation", string(&metadata.investigation)),
        ("remediation", string(&metadata.remediation)),
    ]
}

fn string(text: &str) -> Value {
    Value::string(text)
}

fn texts(texts: &[Text]) -> Value {
    strings(texts)
}

fn strings<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::array(texts.into_iter().map(Value::string))
}

fn pairs(pairs: &[(Text, Text)]) -> Value {
    Value::bag(pairs.iter().map(|(name, value)| (name.as_ref(), string(value))))
}

/// A span as KQL writes it.
fn span(span: Timespan) -> Value {
    Value::string(span.to_string())
}
