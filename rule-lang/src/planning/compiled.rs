//! A rule as it is compiled in, still as data: what the macro turns into Rust.

use super::partition::Partition;
use rule_model::Timespan;
use rule_model::parting::Parting;
use rule_model::plan::{Expr, Field, Name, Plan, Stage};
use std::collections::BTreeSet;

/// A planned rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What it does with events.
    pub body: Body,
    /// Its output columns, visible ones first.
    pub columns: Vec<OutputColumn>,
    /// How many of them are visible.
    pub visible: usize,
    /// Its query stage by stage: operator and text.
    pub stages: Vec<(String, String)>,
    /// What it looks for.
    pub indicators: Vec<Indicator>,
}

/// What a rule does with events.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Looks at one event at a time.
    RowLocal {
        /// The table and the conditions on one event.
        input: Input,
        /// What builds the row of an event that passed.
        row: RowBuilder,
    },
    /// Joins or summarizes across events.
    AcrossEvents {
        /// The tables it reads, each as often as the query does.
        inputs: Vec<Input>,
        /// The rest of the query, over tables `$0`, `$1`, …
        tail: Plan,
        /// How its state may be parted.
        partition: Partition,
        /// How a tick's rows are evaluated where they take more memory than there is.
        parting: Parted,
        /// Tables without a schema that the tail reads by name (watchlists, external data), each once.
        static_tables: Vec<StaticTable>,
    },
}

/// How a tick's rows are evaluated where they take more memory than there is.
#[derive(Clone, Debug, PartialEq)]
pub enum Parted {
    /// A part of them at a time.
    By(Parting),
    /// One after another as ever: few are held besides those that come out.
    AsTheyCome,
    /// All at once nevertheless, for this reason: a sentence whose subject, the rule, is left out.
    Whole(String),
}

impl Parted {
    /// What tells the parts, where there are some.
    pub(super) fn by_mut(&mut self) -> Option<&mut Parting> {
        match self {
            Parted::By(parting) => Some(parting),
            Parted::AsTheyCome | Parted::Whole(_) => None,
        }
    }
}

/// A table without a schema that a tail reads by name.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticTable {
    /// Its name, under which a run is given it.
    pub name: Name,
    /// The columns that the query names of it.
    pub columns: Vec<Name>,
}

impl Body {
    /// The names of the tables with a schema that it reads, each once.
    pub fn tables(&self) -> BTreeSet<&str> {
        let inputs = match self {
            Body::RowLocal { input, .. } => std::slice::from_ref(input),
            Body::AcrossEvents { inputs, .. } => inputs,
        };
        inputs.iter().map(|input| input.table.as_str()).collect()
    }
}

/// What builds the output of a row-local rule.
#[derive(Clone, Debug, PartialEq)]
pub enum RowBuilder {
    /// At most one row: stages that filter and compute, in order.
    Stages(Vec<Stage>),
    /// Any number of rows: a plan over the table `$0`, which holds the event as its one row.
    Plan(Plan),
}

/// A table and which of its events pass the first conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The table's canonical name.
    pub table: Name,
    /// Its columns.
    pub fields: Vec<Field>,
    /// All conditions of its filter prefix, as written and in order; `accepts` and `matches` are made of them.
    pub conditions: Vec<Expr>,
    /// Its operation column.
    pub operation: Option<Name>,
    /// Conditions on the operation alone, all necessary.
    pub accepts: Vec<Expr>,
    /// At least one of these holds for every operation that `accepts`; empty where any may do.
    pub keys: Vec<DispatchKey>,
    /// Further conditions on the event.
    pub matches: Vec<Expr>,
    /// Positions of the columns that the rest of the query reads.
    pub columns: Vec<usize>,
    /// What is made of them before the rest of the query, once for all ticks, where something is.
    pub made: Option<Box<Made>>,
    /// The key by which a join finds its rows, where one does.
    pub lookup: Option<Lookup>,
    /// How far back from a tick it is read, where its conditions say so.
    pub recent: Option<Timespan>,
}

/// What the first stages of the query that reads an input make of an event, which is kept in place of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// What makes it.
    pub row: RowBuilder,
    /// Its columns.
    pub fields: Vec<Field>,
    /// How many stages behind the input's conditions it takes the place of; what the summary behind them asks of an event alone
    /// may have been added to them.
    pub stages: usize,
}

impl Input {
    /// The columns of what is kept of it.
    pub fn kept(&self) -> Vec<Field> {
        match &self.made {
            Some(made) => made.fields.clone(),
            None => self.columns.iter().filter_map(|column| self.fields.get(*column)).cloned().collect(),
        }
    }
}

/// The key by which a join finds the rows of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Its parts, over the columns of the table.
    pub key: Vec<Expr>,
    /// Whether the input has no conditions of its own and the other side has: few of its rows are ever needed.
    pub rereads: bool,
}

/// A necessary condition on the operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DispatchKey {
    /// The name itself.
    Exact(String),
    /// The name in any case.
    AnyCase(String),
    /// A test, described, that only names with this part hold, in any case.
    Part {
        /// The test.
        test: String,
        /// The part, which is not empty.
        part: String,
    },
    /// Anything else, described.
    Test(String),
    /// Not of the operation: that another column's value is this text in any case, or that it is an array.
    Field {
        /// The column.
        column: String,
        /// The text.
        value: String,
    },
}

/// A column of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Name and type.
    pub field: Field,
    /// The operator that makes it.
    pub stage: String,
}

/// A test of a column against literal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Indicator {
    /// The column, with a path into it where there is one.
    pub field: String,
    /// The kind of test.
    pub kind: String,
    /// The values.
    pub values: Vec<String>,
}
