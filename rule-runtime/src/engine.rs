//! Records to matches: the pure half of a run, which any number of workers do side by side.
//!
//! ```text
//! Work ─> record ─Scan─> table, operation ─DispatchTable─> no candidates: done
//!                  │                     └─> of no table: Reject
//!                  └─> broken, in doubt, or candidates
//!         record ─Parser─> tape ─Recognizer─> table ─DispatchTable─> candidates ─Matcher─> Match ─> Outcome
//!                └─> Reject                                                                └───────────┘
//! ```
//!
//! What the scan finds broken goes the way of the parser, which names the reason as it does for every other record. What the
//! parser refuses of which the scan could not tell is scanned again with its escapes spelled out: it is rejected only if a rule
//! may ask for it.

mod event_time;
mod worker;

use crate::Rule;
use crate::across::step::is_on_ticks;
use crate::across::{Kept, Place};
use crate::dispatch::{Candidate, DispatchTable, MemoryLimits};
use crate::framing::Batch;
use crate::parse::Reason;
use crate::plans::{Plans, StaticTables};
use crate::rule::Ruleset;
use crate::scan::{Scan, Wanted};
use crate::untimely::Untimely;
use rule_eval::Row;
use rule_eval::geography::Geography;
use rule_model::schema::recognition::Recognizer;
use rule_model::{DateTime, Schema, Type, tables};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use worker::Worker;

/// Everything that workers share and none changes.
#[derive(Debug)]
pub struct Engine {
    tables: Vec<&'static Schema>,
    recognizer: Recognizer<'static>,
    scan: Scan,
    dispatch: DispatchTable,
    plans: Plans,
    /// For each rule whether it is evaluated on ticks.
    on_ticks: Vec<bool>,
    /// For each table the type of its event time where that counts: where any rule is evaluated on ticks. Event time passes for
    /// a rule with the events of all tables, or the absence of those that it reads would go unseen.
    timed: Vec<Option<Type>>,
    static_tables: StaticTables,
    geography: Option<Geography>,
    settings: Settings,
}

/// What a worker is told.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Nested levels that a record may have.
    pub max_depth: usize,
    /// How closely records are looked at for which there is no candidate rule.
    pub validate: Validate,
    /// Operation names that each worker remembers.
    pub memory: MemoryLimits,
    /// What `now()` says.
    pub now: DateTime,
}

/// How closely records are looked at for which there is no candidate rule. Others are parsed either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validate {
    /// They must hold together: one object, its brackets balanced and matched, its strings closed and free of raw control
    /// characters, not nested too deep, nothing around it, in UTF-8.
    #[default]
    Structure,
    /// They must be JSON.
    Full,
}

/// Records of one source to be matched.
#[derive(Debug, Default)]
pub struct Work {
    /// The source by its name.
    pub source: Arc<str>,
    /// The table that its records are said to be of, else each is recognised.
    pub table: Option<usize>,
    /// Whether its records can be read again.
    pub rereads: bool,
    /// The records.
    pub batch: Batch,
}

/// What is known of records before they are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// The table that they are said to be of, else each is recognised.
    pub table: Option<usize>,
    /// Whether they can be read again.
    pub rereads: bool,
}

/// What came of a [`Work`], which comes back so that its buffers are used again.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The records.
    pub work: Work,
    /// Rows of row-local rules, in the order of the records and, within one, of the rules.
    pub matches: Vec<Match>,
    /// Events that passed the filter prefixes of rules across events.
    pub passed: Vec<Passed>,
    /// The event times of records, in their order, where any rule is evaluated on ticks.
    pub times: Vec<Time>,
    /// Records that were not processed.
    pub rejects: Vec<Reject>,
    /// Rules that failed on a record.
    pub failures: Vec<Failure>,
    /// Records read.
    pub records: u64,
    /// Records for which there was a candidate rule.
    pub candidates: u64,
}

/// A row of a row-local rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Match {
    /// Position of the rule.
    pub rule: usize,
    /// Number of the row among those of the same rule and record, from 0.
    pub ordinal: u64,
    /// The output row.
    pub row: Row,
    /// Event time.
    pub time: Option<DateTime>,
    /// Offset of the record.
    pub offset: u64,
}

/// An event that passed the filter prefix of a rule across events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Passed {
    /// The rule and its input.
    pub candidate: Candidate,
    /// What of it is kept.
    pub kept: Kept,
    /// Number of the row among those that are made of the event, from 0.
    pub ordinal: u64,
    /// Event time.
    pub time: Option<DateTime>,
    /// Offset of the record.
    pub offset: u64,
}

/// The event time of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// Offset of the record.
    pub offset: u64,
    /// Event time, or why there is none.
    pub time: Result<DateTime, Untimely>,
}

