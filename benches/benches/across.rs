//! What rules across events cost: processor time, events a second and peak memory, of each case in a process of its own.
//!
//! `cargo bench -p detector-benches --bench across` runs all cases over a million events; `ACROSS_EVENTS` sets another number,
//! `ACROSS_KEPT` the rows that are kept over 14 days (a million unless set), `ACROSS_FILE` a file of any events that all
//! shipped rules are run over, `ACROSS_ONLY` the cases to be run, as numbers from 0. Each case is run `ACROSS_RUNS` times (3 unless set), in turns; the least time is shown,
//! which other work on the machine disturbs least. Two cases are compared turn by turn, too: the machine may have its best moment in one of them.
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use rule_model::DateTime;
use rule_model::time::TICKS_PER_SECOND;
use rule_runtime::across::Bounds;
use rule_runtime::alert::{Alert, Collapsed};
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::rule::Body;
use rule_runtime::sink::Sink;
use rule_runtime::source::Origin;
use rule_runtime::{Rule, Ruleset};
use rules::RULES;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::Command;

mod fourteen_days {
    rule_macros::rule! { <AuditLogs>
        /// Operations of two weeks
        ///
        /// Keeps every event for 14 days and counts them each day.
        id: "fourteen-days", severity: Low, attack: none, full_scan: accepted,
        schedule: every 1d over 14d,
        | summarize n = count(), users = dcount(Identity), newest = max(TimeGenerated) by OperationName
        | where n > 1000000000
    }
}

mod first_in_fourteen_days {
    rule_macros::rule! { <AuditLogs>
        /// First operations of an account in two weeks
        ///
        /// Joins two large sides of its own 14 days.
        id: "first-in-fourteen-days", severity: Low, attack: none, full_scan: accepted,
        schedule: every 1d over 14d,
        | where Category == "UserManagement"
        | join kind=leftanti (AuditLogs | where Category == "GroupManagement" | project Identity) on Identity
        | summarize n = count(), newest = max(TimeGenerated) by Identity
        | where n > 1000000000
    }
}

mod signals {
    rule_macros::rule! { <ADOAuditLogs>
        /// Groups to which an account adds members
        ///
        /// One event in 200 is a signal.
        id: "signals", severity: Low, attack: none,
        schedule: every 1h over 1d,
        | where OperationName == "Group.UpdateGroupMembership.Add"
        | summarize n = count(), groups = make_set(tostring(Data.GroupId)) by ActorUPN
        | where n > 1000000000
    }
}

/// What is run: the rules, and the files with their events.
struct Case {
    name: &'static str,
    rules: Vec<&'static Rule>,
    files: &'static [EventFile],
    /// The case to which its time is compared.
    beside: Option<usize>,
}

/// A file of events of a table, by its name, which cases share.
type EventFile = (&'static str, &'static str, Writer);

/// What a run of a case came to.
#[derive(Clone, Default)]
struct Measured {
    /// Processor time in nanoseconds.
    time: u64,
    records: u64,
    /// Most memory in KiB.
    peak: u64,
    alerts: u64,
    rows: u64,
    in_parts: u64,
    oversized: u64,
}

type Writer = fn(&mut dyn Write, u64) -> io::Result<()>;

const CHILD: &str = "ACROSS_CASE";

fn main() {
    // `cargo test --benches` only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let cases = cases();
    if let Ok(case) = std::env::var(CHILD) {
        run(&cases[case.parse::<usize>().unwrap()]);
        return;
    }
    let only: Option<Vec<usize>> = std::env::var("ACROSS_ONLY")
        .ok()
        .map(|numbers| numbers.split(',').map(|number| number.parse().unwrap()).collect());
    let is_wanted = |case: &usize| only.as_ref().is_none_or(|only| only.contains(case));
    write_files((0..cases.len()).filter(is_wanted).flat_map(|case| cases[case].files));
    let mut measured: Vec<Vec<Measured>> = vec![Vec::new(); cases.len()];
    for _ in 0..number("ACROSS_RUNS").unwrap_or(3) {
        for (case, measured) in measured.iter_mut().enumerate().filter(|(case, _)| is_wanted(case)) {
            measured.push(in_a_process(case));
        }
    }
    print(&cases, &measured);
    // There is none where all events come from a file.
    let _absent = fs::remove_dir_all(folder());
}

