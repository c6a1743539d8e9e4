//! A tick that evaluates only what changed since the one before gives what one gives that evaluates all.
//!
//! ```text
//! rows, late ones among them, and ticks ─┬─> state ────────────────────────────────> alerts ┐
//!                                        └─> state, written and read before each tick ─> alerts ┴─> equal
//! ```
//!
//! What ticks remember of each other is no part of what a state serialises.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use proptest::prelude::*;
use rule_eval::key_hash;
use rule_model::{DateTime, Timespan, Value};
use rule_runtime::Rule;
use rule_runtime::across::{Elsewhere, Kept, Place, Reread, Segments, Signal, State, TickRule, step::step};
use rule_runtime::alert::Alert;
use rule_runtime::plans::StaticTables;
use rule_runtime::rule::Input;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

mod counted {
    rule_macros::rule! { <AuditLogs>
        /// Accounts with several events
        ///
        /// Counts the events of each account.
        id: "counted", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        | summarize n = count(), operations = make_set(OperationName) by Identity
        | where n != 2
    }
}

mod ranked {
    rule_macros::rule! { <AuditLogs>
        /// Accounts with most events
        ///
        /// Counts the events of each account, and ranks them.
        id: "ranked", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        | summarize n = count() by Identity, tolower(OperationName)
        | summarize n = max(n), m = min(n) by Identity
        | top 2 by n + strlen(Identity) * 0.01
    }
}

mod united {
    rule_macros::rule! { <AuditLogs>
        /// Accounts in two tables
        ///
        /// Counts the events of each account in both.
        id: "united", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 30m,
        | project Account = Identity, OperationName
        | union (SigninLogs | project Account = Identity, OperationName)
        | summarize n = count(), operations = dcount(OperationName) by Account
        | where n > 1
    }
}

/// A row, or a tick.
#[derive(Clone, Debug)]
enum Event {
    Row { input: usize, seconds: i64, account: u8, operation: u8 },
    Tick(i64),
}

/// Rows of some accounts, by minutes, of which some come long after their time; and the ticks, in their order.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let row = (0..2_usize, 0..600_i64, 0..12_u8, 0..3_u8, prop_oneof![4 => Just(0_i64), 1 => 1..40_i64]);
    let minutes = proptest::collection::vec(proptest::collection::vec(row, 0..4), 1..90);
    minutes.prop_map(|minutes| {
        let mut events = Vec::new();
        for (minute, rows) in (0_i64..).zip(minutes) {
            events.extend(rows.into_iter().map(|(input, seconds, account, operation, late)| {
                let seconds = (minute - late).max(0) * 60 + seconds % 60;
                Event::Row { input, seconds, account, operation }
            }));
            if minute % 10 == 9 {
                events.push(Event::Tick(minute + 1));
            }
        }
        events
    })
}

fn time(seconds: i64) -> DateTime {
    DateTime::parse_iso("2024-03-01T10:00:00Z").unwrap().checked_add(Timespan::seconds(seconds)).unwrap()
}

/// The alerts of a rule as text, and whether anything was remembered. `forgets` says that each tick begins with what a state
/// serialises.
fn alerts(rule: &'static Rule, events: &[Event], forgets: bool) -> (Vec<String>, bool) {
    let rule = TickRule::new(rule, &StaticTables::default()).unwrap().unwrap();
    assert!(rule.remembers_by().next().is_some());
    let inputs = rule.rule.inputs();
    let mut state = State::new(inputs.len());
    let segments = Segments::temporary(0);
    let room = 1 << 30;
    let elsewhere =
        Elsewhere { segments: &segments, sources: &(), max_depth: 128, geography: None, room, bound: room };
    let (mut alerts, mut remembers) = (Vec::new(), false);
    for (offset, event) in (0..).zip(events) {
        let signal = match event {
            Event::Tick(minute) => {
                let bytes = postcard::to_allocvec(&state).unwrap();
                let forgetful: State = postcard::from_bytes(&bytes).unwrap();
                remembers |= state.bytes() > forgetful.bytes();
                if forgets {
                    state = forgetful;
                }
                Signal::Tick(time(minute * 60))
            }
            Event::Row { input, seconds, account, operation } => {
                let input = input % inputs.len();
                let Input { made, columns, schema, .. } = &inputs[input];
                let named: Vec<&str> = if let Some(made) = made {
                    made.columns.iter().map(|(name, _)| *name).collect()
                } else {
                    columns.iter().map(|column| &*schema.columns[*column].name).collect()
                };
                let row: Vec<Value> = named
                    .iter()
                    .map(|name| match *name {
                        "Identity" | "Account" => {
                            // Those from 100 on have long names.
                            let length = if *account < 100 { 4 } else { 400 };
                            Value::string(format!("{account:0length$}"))
                        }
                        "OperationName" => Value::string(format!("Operation {operation}")),
                        _ => Value::string(format!("operation {operation}")),
                    })
                    .collect();
                let place = Place { time: Some(time(*seconds)), source: "events".into(), offset, ordinal: 0 };
                let kept = Kept::Row(postcard::to_allocvec(&row).unwrap().into());
                Signal::Row { input, place, kept }
            }
        };
        step(&rule, &mut state, signal, &elsewhere, &mut alerts).unwrap();
    }
    let told = |alert: &Alert| format!("{:?} {:?} {:?}", alert.id, alert.row, alert.evidence);
    (alerts.iter().map(told).collect(), remembers)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_a_tick_remembers_does_not_show_in_alerts(events in events()) {
        for rule in [&counted::RULE, &ranked::RULE, &united::RULE] {
            let (remembering, _) = alerts(rule, &events, false);
            let (forgetting, _) = alerts(rule, &events, true);
            prop_assert_eq!(remembering, forgetting, "{}", &*rule.metadata.id);
        }
    }
}

