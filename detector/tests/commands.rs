//! The other commands as processes: `demo`, `rules`, `explain`, `query`, `check`, `completions`.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::{detector, directory, output, text};
use rule_eval::json;
use rule_model::Value;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/demo.ndjson");
const INTUNE: &str = "Intune.NewDeviceManagementScript";

fn parsed(text: &str) -> Value {
    json::parse(text).unwrap()
}

fn property(object: &Value, name: &str) -> Value {
    object.as_bag().and_then(|object| object.get(name)).cloned().unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_demo_shows_alerts_counts_and_what_to_do_next() {
    let shown = output(&["demo"], b"");
    let records = std::fs::read_to_string(SAMPLE).unwrap().lines().count();
    for part in ["HIGH", &format!("{records} records: {records} processed, 0 rejected"), "detector explain"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert!(!shown.contains('\x1b'), "colours in a pipe");
}

#[test]
fn rules_are_listed_a_line_each() {
    let list = output(&["rules"], b"");
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.last(), Some(&format!("{} rules", lines.len() - 1).as_str()));
    let intune = lines.iter().find(|line| line.starts_with(INTUNE)).unwrap();
    for part in ["Medium", "IntuneAuditLogs", "T1072", "Intune New Device Management Script"] {
        assert!(intune.contains(part), "{intune}");
    }
    assert!(output(&["rules", "--min-severity", "high"], b"").lines().all(|line| !line.starts_with(INTUNE)));
}

#[test]
fn a_rule_called_otherwise_is_told_with_the_one_that_was_meant() {
    let meant = format!("did you mean {INTUNE}");
    for name in [
        "Intune.NewDeviceManagmentScript",
        "intune new device management script",
        "device_management_script_changed",
        "new device management script",
        "device management script ch",
    ] {
        let refused = detector(&["explain", name], b"");
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(text(&refused.stderr).contains(&meant), "{name}: {}", text(&refused.stderr));
    }
    let refused = detector(&["explain", "of nothing at all"], b"");
    assert!(!text(&refused.stderr).contains("did you mean"), "{}", text(&refused.stderr));
}

#[test]
fn the_list_and_every_explanation_are_json_too() {
    let list = parsed(&output(&["rules", "--format", "json"], b""));
    let rules = list.as_array().unwrap();
    assert!(!rules.is_empty());
    for rule in rules {
        let id = property(rule, "id");
        let explained = parsed(&output(&["explain", "--format", "json", id.as_str().unwrap()], b""));
        for name in ["id", "title", "severity", "tables", "attack"] {
            assert_eq!(property(&explained, name), property(rule, name), "{id:?}");
        }
        for name in ["plan", "inputs", "stages", "output", "tests"] {
            assert!(
                property(&explained, name).as_array().is_some_and(|list| !list.is_empty()),
                "{id:?}: {name}"
            );
        }
    }
}

#[test]
fn an_explanation_shows_what_a_rule_is_made_of() {
    let shown = output(&["explain", "intune.newdevicemanagementscript"], b"");
    for part in [
        "  T1021.007  Remote Services: Cloud Services  Lateral Movement\n",
        "contains_cs \"DeviceManagementScript\"",
        "  1  source   IntuneAuditLogs\n",
        "  OperationName  contains_cs  -            \"DeviceManagementScript\"\n",
        "  ObjectIds  dynamic  project\n",
        "  Account  FullName: Actor\n",
        "within 1 hour are collapsed",
        "  Alert title  Intune: {ScriptKind} {Action} by {Actor}\n",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

#[test]
fn a_query_reads_files_of_known_and_of_other_tables() {
    let people = directory("query").join("people.ndjson");
    std::fs::write(&people, "{\"SearchKey\":\"ana@contoso.com\",\"team\":1}\n{\"SearchKey\":\"x\"}\n")
        .unwrap();
    let people = format!("people={}", people.display());
    let sample = format!("UnifiedAuditLog={SAMPLE}");
    for (query, expected) in [
        ("print x = 1 + 1, y = tolower('A')", "{\"x\":2,\"y\":\"a\"}\n"),
        ("people | summarize sum(team)", "{\"sum_team\":1}\n"),
        ("_GetWatchlist('people') | where SearchKey == 'x' | count", "{\"Count\":1}\n"),
        (
            "UnifiedAuditLog | where Operation == 'New-InboxRule' | join kind=inner people on $left.UserId == $right.SearchKey | count",
            "{\"Count\":2}\n",
        ),
    ] {
        assert_eq!(output(&["query", &people, &sample, query], b""), expected, "{query}");
    }
    assert_eq!(output(&["query", "-"], b"print 1"), "{\"print_0\":1}\n");
    assert_eq!(
        output(&["query", "--format", "json", "range x from 1 to 2 step 1"], b""),
        "[{\"x\":1},{\"x\":2}]\n"
    );
    assert_eq!(output(&["query", "--format", "table", "print x = 1"], b""), "x\n─\n1\n(1 row)\n");
    assert_eq!(
        output(&["query", "--now", "2024-03-01T12:00:00Z", "print ago(1d)"], b""),
        "{\"print_0\":\"2024-02-29T12:00:00.0000000Z\"}\n"
    );
}

#[test]
fn check_says_where_a_query_is_wrong() {
    let directory = directory("check");
    let [fine, faulty, lines] = ["fine.kql", "faulty.kql", "lines.ndjson"].map(|name| directory.join(name));
    std::fs::write(&fine, "AuditLogs\n| where OperationName has 'role'\n").unwrap();
    std::fs::write(&faulty, "AuditLogs\n| where Operationname has 'role'\n").unwrap();
    std::fs::write(
        &lines,
        "{\"id\":1,\"query\":\"print 1\"}\n\n{\"id\":\"b\",\"query\":\"Other | where x ==\"}\n",
    )
    .unwrap();
    assert_eq!(output(&["check", fine.to_str().unwrap()], b""), "1 query checked, 0 with errors\n");
    let report = detector(&["check", fine.to_str().unwrap(), faulty.to_str().unwrap()], b"");
    assert_eq!(report.status.code(), Some(1));
    let report = text(&report.stdout);
    assert!(report.contains("faulty.kql:2:9\n") && report.contains("OperationName"), "{report}");
    let verdicts = detector(&["check", "--any-table", "--ndjson", lines.to_str().unwrap()], b"");
    assert_eq!(verdicts.status.code(), Some(1));
    let verdicts = text(&verdicts.stdout);
    let verdicts: Vec<Value> = verdicts.lines().map(parsed).collect();
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[0], parsed(r#"{"id":1,"ok":true,"errors":[]}"#));
    assert_eq!(property(&verdicts[1], "ok"), Value::Bool(false));
    let errors = property(&verdicts[1], "errors");
    assert_eq!(property(&errors.as_array().unwrap()[0], "line"), Value::Long(1));
    assert_eq!(
        output(&["check", "--any-table"], b"Other | where x == 1"),
        "1 query checked, 0 with errors\n"
    );
}

#[test]
fn the_inline_tests_run_from_the_binary() {
    let report = directory("junit").join("report.xml");
    let shown = output(&["test", "--junit", report.to_str().unwrap()], b"");
    let rules = output(&["rules"], b"").lines().count() - 1;
    let last = shown.lines().last().unwrap();
    assert!(last.starts_with(&format!("{rules} rules, ")) && last.contains(" passed, 0 failed ("), "{last}");
    let xml = std::fs::read_to_string(report).unwrap();
    assert_eq!(xml.matches("<testsuite ").count(), rules);
    let tests: usize = last.split(' ').nth(2).unwrap().parse().unwrap();
    assert_eq!(xml.matches("<testcase ").count(), tests);
    let one = output(&["test", "intune.newdevicemanagementscript"], b"");
    assert!(one.lines().last().unwrap().starts_with("1 rule, "), "{one}");
}

#[test]
fn wrong_usage_says_what_to_type_instead() {
    for (arguments, status, message) in [
        (
            &["explain", "Intune.NewDeviceManagementScripts"][..],
            2,
            "did you mean Intune.NewDeviceManagementScript?",
        ),
        (&["explain", "nothing like it"], 2, "(`rules` lists all)"),
        (&["rules", "--rules", "no-such-rule"], 2, "(`rules` lists all)"),
        (&["query", "AuditLogs | count"], 2, "as in AuditLogs=FILE"),
        (&["query", "some.ndjson", "print 1"], 2, "as in Table=some.ndjson"),
        (&["query", "T=no such file", "T"], 2, "cannot open no such file"),
        (&["query", "--now", "noon", "print 1"], 2, "write it as 2024-03-01T12:00:00Z"),
        (&["query", "AuditLog | count"], 1, "AuditLogs"),
        (&["check", "no such file"], 2, "cannot open no such file"),
        (&["completions", "cmd"], 2, "bash"),
        (&["new", "2fa"], 2, "a letter first"),
        (&["new", "rules-of-mine", "--engine", "git@example.com:a/b"], 2, "write ssh://git@example.com/a/b"),
        (&["test", "Intune.NewDeviceManagementScripts"], 2, "did you mean Intune.NewDeviceManagementScript?"),
        (&["test", "--junit", "no such folder/report.xml"], 2, "no such folder/report.xml: "),
        (&[], 2, "Usage"),
    ] {
        let output = detector(arguments, b"");
        let report = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {report}");
        assert!(report.contains(message), "{arguments:?}: {report}");
    }
}

#[test]
fn every_command_has_help_with_examples_and_completions() {
    let help = output(&["--help"], b"");
    let completions = output(&["completions", "bash"], b"");
    for command in ["demo", "run", "rules", "explain", "test", "new", "query", "check", "completions"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(completions.contains(command));
        let of_command = output(&[command, "--help"], b"");
        assert!(of_command.contains("Example"), "{of_command}");
    }
    assert!(output(&["--version"], b"").starts_with("detector "));
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(output(&["completions", shell], b"").contains("detector"), "{shell}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_standard_output_is_named() {
    let query = format!("AuditLogs={SAMPLE}");
    let commands: [&[&str]; 5] = [
        &["demo"],
        &["rules"],
        &["explain", INTUNE],
        &["run", SAMPLE],
        &["query", &query, "AuditLogs | count"],
    ];
    for arguments in commands {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_detector"));
        let output = process.args(arguments).stdout(full).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        let message = "error: cannot write to standard output: No space left on device\n";
        assert!(told.ends_with(message), "{arguments:?}: {told}");
    }
}

#[test]
fn files_without_a_table_and_queries_before_files_are_told_apart() {
    let of_table = format!("AuditLogs={SAMPLE}");
    for (arguments, told) in [
        (["query", SAMPLE, "AuditLogs | count"], "a file needs its table before it"),
        (["query", "AuditLogs | count", &of_table], "a query comes last, after the files"),
    ] {
        let output = detector(&arguments, b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}
