//! The part of a run that sees to its commits: where each input stands, and when it is time.

use super::{Input, Queue, Reporter};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::commit::{self, Head};
use crate::checkpoint::directory::Unusable;
use crate::checkpoint::positions::{Position, Positions};
use crate::checkpoint::rule_identity::{RuleIdentity, RuleMap};
use crate::engine::{Engine, Outcome};
use crate::framing::Resume;
use crate::sink::Mark;
use crate::source::Origin;
use rule_model::DateTime;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Keeps the positions of a run's inputs, and commits. Without a state directory it keeps nothing.
pub(super) struct Keeper<'s> {
    checkpoint: Option<&'s mut Checkpoint>,
    /// The inputs of this run, by the numbers they were given.
    inputs: Vec<Tracked>,
    before: Positions,
    last: Instant,
    /// What the last commit took.
    cost: Duration,
    /// Whether anything was taken since.
    is_dirty: bool,
}

/// An input of this run.
#[derive(Default)]
struct Tracked {
    /// Where it stands; `None` of what has no position to go on from, or not yet.
    position: Option<Position>,
    /// The path of a followed file: the file of that name may become another.
    followed: Option<PathBuf>,
}

/// Where the reading of an input begins.
pub(super) struct Claim {
    /// Its number among the inputs of the run.
    pub number: usize,
    /// Where it begins.
    pub next: Resume,
    /// Its latest event time in an earlier run.
    pub latest: Option<DateTime>,
    /// Whether an earlier run read it to its end, and nothing has come since.
    pub is_unchanged: bool,
}

/// Commits may take this part of the time, however often they are asked for.
const SHARE: u32 = 10;

