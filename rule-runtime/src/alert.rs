//! What a rule reports: a row of its query with all that its readers need beside it.

use crate::Rule;
use crate::title;
use rule_eval::Row;
use rule_eval::json;
use rule_model::metadata::Technique;
use rule_model::{Bag, DateTime, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use std::fmt::{self, Write};
use std::sync::Arc;

/// What a rule reports.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The same for the same alert, however often it is found.
    pub id: AlertId,
    /// The rule.
    pub rule: &'static Rule,
    /// Its title, columns filled in.
    pub title: String,
    /// Event time, of a rule across events the tick; `None` where the event has none.
    pub time: Option<DateTime>,
    /// Of a rule evaluated on ticks with a schedule: what it looked at.
    pub window: Option<Seen>,
    /// The table that the rule reads.
    pub table: SmolStr,
    /// The output row: visible columns, then hidden ones.
    pub row: Row,
    /// The records behind it.
    pub evidence: Evidence,
}

/// The span of event time that an evaluation sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Events after this.
    pub after: DateTime,
    /// The last instant: the tick.
    pub until: DateTime,
}

/// A hash of the rule, its version, the output row (or the columns of its `alert_key`) and the positions of the
/// records: 16 bytes of SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlertId(pub(crate) [u8; 16]);

/// Where a record was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The source by its name.
    pub source: Arc<str>,
    /// Offset of its first byte in the decompressed source.
    pub offset: u64,
}

/// The records behind an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The first of them, at most [`Evidence::SHOWN`].
    pub records: Vec<Position>,
    /// How many there are.
    pub total: u64,
}

/// The property of an alert's object that has its row.
const ROW: &str = "row";

/// Repeats of an alert within its rule's dedup period.
#[derive(Clone, Debug)]
pub struct Collapsed {
    /// The alert that stands for them.
    pub id: AlertId,
    /// Its rule.
    pub rule: &'static Rule,
    /// Its title.
    pub title: String,
    /// The repeats, the alert itself not included.
    pub count: u64,
}

impl Evidence {
    /// Records listed at the most.
    pub const SHOWN: usize = 100;

    /// One record.
    pub fn of(position: Position) -> Evidence {
        Evidence { records: vec![position], total: 1 }
    }

    /// Adds the records of `other`.
    pub fn add(&mut self, other: Evidence) {
        let room = Evidence::SHOWN.saturating_sub(self.records.len());
        self.records.extend(other.records.into_iter().take(room));
        self.total += other.total;
    }
}

impl Alert {
    /// The alert of a row. `ordinal` numbers the rows that a rule makes of the same records.
    pub fn new(
        rule: &'static Rule,
        row: Row,
        ordinal: u64,
        time: Option<DateTime>,
        table: &str,
        evidence: Evidence,
    ) -> Alert {
        let id = AlertId::of(rule, &row, ordinal, &evidence);
        Alert {
            id,
            rule,
            title: title::of(rule, &row),
            time,
            window: None,
            table: table.into(),
            row,
            evidence,
        }
    }

    /// The same alert under another ordinal.
    pub(crate) fn numbered(self, ordinal: u64) -> Alert {
        Alert { id: AlertId::of(self.rule, &self.row, ordinal, &self.evidence), ..self }
    }

    /// The value of an output column, hidden ones included.
    pub fn column(&self, name: &str) -> Option<&Value> {
        column(self.rule, &self.row, name)
    }

    /// The visible columns and their values, in order.
    pub fn visible(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.rule
            .columns
            .iter()
            .zip(&self.row)
            .take(self.rule.visible)
            .map(|(column, value)| (column.name, value))
    }

    /// The columns that the rule wants shown first, by their labels.
    pub fn context(&self) -> impl Iterator<Item = (&str, &Value)> {
        let context = self.rule.metadata.context.iter();
        context.filter_map(|(label, column)| Some((label.as_ref(), self.column(column)?)))
    }

    /// The entities: type and identifiers; identifiers without a value and entities without identifiers are left out.
    pub fn entities(&self) -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
        let mappings: &'static [_] = &self.rule.metadata.entities;
        let entities = mappings.iter().map(|mapping| {
            let fields = mapping.fields.iter().filter_map(|(identifier, column)| {
                let value = self.column(column).filter(|value| !is_blank(value))?;
                Some((identifier.as_ref(), value.clone()))
            });
            (mapping.entity.as_ref(), fields.collect::<Vec<_>>())
        });
        entities.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    /// The alert as the object that NDJSON output has.
    pub fn to_value(&self) -> Value {
        let row: Bag = self.visible().map(|(name, value)| (name.into(), value.clone())).collect();
        Value::bag(self.properties(row.into()))
    }

    /// That object as text, behind what there is already. A row has up to hundreds of columns, which nothing else is made of.
    pub fn write(&self, text: &mut String) {
        let properties = self.properties(Value::Null);
        let properties = properties.iter().map(|(name, value)| (*name, (*name, value)));
        json::Writer::to(text).object_of(properties, |writer, (name, value)| match name {
            ROW => writer.object(self.visible()),
            _ => writer.value(value),
        });
    }

