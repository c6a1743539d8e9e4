//! Sources read side by side, always the one that is furthest behind in event time.
//!
//! ```text
//! source ─batches─> Crew ─> Queue ──record by record, of the source furthest behind──> Reporter
//! ```
//!
//! Batches are matched ahead, but what came of them is reported a record at a time and the source chosen anew after
//! each: neither the cutting into batches, nor the number of threads, nor the order of the sources shows. What lies
//! between two records with an event time goes with the later one, which is next in any case when its source is.

use super::crew::Crew;
use super::{Opened, Options, Reporter, TRICKLE};
use crate::engine::{Engine, Match, Outcome, Passed, Time, Work};
use crate::framing::Framer;
use crate::source::Source;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

/// A source being read.
struct Feed {
    name: Arc<str>,
    table: Option<usize>,
    framer: Framer<Box<dyn Read + Send>>,
    queue: Queue,
    /// Whether it gives less at a time than is matched.
    trickles: bool,
}

/// What came of a source's records and is not reported yet.
#[derive(Default)]
struct Queue {
    times: VecDeque<Time>,
    passed: VecDeque<Passed>,
    matches: VecDeque<Match>,
}

/// Reads all sources. Those of a table without event time come first, whole: they are what ticks look things up in.
pub(super) fn read(
    engine: &Engine,
    sources: impl Iterator<Item = Opened>,
    options: &Options,
    crew: &mut Crew<'_>,
    reporter: &mut Reporter<'_>,
) -> io::Result<()> {
    let mut feeds = Vec::new();
    for (source, table) in sources {
        match source {
            Ok(source) => feeds.push(Feed::new(source, table, options)),
            Err((name, error)) => reporter.source_failed(&name, &error),
        }
    }
    let has_time = |feed: &Feed| {
        feed.table.and_then(|table| engine.tables().get(table)).is_none_or(|table| table.time.is_some())
    };
    let (mut feeds, tables): (Vec<Feed>, Vec<Feed>) = feeds.into_iter().partition(has_time);
    for mut feed in tables {
        while feed.fill(options, crew, reporter)? {
            feed.queue.report_rest(&feed.name, reporter)?;
        }
    }
    reporter.begin(feeds.iter().map(|feed| feed.name.clone()));
    while let Some(input) = reporter.furthest_behind() {
        // The reporter numbers the inputs as they were given to it.
        let Some(feed) = feeds.get_mut(input) else { break };
        if feed.queue.report_next(input, &feed.name, reporter)? {
            continue;
        }
        if feed.trickles {
            reporter.flush()?;
        }
        if !feed.fill(options, crew, reporter)? {
            reporter.end(input)?;
        }
    }
    Ok(())
}

impl Feed {
    fn new(source: Source, table: Option<usize>, options: &Options) -> Feed {
        let framer = Framer::new(source.reader, options.limits);
        Feed { name: source.name, table, framer, queue: Queue::default(), trickles: false }
    }

    /// Matches further records; false at the end. As many batches at once as keep all threads busy.
    fn fill(
        &mut self,
        options: &Options,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<bool> {
        let ahead = if options.threads.get() == 1 { 1 } else { 2 * options.threads.get() };
        let mut any = false;
        for _ in 0..ahead {
            let mut batch = crew.spare();
            let more = self.framer.fill(&mut batch).unwrap_or_else(|error| {
                reporter.source_failed(&self.name, &error);
                true
            });
            if !more {
                break;
            }
            any = true;
            self.trickles = batch.taken < TRICKLE;
            let work = Work { source: self.name.clone(), table: self.table, batch };
            crew.put(work, &mut |outcome| self.queue.take(outcome, reporter))?;
            if self.trickles {
                break;
            }
        }
        crew.drain(&mut |outcome| self.queue.take(outcome, reporter))?;
        Ok(any)
    }
}

impl Queue {
    fn take(&mut self, outcome: &mut Outcome, reporter: &mut Reporter<'_>) -> io::Result<()> {
        reporter.note(outcome)?;
        self.times.extend(outcome.times.drain(..));
        self.passed.extend(outcome.passed.drain(..));
        self.matches.extend(outcome.matches.drain(..));
        Ok(())
    }

    /// Reports up to the next record with an event time; where there is none, all that is left, and false.
    fn report_next(
        &mut self,
        input: usize,
        name: &Arc<str>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<bool> {
        let Some(time) = self.times.pop_front() else {
            self.report_rest(name, reporter)?;
            return Ok(false);
        };
        self.report(time.offset, name, reporter)?;
        reporter.time(input, time)?;
        Ok(true)
    }

    fn report_rest(&mut self, name: &Arc<str>, reporter: &mut Reporter<'_>) -> io::Result<()> {
        self.report(u64::MAX, name, reporter)
    }

    /// Reports what came of the records up to this offset.
    fn report(&mut self, until: u64, name: &Arc<str>, reporter: &mut Reporter<'_>) -> io::Result<()> {
        while let Some(passed) = self.passed.pop_front_if(|passed| passed.offset <= until) {
            reporter.passed(passed, name);
        }
        while let Some(found) = self.matches.pop_front_if(|found| found.offset <= until) {
            reporter.matched(found, name)?;
        }
        Ok(())
    }
}
