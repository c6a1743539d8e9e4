//! What came of a source's records and is not reported yet.

use super::Reporter;
use crate::checkpoint::rule_identity::RuleMap;
use crate::engine::{Match, Outcome, Passed, Reject, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// Rejected records that somebody wants to see, event times, rows and matches, each in the order of the records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Queue {
    rejects: VecDeque<Reject>,
    times: VecDeque<Time>,
    passed: VecDeque<Passed>,
    matches: VecDeque<Match>,
}

/// Moves items behind those of a queue. One that is empty, as it mostly is, changes its memory for theirs.
fn take_all<T>(queue: &mut VecDeque<T>, items: &mut Vec<T>) {
    if queue.is_empty() {
        let memory = std::mem::replace(queue, std::mem::take(items).into());
        *items = memory.into();
    } else {
        queue.extend(items.drain(..));
    }
}

impl Queue {
    /// Takes what came of a batch.
    pub(super) fn take(&mut self, outcome: &mut Outcome, reporter: &mut Reporter<'_>) {
        reporter.note(outcome);
        self.rejects.extend(outcome.rejects.drain(..));
        take_all(&mut self.times, &mut outcome.times);
        self.passed.extend(outcome.passed.drain(..));
        self.matches.extend(outcome.matches.drain(..));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rejects.is_empty() && self.times.is_empty() && self.passed.is_empty() && self.matches.is_empty()
    }

    /// Reports up to the next record with an event time; where there is none, all there is.
    pub(super) fn report_next(
        &mut self,
        input: usize,
        name: &Arc<str>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<()> {
        let time = self.times.pop_front();
        self.report(time.map_or(u64::MAX, |time| time.offset), name, reporter)?;
        time.map_or(Ok(()), |time| reporter.time(input, name, time))
    }

    /// Reports records with an event time of which nothing else came, as long as they only move the watermark on.
    pub(super) fn report_quiet(&mut self, input: usize, reporter: &mut Reporter<'_>) {
        let fronts = [
            self.rejects.front().map(|reject| reject.offset),
            self.passed.front().map(|passed| passed.offset),
            self.matches.front().map(|found| found.offset),
        ];
        let until = fronts.into_iter().flatten().min();
        let alone =
            until.map_or(self.times.len(), |until| self.times.partition_point(|time| time.offset < until));
        let count = reporter.quiet_times(input, self.times.range(..alone));
        self.times.drain(..count);
    }

    /// Reports what came of the records up to this offset.
    pub(super) fn report(
        &mut self,
        until: u64,
        name: &Arc<str>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<()> {
        self.report_rejects(until, name, reporter)?;
        while let Some(passed) = self.passed.pop_front_if(|passed| passed.offset <= until) {
            reporter.passed(passed, name);
        }
        while let Some(found) = self.matches.pop_front_if(|found| found.offset <= until) {
            reporter.matched(found, name)?;
        }
        Ok(())
    }

    /// Reports the rejected records up to this offset.
    pub(super) fn report_rejects(
        &mut self,
        until: u64,
        name: &Arc<str>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<()> {
        while let Some(reject) = self.rejects.pop_front_if(|reject| reject.offset <= until) {
            reporter.rejected(&reject, name)?;
        }
        Ok(())
    }

    /// The same of the rules as they stand now; what is of rules that are no longer the same is dropped.
    pub(crate) fn of_rules_now(self, map: &RuleMap) -> Queue {
        let passed = self.passed.into_iter().filter_map(|mut passed| {
            passed.candidate.rule = map.now(passed.candidate.rule)?;
            Some(passed)
        });
        let matches = self.matches.into_iter().filter_map(|mut found| {
            found.rule = map.now(found.rule)?;
            Some(found)
        });
        Queue {
            rejects: self.rejects,
            times: self.times,
            passed: passed.collect(),
            matches: matches.collect(),
        }
    }
}
