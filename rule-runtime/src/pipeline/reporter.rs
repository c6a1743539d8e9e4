//! Outcomes to reports: the half of a run that has state, done by one thread in the order of the input.
//!
//! ```text
//! Match ─> Alert ─┬─ dedup ─ quota ─> Sink
//!                 └─ held until the end of input, where a rule needs several rows at once
//! Passed ─> rows of the rule's inputs ──end of input──> tail ─> Alert
//! ```
//!
//! Rules across events, and those with a trigger or grouping over several rows, are evaluated once, over the whole
//! input and at its end. What they hold until then is bounded; a rule that runs into the bound says so in the summary.

use super::Options;
use crate::Rule;
use crate::alert::{Alert, Collapsed, Evidence, Position};
use crate::dead_letter::DeadLetters;
use crate::dedup::{Deduplicator, Verdict};
use crate::engine::{Engine, Match, Outcome, Passed};
use crate::rule::Body;
use crate::shaping::Quota;
use crate::sink::Sink;
use crate::summary::Summary;
use rule_eval::{Context, Row};
use rule_model::metadata::{Grouping, Trigger};
use rule_model::{DateTime, Value};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Where a run writes.
pub struct Output<'a> {
    /// Alerts.
    pub sink: &'a mut dyn Sink,
    /// Rejected records, if anybody wants them.
    pub dead_letters: Option<&'a mut DeadLetters<Box<dyn Write>>>,
}

/// Takes outcomes in order.
pub struct Reporter<'a> {
    engine: &'a Engine,
    output: Output<'a>,
    dedup: Deduplicator,
    quotas: Vec<Quota>,
    summary: Summary,
    /// Rows of the inputs of rules across events.
    passed: BTreeMap<usize, Vec<Vec<Row>>>,
    /// Alerts of rules that need several rows at once.
    held: BTreeMap<usize, Vec<Alert>>,
    room: usize,
}

impl<'a> Reporter<'a> {
    /// Reports what the rules of `engine` find.
    pub fn new(engine: &'a Engine, options: &Options, output: Output<'a>) -> Reporter<'a> {
        Reporter {
            engine,
            output,
            dedup: Deduplicator::new(options.windows),
            quotas: engine.rules().iter().map(|_| Quota::default()).collect(),
            summary: Summary::default(),
            passed: BTreeMap::new(),
            held: BTreeMap::new(),
            room: options.held_rows,
        }
    }

    /// Takes everything out of an outcome but its work.
    pub fn take(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        self.summary.records += outcome.records;
        self.summary.bytes += outcome.work.batch.taken;
        self.summary.candidates += outcome.candidates;
        let source = outcome.work.source.clone();
        for reject in outcome.rejects.drain(..) {
            *self.summary.rejected.entry(reject.reason).or_default() += 1;
            if let Some(letters) = &mut self.output.dead_letters {
                letters.write(&source, &reject)?;
            }
        }
        for failure in outcome.failures.drain(..) {
            self.failed(failure.rule, failure.message);
        }
        for passed in outcome.passed.drain(..) {
            self.hold_row(passed);
        }
        for found in outcome.matches.drain(..) {
            let evidence = Evidence::of(Position { source: source.clone(), offset: found.offset });
            self.matched(found, evidence)?;
        }
        Ok(())
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

    /// The end of input: evaluates what was held, reports the last repeats and gives the counts.
    pub fn finish(mut self) -> io::Result<Summary> {
        for (rule, inputs) in std::mem::take(&mut self.passed) {
            self.run_tail(rule, &inputs);
        }
        for (rule, alerts) in std::mem::take(&mut self.held) {
            self.evaluate_held(rule, alerts)?;
        }
        for collapsed in self.dedup.finish() {
            self.report_collapsed(&collapsed)?;
        }
        self.summary.forgotten = self.dedup.forgotten();
        self.flush()?;
        Ok(self.summary)
    }

    fn matched(&mut self, found: Match, evidence: Evidence) -> io::Result<()> {
        let Some(rule) = self.rule(found.rule) else { return Ok(()) };
        let table = rule.inputs().first().map_or("", |input| &input.schema.name);
        let alert = Alert::new(rule, found.row, found.ordinal, found.time, table, evidence);
        if is_each_row(rule) {
            return self.alert(found.rule, alert);
        }
        if self.take_room(found.rule) {
            self.held.entry(found.rule).or_default().push(alert);
        }
        Ok(())
    }

    fn hold_row(&mut self, passed: Passed) {
        let inputs = self.rule(passed.candidate.rule).map_or(0, |rule| rule.inputs().len());
        if self.take_room(passed.candidate.rule) {
            let rows = self.passed.entry(passed.candidate.rule).or_default();
            rows.resize(inputs, Vec::new());
            if let Some(rows) = rows.get_mut(passed.candidate.input) {
                rows.push(passed.row);
            }
        }
    }

    /// Room for one more row of a rule that needs several.
    fn take_room(&mut self, rule: usize) -> bool {
        let has_room = self.room > 0;
        if has_room {
            self.room -= 1;
        } else {
            self.failed(rule, "the rows held for the end of input reached their limit".to_owned());
        }
        has_room
    }

    fn run_tail(&mut self, position: usize, inputs: &[Vec<Row>]) {
        let Some(rule) = self.rule(position) else { return };
        let table = rule.inputs().first().map_or("", |input| &input.schema.name);
        match self.engine.plans().run(position, inputs, &mut Context::at(self.engine.now())) {
            Ok(rows) => {
                let alerts = rows.into_iter().map(|row| {
                    let time = time_of(rule, &row);
                    Alert::new(rule, row, 0, time, table, Evidence::default())
                });
                self.held.entry(position).or_default().extend(alerts);
            }
            Err(message) => self.failed(position, message),
        }
    }

    /// One evaluation over the whole input.
    fn evaluate_held(&mut self, position: usize, mut alerts: Vec<Alert>) -> io::Result<()> {
        let Some(rule) = self.rule(position) else { return Ok(()) };
        if !rule.metadata.trigger.fires(alerts.len() as u64) {
            return Ok(());
        }
        if rule.metadata.grouping == Grouping::Single {
            let rest: Vec<Alert> = alerts.drain(1.min(alerts.len())..).collect();
            if let Some(first) = alerts.first_mut() {
                for alert in rest {
                    first.evidence.add(alert.evidence);
                }
            }
        }
        alerts.into_iter().try_for_each(|alert| self.alert(position, alert))
    }

    fn alert(&mut self, rule: usize, alert: Alert) -> io::Result<()> {
        let mut due = Vec::new();
        let verdict = self.dedup.take(rule, alert, &mut due);
        due.iter().try_for_each(|collapsed| self.report_collapsed(collapsed))?;
        let Verdict::Report(alert) = verdict else { return Ok(()) };
        let admitted = self.quotas.get_mut(rule).is_none_or(|quota| quota.admits(&alert));
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

/// Whether an alert need not wait for other rows.
fn is_each_row(rule: &Rule) -> bool {
    let metadata = &rule.metadata;
    matches!(rule.body, Body::RowLocal(_))
        && metadata.trigger == Trigger::default()
        && metadata.grouping == Grouping::Each
}

/// The event time of an output row across events: its column of the name that the first input's time column has, else
/// its first datetime.
fn time_of(rule: &Rule, row: &Row) -> Option<DateTime> {
    let named = rule.inputs().first().and_then(|input| input.schema.time_column());
    let value = named.and_then(|column| crate::alert::column(rule, row, &column.name));
    value.into_iter().chain(row).find_map(|value| match value {
        Value::DateTime(time) => Some(*time),
        _ => None,
    })
}
