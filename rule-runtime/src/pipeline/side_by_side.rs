//! Sources read side by side, always the one that is furthest behind in event time.
//!
//! ```text
//! source ─batches─> Crew ─> Queue ──record by record, of the source furthest behind──> Reporter
//! ```
//!
//! Batches are matched ahead, but what came of them is reported a record at a time and the source chosen anew after
//! each: neither the cutting into batches, nor the number of threads, nor the order of the sources shows. What lies
//! between two records with an event time goes with the later one, which is next in any case when its source is.
//!
//! Which source is behind is known only once each has given an event. With thousands of files they cannot all stay open
//! until their turn comes: of more than [`MOST_OPEN`] the one not read for longest is closed, and opened again where it
//! was left. Rows matched ahead of them stay in memory, which is why they are then read in smaller batches.
//!
//! A source that may still grow (a followed file) and has nothing now does not keep the others from being read: it holds
//! the watermark, until it has been silent for so long that it is idle.

use super::crew::Crew;
use super::feed::{Feed, Manner, Next};
use super::keeper::Keeper;
use super::{Control, Input, Options, Queue, Reporter};
use crate::engine::Engine;
use rule_model::DateTime;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Files that stay open at a time.
const MOST_OPEN: usize = 64;
/// Bytes read ahead of all sources together, where there are many.
const READ_AHEAD: usize = 64 << 20;
/// Bytes read ahead of each source at the least.
const LEAST_BATCH: usize = 16 << 10;
/// Bytes of all sources together that are matched ahead of what is reported, where there are lanes, and works of each source at
/// the least.
const MATCHED_AHEAD: u64 = 8 << 20;
const LEAST_AHEAD: usize = 2;
/// How long to wait before a source that had nothing is asked again.
const POLL: Duration = Duration::from_millis(20);

/// The sources of a run, and what is under way of them.
struct Feeds<'r> {
    sources: Vec<Feed>,
    queues: Vec<Queue>,
    /// The feeds of the works that the crew has, which come back in the order in which they were given.
    under_way: VecDeque<usize>,
    /// Feeds whose files can be closed, the one read last at the end.
    open: VecDeque<usize>,
    /// Feeds that had nothing, and until when they are not asked again. Only what may still grow gets here: few.
    asleep: Vec<(usize, Instant)>,
    /// Those of them that are idle.
    idle: Vec<usize>,
    manner: Manner<'r>,
}

/// Whether something of a feed can be reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    Some,
    /// Nothing now, perhaps later.
    Nothing,
    End,
}

/// What reading ahead came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Enough,
    /// Less than is matched at a time: what a slow source gave is reported before it is waited for again.
    Little,
    /// Nothing now, perhaps later.
    Nothing,
    End,
}

/// Reads all sources. Those of a table without event time come first, whole: they are what ticks look things up in.
/// Then comes history, and then the others.
pub(super) fn read(
    engine: &Engine,
    inputs: &[Input],
    options: &Options,
    control: &Control,
    crew: &mut Crew<'_>,
    reporter: &mut Reporter<'_>,
    keeper: &mut Keeper<'_>,
) -> io::Result<()> {
    let is_timed = |input: &Input| {
        input.table.and_then(|table| engine.tables().get(table)).is_none_or(|table| table.time.is_some())
    };
    let (mut timeless, mut history, mut live) = (Vec::new(), Vec::new(), Vec::new());
    for input in inputs {
        let claim = match keeper.claim(input) {
            Ok(claim) if claim.is_unchanged => continue,
            Ok(claim) => claim,
            Err(error) => {
                reporter.source_failed(&input.origin.name(), &error);
                continue;
            }
        };
        let kind = match (is_timed(input), input.is_history) {
            (false, _) => &mut timeless,
            (true, true) => &mut history,
            (true, false) => &mut live,
        };
        kind.push(Feed::new(input.clone(), &claim));
    }
    let mut timeless = Feeds::new(timeless, options, control, keeper);
    for input in 0..timeless.sources.len() {
        while !control.stop.is_set() && timeless.fill(input, crew, reporter, keeper)? == Filled::Some {
            timeless.report_next(input, reporter)?;
        }
        if let Some(feed) = timeless.sources.get(input)
            && !feed.failed
            && !control.stop.is_set()
        {
            keeper.ended(feed.number);
        }
    }
    timeless.leave(reporter, keeper)?;
    if !reporter.is_live() && (reporter.is_in_history() || !history.is_empty()) {
        let mut history = Feeds::new(history, options, control, keeper);
        reporter.begin(history.names(), true);
        history.read(crew, reporter, keeper)?;
        if control.stop.is_set() {
            return Ok(());
        }
        reporter.end_history()?;
    }
    let mut live = Feeds::new(live, options, control, keeper);
    reporter.begin(live.names(), false);
    live.read(crew, reporter, keeper)
}

