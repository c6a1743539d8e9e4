//! The rest of a rule's query over what a tick sees, within a bound on memory.
//!
//! ```text
//! window ─whole─> first stages ───────────────┐
//!    └─ too large ─ parts by key ─> first stages of each ─┴─> all rows, in order ─> stages behind ─> output rows
//! ```
//!
//! What comes of all parts is put into an order of its own before the stages behind and before alerts are made of it, also
//! where there was only one part: how much memory there was does not show. What expressions ask of other queries is worked out
//! over the whole window, once for all parts.

use super::parts::{OfPart, Parts, Slice};
use super::remembered::{ByKey, Remembered};
use super::step::schedule;
use super::window::Window;
use crate::Rule;
use crate::plans;
use crate::rule::{AcrossEvents, Body, Input, Parting};
use rule_eval::context::EvalError;
use rule_eval::evaluate::Answers;
use rule_eval::{Context, Expression, Prepared, Row, Table, Tables, in_order, memory, timeless};
use rule_model::parting;
use rule_model::plan::{Field, Plan, Query, Source};

/// The rest of a rule's query, ready to run.
#[derive(Debug)]
pub(super) struct Tail {
    /// What is run of each part.
    first: Prepared,
    /// What is run over all that came of it, and the columns of that.
    rest: Option<(Prepared, Vec<Field>)>,
    /// By which rows are parted, for each input; `None` where they are not.
    keys: Option<Vec<Vec<Expression>>>,
    is_timeless: bool,
    /// Whether it asks other queries over events for values.
    asks: bool,
    /// By which ticks remember what they gave, where they do.
    by_key: Option<ByKey>,
}

/// The plans of a tail, which are all of it where its rows are not parted.
pub(super) struct Halves {
    /// What is run of each part.
    pub(super) first: Plan,
    /// What is run over all that came of it, in an order of its own.
    pub(super) rest: Option<Plan>,
    /// What tells the parts.
    parting: Option<parting::Parting>,
}

/// What a tail gave.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) rows: Vec<Row>,
    /// Most bytes held at a time, near enough.
    pub(super) peak: u64,
    /// Whether it was evaluated in parts.
    pub(super) in_parts: bool,
    /// What the next tick need not evaluate again.
    pub(super) remembered: Option<Remembered>,
}

/// Parts at the most.
const MOST_PARTS: u64 = 256;
/// Into how many slices a part is split that is too large, and how often.
const SLICES: u64 = 8;
const MOST_SLICES: u64 = SLICES * SLICES * SLICES;

impl Tail {
    /// The tail of a rule; `None` of a row-local one.
    pub(super) fn of(rule: &Rule) -> Result<Option<Tail>, String> {
        let Body::AcrossEvents(across) = &rule.body else { return Ok(None) };
        let is_timeless = timeless::is_timeless(&plans::plan(across.tail)?);
        let Halves { first, rest, parting } = Halves::of(across)?;
        let prepared = || {
            let columns = first.root.output().to_vec();
            let keys = parting.as_ref().map(|parting| bound(parting, across.inputs)).transpose()?;
            // Where windows do not overlap, no row is seen twice.
            let overlaps = schedule(rule).is_some_and(|schedule| schedule.every < schedule.over);
            let by_key = match &parting {
                Some(parting) if is_timeless && overlaps && !parting.asks => {
                    ByKey::of(parting, across.inputs, &columns)?
                }
                _ => None,
            };
            let rest = rest.as_ref().map(Prepared::new).transpose()?.map(|rest| (rest, columns));
            let asks = parting.is_some_and(|parting| parting.asks);
            Ok(Tail { first: Prepared::new(&first)?, rest, keys, is_timeless, asks, by_key })
        };
        prepared().map(Some).map_err(|error: EvalError| error.message)
    }

    /// Whether it gives the same over the same rows, whenever it is run.
    pub(super) fn is_timeless(&self) -> bool {
        self.is_timeless
    }

    /// By which key ticks remember what they gave, where they do.
    pub(super) fn by_key(&self) -> Option<&ByKey> {
        self.by_key.as_ref()
    }

    /// Of an evaluation in parts: whether there are stages behind them, and whether it asks other queries over events.
    pub(super) fn takes_together(&self) -> (bool, bool) {
        (self.rest.is_some(), self.asks)
    }

    /// The output rows over a window, with room for so many bytes, after a tick that gave what is remembered. Where that does
    /// not do even part by part, it takes what it needs.
    pub(super) fn run(
        &self,
        window: &Window<'_>,
        room: u64,
        before: Option<Remembered>,
    ) -> Result<Output, String> {
        let mut output = Output::default();
        let Some(keys) = &self.keys else {
            output.rows = output.attempt(&self.first, window, None, u64::MAX)?.unwrap_or_default();
            return Ok(output);
        };
        let read = window.handed_out();
        if let (Some(by_key), Some(before)) = (&self.by_key, before)
            && let Some(remembered) = self.of_changed_keys(by_key, window, before, room, &mut output)?
        {
            output.rows = remembered.rows();
            output.remembered = Some(remembered).filter(|it| it.bytes() <= room / 4);
        } else if let Some(rows) = output.attempt(&self.first, window, None, room)? {
            if let Some(by_key) = &self.by_key {
                output.remembered = Remembered::all(by_key, window, &rows, room / 4)?;
            }
            output.rows = rows;
        } else {
            let read = window.handed_out() - read;
            let count = (2 * window.len()).div_ceil(read.max(1)).clamp(2, MOST_PARTS);
            self.in_parts(window, keys, count, room, &mut output)?;
        }
        output.rows.sort_by(|a, b| in_order(a, b));
        match &self.rest {
            Some((rest, columns)) => output.behind(rest, columns, window),
            None => Ok(output),
        }
    }

