//! A rule as it is compiled in: what `rule!` expands to.

use crate::later::Later;
use rule_eval::{Context, Row};
use rule_model::metadata::Metadata;
use rule_model::{Schema, Timespan, Type};
use serde::{Deserialize, Serialize};

/// A compiled rule: static data and a few functions made for it.
#[derive(Debug)]
pub struct Rule {
    /// Its id, also in its metadata: here for the check, made while a rule set compiles, that no two have the same. What is
    /// read later stands outside of the rule, because a constant may not look at what can change.
    pub id: &'static str,
    /// What it says of itself.
    pub metadata: &'static Later<Metadata>,
    /// The Rust module it stands in, for messages.
    pub module: &'static str,
    /// What it does with events.
    pub body: Body,
    /// The columns of its alerts: the visible ones, then hidden ones that only the title or the keys use.
    pub columns: &'static [OutputColumn],
    /// How many of `columns` are visible in an alert's `row`.
    pub visible: usize,
    /// Its query as written, which `explain` compiles again to say what an event comes to.
    pub query: Query,
    /// Its query, stage by stage, for people.
    pub stages: &'static Later<Vec<StageText>>,
    /// What it looks for, for people and for counting how many rules look for the same.
    pub indicators: &'static Later<Vec<Indicator>>,
    /// Its inline tests.
    pub tests: &'static [Test],
    /// A hash of its plan: what it kept in an earlier run is of use to it only if that is the same.
    pub fingerprint: u64,
}

/// What a rule does with events.
#[derive(Debug)]
pub enum Body {
    /// Looks at one event at a time.
    RowLocal(RowLocal),
    /// Joins or summarizes across events: filter prefixes of its inputs, and a tail that the evaluator runs over the
    /// rows that passed them.
    AcrossEvents(AcrossEvents),
}

/// A rule that looks at one event at a time.
#[derive(Debug)]
pub struct RowLocal {
    /// The table and the conditions on one event.
    pub input: Input,
    /// The rest of the query on an event that passed: its output row (visible columns, then hidden), `None` where a
    /// later condition drops it.
    pub row: RowBuilder,
}

/// What builds the output of a row-local rule.
#[derive(Debug)]
pub enum RowBuilder {
    /// One row an event, by generated code.
    Generated(fn(&crate::Event<'_>, &mut Context) -> Option<Row>),
    /// Any number of rows an event (`mv-expand`, `mv-apply`, …): a serialised plan that the evaluator runs over the
    /// one row of the event.
    Plan(&'static [u8]),
}

/// A rule across events.
#[derive(Debug)]
pub struct AcrossEvents {
    /// The tables it reads, each as often as the query does.
    pub inputs: &'static [Input],
    /// The serialised plan over the inputs, which it names `$0`, `$1`, … by their position.
    pub tail: &'static [u8],
    /// How its state may be parted, for people.
    pub partition: Partition,
    /// How a tick's rows are evaluated where they take more memory than there is.
    pub parting: Parting,
    /// Tables without a schema that the tail reads by name (watchlists, external data): given to a run as files.
    pub static_tables: &'static [StaticTable],
}

/// How the state of a rule may be parted, so that each part is evaluated by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// By these keys, as the query names them.
    By(&'static [&'static str]),
    /// Not at all, for this reason: a sentence whose subject, the rule, is left out.
    Whole(&'static str),
}

/// How a tick's rows are evaluated where they take more memory than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// A part of them at a time, as a serialised [`rule_model::parting::Parting`] tells them.
    By(&'static [u8]),
    /// One after another as ever: few are held besides those that come out.
    AsTheyCome,
    /// All at once nevertheless, for this reason: a sentence whose subject, the rule, is left out.
    Whole(&'static str),
}

/// A table without a schema that the tail of a rule reads by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticTable {
    /// Its name.
    pub name: &'static str,
    /// The columns that the query names of it.
    pub columns: &'static [&'static str],
}

/// A table that a rule reads, and which of its events pass the query's first conditions.
#[derive(Debug)]
pub struct Input {
    /// The table.
    pub schema: &'static Schema,
    /// The conditions on the operation name alone.
    pub dispatch: Dispatch,
    /// The other conditions of the filter prefix.
    pub matches: fn(&crate::Event<'_>, &mut Context) -> bool,
    /// Positions of the columns that the rest of the query reads.
    pub columns: &'static [usize],
    /// What is made of an event before the rest of the query, once for all ticks, and kept in place of its columns.
    pub made: Option<Made>,
    /// Of a side of a join whose rows only matter where the other side has their key: how they are found by it.
    pub lookup: Option<Lookup>,
    /// How far back from a tick it is read, where its conditions say so; else as far as the rule's period.
    pub recent: Option<Timespan>,
}

/// What the first stages of the query that reads an input make of an event.
#[derive(Debug)]
pub struct Made {
    /// What makes it.
    pub row: RowBuilder,
    /// The names and types of its columns.
    pub columns: &'static [(&'static str, Type)],
    /// How many stages behind the input's conditions it takes the place of; what the summary behind them asks of an event alone
    /// may have been added to them.
    pub stages: usize,
}

