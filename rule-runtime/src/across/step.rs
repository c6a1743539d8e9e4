//! One step of one rule: a row is kept, or a tick is evaluated.
//!
//! ```text
//! Tick ─> rows in (T − over, T] ─tail─> output rows ─trigger─> alerts ─not made before─> each, or one of all
//! ```

use super::elsewhere::Elsewhere;
use super::evidence::Traced;
use super::remembered::{ByKey, Remembered};
use super::schedule::{at_or_after, at_or_before, before, reach};
use super::segments::Segments;
use super::state::{Kept, Place, State};
use super::tail::{self, Tail};
use super::window::Window;
use crate::Rule;
use crate::alert::{Alert, AlertId, Evidence, Seen};
use crate::plans::{Maker, StaticTables};
use crate::rule::Body;
use rule_eval::{Context, Row};
use rule_model::metadata::{Grouping, Schedule, Trigger};
use rule_model::plan::Name;
use rule_model::{DateTime, Timespan, Value};
use std::collections::HashMap;

/// A rule that is evaluated on ticks.
#[derive(Debug)]
pub struct TickRule {
    /// The rule.
    pub rule: &'static Rule,
    /// When it is evaluated; `None`: once, at the end of input, over everything.
    pub schedule: Option<Schedule>,
    /// What makes output rows of kept ones; `None` where kept rows are output rows (a row-local rule).
    tail: Option<Tail>,
    pub(super) tables: StaticTables,
    /// What makes the rows of each input, from records that are read again.
    pub(super) makers: Vec<Maker>,
    /// Whether an evaluation that sees no row may alert.
    alerts_on_nothing: bool,
    /// Whether a tick gives the same as another one that sees the same rows.
    is_timeless: bool,
    pub(super) traced: Traced,
}

/// Ticks in a row that are evaluated although they see nothing, by a rule that alerts on that. One event of a clock that
/// is years behind would otherwise give millions of alerts; the last ones, which may still be of use, are given.
const MOST_EMPTY: i64 = 10_000;

/// What a step is about.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A row that passed the conditions of an input.
    Row {
        /// Position of the input among the rule's.
        input: usize,
        /// Where it stands.
        place: Place,
        /// What it is kept as.
        kept: Kept,
    },
    /// A tick, to be evaluated.
    Tick(DateTime),
    /// A tick that is evaluated over what is there before all its events are: what it gives counts as made, and the tick
    /// is still to be evaluated.
    Foretaste(DateTime),
    /// All ticks up to here are over; those not evaluated had nothing to see.
    Passed(DateTime),
}

/// Takes a signal; alerts go to `alerts`. `elsewhere` has the rows that the state names and does not hold itself. An
/// error is what the evaluator says, or that a kept row is unreadable.
pub fn step(
    rule: &TickRule,
    state: &mut State,
    signal: Signal,
    elsewhere: &Elsewhere<'_>,
    alerts: &mut Vec<Alert>,
) -> Result<(), String> {
    match signal {
        Signal::Row { input, place, kept } => {
            if rule.admits(state, place.time) {
                state.keep(input, place, rule.keyed(input, kept)?);
            }
            Ok(())
        }
        Signal::Tick(tick) => {
            if rule.gives_the_same(state, tick) {
                rule.pass(state, tick, elsewhere);
                return Ok(());
            }
            let outcome = rule.evaluate(state, tick, elsewhere, false, alerts);
            state.settled = (outcome.is_ok() && state.foretold != Some(tick)).then_some(tick);
            rule.pass(state, tick, elsewhere);
            outcome
        }
        Signal::Foretaste(tick) => {
            let outcome = rule.evaluate(state, tick, elsewhere, true, alerts);
            state.foretold = Some(tick);
            outcome
        }
        Signal::Passed(time) => {
            let every = rule.schedule.map_or(Timespan(i64::MAX), |schedule| schedule.every);
            if let Some(tick) = at_or_before(time, every) {
                rule.pass(state, tick, elsewhere);
            }
            Ok(())
        }
    }
}

/// An output row and the records that it is known to come from.
pub(super) struct Output {
    pub(super) row: Row,
    pub(super) time: Option<DateTime>,
    pub(super) evidence: Evidence,
    pub(super) ordinal: u64,
}