fn in_a_process(case: usize) -> Measured {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).arg("--bench").env(CHILD, case.to_string()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    eprint!("{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [time, records, peak, alerts, rows, in_parts, oversized] = numbers[..] else { panic!("{text}") };
    Measured { time, records, peak, alerts, rows, in_parts, oversized }
}

fn print(cases: &[Case], measured: &[Vec<Measured>]) {
    let least = |case: usize| measured[case].iter().min_by_key(|it| it.time);
    println!(
        "{:<44} {:>10} {:>8} {:>10} {:>9} {:>8} {:>10} {:>8} {:>9}",
        "case", "events", "CPU s", "events/s", "peak MiB", "alerts", "rows kept", "in parts", "oversized"
    );
    for (number, case) in cases.iter().enumerate() {
        let Some(it) = least(number) else { continue };
        let seconds = it.time as f64 / 1e9;
        println!(
            "{:<44} {:>10} {:>8.2} {:>10.0} {:>9} {:>8} {:>10} {:>8} {:>9}",
            case.name,
            it.records,
            seconds,
            it.records as f64 / seconds,
            it.peak >> 10,
            it.alerts,
            it.rows,
            it.in_parts,
            it.oversized
        );
        if let Some((other, beside)) = case.beside.and_then(|other| Some((other, least(other)?))) {
            let more = |it: &Measured, beside: &Measured| (it.time as f64 / beside.time as f64 - 1.0) * 100.0;
            let mut turns: Vec<f64> =
                measured[number].iter().zip(&measured[other]).map(|(it, beside)| more(it, beside)).collect();
            turns.sort_by(f64::total_cmp);
            let (least, median) = (more(it, beside), turns[turns.len() / 2]);
            println!(
                "    {least:+.0} % by the least, {median:+.0} % by the median of turns, beside {}",
                cases[other].name
            );
        }
    }
}

fn cases() -> Vec<Case> {
    let named = |id: &str| RULES.rules.iter().copied().find(|rule| rule.metadata.id == id).unwrap();
    let on_one_event = || RULES.rules.iter().copied().filter(|rule| matches!(rule.body, Body::RowLocal(_)));
    let (seed_1, seed_2) =
        (named("Intune.RiskyUserMassAppDeployment"), named("35ce9aff-1708-45b8-a295-5e9a307f5f17"));
    let devops: &[EventFile] = &[("devops", "ADOAuditLogs", azure_devops)];
    let long: &[EventFile] = &[("long-devops", "ADOAuditLogs", long_azure_devops)];
    let intune: &[EventFile] =
        &[("intune", "IntuneAuditLogs", intune), ("behaviors", "BehaviorEntities", behaviors)];
    let with = |rule: &'static Rule| on_one_event().chain([rule]).collect();
    let case = |name, rules, files, beside| Case { name, rules, files, beside };
    let mut cases = vec![
        case("seed 002", vec![seed_2], devops, None),
        case("seed 001, a tenth as many behaviors", vec![seed_1], intune, None),
        case("rules on one event, Azure DevOps", on_one_event().collect(), devops, None),
        case("the same and a rule of 0.5 % of the events", with(&signals::RULE), devops, Some(2)),
        case("the same and seed 002, which keeps all", with(seed_2), devops, Some(2)),
        case("rules on one event, events of 1.6 KB", on_one_event().collect(), long, None),
        case("the same and a rule of 0.5 % of the events", with(&signals::RULE), long, Some(5)),
    ];
    if kept() > 0 {
        let files: &[EventFile] = &[("audit", "AuditLogs", |out, _| audit(out, kept()))];
        cases.push(case("kept over 14 days, summarized", vec![&fourteen_days::RULE], files, None));
        cases.push(case("kept over 14 days, leftanti", vec![&first_in_fourteen_days::RULE], files, None));
    }
    if std::env::var("ACROSS_FILE").is_ok() {
        cases.push(case("all rules over a file", RULES.rules.to_vec(), &[], None));
        cases.push(case("rules on one event over a file", on_one_event().collect(), &[], None));
    }
    cases
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn kept() -> u64 {
    number("ACROSS_KEPT").unwrap_or(1_000_000)
}

fn folder() -> PathBuf {
    std::env::temp_dir().join("detector-bench-across")
}

/// Writes files before any case is measured: what the system still has to write would disturb them.
fn write_files<'f>(files: impl Iterator<Item = &'f EventFile>) {
    fs::create_dir_all(folder()).unwrap();
    let events = number("ACROSS_EVENTS").unwrap_or(1_000_000);
    let distinct: BTreeMap<&str, Writer> = files.map(|(name, _, writer)| (*name, *writer)).collect();
    for (name, writer) in distinct {
        let mut out = BufWriter::new(File::create(folder().join(name)).unwrap());
        writer(&mut out, events).unwrap();
        out.into_inner().unwrap().sync_all().unwrap();
    }
}

/// Runs a case, whose files are written, and prints its figures.
fn run(case: &Case) {
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: DateTime::parse_iso("2025-01-01").unwrap(),
    };
    let engine = Engine::new(&Ruleset { rules: &[], schemas: RULES.schemas }, &case.rules, settings);
    let input = |(name, table, _): &EventFile| Input {
        origin: Origin::File(folder().join(name)),
        table: engine.table(table),
        is_history: false,
    };
    let mut inputs: Vec<Input> = case.files.iter().map(input).collect();
    if inputs.is_empty() {
        let path = std::env::var("ACROSS_FILE").unwrap();
        inputs.push(Input { origin: Origin::File(path.into()), table: None, is_history: false });
    }
    let mut sink = Count(0);
    let options = Options { bounds: Bounds::default(), ..Options::default() };
    let output = Output { sink: &mut sink, dead_letters: None };
    let before = processor_time();
    let summary = pipeline::run(&engine, &inputs, &options, &Control::default(), output).unwrap();
    let time = processor_time() - before;
    let kept = || summary.rules.values().map(|counts| counts.kept);
    let dropped: u64 = kept().map(|kept| kept.dropped).sum();
    assert_eq!((dropped, summary.errors.len()), (0, 0), "{summary}");
    let (rows, in_parts, oversized) = kept().fold((0, 0, 0), |(rows, in_parts, oversized), kept| {
        (rows + kept.peak_rows, in_parts + kept.in_parts, oversized + kept.oversized)
    });
    let (records, alerts) = (summary.records, summary.alerts);
    println!("{time} {records} {} {alerts} {rows} {in_parts} {oversized}", peak());
}

