//! The workers of a run: the calling thread itself, and lanes, which are threads of their own.
//!
//! ```text
//! calling thread   lay, draw ──> Desk <── lanes   match what waits, else read from the source being drawn from
//!                  take in order <──┘
//! ```
//!
//! From a source that anybody may read, whoever has nothing else to do draws, one thread at a time: each matches what it has
//! read itself, which is still in the cache of its core, and none is fed by another. Other sources the calling thread reads,
//! and puts their works on the desk. It reports besides, and matches where there is nothing to report: none waits while there
//! is work, and there are no more threads than asked for, but for those that ticks take for as long as they last.

use super::Stop;
use crate::engine::{Engine, Outcome, Work, Worker};
use crate::framing::Batch;
use std::collections::VecDeque;
use std::hint::spin_loop;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, panicking};

/// Takes an outcome, in the order of the works.
pub(super) type Taker<'t> = dyn FnMut(&mut Outcome) -> io::Result<()> + 't;

/// A source that works are drawn from.
pub(super) trait Supply: Send {
    /// The next work, in memory used before.
    fn next(&mut self, spare: Batch) -> Drawn;

    /// Whether any thread may read it, since reading never waits for long.
    fn is_prompt(&self) -> bool;
}

/// What a source gives.
pub(super) enum Drawn {
    /// A work; there may be more.
    Work(Work),
    /// What was left where reading failed.
    Last(Work, io::Error),
    /// Nothing, and the memory back.
    End(Batch),
}

/// Workers and what they have under way.
pub(super) struct Crew<'e> {
    /// That of the calling thread.
    here: Box<Worker<'e>>,
    lanes: usize,
    shared: Arc<Shared>,
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    /// There is something to do.
    for_lanes: Condvar,
    /// Something is done, or the source is free or at its end.
    for_caller: Condvar,
    /// Counts what those who wait may wait for.
    changes: AtomicU64,
}

/// What is under way.
#[derive(Default)]
struct Desk {
    /// Works that nobody has begun, with their numbers.
    waiting: VecDeque<(u64, Work)>,
    source: Source,
    /// The number of the next work.
    next: u64,
    /// The number of the oldest work that is not taken, the first of `done`.
    oldest: u64,
    done: VecDeque<Option<Box<Outcome>>>,
    /// Works that may be under way before more is drawn.
    most: u64,
    /// Memory used before. What was used last is used next, by the same thread, in whose cache it is.
    spare: Vec<Batch>,
    /// Whether the last work drawn is of a source slower than those who work on it.
    trickles: bool,
    /// Lanes that wait, and those of them that must be woken.
    idle: usize,
    asleep: usize,
    /// Whether the calling thread must be woken.
    is_caller_asleep: bool,
    stage: Stage,
}

/// Where the run of the crew is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Working,
    /// The lanes are to end.
    Over,
    /// A lane ended before it was to.
    Lost,
}

/// The source that is drawn from.
#[derive(Default)]
enum Source {
    #[default]
    None,
    Free(Box<dyn Supply>),
    /// Somebody reads it.
    Taken,
    Ended(io::Result<()>),
}

/// What a thread does next.
enum Task {
    Match(u64, Work),
    Draw(Box<dyn Supply>, Batch),
}

/// Works that wait for each lane: enough to keep it busy while the calling thread matches one.
const WAITING: usize = 2;
/// Works under way for each thread: more wait for the oldest.
const MOST: usize = 6;
/// Looks for a change before a thread sleeps: some 50 microseconds.
const LOOKS: usize = 2000;

