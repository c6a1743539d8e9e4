//! Ticks of several rules that fall due together, evaluated by several threads.
//!
//! ```text
//! rules with ticks due ─┬─> thread ─┬─> what each rule found, in the order of the rules
//!                       └─> thread ─┘
//! ```
//!
//! States of rules have nothing in common: who evaluates which, and when, does not show. Each evaluation has its share of the
//! memory, so that only ticks which surely do with that are evaluated so.

use super::super::elsewhere::Elsewhere;
use super::super::step::{Signal, step};
use super::{Evaluated, Found};
use rule_model::DateTime;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A rule with ticks that are due.
pub(super) struct Due<'e> {
    pub(super) position: usize,
    /// The time up to which they are evaluated.
    pub(super) until: DateTime,
    pub(super) evaluated: &'e mut Evaluated,
    pub(super) found: &'e mut Vec<Found>,
}

/// Rows of all rules together for which it is worth to begin a thread.
pub(super) const LEAST_ROWS: u64 = 1000;

/// Evaluates the ticks of rules, none of which takes more than `elsewhere` has room for. `first` is the time of the first
/// event.
pub(super) fn evaluate(
    mut due: Vec<Due<'_>>,
    first: Option<DateTime>,
    elsewhere: &Elsewhere<'_>,
    threads: NonZeroUsize,
) {
    let threads = threads.get().min(due.len());
    // What takes longest is begun first.
    due.sort_by_key(|due| due.evaluated.state.rows());
    let due = Mutex::new(due);
    let evaluate_all = || {
        // Nothing panics while it holds the list.
        let next = || due.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(due) = next() {
            due.evaluate(first, elsewhere);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(evaluate_all);
        }
        evaluate_all();
    });
}

impl Due<'_> {
    /// Evaluates ticks, until none is due or what the rule keeps is all that may be taken: those left are not evaluated.
    fn evaluate(self, first: Option<DateTime>, elsewhere: &Elsewhere<'_>) {
        let Due { position, until, evaluated: Evaluated { rule, state }, found } = self;
        let before = state.bytes();
        while state.bytes() - before.min(state.bytes()) <= elsewhere.room / 2
            && let Some((tick, passed_over)) = rule.due(state, first, until)
        {
            state.counts.passed_over += passed_over;
            let mut alerts = Vec::new();
            let outcome = step(rule, state, Signal::Tick(tick), elsewhere, &mut alerts);
            found.extend(outcome.err().map(|message| Found::Failure(position, message)));
            found.extend(alerts.into_iter().map(|alert| Found::Alert(position, Box::new(alert), tick)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, Evaluations};
    use super::*;
    use crate::across::{Kept, Place};
    use crate::plans::StaticTables;
    use crate::samples::{anything, metadata};
    use rule_eval::Row;
    use rule_model::metadata::{Comparison, Grouping, Metadata, Schedule, Trigger};
    use rule_model::{Timespan, Value};

    /// What some rules find, who keep as many rows as make it worth to evaluate them side by side.
    fn found(bounds: Bounds, threads: usize) -> String {
        let hours = |hours: i64| Timespan::minutes(60 * hours);
        let rule = |id, every, over, grouping| {
            let schedule = Some(Schedule { every: hours(every), over: hours(over) });
            let trigger = Trigger { comparison: Comparison::Greater, rows: 1 };
            anything(Metadata { schedule, trigger, grouping, ..metadata(id) })
        };
        let rules = [
            rule("A", 1, 24, Grouping::Single),
            rule("B", 2, 24, Grouping::Each),
            rule("C", 1, 3, Grouping::Single),
            rule("D", 5, 5, Grouping::Each),
        ];
        let mut found = Vec::new();
        let mut evaluations = Evaluations::new(&rules, &StaticTables::default(), bounds, &mut found);
        evaluations.evaluate_on(NonZeroUsize::new(threads).unwrap());
        for minute in 0..1000 {
            let time = DateTime(minute * Timespan::minutes(1).0);
            for position in 0..rules.len() {
                let place = Place { time: Some(time), source: "a".into(), offset: minute as u64, ordinal: 0 };
                let row: Row =
                    vec![Value::DateTime(time), Value::string((minute % 7).to_string()), Value::string("x")];
                let kept = Kept::Row(postcard::to_allocvec(&row).unwrap().into());
                evaluations.row(position, Signal::Row { input: 0, place, kept }, &mut found);
            }
            evaluations.observe(time);
            // Some watermarks have several ticks of a rule fall due at once.
            if minute % 211 == 0 {
                evaluations.advance(time, &mut found);
            }
        }
        evaluations.finish(DateTime(0), &mut found);
        format!("{found:?}")
    }

    #[test]
    fn who_evaluates_ticks_does_not_show() {
        let ample = Bounds::default();
        let alone = found(ample, 1);
        assert!(alone.matches("Alert(").count() > 1900);
        for threads in [2, 3, 8] {
            assert!(found(ample, threads) == alone, "{threads} threads");
        }
        // Shares of so little do for none of them, or for some.
        for state in [100_000, 1 << 20] {
            assert!(found(Bounds { state, ..ample }, 3) == alone, "{state} bytes");
        }
    }
}