impl TickRule {
    /// A rule evaluated on ticks, over these tables besides its inputs; `None` for a row-local rule that alerts event
    /// by event.
    pub fn new(rule: &'static Rule, tables: &StaticTables) -> Option<Result<TickRule, String>> {
        if !is_on_ticks(rule) {
            return None;
        }
        let tail = match Tail::of(rule) {
            Ok(tail) => tail,
            Err(error) => return Some(Err(error)),
        };
        let schedule = schedule(rule);
        let tables = tables.clone();
        let makers = rule.inputs().iter().map(|_| Maker::default()).collect();
        let traced = Traced::default();
        let is_timeless = tail.as_ref().is_none_or(Tail::is_timeless);
        let alerts_on_nothing = false;
        let mut it =
            TickRule { rule, schedule, tail, tables, makers, alerts_on_nothing, is_timeless, traced };
        let of_nothing = it.evaluate_nothing();
        it.alerts_on_nothing = match of_nothing {
            Ok(rows) => rule.metadata.trigger.fires(rows as u64),
            // What fails on no rows at all is reported when it is evaluated.
            Err(_) => true,
        };
        Some(Ok(it))
    }

    /// The first tick not after `until` that is still to be evaluated, and how many before it are passed over although
    /// they would alert on seeing nothing. `first` is the time of the first event.
    pub fn due(&self, state: &State, first: Option<DateTime>, until: DateTime) -> Option<(DateTime, u64)> {
        let schedule = self.schedule?;
        let earliest = state.earliest();
        let from = if self.alerts_on_nothing { first.min(earliest).or(first) } else { earliest };
        let from = at_or_after(from?, schedule.every)?;
        let next = state.evaluated.and_then(|tick| tick.checked_add(schedule.every));
        let due = next.map_or(from, |next| next.max(from));
        let seen = earliest.and_then(|time| at_or_after(time, schedule.every)).unwrap_or(until);
        let empty = seen.min(until).0.saturating_sub(due.0) / schedule.every.0.max(1);
        let passed_over = (empty - MOST_EMPTY).max(0);
        let due = DateTime(due.0 + passed_over * schedule.every.0);
        Some((due, passed_over as u64)).filter(|(due, _)| *due <= until)
    }

    /// Whether a row of this time may still be seen; counts it where it is late.
    fn admits(&self, state: &mut State, time: Option<DateTime>) -> bool {
        let (Some(schedule), Some(time)) = (self.schedule, time) else { return true };
        let Some(first) = at_or_after(time, schedule.every) else { return false };
        let sees = |tick: DateTime| reach(tick, schedule) < time;
        let Some(evaluated) = state.evaluated else { return sees(first) };
        let missed = first <= evaluated && sees(first);
        let next = evaluated.checked_add(schedule.every).unwrap_or(DateTime::MAX).max(first);
        let is_seen = sees(next);
        state.counts.late += u64::from(missed);
        state.counts.too_late += u64::from(missed && !is_seen);
        is_seen
    }

    /// Moves on behind a tick.
    fn pass(&self, state: &mut State, tick: DateTime, elsewhere: &Elsewhere<'_>) {
        state.evaluated = state.evaluated.max(Some(tick));
        if let Some(schedule) = self.schedule {
            let next = tick.checked_add(schedule.every).unwrap_or(DateTime::MAX);
            let inputs = self.rule.inputs();
            let recent = |input: usize| inputs.get(input).and_then(|input| input.recent);
            let until = reach(next, schedule);
            let of_input = |input| recent(input).map_or(until, |recent| until.max(before(next, recent)));
            state.forget_rows(of_input, elsewhere.segments);
        }
    }

    /// Whether a tick sees what the last one did and so gives what that gave: then it has produced its alerts again. Where no rows
    /// alert, each tick alerts anew; and what was forgotten since alerts again.
    fn gives_the_same(&self, state: &mut State, tick: DateTime) -> bool {
        let (Some(schedule), Some(last)) = (self.schedule, state.settled) else { return false };
        let is_same = self.is_timeless
            && !self.rule.metadata.trigger.fires(0)
            && last < tick
            && last > reach(tick, schedule)
            && !state.may_have(last, tick);
        if is_same {
            state.forget_alerts(reach(tick, schedule));
            state.alerted.produce_again(last, tick);
            state.settled = Some(tick);
        }
        is_same
    }

