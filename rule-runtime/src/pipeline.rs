//! A run over sources, from bytes to reports.
//!
//! ```text
//! Source ─Framer─> Work ─Crew─> Outcome ─Reporter─> Sink, dead letters, Summary
//!                  one thread or many,   one thread, in the order of the input
//!                  stateless
//! ```
//!
//! Works are numbered as they are read and their outcomes taken by their numbers, so that reports come in the order of the
//! input whatever the number of threads. Sources are read one after the other, by whichever thread has nothing else to do,
//! or, where rules are evaluated on ticks of event time or sources may grow, side by side.

mod crew;
mod feed;
mod keeper;
mod queue;
mod reporter;
mod sequence;
mod side_by_side;
mod stop;

use crate::across::{Bounds, Files};
use crate::checkpoint::Checkpoint;
use crate::engine::Engine;
use crate::framing::{Framing, Limits};
use crate::source::{Expansion, Origin, Progress};
use crate::summary::Summary;
use crew::Crew;
use keeper::Keeper;
use sequence::Sequence;
use std::io;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

pub use queue::Queue;
pub use reporter::{Memory, Output, Reporter};
pub use stop::Stop;

/// How a run is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads that match records; the calling one of them reads and reports besides.
    pub threads: NonZeroUsize,
    /// How records follow each other.
    pub framing: Framing,
    /// Sizes of chunks and records.
    pub limits: Limits,
    /// How much compressed inputs may expand.
    pub expansion: Expansion,
    /// What rules evaluated on ticks are allowed.
    pub bounds: Bounds,
    /// How long an input that may still grow must be silent to no longer hold the watermark.
    pub idle: Duration,
}

/// What is read, and the table that its records are said to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where the bytes are.
    pub origin: Origin,
    /// Position of the table among those of the engine; `None` has each record recognised.
    pub table: Option<usize>,
    /// Whether it is history: read before all others, into what rules remember, without alerts.
    pub is_history: bool,
}

/// Files that stay open so that their records can be read again.
const MOST_REREAD: usize = 32;

impl Default for Options {
    fn default() -> Options {
        Options {
            threads: NonZeroUsize::MIN,
            framing: Framing::default(),
            limits: Limits::default(),
            expansion: Expansion::default(),
            bounds: Bounds::default(),
            idle: Duration::from_mins(1),
        }
    }
}

/// What a run shares with those who watch it.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// How much has been read.
    pub progress: Progress,
    /// Whether it is to end.
    pub stop: Stop,
}

/// Reads all inputs and reports what the rules find. Sources that fail are reported in the summary; an error
/// is a failure to write.
pub fn run<'a>(
    engine: &'a Engine,
    inputs: &[Input],
    options: &Options,
    control: &Control,
    output: Output<'a>,
) -> io::Result<Summary> {
    run_with(engine, inputs, options, control, output, None)
}

/// The same from where `checkpoint` says that an earlier run left off, with commits from which a later one goes on.
pub fn run_with_state<'a>(
    engine: &'a Engine,
    inputs: &[Input],
    options: &Options,
    control: &Control,
    output: Output<'a>,
    checkpoint: &mut Checkpoint,
) -> io::Result<Summary> {
    run_with(engine, inputs, options, control, output, Some(checkpoint))
}

fn run_with<'a>(
    engine: &'a Engine,
    inputs: &[Input],
    options: &Options,
    control: &Control,
    output: Output<'a>,
    checkpoint: Option<&mut Checkpoint>,
) -> io::Result<Summary> {
    let started = Instant::now();
    let mut reporter = Reporter::new(engine, options, output);
    if checkpoint.is_none() {
        // A later run may find another file under the name of one, or none: it goes on with rows that are kept whole.
        reporter.reread_from(again(engine, inputs));
    }
    let mut keeper = Keeper::new(checkpoint, engine, &mut reporter)?;
    std::thread::scope(|scope| {
        let mut crew = Crew::new(engine, options.threads, scope);
        let follows = |input: &Input| matches!(input.origin, Origin::Followed(_));
        // A lone pipe is read on a thread of its own, too: a signal must not wait for what it gives next.
        let is_pipe = matches!(inputs, [Input { origin: Origin::Stdin, .. }]);
        if engine.has_ticks() || is_pipe || inputs.iter().any(|input| input.is_history || follows(input)) {
            return side_by_side::read(
                engine,
                inputs,
                options,
                control,
                &mut crew,
                &mut reporter,
                &mut keeper,
            );
        }
        Sequence::new(&mut keeper, &mut reporter).read(inputs, options, control, &mut crew)
    })?;
    let finished = !control.stop.is_set();
    if finished {
        reporter.finish()?;
    } else {
        reporter.stopped();
    }
    keeper.commit(&mut reporter, finished)?;
    reporter.into_summary(started.elapsed())
}

