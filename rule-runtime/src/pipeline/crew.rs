//! The workers of a run: the calling thread itself, or threads that are handed works in turn.

use crate::engine::{Engine, Outcome, Work, Worker};
use crate::framing::Batch;
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Takes an outcome, in the order of the works.
pub(super) type Taker<'t> = dyn FnMut(&mut Outcome) -> io::Result<()> + 't;

/// Workers and what they have under way.
pub(super) struct Crew<'e> {
    kind: Kind<'e>,
    spare: Vec<Batch>,
}

enum Kind<'e> {
    /// No thread but the calling one.
    Here(Box<Worker<'e>>),
    /// Threads; `under_way` says which lane has the oldest work.
    Lanes { lanes: Vec<Lane>, under_way: VecDeque<usize>, next: usize },
}

struct Lane {
    works: SyncSender<Work>,
    outcomes: Receiver<Outcome>,
}

/// Works a lane holds, the one being matched included.
const DEPTH: usize = 2;

impl<'e> Crew<'e> {
    /// `threads` workers; a single one works on the calling thread.
    pub(super) fn new<'scope>(
        engine: &'e Engine,
        threads: NonZeroUsize,
        scope: &'scope Scope<'scope, 'e>,
    ) -> Crew<'e> {
        let kind = if threads == NonZeroUsize::MIN {
            Kind::Here(Box::new(engine.worker()))
        } else {
            let lanes = (0..threads.get()).map(|_| Lane::new(engine, scope)).collect();
            Kind::Lanes { lanes, under_way: VecDeque::new(), next: 0 }
        };
        Crew { kind, spare: Vec::new() }
    }

    /// A batch to be filled, used before if there is one.
    pub(super) fn spare(&mut self) -> Batch {
        self.spare.pop().unwrap_or_default()
    }

    /// Hands a work to the next worker; if all are busy, the oldest outcome is waited for and taken first.
    pub(super) fn put(&mut self, work: Work, take: &mut Taker<'_>) -> io::Result<()> {
        match &mut self.kind {
            Kind::Here(worker) => {
                let mut outcome = worker.run(work);
                take(&mut outcome)?;
                self.spare.push(outcome.work.batch);
                Ok(())
            }
            Kind::Lanes { lanes, under_way, next } => {
                let lane = *next;
                *next = (lane + 1) % lanes.len();
                let full = under_way.len() >= lanes.len() * DEPTH;
                if full {
                    self.take_oldest(take)?;
                }
                let Kind::Lanes { lanes, under_way, .. } = &mut self.kind else { return Ok(()) };
                under_way.push_back(lane);
                lanes[lane].works.send(work).map_err(|_| worker_lost())
            }
        }
    }

    /// Waits for everything under way.
    pub(super) fn drain(&mut self, take: &mut Taker<'_>) -> io::Result<()> {
        while self.take_oldest(take)? {}
        Ok(())
    }

    fn take_oldest(&mut self, take: &mut Taker<'_>) -> io::Result<bool> {
        let Kind::Lanes { lanes, under_way, .. } = &mut self.kind else { return Ok(false) };
        let Some(lane) = under_way.pop_front() else { return Ok(false) };
        let mut outcome = lanes[lane].outcomes.recv().map_err(|_| worker_lost())?;
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
        Lane { works, outcomes }
    }
}

/// Only a panic ends a worker early, and that is reported when its thread is joined.
fn worker_lost() -> io::Error {
    io::Error::other("a worker ended early")
}