    fn properties(&self, row: Value) -> [(&'static str, Value); 15] {
        let metadata = &self.rule.metadata;
        let entity = |(entity, fields): (&str, Vec<(&'static str, Value)>)| {
            Value::bag(std::iter::once(("type", Value::string(entity))).chain(fields))
        };
        let context: Bag = self.context().map(|(label, value)| (label.into(), value.clone())).collect();
        [
            ("kind", Value::literal("alert")),
            ("alert_id", Value::string(self.id.to_string())),
            ("rule_id", Value::string(&metadata.id)),
            ("rule_version", Value::string(&metadata.version)),
            ("title", Value::string(&self.title)),
            ("severity", Value::literal(metadata.severity.name())),
            ("risk_score", metadata.risk_score.map(i64::from).into()),
            ("time", self.time.into()),
            ("window", self.window.map(Seen::to_value).unwrap_or_default()),
            ("table", Value::String(self.table.clone())),
            ("context", context.into()),
            (ROW, row),
            ("entities", Value::array(self.entities().into_iter().map(entity))),
            ("attack", Value::array(metadata.attack.iter().map(technique))),
            ("evidence", self.evidence.to_value()),
        ]
    }
}

impl Collapsed {
    /// The line as the object that NDJSON output has.
    pub fn to_value(&self) -> Value {
        Value::bag([
            ("kind", Value::literal("collapsed")),
            ("alert_id", Value::string(self.id.to_string())),
            ("rule_id", Value::string(&self.rule.metadata.id)),
            ("title", Value::string(&self.title)),
            ("count", Value::Long(self.count as i64)),
        ])
    }
}

impl Evidence {
    fn to_value(&self) -> Value {
        let record = |position: &Position| {
            Value::bag([
                ("source", Value::string(&position.source)),
                ("offset", Value::Long(position.offset as i64)),
            ])
        };
        Value::bag([
            ("records", Value::array(self.records.iter().map(record))),
            // Not every query of a rule across events tells which records a row comes from.
            ("total", if self.total == 0 { Value::Null } else { Value::Long(self.total as i64) }),
        ])
    }
}

impl Seen {
    fn to_value(self) -> Value {
        Value::bag([("after", self.after.into()), ("until", self.until.into())])
    }
}

impl AlertId {
    fn of(rule: &Rule, row: &Row, ordinal: u64, evidence: &Evidence) -> AlertId {
        let mut hash = Sha256::new();
        // Each part is preceded by its length, so that no two lists of parts hash the same bytes.
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(rule.metadata.id.as_bytes());
        part(rule.metadata.version.as_bytes());
        let key = &rule.metadata.alert_key;
        let mut text = String::new();
        for (position, (column, value)) in rule.columns.iter().zip(row).enumerate() {
            let counts = if key.is_empty() {
                position < rule.visible
            } else {
                key.iter().any(|name| name == column.name)
            };
            if counts {
                part(column.name.as_bytes());
                text.clear();
                json::Writer::to(&mut text).value(value);
                part(text.as_bytes());
            }
        }
        part(&ordinal.to_le_bytes());
        for position in &evidence.records {
            part(position.source.as_bytes());
            part(&position.offset.to_le_bytes());
        }
        let mut id = [0; 16];
        for (byte, hashed) in id.iter_mut().zip(hash.finalize()) {
            *byte = hashed;
        }
        AlertId(id)
    }
}

impl fmt::Display for AlertId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.0.iter().try_for_each(|byte| {
            let digits = [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
            digits.into_iter().try_for_each(|digit| f.write_char(digit))
        })
    }
}

/// The value of a rule's output column in one of its rows.
pub(crate) fn column<'a>(rule: &Rule, row: &'a Row, name: &str) -> Option<&'a Value> {
    row.get(rule.columns.iter().position(|column| column.name == name)?)
}

/// Null, or text without a visible character.
pub(crate) fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn technique(technique: &Technique) -> Value {
    Value::bag([
        ("tactic", technique.tactic.map(|tactic| Value::literal(tactic.identifier)).unwrap_or_default()),
        ("tactic_id", technique.tactic.map(|tactic| Value::literal(tactic.id)).unwrap_or_default()),
        ("technique", Value::string(&technique.id)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{anything, metadata};
    use rule_model::metadata::Metadata;

    #[test]
    fn context_shows_columns_by_their_labels() {
        let context = vec![
            ("What was done".into(), "OperationName".into()),
            ("Category".into(), "Category".into()),
            ("Nothing".into(), "NoColumn".into()),
        ];
        let rule = anything(Metadata { context: context.into(), ..metadata("x") });
        let row = vec![Value::Null, Value::string("roles"), Value::string("Add")];
        let alert = Alert::new(rule, row, 0, None, "AuditLogs", Evidence::default());
        let (done, roles) = (Value::string("Add"), Value::string("roles"));
        assert_eq!(alert.context().collect::<Vec<_>>(), [("What was done", &done), ("Category", &roles)]);
    }

    #[test]
    fn the_text_of_an_alert_is_that_of_its_object() {
        let context = vec![("Category".into(), "Category".into())];
        let rule = anything(Metadata { context: context.into(), ..metadata("x") });
        let row = vec![Value::Null, Value::string("\"roles\"\n"), Value::bag([("a", Value::Long(1))])];
        let evidence = Evidence::of(Position { source: "a".into(), offset: 1 });
        let alert = Alert::new(rule, row, 0, Some(DateTime(1)), "AuditLogs", evidence);
        let mut text = "before ".to_owned();
        alert.write(&mut text);
        assert_eq!(text, format!("before {}", json::write(&alert.to_value())));
    }
}