impl<'s> Keeper<'s> {
    /// Takes the run back to the last commit, if there is one.
    pub(super) fn new(
        checkpoint: Option<&'s mut Checkpoint>,
        engine: &Engine,
        reporter: &mut Reporter<'_>,
    ) -> io::Result<Keeper<'s>> {
        let mut keeper = Keeper {
            checkpoint,
            inputs: Vec::new(),
            before: Positions::default(),
            last: Instant::now(),
            cost: Duration::ZERO,
            is_dirty: true,
        };
        let Some(checkpoint) = keeper.checkpoint.as_deref_mut() else { return Ok(keeper) };
        reporter.keep_rows_in(&checkpoint.path().join("rows"))?;
        let notices = match checkpoint.before.take() {
            None => reporter.restore_output(&Mark::default(), None)?,
            Some(before) => {
                let map = RuleMap::new(&before.head.rules, engine.rules());
                keeper.before.unclaimed = before.inputs;
                for position in &mut keeper.before.unclaimed {
                    position.ahead = std::mem::take(&mut position.ahead).of_rules_now(&map);
                }
                let counts = !before.head.finished;
                let restored = reporter.restore(before.memory, before.evaluations, &map, counts);
                restored.map_err(|error| io::Error::other(Unusable::Incomplete(error)))?;
                let output =
                    reporter.restore_output(&before.head.alerts, before.head.dead_letters.as_ref())?;
                map.notices.into_iter().chain(output).collect()
            }
        };
        notices.iter().for_each(|notice| (checkpoint.notify)(notice));
        Ok(keeper)
    }

    /// Numbers an input, and finds where an earlier run left it.
    pub(super) fn claim(&mut self, input: &Input) -> io::Result<Claim> {
        let number = self.inputs.len();
        self.inputs.push(Tracked::default());
        let anew = Claim { number, next: Resume::default(), latest: None, is_unchanged: false };
        let (Some(checkpoint), Some(tracked)) = (&self.checkpoint, self.inputs.last_mut()) else {
            return Ok(anew);
        };
        let path = match &input.origin {
            Origin::File(path) => path,
            Origin::Followed(path) => {
                tracked.followed = Some(path.clone());
                if !path.exists() {
                    return Ok(anew);
                }
                path
            }
            Origin::Stdin | Origin::Embedded { .. } => return Ok(anew),
        };
        let claim = self.before.claim(path)?;
        claim.notice.iter().for_each(|notice| (checkpoint.notify)(notice));
        let (next, latest) = (claim.position.next, claim.position.latest);
        let is_unchanged = claim.is_unchanged && tracked.followed.is_none();
        tracked.position = Some(claim.position);
        Ok(Claim { number, next, latest, is_unchanged })
    }

    /// Another file has the name of a followed one, which was read to its end.
    pub(super) fn rotated(&mut self, number: usize) {
        let read = self.inputs.get_mut(number).and_then(|tracked| tracked.position.take());
        self.before.unclaimed.extend(read.map(|position| Position { is_done: true, ..position }));
    }

    /// What came of an input in an earlier run and was not reported.
    pub(super) fn take_ahead(&mut self, number: usize) -> Queue {
        self.position(number).map(|position| std::mem::take(&mut position.ahead)).unwrap_or_default()
    }

    /// Holds what came of an input and is not reported yet, with its latest event time, for the next commit; false
    /// where nothing is held of this input.
    pub(super) fn hold(&mut self, number: usize, latest: Option<DateTime>, ahead: &Queue) -> bool {
        let Some(position) = self.position(number) else { return false };
        (position.latest, position.ahead) = (latest, ahead.clone());
        true
    }

    /// A batch was matched, and is about to be reported or queued.
    pub(super) fn taken(&mut self, number: usize, outcome: &Outcome) {
        let batch = &outcome.work.batch;
        self.is_dirty |= batch.taken > 0;
        if let Some(tracked) = self.inputs.get_mut(number).filter(|_| batch.taken > 0)
            && tracked.position.is_none()
        {
            // A file that cannot be opened again now will be another at the next start, and be read from its start.
            tracked.position = tracked.followed.as_deref().and_then(|path| Position::anew(path).ok());
        }
        let Some(position) = self.position(number) else { return };
        position.next = batch.next;
        position.is_done = false;
        position.unfinished =
            batch.unfinished.filter(|it| outcome.rejects.iter().any(|reject| reject.offset >= it.offset));
    }

    /// An input was read and matched to its end.
    pub(super) fn ended(&mut self, number: usize) {
        self.is_dirty = true;
        if let Some(position) = self.position(number) {
            position.is_done = true;
        }
    }

    /// Whether it is time to commit; `idle` when nothing else is to be done.
    pub(super) fn is_due(&self, reporter: &Reporter<'_>, idle: bool) -> bool {
        let Some(checkpoint) = self.checkpoint.as_ref().filter(|_| self.is_dirty) else { return false };
        let least = if checkpoint.every.is_zero() { Duration::ZERO } else { self.cost * SHARE };
        let since = self.last.elapsed();
        since >= checkpoint.every.max(least) || reporter.wants_commit(idle && since >= least)
    }

    /// Commits. `finished` says that the inputs were read to their ends and all is flushed.
    pub(super) fn commit(&mut self, reporter: &mut Reporter<'_>, finished: bool) -> io::Result<()> {
        let started = Instant::now();
        let Some(checkpoint) = self.checkpoint.as_deref_mut() else { return Ok(()) };
        let (alerts, dead_letters) = reporter.prepare_output()?;
        let (memory, evaluations) = reporter.snapshot()?;
        let rules = reporter.rules().iter().map(|rule| RuleIdentity::of(rule)).collect();
        let head = Head { rules, now: reporter.now(), finished, alerts, dead_letters };
        let inputs: Vec<&Position> = self
            .inputs
            .iter()
            .filter_map(|tracked| tracked.position.as_ref())
            .chain(&self.before.unclaimed)
            .collect();
        checkpoint
            .directory
            .commit_parts(|parts| commit::write(parts, &head, &memory, &evaluations, &inputs))?;
        reporter.committed()?;
        (self.cost, self.last, self.is_dirty) = (started.elapsed(), Instant::now(), false);
        Ok(())
    }

    fn position(&mut self, number: usize) -> Option<&mut Position> {
        self.inputs.get_mut(number)?.position.as_mut()
    }
}
