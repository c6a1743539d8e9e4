//! What `detector run` reads: containers, line endings, and records that are none.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use flate2::Compression;
use flate2::write::GzEncoder;
use process::{detector, directory, output, text};
use rule_eval::json;
use rule_model::Value;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const PIM: &str = "0ed0fe7c-af29-4990-af7f-bb5ccb231198";

/// A record on which one rule alerts.
fn alerting(user: &str) -> String {
    format!(
        r#"{{"TimeGenerated":"2024-03-01T10:00:00Z","Category":"RoleManagement","OperationName":"Update role setting in PIM","InitiatedBy":{{"user":{{"userPrincipalName":"{user}"}}}}}}"#
    )
}

/// The users named in the alerts, in order.
fn users(ndjson: &str) -> Vec<String> {
    let user = |line: &str| {
        let alert = json::parse(line).unwrap();
        let row = alert.as_bag().and_then(|alert| alert.get("row")).cloned().unwrap();
        row.as_bag()
            .and_then(|row| row.get("InitiatingUserPrincipalName"))
            .map(json::display)
            .unwrap()
            .to_string()
    };
    ndjson.lines().map(user).collect()
}

fn run(input: &[u8]) -> Vec<String> {
    users(&output(&["run", "--rules", PIM], input))
}

#[test]
fn every_way_to_end_lines_gives_the_same_records() {
    let (a, b) = (alerting("a"), alerting("b"));
    for (name, input) in [
        ("newlines", format!("{a}\n{b}\n")),
        ("no newline at the end", format!("{a}\n{b}")),
        ("carriage returns", format!("{a}\r\n{b}\r\n")),
        ("a byte order mark", format!("\u{feff}{a}\n{b}\n")),
        ("empty lines and blanks", format!("\n \t\n{a}\n\r\n\n{b}\n\n")),
        ("blanks around records", format!("  {a}\t\n\t{b} ")),
    ] {
        assert_eq!(run(input.as_bytes()), ["a", "b"], "{name}");
    }
}

#[test]
fn compressed_files_are_read_as_they_are() {
    let plain = format!("{}\n{}\n", alerting("a"), alerting("b"));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = compress_to_vec(plain.as_bytes(), CompressionLevel::Fastest);
    let directory = directory("compressed");
    for (name, bytes) in [("gzip", &gzip), ("zstd", &zstd), ("plain", &plain.into_bytes())] {
        let file = directory.join(name);
        std::fs::write(&file, bytes).unwrap();
        let alerts = output(&["run", "--rules", PIM, file.to_str().unwrap()], b"");
        assert_eq!(users(&alerts), ["a", "b"], "{name} by file");
        assert_eq!(run(bytes), ["a", "b"], "{name} by standard input");
    }
}