/// The key by which a join finds the rows of an input.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The parts of the key of an event; `None` where a condition before the join drops it.
    pub key: fn(&crate::Event<'_>, &mut Context) -> Option<Row>,
    /// Whether of each event only the key is kept, where its record can be read again: the input has no conditions of
    /// its own, and few of its events are ever needed.
    pub rereads: bool,
}

/// The conditions on the operation name, resolved once per distinct name.
#[derive(Debug)]
pub struct Dispatch {
    /// At least one of these holds for every name that `accepts`, or, where they are of another field, for every event that
    /// matches; empty where any event may do.
    pub keys: &'static [DispatchKey],
    /// Whether events of this operation name can match. The name of an event without one is the empty text.
    pub accepts: fn(&str, &mut Context) -> bool,
}

/// A necessary condition on the operation name, by which rules are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DispatchKey {
    /// The name itself.
    Exact(&'static str),
    /// The name in any case.
    AnyCase(&'static str),
    /// A test (prefix, substring, term), described for people, that only names with this part hold, in any case.
    Part {
        /// The test.
        test: &'static str,
        /// The part, which is not empty.
        part: &'static str,
    },
    /// Anything that only looking at the name can tell (regex), described for people.
    Test(&'static str),
    /// Not of the operation name, which may be any: that another column's value is this text in any case, or that it is an
    /// array or object.
    Field {
        /// The column, the same in all keys of an input.
        column: &'static str,
        /// The text.
        value: &'static str,
    },
}

/// A column of a rule's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub ty: Type,
    /// The operator that makes it (`source`, `extend`, `summarize`, …).
    pub stage: &'static str,
}

/// A query as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The table of the rule's head, where it names one.
    pub table: Option<&'static str>,
    /// In which language.
    pub language: Language,
    /// Its text.
    pub text: &'static str,
}

/// A query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The Kusto Query Language.
    Kusto,
    /// Kibana's.
    Kibana,
}

/// A stage of a query, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageText {
    /// `source`, `where`, …
    pub operator: String,
    /// Its text as written.
    pub text: String,
}

/// A test of a column against literal values, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Indicator {
    /// The column, with a path into it where there is one.
    pub field: String,
    /// `eq`, `contains`, `match`, `in`, …: the operator's symbol.
    pub kind: String,
    /// The values.
    pub values: Vec<String>,
}

/// An inline test of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// Name, unique within the rule.
    pub name: &'static str,
    /// Whether the rule must alert.
    pub expect: Expectation,
    /// The events, each with the table it belongs to (`None`: the rule's own) and its JSON text.
    pub events: &'static [(Option<&'static str>, &'static str)],
}

/// What an inline test expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// At least one alert; where columns are named, one with these values (as KQL literals print).
    Fires(&'static [(&'static str, &'static str)]),
    /// No alert.
    Silent,
}

/// The rules that a detector is built from.
#[derive(Debug)]
pub struct Ruleset {
    /// In the order of declaration.
    pub rules: &'static [&'static Rule],
    /// Tables that its rules use beside the built-in ones.
    pub schemas: &'static [&'static Schema],
}
