//! What a reporter remembers, to be written down and taken up again.

use super::Reporter;
use crate::Rule;
use crate::across::segments::{Location, Segments};
use crate::across::snapshot::Snapshot;
use crate::checkpoint::rule_identity::RuleMap;
use crate::dedup;
use crate::shaping::Quota;
use crate::sink::Mark;
use crate::summary::Summary;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// What shapes the alerts to come, but for the rows that rules keep.
#[derive(Debug, Serialize, Deserialize)]
pub struct Memory {
    dedup: dedup::Snapshot,
    /// By the position of the rule.
    quotas: Vec<Quota>,
    summary: Summary,
    in_history: bool,
    is_live: bool,
}

impl Reporter<'_> {
    /// Has rows that are kept on disk outlive the run.
    pub(in crate::pipeline) fn keep_rows_in(&mut self, folder: &Path) -> io::Result<()> {
        self.evaluations.spill_to(Segments::in_folder(folder, self.options.bounds.disk)?);
        Ok(())
    }

    /// What the alerts to come depend on. An error where the disk did not take some of it, which is lost.
    pub(in crate::pipeline) fn snapshot(&mut self) -> io::Result<(Memory, Snapshot)> {
        self.dedup.take_error().map_or(Ok(()), Err)?;
        let memory = Memory {
            dedup: self.dedup.snapshot(),
            quotas: self.quotas.clone(),
            in_history: self.in_history,
            is_live: self.is_live,
            summary: Summary { errors: Vec::new(), stopped: false, ..self.summary.clone() },
        };
        Ok((memory, self.evaluations.snapshot()?))
    }

    /// Goes on from a snapshot of rules that `map` finds; with its counts if they are of the same run.
    pub(in crate::pipeline) fn restore(
        &mut self,
        memory: Memory,
        evaluations: Snapshot,
        map: &RuleMap,
        counts: bool,
    ) -> io::Result<()> {
        self.dedup.restore(memory.dedup, |position| map.now(position));
        for (position, quota) in memory.quotas.into_iter().enumerate() {
            if let Some(place) = map.now(position).and_then(|now| self.quotas.get_mut(now)) {
                *place = quota;
            }
        }
        (self.in_history, self.is_live) = (memory.in_history, memory.is_live);
        if counts {
            self.summary = memory.summary;
        }
        let windows: Vec<Location> = self.dedup.locations().copied().collect();
        self.evaluations.restore(evaluations, &windows)
    }

    /// Makes safe what was written.
    pub(in crate::pipeline) fn prepare_output(&mut self) -> io::Result<(Mark, Option<Mark>)> {
        let dead_letters = self.output.dead_letters.as_mut().map(|letters| letters.prepare()).transpose()?;
        Ok((self.output.sink.prepare()?, dead_letters))
    }

    /// Goes back to where the last commit found the output.
    pub(in crate::pipeline) fn restore_output(
        &mut self,
        alerts: &Mark,
        dead_letters: Option<&Mark>,
    ) -> io::Result<Vec<String>> {
        let mut notices = Vec::new();
        notices.extend(self.output.sink.restore(alerts)?);
        if let Some(letters) = &mut self.output.dead_letters {
            notices.extend(letters.restore(dead_letters.unwrap_or(&Mark::default()))?);
        }
        Ok(notices)
    }

    /// The last commit is safe.
    pub(in crate::pipeline) fn committed(&mut self) -> io::Result<()> {
        self.evaluations.committed();
        self.output.sink.committed()
    }

    /// Whether the sink holds back so much that a commit should come now.
    pub(in crate::pipeline) fn wants_commit(&self, idle: bool) -> bool {
        self.output.sink.wants_commit(idle)
    }

    pub(in crate::pipeline) fn rules(&self) -> &[&'static Rule] {
        self.engine.rules()
    }

    pub(in crate::pipeline) fn now(&self) -> DateTime {
        self.engine.now()
    }
}