#[test]
fn what_is_no_record_is_rejected_for_its_reason_and_the_rest_goes_on() {
    let deep = format!("{}1{}", "{\"a\":".repeat(2000), "}".repeat(2000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
    let directory = directory("reasons");
    for (name, record, reason) in [
        ("cut off", &b"{\"a\":{\"b\":1"[..], "cut_off"),
        ("not an object", b"[1,2]", "not_an_object"),
        ("a number", b"17", "not_an_object"),
        ("no JSON", b"hello", "invalid_json"),
        ("two records", b"{}{}", "invalid_json"),
        ("invalid UTF-8", b"{\"OperationName\":\"\xff\"}", "invalid_utf8"),
        ("too deep", deep.as_bytes(), "too_deep"),
        ("too long", long.as_bytes(), "too_long"),
        ("no known table", b"{\"hello\":\"world\"}", "unknown_table"),
    ] {
        let dead = directory.join("dead");
        let input = [alerting("a").as_bytes(), b"\n", record, b"\n", alerting("b").as_bytes()].concat();
        let arguments =
            ["run", "--rules", PIM, "--max-record-bytes", "4200", "--dead-letter", dead.to_str().unwrap()];
        // The deep record is below the limit on length.
        let arguments =
            if name == "too deep" { [&arguments[..3], &arguments[5..]].concat() } else { arguments.to_vec() };
        let process = detector(&arguments, &input);
        assert_eq!(users(&text(&process.stdout)), ["a", "b"], "{name}");
        let report = text(&process.stderr);
        assert!(report.starts_with("3 records: 2 processed, 1 rejected\n"), "{name}: {report}");
        let dead = std::fs::read_to_string(dead).unwrap();
        let dead = json::parse(&dead).unwrap();
        let property =
            |name: &str| dead.as_bag().and_then(|dead| dead.get(name)).cloned().unwrap_or(Value::Null);
        assert_eq!(json::display(&property("reason")), reason, "{name}");
        let offset = (alerting("a").len() + 1).to_string();
        assert_eq!(json::display(&property("offset")), offset, "{name}");
    }
}

#[test]
fn the_counts_of_a_run_add_up() {
    let stats = directory("stats").join("stats.json");
    let sample = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/demo.ndjson")).unwrap();
    let input = [&sample[..], b"nonsense\n[]\n"].concat();
    let ndjson = output(&["run", "--stats", stats.to_str().unwrap()], &input);
    let stats = json::parse(&std::fs::read_to_string(stats).unwrap()).unwrap();
    let stats = stats.as_bag().unwrap();
    let count = |bag: &rule_model::Bag, name: &str| match bag.get(name) {
        Some(Value::Long(n)) => *n,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(count(stats, "records"), sample.split(|byte| *byte == b'\n').count() as i64 - 1 + 2);
    assert_eq!(count(stats, "records"), count(stats, "processed") + count(stats, "rejected"));
    assert_eq!(count(stats, "bytes"), input.len() as i64);
    let lines = ndjson.lines().filter(|line| line.contains(r#""kind":"alert""#)).count() as i64;
    assert_eq!(count(stats, "alerts"), lines);
    let rules = stats.get("rules").and_then(Value::as_bag).unwrap();
    let by_rule: i64 =
        rules.iter().filter_map(|(_, rule)| rule.as_bag()).map(|rule| count(rule, "alerts")).sum();
    assert_eq!(by_rule, lines);
}

#[test]
fn rules_are_selected_by_id_glob_and_severity() {
    for (arguments, alerts) in [
        (&["--rules", PIM][..], 1),
        (&["--rules", "0ed0fe7c*"], 1),
        (&["--rules", "Intune.*"], 0),
        (&["--exclude", "0ed0*"], 0),
        (&["--rules", PIM, "--exclude", PIM], 0),
        (&["--rules", PIM, "--min-severity", "high"], 1),
        (&["--rules", PIM, "--min-severity", "CRITICAL"], 0),
    ] {
        let arguments = [&["run"], arguments].concat();
        assert_eq!(output(&arguments, alerting("a").as_bytes()).lines().count(), alerts, "{arguments:?}");
    }
}

#[test]
fn alerts_are_lines_of_json_in_a_pipe_and_a_table_where_asked_for() {
    let input = alerting("a");
    let ndjson = output(&["run", "--rules", PIM], input.as_bytes());
    assert!(ndjson.starts_with(r#"{"kind":"alert","alert_id":""#), "{ndjson}");
    let table = output(&["run", "--rules", PIM, "--format", "table"], input.as_bytes());
    assert!(table.starts_with("2024-03-01 10:00:00  HIGH      "), "{table}");
    let out = directory("out").join("alerts");
    assert_eq!(output(&["run", "--rules", PIM, "--out", out.to_str().unwrap()], input.as_bytes()), "");
    assert_eq!(std::fs::read_to_string(out).unwrap(), ndjson);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_in_peace() {
    // More alerts than a pipe holds.
    let input: String = (0..5000).map(|n| alerting(&n.to_string()) + "\n").collect();
    let file = directory("closed").join("events");
    std::fs::write(&file, input).unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_detector"))
        .args(["run", "--rules", PIM])
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), String::new()));
}
