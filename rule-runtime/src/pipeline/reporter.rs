//! Outcomes to reports: the half of a run that has state, done by one thread in the order of the input.
//!
//! ```text
//! Match ──> Alert ───────────────────────────────┐
//! Match, Passed ─> Evaluations ──tick──> Alert ──┴─ dedup ─ quota ─> Sink
//! event time ─> Watermarks ─────┘
//! ```

use super::Options;
use crate::Rule;
use crate::across::evaluations::Found;
use crate::across::state::Counts;
use crate::across::watermark::Watermarks;
use crate::across::{Evaluations, Files, Kept, Signal};
use crate::alert::{Alert, Collapsed, Evidence, Position};
use crate::dead_letter::DeadLetters;
use crate::dedup::{Deduplicator, Verdict};
use crate::engine::{Engine, Match, Outcome, Passed, Time};
use crate::shaping::Quota;
use crate::sink::{Destination, Sink};
use crate::summary::Summary;
use rule_model::DateTime;
use std::io;
use std::sync::Arc;

/// Where a run writes.
pub struct Output<'a> {
    /// Alerts.
    pub sink: &'a mut dyn Sink,
    /// Rejected records, if anybody wants them.
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
}

impl<'a> Reporter<'a> {
    /// Reports what the rules of `engine` find.
    pub fn new(engine: &'a Engine, options: &Options, output: Output<'a>) -> Reporter<'a> {
        let mut found = Vec::new();
        let tables = engine.static_tables();
        Reporter {
            evaluations: Evaluations::new(engine.rules(), tables, options.bounds, &mut found),
            watermarks: Watermarks::new([], options.bounds.lateness),
            found,
            options: *options,
            engine,
            output,
            dedup: Deduplicator::new(options.windows),
            quotas: engine.rules().iter().map(|_| Quota::default()).collect(),
            summary: Summary::default(),
        }
    }

    /// Takes everything out of an outcome but its work, where no rule is evaluated on ticks.
    pub fn take(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        self.note(outcome)?;
        let source = outcome.work.source.clone();
        outcome.matches.drain(..).try_for_each(|found| self.matched(found, &source))
    }

    /// Takes the counts, rejects and failures out of an outcome.
    pub fn note(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        self.summary.records += outcome.records;
        self.summary.bytes += outcome.work.batch.taken;
        self.summary.candidates += outcome.candidates;
        for reject in outcome.rejects.drain(..) {
            *self.summary.rejected.entry(reject.reason).or_default() += 1;
            if let Some(letters) = &mut self.output.dead_letters {
                letters.write(&outcome.work.source, &reject)?;
            }
        }
        for failure in outcome.failures.drain(..) {
            self.failed(failure.rule, failure.message);
        }
        Ok(())
    }

    /// Sources whose records can be read again.
    pub fn reread_from(&mut self, files: Files) {
        self.evaluations.reread_from(Box::new(files), self.engine.max_depth());
    }

    /// Whether records of this source can be.
    pub fn can_reread(&self, source: &str) -> bool {
        self.evaluations.can_reread(source)
    }

    /// The inputs whose event time is to be followed.
    pub fn begin(&mut self, names: impl IntoIterator<Item = Arc<str>>) {
        self.watermarks = Watermarks::new(names, self.options.bounds.lateness);
    }

    /// The input to be read next.
    pub fn furthest_behind(&self) -> Option<usize> {
        self.watermarks.furthest_behind()
    }

    /// An event time was read from an input, after the rows of its record were taken.
    pub fn time(&mut self, input: usize, time: Time) -> io::Result<()> {
        match time.time {
            None => self.summary.untimed += 1,
            Some(time) if self.is_in_the_future(time) => self.summary.in_the_future += 1,
            Some(time) => {
                self.watermarks.observe(input, time);
                self.evaluations.observe(time);
                self.advance();
            }
        }
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

    /// The end of input: evaluates the ticks that are left, reports the last repeats and gives the counts.
    pub fn finish(mut self) -> io::Result<Summary> {
        self.evaluations.finish(self.engine.now(), &mut self.found);
        self.report_found()?;
        for collapsed in self.dedup.finish() {
            self.report_collapsed(&collapsed)?;
        }
        self.summary.forgotten = self.dedup.forgotten();
        for (rule, kept) in self.evaluations.counts().filter(|(_, kept)| *kept != Counts::default()) {
            self.summary.of(rule).kept = kept;
        }
        self.flush()?;
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

    fn is_in_the_future(&self, time: DateTime) -> bool {
        self.engine.now().checked_add(self.options.bounds.skew).is_some_and(|latest| time > latest)
    }

    fn advance(&mut self) {
        if let Some(low) = self.watermarks.low() {
            self.evaluations.advance(low, &mut self.found);
        }
    }

    fn report_found(&mut self) -> io::Result<()> {
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
        let verdict = self.dedup.take(rule, alert, &mut due);
        due.iter().try_for_each(|collapsed| self.report_collapsed(collapsed))?;
        let Verdict::Report(alert) = verdict else { return Ok(()) };
        let admitted = self.quotas.get_mut(rule).is_none_or(|quota| quota.admits(&alert, tick));
        if !admitted {
            self.summary.of(alert.rule).held_back += 1;
            return Ok(());
        }
        self.summary.alerts += 1;
        self.summary.of(alert.rule).alerts += 1;
        self.output.sink.alert(&alert)
    }

    fn report_collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
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

impl std::fmt::Debug for Reporter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("summary", &self.summary).finish_non_exhaustive()
    }
}