/// Nanoseconds for which the thread has had a processor.
fn processor_time() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    status.split_whitespace().next().unwrap().parse().unwrap()
}

/// The most memory that the process had so far in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The time of the event at this position of so many, spread evenly over some days.
fn time(at: u64, events: u64, days: u64) -> String {
    let ticks =
        u128::from(at) * u128::from(days * 86_400) * TICKS_PER_SECOND as u128 / u128::from(events.max(1));
    let start = DateTime::parse_iso("2024-03-01").unwrap();
    DateTime(start.0 + ticks as i64).to_string()
}

/// One event in 200 grants a group of administrators.
fn azure_devops(out: &mut dyn Write, events: u64) -> io::Result<()> {
    write_azure_devops(out, events, "")
}

/// The same, as long as events are that tell what was changed.
fn long_azure_devops(out: &mut dyn Write, events: u64) -> io::Result<()> {
    let property =
        |number| format!(",\"Property{number}\":\"what was set before it was changed, and by what\"");
    write_azure_devops(out, events, &(1..=17).map(property).collect::<String>())
}

fn write_azure_devops(out: &mut dyn Write, events: u64, more: &str) -> io::Result<()> {
    for at in 0..events {
        let (operation, details) = if at % 200 == 0 {
            (
                "Group.UpdateGroupMembership.Add",
                "Added a member to the group [fabrikam]\\\\Project Administrators",
            )
        } else {
            ("Git.RefUpdatePoliciesBypassed", "Policies of a branch were bypassed when it was updated")
        };
        writeln!(
            out,
            "{{\"TimeGenerated\":\"{}\",\"OperationName\":\"{operation}\",\"Details\":\"{details}\",\
             \"ActorUPN\":\"user{}@contoso.com\",\"IpAddress\":\"198.51.100.{}\",\"UserAgent\":\"browser {}\",\
             \"AuthenticationMechanism\":\"AAD_Cookie\",\"ScopeDisplayName\":\"fabrikam (Organization)\",\
             \"ProjectName\":\"web\",\"Area\":\"Git\",\"Category\":\"modify\",\"CorrelationId\":\"{at:032x}\",\
             \"Data\":{{\"MemberId\":\"m-{}\",\"GroupId\":\"g-{}\",\"RepoName\":\"web\"{more}}}}}",
            time(at, events, 3),
            at % 997,
            at % 251,
            at % 13,
            at % 5003,
            at % 31
        )?;
    }
    Ok(())
}

