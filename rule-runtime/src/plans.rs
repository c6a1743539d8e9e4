//! The parts of rules that the evaluator runs: rows of one event that generated code does not build, and the tails
//! of rules across events. A plan travels inside its rule as bytes and is read on first use.

use crate::Rule;
use crate::rule::{Body, Input, RowBuilder, RowLocal};
use rule_eval::{Context, Prepared, Row, Table, Tables};
use rule_model::plan::{Field, Name, Plan};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Tables without a schema (watchlists, external data) that tails read by name, whole.
pub type StaticTables = Arc<BTreeMap<Name, Table>>;

/// The plans of row-local rules that the evaluator runs, by the position of the rule.
#[derive(Debug)]
pub struct Plans {
    rules: Vec<&'static Rule>,
    prepared: Vec<OnceLock<Result<Prepared, String>>>,
}

/// The inputs of a rule as the tables `$0`, `$1`, … that its plan reads, and the tables that it reads by name.
struct Inputs<'a> {
    inputs: Vec<Table>,
    tables: &'a BTreeMap<Name, Table>,
}

impl Plans {
    /// The plans of `rules`, none read yet.
    pub fn new(rules: &[&'static Rule]) -> Plans {
        Plans { rules: rules.to_vec(), prepared: rules.iter().map(|_| OnceLock::new()).collect() }
    }

    /// Runs the plan of a rule over the one row of an event, which holds the input's columns in order.
    pub fn run(&self, rule: usize, event: Row, context: &mut Context) -> Result<Vec<Row>, String> {
        let (Some(it), Some(prepared)) = (self.rules.get(rule), self.prepared.get(rule)) else {
            return Err("there is no such rule".to_owned());
        };
        let prepared = prepared.get_or_init(|| read(it)).as_ref().map_err(Clone::clone)?;
        evaluate(it, prepared, vec![vec![event]], &BTreeMap::new(), context)
    }
}

/// Runs the plan of a rule over the rows of each of its inputs, which hold the input's columns in order.
fn evaluate(
    rule: &Rule,
    plan: &Prepared,
    inputs: Vec<Vec<Row>>,
    tables: &BTreeMap<Name, Table>,
    context: &mut Context,
) -> Result<Vec<Row>, String> {
    let inputs = rule.inputs().iter().zip(inputs).map(|(input, rows)| table(input, rows)).collect();
    let output = plan.run(&Inputs { inputs, tables }, context).map_err(|error| error.message)?;
    Ok(output.rows)
}

impl Tables for Inputs<'_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        let input =
            name.strip_prefix('$').and_then(|position| self.inputs.get(position.parse::<usize>().ok()?));
        input.or_else(|| self.tables.get(name)).map(Cow::Borrowed)
    }
}

/// Reads the plan of a row-local rule and resolves its names.
fn read(rule: &Rule) -> Result<Prepared, String> {
    let bytes = match &rule.body {
        Body::RowLocal(RowLocal { row: RowBuilder::Plan(bytes), .. }) => bytes,
        Body::RowLocal(_) => return Err("its rows are built by generated code".to_owned()),
        Body::AcrossEvents(_) => return Err("it looks at several events at a time".to_owned()),
    };
    Prepared::new(&plan(bytes)?).map_err(|error| error.message)
}

/// A plan from its bytes.
pub(crate) fn plan(bytes: &[u8]) -> Result<Plan, String> {
    postcard::from_bytes(bytes).map_err(|error| format!("its plan is unreadable: {error}"))
}

fn table(input: &Input, rows: Vec<Row>) -> Table {
    Table { columns: fields(input), rows }
}

/// The columns that the rest of a rule reads of an input.
pub(crate) fn fields(input: &Input) -> Vec<Field> {
    let columns = input.columns.iter().filter_map(|column| input.schema.columns.get(*column));
    columns.map(|column| Field { name: column.name.as_ref().into(), ty: column.ty }).collect()
}
