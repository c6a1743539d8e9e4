//! What a commit holds: everything that the reports to come depend on.

use super::commit_file::{Fault, Reader, Writer};
use super::positions::Position;
use super::rule_identity::RuleIdentity;
use crate::across::snapshot::Snapshot;
use crate::pipeline::Memory;
use crate::sink::Mark;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::io;

/// A state to go on from.
#[derive(Debug)]
pub struct Commit {
    /// What the rest is understood by.
    pub head: Head,
    /// Dedup windows, quotas and counts.
    pub memory: Memory,
    /// What rules evaluated on ticks keep.
    pub evaluations: Snapshot,
    /// How far each input was read.
    pub inputs: Vec<Position>,
}

/// The first part of a commit.
#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    /// The rules, in the order in which the rest names them.
    pub rules: Vec<RuleIdentity>,
    /// What `now()` said.
    pub now: DateTime,
    /// Whether the inputs had been read to their ends, and all was flushed.
    pub finished: bool,
    /// Where the alerts were.
    pub alerts: Mark,
    /// Where the dead letters were, if anybody wanted them.
    pub dead_letters: Option<Mark>,
}

impl Commit {
    /// Reads the parts of a commit.
    pub(super) fn read(mut parts: Reader) -> Result<Commit, Fault> {
        Ok(Commit {
            head: parts.take()?,
            memory: parts.take()?,
            evaluations: parts.take()?,
            inputs: parts.take()?,
        })
    }
}

/// Writes the parts of a commit.
pub(crate) fn write(
    parts: &mut Writer,
    head: &Head,
    memory: &Memory,
    evaluations: &Snapshot,
    inputs: &[&Position],
) -> io::Result<()> {
    parts.put(head)?;
    parts.put(memory)?;
    parts.put(evaluations)?;
    parts.put(&inputs)
}
