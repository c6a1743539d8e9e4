//! How many alerts a rule may make: `max_alerts` an evaluation, and `suppress` after one. What is held back is counted.

use crate::alert::Alert;
use rule_model::metadata::Metadata;
use rule_model::{DateTime, Timespan};
use std::collections::BTreeMap;

/// Evaluations of a rule that are remembered; alerts older than all of them count to the oldest.
const REMEMBERED: usize = 10_000;

/// What a rule has alerted so far.
#[derive(Debug, Default)]
pub struct Quota {
    /// Alerts by the number of the evaluation that their event time falls into.
    evaluations: BTreeMap<i64, u64>,
    silent_until: Option<DateTime>,
}

impl Quota {
    /// Whether the rule may report an alert, which then counts. `tick` is that of a rule evaluated on ticks.
    pub fn admits(&mut self, alert: &Alert, tick: Option<DateTime>) -> bool {
        let metadata = &alert.rule.metadata;
        let time = tick.or(alert.time);
        if self.is_suppressed(metadata.suppress, time) {
            return false;
        }
        let Some(most) = metadata.max_alerts else { return true };
        let alerts = self.evaluations.entry(evaluation(metadata, time)).or_default();
        *alerts += 1;
        let admitted = *alerts <= most;
        if self.evaluations.len() > REMEMBERED {
            self.evaluations.pop_first();
        }
        admitted
    }

    fn is_suppressed(&mut self, suppress: Option<Timespan>, time: Option<DateTime>) -> bool {
        let (Some(span), Some(time)) = (suppress, time) else { return false };
        if self.silent_until.is_some_and(|until| time < until) {
            return true;
        }
        self.silent_until = Some(time.checked_add(span).unwrap_or(DateTime::MAX));
        false
    }
}

/// The number of the evaluation that sees an event of this time first; all are one where there is no schedule.
fn evaluation(metadata: &Metadata, time: Option<DateTime>) -> i64 {
    match (metadata.schedule, time) {
        (Some(schedule), Some(time)) if schedule.every.0 > 0 => time.0.div_euclid(schedule.every.0),
        _ => 0,
    }
}
