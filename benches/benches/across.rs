//! What rules across events cost: events a second and peak memory, of each case in a process of its own.
//!
//! `cargo bench -p detector-benches --bench across`. `ACROSS_EVENTS` sets the number of events (100,000 unless set; a
//! million is what the figures in the documentation are of), `ACROSS_KEPT` the number of rows kept over 14 days.
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
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
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

/// What is run: the rules, and the files with their events.
struct Case {
    name: &'static str,
    rules: Vec<&'static Rule>,
    files: &'static [(&'static str, Writer)],
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
    println!("{:<52} {:>10} {:>12} {:>10} {:>8}", "case", "events", "events/s", "peak MiB", "alerts");
    for case in 0..cases.len() {
        let program = std::env::current_exe().unwrap();
        let status = Command::new(program).arg("--bench").env(CHILD, case.to_string()).status().unwrap();
        assert!(status.success());
    }
    fs::remove_dir_all(folder()).unwrap();
}

fn cases() -> Vec<Case> {
    let named = |id: &str| RULES.rules.iter().copied().find(|rule| rule.metadata.id == id).unwrap();
    let on_one_event = || RULES.rules.iter().copied().filter(|rule| matches!(rule.body, Body::RowLocal(_)));
    let (seed_1, seed_2) =
        (named("Intune.RiskyUserMassAppDeployment"), named("35ce9aff-1708-45b8-a295-5e9a307f5f17"));
    let devops: &[(&str, Writer)] = &[("ADOAuditLogs", azure_devops)];
    let intune: &[(&str, Writer)] = &[("IntuneAuditLogs", intune), ("BehaviorEntities", behaviors)];
    let mut cases = vec![
        Case { name: "seed 002", rules: vec![seed_2], files: devops },
        Case { name: "seed 001, a tenth as many behaviors", rules: vec![seed_1], files: intune },
        Case { name: "rules on one event, Azure DevOps", rules: on_one_event().collect(), files: devops },
        Case {
            name: "the same and seed 002",
            rules: on_one_event().chain([seed_2]).collect(),
            files: devops,
        },
    ];
    if kept() > 0 {
        let files: &[(&str, Writer)] = &[("AuditLogs", |out, _| audit(out, kept()))];
        cases.push(Case { name: "rows kept over 14 days", rules: vec![&fourteen_days::RULE], files });
    }
    cases
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn kept() -> u64 {
    number("ACROSS_KEPT").unwrap_or(0)
}

fn folder() -> PathBuf {
    std::env::temp_dir().join("detector-bench-across")
}

/// Writes the files of a case, runs it and prints its line.
fn run(case: &Case) {
    let events = number("ACROSS_EVENTS").unwrap_or(100_000);
    fs::create_dir_all(folder()).unwrap();
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: DateTime::parse_iso("2025-01-01").unwrap(),
    };
    let engine = Engine::new(&Ruleset { rules: &[], schemas: RULES.schemas }, &case.rules, settings);
    let inputs: Vec<Input> = case
        .files
        .iter()
        .map(|(table, writer)| {
            let path = folder().join(table);
            write(&path, *writer, events);
            Input { origin: Origin::File(path), table: engine.table(table), is_history: false }
        })
        .collect();
    let before = peak();
    let mut sink = Count(0);
    let options = Options { bounds: Bounds::default(), ..Options::default() };
    let output = Output { sink: &mut sink, dead_letters: None };
    let summary = pipeline::run(&engine, &inputs, &options, &Control::default(), output).unwrap();
    let rate = summary.records as f64 / summary.elapsed.as_secs_f64();
    println!(
        "{:<52} {:>10} {:>12.0} {:>10} {:>8}",
        case.name,
        summary.records,
        rate,
        peak().max(before) >> 10,
        summary.alerts
    );
    for (rule, counts) in summary.rules.iter().filter(|(_, counts)| counts.kept.peak_rows > 0) {
        let kept = counts.kept;
        println!(
            "    {rule}: at most {} rows, {} spilled, {} dropped",
            kept.peak_rows, kept.spilled, kept.dropped
        );
    }
}

fn write(path: &Path, writer: Writer, events: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writer(&mut out, events).unwrap();
    out.flush().unwrap();
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
             \"Data\":{{\"MemberId\":\"m-{}\",\"GroupId\":\"g-{}\",\"RepoName\":\"web\"}}}}",
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
             \"Category\":\"UserManagement\",\"LoggedByService\":\"Core Directory\"}}",
            time(at, events, 14),
            at % 41,
            at % 99_991
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
