//! All rules of a run that are evaluated on ticks: rows and watermarks in, alerts out.

use super::schedule::{at_or_after, at_or_before};
use super::state::{Counts, State};
use super::step::{Signal, TickRule, step};
use crate::Rule;
use crate::alert::Alert;
use crate::plans::StaticTables;
use rule_model::{DateTime, Timespan};

/// What a run allows its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How much the events of an input may be out of order.
    pub lateness: Timespan,
    /// How far after the run's `now` an event may lie.
    pub skew: Timespan,
    /// Bytes that the states of all rules may take.
    pub state: u64,
}

/// The rules and their states, by the position of the rule among those of the engine.
#[derive(Debug)]
pub struct Evaluations {
    rules: Vec<Option<Evaluated>>,
    bounds: Bounds,
    bytes: u64,
    first: Option<DateTime>,
    latest: Option<DateTime>,
    /// Before this time no tick falls due.
    next: Option<DateTime>,
}

#[derive(Debug)]
struct Evaluated {
    rule: TickRule,
    state: State,
}

/// What came of a tick, by the position of the rule.
#[derive(Debug)]
pub enum Found {
    /// An alert of the tick at this time.
    Alert(usize, Box<Alert>, DateTime),
    /// A tick that could not be evaluated, and why.
    Failure(usize, String),
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { lateness: Timespan::minutes(5), skew: Timespan::days(1), state: 256 << 20 }
    }
}

impl Evaluations {
    /// Nothing seen yet. Rules whose plan is unreadable are reported and left out.
    pub fn new(
        rules: &[&'static Rule],
        tables: &StaticTables,
        bounds: Bounds,
        found: &mut Vec<Found>,
    ) -> Evaluations {
        let mut evaluated = |(position, rule): (usize, &&'static Rule)| match TickRule::new(rule, tables)? {
            Ok(tick_rule) => Some(Evaluated { rule: tick_rule, state: State::new(rule.inputs().len()) }),
            Err(message) => {
                found.push(Found::Failure(position, message));
                None
            }
        };
        let rules = rules.iter().enumerate().map(&mut evaluated).collect();
        Evaluations { rules, bounds, bytes: 0, first: None, latest: None, next: None }
    }

    /// Takes a row of a rule's input.
    pub fn row(&mut self, position: usize, signal: Signal, found: &mut Vec<Found>) {
        let Some(Evaluated { rule, state }) = self.rules.get_mut(position).and_then(Option::as_mut) else {
            return;
        };
        if let Signal::Row { row, .. } = &signal
            && self.bytes + State::cost(row) > self.bounds.state
        {
            state.counts.dropped += 1;
            return;
        }
        let before = state.bytes();
        let outcome = step(rule, state, signal, &mut Vec::new());
        self.bytes = self.bytes - before + state.bytes();
        found.extend(outcome.err().map(|message| Found::Failure(position, message)));
    }

    /// An event of this time was read.
    pub fn observe(&mut self, time: DateTime) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.latest = self.latest.max(Some(time));
    }

    /// The run's watermark is here: evaluates the ticks before it.
    pub fn advance(&mut self, watermark: DateTime, found: &mut Vec<Found>) {
        let until = DateTime(watermark.0.saturating_sub(1));
        if self.next.is_some_and(|next| until < next) {
            return;
        }
        let from = found.len();
        for position in 0..self.rules.len() {
            self.evaluate(position, until, found);
        }
        in_order_of_ticks(&mut found[from..]);
        let schedules = self.rules.iter().flatten().filter_map(|it| it.rule.schedule);
        let nexts =
            schedules.filter_map(|schedule| at_or_before(until, schedule.every)?.checked_add(schedule.every));
        self.next = Some(nexts.min().unwrap_or(DateTime::MAX));
    }

    /// The end of finite input: evaluates every tick up to the first at or after the last event.
    pub fn finish(&mut self, now: DateTime, found: &mut Vec<Found>) {
        let from = found.len();
        for position in 0..self.rules.len() {
            let schedule = self.rules.get(position).and_then(Option::as_ref).map(|it| it.rule.schedule);
            match (schedule, self.latest) {
                (Some(Some(schedule)), Some(latest)) => {
                    let until = at_or_after(latest, schedule.every).unwrap_or(DateTime::MAX);
                    self.evaluate(position, until, found);
                }
                (Some(None), latest) => self.tick(position, latest.unwrap_or(now), found),
                _ => {}
            }
        }
        in_order_of_ticks(&mut found[from..]);
    }

    /// What happened to each rule's rows.
    pub fn counts(&self) -> impl Iterator<Item = (&'static Rule, Counts)> {
        self.rules.iter().flatten().map(|it| (it.rule.rule, it.state.counts))
    }

    fn evaluate(&mut self, position: usize, until: DateTime, found: &mut Vec<Found>) {
        while let Some(tick) = self.due(position, until) {
            self.tick(position, tick, found);
        }
        self.row(position, Signal::Passed(until), found);
    }

    fn due(&self, position: usize, until: DateTime) -> Option<DateTime> {
        let it = self.rules.get(position)?.as_ref()?;
        it.rule.due(&it.state, self.first, until)
    }

    fn tick(&mut self, position: usize, tick: DateTime, found: &mut Vec<Found>) {
        let Some(Evaluated { rule, state }) = self.rules.get_mut(position).and_then(Option::as_mut) else {
            return;
        };
        let before = state.bytes();
        let mut alerts = Vec::new();
        let outcome = step(rule, state, Signal::Tick(tick), &mut alerts);
        self.bytes = self.bytes - before + state.bytes();
        found.extend(outcome.err().map(|message| Found::Failure(position, message)));
        found.extend(alerts.into_iter().map(|alert| Found::Alert(position, Box::new(alert), tick)));
    }
}

/// Puts what several rules found by its ticks, that of one tick by rule as it is.
fn in_order_of_ticks(found: &mut [Found]) {
    found.sort_by_key(|found| match found {
        Found::Alert(_, _, tick) => Some(*tick),
        Found::Failure(..) => None,
    });
}
