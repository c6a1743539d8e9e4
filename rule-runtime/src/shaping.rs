//! How many alerts a rule may make: `max_alerts` an evaluation, and `suppress` after one. What is held back is counted.

use crate::across::schedule::at_or_after;
use crate::alert::Alert;
use rule_model::metadata::Metadata;
use rule_model::{DateTime, Timespan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Evaluations of a rule that are remembered; alerts older than all of them count to the oldest.
const REMEMBERED: usize = 10_000;

/// What a rule has alerted so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// Alerts by the tick of the evaluation that their event time falls into.
    evaluations: BTreeMap<DateTime, u64>,
    silence: Option<Silence>,
}

/// When a rule is silent after an alert.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Silence {
    from: DateTime,
    /// The first instant after it.
    until: DateTime,
}

/// Whether an alert may be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Admitted,
    /// The rule is silent after an earlier one.
    Suppressed,
    /// There were as many in its evaluation as the rule may make.
    HeldBack,
}

impl Quota {
    /// Whether the rule may report an alert, which then counts. `tick` is that of a rule evaluated on ticks.
    pub fn admits(&mut self, alert: &Alert, tick: Option<DateTime>) -> Admission {
        let metadata = &alert.rule.metadata;
        let time = tick.or(alert.time);
        if self.suppresses(alert, tick) {
            return Admission::Suppressed;
        }
        let Some(most) = metadata.max_alerts else { return Admission::Admitted };
        let alerts = self.evaluations.entry(evaluation(metadata, time)).or_default();
        *alerts += 1;
        let admitted = *alerts <= most;
        if self.evaluations.len() > REMEMBERED {
            self.evaluations.pop_first();
        }
        if admitted { Admission::Admitted } else { Admission::HeldBack }
    }

    /// Whether the rule is silent at an alert; else its silence begins there. The alerts of one tick are one evaluation:
    /// the first of them does not suppress the others.
    pub fn suppresses(&mut self, alert: &Alert, tick: Option<DateTime>) -> bool {
        let (Some(span), Some(time)) = (alert.rule.metadata.suppress, tick.or(alert.time)) else {
            return false;
        };
        match self.silence {
            Some(silence) if tick.is_some() && silence.from == time => false,
            Some(silence) if silence.from <= time && time < silence.until => true,
            earlier => {
                self.silence = Some(Silence::after(time, span, earlier));
                false
            }
        }
    }
}

impl Silence {
    /// From `time` on; where events are out of order, what an `earlier` alert of a later time silenced stays silent.
    fn after(time: DateTime, span: Timespan, earlier: Option<Silence>) -> Silence {
        let until = time.checked_add(span).unwrap_or(DateTime::MAX);
        let until = earlier.map_or(until, |earlier| earlier.until.max(until));
        Silence { from: time, until }
    }
}

/// The tick of the evaluation that sees an event of this time first; all are one where there is no schedule.
fn evaluation(metadata: &Metadata, time: Option<DateTime>) -> DateTime {
    let tick = metadata.schedule.zip(time).and_then(|(schedule, time)| at_or_after(time, schedule.every));
    tick.unwrap_or(DateTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Evidence;
    use crate::samples::{anything, metadata};
    use rule_model::Value;
    use rule_model::metadata::Schedule;

    fn at(minute: i64) -> DateTime {
        DateTime::UNIX_EPOCH.checked_add(Timespan::minutes(minute)).unwrap()
    }

    /// What becomes of alerts at these minutes: `a`dmitted, `s`uppressed, `h`eld back.
    fn admissions(metadata: Metadata, minutes: &[i64], on_ticks: bool) -> String {
        let rule = anything(metadata);
        let mut quota = Quota::default();
        let admission = |minute: &i64| {
            let row = vec![Value::Null, Value::EMPTY, Value::EMPTY];
            let alert = Alert::new(rule, row, 0, Some(at(*minute)), "T", Evidence::default());
            match quota.admits(&alert, on_ticks.then(|| at(*minute))) {
                Admission::Admitted => 'a',
                Admission::Suppressed => 's',
                Admission::HeldBack => 'h',
            }
        };
        minutes.iter().map(admission).collect()
    }

    #[test]
    fn a_rule_is_silent_for_the_time_after_an_alert() {
        let rule = || Metadata { suppress: Some(Timespan::minutes(30)), ..metadata("s") };
        for (minutes, on_ticks, expected) in [
            (&[0, 1, 29, 30, 31][..], false, "assas"),
            (&[0, 0], false, "as"),
            // The alerts of one tick stand together.
            (&[0, 0, 10, 30, 30], true, "aasaa"),
            // Out of order: what was before the alert was not silenced by it.
            (&[60, 50, 55, 89, 90], false, "aassa"),
        ] {
            assert_eq!(admissions(rule(), minutes, on_ticks), expected, "{minutes:?}");
        }
    }

    #[test]
    fn surplus_alerts_of_an_evaluation_are_held_back() {
        let minutes = Timespan::minutes;
        let schedule = |every| Some(Schedule { every: minutes(every), over: minutes(every) });
        for (schedule, times, expected) in [
            // The tick at 10 sees what happens at 10.
            (schedule(10), &[1, 2, 10, 11, 12, 20, 3][..], "aahaahh"),
            (None, &[1, 2, 10, 11, 1000], "aahhh"),
        ] {
            let rule = Metadata { schedule, max_alerts: Some(2), ..metadata("m") };
            assert_eq!(admissions(rule, times, false), expected, "{times:?}");
        }
    }
}
