//! `--geo-database`: places of addresses in queries, from a file in the format of `MaxMind`.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod mmdb;
mod process;

use process::{detector, directory, output, text};
use std::process::Command;

const NOTE: &str = "note: geo_info_from_ip_address(), in the query, gives null without a database of addresses; give one \
                    with --geo-database FILE.mmdb\n";

/// Writes a database and gives its path.
fn database(test: &str, content: &[u8]) -> String {
    let path = directory(test).join("cities.mmdb");
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn query(address: &str) -> String {
    format!("print place = geo_info_from_ip_address('{address}')")
}

#[test]
fn what_the_database_knows_of_an_address_is_a_bag() {
    let database = database("known-places", &mmdb::cities());
    let bergen =
        r#"{"country":"Norway","state":"Vestland","city":"Bergen","latitude":60.5,"longitude":5.25}"#;
    for (address, expected) in [
        ("192.0.2.1", bergen),
        ("::ffff:192.0.2.127", bergen),
        ("192.0.2.128", "null"),
        ("198.51.100.7", r#"{"country":"Sweden","latitude":62.0,"longitude":15.0}"#),
        ("2001:db8:1::1", r#"{"country":"Finland","city":"Oulu"}"#),
        ("10.0.0.1", "null"),
        ("host", "null"),
    ] {
        let shown =
            output(&["query", "--geo-database", &database, "--format", "ndjson", &query(address)], b"");
        assert_eq!(shown, format!("{{\"place\":{expected}}}\n"), "{address}");
    }
}

#[test]
fn the_environment_may_name_the_database() {
    let database = database("named-by-environment", &mmdb::cities());
    let output = Command::new(env!("CARGO_BIN_EXE_detector"))
        .env("DETECTOR_GEO_DATABASE", database)
        .args(["query", "print tostring(geo_info_from_ip_address('192.0.2.1').city)"])
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "{\"print_0\":\"Bergen\"}\n", "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn without_a_database_places_are_null_which_is_said_once() {
    let output = detector(
        &["query", "range x from 1 to 3 step 1 | project isnull(geo_info_from_ip_address('192.0.2.1'))"],
        b"",
    );
    assert_eq!(text(&output.stdout).matches("true").count(), 3);
    assert_eq!(text(&output.stderr), NOTE);
    let silent = detector(&["query", "print 1"], b"");
    assert_eq!(text(&silent.stderr), "");
}

#[test]
fn a_file_that_is_no_database_is_refused_before_anything_is_read() {
    let cities = mmdb::cities();
    let missing = directory("no-places").join("absent.mmdb").display().to_string();
    let cut_off = database("cut-off-places", &cities[..cities.len() / 2]);
    let other = database("other-places", b"{}");
    for (path, part) in [
        (&missing, "cannot open the geo database "),
        (&cut_off, "; give a whole .mmdb file"),
        (&other, "; give a whole .mmdb file"),
    ] {
        for arguments in [&["query", "print 1"][..], &["run", "-"]] {
            let output =
                detector(&[&arguments[..1], &["--geo-database", path], &arguments[1..]].concat(), b"");
            let report = text(&output.stderr);
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{report}");
            assert!(
                report.starts_with("error: ") && report.contains(part) && report.contains(path),
                "{report}"
            );
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_stops_the_query() {
    let database = database("damaged-places", &mmdb::cities());
    let output = detector(&["query", "--geo-database", &database, &query("203.0.113.1")], b"");
    let report = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(
        report.contains(&format!("the geo database {database} ")) && report.contains("203.0.113.1"),
        "{report}"
    );
}