/// The inputs whose records can be read again, where a rule asks for that.
fn again(engine: &Engine, inputs: &[Input]) -> Files {
    let inputs = inputs.iter().filter(|_| engine.rereads());
    // What cannot be opened a second time is kept whole, and so is what would be one open file too many.
    let records =
        inputs.filter_map(|input| Some((input.origin.name().into(), input.origin.records().ok()??)));
    records.take(MOST_REREAD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;
    use crate::alert::{Alert, Collapsed};
    use crate::dead_letter::DeadLetters;
    use crate::samples::{anything, engine, metadata, role_changes};
    use crate::sink::{Destination, Direct, Sink};
    use proptest::prelude::*;
    use rule_eval::json;
    use rule_model::metadata::{Comparison, Dedup, Grouping, Metadata, Schedule, Trigger};
    use rule_model::{Timespan, Value};
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    /// Keeps the lines that NDJSON output would have.
    #[derive(Default)]
    struct Lines(Vec<Value>);

    impl Sink for Lines {
        fn alert(&mut self, alert: &Alert) -> io::Result<()> {
            self.0.push(alert.to_value());
            Ok(())
        }

        fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
            self.0.push(collapsed.to_value());
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Run {
        lines: Vec<Value>,
        dead_letters: String,
        summary: Summary,
    }

    fn run_bytes(engine: &Engine, bytes: &[u8], threads: usize, chunk: usize) -> Run {
        let written = Shared::default();
        let mut dead_letters =
            DeadLetters::new(Box::new(Direct::new(written.clone())) as Box<dyn Destination>);
        let mut sink = Lines::default();
        let origin = Origin::Embedded { name: "memory", bytes: Box::leak(bytes.to_vec().into_boxed_slice()) };
        let input = Input { origin, table: None, is_history: false };
        let options = Options {
            threads: NonZeroUsize::new(threads).unwrap(),
            limits: Limits { chunk, record: 200 },
            ..Options::default()
        };
        let output = Output { sink: &mut sink, dead_letters: Some(&mut dead_letters) };
        let summary = run(engine, &[input], &options, &Control::default(), output).unwrap();
        let dead_letters = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        Run { lines: sink.0, dead_letters, summary }
    }

    fn get<'a>(value: &'a Value, path: &str) -> &'a Value {
        path.split('.').fold(value, |value, name| value.as_bag().and_then(|bag| bag.get(name)).unwrap())
    }

    fn event(operation: &str, minute: u32) -> String {
        format!(
            "{{\"InitiatedBy\":{{}},\"Category\":\"c\",\"OperationName\":\"{operation}\",\
             \"TimeGenerated\":\"2024-03-01T10:{minute:02}:00Z\"}}\n"
        )
    }

    #[test]
    fn an_alert_carries_what_its_readers_need() {
        let engine = engine(&[role_changes(metadata("R"))]);
        let bytes = format!("\n{}{}", event("Add user", 0), event("UPDATE role", 1));
        let run = run_bytes(&engine, bytes.as_bytes(), 1, 1 << 20);
        let [alert] = &run.lines[..] else { panic!("{:?}", run.lines) };
        for (path, expected) in [
            ("kind", "\"alert\""),
            ("rule_id", "\"R\""),
            ("title", "\"did UPDATE role\""),
            ("severity", "\"Informational\""),
            ("time", "\"2024-03-01T10:01:00.0000000Z\""),
            ("table", "\"AuditLogs\""),
            ("row", r#"{"TimeGenerated":"2024-03-01T10:01:00.0000000Z","Category":"c"}"#),
            ("entities", "[]"),
            ("attack", "[]"),
            ("evidence", r#"{"records":[{"source":"memory","offset":101}],"total":1}"#),
        ] {
            assert_eq!(json::write(get(alert, path)), expected, "{path}");
        }
        assert_eq!(get(alert, "alert_id").as_str().unwrap().len(), 32);
        assert_eq!((run.summary.records, run.summary.candidates, run.summary.alerts), (2, 1, 1));
    }

    #[test]
    fn a_record_without_time_or_operation_is_processed() {
        let engine = engine(&[role_changes(metadata("R")), anything(metadata("A"))]);
        let bytes = br#"{"InitiatedBy":{},"OperationName":null}
{"InitiatedBy":{},"OperationName":["update role"]}
{"InitiatedBy":{},"OperationName":7}
{"InitiatedBy":{},"OperationName":"x","OperationName":"update role"}"#;
        let run = run_bytes(&engine, bytes, 1, 1 << 20);
        let titles: Vec<_> = run.lines.iter().map(|alert| json::write(get(alert, "title"))).collect();
        let expected = ["did ", "did [\\\"update role\\\"]", "did 7", "did update role", "did update role"];
        assert_eq!(titles, expected.map(|title| format!("\"{title}\"")));
        assert!(run.lines.iter().all(|alert| get(alert, "time").is_null()));
        assert_eq!(run.summary.rejected(), 0);
    }

    #[test]
    fn rejected_records_are_written_with_where_and_why() {
        let engine = engine(&[]);
        let long = "x".repeat(300);
        let bytes = format!("{{\"a\":\n{{\"a\":1}}\n{long}\n[]\n");
        let run = run_bytes(&engine, bytes.as_bytes(), 1, 64);
        let expected = [
            r#"{"source":"memory","offset":0,"length":5,"reason":"cut_off","record":"{\"a\":"}"#.to_owned(),
            r#"{"source":"memory","offset":6,"length":7,"reason":"unknown_table","record":"{\"a\":1}"}"#
                .to_owned(),
            format!(
                r#"{{"source":"memory","offset":14,"length":300,"reason":"too_long","record":"{long}"}}"#
            ),
            r#"{"source":"memory","offset":315,"length":2,"reason":"not_an_object","record":"[]"}"#
                .to_owned(),
        ];
        assert_eq!(run.dead_letters.lines().collect::<Vec<_>>(), expected);
        assert_eq!((run.summary.records, run.summary.rejected()), (4, 4));
    }

    #[test]
    fn surplus_alerts_are_held_back_and_counted() {
        let schedule = Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(10) });
        let rule = anything(Metadata { max_alerts: Some(2), schedule, ..metadata("A") });
        // The tick at ten sees what happens at ten, the next one what comes after.
        let bytes: String = [0, 1, 2, 11, 12, 13, 14].map(|minute| event("x", minute)).concat();
        let run = run_bytes(&engine(&[rule]), bytes.as_bytes(), 1, 1 << 20);
        assert_eq!((run.summary.alerts, run.summary.rules["A"].held_back), (5, 2));
    }

    #[test]
    fn without_a_schedule_a_trigger_over_several_rows_is_evaluated_at_the_end() {
        let trigger = Trigger { comparison: Comparison::Greater, rows: 2 };
        for (events, grouping, alerts) in
            [(2, Grouping::Each, 0), (3, Grouping::Each, 3), (3, Grouping::Single, 1)]
        {
            let rule = anything(Metadata { trigger, grouping, ..metadata("A") });
            let run = run_bytes(&engine(&[rule]), event("x", 0).repeat(events).as_bytes(), 1, 1 << 20);
            assert_eq!(run.summary.alerts, alerts, "{events} {grouping:?}");
        }
    }

    /// Hour and minute of the alerts of a rule over events at these minutes of ten o'clock.
    fn alerts_of(rule: &'static Rule, minutes: &[u32]) -> (Vec<String>, Summary) {
        let bytes: String = minutes.iter().map(|minute| event("x", *minute)).collect();
        let run = run_bytes(&engine(&[rule]), bytes.as_bytes(), 1, 1 << 20);
        let alerts = run.lines.iter().filter(|line| get(line, "kind").as_str() == Some("alert"));
        let times = alerts.map(|line| json::write(get(line, "time"))[12..17].to_owned()).collect();
        (times, run.summary)
    }

    #[test]
    fn a_tick_sees_the_events_up_to_it_and_no_alert_comes_twice() {
        let minutes = Timespan::minutes;
        let schedule = |every, over| Some(Schedule { every: minutes(every), over: minutes(over) });
        let more_than = |rows| Trigger { comparison: Comparison::Greater, rows };
        let rule =
            |schedule, trigger, grouping| anything(Metadata { schedule, trigger, grouping, ..metadata("A") });
        for (every, over, rows, grouping, events, alerts) in [
            // Two of three events lie in (0, 10].
            (10, 10, 1, Grouping::Each, &[1, 10, 11][..], &["10:01", "10:10"][..]),
            // The window at 20 reaches back to all four; those at 10 were alerted before.
            (10, 20, 1, Grouping::Each, &[1, 10, 11], &["10:01", "10:10", "10:11"]),
            (10, 20, 2, Grouping::Each, &[1, 10, 11], &["10:01", "10:10", "10:11"]),
            (10, 20, 3, Grouping::Each, &[1, 10, 11], &[]),
            (10, 20, 1, Grouping::Single, &[1, 10, 11], &["10:01", "10:11"]),
            // Out of order by less than the lateness.
            (10, 10, 1, Grouping::Each, &[10, 12, 8, 11], &["10:08", "10:10", "10:11", "10:12"]),
        ] {
            let (found, _) = alerts_of(rule(schedule(every, over), more_than(rows), grouping), events);
            assert_eq!(found, alerts, "every {every} over {over}, > {rows}, {grouping:?}: {events:?}");
        }
    }

    #[test]
    fn a_threshold_counts_matches_of_a_key_within_the_period() {
        let dedup = Some(Dedup { period: Timespan::minutes(10), key: Vec::new().into() });
        let rule = anything(Metadata { dedup, threshold: 3, ..metadata("A") });
        let (found, summary) = alerts_of(rule, &[1, 4, 2, 9, 21, 22]);
        assert_eq!((found, summary.rules["A"].collapsed), (vec!["10:04".to_owned()], 1));
    }

    #[test]
    fn late_events_and_those_without_a_usable_time_are_counted() {
        let schedule = Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(20) });
        let trigger = Trigger { comparison: Comparison::GreaterOrEqual, rows: 1 };
        let rule = anything(Metadata { schedule, trigger, ..metadata("A") });
        // 9 is late for the tick at 10 alone; 1 is late for all that would have seen it.
        let (found, summary) = alerts_of(rule, &[21, 9, 36, 1]);
        let kept = summary.rules["A"].kept;
        assert_eq!(found, ["10:09", "10:21", "10:36"]);
        assert_eq!((kept.late, kept.too_late), (2, 1));
    }

    #[test]
    fn records_of_odd_times_are_processed_counted_and_told_one_by_one() {
        let schedule = Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(20) });
        let trigger = Trigger { comparison: Comparison::GreaterOrEqual, rows: 1 };
        let on_ticks = anything(Metadata { schedule, trigger, ..metadata("A") });
        let engine = engine(&[on_ticks, anything(metadata("R"))]);
        let times = ["soon-01T10:01", "2025-03-01T10:01", "2024-03-01T10:59", "2024-03-01T10:01"];
        let mut lines = times.map(|time| event("x", 1).replace("2024-03-01T10:01", time)).to_vec();
        lines.push("{\"InitiatedBy\":{},\"OperationName\":\"x\"}\n".to_owned());
        let offsets: Vec<usize> = (0..5).map(|at| lines[..at].concat().len()).collect();
        let run = run_bytes(&engine, lines.concat().as_bytes(), 2, 1 << 20);
        let told = |at: usize, reason: &str, time: &str| {
            format!(
                r#"{{"source":"memory","offset":{},"reason":"{reason}","event_time":{time},"processed":true}}"#,
                offsets[at]
            )
        };
        assert_eq!(
            run.dead_letters.lines().collect::<Vec<_>>(),
            [
                told(0, "time_unreadable", "null"),
                told(1, "time_in_the_future", "\"2025-03-01T10:01:00.0000000Z\""),
                told(3, "time_backwards", "\"2024-03-01T10:01:00.0000000Z\""),
                told(4, "time_missing", "null"),
            ]
        );
        let counts = run.summary.untimely.iter().map(|(what, found)| (what.name(), found.count));
        let expected = [("missing", 1), ("unreadable", 1), ("in_the_future", 1), ("backwards", 1)];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
        assert_eq!((run.summary.processed(), run.summary.rejected()), (5, 0));
        // Late for the tick at 10:10, in time for none that is still to come.
        assert_eq!((run.summary.rules["R"].alerts, run.summary.rules["A"].alerts), (5, 1));
    }

    #[test]
    fn absence_alerts_at_every_tick_between_the_first_and_the_last_event() {
        let schedule = Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(10) });
        let trigger = Trigger { comparison: Comparison::Equal, rows: 0 };
        let rule = anything(Metadata { schedule, trigger, ..metadata("A") });
        let (found, _) = alerts_of(rule, &[1, 35]);
        assert_eq!(found, ["10:20", "10:30"]);
    }

    #[test]
    fn a_clock_that_is_years_behind_does_not_make_millions_of_alerts() {
        let schedule = Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(10) });
        let trigger = Trigger { comparison: Comparison::Equal, rows: 0 };
        let rule = anything(Metadata { schedule, trigger, ..metadata("A") });
        let bytes = event("x", 1).replace("2024", "1971") + &event("x", 35);
        let run = run_bytes(&engine(&[rule]), bytes.as_bytes(), 1, 1 << 20);
        let last = run.lines.last().map(|line| json::write(get(line, "time"))[1..17].to_owned());
        // The ticks at both ends of the gap come on top.
        assert_eq!((run.summary.alerts, last.as_deref()), (10_002, Some("2024-03-01T10:30")));
        assert!(run.summary.rules["A"].kept.passed_over > 2_700_000);
    }

    /// Lines as they come: events, broken ones, and anything.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let operation =
            prop::sample::select(vec!["Update role", "update ROLE", "x", "y", "z", "\\u0078", "w", "v"]);
        let line = prop_oneof![
            (operation, 0_u32..60).prop_map(|(operation, minute)| event(operation, minute).into_bytes()),
            (event_cut(), Just(b"\r\n")).prop_map(|(mut line, end)| {
                line.extend(end);
                line
            }),
            prop::collection::vec(any::<u8>(), 0..40),
            prop::sample::select(vec![
                &b"\n"[..],
                b"[1]\n",
                b"{\"a\":1}\n",
                b"\xef\xbb\xbf",
                b"{\"a\":\"",
                b"}\n"
            ])
            .prop_map(<[u8]>::to_vec),
            (150_usize..260).prop_map(|n| vec![b'['; n]),
        ];
        prop::collection::vec(line, 0..40).prop_map(|lines| lines.concat())
    }

    fn event_cut() -> impl Strategy<Value = Vec<u8>> {
        (0_usize..90)
            .prop_map(|length| event("Update role", 5).into_bytes().into_iter().take(length).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn counts_add_up_and_neither_chunks_nor_threads_show(bytes in bytes(), chunk in 1_usize..300) {
            let dedup = Some(Dedup { period: Timespan::minutes(20), key: Vec::new().into() });
            let schedule = Some(Schedule { every: Timespan::minutes(7), over: Timespan::minutes(20) });
            let trigger = Trigger { comparison: Comparison::Greater, rows: 1 };
            let rules = [
                role_changes(metadata("R")),
                anything(Metadata { dedup, ..metadata("A") }),
                anything(Metadata { schedule, trigger, ..metadata("T") }),
            ];
            let engine = engine(&rules);
            let whole = run_bytes(&engine, &bytes, 1, 1 << 20);
            let collapsed: i64 = whole.lines.iter().filter_map(|line| line.as_bag()?.get("count")?.as_i64()).sum();
            let odd: u64 = whole.summary.untimely.values().map(|found| found.count).sum();
            prop_assert_eq!(whole.dead_letters.lines().count() as u64, whole.summary.rejected() + odd);
            prop_assert_eq!(whole.summary.bytes, bytes.len() as u64);
            prop_assert_eq!(whole.summary.collapsed as i64, collapsed);
            prop_assert!(whole.summary.rejected() <= whole.summary.records);
            for (threads, chunk) in [(1, chunk), (3, chunk), (2, 1 << 20)] {
                let other = run_bytes(&engine, &bytes, threads, chunk);
                prop_assert_eq!(&other.lines, &whole.lines);
                prop_assert_eq!(&other.dead_letters, &whole.dead_letters);
                prop_assert_eq!(other.summary.records, whole.summary.records);
                prop_assert_eq!(other.summary.candidates, whole.summary.candidates);
            }
        }
    }
}
