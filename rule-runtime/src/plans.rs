//! The parts of rules that the evaluator runs: rows of one event that generated code does not build, and the tails
//! of rules across events. A plan travels inside its rule as bytes and is read on first use.

use crate::rule::{Input, Made, RowBuilder};
use crate::{Event, Rule};
use rule_eval::evaluate::{Parts, UsePart};
use rule_eval::{Context, Prepared, Row, Table, Tables};
use rule_model::plan::{Field, Name, Plan};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

/// Tables without a schema (watchlists, external data) that tails read by name, whole.
pub type StaticTables = Arc<BTreeMap<Name, Table>>;

/// What builds rows of events, by the position of the rule and that of its input.
#[derive(Debug)]
pub struct Plans {
    makers: Vec<Vec<Maker>>,
}

/// What builds rows of an input's events, whose plan, where there is one, is not yet read at first.
#[derive(Debug, Default)]
pub struct Maker {
    plan: OnceLock<Result<(Prepared, Vec<Field>), String>>,
}

/// The one row of an event, which is handed out once.
struct OfEvent(RefCell<Option<Table>>);

impl Plans {
    /// The plans of `rules`, none read yet.
    pub fn new(rules: &[&'static Rule]) -> Plans {
        let of_rule = |rule: &&Rule| rule.inputs().iter().map(|_| Maker::default()).collect();
        Plans { makers: rules.iter().map(of_rule).collect() }
    }

    /// What builds rows of a rule's input.
    pub fn maker(&self, rule: usize, input: usize) -> Option<&Maker> {
        self.makers.get(rule)?.get(input)
    }
}

impl Maker {
    /// What is kept of an event of an input. Generated code leaves a failure in the context.
    pub fn kept(&self, input: &Input, event: &Event<'_>, context: &mut Context) -> Result<Vec<Row>, String> {
        match &input.made {
            Some(made) => self.rows(&made.row, input, event, context),
            None => Ok(vec![columns_of(input, event)]),
        }
    }

    /// The rows that a builder gives of an event.
    pub fn rows(
        &self,
        builder: &RowBuilder,
        input: &Input,
        event: &Event<'_>,
        context: &mut Context,
    ) -> Result<Vec<Row>, String> {
        let bytes = match builder {
            RowBuilder::Generated(build) => return Ok(build(event, context).into_iter().collect()),
            RowBuilder::Plan(bytes) => bytes,
        };
        let read = || {
            let plan = Prepared::new(&plan(bytes)?).map_err(|error| error.message)?;
            Ok((plan, columns(input)))
        };
        let (plan, columns) = self.plan.get_or_init(read).as_ref().map_err(String::clone)?;
        let table = Table { columns: columns.clone(), rows: vec![columns_of(input, event)] };
        let output = plan.run(&OfEvent(RefCell::new(Some(table))), context);
        Ok(output.map_err(|error| error.message)?.rows)
    }
}

impl Tables for OfEvent {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.0.take().filter(|_| name == "$0").map(Cow::Owned)
    }

    fn parts(&self, name: &str, _: Option<&HashSet<u64>>, use_part: &mut UsePart<'_>) -> Option<Parts> {
        self.0.take().filter(|_| name == "$0").map(use_part)
    }
}

/// A plan from its bytes.
pub(crate) fn plan(bytes: &[u8]) -> Result<Plan, String> {
    postcard::from_bytes(bytes).map_err(|error| format!("its plan is unreadable: {error}"))
}

/// The columns that the tail of a rule reads of an input.
pub(crate) fn fields(input: &Input) -> Vec<Field> {
    match &input.made {
        Some(Made { columns, .. }) => columns.iter().map(|(name, ty)| Field::new(*name, *ty)).collect(),
        None => columns(input),
    }
}

/// The columns of an input's events that are read.
fn columns(input: &Input) -> Vec<Field> {
    let columns = input.columns.iter().filter_map(|column| input.schema.columns.get(*column));
    columns.map(|column| Field { name: column.name.as_ref().into(), ty: column.ty }).collect()
}

fn columns_of(input: &Input, event: &Event<'_>) -> Row {
    event.values(input.columns).collect()
}