    /// How many output rows a tick has that sees nothing.
    fn evaluate_nothing(&self) -> Result<usize, String> {
        let Some(tail) = &self.tail else { return Ok(0) };
        let segments = Segments::temporary(0);
        let nowhere = Elsewhere {
            segments: &segments,
            sources: &(),
            max_depth: 0,
            geography: None,
            room: u64::MAX,
            bound: u64::MAX,
        };
        let state = &mut State::new(self.rule.inputs().len());
        Ok(self.run(tail, state, DateTime::UNIX_EPOCH, &nowhere, None)?.len())
    }

    /// Evaluates a tick: its alerts that no earlier one made. An error may come beside alerts. One that is `foretold` is still to come:
    /// it changes nothing of what is remembered, and rows that are absent so far may yet come.
    fn evaluate(
        &self,
        state: &mut State,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        foretold: bool,
        alerts: &mut Vec<Alert>,
    ) -> Result<(), String> {
        let Some(tail) = &self.tail else { return self.each_row(state, tick, elsewhere, foretold, alerts) };
        let remembered = state.remembered.take();
        let rows = if foretold {
            let rows = self.run(tail, state, tick, elsewhere, None);
            state.remembered = remembered;
            rows
        } else {
            self.run(tail, state, tick, elsewhere, remembered)
        };
        let outcome = rows.and_then(|rows| match &*rows {
            [] if foretold => Ok(()),
            _ => self.shape(state, tick, rows, elsewhere, alerts),
        });
        state.recalled.end();
        outcome
    }

    /// A row as it is to be kept.
    fn keyed(&self, input: usize, kept: Kept) -> Result<Kept, String> {
        let Some(by_key) = self.tail.as_ref().and_then(Tail::by_key) else { return Ok(kept) };
        by_key.keyed(input, kept, &mut Context::at(DateTime::UNIX_EPOCH))
    }

    /// The columns whose values tell of which rows a tick need not be evaluated again, because none came or went of theirs;
    /// none where each tick is evaluated whole.
    pub fn remembers_by(&self) -> impl Iterator<Item = &str> {
        self.tail.iter().filter_map(Tail::by_key).flat_map(ByKey::columns).map(Name::as_str)
    }

    /// Of an evaluation in parts: whether what came of all parts is taken together behind them, and whether what it asks of other
    /// queries is worked out over all rows.
    pub fn takes_together(&self) -> (bool, bool) {
        self.tail.as_ref().map_or((false, false), Tail::takes_together)
    }

    /// The output rows of a tick. What of the state could not be read again is counted.
    fn run(
        &self,
        tail: &Tail,
        state: &mut State,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        remembered: Option<Remembered>,
    ) -> Result<Vec<Output>, String> {
        let mut recalled = std::mem::take(&mut state.recalled);
        recalled.begin(elsewhere.room / 8);
        let window = self.window(state, tick, elsewhere).recalling(recalled);
        let evaluated = tail.run(&window, elsewhere.room, remembered);
        let unread = window.unread();
        state.recalled = window.into_read().0;
        state.counts.unread += unread;
        let tail::Output { rows, peak, in_parts, remembered } = evaluated?;
        state.remembered = remembered;
        state.counts.in_parts += u64::from(in_parts);
        state.counts.took(peak, elsewhere.room);
        let output = |row| Output { row, time: Some(tick), evidence: Evidence::default(), ordinal: 0 };
        Ok(rows.into_iter().map(output).collect())
    }

