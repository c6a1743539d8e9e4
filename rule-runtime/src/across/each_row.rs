//! Ticks of a rule without a tail: kept rows are output rows, gone through one after the other.
//!
//! ```text
//! rows in (T − over, T] ─how many?─> trigger ─fires─> some at a time ─> alerts ─not made before─> each, or one of all
//! ```
//!
//! However many rows a tick sees, no more than its new alerts are held.

use super::alerted::Alerted;
use super::elsewhere::Elsewhere;
use super::state::State;
use super::step::{Output, TickRule};
use crate::alert::{Alert, AlertId, Evidence, Position};
use rule_eval::memory;
use rule_model::DateTime;
use rule_model::metadata::{Grouping, Trigger};

/// Rows that are made alerts at a time.
const ROWS: usize = 1024;

/// The new alerts of a tick so far.
struct New<'a> {
    alerts: &'a mut Vec<Alert>,
    /// The one of all, where all are one.
    one: Option<Alert>,
    bytes: u64,
    /// What the disk did not tell, if there was anything.
    outcome: Result<(), String>,
}

impl TickRule {
    /// The alerts of a tick's rows that no earlier tick made; of a tick that is `foretold`, rows that are absent so far may yet come.
    /// An error may come beside alerts.
    pub(super) fn each_row(
        &self,
        state: &mut State,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        foretold: bool,
        alerts: &mut Vec<Alert>,
    ) -> Result<(), String> {
        let trigger = self.rule.metadata.trigger;
        if trigger != Trigger::default() {
            let mut rows = 0;
            self.window(state, tick, elsewhere).kept(0, &mut |_, _| {
                rows += 1;
                Ok(())
            })?;
            if rows == 0 && trigger.fires(0) && !foretold {
                return self.shape(state, tick, Vec::new(), elsewhere, alerts);
            }
            if rows == 0 || !trigger.fires(rows) {
                self.forget_alerts(state, tick);
                return Ok(());
            }
        }
        self.forget_alerts(state, tick);
        let mut alerted = std::mem::take(&mut state.alerted);
        let mut new = New { alerts, one: None, bytes: 0, outcome: Ok(()) };
        let mut rows = Vec::new();
        let read = self.window(state, tick, elsewhere).rows(0, None, &mut |place, row| {
            let evidence = Evidence::of(Position { source: place.source.clone(), offset: place.offset });
            rows.push(Output { row, time: place.time, evidence, ordinal: place.ordinal });
            if rows.len() == ROWS {
                self.take_new(std::mem::take(&mut rows), &mut alerted, tick, elsewhere, &mut new);
            }
            Ok(())
        });
        self.take_new(rows, &mut alerted, tick, elsewhere, &mut new);
        let New { alerts, one, bytes, outcome } = new;
        alerts.extend(one);
        state.alerted = alerted;
        state.counts.took(bytes, elsewhere.room);
        read.and(outcome)
    }

    /// Makes alerts of rows, and takes those that are new.
    fn take_new(
        &self,
        rows: Vec<Output>,
        alerted: &mut Alerted,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        new: &mut New<'_>,
    ) {
        let made = self.numbered(rows, tick);
        let ids: Vec<AlertId> = made.iter().map(|alert| alert.id).collect();
        let (is_new, outcome) = alerted.produce(&ids, tick, elsewhere.segments);
        if outcome.is_err() {
            new.outcome = outcome;
        }
        for (alert, _) in made.into_iter().zip(is_new).filter(|(_, is_new)| *is_new) {
            if let Some(one) = &mut new.one {
                one.evidence.add(alert.evidence);
                continue;
            }
            new.bytes += memory::of_row(&alert.row) + size_of::<Alert>() as u64;
            if self.rule.metadata.grouping == Grouping::Single {
                new.one = Some(alert);
            } else {
                new.alerts.push(alert);
            }
        }
    }
}
