//! The alerts that a rule made, each with the tick that last produced its row, so that overlapping windows do not repeat it.
//!
//! ```text
//! ids of a tick's rows ─produce─> which of them are new
//! T − over ─forget─> what no tick since has produced     over the memory bound ─spill─> runs
//! ```

use super::runs::{Entry, Key, Runs};
use super::segments::{Location, Segments, Unwritten};
use crate::alert::AlertId;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Alerts that were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Alerted {
    recent: BTreeMap<AlertId, DateTime>,
    spilled: Runs,
    /// Of ticks that gave alerts, the last tick that gave the same without being evaluated. Ticks in between are none of them, so
    /// that a later one is never taken for an earlier.
    again: BTreeMap<DateTime, DateTime>,
    /// What was last produced at this tick or before is forgotten, also where it is still on disk.
    over: Option<DateTime>,
}

/// What a remembered alert takes in memory.
const BYTES: u64 = 40;

impl Alerted {
    /// Bytes in memory, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.recent.len() as u64 * BYTES + self.spilled.bytes()
    }

    /// Where it lies as far as it is on disk.
    pub(super) fn locations(&self) -> impl Iterator<Item = &Location> {
        self.spilled.locations()
    }

    /// A tick produces these alerts: which of them are new. Those of which the disk does not say it count as new, since an alert
    /// that is told twice is better than one that is lost; then there is a message beside.
    pub(super) fn produce(
        &mut self,
        ids: &[AlertId],
        tick: DateTime,
        segments: &Segments,
    ) -> (Vec<bool>, Result<(), String>) {
        let mut absent: Vec<Key> =
            ids.iter().filter(|id| !self.recent.contains_key(id)).map(|id| id.0).collect();
        absent.sort_unstable();
        absent.dedup();
        let mut found = Vec::new();
        let outcome = self.spilled.find(&absent, segments, &mut |number, entry| {
            if Some(last(&self.again, entry.time)) > self.over {
                found.extend(absent.get(number));
            }
            Ok(())
        });
        self.recent.extend(found.into_iter().map(|key| (AlertId(key), tick)));
        let is_new = ids.iter().map(|id| self.recent.insert(*id, tick).is_none()).collect();
        (is_new, outcome)
    }

    /// A tick gives what the last one gave, and so produces its alerts again.
    pub(super) fn produce_again(&mut self, last: DateTime, tick: DateTime) {
        let mut is_of_earlier = false;
        for to in self.again.values_mut().filter(|to| **to == last) {
            (*to, is_of_earlier) = (tick, true);
        }
        if !is_of_earlier {
            self.again.insert(last, tick);
        }
    }

    /// Forgets what was last produced at this tick or before.
    pub(super) fn forget(&mut self, until: DateTime, released: &mut Vec<Location>) {
        self.over = self.over.max(Some(until));
        let Alerted { recent, spilled, again, .. } = self;
        recent.retain(|_, tick| last(again, *tick) > until);
        spilled.forget(|tick| last(again, tick) <= until, released);
        again.retain(|_, to| *to > until);
    }

    /// Leaves all to the disk; how many alerts that are. On an error all is as it was.
    pub(super) fn spill(&mut self, segments: &mut Segments) -> Result<u64, Unwritten> {
        let Alerted { recent, spilled, again, over } = self;
        let is_over = |tick: DateTime| Some(last(again, tick)) <= *over;
        let entry = |(id, tick): (&AlertId, &DateTime)| Entry { key: id.0, time: *tick, value: Vec::new() };
        spilled.push(recent.iter().map(entry), segments, &is_over)?;
        Ok(std::mem::take(recent).len() as u64)
    }
}

/// The last tick that produced what this one did.
fn last(again: &BTreeMap<DateTime, DateTime>, tick: DateTime) -> DateTime {
    again.get(&tick).copied().unwrap_or(tick)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_disk_does_not_tell_of_counts_as_new_and_is_told() {
        let mut segments = Segments::temporary(1 << 20);
        let mut alerted = Alerted::default();
        let [a, b, c] = [1, 2, 3].map(|number| AlertId([number; 16]));
        assert_eq!(alerted.produce(&[a, b], DateTime(1), &segments), (vec![true, true], Ok(())));
        alerted.spill(&mut segments).unwrap();
        assert_eq!(alerted.produce(&[a, c], DateTime(2), &segments), (vec![false, true], Ok(())));
        let nowhere = Segments::temporary(0);
        let (is_new, outcome) = alerted.produce(&[a, b], DateTime(3), &nowhere);
        assert_eq!(is_new, [false, true]);
        assert!(outcome.unwrap_err().starts_with("what is remembered cannot be read: "));
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// The next tick produces these.
        Tick(Vec<u8>),
        /// The next tick gives what the last one gave.
        Same,
        Spill,
        Reload,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Step::Tick),
            2 => Just(Step::Same),
            1 => Just(Step::Spill),
            1 => Just(Step::Reload),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Against a map in which each tick notes each alert that it produces.
        #[test]
        fn an_alert_is_new_when_no_tick_of_the_last_ones_produced_it(
            steps in prop::collection::vec(step(), 0..60),
            over in 1..6_i64,
        ) {
            let mut segments = Segments::temporary(1 << 30);
            let (mut alerted, mut map) = (Alerted::default(), BTreeMap::<u8, i64>::new());
            let (mut tick, mut released) = (0, Vec::new());
            for step in steps {
                match step {
                    Step::Tick(numbers) => {
                        tick += 1;
                        alerted.forget(DateTime(tick - over), &mut released);
                        map.retain(|_, last| *last > tick - over);
                        let ids: Vec<AlertId> = numbers.iter().map(|number| AlertId([*number; 16])).collect();
                        let (is_new, outcome) = alerted.produce(&ids, DateTime(tick), &segments);
                        outcome.unwrap();
                        let expected: Vec<bool> =
                            numbers.iter().map(|number| map.insert(*number, tick).is_none()).collect();
                        prop_assert_eq!(is_new, expected);
                    }
                    // As an evaluation finds it: a tick that nothing is left of is evaluated.
                    Step::Same if tick > 0 && over > 1 => {
                        tick += 1;
                        alerted.forget(DateTime(tick - over), &mut released);
                        map.retain(|_, last| *last > tick - over);
                        alerted.produce_again(DateTime(tick - 1), DateTime(tick));
                        map.values_mut().filter(|last| **last == tick - 1).for_each(|last| *last = tick);
                    }
                    Step::Same => {}
                    Step::Spill => {
                        let recent = alerted.recent.len() as u64;
                        prop_assert_eq!(alerted.spill(&mut segments).unwrap(), recent);
                        prop_assert!(alerted.recent.is_empty());
                    }
                    Step::Reload => {
                        let bytes = postcard::to_allocvec(&alerted).unwrap();
                        alerted = postcard::from_bytes(&bytes).unwrap();
                    }
                }
                released.drain(..).for_each(|location| segments.release(&location));
                prop_assert!(alerted.again.len() as i64 <= over + 1);
            }
        }
    }
}