    /// What a tick sees.
    pub(super) fn window<'a>(
        &'a self,
        state: &'a State,
        tick: DateTime,
        elsewhere: &'a Elsewhere<'a>,
    ) -> Window<'a> {
        let after = self.schedule.map_or(DateTime(i64::MIN), |schedule| reach(tick, schedule));
        let until = if self.schedule.is_some() { tick } else { DateTime::MAX };
        Window::new(self, state, tick, (after, until), elsewhere)
    }

    /// The alerts of a tick's rows that no earlier tick made. Where it cannot be read which these are, there are alerts beside the
    /// error.
    pub(super) fn shape(
        &self,
        state: &mut State,
        tick: DateTime,
        rows: Vec<Output>,
        elsewhere: &Elsewhere<'_>,
        alerts: &mut Vec<Alert>,
    ) -> Result<(), String> {
        self.forget_alerts(state, tick);
        let metadata = &self.rule.metadata;
        if !metadata.trigger.fires(rows.len() as u64) {
            return Ok(());
        }
        let rows = if rows.is_empty() { vec![self.absence(tick)] } else { rows };
        let mut made: Vec<Alert> = self.numbered(rows, tick);
        let ids: Vec<AlertId> = made.iter().map(|alert| alert.id).collect();
        let (is_new, outcome) = state.alerted.produce(&ids, tick, elsewhere.segments);
        if is_new.contains(&true) && self.tail.is_some() {
            self.tell_evidence(state, tick, elsewhere, &mut made, &is_new);
        }
        let mut is_new = is_new.into_iter();
        made.retain(|_| is_new.next().unwrap_or(false));
        if metadata.grouping == Grouping::Single && made.len() > 1 {
            let mut made = made.into_iter();
            if let Some(mut first) = made.next() {
                made.for_each(|alert| first.evidence.add(alert.evidence));
                alerts.push(first);
            }
        } else {
            alerts.append(&mut made);
        }
        outcome
    }

    /// Forgets the alerts that a tick need not know, because no tick since its window began produced them.
    pub(super) fn forget_alerts(&self, state: &mut State, tick: DateTime) {
        // Without a schedule there is one window, which is never left.
        let over = self.schedule.map_or(i64::MAX, |schedule| schedule.over.0);
        state.forget_alerts(DateTime(tick.0.saturating_sub(over)));
    }

    /// Alerts of a tick's rows; rows that would have the same alert are numbered.
    pub(super) fn numbered(&self, rows: Vec<Output>, tick: DateTime) -> Vec<Alert> {
        let window = self.schedule.map(|it| Seen { after: reach(tick, it), until: tick });
        let mut equal: HashMap<AlertId, u64> = HashMap::new();
        let table = self.rule.inputs().first().map_or("", |input| &input.schema.name);
        let alerts = rows.into_iter().map(|Output { row, time, evidence, ordinal }| {
            let mut alert = Alert::new(self.rule, row, ordinal, time, table, evidence);
            let number = equal.entry(alert.id).or_default();
            if *number > 0 {
                alert = alert.numbered(ordinal + *number);
            }
            *number += 1;
            alert.window = window;
            alert
        });
        alerts.collect()
    }

    /// What stands for the rows where their absence is the alert: one row of nothing, numbered by the tick, because
    /// each such tick is an alert of its own.
    fn absence(&self, tick: DateTime) -> Output {
        let row: Vec<Value> = self.rule.columns.iter().map(|column| Value::absent(column.ty)).collect();
        Output {
            row,
            time: Some(tick),
            evidence: Evidence::default(),
            ordinal: tick.unix_ticks().unsigned_abs(),
        }
    }
}

/// Whether a rule is evaluated on ticks and not event by event.
pub fn is_on_ticks(rule: &Rule) -> bool {
    matches!(rule.body, Body::AcrossEvents(_)) || !rule.metadata.alerts_each_row()
}

/// The rule's schedule. One that counts to a threshold within a dedup period and has none is evaluated every minute
/// over that minute: the period is counted from the first match, wherever ticks lie, and its alert should not wait
/// for the period's end. Where trigger or grouping need several rows at once, a period is an evaluation.
pub fn schedule(rule: &Rule) -> Option<Schedule> {
    let metadata = &rule.metadata;
    let by_period = || {
        let period = metadata.dedup.as_ref().filter(|_| metadata.threshold > 1)?.period;
        let each_row = metadata.trigger == Trigger::default() && metadata.grouping == Grouping::Each;
        let is_local = matches!(rule.body, Body::RowLocal(_));
        let span = if each_row && is_local { period.min(Timespan::minutes(1)) } else { period };
        Some(Schedule { every: span, over: span })
    };
    metadata.schedule.or_else(by_period)
}