impl<'e> Crew<'e> {
    /// `threads` workers, one of them on the calling thread.
    pub(super) fn new<'scope>(
        engine: &'e Engine,
        threads: NonZeroUsize,
        scope: &'scope Scope<'scope, 'e>,
    ) -> Crew<'e> {
        let desk = Desk { most: (MOST * threads.get()) as u64, ..Desk::default() };
        let shared = Arc::new(Shared { desk: Mutex::new(desk), ..Shared::default() });
        for _ in 1..threads.get() {
            let shared = Arc::clone(&shared);
            scope.spawn(move || shared.work(engine.worker()));
        }
        Crew { here: Box::new(engine.worker()), lanes: threads.get() - 1, shared }
    }

    /// A batch to be filled, used before if there is one.
    pub(super) fn spare(&self) -> Batch {
        self.shared.desk().spare.pop().unwrap_or_default()
    }

    /// The number of works so far.
    pub(super) fn count(&self) -> u64 {
        self.shared.desk().next
    }

    /// Lays down a work to be matched by whoever has time.
    pub(super) fn lay(&mut self, work: Work) {
        self.shared.change(self.shared.desk(), |desk| {
            let number = desk.number();
            desk.waiting.push_back((number, work));
        });
    }

    /// Whether there are lanes, which match while this thread does something else.
    pub(super) fn has_lanes(&self) -> bool {
        self.lanes > 0
    }

    /// Whether the outcome that is next is there.
    pub(super) fn is_next_done(&self) -> bool {
        self.shared.desk().is_oldest_done()
    }

    /// The outcome that is next; `None` where nothing is under way. Until it is there works are matched here, too.
    pub(super) fn next(&mut self) -> io::Result<Option<Box<Outcome>>> {
        loop {
            if let Some(outcome) = self.shared.oldest(|_| false)? {
                return Ok(Some(outcome));
            }
            let mut desk = self.shared.desk();
            if desk.under_way() == 0 {
                return Ok(None);
            }
            match desk.waiting.pop_front() {
                Some((number, work)) => {
                    drop(desk);
                    self.shared.hand_in(number, self.here.run(work));
                }
                None if desk.is_oldest_done() => {}
                None => drop(self.shared.wait_for_lanes(desk)?),
            }
        }
    }

    /// Reads a source to its end, or until the run is to end, and takes what is done; what is under way then is not waited
    /// for. The outer error is of taking, the inner one of reading.
    pub(super) fn draw(
        &mut self,
        source: Box<dyn Supply>,
        stop: &Stop,
        take: &mut Taker<'_>,
    ) -> io::Result<io::Result<()>> {
        let is_prompt = source.is_prompt();
        let desk = self.shared.desk();
        self.shared.change(desk, |desk| desk.source = Source::Free(source));
        loop {
            while let Some(mut outcome) = self.shared.oldest(|_| false)? {
                take(&mut outcome)?;
            }
            let mut desk = self.shared.desk();
            match std::mem::take(&mut desk.source) {
                Source::Free(_) if stop.is_set() => return Ok(Ok(())),
                Source::Ended(end) => return Ok(end),
                source => desk.source = source,
            }
            // A lane with nothing to do goes first: this thread is the one that can open the next source.
            let leaves = is_prompt && desk.idle > 0;
            let task = if leaves { None } else { desk.task_of_caller() };
            let Some(task) = task else {
                if !desk.is_oldest_done() {
                    drop(self.shared.wait_for_lanes(desk)?);
                }
                continue;
            };
            drop(desk);
            match task {
                Task::Match(number, work) => self.shared.hand_in(number, self.here.run(work)),
                Task::Draw(source, spare) => match self.shared.read(source, spare) {
                    Some((number, work)) if is_prompt => self.shared.hand_in(number, self.here.run(work)),
                    Some((number, work)) => self.begin(number, work),
                    None => {}
                },
            }
        }
    }

    /// Waits for everything under way.
    pub(super) fn drain(&mut self, take: &mut Taker<'_>) -> io::Result<()> {
        while let Some(mut outcome) = self.next()? {
            take(&mut outcome)?;
        }
        Ok(())
    }

    /// Has a work matched by a lane that has room, else here.
    fn begin(&mut self, number: u64, work: Work) {
        let desk = self.shared.desk();
        if desk.waiting.len() < WAITING * self.lanes {
            self.shared.change(desk, |desk| desk.waiting.push_back((number, work)));
        } else {
            drop(desk);
            self.shared.hand_in(number, self.here.run(work));
        }
    }
}

impl Drop for Crew<'_> {
    fn drop(&mut self) {
        self.shared.change(self.shared.desk(), |desk| desk.stage = Stage::Over);
        self.shared.for_lanes.notify_all();
    }
}

impl Shared {
    /// Nothing panics while it holds the desk.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a lane.
    fn work(&self, mut worker: Worker<'_>) {
        let _leaving = Leaving(self);
        while let Some(task) = self.task_of_lane() {
            let work = match task {
                Task::Match(number, work) => Some((number, work)),
                Task::Draw(source, spare) => self.read(source, spare),
            };
            if let Some((number, work)) = work {
                self.hand_in(number, worker.run(work));
            }
        }
    }

    /// Waits for something to do; `None` once the crew is over.
    fn task_of_lane(&self) -> Option<Task> {
        let mut desk = self.desk();
        loop {
            if desk.stage == Stage::Over {
                return None;
            }
            if let Some(task) = desk.task_of_lane() {
                return Some(task);
            }
            desk.idle += 1;
            let (awake, changed) = self.look_out(desk);
            desk = awake;
            if !changed {
                desk.asleep += 1;
                desk = self.for_lanes.wait(desk).unwrap_or_else(PoisonError::into_inner);
                desk.asleep -= 1;
            }
            desk.idle -= 1;
        }
    }

    /// Reads the next work, and gives the source back.
    fn read(&self, mut source: Box<dyn Supply>, spare: Batch) -> Option<(u64, Work)> {
        let drawn = source.next(spare);
        let is_prompt = source.is_prompt();
        let (work, source, spare) = match drawn {
            Drawn::Work(work) => (Some(work), Source::Free(source), None),
            Drawn::Last(work, error) => (Some(work), Source::Ended(Err(error)), None),
            Drawn::End(spare) => (None, Source::Ended(Ok(())), Some(spare)),
        };
        self.change(self.desk(), |desk| {
            desk.spare.extend(spare);
            desk.trickles = !is_prompt && work.as_ref().is_some_and(|work| work.batch.trickles());
            desk.source = source;
            work.map(|work| (desk.number(), work))
        })
    }

