//! `scan`: sequences of rows that match one step after another.
//!
//! Each step has a state: of a sequence that has come as far as this step, the last row of each step so far. A row is
//! tried on the steps from the last to the first, so that it does not meet what it has just changed itself. On a step
//! it either takes a sequence over from the step before, or goes on with one that is there already; on the first step
//! it may begin one.
//! Source: Kusto documentation, "scan operator", matching logic.

use super::expression::Scope;
use super::query::{Bound, Operate};
use super::rows::place;
use super::{Binder, Env, Expression};
use crate::context::EvalError;
use crate::{Row, Table};
use rule_model::plan::{Field, Name, Scan, ScanOutput};
use rule_model::{Type, Value};

/// `scan`
pub(super) fn scan(scan: &Scan, input: &[Field], binder: &mut Binder) -> Bound {
    let mut columns = input.to_vec();
    columns.extend(scan.declared.iter().map(|d| Field::new(d.name.clone(), d.value.ty)));
    let width = columns.len();
    let mut view = columns.clone();
    for step in &scan.steps {
        let state = columns.iter().map(|c| Field::new(Name::from(format!("{}.{}", step.name, c.name)), c.ty));
        view.extend(state);
    }
    let mut defaults = Vec::new();
    for declared in &scan.declared {
        defaults.push(Expression::bind_in(&declared.value, &[], binder)?);
    }
    let mut steps = Vec::new();
    for step in &scan.steps {
        let mut scope = Scope::new(&view, binder);
        let condition = scope.bind(&step.condition)?;
        let mut assignments = Vec::new();
        for assignment in &step.assignments {
            assignments.push((scope.column(&assignment.name)?, scope.bind(&assignment.value)?));
        }
        scope.without_windows()?;
        steps.push(Step { output: step.output, condition, assignments });
    }
    let match_id = scan.match_id.as_ref().map(|name| place(&mut columns, name, Type::Long));
    Ok(Box::new(BoundScan { inputs: input.to_vec(), width, defaults, steps, match_id, columns }))
}

#[derive(Debug)]
struct BoundScan {
    inputs: Vec<Field>,
    /// Columns of a row with the declared ones.
    width: usize,
    defaults: Vec<Expression>,
    steps: Vec<Step>,
    match_id: Option<usize>,
    columns: Vec<Field>,
}

#[derive(Debug)]
struct Step {
    output: ScanOutput,
    condition: Expression,
    /// Declared columns by position, with their values.
    assignments: Vec<(usize, Expression)>,
}

/// A sequence on the step that it has come to.
#[derive(Debug)]
struct Sequence {
    id: i64,
    /// The last row of each step up to this one.
    rows: Vec<Row>,
    /// The row that comes out when the step is over.
    last: Option<Row>,
}

impl Operate for BoundScan {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let defaults: Row = self.defaults.iter().map(|default| default.value(env, &[])).collect();
        let absent: Row =
            self.inputs.iter().map(|field| Value::absent(field.ty)).chain(defaults.clone()).collect();
        let mut run = Run {
            scan: self,
            absent,
            states: self.steps.iter().map(|_| None).collect(),
            next_id: 0,
            output: Vec::new(),
        };
        for mut row in input.rows {
            row.extend(defaults.iter().cloned());
            for at in (0..self.steps.len()).rev() {
                run.offer(env, at, &row);
            }
            env.check()?;
        }
        for at in 0..self.steps.len() {
            run.close(at);
        }
        Ok(Table { columns: self.columns.clone(), rows: run.output })
    }
}

/// A scan under way.
struct Run<'a> {
    scan: &'a BoundScan,
    /// What a step's state reads as that has none.
    absent: Row,
    states: Vec<Option<Sequence>>,
    next_id: i64,
    output: Vec<Row>,
}

impl Run<'_> {
    /// Tries a row on a step.
    fn offer(&mut self, env: &mut Env<'_>, at: usize, row: &Row) {
        if let Some(before) = at.checked_sub(1).filter(|before| self.states[*before].is_some())
            && let Some(extended) = self.matched(env, at, before, row)
        {
            self.close(before);
            self.close(at);
            let sequence = self.states[before].take();
            self.take_over(at, sequence, extended);
            return;
        }
        if (at == 0 || self.states[at].is_some())
            && let Some(extended) = self.matched(env, at, at, row)
        {
            let sequence = self.states[at].take();
            self.take_over(at, sequence, extended);
        }
    }

    /// The row with the assignments of the step, if it matches under the state of the step `state`.
    fn matched(&self, env: &mut Env<'_>, at: usize, state: usize, row: &Row) -> Option<Row> {
        let rows = self.states[state].as_ref().map_or(&[][..], |sequence| &sequence.rows);
        let mut view = Row::with_capacity(self.scan.width * (1 + self.scan.steps.len()));
        view.extend(row.iter().cloned());
        for step in 0..self.scan.steps.len() {
            view.extend(rows.get(step).unwrap_or(&self.absent).iter().cloned());
        }
        let step = &self.scan.steps[at];
        step.condition.holds(env, &view).then(|| {
            let mut extended = row.clone();
            for (column, value) in &step.assignments {
                extended[*column] = value.value(env, &view);
            }
            extended
        })
    }

    /// Puts a sequence, or a new one, on a step with the row that matched it.
    fn take_over(&mut self, at: usize, sequence: Option<Sequence>, row: Row) {
        let mut sequence = sequence.unwrap_or_else(|| {
            self.next_id += 1;
            Sequence { id: self.next_id - 1, rows: Vec::new(), last: None }
        });
        sequence.rows.truncate(at);
        sequence.rows.push(row.clone());
        let shown = self.shown(row, sequence.id);
        match self.scan.steps[at].output {
            ScanOutput::All => self.output.push(shown),
            ScanOutput::Last => sequence.last = Some(shown),
            ScanOutput::None => {}
        }
        self.states[at] = Some(sequence);
    }

    fn shown(&self, mut row: Row, id: i64) -> Row {
        if let Some(at) = self.scan.match_id {
            row.resize(self.scan.columns.len(), Value::Null);
            row[at] = Value::Long(id);
        }
        row
    }

    /// Lets out the row that waited for its step to be over.
    fn close(&mut self, at: usize) {
        let last = self.states[at].as_mut().and_then(|sequence| sequence.last.take());
        self.output.extend(last);
    }
}
