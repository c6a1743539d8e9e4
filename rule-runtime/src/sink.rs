//! Where alerts go.

use crate::alert::{Alert, Collapsed};
use rule_eval::json;
use std::io::{self, Write};

pub mod table;

pub use table::TableSink;

/// Takes what a run reports, in order.
pub trait Sink {
    /// An alert.
    fn alert(&mut self, alert: &Alert) -> io::Result<()>;

    /// Repeats of an alert.
    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()>;

    /// Writes out what is buffered: nothing more comes for a while.
    fn flush(&mut self) -> io::Result<()>;
}

/// A line of JSON for each report.
pub struct NdjsonSink<W> {
    writer: W,
}

impl<W: Write> NdjsonSink<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> NdjsonSink<W> {
        NdjsonSink { writer }
    }
}

impl<W> std::fmt::Debug for NdjsonSink<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NdjsonSink").finish_non_exhaustive()
    }
}

impl<W: Write> Sink for NdjsonSink<W> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        writeln!(self.writer, "{}", json::write(&alert.to_value()))
    }

    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
        writeln!(self.writer, "{}", json::write(&collapsed.to_value()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
