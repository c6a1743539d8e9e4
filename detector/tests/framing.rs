//! How real exports are framed, and which files are read, as `detector run` and `detector query` see them.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use flate2::Compression;
use flate2::write::GzEncoder;
use process::{detector, directory, output, text};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs;
use std::io::Write;

const PIM: &str = "0ed0fe7c-af29-4990-af7f-bb5ccb231198";

/// A record on which one rule alerts, over as many lines as `indent` asks for.
fn record(user: &str, newline: &str) -> String {
    format!(
        "{{{newline}\"TimeGenerated\":\"2024-03-01T10:00:00Z\",{newline}\"Category\":\"RoleManagement\",{newline}\
         \"OperationName\":\"Update role setting in PIM\",{newline}\"InitiatedBy\":{{{newline}\"user\":{{\
         \"userPrincipalName\":\"{user}\"}}}}{newline}}}"
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// The texts between `before` and the next quote.
fn between(text: &str, before: &str) -> Vec<String> {
    text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The users named in the alerts of a run.
fn users(arguments: &[&str], input: &[u8]) -> Vec<String> {
    let arguments = [&["run", "--format", "ndjson", "--rules", PIM], arguments].concat();
    between(&output(&arguments, input), "InitiatingUserPrincipalName\":\"")
}

/// Two records in every way that exports have them.
fn exports() -> Vec<(&'static str, String)> {
    let [a, b] = ["a", "b"].map(|user| record(user, ""));
    let [long_a, long_b] = ["a", "b"].map(|user| record(user, "\n  "));
    vec![
        ("lines", format!("{a}\n{b}\n")),
        ("one after the other", format!("{a}{b}")),
        ("an array", format!("[{a},{b}]")),
        ("an array over lines", format!("[\n{a},\n{b}\n]\n")),
        ("an indented array", format!("[\r\n  {long_a},\r\n  {long_b}\r\n]\r\n")),
        ("pretty-printed", format!("{long_a}\n{long_b}\n")),
        ("Azure Monitor", format!("{{\"records\":[{a},{b}]}}")),
        ("Event Hubs", format!("{{\"records\":[{a}]}}\n{{\"records\":[{b}]}}\n")),
        ("CloudTrail", format!("{{\"Records\": [{a}, {b}]}}\n")),
        (
            "Graph",
            format!(
                "{{\"@odata.context\":\"https://x/$metadata#y\",\"value\":[{a},{b}],\"@odata.nextLink\":\"z\"}}"
            ),
        ),
        (
            "pretty Graph",
            format!("{{\n  \"@odata.count\": 2,\n  \"value\": [\n{long_a},\n{long_b}\n  ]\n}}\n"),
        ),
        ("Management API", format!("{{\"value\":[{a},{b}],\"nextLink\":null}}")),
        ("a byte order mark", format!("\u{feff}[{a},{b}]")),
    ]
}

#[test]
fn exports_are_read_as_they_come_compressed_or_not() {
    for (name, text) in exports() {
        assert_eq!(users(&[], text.as_bytes()), ["a", "b"], "{name}");
        for (how, bytes) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
            assert_eq!(users(&[], &bytes), ["a", "b"], "{name} {how}");
        }
        let (left, right) = text.as_bytes().split_at(text.len() / 2);
        for (how, bytes) in
            [("gzip", [gzip(left), gzip(right)].concat()), ("zstd", [zstd(left), zstd(right)].concat())]
        {
            assert_eq!(users(&[], &bytes), ["a", "b"], "{name} in members of {how}");
        }
    }
}

#[test]
fn a_query_reads_what_a_run_reads() {
    let directory = directory("query-framing");
    for (position, (name, text)) in exports().into_iter().enumerate() {
        let file = directory.join(position.to_string());
        fs::write(&file, gzip(text.as_bytes())).unwrap();
        let given = format!("AuditLogs={}", file.display());
        let counted = output(&["query", "--format", "ndjson", &given, "AuditLogs | count"], b"");
        assert_eq!(counted, "{\"Count\":2}\n", "{name}");
    }
}

#[test]
fn the_framing_can_be_told() {
    let [a, b] = ["a", "b"].map(|user| record(user, ""));
    let broken = format!("{{\"x\":\n{a}\n{b}\n");
    for (framing, text, expected) in [
        ("ndjson", &format!("[{a},\n{b}\n"), &["b"][..]),
        ("json", &format!("[{a},\n{b}\n"), &["a", "b"]),
        ("auto", &format!("{a}{b}\n{a}\n"), &["a"]),
        ("json", &format!("{a}{b}\n{a}\n"), &["a", "b", "a"]),
        ("auto", &broken, &["a", "b"]),
        ("json", &broken, &["a", "b"]),
    ] {
        assert_eq!(users(&["--framing", framing], text.as_bytes()), expected, "{framing}: {text}");
    }
}

#[test]
fn a_query_and_an_explanation_are_told_the_framing_too() {
    let [a, b] = ["a", "b"].map(|user| record(user, ""));
    let text = format!("{a}{b}\n");
    for (framing, count) in [("json", 2), ("ndjson", 0)] {
        let arguments =
            ["query", "--framing", framing, "--format", "ndjson", "AuditLogs=-", "AuditLogs | count"];
        assert_eq!(output(&arguments, text.as_bytes()), format!("{{\"Count\":{count}}}\n"));
        let shown = detector(&["explain", "--framing", framing, PIM, "-"], text.as_bytes());
        assert_eq!(self::text(&shown.stdout).matches("1 row:").count(), count, "{framing}");
    }
    let arguments =
        ["query", "--max-record-bytes", "64", "--format", "ndjson", "AuditLogs=-", "AuditLogs | count"];
    let process = detector(&arguments, format!("{a}\n").as_bytes());
    assert_eq!(self::text(&process.stdout), "{\"Count\":0}\n");
    assert!(self::text(&process.stderr).contains("too long"));
}

#[test]
fn what_is_broken_in_an_array_is_rejected_where_it_stands() {
    let dead = directory("array-dead").join("dead");
    let [a, b] = ["a", "b"].map(|user| record(user, ""));
    let text = format!("[\n{a},\n{{\"cut\":\"off\n{b},\n17\n]\n");
    let process = detector(
        &["run", "--format", "ndjson", "--rules", PIM, "--dead-letter", dead.to_str().unwrap()],
        text.as_bytes(),
    );
    assert!(self::text(&process.stderr).starts_with("4 records: 2 processed, 2 rejected\n"));
    let dead = fs::read_to_string(dead).unwrap();
    let (first, second) = (2 + a.len() + 2, text.len() - 5);
    assert_eq!(between(&dead, "\"reason\":\""), ["cut_off", "not_an_object"]);
    assert!(dead.contains(&format!("\"offset\":{first},\"length\":11,")), "{dead}");
    assert!(dead.contains(&format!("\"offset\":{second},\"length\":2,")), "{dead}");
}

#[test]
fn input_that_cannot_be_read_is_an_error_that_says_what_to_do() {
    let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (arguments, input, expected) in [
        (&[][..], &utf_16, "is in UTF-16LE, not UTF-8"),
        (&["missing.json"], &vec![], "cannot open missing.json"),
        (&["missing/*.json"], &vec![], "nothing is called missing/*.json"),
    ] {
        let process = detector(&[&["run"], arguments].concat(), input);
        let report = text(&process.stderr);
        assert_eq!(process.status.code(), Some(2), "{report}");
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn directories_and_patterns_name_the_files_in_them() {
    let directory = directory("many-files");
    fs::create_dir(directory.join("deep")).unwrap();
    for (name, user) in [("b.json", "b"), ("deep/a.ndjson.gz", "a"), ("note", "n"), (".hidden.json", "h")] {
        let text = record(user, "");
        let bytes = if name.contains(".gz") { gzip(text.as_bytes()) } else { text.into_bytes() };
        fs::write(directory.join(name), bytes).unwrap();
    }
    let path = |pattern: &str| directory.join(pattern).to_str().unwrap().to_owned();
    for (argument, expected) in [
        (path(""), &["a", "b"][..]),
        (format!("AuditLogs={}", path("")), &["a", "b"]),
        (path("**/*.json"), &["b"]),
        (path("*"), &["a", "b", "n"]),
        (format!("AuditLogs={}", path("deep/*")), &["a"]),
    ] {
        let mut found = users(&[&argument], b"");
        found.sort();
        assert_eq!(found, expected, "{argument}");
    }
    let counted = output(
        &["query", "--format", "ndjson", &format!("AuditLogs={}", path("")), "AuditLogs | count"],
        b"",
    );
    assert_eq!(counted, "{\"Count\":2}\n");
}
