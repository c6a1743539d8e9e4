//! The workers of a run: the calling thread itself, and threads that are handed works.
//!
//! The calling thread reads and reports, and matches what the others have no room for: none waits while there is work, and
//! there are no more threads than asked for.

use crate::engine::{Engine, Outcome, Work, Worker};
use crate::framing::Batch;
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::Scope;

/// Takes an outcome, in the order of the works.
pub(super) type Taker<'t> = dyn FnMut(&mut Outcome) -> io::Result<()> + 't;

/// Workers and what they have under way.
pub(super) struct Crew<'e> {
    /// That of the calling thread.
    here: Box<Worker<'e>>,
    lanes: Vec<Lane>,
    /// The works that are not reported, in their order.
    under_way: VecDeque<UnderWay>,
    spare: Vec<Batch>,
}

/// A work that is not reported.
enum UnderWay {
    /// The next that this lane gives back.
    In(usize),
    /// Matched here.
    Done(Box<Outcome>),
}

/// A thread.
struct Lane {
    works: SyncSender<Work>,
    outcomes: Receiver<Outcome>,
    /// Works that it has.
    held: usize,
}

/// Works a lane holds, the one being matched included: enough to be busy while the calling thread matches one.
const DEPTH: usize = 3;
/// Works that are not reported, for each thread: more wait for the oldest.
const MOST: usize = 2 * DEPTH;

impl<'e> Crew<'e> {
    /// `threads` workers, one of them on the calling thread.
    pub(super) fn new<'scope>(
        engine: &'e Engine,
        threads: NonZeroUsize,
        scope: &'scope Scope<'scope, 'e>,
    ) -> Crew<'e> {
        Crew {
            here: Box::new(engine.worker()),
            lanes: (1..threads.get()).map(|_| Lane::new(engine, scope)).collect(),
            under_way: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// A batch to be filled, used before if there is one.
    pub(super) fn spare(&mut self) -> Batch {
        self.spare.pop().unwrap_or_default()
    }

    /// Has a work matched by a lane that has room, else here, and takes what is done.
    pub(super) fn put(&mut self, work: Work, take: &mut Taker<'_>) -> io::Result<()> {
        let lanes = self.lanes.iter_mut().enumerate().filter(|(_, lane)| lane.held < DEPTH);
        if let Some((number, lane)) = lanes.min_by_key(|(_, lane)| lane.held) {
            lane.works.send(work).map_err(|_| worker_lost())?;
            lane.held += 1;
            self.under_way.push_back(UnderWay::In(number));
        } else {
            let outcome = Box::new(self.here.run(work));
            self.under_way.push_back(UnderWay::Done(outcome));
        }
        let most = MOST * (self.lanes.len() + 1);
        while self.take_oldest(self.under_way.len() > most, take)? {}
        Ok(())
    }

    /// Waits for everything under way.
    pub(super) fn drain(&mut self, take: &mut Taker<'_>) -> io::Result<()> {
        while self.take_oldest(true, take)? {}
        Ok(())
    }

    /// Takes the oldest outcome, if it is there or waited for; whether it was taken.
    fn take_oldest(&mut self, waits: bool, take: &mut Taker<'_>) -> io::Result<bool> {
        let mut outcome = match self.under_way.pop_front() {
            None => return Ok(false),
            Some(UnderWay::Done(outcome)) => *outcome,
            Some(UnderWay::In(number)) => {
                let Some(lane) = self.lanes.get_mut(number) else { return Ok(false) };
                let outcome = match lane.outcomes.try_recv() {
                    Err(TryRecvError::Empty) if waits => lane.outcomes.recv().map_err(|_| worker_lost())?,
                    Err(TryRecvError::Empty) => {
                        self.under_way.push_front(UnderWay::In(number));
                        return Ok(false);
                    }
                    outcome => outcome.map_err(|_| worker_lost())?,
                };
                lane.held -= 1;
                outcome
            }
        };
        take(&mut outcome)?;
        self.spare.push(outcome.work.batch);
        Ok(true)
    }
}

impl Lane {
    fn new<'scope, 'e: 'scope>(engine: &'e Engine, scope: &'scope Scope<'scope, 'e>) -> Lane {
        let (works, todo) = sync_channel(DEPTH);
        let (done, outcomes) = sync_channel(DEPTH);
        scope.spawn(move || {
            let mut worker = engine.worker();
            for work in todo {
                // Nobody waits for the outcome once writing has failed.
                if done.send(worker.run(work)).is_err() {
                    return;
                }
            }
        });
        Lane { works, outcomes, held: 0 }
    }
}

/// Only a panic ends a worker early, and that is reported when its thread is joined.
fn worker_lost() -> io::Error {
    io::Error::other("a worker ended early")
}