/// A record that is not processed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Offset of the record in its source.
    pub offset: u64,
    /// Length of the record in bytes.
    pub length: u64,
    /// Why.
    pub reason: Reason,
    /// Its bytes; of one that is too long the first.
    pub bytes: Vec<u8>,
}

/// A rule that could not be evaluated on a record.
#[derive(Debug)]
pub struct Failure {
    /// Position of the rule.
    pub rule: usize,
    /// What the evaluator says.
    pub message: String,
}

impl Engine {
    /// An engine for `rules`, which know the built-in tables and those of `ruleset`.
    pub fn new(ruleset: &Ruleset, rules: &[&'static Rule], settings: Settings) -> Engine {
        let tables = known_tables(ruleset);
        let on_ticks: Vec<bool> = rules.iter().map(|rule| is_on_ticks(rule)).collect();
        let has_ticks = on_ticks.contains(&true);
        let type_of_time =
            |table: &&'static Schema| table.time_column().filter(|_| has_ticks).map(|it| it.ty);
        let timed: Vec<Option<Type>> = tables.iter().map(type_of_time).collect();
        let dispatch = DispatchTable::new(rules, &tables);
        let wanted = tables.iter().zip(&timed).enumerate().map(|(number, (schema, timed))| Wanted {
            schema,
            time: timed.is_some(),
            fields: dispatch.fields(number).collect(),
        });
        Engine {
            recognizer: Recognizer::new(tables.iter().copied()),
            scan: Scan::new(&wanted.collect::<Vec<_>>(), settings.max_depth),
            dispatch,
            plans: Plans::new(rules),
            on_ticks,
            timed,
            static_tables: StaticTables::default(),
            geography: None,
            tables,
            settings,
        }
    }

    /// The rules, as matches number them.
    pub fn rules(&self) -> &[&'static Rule] {
        self.dispatch.rules()
    }

    /// The position of the table called `name`.
    pub fn table(&self, name: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.is_called(name))
    }

    /// The tables that records may be of.
    pub fn tables(&self) -> &[&'static Schema] {
        &self.tables
    }

    /// The same engine with tables that rules read by name and that have no schema.
    pub fn with_static_tables(self, static_tables: StaticTables) -> Engine {
        Engine { static_tables, ..self }
    }

    /// The same engine with a database of addresses, if there is one.
    pub fn with_geography(self, geography: Option<Geography>) -> Engine {
        Engine { geography, ..self }
    }

    /// Where addresses are; `None` without a database.
    pub fn geography(&self) -> Option<&Geography> {
        self.geography.as_ref()
    }

    /// Tables that rules read by name and that have no schema.
    pub fn static_tables(&self) -> &StaticTables {
        &self.static_tables
    }

    /// Whether a rule is evaluated on ticks, not event by event.
    pub fn is_on_ticks(&self, rule: usize) -> bool {
        self.on_ticks.get(rule).copied().unwrap_or(false)
    }

    /// Whether any rule is evaluated on ticks.
    pub fn has_ticks(&self) -> bool {
        self.on_ticks.contains(&true)
    }

    /// Whether any rule reads records again.
    pub fn rereads(&self) -> bool {
        let inputs = self.rules().iter().flat_map(|rule| rule.inputs());
        inputs.filter_map(|input| input.lookup).any(|lookup| lookup.rereads)
    }

    /// Nested levels that a record may have.
    pub fn max_depth(&self) -> usize {
        self.settings.max_depth
    }

    /// What `now()` says in this run.
    pub fn now(&self) -> DateTime {
        self.settings.now
    }

    /// The type of a table's event time, where that counts.
    fn type_of_time(&self, table: usize) -> Option<Type> {
        self.timed.get(table).copied().flatten()
    }

    /// A worker with empty buffers.
    pub fn worker(&self) -> Worker<'_> {
        Worker::new(self)
    }
}

/// The built-in tables and those that the rules bring, each once.
pub fn known_tables(ruleset: &Ruleset) -> Vec<&'static Schema> {
    let mut known: Vec<&'static Schema> = tables::ALL.to_vec();
    let inputs = ruleset.rules.iter().flat_map(|rule| rule.inputs()).map(|input| input.schema);
    for schema in ruleset.schemas.iter().copied().chain(inputs) {
        if !known.iter().any(|table| table.name == schema.name) {
            known.push(schema);
        }
    }
    known
}

impl Passed {
    /// Where the row stands in the state of its rule.
    pub fn place(&self, source: &Arc<str>) -> Place {
        Place { time: self.time, source: source.clone(), offset: self.offset, ordinal: self.ordinal }
    }
}

impl Match {
    /// Where the row stands in the state of its rule.
    pub fn place(&self, source: &Arc<str>) -> Place {
        Place { time: self.time, source: source.clone(), offset: self.offset, ordinal: self.ordinal }
    }
}
