//! Commands over the file of events: this engine's binary, `wc`, jq and DuckDB where they are installed.

use crate::Contender;
use crate::events::Events;
use crate::report::Kind;
use crate::rules_by_hand::{AUTHENTICATION, FEDERATION, RULES};
use std::path::Path;
use std::process::{Command, Stdio};

/// Those commands that can be run.
pub fn contenders(events: &Events, detector: Option<&Path>) -> Vec<Contender> {
    let file = events.path.display().to_string();
    let mut contenders = vec![command("wc -l", Kind::Limit, "wc", vec!["-l".into(), file.clone()], |_| None)];
    if let Some(detector) = detector.map(|path| path.display().to_string()) {
        for threads in ["1", "2"] {
            let mut arguments: Vec<String> =
                ["run", "--format", "ndjson", "--threads", threads].map(str::to_owned).into();
            arguments.extend([
                "--out".to_owned(),
                std::env::temp_dir().join("detector-compare.alerts").display().to_string(),
            ]);
            arguments.extend(RULES.iter().flat_map(|id| ["--rules".to_owned(), (*id).to_owned()]));
            let stats = std::env::temp_dir().join("detector-compare.stats");
            arguments.extend(["--stats".to_owned(), stats.display().to_string(), file.clone()]);
            let name = format!("this engine, binary, --threads {threads}");
            let found = move |_: &[u8]| Some(found_by_binary(&std::fs::read(&stats).ok()?));
            contenders.push(command(&name, Kind::Ours, &detector, arguments, found));
        }
    }
    if is_installed("jq") {
        contenders.push(command(
            "jq",
            Kind::Peer,
            "jq",
            vec!["-c".into(), jq_filter(), file.clone()],
            |output| Some(output.iter().filter(|byte| **byte == b'\n').count() as u64),
        ));
    }
    if is_installed("duckdb") {
        let arguments = vec!["-noheader".into(), "-csv".into(), "-c".into(), sql(&file)];
        contenders.push(command("DuckDB", Kind::Peer, "duckdb", arguments, |output| {
            String::from_utf8_lossy(output).trim().parse().ok()
        }));
    }
    contenders
}

/// The rules in jq's language, which jaq speaks too.
pub fn jq_filter() -> String {
    let any_of = |names: &[&str]| {
        let tests: Vec<_> = names.iter().map(|name| format!("$n == {:?}", name.to_lowercase())).collect();
        tests.join(" or ")
    };
    format!(
        r#"select(
            ((.operationName? // "") | (contains("DeviceManagementScript") or contains("DeviceComplianceScript")))
            or ((.OperationName? // "" | ascii_downcase) as $n
                | ($n == "update role setting in pim" and (.Category? // "" | ascii_downcase) == "rolemanagement")
                or ((.Result? // "" | ascii_downcase) == "success" and ({} or {})))
            or ((.event? // {{}}) | .action? == "New-ManagementRoleAssignment" and .dataset? == "o365.audit"
                and .provider? == "Exchange" and .outcome? == "success" and ((.category? // []) | any(. == "web")))
        )"#,
        any_of(&FEDERATION),
        any_of(&AUTHENTICATION)
    )
}

fn sql(file: &str) -> String {
    let any_of = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("'{}'", name.to_lowercase())).collect();
        names.join(", ")
    };
    format!(
        "select count(*) from read_ndjson('{file}', columns = {{operationName: 'VARCHAR', OperationName: 'VARCHAR', \
         Category: 'VARCHAR', Result: 'VARCHAR', event: 'JSON'}}) where contains(operationName, 'DeviceManagementScript') \
         or contains(operationName, 'DeviceComplianceScript') or (lower(OperationName) = 'update role setting in pim' and \
         lower(Category) = 'rolemanagement') or (lower(Result) = 'success' and lower(OperationName) in ({}, {})) or \
         (event->>'$.action' = 'New-ManagementRoleAssignment' and event->>'$.dataset' = 'o365.audit' and \
         event->>'$.provider' = 'Exchange' and event->>'$.outcome' = 'success' and event->>'$.category' like '%\"web\"%')",
        any_of(&FEDERATION),
        any_of(&AUTHENTICATION)
    )
}

fn command(
    name: &str,
    kind: Kind,
    program: &str,
    arguments: Vec<String>,
    found: impl Fn(&[u8]) -> Option<u64> + 'static,
) -> Contender {
    let program = program.to_owned();
    let run = move |_: &Events| {
        let output = Command::new(&program)
            .args(&arguments)
            .stderr(Stdio::null())
            .output()
            .expect("it was started before");
        assert!(output.status.success(), "{program} failed");
        found(&output.stdout)
    };
    Contender { name: name.to_owned(), kind, run: Box::new(run) }
}

/// What the rules matched, by the counts of a run: alerts, and those that were repeats or too many.
fn found_by_binary(stats: &[u8]) -> u64 {
    let stats: serde_json::Value = serde_json::from_slice(stats).expect("counts are JSON");
    let count = |value: &serde_json::Value, name: &str| value[name].as_u64().unwrap_or(0);
    let held_back =
        stats["rules"].as_object().into_iter().flatten().map(|(_, rule)| count(rule, "held_back"));
    count(&stats, "alerts") + count(&stats, "collapsed") + held_back.sum::<u64>()
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
