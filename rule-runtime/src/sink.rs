//! Where alerts go.
//!
//! ```text
//! Alert, Collapsed ──> Sink: how they are written (NDJSON, a table) ──bytes──> Destination: where (file, standard output)
//! ```
//!
//! # The contract
//!
//! A sink takes reports in order and may hold them back. With `--state` its output moves together with the state:
//!
//! ```text
//! alert, collapsed, flush …   prepare ──mark──> commit is written ──> committed
//!                                                     └─ crash, restart ─> restore(mark of the last commit)
//! ```
//!
//! 1. What an `Ok` has taken appears exactly in this order. An error is final: the run ends, and nothing more is given.
//! 2. When `prepare` returns, everything taken is either safe against the machine's power or in the mark.
//! 3. `committed` says that the mark is safe. Only now may what cannot be taken back be let out.
//! 4. After `restore(mark)` output is as it was when `prepare` gave the mark: what came later is taken back, what had
//!    been prepared and not let out is let out now.
//! 5. A sink that is slow is waited for: nothing is queued before it.
//!
//! Who cannot take back (a pipe) holds reports in the mark until they are committed; a crash between letting them out
//! and noting that repeats them, with the same `alert_id`. [`contract`] has tests that any sink can run.

use crate::alert::{Alert, Collapsed};
use rule_eval::json;
use std::io;

pub mod contract;
pub mod destination;
mod file;
mod standard_output;
pub mod table;
mod writeback;

pub use destination::{Destination, Mark};
pub use file::FileDestination;
pub use standard_output::{Direct, Outbox};
pub use table::TableSink;

/// Takes what a run reports. The [module](self) says what is asked of it.
pub trait Sink {
    /// An alert.
    fn alert(&mut self, alert: &Alert) -> io::Result<()>;

    /// Repeats of an alert.
    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()>;

    /// Writes out what is buffered: nothing more comes for a while.
    fn flush(&mut self) -> io::Result<()>;

    /// Makes everything taken so far safe, and says what a commit has to remember of it.
    fn prepare(&mut self) -> io::Result<Mark> {
        self.flush().map(|()| Mark::default())
    }

    /// The commit that remembers the last mark is safe.
    fn committed(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Goes back to a mark, by default to the beginning; says what the user should know.
    fn restore(&mut self, _mark: &Mark) -> io::Result<Option<String>> {
        Ok(None)
    }

    /// Whether so much is held back that a commit should come now; `idle` when nothing else is to be done.
    fn wants_commit(&self, _idle: bool) -> bool {
        false
    }
}

/// A line of JSON for each report.
pub struct NdjsonSink<D> {
    destination: D,
    /// The line that was written last, for its memory.
    line: String,
}

impl<D: Destination> NdjsonSink<D> {
    /// Writes to `destination`.
    pub fn new(destination: D) -> NdjsonSink<D> {
        NdjsonSink { destination, line: String::new() }
    }
}

impl<D> std::fmt::Debug for NdjsonSink<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NdjsonSink").finish_non_exhaustive()
    }
}

impl<D: Destination> Sink for NdjsonSink<D> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        self.line.clear();
        alert.write(&mut self.line);
        self.line.push('\n');
        self.destination.write_all(self.line.as_bytes())
    }

    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
        writeln!(self.destination, "{}", json::write(&collapsed.to_value()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
    }

    fn prepare(&mut self) -> io::Result<Mark> {
        self.destination.prepare()
    }

    fn committed(&mut self) -> io::Result<()> {
        self.destination.committed()
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        self.destination.restore(mark)
    }

    fn wants_commit(&self, idle: bool) -> bool {
        self.destination.wants_commit(idle)
    }
}
