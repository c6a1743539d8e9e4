//! A run over sources, from bytes to reports.
//!
//! ```text
//! Source ─Framer─> Work ─Crew─> Outcome ─Reporter─> Sink, dead letters, Summary
//!                  one thread or many,   one thread, in the order of the input
//!                  stateless
//! ```
//!
//! Works go to the workers in turn and their outcomes are taken back in the same turn, so that reports come in the
//! order of the input whatever the number of threads.

mod crew;
mod reporter;

use crate::engine::{Engine, Work};
use crate::framing::{Batch, Framer, Limits};
use crate::source::{Origin, Progress};
use crate::summary::Summary;
use crew::Crew;
use std::io;
use std::num::NonZeroUsize;
use std::time::Instant;

pub use reporter::{Output, Reporter};

/// How a run is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads that match records; the calling one reads and reports besides.
    pub threads: NonZeroUsize,
    /// Sizes of chunks and records.
    pub limits: Limits,
    /// Dedup windows that are remembered.
    pub windows: usize,
    /// Rows that rules which need several at once may hold, all together.
    pub held_rows: usize,
}

/// What is read, and the table that its records are said to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where the bytes are.
    pub origin: Origin,
    /// Position of the table among those of the engine; `None` has each record recognised.
    pub table: Option<usize>,
}

/// A batch smaller than this means that the source is slower than the workers: what is under way is reported before
/// more is read, so that alerts on a live stream do not wait for the next record.
const TRICKLE: u64 = 8 * 1024;

impl Default for Options {
    fn default() -> Options {
        Options {
            threads: NonZeroUsize::MIN,
            limits: Limits::default(),
            windows: 100_000,
            held_rows: 1_000_000,
        }
    }
}

/// Reads all inputs in turn and reports what the rules find. Sources that fail are reported in the summary; an error
/// is a failure to write.
pub fn run<'a>(
    engine: &'a Engine,
    inputs: &[Input],
    options: &Options,
    progress: &Progress,
    output: Output<'a>,
) -> io::Result<Summary> {
    let started = Instant::now();
    let mut reporter = Reporter::new(engine, options, output);
    std::thread::scope(|scope| {
        let mut crew = Crew::new(engine, options.threads, scope);
        for input in inputs {
            read(input, options, progress, &mut crew, &mut reporter)?;
        }
        crew.drain(&mut |outcome| reporter.take(outcome))
    })?;
    let mut summary = reporter.finish()?;
    summary.elapsed = started.elapsed();
    Ok(summary)
}

fn read(
    input: &Input,
    options: &Options,
    progress: &Progress,
    crew: &mut Crew<'_>,
    reporter: &mut Reporter<'_>,
) -> io::Result<()> {
    let source = match input.origin.open(progress) {
        Ok(source) => source,
        Err(error) => {
            reporter.source_failed(&input.origin.name(), &error);
            return Ok(());
        }
    };
    let mut framer = Framer::new(source.reader, options.limits);
    loop {
        let mut batch: Batch = crew.spare();
        let more = framer.fill(&mut batch).unwrap_or_else(|error| {
            reporter.source_failed(&source.name, &error);
            true
        });
        if !more {
            return Ok(());
        }
        let trickles = batch.taken < TRICKLE;
        let work = Work { source: source.name.clone(), table: input.table, batch };
        crew.put(work, &mut |outcome| reporter.take(outcome))?;
        if trickles {
            crew.drain(&mut |outcome| reporter.take(outcome))?;
            reporter.flush()?;
        }
    }
}
