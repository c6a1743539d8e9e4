//! What is JSON and what is not, case by case: the verdicts of `JSONTestSuite` (<https://github.com/nst/JSONTestSuite>) on the
//! cases in `data/json_cases.rs`, written anew, and on the suite itself where `JSON_TEST_SUITE` names its `test_parsing`.
//!
//! A record is an object, so each case is the value of a property of one.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "data/json_cases.rs"]
mod json_cases;

use json_cases::{ACCEPTED, DECIDED, REJECTED};
use rule_runtime::Parser;
use rule_runtime::parse::Reason;
use std::fs;

/// Why a record with this value is rejected; `None` if it is not.
fn verdict(value: &[u8]) -> Option<Reason> {
    let record = [b"{\"value\":", value, b"}"].concat();
    Parser::default().parse(&record).err()
}

#[test]
fn what_is_json_is_accepted() {
    for value in ACCEPTED {
        assert_eq!(verdict(value), None, "{}", String::from_utf8_lossy(value));
    }
}

#[test]
fn what_is_not_json_is_rejected() {
    for value in REJECTED {
        assert!(verdict(value).is_some(), "{}", String::from_utf8_lossy(value));
    }
    for bracket in ["[", "{\"\":", "[{\"\":"] {
        assert!(verdict(bracket.repeat(50_000).as_bytes()).is_some(), "{bracket}");
    }
}

#[test]
fn what_parsers_may_decide_is_decided() {
    for (value, accepted) in DECIDED {
        assert_eq!(verdict(value).is_none(), *accepted, "{}", String::from_utf8_lossy(value));
    }
}

#[test]
fn the_whole_suite_is_judged_where_it_is_present() {
    let Some(directory) = std::env::var_os("JSON_TEST_SUITE") else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let verdict = verdict(&fs::read(&path).unwrap());
        seen += 1;
        match name.split('_').next() {
            Some("y") if verdict.is_some() => wrong.push(format!("{name}: {}", verdict.unwrap())),
            Some("n") if verdict.is_none() => wrong.push(format!("{name}: accepted")),
            Some("i") => println!("{name}: {}", verdict.map_or("accepted".to_owned(), |it| it.to_string())),
            _ => {}
        }
    }
    assert!(seen > 300, "{seen} files are not the suite");
    assert_eq!(wrong, [""; 0]);
}