#[test]
fn ticks_remember_where_little_changed() {
    let rows = (0..60).map(|at: u8| Event::Row {
        input: 0,
        seconds: i64::from(at) * 30,
        account: at % 12,
        operation: at % 3,
    });
    let events: Vec<Event> = rows.chain([Event::Tick(30), Event::Tick(40)]).collect();
    for rule in [&counted::RULE, &ranked::RULE, &united::RULE] {
        let (_, remembers) = alerts(rule, &events, false);
        assert!(remembers, "{}", &*rule.metadata.id);
    }
}

#[test]
fn rows_that_leave_count_as_much_as_when_they_came() {
    let row = |seconds, account| Event::Row { input: 0, seconds, account, operation: 0 };
    // Every other one is long, so that no sample is like the whole.
    let both = (0..50).flat_map(|at: u8| {
        let seconds = 60 + 2 * i64::from(at);
        [row(seconds, at), row(seconds + 1, 100 + at)]
    });
    let long = (0..50).map(|at: u8| row(720 + i64::from(at), 100 + at));
    let events: Vec<Event> = both.chain([Event::Tick(10)]).chain(long).chain([Event::Tick(20)]).collect();
    let (remembering, _) = alerts(&counted::RULE, &events, false);
    assert_eq!(remembering, alerts(&counted::RULE, &events, true).0);
}

mod joined {
    rule_macros::rule! { <AuditLogs>
        /// Operations of accounts that sign in
        ///
        /// Joins every sign-in.
        id: "joined", severity: Low, attack: none, full_scan: accepted,
        schedule: every 10m over 60m,
        | where OperationName == "Add user"
        | join kind=inner (SigninLogs) on Identity
        | project Identity, AppDisplayName
    }
}

/// Sign-ins that are read again, and how often that was.
#[derive(Debug, Default)]
struct Counted(AtomicUsize);

impl Reread for Counted {
    fn can_reread(&self, _: &str) -> bool {
        true
    }

    fn record(&self, _: &str, _: u64, _: u64) -> io::Result<Vec<u8>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Longer than all else that a tick of the test takes.
        let application = "mail ".repeat(200);
        Ok(format!(r#"{{"Identity":"ana","AppDisplayName":"{application}"}}"#).into())
    }
}

#[test]
fn a_tick_that_sees_what_the_last_one_saw_is_not_evaluated() {
    // With room for none of them, records are read again at each evaluation: once for the rows, and once for the evidence of
    // a new alert.
    assert_reads(20 << 10, [0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 6, 7]);
}

#[test]
fn a_record_is_read_again_once_as_long_as_each_evaluation_needs_it() {
    assert_reads(1 << 30, [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
}

/// How often records were read after each signal, with room for so many bytes.
fn assert_reads(room: u64, reads: [usize; 12]) {
    let rule = TickRule::new(&joined::RULE, &StaticTables::default()).unwrap().unwrap();
    let (segments, sources) = (Segments::temporary(0), Counted::default());
    let elsewhere = Elsewhere {
        segments: &segments,
        sources: &sources,
        max_depth: 128,
        geography: None,
        room,
        bound: 1 << 30,
    };
    let inputs = rule.rule.inputs();
    let key = key_hash(&[Value::string("ana")]).unwrap();
    let operation: Vec<Value> = inputs[0].columns.iter().map(|_| Value::string("ana")).collect();
    let row_of = |row: &Vec<Value>| postcard::to_allocvec(row).unwrap().into();
    let place =
        |seconds, offset| Place { time: Some(time(seconds)), source: "events".into(), offset, ordinal: 0 };
    let signals = [
        Signal::Row { input: 0, place: place(60, 0), kept: Kept::Keyed { key, row: row_of(&operation) } },
        Signal::Row { input: 1, place: place(120, 1), kept: Kept::Record { key, length: 42 } },
        Signal::Tick(time(600)),
        Signal::Tick(time(1200)),
        Signal::Tick(time(1800)),
        // One more that the next tick sees.
        Signal::Row { input: 1, place: place(2000, 2), kept: Kept::Record { key, length: 42 } },
        Signal::Tick(time(2400)),
        Signal::Tick(time(3000)),
        Signal::Tick(time(3600)),
        // The first ones leave, and with them the last of their side.
        Signal::Tick(time(4200)),
        // One that comes late, and that the next tick would have seen in any case.
        Signal::Row { input: 0, place: place(2300, 3), kept: Kept::Keyed { key, row: row_of(&operation) } },
        Signal::Tick(time(4800)),
    ];
    let (mut state, mut alerts) = (State::new(inputs.len()), Vec::new());
    for (at, (signal, reads)) in signals.into_iter().zip(reads).enumerate() {
        step(&rule, &mut state, signal, &elsewhere, &mut alerts).unwrap();
        assert_eq!(sources.0.load(Ordering::Relaxed), reads, "after signal {at}");
    }
}
