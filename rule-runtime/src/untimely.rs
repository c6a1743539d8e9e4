//! Records whose event time is of no use to rules evaluated on ticks. Row-local rules look at them all the same.

use crate::Event;
use rule_model::{Bag, DateTime, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What is wrong with a record's event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Untimely {
    /// The record has none. No tick sees it.
    Missing,
    /// What the record has is no time. No tick sees it.
    Unreadable,
    /// It lies further after the wall clock than allowed. No tick sees it, and it does not push the watermark.
    InTheFuture,
    /// It lies further before the largest time of its input than the lateness allows: ticks may be over that should
    /// have seen it. Those still to come see it.
    Backwards,
}

/// How often that happened, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    /// Records.
    pub count: u64,
    /// Source and offset of the first.
    pub first: Option<(Arc<str>, u64)>,
}

/// Occurrences by kind.
pub type Counts = BTreeMap<Untimely, Occurrences>;

impl Untimely {
    /// The event time of a record, or why there is none.
    pub fn time_of(event: &Event<'_>) -> Result<DateTime, Untimely> {
        let is_present = || event.schema.time.is_some_and(|column| event.is_present(column));
        event.time().ok_or_else(|| if is_present() { Untimely::Unreadable } else { Untimely::Missing })
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Untimely::Missing => "missing",
            Untimely::Unreadable => "unreadable",
            Untimely::InTheFuture => "in_the_future",
            Untimely::Backwards => "backwards",
        }
    }

    /// The reason that the dead-letter file gives.
    pub const fn reason(self) -> &'static str {
        match self {
            Untimely::Missing => "time_missing",
            Untimely::Unreadable => "time_unreadable",
            Untimely::InTheFuture => "time_in_the_future",
            Untimely::Backwards => "time_backwards",
        }
    }
}

impl fmt::Display for Untimely {
    /// What the record is, and what that means.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Untimely::Missing => "without an event time: not seen by rules across events",
            Untimely::Unreadable => "with an event time that cannot be read: not seen by rules across events",
            Untimely::InTheFuture => {
                "with an event time in the future (--max-skew): not seen by rules across events"
            }
            Untimely::Backwards => {
                "out of order by more than --lateness: seen only by the ticks that were still to come"
            }
        })
    }
}

impl Occurrences {
    /// One more, at this place.
    pub fn add(&mut self, source: &Arc<str>, offset: u64) {
        self.count += 1;
        self.first.get_or_insert_with(|| (source.clone(), offset));
    }

    /// As JSON has it.
    pub fn to_value(&self) -> Value {
        let first = self.first.as_ref().map(|(source, offset)| {
            Value::bag([("source", Value::string(source)), ("offset", Value::Long(*offset as i64))])
        });
        Value::bag([("count", Value::Long(self.count as i64)), ("first", first.unwrap_or_default())])
    }
}

/// Counts as JSON has them, by name.
pub fn to_value(counts: &Counts) -> Value {
    let of_kind = |(kind, found): (&Untimely, &Occurrences)| (kind.name().into(), found.to_value());
    counts.iter().map(of_kind).collect::<Bag>().into()
}
