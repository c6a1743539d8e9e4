//! How far event time has come.
//!
//! ```text
//! event times of an input ──largest──> less the lateness: the input's watermark ──smallest of those not ended──> run's
//! ```

use rule_model::{DateTime, Timespan};
use std::sync::Arc;

/// The event times of all inputs of a run.
#[derive(Debug)]
pub struct Watermarks {
    lateness: Timespan,
    inputs: Vec<Input>,
}

#[derive(Debug)]
struct Input {
    name: Arc<str>,
    latest: Option<DateTime>,
    ended: bool,
}

impl Watermarks {
    /// Inputs of these names, of which nothing has been read. Within `lateness` the events of one may come out of
    /// order.
    pub fn new(names: impl IntoIterator<Item = Arc<str>>, lateness: Timespan) -> Watermarks {
        let input = |name| Input { name, latest: None, ended: false };
        Watermarks { lateness, inputs: names.into_iter().map(input).collect() }
    }

    /// An event of this time was read from an input.
    pub fn observe(&mut self, input: usize, time: DateTime) {
        if let Some(input) = self.inputs.get_mut(input) {
            input.latest = input.latest.max(Some(time));
        }
    }

    /// An input is at its end.
    pub fn end(&mut self, input: usize) {
        if let Some(input) = self.inputs.get_mut(input) {
            input.ended = true;
        }
    }

    /// The input that is furthest behind in event time: one without an event yet, else the one with the smallest
    /// largest time; of equal ones the first by name, so that their order on the command line does not show.
    pub fn furthest_behind(&self) -> Option<usize> {
        let open = self.inputs.iter().enumerate().filter(|(_, input)| !input.ended);
        open.min_by_key(|(position, input)| (input.latest, &input.name, *position))
            .map(|(position, _)| position)
    }

    /// The run's watermark: no input that keeps to the lateness will give an event before it. `None` while an input
    /// has not given any event, and when all have ended.
    pub fn low(&self) -> Option<DateTime> {
        let mut open = self.inputs.iter().filter(|input| !input.ended).map(|input| input.latest);
        let first = open.next()?;
        let least = open.fold(first, Option::min)?;
        Some(DateTime(least.0.saturating_sub(self.lateness.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_open_input_holds_the_watermark() {
        let mut marks = Watermarks::new(["b".into(), "a".into()], Timespan(10));
        assert_eq!((marks.low(), marks.furthest_behind()), (None, Some(1)));
        marks.observe(1, DateTime(100));
        assert_eq!((marks.low(), marks.furthest_behind()), (None, Some(0)));
        marks.observe(0, DateTime(150));
        marks.observe(0, DateTime(120));
        assert_eq!((marks.low(), marks.furthest_behind()), (Some(DateTime(90)), Some(1)));
        marks.observe(1, DateTime(150));
        assert_eq!((marks.low(), marks.furthest_behind()), (Some(DateTime(140)), Some(1)));
        marks.end(1);
        assert_eq!((marks.low(), marks.furthest_behind()), (Some(DateTime(140)), Some(0)));
        marks.end(0);
        assert_eq!((marks.low(), marks.furthest_behind()), (None, None));
    }
}