/// One event in 2,000 deploys an application to all devices.
fn intune(out: &mut dyn Write, events: u64) -> io::Result<()> {
    for at in 0..events {
        let (operation, target) = if at % 2000 == 0 {
            ("Create MobileAppAssignment", "AllDevicesAssignmentTarget")
        } else {
            ("Patch DeviceConfiguration", "GroupAssignmentTarget")
        };
        writeln!(
            out,
            "{{\"TimeGenerated\":\"{}\",\"OperationName\":\"{operation}\",\"ResultType\":\"Success\",\
             \"Identity\":\"user{}@contoso.com\",\"CorrelationId\":\"c-{at}\",\"Properties\":{{\"AuditEventId\":\"e-{at}\",\
             \"Actor\":{{\"ObjectId\":\"8a5b2d1c-0000-0000-0000-{:012x}\",\"IsDelegatedAdmin\":false,\
             \"UserPermissions\":[\"*\"]}},\"Targets\":[{{\"Name\":\"App\",\"ModifiedProperties\":[\
             {{\"Name\":\"Intent\",\"Old\":null,\"New\":\"Required\"}},\
             {{\"Name\":\"Target.Type\",\"Old\":null,\"New\":\"{target}\"}}]}}]}}}}",
            time(at, events, 2),
            at % 9973,
            at % 9973
        )?;
    }
    Ok(())
}

fn behaviors(out: &mut dyn Write, events: u64) -> io::Result<()> {
    for at in 0..events / 10 {
        writeln!(
            out,
            "{{\"Timestamp\":\"{}\",\"BehaviorId\":\"b-{at}\",\"ActionType\":\"ImpossibleTravelActivity\",\
             \"EntityType\":\"User\",\"AccountName\":\"user{}@contoso.com\",\"Categories\":\"InitialAccess\"}}",
            time(at, events / 10, 2),
            at % 9973
        )?;
    }
    Ok(())
}

fn audit(out: &mut dyn Write, events: u64) -> io::Result<()> {
    for at in 0..events {
        writeln!(
            out,
            "{{\"TimeGenerated\":\"{}\",\"OperationName\":\"Update user {}\",\"Identity\":\"user{}@contoso.com\",\
             \"Category\":\"{}\",\"LoggedByService\":\"Core Directory\"}}",
            time(at, events, 14),
            at % 41,
            at % 99_991,
            if at % 2 == 0 { "UserManagement" } else { "GroupManagement" }
        )?;
    }
    Ok(())
}

/// Counts alerts.
struct Count(u64);

impl Sink for Count {
    fn alert(&mut self, _: &Alert) -> io::Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn collapsed(&mut self, _: &Collapsed) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