    /// Lays down an outcome until it is its turn.
    fn hand_in(&self, number: u64, mut outcome: Outcome) {
        let spare = outcome.work.batch.take_memory();
        let outcome = Box::new(outcome);
        self.change(self.desk(), |desk| {
            desk.spare.push(spare);
            let place = usize::try_from(number - desk.oldest).unwrap_or(usize::MAX);
            if let Some(done) = desk.done.get_mut(place) {
                *done = Some(outcome);
            }
        });
    }

    /// The oldest outcome, if it is there, or there will be one and it is to be waited for.
    fn oldest(&self, waits: impl Fn(&Desk) -> bool) -> io::Result<Option<Box<Outcome>>> {
        let mut desk = self.desk();
        while desk.under_way() > 0 {
            if desk.is_oldest_done() {
                let outcome = self.change(desk, |desk| {
                    desk.oldest += 1;
                    desk.done.pop_front()
                });
                return Ok(outcome.flatten());
            }
            if !waits(&desk) {
                break;
            }
            desk = self.wait_for_lanes(desk)?;
        }
        Ok(None)
    }

    /// Waits, on the calling thread, for something to change.
    fn wait_for_lanes<'d>(&'d self, mut desk: MutexGuard<'d, Desk>) -> io::Result<MutexGuard<'d, Desk>> {
        let (awake, changed) = self.look_out(desk);
        desk = awake;
        if !changed && desk.stage != Stage::Lost {
            desk.is_caller_asleep = true;
            desk = self.for_caller.wait(desk).unwrap_or_else(PoisonError::into_inner);
            desk.is_caller_asleep = false;
        }
        if desk.stage == Stage::Lost { Err(io::Error::other("a worker ended early")) } else { Ok(desk) }
    }

    /// Looks out for a change; whether there was one. Most waiting is for another thread to have read, which takes less than
    /// to be put to sleep and woken.
    fn look_out<'d>(&'d self, desk: MutexGuard<'d, Desk>) -> (MutexGuard<'d, Desk>, bool) {
        let seen = self.changes.load(Ordering::Relaxed);
        let is_same = || self.changes.load(Ordering::Relaxed) == seen;
        drop(desk);
        for _ in 0..LOOKS {
            if !is_same() {
                break;
            }
            spin_loop();
        }
        // Changes are made and counted under the lock.
        let desk = self.desk();
        let changed = !is_same();
        (desk, changed)
    }

    /// Changes what is under way, and wakes whom that concerns.
    fn change<T>(&self, mut desk: MutexGuard<'_, Desk>, change: impl FnOnce(&mut Desk) -> T) -> T {
        let result = change(&mut desk);
        self.changes.fetch_add(1, Ordering::Relaxed);
        let for_lane = desk.asleep > 0 && desk.has_task_of_lane();
        let for_caller = desk.is_caller_asleep && (!for_lane || desk.is_oldest_done());
        drop(desk);
        if for_lane {
            self.for_lanes.notify_one();
        }
        if for_caller {
            self.for_caller.notify_one();
        }
        result
    }
}

impl Desk {
    /// The number of a new work.
    fn number(&mut self) -> u64 {
        self.done.push_back(None);
        self.next += 1;
        self.next - 1
    }

    fn under_way(&self) -> u64 {
        self.next - self.oldest
    }

    fn is_full(&self) -> bool {
        self.under_way() >= self.most
    }

    fn is_oldest_done(&self) -> bool {
        matches!(self.done.front(), Some(Some(_)))
    }

    /// Whether more may be drawn: what a slow source gave is reported before it is waited for again.
    fn may_draw(&self) -> bool {
        !(self.is_full() || self.trickles && self.under_way() > 0)
    }

    fn has_task_of_lane(&self) -> bool {
        let may = matches!(&self.source, Source::Free(source) if source.is_prompt());
        !self.waiting.is_empty() || may && self.may_draw()
    }

    /// A lane matches what was read for it before it reads.
    fn task_of_lane(&mut self) -> Option<Task> {
        self.waiting().or_else(|| self.drawing(|source| source.is_prompt()))
    }

    /// The calling thread reads first, what only it can read above all.
    fn task_of_caller(&mut self) -> Option<Task> {
        self.drawing(|_| true).or_else(|| self.waiting())
    }

    fn waiting(&mut self) -> Option<Task> {
        self.waiting.pop_front().map(|(number, work)| Task::Match(number, work))
    }

    fn drawing(&mut self, may: impl Fn(&dyn Supply) -> bool) -> Option<Task> {
        if !self.may_draw() {
            return None;
        }
        match std::mem::take(&mut self.source) {
            Source::Free(source) if may(source.as_ref()) => {
                self.source = Source::Taken;
                Some(Task::Draw(source, self.spare.pop().unwrap_or_default()))
            }
            source => {
                self.source = source;
                None
            }
        }
    }
}

/// Tells when a lane ends by a panic, which is reported when its thread is joined: the calling thread would wait for it.
struct Leaving<'s>(&'s Shared);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if panicking() {
            self.0.change(self.0.desk(), |desk| desk.stage = Stage::Lost);
            self.0.for_caller.notify_one();
        }
    }
}
