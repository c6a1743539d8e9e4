//! All rules of a run that are evaluated on ticks: rows and watermarks in, alerts out.

mod abreast;

use super::elsewhere::{Elsewhere, Reread};
use super::schedule::{at_or_after, at_or_before};
use super::segments::{DEFAULT_DISK, Location, Segments, Unwritten};
use super::snapshot::{self, Snapshot};
use super::state::{Counts, State};
use super::step::{Signal, TickRule, step};
use crate::Rule;
use crate::alert::Alert;
use crate::parse::DEFAULT_MAX_DEPTH;
use crate::plans::StaticTables;
use abreast::{Due, LEAST_ROWS};
use rule_eval::geography::Geography;
use rule_model::metadata::Schedule;
use rule_model::{DateTime, Timespan};
use std::io;
use std::num::NonZeroUsize;

/// What a run allows its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How much the events of an input may be out of order.
    pub lateness: Timespan,
    /// How far after the run's `now` an event may lie.
    pub skew: Timespan,
    /// Bytes of memory that the states of all rules may take; past it their rows are spilled to disk.
    pub state: u64,
    /// Rows that a rule may keep, in memory and on disk; past it rows are dropped and counted.
    pub rows: u64,
    /// Bytes of disk that spilled rows may take; past it rows are dropped and counted.
    pub disk: u64,
}

/// The rules and their states, by the position of the rule among those of the engine.
#[derive(Debug)]
pub struct Evaluations {
    rules: Vec<Option<Evaluated>>,
    bounds: Bounds,
    segments: Segments,
    sources: Box<dyn Reread>,
    max_depth: usize,
    geography: Option<Geography>,
    /// How many may evaluate ticks at a time.
    threads: NonZeroUsize,
    /// Whether spilling failed and nothing was forgotten since.
    stuck: bool,
    /// Why the disk did not take rows, which were dropped then.
    failed: Option<io::Error>,
    bytes: u64,
    first: Option<DateTime>,
    latest: Option<DateTime>,
    /// Before this time no tick falls due.
    next: Option<DateTime>,
}

/// A rule and its state.
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

