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
use super::{Opened, Options, Reporter, Stop};
use crate::engine::{Engine, Match, Outcome, Passed, Time, Work};
use crate::framing::Framer;
use crate::source::Source;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

/// The sources of a run, and what is under way of them.
struct Feeds {
    sources: Vec<Feed>,
    queues: Vec<Queue>,
    /// The feeds of the works that the crew has, which come back in the order in which they were given.
    under_way: VecDeque<usize>,
}

/// A source being read.
struct Feed {
    name: Arc<str>,
    table: Option<usize>,
    /// Whether its records can be read again.
    rereads: bool,
    framer: Framer<Box<dyn Read + Send>>,
    at_end: bool,
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
    stop: &Stop,
    crew: &mut Crew<'_>,
    reporter: &mut Reporter<'_>,
) -> io::Result<()> {
    let mut feeds = Vec::new();
    for (source, table) in sources {
        match source {
            Ok(source) => {
                let rereads = reporter.can_reread(&source.name);
                feeds.push(Feed::new(source, table, rereads, options));
            }
            Err((name, error)) => reporter.source_failed(&name, &error),
        }
    }
    let has_time = |feed: &Feed| {
        feed.table.and_then(|table| engine.tables().get(table)).is_none_or(|table| table.time.is_some())
    };
    let (timed, timeless): (Vec<Feed>, Vec<Feed>) = feeds.into_iter().partition(has_time);
    let mut timeless = Feeds::new(timeless);
    for input in 0..timeless.sources.len() {
        while !stop.is_set() && timeless.fill(input, crew, reporter)? {
            timeless.report_next(input, reporter)?;
        }
    }
    let mut timed = Feeds::new(timed);
    reporter.begin(timed.sources.iter().map(|feed| feed.name.clone()));
    while !stop.is_set()
        && let Some(input) = reporter.furthest_behind()
    {
        if timed.fill(input, crew, reporter)? {
            timed.report_next(input, reporter)?;
        } else {
            reporter.end(input)?;
        }
    }
    Ok(())
}

impl Feeds {
    fn new(feeds: Vec<Feed>) -> Feeds {
        let queues = feeds.iter().map(|_| Queue::default()).collect();
        Feeds { sources: feeds, queues, under_way: VecDeque::new() }
    }

    /// Reads until something of a feed is to be reported; false at its end.
    fn fill(&mut self, input: usize, crew: &mut Crew<'_>, reporter: &mut Reporter<'_>) -> io::Result<bool> {
        while self.queues.get(input).is_some_and(Queue::is_empty) {
            let Some(feed) = self.sources.get_mut(input) else { break };
            if feed.trickles {
                reporter.flush()?;
            }
            let work = if feed.at_end { None } else { feed.next(crew, reporter) };
            let (more, drain) = (work.is_some(), work.is_none() || feed.trickles);
            // Noted first: a crew of one gives the outcome back at once.
            self.under_way.extend(work.is_some().then_some(input));
            let (under_way, queues) = (&mut self.under_way, &mut self.queues);
            let mut take =
                |outcome: &mut Outcome| match under_way.pop_front().and_then(|it| queues.get_mut(it)) {
                    Some(queue) => queue.take(outcome, reporter),
                    None => Ok(()),
                };
            if let Some(work) = work {
                crew.put(work, &mut take)?;
            }
            if drain {
                crew.drain(&mut take)?;
            }
            if !more {
                return Ok(self.queues.get(input).is_some_and(|queue| !queue.is_empty()));
            }
        }
        Ok(true)
    }

    /// Reports what came of a feed's records up to the next one with an event time.
    fn report_next(&mut self, input: usize, reporter: &mut Reporter<'_>) -> io::Result<()> {
        match (self.sources.get(input), self.queues.get_mut(input)) {
            (Some(feed), Some(queue)) => queue.report_next(input, &feed.name, reporter),
            _ => Ok(()),
        }
    }
}

impl Feed {
    fn new(source: Source, table: Option<usize>, rereads: bool, options: &Options) -> Feed {
        let framer = Framer::new(source.reader, options.framing, options.limits);
        Feed { name: source.name, table, rereads, framer, at_end: false, trickles: false }
    }

    /// The next records; `None` at the end.
    fn next(&mut self, crew: &mut Crew<'_>, reporter: &mut Reporter<'_>) -> Option<Work> {
        let mut batch = crew.spare();
        let more = self.framer.fill(&mut batch).unwrap_or_else(|error| {
            reporter.source_failed(&self.name, &error);
            true
        });
        self.at_end = !more;
        self.trickles = more && batch.trickles();
        more.then(|| Work { source: self.name.clone(), table: self.table, rereads: self.rereads, batch })
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

    fn is_empty(&self) -> bool {
        self.times.is_empty() && self.passed.is_empty() && self.matches.is_empty()
    }

    /// Reports up to the next record with an event time; where there is none, all there is.
    fn report_next(&mut self, input: usize, name: &Arc<str>, reporter: &mut Reporter<'_>) -> io::Result<()> {
        let time = self.times.pop_front();
        self.report(time.map_or(u64::MAX, |time| time.offset), name, reporter)?;
        time.map_or(Ok(()), |time| reporter.time(input, time))
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
