//! Outcomes to reports: the half of a run that has state, done by one thread in the order of the input.
//!
//! ```text
//! Match ──> Alert ───────────────────────────────┐
//! Match, Passed ─> Evaluations ──tick──> Alert ──┴─ dedup ─ quota ─> Sink
//! event time ─> Watermarks ─────┘
//! ```

mod memory;

use super::Options;
use crate::Rule;
use crate::across::evaluations::{Bounds, Found};
use crate::across::state::Counts;
use crate::across::watermark::Watermarks;
use crate::across::{Evaluations, Files, Kept, Signal};
use crate::alert::{Alert, Collapsed, Evidence, Position};
use crate::dead_letter::DeadLetters;
use crate::dedup::{Deduplicator, Verdict};
use crate::engine::{Engine, Match, Outcome, Passed, Reject, Time};
use crate::shaping::{Admission, Quota};
use crate::sink::{Destination, Sink};
use crate::summary::Summary;
use crate::untimely::Untimely;
use rule_model::{DateTime, Timespan};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use memory::Memory;

/// Where a run writes.
pub struct Output<'a> {
    /// Alerts.
    pub sink: &'a mut dyn Sink,
    /// Rejected records and odd event times, if anybody wants them.
    pub dead_letters: Option<&'a mut DeadLetters<Box<dyn Destination>>>,
}

/// Takes outcomes in order.
pub struct Reporter<'a> {
    engine: &'a Engine,
    output: Output<'a>,
    dedup: Deduplicator,
    quotas: Vec<Quota>,
    summary: Summary,
    evaluations: Evaluations,
    watermarks: Watermarks,
    /// What ticks have given and is not reported yet.
    found: Vec<Found>,
    options: Options,
    /// Whether what is read is history: it changes what is remembered, and alerts are not reported.
    in_history: bool,
    /// Whether history is over.
    is_live: bool,
    started: Instant,
    /// The latest event time that is not in the future; the clock is looked at only past it.
    latest_allowed: DateTime,
}