/// Bytes that a kept row takes in an evaluation, roughly.
const EVALUATED_ROW: u64 = 400;

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            lateness: Timespan::minutes(5),
            skew: Timespan::days(1),
            state: 256 << 20,
            rows: 100_000_000,
            disk: DEFAULT_DISK,
        }
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
        let segments = Segments::temporary(bounds.disk);
        Evaluations {
            rules,
            bounds,
            segments,
            sources: Box::new(()),
            max_depth: DEFAULT_MAX_DEPTH,
            geography: None,
            threads: NonZeroUsize::MIN,
            stuck: false,
            failed: None,
            bytes: 0,
            first: None,
            latest: None,
            next: None,
        }
    }

    /// Reads records again from these sources, of at most so many nested levels.
    pub fn reread_from(&mut self, sources: Box<dyn Reread>, max_depth: usize) {
        (self.sources, self.max_depth) = (sources, max_depth);
    }

    /// Looks up addresses in this database, if there is one.
    pub fn locate_in(&mut self, geography: Option<Geography>) {
        self.geography = geography;
    }

    /// Has ticks of several rules that fall due together evaluated by so many threads.
    pub fn evaluate_on(&mut self, threads: NonZeroUsize) {
        self.threads = threads;
    }

    /// Whether records of this source can be read again.
    pub fn can_reread(&self, source: &str) -> bool {
        self.sources.can_reread(source)
    }

    /// Spills to this store in place of a temporary one. Nothing must have been spilled yet.
    pub fn spill_to(&mut self, segments: Segments) {
        self.segments = segments;
    }

    /// The store that it spills to, which others may share.
    pub fn segments(&mut self) -> &mut Segments {
        &mut self.segments
    }

    /// Takes a row of a rule's input.
    pub fn row(&mut self, position: usize, signal: Signal, found: &mut Vec<Found>) {
        let cost = match &signal {
            Signal::Row { kept, .. } => Some(State::cost(kept)),
            Signal::Tick(_) | Signal::Foretaste(_) | Signal::Passed(_) => None,
        };
        if !self.stuck && cost.is_some_and(|cost| self.bytes + cost > self.bounds.state) {
            self.spill(position, found);
        }
        let is_full = cost.is_some_and(|cost| self.bytes + cost > self.bounds.state && self.bytes > 0);
        let Some(Evaluated { state, .. }) = self.rules.get_mut(position).and_then(Option::as_mut) else {
            return;
        };
        if is_full || cost.is_some() && state.rows() >= self.bounds.rows {
            state.counts.dropped += 1;
            return;
        }
        self.take(position, signal, &mut Vec::new(), found);
    }

    /// Has a rule take a signal, which makes alerts.
    fn take(&mut self, position: usize, signal: Signal, alerts: &mut Vec<Alert>, found: &mut Vec<Found>) {
        let room = self.room();
        let Some(Evaluated { rule, state }) = self.rules.get_mut(position).and_then(Option::as_mut) else {
            return;
        };
        let before = state.bytes();
        let elsewhere = Elsewhere {
            segments: &self.segments,
            sources: &*self.sources,
            max_depth: self.max_depth,
            geography: self.geography.as_ref(),
            room,
            bound: self.bounds.state,
        };
        let outcome = step(rule, state, signal, &elsewhere, alerts);
        self.settle(position, before);
        found.extend(outcome.err().map(|message| Found::Failure(position, message)));
    }

    /// An event of this time was read.
    pub fn observe(&mut self, time: DateTime) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.latest = self.latest.max(Some(time));
    }

    /// The latest watermark at which [`advance`](Self::advance) and [`advance_history`](Self::advance_history) have nothing to
    /// do; `None` where they may have something at any.
    pub fn quiet_until(&self) -> Option<DateTime> {
        self.next
    }

    /// The run's watermark is here: evaluates the ticks before it.
    pub fn advance(&mut self, watermark: DateTime, found: &mut Vec<Found>) {
        let until = DateTime(watermark.0.saturating_sub(1));
        if self.next.is_some_and(|next| until < next) {
            return;
        }
        let from = found.len();
        let mut abreast = self.evaluate_abreast(|_| Some(until), found);
        for position in 0..self.rules.len() {
            abreast.get_mut(position).into_iter().for_each(|of_rule| found.append(of_rule));
            self.evaluate(position, until, found);
        }
        in_order_of_ticks(&mut found[from..]);
        self.next = Some(self.next_after(until));
    }

    /// The first tick of any rule after `until`.
    fn next_after(&self, until: DateTime) -> DateTime {
        let schedules = self.rules.iter().flatten().filter_map(|it| it.rule.schedule);
        let nexts =
            schedules.filter_map(|schedule| at_or_before(until, schedule.every)?.checked_add(schedule.every));
        nexts.min().unwrap_or(DateTime::MAX)
    }

    /// The same of history, whose alerts nobody is told: a tick matters only as far as what it gives is still
    /// remembered at the end, so that those further back are passed over.
    pub fn advance_history(&mut self, watermark: DateTime, found: &mut Vec<Found>) {
        let until = DateTime(watermark.0.saturating_sub(1));
        if self.next.is_none_or(|next| until >= next) {
            self.pass_over(until, found);
            self.next = Some(self.next_after(until));
        }
    }

    /// The end of history: evaluates its ticks that are still remembered, and gives a foretaste of the first one that
    /// also sees what comes after, so that what history alone gives at it does not alert then.
    pub fn end_history(&mut self, found: &mut Vec<Found>) {
        let Some(latest) = self.latest else { return };
        self.pass_over(latest, found);
        for position in 0..self.rules.len() {
            let schedule = self.rules.get(position).and_then(Option::as_ref).map(|it| it.rule.schedule);
            let foretaste = match schedule {
                Some(Some(schedule)) => {
                    self.evaluate(position, latest, found);
                    at_or_after(latest, schedule.every).filter(|tick| *tick > latest)
                }
                Some(None) => Some(latest),
                None => None,
            };
            if let Some(tick) = foretaste {
                self.step(position, Signal::Foretaste(tick), tick, found);
            }
        }
        self.next = None;
    }

    /// Passes over the ticks before the look-back of each rule from `until`. A rule whose alerts have periods (dedup,
    /// suppress) is evaluated instead: each period depends on where the one before it began.
    fn pass_over(&mut self, until: DateTime, found: &mut Vec<Found>) {
        let from = found.len();
        for position in 0..self.rules.len() {
            let Some(it) = self.rules.get(position).and_then(Option::as_ref) else { continue };
            let Some(schedule) = it.rule.schedule else { continue };
            let metadata = &it.rule.rule.metadata;
            if metadata.dedup.is_some() || metadata.suppress.is_some() {
                self.evaluate(position, until, found);
            } else {
                let over = DateTime(until.0.saturating_sub(schedule.over.0));
                self.row(position, Signal::Passed(over), found);
            }
        }
        in_order_of_ticks(&mut found[from..]);
    }

    /// The end of finite input: evaluates every tick up to the first at or after the last event.
    pub fn finish(&mut self, now: DateTime, found: &mut Vec<Found>) {
        let from = found.len();
        let latest = self.latest;
        let until = |schedule: Schedule| {
            latest.map(|latest| at_or_after(latest, schedule.every).unwrap_or(DateTime::MAX))
        };
        let mut abreast = self.evaluate_abreast(until, found);
        for position in 0..self.rules.len() {
            abreast.get_mut(position).into_iter().for_each(|of_rule| found.append(of_rule));
            let schedule = self.rules.get(position).and_then(Option::as_ref).map(|it| it.rule.schedule);
            match (schedule, self.latest) {
                (Some(Some(schedule)), Some(_)) => {
                    until(schedule).into_iter().for_each(|until| self.evaluate(position, until, found));
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

    /// Evaluates ticks of several rules at a time, where there are threads for it and so little to be evaluated that shares
    /// of the memory do: what they found, by rule. [`evaluate`](Self::evaluate) evaluates those that are left.
    fn evaluate_abreast(
        &mut self,
        until: impl Fn(Schedule) -> Option<DateTime>,
        found: &mut Vec<Found>,
    ) -> Vec<Vec<Found>> {
        let mut of_rules: Vec<Vec<Found>> = Vec::new();
        if self.threads == NonZeroUsize::MIN {
            return of_rules;
        }
        let room = self.room();
        of_rules.resize_with(self.rules.len(), Vec::new);
        let mut due = Vec::new();
        for ((position, it), found) in self.rules.iter_mut().enumerate().zip(&mut of_rules) {
            if let Some(evaluated) = it
                && let Some(until) = evaluated.rule.schedule.and_then(&until)
                && evaluated.rule.due(&evaluated.state, self.first, until).is_some()
            {
                due.push(Due { position, until, evaluated, found });
            }
        }
        let room = room / due.len().max(1) as u64;
        let needs = |due: &Due<'_>| {
            let State { counts, .. } = &due.evaluated.state;
            let rows = due.evaluated.state.rows().saturating_mul(EVALUATED_ROW);
            rows.max(counts.peak_evaluation.saturating_mul(2))
        };
        due.retain(|due| needs(due) <= room);
        let rows: u64 = due.iter().map(|due| due.evaluated.state.rows()).sum();
        if due.len() < 2 || rows < LEAST_ROWS {
            return of_rules;
        }
        let positions: Vec<(usize, u64)> =
            due.iter().map(|due| (due.position, due.evaluated.state.bytes())).collect();
        let elsewhere = Elsewhere {
            segments: &self.segments,
            sources: &*self.sources,
            max_depth: self.max_depth,
            geography: self.geography.as_ref(),
            room,
            bound: self.bounds.state,
        };
        abreast::evaluate(due, self.first, &elsewhere, self.threads);
        for (position, before) in positions {
            self.settle(position, before);
            self.spill_surplus(position, found);
        }
        of_rules
    }

    fn evaluate(&mut self, position: usize, until: DateTime, found: &mut Vec<Found>) {
        while let Some((tick, passed_over)) = self.due(position, until) {
            if let Some(it) = self.rules.get_mut(position).and_then(Option::as_mut) {
                it.state.counts.passed_over += passed_over;
            }
            self.tick(position, tick, found);
        }
        self.row(position, Signal::Passed(until), found);
    }

    fn due(&self, position: usize, until: DateTime) -> Option<(DateTime, u64)> {
        let it = self.rules.get(position)?.as_ref()?;
        it.rule.due(&it.state, self.first, until)
    }

    fn tick(&mut self, position: usize, tick: DateTime, found: &mut Vec<Found>) {
        self.step(position, Signal::Tick(tick), tick, found);
    }

    /// Bytes that an evaluation may take: what kept rows leave of the memory, and some where they leave none.
    fn room(&self) -> u64 {
        self.bounds.state.saturating_sub(self.bytes).max(self.bounds.state / 8)
    }

    /// Leaves to an evaluation at least half of the memory, if it may need that much.
    fn make_room(&mut self, position: usize, found: &mut Vec<Found>) {
        let Some(it) = self.rules.get(position).and_then(Option::as_ref) else { return };
        let room = self.room();
        let is_tight = room < self.bounds.state / 2 && it.state.rows().saturating_mul(EVALUATED_ROW) > room;
        if is_tight && !self.stuck {
            self.spill(position, found);
        }
    }

    /// Takes a signal that makes alerts, which are those of `tick`.
    fn step(&mut self, position: usize, signal: Signal, tick: DateTime, found: &mut Vec<Found>) {
        self.make_room(position, found);
        let mut alerts = Vec::new();
        self.take(position, signal, &mut alerts, found);
        self.spill_surplus(position, found);
        found.extend(alerts.into_iter().map(|alert| Found::Alert(position, Box::new(alert), tick)));
    }

    /// Spills, if more is kept than may be.
    fn spill_surplus(&mut self, position: usize, found: &mut Vec<Found>) {
        if self.bytes > self.bounds.state && !self.stuck {
            self.spill(position, found);
        }
    }

    /// Lets go of the segments that a rule no longer needs; it took so many bytes `before`.
    fn settle(&mut self, position: usize, before: u64) {
        let Some(it) = self.rules.get_mut(position).and_then(Option::as_mut) else { return };
        let after = it.state.bytes();
        let released = std::mem::take(&mut it.state.released);
        self.stuck &= after >= before && released.is_empty();
        self.bytes = self.bytes - before + after;
        released.iter().for_each(|location| self.segments.release(location));
    }

    /// Spills what the rules that keep most have, until half of the memory is free.
    fn spill(&mut self, position: usize, found: &mut Vec<Found>) {
        let mut rules: Vec<&mut Evaluated> = self.rules.iter_mut().flatten().collect();
        rules.sort_by_key(|it| std::cmp::Reverse(it.state.bytes()));
        let mut bytes = self.bytes;
        let mut blocks = Vec::new();
        let mut spilled = 0;
        for it in &mut rules {
            if bytes <= self.bounds.state / 2 {
                break;
            }
            bytes -= it.state.bytes();
            blocks.extend(it.state.seal());
            spilled += 1;
        }
        // Some blocks may lie in a segment already, for a snapshot.
        let written = if blocks.is_empty() { Ok(Vec::new()) } else { self.segments.write(&blocks) };
        let outcome = written.and_then(|locations| {
            let mut locations = locations.into_iter();
            rules.iter_mut().take(spilled).for_each(|it| it.state.unload(&mut locations));
            rules.iter_mut().take(spilled).try_for_each(|it| it.state.spill_alerts(&mut self.segments))
        });
        if let Err(error) = outcome {
            self.stuck = true;
            found.push(Found::Failure(position, format!("its rows cannot be spilled to disk: {error}")));
            if let Unwritten::Disk(error) = error {
                self.failed = Some(error);
            }
        }
        self.bytes = self.rules.iter().flatten().map(|it| it.state.bytes()).sum();
    }

    /// The states of all rules, as they are between two records. In a store that outlives the run rows are left to
    /// segments, except the latest few. Such a store that did not take rows makes this fail: a snapshot would have them
    /// be lost for good.
    pub fn snapshot(&mut self) -> io::Result<Snapshot> {
        if self.segments.outlives() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let states = || self.rules.iter().flatten().map(|it| &it.state);
            let blocks: Vec<_> = states().flat_map(State::unwritten).collect();
            if !blocks.is_empty() {
                let mut locations = self.segments.write(&blocks).map_err(io::Error::from)?.into_iter();
                self.rules.iter_mut().flatten().for_each(|it| it.state.written(&mut locations));
            }
            self.segments.sync()?;
        }
        let rules = self.rules.iter().flatten().map(|it| (it.rule.rule, &it.state));
        Ok(Snapshot::of(rules, self.first, self.latest))
    }

    /// Goes on from a snapshot. What it has of rules that are changed or no longer here is left out. `others` lie in the same store.
    pub fn restore(&mut self, snapshot: Snapshot, others: &[Location]) -> io::Result<()> {
        let mut rules: Vec<_> =
            self.rules.iter_mut().flatten().map(|it| (it.rule.rule, &mut it.state)).collect();
        // Which tick falls due next is found at the next watermark: rules may have come or gone.
        (self.first, self.latest, self.next) = (snapshot.first, snapshot.latest, None);
        snapshot::restore(snapshot, &mut rules);
        let states = || self.rules.iter().flatten().map(|it| &it.state);
        if self.segments.outlives() {
            self.segments.restore(states().flat_map(State::locations).chain(others))?;
        }
        self.bytes = states().map(State::bytes).sum();
        Ok(())
    }

    /// The last snapshot is safe: what only earlier ones name may go.
    pub fn committed(&mut self) {
        self.segments.committed();
    }
}

/// Puts what several rules found by its ticks, that of one tick by rule as it is.
fn in_order_of_ticks(found: &mut [Found]) {
    found.sort_by_key(|found| match found {
        Found::Alert(_, _, tick) => Some(*tick),
        Found::Failure(..) => None,
    });
}
