//! How far event time has come.
//!
//! ```text
//! event times of an input ──largest──> less the lateness: the input's watermark ──smallest of those that hold it──> run's
//! ```
//!
//! An input holds the watermark until it ends. One that may still grow and has been silent for long is idle: it holds
//! nothing until it gives something again.

use rule_model::{DateTime, Timespan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The event times of all inputs of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watermarks {
    lateness: Timespan,
    inputs: Vec<Input>,
    /// The input that is furthest behind: held apart from the others, because it is the one that is read from, and mostly
    /// stays it. `None` only where there are no others.
    furthest: Option<Standing>,
    /// The other inputs that have not ended, idle ones apart, by largest time and name: with thousands of files, looking at
    /// each of them after every record would cost more than reading it.
    open: BTreeSet<Standing>,
    /// The idle inputs.
    idle: BTreeSet<Standing>,
}

/// Largest event time, rank by name, position.
type Standing = (Option<DateTime>, usize, usize);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Input {
    name: Arc<str>,
    rank: usize,
    latest: Option<DateTime>,
}

impl Watermarks {
    /// Inputs of these names, each with the latest event time that was read of it before, if any. Within `lateness` the
    /// events of one may come out of order.
    pub fn new(
        inputs: impl IntoIterator<Item = (Arc<str>, Option<DateTime>)>,
        lateness: Timespan,
    ) -> Watermarks {
        let input = |(name, latest)| Input { name, rank: 0, latest };
        let mut inputs: Vec<Input> = inputs.into_iter().map(input).collect();
        let mut by_name: Vec<usize> = (0..inputs.len()).collect();
        by_name.sort_by_key(|position| inputs.get(*position).map(|input| input.name.clone()));
        for (rank, position) in by_name.into_iter().enumerate() {
            inputs.get_mut(position).into_iter().for_each(|input| input.rank = rank);
        }
        let standing = |(position, input): (usize, &Input)| (input.latest, input.rank, position);
        let mut open: BTreeSet<Standing> = inputs.iter().enumerate().map(standing).collect();
        Watermarks { lateness, furthest: open.pop_first(), inputs, open, idle: BTreeSet::new() }
    }

    /// The latest event time of an input.
    pub fn latest(&self, position: usize) -> Option<DateTime> {
        self.inputs.get(position)?.latest
    }

    /// An event of this time was read from an input; gives whether it is further behind the input's largest time than
    /// the lateness allows.
    pub fn observe(&mut self, position: usize, time: DateTime) -> bool {
        let Some(standing) = self.standing(position) else { return false };
        let Some(input) = self.inputs.get_mut(position) else { return false };
        if let Some(latest) = input.latest.filter(|latest| *latest >= time) {
            return time.0 < latest.0.saturating_sub(self.lateness.0);
        }
        input.latest = Some(time);
        let now = (input.latest, input.rank, position);
        if self.furthest == Some(standing) {
            self.furthest = Some(now);
            if self.open.first().is_some_and(|next| *next < now) {
                self.furthest = self.open.pop_first();
                self.open.insert(now);
            }
            return false;
        }
        for held in [&mut self.open, &mut self.idle] {
            if held.remove(&standing) {
                held.insert(now);
            }
        }
        false
    }

    /// An input is at its end.
    pub fn end(&mut self, position: usize) {
        if let Some(standing) = self.standing(position) {
            self.close(&standing);
            self.idle.remove(&standing);
        }
    }

    /// An input that may still grow has been silent for long.
    pub fn idle(&mut self, position: usize) {
        if let Some(standing) = self.standing(position)
            && self.close(&standing)
        {
            self.idle.insert(standing);
        }
    }

    /// An idle input gives something again.
    pub fn awake(&mut self, position: usize) {
        if let Some(standing) = self.standing(position)
            && self.idle.remove(&standing)
        {
            self.open.insert(standing);
            self.open.extend(self.furthest.take());
            self.furthest = self.open.pop_first();
        }
    }

    /// The input that is furthest behind in event time, of those that are neither at their end nor idle and for which
    /// `may` holds: one without an event yet, else the one with the smallest largest time; of equal ones the first by
    /// name, so that their order on the command line does not show.
    pub fn furthest_behind(&self, may: impl Fn(usize) -> bool) -> Option<usize> {
        let open = self.furthest.iter().chain(&self.open);
        open.map(|(_, _, position)| *position).find(|position| may(*position))
    }

    /// Whether this is that input of all that are neither at their end nor idle.
    pub fn is_furthest_behind(&self, position: usize) -> bool {
        self.furthest.is_some_and(|(_, _, furthest)| furthest == position)
    }

    /// The largest event time up to which an input that is furthest behind of all stays so; `None` where it is not, or has
    /// not given an event yet.
    pub fn furthest_behind_until(&self, position: usize) -> Option<DateTime> {
        let (latest, rank, _) = self.furthest.filter(|(_, _, furthest)| *furthest == position)?;
        latest?;
        let Some((next, next_rank, _)) = self.open.first() else { return Some(DateTime::MAX) };
        let next = (*next)?;
        Some(if rank < *next_rank { next } else { DateTime(next.0.saturating_sub(1)) })
    }

    /// The run's watermark: no input that keeps to the lateness will give an event before it, as far as idle ones
    /// stay idle. Where all are idle it is the watermark of the one that came furthest. `None` while an input has not
    /// given any event, and when all have ended.
    pub fn low(&self) -> Option<DateTime> {
        let (latest, _, _) = self.furthest.as_ref().or(self.idle.last())?;
        latest.map(|latest| DateTime(latest.0.saturating_sub(self.lateness.0)))
    }

    /// Takes an input out of the open ones; whether it was one.
    fn close(&mut self, standing: &Standing) -> bool {
        if self.furthest.as_ref() == Some(standing) {
            self.furthest = self.open.pop_first();
            return true;
        }
        self.open.remove(standing)
    }

    fn standing(&self, position: usize) -> Option<Standing> {
        self.inputs.get(position).map(|input| (input.latest, input.rank, position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(names: &[&str]) -> Watermarks {
        Watermarks::new(names.iter().map(|name| (Arc::from(*name), None)), Timespan(10))
    }

    fn state(marks: &Watermarks) -> (Option<DateTime>, Option<usize>) {
        (marks.low(), marks.furthest_behind(|_| true))
    }

    #[test]
    fn the_slowest_open_input_holds_the_watermark() {
        let mut marks = marks(&["b", "a"]);
        assert_eq!(state(&marks), (None, Some(1)));
        marks.observe(1, DateTime(100));
        assert_eq!(state(&marks), (None, Some(0)));
        marks.observe(0, DateTime(150));
        marks.observe(0, DateTime(120));
        assert_eq!(state(&marks), (Some(DateTime(90)), Some(1)));
        marks.observe(1, DateTime(150));
        assert_eq!(state(&marks), (Some(DateTime(140)), Some(1)));
        assert_eq!(marks.furthest_behind(|position| position != 1), Some(0));
        marks.end(1);
        assert_eq!(state(&marks), (Some(DateTime(140)), Some(0)));
        marks.end(0);
        assert_eq!(state(&marks), (None, None));
    }

    #[test]
    fn an_idle_input_holds_nothing_until_it_is_awake() {
        let mut marks = marks(&["a", "b"]);
        marks.observe(1, DateTime(150));
        marks.idle(0);
        assert_eq!(state(&marks), (Some(DateTime(140)), Some(1)));
        marks.awake(0);
        marks.observe(0, DateTime(50));
        assert_eq!(state(&marks), (Some(DateTime(40)), Some(0)));
        marks.idle(0);
        marks.idle(1);
        assert_eq!(state(&marks), (Some(DateTime(140)), None));
        marks.end(1);
        assert_eq!(state(&marks), (Some(DateTime(40)), None));
    }

    #[test]
    fn an_input_is_furthest_behind_until_another_is() {
        let mut marks = marks(&["a", "b"]);
        assert_eq!([0, 1].map(|input| marks.furthest_behind_until(input)), [None, None]);
        marks.observe(0, DateTime(100));
        marks.observe(1, DateTime(150));
        for (input, first, last) in [(0, 110, 150), (1, 160, 179)] {
            if input == 1 {
                marks.observe(0, DateTime(180));
            }
            marks.observe(input, DateTime(first));
            assert_eq!(marks.furthest_behind_until(input), Some(DateTime(last)));
            assert_eq!(marks.furthest_behind_until(1 - input), None);
            let mut reached = marks.clone();
            reached.observe(input, DateTime(last));
            assert!(reached.is_furthest_behind(input), "{input}");
            reached.observe(input, DateTime(last + 1));
            assert!(!reached.is_furthest_behind(input), "{input}");
        }
        marks.end(0);
        assert_eq!(marks.furthest_behind_until(1), Some(DateTime::MAX));
    }

    #[test]
    fn times_run_backwards_past_the_lateness() {
        let mut marks = marks(&["a"]);
        for (time, backwards) in
            [(100, false), (90, false), (89, true), (120, false), (109, true), (110, false)]
        {
            assert_eq!(marks.observe(0, DateTime(time)), backwards, "{time}");
        }
    }
}