impl<'r> Feeds<'r> {
    fn new(
        sources: Vec<Feed>,
        options: &'r Options,
        control: &'r Control,
        keeper: &mut Keeper<'_>,
    ) -> Feeds<'r> {
        let count = sources.len();
        let share = READ_AHEAD / count.max(1) / LEAST_AHEAD;
        let most = if count > MOST_OPEN { share.max(LEAST_BATCH) } else { usize::MAX };
        Feeds {
            queues: sources.iter().map(|feed| keeper.take_ahead(feed.number)).collect(),
            sources,
            under_way: VecDeque::new(),
            open: VecDeque::new(),
            asleep: Vec::new(),
            idle: Vec::new(),
            manner: Manner { most, several: count > 1, options, control },
        }
    }

    /// The sources with the latest event times that were read of them in an earlier run.
    fn names(&self) -> impl Iterator<Item = (Arc<str>, Option<DateTime>)> {
        self.sources.iter().map(|feed| (feed.name.clone(), feed.latest))
    }

    /// Has the keeper hold what is matched ahead, for the next commit.
    fn hold(&self, reporter: &Reporter<'_>, keeper: &mut Keeper<'_>) {
        for (input, (feed, queue)) in self.sources.iter().zip(&self.queues).enumerate() {
            keeper.hold(feed.number, reporter.latest(input), queue);
        }
    }

    /// The same at the end, or where the run is to end: rejected records that no later run will tell are told now, because
    /// they were counted.
    fn leave(&mut self, reporter: &mut Reporter<'_>, keeper: &mut Keeper<'_>) -> io::Result<()> {
        for (input, (feed, queue)) in self.sources.iter().zip(&mut self.queues).enumerate() {
            if !keeper.hold(feed.number, reporter.latest(input), queue) {
                queue.report_rejects(u64::MAX, &feed.name, reporter)?;
            }
        }
        Ok(())
    }

    /// Commits, if it is time and the feed that is next has to be read anyway; `idle` when nothing else is to be done.
    fn commit_if_due(
        &self,
        idle: bool,
        reporter: &mut Reporter<'_>,
        keeper: &mut Keeper<'_>,
    ) -> io::Result<()> {
        if keeper.is_due(reporter, idle) {
            self.hold(reporter, keeper);
            keeper.commit(reporter, false)?;
        }
        Ok(())
    }

    /// Reads all, until they are at their end or the run is to end.
    fn read(
        &mut self,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
        keeper: &mut Keeper<'_>,
    ) -> io::Result<()> {
        while !self.manner.control.stop.is_set() {
            self.wake(crew, reporter, keeper)?;
            let is_awake = |input| self.asleep.iter().all(|(asleep, _)| *asleep != input);
            let Some(input) = reporter.furthest_behind(is_awake) else {
                if self.asleep.is_empty() {
                    break;
                }
                reporter.flush()?;
                self.commit_if_due(true, reporter, keeper)?;
                sleep(POLL);
                continue;
            };
            if self.is_empty(input) {
                self.commit_if_due(false, reporter, keeper)?;
            }
            match self.fill(input, crew, reporter, keeper)? {
                Filled::Some => self.report_next(input, reporter)?,
                Filled::Nothing => self.rest(input, reporter)?,
                Filled::End => self.end(input, reporter, keeper)?,
            }
        }
        self.leave(reporter, keeper)
    }

    fn end(&self, input: usize, reporter: &mut Reporter<'_>, keeper: &mut Keeper<'_>) -> io::Result<()> {
        if let Some(feed) = self.sources.get(input).filter(|feed| !feed.failed) {
            keeper.ended(feed.number);
        }
        reporter.end(input)
    }

    /// Leaves a feed alone for a while that has nothing. A pipe is waited for instead, because what comes of it should
    /// depend on how fast it is written only when it is written very slowly.
    fn rest(&mut self, input: usize, reporter: &mut Reporter<'_>) -> io::Result<()> {
        let Some(feed) = self.sources.get(input) else { return Ok(()) };
        let silent = feed.silent_since.map_or(Duration::ZERO, |since| since.elapsed());
        let is_idle = silent >= self.manner.options.idle;
        if feed.is_pipe && !is_idle {
            reporter.flush()?;
            sleep(POLL);
            return Ok(());
        }
        self.asleep.push((input, Instant::now() + POLL));
        if is_idle && !self.idle.contains(&input) {
            self.idle.push(input);
            reporter.idle(input)?;
        }
        Ok(())
    }

    /// Lets feeds that had nothing be asked again, if it is time. Idle ones are asked here: nobody waits for them.
    fn wake(
        &mut self,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
        keeper: &mut Keeper<'_>,
    ) -> io::Result<()> {
        if self.asleep.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let (due, asleep) =
            std::mem::take(&mut self.asleep).into_iter().partition(|(_, until)| *until <= now);
        self.asleep = asleep;
        let due: Vec<(usize, Instant)> = due;
        for (input, _) in due {
            if !self.idle.contains(&input) {
                continue;
            }
            let filled = self.fill(input, crew, reporter, keeper)?;
            if filled == Filled::Nothing {
                self.asleep.push((input, now + POLL));
                continue;
            }
            self.idle.retain(|idle| *idle != input);
            reporter.awake(input);
            if filled == Filled::End {
                self.end(input, reporter, keeper)?;
            }
        }
        Ok(())
    }

    /// Reads until something of a feed is to be reported, and ahead of that.
    fn fill(
        &mut self,
        input: usize,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
        keeper: &mut Keeper<'_>,
    ) -> io::Result<Filled> {
        while self.is_empty(input) {
            let read = self.read_ahead(input, crew, reporter)?;
            let is_under_way = self.sources.get(input).is_some_and(|feed| feed.under_way > 0);
            match read {
                Read::Enough | Read::End if is_under_way => _ = self.take_next(crew, reporter, keeper)?,
                Read::Enough => {}
                Read::End => return Ok(Filled::End),
                Read::Little | Read::Nothing => {
                    while self.take_next(crew, reporter, keeper)? {}
                    // Everything of the earlier file came back.
                    if let Some(feed) = self.sources.get_mut(input)
                        && std::mem::take(&mut feed.rotated)
                    {
                        keeper.rotated(feed.number);
                    }
                    if read == Read::Nothing || self.manner.control.stop.is_set() {
                        return Ok(if self.is_empty(input) { Filled::Nothing } else { Filled::Some });
                    }
                }
            }
        }
        Ok(Filled::Some)
    }

    /// Has as much of a feed matched as may lie ahead of what is reported: ticks and alerts can take long, in which the lanes
    /// should not run out of work.
    fn read_ahead(
        &mut self,
        input: usize,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<Read> {
        let (least, most) = match self.sources.len() as u64 {
            count @ 1.. if crew.has_lanes() => (LEAST_AHEAD, MATCHED_AHEAD / count),
            _ => (1, 0),
        };
        while let Some(feed) = self.sources.get_mut(input) {
            // What a pipe gave is not held back while it is waited for more.
            let is_next_here = feed.is_pipe && feed.under_way > 0 && crew.is_next_done();
            if is_next_here || feed.under_way >= least && feed.bytes_under_way >= most {
                return Ok(Read::Enough);
            }
            if feed.trickles {
                reporter.flush()?;
            }
            let next = feed.next(self.manner, crew, reporter);
            let trickles = feed.trickles;
            if let Next::Work(work) = &next {
                feed.under_way += 1;
                feed.bytes_under_way += work.batch.taken;
            }
            self.close_surplus(input);
            match next {
                Next::Work(work) => {
                    self.under_way.push_back(input);
                    crew.lay(*work);
                    if trickles {
                        return Ok(Read::Little);
                    }
                }
                Next::Nothing => return Ok(Read::Nothing),
                Next::End => return Ok(Read::End),
            }
        }
        Ok(Read::End)
    }

    /// Takes the next outcome of any feed; whether there was one.
    fn take_next(
        &mut self,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
        keeper: &mut Keeper<'_>,
    ) -> io::Result<bool> {
        let Some(mut outcome) = crew.next()? else { return Ok(false) };
        let Some(input) = self.under_way.pop_front() else { return Ok(true) };
        if let (Some(feed), Some(queue)) = (self.sources.get_mut(input), self.queues.get_mut(input)) {
            feed.under_way -= 1;
            feed.bytes_under_way -= outcome.work.batch.taken;
            keeper.taken(feed.number, &outcome);
            queue.take(&mut outcome, reporter);
        }
        Ok(true)
    }

    fn is_empty(&self, input: usize) -> bool {
        self.queues.get(input).is_some_and(Queue::is_empty)
    }

    /// Closes the file not read for longest, if one more is open than may be.
    fn close_surplus(&mut self, input: usize) {
        if self.sources.len() <= MOST_OPEN {
            return;
        }
        self.open.retain(|open| *open != input);
        if self.sources.get(input).is_some_and(Feed::can_close) {
            self.open.push_back(input);
        }
        if self.open.len() > MOST_OPEN
            && let Some(oldest) = self.open.pop_front()
        {
            self.sources.get_mut(oldest).into_iter().for_each(Feed::close);
        }
    }

    /// Reports what came of a feed's records, one with an event time at a time, as long as it is the one furthest behind.
    fn report_next(&mut self, input: usize, reporter: &mut Reporter<'_>) -> io::Result<()> {
        let (Some(feed), Some(queue)) = (self.sources.get(input), self.queues.get_mut(input)) else {
            return Ok(());
        };
        loop {
            queue.report_quiet(input, reporter);
            queue.report_next(input, &feed.name, reporter)?;
            // Sleeping feeds are looked after between batches: that does not depend on what is reported.
            if queue.is_empty() || !reporter.goes_on(input) || self.manner.control.stop.is_set() {
                return Ok(());
            }
        }
    }
}
