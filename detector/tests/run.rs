//! `detector run` as a process: exit status, files, messages.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::{detector, directory, text};

const RECORD: &str = r#"{"InitiatedBy":{},"OperationName":"x","Category":"c"}"#;

#[test]
fn counts_are_reported_at_the_end() {
    let output = detector(&["run"], format!("{RECORD}\n\n{RECORD}").as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let report = text(&output.stderr);
    assert!(report.starts_with("2 records: 2 processed, 0 rejected\n"), "{report}");
}

#[test]
fn rejected_records_are_kept_and_fatal_only_when_strict() {
    let directory = directory("rejected");
    let [dead, stats] = ["dead.ndjson", "stats.json"].map(|name| directory.join(name));
    let input = format!("{RECORD}\n{{\"a\":\nnonsense\n");
    let arguments = ["run", "--dead-letter", dead.to_str().unwrap(), "--stats", stats.to_str().unwrap(), "-"];
    assert_eq!(detector(&arguments, input.as_bytes()).status.code(), Some(0));
    assert_eq!(
        std::fs::read_to_string(dead).unwrap(),
        "{\"source\":\"-\",\"offset\":0,\"reason\":\"time_missing\",\"event_time\":null,\"processed\":true}\n\
         {\"source\":\"-\",\"offset\":54,\"length\":5,\"reason\":\"cut_off\",\"record\":\"{\\\"a\\\":\"}\n\
         {\"source\":\"-\",\"offset\":60,\"length\":8,\"reason\":\"invalid_json\",\"record\":\"nonsense\"}\n"
    );
    let stats = std::fs::read_to_string(stats).unwrap();
    let counts =
        r#"{"records":3,"processed":1,"rejected":2,"rejected_by_reason":{"cut_off":1,"invalid_json":1},"#;
    assert!(stats.starts_with(counts), "{stats}");
    assert_eq!(detector(&["run", "--strict"], input.as_bytes()).status.code(), Some(1));
    assert_eq!(detector(&["run", "--strict"], RECORD.as_bytes()).status.code(), Some(0));
}

#[test]
fn wrong_usage_says_what_to_do_and_exits_2() {
    for (arguments, message) in [
        (&["run", "no such file"][..], "error: cannot open no such file: No such file"),
        (&["run", "src"], "error: no file in src has a name that ends in .json"),
        (&["run", "AuditLog=-"], "error: no table is called AuditLog; did you mean AuditLogs?"),
        (&["run", "--rules", "no such rule"], "error: no rule is called \"no such rule\""),
        (&["run", "--min-severity", "worst"], "error: invalid value 'worst'"),
        (&["run", "--max-record-bytes", "16XB"], "error: invalid value '16XB'"),
        (&["rnu"], "error: unrecognized subcommand 'rnu'"),
    ] {
        let output = detector(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(message), "{}", text(&output.stderr));
    }
}

#[test]
fn a_source_that_breaks_off_is_read_as_far_as_it_goes() {
    let file = directory("broken").join("half.gz");
    // The header of a gzip file and nothing after it.
    std::fs::write(&file, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).unwrap();
    let output = detector(&["run", file.to_str().unwrap(), "-"], RECORD.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let report = text(&output.stderr);
    assert!(report.starts_with("1 record: 1 processed") && report.contains("half.gz: "), "{report}");
}

#[test]
fn the_table_can_be_named_instead_of_recognised() {
    let record = br#"{"nothing":"known"}"#;
    for (input, rejected) in [("-", 1), ("AuditLogs=-", 0)] {
        let report = text(&detector(&["run", input], record).stderr);
        assert!(report.contains(&format!("{rejected} rejected")), "{input}: {report}");
    }
}

#[test]
fn no_file_is_read_and_written_in_one_run() {
    let directory = directory("read-and-written");
    let [log, other, link] = ["log.ndjson", "other.ndjson", "link.ndjson"].map(|name| directory.join(name));
    let [log, other, link] = [&log, &other, &link].map(|path| path.to_str().unwrap());
    std::fs::write(log, "{}\n").unwrap();
    std::os::unix::fs::symlink(log, link).unwrap();
    for (arguments, expected) in [
        (&["--out", log, log][..], "is also read in this run"),
        (&["--out", link, log], "is also read in this run"),
        (&["--dead-letter", log, directory.to_str().unwrap()], "is also read in this run"),
        (&["--stats", log, "--history", log, other], "is also read in this run"),
        (&["--out", other, "--dead-letter", other, log], "are the same file"),
    ] {
        std::fs::write(other, "").unwrap();
        let process = detector(&[&["run"], arguments].concat(), b"");
        let report = text(&process.stderr);
        assert_eq!(process.status.code(), Some(2), "{report}");
        assert!(report.contains(expected), "{report}");
        assert_eq!(std::fs::read_to_string(log).unwrap(), "{}\n", "{arguments:?}");
    }
    let process = detector(&["run", "--out", "/dev/null", "--dead-letter", "/dev/null", log], b"");
    assert_eq!(process.status.code(), Some(0));
}