impl<'a> Reporter<'a> {
    /// Reports what the rules of `engine` find.
    pub fn new(engine: &'a Engine, options: &Options, output: Output<'a>) -> Reporter<'a> {
        let mut found = Vec::new();
        let tables = engine.static_tables();
        let windows = windows_share(engine.rules(), options.bounds.state);
        let bounds = Bounds { state: options.bounds.state - windows, ..options.bounds };
        let mut evaluations = Evaluations::new(engine.rules(), tables, bounds, &mut found);
        evaluations.locate_in(engine.geography().cloned());
        evaluations.evaluate_on(options.threads);
        Reporter {
            evaluations,
            watermarks: Watermarks::new([], options.bounds.lateness),
            found,
            options: *options,
            engine,
            output,
            dedup: Deduplicator::new(engine.rules(), windows),
            quotas: engine.rules().iter().map(|_| Quota::default()).collect(),
            summary: Summary::default(),
            in_history: false,
            is_live: false,
            started: Instant::now(),
            latest_allowed: DateTime::MIN,
        }
    }

    /// Takes everything out of an outcome but its work, where no rule is evaluated on ticks.
    pub fn take(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        self.note(outcome);
        let source = outcome.work.source.clone();
        outcome.rejects.drain(..).try_for_each(|reject| self.rejected(&reject, &source))?;
        outcome.matches.drain(..).try_for_each(|found| self.matched(found, &source))
    }

    /// Takes the counts and failures out of an outcome, and rejects that nobody wants to see.
    pub fn note(&mut self, outcome: &mut Outcome) {
        self.summary.records += outcome.records;
        self.summary.history += if self.in_history { outcome.records } else { 0 };
        self.summary.bytes += outcome.work.batch.taken;
        self.summary.candidates += outcome.candidates;
        for reject in &outcome.rejects {
            *self.summary.rejected.entry(reject.reason).or_default() += 1;
        }
        if self.output.dead_letters.is_none() {
            outcome.rejects.clear();
        }
        for failure in outcome.failures.drain(..) {
            self.failed(failure.rule, failure.message);
        }
    }

    /// Writes a rejected record.
    pub fn rejected(&mut self, reject: &Reject, source: &str) -> io::Result<()> {
        self.output.dead_letters.as_mut().map_or(Ok(()), |letters| letters.write(source, reject))
    }

    /// Sources whose records can be read again.
    pub fn reread_from(&mut self, files: Files) {
        self.evaluations.reread_from(Box::new(files), self.engine.max_depth());
    }

    /// Whether records of this source can be.
    pub fn can_reread(&self, source: &str) -> bool {
        self.evaluations.can_reread(source)
    }

    /// The inputs whose event time is to be followed from now on, each with its latest event time in an earlier run, and
    /// whether they are history.
    pub fn begin(
        &mut self,
        inputs: impl IntoIterator<Item = (Arc<str>, Option<DateTime>)>,
        in_history: bool,
    ) {
        self.watermarks = Watermarks::new(inputs, self.options.bounds.lateness);
        self.in_history = in_history;
        self.is_live = !in_history;
    }

    /// Whether history is being read, perhaps since an earlier run.
    pub fn is_in_history(&self) -> bool {
        self.in_history
    }

    /// Whether history is over: other inputs are or were read.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// The latest event time of an input.
    pub fn latest(&self, input: usize) -> Option<DateTime> {
        self.watermarks.latest(input)
    }

    /// The input to be read next, of those for which `may` holds.
    pub fn furthest_behind(&self, may: impl Fn(usize) -> bool) -> Option<usize> {
        self.watermarks.furthest_behind(may)
    }

    /// An event time was read from an input of this name, after the rows of its record were taken.
    pub fn time(&mut self, input: usize, name: &Arc<str>, time: Time) -> io::Result<()> {
        let usable = time
            .time
            .and_then(|it| if self.is_in_the_future(it) { Err(Untimely::InTheFuture) } else { Ok(it) });
        let untimely = match usable {
            Ok(time) => {
                let backwards = self.watermarks.observe(input, time);
                self.evaluations.observe(time);
                self.advance();
                backwards.then_some(Untimely::Backwards)
            }
            Err(untimely) => Some(untimely),
        };
        if let Some(untimely) = untimely {
            self.summary.untimely.entry(untimely).or_default().add(name, time.offset);
            if let Some(letters) = &mut self.output.dead_letters {
                letters.write_untimely(name, time.offset, untimely, time.time.ok())?;
            }
        }
        self.report_found()
    }

    /// Takes from the beginning of these times, of records of which nothing else came, those that only move the largest time
    /// of their input on: no tick is due before or after them, no other input becomes the one furthest behind, and nothing of
    /// them is told. How many there were: what [`time`](Self::time) would do for each is then done for all.
    pub fn quiet_times<'t>(&mut self, input: usize, times: impl Iterator<Item = &'t Time>) -> usize {
        let lateness = self.options.bounds.lateness;
        let (Some(furthest), Some(quiet), Some(mut latest)) = (
            self.watermarks.furthest_behind_until(input),
            self.evaluations.quiet_until(),
            self.watermarks.latest(input),
        ) else {
            return 0;
        };
        let last = furthest.min(DateTime(quiet.0.saturating_add(lateness.0))).min(self.latest_allowed);
        let earliest = |latest: DateTime| DateTime(latest.0.saturating_sub(lateness.0));
        let (mut first, mut from) = (latest, earliest(latest));
        let is_quiet = |time: &&Time| {
            let Ok(time) = time.time else { return false };
            if time < from || time > last {
                return false;
            }
            if time > latest {
                (latest, from) = (time, earliest(time));
            }
            first = first.min(time);
            true
        };
        let count = times.take_while(is_quiet).count();
        if count > 0 {
            self.watermarks.observe(input, latest);
            self.evaluations.observe(first);
            self.evaluations.observe(latest);
        }
        count
    }

    /// Whether an input is the one furthest behind of all.
    pub fn goes_on(&self, input: usize) -> bool {
        self.watermarks.is_furthest_behind(input)
    }

    /// An input that may still grow has been silent for long: it no longer holds the watermark.
    pub fn idle(&mut self, input: usize) -> io::Result<()> {
        self.watermarks.idle(input);
        self.advance();
        self.report_found()
    }

    /// An idle input gives something again.
    pub fn awake(&mut self, input: usize) {
        self.watermarks.awake(input);
    }

    /// All history has been read: evaluates what it leaves to be remembered.
    pub fn end_history(&mut self) -> io::Result<()> {
        self.evaluations.end_history(&mut self.found);
        self.report_found()
    }

    /// An input is at its end.
    pub fn end(&mut self, input: usize) -> io::Result<()> {
        self.watermarks.end(input);
        self.advance();
        self.report_found()
    }

    /// Takes a row of an input of a rule across events.
    pub fn passed(&mut self, passed: Passed, source: &Arc<str>) {
        let place = passed.place(source);
        let schema =
            self.rule(passed.candidate.rule).and_then(|rule| rule.inputs().get(passed.candidate.input));
        let is_static = schema.is_some_and(|input| input.schema.time.is_none());
        if is_static || place.time.is_some_and(|time| !self.is_in_the_future(time)) {
            let signal = Signal::Row { input: passed.candidate.input, place, kept: passed.kept };
            self.evaluations.row(passed.candidate.rule, signal, &mut self.found);
        }
    }

    /// Takes a row of a row-local rule.
    pub fn matched(&mut self, found: Match, source: &Arc<str>) -> io::Result<()> {
        let Some(rule) = self.rule(found.rule) else { return Ok(()) };
        if self.engine.is_on_ticks(found.rule) {
            self.keep(rule, &found, source);
            return Ok(());
        }
        let evidence = Evidence::of(Position { source: source.clone(), offset: found.offset });
        let table = rule.inputs().first().map_or("", |input| &input.schema.name);
        let alert = Alert::new(rule, found.row, found.ordinal, found.time, table, evidence);
        self.alert(found.rule, alert, None)
    }

    /// Notes that a source could not be read (further).
    pub fn source_failed(&mut self, name: &str, error: &io::Error) {
        self.summary.errors.push(format!("{name}: {error}"));
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> io::Result<()> {
        if let Some(letters) = &mut self.output.dead_letters {
            letters.flush()?;
        }
        self.output.sink.flush()
    }

    /// The end of input: evaluates the ticks that are left and reports the last repeats.
    pub fn finish(&mut self) -> io::Result<()> {
        self.evaluations.finish(self.engine.now(), &mut self.found);
        self.report_found()?;
        self.dedup.finish().iter().try_for_each(|collapsed| self.report_collapsed(collapsed))
    }

    /// The run ends before its input: nothing is flushed that waits for more of it.
    pub fn stopped(&mut self) {
        self.summary.stopped = true;
    }

    /// Makes safe what was written, and gives the counts of a run that took this long.
    pub fn into_summary(mut self, elapsed: Duration) -> io::Result<Summary> {
        self.summary.elapsed += elapsed;
        self.summary.windows = self.dedup.counts();
        for (rule, kept) in self.evaluations.counts().filter(|(_, kept)| *kept != Counts::default()) {
            self.summary.of(rule).kept = kept;
        }
        // What the disk refuses late must not be reported as written.
        self.prepare_output()?;
        Ok(self.summary)
    }

    /// Keeps a row of a row-local rule that is evaluated on ticks.
    fn keep(&mut self, rule: &'static Rule, found: &Match, source: &Arc<str>) {
        let is_static = rule.inputs().iter().all(|input| input.schema.time.is_none());
        if !is_static && found.time.is_none_or(|time| self.is_in_the_future(time)) {
            return;
        }
        match postcard::to_allocvec(&found.row) {
            Ok(row) => {
                let signal =
                    Signal::Row { input: 0, place: found.place(source), kept: Kept::Row(row.into()) };
                self.evaluations.row(found.rule, signal, &mut self.found);
            }
            Err(error) => self.failed(found.rule, error.to_string()),
        }
    }

    /// The clock is that of the start and the time since, so that setting it while the run goes on changes nothing.
    fn is_in_the_future(&mut self, time: DateTime) -> bool {
        if time > self.latest_allowed {
            let since = i64::try_from(self.started.elapsed().as_nanos() / 100).unwrap_or(i64::MAX);
            let now = self.engine.now().checked_add(Timespan(since)).unwrap_or(DateTime::MAX);
            self.latest_allowed = now.checked_add(self.options.bounds.skew).unwrap_or(DateTime::MAX);
        }
        time > self.latest_allowed
    }

    fn advance(&mut self) {
        let Some(low) = self.watermarks.low() else { return };
        if self.in_history {
            self.evaluations.advance_history(low, &mut self.found);
        } else {
            self.evaluations.advance(low, &mut self.found);
        }
    }

    fn report_found(&mut self) -> io::Result<()> {
        if self.found.is_empty() {
            return Ok(());
        }
        for found in std::mem::take(&mut self.found) {
            match found {
                Found::Alert(rule, alert, tick) => self.alert(rule, *alert, Some(tick))?,
                Found::Failure(rule, message) => self.failed(rule, message),
            }
        }
        Ok(())
    }

    /// Reports an alert, of a rule evaluated on ticks with its tick, unless it is a repeat or one too many.
    fn alert(&mut self, rule: usize, alert: Alert, tick: Option<DateTime>) -> io::Result<()> {
        let mut due = Vec::new();
        let verdict = self.dedup.take(rule, alert, self.evaluations.segments(), &mut due);
        if let Some((rule, message)) = self.dedup.take_failure() {
            self.failed(rule, message);
        }
        due.iter().try_for_each(|collapsed| self.report_collapsed(collapsed))?;
        let Verdict::Report(alert, window) = verdict else { return Ok(()) };
        let Some(quota) = self.quotas.get_mut(rule) else { return Ok(()) };
        if self.in_history {
            quota.suppresses(&alert, tick);
            return Ok(());
        }
        let admission = quota.admits(&alert, tick);
        if admission != Admission::Admitted {
            window.into_iter().for_each(|window| self.dedup.hold_back(window));
            self.held_back(rule, admission);
            return Ok(());
        }
        self.summary.alerts += 1;
        self.summary.of(alert.rule).alerts += 1;
        self.output.sink.alert(&alert)
    }

    /// Counts an alert that is not reported.
    fn held_back(&mut self, rule: usize, admission: Admission) {
        let Some(rule) = self.rule(rule) else { return };
        let counts = self.summary.of(rule);
        match admission {
            Admission::Admitted => {}
            Admission::Suppressed => counts.suppressed += 1,
            Admission::HeldBack => counts.held_back += 1,
        }
    }

    fn report_collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
        if self.in_history {
            return Ok(());
        }
        self.summary.collapsed += collapsed.count;
        self.summary.of(collapsed.rule).collapsed += collapsed.count;
        self.output.sink.collapsed(collapsed)
    }

    fn failed(&mut self, rule: usize, message: String) {
        if let Some(rule) = self.rule(rule) {
            let counts = self.summary.of(rule);
            counts.failures += 1;
            counts.first_failure.get_or_insert(message);
        }
    }

    fn rule(&self, position: usize) -> Option<&'static Rule> {
        self.engine.rules().get(position).copied()
    }
}

/// What of so many bytes of state is for dedup windows: an eighth, where there may be any.
fn windows_share(rules: &[&'static Rule], state: u64) -> u64 {
    if rules.iter().any(|rule| rule.metadata.dedup.is_some()) { state / 8 } else { 0 }
}

impl std::fmt::Debug for Reporter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("summary", &self.summary).finish_non_exhaustive()
    }
}