    /// What is to be remembered after an evaluation of the keys alone that may have changed; `None` where all are to be
    /// evaluated.
    fn of_changed_keys(
        &self,
        by_key: &ByKey,
        window: &Window<'_>,
        mut before: Remembered,
        room: u64,
        output: &mut Output,
    ) -> Result<Option<Remembered>, String> {
        let Some(changed) = before.changed(by_key, window)? else { return Ok(None) };
        let mut answers = Answers::default();
        let evaluate =
            |tables: &dyn Tables| output.attempt(&self.first, window, Some((tables, &mut answers)), room);
        before.after(by_key, window, &changed, evaluate)
    }

    fn in_parts(
        &self,
        window: &Window<'_>,
        keys: &[Vec<Expression>],
        count: u64,
        room: u64,
        output: &mut Output,
    ) -> Result<(), String> {
        let scratch = window.elsewhere.segments.scratch();
        let parted = scratch
            .map_err(|error| format!("rows cannot be parted on disk: {error}"))
            .and_then(|scratch| Parts::of(window, keys, count, scratch, room));
        let Ok(parts) = parted else {
            // Without a disk it takes the memory: its alerts are right, and that it did is reported.
            output.rows = output.attempt(&self.first, window, None, u64::MAX)?.unwrap_or_default();
            return Ok(());
        };
        output.in_parts = true;
        let mut answers = Answers::default();
        let mut held = 0;
        let mut slices: Vec<Slice> = (0..count).rev().map(Slice::whole).collect();
        while let Some(slice) = slices.pop() {
            let left = room.saturating_sub(held).max(answers.bytes() + room / 4);
            // The rows of a single key cannot be parted, nor what is asked of all rows: there an end is to trying.
            let is_last = slice.divisor >= MOST_SLICES || answers.is_in_the_way();
            let left = if is_last { u64::MAX } else { left };
            let tables = OfPart { parts: &parts, slice };
            let before = std::mem::take(&mut output.peak);
            let attempted = output.attempt(&self.first, window, Some((&tables, &mut answers)), left)?;
            output.peak = before.max(held.saturating_add(output.peak));
            if let Some(rows) = attempted {
                held += memory::of_rows(&rows);
                output.rows.extend(rows);
            } else {
                output.peak = before;
                if answers.is_in_the_way() {
                    slices.push(slice);
                } else {
                    slices.extend(slice.split(SLICES));
                }
            }
        }
        Ok(())
    }
}

impl Output {
    /// Runs a plan over a window, or over a part of it with what was asked of the whole before; `None` where there is not the
    /// room.
    fn attempt(
        &mut self,
        plan: &Prepared,
        window: &Window<'_>,
        part: Option<(&dyn Tables, &mut Answers)>,
        room: u64,
    ) -> Result<Option<Vec<Row>>, String> {
        let unread = window.unread();
        let mut context = window.context().with_room(room);
        let table = window.with_texts(&mut context, |context| match part {
            Some((tables, answers)) => plan.run_part(tables, window, answers, context),
            None => plan.run(window, context),
        });
        if context.memory.is_exceeded() {
            window.set_unread(unread);
            return Ok(None);
        }
        self.peak = self.peak.max(context.memory.peak());
        rows(table, &mut context).map(Some)
    }

    /// Runs a plan over the rows so far.
    fn behind(mut self, plan: &Prepared, columns: &[Field], window: &Window<'_>) -> Result<Output, String> {
        let mut context = window.context().with_room(u64::MAX);
        let input = Table { columns: columns.to_vec(), rows: std::mem::take(&mut self.rows) };
        let held = memory::of_table(&input);
        let table = plan.run_over(input, window, &mut context);
        self.peak = self.peak.max(held.saturating_add(context.memory.peak()));
        self.rows = rows(table, &mut context)?;
        Ok(self)
    }
}

fn rows(table: Result<Table, EvalError>, context: &mut Context) -> Result<Vec<Row>, String> {
    let rows = table.map_err(|error| error.message)?.rows;
    context.take_failure().map_or(Ok(rows), |failure| Err(failure.message))
}

impl Halves {
    /// Those of a rule across events.
    pub(super) fn of(across: &AcrossEvents) -> Result<Halves, String> {
        let plan = plans::plan(across.tail)?;
        let Parting::By(bytes) = across.parting else {
            return Ok(Halves { first: plan, rest: None, parting: None });
        };
        let parting: parting::Parting =
            postcard::from_bytes(bytes).map_err(|error| format!("its parting is unreadable: {error}"))?;
        let Plan { bindings, mut root, visible } = plan;
        let behind = root.stages.split_off(parting.stages.min(root.stages.len()));
        let rest = (!behind.is_empty()).then(|| {
            let root = Query { source: Source::Input, columns: root.output().to_vec(), stages: behind };
            Plan { bindings: bindings.clone(), root, visible }
        });
        Ok(Halves { first: Plan { bindings, root, visible }, rest, parting: Some(parting) })
    }
}

/// The keys of parts over what is kept of each input.
fn bound(parting: &parting::Parting, inputs: &[Input]) -> Result<Vec<Vec<Expression>>, EvalError> {
    let of_input = |(input, keys): (_, &Vec<_>)| {
        let fields = plans::fields(input);
        keys.iter().map(|key| Expression::bind(key, &fields)).collect()
    };
    inputs.iter().zip(&parting.keys).map(of_input).collect()
}
