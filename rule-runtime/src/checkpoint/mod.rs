//! What outlives a run that is killed: a commit every few seconds, from which the same command goes on.
//!
//! ```text
//! Reporter ──Memory, Snapshot──┐
//! inputs ──────Positions───────┼─> Commit ─> StateDirectory: written beside, synced, renamed
//! Sink, dead letters ──Mark────┘      └─ next start: RuleMap, Positions, Mark ─> where all of them were
//! ```
//!
//! Matching is stateless and reporting deterministic, so what came after the last commit need not be kept: it is
//! computed again, from the same records, to the same alerts. The order of a commit is: output safe, rows kept on
//! disk safe, commit safe, then what may only be let out or deleted now.
//!
//! A snapshot now and then, and not an embedded store: everything between two commits can be recomputed, so a journal of
//! single changes would buy nothing and cost a write for each row, where the whole state outside segments is small.

pub mod commit;
pub mod commit_file;
pub mod directory;
pub mod positions;
pub mod rule_identity;

use commit::Commit;
use directory::{StateDirectory, Unusable};
use rule_model::DateTime;
use std::path::Path;
use std::time::Duration;

/// The state of a run, open.
#[derive(Debug)]
pub struct Checkpoint {
    /// Where it lies.
    pub(crate) directory: StateDirectory,
    /// Time between commits.
    pub(crate) every: Duration,
    /// What the run goes on from.
    pub(crate) before: Option<Commit>,
    /// Tells the user what to know of the going on.
    pub(crate) notify: fn(&str),
}

impl Checkpoint {
    /// Time between commits unless set otherwise.
    pub const EVERY: Duration = Duration::from_secs(5);

    /// Takes hold of a state directory, and reads its newest commit. `notify` is told what the user should know, now and
    /// as inputs are opened.
    pub fn open(path: &Path, every: Duration, notify: fn(&str)) -> Result<Checkpoint, Unusable> {
        let mut directory = StateDirectory::open(path)?;
        let mut notices = Vec::new();
        let before = directory.newest(Commit::read, &mut notices)?;
        notices.iter().for_each(|notice| notify(notice));
        Ok(Checkpoint { directory, every, before, notify })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What `now()` said in the run that it goes on from: time must not go back behind it, or events that were seen as
    /// past would lie in the future.
    pub fn earliest_now(&self) -> Option<DateTime> {
        self.before.as_ref().map(|commit| commit.head.now)
    }

    /// Whether there is a run to go on from.
    pub fn goes_on(&self) -> bool {
        self.before.is_some()
    }
}
